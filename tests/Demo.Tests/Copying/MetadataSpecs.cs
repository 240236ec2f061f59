using AkkaAio.Cluster.Paths;
using AkkaAio.Demo.Copying;

namespace AkkaAio.Demo.Tests.Copying;

/// <summary>What <c>copy</c> keeps beside the bytes, and what it says when it cannot.</summary>
public sealed class MetadataSpecs : IDisposable
{
    private const UnixFileMode Secret = (UnixFileMode)0x1A0; // 0640
    private const UnixFileMode SetId = UnixFileMode.SetUser | UnixFileMode.SetGroup;

    // 0640 and user 1234: rw-. The mask is rw-, so that the mode shows 0660.
    private static readonly byte[] Acl = MakeAcl((0x01, 6, -1), (0x02, 6, 1234), (0x04, 4, -1), (0x10, 6, -1), (0x20, 0, -1));

    // Beside the tests: /tmp may be a tmpfs.
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Acl_and_attributes_are_copied()
    {
        var source = Source();
        Set(source, "user.origin", [1, 2, 0, 3]);

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "dst")).ShouldBeQuiet();

        Assert.Equal(Acl, Get(_folder["dst"], ExtendedAttributes.Acl));
        Assert.Equal([1, 2, 0, 3], Get(_folder["dst"], "user.origin"));
        Assert.Equal(File.GetUnixFileMode(source), File.GetUnixFileMode(_folder["dst"]));
    }

    [SkippableFact]
    public async Task Where_there_are_no_acls_the_mode_is_what_it_would_be_without_and_that_is_said()
    {
        Needs.Root();
        Set(Source(), "user.origin", [1]);
        var ram = _folder["ram"];
        Directory.CreateDirectory(ram);
        var mount = await DemoProcess.RunCommandAsync("mount", "-t", "ramfs", "none", ram);
        Skip.If(mount.ExitCode != 0, $"no ramfs: {string.Join(' ', mount.Stderr)}");
        try
        {
            var result = await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "ram/dst");

            Assert.Equal(0, result.ExitCode);
            var said = string.Join('\n', result.Stderr);
            Assert.Contains("the ACL (EOPNOTSUPP)", said, StringComparison.Ordinal);
            Assert.Contains("user.origin (EOPNOTSUPP)", said, StringComparison.Ordinal);
            Assert.Equal(Secret, File.GetUnixFileMode(Path.Join(ram, "dst")));
        }
        finally
        {
            await DemoProcess.RunCommandAsync("umount", ram);
        }
    }

    [SkippableFact]
    public async Task A_folder_with_a_default_acl_gives_nobody_what_the_source_keeps_from_them()
    {
        File.SetUnixFileMode(_folder.Text("src", "secret"), Secret);
        Directory.CreateDirectory(_folder["shared"]);
        await SetFolderAsync(_folder["shared"], "system.posix_acl_default", Acl);

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "shared")).ShouldBeQuiet();

        Assert.Equal(Errno.ENODATA, ExtendedAttributes.TryGet(_folder["shared/src"], ExtendedAttributes.Acl, out _));
        Assert.Equal(Secret, File.GetUnixFileMode(_folder["shared/src"]));
    }

    [Fact]
    public void The_mode_without_an_acl_gives_the_group_what_is_its_own() =>
        Assert.Equal(Secret, AclBits.ModeWithout(Acl, (UnixFileMode)0x1B0)); // 0660

    [SkippableFact]
    public async Task Set_id_bits_of_another_owner_are_dropped_and_our_own_kept()
    {
        Needs.Root();
        Needs.Tool("chown");
        var mode = (UnixFileMode)0x1ED | SetId; // 0755
        foreach (var (name, owner) in new[] { ("own", "0:0"), ("foreign", "65534:0"), ("group", "0:65534") })
        {
            Assert.Equal(0, (await DemoProcess.RunCommandAsync("chown", owner, _folder.Text(name, "program"))).ExitCode);
            File.SetUnixFileMode(_folder[name], mode);
            (await DemoProcess.RunInAsync(_folder.Path, "copy", name, $"{name}.copy")).ShouldBeQuiet();
        }

        Assert.Equal(mode, File.GetUnixFileMode(_folder["own.copy"]));
        Assert.Equal(mode & ~SetId, File.GetUnixFileMode(_folder["foreign.copy"]));
        Assert.Equal(mode & ~SetId, File.GetUnixFileMode(_folder["group.copy"]));
    }

    [SkippableFact]
    public async Task A_file_that_is_replaced_keeps_its_owner()
    {
        Needs.Root();
        Needs.Tool("chown");
        _folder.Text("src", "new");
        Assert.Equal(0, (await DemoProcess.RunCommandAsync("chown", "65534:65533", _folder.Text("dst", "old"))).ExitCode);

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "dst")).ShouldBeQuiet();

        Assert.Equal("new", await File.ReadAllTextAsync(_folder["dst"]));
        Assert.Equal((65534u, 65533u), OwnerOf(_folder["dst"]));
    }

    [SkippableFact]
    public async Task A_user_without_privileges_copies_into_a_folder_that_may_not_be_listed_and_is_told_of_an_owner_that_changes()
    {
        using var folder = new TempFolder(Path.GetTempPath());
        var demo = await AsNobody.PrepareAsync(folder);
        File.SetUnixFileMode(folder.Text("src", "new"), (UnixFileMode)0x1A4); // 0644
        Directory.CreateDirectory(folder["drop"]);
        folder.Text("drop/old", "roots");
        File.SetUnixFileMode(folder["drop"], (UnixFileMode)0xDB); // 0333

        (await DemoProcess.RunCommandAsync([.. demo, "copy", folder["src"], folder["drop/dst"]])).ShouldBeQuiet();
        Assert.Equal("new", await File.ReadAllTextAsync(folder["drop/dst"]));

        var replaced = await DemoProcess.RunCommandAsync([.. demo, "copy", folder["src"], folder["drop/old"]]);
        Assert.Equal(0, replaced.ExitCode);
        Assert.Contains("the owner 0:0 that it had (EPERM)", Assert.Single(replaced.Stderr), StringComparison.Ordinal);
        Assert.Equal("new", await File.ReadAllTextAsync(folder["drop/old"]));
    }

    private string Source()
    {
        var source = _folder.Text("src", "secret");
        File.SetUnixFileMode(source, Secret);
        Set(source, ExtendedAttributes.Acl, Acl);
        Assert.Equal((UnixFileMode)0x1B0, File.GetUnixFileMode(source)); // 0660: the group's place shows the mask
        return source;
    }

    private static void Set(string path, string name, byte[] value)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        var errno = ExtendedAttributes.Set(file, name, value);
        Skip.If(errno == Errno.EOPNOTSUPP, $"the file system of the tests has no {name}");
        Assert.Equal(Errno.None, errno);
    }

    private static async Task SetFolderAsync(string folder, string name, byte[] value)
    {
        Needs.Tool("python3");
        var set = await DemoProcess.RunCommandAsync(
            "python3", "-c", "import os, sys; os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))", folder, name,
            Convert.ToHexString(value));
        Skip.If(set.ExitCode != 0, $"the file system of the tests has no {name}: {string.Join(' ', set.Stderr)}");
    }

    private static byte[] Get(string path, string name)
    {
        Assert.Equal(Errno.None, ExtendedAttributes.TryGet(path, name, out var value));
        return value;
    }

    private static (uint, uint) OwnerOf(string path)
    {
        Assert.Equal(Errno.None, PathStatus.TryGet(path, followLink: false, out var status));
        return (status.UserId, status.GroupId);
    }

    private static byte[] MakeAcl(params (ushort Tag, ushort Permissions, int Id)[] entries) =>
    [
        2, 0, 0, 0,
        .. entries.SelectMany(entry => (byte[])
        [
            .. BitConverter.GetBytes(entry.Tag), .. BitConverter.GetBytes(entry.Permissions), .. BitConverter.GetBytes(entry.Id),
        ]),
    ];
}
