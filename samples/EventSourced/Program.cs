using Akka.Actor;
using AkkaAio.Samples.EventSourced;

// FOLDER CUSTOMERS ROUNDS: prints how many orders each customer has, then orders for each of them once a round, and prints each order that
// is acknowledged: "ordered CUSTOMER ORDERS SPENT".
var (folder, customers, rounds) = (args[0], int.Parse(args[1]), int.Parse(args[2]));
using var system = ActorSystem.Create("shop", $$"""
    akka.loglevel = WARNING
    akka.persistence.journal { plugin = "akka.persistence.journal.aio", aio.class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence" }
    akka.persistence.snapshot-store {
      plugin = "akka.persistence.snapshot-store.aio", aio.class = "AkkaAio.Persistence.AioSnapshotStore, AkkaAio.Persistence"
    }
    akka.persistence.aio-store { dir = "{{folder}}", segment-size = 16 MiB }
    """);
using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
var shop = Enumerable.Range(0, customers)
    .Select(number => system.ActorOf(Props.Create(() => new Customer(number)), $"customer-{number}")).ToArray();
var states = await Task.WhenAll(shop.Select(customer => customer.Ask<State>(new GetState(), TimeSpan.FromMinutes(2))));
for (var number = 0; number < customers; number++)
{
    output.WriteLine($"has {number} {states[number].Orders} {states[number].Spent}");
}

output.WriteLine("open");
var random = new Random();
for (var round = 0; round < rounds; round++)
{
    await Task.WhenAll(shop.Select(async (customer, number) =>
    {
        var state = await customer.Ask<State>(new Order($"article {random.Next(1000)}", random.Next(1, 100)), TimeSpan.FromMinutes(2));
        lock (output)
        {
            output.WriteLine($"ordered {number} {state.Orders} {state.Spent}");
        }
    }));
}

await system.Terminate();
