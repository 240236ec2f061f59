using AkkaAio.Interop.Engines.PosixAio;
using CsCheck;

namespace AkkaAio.Interop.Tests;

public sealed class DescriptorQueuesTests
{
    private const int Depth = 8;

    // (what, slot or place, descriptor): 0 adds, else removes.
    private static readonly Gen<(int Kind, int Which, int Descriptor)[]> Steps =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, Depth - 1], Gen.Int[1, 4]).Array[0, 60];

    [Fact]
    public void Each_descriptor_has_its_slots_in_the_order_in_which_they_came() => Steps.Sample(steps =>
    {
        var queues = new DescriptorQueues(Depth);
        var model = new Dictionary<int, List<int>>();
        foreach (var (kind, which, descriptor) in steps)
        {
            if (kind == 0)
            {
                if (!model.Values.Any(slots => slots.Contains(which)))
                {
                    queues.Add(which, descriptor);
                    (model.TryGetValue(descriptor, out var slots) ? slots : model[descriptor] = []).Add(which);
                }
            }
            else if (queues.Count > 0)
            {
                var queue = which % queues.Count;
                var slots = model.Values.Single(slots => slots[0] == queues.FirstOf(queue));
                var place = which % slots.Count;
                queues.Remove(queue, place == 0 ? -1 : slots[place - 1], slots[place]);
                slots.RemoveAt(place);
                foreach (var (empty, _) in model.Where(entry => entry.Value.Count == 0).ToArray())
                {
                    model.Remove(empty);
                }
            }

            Assert.Equal(
                model.Values.Select(slots => string.Join(' ', slots)).Order(),
                Enumerable.Range(0, queues.Count).Select(queue => string.Join(' ', SlotsOf(queues, queue))).Order());
        }
    });

    private static List<int> SlotsOf(DescriptorQueues queues, int queue)
    {
        List<int> slots = [queues.FirstOf(queue)];
        while (slots[^1] != queues.LastOf(queue))
        {
            slots.Add(queues.After(slots[^1]));
        }

        Assert.True(queues.After(slots[^1]) < 0);
        Assert.Equal(slots.Count, queues.LengthOf(queue));
        return slots;
    }
}
