namespace AkkaAio.Files;

/// <summary>
/// Reads of a buffered file on their callers' own threads, and what acts on the file as a whole: from when a SetLength, Allocate or Close is
/// told until it is over no such read begins, and it is carried out when none is under way.
/// </summary>
internal sealed class ReadGate
{
    private PerProcessor? _readers;
    private int _shut;

    /// <summary>Caller: a read begins. What <see cref="Leave"/> takes; below zero: not now.</summary>
    public int TryEnter()
    {
        var readers = _readers ?? Interlocked.CompareExchange(ref _readers, new PerProcessor(), null) ?? _readers;
        var cell = readers.Here;
        Interlocked.Increment(ref readers[cell].Counters[0]);

        // Dekker's handshake with Shut: each writes its own, then reads the other's.
        if (Volatile.Read(ref _shut) == 0)
        {
            return cell;
        }

        Leave(cell);
        return -1;
    }

    /// <summary>Caller: it has ended.</summary>
    public void Leave(int cell) => Interlocked.Decrement(ref _readers![cell].Counters[0]);

    /// <summary>From now on none begins, until there was a <see cref="Reopen"/> for each of these.</summary>
    public void Shut() => Interlocked.Increment(ref _shut);

    public void Reopen() => Interlocked.Decrement(ref _shut);

    /// <summary>Blocking thread, after <see cref="Shut"/>: those under way end, which takes as long as the copy of 64 KiB.</summary>
    public void AwaitEmpty()
    {
        for (var i = 0; i < _readers?.Count; i++)
        {
            var spin = default(SpinWait);
            while (Volatile.Read(ref _readers[i].Counters[0]) != 0)
            {
                spin.SpinOnce();
            }
        }
    }
}
