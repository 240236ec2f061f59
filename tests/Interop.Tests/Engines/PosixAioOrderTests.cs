using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.PosixAio;

namespace AkkaAio.Interop.Tests;

/// <summary>
/// Where glibc does the operations of a file in another order than the one that the reaper expects: another thread submits in the moment in
/// which the second part of an operation goes in.
/// </summary>
public sealed class PosixAioOrderTests
{
    private const int Depth = 32;
    private const int File = 3;

    [Fact]
    public Task What_is_done_comes_out_also_in_front_of_what_is_not() => Bounded.Run(() =>
    {
        var glibc = new Glibc();
        var context = new PosixAioContext(Depth, (glibc, null));
        Assert.Equal(1, context.Submit([new IoRequest(0, IoOpcode.Write, File, 0, 1, 0, RwFlags.DSync)]).Accepted);
        glibc.Complete();
        glibc.OnDataSync = () => context.Submit(
            [.. Enumerable.Range(1, Depth - 1).Select(slot => new IoRequest(slot, IoOpcode.Read, File, 0, 1, 0))]);

        // The sync is behind the reads in glibc, and in front of them in what the reaper expects; and it does not end.
        var completions = new IoCompletion[Depth];
        Assert.Equal(0, context.Reap(completions, 0, TimeSpan.Zero));
        Assert.Equal(0, context.Reap(completions, 1, TimeSpan.FromMilliseconds(1)));
        Assert.Equal(0, context.Reap(completions, 0, TimeSpan.Zero));
        glibc.CompleteReads();
        var suspends = glibc.Suspends;
        var slots = new List<int>();
        while (slots.Count < Depth - 1)
        {
            var count = context.Reap(completions, 1, Bounded.Patience);
            Assert.NotEqual(0, count);
            slots.AddRange(completions[..count].Select(completion => completion.Slot));
        }

        Assert.Equal(Enumerable.Range(1, Depth - 1), slots.Order());
        Assert.InRange(glibc.Suspends - suspends, 0, Depth); // and without asking again and again for what has not moved

        glibc.Complete();
        Assert.Equal(1, context.Reap(completions, 1, Bounded.Patience));
        Assert.Equal(new IoCompletion(0, 1), completions[0]);
        glibc.CompleteAtOnce = true; // the wait for a Wake
        glibc.Complete();
        context.Dispose();
    });

    /// <summary>A glibc that does what it is told, when it is told.</summary>
    private sealed class Glibc : PosixAioLibrary
    {
        private readonly Dictionary<nint, bool> _isRead = [];
        private readonly HashSet<nint> _inProgress = [];

        public Action? OnDataSync { get; set; }

        public bool CompleteAtOnce { get; set; }

        public int Suspends { get; private set; }

        /// <summary>Everything but the wait for a Wake.</summary>
        public void Complete() => _inProgress.RemoveWhere(block => CompleteAtOnce || Marshal.ReadInt32(block) == File);

        public void CompleteReads() => _inProgress.RemoveWhere(block => Marshal.ReadInt32(block) == File && _isRead[block]);

        public override int Read(nint block) => Begin(block, isRead: true);

        public override int Write(nint block) => Begin(block, isRead: false);

        public override int DataSync(nint block)
        {
            OnDataSync?.Invoke();
            OnDataSync = null;
            return Begin(block, isRead: false);
        }

        public override int Error(nint block) => _inProgress.Contains(block) ? EInProgress : 0;

        public override nint Return(nint block) => 1;

        public override int Suspend(nint blocks, int count, nint timeout)
        {
            Suspends++;
            for (var i = 0; i < count; i++)
            {
                if (!_inProgress.Contains(Marshal.ReadIntPtr(blocks, i * nint.Size)))
                {
                    return 0;
                }
            }

            Marshal.SetLastSystemError((int)Errno.EAGAIN);
            return -1;
        }

        private int Begin(nint block, bool isRead)
        {
            _isRead[block] = isRead;
            _inProgress.Add(block);
            return 0;
        }
    }
}
