using System.Collections.Concurrent;
using System.Globalization;
using Akka.Actor;
using Akka.Persistence;

namespace AkkaAio.FaultDriver;

/// <summary>Persistent actors on the journal, until the process is killed or the power goes; and what is there afterwards.</summary>
internal static class Events
{
    private const int Actors = 256;
    private const int AtOnce = 3; // of each second PersistAll: all of them are there, or none
    private const int Kept = 32; // events of an actor that are not deleted: segments are recycled, with old events in them

    /// <summary>Persists until it is killed, and prints "ID SEQUENCE-NUMBER" of each event that is acknowledged.</summary>
    public static async Task<int> WriteAsync(string folder, string hocon)
    {
        var system = Start(folder, hocon);
        var lines = new BlockingCollection<string>();
        for (var i = 0; i < Actors; i++)
        {
            var number = i;
            system.ActorOf(Props.Create(() => new Writer(number, lines)));
        }

        await using var output = Console.Out;
        foreach (var line in lines.GetConsumingEnumerable())
        {
            await output.WriteLineAsync(line);
            if (lines.Count == 0)
            {
                await output.FlushAsync();
            }
        }

        return 0;
    }

    /// <summary>Replays all, four times in a row: what was acknowledged is there, and what is there stays.</summary>
    public static async Task<int> VerifyAsync(string folder, string acknowledgedFile, string hocon)
    {
        var acknowledged = new Dictionary<int, long>();
        var count = 0L;
        foreach (var line in await File.ReadAllLinesAsync(acknowledgedFile))
        {
            // The last line may be cut off.
            if (line.Split(' ') is [var id, var nr] && nr.EndsWith('.') && int.TryParse(id, CultureInfo.InvariantCulture, out var number))
            {
                count++;
                acknowledged[number] = Math.Max(
                    acknowledged.GetValueOrDefault(number), long.Parse(nr[..^1], CultureInfo.InvariantCulture));
            }
        }

        var (lost, first) = (0L, default(long[]));
        for (var life = 0; life < 4; life++)
        {
            var system = Start(folder, hocon);
            var highest = await Task.WhenAll(Enumerable.Range(0, Actors).Select(i =>
                system.ActorOf(Props.Create(() => new Reader(i))).Ask<long>("highest", TimeSpan.FromMinutes(2))));
            await system.Terminate();
            if (first is null)
            {
                first = highest;
                lost = Enumerable.Range(0, Actors).Sum(i => Math.Max(0, acknowledged.GetValueOrDefault(i) - highest[i]));
            }
            else if (!highest.SequenceEqual(first))
            {
                Console.Error.WriteLine("events that were there, or were not, are not as they were at the first start");
                lost++;
            }
        }

        Console.WriteLine($"acknowledged {count} lost {lost}");
        return lost == 0 ? 0 : 1;
    }

    private static ActorSystem Start(string folder, string hocon) => ActorSystem.Create("events", $$"""
        akka.loglevel = WARNING
        akka.persistence.journal {
          plugin = "akka.persistence.journal.aio", aio.class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence"
        }
        akka.persistence.aio-store { dir = "{{folder}}", segment-size = 1 MiB }
        {{hocon}}
        """);

    private static string IdOf(int number) => $"writer-{number}";

    private static string EventOf(int number, long sequenceNr) => $"{number} {sequenceNr} {new string('x', (int)(sequenceNr % 200))}";

    private sealed class Writer : UntypedPersistentActor
    {
        private readonly int _number;
        private readonly BlockingCollection<string> _lines;
        private int _expected;

        public Writer(int number, BlockingCollection<string> lines)
        {
            (_number, _lines) = (number, lines);
            PersistenceId = IdOf(number);
            Self.Tell("go");
        }

        public override string PersistenceId { get; }

        protected override void OnCommand(object message)
        {
            if (message is not "go")
            {
                return; // a delete is done, or has failed: then what was to be deleted is still there
            }

            var next = LastSequenceNr + 1;
            if (next % (2 * Kept) == 1 && next > Kept)
            {
                DeleteMessages(next - 1 - Kept);
            }

            _expected = next % 4 == 1 ? AtOnce : 1;
            PersistAll(Enumerable.Range(0, _expected).Select(i => EventOf(_number, next + i)), _ =>
            {
                _lines.Add($"{_number} {LastSequenceNr}.");
                if (--_expected == 0)
                {
                    Self.Tell("go");
                }
            });
        }

        protected override void OnRecover(object message)
        {
        }
    }

    private sealed class Reader : UntypedPersistentActor
    {
        private readonly int _number;
        private string? _problem;
        private long _first; // that is not deleted; 0: none
        private long _last;

        public Reader(int number)
        {
            _number = number;
            PersistenceId = IdOf(number);
        }

        public override string PersistenceId { get; }

        // The events 4k+1 to 4k+3 were persisted at once.
        protected override void OnCommand(object message)
        {
            var problem = _problem ??
                (_last != LastSequenceNr ? $"the last event is {_last}, the highest number {LastSequenceNr}"
                : _last % 4 is 1 or 2 ? $"it ends at {_last}, within events that were persisted at once"
                : _last - _first + 1 < Math.Min(_last, Kept) ? $"there are {_first} to {_last}, and {Kept} were not deleted"
                : null);
            Sender.Tell(problem is null ? _last : new Status.Failure(new InvalidDataException($"{PersistenceId}: {problem}")));
        }

        protected override void OnRecover(object message)
        {
            if (message is string text)
            {
                var next = _first == 0 ? LastSequenceNr : _last + 1;
                _problem ??= text == EventOf(_number, next) ? null : $"{text} behind {_last}, where {next} was to come";
                (_first, _last) = (_first == 0 ? next : _first, next);
            }
        }
    }
}
