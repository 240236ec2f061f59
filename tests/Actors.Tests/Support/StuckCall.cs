using AkkaAio.TestKit;
using Xunit;

namespace AkkaAio.Tests.Support;

/// <summary>Holds one blocking call of a file until it is let go.</summary>
internal sealed class StuckCall : IDisposable
{
    private readonly ManualResetEventSlim _entered = new();
    private readonly ManualResetEventSlim _go = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MemoryEngine _engine;

    public StuckCall(MemoryEngine engine, string call, string path)
    {
        _engine = engine;
        engine.OnFileCall = (name, of) =>
        {
            if (name == call && of == path && !_entered.IsSet)
            {
                _entered.Set();
                _go.Wait(Patience.Long);
                _left.TrySetResult();
            }

            return Errno.None;
        };
    }

    /// <summary>The call goes on; what it does after the script may still be running.</summary>
    public Task Left => _left.Task.WaitAsync(Patience.Long);

    public void AwaitEntered() => Assert.True(_entered.Wait(Patience.Long), "the call was made");

    public void LetGo() => _go.Set();

    public void Dispose()
    {
        _go.Set();
        _engine.OnFileCall = null;
    }
}
