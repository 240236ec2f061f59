using AkkaAio.Demo.Files;

namespace AkkaAio.Demo.Tests.Files;

public sealed class PageCacheSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_written_file_has_its_first_hole_at_its_end()
    {
        File.WriteAllBytes(_folder["file"], Pattern(10_000));

        PageCache.Drop(_folder["file"]);

        Assert.Equal(10_000, PageCache.FirstHole(_folder["file"]));
        Assert.Equal(Pattern(10_000), File.ReadAllBytes(_folder["file"]));
    }

    [Fact]
    public void A_hole_is_found_where_it_begins()
    {
        using (var file = File.Create(_folder["file"]))
        {
            file.Write(Pattern(1 << 16));
            file.SetLength(1 << 20);
        }

        Assert.Equal(1 << 16, PageCache.FirstHole(_folder["file"]));
    }

    [Fact]
    public void An_empty_file_is_a_hole_from_the_start()
    {
        File.Create(_folder["file"]).Dispose();

        Assert.Equal(0, PageCache.FirstHole(_folder["file"]));
    }

    [Fact]
    public void A_file_that_is_not_there_is_not_found()
    {
        Assert.Throws<FileNotFoundException>(() => PageCache.Drop(_folder["none"]));
        Assert.Throws<FileNotFoundException>(() => PageCache.FirstHole(_folder["none"]));
    }

    private static byte[] Pattern(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
