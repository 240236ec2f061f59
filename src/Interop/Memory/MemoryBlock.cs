namespace AkkaAio;

/// <summary>A piece of native memory: its address, its size in bytes and the size class that it came from.</summary>
internal readonly record struct MemoryBlock(nint Address, long Size, int SizeClass);
