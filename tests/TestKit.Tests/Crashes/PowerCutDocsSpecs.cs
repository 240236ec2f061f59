using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using AkkaAio.TestKit.Tests.Support;

namespace AkkaAio.TestKit.Tests.Crashes;

/// <summary>The samples of docs/testing.md, section "Power cuts".</summary>
public sealed class PowerCutDocsSpecs
{
    // sample: power-cuts
    [Fact]
    public async Task No_power_cut_takes_an_order_that_was_answered()
    {
        var disk = new AioTestDisk();
        disk.WriteAllBytes("/orders.log", []);
        await AppendAsync(disk, orders: 20);

        var figures = disk.VerifyCrashes(HasAllOrders);
        Assert.True(figures.IsExhaustive, figures.ToString()); // 128 images of 65 cuts …; all that there are
    }

    private static async Task AppendAsync(AioTestDisk disk, int orders)
    {
        using var system = ActorSystem.Create("before", ActorSystemSetup.Create(disk.Setup));
        var log = system.ActorOf(Props.Create(() => new OrderLog("/orders.log")));
        for (var order = 0; order < orders; order++)
        {
            var number = await log.Ask<long>(new OrderLog.Append($"order {order}"), TimeSpan.FromSeconds(20));
            disk.Acknowledge((number, $"order {order}")); // from here on it must be found
        }
    }

    private static void HasAllOrders(CrashImage image)
    {
        foreach (var (number, order) in image.Acknowledged.Cast<(long, string)>())
        {
            Assert.Equal(order, Encoding.UTF8.GetString(image.Files["/orders.log"].Read(number * 4096, order.Length)));
        }
    }
    // end

    [Fact]
    public async Task A_log_whose_name_is_not_durable_is_lost_with_all_orders()
    {
        var disk = new AioTestDisk();
        await AppendAsync(disk, orders: 3);
        var loss = Assert.Throws<CrashException>(() => disk.VerifyCrashes(HasAllOrders));
        Assert.Contains("not durable: creation of /orders.log; no files", loss.Message, StringComparison.Ordinal);
    }
}
