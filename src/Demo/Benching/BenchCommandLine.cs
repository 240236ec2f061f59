using System.CommandLine;
using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Demo.Benching;

/// <summary>The options of <c>bench</c>: fio's names where fio has one.</summary>
internal sealed class BenchCommandLine
{
    private const int MostOutstanding = 1 << 20;

    private readonly Option<string> _filename = new("--filename")
    {
        Description = "The file or block device. One that is not there is made, written full and removed in the end",
        HelpName = "F",
        Required = true,
    };

    private readonly SizeOption _size = new(
        "--size", 1, 1L << 50, "Bytes of it that are used [default: all of what is there, 1g of a new file]");

    private readonly Option<string> _rw = OneOf(
        "--rw", "randread", "The load; randrw is half reads, half writes", "randread", "randwrite", "read", "write", "randrw");

    private readonly SizeOption _bs = new("--bs", 1, 1 << 30, "Bytes of each operation [default: 4k]");

    private readonly NumberOption _direct = new(
        "--direct", 0, 1, "1: around the page cache (O_DIRECT). 0: through it, with what is in it left there [default: 1]");

    private readonly NumberOption _iodepth = new(
        "--iodepth", 1, MostOutstanding, "Operations that each requester keeps outstanding [default: 64]");

    private readonly NumberOption _iodepthBatchSubmit = new(
        "--iodepth_batch_submit", 1, MostOutstanding, "Commands that a requester tells at once, as an Aio.Batch, with --api messages " +
        "[default: 1]");

    private readonly NumberOption _numjobs = new("--numjobs", 1, 65536, "Requesters [default: 1]");

    private readonly EngineOption _ioengine = EngineOption.OfFiles();

    private readonly NumberOption _shards = new(
        "--shards", 1, 1024, "Shards to stripe the file over: akka.io.aio.shards [default: half of the cores]");

    private readonly Option<string> _reapWait = OneOf(
        "--reap_wait", null, "How a shard waits for completions: akka.io.aio.reap.wait", "getevents", "epoll");

    private readonly TimeOption _reapPoll = new(
        "--reap_poll", TimeSpan.Zero, TimeSpan.FromMilliseconds(100),
        "How long a shard looks for completions before it sleeps: akka.io.aio.reap.poll");

    private readonly TimeOption _runtime = new(
        "--runtime", TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1), "How long to measure [default: 5]");

    private readonly TimeOption _rampTime = new(
        "--ramp_time", TimeSpan.Zero, TimeSpan.FromDays(1), "How long to run before that, not counted [default: 1]");

    private readonly NumberOption _fsync = new(
        "--fsync", 0, int.MaxValue, "A Flush (fdatasync) after this many writes of a requester; 0: none [default: 0]");

    private readonly Option<string> _api = OneOf(
        "--api", "messages", "Actors that tell commands, or loops that await tasks", "messages", "tasks");

    private readonly Option<string> _dispatcher = OneOf(
        "--dispatcher", RequesterDispatchers.Default,
        "Where requesters run: .NET's thread pool, or the shards' own threads; with --api messages also threads of their own " +
        "(as many as cores), a thread for each, or one that spins before it sleeps",
        [.. RequesterDispatchers.Names]);

    private readonly Option<string?> _json = new("--json")
    {
        Description = "Writes the result as JSON to FILE; with - to stdout, and the table to stderr",
        HelpName = "FILE|-",
    };

    private readonly Option<bool> _metrics = new("--metrics")
    {
        Description = "Listens to the meter AkkaAio meanwhile, to see what that costs",
    };

    private readonly Option<bool> _allowOverwrite = new("--allow-overwrite")
    {
        Description = "Writing loads may destroy what is in a device, or in a file that was there",
    };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])
        [
            _filename, _size, _rw, _bs, _direct, _iodepth, _iodepthBatchSubmit, _numjobs, _ioengine, _shards, _reapWait, _reapPoll,
            _runtime, _rampTime, _fsync, _api, _dispatcher, _json, _metrics, _allowOverwrite,
        ])
        {
            command.Add(option);
        }
    }

    /// <exception cref="UsageException">The file has no name.</exception>
    public string? ReadJson(ParseResult result) => NameIn(result.GetValue(_json), _json);

    /// <exception cref="UsageException">Options that are right by themselves and do not go together.</exception>
    public BenchOptions Read(ParseResult result)
    {
        // Not a validator: asked for an option that is wrong, the parser throws.
        var defaults = new BenchOptions { Filename = NameIn(result.GetValue(_filename), _filename)! };
        var options = defaults with
        {
            Size = result.GetValue(_size),
            Rw = Enum.Parse<RwKind>(result.GetValue(_rw)!, ignoreCase: true),
            Bs = (int)(result.GetValue(_bs) ?? defaults.Bs),
            Direct = result.GetValue(_direct) != 0,
            Iodepth = result.GetValue(_iodepth) ?? defaults.Iodepth,
            IodepthBatchSubmit = result.GetValue(_iodepthBatchSubmit) ?? defaults.IodepthBatchSubmit,
            Numjobs = result.GetValue(_numjobs) ?? defaults.Numjobs,
            Ioengine = result.GetValue(_ioengine),
            Shards = result.GetValue(_shards),
            ReapWait = result.GetValue(_reapWait),
            ReapPoll = result.GetValue(_reapPoll),
            Runtime = result.GetValue(_runtime) ?? defaults.Runtime,
            RampTime = result.GetValue(_rampTime) ?? defaults.RampTime,
            Fsync = result.GetValue(_fsync) ?? defaults.Fsync,
            Api = Enum.Parse<BenchApi>(result.GetValue(_api)!, ignoreCase: true),
            Dispatcher = result.GetValue(_dispatcher)!,
            Metrics = result.GetValue(_metrics),
            AllowOverwrite = result.GetValue(_allowOverwrite),
        };
        return (long)options.Iodepth * options.Numjobs <= MostOutstanding
            ? options
            : throw new UsageException($"--iodepth {options.Iodepth} times --numjobs {options.Numjobs} is above {MostOutstanding}");
    }

    private static string? NameIn(string? value, Option option)
    {
        LostNames.Refuse(value);
        return value is { Length: 0 } ? throw new UsageException($"{option.Name} needs the name of a file") : value;
    }

    private static Option<string> OneOf(string name, string? defaultValue, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description, HelpName = string.Join('|', values) };
        if (defaultValue is not null)
        {
            option.DefaultValueFactory = _ => defaultValue;
        }

        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !values.Contains(token.Value))
            {
                result.AddError($"{name} takes {string.Join(", ", values)}, not \"{token.Value}\"");
            }
        });
        return option;
    }
}
