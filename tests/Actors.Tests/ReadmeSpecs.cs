using System.Runtime.CompilerServices;
using System.Text;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Xunit;

namespace AkkaAio.Tests;

/// <summary>The README's samples, compiled and run from here, and compared with what the README shows.</summary>
public sealed class ReadmeSpecs : TestKit
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"akka-aio-readme-{Guid.NewGuid():N}");

    [Fact]
    public void The_actor_sample_of_the_README_runs()
    {
        Sys.ActorOf(Props.Create(() => new Greeter(_path, TestActor)));
        ExpectMsg("disk", TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task The_task_sample_of_the_README_runs()
    {
        Assert.Equal(await SampleAsync(Sys, _path), await File.ReadAllBytesAsync(_path));

        static async Task<byte[]> SampleAsync(ActorSystem system, string path)
        {
            // sample: task
            var aio = AioExt.Get(system);
            await using var file = await aio.OpenAsync(path, new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite });
            using var block = aio.Pool.Rent(4096); // aligned: written from where it is, without a copy
            await file.WriteAsync(offset: 0, block.Memory);
            await file.FlushAsync();
            // end
            return block.GetSpan().ToArray();
        }
    }

    [Theory]
    [InlineData("actor")]
    [InlineData("task")]
    public void The_README_shows_the_sample_that_is_run_here(string name)
    {
        var readme = File.ReadAllText(Path.Combine(Path.GetDirectoryName(SourcePath())!, "..", "..", "README.md"));
        var shown = Between(readme, $"<!-- sample: {name} -->\n```csharp\n", "```");
        var run = Between(File.ReadAllText(SourcePath()), $"// sample: {name}\n", "// end");
        Assert.Equal(Dedent(run), Dedent(shown));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        File.Delete(_path);
    }

    private static string SourcePath([CallerFilePath] string path = "") => path;

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        Assert.True(from >= start.Length, $"{start} is missing");
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private static string Dedent(string text)
    {
        var lines = text.Split('\n').Where(line => line.Trim().Length > 0).ToArray();
        var margin = lines.Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line[margin..].TrimEnd()));
    }

    // sample: actor
    public sealed class Greeter : ReceiveActor
    {
        public Greeter(string path, IActorRef listener)
        {
            var aio = Context.System.Aio();
            var block = new byte[4096]; // writes on a direct file are aligned; 4096 suits every device
            "Hello, disk"u8.CopyTo(block);
            Receive<Aio.Opened>(opened => aio.Tell(new Aio.Write(opened.File, offset: 0, block)));
            Receive<Aio.WriteCompleted>(written => aio.Tell(new Aio.Flush(written.Command.File)));
            Receive<Aio.Flushed>(flushed => aio.Tell(new Aio.Read(flushed.Command.File, offset: 7, length: 4)));
            Receive<Aio.ReadCompleted>(read =>
            {
                using var buffer = read.Buffer; // ours now: it goes back to the pool when disposed
                listener.Tell(Encoding.UTF8.GetString(buffer.GetSpan()));
            });
            Receive<Aio.CommandFailed>(failed => listener.Tell(failed.Cause));
            aio.Tell(new Aio.Open(path, new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite }));
        }
    }
    // end
}
