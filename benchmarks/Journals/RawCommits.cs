using System.Diagnostics;
using Akka.Actor;
using Akka.Persistence;

namespace AkkaAio.Benchmarks.Journals;

/// <summary>
/// One durable commit of a block, by pwrite into a file that was opened with O_DIRECT and O_DSYNC (by AkkaAio's pool: aligned), and by one
/// persistent actor on the journal, in random order commit by commit: what the disk does in a moment hits both.
/// </summary>
internal static class RawCommits
{
    private const int Block = 4096;

    /// <summary>Microseconds of each commit, sorted; those of the journal to the actor's user.</summary>
    public static async Task<(double[] Raw, double[] Journal)> RunAsync(ActorSystem system, string folder, int commits)
    {
        var path = Path.Combine(folder, "raw");
        await File.WriteAllBytesAsync(path, new byte[64 << 20]); // written, as the journal's segments are
        using var raw =
            File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.None, (FileOptions)0x4000 | FileOptions.WriteThrough);
        var actor = system.ActorOf(Props.Create(() => new Committer()));
        using var buffer = AioExt.Get(system).Pool.Rent(Block);
        var (random, rawTimes, journalTimes, at) = (new Random(1), new List<double>(), new List<double>(), 0L);
        for (var i = 0; i < 2 * commits; i++)
        {
            var start = Stopwatch.GetTimestamp();
            if (random.Next(2) == 0)
            {
                RandomAccess.Write(raw, buffer.GetSpan(), at);
                at = (at + Block) % (64 << 20);
                rawTimes.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
            else
            {
                await actor.Ask<byte[]>(Committer.Event, TimeSpan.FromMinutes(1));
                journalTimes.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }

        return ([.. rawTimes.Skip(rawTimes.Count / 10).Order()], [.. journalTimes.Skip(journalTimes.Count / 10).Order()]);
    }

    private sealed class Committer : UntypedPersistentActor
    {
        public static readonly byte[] Event = new byte[100];

        public override string PersistenceId => "committer";

        protected override void OnCommand(object message)
        {
            var user = Sender;
            Persist((byte[])message, stored => user.Tell(stored));
        }

        protected override void OnRecover(object message)
        {
        }
    }
}
