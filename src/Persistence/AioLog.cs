using Akka.Actor;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence;

/// <summary>
/// A durable log of records in a folder: append, read, recover. What is acknowledged is on stable storage, in one order, and in every later
/// read, whatever crash comes. One process at a time has it open.
/// </summary>
public sealed class AioLog : IAsyncDisposable
{
    private readonly IActorRef _actor;
    private readonly LogReader _reader;
    private readonly Task _ended;

    private AioLog(IActorRef actor, LogReader reader, Task ended) => (_actor, _reader, _ended) = (actor, reader, ended);

    /// <summary>Takes <see cref="Append"/> from actors.</summary>
    public IActorRef Ref => _actor;

    /// <summary>Opens a log, or makes one; recovers it first.</summary>
    /// <param name="system">Its AkkaAio does the I/O.</param>
    /// <param name="folder">Made if it is not there.</param>
    /// <param name="settings">How to keep it; null: the defaults.</param>
    /// <param name="cancellationToken">Ends the wait; the log is closed then, and its folder locked until it is.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is impossible.</exception>
    /// <exception cref="AioLogLockedException">Another process, or another log of this one, has it open.</exception>
    /// <exception cref="AioLogCorruptionException">What was durable is damaged.</exception>
    /// <exception cref="AioLogVersionException">A later version wrote it.</exception>
    /// <exception cref="AioSystemException">The disk failed.</exception>
    public static async Task<AioLog> OpenAsync(
        ActorSystem system, string folder, AioLogSettings? settings = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var checkedSettings = (settings ?? AioLogSettings.Default).Check();
        await LogFolder.MakeAsync(AioExt.Get(system), folder).ConfigureAwait(false);
        var opened = new TaskCompletionSource<LogReader>(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = ((ExtendedActorSystem)system).SystemActorOf(
            Props.Create(() => new LogActor(folder, checkedSettings, opened, ended)), $"aio-log-{Guid.NewGuid():N}");
        try
        {
            return new AioLog(actor, await opened.Task.WaitAsync(cancellationToken).ConfigureAwait(false), ended.Task);
        }
        catch (Exception e)
        {
            system.Stop(actor);
            if (e is not OperationCanceledException)
            {
                await ended.Task.ConfigureAwait(false); // it can be tried again at once
            }

            throw;
        }
    }

    /// <summary>Appends a record.</summary>
    /// <param name="record">
    /// Its memory belongs to the log until the answer. A cancelled wait does not see that: leave it unchanged then.
    /// </param>
    /// <param name="cancellationToken">Ends the wait, and nothing else: the record may be appended all the same.</param>
    /// <returns>Its position, from 1 on, when it is on stable storage.</returns>
    /// <exception cref="AioLogAppendException">It is not in the log, or it is not known whether it is: its Outcome says which.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended; whether the record is in the log, only a read tells.</exception>
    public Task<long> AppendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken = default) =>
        AppendAsync([record], cancellationToken);

    /// <summary>Appends records, all or none, with positions that follow each other.</summary>
    /// <param name="records">One or more. Their memory belongs to the log until the answer; the list stays the caller's.</param>
    /// <param name="cancellationToken">Ends the wait, and nothing else: the records may be appended all the same.</param>
    /// <returns>The position of the first.</returns>
    /// <exception cref="ArgumentException">There is no record.</exception>
    /// <inheritdoc cref="AppendAsync(ReadOnlyMemory{byte}, CancellationToken)" path="/exception"/>
    public async Task<long> AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _reader.AskAsync<object>(new Append(records), cancellationToken).ConfigureAwait(false) switch
            {
                Appended appended => appended.First,
                AppendFailed failed => throw failed.Cause,
                var other => throw new InvalidOperationException($"{other}"),
            };
        }
        catch (AioClosedException e)
        {
            throw new AioLogAppendException(_reader.Folder, AioOutcome.NotPerformed, "the log is closed", e);
        }
    }

    /// <summary>The records from a position on, up to the last that is durable when this is called.</summary>
    /// <param name="from">From 1 on; the first that there is follows.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="AioClosedException">The log is closed.</exception>
    public IAsyncEnumerable<AioLogRecord> ReadAsync(long from = 1, CancellationToken cancellationToken = default) =>
        _reader.ReadAsync(from, cancellationToken);

    /// <summary>Closes the log, when all appends have been answered. Behind that the folder can be opened again.</summary>
    public ValueTask DisposeAsync()
    {
        _actor.Tell(LogActor.Stop.Instance);
        return new ValueTask(_ended);
    }

    /// <summary>Records to append, all or none. The sender gets <see cref="Appended"/> or <see cref="AppendFailed"/>.</summary>
    public sealed record Append : INoSerializationVerificationNeeded
    {
        /// <summary>Copies the list, and not the bytes.</summary>
        /// <param name="records">One or more. Their memory belongs to the log until the answer.</param>
        /// <exception cref="ArgumentException">There is none.</exception>
        public Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
        {
            ArgumentNullException.ThrowIfNull(records);
            Records = [.. records];
            if (Records.Count == 0)
            {
                throw new ArgumentException("there is no record to append", nameof(records));
            }
        }

        /// <summary>At least one.</summary>
        public IReadOnlyList<ReadOnlyMemory<byte>> Records { get; }
    }

    /// <summary>The records are on stable storage.</summary>
    /// <param name="Request">What was asked.</param>
    /// <param name="First">The position of the first record.</param>
    public sealed record Appended(Append Request, long First) : INoSerializationVerificationNeeded;

    /// <summary>The records are not in the log, or it is not known whether they are.</summary>
    /// <param name="Request">What was asked.</param>
    /// <param name="Cause">Why, and which of the two.</param>
    public sealed record AppendFailed(Append Request, AioLogAppendException Cause) : INoSerializationVerificationNeeded;
}

/// <summary>A record of a log.</summary>
/// <param name="Position">Its place among all records, from 1 on, without gaps but those of the log's own marks.</param>
/// <param name="Data">Its bytes.</param>
public readonly record struct AioLogRecord(long Position, ReadOnlyMemory<byte> Data);
