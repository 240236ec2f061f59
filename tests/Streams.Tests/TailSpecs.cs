using System.Diagnostics;
using System.Text;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.TestKit;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class TailSpecsOnLinuxAio(ITestOutputHelper output) : TailSpecs(EngineKind.LinuxAio, output)
{
    [SkippableFact]
    public async Task What_another_process_appends_is_read()
    {
        var path = PathOf("first\n"u8.ToArray());
        var (tail, lines) = Follow(path);
        Assert.Equal("first", await Next(lines));
        await Shell($"for i in $(seq 1 200); do echo line $i >> '{path}'; done");
        for (var i = 1; i <= 200; i++)
        {
            Assert.Equal($"line {i}", await Next(lines));
        }

        await End(tail);
    }

    [SkippableFact]
    public async Task What_other_processes_write_across_rotations_is_read_once_and_whole()
    {
        // As logrotate: the writer goes on with the renamed file until it opens the new one.
        var path = PathOf([]);
        var (tail, lines) = Follow(path);
        await Eventually(() => Ext.OpenFiles == 1, "it is open");
        var writer = Shell($$"""
            for file in $(seq 1 5); do
              exec 3>> '{{path}}'
              for i in $(seq 1 50); do echo $file-$i >&3; done
              mv '{{path}}' '{{path}}'.$file
              : > '{{path}}'
              for i in $(seq 51 60); do echo $file-$i >&3; done
              sleep 0.3
            done
            """);
        for (var file = 1; file <= 5; file++)
        {
            for (var i = 1; i <= 60; i++)
            {
                Assert.Equal($"{file}-{i}", await Next(lines));
            }
        }

        await writer;
        await Happens(tail, AioTailEventKind.Rotated);
        await End(tail);
    }

    private static async Task Shell(string script)
    {
        using var process = Process.Start("bash", ["-c", script]);
        await process.WaitForExitAsync().WaitAsync(Patience.Long);
        Assert.Equal(0, process.ExitCode);
    }
}

public sealed class TailSpecsOnThreadPool(ITestOutputHelper output) : TailSpecs(EngineKind.ThreadPool, output);

public sealed class TailSpecsOnMemory(ITestOutputHelper output) : TailSpecs(EngineKind.Memory, output)
{
    [SkippableFact]
    public async Task A_path_that_cannot_be_looked_at_and_a_read_that_fails_fail_the_stream()
    {
        var path = PathOf("a\n"u8.ToArray());
        Engine.OnFileCall = (call, _) => call == "statx" ? Errno.EACCES : Errno.None;
        var (tail, _) = Follow(path);
        Assert.Equal(Errno.EACCES, (await FailureOf(tail)).Errno);

        Engine.OnFileCall = (call, _) => call == "read" ? Errno.EIO : Errno.None;
        (tail, _) = Follow(path);
        Assert.Equal(Errno.EIO, (await FailureOf(tail)).Errno);
        Engine.OnFileCall = null;
        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task Without_demand_nothing_is_read_and_nothing_is_looked_at()
    {
        var calls = 0;
        var path = PathOf(Pattern(100));
        var (_, probe) = AioSource.Tail(path, new() { ChunkSize = 10, Poll = TimeSpan.FromMilliseconds(1) })
            .ToMaterialized(this.SinkProbe<ReadOnlyMemory<byte>>(), Keep.Both).Run(Materializer);
        Engine.OnFileCall = (call, name) =>
        {
            if (call is "read" or "statx")
            {
                Interlocked.Increment(ref calls);
            }

            return Errno.None;
        };
        probe.Request(3);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(10, probe.ExpectNext().Length);
        }

        await probe.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
        Assert.Equal(3, Volatile.Read(ref calls));
        probe.Cancel();
        await NothingIsLeft();
    }
}

/// <summary>A file that grows, is rotated, cut and deleted.</summary>
public abstract class TailSpecs : StreamSpecs
{
    private static readonly AioTailSettings Fast = new() { Poll = TimeSpan.FromMilliseconds(20) };

    private protected TailSpecs(EngineKind kind, ITestOutputHelper output)
        : base(kind, output)
    {
    }

