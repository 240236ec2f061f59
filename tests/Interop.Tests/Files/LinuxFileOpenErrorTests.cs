using System.Diagnostics;
using System.Runtime.Versioning;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Tests;

/// <summary>What cannot be opened fails at once, typed, and leaves nothing behind.</summary>
[SupportedOSPlatform("linux")]
public sealed class LinuxFileOpenErrorTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(FileAccess.Read)]
    [InlineData(FileAccess.ReadWrite)]
    public void A_folder_is_EISDIR(FileAccess access) => Refused(Errno.EISDIR, _folder.Path, access);

    [Fact]
    public void A_path_through_a_file_is_ENOTDIR()
    {
        File.WriteAllBytes(_folder["file"], []);
        Refused(Errno.ENOTDIR, _folder["file/below"]);
    }

    [Fact]
    public void A_link_to_itself_is_ELOOP()
    {
        File.CreateSymbolicLink(_folder["loop"], "loop");
        Refused(Errno.ELOOP, _folder["loop"]);
    }

    [Fact]
    public void A_name_that_is_too_long_is_ENAMETOOLONG() => Refused(Errno.ENAMETOOLONG, _folder[new string('x', 256)]);

    [Fact]
    public void A_path_with_a_NUL_does_not_open_the_file_before_it()
    {
        File.WriteAllBytes(_folder["file"], [1]);
        Assert.Throws<AioArgumentException>(() =>
            LinuxFile.Open(_folder["file\0more"], new IoFileOptions(FileMode.Truncate, FileAccess.Write)));
        Assert.Equal([1], File.ReadAllBytes(_folder["file"]));
    }

    [SkippableFact]
    public void A_file_of_somebody_else_is_EACCES()
    {
        Skip.If(Environment.IsPrivilegedProcess, "root may open everything");
        File.WriteAllBytes(_folder["secret"], []);
        File.SetUnixFileMode(_folder["secret"], UnixFileMode.None);
        Refused(Errno.EACCES, _folder["secret"]);
    }

    [Theory]
    [InlineData(FileAccess.Read, DirectIo.Auto)]
    [InlineData(FileAccess.Write, DirectIo.Auto)]
    [InlineData(FileAccess.ReadWrite, DirectIo.Auto)]
    [InlineData(FileAccess.Read, DirectIo.Required)]
    [InlineData(FileAccess.Read, DirectIo.Off)]
    [InlineData(FileAccess.Write, DirectIo.Off)]
    public async Task A_pipe_fails_and_does_not_wait_for_its_other_end(FileAccess access, DirectIo direct)
    {
        Shell.Run("mkfifo", _folder["pipe"]);

        var e = await Assert.ThrowsAnyAsync<AioException>(() =>
            Bounded.Run(() => LinuxFile.Open(_folder["pipe"], new IoFileOptions(Access: access, Direct: direct))));
        Assert.Equal(_folder["pipe"], e.Path);
    }

    [Fact]
    public async Task Refusing_a_pipe_leaves_its_writer_waiting_for_a_reader()
    {
        Shell.Run("mkfifo", _folder["pipe"]);
        using var writer = Process.Start("sh", ["-c", $"echo data > '{_folder["pipe"]}'"]);
        Assert.True(SpinWait.SpinUntil(
            () => File.ReadAllText($"/proc/{writer.Id}/stat").Contains(") S ", StringComparison.Ordinal), Bounded.Patience), "it waits");

        var waiting = StateOf(writer);
        Assert.Throws<AioArgumentException>(() => LinuxFile.Open(_folder["pipe"], new IoFileOptions()));
        Assert.Equal(waiting, StateOf(writer)); // a reader that comes wakes it, and it fails when that one has gone

        // Read and write: does not wait for another end.
        using var reader = new FileStream(_folder["pipe"], FileMode.Open, FileAccess.ReadWrite);
        Assert.True(writer.WaitForExit(Bounded.Patience));
        Assert.Equal(0, writer.ExitCode); // SIGPIPE: 141
        var data = new byte[5];
        await Bounded.Run(() => reader.ReadExactly(data)); // lost where a reader had come and gone
        Assert.Equal("data\n"u8.ToArray(), data);
    }

    private static string StateOf(Process process) => string.Join('\n', File.ReadLines($"/proc/{process.Id}/status").Where(line =>
        line.StartsWith("State:", StringComparison.Ordinal) || line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal)));

    [SkippableFact]
    public async Task An_open_waits_for_a_lease_to_be_given_back()
    {
        var whyNot = Shell.WhyNot("python3", "-c", "import fcntl; fcntl.F_SETLEASE");
        Skip.If(whyNot is not null, whyNot);
        File.WriteAllBytes(_folder["leased"], [1]);
        const string Holder = """
            import fcntl, os, signal, sys
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO])
            fd = os.open(sys.argv[1], os.O_RDWR)
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            print("held", flush=True)
            signal.sigwait([signal.SIGIO])
            print("wanted", flush=True)
            sys.stdin.readline()
            os.close(fd)
            """;
        using var holder = Process.Start(new ProcessStartInfo("python3", ["-c", Holder, _folder["leased"]])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            Assert.Equal("held", await holder.StandardOutput.ReadLineAsync().WaitAsync(Bounded.Patience));
            var open = Bounded.Run(() => LinuxFile.Open(_folder["leased"], new IoFileOptions()));
            Assert.Equal("wanted", await holder.StandardOutput.ReadLineAsync().WaitAsync(Bounded.Patience));
            Assert.False(open.IsFaulted, $"{open.Exception}");
            await holder.StandardInput.WriteLineAsync("give it back");
            using var file = await open;
            Assert.Equal(1, file.GetLength());
        }
        finally
        {
            holder.Kill();
        }
    }

    [Fact]
    public void A_character_device_is_no_file()
    {
        var e = Assert.Throws<AioArgumentException>(() => LinuxFile.Open("/dev/null", new IoFileOptions(Direct: DirectIo.Off)));
        Assert.Contains("open /dev/null: not a regular file", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_file_system_has_no_direct_io_Required_fails_and_Auto_falls_back()
    {
        const string Path = "/proc/self/status";
        var e = Assert.Throws<AioSystemException>(() => LinuxFile.Open(Path, new IoFileOptions(Direct: DirectIo.Required)));
        Assert.Equal(Errno.EINVAL, e.Errno);
        Assert.Contains("O_DIRECT", e.Message, StringComparison.Ordinal);

        using var file = LinuxFile.Open(Path, new IoFileOptions());
        Assert.False(file.IsDirect);
        Assert.Equal(1, file.OffsetAlignment);
        Assert.Equal(5, file.Read(new byte[5], 0));
    }

    [Fact]
    public void Where_nothing_can_be_synced_a_file_that_is_only_read_is_synced()
    {
        using var file = LinuxFile.Open("/proc/self/status", new IoFileOptions()); // its fdatasync is EINVAL, as on squashfs
        file.DataSync();
    }

    [Fact]
    public void Failed_opens_leave_no_descriptor_behind()
    {
        // Descriptors are given out lowest first: one that leaked would keep its number.
        var before = Descriptors();
        for (var i = 0; i < 200; i++)
        {
            Assert.Throws<AioSystemException>(() => LinuxFile.Open(_folder.Path, new IoFileOptions()));
            Assert.Throws<AioArgumentException>(() => LinuxFile.Open("/dev/null", new IoFileOptions(Direct: DirectIo.Off)));
        }

        Assert.InRange(Descriptors(), 0, before + 100);

        static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
    }

    [Fact]
    public void Arguments_that_are_missing_are_the_callers_mistake()
    {
        Assert.Throws<ArgumentException>(() => LinuxFile.Open("", new IoFileOptions()));
        Assert.Throws<ArgumentNullException>(() => LinuxFile.Open(_folder["file"], null!));
    }

    private static void Refused(Errno errno, string path, FileAccess access = FileAccess.Read)
    {
        foreach (var direct in Enum.GetValues<DirectIo>())
        {
            var e = Assert.Throws<AioSystemException>(() => LinuxFile.Open(path, new IoFileOptions(Access: access, Direct: direct)));
            Assert.Equal((errno, "open", path), (e.Errno, e.Operation, e.Path));
        }
    }
}
