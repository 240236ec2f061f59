using Akka.Actor;
using AkkaAio.Files;
using AkkaAio.Shards.Reaping;

namespace AkkaAio.Shards;

// What shards, blocking threads and the manager tell one another. Never a message per completion: replies go straight to the requester.

/// <summary>A thread that waits for a shard's completions, to the shard: there are some.</summary>
internal sealed class CompletionsThere : INoSerializationVerificationNeeded
{
    public static CompletionsThere Instance { get; } = new();
}

/// <summary>Reaping thread to the shard: a reap threw.</summary>
internal sealed record ReapFailed(IReaping Reaping, Exception Cause) : INoSerializationVerificationNeeded;

/// <summary>Blocking thread to home shard: the fdatasync of a file is done. None for success.</summary>
internal sealed record DataSyncDone(AioFile File, Exception? Error) : INoSerializationVerificationNeeded;

/// <summary>Blocking thread to shard: an operation is done, with bytes or a negated errno.</summary>
internal sealed record BlockingDone(Operation Operation, long Result) : INoSerializationVerificationNeeded;

/// <summary>Shard to home shard: every earlier command of the barriers' lanes is answered; or the lane refuses.</summary>
internal sealed record BarriersArrived(FileBarrier[] Barriers, Exception? Refused) : INoSerializationVerificationNeeded;

/// <summary>Blocking thread to home shard: the exclusive barrier's system call is done.</summary>
internal sealed record ExclusiveDone(FileBarrier Barrier, Exception? Error) : INoSerializationVerificationNeeded;

/// <summary>Home shard to all lanes' shards: commands behind the exclusive barrier go on.</summary>
internal sealed record BarrierReleased(FileBarrier Barrier) : INoSerializationVerificationNeeded;

/// <summary>Shard to home shard: a write needs a longer file.</summary>
internal sealed record Grow(AioFile File, GrowthRange Write) : INoSerializationVerificationNeeded;

/// <summary>Blocking thread to all lanes' shards: a growth of the file has ended; for these writes there was no room.</summary>
internal sealed record GrowDone(AioFile File, IReadOnlyDictionary<GrowthRange, Exception> Failed) : INoSerializationVerificationNeeded;

/// <summary>Shard to shard: a write that the file may have been made longer for has failed.</summary>
internal sealed record TailUnwanted(FileLane Lane) : INoSerializationVerificationNeeded;

/// <summary>Shard to itself, after a pause: the kernel would not take anything, and nothing is in flight that could make room.</summary>
internal sealed class RetrySubmit : INoSerializationVerificationNeeded
{
    public static RetrySubmit Instance { get; } = new();
}

/// <summary>Shard to itself, after a pause: try again to open a context.</summary>
internal sealed class RetrySetup : INoSerializationVerificationNeeded
{
    public static RetrySetup Instance { get; } = new();
}

/// <summary>Manager to shard: refuse new commands and say when the last one is answered.</summary>
internal sealed class Drain : INoSerializationVerificationNeeded
{
    public static Drain Instance { get; } = new();
}

/// <summary>Shard to manager: nothing is under way any more.</summary>
internal sealed record Drained(int Shard) : INoSerializationVerificationNeeded;

/// <summary>Blocking thread to manager: an open is done; with a file, or why not.</summary>
internal sealed record OpenDone(BlockingCommand Opening, AioFile? File, Exception? Error) : INoSerializationVerificationNeeded;

/// <summary>Home shard or blocking thread to manager: the file is closed; forget it.</summary>
internal sealed record FileClosed(OpenFile File) : INoSerializationVerificationNeeded;

/// <summary>To the manager: a change of names is done, or has failed.</summary>
internal sealed record NamesChanged(BlockingCommand Change, Exception? Error) : INoSerializationVerificationNeeded;
