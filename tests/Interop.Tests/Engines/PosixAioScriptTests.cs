using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.PosixAio;

namespace AkkaAio.Interop.Tests;

/// <summary>Operations of several steps on a C library that is scripted: short buffers, and the sync behind a write.</summary>
public sealed class PosixAioScriptTests : IDisposable
{
    private const int File = 3;
    private const int Piece = 100;

    private readonly Library _library = new();
    private readonly PosixAioContext _context;
    private readonly EngineRig _rig = new MemoryRig();

    public PosixAioScriptTests() => _context = new PosixAioContext(4, (_library, null));

    public void Dispose()
    {
        _library.HasEnded = true;
        _context.Dispose();
        _rig.Dispose();
    }

    [Theory]
    [InlineData(IoOpcode.Read, "read")]
    [InlineData(IoOpcode.Write, "write")]
    public void All_buffers_are_done_in_their_order(object opcode, string call)
    {
        Assert.Equal(3 * Piece, Perform(Vectored(opcode)));
        Assert.Equal([$"{call} 0+100", $"{call} 100+100", $"{call} 200+100"], _library.Calls);
    }

    [Theory]
    [InlineData(IoOpcode.Read, "read")]
    [InlineData(IoOpcode.Write, "write")]
    public void Behind_a_short_buffer_nothing_is_moved(object opcode, string call)
    {
        _library.Results.Enqueue(40);
        Assert.Equal(40, Perform(Vectored(opcode)));
        Assert.Equal([$"{call} 0+100"], _library.Calls);

        _library.Calls.Clear();
        _library.Results.Enqueue(Piece);
        _library.Results.Enqueue(0);
        Assert.Equal(Piece, Perform(Vectored(opcode)));
        Assert.Equal([$"{call} 0+100", $"{call} 100+100"], _library.Calls);
    }

    [Fact]
    public void A_buffer_that_fails_fails_the_operation()
    {
        _library.Results.Enqueue(Piece);
        _library.Results.Enqueue(-(int)Errno.EIO);
        Assert.Equal(-(long)Errno.EIO, Perform(Vectored(IoOpcode.Read)));
    }

    [Fact]
    public void A_write_with_DSYNC_is_synced_before_it_completes()
    {
        var write = Plain() with { Flags = RwFlags.DSync };
        Assert.Equal(Piece, Perform(write));
        Assert.Equal(["write 0+100", "sync"], _library.Calls);

        _library.Calls.Clear();
        _library.Results.Enqueue(Piece);
        _library.Results.Enqueue(-(int)Errno.EIO);
        Assert.Equal(-(long)Errno.EIO, Perform(write));
        Assert.Equal(["write 0+100", "sync"], _library.Calls);
    }

    [Fact]
    public void A_vectored_write_with_DSYNC_is_synced_once_behind_its_last_buffer()
    {
        var write = Vectored(IoOpcode.Write) with { Flags = RwFlags.DSync };
        Assert.Equal(3 * Piece, Perform(write));
        Assert.Equal(["write 0+100", "write 100+100", "write 200+100", "sync"], _library.Calls);
    }

    [Fact]
    public void A_vectored_write_with_DSYNC_that_ends_short_is_synced_for_what_was_written()
    {
        _library.Results.Enqueue(40);
        Assert.Equal(40, Perform(Vectored(IoOpcode.Write) with { Flags = RwFlags.DSync }));
        Assert.Equal(["write 0+100", "sync"], _library.Calls);
    }

    [Fact]
    public void A_vectored_write_whose_sync_fails_has_failed()
    {
        foreach (var result in new[] { Piece, Piece, Piece, -(int)Errno.EIO })
        {
            _library.Results.Enqueue(result);
        }

        Assert.Equal(-(long)Errno.EIO, Perform(Vectored(IoOpcode.Write) with { Flags = RwFlags.DSync }));
    }

    [Fact]
    public void Without_the_flag_nothing_is_synced()
    {
        Assert.Equal(Piece, Perform(Plain()));
        Assert.Equal(3 * Piece, Perform(Vectored(IoOpcode.Write)));
        Assert.DoesNotContain("sync", _library.Calls);
    }

    private long Perform(IoRequest request)
    {
        _context.SubmitAll(request);
        return Assert.Single(_context.ReapAll(1)).Value;
    }

    private IoRequest Plain()
    {
        var buffer = _rig.Buffer(Piece);
        return new IoRequest(0, IoOpcode.Write, File, buffer.Address, Piece, 0);
    }

    private IoRequest Vectored(object opcode)
    {
        var table = _rig.Buffer();
        var data = _rig.Buffer();
        var vectors = MemoryMarshal.Cast<byte, IoVec>(table.GetSpan());
        for (var i = 0; i < 3; i++)
        {
            vectors[i] = new IoVec(data.Address + (i * Piece), Piece);
        }

        return new IoRequest(1, (IoOpcode)opcode, File, table.Address, 3 * Piece, 0, Vectors: 3);
    }

    /// <summary>Does everything at once, with the results that it is given; else with all bytes.</summary>
    private sealed class Library : PosixAioLibrary
    {
        private readonly Dictionary<nint, int> _results = [];

        public List<string> Calls { get; } = [];

        /// <summary>Of the next calls: bytes, or a negated errno.</summary>
        public Queue<int> Results { get; } = new();

        /// <summary>The wait for a Wake ends.</summary>
        public bool HasEnded { get; set; }

        public override int Read(nint block) => Do(block, "read");

        public override int Write(nint block) => Do(block, "write");

        public override int DataSync(nint block)
        {
            Calls.Add("sync");
            _results[block] = Results.TryDequeue(out var result) ? result : 0;
            return 0;
        }

        public override int Error(nint block) =>
            !_results.TryGetValue(block, out var result) ? (HasEnded ? 0 : EInProgress) : Math.Max(0, -result);

        public override nint Return(nint block) => _results.GetValueOrDefault(block);

        public override int Suspend(nint blocks, int count, nint timeout) => 0;

        private int Do(nint block, string call)
        {
            var operation = Marshal.PtrToStructure<Aiocb>(block);
            if (operation.Descriptor == File)
            {
                Calls.Add($"{call} {operation.Offset}+{operation.Length}");
                _results[block] = Results.TryDequeue(out var result) ? result : (int)operation.Length;
            }

            return 0;
        }
    }
}
