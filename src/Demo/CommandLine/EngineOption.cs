using System.CommandLine;
using Akka.Configuration;

namespace AkkaAio.Demo.CommandLine;

/// <summary><c>--ioengine</c>, fio's word for <c>akka.io.aio.engine</c>.</summary>
internal sealed class EngineOption : Option<string?>
{
    public EngineOption(string description, IReadOnlyList<string> names)
        : base("--ioengine")
    {
        Description = description;
        HelpName = string.Join('|', names);
        Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !names.Contains(token.Value))
            {
                result.AddError($"{Name} takes {string.Join(", ", names)}, not \"{token.Value}\"");
            }
        });
    }

    /// <summary>For a verb that works on files.</summary>
    public static EngineOption OfFiles() => new("The engine: akka.io.aio.engine [default: auto]", AioSettings.EngineNames);

    /// <summary>What the option says, over the file of <c>--config</c>; nothing where it was not given.</summary>
    public static Config Override(string? engine) =>
        engine is null ? Config.Empty : ConfigurationFactory.ParseString($"{AioSettings.Path}.engine = {engine}");
}
