using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Event;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

[Collection(MachineCollection.Name)]
public sealed class ForgottenFilesOnLinuxAio(ITestOutputHelper output) : ForgottenFileSpecs(EngineKind.LinuxAio, 20_000, output);

[Collection(MachineCollection.Name)]
public sealed class ForgottenFilesOnEpoll(ITestOutputHelper output) : ForgottenFileSpecs(EngineKind.LinuxAioEpoll, 1000, output);

[Collection(MachineCollection.Name)]
public sealed class ForgottenFilesOnIoUring(ITestOutputHelper output) : ForgottenFileSpecs(EngineKind.IoUring, 1000, output);

[Collection(MachineCollection.Name)]
public sealed class ForgottenFilesOnPosixAio(ITestOutputHelper output) : ForgottenFileSpecs(EngineKind.PosixAio, 1000, output);

[Collection(MachineCollection.Name)]
public sealed class ForgottenFilesOnThreadPool(ITestOutputHelper output) : ForgottenFileSpecs(EngineKind.ThreadPool, 1000, output);

[Collection(MachineCollection.Name)]
public sealed class ForgottenFilesOnMemory(ITestOutputHelper output) : ForgottenFileSpecs(EngineKind.Memory, 1000, output)
{
    [Fact]
    public async Task A_file_with_an_operation_in_flight_is_not_forgotten()
    {
        Engine.OnOperation = (in _) => new OperationFault { Hold = true };
        var read = await OpenAndRead();
        Collect();
        await Fence();
        Assert.Equal(1, Engine.OpenFiles);
        Engine.OnOperation = null;
        Assert.Equal(1, Engine.Release());
        (await read.WaitAsync(Patience.Long)).Dispose();
        read = null!;
        await EventuallyCollected(() => Engine.OpenFiles == 0);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<Task<AioBuffer>> OpenAndRead()
        {
            var file = await NewFile(Block);
            var read = file.RentReadAsync(0, 1).AsTask();
            await Eventually(() => Ext.Shards.Sum(shard => shard.Context?.Count ?? 0) == 1, "the read is in flight");
            return read;
        }
    }

    [Fact]
    public async Task Opens_that_fail_in_a_row_do_not_each_collect_garbage()
    {
        const int Opens = 2000;
        Engine.OnFileCall = (call, _) => call == "open" ? Errno.EMFILE : Errno.None;
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Opens; i++)
        {
            var error = await Assert.ThrowsAsync<AioSystemException>(() => NewFile());
            Assert.Equal(Errno.EMFILE, error.Errno);
        }

        // One a second, when they find nothing.
        Assert.InRange(Ext.ForgottenFiles.Collections, 1, 1 + (int)Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    [Fact]
    public async Task Where_no_descriptor_is_left_the_forgotten_ones_are_found_before_an_open_fails()
    {
        const int Most = 50;
        Engine.OnFileCall = (call, _) => call == "open" && Engine.OpenFiles >= Most ? Errno.EMFILE : Errno.None;
        for (var i = 0; i < 20 * Most; i++)
        {
            await Forget();
        }

        var held = new List<AioFile>();
        var error = await Assert.ThrowsAsync<AioSystemException>(async () =>
        {
            while (held.Count <= Most)
            {
                held.Add(await NewFile());
            }
        });
        Assert.Equal((Errno.EMFILE, Most), (error.Errno, held.Count)); // those that somebody holds are nobody's to close
        GC.KeepAlive(held);
        Engine.OnFileCall = null;
    }

    [Fact]
    public async Task A_burst_of_forgotten_buffers_is_one_line_with_its_count()
    {
        const int Count = 100;
        var log = CreateTestProbe();
        Sys.EventStream.Subscribe(log.Ref, typeof(Warning));
        var system = ActorSystem.Create("buffers", SetupOf(Kind, Engine, "akka.stdout-loglevel = OFF"));
        try
        {
            system.EventStream.Subscribe(log.Ref, typeof(Warning));
            ForgetBuffers(AioExt.Get(system).Pool);
            await EventuallyCollected(() => AioExt.Get(system).Pool.RentedBuffers == 0);
            var message = (await log.ExpectMsgAsync<Warning>()).Message.ToString()!;
            Assert.StartsWith($"{Count} buffers of {Count * 1000} bytes in all were never disposed", message, StringComparison.Ordinal);
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience.Long);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void ForgetBuffers(AioBufferPool pool)
        {
            for (var i = 0; i < Count; i++)
            {
                _ = pool.Rent(1000, "a spec");
            }
        }
    }
}

/// <summary>A file that nobody holds any more is closed and named in the log; actors that restart run out of nothing.</summary>
public abstract class ForgottenFileSpecs(EngineKind kind, int restarts, ITestOutputHelper output) : AioTestKit(kind, "", output)
{
    [SkippableFact]
    public async Task It_is_closed_and_trimmed_and_the_log_says_once_where_it_came_from()
    {
        var log = CreateTestProbe();
        Sys.EventStream.Subscribe(log.Ref, typeof(Warning));
        var path = await ForgetAppended();
        await EventuallyCollected(() => Ext.OpenFiles == 0);
        Assert.Equal(3 * Block, LengthOnDisk(path));
        var message = (await log.ExpectMsgAsync<Warning>()).Message.ToString()!;
        Assert.Contains($"{path} was never closed", message, StringComparison.Ordinal);
        Assert.Contains("AioExt.OpenAsync", message, StringComparison.Ordinal);
        Assert.Equal(0, (await Stats()).OpenFiles);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<string> ForgetAppended()
        {
            var file = await NewFile();
            for (var i = 0; i < 3; i++)
            {
                await file.WriteAsync(Pattern(Block, i), i * Block);
                using var read = await file.RentReadAsync(0, Block);
                await file.FlushAsync();
            }

            return file.Path;
        }
    }

