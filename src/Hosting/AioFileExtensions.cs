using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AkkaAio.Hosting;

/// <summary>Files that live as long as a host's actor system.</summary>
public static class AioFileExtensions
{
    /// <summary>Lets dependency injection give <see cref="IRequiredAioFile{TKey}"/>.</summary>
    /// <remarks>
    /// A call on the services of its own: Akka.Hosting runs the builder of <c>AddAkka</c> when the services are complete.
    /// </remarks>
    public static IServiceCollection AddAioFiles(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(typeof(IRequiredAioFile<>), typeof(RequiredAioFile<>));
        return services;
    }

    /// <summary>
    /// Opens a file before the actors start, and closes it after they have stopped. Call it before <c>WithActors</c>. A file that cannot be
    /// opened fails the start of the host with the <see cref="AioException"/> that says why.
    /// </summary>
    /// <param name="akka">The builder.</param>
    /// <param name="path">The file.</param>
    /// <param name="options">How to open it; null: an existing file, for reading.</param>
    /// <typeparam name="TKey">
    /// Any type that stands for the file: <see cref="IRequiredAioFile{TKey}"/> or <see cref="GetAioFile{TKey}"/> gives it by that.
    /// </typeparam>
    /// <remarks>
    /// It is closed when the actor system ends, after every actor under <c>/user</c>. From the phase
    /// <c>before-actor-system-terminate</c> of CoordinatedShutdown on new commands are refused: an actor with something left to write does
    /// it in an earlier phase, such as <c>service-stop</c>.
    /// </remarks>
    public static AkkaConfigurationBuilder WithAioFile<TKey>(
        this AkkaConfigurationBuilder akka, string path, AioOpenOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(akka);
        ArgumentException.ThrowIfNullOrEmpty(path);
        return akka.StartActors((system, _) => AioFiles.Of(system).OpenAsync(typeof(TKey), path, options));
    }

    /// <summary>The file that <see cref="WithAioFile{TKey}"/> has opened: for actors that are made without dependency injection.</summary>
    /// <exception cref="InvalidOperationException">It is not open (yet): says what to do.</exception>
    public static AioFile GetAioFile<TKey>(this ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return AioFiles.Of(system).Get(typeof(TKey));
    }
}
