using Akka.Actor;
using AkkaAio.Cluster.Owner;
using CsCheck;

namespace AkkaAio.Cluster.Tests;

/// <summary>What an owner remembers of a client's changes to its file.</summary>
public sealed class ClientChangesSpecs
{
    [Fact]
    public void A_number_far_behind_the_last_that_never_came_is_certain_not_to_have_been_performed()
    {
        var changes = new ClientChanges();
        Add(changes, 100_000);
        Assert.True(changes.IsCertain(5));
    }

    // Steps between numbers, as of a client that changes other files in between; and whether each change is answered before the next comes.
    [Fact]
    public void What_is_remembered_is_found_and_what_is_forgotten_is_not_certain() => Gen.Select(
        Gen.ULong[1, 1000], Gen.Bool).Array[1, 700].Sample(steps =>
    {
        var changes = new ClientChanges();
        var came = new List<Change>();
        var number = 0UL;
        foreach (var (step, isAnswered) in steps)
        {
            number += step;
            came.Add(Add(changes, number, isAnswered));
        }

        foreach (var change in came)
        {
            var found = changes.Find(change.Number);
            Assert.True(found == change || (found is null && change.Reply is not null && !changes.IsCertain(change.Number)));
        }

        Assert.All(came.TakeLast(ClientChanges.Window), change => Assert.Same(change, changes.Find(change.Number)));
        Assert.All(came.Where(change => change.Reply is null), change => Assert.Same(change, changes.Find(change.Number)));
        var numbers = came.Select(change => change.Number).ToHashSet();
        var oldest = came.First(change => changes.Find(change.Number) is not null).Number;
        Assert.All(
            Enumerable.Range(1, 1000).Select(i => oldest + (ulong)i).Where(n => !numbers.Contains(n)),
            n => Assert.True(changes.IsCertain(n)));
    }, iter: 200);

    private static Change Add(ClientChanges changes, ulong number, bool isAnswered = true)
    {
        var change = new Change(number, 0, ActorRefs.Nobody);
        changes.Add(change);
        if (isAnswered)
        {
            change.Answer(new Wire.Reply());
        }

        return change;
    }
}
