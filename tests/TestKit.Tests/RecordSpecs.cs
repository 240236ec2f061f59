using AkkaAio.TestKit.Tests.Support;

namespace AkkaAio.TestKit.Tests;

/// <summary>The record says what was asked for and how it ended, in order.</summary>
public sealed class RecordSpecs : OnDisk
{
    [Fact]
    public async Task Each_operation_is_one_line()
    {
        await using (var file = await Aio.OpenAsync("/data/a", New with { PreallocationSize = 2 * Block }))
        {
            await file.WriteAsync(BlockOf(1), 0, AioDurability.Dsync);
            using (Disk.Writes().Fail(Errno.EIO))
            {
                await ErrnoOf(file.WriteAsync(BlockOf(2), Block));
            }

            Clock.Advance(TimeSpan.FromSeconds(3));
            await file.FlushAsync();
            await file.ReadAsync(new byte[Block], 0);
            await file.SetLengthAsync(Block);
            await file.AllocateAsync(0, 4 * Block);
            await file.PunchHoleAsync(0, Block);
        }

        await Aio.RenameAsync("/data/a", "/data/b");
        await Aio.DeleteAsync("/data/b");
        await ErrnoOf(() => Aio.OpenAsync("/none"));

        Assert.Equal(
            """
            #0 open of /data/a: done
            #1 allocation of 8192 bytes at 0 of /data/a: done
            #2 write of 4096 bytes at 0 of /data/a, dsync: 4096
            #3 write of 4096 bytes at 4096 of /data/a: EIO
            #4 flush of /data/a: done
            #5 read of 4096 bytes at 0 of /data/a: 4096
            #6 set length of /data/a to 4096: done
            #7 allocation of 16384 bytes at 0 of /data/a: done
            #8 hole of 4096 bytes at 0 of /data/a: done
            #9 close of /data/a: done
            #10 rename of /data/a to /data/b: done
            #11 sync of folder /data: done
            #12 delete of /data/b: done
            #13 sync of folder /data: done
            #14 open of /none: ENOENT
            """.ReplaceLineEndings("\n"),
            string.Join('\n', Disk.Operations));
        Assert.Equal([0, 3], Disk.Operations.Select(operation => (int)operation.StartedAt.TotalSeconds).Distinct());
        Assert.Equal(Enumerable.Range(0, 15).Select(i => (long?)i), Disk.Operations.Select(operation => operation.EndNumber));
        Assert.All(Disk.Operations, operation => Assert.Equal(DiskOperationState.Ended, operation.State));
    }

    [Fact]
    public async Task It_can_begin_anew()
    {
        await using var file = await OpenBlocks("/a", 1);
        Disk.ForgetOperations();
        await file.ReadAsync(new byte[Block], 0);
        Assert.Equal([1L], Disk.Operations.Select(operation => operation.Number)); // the open was 0
    }
}
