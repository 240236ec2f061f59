using System.Collections.Concurrent;

namespace AkkaAio.Cluster.Owner;

/// <summary>Bytes of changes that each client has under way at this node: bounds what a fast client can make us hold.</summary>
internal sealed class ClientCredits(long most)
{
    private readonly ConcurrentDictionary<Guid, long> _underWay = [];

    /// <summary>False: it would be more than one client may. A single change always fits.</summary>
    public bool TryTake(Guid client, long bytes)
    {
        while (true)
        {
            var now = _underWay.GetOrAdd(client, 0);
            if (now > 0 && now + bytes > most)
            {
                return false;
            }

            if (_underWay.TryUpdate(client, now + bytes, now))
            {
                return true;
            }
        }
    }

    public void GiveBack(Guid client, long bytes)
    {
        while (_underWay.TryGetValue(client, out var now))
        {
            if (now == bytes
                ? _underWay.TryRemove(new KeyValuePair<Guid, long>(client, now))
                : _underWay.TryUpdate(client, now - bytes, now))
            {
                return;
            }
        }
    }
}
