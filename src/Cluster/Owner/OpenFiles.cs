using System.Diagnostics;
using Akka.Actor;

namespace AkkaAio.Cluster.Owner;

/// <summary>
/// The files that are open on this node. Where they become too many, the one that was used longest ago is asked to close, which it does as
/// soon as nothing is under way in it.
/// </summary>
internal sealed class OpenFiles(int most)
{
    private readonly Lock _lock = new();
    private readonly HashSet<Entry> _entries = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Takes a place. Never refuses: room is made meanwhile.</summary>
    public Entry Enter(IActorRef owner)
    {
        var entry = new Entry(this, owner);
        Entry? oldest = null;
        lock (_lock)
        {
            _entries.Add(entry);
            if (_entries.Count > most)
            {
                oldest = _entries.Where(other => other != entry && !other.IsAsked).MinBy(other => other.LastUse);
                oldest?.Asked();
            }
        }

        oldest?.Owner.Tell(MakeRoom.Instance, ActorRefs.NoSender);
        return entry;
    }

    private void Leave(Entry entry)
    {
        lock (_lock)
        {
            _entries.Remove(entry);
        }
    }

    /// <summary>One open file.</summary>
    internal sealed class Entry(OpenFiles all, IActorRef owner) : IDisposable
    {
        private long _lastUse = Stopwatch.GetTimestamp();

        public IActorRef Owner => owner;

        public long LastUse => Volatile.Read(ref _lastUse);

        public bool IsAsked { get; private set; }

        public void Touch() => Volatile.Write(ref _lastUse, Stopwatch.GetTimestamp());

        public void Asked() => IsAsked = true;

        public void Dispose() => all.Leave(this);
    }
}
