using Akka.Actor;

namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>An open of a file.</summary>
internal sealed record OpenFile(AioFile File, PatternFile Pattern, IActorRef? Owner)
{
    public bool Writes => File.Access.HasFlag(FileAccess.Write);
}

/// <summary>The files that a system has open, as far as its workers know.</summary>
internal sealed class OpenFiles
{
    private readonly Lock _lock = new();
    private readonly List<OpenFile> _files = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _files.Count;
            }
        }
    }

    public void Add(OpenFile file)
    {
        lock (_lock)
        {
            _files.Add(file);
        }
    }

    public OpenFile? Any(Random random)
    {
        lock (_lock)
        {
            return _files.Count == 0 ? null : _files[random.Next(_files.Count)];
        }
    }

    public void Remove(OpenFile file)
    {
        lock (_lock)
        {
            _files.Remove(file);
        }
    }
}
