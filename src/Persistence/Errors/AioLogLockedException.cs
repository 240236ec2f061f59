namespace AkkaAio.Persistence;

/// <summary>A log's folder is in use: by another process, or by another log of this one.</summary>
public sealed class AioLogLockedException(string path, Exception cause) : AioException(
    $"{path} is locked: another process, or another log of this one, has the folder open. One process at a time can write a log; " +
    "`akkaaio log` reads one that is in use", cause);
