using System.Buffers.Binary;
using AkkaAio.Cluster;

namespace AkkaAio.ClusterDriver;

/// <summary>
/// A plain file of numbered blocks, changed by one client: writes to several blocks at once, and between them Truncate, or Delete and a new
/// file of that name. Each block has a set of what it may hold: 0 for zeros or nothing, else the number of a write.
/// </summary>
internal sealed class PlainHistory(string address, int number, int seed, bool writesAlone, AioClusterExt client) : FileHistory(address)
{
    private const int BlockBytes = 512;
    private const int Blocks = 48;
    private const int AtOnce = 6;

    private static readonly AioClusterOpenOptions OrCreate = new() { Mode = FileMode.OpenOrCreate };

    private readonly HashSet<ulong>[] _may = [.. Enumerable.Range(0, Blocks).Select(_ => new HashSet<ulong> { 0 })];
    private readonly ulong[] _before = new ulong[Blocks]; // the write that was acknowledged before the last one
    private readonly HashSet<ulong> _notPerformed = [];
    private HashSet<long> _ends = [0];
    private readonly List<string> _lost = [];
    private readonly List<string> _risen = [];
    private bool _mayBeAbsent = true;
    private bool _mayBeDeletedLate; // a Delete was not answered, and no later change has overtaken it
    private bool _isGone;
    private ulong _write;

    protected override async Task RunAsync(DateTime until)
    {
        var random = new Random(seed * 31 + number);
        AioClusterFile? file = null;
        while (DateTime.UtcNow < until)
        {
            if (file is null)
            {
                var outcome = await TryAsync(
                    "open or create", async () => file = await client.OpenAsync(Address, OrCreate), () => file?.Identity);
                file = outcome is null ? file : null;
                _mayBeAbsent &= file is null || _mayBeDeletedLate;
                continue;
            }

            var blocks = Enumerable.Range(0, Blocks).ToArray();
            random.Shuffle(blocks);
            await Task.WhenAll(blocks.Take(AtOnce).Select(block => WriteAsync(file, block)));
            switch (writesAlone ? -1 : random.Next(16))
            {
                case 0:
                    await DeleteAsync(random.Next(4) == 0 ? random.Next(1500) : random.Next(50));
                    file = null;
                    break;
                case 1 or 2:
                    await TruncateAsync(file, random.Next(Blocks + 1));
                    break;
            }

            if (_isGone)
            {
                (file, _isGone) = (null, false); // by a Delete that was not answered
            }

            await Task.Delay(random.Next(10));
        }
    }

    public override async Task CheckAsync(AioClusterExt reader, Lie lie, Verdict verdict)
    {
        _lost.ForEach(verdict.IsMissing);
        _risen.ForEach(verdict.IsStale);
        var bytes = Array.Empty<byte>();
        try
        {
            var file = await reader.OpenAsync(Address);
            var length = (await reader.StatAsync(Address)).Length;
            bytes = await ReadAllAsync(file, length);
            if (bytes.Length != length || !_ends.Contains(length))
            {
                verdict.IsTorn($"{Address} is {length} bytes long and gives {bytes.Length}; it may be {string.Join(", ", _ends)}");
            }
        }
        catch (AioClusterFileException e) when (e.Failure == AioClusterFailure.NotFound)
        {
            if (!_mayBeAbsent)
            {
                verdict.IsMissing($"{Address} does not exist");
                return;
            }
        }

        Array.Resize(ref bytes, Math.Max(bytes.Length, Blocks * BlockBytes));
        var lieAt = lie is Lie.Stale or Lie.Half ? Array.FindIndex(_before, before => before != 0) : -1;
        for (var block = 0; block < Blocks; block++)
        {
            var there = bytes.AsSpan(block * BlockBytes, BlockBytes);
            if (block == lieAt)
            {
                BytesOf(block, _before[block]).AsSpan(0, lie == Lie.Half ? BlockBytes / 2 : BlockBytes).CopyTo(there);
            }

            CheckBlock(block, there, verdict);
        }
    }

