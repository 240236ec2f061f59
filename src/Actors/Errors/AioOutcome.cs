namespace AkkaAio;

/// <summary>What a failed command may have done: a write-ahead log needs to know.</summary>
public enum AioOutcome
{
    /// <summary>Nothing happened: no byte was written, the file is as it was.</summary>
    NotPerformed,

    /// <summary>The kernel had it. All, a part or nothing of it may have happened, also after this reply.</summary>
    MayHaveHappened,
}
