namespace AkkaAio.Tests.Model;

/// <summary>What a file may hold: of each sector the possible values, and how long it may be.</summary>
internal sealed record FileState(HashSet<byte>[] Sectors, long Least, long Most)
{
    /// <summary>The content before any write.</summary>
    public const byte Zero = 0;

    /// <summary>A file of zeros.</summary>
    public FileState(int sectors, long length)
        : this([.. Enumerable.Range(0, sectors).Select(_ => new HashSet<byte> { Zero })], length, length)
    {
    }

    /// <summary>Once a SetLength or Allocate has been carried out; or perhaps not, if it failed or was cancelled.</summary>
    public FileState After(Entry barrier, int sectorSize)
    {
        if (barrier.Command is Aio.Allocate allocate)
        {
            var end = allocate.Offset + allocate.Length;
            return this with { Least = barrier.Succeeded ? Math.Max(Least, end) : Least, Most = Math.Max(Most, end) };
        }

        var length = ((Aio.SetLength)barrier.Command).Length;
        for (var sector = (int)(length / sectorSize); sector < Sectors.Length; sector++)
        {
            Sectors[sector] = barrier.Succeeded ? [Zero] : [Zero, .. Sectors[sector]];
        }

        return this with
        {
            Least = barrier.Succeeded ? length : Math.Min(Least, length),
            Most = barrier.Succeeded ? length : Math.Max(Most, length),
        };
    }
}
