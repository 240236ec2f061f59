using System.Diagnostics;
using Akka.Configuration;
using Akka.Persistence;
using Xunit;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>Two processes and one store, on a real disk: flock(1) is the other one.</summary>
public sealed class SecondProcessSpecs : Akka.TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly string Folder = Directory.CreateTempSubdirectory("akka-aio-second.").FullName;
    private static readonly string LockPath = Path.Combine(Folder, "LOCK");

    public SecondProcessSpecs()
        : base(ConfigurationFactory.ParseString($$"""
            akka.loglevel = OFF
            akka.persistence.journal.plugin = "akka.persistence.journal.aio"
            akka.persistence.aio-store { dir = "{{Folder}}", segment-size = 1 MiB, zero-rate = 0 }
            """).WithFallback(AioPersistence.DefaultConfig))
    {
    }

    [Fact]
    public async Task The_second_is_refused_typed_until_the_first_has_ended_and_keeps_others_out_from_then_on()
    {
        using (var other = Start($"-x {LockPath} sh -c \"echo locked; cat\""))
        {
            Assert.Equal("locked", await other.StandardOutput.ReadLineAsync().WaitAsync(Patience));
            var cause = (await ReplayAsync<ReplayMessagesFailure>()).Cause;
            Assert.Contains(LockPath, Assert.IsType<AioLogLockedException>(cause).Message, StringComparison.Ordinal);
            other.StandardInput.Close();
            await other.WaitForExitAsync().WaitAsync(Patience);
        }

        await AwaitAssertAsync(() => ReplayAsync<RecoverySuccess>(), Patience);
        using var late = Start($"-n -E 75 {LockPath} true");
        await late.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(75, late.ExitCode);
    }

    private static Process Start(string arguments) => Process.Start(
        new ProcessStartInfo("flock", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    private async Task<T> ReplayAsync<T>()
    {
        var probe = CreateTestProbe();
        Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor(null)
            .Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", probe.Ref), probe.Ref);
        return Assert.IsType<T>(await probe.ExpectMsgAsync<object>(Patience));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(Folder, recursive: true);
    }
}
