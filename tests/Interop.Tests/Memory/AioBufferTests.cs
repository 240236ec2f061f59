namespace AkkaAio.Interop.Tests;

public sealed class AioBufferTests : IDisposable
{
    private readonly AioBufferPool _pool = new(16 << 20);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(1_000_000)]
    public void A_buffer_is_page_aligned_as_long_as_asked_and_usable_to_its_end(int length)
    {
        using var buffer = _pool.Rent(length);

        Assert.Equal(0, buffer.Address % AioBuffer.Alignment);
        Assert.Equal(length, buffer.Length);
        Assert.Equal(length, buffer.GetSpan().Length);
        Assert.Equal(length, buffer.Memory.Length);
        Assert.True(buffer.Capacity >= Math.Max(1, length));
        Assert.Equal(0, buffer.Capacity % AioBuffer.Alignment);
        buffer.UncheckedSpan(0, buffer.Capacity).Fill(0xAB);
        Assert.Equal(-1, buffer.GetSpan().IndexOfAnyExcept((byte)0xAB));
    }

    [Fact]
    public void Shares_are_the_same_bytes_and_the_last_one_gives_the_memory_back()
    {
        var chunk = _pool.Rent(3 * 4096);
        chunk.GetSpan().Fill(1);
        var all = chunk.Share();
        var part = chunk.Share(4096, 100);
        var ofPart = part.Share(10, 20);
        part.GetSpan().Fill(2);
        Assert.Equal((3 * 4096, 100, 20), (all.Length, part.Length, ofPart.Length));
        Assert.Equal(0, part.Address % AioBuffer.Alignment);
        Assert.Equal(-1, ofPart.Memory.Span.IndexOfAnyExcept((byte)2));
        Assert.Equal(100, all.GetSpan().Count((byte)2));

        chunk.Dispose();
        part.Dispose();
        part.Dispose();
        Assert.Throws<ObjectDisposedException>(() => part.GetSpan().Length);
        Assert.Throws<ObjectDisposedException>(() => chunk.Share());
        Assert.Equal(1, _pool.RentedBuffers);
        Assert.Equal(2, ofPart.GetSpan()[0]);
        all.Dispose();
        Assert.Equal(1, _pool.RentedBuffers);
        ofPart.Dispose();
        Assert.Equal(0, _pool.RentedBuffers);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 101)]
    [InlineData(100, 1)]
    [InlineData(101, 0)]
    [InlineData(0, -1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void A_share_is_within_its_buffer(int start, int length)
    {
        using var buffer = _pool.Rent(100);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Share(start, length));
        buffer.Share(100, 0).Dispose();
    }

    [Fact]
    public void Disposing_twice_gives_the_memory_back_once()
    {
        var buffer = _pool.Rent(100);
        buffer.Dispose();
        buffer.Dispose();
        ((IDisposable)buffer).Dispose();

        Assert.True(buffer.IsDisposed);
        Assert.Equal(0, _pool.RentedBuffers);
        using var one = _pool.Rent(100);
        using var two = _pool.Rent(100);
        Assert.NotEqual(one.Address, two.Address);
        buffer.Dispose();
        using var three = _pool.Rent(100);
        Assert.Equal(3, new[] { one.Address, two.Address, three.Address }.Distinct().Count());
    }

    [Fact]
    public void Every_use_after_dispose_throws_also_through_memory_taken_before()
    {
        var buffer = _pool.Rent(100);
        var memory = buffer.Memory;
        ReadOnlyMemory<byte> part = memory[10..20];
        buffer.Dispose();
        using var next = _pool.Rent(100); // has the same memory now

        Assert.Throws<ObjectDisposedException>(() => buffer.GetSpan().Length);
        Assert.Throws<ObjectDisposedException>(() => buffer.Memory);
        Assert.Throws<ObjectDisposedException>(() => buffer.Pin());
        Assert.Throws<ObjectDisposedException>(() => memory.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => memory.Pin());
        Assert.Throws<ObjectDisposedException>(() => part.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => part.ToArray());
        Assert.False(buffer.TryAddReference());
    }

    [Fact]
    public void An_operations_reference_delays_the_return_and_not_the_dispose()
    {
        var buffer = _pool.Rent(100);
        buffer.GetSpan().Fill(1);
        Assert.True(buffer.TryAddReference());
        Assert.True(buffer.TryAddReference());
        buffer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => buffer.GetSpan().Length);
        Assert.False(buffer.TryAddReference());
        Assert.Equal(1, _pool.RentedBuffers);
        using (var other = _pool.Rent(100))
        {
            Assert.NotEqual(buffer.Address, other.Address);
            other.GetSpan().Fill(2);
            Assert.Equal(-1, buffer.UncheckedSpan(0, 100).IndexOfAnyExcept((byte)1));
        }

        buffer.Release();
        Assert.Equal(1, _pool.RentedBuffers);
        buffer.Release();
        Assert.Equal(0, _pool.RentedBuffers);
    }

    [Fact]
    public void A_pin_delays_the_return_too()
    {
        var buffer = _pool.Rent(100);
        var handle = buffer.Memory[50..].Pin();
        buffer.Dispose();
        Assert.Equal(1, _pool.RentedBuffers);

        handle.Dispose();
        Assert.Equal(0, _pool.RentedBuffers);
        handle.Dispose();
        Assert.Equal(0, _pool.RentedBuffers);
    }

    [Fact]
    public void An_Unpin_without_a_pin_takes_no_other_reference()
    {
        var buffer = _pool.Rent(100);
        Assert.True(buffer.TryAddReference()); // an operation's
        buffer.Unpin();
        buffer.Unpin();
        buffer.Dispose();
        Assert.Equal(1, _pool.RentedBuffers);
        buffer.Release();
        Assert.Equal(0, _pool.RentedBuffers);
    }

    [Fact]
    public void A_copy_of_a_handle_that_is_disposed_too_ends_no_other_pin()
    {
        var buffer = _pool.Rent(100);
        var (first, other) = (buffer.Memory.Pin(), buffer.Memory.Pin());
        var copy = first;
        first.Dispose();
        copy.Dispose();
        buffer.Dispose();
        Assert.Equal(1, _pool.RentedBuffers);
        other.Dispose();
        Assert.Equal(0, _pool.RentedBuffers);
    }

    [Fact]
    public void A_pin_ends_by_Unpin_as_well()
    {
        var buffer = _pool.Rent(100);
        buffer.Pin();
        buffer.Dispose();
        Assert.Equal(1, _pool.RentedBuffers);
        buffer.Unpin();
        Assert.Equal(0, _pool.RentedBuffers);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public void A_pin_outside_the_buffer_is_the_callers_mistake_and_takes_no_reference(int index)
    {
        var buffer = _pool.Rent(100);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Pin(index));
        buffer.Pin(100).Dispose();
        buffer.Dispose();

        Assert.Equal(0, _pool.RentedBuffers);
    }

    [Fact]
    public void A_slice_is_a_window_on_the_same_memory_and_returns_all_of_it()
    {
        var buffer = _pool.Rent(8192);
        var address = buffer.Address;
        Io.Pattern(8192).CopyTo(buffer.GetSpan());

        buffer.Slice(100, 200);
        Assert.Equal(Io.Pattern(8192).AsSpan(100, 200), buffer.GetSpan());
        Assert.Equal((200, address + 100, 8192 - 100), (buffer.Length, buffer.Address, buffer.Capacity));
        buffer.Slice(50, 10);
        Assert.Equal(Io.Pattern(8192).AsSpan(150, 10), buffer.Memory.Span);

        buffer.Dispose();
        using var again = _pool.Rent(8192);
        Assert.Equal((address, 8192), (again.Address, again.Length));
    }

    [Fact]
    public async Task Of_many_that_dispose_and_reference_at_once_each_reference_ends_once()
    {
        for (var round = 0; round < 200; round++)
        {
            var buffer = _pool.Rent(100);
            using var start = new Barrier(4);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Bounded.Run(() =>
            {
                start.SignalAndWait(Bounded.Patience);
                if (thread < 2)
                {
                    buffer.Dispose();
                }
                else if (buffer.TryAddReference())
                {
                    buffer.Release();
                }
            })));
            Assert.Equal(0, _pool.RentedBuffers);
        }

        using var everything = _pool.Rent((int)_pool.BudgetBytes);
        Assert.Equal(_pool.BudgetBytes, _pool.AllocatedBytes);
    }
}
