namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>Memory that is its owner's again: filled with poison, and looked at later. Used by several threads.</summary>
internal sealed class Memories(Findings findings)
{
    private const int MostWatched = 48;

    private readonly Lock _lock = new();
    private readonly Queue<(Memory<byte> Memory, AioBuffer? Buffer, string From)> _watched = new();

    /// <summary>From now on nobody else may touch it. A buffer is disposed at the end of the watch.</summary>
    public void Watch(Memory<byte> memory, AioBuffer? buffer, string from)
    {
        memory.Span.Fill(PatternFile.Poison);
        lock (_lock)
        {
            _watched.Enqueue((memory, buffer, from));
        }

        Check(MostWatched);
    }

    /// <summary>Ends the watch of all but the last.</summary>
    public void Check(int butLast = 0)
    {
        while (true)
        {
            (Memory<byte> Memory, AioBuffer? Buffer, string From) watched;
            lock (_lock)
            {
                if (_watched.Count <= butLast)
                {
                    return;
                }

                watched = _watched.Dequeue();
            }

            if (watched.Memory.Span.IndexOfAnyExcept(PatternFile.Poison) is var at and >= 0)
            {
                findings.Add($"memory that was its owner's again was written to: {watched.Memory.Span[at]} at {at} of {watched.From}");
            }

            watched.Buffer?.Dispose();
        }
    }
}
