using Akka.Actor;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

/// <summary>Code that catches what the BCL's file classes throw goes on working.</summary>
public sealed class BclErrorSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.LinuxAio, "", output)
{
    [SkippableTheory]
    [InlineData("missing", FileMode.Open)]
    [InlineData("missing/missing", FileMode.Open)]
    [InlineData("missing/missing", FileMode.Create)]
    [InlineData("file", FileMode.CreateNew)]
    [InlineData("file/below", FileMode.Open)]
    [InlineData("folder", FileMode.Open)]
    [InlineData("long", FileMode.Open)]
    public async Task An_open_fails_as_FileStream_s_does(string name, FileMode mode)
    {
        var folder = Path.GetDirectoryName(NewPath())!;
        await File.WriteAllTextAsync(Path.Combine(folder, "file"), "");
        Directory.CreateDirectory(Path.Combine(folder, "folder"));
        var path = Path.Combine(folder, name == "long" ? new string('x', 300) : name);
        var theirs = Assert.ThrowsAny<Exception>(() => new FileStream(path, mode, FileAccess.ReadWrite));

        var ours = await Assert.ThrowsAsync<AioSystemException>(
            () => Ext.OpenAsync(path, new() { Mode = mode, Access = FileAccess.ReadWrite }));
        Assert.Equal(theirs.GetType(), ours.ToBcl().GetType());
        Assert.Same(ours, ours.ToBcl().InnerException);
        Assert.Equal(ours.Message, ours.ToBcl().Message);
    }

    [SkippableFact]
    public async Task An_Ask_for_the_event_of_success_ends_with_the_cause()
    {
        var path = NewPath();
        var missing = await Assert.ThrowsAsync<FileNotFoundException>(
            () => Disk.Ask<Aio.Opened>(new Aio.Open(path), Patience.Long));
        Assert.Equal(path, missing.FileName);
        Assert.Equal(Errno.ENOENT, Assert.IsType<AioSystemException>(missing.InnerException).Errno);

        var file = await NewFile(Block);
        var wrong = await Assert.ThrowsAsync<IOException>(
            () => Disk.Ask<Aio.WriteCompleted>(new Aio.Write(file, new byte[1], 1), Patience.Long));
        Assert.IsType<AioAlignmentException>(wrong.InnerException);
        await file.DisposeAsync();
        var closed = await Assert.ThrowsAsync<ObjectDisposedException>(
            () => Disk.Ask<Aio.Flushed>(new Aio.Flush(file), Patience.Long));
        Assert.IsType<AioClosedException>(closed.InnerException);
    }

    [SkippableFact]
    public async Task An_Ask_for_any_event_or_object_has_the_failure()
    {
        var failed = Assert.IsType<Aio.CommandFailed>(await Disk.Ask<Aio.Event>(new Aio.Open(NewPath()), Patience.Long));
        Assert.IsType<AioSystemException>(failed.Cause);
        Assert.IsType<Aio.CommandFailed>(await Disk.Ask<object>(new Aio.Open(NewPath()), Patience.Long));
        Assert.IsType<Aio.CommandFailed>(await Disk.Ask<Aio.CommandFailed>(new Aio.Open(NewPath()), Patience.Long));
        Assert.IsType<Aio.CommandFailed>(await Disk.Ask(new Aio.Open(NewPath()), Patience.Long));
    }
}
