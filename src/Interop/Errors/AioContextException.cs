namespace AkkaAio;

/// <summary>No context could be opened: the engine is not available here, or the machine's limit is reached. Says what to change.</summary>
public sealed class AioContextException : AioException
{
    /// <summary>Builds the message; <paramref name="remedy"/> says what to change.</summary>
    public AioContextException(Errno errno, string operation, string remedy)
        : base($"{operation}: {errno.Name()} ({errno.Text()}); {remedy}")
    {
        Errno = errno;
        Operation = operation;
    }

    /// <summary>The same, with what else can be done.</summary>
    internal AioContextException(AioContextException cause, string alternative)
        : base($"{cause.Message}; {alternative}", cause)
    {
        Errno = cause.Errno;
        Operation = cause.Operation;
    }

    /// <summary>The kernel's error number.</summary>
    public Errno Errno { get; }
}
