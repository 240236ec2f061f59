namespace AkkaAio.TestKit;

/// <summary>Operations that wait until they are released. Disposed, it holds no more, and lets go of all that it holds.</summary>
public sealed class DiskHold : DiskRule
{
    internal DiskHold(AioTestDisk disk, DiskOperations chosen)
        : base(disk, chosen, "hold")
    {
    }

    /// <summary>Those that it holds now, in the order in which they were submitted.</summary>
    public IReadOnlyList<DiskOperation> Held => Disk.Log.HeldBy(this);

    /// <summary>Lets operations go, one after the other.</summary>
    /// <param name="count">The most; those that are first in the order.</param>
    /// <param name="order">Null: as they were submitted.</param>
    /// <param name="where">Null: any.</param>
    /// <returns>Those that were let go, in that order.</returns>
    /// <exception cref="AioTestException">
    /// A <paramref name="count"/> was named, and fewer are held: says what is held. Wait for them with <see cref="DiskRule.WhenHit"/>.
    /// </exception>
    public IReadOnlyList<DiskOperation> Release(int? count = null, ReleaseOrder? order = null, Func<DiskOperation, bool>? where = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count ?? 0, nameof(count));
        var held = (order ?? ReleaseOrder.Submitted).Of(Held.Where(where ?? (_ => true)));
        if (held.Length < count)
        {
            throw new AioTestException(
                $"{count} operations were to be released, and {held.Length} are held: {AioTestDisk.List(held)}; " +
                "await WhenHit before, as an operation is held some time after it was told");
        }

        return [.. held.Take(count ?? held.Length).Where(operation => operation.Resume())];
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Release();
    }
}
