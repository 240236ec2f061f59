using Akka.Actor;
using Akka.Coordination;
using Akka.Event;
using AkkaAio.Cluster.Disks;
using AkkaAio.Cluster.Leases;
using AkkaAio.Cluster.Owner;

namespace AkkaAio.Cluster;

/// <summary>
/// A lease that is an OFD lock on a file of a shared folder. It has no time-out: the kernel, or the file server, takes the lock from a
/// process that has ended. So a node that is frozen keeps its leases until it is awake or dead, and cannot write beside its successor.
/// </summary>
/// <remarks>
/// Of a shard it is released when no file that was opened under it is open any more and no call works on one. Until then
/// <see cref="Release"/> answers false and the lease stays: a disk that hangs blocks its shard rather than have two writers. It is freed
/// when the last file is closed.
/// <para>Named in <c>akka.io.aio.cluster.lease</c>; used by sharding (<c>akka.cluster.sharding.use-lease</c>), and by the split-brain
/// resolver's lease-majority if it is named there.</para>
/// </remarks>
public sealed class AioFileLease : Lease
{
    private const string ShardInfix = "-shard-" + AioClusterExt.TypeName + "-";

    private readonly Lock _lock = new();
    private readonly HashSet<FileHold> _holds = [];
    private readonly SharedDisk _disk;
    private readonly int _shard = -1; // -1: not a shard's
    private readonly string _name;
    private readonly ILoggingAdapter _log;
    private LeaseFile? _file;
    private Action<Exception>? _lost;
    private Exception? _whyLost;
    private uint _epoch;
    private uint _opens;
    private bool _isLeaving; // released or lost: no new file is opened

    /// <summary>Made by Akka.</summary>
    /// <param name="settings">Names it.</param>
    /// <param name="system">A system that was made with an <see cref="AioClusterSetup"/> and <c>storage = shared</c>.</param>
    /// <exception cref="AioClusterException">The system has no shared folder for it.</exception>
    public AioFileLease(LeaseSettings settings, ExtendedActorSystem system)
        : base(settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(system);
        _log = Logging.GetLogger(system, typeof(AioFileLease));
        var setup = system.Settings.Setup.Get<AioClusterSetup>();
        var shared = setup.HasValue ? setup.Value.Disks.OfType<SharedDisk>().ToArray() : [];
        var at = settings.LeaseName.IndexOf(ShardInfix, StringComparison.Ordinal);
        var shard = at < 0 ? null : DiskShards.TryParseShared(settings.LeaseName[(at + ShardInfix.Length)..]);
        _disk = (shard is { } named ? Array.Find(shared, disk => disk.Id == named.DiskId) : shared.FirstOrDefault())
            ?? throw new AioClusterException(
                $"the lease {settings.LeaseName} needs a shared folder: " +
                $"{AioClusterSettings.Path} {{ storage = shared, directories = [...] }} " +
                "and a system that is made by AioClusterSetup.For(config)");
        _shard = shard?.Number ?? -1;
        _name = _shard < 0 ? $"lease {Uri.EscapeDataString(settings.LeaseName)}" : LeaseFile.NameOf(_shard);
    }

    /// <summary>For tests: of a shard, without an actor system.</summary>
    internal AioFileLease(SharedDisk disk, int shard, string owner, TimeSpan check)
        : base(new LeaseSettings(
            LeaseFile.NameOf(shard),
            owner,
            new TimeoutSettings(check, TimeSpan.MaxValue, TimeSpan.MaxValue),
            Akka.Configuration.Config.Empty)) =>
        (_disk, _shard, _name, _log) = (disk, shard, LeaseFile.NameOf(shard), NoLogger.Instance);

    /// <inheritdoc/>
    public override Task<bool> Acquire() => Acquire(static _ => { });

    /// <inheritdoc/>
    /// <remarks>Fails if the lease is gone from the folder: it is not made anew, or its epoch would go back.</remarks>
    public override Task<bool> Acquire(Action<Exception> leaseLostCallback) => _disk.Worker.Run(() => TryAcquire(leaseLostCallback));

