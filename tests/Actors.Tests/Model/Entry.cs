using System.Runtime.InteropServices;

namespace AkkaAio.Tests.Model;

/// <summary>A command that was told, and what came of it.</summary>
/// <param name="Index">Its place in the order in which commands were told.</param>
/// <param name="Command">The command.</param>
/// <param name="Told">When.</param>
/// <param name="Stamp">What a write fills its sectors with, see <see cref="StampAt"/>.</param>
internal sealed record Entry(int Index, Aio.Command Command, long Told, int Stamp)
{
    /// <summary>No write's: what the owner of memory puts there once it is its own again.</summary>
    public const byte Scribble = 255;

    private const int Stamps = 250;

    public long Answered { get; private set; } = long.MaxValue;

    public Aio.Event? Reply { get; private set; }

    /// <summary>What a read gave, as it was when its reply came.</summary>
    public byte[]? Bytes { get; private set; }

    /// <summary>The memory that a write or read of one's own buffer names.</summary>
    public AioBuffer? Buffer { get; init; }

    public bool IsWrite => Command is Aio.Write or Aio.WriteV;

    public bool IsDsync => Command is Aio.Write { Durability: AioDurability.Dsync } or Aio.WriteV { Durability: AioDurability.Dsync };

    public bool Succeeded => Reply is not (null or Aio.CommandFailed);

    public bool NotPerformed => Reply is Aio.CommandFailed { Outcome: AioOutcome.NotPerformed };

    public Exception? Cause => (Reply as Aio.CommandFailed)?.Cause;

    /// <summary>From when on it certainly does nothing any more: a cancelled one may go on unseen.</summary>
    public long Over => Cause is AioCanceledException && !NotPerformed ? long.MaxValue : Answered;

    public Aio.TransferCommand Transfer => (Aio.TransferCommand)Command;

    public long End => Transfer.Offset + Transfer.Length;

    /// <summary>Another value in each sector, so that a sector in the wrong place is seen.</summary>
    public byte StampAt(int sector) => ValueOf(Stamp, sector);

    public static byte ValueOf(int stamp, int sector) => (byte)(1 + (((stamp * 7) + (sector * 31)) % Stamps));

    /// <summary>With the reply. From now on the memory is its owner's again: a use of it after that is found out.</summary>
    /// <param name="now">When.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="takes">Whether the requester takes what the reply brings; else it is given back by others.</param>
    public void Answer(long now, Aio.Event reply, bool takes)
    {
        (Answered, Reply) = (now, reply);
        switch (reply)
        {
            case Aio.RentReadCompleted read when takes:
                Bytes = read.Buffer.GetSpan().ToArray();
                read.Buffer.Dispose();
                break;
            case Aio.ReadIntoCompleted read:
                Bytes = read.Command.Destination.Span[..read.Count].ToArray();
                break;
            case Aio.ReadVCompleted read:
                Bytes = read.Command.Destinations.ToArray().SelectMany(part => part.ToArray()).Take(read.Count).ToArray();
                break;
            default:
                break;
        }

        if (Buffer is not null)
        {
            if (Over == Answered && IsWrite && !Buffer.IsDisposed)
            {
                Buffer.GetSpan().Fill(Scribble);
            }

            Buffer.Dispose();
        }
        else
        {
            foreach (var memory in Memories)
            {
                memory.Span.Fill(Scribble);
            }
        }
    }

    /// <summary>Whether nobody has touched the memory since it became its owner's again.</summary>
    public bool IsUntouched => Buffer is not null || Memories.All(memory => !memory.Span.ContainsAnyExcept(Scribble));

    private Memory<byte>[] Memories => Command switch
    {
        Aio.ReadInto read => [read.Destination],
        Aio.ReadV read => read.Destinations.ToArray(),
        Aio.Write write => [MemoryMarshal.AsMemory(write.Data)],
        Aio.WriteV write => [.. write.Data.ToArray().Select(part => MemoryMarshal.AsMemory(part))],
        _ => [],
    };
}
