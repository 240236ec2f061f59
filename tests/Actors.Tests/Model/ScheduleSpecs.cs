using AkkaAio.Tests.Support;
using CsCheck;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Model;

public sealed class OneShardScheduleSpecs(ITestOutputHelper output)
    : ScheduleSpecs("akka.io.aio { shards = 1, depth = 8, submit-batch-size = 4 }", crashes: false, output);

public sealed class StripedScheduleSpecs(ITestOutputHelper output)
    : ScheduleSpecs("akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB, depth = 4 }", crashes: false, output);

public sealed class TightScheduleSpecs(ITestOutputHelper output)
    : ScheduleSpecs("akka.io.aio { shards = 1, depth = 1, max-queue-size = 5, submit-batch-size = 1, reap { min-nr = 3, nr = 3 } }", crashes: false, output);

public sealed class CrashingScheduleSpecs(ITestOutputHelper output)
    : ScheduleSpecs("akka.io.aio { shards = 1, depth = 8, submit-batch-size = 3 }", crashes: true, output);

public sealed class StripedCrashingScheduleSpecs(ITestOutputHelper output)
    : ScheduleSpecs("akka.io.aio { shards = 3, shard-by = stripe, stripe-size = 4 KiB, depth = 8, submit-batch-size = 2 }", crashes: true, output);

/// <summary>Random schedules against a model: exactly one reply each, data equal, barriers kept, all buffers back.</summary>
public abstract class ScheduleSpecs(string hocon, bool crashes, ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.loglevel = OFF\n" + hocon, output)
{
    // A schedule works on 32 blocks of 512 bytes that lie around the borders of 4 KiB stripes.
    private const int Sector = 512;
    private const int Blocks = 32;
    private const int InitialBlocks = 20;
    private const int Length = 100;

    // Of each of the five kinds; more for a soak.
    private static readonly int Iterations =
        int.Parse(Environment.GetEnvironmentVariable("AKKA_AIO_SCHEDULES") ?? "50", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public void Every_schedule_behaves_as_a_file_would() =>
        Schedule.Gen(Length, crashes).Sample(
            schedule => RunAsync(schedule).GetAwaiter().GetResult(), iter: Iterations, threads: 1);

    private async Task RunAsync(Schedule schedule)
    {
        Engine.OnSubmit = null;
        Engine.OnOperation = null;
        Engine.OnReap = null;
        var file = await NewFile(InitialBlocks * Sector);

        // Held operations and crashes do not mix: a restart would wait for them until drain-timeout.
        var faults = new Faults(schedule.FaultSeed, holds: !crashes);
        faults.InstallIn(Engine);
        var history = new History(Sector, InitialBlocks, Blocks);
        var entries = new Dictionary<Aio.Command, History.Entry>(ReferenceEqualityComparer.Instance);
        var clock = 0L;
        var replies = new Replies(Sys);
        replies.OnReply = reply =>
        {
            lock (entries)
            {
                var entry = entries[reply.RepliesTo];
                (entry.Answered, entry.Reply) = (++clock, reply);
            }
        };
        byte stamp = 0;
        foreach (var step in schedule.Steps)
        {
            await Take(step);
        }

        faults.End();
        var close = Tell(new Aio.Close(file));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!replies.Has(close))
        {
            Assert.True(watch.Elapsed < Patience.Long, $"no reply to {string.Join(", ", history.Commands.Where(command => !replies.Has(command)).Select(command => command.GetType().Name))}");
            Engine.Release();
            await Task.WhenAny(replies.Of(close), Stats()); // what is held is held by a shard that is still at it
        }

        await replies.AssertOneEach(history.Commands);
        Assert.IsType<Aio.Closed>(await replies.Of(close));
        foreach (var entry in entries.Values)
        {
            Keep(entry);
        }

        history.Check(OnDisk(file.Path));
        await Eventually(() => Pool.RentedBuffers == 0, "all buffers are back");

        T Tell<T>(T command)
            where T : Aio.Command
        {
            lock (entries)
            {
                entries.Add(command, history.Add(command, ++clock, stamp));
            }

            return replies.Tell(command);
        }

        async Task Take(Step step)
        {
            switch (step.Kind)
            {
                case StepKind.Write:
                    stamp = (byte)(stamp % 255 + 1);
                    var blocks = 1 + (step.B % 3);
                    Tell(new Aio.Write(file, step.A % (Blocks - blocks) * Sector, Filled(blocks * Sector, stamp, step.B)));
                    break;
                case StepKind.Read:
                    Tell(new Aio.Read(file, step.A % (Blocks * Sector), 1 + (step.B % (4 * Sector))));
                    break;
                case StepKind.ReadInto:
                    var length = 1 + (step.B % (4 * Sector));
                    Tell(new Aio.ReadInto(file, step.A % (Blocks * Sector), new byte[length]));
                    break;
                case StepKind.Flush:
                    Tell(new Aio.Flush(file));
                    break;
                case StepKind.SetLength:
                    Tell(new Aio.SetLength(file, step.A % Blocks * Sector));
                    break;
                case StepKind.Allocate:
                    Tell(new Aio.Allocate(file, 0, (1 + (step.A % Blocks)) * Sector));
                    break;
                case StepKind.Cancel when Any(step.A, entry => entry.Command is Aio.TransferCommand or Aio.Flush) is { } canceled:
                    Tell(new Aio.Cancel((Aio.FileCommand)canceled.Command));
                    break;
                case StepKind.AwaitReply when !HoldsAnything() && Any(step.A, _ => true) is { } awaited:
                    await replies.Of(awaited.Command);
                    break;
                case StepKind.Release:
                    Engine.Release(request => (request.Slot + step.A) % 2 == 0, step.B % 2 == 0 ? null : (a, b) => b.Slot.CompareTo(a.Slot));
                    break;
                case StepKind.CrashShard:
                    faults.CrashShard();
                    break;
                case StepKind.CrashReaper:
                    faults.CrashReaper();
                    break;
                default:
                    break;
            }
        }

        // With operations held the awaited reply might never come.
        bool HoldsAnything() => !crashes;

        History.Entry? Any(int number, Func<History.Entry, bool> condition)
        {
            lock (entries)
            {
                var eligible = entries.Values.Where(condition).ToArray();
                return eligible.Length == 0 ? null : eligible[number % eligible.Length];
            }
        }
    }

    private ReadOnlyMemory<byte> Filled(int length, byte value, int how)
    {
        if (how % 2 == 0)
        {
            var array = new byte[length];
            array.AsSpan().Fill(value);
            return array;
        }

        var buffer = Pool.Rent(length);
        buffer.GetSpan().Fill(value);
        _buffers.Add(buffer);
        return buffer.Memory;
    }

    private readonly List<AioBuffer> _buffers = [];

    private void Keep(History.Entry entry)
    {
        _buffers.ForEach(buffer => buffer.Dispose());
        _buffers.Clear();
        switch (entry.Reply)
        {
            case Aio.ReadCompleted read:
                entry.Bytes = read.Buffer.GetSpan().ToArray();
                read.Buffer.Dispose();
                break;
            case Aio.ReadIntoCompleted read:
                entry.Bytes = read.Command.Destination.Span[..read.Count].ToArray();
                break;
            default:
                break;
        }
    }
}
