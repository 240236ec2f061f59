using System.Reflection;
using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Demo.Tests.CommandLine;

public sealed class ComplaintSpecs
{
    [Fact]
    public void What_Akka_wrapped_is_unwrapped()
    {
        var cause = new AioSystemException(Errno.EIO, "read", "/file", 0, 10);

        Assert.Equal(cause.Message, Complaint.Describe(new TargetInvocationException(new AggregateException(cause))));
    }

    [Fact]
    public void Types_and_stack_traces_are_left_out() =>
        Assert.Equal(
            "cannot be loaded: no such type",
            Complaint.Describe(new InvalidOperationException(
                "cannot be loaded: System.TypeLoadException: no such type\n   at Somewhere.Deep()")));

    [Fact]
    public void A_name_with_a_line_feed_stays_in_one_line() =>
        Assert.Equal(@"hash: a\nb\r: EIO (Input/output error)", Complaint.Line("hash", Complaint.Describe("a\nb\r", Errno.EIO)));

    [Fact]
    public void An_errno_in_a_BCL_exception_is_found() =>
        Assert.Equal(
            "/none/x: ENOENT (No such file or directory)",
            Complaint.Describe("/none/x", Assert.ThrowsAny<IOException>(() => File.ReadAllText("/none/x"))));
}
