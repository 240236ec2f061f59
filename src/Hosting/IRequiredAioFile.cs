namespace AkkaAio.Hosting;

/// <summary>
/// A file that <c>WithAioFile&lt;TKey&gt;</c> opens, for the constructors of actors and services. Needs <c>services.AddAioFiles()</c>.
/// </summary>
/// <typeparam name="TKey">Any type that stands for the file.</typeparam>
public interface IRequiredAioFile<TKey>
{
    /// <summary>The open file.</summary>
    /// <exception cref="InvalidOperationException">It is not open (yet): says what to do.</exception>
    AioFile File { get; }

    /// <summary>
    /// Waits until it is open: for services that start before the actor system or beside it.
    /// </summary>
    /// <exception cref="AioException">It could not be opened; the host's start fails with the same.</exception>
    Task<AioFile> GetAsync(CancellationToken cancellationToken = default);
}
