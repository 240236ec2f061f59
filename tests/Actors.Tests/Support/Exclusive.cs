namespace AkkaAio.Tests.Support;

/// <summary>Counts how often somebody was inside already.</summary>
public sealed class Exclusive
{
    private int _inside;
    private int _met;

    public int Met => Volatile.Read(ref _met);

    public void Do(Action action)
    {
        if (Interlocked.Increment(ref _inside) != 1)
        {
            Interlocked.Increment(ref _met);
        }

        action();
        Interlocked.Decrement(ref _inside);
    }
}
