using AkkaAio.Interop.Engines;

namespace AkkaAio.TestKit.Tests.Crashes;

/// <summary>A disk whose files are written by their own calls, one at a time, without an actor system.</summary>
public abstract class CrashSpecsBase
{
    protected const int Sector = 512;

    protected AioTestDisk Disk { get; init; } = new();

    /// <summary>Sectors of one letter each: "ab" is 1024 bytes.</summary>
    protected static byte[] Sectors(string letters) => [.. letters.SelectMany(letter => Enumerable.Repeat((byte)letter, Sector))];

    /// <summary>The first letter of each sector, with a dot for a zero; the rest of a sector must be alike.</summary>
    protected static string Text(CrashFile file)
    {
        var text = "";
        for (var at = 0L; at < file.Length; at += Sector)
        {
            var bytes = file.Read(at, Sector);
            Assert.False(bytes.ContainsAnyExcept(bytes[0]), "a sector is torn");
            text += bytes[0] == 0 ? '.' : (char)bytes[0];
        }

        return text;
    }

    internal IIoFile Open(string path = "log", bool isSynced = true)
    {
        var file = Disk.Engine.Open(path, new IoFileOptions(FileMode.OpenOrCreate, FileAccess.ReadWrite, DirectIo.Off));
        if (isSynced)
        {
            SyncFolder();
        }

        return file;
    }

    protected void SyncFolder() => ((IIoEngine)Disk.Engine).Names.SyncFolder(".", null);

    internal static void Write(IIoFile file, int sector, string letters, bool isDsync = false) =>
        file.Write(Sectors(letters), sector * (long)Sector, isDsync);

    /// <summary>The images that a cut now may leave, as the text of a file; a dash where there is none.</summary>
    protected string[] Now(string path = "log")
    {
        var now = new object();
        Disk.Acknowledge(now);
        var images = Disk.EveryCrashAfter(now, new CrashOptions { MaxImagesPerCut = 1 << 20 });
        Assert.True(images.IsExhaustive);
        var texts = images.Select(image => image.Files.TryGetValue(path, out var file) ? Text(file) : "-");
        return [.. texts.Distinct().Order(StringComparer.Ordinal)];
    }
}
