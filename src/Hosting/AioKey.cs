namespace AkkaAio.Hosting;

/// <summary>
/// The key of <c>system.Aio()</c> in Akka.Hosting's <c>ActorRegistry</c>: <c>IRequiredActor&lt;AioKey&gt;</c> from dependency injection.
/// </summary>
public sealed class AioKey
{
    private AioKey()
    {
    }
}
