using Akka.Actor;
using Akka.Actor.Setup;

namespace AkkaAio.TestKit.Tests.Crashes;

/// <summary>Which images there are, how one is found again, and how a judge is tried and used.</summary>
public sealed class CrashSearchSpecs : CrashSpecsBase
{
    // Each record is a sector, acknowledged when it is written, durable or not.
    private void Append(int records, bool isDsync)
    {
        using var file = Open();
        for (var record = 0; record < records; record++)
        {
            Write(file, record, ((char)('a' + record)).ToString(), isDsync);
            Disk.Acknowledge(record);
        }
    }

    private static void AllAreThere(CrashImage image) => Assert.All(
        image.Acknowledged.Cast<int>(), record => Assert.Equal('a' + record, image.Files["log"].Read(record * Sector, 1)[0]));

    [Fact]
    public void A_log_that_flushes_loses_nothing_and_all_images_are_judged()
    {
        Append(10, isDsync: true);
        var figures = Disk.VerifyCrashes(AllAreThere);
        Assert.True(figures.IsExhaustive);
        Assert.Equal(Disk.EveryCrash().Count, figures.Images);
        Assert.Equal(Disk.EveryCrash().CutPoints, figures.CutPoints);
        Assert.InRange(figures.Images, 20, 100);
    }

    [Fact]
    public void A_log_that_does_not_flush_loses_records_and_the_failure_says_where_and_how_to_see_it_again()
    {
        Append(10, isDsync: false);
        var failure = Assert.Throws<CrashException>(() => Disk.VerifyCrashes(AllAreThere, new CrashOptions { Seed = 7 }));
        Assert.Single(failure.Image.Acknowledged); // the first cut at which something can be missing
        Assert.Equal(0, failure.Image.Number);
        Assert.Contains(failure.Image.Repeat, failure.Message, StringComparison.Ordinal);
        Assert.Equal(
            $"disk.EveryCrash(new CrashOptions {{ Seed = 7, MaxImagesPerCut = 1024 }})[{failure.Image.Cut}, 0]", failure.Image.Repeat);
        var again = Disk.EveryCrash(new CrashOptions { Seed = 7, MaxImagesPerCut = 1024 })[failure.Image.Cut, 0];
        Assert.Equal(failure.Image.ToString(), again.ToString());
        Assert.Throws<Xunit.Sdk.AllException>(() => AllAreThere(again));
    }

    [Fact]
    public void A_judge_that_always_says_yes_is_refused()
    {
        Append(3, isDsync: true);
        var refused = Assert.Throws<AioTestException>(() => Disk.VerifyCrashes(_ => { }));
        Assert.Contains("all files are zeros", refused.Message, StringComparison.Ordinal);
        Assert.True(Disk.VerifyCrashes(_ => { }, new CrashOptions { TriesJudge = false }).Images > 0);
    }

    [Fact]
    public void A_judge_that_looks_at_names_alone_is_enough_where_there_is_nothing_else()
    {
        using var file = Open();
        Disk.Acknowledge("log");
        Assert.Throws<AioTestException>(() => Disk.VerifyCrashes(_ => { }));
        Disk.VerifyCrashes(image => Assert.All(image.Acknowledged.Cast<string>(), path => Assert.True(image.Files.ContainsKey(path))));
    }

