using AkkaAio.Tests.Support;
using CsCheck;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Tasks;

/// <summary><see cref="AioFile.AsStream"/> does what a <see cref="FileStream"/> without a buffer does.</summary>
public abstract class FileStreamSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "", output)
{
    private const int Size = 300;

    private enum Call
    {
        Read, ReadAsync, ReadExactly, ReadByte, Write, WriteAsync, WriteByte, Seek, Position, SetLength, Length, Flush, FlushAsync, CopyTo,
    }

    [SkippableFact]
    public async Task It_does_what_a_FileStream_does()
    {
        var folder = Directory.CreateTempSubdirectory("aio-stream-").FullName;
        try
        {
            var steps = Gen.Select(Gen.Enum<Call>(), Gen.Int[-20, Size], Gen.Int[0, Size], Gen.Enum<SeekOrigin>());
            await steps.Array[1, 40].SampleAsync(
                async script =>
                {
                    var model = Path.Combine(folder, "model");
                    await using var theirs = new FileStream(
                        model, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
                    await using var file = await Ext.OpenAsync(NewPath(), New with { Direct = DirectIo.Off });
                    await using var ours = file.AsStream(leaveOpen: true);
                    foreach (var (call, a, b, origin) in script)
                    {
                        var expected = await Do(theirs, call, a, b, origin);
                        Assert.Equal(expected, await Do(ours, call, a, b, origin));
                    }

                    await theirs.FlushAsync();
                    Assert.Equal(await File.ReadAllBytesAsync(model), OnDisk(file.Path));
                },
                iter: 150,
                threads: 1);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SkippableFact]
    public async Task Of_a_direct_file_it_reads_any_range_and_says_that_it_cannot_write()
    {
        var content = Pattern((3 * Block) + 100);
        await using var stream = (await FileOf(content, DirectIo.Auto)).AsStream();
        var copy = new MemoryStream();
        stream.Position = 7;
        await stream.CopyToAsync(copy, 1000);
        Assert.Equal(content[7..], copy.ToArray());

        var file = await NewFile(Block);
        await using var direct = file.AsStream();
        Assert.Equal(file.OffsetAlignment == 1, direct.CanWrite);
        if (!direct.CanWrite)
        {
            var refused = Assert.Throws<NotSupportedException>(() => direct.Write(new byte[1], 0, 1));
            Assert.Contains("Direct = Off", refused.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<NotSupportedException>(() => direct.WriteAsync(new byte[1]).AsTask());
            Assert.Throws<NotSupportedException>(() => direct.SetLength(0));
        }
    }

    [SkippableFact]
    public async Task What_it_was_not_opened_for_it_cannot_do()
    {
        var path = NewPath();
        await using var writer = (await Ext.OpenAsync(
            path, New with { Direct = DirectIo.Off, Access = FileAccess.Write })).AsStream();
        Assert.False(writer.CanRead);
        Assert.Throws<NotSupportedException>(() => writer.ReadByte());
        await using var reader = (await Ext.OpenAsync(path, new() { Direct = DirectIo.Off })).AsStream();
        Assert.False(reader.CanWrite);
        await Assert.ThrowsAsync<NotSupportedException>(() => reader.WriteAsync(new byte[1]).AsTask());
        reader.Flush(); // nothing to do, as of a FileStream
        await reader.FlushAsync();
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disposed_it_closes_the_file_or_leaves_it(bool leaveOpen)
    {
        foreach (var sync in new[] { true, false })
        {
            var file = await NewFile(Block);
            var stream = file.AsStream(leaveOpen);
            if (sync)
            {
                stream.Dispose();
            }
            else
            {
                await stream.DisposeAsync();
            }

            Assert.False(stream.CanRead || stream.CanSeek || stream.CanWrite);
            Assert.Throws<ObjectDisposedException>(() => stream.Position);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.ReadAsync(new byte[1]).AsTask());
            await stream.DisposeAsync();
            if (leaveOpen)
            {
                await file.FlushAsync();
                await file.DisposeAsync();
            }

            await Assert.ThrowsAsync<AioClosedException>(() => file.FlushAsync().AsTask());
        }
    }

    [SkippableFact]
    public async Task Errors_are_the_BCL_s()
    {
        var file = await Ext.OpenAsync(NewPath(), New with { Direct = DirectIo.Off });
        var stream = file.AsStream();
        await file.DisposeAsync();
        foreach (var error in new[]
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.ReadAsync(new byte[1]).AsTask()),
            await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.WriteAsync(new byte[1]).AsTask()),
            await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.FlushAsync()),
            Assert.Throws<ObjectDisposedException>(() => stream.ReadByte()),
            Assert.Throws<ObjectDisposedException>(() => stream.WriteByte(1)),
            Assert.Throws<ObjectDisposedException>(() => stream.Flush()),
            Assert.Throws<ObjectDisposedException>(() => stream.SetLength(1)),
        })
        {
            Assert.IsType<AioClosedException>(error.InnerException);
        }
    }

    [SkippableFact]
    public async Task A_synchronous_call_on_the_shard_s_thread_fails_instead_of_waiting_for_itself()
    {
        var file = await Ext.OpenAsync(NewPath(), New with { Direct = DirectIo.Off });
        var stream = file.AsStream();
        await file.OnShard();
        Assert.Throws<InvalidOperationException>(() => stream.WriteByte(1));
        Assert.Throws<InvalidOperationException>(() => stream.ReadByte());
        Assert.Throws<InvalidOperationException>(() => stream.Flush());
        await stream.WriteAsync(new byte[1]);
        stream.Dispose(); // tells the Close and does not wait
        await Assert.ThrowsAsync<AioClosedException>(() => file.FlushAsync().AsTask());
    }

    [SkippableFact]
    public async Task Text_goes_through_it()
    {
        var path = NewPath();
        await using (var writer = new StreamWriter((await Ext.OpenAsync(path, New with { Direct = DirectIo.Off })).AsStream()))
        {
            await writer.WriteLineAsync("one");
            writer.WriteLine("two");
        }

        using var reader = new StreamReader((await Ext.OpenAsync(path)).AsStream());
        Assert.Equal("one", await reader.ReadLineAsync());
        Assert.Equal("two", reader.ReadLine());
        Assert.Null(reader.ReadLine());
    }

    // What comes back, where it stands then, and how long it is; or what it throws.
    private static async Task<string> Do(Stream stream, Call call, int a, int b, SeekOrigin origin)
    {
        var buffer = new byte[b];
        new Random(a).NextBytes(buffer);
        object? result = null;
        try
        {
            switch (call)
            {
                case Call.Read:
                    result = stream.Read(buffer, 0, b);
                    break;
                case Call.ReadAsync:
                    result = await stream.ReadAsync(buffer);
                    break;
                case Call.ReadExactly:
                    result = await stream.ReadAtLeastAsync(buffer, b, throwOnEndOfStream: false);
                    break;
                case Call.ReadByte:
                    result = stream.ReadByte();
                    break;
                case Call.Write:
                    stream.Write(buffer);
                    break;
                case Call.WriteAsync:
                    await stream.WriteAsync(buffer);
                    break;
                case Call.WriteByte:
                    stream.WriteByte((byte)a);
                    break;
                case Call.Seek:
                    result = stream.Seek(a, origin);
                    break;
                case Call.Position:
                    stream.Position = a;
                    break;
                case Call.SetLength:
                    stream.SetLength(a);
                    break;
                case Call.Flush:
                    stream.Flush();
                    break;
                case Call.FlushAsync:
                    await stream.FlushAsync();
                    break;
                case Call.CopyTo:
                    var copy = new MemoryStream();
                    await stream.CopyToAsync(copy);
                    buffer = copy.ToArray();
                    break;
                default:
                    break;
            }
        }
        catch (Exception e)
        {
            result = e.GetType();
        }

        return $"{call}: {result}, at {stream.Position} of {stream.Length}, {Convert.ToHexString(buffer)}";
    }
}

public sealed class FileStreamSpecsOnLinuxAio(ITestOutputHelper output) : FileStreamSpecs(EngineKind.LinuxAio, output);

public sealed class FileStreamSpecsOnThreadPool(ITestOutputHelper output) : FileStreamSpecs(EngineKind.ThreadPool, output);

public sealed class FileStreamSpecsOnMemory(ITestOutputHelper output) : FileStreamSpecs(EngineKind.Memory, output);
