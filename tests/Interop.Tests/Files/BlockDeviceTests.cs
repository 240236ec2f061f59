using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Tests;

/// <summary>Raw block devices, as loop devices over an image.</summary>
public sealed class BlockDeviceTests : IDisposable
{
    private const int Length = 4 << 20;

    private readonly LinuxAioRig _rig = new();
    private string? _device;

    public void Dispose()
    {
        if (_device is not null)
        {
            Shell.Run("losetup", "-d", _device);
        }

        _rig.Dispose();
    }

    [SkippableTheory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_block_device_is_opened_direct_with_its_length_and_sector_size(int sector)
    {
        var image = Attach("-b", sector.ToString((IFormatProvider?)null));
        using var device = LinuxFile.Open(_device!, new IoFileOptions(FileMode.Open, FileAccess.ReadWrite, DirectIo.Required));
        var context = _rig.Context(4);
        var buffer = _rig.Buffer(2 * EngineRig.Block);

        Assert.True(device.IsBlockDevice);
        Assert.True(device.IsDirect);
        Assert.Equal(_device, device.Path);
        Assert.Equal(Length, device.GetLength());
        Assert.Equal(sector, device.OffsetAlignment);

        Assert.Equal(buffer.Length, context.Perform(Io.Read(0, device, buffer, Length / 2)));
        Assert.Equal(image.AsSpan(Length / 2, buffer.Length), buffer.GetSpan());
        Assert.Equal(EngineRig.Block, context.Perform(Io.Read(0, device, buffer, Length - EngineRig.Block)));
        Assert.Equal(0, context.Perform(Io.Read(0, device, buffer, Length)));
        Assert.Equal(-(long)Errno.EINVAL, context.Perform(Io.Read(0, device, buffer, sector / 2)));

        buffer.GetSpan().Fill(7);
        Assert.Equal(buffer.Length, context.Perform(Io.Write(1, device, buffer, sector)));
        Assert.Equal(0, context.Perform(Io.DataSync(1, device)));
        var back = _rig.Buffer(buffer.Length);
        Assert.Equal(buffer.Length, context.Perform(Io.Read(2, device, back, sector)));
        Assert.Equal(buffer.GetSpan(), back.GetSpan());
    }

    [SkippableFact]
    public void Preallocation_and_truncation_mean_nothing_to_a_block_device()
    {
        var image = Attach();
        using var device = LinuxFile.Open(
            _device!, new IoFileOptions(FileMode.Create, FileAccess.ReadWrite, PreallocationSize: 2 * Length));

        Assert.Equal(Length, device.GetLength());
        Assert.Equal(Errno.EINVAL, Assert.Throws<AioSystemException>(() => device.SetLength(0)).Errno);
        var first = _rig.Buffer();
        Assert.Equal(first.Length, _rig.Context(1).Perform(Io.Read(0, device, first)));
        Assert.Equal(image.AsSpan(0, first.Length), first.GetSpan());
    }

    [SkippableFact]
    public void Without_statx_the_sector_size_is_the_devices()
    {
        Attach("-b", "4096");
        using var device = LinuxFile.Open(_device!, new IoFileOptions());
        var stat = new StatxBuffer { Mode = 0x6000 };

        Assert.Equal(new DirectIoAlignment(4096, 4096), DirectIoAlignment.Of(device.Descriptor, stat));
    }

    [SkippableFact]
    public void Without_statx_a_file_on_a_partition_has_the_sector_size_of_the_disk()
    {
        Attach("-b", "4096", "-P");
        var whyNot = Shell.WhyNot("addpart", _device!, "1", "2048", "2048");
        Skip.If(whyNot is not null, whyNot);
        var numbers = File.ReadAllText($"/sys/class/block/{Path.GetFileName(_device)}p1/dev").Trim().Split(':');
        var stat = new StatxBuffer
        {
            Mode = 0x8000,
            DeviceMajor = uint.Parse(numbers[0], null),
            DeviceMinor = uint.Parse(numbers[1], null),
        };

        Assert.Equal(new DirectIoAlignment(4096, 4096), DirectIoAlignment.Of(0, stat));
    }

    [Fact]
    public void Without_statx_and_without_a_device_the_alignment_is_a_sector() =>
        Assert.Equal(new DirectIoAlignment(512, 512), DirectIoAlignment.Of(0, new StatxBuffer { Mode = 0x8000 }));

    private byte[] Attach(params string[] options)
    {
        var content = Io.Pattern(Length);
        var image = _rig.PathOf("image");
        File.WriteAllBytes(image, content);
        string[] arguments = ["--find", "--show", .. options, image];
        var whyNot = Environment.IsPrivilegedProcess ? null : "losetup needs root";
        try
        {
            _device = whyNot is null ? Shell.Run("losetup", arguments) : null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            whyNot = e.Message;
        }

        Skip.If(whyNot is not null, whyNot);
        return content;
    }
}
