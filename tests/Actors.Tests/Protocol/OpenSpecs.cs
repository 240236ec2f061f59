using Akka.Actor;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class OpenSpecsOnLinuxAio(ITestOutputHelper output) : OpenSpecs(EngineKind.LinuxAio, output)
{
    [SkippableFact]
    public async Task A_path_with_a_NUL_in_it_opens_no_other_file()
    {
        var file = await NewFile();
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Open(file.Path + "\0.bak"));
        Assert.IsAssignableFrom<AioException>(failed.Cause);
    }

    [SkippableFact]
    public async Task A_folder_and_a_pipe_are_refused_typed_and_at_once()
    {
        var error = await Replies.Fails<AioSystemException>(new Aio.Open(Path.GetDirectoryName(NewPath())!));
        Assert.Equal(Errno.EISDIR, error.Errno);
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        var handle = pipe.SafePipeHandle.DangerousGetHandle();
        await Replies.Fails<AioArgumentException>(new Aio.Open($"/proc/self/fd/{handle}", new() { Direct = DirectIo.Off }));
    }

    [SkippableFact]
    public async Task A_symbolic_link_and_its_target_are_one_path_and_one_shard()
    {
        var file = await NewFile();
        var link = NewPath();
        File.CreateSymbolicLink(link, file.Path);
        await using var other = await Ext.OpenAsync(link);
        Assert.Equal(file.Path, other.Path);
        Assert.Equal(file.Shard, other.Shard);
    }

    [SkippableFact]
    public async Task A_failed_CreateNew_leaves_what_was_there()
    {
        var file = await FileOf(Pattern(100));
        var error = await Replies.Fails<AioSystemException>(new Aio.Open(file.Path, New with { Mode = FileMode.CreateNew }));
        Assert.Equal(Errno.EEXIST, error.Errno);
        Assert.Equal(Pattern(100), ContentOf(file));
    }
}

public sealed class OpenSpecsOnMemory(ITestOutputHelper output) : OpenSpecs(EngineKind.Memory, output)
{
    [Fact]
    public async Task An_errno_of_open_is_typed_and_opens_nothing()
    {
        Engine.OnFileCall = (call, _) => call == "open" ? Errno.EMFILE : Errno.None;
        var error = await Replies.Fails<AioSystemException>(new Aio.Open(NewPath(), New));
        Assert.Equal(Errno.EMFILE, error.Errno);
        Assert.Equal("EMFILE", error.ErrnoName);
        Assert.Equal(0, Engine.OpenFiles);
    }

    [Fact]
    public async Task An_open_that_fails_half_way_leaves_nothing_behind()
    {
        Engine.OnFileCall = (call, _) => call == "fstat" ? Errno.EIO : Errno.None;
        Assert.Equal(Errno.EIO, (await Replies.Fails<AioSystemException>(new Aio.Open(NewPath(), New))).Errno);
        Assert.Equal(0, Engine.OpenFiles);
        Assert.Equal(0, Ext.OpenFiles);
        Engine.OnFileCall = null;
    }

    [Fact]
    public async Task What_an_engine_throws_at_open_becomes_a_typed_failure()
    {
        Engine.OnFileCall = (call, _) => call == "open" ? throw new InvalidCastException("a bug in an engine") : Errno.None;
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Open(NewPath(), New));
        Assert.IsAssignableFrom<AioException>(failed.Cause);
        Assert.IsType<InvalidCastException>(failed.Cause.InnerException);
    }
}

/// <summary>Open, its errors, and the owner of a file.</summary>
public abstract class OpenSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "akka.io.aio.shards = 2", output)
{
    [SkippableFact]
    public async Task A_missing_file_fails_with_the_errno_and_the_path()
    {
        var path = NewPath();
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Open(path));
        var error = Assert.IsType<AioSystemException>(failed.Cause);
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Equal("open", error.Operation);
        Assert.Equal(path, error.Path);
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        Assert.Contains("ENOENT", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_open_file_says_what_it_is()
    {
        var file = await NewFile(3 * Block);
        Assert.Equal(3 * Block, file.Length);
        Assert.Equal(FileAccess.ReadWrite, file.Access);
        Assert.True(file.IsDirect);
        Assert.False(file.IsBlockDevice);
        Assert.Equal(0, Block % file.OffsetAlignment);
        Assert.Equal(0, Block % file.MemoryAlignment);
        Assert.Contains(file.Path, file.ToString(), StringComparison.Ordinal);
        var buffered = await NewFile(direct: DirectIo.Off);
        Assert.False(buffered.IsDirect);
        Assert.Equal(1, buffered.OffsetAlignment);
    }

    [SkippableFact]
    public async Task An_owner_s_death_closes_its_files_and_only_its()
    {
        var (owner, survivor) = (CreateTestProbe(), CreateTestProbe());
        async Task<AioFile> OpenedBy(Akka.TestKit.TestProbe probe)
        {
            Disk.Tell(new Aio.Open(NewPath(), New), probe.Ref);
            return (await probe.ExpectMsgAsync<Aio.Opened>()).File;
        }

        var (first, second, third) = (await OpenedBy(owner), await OpenedBy(owner), await OpenedBy(survivor));
        Sys.Stop(owner.Ref);
        await AwaitAssertAsync(async () => Assert.Equal(1, (await Stats()).OpenFiles));

        await Replies.Fails<AioClosedException>(new Aio.Flush(first));
        await Replies.Fails<AioClosedException>(new Aio.RentRead(second, 0, 1));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(third));
    }

