namespace AkkaAio.Interop.Tests;

/// <summary>A call on a thread of its own, and whether that thread sleeps in the kernel.</summary>
internal sealed class BlockedCall<T>
{
    private readonly TaskCompletionSource<string> _thread = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BlockedCall(Func<T> call) => Result = Bounded.Run(() =>
    {
        // "1234/task/1240": this thread.
        _thread.SetResult(File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)!.FullName);
        return call();
    });

    public Task<T> Result { get; }

    /// <summary>
    /// Until the call has been seen asleep several times without having run in between; or many times in a row, as the reap of posix-aio
    /// wakes every 5 ms, which on a busy machine is less than the time between two looks.
    /// </summary>
    public async Task UntilAsleep()
    {
        var status = Path.Combine(await _thread.Task.WaitAsync(Bounded.Patience), "status");
        var seen = "";
        var (unmoved, asleep) = (0, 0);
        Assert.True(SpinWait.SpinUntil(IsAsleep, Bounded.Patience), "the call does not block");

        bool IsAsleep()
        {
            Assert.False(Result.IsCompleted, "the call has returned without being woken");
            var now = string.Join('\n', File.ReadLines(status).Where(line =>
                line.StartsWith("State", StringComparison.Ordinal) || line.Contains("ctxt_switches", StringComparison.Ordinal)));
            asleep = now.Contains("(sleeping)", StringComparison.Ordinal) ? asleep + 1 : 0;
            unmoved = asleep > 0 && now == seen ? unmoved + 1 : 0;
            seen = now;
            return unmoved >= 5 || asleep >= 50;
        }
    }
}
