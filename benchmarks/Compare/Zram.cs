using System.Globalization;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>A block device in RAM, made for the comparison and removed after it; for root.</summary>
internal sealed class Zram : IDisposable
{
    private const string Control = "/sys/class/zram-control";

    private readonly string _id;

    private Zram(string id) => _id = id;

    public string Device => $"/dev/zram{_id}";

    /// <summary>
    /// Makes one of <paramref name="size"/> bytes, of which every byte is written: what never was is read without the device.
    /// </summary>
    /// <exception cref="ChildFailedException">It cannot be made here; says why.</exception>
    public static Zram Create(long size)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new ChildFailedException("a zram device needs root");
        }

        if (!Directory.Exists(Control))
        {
            throw new ChildFailedException("this kernel has no zram loaded: modprobe zram");
        }

        try
        {
            var zram = new Zram(File.ReadAllText($"{Control}/hot_add").Trim());
            try
            {
                File.WriteAllText($"/sys/block/zram{zram._id}/disksize", size.ToString(CultureInfo.InvariantCulture));
                zram.Fill(size);
                return zram;
            }
            catch
            {
                zram.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ChildFailedException($"zram: {e.Message}");
        }
    }

    public void Dispose()
    {
        // A killed contender may hold it for a moment still, and udev looks at every device that was written to.
        for (var attempts = 50; ; attempts--)
        {
            try
            {
                File.WriteAllText($"/sys/block/zram{_id}/reset", "1");
                File.WriteAllText($"{Control}/hot_remove", _id);
                return;
            }
            catch (IOException) when (attempts > 0)
            {
                Thread.Sleep(100);
            }
        }
    }

    // Random bytes, or it would be the decompressor that is measured.
    private void Fill(long size)
    {
        var block = new byte[1 << 20];
        using var device = new FileStream(Device, FileMode.Open, FileAccess.Write);
        for (var written = 0L; written < size; written += block.Length)
        {
            Random.Shared.NextBytes(block);
            device.Write(block, 0, (int)Math.Min(block.Length, size - written));
        }

        device.Flush(flushToDisk: true);
    }
}
