using System.Globalization;
using System.Text;
using AkkaAio.Cluster;
using AkkaAio.Cluster.Logs;

namespace AkkaAio.ClusterDriver;

/// <summary>A log, with one appender a client: one append after the other, each with bytes of its own.</summary>
internal sealed class LogHistory(string address, int number, int seed, int mostBytes, AioClusterExt[] clients) : FileHistory(address)
{
    private readonly List<Append>[] _appends = [.. clients.Select(_ => new List<Append>())];

    protected override Task RunAsync(DateTime until) =>
        Task.WhenAll(clients.Select((client, appender) => AppendAsync(client, appender, until)));

    public override async Task CheckAsync(AioClusterExt reader, Lie lie, Verdict verdict)
    {
        AioClusterFile log;
        byte[] bytes;
        try
        {
            log = await reader.OpenAsync(Address);
            bytes = await ReadAllAsync(log, (await reader.StatAsync(Address)).Length);
        }
        catch (AioClusterFileException e) when (IsDamage(e))
        {
            verdict.IsTorn(e.Message);
            return;
        }
        catch (AioClusterFileException e) when (e.Failure == AioClusterFailure.NotFound)
        {
            verdict.IsMissing(e.Message);
            return;
        }

        if (lie == Lie.Damage)
        {
            bytes[bytes.Length / 2] ^= 1;
        }

        var found = Parse(bytes, verdict);
        if (lie != Lie.Damage)
        {
            await ReadAsRecordsAsync(log, found.Count, verdict);
        }

        if (lie == Lie.Drop)
        {
            var last = _appends.SelectMany(all => all).Last(append => append.Outcome is null);
            found.RemoveAll(frame => frame.Next == last.End);
        }
        else if (lie == Lie.Double)
        {
            found.Add(found[0]);
        }

        Compare(found, verdict);
    }

    private static bool IsDamage(AioClusterFileException e) => e.Failure is AioClusterFailure.Io or AioClusterFailure.Damaged;

    private async Task ReadAsRecordsAsync(AioClusterFile log, int frames, Verdict verdict)
    {
        try
        {
            var records = await log.ReadLogAsync().CountAsync();
            if (records != frames)
            {
                verdict.IsStale($"{Address}: {frames} frames, and ReadLogAsync gives {records} records");
            }
        }
        catch (AioClusterFileException e) when (IsDamage(e))
        {
            verdict.IsTorn(e.Message);
        }
    }

    private async Task AppendAsync(AioClusterExt client, int appender, DateTime until)
    {
        var random = new Random(seed * 31 + number * 7 + appender);
        var log = await client.OpenAsync(
            Address, new AioClusterOpenOptions { Mode = FileMode.OpenOrCreate, Kind = AioClusterFileKind.Log });
        var appends = _appends[appender];
        while (DateTime.UtcNow < until)
        {
            var counter = appends.Count;
            var payload = PayloadOf(appender, counter);
            var end = 0L;
            var outcome = await TryAsync(
                $"append {appender}.{counter}", async () => end = await log.AppendAsync(payload), () => $"{log.Identity} {end}");
            appends.Add(new Append(outcome, end));
            await Task.Delay(random.Next(10));
        }
    }

    // Unique, and different in every byte from one append to the next.
    private byte[] PayloadOf(int appender, int counter)
    {
        var name = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number}.{appender}.{counter};"));
        var random = new Random(number * 1_000_003 + appender * 7919 + counter + seed);
        var payload = new byte[name.Length + random.Next(mostBytes)];
        random.NextBytes(payload);
        name.CopyTo(payload, 0);
        return payload;
    }

    private List<Frame> Parse(byte[] bytes, Verdict verdict)
    {
        var found = new List<Frame>();
        var epoch = 0UL;
        for (var at = 0; at < bytes.Length;)
        {
            var rest = bytes.AsSpan(at);
            if (!LogFrame.TryReadHeader(rest, out var frame) || rest.Length < LogFrame.SizeOf(frame.Length) ||
                !frame.IsIntact(rest[..LogFrame.SizeOf(frame.Length)], at))
            {
                verdict.IsTorn($"{Address}: at {at} of {bytes.Length} there is no whole frame");
                break;
            }

            if (frame.Epoch < epoch)
            {
                verdict.IsStale($"{Address}: at {at} epoch {frame.Epoch:x} comes behind {epoch:x}");
            }

            epoch = Math.Max(epoch, frame.Epoch);
            var payload = rest.Slice(LogFrame.HeaderBytes, frame.Length);
            at += LogFrame.SizeOf(frame.Length);
            var name = Encoding.ASCII.GetString(payload[..Math.Max(0, payload.IndexOf((byte)';'))]).Split('.');
            if (name is [_, var first, var second] && int.TryParse(first, out var appender) && int.TryParse(second, out var counter) &&
                appender < _appends.Length && payload.SequenceEqual(PayloadOf(appender, counter)))
            {
                found.Add(new Frame(appender, counter, at));
            }
            else
            {
                verdict.IsTorn($"{Address}: the frame that ends at {at} has bytes that nobody appended");
            }
        }

        return found;
    }

    private void Compare(List<Frame> found, Verdict verdict)
    {
        for (var appender = 0; appender < _appends.Length; appender++)
        {
            var there = new HashSet<int>();
            var last = -1;
            foreach (var frame in found.Where(frame => frame.Appender == appender))
            {
                var name = $"{Address}: {appender}.{frame.Counter}";
                var append = frame.Counter < _appends[appender].Count
                    ? _appends[appender][frame.Counter]
                    : new Append(AioOutcome.MayHaveHappened, 0);
                if (!there.Add(frame.Counter))
                {
                    verdict.IsDoubled($"{name} is there twice, again at {frame.Next}");
                    continue;
                }

                if (frame.Counter < last)
                {
                    verdict.IsStale($"{name} comes behind {last}");
                }

                if (append.Outcome == AioOutcome.NotPerformed)
                {
                    verdict.IsStale($"{name} is there, and was said not to be performed");
                }

                if (append.Outcome is null && append.End != frame.Next)
                {
                    verdict.IsStale($"{name} ends at {frame.Next}, and was acknowledged at {append.End}");
                }

                last = Math.Max(last, frame.Counter);
            }

            for (var counter = 0; counter < _appends[appender].Count; counter++)
            {
                if (_appends[appender][counter].Outcome is null && !there.Contains(counter))
                {
                    verdict.IsMissing($"{Address}: {appender}.{counter}, acknowledged at {_appends[appender][counter].End}");
                }
            }
        }
    }

    /// <param name="Outcome">Null: acknowledged.</param>
    /// <param name="End">As it was acknowledged.</param>
    private sealed record Append(AioOutcome? Outcome, long End);

    private sealed record Frame(int Appender, int Counter, long Next);
}
