using CsCheck;

namespace AkkaAio.Interop.Tests;

public sealed class SizeClassTests
{
    // Evenly over the doublings, so that small lengths are not lost among the large.
    private static Gen<int> Lengths { get; } =
        Gen.Int[0, 30].SelectMany(bits => Gen.Int[(1 << bits) - 1, (int)Math.Min(int.MaxValue, (2L << bits) - 1)]);

    [Fact]
    public void A_class_is_the_smallest_that_holds_the_length() => Lengths.Sample(length =>
    {
        var sizeClass = SizeClasses.ClassOf(length);
        return sizeClass >= 0 && sizeClass < SizeClasses.Count && SizeClasses.SizeOf(sizeClass) >= length &&
               (sizeClass == 0 || SizeClasses.SizeOf(sizeClass - 1) < length);
    });

    [Fact]
    public void A_quarter_and_a_page_are_wasted_at_most() => Lengths.Sample(length =>
        SizeClasses.SizeOf(SizeClasses.ClassOf(length)) <= (length * 1.25) + AioBuffer.Alignment);

    [Fact]
    public void Every_class_is_larger_than_the_one_before_in_whole_pages_and_is_its_own_class()
    {
        Assert.Equal(AioBuffer.Alignment, SizeClasses.SizeOf(0));
        Assert.All(Enumerable.Range(1, SizeClasses.Count - 1), sizeClass =>
        {
            Assert.True(SizeClasses.SizeOf(sizeClass) > SizeClasses.SizeOf(sizeClass - 1));
            Assert.Equal(0, SizeClasses.SizeOf(sizeClass) % AioBuffer.Alignment);
            Assert.Equal(sizeClass, SizeClasses.ClassOf((int)Math.Min(int.MaxValue, SizeClasses.SizeOf(sizeClass))));
        });
    }

    [Theory]
    [InlineData(0, 4 << 10)]
    [InlineData(1, 4 << 10)]
    [InlineData(4096, 4 << 10)]
    [InlineData(4097, 8 << 10)]
    [InlineData(16 << 10, 16 << 10)]
    [InlineData((16 << 10) + 1, 20 << 10)]
    [InlineData(32 << 10, 32 << 10)]
    [InlineData((32 << 10) + 1, 40 << 10)]
    [InlineData(1 << 20, 1 << 20)]
    [InlineData(1 << 30, 1L << 30)]
    [InlineData(int.MaxValue, 1L << 31)]
    public void The_steps_are_those_that_are_documented(int length, long size) =>
        Assert.Equal(size, SizeClasses.SizeOf(SizeClasses.ClassOf(length)));
}
