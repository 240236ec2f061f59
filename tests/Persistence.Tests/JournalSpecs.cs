using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Xunit;

namespace AkkaAio.Persistence.Tests;

public sealed class JournalSpecs : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("akka-aio-journal.").FullName;

    private ActorSystem Start() => ActorSystem.Create("journal", ConfigurationFactory.ParseString($$"""
        akka.loglevel = INFO
        akka.persistence.journal.plugin = "akka.persistence.journal.aio"
        akka.persistence.aio-store { dir = "{{_folder}}", segment-size = 1 MiB, write.buffer = 64 KiB, write.max-atomic-write = 4 MiB }
        akka.persistence.journal.aio {
          class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence", plugin-dispatcher = "akka.actor.default-dispatcher"
        }
        """));

    [Fact]
    public async Task Events_are_replayed_after_a_restart()
    {
        for (var life = 1; life <= 3; life++)
        {
            using var system = Start();
            var actors = Enumerable.Range(0, 50)
                .Select(i => system.ActorOf(Props.Create(() => new Counter($"counter-{i}")), $"c{i}")).ToArray();
            for (var round = 1; round <= 100; round++)
            {
                var answers = await Task.WhenAll(actors.Select(actor => actor.Ask<long>("add", TimeSpan.FromSeconds(60))));
                Assert.All(answers, answer => Assert.Equal(((life - 1) * 100) + round, answer));
            }

            await system.Terminate();
        }
    }

    private sealed class Counter : UntypedPersistentActor
    {
        private long _count;

        public Counter(string id) => PersistenceId = id;

        public override string PersistenceId { get; }

        protected override void OnCommand(object message) => Persist(new string('x', 100), _ => Sender.Tell(++_count));

        protected override void OnRecover(object message)
        {
            if (message is string)
            {
                _count++;
            }
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
