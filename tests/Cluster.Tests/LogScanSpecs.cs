using AkkaAio.Cluster.Logs;
using CsCheck;

namespace AkkaAio.Cluster.Tests;

/// <summary>Where a log ends, whatever a crash or damage left of it, against what was written to it.</summary>
public sealed class LogScanSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private const ulong Epoch = 5;

    private static readonly Gen<byte[]> Payload = Gen.Frequency(
        (8, Gen.Byte.Array[0, 300]), (1, Gen.Byte.Array[60_000, LogFrame.MostPayload]));

    [Fact]
    public Task The_end_of_a_log_is_that_of_its_last_whole_frame() =>
        Gen.Select(Payload.Array[0, 30], Gen.Byte.Array[0, 200]).SampleAsync(async (payloads, tail) =>
        {
            var (bytes, ends) = LogOf(payloads, durableLag: 1);
            var cut = tail.Length == 0 ? 0 : Math.Min(bytes.Length, tail[0] * 997);
            bytes = [.. bytes[..^cut], .. tail]; // torn, and something behind it that was there before
            var end = ends.LastOrDefault(end => end <= bytes.Length - tail.Length);
            Assert.Equal(new LogEnd(end, null), await ScanAsync(bytes));
        }, iter: 100);

    [Fact]
    public Task A_hole_is_damage_if_a_whole_frame_behind_it_was_begun_when_it_was_durable_and_else_a_torn_tail() =>
        Gen.Select(Payload.Array[2, 30], Gen.Int[0, 1 << 20], Gen.Int[0, 5], Gen.Bool).SampleAsync(async (payloads, place, lag, zeros) =>
        {
            var (bytes, ends) = LogOf(payloads, lag);
            var hole = place % payloads.Length;
            var start = hole == 0 ? 0 : ends[hole - 1];
            if (zeros)
            {
                bytes.AsSpan((int)start, (int)(ends[hole] - start)).Clear();
            }
            else
            {
                bytes[start + place % (ends[hole] - start)] ^= 0x10;
            }

            // The first frame that was begun when the one of the hole was durable.
            var whole = hole + lag + 1;
            Assert.Equal(new LogEnd(start, whole < payloads.Length ? ends[whole - 1] : null), await ScanAsync(bytes));
        }, iter: 100);

    [Fact]
    public async Task A_log_in_the_payload_of_a_torn_frame_is_no_frame_of_this_log()
    {
        var (inner, _) = LogOf([[1], [2], [3]], durableLag: 0);
        var (outer, ends) = LogOf([[9], inner, [8]], durableLag: 0);
        var torn = outer[..(int)(ends[1] - 1)];
        Assert.Equal(new LogEnd(ends[0], null), await ScanAsync(torn));
    }

    [Fact]
    public void Any_bytes_are_a_frame_or_none_and_never_an_error() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Bool, Gen.Int, Gen.Long).Sample((bytes, begins, length, offset) =>
        {
            if (begins && bytes.Length >= 8)
            {
                BitConverter.TryWriteBytes(bytes, LogFrame.Magic);
                BitConverter.TryWriteBytes(bytes.AsSpan(4), length % 300);
            }

            return !LogFrame.TryReadHeader(bytes, out var frame) ||
                   frame.Length is < 0 or > LogFrame.MostPayload || bytes.Length < LogFrame.SizeOf(frame.Length) ||
                   !frame.IsIntact(bytes.AsSpan(0, LogFrame.SizeOf(frame.Length)), offset);
        }, iter: 50_000);

    [Fact]
    public void A_frame_is_read_as_it_was_written_and_is_not_intact_with_any_bit_changed_or_elsewhere() =>
        Gen.Select(
            Gen.Byte.Array[0, 200], Gen.ULong, Gen.Guid, Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue], Gen.Int[0, 1 << 20])
            .Sample((payload, epoch, writer, offset, durable, bit) =>
            {
                var bytes = new byte[LogFrame.SizeOf(payload.Length)];
                LogFrame.Write(bytes, offset, epoch, writer, durable, payload);
                Assert.True(LogFrame.TryReadHeader(bytes, out var frame) && frame.IsIntact(bytes, offset));
                Assert.Equal((payload.Length, epoch, writer, durable), (frame.Length, frame.Epoch, frame.Writer, frame.DurableEnd));
                Assert.Equal(payload, bytes[LogFrame.HeaderBytes..]);
                Assert.False(frame.IsIntact(bytes, offset ^ 1));
                bit %= bytes.Length * 8;
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(
                    LogFrame.TryReadHeader(bytes, out frame) && frame.Length <= payload.Length &&
                    frame.IsIntact(bytes.AsSpan(0, LogFrame.SizeOf(frame.Length)), offset));
            });

    // Each frame was begun when all but some of those before it were durable.
    private static (byte[] Bytes, long[] Ends) LogOf(byte[][] payloads, int durableLag)
    {
        var bytes = new byte[payloads.Sum(payload => LogFrame.SizeOf(payload.Length))];
        var ends = new List<long>();
        foreach (var payload in payloads)
        {
            var offset = ends.LastOrDefault();
            var durable = ends.Count > durableLag ? ends[ends.Count - 1 - durableLag] : 0;
            LogFrame.Write(bytes.AsSpan((int)offset), offset, Epoch, Guid.NewGuid(), durable, payload);
            ends.Add(offset + LogFrame.SizeOf(payload.Length));
        }

        return (bytes, [.. ends]);
    }

    private async Task<LogEnd> ScanAsync(byte[] bytes)
    {
        var path = Path.Combine(cluster.FolderOf(8), Guid.NewGuid().ToString("N"));
        await File.WriteAllBytesAsync(path, bytes);
        try
        {
            await using var file = await cluster.Node(0).Aio.OpenAsync(
                path, new AioOpenOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Direct = DirectIo.Off });
            return await LogScan.FindEndAsync(file, Epoch);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
