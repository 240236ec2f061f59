using System.Diagnostics;
using AkkaAio.Demo.Benching;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.LinuxAio;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>
/// What C# can do over the kernel without actors: a thread for each job, which submits what is free in one io_submit and takes out what
/// is done with one io_getevents.
/// </summary>
internal sealed class PlainLoop(BenchOptions options, IIoFile file, long size, Blocks blocks) : ILoad
{
    private readonly Job[] _jobs = [.. Enumerable.Range(0, options.Numjobs).Select(job =>
        new Job(new Workload(options, size, job), file.Descriptor, options.Bs, blocks, job * options.Iodepth, options.Iodepth))];

    public IEnumerable<Recorder> Recorders => _jobs.Select(job => job.Recorder);

    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        using var pool = new AioBufferPool(PoolBudget.For(run.Options));
        using var file = run.OpenFile();
        using var blocks = new Blocks(pool, run.Options.Outstanding, run.Options.Bs);
        var load = new PlainLoop(run.Options, file, run.SizeOf(file), blocks);
        return await run.MeasureAsync(load, () => Task.FromResult(load.Batches));
    }

    public Task RunAsync(Phase phase) => Task.WhenAll(_jobs.Select(job =>
        Task.Factory.StartNew(() => job.Run(phase), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

    private Batches Batches => _jobs.Aggregate(default(Batches), (sum, job) => new Batches(
        sum.Submits + job.Batches.Submits, sum.Submitted + job.Batches.Submitted,
        sum.Reaps + job.Batches.Reaps, sum.Reaped + job.Batches.Reaped));

    private sealed class Job(Workload workload, int descriptor, int blockSize, Blocks blocks, int firstBlock, int depth)
    {
        private readonly IoRequest[] _staged = new IoRequest[depth];
        private readonly long[] _started = new long[depth];
        private readonly OperationKind[] _kinds = new OperationKind[depth];
        private int _stagedCount;
        private int _inFlight;

        public Recorder Recorder { get; } = new();

        public Batches Batches { get; private set; }

        public void Run(Phase phase)
        {
            using var context = new LinuxAioContext(depth);
            var completions = new IoCompletion[depth];
            for (var slot = 0; slot < depth; slot++)
            {
                Stage(slot, Stopwatch.GetTimestamp());
            }

            while (_inFlight + _stagedCount > 0)
            {
                Submit(context);
                if (_inFlight == 0)
                {
                    continue; // refused for the moment
                }

                var count = context.Reap(completions, 1, Timeout.InfiniteTimeSpan);
                Batches = Batches with { Reaps = Batches.Reaps + 1, Reaped = Batches.Reaped + count };
                var now = Stopwatch.GetTimestamp();
                for (var i = 0; i < count; i++)
                {
                    Complete(completions[i], now, phase);
                }
            }
        }

        private void Complete(IoCompletion completion, long now, Phase phase)
        {
            _inFlight--;
            if (completion.Result != blockSize)
            {
                Recorder.Fail(new AioException($"{completion.Result} of {blockSize} bytes"));
                return;
            }

            if (phase.IsMeasuring)
            {
                Recorder.Record(_kinds[completion.Slot], _started[completion.Slot], now);
            }

            if (!phase.IsStopped)
            {
                Stage(completion.Slot, now);
            }
        }

        private void Stage(int slot, long now)
        {
            var (kind, offset) = workload.Next();
            _started[slot] = now;
            _kinds[slot] = kind;
            _staged[_stagedCount++] = new IoRequest(
                slot, kind == OperationKind.Write ? IoOpcode.Write : IoOpcode.Read, descriptor, blocks[firstBlock + slot].Address,
                blockSize, offset);
        }

        private void Submit(LinuxAioContext context)
        {
            if (_stagedCount == 0)
            {
                return;
            }

            var result = context.Submit(_staged.AsSpan(0, _stagedCount));
            if (result.Error is not (Errno.None or Errno.EAGAIN or Errno.EINTR))
            {
                throw new AioSystemException(result.Error, "io_submit");
            }

            Batches = Batches with { Submits = Batches.Submits + 1, Submitted = Batches.Submitted + result.Accepted };
            _inFlight += result.Accepted;
            _stagedCount -= result.Accepted;
            Array.Copy(_staged, result.Accepted, _staged, 0, _stagedCount);
        }
    }
}
