namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>What a lifetime may contain besides reads, writes, barriers and batches; <c>--without</c> leaves some out.</summary>
[Flags]
internal enum Ingredients
{
    None = 0,

    /// <summary>Cancel commands, nested ones too, and cancelled tokens.</summary>
    Cancels = 1,

    /// <summary>One command object told twice.</summary>
    Twice = 2,

    /// <summary>Requesters whose Tell throws.</summary>
    Requesters = 4,

    /// <summary>Metrics listeners that throw.</summary>
    Listeners = 8,

    /// <summary>Subscribers to log events that throw.</summary>
    Sinks = 16,

    /// <summary>Kills of shards.</summary>
    Crashes = 32,

    /// <summary>Buffers disposed, rented again and filled while the command that names them is under way.</summary>
    EarlyDisposes = 64,

    /// <summary>Commands told, and awaits cancelled, when the system has ended.</summary>
    AfterTheEnd = 128,

    /// <summary>Ends without the coordinated shutdown, so without a drain.</summary>
    Undrained = 256,

    /// <summary>
    /// Files whose acknowledged writes must be there, whatever other opens, systems and writers outside do to the same file.
    /// </summary>
    Keeping = 512,

    All = 1023,
}
