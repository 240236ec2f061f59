using Akka.Actor;
using Akka.Persistence;

namespace AkkaAio.PersistenceMemory;

internal static class ProcessMemory
{
    /// <summary>A line of /proc/self/status, in kB.</summary>
    public static long Of(string name) =>
        long.Parse(File.ReadLines("/proc/self/status").Single(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split()[^2]);
}

/// <summary>Writes events in the journal's protocol, 16 writes at a time of up to 1000 events.</summary>
internal sealed class Writer(IActorRef journal, int ids, int events, TaskCompletionSource done) : UntypedActor
{
    private const int Most = 1000;
    private const int AtOnce = 16_000; // events in flight, or ids where each has one

    private readonly byte[] _payload = new byte[100];
    private int _id;
    private int _written; // of that id
    private int _inFlight;

    protected override void PreStart() => Go();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case WriteMessageSuccess:
                _inFlight--;
                Go();
                break;
            case WriteMessageFailure failure:
                done.TrySetException(failure.Cause);
                break;
        }
    }

    private void Go()
    {
        while (_id < ids && _inFlight <= AtOnce - Most)
        {
            var count = Math.Min(Most, events - _written);
            var name = $"id-{_id:d8}";
            var batch = Enumerable.Range(_written + 1, count)
                .Select(nr =>
                    new Persistent(_payload, nr, name, sender: ActorRefs.NoSender, writerGuid: "d5d1a3c4-4b41-4b5c-9d0e-6e1a3a0f2b11"));
            journal.Tell(new WriteMessages([new AtomicWrite([.. batch])], Self, 1), Self);
            _inFlight += count;
            (_written, _id) = _written + count == events ? (0, _id + 1) : (_written + count, _id);
        }

        if (_inFlight == 0)
        {
            done.TrySetResult();
        }
    }
}

/// <summary>Takes 2 ms for 1000 events, which the journal reads faster.</summary>
internal sealed class SlowActor(int events, TaskCompletionSource done) : UntypedPersistentActor
{
    private long _replayed;

    public override string PersistenceId => "id-00000000";

    protected override void OnRecover(object message)
    {
        if (message is RecoveryCompleted)
        {
            done.TrySetResult();
        }
        else if (++_replayed % 1000 == 0)
        {
            Thread.Sleep(2);
            if (_replayed % 1_000_000 == 0 || _replayed == events)
            {
                var buffers = AioExt.Get(Context.System).Pool.AllocatedBytes >> 10;
                Console.WriteLine($"{_replayed} {ProcessMemory.Of("VmHWM")} {buffers}");
            }
        }
    }

    protected override void OnCommand(object message)
    {
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null) => done.TrySetException(reason);
}
