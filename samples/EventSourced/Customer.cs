using Akka.Actor;
using Akka.Persistence;

namespace AkkaAio.Samples.EventSourced;

/// <summary>A customer of the shop: what it has ordered, one event an order, a snapshot now and then.</summary>
internal sealed class Customer : ReceivePersistentActor
{
    private const int OrdersOfASnapshot = 100;

    private State _state = new(0, 0);

    public Customer(int number)
    {
        PersistenceId = $"customer-{number}";
        Recover<Ordered>(Apply);
        Recover<SnapshotOffer>(offer => _state = (State)offer.Snapshot);
        Command<Order>(order => Persist(new Ordered(order.Article, order.Price), ordered =>
        {
            Apply(ordered);
            Sender.Tell(_state);
            if (_state.Orders % OrdersOfASnapshot == 0)
            {
                SaveSnapshot(_state);
            }
        }));
        Command<GetState>(_ => Sender.Tell(_state));
        Command<SaveSnapshotSuccess>(saved => DeleteMessages(saved.Metadata.SequenceNr));
        Command<DeleteMessagesSuccess>(_ => { });
    }

    public override string PersistenceId { get; }

    private void Apply(Ordered ordered) => _state = new State(_state.Orders + 1, _state.Spent + ordered.Price);
}

internal sealed record Order(string Article, int Price);

internal sealed record Ordered(string Article, int Price);

internal sealed record GetState;

/// <summary>Of a customer.</summary>
internal sealed record State(int Orders, long Spent);
