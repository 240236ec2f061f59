using System.Globalization;
using Akka.Configuration;

namespace AkkaAio.Demo.Benching;

/// <summary>The layers of the configuration that <c>bench</c> brings, and what the result says of it.</summary>
internal static class BenchConfig
{
    private const long MostInFlight = 65536;

    /// <summary>What options say: over the file of <c>--config</c>.</summary>
    public static Config Overrides(BenchOptions options) => ConfigurationFactory.ParseString(string.Join('\n',
        options.Ioengine is { } engine ? $"{AioSettings.Path}.engine = {engine}" : "",
        options.ReapWait is { } wait ? $"{AioSettings.Path}.reap.wait = {wait}" : "",
        options.ReapPoll is { } poll
            ? string.Create(CultureInfo.InvariantCulture, $"{AioSettings.Path}.reap.poll = {poll.TotalMilliseconds} ms")
            : "",
        options.Shards is { } shards ? string.Create(CultureInfo.InvariantCulture, $"{AioSettings.Path}.shards = {shards}") : ""));

    /// <summary>
    /// What the load wants where the file says nothing: a context that takes all of it, memory for it, and a file that is spread over
    /// all shards.
    /// </summary>
    public static Config Defaults(BenchOptions options) => ConfigurationFactory.ParseString(string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        {{AioSettings.Path}} {
          shard-by = stripe
          depth = {{Math.Min(options.Outstanding, MostInFlight)}}
          buffer-pool.budget = {{Math.Max(256L << 20, 2L * options.Outstanding * options.Bs)}}
        }
        """)).WithFallback(RequesterDispatchers.Config);

    /// <summary>For the result: what was asked for, what came of it, and the machine.</summary>
    public static IReadOnlyDictionary<string, object?> Describe(BenchOptions options, AioExt aio, long size, bool direct) =>
        new Dictionary<string, object?>
        {
            ["filename"] = options.Filename,
            ["size"] = size,
            ["rw"] = NameOf(options.Rw),
            ["bs"] = options.Bs,
            ["iodepth"] = options.Iodepth,
            ["iodepth_batch_submit"] = options.IodepthBatchSubmit,
            ["numjobs"] = options.Numjobs,
            ["ioengine"] = aio.EngineName,
            ["shards"] = aio.Settings.Shards,
            ["runtime"] = options.Runtime.TotalSeconds,
            ["ramp_time"] = options.RampTime.TotalSeconds,
            ["fsync"] = options.Fsync,
            ["api"] = NameOf(options.Api),
            ["dispatcher"] = options.Api == BenchApi.Messages || options.Dispatcher == RequesterDispatchers.Shard
                ? options.Dispatcher
                : null,
            ["metrics"] = options.Metrics,
            ["direct"] = direct,
            ["shard_by"] = NameOf(aio.Settings.ShardBy),
            ["depth"] = aio.Depth,
            ["submit_batch_size"] = aio.Settings.SubmitBatchSize,
            ["reap_min_nr"] = aio.Settings.Reap.MinNr,
            ["reap_wait"] = NameOf(aio.Settings.Reap.Wait),
            ["reap_poll_ms"] = aio.Settings.Reap.Poll.TotalMilliseconds,
            ["reap_nr"] = aio.Settings.Reap.Nr,
            ["cpus"] = Environment.ProcessorCount,
            ["kernel"] = Environment.OSVersion.Version.ToString(),
            ["runtime_version"] = Environment.Version.ToString(),
        };

    /// <summary>The table's title.</summary>
    public static string Title(BenchOptions options, AioExt aio) => string.Create(
        CultureInfo.InvariantCulture,
        $"{NameOf(options.Rw)} {SizeName(options.Bs)}, iodepth {options.Iodepth} x {options.Numjobs}, {aio.EngineName}, " +
        $"{aio.Settings.Shards} shard{(aio.Settings.Shards == 1 ? "" : "s")}, {NameOf(options.Api)}");

    public static string NameOf<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string SizeName(int bytes) =>
        bytes % (1 << 20) == 0 ? $"{bytes >> 20} MiB" : bytes % 1024 == 0 ? $"{bytes >> 10} KiB" : $"{bytes} B";
}
