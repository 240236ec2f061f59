using System.Diagnostics;
using Akka.Configuration;
using Akka.Persistence;
using Xunit;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>Two processes and one store, on a real disk: flock(1) is the other one.</summary>
public sealed class SecondProcessSpecs : Akka.TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private static readonly string s_folder = Directory.CreateTempSubdirectory("akka-aio-second.").FullName;
    private static readonly string s_lock = Path.Combine(s_folder, "LOCK");

    public SecondProcessSpecs()
        : base(ConfigurationFactory.ParseString($$"""
            akka.loglevel = OFF
            akka.persistence.journal.plugin = "akka.persistence.journal.aio"
            akka.persistence.aio-store { dir = "{{s_folder}}", segment-size = 1 MiB, zero-rate = 0 }
            """).WithFallback(AioPersistence.DefaultConfig))
    {
    }

    [Fact]
    public async Task The_second_is_refused_typed_until_the_first_has_ended_and_keeps_others_out_from_then_on()
    {
        using (var other = Start($"-x {s_lock} sh -c \"echo locked; cat\""))
        {
            Assert.Equal("locked", await other.StandardOutput.ReadLineAsync().WaitAsync(s_patience));
            var cause = (await ReplayAsync<ReplayMessagesFailure>()).Cause;
            Assert.Contains(s_lock, Assert.IsType<AioLogLockedException>(cause).Message, StringComparison.Ordinal);
            other.StandardInput.Close();
            await other.WaitForExitAsync().WaitAsync(s_patience);
        }

        await AwaitAssertAsync(() => ReplayAsync<RecoverySuccess>(), s_patience);
        using var late = Start($"-n -E 75 {s_lock} true");
        await late.WaitForExitAsync().WaitAsync(s_patience);
        Assert.Equal(75, late.ExitCode);
    }

    private static Process Start(string arguments) => Process.Start(
        new ProcessStartInfo("flock", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    private async Task<T> ReplayAsync<T>()
    {
        var probe = CreateTestProbe();
        Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor(null)
            .Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", probe.Ref), probe.Ref);
        return Assert.IsType<T>(await probe.ExpectMsgAsync<object>(s_patience));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(s_folder, recursive: true);
    }
}
