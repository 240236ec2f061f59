using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Barriers;

public sealed class NearlyFullDiskSpecsOnLinuxAio(ITestOutputHelper output) : NearlyFullDiskSpecs(EngineKind.LinuxAio, output);

public sealed class NearlyFullDiskSpecsOnThreadPool(ITestOutputHelper output) : NearlyFullDiskSpecs(EngineKind.ThreadPool, output);

/// <summary>A small ext4 with little room left.</summary>
public abstract class NearlyFullDiskSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "", output)
{
    private SmallDisk? _disk;

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(64 << 10)]
    public async Task A_sparse_write_far_behind_the_end_fits(long ahead)
    {
        const long Far = 52_428_800;
        _disk = new SmallDisk();
        await File.WriteAllBytesAsync(_disk["other"], new byte[_disk.Free - (4 << 20)]);
        var free = _disk.Free;
        var file = await Ext.OpenAsync(_disk["sparse"], New with { GrowAhead = ahead });

        await file.WriteAsync(Pattern(Block), Far);
        await file.WriteAsync(Pattern(Block, 2), 0);

        Assert.Equal(Far + Block, file.Length);
        await file.DisposeAsync();
        Assert.InRange(_disk.Free, free - (1 << 20), free);
        using var read = File.OpenHandle(file.Path);
        Assert.Equal(Far + Block, RandomAccess.GetLength(read));
        var content = new byte[Block];
        Assert.Equal(Block, RandomAccess.Read(read, content, Far));
        Assert.Equal(Pattern(Block), content);
    }

    protected override void AfterAll()
    {
        try
        {
            base.AfterAll();
        }
        finally
        {
            _disk?.Dispose();
        }
    }
}
