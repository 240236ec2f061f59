using Akka.Dispatch;

namespace AkkaAio.Dispatch;

/// <summary>Gives everybody the same dispatcher: how actors come to share the thread of a shard.</summary>
internal sealed class OneDispatcherConfigurator(MessageDispatcher dispatcher)
    : MessageDispatcherConfigurator(dispatcher.Configurator.Config, dispatcher.Configurator.Prerequisites)
{
    public override MessageDispatcher Dispatcher() => dispatcher;
}
