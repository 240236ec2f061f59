using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace AkkaAio.Persistence.Journal;

/// <summary>
/// Akka's replay filter, with its rules and settings, in line with the replay: finds events of two writers of one persistence id, which do
/// not belong into one history.
/// </summary>
internal sealed class ReplayFilter(ReplayFilterSettings settings, ILoggingAdapter log, string persistenceId)
{
    private readonly Queue<IPersistentRepresentation> _window = new();
    private readonly Queue<string> _oldWriters = new();
    private string _writer = "";
    private long _sequenceNr;

    /// <summary>Takes an event.</summary>
    /// <returns>An event that may be replayed now, an earlier one; null: none yet.</returns>
    /// <exception cref="InvalidOperationException">Two writers, and the mode is fail.</exception>
    public IPersistentRepresentation? Add(IPersistentRepresentation next)
    {
        if (settings.Mode == ReplayFilterMode.Disabled)
        {
            return next;
        }

        var first = _window.Count == settings.WindowSize ? _window.Dequeue() : null;
        if (next.WriterGuid == _writer)
        {
            if (next.SequenceNr >= _sequenceNr)
            {
                _sequenceNr = next.SequenceNr;
                _window.Enqueue(next);
            }
            else if (Issue(next, $"its sequence number is lower than {_sequenceNr}, which its writer had written before"))
            {
                _window.Enqueue(next);
            }
        }
        else if (_oldWriters.Contains(next.WriterGuid))
        {
            if (Issue(next, $"its writer had been followed by {_writer}"))
            {
                _window.Enqueue(next);
            }
        }
        else
        {
            NewWriter(next);
        }

        return first;
    }

    /// <summary>The rest, when there are no more events.</summary>
    public IEnumerable<IPersistentRepresentation> End() => _window;

    private void NewWriter(IPersistentRepresentation next)
    {
        if (_writer.Length > 0)
        {
            _oldWriters.Enqueue(_writer);
        }

        if (_oldWriters.Count > settings.MaxOldWriters)
        {
            _oldWriters.Dequeue();
        }

        _writer = next.WriterGuid;
        _sequenceNr = next.SequenceNr;
        for (var left = _window.Count; left > 0; left--)
        {
            var earlier = _window.Dequeue();
            if (earlier.SequenceNr < _sequenceNr || Issue(earlier, $"writer {_writer} wrote {_sequenceNr} behind it"))
            {
                _window.Enqueue(earlier);
            }
        }

        _window.Enqueue(next);
    }

    // Whether the event is replayed all the same.
    private bool Issue(IPersistentRepresentation @event, string reason)
    {
        var text = $"Event {@event.SequenceNr} of writer {@event.WriterGuid} does not belong into the history of {persistenceId}: " +
                   $"{reason}. Two actors with this persistence id have been alive at once";
        switch (settings.Mode)
        {
            case ReplayFilterMode.Fail:
                throw new InvalidOperationException(text);
            case ReplayFilterMode.Warn:
                log.Warning("{0}; it is replayed, as replay-filter.mode = warn says", text);
                return true;
            default:
                log.Error("{0}; it is left out, as replay-filter.mode = repair-by-discard-old says", text);
                return false;
        }
    }
}

/// <summary><c>replay-filter</c> of the journal's configuration.</summary>
internal sealed record ReplayFilterSettings(ReplayFilterMode Mode, int WindowSize, int MaxOldWriters)
{
    /// <param name="config">The section.</param>
    /// <param name="path">Of the section.</param>
    /// <exception cref="AioConfigurationException">A key is impossible.</exception>
    public static ReplayFilterSettings Of(Config config, string path) => new(
        config.GetString("mode", "repair-by-discard-old").ToUpperInvariant() switch
        {
            "REPAIR-BY-DISCARD-OLD" => ReplayFilterMode.RepairByDiscardOld,
            "FAIL" => ReplayFilterMode.Fail,
            "WARN" => ReplayFilterMode.Warn,
            "OFF" or "DISABLED" => ReplayFilterMode.Disabled,
            var other => throw new AioConfigurationException(
                $"{path}.mode", $"\"{other}\" is none of repair-by-discard-old, fail, warn, off"),
        },
        new ConfigReader(config, path).Int("window-size", 1, int.MaxValue),
        new ConfigReader(config, path).Int("max-old-writers", 1, int.MaxValue));
}