    private protected (IAioTail Tail, ISinkQueue<string> Lines) Follow(string path, AioTailSettings? settings = null) =>
        AioSource.Tail(path, settings ?? Fast)
            .AsByteStrings()
            .Via(Framing.Delimiter(Akka.IO.ByteString.FromString("\n"), 1000, allowTruncation: true))
            .Select(line => line.ToString(Encoding.UTF8))
            .ToMaterialized(Sink.Queue<string>(), Keep.Both).Run(Materializer);

    private protected static async Task<string?> Next(ISinkQueue<string> lines)
    {
        var next = await lines.PullAsync().WaitAsync(Patience.Long);
        return next.HasValue ? next.Value : null;
    }

    private protected async Task End(IAioTail tail)
    {
        tail.Complete();
        await tail.Completion.WaitAsync(Patience.Long);
        await NothingIsLeft();
    }

    private protected static async Task<AioTailEvent> Happens(IAioTail tail, AioTailEventKind kind)
    {
        var next = await tail.Events.ReadAsync().AsTask().WaitAsync(Patience.Long);
        Assert.Equal(kind, next.Kind);
        return next;
    }

    private protected static Task<AioSystemException> FailureOf(IAioTail tail) =>
        Assert.ThrowsAsync<AioSystemException>(() => tail.Completion.WaitAsync(Patience.Long));

    private async Task Append(string path, string text)
    {
        await using var file = await Ext.OpenAsync(
            path, new() { Mode = FileMode.Append, Access = FileAccess.ReadWrite, Direct = DirectIo.Off });
        await file.WriteAsync(Encoding.UTF8.GetBytes(text), file.Length);
    }

    private async Task Truncate(string path, long length)
    {
        await using var file = await Ext.OpenAsync(path, new() { Access = FileAccess.ReadWrite, Direct = DirectIo.Off });
        await file.SetLengthAsync(length);
    }

    [SkippableFact]
    public async Task What_is_there_and_what_is_appended_is_read_in_order()
    {
        var path = PathOf("1\n2\n"u8.ToArray());
        var (tail, lines) = Follow(path);
        Assert.Equal("1", await Next(lines));
        Assert.Equal("2", await Next(lines));
        for (var i = 3; i < 10; i++)
        {
            await Append(path, $"{i}\n");
            Assert.Equal($"{i}", await Next(lines));
        }

        tail.Complete();
        Assert.Null(await Next(lines));
        await End(tail);
        Assert.False(await tail.Events.WaitToReadAsync()); // nothing has happened to the file
    }

    [SkippableFact]
    public async Task It_starts_where_it_is_asked_to_and_at_the_end_without_a_start()
    {
        var path = PathOf("1\n2\n3\n"u8.ToArray());
        var (tail, lines) = Follow(path, Fast with { Start = 2 });
        Assert.Equal("2", await Next(lines));
        await End(tail);

        (tail, lines) = Follow(path, Fast with { Start = null });
        var next = Next(lines);
        await Eventually(() => Ext.OpenFiles == 1, "it is open");
        await Append(path, "4\n");
        Assert.Equal("4", await next);
        await End(tail);
    }

    [SkippableFact]
    public async Task A_new_file_of_the_name_is_read_from_its_start_after_the_one_before()
    {
        var path = PathOf("old 1\n"u8.ToArray());
        var (tail, lines) = Follow(path);
        Assert.Equal("old 1", await Next(lines));
        await Append(path, "old 2\n");
        await Ext.RenameAsync(path, path + ".1");
        await Append(path + ".1", "old 3\n");
        PathOf("new 1\n"u8.ToArray(), path);
        Assert.Equal("old 2", await Next(lines));
        Assert.Equal("old 3", await Next(lines));
        Assert.Equal("new 1", await Next(lines));
        Assert.Equal(18, (await Happens(tail, AioTailEventKind.Rotated)).BytesBefore);
        await Eventually(() => Ext.OpenFiles == 1, "the one before is closed");
        await Append(path, "new 2\n");
        Assert.Equal("new 2", await Next(lines));
        await End(tail);
    }

    [SkippableFact]
    public async Task A_file_that_is_renamed_and_renamed_back_goes_on()
    {
        var path = PathOf("1\n"u8.ToArray());
        var (tail, lines) = Follow(path);
        Assert.Equal("1", await Next(lines));
        await Ext.RenameAsync(path, path + ".1");
        var next = Next(lines);
        await Happens(tail, AioTailEventKind.Deleted);
        await Append(path + ".1", "2\n");
        Assert.Equal("2", await next);
        await Ext.RenameAsync(path + ".1", path);
        await Append(path, "3\n");
        Assert.Equal("3", await Next(lines));
        await End(tail);
    }

