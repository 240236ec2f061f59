using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>Whole files as streams, beside Akka.Streams' FileIO and fio.</summary>
internal static class StreamCases
{
    public const string FileIo = "FileIO";
    public const string LargeFileIo = "FileIO, 64 KiB";
    public const string Ours = "AkkaAio.Streams";
    public const string Fio = "fio libaio";

    // AkkaAio's default read-size and block-size, and how many of them it has under way.
    private const int ReadSize = 1 << 20;
    private const int Block = 256 << 10;
    private const int Window = 4;
    private const int Many = 16;

    public static IReadOnlyList<Case> All { get; } =
    [
        Streams("stream-read", RwKind.Read, 1, quick: true),
        Streams("stream-read", RwKind.Read, Many),
        Streams("stream-read-cached", RwKind.Read, 1, "--cached"),
        Streams("stream-read-cached", RwKind.Read, Many, "--cached"),
        Streams("stream-write", RwKind.Write, 1, quick: true),
        Streams("stream-write", RwKind.Write, Many),
        Streams("stream-copy", RwKind.Write, 1, "--copy", quick: true),
        Streams("stream-copy", RwKind.Write, Many, "--copy"),
        new Case("stream-timer", RwKind.Read, ReadSize, 64)
        {
            Target = Target.FewFiles,
            Contenders =
            [
                new OwnContender($"timer beside {Ours}", "aio-streams-timer"),
                new OwnContender($"timer beside CPU load as of {Ours}", "aio-streams-timer-cpu"),
                new OwnContender($"timer beside {FileIo}", "file-io-timer", 1, "--buffered"),
                new OwnContender($"timer beside CPU load as of {FileIo}", "file-io-timer-cpu", 1, "--buffered"),
            ],
            References = [$"timer beside CPU load as of {Ours}", $"timer beside CPU load as of {FileIo}"],
            Ratios = [Figure.P50, Figure.P99],
            IsQuick = true,
        },
    ];

    private static OwnContender Aio(string suffix, string[] options, bool spins = true) =>
        new($"{Ours}{suffix}", "aio-streams", 1, options) { PoolSpins = spins };

    private static Case Streams(string name, RwKind rw, int streams, string? option = null, bool quick = false)
    {
        string[] options = ["--files", $"{streams}", .. option is null ? Array.Empty<string>() : [option]];
        var (isCached, isRead) = (option == "--cached", rw == RwKind.Read);
        var blockSize = isRead ? ReadSize : Block;
        return new Case($"{name}-{streams}", rw, blockSize, Window)
        {
            Target = streams == 1 ? Target.File : Target.FewFiles,
            Contenders =
            [
                .. isCached ? Array.Empty<Contender>() :
                [
                    Aio("", options), Aio(Cases.NoSpin, [.. options, "--reap_poll", "0"], spins: false),
                    Aio(" on shard", [.. options, "--dispatcher", "shard"]),
                    new FioStreamsContender(streams, blockSize, copies: option == "--copy"),
                ],
                .. isCached || !isRead ? Array.Empty<Contender>() :
                [
                    Aio(", pooled buffers", [.. options, "--pooled"]),
                    Aio(", pooled buffers on shard", [.. options, "--pooled", "--dispatcher", "shard"]),
                ],
                Aio(", buffered", [.. options, "--buffered"]),
                new OwnContender(FileIo, "file-io", 1, options),
                new OwnContender(LargeFileIo, "file-io", 1, [.. options, "--chunk", "64k"]),
            ],
            References = [FileIo, LargeFileIo, .. isCached ? Array.Empty<string>() : [Fio]],
            IsQuick = quick,
        };
    }
}

/// <summary>fio, that reads, writes or copies files from their start to their end.</summary>
internal sealed class FioStreamsContender(int streams, int blockSize, bool copies) : Contender(StreamCases.Fio, streams)
{
    public override IReadOnlyList<string> CommandLine(Case @case, string filename, long size, Timing timing)
    {
        var length = size / Jobs;
        string[] Job(string name, RwKind rw, string suffix) =>
        [
            $"--name={name}", $"--rw={BenchConfig.NameOf(rw)}", $"--size={length}", $"--numjobs={Jobs}",
            .. Jobs == 1 ? (string[])[$"--filename={filename}{suffix}"] : [$"--directory={filename}", $"--filename_format=$jobnum{suffix}"],
            .. rw == RwKind.Write ? (string[])["--end_fsync=1", "--unlink=1", "--fallocate=none"] : [],
        ];
        return
        [
            "fio", $"--bs={@case.Bs}", "--ioengine=libaio", $"--iodepth={@case.Depth}", "--direct=1", "--output-format=json",
            .. copies || @case.Rw == RwKind.Read ? Job("read", RwKind.Read, "") : [],
            .. @case.Rw == RwKind.Write ? Job("write", RwKind.Write, ".written") : [],
        ];
    }

    public override BenchResult Read(string stdout) => FioJson.ReadPass(stdout, blockSize);
}
