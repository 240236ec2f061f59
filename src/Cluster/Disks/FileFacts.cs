using System.Text;
using AkkaAio.Cluster.Paths;
using AkkaAio.Interop.Files;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// What is kept with a file beside its bytes, in the extended attribute <c>user.akkaaio.file</c>: "1 plain &lt;id&gt;" or
/// "1 log &lt;id&gt;". A file that is deleted and made again has another id.
/// </summary>
internal sealed record FileFacts(Wire.Kind Kind, Guid Id)
{
    private const string Attribute = "user.akkaaio.file";
    private const string Version = "1";

    /// <summary>Null: it has none yet.</summary>
    /// <exception cref="AioException">They cannot be read, or are of another version.</exception>
    public static FileFacts? Of(LinuxFile file)
    {
        var errno = ExtendedAttributes.TryGet(file.Handle, Attribute, out var value);
        if (errno == Errno.ENODATA)
        {
            return null;
        }

        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, "getxattr", file.Path);
        }

        var text = Encoding.ASCII.GetString(value);
        return text.Split(' ') is [Version, var kind, var id] && Guid.TryParseExact(id, "N", out var guid) && kind is "plain" or "log"
            ? new FileFacts(kind == "log" ? Wire.Kind.Log : Wire.Kind.Plain, guid)
            : throw new AioException($"{file.Path}: the attribute {Attribute} is \"{text}\", which this version cannot read");
    }

    /// <exception cref="AioSystemException">They cannot be written.</exception>
    public static FileFacts GiveTo(LinuxFile file, Wire.Kind kind, Guid id)
    {
        var facts = new FileFacts(kind, id);
        var text = $"{Version} {(kind == Wire.Kind.Log ? "log" : "plain")} {facts.Id:N}";
        var errno = ExtendedAttributes.Set(file.Handle, Attribute, Encoding.ASCII.GetBytes(text));
        return errno == Errno.None ? facts : throw new AioSystemException(errno, "setxattr", file.Path);
    }
}
