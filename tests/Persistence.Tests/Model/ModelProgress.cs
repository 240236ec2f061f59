namespace AkkaAio.Persistence.Tests.Model;

/// <summary>
/// When a disk of the model fails no more: when most of what its actors were to write has been tried, or when they are refused again and
/// again. Not by time: on a slow machine nothing would have been tried.
/// </summary>
internal sealed class ModelProgress(Action heal)
{
    private const int MostRefusals = 200;

    private int _refusals = MostRefusals;
    private int _writes;

    /// <summary>So many more are to come before it fails no more.</summary>
    public void Add(int writes) => Interlocked.Add(ref _writes, writes);

    public void Written()
    {
        if (Interlocked.Decrement(ref _writes) == 0)
        {
            heal();
        }
    }

    public void Refused()
    {
        if (Interlocked.Decrement(ref _refusals) == 0)
        {
            heal();
        }
    }
}
