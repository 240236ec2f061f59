using Akka.Actor;

namespace AkkaAio.Shards;

/// <summary>Who reaps a context in the place of its <see cref="ReaperActor"/>, which is left with the context's end.</summary>
internal interface IContextWatch
{
    /// <summary>Who is told when a reap throws. Set before the first submit.</summary>
    IActorRef Reaper { set; }

    /// <summary>On return nobody is in this context, and never will be again.</summary>
    void End();

    /// <summary>Gives back what operations carried, after the last of them.</summary>
    void Release();
}
