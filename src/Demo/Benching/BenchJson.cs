using System.Text.Json;
using System.Text.Json.Serialization;

namespace AkkaAio.Demo.Benching;

/// <summary>The result as JSON, its keys in snake_case: <c>lat_ns.p999</c>.</summary>
internal static class BenchJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    public static string Write(BenchResult result) => JsonSerializer.Serialize(result, Options);

    public static BenchResult Read(string json) =>
        JsonSerializer.Deserialize<BenchResult>(json, Options) ?? throw new JsonException("null is no result");
}
