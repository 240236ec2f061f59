namespace AkkaAio.Demo.Benching;

/// <summary>The memory of a load, rented once: no operation allocates.</summary>
internal sealed class Blocks : IDisposable
{
    private readonly AioBuffer[] _buffers;

    public Blocks(AioBufferPool pool, int count, int size)
    {
        _buffers = new AioBuffer[count];
        for (var i = 0; i < count; i++)
        {
            _buffers[i] = pool.Rent(size);
            Random.Shared.NextBytes(_buffers[i].GetSpan()); // a device that compresses would flatter itself
        }
    }

    public AioBuffer this[int index] => _buffers[index];

    public void Dispose() => Array.ForEach(_buffers, buffer => buffer?.Dispose());
}
