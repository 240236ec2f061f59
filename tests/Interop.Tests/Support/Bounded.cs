namespace AkkaAio.Interop.Tests;

/// <summary>Runs what may block on a thread of its own; a hang is a failure, not a hung test run.</summary>
internal static class Bounded
{
    /// <summary>Long enough for the slowest machine; only a hang reaches it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task<T> Run<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(Patience);

    public static Task Run(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(Patience);
}