    [Fact]
    public void Without_an_acknowledgement_there_is_nothing_to_lose_and_the_search_says_so()
    {
        using var file = Open();
        Assert.Contains("nothing was acknowledged", Assert.Throws<AioTestException>(() => Disk.VerifyCrashes(_ => { })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Images_begin_behind_an_acknowledgement_and_know_those_before_them()
    {
        Append(5, isDsync: true);
        var images = Disk.EveryCrashAfter(2).ToList();
        Assert.All(images, image => Assert.True(image.Acknowledged.Count >= 3));
        Assert.Equal([0, 1, 2, 3, 4], images[^1].Acknowledged.Cast<int>());
        Assert.Contains(images, image => image.Acknowledged.Count == 4);
        var unknown = Assert.Throws<AioTestException>(() => Disk.EveryCrashAfter(5));
        Assert.Contains("5 was not acknowledged", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_too_many_images_some_are_drawn_and_it_is_said()
    {
        using var file = Open();
        Write(file, 0, "abcdefghijkl");
        file.DataSync();
        Write(file, 0, "ABCDEFGHIJKL");
        Disk.Acknowledge("written");
        CrashImages Drawn(int seed) => Disk.EveryCrashAfter("written", new CrashOptions { MaxImagesPerCut = 100, Seed = seed });
        string[] Texts(int seed) => [.. Drawn(seed).Select(image => Text(image.Files["log"]))];
        Assert.False(Drawn(1).IsExhaustive);
        Assert.Equal(100, Drawn(1).Count);
        Assert.Equal(["abcdefghijkl", "ABCDEFGHIJKL"], Texts(1)[..2]);
        Assert.Equal(Texts(1), Texts(1));
        Assert.NotEqual(Texts(1), Texts(2));
        Assert.Equal(Texts(1)[57], Text(Drawn(1)[0, 57].Files["log"]));
        Assert.InRange(Texts(1).Distinct().Count(), 45, 100);
        var figures = Drawn(1).Verify(image => Assert.Equal('a', Text(image.Files["log"]).ToLowerInvariant()[0]));
        Assert.Equal((100, 1, 1, false), (figures.Images, figures.CutPoints, figures.SampledCutPoints, figures.IsExhaustive));
        Assert.True(Disk.EveryCrashAfter("written", new CrashOptions { MaxImagesPerCut = 1 << 12 }).IsExhaustive);
    }

    [Fact]
    public void The_models_of_a_cut()
    {
        using var file = Open();
        Write(file, 0, "abcd");
        file.DataSync();
        Write(file, 0, "AB");
        Write(file, 2, "CD");
        string[] Left(CrashModel model) => [.. Enumerable.Range(0, 400)
            .Select(seed => Disk.PowerCut(model, seed).ReadAllBytes("log"))
            .Select(bytes => $"{(char)bytes[0]}{(char)bytes[512]}{(char)bytes[1024]}{(char)bytes[1536]}")
            .Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(["abcd"], Left(CrashModel.DropUnsynced));
        Assert.Equal(["ABCD", "ABcd", "abcd"], Left(CrashModel.Prefix));
        Assert.Equal(["ABCD", "ABcd", "abCD", "abcd"], Left(CrashModel.Reorder));
        Assert.Equal(16, Left(CrashModel.Torn).Length);
        Assert.Equal(16, Left(CrashModel.Any).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => Disk.PowerCut(0));
    }

    [Fact]
    public async Task Actors_write_and_others_find_what_a_cut_has_left()
    {
        var torn = new HashSet<string>();
        using (var system = ActorSystem.Create("before", ActorSystemSetup.Create(Disk.Setup)))
        {
            var options = new AioOpenOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite };
            var file = await AioExt.Get(system).OpenAsync("log", options);
            await AioExt.Get(system).SyncFolderAsync(".");
            await file.WriteAsync(Sectors("ab"), 0, AioDurability.Dsync);
            Disk.Acknowledge("ab");
            using var held = Disk.Writes().Hold();
            _ = file.WriteAsync(Sectors("AB"), 0).AsTask();
            await held.WhenHit(1);
            Disk.Acknowledge("in flight");
            foreach (var image in Disk.EveryCrashAfter("in flight"))
            {
                using var after = ActorSystem.Create("after", ActorSystemSetup.Create(image.ToDisk().Setup));
                await using var found = await AioExt.Get(after).OpenAsync("log");
                using var bytes = await found.RentReadAsync(0, 1024);
                torn.Add($"{(char)bytes.GetSpan()[0]}{(char)bytes.GetSpan()[512]}");
                await after.Terminate();
            }

            held.Release();
            await system.Terminate();
        }

        Assert.Equal(["AB", "Ab", "aB", "ab"], torn.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_failure_says_what_is_missing_of_each_write()
    {
        using var file = Open();
        Write(file, 0, "abcd");
        file.DataSync();
        Write(file, 0, "AB");
        Disk.Acknowledge("AB");
        var text = Disk.EveryCrashAfter("AB")[0, 1].ToString();
        Assert.Contains("log of 2048 bytes, of its write of 1024 bytes at 0 1 of 2 sectors are there", text, StringComparison.Ordinal);
        Assert.Contains("after 1 acknowledgements, the last is AB", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_failure_is_found_however_many_judge_at_a_time()
    {
        Append(20, isDsync: false);
        var failures = new HashSet<string>();
        foreach (var parallelism in new[] { 1, 2, 8 })
        {
            var images = Disk.EveryCrash(new CrashOptions { Parallelism = parallelism });
            var failure = await Assert.ThrowsAsync<CrashException>(() => images.VerifyAsync(async image =>
            {
                await Task.Yield();
                AllAreThere(image);
            }));
            failures.Add(failure.Image.ToString());
        }

        Assert.Single(failures);
    }
}
