namespace AkkaAio.Interop.Files;

/// <summary>
/// Tells whether two opens are one file, whatever their paths: a file can be renamed, linked, or replaced under its name.
/// </summary>
/// <param name="Device">The device that holds it.</param>
/// <param name="Inode">Its number on that device.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode);
