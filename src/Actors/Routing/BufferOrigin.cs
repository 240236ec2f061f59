namespace AkkaAio.Routing;

/// <summary>Says in words where a forgotten buffer came from.</summary>
internal static class BufferOrigin
{
    public static string Describe(object? origin) => origin switch
    {
        Aio.TransferCommand command =>
            $"a {command.Name} of {command.Length} bytes at offset {command.Offset} of {command.File.Path}" +
            (command.Token is null ? "" : $" with token {command.Token}"),
        null => "AioExt.Pool.Rent; give Rent an origin to see which",
        _ => origin.ToString() ?? origin.GetType().Name,
    };
}
