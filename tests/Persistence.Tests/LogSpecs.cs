using Akka.Actor;
using Akka.Configuration;
using AkkaAio.Persistence.Store;
using Xunit;

namespace AkkaAio.Persistence.Tests;

public sealed class LogSpecs : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("akka-aio-log.").FullName;

    private const string Store = "akka.persistence.aio-store";
    private static readonly AioLogSettings Small = new() { SegmentSize = 1 << 20, BufferSize = 64 << 10, MaxAppend = 4 << 20 };

    [Fact]
    public async Task What_is_appended_is_read_also_after_a_restart_over_several_segments()
    {
        var expected = new List<(long, string)>();
        for (var life = 0; life < 3; life++)
        {
            using var system = ActorSystem.Create("log", "akka.loglevel = WARNING");
            await using (var log = await AioLog.OpenAsync(system, _folder, Small))
            {
                Assert.Equal(expected, await ReadAllAsync(log));
                var appends =
                    Enumerable.Range(0, 3000).Select(i => (Text: $"{life} {i} {new string('x', i % 500)}", Position: 0L)).ToArray();
                await Parallel.ForEachAsync(
                    Enumerable.Range(0, appends.Length), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, stop) =>
                    appends[i].Position = await log.AppendAsync(System.Text.Encoding.UTF8.GetBytes(appends[i].Text), stop));
                expected.AddRange(appends.OrderBy(append => append.Position).Select(append => (append.Position, append.Text)));
                Assert.Equal(expected, await ReadAllAsync(log));
                Assert.Equal(Enumerable.Range(1, expected.Count).Select(i => (long)i), expected.Select(record => record.Item1));
            }

            await system.Terminate();
        }

        Assert.True(Directory.GetFiles(_folder, "0*.seg").Length > 3);
    }

    [Fact]
    public async Task Impossible_settings_are_refused_by_their_name_and_the_defaults_are_those_of_the_configuration()
    {
        using var system = ActorSystem.Create("log", "akka.loglevel = WARNING");
        AioLogSettings[] impossible =
        [
            new() { SegmentSize = 1000 }, new() { BufferSize = 0 }, new() { Pipeline = 17 }, new() { ZeroRate = -1 },
            new() { MaxAppend = -1 },
            new() { Durability = (AioDurability)7 },
        ];
        var names = new List<string?>();
        foreach (var settings in impossible)
        {
            var refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => AioLog.OpenAsync(system, _folder, settings));
            names.Add(refused.ParamName);
        }

        Assert.Equal(["SegmentSize", "BufferSize", "Pipeline", "ZeroRate", "MaxAppend", "Durability"], names);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
        var config = AioPersistence.DefaultConfig;
        Assert.Equal(
            new AioLogSettings(),
            new AioStoreSettings(ConfigurationFactory.ParseString("akka.persistence.aio-store.dir = x").WithFallback(config), Store).Log);
        await system.Terminate();
    }

    [Theory]
    [InlineData(4_000_000, 64 << 10)]
    [InlineData(4 << 20, 100_000)]
    public async Task Sizes_that_are_no_multiple_of_a_block_are_rounded_up(long segment, int buffer)
    {
        using var system = ActorSystem.Create("log", "akka.loglevel = WARNING");
        await using (var log = await AioLog.OpenAsync(system, _folder, Small with { SegmentSize = segment, BufferSize = buffer }))
        {
            await Task.WhenAll(Enumerable.Range(0, 5000).Select(_ => log.AppendAsync(new byte[1000])));
            Assert.Equal(5000, (await ReadAllAsync(log)).Count);
        }

        await system.Terminate();
    }

    private static async Task<List<(long, string)>> ReadAllAsync(AioLog log)
    {
        var all = new List<(long, string)>();
        await foreach (var record in log.ReadAsync())
        {
            all.Add((record.Position, System.Text.Encoding.UTF8.GetString(record.Data.Span)));
        }

        return all;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
