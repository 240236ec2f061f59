using Akka.Configuration;
using Akka.Hosting;
using Microsoft.Extensions.Configuration;

namespace AkkaAio.Hosting;

/// <summary>AkkaAio in a host's actor system.</summary>
public static class AioHostingExtensions
{
    /// <summary>
    /// Configures AkkaAio, starts it with the actor system, and registers <c>system.Aio()</c> as <see cref="AioKey"/>.
    /// </summary>
    /// <param name="akka">The builder.</param>
    /// <param name="options">What is set in it goes before all other configuration.</param>
    /// <remarks>
    /// Call it before <c>WithActors</c>: it is started in the order of these calls, so that the first actor finds it. A key or value that
    /// is wrong, or a kernel that gives no context, fails the start of the host with an <see cref="AioConfigurationException"/> or
    /// <see cref="AioContextException"/> that names the key or what to change.
    /// </remarks>
    public static AkkaConfigurationBuilder WithAio(this AkkaConfigurationBuilder akka, AioOptions options)
    {
        ArgumentNullException.ThrowIfNull(akka);
        ArgumentNullException.ThrowIfNull(options);
        return akka.Start(options.ToConfig());
    }

    /// <inheritdoc cref="WithAio(AkkaConfigurationBuilder, AioOptions)"/>
    /// <param name="akka">The builder.</param>
    /// <param name="configure">Sets options.</param>
    public static AkkaConfigurationBuilder WithAio(this AkkaConfigurationBuilder akka, Action<AioOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new AioOptions();
        configure(options);
        return akka.WithAio(options);
    }

    /// <inheritdoc cref="WithAio(AkkaConfigurationBuilder, AioOptions)"/>
    /// <param name="akka">The builder.</param>
    /// <param name="section">
    /// Such as <c>configuration.GetSection("AkkaAio")</c>. It takes every key of <c>akka.io.aio</c>, also the dispatchers; DrainTimeout and
    /// drain-timeout are one key. A section that is not there sets nothing.
    /// </param>
    public static AkkaConfigurationBuilder WithAio(this AkkaConfigurationBuilder akka, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(akka);
        ArgumentNullException.ThrowIfNull(section);
        return akka.Start(SectionHocon.ToConfig(section));
    }

    /// <inheritdoc cref="WithAio(AkkaConfigurationBuilder, AioOptions)"/>
    /// <param name="akka">The builder.</param>
    /// <param name="engine">As <see cref="AioOptions.Engine"/>.</param>
    /// <param name="shards">As <see cref="AioOptions.Shards"/>.</param>
    /// <param name="depth">As <see cref="AioOptions.Depth"/>.</param>
    public static AkkaConfigurationBuilder WithAio(
        this AkkaConfigurationBuilder akka, string? engine = null, int? shards = null, int? depth = null) =>
        akka.WithAio(new AioOptions { Engine = engine, Shards = shards, Depth = depth });

    // With the actors, in the order of registration, and not AddStartup, which Akka.Hosting runs when every actor has been started: then
    // an actor would be the first to meet a wrong key.
    private static AkkaConfigurationBuilder Start(this AkkaConfigurationBuilder akka, Config config) =>
        (config.IsEmpty ? akka : akka.AddHocon(config, HoconAddMode.Prepend))
        .StartActors((system, registry) => registry.TryRegister<AioKey>(AioExt.Get(system).Ref));
}
