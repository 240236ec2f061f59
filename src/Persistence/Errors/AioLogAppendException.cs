namespace AkkaAio.Persistence;

/// <summary>An append that was not acknowledged.</summary>
public sealed class AioLogAppendException(string folder, AioOutcome outcome, string reason, Exception? cause = null) : AioException(
    $"The append to the log {folder} failed: {reason}. " + (outcome == AioOutcome.NotPerformed
        ? "Its records are not in the log"
        : "It is not known whether its records are in the log; the next read of it says so"), cause)
{
    /// <summary>NotPerformed: the records are not in the log. MayHaveHappened: all of them are in it, or none.</summary>
    public AioOutcome Outcome => outcome;
}
