using System.IO.Hashing;
using System.Text;

namespace AkkaAio.Persistence.Index;

/// <summary>
/// The 128-bit hash that stands for a persistence id in the index. Two ids of one hash are not expected (one in 10^19 for 10^10 ids); a
/// replay compares the id of each record, so that they would fail and not mix.
/// </summary>
internal static class PersistenceIdHash
{
    // A lenient encoder would give two different ids the same bytes.
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The empty id, which no actor may have, is the log's: its highest number is that of the newest segment given back.</summary>
    public static UInt128 OfLog { get; } = Of(ReadOnlySpan<byte>.Empty);

    public static UInt128 Of(ReadOnlySpan<byte> utf8) => XxHash128.HashToUInt128(utf8) is var hash && hash == 0 ? 1 : hash; // 0 is no id

    /// <exception cref="AioPersistenceIdException">It is empty, or no Unicode.</exception>
    public static UInt128 Of(string id)
    {
        if (id.Length == 0)
        {
            throw new AioPersistenceIdException();
        }

        var most = Encoding.UTF8.GetMaxByteCount(id.Length);
        Span<byte> utf8 = most <= 512 ? stackalloc byte[most] : new byte[most];
        try
        {
            return Of(utf8[..StrictUtf8.GetBytes(id, utf8)]);
        }
        catch (EncoderFallbackException e)
        {
            throw new AioPersistenceIdException(id, e.Index, e);
        }
    }
}
