using System.Threading.Channels;
using Akka.Actor;

namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>A command that was told, found again by its token.</summary>
/// <param name="onReply">On the thread that replies, with each reply.</param>
internal sealed class Told(Action<Aio.Event>? onReply = null)
{
    public Aio.Message? Command { get; set; }

    /// <summary>How often it was told.</summary>
    public int Times { get; set; } = 1;

    public int Replies;

    public Action<Aio.Event>? OnReply => onReply;
}

/// <summary>The requester of one worker: counts the replies to each command. Some throw.</summary>
internal sealed class Requester(AioExt aio, Findings findings, Random? throwing, ActorPath path, IActorRefProvider provider)
    : MinimalActorRef
{
    private const int MostUnanswered = 96;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<Told> _told = [];
    private readonly Lock _throwing = new();
    private readonly Channel<bool> _replies = Channel.CreateUnbounded<bool>();
    private int _room = MostUnanswered;

    public override ActorPath Path => path;

    public override IActorRefProvider Provider => provider;

    /// <summary>The worker's thread: tells a command that carries <paramref name="told"/> as its token.</summary>
    public async Task TellAsync(Told told, Aio.Command command)
    {
        await AwaitRoomAsync(told.Times);
        told.Command = command;
        _told.Add(told);
        for (var i = 0; i < told.Times; i++)
        {
            aio.Ref.Tell(command, this);
        }
    }

    /// <summary>As <see cref="TellAsync"/>, several in one message.</summary>
    public async Task TellBatchAsync(IReadOnlyList<(Told Told, Aio.FileCommand Command)> commands)
    {
        await AwaitRoomAsync(commands.Count);
        foreach (var (told, command) in commands)
        {
            told.Command = command;
            _told.Add(told);
        }

        aio.Ref.Tell(new Aio.Batch([.. commands.Select(c => c.Command)]), this);
    }

    /// <summary>Any command that was told, answered or not.</summary>
    public Aio.FileCommand? AnyTold(Random random)
    {
        // Mostly one of the last ones.
        var back = random.Next(4) == 0 ? random.Next(_told.Count + 1) : random.Next(Math.Min(_told.Count, MostUnanswered) + 1);
        return back == 0 ? null : _told[^back].Command as Aio.FileCommand;
    }

    /// <summary>Waits until every command has its reply, and says which have not, or have too many.</summary>
    public async Task CheckAsync()
    {
        var deadline = DateTime.UtcNow + Patience;
        while (_told.Exists(told => Volatile.Read(ref told.Replies) < told.Times) && DateTime.UtcNow < deadline)
        {
            await Task.Delay(5);
        }

        var silent = _told.Where(told => Volatile.Read(ref told.Replies) < told.Times).ToArray();
        if (silent.Length > 0)
        {
            findings.Add($"{silent.Length} of {_told.Count} commands have no reply: " + string.Join(", ", silent
                .GroupBy(told => told.Command!.GetType().Name).Select(group => $"{group.Count()} {group.Key}")));
        }
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is not Aio.Event reply)
        {
            return;
        }

        try
        {
            Take(reply);
        }
        catch (Exception e)
        {
            findings.Add($"{reply}: {e}");
        }

        lock (_throwing)
        {
            if (throwing?.Next(8) == 0)
            {
                throw new InvalidOperationException("a requester that throws, as it should");
            }
        }
    }

    private void Take(Aio.Event reply)
    {
        if (reply.Token is not Told told || (reply is Aio.CommandFailed failed && failed.Command != told.Command))
        {
            findings.Add($"a reply to a command that this requester has not told: {reply}");
            return;
        }

        if (Interlocked.Increment(ref told.Replies) > told.Times)
        {
            findings.Add($"reply {told.Replies} to a command that was told {told.Times} times: {reply}");
            return;
        }

        if (reply is Aio.CommandFailed { Cause: var cause } && WrongIn(cause) is { } wrong)
        {
            findings.Add(wrong);
        }

        told.OnReply?.Invoke(reply);
        _replies.Writer.TryWrite(true);
    }

    /// <summary>The disk is healthy: why a command may fail all the same is known.</summary>
    public static string? WrongIn(Exception cause) => cause switch
    {
        AioSystemException { Errno: Errno.ENOENT or Errno.EEXIST } => null,
        AioSystemException { Errno: Errno.EIO, Path: { } path } when path.EndsWith(PatternFile.Mixed, StringComparison.Ordinal) => null,
        AioSystemException or AioShortWriteException => $"on a healthy disk: {cause.Message}",
        AioException when cause.GetType() != typeof(AioException) => null,
        OperationCanceledException => null,
        _ => $"not a typed error: {cause}",
    };

    // The worker's thread alone.
    private async Task AwaitRoomAsync(int count)
    {
        for (_room -= count; _room < 0; _room++)
        {
            if (!_replies.Reader.TryRead(out _))
            {
                using var patience = new CancellationTokenSource(Patience);
                await _replies.Reader.ReadAsync(patience.Token);
            }
        }
    }
}
