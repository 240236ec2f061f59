using System.Text;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

/// <summary>What a log shows of commands, events, options and figures: names, paths, offsets and lengths, and never data.</summary>
public sealed class TextSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "akka.io.aio.shards = 2", output)
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("secret ".PadRight(Block, '.'));

    [Fact]
    public async Task A_command_says_what_it_asks_for()
    {
        var path = NewPath();
        var file = await Ext.OpenAsync(path, New);
        Memory<byte> memory = Secret;
        (Aio.Message, string)[] texts =
        [
            (new Aio.Open(path, New), $"Open({path}, Create, ReadWrite, Direct Required)"),
            (new Aio.RentRead(file, 3, 10) { Token = "secret" }, $"RentRead({path}, offset 3, length 10)"),
            (new Aio.ReadInto(file, memory, 8192), $"ReadInto({path}, offset 8192, length 4096)"),
            (new Aio.Write(file, memory, -1), $"Write({path}, offset -1, length 4096)"),
            (new Aio.ReadV(file, [memory, memory], 0), $"ReadV({path}, offset 0, length 8192)"),
            (new Aio.WriteV(file, [memory, memory], 5_000_000_000), $"WriteV({path}, offset 5000000000, length 8192)"),
            (new Aio.Flush(file), $"Flush({path})"),
            (new Aio.SetLength(file, 7), $"SetLength({path}, length 7)"),
            (new Aio.Allocate(file, 7, 9), $"Allocate({path}, offset 7, length 9)"),
            (new Aio.PunchHole(file, 7, 9), $"PunchHole({path}, offset 7, length 9)"),
            (new Aio.RefreshLength(file), $"RefreshLength({path})"),
            (new Aio.Close(file), $"Close({path})"),
            (new Aio.Cancel(new Aio.Flush(file)), $"Cancel(Flush({path}))"),
            (new Aio.AwaitRoom(file, 5), $"AwaitRoom({path}, offset 5)"),
            (new Aio.Delete(path), $"Delete({path})"),
            (new Aio.Rename(path, "/to") { Replace = false }, $"Rename({path} to /to, without replacing)"),
            (new Aio.SyncFolder("/folder"), "SyncFolder(/folder)"),
            (new Aio.GetStats(), "GetStats()"),
            (new Aio.GetFiles(), "GetFiles()"),
            (new Aio.Batch(), "Batch()"),
            (new Aio.Batch(new Aio.Flush(file)), $"Batch(Flush({path}))"),
            (new Aio.Batch(new Aio.Flush(file), new Aio.Close(file)), $"Batch(2 commands: Flush({path}) …)"),
        ];
        Assert.All(texts, text => Assert.Equal(text.Item2, text.Item1.ToString()));
        var commands = typeof(Aio.Command).Assembly.GetTypes().Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(Aio.Command)));
        Assert.Empty(commands.Except(texts.Select(text => text.Item1.GetType())));
    }

    [Fact]
    public async Task An_event_says_what_it_replies_to_and_what_came_of_it()
    {
        var path = NewPath();
        var opened = await Replies.Do<Aio.Opened>(new Aio.Open(path, New));
        Assert.Equal($"Opened(Open({path}, Create, ReadWrite, Direct Required): {path})", opened.ToString());
        var file = opened.File;
        var written = await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, Secret, 0));
        Assert.Equal($"WriteCompleted(Write({path}, offset 0, length 4096))", written.ToString());
        var read = await Replies.Do<Aio.RentReadCompleted>(new Aio.RentRead(file, 4000, 200));
        Assert.Equal($"RentReadCompleted(RentRead({path}, offset 4000, length 200): 96 bytes)", read.ToString());
        read.Buffer.Dispose();
        _ = read.ToString();
        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Write(file, Secret, 1));
        Assert.StartsWith(
            $"CommandFailed(Write({path}, offset 1, length 4096): NotPerformed, ", failed.ToString(), StringComparison.Ordinal);
        Assert.Contains(failed.Cause.Message, failed.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", string.Concat(Replies.InOrder), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_awaited_read_that_ended_as_a_dead_letter_can_be_printed()
    {
        var file = await NewFile(Block);
        var command = new Aio.ReadInto(file, new byte[10], 0);
        command.Reuse(null!, default, 0); // as when its operation has gone back to its pool
        Assert.Equal("ReadInto(no file, offset 0, length 0)", command.ToString());
    }

    [Fact]
    public async Task A_handler_that_knows_no_event_finds_the_command()
    {
        var file = await NewFile(Block);
        Aio.Command[] commands =
        [
            new Aio.Write(file, new byte[Block], 0), new Aio.ReadInto(file, new byte[1], 0), new Aio.RentRead(file, -1, 1),
            new Aio.Flush(file),
        ];
        foreach (var command in commands)
        {
            Aio.Event reply = await Replies.Of(Replies.Tell(command));
            Assert.Same(command, reply.Command);
        }

        Aio.Write typed = (await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0))).Command;
        Assert.Equal(Block, typed.Length);
    }

    [Fact]
    public void Options_show_what_differs_from_the_default()
    {
        Assert.Equal("Open, Read, Direct Auto", AioOpenOptions.Default.ToString());
        Assert.Equal(
            "Append, Write, Direct Off, PreallocationSize 7, GrowAhead 8, Lock Exclusive, Share None, UnixCreateMode UserRead, " +
            $"OnBlockingThreads, Shard 1, Priority Low, Owner {TestActor.Path}",
            new AioOpenOptions
            {
                Mode = FileMode.Append,
                Access = FileAccess.Write,
                Direct = DirectIo.Off,
                PreallocationSize = 7,
                GrowAhead = 8,
                Lock = FileLockMode.Exclusive,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead,
                OnBlockingThreads = true,
                Shard = 1,
                Priority = AioPriority.Low,
                Owner = TestActor,
            }.ToString());
    }

    [Fact]
    public async Task The_figures_print_themselves_as_a_table()
    {
        var file = await NewFile(Block);
        await file.WriteAsync(new byte[Block], 0);
        var lines = (await StatsAfter(1)).ToString().Split('\n');
        Assert.Equal(5, lines.Length); // the system, the heads, two shards, all
        Assert.StartsWith("memory, 1 files open, 0 buffers rented, pool ", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            "shard|in flight|queued|reads|read|writes|written|syncs|errors|refused|p50|p99|max",
            string.Join('|', lines[1].Split("  ", StringSplitOptions.RemoveEmptyEntries).Select(head => head.Trim())));
        Assert.Single(lines[1..].Select(line => line.Length).Distinct());
        Assert.StartsWith("  all      0/128       0      0     0       1     4096", lines[4], StringComparison.Ordinal);
    }
}
