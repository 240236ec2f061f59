using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Inspection;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Inspection;

/// <summary>What <c>log inspect</c> and <c>log verify</c> say of a store, in use or damaged.</summary>
public sealed class InspectorSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    private const string First = "/store/events/0000000001.seg";
    private const string Second = "/store/events/0000000002.seg";
    private const int Block = 4096;

    [Fact]
    public async Task A_store_in_use_is_verified_without_its_lock_and_without_a_write()
    {
        await FillAsync(1);
        Disk.ForgetOperations();
        var writing = WriteOnAsync();
        var verified = 0;
        for (; !writing.IsCompleted || verified < 3; verified++)
        {
            var (problems, lines) = await VerifyAsync(Sys);
            Assert.True(problems == 0, string.Join('\n', lines));
        }

        await writing;
        Assert.True((await InspectAsync(Sys)).Count >= 3);
        Output.WriteLine($"verified {verified} times");
    }

    [Fact]
    public async Task Inspect_and_verify_of_a_store_that_nobody_has_open_only_read()
    {
        await FillAsync(2);
        await Sys.Terminate();
        using var other = ActorSystem.Create("other", SetupOf("", Disk));
        Disk.ForgetOperations();
        var (problems, lines) = await VerifyAsync(other);
        Assert.Equal(0, problems);
        Assert.Contains(lines, line => line.Contains("footer fits", StringComparison.Ordinal));
        Assert.Contains(await InspectAsync(other), line => line.Contains("sealed at", StringComparison.Ordinal));
        Assert.All(
            Disk.Operations,
            operation => Assert.True(
                operation.Kind is DiskOperationKind.Open or DiskOperationKind.Read or DiskOperationKind.Close, $"{operation}"));
        Assert.DoesNotContain(Disk.Operations, operation => operation.Path.EndsWith("LOCK", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_segment_that_goes_while_a_store_is_looked_at_is_named_and_no_problem()
    {
        await FillAsync(2);
        using (Disk.Opens(First).Times(1).Fail(Errno.ENOENT)) // listed, and given back before it is opened
        {
            var lines = await InspectAsync(Sys);
            Assert.Contains("0000000001.seg  gone meanwhile", lines);
            Assert.Contains(lines, line => line.StartsWith("0000000002.seg", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(First, 30, "its header is damaged")]
    [InlineData(Second, 30, "its header is damaged")]
    [InlineData(First, (5 * Block) + 100, "is damaged: the batch at")]
    [InlineData(Second, (3 * Block) + 100, "is damaged: the batch at")]
    [InlineData(First, (1 << 20) + Block + 100, "a page of the footer is damaged")]
    public async Task Verify_says_where_a_store_is_damaged(string path, int at, string expected)
    {
        await FillAsync(2);
        await Sys.Terminate();
        var bytes = Disk.ReadAllBytes(path);
        bytes[at] ^= 4;
        Disk.WriteAllBytes(path, bytes);
        await ExpectProblemAsync(path, expected);
    }

    [Fact]
    public async Task Verify_says_that_a_segment_is_too_short()
    {
        await FillAsync(2);
        await Sys.Terminate();
        Disk.WriteAllBytes(Second, Disk.ReadAllBytes(Second).AsSpan(0, 1 << 19));
        await ExpectProblemAsync(Second, "the file ends at 524288");
    }

    [Fact]
    public async Task Verify_says_that_the_oldest_segment_is_missing()
    {
        await FillAsync(2);
        await Sys.Terminate();
        var disk = new AioTestDisk { Alignment = Block };
        foreach (var path in Disk.Files.Where(path => path != First))
        {
            disk.WriteAllBytes(path, Disk.ReadAllBytes(path));
        }

        await ExpectProblemAsync(First, "it is missing", disk);
    }

    private async Task ExpectProblemAsync(string path, string expected, AioTestDisk? disk = null)
    {
        using var other = ActorSystem.Create("other", SetupOf("", disk ?? Disk));
        var (problems, lines) = await VerifyAsync(other);
        Assert.True(problems > 0, string.Join('\n', lines));
        Assert.Contains(lines, line => line.Contains($"{Path.GetFileName(path)}  PROBLEM", StringComparison.Ordinal) &&
                                       line.Contains(expected, StringComparison.Ordinal));
    }

    private async Task FillAsync(int sealedSegments)
    {
        for (var nr = 1; !IsBegun($"/store/events/{sealedSegments + 1:D10}.seg") || nr < 60; nr++)
        {
            await WriteOneAsync("p", nr);
        }

        await AwaitAssertAsync(() => Assert.True(Disk.ReadAllBytes(First).AsSpan(1 << 20).StartsWith("AkkaAioF"u8)), Patience);
        for (var nr = 1; nr <= 5; nr++)
        {
            await WriteOneAsync("last", nr);
        }
    }

    private bool IsBegun(string path) => Disk.Files.Contains(path) && Disk.ReadAllBytes(path)[0] == 'A';

    private async Task WriteOnAsync()
    {
        for (var nr = 1; nr <= 400; nr++)
        {
            await WriteOneAsync("more", nr);
        }
    }

    private async Task WriteOneAsync(string id, int nr)
    {
        Write(Atomic(id, nr, nr, payload: _ => new string('x', (nr % 20 * 1000) + 1)));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
    }

    private static async Task<(int Problems, List<string> Lines)> VerifyAsync(ActorSystem system)
    {
        var lines = new List<string>();
        var inspector = new LogInspector(AioExt.Get(system), "/store/events", lines.Add);
        await inspector.VerifyAsync(default);
        return (inspector.Problems, lines);
    }

    private static async Task<List<string>> InspectAsync(ActorSystem system)
    {
        var lines = new List<string>();
        await new LogInspector(AioExt.Get(system), "/store/events", lines.Add).InspectAsync(default);
        return lines;
    }
}
