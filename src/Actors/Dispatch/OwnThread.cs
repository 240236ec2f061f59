namespace AkkaAio.Dispatch;

/// <summary>
/// Starts threads for what must be done. Where the system gives no more of them, for want of memory or by a limit, the thread pool does it:
/// it has threads already.
/// </summary>
internal static class OwnThread
{
    /// <summary>Starts a background thread of this name. Tests let it fail.</summary>
    public static Action<string, ThreadStart> StartThread { get; set; } = DefaultStart;

    public static void DefaultStart(string name, ThreadStart work) => new Thread(work) { IsBackground = true, Name = name }.Start();

    /// <summary>Any thread: runs the work on another one. Throws nothing.</summary>
    public static void Run(string name, ThreadStart work)
    {
        if (!TryRun(name, work))
        {
            RunOnPool(work);
        }
    }

    /// <summary>False: there is no thread for it.</summary>
    public static bool TryRun(string name, ThreadStart work)
    {
        try
        {
            StartThread(name, work);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    public static void RunOnPool(ThreadStart work) => ThreadPool.UnsafeQueueUserWorkItem(static work => work(), work, preferLocal: false);
}
