using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using AkkaAio.TestKit;
using Xunit;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>An <see cref="AioLog"/> with a disk that is full or fails, and with appends that are too large or wrong.</summary>
public sealed class LogFailureSpecs : IAsyncLifetime
{
    private const string Next = "/log/0000000002.seg.new";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly AioLogSettings Small = new()
    {
        SegmentSize = 1 << 20,
        BufferSize = 64 << 10,
        MaxAppend = 1 << 20,
        ZeroRate = 0,
        Pipeline = 1,
    };

    private readonly AioTestDisk _disk = new() { Alignment = 4096 };
    private readonly ActorSystem _system;

    public LogFailureSpecs() => _system = ActorSystem.Create("log", ActorSystemSetup.Empty
        .And(BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString("akka.loglevel = WARNING"))).And(_disk.Setup));

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.Terminate();

    [Fact]
    public async Task On_a_full_disk_each_append_is_answered()
    {
        using var hold = _disk.Opens(Next).Hold();
        var log = await OpenAsync();
        var appends = Enumerable.Range(0, 100).Select(i => log.AppendAsync(Record(i))).ToArray();
        await hold.WhenHit();
        _disk.Capacity = _disk.UsedBytes;
        hold.Dispose();
        await EndOf(appends);
        var stored = appends.Where(append => append.IsCompletedSuccessfully).Select(append => append.Result);
        Assert.Equal(stored.Order(), await ReadAsync(log));
        Assert.Contains(appends, append => append.IsFaulted);
        await log.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_log_that_is_closed_on_a_full_disk_answers_what_waits_for_space_and_is_closed()
    {
        using var hold = _disk.Opens(Next).Hold();
        var log = await OpenAsync();
        var appends = Enumerable.Range(0, 60).Select(i => log.AppendAsync(Record(i))).ToArray();
        var closing = log.DisposeAsync().AsTask();
        await hold.WhenHit();
        _disk.Capacity = _disk.UsedBytes;
        hold.Dispose();
        await EndOf(appends);
        await closing.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_log_that_is_closed_while_it_finds_out_what_a_broken_disk_has_is_closed()
    {
        var log = await OpenAsync();
        await log.AppendAsync(Record(0));
        using var hold = _disk.Flushes("/log/0000000001.seg").Hold();
        using (_disk.Writes("/log/0000000001.seg").Times(1).Fail(Errno.EIO))
        {
            await Assert.ThrowsAsync<AioLogAppendException>(() => log.AppendAsync(Record(1)));
        }

        await hold.WhenHit();
        var append = log.AppendAsync(Record(2));
        var closing = log.DisposeAsync().AsTask();
        using var broken = _disk.Writes().Fail(Errno.EIO);
        hold.Dispose();
        Assert.Equal(
            AioOutcome.NotPerformed, (await Assert.ThrowsAsync<AioLogAppendException>(() => append.WaitAsync(Patience))).Outcome);
        await closing.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_log_that_was_closed_can_be_opened_at_once()
    {
        for (var i = 0; i < 50; i++)
        {
            await using var log = await OpenAsync();
            await log.AppendAsync(Record(i));
        }
    }

    [Fact]
    public async Task A_log_whose_opening_failed_can_be_opened_at_once()
    {
        for (var i = 0; i < 50; i++)
        {
            using (_disk.Writes("/log/0000000001.seg.new").Times(1).Fail(Errno.EIO))
            {
                await Assert.ThrowsAsync<AioSystemException>(OpenAsync);
            }
        }

        await (await OpenAsync()).DisposeAsync();
    }

    [Fact]
    public async Task What_is_durable_is_read_while_the_disk_refuses_writes()
    {
        var log = await OpenAsync();
        await log.AppendAsync(Record(0));
        using var fail = _disk.Writes().Fail(Errno.EIO);
        await Assert.ThrowsAsync<AioLogAppendException>(() => log.AppendAsync(Record(1)));
        await Assert.ThrowsAsync<AioLogAppendException>(() => log.AppendAsync(Record(2)));
        Assert.Single(await ReadAsync(log).WaitAsync(Patience));
    }

    [Theory]
    [InlineData(1 << 20, 64 << 10, 1 << 20, 1_000_000)]
    [InlineData(64 << 20, 4 << 20, 64 << 20, 60 << 20)]
    public async Task Appends_of_the_largest_size_side_by_side_are_stored(int segment, int buffer, int most, int record)
    {
        var log = await OpenAsync(Small with { SegmentSize = segment, BufferSize = buffer, MaxAppend = most });
        await log.AppendAsync(Record(0));
        var large = new byte[record];
        var appends = Enumerable.Range(0, 8).Select(_ => log.AppendAsync(large)).ToArray();
        Assert.Equal(Enumerable.Range(2, 8).Select(i => (long)i), await Task.WhenAll(appends).WaitAsync(3 * Patience));
        Assert.Equal(10, await log.AppendAsync(Record(0)).WaitAsync(Patience));
    }

    [Fact]
    public async Task Appends_without_records_are_refused_and_the_log_goes_on()
    {
        var log = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentNullException>(() => log.AppendAsync((IReadOnlyList<ReadOnlyMemory<byte>>)null!));
        await Assert.ThrowsAsync<ArgumentException>(() => log.AppendAsync([]));
        var records = new List<ReadOnlyMemory<byte>> { Record(0), Record(1) };
        var append = log.AppendAsync(records);
        records.Clear(); // the list is the caller's
        Assert.Equal(1, await append.WaitAsync(Patience));
        Assert.Equal([1, 2], await ReadAsync(log));
    }

    [Fact]
    public async Task A_requester_that_throws_ends_the_log_and_of_what_is_durable_nobody_is_told_that_it_is_not()
    {
        var log = await OpenAsync();
        using var hold = _disk.Writes("/log/0000000001.seg").Hold();
        var first = log.AppendAsync(Record(0));
        await hold.WhenHit();
        log.Ref.Tell(new AioLog.Append([Record(1)]), new Throwing(log.Ref.Path));
        var behind = log.AppendAsync(Record(2));
        var read = ReadAsync(log); // has been answered when all appends are told
        Assert.Empty(await read);
        hold.Dispose();
        Assert.Equal(1, await first.WaitAsync(Patience));
        var failed = await Assert.ThrowsAsync<AioLogAppendException>(() => behind.WaitAsync(Patience));
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
        failed = await Assert.ThrowsAsync<AioLogAppendException>(() => log.AppendAsync(Record(3)).WaitAsync(Patience));
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        await log.DisposeAsync().AsTask().WaitAsync(Patience);
        await using var again = await OpenAsync();
        Assert.Equal([1, 2, 3], await ReadAsync(again));
    }

    private Task<AioLog> OpenAsync() => OpenAsync(Small);

    private Task<AioLog> OpenAsync(AioLogSettings settings) => AioLog.OpenAsync(_system, "/log", settings);

    private static byte[] Record(int i) => Encoding.UTF8.GetBytes($"record {i} {new string('x', 30_000)}");

    private static Task EndOf(Task<long>[] appends) =>
        Task.WhenAll(appends.Select(append => append.ContinueWith(static _ => { }, TaskScheduler.Default))).WaitAsync(Patience);

    private static async Task<List<long>> ReadAsync(AioLog log)
    {
        var all = new List<long>();
        await foreach (var record in log.ReadAsync())
        {
            all.Add(record.Position);
        }

        return all;
    }

    private sealed class Throwing(ActorPath path) : MinimalActorRef
    {
        public override ActorPath Path => path;

        public override IActorRefProvider Provider => throw new NotSupportedException();

        protected override void TellInternal(object message, IActorRef sender) => throw new DivideByZeroException();
    }
}
