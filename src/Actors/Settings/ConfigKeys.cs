using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace AkkaAio;

/// <summary>
/// Holds a configuration's keys against those of the reference, because Akka's parser lets all of <c>depth =</c>, <c>depth 64</c> and
/// a forgotten brace pass.
/// </summary>
internal static class ConfigKeys
{
    // Sections of akka.io.aio that are other packages' of ours, and checked by them.
    private static readonly string[] OthersSections = [$"{AioSettings.Path}.cluster", $"{AioSettings.Path}.streams"];

    // By name: an empty list is no list to Akka's parser.
    private static readonly string[] ListKeys = [$"{AioSettings.Path}.cluster.directories"];

    public static void Check(Config config, Config reference, string path)
    {
        if (config.GetValue(path) is not { } root || !root.IsObject())
        {
            throw new AioConfigurationException(path, "is not a section");
        }

        CheckSection(config.GetConfig(path), reference.GetConfig(path), path);
    }

    /// <summary>Checks that every key of a section, and of the sections in it, is known and has a value of the right kind.</summary>
    /// <param name="section">With its fallbacks.</param>
    /// <param name="reference">Has all keys that are allowed.</param>
    /// <param name="path">The section's full path.</param>
    public static void CheckSection(Config section, Config reference, string path)
    {
        foreach (var (name, value) in section.AsEnumerable())
        {
            var key = $"{path}.{name}";
            if (name.EndsWith("-dispatcher", StringComparison.Ordinal) && reference.HasPath(name))
            {
                CheckDispatcher(key, name, value, section, reference);
                continue;
            }

            if (OthersSections.Contains(key))
            {
                continue;
            }

            // Not HasPath: that reads a dot in a quoted key as a path.
            if (!reference.AsEnumerable().Any(known => known.Key == name))
            {
                throw new AioConfigurationException(
                    key,
                    $"no such key; {Successor(name)}allowed here: {string.Join(", ", reference.AsEnumerable().Select(its => its.Key))}");
            }

            CheckValue(key, name, value, section, reference);
        }
    }

    private static string Successor(string name) => name == "preallocate-ahead"
        ? $"{nameof(AioOpenOptions)}.{nameof(AioOpenOptions.GrowAhead)} says it for one file; "
        : "";

    // A section with Akka's keys, or the name of another dispatcher, whose keys are its own.
    private static void CheckDispatcher(string key, string name, HoconValue value, Config section, Config reference)
    {
        if (value.IsObject())
        {
            DispatcherKeys.Check(section.GetConfig(name), reference.GetConfig(name), key);
        }
        else if (value.IsArray() || string.IsNullOrWhiteSpace(value.GetString()))
        {
            throw new AioConfigurationException(key, "is empty or a list; name a dispatcher, give a section, or leave the key out");
        }
    }

    private static void CheckValue(string key, string name, HoconValue value, Config section, Config reference)
    {
        if (reference.GetValue(name).IsObject())
        {
            if (!value.IsObject())
            {
                throw new AioConfigurationException(key, "is a section and takes no value; a brace may be missing");
            }

            CheckSection(section.GetConfig(name), reference.GetConfig(name), key);
        }
        else if (value.IsObject())
        {
            throw new AioConfigurationException(key, "takes a value, not a section; a value or a brace may be missing");
        }
        else if (ListKeys.Contains(key))
        {
            if (!value.IsArray() && !value.IsEmpty && value.GetString() is { Length: > 0 })
            {
                throw new AioConfigurationException(key, "takes a list, such as [a, b]");
            }
        }
        else if (value.IsArray())
        {
            throw new AioConfigurationException(key, "takes one value, not a list");
        }
        else if (value.IsEmpty || string.IsNullOrWhiteSpace(value.GetString()))
        {
            throw new AioConfigurationException(key, "is empty; give a value or leave the key out");
        }
    }
}
