using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Operations;

/// <summary>Akka.Persistence's own health checks.</summary>
public sealed class HealthSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    [Fact]
    public async Task Both_are_healthy_unhealthy_while_the_disk_fails_and_healthy_again()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 1, DateTime.UtcNow), "state"), Actor.Ref);
        await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        Assert.Equal(PersistenceHealthStatus.Healthy, (await JournalAsync()).Status);
        Assert.Equal(PersistenceHealthStatus.Healthy, (await SnapshotStoreAsync()).Status);

        using (Disk.Writes().Fail(Errno.EIO))
        {
            Write(Atomic("p", 2, 2));
            Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 2, DateTime.UtcNow), "state"), Actor.Ref);
            foreach (var check in (Func<Task<PersistenceHealthCheckResult>>[])[JournalAsync, SnapshotStoreAsync])
            {
                await AwaitAssertAsync(async () => Assert.Equal(PersistenceHealthStatus.Unhealthy, (await check()).Status), Patience);
                var result = await check();
                Assert.Contains("/store", result.Description, StringComparison.Ordinal);
                Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(result.Exception).Errno);
            }
        }

        await AwaitAssertAsync(async () => Assert.Equal(PersistenceHealthStatus.Healthy, (await JournalAsync()).Status), Patience);
        await AwaitAssertAsync(async () => Assert.Equal(PersistenceHealthStatus.Healthy, (await SnapshotStoreAsync()).Status), Patience);
    }

    [Fact]
    public async Task A_recovery_that_waits_for_the_disk_is_degraded()
    {
        using var held = Disk.Reads().Hold();
        Disk.WriteAllBytes("/store/STORE", "AkkaAio store\nversion 1\nid 8a9d2f0c-37f5-4f0c-9a07-6c2f3e1b5d44\nfeatures 0 0 0\n"u8);
        Disk.WriteAllBytes("/store/events/0000000001.seg", new byte[1 << 20]);
        _ = Journal;
        await held.WhenHit();
        var result = await JournalAsync();
        Assert.Equal(PersistenceHealthStatus.Degraded, result.Status);
        held.Dispose();
        await AwaitAssertAsync(async () => Assert.Equal(PersistenceHealthStatus.Healthy, (await JournalAsync()).Status), Patience);
    }

    [Fact]
    public async Task No_space_for_another_segment_is_degraded_until_there_is()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        Disk.Capacity = Disk.UsedBytes + 4096;
        var written = 1L;
        while ((await JournalAsync()).Status == PersistenceHealthStatus.Healthy)
        {
            written++;
            Write(Atomic("p", written, written, payload: _ => new string('x', 20_000)));
            await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        }

        var result = await JournalAsync();
        Assert.Equal(PersistenceHealthStatus.Degraded, result.Status);
        Assert.Equal(Errno.ENOSPC, Assert.IsType<AioSystemException>(result.Exception).Errno);
        Disk.Capacity = null;
        await AwaitAssertAsync(
            async () =>
            {
                written++;
                Write(Atomic("p", written, written));
                await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
                await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
                Assert.Equal(PersistenceHealthStatus.Healthy, (await JournalAsync()).Status);
            },
            Patience);
    }

    private Task<PersistenceHealthCheckResult> JournalAsync() =>
        Akka.Persistence.Persistence.Instance.Apply(Sys).CheckJournalHealthAsync("akka.persistence.journal.aio").WaitAsync(Patience);

    private Task<PersistenceHealthCheckResult> SnapshotStoreAsync() =>
        Akka.Persistence.Persistence.Instance.Apply(Sys).CheckSnapshotStoreHealthAsync("akka.persistence.snapshot-store.aio")
            .WaitAsync(Patience);
}
