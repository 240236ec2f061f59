using Akka.Hosting;
using AkkaAio.Hosting;
using AkkaAio.Samples.BlobServer;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using OpenTelemetry.Metrics;

// A store of blobs over HTTP: PUT and GET /blobs/NAME, a GET also of a range; /healthz and /metrics for the operator.
//   dotnet run --project samples/BlobServer -- --urls http://127.0.0.1:5080 --Blobs /tmp/blobs
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAkka("blobs", (akka, _) => akka
    .WithAio(builder.Configuration.GetSection("AkkaAio"))
    .WithAioHealthCheck());
builder.Services.AddSingleton<BlobStore>();
builder.Services.AddHealthChecks();
builder.Services.AddAioMetrics().AddOpenTelemetry().WithMetrics(metrics => metrics.AddPrometheusExporter());

var app = builder.Build();
app.MapPut("/blobs/{name}", (string name, HttpRequest request, BlobStore blobs, CancellationToken cancellationToken) =>
    blobs.PutAsync(name, request.BodyReader, cancellationToken));
app.MapGet("/blobs/{name}", (string name, HttpContext context, BlobStore blobs) => blobs.GetAsync(name, context));
app.MapHealthChecks("/healthz", new HealthCheckOptions
{
    Predicate = check => check.Tags.Contains("ready"), // readiness; a restart of the process mends no disk
    ResponseWriter = static (context, report) => context.Response.WriteAsJsonAsync(new
    {
        status = report.Status.ToString(),
        entries = report.Entries.ToDictionary(
            entry => entry.Key, entry => new { status = entry.Value.Status.ToString(), entry.Value.Description, entry.Value.Data }),
    }),
});
app.MapPrometheusScrapingEndpoint();
await app.RunAsync();
