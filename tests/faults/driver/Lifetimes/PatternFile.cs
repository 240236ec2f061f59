namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>
/// A file in which every byte can have two values only: 0, or the one that this place of this file has. So writers need no order among
/// themselves, and a byte of another file, another place or somebody's memory is seen.
/// </summary>
/// <param name="path">Its path.</param>
/// <param name="number">Chooses the bytes.</param>
/// <param name="direct">How it is opened; null: either way at once, and then the kernel answers EIO at times, since it could not drop a
/// page that a direct write had gone past.</param>
/// <param name="keeps">Nobody cuts it: a write that was acknowledged stays.</param>
internal sealed class PatternFile(string path, int number, DirectIo? direct, bool keeps)
{
    /// <summary>What the folder of all of them is called.</summary>
    public const string Folder = "pattern-files";

    /// <summary>Ends the path of the file that is opened either way.</summary>
    public const string Mixed = "-mixed";

    /// <summary>The file is never longer.</summary>
    public const int Size = 2 << 20;

    public const int Block = 4096;

    /// <summary>Of a direct file that keeps, buffered writers outside have every other cell: no page is both.</summary>
    public const int Cell = 64 << 10;

    /// <summary>In no file: what owners of memory put there once it is theirs again.</summary>
    public const byte Poison = 0xEE;

    private readonly byte[] _bytes = BytesOf(number);
    private readonly int[] _acknowledged = new int[Size / Block];

    public string Path => path;

    public DirectIo? Direct => direct;

    public bool Keeps => keeps;

    public ReadOnlySpan<byte> At(long offset, int length) => _bytes.AsSpan((int)offset, length);

    /// <summary>A write has been answered.</summary>
    public void Acknowledge(long offset, int length)
    {
        for (var block = (offset + Block - 1) / Block; block < (offset + length) / Block; block++)
        {
            Volatile.Write(ref _acknowledged[block], 1);
        }
    }

    /// <summary>
    /// The blocks of a range, from the first that lies in it whole, that have been acknowledged by now: bit by bit, 64 at most.
    /// </summary>
    public ulong AcknowledgedIn(long offset, int length)
    {
        var mask = 0ul;
        if (keeps)
        {
            var first = (offset + Block - 1) / Block;
            for (var i = 0; i < 64 && (first + i + 1) * Block <= Math.Min(offset + length, Size); i++)
            {
                mask |= (ulong)Volatile.Read(ref _acknowledged[first + i]) << i;
            }
        }

        return mask;
    }

    /// <summary>What is wrong with bytes that were read; null for nothing.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="offset">Where they were read.</param>
    /// <param name="acknowledged">What had been acknowledged before the read was told.</param>
    public string? WrongIn(ReadOnlySpan<byte> bytes, long offset, ulong acknowledged)
    {
        var known = (int)Math.Clamp(Size - offset, 0, bytes.Length);
        if (known < bytes.Length)
        {
            return $"{path}: a read at {offset} gave {bytes.Length} bytes, and the file is never longer than {Size}";
        }

        if (known > 0 && !bytes.SequenceEqual(At(offset, known)))
        {
            var expected = At(offset, known);
            for (var i = 0; i < known; i++)
            {
                if (bytes[i] != 0 && bytes[i] != expected[i])
                {
                    return $"{path}: a foreign byte, {bytes[i]}, at {offset + i}, in a read of {bytes.Length} bytes at {offset}";
                }
            }
        }

        for (var first = ((offset + Block - 1) / Block * Block) - offset; acknowledged != 0; acknowledged >>= 1, first += Block)
        {
            if ((acknowledged & 1) != 0 &&
                (first + Block > bytes.Length || !bytes.Slice((int)first, Block).SequenceEqual(At(offset + first, Block))))
            {
                return $"{path}: the acknowledged block at {offset + first} is not in a read of {bytes.Length} bytes at {offset}";
            }
        }

        return null;
    }

    /// <summary>What of the file on the disk is wrong, when nobody has it open; null for nothing.</summary>
    public string? WrongOnDisk()
    {
        var bytes = File.Exists(path) ? File.ReadAllBytes(path) : [];
        for (var offset = 0; offset < Size; offset += 64 * Block)
        {
            var rest = bytes.AsSpan(Math.Min(offset, bytes.Length));
            if (WrongIn(rest[..Math.Min(rest.Length, 64 * Block)], offset, AcknowledgedIn(offset, 64 * Block)) is { } wrong)
            {
                return $"on the disk, {bytes.Length} bytes: {wrong}";
            }
        }

        return bytes.Length <= Size ? null : $"{path} is {bytes.Length} bytes long, and nothing behind {Size} was ever written";
    }

    private static byte[] BytesOf(int number)
    {
        var bytes = new byte[Size];
        new Random(number).NextBytes(bytes);
        foreach (ref var value in bytes.AsSpan())
        {
            value = value is 0 or Poison ? (byte)1 : value;
        }

        return bytes;
    }
}