    [SkippableFact]
    public async Task An_owner_s_death_waits_for_the_writes_that_it_told()
    {
        var owner = CreateTestProbe();
        Disk.Tell(new Aio.Open(NewPath(), New), owner.Ref);
        var file = (await owner.ExpectMsgAsync<Aio.Opened>()).File;
        for (var i = 0; i < 200; i++)
        {
            Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block));
        }

        Sys.Stop(owner.Ref);
        await AwaitAssertAsync(async () => Assert.Equal(0, (await Stats()).OpenFiles));
        Assert.Equal(200, Replies.InOrder.Count(reply => reply is Aio.WriteCompleted));
        Assert.Equal(Enumerable.Range(0, 200).SelectMany(i => Pattern(Block, i)), ContentOf(file));
    }

    [SkippableFact]
    public async Task A_file_opened_by_Ask_stays_open()
    {
        var opened = await Disk.Ask<Aio.Opened>(new Aio.Open(NewPath(), New), Patience.Long);
        await Stats();
        await Fence(opened.File);
        await Replies.Do<Aio.Flushed>(new Aio.Flush(opened.File));
        Assert.Equal(1, (await Stats()).OpenFiles);
    }

    [SkippableFact]
    public async Task A_file_whose_owner_is_Nobody_stays_open()
    {
        var probe = CreateTestProbe();
        Disk.Tell(new Aio.Open(NewPath(), New with { Owner = ActorRefs.Nobody }), probe.Ref);
        var file = (await probe.ExpectMsgAsync<Aio.Opened>()).File;
        await StopAndWatch(probe.Ref);
        Assert.Equal(1, (await Stats()).OpenFiles);
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
    }

    [SkippableFact]
    public async Task An_explicit_owner_s_death_closes_and_the_opener_s_does_not()
    {
        var (opener, owner) = (CreateTestProbe(), CreateTestProbe());
        Disk.Tell(new Aio.Open(NewPath(), New with { Owner = owner.Ref }), opener.Ref);
        var file = (await opener.ExpectMsgAsync<Aio.Opened>()).File;
        await StopAndWatch(opener.Ref);
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        Sys.Stop(owner.Ref);
        await AwaitAssertAsync(async () => Assert.Equal(0, (await Stats()).OpenFiles));
        await Replies.Fails<AioClosedException>(new Aio.Flush(file));
    }

    [SkippableFact]
    public async Task An_owner_that_is_dead_before_the_open_closes_the_file_at_once()
    {
        var owner = CreateTestProbe();
        await StopAndWatch(owner.Ref);
        var opened = await Replies.Do<Aio.Opened>(new Aio.Open(NewPath(), New with { Owner = owner.Ref }));
        await AwaitAssertAsync(async () => Assert.Equal(0, (await Stats()).OpenFiles));
        await Replies.Fails<AioClosedException>(new Aio.Flush(opened.File));
    }

    [SkippableFact]
    public async Task An_owner_that_closed_its_file_itself_dies_without_consequence()
    {
        var owner = CreateTestProbe();
        Disk.Tell(new Aio.Open(NewPath(), New), owner.Ref);
        var file = (await owner.ExpectMsgAsync<Aio.Opened>()).File;
        Disk.Tell(new Aio.Close(file), owner.Ref);
        await owner.ExpectMsgAsync<Aio.Closed>();
        var other = await NewFile();
        await StopAndWatch(owner.Ref);
        Assert.Equal(1, (await Stats()).OpenFiles);
        await Replies.Do<Aio.Flushed>(new Aio.Flush(other));
    }

    [SkippableFact]
    public async Task Opened_in_dead_letters_closes_the_file()
    {
        var probe = CreateTestProbe();
        await StopAndWatch(probe.Ref);
        Disk.Tell(new Aio.Open(NewPath(), New with { Owner = ActorRefs.Nobody }), probe.Ref);
        var other = await NewFile(); // by the same manager, after it
        await AwaitAssertAsync(async () => Assert.Equal(1, (await Stats()).OpenFiles));
        await other.DisposeAsync();
    }

    [SkippableFact]
    public async Task Two_opens_of_a_file_are_two_files()
    {
        var path = NewPath();
        var (first, second) = (await NewFile(Block, path: path), await Ext.OpenAsync(path));
        await first.DisposeAsync();
        using var read = await second.RentReadAsync(0, 10);
        Assert.Equal(10, read.Length);
    }

    private async Task StopAndWatch(IActorRef actor)
    {
        var watcher = CreateTestProbe();
        await watcher.WatchAsync(actor);
        Sys.Stop(actor);
        await watcher.ExpectTerminatedAsync(actor);
    }
}
