using System.Numerics;

namespace AkkaAio.TestKit;

/// <summary>
/// A disk in memory for the tests of code that uses AkkaAio: an actor system that is made with its <see cref="Setup"/> has its files here.
/// Several systems may share it, one after the other or at once: what the first has written the next one opens.
/// </summary>
/// <remarks>
/// Paths are names, made absolute as those of real files: no folder has to exist, and nothing of the machine's file system is seen or
/// changed. All members may be called by any thread.
/// </remarks>
public sealed partial class AioTestDisk
{
    /// <summary>An empty disk.</summary>
    public AioTestDisk()
        : this(new MemoryEngine())
    {
    }

    internal AioTestDisk(MemoryEngine engine)
    {
        Engine = engine;
        Engine.History ??= new DiskHistory();
        Setup = new AioSetup(engine) { ForgottenBuffer = _forgottenBuffers.Enqueue, ForgottenFile = _forgottenFiles.Enqueue };
        Log = new DiskLog(this);
        engine.Log = Log;
    }

    /// <summary>
    /// Part of an <see cref="Akka.Actor.Setup.ActorSystemSetup"/>: the files of the actor system are on this disk, whatever
    /// <c>akka.io.aio.engine</c> says. With Akka.Hosting: <c>akka.AddSetup(disk.Setup)</c>.
    /// </summary>
    public AioSetup Setup { get; }

    /// <summary>What offsets, lengths and addresses on direct files must be multiples of, in bytes; 512 unless set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is none from 1 to 4096.</exception>
    public int Alignment
    {
        get => Engine.Alignment;
        init => Engine.Alignment = value is >= 1 and <= 4096 && BitOperations.IsPow2(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Alignment), value, "a disk's alignment is a power of two from 1 to 4096 bytes");
    }

    /// <summary>The clock of delays and times: the machine's, or a fake one that the test moves.</summary>
    public TimeProvider Time
    {
        get => _time;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _time = value;
            _madeAt = value.GetTimestamp();
        }
    }

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly long _madeAt = TimeProvider.System.GetTimestamp();

    /// <summary>
    /// What chance falls by where no other seed is named: of the machine's choice unless set. <see cref="ToString"/> says it, so that what
    /// has failed can be repeated.
    /// </summary>
    public int Seed { get; init; } = Random.Shared.Next();

    /// <summary>
    /// What fits on the disk, in bytes; null: everything. A write or allocation that would take more fails with ENOSPC, or is short where
    /// some of it fits, as a file system does it. May be changed at any time; a file that is deleted makes room.
    /// </summary>
    public long? Capacity
    {
        get => Engine.Space.Capacity;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value ?? 0, nameof(value));
            Engine.Space.Capacity = value;
        }
    }

    /// <summary>What its files take of <see cref="Capacity"/>, in bytes: up to the end of what was written or allocated in each.</summary>
    public long UsedBytes => Engine.UsedBytes;

    /// <summary>The paths of its files, sorted.</summary>
    public IReadOnlyList<string> Files => Engine.Paths;

    internal MemoryEngine Engine { get; }

    /// <summary>A copy of a file's bytes, as they are now.</summary>
    /// <exception cref="AioSystemException">ENOENT: there is no such file.</exception>
    public byte[] ReadAllBytes(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Engine.ReadAllBytes(path);
    }

    /// <summary>Makes a file of these bytes, or gives them to the file that there is. They are on stable storage.</summary>
    public void WriteAllBytes(string path, ReadOnlySpan<byte> bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Engine.WriteAllBytes(path, bytes);
    }
}
