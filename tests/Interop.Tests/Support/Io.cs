using AkkaAio.Interop.Engines;

namespace AkkaAio.Interop.Tests;

/// <summary>Requests and completions in few words.</summary>
internal static class Io
{
    public static IoRequest Read(int slot, IIoFile file, AioBuffer buffer, long offset = 0) =>
        new(slot, IoOpcode.Read, file.Descriptor, buffer.Address, buffer.Length, offset);

    public static IoRequest Write(int slot, IIoFile file, AioBuffer buffer, long offset = 0) =>
        new(slot, IoOpcode.Write, file.Descriptor, buffer.Address, buffer.Length, offset);

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
