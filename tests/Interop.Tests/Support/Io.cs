using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Interop.Tests;

/// <summary>Requests and completions in few words.</summary>
internal static class Io
{
    public static IoRequest Read(int slot, IIoFile file, AioBuffer buffer, long offset = 0) =>
        new(slot, IoOpcode.Read, file.Descriptor, buffer.Address, buffer.Length, offset);

    public static IoRequest Write(int slot, IIoFile file, AioBuffer buffer, long offset = 0) =>
        new(slot, IoOpcode.Write, file.Descriptor, buffer.Address, buffer.Length, offset);

    /// <summary>A vectored request; <paramref name="table"/> receives the iovecs and stays until it is reaped.</summary>
    public static IoRequest Vectored(
        IoOpcode opcode, int slot, IIoFile file, AioBuffer table, IReadOnlyList<(nint Address, int Length)> pieces, long offset = 0)
    {
        var vectors = MemoryMarshal.Cast<byte, IoVec>(table.GetSpan());
        foreach (var (index, (address, length)) in pieces.Index())
        {
            vectors[index] = new IoVec(address, length);
        }

        return new IoRequest(
            slot, opcode, file.Descriptor, table.Address, pieces.Sum(piece => piece.Length), offset, Vectors: (ushort)pieces.Count);
    }

    public static IoRequest DataSync(int slot, IIoFile file) => new(slot, IoOpcode.DataSync, file.Descriptor, 0, 0, 0);

    /// <summary>Submits all, and insists on all being accepted.</summary>
    public static void SubmitAll(this IIoContext context, params ReadOnlySpan<IoRequest> requests)
    {
        while (!requests.IsEmpty)
        {
            var result = context.Submit(requests);
            Assert.Equal(Errno.None, result.Error);
            Assert.NotEqual(0, result.Accepted);
            requests = requests[result.Accepted..];
        }
    }

    /// <summary>Result by slot of exactly this many completions.</summary>
    public static Dictionary<int, long> ReapAll(this IIoContext context, int count)
    {
        var results = new Dictionary<int, long>();
        var completions = new IoCompletion[Math.Max(1, count)];
        while (results.Count < count)
        {
            var reaped = context.Reap(completions, 1, Bounded.Patience);
            Assert.True(reaped > 0, $"{results.Count} of {count} completions came");
            foreach (var completion in completions[..reaped])
            {
                results.Add(completion.Slot, completion.Result); // throws for a slot that completes twice
            }
        }

        Assert.Equal(0, context.Reap(completions, 0, TimeSpan.Zero));
        return results;
    }

    /// <summary>Submits one request and returns its result.</summary>
    public static long Perform(this IIoContext context, IoRequest request)
    {
        context.SubmitAll(request);
        return Assert.Single(context.ReapAll(1)).Value;
    }

    public static byte[] Pattern(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
