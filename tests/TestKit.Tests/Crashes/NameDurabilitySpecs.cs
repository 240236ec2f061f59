using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Folders;

namespace AkkaAio.TestKit.Tests.Crashes;

/// <summary>What a power cut may leave of the names of files.</summary>
public sealed class NameDurabilitySpecs : CrashSpecsBase
{
    private IFileNames Names => ((IIoEngine)Disk.Engine).Names;

    [Fact]
    public void A_new_file_is_there_for_certain_when_its_folder_has_been_synced()
    {
        using var file = Open(isSynced: false);
        Write(file, 0, "a");
        file.DataSync();
        Assert.Equal(["-", "a"], Now());
        SyncFolder();
        Assert.Equal(["a"], Now());
    }

    [Fact]
    public void Names_come_and_go_in_their_order()
    {
        using var first = Open("first", isSynced: false);
        using var second = Open("second", isSynced: false);
        Disk.Acknowledge("both");
        Assert.Equal(
            ["", "first", "first second"],
            Disk.EveryCrashAfter("both").Select(
                image => string.Join(' ', image.Files.Keys.Select(Path.GetFileName).Order(StringComparer.Ordinal))));
    }

    [Fact]
    public void A_rename_whose_sync_fails_happens_whole_or_not_at_all()
    {
        using var old = Open("new");
        Write(old, 0, "a", isDsync: true);
        using var fresh = Open("temporary");
        Write(fresh, 0, "b", isDsync: true);
        Disk.Engine.OnFileCall = (call, _) => call == "fsync" ? Errno.EIO : Errno.None;
        Assert.Throws<AioSystemException>(() => Names.Rename("temporary", "new", replace: true, null));
        Assert.Equal(["a", "b"], Now("new"));
        Assert.Equal(["-", "b"], Now("temporary"));
        Disk.Acknowledge("now");
        Assert.All(Disk.EveryCrashAfter("now"), image => Assert.True(
            Text(image.Files["new"]) == "a" == image.Files.ContainsKey("temporary")));
    }

    [Fact]
    public void A_rename_and_a_deletion_are_durable_when_they_are_answered()
    {
        using var file = Open("temporary");
        Names.Rename("temporary", "new", replace: false, null);
        Assert.Equal(["-"], Now("temporary"));
        Assert.Equal([""], Now("new"));
        Names.Delete("new", null);
        Assert.Equal(["-"], Now("new"));
    }

    [Fact]
    public void A_file_without_a_name_is_gone_and_one_whose_deletion_is_not_durable_has_its_bytes()
    {
        using var file = Open();
        Write(file, 0, "a", isDsync: true);
        Disk.Engine.OnFileCall = (call, _) => call == "fsync" ? Errno.EIO : Errno.None;
        Assert.Throws<AioSystemException>(() => Names.Delete("log", null));
        Assert.Equal(["-", "a"], Now());
    }

    [Fact]
    public void The_sync_of_one_folder_says_nothing_about_another()
    {
        using var here = Open("here/log", isSynced: false);
        using var there = Open("there/log", isSynced: false);
        Names.SyncFolder("there", null);
        Assert.Equal(["", "-"], Now("here/log"));
        Assert.Equal([""], Now("there/log"));
    }

    [Fact]
    public void A_rename_to_another_folder_is_durable_when_both_have_been_synced()
    {
        using var file = Open("/here/log", isSynced: false);
        Names.SyncFolder("/here", null);
        Disk.Engine.OnFileCall = (call, path) => call == "fsync" && path == "/here/log" ? Errno.EIO : Errno.None;
        Assert.Throws<AioSystemException>(() => Names.Rename("/here/log", "/there/log", replace: false, null));
        Assert.Equal(["", "-"], Now("/there/log"));
        Disk.Engine.OnFileCall = null;
        Names.SyncFolder("/here", null);
        Assert.Equal([""], Now("/there/log"));
    }
}
