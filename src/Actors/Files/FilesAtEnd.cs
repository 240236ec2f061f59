using System.Collections.Concurrent;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Shards;

namespace AkkaAio.Files;

/// <summary>Closes the files that are open as the system ends. Bounded: a close or the trim before it can be stuck in the kernel.</summary>
internal static class FilesAtEnd
{
    // One stuck close must not keep the others open.
    private const int MostThreads = 8;

    // After the drain deadline: what closes at all has closed by then.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Returns when all are closed, or the deadline and a grace have passed; what is stuck then stays open, and the log says
    /// so.</summary>
    public static void Close(IReadOnlyCollection<OpenFile> files, Deadline deadline, ILoggingAdapter log)
    {
        if (files.Count == 0)
        {
            return;
        }

        var left = new ConcurrentQueue<OpenFile>(files);
        var threads = Math.Min(MostThreads, files.Count);
        for (var i = 0; i < threads; i++)
        {
            OwnThread.Run("akka-aio-close", CloseNext);
        }

        // Also those whose Close is under way, or that a blocking thread still holds.
        var time = deadline.Remaining + Grace;
        if (!SpinWait.SpinUntil(() => files.All(file => file.IsReleased), time > Grace ? time : Grace))
        {
            OpenFile[] open = [.. files.Where(file => !file.IsReleased)];
            log.Error(
                "{Count} files could not be closed in time, and stay open: {Paths}", open.Length,
                string.Join(", ", open.Take(3).Select(file => file.Path)));
        }

        void CloseNext()
        {
            while (left.TryDequeue(out var file))
            {
                if (AioExt.ErrorOf(file.LetGoAtEnd) is { } error)
                {
                    log.Warning("{Path} was closed with an error: {Reason}", file.Path, error.Message);
                }
            }
        }
    }
}
