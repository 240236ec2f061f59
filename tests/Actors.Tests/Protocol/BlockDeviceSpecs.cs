using System.Diagnostics;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

/// <summary>A raw block device is a file of fixed length; here a loop device.</summary>
public sealed class BlockDeviceSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.LinuxAio, "", output)
{
    private const int Length = 4 << 20;

    private string? _device;
    private string? _image;

    [SkippableFact]
    public async Task It_is_read_written_and_flushed()
    {
        var file = await OpenDevice();
        Assert.True(file.IsBlockDevice);
        Assert.True(file.IsDirect);
        Assert.Equal(Length, file.Length);

        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, Pattern(Block), Length - Block));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        var into = new byte[100];
        var read = await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, into, Length - 50));
        Assert.Equal(50, read.Count);
        Assert.Equal(Pattern(Block)[^50..], into[..50]);
        read = await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, into, Length));
        Assert.Equal(0, read.Count);
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        Assert.Equal(Pattern(Block), (await File.ReadAllBytesAsync(_image!))[^Block..]);
    }

    [SkippableFact]
    public async Task What_would_change_its_length_fails_typed_and_harms_nothing()
    {
        var file = await OpenDevice();
        await Replies.Fails<AioArgumentException>(new Aio.SetLength(file, Length / 2));
        await Replies.Fails<AioArgumentException>(new Aio.Allocate(file, Length, Length));
        var behind = await Replies.Fails<AioSystemException>(new Aio.Write(file, new byte[Block], Length));
        Assert.Equal(Errno.ENOSPC, behind.Errno);
        var across = await Replies.Fails<AioShortWriteException>(new Aio.Write(file, new byte[2 * Block], Length - Block));
        Assert.Equal(Block, across.Written);
        Assert.Equal(Length, file.Length);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, Pattern(Block), 0));
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        if (_device is not null)
        {
            Losetup("-d", _device);
        }

        File.Delete(_image ?? "");
    }

    private Task<AioFile> OpenDevice()
    {
        _image = Path.Combine(EngineAvailable.Root, $"akka-aio-device-{Guid.NewGuid():N}");
        File.WriteAllBytes(_image, new byte[Length]);
        var (device, error) = Losetup("--show", "-f", _image);
        Skip.If(error.Length > 0, $"no loop device: {error}");
        _device = device;
        return Ext.OpenAsync(device, new() { Access = FileAccess.ReadWrite, Direct = DirectIo.Required });
    }

    private static (string Output, string Error) Losetup(params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo("losetup", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (output.Trim(), process.ExitCode == 0 ? "" : process.StandardError.ReadToEnd().Trim());
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return ("", e.Message);
        }
    }
}
