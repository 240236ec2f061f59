using Akka.Streams.Dsl;
using Akka.Streams.IO;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class DeviceSpecsOn512(ITestOutputHelper output) : DeviceSpecs(output, sector: 512);

public sealed class DeviceSpecsOn4096(ITestOutputHelper output) : DeviceSpecs(output, sector: 4096);

/// <summary>Raw block devices, read and written from anywhere.</summary>
public abstract class DeviceSpecs : StreamSpecs
{
    private const int Length = 4 << 20;

    private static readonly AioWriteSettings Overwrite = new() { Mode = FileMode.Open, Open = new() { Direct = DirectIo.Required } };

    private readonly LoopDisk _disk;

    private protected DeviceSpecs(ITestOutputHelper output, int sector)
        : base(EngineKind.LinuxAio, output) => _disk = new LoopDisk(sector);

    [SkippableFact]
    public async Task What_a_sink_writes_a_source_reads_and_the_rest_stays()
    {
        var expected = Pattern(Length);
        Assert.Equal(Length, await Write(AioSink.ToFile(_disk.Device, Overwrite), expected, piece: 100_000));
        foreach (var (start, length) in ((int, int)[])[(0, 1), (1, 511), (513, 4097), (4095, 100_000), (Length - 1000, 1000)])
        {
            var data = Pattern(length, seed: start);
            Assert.Equal(length, await Write(AioSink.ToFile(_disk.Device, Overwrite with { Start = start }), data, piece: 3000));
            data.CopyTo(expected, start);
        }

        var (bytes, result) = await Read(AioSource.FromFile(_disk.Device));
        Assert.Equal(Length, result.Count);
        Assert.True(bytes.AsSpan().SequenceEqual(expected));
        (bytes, _) = await Read(AioSource.FromFile(_disk.Device, new AioReadSettings { Start = Length - 777 }));
        Assert.Equal(expected[^777..], bytes);
    }

    [SkippableFact]
    public async Task What_does_not_fit_faults_the_task()
    {
        var data = Pattern(10_000);
        var sink = AioSink.ToFile(_disk.Device, Overwrite with { Start = Length - 4096, BlockSize = 4096, Window = 1 });
        var fault = await Assert.ThrowsAsync<AbruptIOTerminationException>(
            () => Source.From(Pieces(data, 1000)).RunWith(sink, Materializer).WaitAsync(Patience.Long));
        Assert.Equal((false, 4096), (fault.IoResult.WasSuccessful, fault.IoResult.Count));
        Assert.Equal(Errno.ENOSPC, Assert.IsType<AioSystemException>(fault.InnerException).Errno);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _disk.Dispose();
    }
}
