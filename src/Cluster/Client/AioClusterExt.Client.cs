using System.Runtime.CompilerServices;
using AkkaAio.Cluster.Client;
using AkkaAio.Cluster.Disks;
using AkkaAio.Cluster.Names;

namespace AkkaAio.Cluster;

// What can be done from any node.
public sealed partial class AioClusterExt
{
    private const int NamesAtOnce = 1000;

    internal ClusterCalls Calls => field ??= new ClusterCalls(this);

    /// <summary>The disks of members that are up; a shared one once for each node that has it.</summary>
    public IReadOnlyList<AioClusterDisk> GetDisks() =>
        [.. from has in DiskRole.Of(Cluster.State)
            orderby has.Role.DiskId, has.Node.ToString()
            select new AioClusterDisk(has.Role.DiskId, has.Node.ToString()) { IsShared = has.Role.Shards > 0 }];

    /// <summary>Opens a file, wherever in the cluster it is.</summary>
    /// <param name="address">The disk's id, a slash and the name, such as <c>0f3a…/logs/a</c>.</param>
    /// <param name="options">Whether it is made.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="AioClusterFileException">It cannot be opened as asked, or its disk is away.</exception>
    public async Task<AioClusterFile> OpenAsync(
        string address, AioClusterOpenOptions? options = null, CancellationToken cancellationToken = default)
    {
        var parsed = Parse(address, needsName: true);
        options ??= AioClusterOpenOptions.Default;
        if (options.Mode is not (FileMode.Open or FileMode.OpenOrCreate or FileMode.CreateNew))
        {
            throw new AioClusterFileException(
                address, AioClusterFailure.BadArgument, AioOutcome.NotPerformed,
                $"{address}: FileMode.{options.Mode}; it is Open, OpenOrCreate or CreateNew");
        }

        var open = new Wire.OpenFile
        {
            Create = options.Mode != FileMode.Open,
            Exclusive = options.Mode == FileMode.CreateNew,
            Kind = (Wire.Kind)(options.Kind ?? 0),
        };
        var answer = await Calls.CallAsync(
            _ => new Wire.Request { File = parsed.ToString(), Open = open }, changes: open.Create, cancellationToken).ConfigureAwait(false);
        return new AioClusterFile(this, parsed, options, answer.Reply.Opened);
    }

    /// <summary>
    /// Removes a file, durably. One that is open, here or elsewhere, is gone for those that have it.
    /// Where two clients remove a file at the same time, both succeed.
    /// </summary>
    /// <exception cref="AioClusterFileException">There is none, or it cannot be removed.</exception>
    public async Task DeleteAsync(string address, CancellationToken cancellationToken = default)
    {
        var file = await OpenAsync(address, null, cancellationToken).ConfigureAwait(false);
        await file.DeleteAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Length and kind of a file.</summary>
    /// <exception cref="AioClusterFileException">There is none.</exception>
    public async Task<AioClusterFileStatus> StatAsync(string address, CancellationToken cancellationToken = default)
    {
        var file = Parse(address, needsName: true).ToString();
        var answer = await Calls.CallAsync(
            _ => new Wire.Request { File = file, GetStat = new Wire.GetStat() }, changes: false, cancellationToken).ConfigureAwait(false);
        return new AioClusterFileStatus(file, answer.Reply.Stat.Length, (AioClusterFileKind)answer.Reply.Stat.Kind);
    }

    /// <summary>Free space and more of a disk.</summary>
    /// <exception cref="AioClusterFileException">It is away.</exception>
    public async Task<AioClusterDiskStatus> StatDiskAsync(string diskId, CancellationToken cancellationToken = default)
    {
        var disk = Parse($"{diskId}/", needsName: false);
        var answer = await Calls.CallAsync(
            _ => new Wire.Request { File = disk.ToString(), GetStat = new Wire.GetStat() }, changes: false,
            cancellationToken).ConfigureAwait(false);
        var stat = answer.Reply.Stat;
        return new AioClusterDiskStatus(diskId, stat.Free, stat.Size, stat.OpenFiles, (long)stat.Epoch);
    }

    /// <summary>The addresses of a disk's files, in ordinal order of their names.</summary>
    /// <param name="diskId">The disk.</param>
    /// <param name="prefix">Only names that begin so.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <remarks>A file that is made or removed meanwhile may be in it or not.</remarks>
    public async IAsyncEnumerable<string> ListAsync(
        string diskId, string prefix = "", [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var disk = Parse($"{diskId}/", needsName: false);
        var after = "";
        while (true)
        {
            var list = new Wire.ListFiles { Prefix = prefix, After = after, Most = NamesAtOnce };
            var answer = await Calls.CallAsync(
                _ => new Wire.Request { File = disk.ToString(), List = list }, changes: false, cancellationToken).ConfigureAwait(false);
            foreach (var name in answer.Reply.Names.Names_)
            {
                after = name;
                yield return new FileAddress(diskId, name).ToString();
            }

            if (!answer.Reply.Names.More)
            {
                break;
            }
        }
    }

    private static FileAddress Parse(string address, bool needsName)
    {
        ArgumentNullException.ThrowIfNull(address);
        var why = FileAddress.TryParse(address, out var parsed)
            ?? (needsName && parsed.IsDisk ? $"\"{address}\" names a disk, and no file on it" : null);
        return why is null ? parsed : throw new AioClusterFileException(address, AioClusterFailure.BadName, AioOutcome.NotPerformed, why);
    }
}
