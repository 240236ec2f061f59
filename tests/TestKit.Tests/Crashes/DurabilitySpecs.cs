using AkkaAio.Interop.Engines;

namespace AkkaAio.TestKit.Tests.Crashes;

/// <summary>What a power cut may leave of a file's bytes and of its length: a spec for each rule.</summary>
public sealed class DurabilitySpecs : CrashSpecsBase
{
    [Fact]
    public void A_write_that_no_flush_covers_is_there_or_not()
    {
        using var file = Open();
        Write(file, 0, "a");
        file.DataSync();
        Write(file, 0, "b");
        Assert.Equal(["a", "b"], Now());
    }

    [Fact]
    public void A_flush_makes_durable_what_was_written_before_it_and_nothing_else()
    {
        using var file = Open();
        Write(file, 0, "ab");
        file.DataSync();
        Assert.Equal(["ab"], Now());
        Write(file, 1, "c");
        Assert.Equal(["ab", "ac"], Now());
    }

    [Fact]
    public void A_flush_does_not_cover_a_write_that_completes_after_it_was_accepted()
    {
        using var file = Open();
        Write(file, 0, "a");
        file.DataSync();
        ((MemoryFile)file).Inode.Flush(() => Write(file, 0, "b"));
        Assert.Equal(["a", "b"], Now());
    }

    [Fact]
    public void A_flush_that_fails_makes_nothing_durable_and_neither_does_a_later_one()
    {
        using var file = Open();
        Write(file, 0, "ab");
        file.DataSync();
        Write(file, 0, "c");
        Disk.Engine.OnFileCall = (call, _) => call == "fdatasync" ? Errno.EIO : Errno.None;
        Assert.Throws<AioSystemException>(file.DataSync);
        Disk.Engine.OnFileCall = null;
        Assert.Equal(["ab", "cb"], Now());
        Write(file, 1, "d");
        file.DataSync();
        Assert.Equal(["ad", "cd"], Now());
        Write(file, 0, "c");
        file.DataSync();
        Assert.Equal(["cd"], Now());
    }

    [Fact]
    public void Dsync_makes_that_write_durable_alone()
    {
        using var file = Open();
        Write(file, 0, "aaa");
        file.DataSync();
        Write(file, 0, "b");
        Write(file, 2, "c", isDsync: true);
        Assert.Equal(["aac", "bac"], Now());
    }

    [Fact]
    public void A_durable_write_covers_what_was_written_there_before()
    {
        using var file = Open();
        Write(file, 0, "aa");
        file.DataSync();
        Write(file, 0, "bb");
        Write(file, 0, "c", isDsync: true);
        Assert.Equal(["ca", "cb"], Now());
    }

    [Fact]
    public void Writes_over_each_other_leave_any_of_them()
    {
        using var file = Open();
        Write(file, 0, "a");
        file.DataSync();
        Write(file, 0, "b");
        Write(file, 0, "c");
        Assert.Equal(["a", "b", "c"], Now());
    }

    [Fact]
    public void Writes_are_lost_and_torn_independently_of_their_order()
    {
        using var file = Open();
        Write(file, 0, "...".Replace('.', 'a'));
        file.DataSync();
        Write(file, 0, "bb");
        Write(file, 2, "c");
        Assert.Equal(["aaa", "aac", "aba", "abc", "baa", "bac", "bba", "bbc"], Now());
    }

    [Fact]
    public void A_disk_of_4096_byte_sectors_tears_at_4096_bytes()
    {
        var disk = new AioTestDisk { SectorSize = 4096 };
        disk.WriteAllBytes("log", new byte[8192]);
        using var file = disk.Engine.Open("log", new IoFileOptions(Access: FileAccess.ReadWrite));
        file.Write(Enumerable.Repeat((byte)1, 8192).ToArray(), 0, false);
        Assert.Equal(2 * 2, disk.EveryCrash().Last().Number + 1);
    }

    [Fact]
    public void A_write_in_flight_is_there_or_not_and_may_come_after_all_others()
    {
        using var file = Open();
        Write(file, 0, "a");
        file.DataSync();
        ((MemoryFile)file).Inode.Submit(Sectors("b"), 0);
        Write(file, 0, "c", isDsync: true);
        Assert.Equal(["b", "c"], Now());
    }