    [SkippableFact]
    public async Task Many_at_once_are_one_line_with_their_count()
    {
        const int Count = 100;
        var log = CreateTestProbe();
        Sys.EventStream.Subscribe(log.Ref, typeof(Warning));
        for (var i = 0; i < Count; i++)
        {
            await Forget();
        }

        await EventuallyCollected(() => Ext.OpenFiles == 0);
        var (files, lines) = (0, 0);
        for (; files < Count; lines++)
        {
            var message = (await log.ExpectMsgAsync<Warning>()).Message.ToString()!;
            files += message.Split(' ', 2) is [var count, var rest] && rest.StartsWith("files were never closed", StringComparison.Ordinal)
                ? int.Parse(count, CultureInfo.InvariantCulture)
                : 1;
        }

        Assert.Equal(Count, files);
        Assert.InRange(lines, 1, Count / 10); // the runtime may collect some of them before the last is forgotten
    }

    [SkippableFact]
    public async Task A_file_that_was_closed_is_not_forgotten()
    {
        var log = CreateTestProbe();
        Sys.EventStream.Subscribe(log.Ref, typeof(Warning));
        await Close();
        Collect();
        await Forget();
        await EventuallyCollected(() => Ext.OpenFiles == 0);
        Assert.Contains("2.dat", (await log.ExpectMsgAsync<Warning>()).Message.ToString(), StringComparison.Ordinal); // and not the first

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task Close()
        {
            var file = await NewFile();
            await Disk.Ask<Aio.Closed>(new Aio.Close(file), Patience.Long);
        }
    }

    [SkippableFact]
    public async Task An_actor_that_closes_its_file_in_PostStop_restarts_with_few_open()
    {
        var most = await Restart(closes: true);
        Output!.WriteLine($"{most} open at most");
        Assert.InRange(most, 1, 99);
        await Eventually(() => Ext.OpenFiles == 0, "all are closed");
    }

    [SkippableFact]
    public async Task An_actor_that_forgets_to_restarts_with_some_thousand_open()
    {
        var most = await Restart(closes: false);
        Output!.WriteLine($"{most} open at most");
        Assert.InRange(most, 1, 5000); // closed by finalizers: nothing here asks for a collection
    }

    // The most that were open at a time.
    private async Task<int> Restart(bool closes)
    {
        _ = Ext;
        var (path, done) = (NewPath(), new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously));
        var run = new Run(path, restarts, closes, done);
        var actor = Sys.ActorOf(Props.Create(() => new Parent(run)));
        var most = 0;
        while (!done.Task.IsCompleted)
        {
            most = Math.Max(most, OpenNow(path));
            await Task.WhenAny(done.Task, Task.Delay(5)); // a sample; there is no event of the most that are open
        }

        Assert.Null(await done.Task);
        most = Math.Max(most, OpenNow(path));
        Sys.Stop(actor);
        return most;
    }

    private int OpenNow(string path) =>
        Kind == EngineKind.Memory ? Engine.OpenFiles : ProcessState.Descriptors.Count(target => target == path);

    [MethodImpl(MethodImplOptions.NoInlining)]
    protected Task Forget() => NewFile();

    protected static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    protected Task EventuallyCollected(Func<bool> condition) => Eventually(() =>
    {
        Collect();
        return condition();
    }, "it is collected and closed");

    protected async Task Fence()
    {
        await using var other = await NewFile(Block);
    }

    private sealed record Run(string Path, int Restarts, bool Closes, TaskCompletionSource<Exception?> Done)
    {
        public int Restarted { get; set; }
    }

    /// <summary>As the default, but without a line in the log for each restart.</summary>
    private sealed class Parent : UntypedActor
    {
        public Parent(Run run) => Context.ActorOf(Props.Create(() => new Restarting(run)));

        protected override SupervisorStrategy SupervisorStrategy() =>
            new OneForOneStrategy(-1, -1, _ => Directive.Restart, loggingEnabled: false);

        protected override void OnReceive(object message) => Unhandled(message);
    }

    /// <summary>Opens a file as it starts, and fails with each that it gets.</summary>
    private sealed class Restarting : ReceiveActor
    {
        private readonly Run _run;
        private AioFile? _file;

        public Restarting(Run run)
        {
            _run = run;
            Receive<Aio.Opened>(opened =>
            {
                _file = opened.File;
                if (run.Restarted++ == run.Restarts)
                {
                    run.Done.SetResult(null);
                    return;
                }

                throw new InvalidOperationException("as ever");
            });
            Receive<Aio.CommandFailed>(failed => run.Done.TrySetResult(failed.Cause));
            Context.System.Aio().Tell(new Aio.Open(run.Path, new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite }));
        }

        protected override void PostStop()
        {
            if (_run.Closes && _file is not null)
            {
                Context.System.Aio().Tell(new Aio.Close(_file), ActorRefs.NoSender);
            }
        }
    }
}