    private void CheckBlock(int block, ReadOnlySpan<byte> there, Verdict verdict)
    {
        var first = BinaryPrimitives.ReadUInt64LittleEndian(there);
        var write = first & uint.MaxValue;
        var name = $"{Address}: block {block} holds write {write}; it may hold {string.Join(", ", _may[block])}";
        if (!there.SequenceEqual(BytesOf(block, write)))
        {
            verdict.IsTorn($"{name}; its bytes are not those of one write");
        }
        else if (_may[block].Contains(write))
        {
            // As it should be.
        }
        else if (write == 0)
        {
            verdict.IsMissing(name);
        }
        else
        {
            verdict.IsStale(name + (_notPerformed.Contains(write) ? "; it was said not to be performed" : ""));
        }
    }

    private async Task WriteAsync(AioClusterFile file, int block)
    {
        var write = Interlocked.Increment(ref _write);
        var outcome = await ChangeAsync(
            $"write {write} to block {block}", file, () => file.WriteAsync(BytesOf(block, write), block * BlockBytes, AioDurability.Dsync));
        lock (_ends)
        {
            var may = _may[block];
            var longer = _ends.Select(end => Math.Max(end, (block + 1) * BlockBytes)).ToArray();
            switch (outcome)
            {
                case null:
                    _before[block] = may.Count == 1 ? may.First() : 0;
                    may.Clear();
                    may.Add(write);
                    _ends.Clear();
                    _ends.UnionWith(longer);
                    break;
                case AioOutcome.MayHaveHappened:
                    may.Add(write);
                    _ends.UnionWith(longer);
                    break;
                default:
                    _notPerformed.Add(write);
                    break;
            }
        }
    }

    private async Task TruncateAsync(AioClusterFile file, int blocks)
    {
        long newEnd = blocks * BlockBytes;
        long? end = null;
        if (await TryAsync("stat", async () => end = (await client.StatAsync(Address)).Length, () => $"{end}") is null)
        {
            Apply(await ChangeAsync($"truncate {end} to {newEnd}", file, () => file.TruncateAsync(end!.Value, newEnd)), blocks);
        }
    }

    private async Task DeleteAsync(int pause)
    {
        var outcome = await TryAsync("delete", () => client.DeleteAsync(Address));
        Apply(outcome, 0);
        _mayBeAbsent |= outcome != AioOutcome.NotPerformed;
        _mayBeDeletedLate = outcome == AioOutcome.MayHaveHappened || (_mayBeDeletedLate && outcome is not null);
        if (outcome is null)
        {
            await Task.Delay(pause);
            Paused();
            var length = -1L;
            await TryAsync("stat of what was deleted", async () => length = (await client.StatAsync(Address)).Length);
            if (length >= 0)
            {
                _risen.Add($"{Address} was deleted, and is there again with {length} bytes");
            }
        }
    }

    private async Task<AioOutcome?> ChangeAsync(string what, AioClusterFile file, Func<Task> change)
    {
        var outcome = await TryAsync(
            what, async () =>
            {
                try
                {
                    await change();
                }
                catch (AioClusterFileException e) when (e.Failure is AioClusterFailure.NotFound or AioClusterFailure.Replaced)
                {
                    lock (_ends)
                    {
                        if (!_mayBeAbsent)
                        {
                            _lost.Add($"{what}: {e.Message}");
                        }

                        _isGone = true;
                    }

                    throw;
                }
            }, () => file.Identity);
        if (outcome is null)
        {
            (_mayBeAbsent, _mayBeDeletedLate) = (false, false);
        }

        return outcome;
    }

    private void Apply(AioOutcome? outcome, int blocks)
    {
        if (outcome == AioOutcome.NotPerformed)
        {
            return;
        }

        _ends = outcome is null ? [blocks * BlockBytes] : [.. _ends, blocks * BlockBytes];
        for (var block = blocks; block < Blocks; block++)
        {
            if (outcome is null)
            {
                _before[block] = _may[block].Count == 1 ? _may[block].First() : 0;
                _may[block].Clear();
            }

            _may[block].Add(0);
        }
    }

    private byte[] BytesOf(int block, ulong write)
    {
        var bytes = new byte[BlockBytes];
        for (var at = 0; write != 0 && at < BlockBytes; at += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), write | ((ulong)block << 32) | ((ulong)number << 48));
        }

        return bytes;
    }
}
