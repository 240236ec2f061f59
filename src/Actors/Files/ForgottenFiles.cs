using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Shards;
using AkkaAio.Telemetry;

namespace AkkaAio.Files;

/// <summary>Closes the files that their users have forgotten, on blocking threads, and says so in the log.</summary>
internal sealed class ForgottenFiles
{
    // A program at the limit of its descriptors that goes on opening must not collect garbage for each.
    private static readonly TimeSpan PauseInVain = TimeSpan.FromSeconds(1);

    private readonly AioExt _aio;
    private readonly ConcurrentQueue<OpenFile> _files = new();
    private readonly Lock _collecting = new();
    private readonly BurstLog _log;
    private int _scheduled;
    private int _collections;
    private long _closed;

    // Stopwatch ticks: the last collection found nothing; 0: it did.
    private long _inVainAt;

    public ForgottenFiles(AioExt aio)
    {
        _aio = aio;
        _log = new BurstLog((count, _, first) =>
        {
            var file = (OpenFile)first!;
            if (count == 1)
            {
                aio.Log.Warning(
                    "{Path} was never closed, and nobody holds its AioFile any more: it is closed now. It was opened by {Opener}",
                    file.Path, file.OpenedBy);
            }
            else
            {
                aio.Log.Warning(
                    "{Count} files were never closed, and nobody holds their AioFiles any more: they are closed now. " +
                    "One of them is {Path}, opened by {Opener}",
                    count, file.Path, file.OpenedBy);
            }
        });
    }

    /// <summary>Finalizer thread: to be closed. Throws nothing.</summary>
    public void Add(OpenFile file)
    {
        try
        {
            _files.Enqueue(file);
            if (Interlocked.Exchange(ref _scheduled, 1) == 0)
            {
                _aio.RunBlocking(CloseAll);
            }
        }
        catch (Exception)
        {
            Volatile.Write(ref _scheduled, 0);

            // The dispatcher has ended with its system, whose end closes the file. On the finalizer thread an exception ends the process.
        }
    }

    /// <summary>How often <see cref="Collect"/> has collected.</summary>
    public int Collections => Volatile.Read(ref _collections);

    /// <summary>
    /// Blocking thread: no descriptor is left. Closes what is garbage already and has not been found yet. Where the process may open a
    /// thousand files only, the memory pressure of open files starts no collection in time.
    /// </summary>
    /// <returns>False: nothing has been tried, since the last time was in vain, and a moment ago.</returns>
    public bool Collect()
    {
        var seen = Collections;
        lock (_collecting)
        {
            if (Collections != seen)
            {
                return true; // another open's, meanwhile
            }

            if (_inVainAt != 0 && Stopwatch.GetElapsedTime(_inVainAt) < PauseInVain)
            {
                return false;
            }

            var closed = Volatile.Read(ref _closed);
            Volatile.Write(ref _collections, seen + 1);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            CloseAll();
            _inVainAt = Volatile.Read(ref _closed) == closed ? Stopwatch.GetTimestamp() : 0;
        }

        return true;
    }

    /// <summary>Says what is still to be said.</summary>
    public void Flush() => _log.Flush();

    private void CloseAll()
    {
        Interlocked.Exchange(ref _scheduled, 0); // before the look: what comes from here on is another's, if it is not found here
        while (_files.TryDequeue(out var file))
        {
            Interlocked.Increment(ref _closed);
            if (file.Owned is null) // otherwise its owner may have died, and the close be on the way
            {
                _aio.ForgottenFile?.Invoke($"{file.Path}, which was opened by {file.OpenedBy}");
            }

            if (AioExt.ErrorOf(file.Release) is { } error)
            {
                _aio.Log.Warning("{Path} was closed with an error: {Reason}", file.Path, error.Message);
            }

            _aio.Manager.Tell(new FileClosed(file), ActorRefs.NoSender);
            _log.Add(1, file);
        }
    }
}
