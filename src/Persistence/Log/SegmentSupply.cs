
namespace AkkaAio.Persistence.Log;

/// <summary>
/// Makes segments ready before the log needs them: takes a spare, or writes a new file of zeros, and gives it its name. Zeros, because a
/// write into blocks that are only allocated costs the file system a journal entry, and the log 1.8 to 3.6 times the commit.
/// </summary>
internal sealed class SegmentSupply(LogFiles files) : IAsyncDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private Task<AioFile>? _last;

    /// <summary>
    /// The segment of a number, when what was asked for before is made: a writer that has failed may have asked for the same one, and its
    /// zeros would land in a segment that is in use meanwhile.
    /// </summary>
    /// <inheritdoc cref="MakeAsync"/>
    public Task<AioFile> NextAsync(long number, bool isUrgent)
    {
        return _last = BehindAsync(_last ?? Task.CompletedTask);

        async Task<AioFile> BehindAsync(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _closed.Token.ThrowIfCancellationRequested();
            return await MakeAsync(number, isUrgent).ConfigureAwait(false);
        }
    }

    /// <summary>Ends when nothing is written any more, and closes the last segment.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        if (_last is { } last)
        {
            await ((Task)last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (last.IsCompletedSuccessfully)
            {
                await last.Result.DisposeAsync().ConfigureAwait(false);
            }
        }

        _closed.Dispose();
    }

    /// <summary>The segment of a number: its length is right, its name durable.</summary>
    /// <param name="number">Of the segment.</param>
    /// <param name="isUrgent">The log waits for it: no pace.</param>
    /// <exception cref="AioSystemException">ENOSPC, or another error of the disk. What was begun is deleted.</exception>
    private async Task<AioFile> MakeAsync(long number, bool isUrgent)
    {
        var path = files.Folder.PathOf(number);
        foreach (var spare in files.Folder.Spares())
        {
            await files.Aio.RenameAsync(files.Folder.PathOfSpare(spare), path).ConfigureAwait(false);
            var file = await files.Aio.OpenAsync(path, files.Open).ConfigureAwait(false);
            if (file.Length >= files.Settings.SegmentBytes)
            {
                return file;
            }

            await file.DisposeAsync().ConfigureAwait(false); // of another segment-size
            await files.Aio.DeleteAsync(path).ConfigureAwait(false);
        }

        var made = path + ".new"; // no spare before it is whole
        await ZeroAsync(made, isUrgent).ConfigureAwait(false);
        await files.Aio.RenameAsync(made, path).ConfigureAwait(false);
        return await files.Aio.OpenAsync(path, files.Open).ConfigureAwait(false);
    }

    private async Task ZeroAsync(string path, bool isUrgent)
    {
        try
        {
            // Allocated first: a disk that is too small says so before a byte is written.
            var options = files.Open with
            {
                Mode = FileMode.Create,
                PreallocationSize = files.Settings.SegmentBytes,
                Priority = isUrgent ? AioPriority.Default : AioPriority.Idle,
            };
            await using var file = await files.Aio.OpenAsync(path, options).ConfigureAwait(false);
            await file.ZeroAsync(0, files.Settings.SegmentBytes, isUrgent ? 0 : files.Settings.ZeroRate, _closed.Token)
                .ConfigureAwait(false);
            await file.FlushAsync().ConfigureAwait(false);
        }
        catch
        {
            await files.Aio.DeleteAsync(path).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            throw;
        }
    }
}
