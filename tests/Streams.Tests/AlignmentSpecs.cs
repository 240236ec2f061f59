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

/// <summary>Direct files, read and written exact to the byte, wherever the stream starts and ends.</summary>
public abstract class AlignmentSpecs : StreamSpecs
{
    private const int MiB = 1 << 20;

    // Around a sector's ends, and around those of the last block.
    private static readonly int[] Lengths = [0, 1, 511, 512, 513, 4095, 4096, 4097, MiB - 1, MiB, MiB + 1];
    private static readonly int[] Starts = [0, 1, 511, 512, 513, 4095, 4096, 4097];

    private static readonly AioOpenOptions Direct = new() { Direct = DirectIo.Required };

    private int _cases;

    private protected AlignmentSpecs(EngineKind kind, ITestOutputHelper output, MemoryEngine? engine = null)
        : base(kind, output, engine: engine)
    {
    }

    // 1 to 16, another one for each case.
    private int Window => (_cases++ % 16) + 1;

    [SkippableFact]
    public async Task A_source_starts_and_ends_anywhere()
    {
        var content = Pattern(MiB + 5000);
        var path = PathOf(content);
        foreach (var start in Starts.Append(MiB + 4999).Append(MiB + 5000).Append(2 * MiB))
        {
            foreach (var length in Lengths)
            {
                var (bytes, result) = await Read(AioSource.FromFile(path, new AioReadSettings
                {
                    ChunkSize = 100_000,
                    ReadAhead = Window,
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
                var path = PathOf(Pattern(old));
                var settings = new AioWriteSettings { Mode = FileMode.Append, BlockSize = 4096, Open = Direct };
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
                var path = PathOf(Pattern(old));
                var data = Pattern(length, seed: 2);
                var settings = new AioWriteSettings
                {
                    Mode = mode,
                    Start = start,
                    BlockSize = 65_537, // rounded up to a sector's end
                    Window = Window,
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
