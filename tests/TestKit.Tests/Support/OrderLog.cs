using System.Globalization;
using System.Text;
using Akka.Actor;

namespace AkkaAio.TestKit.Tests.Support;

// sample: log
/// <summary>Appends an order a block. Each is answered: with its number once it is on the disk, or with a failure.</summary>
public sealed class OrderLog : ReceiveActor
{
    public sealed record Append(string Order);

    private readonly AioExt _aio = AioExt.Get(Context.System);

    public OrderLog(string path)
    {
        AioFile? file = null;
        var options = new AioOpenOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Owner = Self }; // closed with it
        var next = 0L;
        ReceiveAsync<Append>(async append =>
        {
            try
            {
                file ??= await _aio.OpenAsync(path, options);
                var block = new byte[4096];
                Encoding.UTF8.GetBytes(append.Order, block);
                await file.WriteAsync(block, next * 4096, AioDurability.Dsync);
                Sender.Tell(next++);
            }
            catch (AioException e)
            {
                Sender.Tell(new Status.Failure(e));
            }
        });
    }
}
// end

/// <summary>The same with a mistake: what has failed counts, so that the next order goes behind a gap.</summary>
public sealed class ForgetfulLog : ReceiveActor
{
    public ForgetfulLog(string path)
    {
        var aio = AioExt.Get(Context.System);
        AioFile? file = null;
        var options = new AioOpenOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Owner = Self };
        var next = 0L;
        ReceiveAsync<OrderLog.Append>(async append =>
        {
            var block = new byte[4096];
            Encoding.UTF8.GetBytes(append.Order, block);
            var number = next++;
            try
            {
                file ??= await aio.OpenAsync(path, options);
                await file.WriteAsync(block, number * 4096, AioDurability.Dsync);
            }
            catch (AioException)
            {
            }

            Sender.Tell(number);
        });
    }
}

public static class Orders
{
    /// <summary>Appends orders "0", "1" …, and says which were acknowledged, by their numbers in the log.</summary>
    public static async Task<Dictionary<long, string>> AppendAsync(IActorRef log, int count)
    {
        var acknowledged = new Dictionary<long, string>();
        for (var i = 0; i < count; i++)
        {
            var order = i.ToString(CultureInfo.InvariantCulture);
            try
            {
                acknowledged.Add(await log.Ask<long>(new OrderLog.Append(order), TimeSpan.FromSeconds(20)), order);
            }
            catch (AioException)
            {
            }
        }

        return acknowledged;
    }

    /// <summary>The order of this number on the disk.</summary>
    public static string Read(AioTestDisk disk, string path, long number)
    {
        var bytes = disk.Files.Contains(path) ? disk.ReadAllBytes(path).AsSpan() : [];
        return bytes.Length < (number + 1) * 4096 ? "" : Encoding.UTF8.GetString(bytes.Slice((int)number * 4096, 4096)).TrimEnd('\0');
    }
}
