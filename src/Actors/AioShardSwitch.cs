using System.Runtime.CompilerServices;
using AkkaAio.Tasks;

namespace AkkaAio;

/// <summary>What <see cref="AioFile.OnShard()"/> gives: await it at once.</summary>
public readonly struct AioShardSwitch : ICriticalNotifyCompletion
{
    private readonly ShardThread _thread;

    internal AioShardSwitch(ShardThread thread) => _thread = thread;

    /// <summary>For the compiler.</summary>
    public AioShardSwitch GetAwaiter() => this;

    /// <summary>Whether the code is there already.</summary>
    public bool IsCompleted => SynchronizationContext.Current == _thread;

    /// <summary>For the compiler.</summary>
    public void GetResult()
    {
        // There is nothing to give.
    }

    /// <inheritdoc/>
    public void OnCompleted(Action continuation)
    {
        var context = ExecutionContext.Capture();
        UnsafeOnCompleted(context is null
            ? continuation
            : () => ExecutionContext.Run(context, static state => ((Action)state!)(), continuation));
    }

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => _thread.Post(static state => ((Action)state!)(), continuation);
}
