using System.Collections.Concurrent;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

/// <summary>Whatever io_submit returns: every command gets one reply, none is lost, none is done twice, and nobody spins.</summary>
public sealed class SubmitAccountingSpecs : AioTestKit
{
    private readonly ConcurrentDictionary<long, int> _performed = new();
    private int _submits;

    public SubmitAccountingSpecs(ITestOutputHelper output)
        : base(EngineKind.Memory, "akka.io.aio { depth = 64, submit-batch-size = 16 }", output) =>
        Engine.OnOperation = (in request) =>
        {
            if (request.Opcode == IoOpcode.Write)
            {
                _performed.AddOrUpdate(request.Offset, 1, static (_, count) => count + 1);
            }

            return default;
        };

    public static TheoryData<string> Kernels { get; } =
        ["one at a time", "two at a time", "short, then 0", "EINTR each time first", "EAGAIN each time first", "ENOMEM each time first",
            "0 each time first", "EINTR ten times", "all of them in turn"];

    [Theory]
    [MemberData(nameof(Kernels))]
    public async Task Every_write_is_done_once_and_answered_once(string kernel)
    {
        Engine.OnSubmit = _ =>
        {
            var call = Interlocked.Increment(ref _submits);
            var odd = call % 2 == 1;
            return kernel switch
            {
                "one at a time" => new SubmitFault { ShortTo = 1 },
                "two at a time" => new SubmitFault { ShortTo = 2 },
                "short, then 0" => new SubmitFault { ShortTo = call % 4 },
                "EINTR each time first" when odd => new SubmitFault { Error = Errno.EINTR },
                "EAGAIN each time first" when odd => new SubmitFault { Error = Errno.EAGAIN },
                "ENOMEM each time first" when odd => new SubmitFault { Error = Errno.ENOMEM },
                "0 each time first" when odd => new SubmitFault { ShortTo = 0 },
                "EINTR ten times" when call % 11 != 0 => new SubmitFault { Error = Errno.EINTR },
                "all of them in turn" => (call % 6) switch
                {
                    0 => new SubmitFault { Error = Errno.EAGAIN },
                    1 => new SubmitFault { ShortTo = 3 },
                    2 => new SubmitFault { Error = Errno.EINTR },
                    3 => new SubmitFault { ShortTo = 0 },
                    4 => new SubmitFault { Error = Errno.ENOMEM },
                    _ => default,
                },
                _ => default,
            };
        };
        const int Count = 300;
        var file = await NewFile(Count * Block);
        var writes = Enumerable.Range(0, Count).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        var flush = Replies.Tell(new Aio.Flush(file));

        await Replies.AssertOneEach([.. writes, flush]);
        Assert.All(Replies.InOrder.SkipLast(1), reply => Assert.IsType<Aio.WriteCompleted>(reply));
        Assert.IsType<Aio.Flushed>(Replies.InOrder[^1]);
        Assert.Equal(Count, _performed.Count);
        Assert.All(_performed, performed => Assert.Equal(1, performed.Value));
        Assert.Equal(Enumerable.Range(0, Count).SelectMany(i => Pattern(Block, i)), OnDisk(file.Path));
    }

    [Fact]
    public async Task An_errno_concerns_the_first_request_alone()
    {
        var file = await NewFile(64 * Block);
        Engine.OnSubmit = requests =>
            requests[0].Offset / Block % 3 == 0 ? new SubmitFault { Error = Errno.EINVAL } : UpToTheNextBad(requests);
        var writes = Enumerable.Range(0, 64).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        await Replies.AssertOneEach(writes);
        foreach (var (write, i) in writes.Select((write, i) => (write, i)))
        {
            var reply = await Replies.Of(write);
            if (i % 3 == 0)
            {
                var failed = Assert.IsType<Aio.CommandFailed>(reply);
                var error = Assert.IsType<AioSystemException>(failed.Cause);
                Assert.Equal((Errno.EINVAL, (long)i * Block), (error.Errno, error.Offset));
                Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
                Assert.False(_performed.ContainsKey(i * Block));
            }
            else
            {
                Assert.IsType<Aio.WriteCompleted>(reply);
                Assert.Equal(1, _performed[i * Block]);
            }
        }

        static SubmitFault UpToTheNextBad(ReadOnlySpan<IoRequest> requests)
        {
            var good = 1;
            while (good < requests.Length && requests[good].Offset / Block % 3 != 0)
            {
                good++;
            }

            return new SubmitFault { ShortTo = good };
        }
    }

