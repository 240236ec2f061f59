using Akka.Configuration;
using AkkaAio.Demo.Configuration;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>The demo's configuration for systems without AkkaAio: the same in all but that, and nothing on stdout but the result.</summary>
internal static class QuietConfig
{
    public static Config Make(Config? more = null) => DemoConfig.Layer(more ?? Config.Empty, Config.Empty, Config.Empty);
}
