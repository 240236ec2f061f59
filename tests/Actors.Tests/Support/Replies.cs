using System.Collections.Concurrent;
using Akka.Actor;
using Xunit;

namespace AkkaAio.Tests.Support;

/// <summary>
/// A requester that is no actor: it records each reply on the thread that tells it, so that the order in which replies are given can be
/// seen, and a second reply to a command is caught.
/// </summary>
public sealed class Replies(ActorSystem system) : MinimalActorRef
{
    private static int s_last;

    private readonly ConcurrentDictionary<Aio.Command, Entry> _entries = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentQueue<Aio.Event> _inOrder = new();

    // One of its own: refs with one path are equal.
    public override ActorPath Path { get; } =
        new RootActorPath(system.Provider().DefaultAddress()) / $"replies-{Interlocked.Increment(ref s_last)}";

    public override IActorRefProvider Provider => system.Provider();

    /// <summary>Every reply, in the order in which they were given.</summary>
    public IReadOnlyList<Aio.Event> InOrder => [.. _inOrder];

    public int Count => _inOrder.Count;

    /// <summary>Told about each reply on the thread that gives it.</summary>
    public Action<Aio.Event>? OnReply { get; set; }

    /// <summary>Tells a command and gives it back.</summary>
    public T Tell<T>(T command)
        where T : Aio.Command
    {
        system.Aio().Tell(command, this);
        return command;
    }

    /// <summary>Tells a command and awaits its reply.</summary>
    public Task<T> Do<T>(Aio.Command command)
        where T : Aio.Event => Of<T>(Tell(command));

    /// <summary>Tells a command and awaits its failure with a cause of this type.</summary>
    public async Task<T> Fails<T>(Aio.Command command)
        where T : Exception => Assert.IsType<T>((await Do<Aio.CommandFailed>(command)).Cause);

    /// <summary>Awaits the reply to a command that has been told.</summary>
    public async Task<T> Of<T>(Aio.Command command)
        where T : Aio.Event
    {
        var reply = await EntryOf(command).First.Task.WaitAsync(Patience.Long);
        return reply as T ?? throw new InvalidOperationException($"expected {typeof(T).Name} for {command.Name}, but got {reply}");
    }

    public Task<Aio.Event> Of(Aio.Command command) => Of<Aio.Event>(command);

    public bool Has(Aio.Command command) => EntryOf(command).Count > 0;

    /// <summary>Awaits all of them, and asserts that each got one reply and no other command any.</summary>
    public async Task AssertOneEach(params IEnumerable<Aio.Command> commands)
    {
        var all = commands.ToArray();
        await Task.WhenAll(all.Select(command => EntryOf(command).First.Task)).WaitAsync(Patience.Long);
        Assert.All(all, command => Assert.Equal(1, EntryOf(command).Count));
        Assert.Equal(all.Length, Count);
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        var reply = Assert.IsAssignableFrom<Aio.Event>(message);
        _inOrder.Enqueue(reply);
        OnReply?.Invoke(reply);
        var entry = EntryOf(reply.Command);
        Interlocked.Increment(ref entry.Count);
        entry.First.TrySetResult(reply);
    }

    private Entry EntryOf(Aio.Command command) => _entries.GetOrAdd(command, _ => new Entry());

    private sealed class Entry
    {
        public readonly TaskCompletionSource<Aio.Event> First = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public int Count;
    }
}

internal static class ActorSystems
{
    public static IActorRefProvider Provider(this ActorSystem system) => ((ExtendedActorSystem)system).Provider;

    public static Akka.Actor.Address DefaultAddress(this IActorRefProvider provider) => provider.DefaultAddress;
}
