namespace AkkaAio.Streams;

/// <summary>A part of a file.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Its length in bytes.</param>
public readonly record struct AioRange(long Offset, int Length);