    [Theory]
    [InlineData(Errno.EIO, "a b")]
    [InlineData(Errno.ENOSPC, "a")]
    public void A_write_that_fails_with_EIO_may_be_there_and_with_ENOSPC_not(Errno error, string expected)
    {
        using var file = Open();
        Write(file, 0, "a");
        file.DataSync();
        var inode = ((MemoryFile)file).Inode;
        inode.History!.Failed(inode.Submit(Sectors("b"), 0)!, mayHaveHappened: error == Errno.EIO);
        file.DataSync();
        Assert.Equal(expected.Split(' '), Now());
    }

    [Fact]
    public void A_file_grows_in_the_order_of_its_writes_and_data_behind_its_end_is_gone()
    {
        using var file = Open();
        Write(file, 0, "a");
        Write(file, 1, "b");
        Assert.Equal(["", ".", "..", ".b", "a", "a.", "ab"], Now());
    }

    [Fact]
    public void A_flush_makes_the_length_durable_too()
    {
        using var file = Open();
        file.Allocate(0, 2 * Sector);
        Assert.Equal(["", ".."], Now());
        file.DataSync();
        Assert.Equal([".."], Now());
        file.SetLength(Sector);
        Assert.Equal([".", ".."], Now()); // zeros either way
        file.DataSync();
        Assert.Equal(["."], Now());
    }

    [Fact]
    public void Dsync_makes_the_length_durable_that_it_needs()
    {
        using var file = Open();
        file.Allocate(0, 2 * Sector);
        file.Allocate(0, 3 * Sector);
        Write(file, 1, "a", isDsync: true);
        Assert.Equal([".a", ".a."], Now());
    }

    [Fact]
    public void What_was_cut_off_reads_as_zeros_when_the_file_grows_again()
    {
        using var file = Open();
        Write(file, 0, "ab");
        file.DataSync();
        file.SetLength(Sector);
        file.SetLength(2 * Sector);
        Assert.Equal(["a", "a.", "ab"], Now());
    }

    [Fact]
    public void What_was_cut_off_stays_gone_whatever_was_not_decided_before_it()
    {
        using var file = Open();
        Write(file, 0, "abc");
        file.DataSync();
        Write(file, 0, "A"); // not durable until the end
        Write(file, 2, "d", isDsync: true);
        file.SetLength(Sector);
        Write(file, 1, "e", isDsync: true);
        Write(file, 1, "f", isDsync: true);
        Write(file, 2, "", isDsync: true);
        file.SetLength(3 * Sector);
        Assert.Contains("Af.", Now());
        Assert.DoesNotContain("Afd", Now());
        file.DataSync();
        Assert.Equal(["Af."], Now());
    }

    [Fact]
    public void A_file_that_keeps_its_length_may_have_zeros_up_to_the_end_of_the_block_that_was_cut()
    {
        using var file = Open();
        Write(file, 0, "abcdefghijkl");
        file.DataSync();
        file.SetLength(6 * Sector);
        Assert.Equal(
            ["abcdef", "abcdef..ijkl", "abcdef.hijkl", "abcdefg.ijkl", "abcdefghijkl"], Now());
    }

    [Fact]
    public void A_length_within_a_sector_cuts_it_there()
    {
        using var file = Open();
        Write(file, 0, "a");
        file.DataSync();
        file.SetLength(10);
        file.SetLength(20);
        Assert.Contains(Disk.EveryCrash(), image => image.Files.TryGetValue("log", out var log) &&
            log.ToArray().SequenceEqual(Enumerable.Range(0, 20).Select(at => at < 10 ? (byte)'a' : (byte)0)));
    }

    [Fact]
    public void A_hole_is_there_or_not()
    {
        using var file = Open();
        Write(file, 0, "ab");
        file.DataSync();
        file.PunchHole(0, Sector);
        Assert.Equal([".b", "ab"], Now());
        file.DataSync();
        Assert.Equal([".b"], Now());
    }

    [Fact]
    public void A_write_within_a_sector_takes_what_is_around_it_along()
    {
        using var file = Open();
        file.Write("first"u8, 0, false);
        file.Write("second"u8, 5, true);
        Disk.Acknowledge("both");
        var image = Assert.Single(Disk.EveryCrashAfter("both"));
        Assert.Equal("firstsecond"u8, image.Files["log"].Read(0, 100));
    }
}
