using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>Reads at random over many open files of a folder, through AkkaAio.</summary>
internal sealed class ManyFilesLoad(BenchOptions options, AioFile[] files, Blocks blocks)
    : LoopLoad(options, files.Length * files[0].Length, blocks)
{
    private readonly long _fileSize = files[0].Length;

    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        await using var session = await run.StartSessionAsync();
        var paths = Directory.EnumerateFiles(run.Options.Filename).Order(StringComparer.Ordinal).Take(run.Files);
        var files = await Task.WhenAll(paths.Select(path => session.Aio.OpenAsync(path, cancellationToken: run.Stop)));
        run.Note("files", files.Length);
        using var blocks = new Blocks(session.Aio.Pool, run.Options.Outstanding, run.Options.Bs);
        using var load = new ManyFilesLoad(run.Options, files, blocks);
        return await run.MeasureAsync(load, () => SessionBatches.ReadAsync(session));
    }

    protected override ValueTask<int> PerformAsync(OperationKind kind, long offset, AioBuffer block) =>
        files[offset / _fileSize].ReadAsync(block.Memory, offset % _fileSize);
}
