using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>Far more outstanding commands than a shard may hold: each is answered once, memory stays bounded, nobody starves.</summary>
internal static class Overload
{
    private const int Requesters = 100;
    private const int Outstanding = 10_000;

    public static async Task<int> RunAsync(string path)
    {
        await File.WriteAllBytesAsync(path, new byte[64 << 20]);
        var system = ActorSystem.Create("overload", ConfigurationFactory.ParseString(
            "akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR\n" +
            "akka.io.aio { shards = 1, depth = 128, max-queue-size = 65536, buffer-pool.budget = 64 MiB }"));
        var aio = AioExt.Get(system);
        var file = await aio.OpenAsync(path, new AioOpenOptions { Direct = DirectIo.Required });
        var idle = await MedianReadAsync(file, 100);
        var before = ProcessFigures.Read();

        var flooded = new TaskCompletionSource[Requesters];
        for (var i = 0; i < Requesters; i++)
        {
            var done = flooded[i] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            system.ActorOf(Props.Create(() => new Flooder(file, Outstanding, done)));
        }

        var loaded = await MedianReadAsync(file, 20);
        await Task.WhenAll(flooded.Select(done => done.Task));
        var answers = Flooder.Answered;
        var figures = ProcessFigures.Read();
        Console.WriteLine(
            $"answered {answers.Read} read, {answers.Overloaded} overloaded, {answers.Other} other, of {Requesters * Outstanding}");
        Console.WriteLine(
            $"a second requester's read: {idle.TotalMilliseconds:f2} ms idle, {loaded.TotalMilliseconds:f2} ms under overload");
        Console.WriteLine(
            $"peak memory {figures.PeakKiB >> 10} MiB, before {before.ResidentKiB >> 10} MiB; buffers rented {aio.Pool.RentedBuffers}");
        await system.Terminate();
        return answers.Read + answers.Overloaded == (long)Requesters * Outstanding && answers.Other == 0 ? 0 : 1;
    }

    private static async Task<TimeSpan> MedianReadAsync(AioFile file, int times)
    {
        var took = new List<TimeSpan>();
        while (took.Count < times)
        {
            var start = Stopwatch.GetTimestamp();
            try
            {
                using var buffer = await file.RentReadAsync(0, 4096);
                took.Add(Stopwatch.GetElapsedTime(start));
            }
            catch (AioOverloadedException)
            {
                // The queue is full; this one asks again, as a well-behaved requester does.
            }
        }

        took.Sort();
        return took[took.Count / 2];
    }

    private sealed class Flooder : UntypedActor
    {
        private static long s_read;
        private static long s_overloaded;
        private static long s_other;

        private readonly TaskCompletionSource _done;
        private int _left;

        public Flooder(AioFile file, int outstanding, TaskCompletionSource done)
        {
            _done = done;
            _left = outstanding;
            for (var i = 0; i < outstanding; i++)
            {
                Context.System.Aio().Tell(new Aio.RentRead(file, i % 16384 * 4096L, 4096));
            }
        }

        public static (long Read, long Overloaded, long Other) Answered => (s_read, s_overloaded, s_other);

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Aio.RentReadCompleted read:
                    read.Buffer.Dispose();
                    Interlocked.Increment(ref s_read);
                    break;
                case Aio.CommandFailed { Cause: AioOverloadedException }:
                    Interlocked.Increment(ref s_overloaded);
                    break;
                default:
                    Interlocked.Increment(ref s_other);
                    break;
            }

            if (--_left == 0)
            {
                _done.SetResult();
            }
        }
    }
}
