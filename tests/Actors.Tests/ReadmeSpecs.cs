using System.Runtime.CompilerServices;
using System.Text;
using Akka.Actor;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests;

/// <summary>The samples of README and docs, compiled and run from here, and compared with what the pages show.</summary>
public sealed class ReadmeSpecs : Akka.TestKit.Xunit2.TestKit
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"akka-aio-readme-{Guid.NewGuid():N}");

    [Fact]
    public void The_actor_sample_of_the_docs_runs()
    {
        Sys.ActorOf(Props.Create(() => new Greeter(_path, TestActor)));
        ExpectMsg("disk", TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task The_actor_sample_of_the_docs_closes_its_file_and_takes_no_reply_of_the_incarnation_before()
    {
        var props = Props.Create(() => new Greeter(_path, TestActor));
        var greeter = Sys.ActorOf(Props.Create(() => new Parent(props)));
        for (var restart = 0; restart < 20; restart++)
        {
            greeter.Tell(Parent.KillChild, ActorRefs.NoSender); // while the open, the write, the flush or the read is under way
            ExpectMsg("disk", TimeSpan.FromSeconds(20));
            var stats = await Sys.Aio().Ask<Aio.Stats>(new Aio.GetStats(), Patience.Long);
            Assert.InRange(stats.OpenFiles, 0, 3); // the present one, and closes that are under way
        }

        Sys.Stop(greeter);
        await AwaitAssertAsync(async () => Assert.Equal(
            0, (await Sys.Aio().Ask<Aio.Stats>(new Aio.GetStats(), Patience.Long)).OpenFiles));
    }

    [Fact]
    public void The_actor_sample_of_the_README_runs()
    {
        File.WriteAllText(_path, "Hello, disk");
        Sys.ActorOf(Props.Create(() => new FirstBlock(_path, TestActor)));
        using var buffer = ExpectMsg<AioBuffer>(TimeSpan.FromSeconds(20));
        Assert.Equal("Hello, disk"u8, buffer.GetSpan());
        Sys.ActorOf(Props.Create(() => new FirstBlock(_path + "-none", TestActor)));
        Assert.Equal(Errno.ENOENT, ExpectMsg<AioSystemException>(TimeSpan.FromSeconds(20)).Errno);
    }

    [Fact]
    public async Task The_task_sample_of_the_README_runs()
    {
        Assert.Equal(await SampleAsync(Sys, _path), await File.ReadAllBytesAsync(_path));

        static async Task<byte[]> SampleAsync(ActorSystem system, string path)
        {
            // sample: task
            var aio = AioExt.Get(system);
            await using var file = await aio.OpenAsync(path, new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite });
            using var block = aio.Pool.Rent(4096); // aligned: written from where it is, without a copy
            await file.WriteAsync(block.Memory, offset: 0);
            await file.FlushAsync();
            // end
            return block.GetSpan().ToArray();
        }
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(3, 100)]
    [InlineData(20, 7)]
    public async Task The_producer_sample_of_the_docs_writes_everything_through_a_queue_that_is_too_short(int producers, int window)
    {
        const int Each = 500;
        var engine = new MemoryEngine();
        using var system = ActorSystem.Create("producers", AioTestKit.SetupOf(
            EngineKind.Memory, engine, "akka.io.aio { shards = 1, depth = 4, max-queue-size = 10 }"));
        var aio = AioExt.Get(system);
        var file = await aio.OpenAsync("/log", new()
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            PreallocationSize = producers * Each * 512L,
        });
        var written = 0;
        engine.OnOperation = (in _) =>
        {
            Interlocked.Increment(ref written);
            return new OperationFault { Delay = 2 };
        };
        for (var producer = 0; producer < producers; producer++)
        {
            var first = producer * Each;
            var writes = Enumerable.Range(first, Each).Select(i => new Aio.Write(file, new byte[512], i * 512L)).ToArray();
            system.ActorOf(Props.Create(() => new Producer(file, writes, window, TestActor)));
        }

        for (var producer = 0; producer < producers; producer++)
        {
            ExpectMsg("all written", Patience.Long);
        }

        Assert.Equal(producers * Each, written);
        Assert.True((await aio.Ref.Ask<Aio.Stats>(new Aio.GetStats(), Patience.Long)).Shards[0].Overloads > 0, "nobody was refused");
        await system.Terminate();
    }

    [Theory]
    [InlineData("first block", "README.md")]
    [InlineData("actor", "docs/actors.md")]
    [InlineData("task", "README.md")]
    [InlineData("producer", "docs/producers.md")]
    public void The_page_shows_the_sample_that_is_run_here(string name, string page) => Samples.AssertShows(name, page, SourcePath());

    protected override void AfterAll()
    {
        base.AfterAll();
        File.Delete(_path);
    }

    private static string SourcePath([CallerFilePath] string path = "") => path;

    /// <summary>Kills its child at every message, and restarts it.</summary>
    private sealed class Parent(Props child) : UntypedActor
    {
        public const string KillChild = "kill the child";

        private readonly IActorRef _child = Context.ActorOf(child);

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Restart);

        protected override void OnReceive(object message) => _child.Tell(Kill.Instance, Sender);
    }

    // sample: first block
    public sealed class FirstBlock : ReceiveActor
    {
        public FirstBlock(string path, IActorRef listener)
        {
            var aio = Context.System.Aio();
            Receive<Aio.Opened>(opened => aio.Tell(new Aio.RentRead(opened.File, offset: 0, length: 4096)));
            Receive<Aio.RentReadCompleted>(read => listener.Tell(read.Buffer)); // the listener disposes it
            Receive<Aio.CommandFailed>(failed => listener.Tell(failed.Cause));
            aio.Tell(new Aio.Open(path)); // closed when this actor dies
        }
    }
    // end

    // sample: actor
    public sealed class Greeter : ReceiveActor
    {
        private readonly IActorRef _aio = Context.System.Aio();
        private readonly object _incarnation = new(); // the Token of our commands, and so of their replies
        private AioFile? _file;

        public Greeter(string path, IActorRef listener)
        {
            var block = new byte[4096]; // writes on a direct file are aligned; 4096 suits every device
            "Hello, disk"u8.CopyTo(block);
            Receive<Aio.Event>(late => late.Token != _incarnation, late => // for the incarnation before a restart
            {
                Close((late as Aio.Opened)?.File);
                (late as Aio.RentReadCompleted)?.Buffer.Dispose();
            });
            Receive<Aio.Opened>(opened =>
            {
                _file = opened.File;
                _aio.Tell(new Aio.Write(_file, block, offset: 0) { Token = _incarnation });
            });
            Receive<Aio.WriteCompleted>(_ => _aio.Tell(new Aio.Flush(_file!) { Token = _incarnation }));
            Receive<Aio.Flushed>(_ => _aio.Tell(new Aio.RentRead(_file!, offset: 7, length: 4) { Token = _incarnation }));
            Receive<Aio.RentReadCompleted>(read =>
            {
                using var buffer = read.Buffer; // ours now: it goes back to the pool when disposed
                listener.Tell(Encoding.UTF8.GetString(buffer.GetSpan()));
            });
            Receive<Aio.CommandFailed>(failed => listener.Tell(failed.Cause));
            _aio.Tell(new Aio.Open(path, new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite }) { Token = _incarnation });
        }

        // At a restart too: the file belongs to the actor's ref, which goes on.
        protected override void PostStop() => Close(_file);

        private void Close(AioFile? file)
        {
            if (file is not null)
            {
                _aio.Tell(new Aio.Close(file), ActorRefs.NoSender);
            }
        }
    }
    // end

    // sample: producer
    public sealed class Producer : ReceiveActor
    {
        public Producer(AioFile file, IEnumerable<Aio.Write> writes, int window, IActorRef listener)
        {
            var aio = Context.System.Aio();
            var todo = new Queue<Aio.Write>(writes);
            var outstanding = 0;
            var awaitsRoom = false;

            Receive<Aio.WriteCompleted>(_ =>
            {
                outstanding--;
                Send(awaitsRoom ? 0 : 1);
            });
            Receive<Aio.CommandFailed>(failed => failed.Cause is AioOverloadedException, failed =>
            {
                outstanding--;
                todo.Enqueue((Aio.Write)failed.Command); // refused is not performed: it is told again
                if (!awaitsRoom)
                {
                    awaitsRoom = true; // once, however many were refused
                    aio.Tell(new Aio.AwaitRoom(file));
                }
            });
            Receive<Aio.RoomAvailable>(room =>
            {
                awaitsRoom = false;
                Send(Math.Min(room.Credit, window - outstanding));
            });
            Receive<Aio.CommandFailed>(failed => listener.Tell(failed.Cause)); // the disk's own errors
            Send(window);

            void Send(int count)
            {
                for (; count > 0 && todo.TryDequeue(out var write); count--)
                {
                    aio.Tell(write);
                    outstanding++;
                }

                if (outstanding == 0 && todo.Count == 0)
                {
                    listener.Tell("all written");
                }
            }
        }
    }
    // end
}
