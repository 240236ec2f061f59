using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Memory;

public sealed class EarlyDisposeSpecsOnLinuxAio(ITestOutputHelper output) : EarlyDisposeSpecs(EngineKind.LinuxAio, "", output);

public sealed class EarlyDisposeSpecsOnEpoll(ITestOutputHelper output) : EarlyDisposeSpecs(EngineKind.LinuxAioEpoll, "", output);

public sealed class EarlyDisposeSpecsOnReaperThread(ITestOutputHelper output)
    : EarlyDisposeSpecs(EngineKind.LinuxAio, "akka.io.aio.reap.thread = own", output);

public sealed class EarlyDisposeSpecsOnIoUring(ITestOutputHelper output) : EarlyDisposeSpecs(EngineKind.IoUring, "", output);

public sealed class EarlyDisposeSpecsOnPosixAio(ITestOutputHelper output) : EarlyDisposeSpecs(EngineKind.PosixAio, "", output);

public sealed class EarlyDisposeSpecsOnThreadPool(ITestOutputHelper output) : EarlyDisposeSpecs(EngineKind.ThreadPool, "", output);

public sealed class EarlyDisposeSpecsOnMemory(ITestOutputHelper output) : EarlyDisposeSpecs(EngineKind.Memory, "", output);

/// <summary>
/// Buffers are disposed while operations use them, in a pool that fills what comes back with a pattern: no operation reads or writes
/// memory that has come back, and no other buffer changes.
/// </summary>
public abstract class EarlyDisposeSpecs(EngineKind kind, string hocon, ITestOutputHelper output)
    : AioTestKit(kind, hocon + "\nakka.io.aio.buffer-pool.budget = 64 MiB", output)
{
    private const byte Poison = 0xDB;
    private const byte Strangers = 0xEE;
    private const byte Untouched = 0xAA;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_buffer_that_is_disposed_while_a_read_is_copied_into_it_comes_back_after_the_copy(bool vectored)
    {
        const int Length = 8 << 20;
        Pool.Poison = Poison;
        var content = Content(Length, seed: 1);
        var file = await FileOf(content);
        for (var round = 0; round < 15; round++)
        {
            var buffer = Pool.Rent(Length);
            buffer.GetSpan().Fill(Untouched);
            var into = buffer.Memory[1..];
            var read = vectored ? file.ReadAsync([into[..7], into[7..]], 0).AsTask() : file.ReadAsync(into, 0).AsTask();

            // A part is there: the copy of the rest is under way. Not the first bytes, which a copy may store last.
            await Task.Run(() =>
            {
                while (!read.IsCompleted && Volatile.Read(ref into.Span[1 << 16]) == Untouched)
                {
                    Thread.SpinWait(1); // the copy takes a millisecond
                }

                buffer.Dispose();
            });
            using (var stranger = Pool.Rent(Length))
            {
                // The block that was given back, if it was: the rest of the copy is then in it.
                Assert.Equal(-1, stranger.GetSpan().IndexOfAnyInRange((byte)1, (byte)0x7F));
                stranger.GetSpan().Fill(Strangers);
                try
                {
                    Assert.Equal(Length - 1, await read.WaitAsync(Patience.Long));
                }
                catch (AioBufferDisposedException)
                {
                    // As true: the copy had not begun.
                }

                Assert.Equal(-1, stranger.GetSpan().IndexOfAnyExcept(Strangers));
            }
        }

        await Eventually(() => Pool.RentedBuffers == 0, "every buffer is back");
    }

    [SkippableTheory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task Whatever_is_disposed_early_no_other_buffer_is_touched_and_no_write_carries_it(DirectIo direct)
    {
        const int Workers = 6;
        const int Region = 64 * Block;
        Pool.Poison = Poison;
        var content = Content(Workers * Region, seed: 2);
        var source = await FileOf(content, direct);
        var target = await NewFile(Workers * Region, direct);
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var round = 0; round < 150; round++)
            {
                await (round % 2 == 0
                    ? ReadAndDispose(source, content, random)
                    : WriteAndDispose(target, worker * (long)Region, Region, random));
            }
        })));
        await Eventually(() => Pool.RentedBuffers == 0, "every buffer is back");
    }

    // All of its bytes are below 0x80: neither the pool's pattern nor a stranger's.
    private static byte[] Content(int length, int seed)
    {
        var bytes = Pattern(length, seed);
        foreach (ref var value in bytes.AsSpan())
        {
            value &= 0x7F;
        }

        return bytes;
    }

    private async Task ReadAndDispose(AioFile file, byte[] content, Random random)
    {
        var (length, shift) = (Block * random.Next(1, 17), random.Next(2));
        var offset = random.Next(2) == 0 ? Block * random.Next(0, 16) : random.Next(0, 16 * Block);
        var buffer = Pool.Rent(length + Block);
        var into = buffer.Memory.Slice(shift, length);
        var early = random.Next(4) > 0;
        var read = random.Next(2) == 0
            ? file.ReadAsync(into, offset).AsTask()
            : file.ReadAsync([into[..Block], into[Block..], new byte[random.Next(2)]], offset).AsTask();
        await DisposeEarly(buffer, early, random, async () =>
        {
            try
            {
                await read.WaitAsync(Patience.Long);
                if (!early)
                {
                    Assert.True(into.Span.SequenceEqual(content.AsSpan(offset, length)), $"{length} bytes at {offset}");
                }
            }
            catch (AioBufferDisposedException) when (early)
            {
                // Disposed before the shard took it up, or before the copy.
            }
        });
    }

    private async Task WriteAndDispose(AioFile file, long start, int region, Random random)
    {
        var (length, shift) = (Block * random.Next(1, 17), random.Next(2));
        var offset = start + (Block * random.Next(0, (region / Block) - 16));
        var buffer = Pool.Rent(length + Block);
        var data = Content(length, random.Next());
        var from = buffer.Memory.Slice(shift, length);
        data.CopyTo(from);
        var early = random.Next(4) > 0;
        var write = random.Next(2) == 0
            ? file.WriteAsync(from, offset).AsTask()
            : file.WriteAsync([from[..Block], from[Block..]], offset).AsTask();
        await DisposeEarly(buffer, early, random, async () =>
        {
            try
            {
                await write.WaitAsync(Patience.Long);
            }
            catch (AioBufferDisposedException) when (early)
            {
                return;
            }

            using var written = await file.RentReadAsync(offset, length).AsTask().WaitAsync(Patience.Long);
            Assert.True(written.GetSpan().SequenceEqual(data), $"{length} bytes at {offset}");
        });
    }

    private async Task DisposeEarly(AioBuffer buffer, bool early, Random random, Func<Task> result)
    {
        if (!early)
        {
            await result();
            buffer.Dispose();
            return;
        }

        Thread.SpinWait(random.Next(2000));
        buffer.Dispose();
        using var stranger = Pool.Rent(buffer.Length);
        stranger.GetSpan().Fill(Strangers);
        await result();
        Assert.Equal(-1, stranger.GetSpan().IndexOfAnyExcept(Strangers));
    }
}
