using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace AkkaAio.Demo.Configuration;

/// <summary>
/// Finds keys above <c>akka.io.aio</c> that nobody reads, such as <c>akka.oi.aio.depth</c>. What stands below it the library checks;
/// the rest of <c>akka</c> is free, as Akka has it.
/// </summary>
internal static class RootKeys
{
    // Of a node: sections whose keys are all in the references.
    private static readonly string[] ClosedSections =
    [
        "demo", "demo.log", "akka", "akka.io", "akka.remote", "akka.remote.dot-netty", "akka.remote.dot-netty.tcp", "akka.cluster",
        "akka.cluster.failure-detector", "akka.cluster.split-brain-resolver", "akka.cluster.sharding",
    ];

    /// <summary>What is wrong, or null.</summary>
    public static string? FindMistake(Config file, Config? known = null)
    {
        if (file.IsEmpty)
        {
            return null;
        }

        if (file.Root is null || !file.Root.IsObject())
        {
            return "no keys in it; a file says for instance akka.io.aio.depth = 64";
        }

        if (known is null)
        {
            var reference = AioSettings.DefaultConfig().WithFallback(ConfigurationFactory.Default());
            return FindUnknown(file, ["akka"], "") ??
                   FindUnknown(file, Names(reference, "akka"), "akka") ??
                   FindUnknown(file, Names(reference, "akka.io"), "akka.io");
        }

        return FindUnknown(file, ["akka", "demo"], "") ??
               ClosedSections
                   .Select(path => FindUnknown(file, Names(known, path), path) ?? ValueKinds.FindMistake(file, known, path))
                   .FirstOrDefault(mistake => mistake is not null);
    }

    private static string? FindUnknown(Config file, IReadOnlyCollection<string> known, string path)
    {
        foreach (var (name, value) in Entries(file, path))
        {
            if (!known.Contains(name) && !IsDispatcher(value))
            {
                var key = path.Length == 0 ? name : $"{path}.{name}";
                return $"{key}: no such key; allowed here: {string.Join(", ", known)}";
            }
        }

        return null;
    }

    // Dispatchers and mailboxes of one's own may stand anywhere.
    private static bool IsDispatcher(HoconValue value) =>
        value.IsObject() && value.GetObject() is { } section &&
        (section.Items.ContainsKey("type") || section.Items.ContainsKey("mailbox-type"));

    private static List<string> Names(Config config, string path) => [.. Entries(config, path).Select(entry => entry.Key)];

    private static IEnumerable<KeyValuePair<string, HoconValue>> Entries(Config config, string path)
    {
        if (path.Length == 0)
        {
            return config.AsEnumerable();
        }

        return config.GetValue(path) is { } value && value.IsObject() ? config.GetConfig(path).AsEnumerable() : [];
    }
}
