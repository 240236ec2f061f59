namespace AkkaAio.Persistence;

/// <summary>
/// A segment in a log's folder, <see cref="AioException.Path"/>, belongs to another log, by its store id or kind. Nothing was changed. Move
/// it away.
/// </summary>
public sealed class AioLogForeignException : AioException
{
    internal AioLogForeignException(string path, string belongsTo, string expected)
        : base($"{path} belongs to {belongsTo}, and its folder to {expected}. Nothing was changed; move the file to where it belongs") =>
        Path = path;
}