    [SkippableFact]
    public async Task A_file_that_is_cut_is_read_from_its_start()
    {
        var path = PathOf("1234\n5678\n"u8.ToArray());
        var (tail, lines) = Follow(path);
        Assert.Equal("1234", await Next(lines));
        Assert.Equal("5678", await Next(lines));
        await Truncate(path, 0);
        await Append(path, "90\n");
        Assert.Equal("90", await Next(lines));
        Assert.Equal(10, (await Happens(tail, AioTailEventKind.Truncated)).BytesBefore);
        await End(tail);
    }

    [SkippableFact]
    public async Task A_deleted_file_is_read_to_its_end_and_then_waited_for_or_not()
    {
        var path = PathOf("1\n"u8.ToArray());
        var (tail, lines) = Follow(path);
        Assert.Equal("1", await Next(lines));
        await Append(path, "2\n");
        await Ext.DeleteAsync(path);
        Assert.Equal("2", await Next(lines));
        var next = Next(lines);
        await Happens(tail, AioTailEventKind.Deleted);
        PathOf("3\n"u8.ToArray(), path);
        Assert.Equal("3", await next);
        await Happens(tail, AioTailEventKind.Rotated);
        await End(tail);

        (tail, lines) = Follow(path, Fast with { OnDelete = AioTailOnDelete.Complete });
        Assert.Equal("3", await Next(lines));
        await Ext.DeleteAsync(path);
        Assert.Null(await Next(lines));
        await tail.Completion.WaitAsync(Patience.Long);

        PathOf("4\n"u8.ToArray(), path);
        (tail, lines) = Follow(path, Fast with { OnDelete = AioTailOnDelete.Fail });
        Assert.Equal("4", await Next(lines));
        await Ext.DeleteAsync(path);
        await Assert.ThrowsAsync<AioSystemException>(() => Next(lines));
        var failure = await FailureOf(tail);
        Assert.Equal((Errno.ENOENT, path), (failure.Errno, failure.Path));
        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task A_file_that_is_not_there_and_settings_that_are_impossible_fail_the_stream()
    {
        var path = NewPath();
        var (tail, _) = Follow(path);
        Assert.Equal(Errno.ENOENT, (await FailureOf(tail)).Errno);
        PathOf([], path);
        foreach (var wrong in (AioTailSettings[])
            [Fast with { ChunkSize = 0 }, Fast with { Start = -1 }, Fast with { Poll = TimeSpan.Zero }])
        {
            (tail, _) = Follow(path, wrong);
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => tail.Completion.WaitAsync(Patience.Long));
        }

        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task Nothing_is_left_however_it_ends()
    {
        var path = PathOf(Pattern(1000));
        for (var i = 0; i < 10; i++)
        {
            var (tail, done) = AioSource.Tail(path, Fast with { ChunkSize = 7 }).Take(i).ToMaterialized(
                Sink.Ignore<ReadOnlyMemory<byte>>(), Keep.Both).Run(Materializer);
            await done.WaitAsync(Patience.Long);
            await tail.Completion.WaitAsync(Patience.Long);
        }

        var failing = AioSource.Tail(path, Fast).Select(ReadOnlyMemory<byte> (_) => throw new InvalidOperationException("downstream"))
            .To(Sink.Ignore<ReadOnlyMemory<byte>>()).Run(Materializer);
        await Assert.ThrowsAsync<InvalidOperationException>(() => failing.Completion.WaitAsync(Patience.Long));

        using var materializer = Sys.Materializer(namePrefix: "ends");
        var stopped = AioSource.Tail(path, Fast).To(Sink.Ignore<ReadOnlyMemory<byte>>()).Run(materializer);
        await Eventually(() => Ext.OpenFiles > 0, "it is open");
        materializer.Shutdown();
        await Assert.ThrowsAsync<AbruptStageTerminationException>(() => stopped.Completion.WaitAsync(Patience.Long));
        await NothingIsLeft();
    }
}
