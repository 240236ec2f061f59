using AkkaAio.Streams.Tests.Support;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class AlignmentSpecsOn512(ITestOutputHelper output) : AlignmentSpecs(EngineKind.Memory, output);

public sealed class AlignmentSpecsOn4096(ITestOutputHelper output)
    : AlignmentSpecs(EngineKind.Memory, output, new MemoryEngine { Alignment = 4096 });

public sealed class AlignmentSpecsOnLinuxAio(ITestOutputHelper output) : AlignmentSpecs(EngineKind.LinuxAio, output);

public sealed class AlignmentSpecsOnThreadPool(ITestOutputHelper output) : AlignmentSpecs(EngineKind.ThreadPool, output);

public sealed class AlignmentSpecsOnExt4Of4096(ITestOutputHelper output) : AlignmentSpecsOnLoop(output, 4096, "ext4");

public sealed class AlignmentSpecsOnXfsOf512(ITestOutputHelper output) : AlignmentSpecsOnLoop(output, 512, "xfs");

public sealed class AlignmentSpecsOnXfsOf4096(ITestOutputHelper output) : AlignmentSpecsOnLoop(output, 4096, "xfs");

/// <summary>On a file system of its own.</summary>
public abstract class AlignmentSpecsOnLoop : AlignmentSpecs
{
    private readonly LoopDisk _disk;
    private int _files;

    private protected AlignmentSpecsOnLoop(ITestOutputHelper output, int sector, string fileSystem)
        : base(EngineKind.LinuxAio, output) => _disk = new LoopDisk(sector, fileSystem);

    // With 11 lengths each of them is played, at another start.
    protected override int OneIn => 3;

    protected override string NewName() => _disk[$"{++_files}"];

    protected override void AfterAll()
    {
        base.AfterAll();
        _disk.Dispose();
    }
}

/// <summary>Direct files, read and written exact to the byte, wherever the stream starts and ends.</summary>
public abstract class AlignmentSpecs : StreamSpecs
{
    private const int MiB = 1 << 20;

    // Around a sector's ends, and around those of the last block.
    private static readonly int[] Lengths = [0, 1, 511, 512, 513, 4095, 4096, 4097, MiB - 1, MiB, MiB + 1];
    private static readonly int[] Starts = [0, 1, 511, 512, 513, 4095, 4096, 4097];

    private static readonly AioOpenOptions Direct = new() { Direct = DirectIo.Required };

    protected virtual string NewName() => NewPath();

    private protected AlignmentSpecs(EngineKind kind, ITestOutputHelper output, MemoryEngine? engine = null)
        : base(kind, output, engine: engine)
    {
    }

    private int _cases;

    // 1 to 16, another one for each case.
    private int Window => (_cases % 16) + 1;

    /// <summary>Which share of the cases it plays: files of a slow disk play one in so many.</summary>
    protected virtual int OneIn => 1;

    [SkippableFact]
    public async Task A_source_starts_and_ends_anywhere()
    {
        var content = Pattern(MiB + 5000);
        var path = PathOf(content, NewName());
        foreach (var start in Starts.Append(MiB + 4999).Append(MiB + 5000).Append(2 * MiB))
        {
            foreach (var length in Lengths)
            {
                if (_cases++ % OneIn != 0)
                {
                    continue;
                }

                var (bytes, result) = await Read(AioSource.FromFile(path, new AioReadSettings
                {
                    ChunkSize = 100_000,
                    ReadAhead = Window * 100_000,
                    Start = start,
                    Length = length,
                    Open = Direct,
                }));
                var end = Math.Min(start + length, content.Length);
                Assert.True(bytes.AsSpan().SequenceEqual(content.AsSpan(Math.Min(start, end)..end)), $"{length} bytes at {start}");
                Assert.Equal((true, bytes.Length), (result.WasSuccessful, result.Count));
            }
        }

        await NothingIsLeft();
    }

    [SkippableFact]
    public Task A_sink_writes_a_new_file_of_any_length() =>
        Writes(old: 0, FileMode.Create);

    [SkippableFact]
    public Task A_sink_overwrites_a_longer_file_in_its_midst() =>
        Writes(old: MiB + 10_000, FileMode.OpenOrCreate);

    [SkippableFact]
    public Task A_sink_overwrites_a_file_and_its_end() =>
        Writes(old: 4000, FileMode.OpenOrCreate);

    [SkippableFact]
    public async Task A_sink_appends_to_any_length()
    {
        foreach (var old in Lengths)
        {
            foreach (var length in (int[])[0, 1, 511, 512, 4097, 70_000])
            {
                var path = PathOf(Pattern(old), NewName());
                var settings = new AioWriteSettings
                {
                    Mode = FileMode.Append,
                    BlockSize = 4096,
                    Flush = AioFlushPolicy.Never,
                    Open = Direct,
                };
                await Write(AioSink.ToFile(path, settings), Pattern(length, seed: 2), piece: 1000);
                Assert.Equal([.. Pattern(old), .. Pattern(length, seed: 2)], OnDisk(path));
            }
        }

        await NothingIsLeft();
    }

    private async Task Writes(int old, FileMode mode)
    {
        foreach (var start in Starts)
        {
            foreach (var length in Lengths)
            {
                if (_cases++ % OneIn != 0)
                {
                    continue;
                }

                var path = PathOf(Pattern(old), NewName());
                var data = Pattern(length, seed: 2);
                var settings = new AioWriteSettings
                {
                    Mode = mode,
                    Start = start,
                    BlockSize = 65_537, // rounded up to a sector's end
                    Window = Window,
                    Flush = _cases % 4 == 0 ? AioFlushPolicy.OnComplete : AioFlushPolicy.Never,
                    Open = Direct,
                };
                Assert.Equal(length, await Write(AioSink.ToFile(path, settings), data, piece: 10_000));

                byte[] expected = mode == FileMode.Create ? [] : Pattern(old);
                if (length > 0)
                {
                    Array.Resize(ref expected, Math.Max(expected.Length, start + length));
                    data.CopyTo(expected, start);
                }

                Assert.True(OnDisk(path).AsSpan().SequenceEqual(expected), $"{length} bytes at {start}");
            }
        }

        await NothingIsLeft();
    }
}
