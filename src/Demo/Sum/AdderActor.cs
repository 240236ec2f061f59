using Akka.Actor;

namespace AkkaAio.Demo.Sum;

/// <summary>Adds up: the seed's AIOAdder.</summary>
internal sealed class AdderActor : UntypedActor
{
    private long _sum;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Add add:
                _sum += add.Amount;
                break;
            case GetSum:
                Sender.Tell(new Total(_sum));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Add this.</summary>
    public sealed record Add(int Amount);

    /// <summary>Replied to with <see cref="Total"/>.</summary>
    public sealed record GetSum
    {
        public static GetSum Instance { get; } = new();
    }

    /// <summary>Of everything told before.</summary>
    public sealed record Total(long Sum);
}
