using System.Runtime.CompilerServices;
using System.Text;
using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

/// <summary>The samples of docs/streams.md, run.</summary>
public sealed class PageSpecs(ITestOutputHelper output) : StreamSpecs(EngineKind.LinuxAio, output)
{
    [SkippableFact]
    public async Task The_first_sample_copies_a_file()
    {
        var (path, copy) = (PathOf(Pattern(200_001)), NewPath());
        Assert.Equal(200_001, await CopyAsync(Materializer, path, copy));
        Assert.Equal(Pattern(200_001), OnDisk(copy));
        await NothingIsLeft();

        static async Task<long> CopyAsync(IMaterializer materializer, string path, string copy)
        {
            // sample: copy
            var result = await AioSource.FromFile(path).RunWith(AioSink.ToFile(copy), materializer);
            return result.Count; // all of them written and on stable storage; otherwise the task has failed
            // end
        }
    }

    [SkippableFact]
    public async Task The_control_of_a_sink_says_what_is_durable()
    {
        var path = NewPath();
        await RunAsync(Materializer, path);
        Assert.Equal("Hello, disk"u8, OnDisk(path));

        static async Task RunAsync(IMaterializer materializer, string path)
        {
            // sample: control
            var (queue, sink) = Source.Queue<ReadOnlyMemory<byte>>(16, OverflowStrategy.Backpressure)
                .ToMaterialized(AioSink.ToFileWithControl(path), Keep.Both)
                .Run(materializer);
            await queue.OfferAsync("Hello, disk"u8.ToArray());
            var durable = await sink.FlushAsync(); // bytes of the stream that a power cut does not take away any more
            queue.Complete();
            var result = await sink.Completion;
            // end
            Assert.InRange(durable, 0, result.Count);
        }
    }

    [SkippableFact]
    public async Task Random_access_passes_along_what_belongs_to_it()
    {
        await using (var file = await FileOf(Pattern(10_000)))
        {
            var sums = await RunAsync(Materializer, file, [("a", 0, 100), ("b", 5000, 5000)]);
            Assert.Equal(["a", "b"], sums.Keys.Order());
            Assert.Equal(Pattern(10_000)[5000..].Sum(b => (long)b), sums["b"]);
        }

        await NothingIsLeft();

        static async Task<Dictionary<string, long>> RunAsync(
            IMaterializer materializer, AioFile file, (string Key, long Offset, int Length)[] index)
        {
            // sample: random access
            var sums = new Dictionary<string, long>();
            await Source.From(index)
                .Select(entry => (new AioRange(entry.Offset, entry.Length), entry.Key))
                .Via(AioFlow.ReadAtUnordered<string>(file, parallelism: 32))
                .RunForeach(
                    read =>
                    {
                        using var data = read.Data; // ours: back to the pool
                        var sum = 0L;
                        foreach (var value in data.GetSpan())
                        {
                            sum += value;
                        }

                        sums[read.Pass] = sum;
                    },
                    materializer);
            // end
            return sums;
        }
    }

    [SkippableFact]
    public async Task A_log_is_followed_by_lines()
    {
        var path = PathOf("1\n2\n"u8.ToArray());
        var seen = System.Threading.Channels.Channel.CreateUnbounded<string>();
        var tail = Follow(Materializer, path, line => seen.Writer.TryWrite(line));
        Assert.Equal("1", await seen.Reader.ReadAsync().AsTask().WaitAsync(Patience.Long));
        Assert.Equal("2", await seen.Reader.ReadAsync().AsTask().WaitAsync(Patience.Long));
        tail.Complete();
        await tail.Completion.WaitAsync(Patience.Long);
        await NothingIsLeft();

        static IAioTail Follow(IMaterializer materializer, string path, Action<string> onLine)
        {
            // sample: tail
            var tail = AioSource.Tail(path, new() { OnDelete = AioTailOnDelete.Wait })
                .AsByteStrings()
                .Via(Framing.Delimiter(Akka.IO.ByteString.FromString("\n"), maximumFrameLength: 64 << 10))
                .To(Sink.ForEach<Akka.IO.ByteString>(line => onLine(line.ToString(Encoding.UTF8))))
                .Run(materializer);
            // end
            return tail;
        }
    }

    [SkippableFact]
    public async Task A_sink_rotates_by_size()
    {
        var folder = NewPath();
        Directory.CreateDirectory(folder);
        var elements = Source.From(Pattern(5000).Chunk(500).Select(chunk => (ReadOnlyMemory<byte>)chunk));
        await elements.RunWith(BySize(folder, 2000), Materializer).WaitAsync(Patience.Long);
        Assert.Equal([2000, 2000, 1000], Directory.GetFiles(folder).Order().Select(LengthOnDisk));

        static Sink<ReadOnlyMemory<byte>, Task<Done>> BySize(string folder, long limit)
        {
            // sample: rotating
            return AioSink.Rotating(() =>
            {
                var (files, size) = (0, limit); // of one stream: this function is called for each
                return element =>
                {
                    size += element.Length;
                    if (size <= limit)
                    {
                        return null; // into the same file
                    }

                    size = element.Length;
                    return Path.Combine(folder, $"{files++:0000}.log");
                };
            });
            // end
        }
    }

    [Theory]
    [InlineData("copy")]
    [InlineData("control")]
    [InlineData("random access")]
    [InlineData("tail")]
    [InlineData("rotating")]
    public void The_page_shows_the_sample_that_is_run_here(string name) => Samples.AssertShows(name, "docs/streams.md", SourcePath());

    private static string SourcePath([CallerFilePath] string path = "") => path;
}
