using AkkaAio.Interop.Engines;

namespace AkkaAio.TestKit;

/// <summary>What the in-memory engine does to one operation. The default lets it succeed at once.</summary>
internal readonly record struct OperationFault
{
    /// <summary>The completion carries this errno and nothing is transferred.</summary>
    public Errno Error { get; init; }

    /// <summary>The most bytes that are transferred; null for all.</summary>
    public int? ShortTo { get; init; }

    /// <summary>The operation stays in flight until <see cref="MemoryEngine.Release"/>.</summary>
    public bool Hold { get; init; }

    /// <summary>
    /// The operation completes only after this many other completions of its context, or earlier when the reaper would otherwise wait
    /// for it in vain: a delay without a clock.
    /// </summary>
    public int Delay { get; init; }

    /// <summary>What a disk's log knows of it; null: there is no log.</summary>
    internal DiskOperation? Operation { get; init; }
}

/// <summary>What the in-memory engine does to one submit call. The default accepts everything.</summary>
internal readonly record struct SubmitFault
{
    /// <summary>None is accepted, with this errno.</summary>
    public Errno Error { get; init; }

    /// <summary>The most operations that are accepted, without an errno; null for all. 0 is what a kernel under pressure returns.</summary>
    public int? ShortTo { get; init; }
}

/// <summary>Decides about one operation.</summary>
internal delegate OperationFault OperationFaultScript(in IoRequest request);

/// <summary>Decides about one submit call.</summary>
internal delegate SubmitFault SubmitFaultScript(ReadOnlySpan<IoRequest> requests);