    /// <inheritdoc/>
    public override Task<bool> Release() => _disk.Worker.Run(() =>
    {
        lock (_lock)
        {
            _isLeaving = _file is not null;
        }

        return UnlockUnlessHeld();
    });

    /// <inheritdoc/>
    public override bool CheckLease()
    {
        lock (_lock)
        {
            return _file is not null && !_isLeaving;
        }
    }

    /// <summary>Any thread: the right to open a file of the shard; null: the lease is not held, or is about to go.</summary>
    internal FileHold? TryHold(IActorRef owner)
    {
        lock (_lock)
        {
            if (_file is null || _isLeaving)
            {
                return null;
            }

            var hold = new FileHold(((ulong)_epoch << 32) | ++_opens, owner, GivenBack);
            _holds.Add(hold);
            return hold;
        }
    }

    /// <summary>Any thread that may block: unlocks the lease if no file is open under it.</summary>
    /// <returns>False: one is, and the lease stays until it is closed.</returns>
    internal bool UnlockUnlessHeld()
    {
        LeaseFile? file;
        Action<Exception>? lost;
        lock (_lock)
        {
            if (_holds.Count > 0)
            {
                return false;
            }

            (file, _file) = (_file, null);
            (lost, _lost) = (_whyLost is null ? null : _lost, null);
            _disk.Remove(_name);
            _disk.Worker.Unwatch(this);
        }

        file?.Dispose();
        try
        {
            lost?.Invoke(_whyLost!);
        }
        catch (Exception e)
        {
            // Not ours; and this thread serves all leases.
            _log.Error(e, "{Lease}: what it told of its loss has thrown", Settings.LeaseName);
        }

        return true;
    }

    /// <summary>Lease thread: whether it is held still. If not, its files are closed first, and then its shard is told.</summary>
    internal void Check()
    {
        LeaseFile? file;
        lock (_lock)
        {
            file = _whyLost is null ? _file : null;
        }

        if (WhyLost(file) is not { } reason) // not in the lock: it may block, and actors take the lock
        {
            return;
        }

        FileHold[] holds;
        lock (_lock)
        {
            _whyLost = new AioClusterException(reason);
            _isLeaving = true;
            holds = [.. _holds];
        }

        _log.Error("{Lease}: {Reason}; its {Files} open files are closed", Settings.LeaseName, reason, holds.Length);
        foreach (var hold in holds)
        {
            hold.Owner.Tell(new LeaseLost(reason), ActorRefs.NoSender);
        }

        UnlockUnlessHeld();
    }

    private static string? WhyLost(LeaseFile? file)
    {
        try
        {
            return file?.WhyLost();
        }
        catch (ObjectDisposedException)
        {
            return null; // unlocked meanwhile
        }
    }

    private bool TryAcquire(Action<Exception> lost)
    {
        lock (_lock)
        {
            if (_file is not null)
            {
                _lost = lost;
                return !_isLeaving; // a file of an earlier holder on this node is not yet closed
            }
        }

        var file = LeaseFile.TryLock(_disk.Leases, _name, _shard < 0 ? FileMode.OpenOrCreate : FileMode.Open);
        if (file is null)
        {
            return false;
        }

        try
        {
            var epoch = _shard < 0 ? 0 : file.RaiseEpoch();
            if (file.WhyLost() is { } why)
            {
                throw new AioClusterException(why);
            }

            lock (_lock)
            {
                (_file, _epoch, _opens, _lost, _whyLost, _isLeaving) = (file, epoch, 0, lost, null, false);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        _disk.Add(_name, this);
        _disk.Worker.Watch(this, Settings.TimeoutSettings.HeartbeatInterval);
        return true;
    }

    // Blocking thread, behind the close of a file's descriptor.
    private void GivenBack(FileHold hold)
    {
        bool isLast;
        lock (_lock)
        {
            _holds.Remove(hold);
            isLast = _isLeaving && _holds.Count == 0;
        }

        if (isLast && UnlockUnlessHeld())
        {
            _log.Info("{Lease} is free: the last file that was open under it is closed", Settings.LeaseName);
        }
    }
}
