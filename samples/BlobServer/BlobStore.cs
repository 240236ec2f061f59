using System.IO.Pipelines;
using Akka.Actor;
using Microsoft.Net.Http.Headers;

namespace AkkaAio.Samples.BlobServer;

/// <summary>Blobs as files of one folder. A blob is there as a whole, on the disk, or not at all.</summary>
internal sealed class BlobStore
{
    // What a request holds of memory. A multiple of every device's block.
    private const int ChunkSize = 256 << 10;

    private readonly AioExt _aio;
    private readonly string _folder;
    private long _uploads;

    public BlobStore(ActorSystem system, IConfiguration configuration)
    {
        _aio = AioExt.Get(system);
        _folder = Directory.CreateDirectory(configuration["Blobs"] ?? "blobs").FullName;
    }

    /// <summary>Stores the body under the name. 201 when it is on the disk; 503 when the disk takes no more for the moment.</summary>
    public async Task<IResult> PutAsync(string name, PipeReader body, CancellationToken cancellationToken)
    {
        if (PathOf(name) is not { } path)
        {
            return Results.BadRequest("a name has letters, digits, '.', '-' and '_', and begins with no '.'");
        }

        var upload = $"{path}.{Interlocked.Increment(ref _uploads)}.upload";
        try
        {
            var length = await WriteAsync(upload, body, cancellationToken);
            await _aio.RenameAsync(upload, path, cancellationToken: cancellationToken); // it is on the disk, name and all
            return Results.Created($"/blobs/{name}", new { name, length });
        }
        catch (Exception e)
        {
            File.Delete(upload);
            if (e is AioOverloadedException or AioBufferBudgetException)
            {
                return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
            }

            throw;
        }
    }

    /// <summary>The blob, or the range of it that the request asks for.</summary>
    public async Task GetAsync(string name, HttpContext context)
    {
        var (request, response, cancellationToken) = (context.Request, context.Response, context.RequestAborted);
        if (PathOf(name) is not { } path || await TryOpenAsync(path, cancellationToken) is not { } file)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await using (file)
        {
            var length = file.Length;
            var (from, to) = (0L, length - 1);
            response.Headers.AcceptRanges = "bytes";
            if (request.GetTypedHeaders().Range is { Unit.Value: "bytes", Ranges.Count: 1 } range)
            {
                var (first, last) = (range.Ranges.Single().From, range.Ranges.Single().To);
                from = first ?? Math.Max(0, length - (last ?? 0)); // without a first byte: the last ones
                to = first is null ? length - 1 : Math.Min(last ?? length - 1, length - 1);
                if (from > to)
                {
                    response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                    response.GetTypedHeaders().ContentRange = new ContentRangeHeaderValue(length);
                    return;
                }

                response.StatusCode = StatusCodes.Status206PartialContent;
                response.GetTypedHeaders().ContentRange = new ContentRangeHeaderValue(from, to, length);
            }

            response.ContentType = "application/octet-stream";
            response.ContentLength = to - from + 1;
            for (var at = from; at <= to;)
            {
                using var read = await file.RentReadAsync(at, (int)Math.Min(ChunkSize, to - at + 1), cancellationToken);
                if (read.Length == 0)
                {
                    break; // somebody has made it shorter: the client sees that the body ends too early
                }

                await response.Body.WriteAsync(read.Memory, cancellationToken);
                at += read.Length;
            }
        }
    }

    // Direct: whole blocks, the last of them filled up, and cut to the length in the end.
    private async Task<long> WriteAsync(string path, PipeReader body, CancellationToken cancellationToken)
    {
        await using var file = await _aio.OpenAsync(
            path, new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite, GrowAhead = 4 << 20 }, cancellationToken);
        using var chunk = _aio.Pool.Rent(ChunkSize);
        var stream = body.AsStream();
        for (var length = 0L; ;)
        {
            var count = await stream.ReadAtLeastAsync(chunk.Memory, ChunkSize, throwOnEndOfStream: false, cancellationToken);
            var padded = (int)Math.Min(ChunkSize, (count + (long)file.OffsetAlignment - 1) / file.OffsetAlignment * file.OffsetAlignment);
            chunk.Memory.Span[count..padded].Clear();
            await file.WriteAsync(chunk.Memory[..padded], length, cancellationToken);
            length += count;
            if (count < ChunkSize)
            {
                await file.SetLengthAsync(length, cancellationToken);
                await file.FlushAsync(cancellationToken);
                return length;
            }
        }
    }

    private async Task<AioFile?> TryOpenAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await _aio.OpenAsync(path, cancellationToken: cancellationToken);
        }
        catch (AioSystemException e) when (e.Errno == Errno.ENOENT)
        {
            return null;
        }
    }

    private string? PathOf(string name) =>
        name.Length is > 0 and < 200 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            ? Path.Combine(_folder, name)
            : null;
}
