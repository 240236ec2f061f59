using AkkaAio.Cluster;
using AkkaAio.Demo.Copying;
using AkkaAio.Demo.Progress;

namespace AkkaAio.Demo.Clustering;

/// <summary>Files of the cluster to and from local ones, and to and from stdin and stdout.</summary>
internal static class Transfer
{
    private const int Part = 64 << 10;

    /// <summary>A local file becomes the content of a plain one.</summary>
    public static async Task PutAsync(AioClusterExt files, string local, string address, Meter meter, CancellationToken stop)
    {
        await using var source = new FileStream(
            local, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1 << 20, useAsync: true);
        meter.AddTotal(source.Length);
        var file = await files.OpenAsync(address, new() { Mode = FileMode.OpenOrCreate, Kind = AioClusterFileKind.Plain }, stop);
        var length = await file.CopyFromAsync(new MeteredStream(source, meter), 0, stop);
        var status = await files.StatAsync(address, stop);
        if (status.Length > length)
        {
            await file.TruncateAsync(status.Length, length, stop); // there was a longer one
        }
    }

    /// <summary>A file becomes a local one, whole or not at all.</summary>
    public static async Task GetAsync(AioClusterExt files, string address, string local, Meter meter, CancellationToken stop)
    {
        var file = await files.OpenAsync(address, null, stop);
        using var temporary = new TemporaryFile(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(local))!);
        await using (var target = new FileStream(
            temporary.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 1 << 20, useAsync: true))
        {
            meter.AddTotal((await files.StatAsync(address, stop)).Length);
            await WriteToAsync(file, new MeteredStream(target, meter), stop);
        }

        temporary.Become(local);
    }

    /// <summary>The bytes of a plain file, the payloads of a log.</summary>
    public static async Task WriteToAsync(AioClusterFile file, Stream target, CancellationToken stop)
    {
        if (file.Kind != AioClusterFileKind.Log)
        {
            await file.CopyToAsync(target, 0, stop);
            return;
        }

        await foreach (var record in file.ReadLogAsync(0, stop))
        {
            await target.WriteAsync(record.Payload, stop);
        }
    }

    /// <summary>Appends what a stream has: to a plain file in parts, to a log a line a record.</summary>
    public static async Task AppendAsync(AioClusterFile file, Stream source, CancellationToken stop)
    {
        var waiting = new byte[Part];
        var count = 0;
        while (true)
        {
            var read = await source.ReadAsync(waiting.AsMemory(count), stop);
            count += read;
            var from = 0;
            while (NextEnd(waiting.AsSpan(from, count - from), read == 0) is var length and > 0)
            {
                await file.AppendAsync(waiting.AsMemory(from, length).ToArray(), cancellationToken: stop);
                from += length;
            }

            waiting.AsSpan(from, count - from).CopyTo(waiting);
            count -= from;
            if (read == 0)
            {
                return;
            }
        }

        int NextEnd(ReadOnlySpan<byte> rest, bool isLast) =>
            file.Kind == AioClusterFileKind.Log && rest.IndexOf((byte)'\n') is var end and >= 0 ? end + 1
            : file.Kind != AioClusterFileKind.Log || isLast || rest.Length == Part ? rest.Length
            : 0;
    }

    /// <summary>Counts what goes through.</summary>
    private sealed class MeteredStream(Stream inner, Meter meter) : Stream
    {
        public override bool CanRead => inner.CanRead;

        public override bool CanSeek => false;

        public override bool CanWrite => inner.CanWrite;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await inner.ReadAsync(buffer, cancellationToken);
            meter.AddDone(count);
            return count;
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            meter.AddDone(buffer.Length);
        }
    }
}
