using System.Diagnostics.Metrics;
using Akka.Actor;
using Akka.Event;

namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>Listens to a system's metrics and its log, and throws at times: that must be nobody else's trouble.</summary>
internal sealed class Troubles : IDisposable
{
    private const int MeasureOneIn = 300;
    private const int LogOneIn = 3;

    private readonly MeterListener? _listener;
    private int _measured;

    public Troubles(Lifetime life)
    {
        life.System.EventStream.Subscribe(new Sink(life, throws: life.Listens && life.Has(Ingredients.Sinks)), typeof(LogEvent));
        if (!life.Listens)
        {
            return;
        }

        if (life.Has(Ingredients.Listeners))
        {
            _listener = new MeterListener
            {
                InstrumentPublished = (instrument, listener) =>
                {
                    if (instrument.Meter.Name == "AkkaAio")
                    {
                        listener.EnableMeasurementEvents(instrument);
                    }
                },
            };
            _listener.SetMeasurementEventCallback<double>((_, _, _, _) => Measured());
            _listener.SetMeasurementEventCallback<int>((_, _, _, _) => Measured());
            _listener.SetMeasurementEventCallback<long>((_, _, _, _) => Measured());
            _listener.Start();
        }
    }

    public void Dispose() => _listener?.Dispose();

    private void Measured()
    {
        if (Interlocked.Increment(ref _measured) % MeasureOneIn == 0)
        {
            throw new InvalidOperationException("a listener that throws, as it should");
        }
    }

    // Keeps the errors that AkkaAio logs, and may throw at what it logs; lets Akka alone.
    private sealed class Sink(Lifetime life, bool throws) : MinimalActorRef
    {
        private int _logged;

        public override ActorPath Path { get; } = new RootActorPath(life.System.Provider.DefaultAddress) / "sink";

        public override IActorRefProvider Provider => life.System.Provider;

        protected override void TellInternal(object message, IActorRef sender)
        {
            if (message is not LogEvent { LogClass: var from } logged ||
                from.Namespace?.StartsWith("AkkaAio", StringComparison.Ordinal) != true)
            {
                return;
            }

            if (logged is Error)
            {
                life.Errors.Enqueue($"{logged.Message}");
            }

            if (throws && Interlocked.Increment(ref _logged) % LogOneIn == 0)
            {
                throw new InvalidOperationException("a subscriber that throws, as it should");
            }
        }
    }
}
