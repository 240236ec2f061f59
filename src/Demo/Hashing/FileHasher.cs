using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Progress;
using AkkaAio.Demo.Session;

namespace AkkaAio.Demo.Hashing;

/// <summary>Hashes many files at once and gives the results in the order of the walk.</summary>
internal sealed class FileHasher : IDisposable
{
    // Results that wait for a slow file before them, at a hundred bytes or so.
    private const int MostResultsAhead = 4096;

    private static readonly AioOpenOptions ReadOptions = new() { Access = FileAccess.Read, Direct = DirectIo.Auto };
    private static readonly AioOpenOptions BufferedOptions = ReadOptions with { Direct = DirectIo.Off };

    private readonly AioExt _aio;
    private readonly Meter _meter;
    private readonly BufferedNotice _fallback;
    private readonly HashLimits _limits;
    private readonly SemaphoreSlim _openFiles;
    private readonly ConcurrentBag<ReadWindow> _windows = [];

    public FileHasher(AioExt aio, Meter meter, BufferedNotice fallback)
    {
        _aio = aio;
        _meter = meter;
        _fallback = fallback;
        _limits = HashLimits.For(aio.Settings, aio.Depth);
        _openFiles = new SemaphoreSlim(_limits.Files);
    }

    /// <summary>Hashes the files that the arguments stand for.</summary>
    /// <exception cref="OperationCanceledException">Stopped; no file is open any more.</exception>
    public async IAsyncEnumerable<HashedFile> HashAllAsync(
        IEnumerable<string> arguments, [EnumeratorCancellation] CancellationToken stop)
    {
        var results = Channel.CreateBounded<Task<HashedFile>>(MostResultsAhead);
        var starting = StartAllAsync(arguments, results.Writer, stop);
        try
        {
            await foreach (var result in results.Reader.ReadAllAsync(stop))
            {
                yield return await result;
            }
        }
        finally
        {
            await starting;
            for (var i = 0; i < _limits.Files; i++)
            {
                await _openFiles.WaitAsync(CancellationToken.None); // until the last file is closed
            }
        }
    }

    public void Dispose()
    {
        _openFiles.Dispose();
        foreach (var window in _windows)
        {
            window.Dispose();
        }
    }

    private async Task StartAllAsync(
        IEnumerable<string> arguments, ChannelWriter<Task<HashedFile>> results, CancellationToken stop)
    {
        try
        {
            foreach (var found in FolderWalk.Walk(arguments))
            {
                await _openFiles.WaitAsync(stop);
                _meter.AddTotal(found.Length);
                await results.WriteAsync(HashAndReleaseAsync(found, stop), stop);
            }

            results.Complete();
        }
        catch (Exception e)
        {
            results.Complete(e); // thrown where the results are read
        }
    }

    private async Task<HashedFile> HashAndReleaseAsync(FoundFile found, CancellationToken stop)
    {
        try
        {
            return found.Error is null
                ? await HashAsync(found, stop)
                : new HashedFile(found.Path, null, found.Error);
        }
        catch (AioException e)
        {
            return new HashedFile(found.Path, null, Complaint.Describe(found.Path, e));
        }
        finally
        {
            _openFiles.Release();
        }
    }

    private async Task<HashedFile> HashAsync(FoundFile found, CancellationToken stop)
    {
        await using var file = await _aio.OpenAsync(found.Path, ReadOptions, CancellationToken.None);
        _fallback.Check(file);
        _meter.AddTotal(file.Length - found.Length); // a device's length is known only now
        if (!_windows.TryTake(out var window))
        {
            window = new ReadWindow(_aio.Pool, _limits.Window, _limits.Chunk);
        }

        try
        {
            Func<Task<AioFile>>? openBuffered = found.IsLengthTrue
                ? null
                : async () => await _aio.OpenAsync(found.Path, BufferedOptions, CancellationToken.None);
            return new HashedFile(found.Path, await window.HashAsync(file, openBuffered, count => _meter.AddDone(count), stop));
        }
        finally
        {
            _windows.Add(window);
        }
    }
}
