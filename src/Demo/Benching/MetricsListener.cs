using System.Diagnostics.Metrics;

namespace AkkaAio.Demo.Benching;

/// <summary>Takes every measurement of AkkaAio's meter and does nothing with it: what is left is what measuring costs.</summary>
internal static class MetricsListener
{
    public static MeterListener Start()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "AkkaAio")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.SetMeasurementEventCallback<int>(static (_, _, _, _) => { });
        listener.Start();
        return listener;
    }
}