    [Fact]
    public async Task Every_request_of_a_batch_may_be_refused()
    {
        var file = await NewFile(64 * Block);
        Engine.OnSubmit = _ => new SubmitFault { Error = Errno.EBADF };
        var writes = Enumerable.Range(0, 100).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i % 64 * Block))).ToArray();
        await Replies.AssertOneEach(writes);
        Assert.All(Replies.InOrder, reply =>
            Assert.Equal(Errno.EBADF, Assert.IsType<AioSystemException>(Assert.IsType<Aio.CommandFailed>(reply).Cause).Errno));
        Assert.Empty(_performed);
        Engine.OnSubmit = null;
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        Assert.Equal(100, (await Stats()).Shards[0].Errors);
    }

    [Fact]
    public async Task EAGAIN_with_something_in_flight_is_tried_again_after_a_reap_and_not_before()
    {
        var file = await NewFile(64 * Block);
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Offset == 0 };
        var held = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
        using var first = await file.RentReadAsync(Block, 1); // the held write is in flight
        var pressure = true;
        Engine.OnSubmit = _ =>
        {
            Interlocked.Increment(ref _submits);
            return Volatile.Read(ref pressure) ? new SubmitFault { Error = Errno.EAGAIN } : default;
        };
        var writes = Enumerable.Range(1, 20).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();

        // The shard goes on taking up commands: a Cancel is answered, and nothing is submitted meanwhile.
        for (var i = 0; i < 20; i++)
        {
            await Replies.Do<Aio.Canceled>(new Aio.Cancel(new Aio.Flush(file)));
        }

        Assert.InRange(Volatile.Read(ref _submits), 1, 3);
        Assert.All(writes, write => Assert.False(Replies.Has(write)));
        Volatile.Write(ref pressure, false);
        Engine.Release();
        await Task.WhenAll([.. writes.Select(Replies.Of), Replies.Of(held)]);
        Assert.InRange(Volatile.Read(ref _submits), 2, 8);
        Assert.True((await Stats()).Shards[0].FlowControlled >= 1);
    }

    [Theory]
    [InlineData(Errno.EAGAIN)]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.None)]
    public async Task Pressure_with_nothing_in_flight_is_retried_after_pauses_that_grow(Errno errno)
    {
        var file = await NewFile(64 * Block);
        var start = System.Diagnostics.Stopwatch.StartNew();
        Engine.OnSubmit = _ => Interlocked.Increment(ref _submits) <= 12 ? new SubmitFault { Error = errno, ShortTo = 0 } : default;
        var writes = Enumerable.Range(0, 40).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        await Replies.AssertOneEach(writes);
        Assert.All(Replies.InOrder, reply => Assert.IsType<Aio.WriteCompleted>(reply));

        // 1 + 2 + 4 + 8 + 16 + 32 + 50 · 6 ms: less would have been spinning.
        Assert.True(start.ElapsedMilliseconds >= 200, $"{start.ElapsedMilliseconds} ms");
        Assert.All(_performed, performed => Assert.Equal(1, performed.Value));
    }

    [Fact]
    public async Task A_kernel_that_takes_nothing_for_too_long_fails_the_commands_typed_without_spinning()
    {
        Assert.Equal(TimeSpan.FromSeconds(10), Ext.PatienceWithKernel);
        Ext.PatienceWithKernel = TimeSpan.FromMilliseconds(300);
        var file = await NewFile(64 * Block);
        Engine.OnSubmit = _ =>
        {
            Interlocked.Increment(ref _submits);
            return new SubmitFault { Error = Errno.EAGAIN };
        };
        var writes = Enumerable.Range(0, 10).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var flush = Replies.Tell(new Aio.Flush(file));
        foreach (var write in writes)
        {
            var failed = await Replies.Of<Aio.CommandFailed>(write);
            Assert.Equal(Errno.EAGAIN, Assert.IsType<AioSystemException>(failed.Cause).Errno);
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        }

        Assert.InRange(Volatile.Read(ref _submits), 2, 12); // after 1, 2, 4, … 50 ms: at most 11 in 300 ms
        Engine.OnSubmit = null;
        await Replies.Of<Aio.Flushed>(flush);
        Assert.Empty(_performed);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
    }

    [Fact]
    public async Task The_patience_begins_anew_when_the_kernel_has_taken_something()
    {
        Ext.PatienceWithKernel = TimeSpan.Zero; // a second refusal on end would be one too many
        var file = await NewFile(64 * Block);
        Engine.OnSubmit = _ => Interlocked.Increment(ref _submits) % 2 == 1 ? new SubmitFault { Error = Errno.EAGAIN } : default;
        for (var i = 0; i < 20; i++)
        {
            await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], i * Block));
        }

        Assert.Equal(40, _submits);
    }

    [Fact]
    public async Task Cancels_while_the_kernel_takes_nothing_answer_and_the_rest_is_done_later()
    {
        var file = await NewFile(64 * Block);
        var pressure = true;
        Engine.OnSubmit = _ => Volatile.Read(ref pressure) ? new SubmitFault { Error = Errno.EAGAIN } : default;
        var writes = Enumerable.Range(0, 64).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        var more = Enumerable.Range(0, 64).Select(i => Replies.Tell(new Aio.ReadInto(file, new byte[Block], i * Block))).ToArray();
        foreach (var command in writes.Where((_, i) => i % 2 == 0).Concat<Aio.FileCommand>(more.Where((_, i) => i % 2 == 0)))
        {
            Assert.True((await Replies.Do<Aio.Canceled>(new Aio.Cancel(command))).Found);
        }

        Volatile.Write(ref pressure, false);
        foreach (var (write, i) in writes.Select((write, i) => (write, i)))
        {
            var reply = await Replies.Of(write);
            if (i % 2 == 0)
            {
                var failed = Assert.IsType<Aio.CommandFailed>(reply);
                Assert.IsType<AioCanceledException>(failed.Cause);
                if (failed.Outcome == AioOutcome.NotPerformed)
                {
                    Assert.False(_performed.ContainsKey(i * Block));
                }
            }
            else
            {
                Assert.IsType<Aio.WriteCompleted>(reply);
                Assert.Equal(1, _performed[i * Block]);
            }
        }

        await Task.WhenAll(more.Select(Replies.Of));
        Assert.Equal(128, Replies.InOrder.Count(reply => reply is not Aio.Canceled));
    }
}
