using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class NameSpecsOnLinuxAio(ITestOutputHelper output) : NameSpecs(EngineKind.LinuxAio, output)
{
    [SkippableFact]
    public async Task A_folder_is_synced_and_one_that_is_not_there_is_ENOENT()
    {
        var folder = Path.GetDirectoryName(NewPath())!;
        Assert.Equal(folder, (await Replies.Do<Aio.FolderSynced>(new Aio.SyncFolder(folder))).Command.Path);
        Assert.Equal(Errno.ENOENT, (await Replies.Fails<AioSystemException>(new Aio.SyncFolder(folder + "/none"))).Errno);
    }

    [SkippableFact]
    public async Task Names_are_changed_by_tasks_too()
    {
        var aio = AioExt.Get(Sys);
        var (path, other) = (NewPath(), NewPath());
        await File.WriteAllTextAsync(path, "one");
        await File.WriteAllTextAsync(other, "two");

        var exists = await Assert.ThrowsAsync<AioSystemException>(() => aio.RenameAsync(path, other, replace: false));
        Assert.Equal(Errno.EEXIST, exists.Errno);
        await aio.RenameAsync(path, other);
        await aio.SyncFolderAsync(Path.GetDirectoryName(other)!);
        Assert.Equal((false, "one"), (File.Exists(path), await File.ReadAllTextAsync(other)));

        await aio.DeleteAsync(other);
        Assert.False(File.Exists(other));
        Assert.Equal(Errno.ENOENT, (await Assert.ThrowsAsync<AioSystemException>(() => aio.DeleteAsync(other))).Errno);
        await Assert.ThrowsAsync<TaskCanceledException>(() => aio.DeleteAsync(other, new CancellationToken(canceled: true)));
    }

    [SkippableFact]
    public async Task A_folder_is_not_deleted()
    {
        var folder = Path.GetDirectoryName(NewPath())!;
        Assert.Equal(Errno.EISDIR, (await Replies.Fails<AioSystemException>(new Aio.Delete(folder))).Errno);
        await Replies.Fails<AioArgumentException>(new Aio.Delete(folder + "/"));
        Assert.True(Directory.Exists(folder));
    }
}

public sealed class NameSpecsOnMemory(ITestOutputHelper output) : NameSpecs(EngineKind.Memory, output)
{
    [Theory]
    [InlineData("unlink", AioOutcome.NotPerformed, true)]
    [InlineData("fsync", AioOutcome.MayHaveHappened, false)]
    public async Task A_failure_says_whether_the_name_is_gone(string call, AioOutcome outcome, bool isThere)
    {
        var file = await NewFile();
        Engine.OnFileCall = (name, _) => name == call ? Errno.EIO : Errno.None;
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Delete(file.Path));
        Assert.Equal(outcome, failed.Outcome);
        Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(failed.Cause).Errno);
        var open = await Replies.Of(Replies.Tell(new Aio.Open(file.Path)));
        Assert.Equal(isThere, open is Aio.Opened);
    }

    [Fact]
    public async Task One_that_is_stuck_at_the_end_is_answered()
    {
        var file = await NewFile();
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        Engine.OnFileCall = (name, _) =>
        {
            if (name == "unlink")
            {
                entered.Set();
                leave.Wait(Patience.Long);
            }

            return Errno.None;
        };
        var delete = Replies.Tell(new Aio.Delete(file.Path));
        Assert.True(entered.Wait(Patience.Long));
        try
        {
            await Sys.Terminate().WaitAsync(Patience.Long);
            var failed = await Replies.Of<Aio.CommandFailed>(delete);
            Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
        }
        finally
        {
            leave.Set();
        }
    }
}

/// <summary>Names are changed durably, with one reply; files that are open stay usable.</summary>
public abstract class NameSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "", output)
{
    [SkippableFact]
    public async Task A_deleted_file_is_gone_and_its_open_file_works_on()
    {
        var file = await FileOf(Pattern(Block));
        await Replies.Do<Aio.Deleted>(new Aio.Delete(file.Path));
        Assert.Equal(Errno.ENOENT, (await Replies.Fails<AioSystemException>(new Aio.Open(file.Path))).Errno);
        using var read = await file.RentReadAsync(0, Block);
        Assert.Equal(Pattern(Block), read.GetSpan().ToArray());
        Assert.Equal(Errno.ENOENT, (await Replies.Fails<AioSystemException>(new Aio.Delete(file.Path))).Errno);
    }

    [SkippableFact]
    public async Task A_rename_replaces_unless_it_may_not()
    {
        var (one, two) = (await FileOf(Pattern(Block, 1)), await FileOf(Pattern(Block, 2)));
        var refused = await Replies.Do<Aio.CommandFailed>(new Aio.Rename(one.Path, two.Path) { Replace = false });
        Assert.Equal((Errno.EEXIST, AioOutcome.NotPerformed), (((AioSystemException)refused.Cause).Errno, refused.Outcome));
        await Replies.Do<Aio.Renamed>(new Aio.Rename(one.Path, two.Path));
        await using var renamed = await Ext.OpenAsync(two.Path);
        using var read = await renamed.RentReadAsync(0, Block);
        Assert.Equal(Pattern(Block, 1), read.GetSpan().ToArray());
    }

    [SkippableFact]
    public async Task After_the_end_it_is_refused()
    {
        var file = await NewFile();
        await Sys.Terminate().WaitAsync(Patience.Long);
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Delete(file.Path));
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        Assert.True(failed.Cause is AioClosedException or AioAbortedException, $"{failed.Cause}");
    }

    [SkippableFact]
    public async Task A_lock_keeps_out_an_open_that_asks_for_one_until_the_close()
    {
        var locked = New with { Mode = FileMode.OpenOrCreate, Lock = FileLockMode.Exclusive };
        var path = NewPath();
        var file = await Ext.OpenAsync(path, locked);
        Assert.Equal(Errno.EAGAIN, (await Replies.Fails<AioSystemException>(new Aio.Open(path, locked))).Errno);
        await file.DisposeAsync();
        await (await Ext.OpenAsync(path, locked)).DisposeAsync();
    }
}
