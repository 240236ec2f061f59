using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using AkkaAio.Benchmarks.Contenders;
using AkkaAio.Demo.Benching;
using AkkaAio.Demo.Session;
using AkkaAio.Streams;

namespace AkkaAio.Benchmarks.Streams;

/// <summary>AkkaAio.Streams, with its default settings.</summary>
internal sealed class AkkaAioStreams : IFileStreams
{
    private readonly AioSession _session;
    private readonly ActorMaterializer _materializer;
    private readonly AioReadSettings _read;
    private readonly AioWriteSettings _write;
    private readonly ReadOnlyMemory<byte> _chunk;
    private readonly bool _pooled;

    private AkkaAioStreams(ContenderRun run, AioSession session)
    {
        var open = new AioOpenOptions { Direct = run.Buffered ? DirectIo.Off : DirectIo.Required };
        _session = session;
        var settings = ActorMaterializerSettings.Create(session.System);
        _materializer = session.System.Materializer(run.Options.Dispatcher == RequesterDispatchers.Shard
            ? settings.WithDispatcher(session.Aio.ShardDispatcher(0))
            : settings);
        _read = new() { Open = open };
        _write = new() { Open = open };
        _chunk = new byte[run.Options.Bs];
        _pooled = run.Pooled;
    }

    public ActorSystem System => _session.System;

    public static async Task<IFileStreams> StartAsync(ContenderRun run) => new AkkaAioStreams(run, await run.StartSessionAsync());

    public async Task<long> ReadAsync(string path, Func<bool> goesOn)
    {
        var bytes = 0L;
        if (_pooled)
        {
            await AioSource.BuffersFrom(path, _read).RunForeach(
                buffer =>
                {
                    bytes += buffer.Length;
                    buffer.Dispose();
                },
                _materializer);
            return bytes;
        }

        await AioSource.FromFile(path, _read).TakeWhile(_ => goesOn()).RunForeach(data => bytes += data.Length, _materializer);
        return bytes;
    }

    public async Task<long> WriteAsync(string path, long length)
    {
        var result = await Source.Repeat(_chunk).Take(length / _chunk.Length).RunWith(AioSink.ToFile(path, _write), _materializer);
        return result.Count;
    }

    public async Task<long> CopyAsync(string from, string to)
    {
        var result = await AioSource.FromFile(from, _read).RunWith(AioSink.ToFile(to, _write), _materializer);
        return result.Count;
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();
}
