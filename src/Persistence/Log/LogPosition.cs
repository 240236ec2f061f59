namespace AkkaAio.Persistence.Log;

/// <summary>Where a log goes on, as a recovery found it.</summary>
/// <param name="Segment">The segment that was written last; null: the log is empty.</param>
/// <param name="End">The place behind its last batch.</param>
/// <param name="Oldest">The number of the oldest segment; 0: the log is empty.</param>
internal sealed record LogPosition(Segment? Segment, LogEnd End, long Oldest = 0);
