using System.Collections.Concurrent;
using AkkaAio.Interop.Engines;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

// One thread submits while another reaps, with data that shows whose it is.
public abstract partial class EngineConformance
{
    private const int Slots = 16;

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task What_one_thread_submits_another_reaps_with_its_own_data(DirectIo direct)
    {
        const int Operations = 1500;
        var file = Rig.File(new byte[Slots * Block], direct: direct);
        var context = Rig.Context(Slots);
        var buffers = Enumerable.Range(0, Slots).Select(_ => Rig.Buffer()).ToArray();
        var rounds = new int[Slots]; // by slot; even: a write comes, odd: a read of it
        using var free = new BlockingCollection<int>();
        Enumerable.Range(0, Slots).ToList().ForEach(free.Add);
        using var done = new ManualResetEventSlim();

        var reaper = Bounded.Run(() =>
        {
            var completions = new IoCompletion[5];
            for (var reaped = 0; reaped < Operations;)
            {
                var count = context.Reap(completions, 1, Bounded.Patience);
                reaped += count;
                foreach (var (slot, result) in completions[..count])
                {
                    Assert.Equal(Block, result);
                    Assert.Equal(-1, buffers[slot].GetSpan().IndexOfAnyExcept(Fill(slot, rounds[slot])));
                    rounds[slot]++;
                    free.Add(slot);
                }
            }
        });
        var submitter = Bounded.Run(() =>
        {
            for (var submitted = 0; submitted < Operations;)
            {
                var batch = new List<IoRequest>();
                for (var slot = free.Take(); ;)
                {
                    batch.Add(Prepare(slot));
                    if (++submitted == Operations || !free.TryTake(out slot))
                    {
                        break;
                    }
                }

                context.SubmitAll([.. batch]);
            }

            done.Wait(Bounded.Patience); // a thread takes what it has in flight with it
        });
        await reaper;
        done.Set();
        await submitter;

        static byte Fill(int slot, int round) => (byte)(1 + (slot * 37 + round / 2 * 11) % 255);

        IoRequest Prepare(int slot)
        {
            var writes = rounds[slot] % 2 == 0;
            buffers[slot].GetSpan().Fill(writes ? Fill(slot, rounds[slot]) : (byte)0);
            return writes ? Io.Write(slot, file, buffers[slot], slot * Block) : Io.Read(slot, file, buffers[slot], slot * Block);
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task What_is_read_from_the_device_is_reaped_while_the_submitter_sleeps(DirectIo direct)
    {
        const int Blocks = 16; // to a read
        var content = Io.Pattern(FullDepth * Blocks * Block);
        var file = Rig.File(content, direct: direct);
        var context = Rig.Context(FullDepth);
        var buffers = Enumerable.Range(0, FullDepth).Select(_ => Rig.Buffer(Blocks * Block)).ToArray();
        for (var round = 0; round < 5; round++)
        {
            Rig.DropCache("file");
            Array.ForEach(buffers, buffer => buffer.GetSpan().Clear());
            using var reaped = new ManualResetEventSlim(initialState: false, spinCount: 0);
            var submitter = Bounded.Run(() =>
            {
                context.SubmitAll([.. buffers.Select((buffer, slot) => Io.Read(slot, file, buffer, slot * buffer.Length))]);
                Assert.True(reaped.Wait(Bounded.Patience), "the completions came with the submitter's next call only");
            });

            var results = await Bounded.Run(() => context.ReapAll(FullDepth));
            reaped.Set();
            await submitter;

            Assert.All(results.Values, result => Assert.Equal(Blocks * Block, result));
            Assert.All(buffers.Index(), item => Assert.True(
                item.Item.GetSpan().SequenceEqual(content.AsSpan(item.Index * Blocks * Block, Blocks * Block))));
        }
    }
}
