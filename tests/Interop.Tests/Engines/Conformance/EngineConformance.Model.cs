using AkkaAio.Interop.Engines;
using CsCheck;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

// Whatever is submitted and reaped in whatever order: a file is what a model says, and every operation completes once.
public abstract partial class EngineConformance
{
    private int _models;

    /// <summary>A step: batches (the seed of what is in them) and reaps (of how many) in any order.</summary>
    private static Gen<(int Seed, int Count, bool Reaps)[]> Script { get; } =
        Gen.Select(Gen.Int[0, 1 << 20], Gen.Int[0, Model.Depth], Gen.Bool).Array[1, 60];

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_file_is_what_the_model_says(DirectIo direct) => Script.Sample(
        script =>
        {
            var model = new Model(Rig, $"model-{direct}-{_models++}", direct);
            foreach (var (seed, count, reaps) in script)
            {
                if (reaps)
                {
                    model.Reap(count);
                }
                else
                {
                    model.Submit(new Random(seed), count);
                }
            }

            model.End();
        },
        iter: 25,
        threads: 1);

    /// <summary>A file, what it should contain, and the operations in flight, of which none touches what another writes.</summary>
    private sealed class Model
    {
        public const int Depth = 8;

        private const int Blocks = 16;
        private const int MaxBlocks = 4;

        private readonly EngineRig _rig;
        private readonly string _name;
        private readonly IIoFile _file;
        private readonly IIoContext _context;
        private readonly AioBuffer[] _buffers;
        private readonly byte[] _content = new byte[Blocks * Block];
        private readonly Dictionary<int, IoRequest> _inFlight = [];

        public Model(EngineRig rig, string name, DirectIo direct)
        {
            (_rig, _name) = (rig, name);
            _file = rig.File(_content, direct: direct, name: name);
            _context = rig.Engine.CreateContext(Depth);
            _buffers = [.. Enumerable.Range(0, Depth).Select(_ => rig.Pool.Rent(MaxBlocks * Block))];
        }

        public void Submit(Random random, int count)
        {
            var batch = new List<IoRequest>();
            foreach (var slot in Enumerable.Range(0, Depth).Where(slot => !_inFlight.ContainsKey(slot)).Take(count).ToArray())
            {
                var request = Next(random, slot);
                if (!_inFlight.Values.Any(other => Conflict(request, other)))
                {
                    if (request.Opcode == IoOpcode.Write)
                    {
                        random.NextBytes(_buffers[slot].GetSpan());
                    }

                    _inFlight.Add(slot, request);
                    batch.Add(request);
                }
            }

            for (var rest = batch.ToArray(); rest.Length > 0;)
            {
                var (accepted, error) = _context.Submit(rest);
                Assert.Contains(error, new[] { Errno.None, Errno.EAGAIN, Errno.EINTR }); // the latter two: come again
                rest = rest[accepted..];
            }
        }

        public void Reap(int span)
        {
            var completions = new IoCompletion[span];
            var minNr = Math.Min(span / 2, _inFlight.Count);
            var count = _context.Reap(completions, minNr, Bounded.Patience);
            Assert.InRange(count, minNr, Math.Min(span, _inFlight.Count));
            foreach (var (slot, result) in completions[..count])
            {
                Assert.True(_inFlight.Remove(slot, out var request), $"slot {slot} was not in flight");
                Assert.Equal(request.Length, result);
                var data = _buffers[slot].GetSpan()[..request.Length];
                var there = _content.AsSpan((int)request.Offset, request.Length);
                if (request.Opcode == IoOpcode.Write)
                {
                    data.CopyTo(there);
                }
                else
                {
                    Assert.True(data.SequenceEqual(there), $"{request} read what was not there");
                }
            }
        }

        public void End()
        {
            while (_inFlight.Count > 0)
            {
                Reap(Depth);
            }

            Assert.Equal(0, _context.Reap(new IoCompletion[Depth], 0, TimeSpan.Zero));
            _context.Dispose();
            Array.ForEach(_buffers, buffer => buffer.Dispose());
            Assert.True(_rig.Content(_name).AsSpan().SequenceEqual(_content), "the file is not what was written");
        }

        private IoRequest Next(Random random, int slot)
        {
            var blocks = random.Next(1, MaxBlocks + 1);
            var offset = random.Next(0, Blocks - blocks + 1) * Block;
            var request = Io.Read(slot, _file, _buffers[slot], offset) with { Length = blocks * Block };
            return random.Next(8) switch
            {
                0 => Io.DataSync(slot, _file),
                < 4 => request with { Opcode = IoOpcode.Write },
                _ => request,
            };
        }

        private static bool Conflict(in IoRequest one, in IoRequest other) =>
            (one.Opcode == IoOpcode.Write || other.Opcode == IoOpcode.Write) &&
            one.Offset < other.Offset + other.Length && other.Offset < one.Offset + one.Length;
    }
}
