using System.Runtime.CompilerServices;
using AkkaAio.Persistence.Index;
using Xunit;

namespace AkkaAio.Persistence.Tests.Index;

/// <summary>What persistence ids and events take of memory, at each number of them and not only behind the last growth.</summary>
public class IndexMemorySpecs
{
    [Fact]
    public void An_id_takes_60_bytes_at_most()
    {
        var table = new PersistenceIdTable();
        for (var id = 1; id <= 500_000; id++)
        {
            table.GetOrAdd(HashOf(id)).Highest = id;
            if (id >= 100_000 && id % 10_000 == 0)
            {
                Assert.InRange(table.Bytes / (double)id, Unsafe.SizeOf<PersistenceIdState>(), 60);
            }
        }

        Assert.Equal(500_000, table.Count);
        for (var id = 1; id <= 500_000; id++)
        {
            Assert.Equal(id, table.Find(HashOf(id)).Highest);
            Assert.True(Unsafe.IsNullRef(ref table.Find(HashOf(-id))));
        }
    }

    [Fact]
    public void Few_ids_take_few_bytes()
    {
        var table = new PersistenceIdTable();
        for (var id = 1; id <= 10; id++)
        {
            table.GetOrAdd(HashOf(id));
        }

        Assert.InRange(table.Bytes, 0, 250_000);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(5000)]
    [InlineData(100_000)]
    public void A_record_of_the_newest_segment_takes_20_bytes_and_a_chunk_more_at_most(int records)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var postings = new SegmentPostings(1);
        var state = new PersistenceIdState();
        for (var nr = 1; nr <= records; nr++)
        {
            postings.AddEvent(ref state, new EventPlace(nr, nr / 100, nr));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 20 * records, (20 * records) + 100_000);
    }

    [Fact]
    public void The_events_of_a_range_are_found_once_and_ascending_and_take_no_more_than_their_own_bytes()
    {
        var postings = new SegmentPostings(3);
        var state = new PersistenceIdState { Newest = -2 }; // segment 2 has an older record
        var other = new PersistenceIdState();
        for (var nr = 1; nr <= 10_000; nr++)
        {
            postings.AddEvent(ref state, new EventPlace(nr, nr / 100, nr));
            postings.AddEvent(ref other, new EventPlace(nr, nr / 100, nr));
            if (nr == 5000)
            {
                postings.AddTombstone(ref state, 20);
            }
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var all = postings.Find(state.Newest, 0, long.MaxValue, out var previous);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (16 * 10_000) + 1000);
        Assert.Equal(Enumerable.Range(1, 10_000).Select(nr => new EventPlace(nr, nr / 100, nr)), all);
        Assert.Equal(2, previous);
        Assert.Equal(4000, postings.Find(state.Newest, 3001, 7000, out previous).Count);
        Assert.Equal(0, previous); // none that is needed
        Assert.Equal(3000, postings.Find(state.Newest, 1, 3000, out previous)[^1].SequenceNr);
        Assert.Equal(2, previous);
        Assert.Empty(postings.Find(state.Newest, 10_001, long.MaxValue, out previous));
        Assert.Equal(0, previous);
        Assert.Empty(postings.Find(-2, 1, long.MaxValue, out previous));
        Assert.Equal(2, previous);
        Assert.True(postings.HasTombstone(state.Newest));
        Assert.False(postings.HasTombstone(other.Newest));
    }

    [Fact]
    public void A_sealed_segment_has_its_own_ids_and_the_table_only_the_segment()
    {
        var table = new PersistenceIdTable();
        var postings = new SegmentPostings(7);
        table.GetOrAdd(HashOf(1)).Newest = -6; // of an older segment
        for (var id = 2; id <= 5000; id++)
        {
            ref var state = ref table.GetOrAdd(HashOf(id));
            state.Highest = id;
            postings.AddEvent(ref state, new EventPlace(id, id, 0));
        }

        var index = new SealedIndex(postings, table);
        Assert.Equal(4999, index.Ids.Count);
        Assert.Equal(index.Ids.OrderBy(state => state.Hash), index.Ids);
        Assert.Equal(-6, table.Find(HashOf(1)).Newest);
        for (var id = 2; id <= 5000; id++)
        {
            Assert.Equal(-7, table.Find(HashOf(id)).Newest);
            Assert.Equal([new EventPlace(id, id, 0)], index.Find(HashOf(id), 0, long.MaxValue, out var previous));
            Assert.Equal(0, previous);
        }
    }

    private static UInt128 HashOf(int id) => PersistenceIdHash.Of($"id-{id}");
}
