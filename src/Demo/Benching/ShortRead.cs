using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Demo.Benching;

/// <summary>A read that came back with less: the file was cut while it was measured.</summary>
internal static class ShortRead
{
    public static DemoException Of(AioFile file, long offset, int count, int length) =>
        new($"{file.Path}: only {count} of {length} bytes at offset {offset}; something else cut the file");
}
