using AkkaAio.Persistence.Format;

namespace AkkaAio.Persistence.Log;

/// <summary>Takes what a recovery finds, in the order of the log, on the recovery's thread.</summary>
internal interface ILogVisitor
{
    /// <summary>
    /// A segment that another one follows, which says where it ends. True: what its batches would tell is known, from its footer, and they
    /// are not read.
    /// </summary>
    Task<bool> TryLoadAsync(Segment segment, uint lastCrc);

    /// <summary>A batch. Its bytes are valid during the call.</summary>
    void Visit(long segment, int block, in BatchHeader header, ReadOnlySpan<byte> batch);

    /// <summary>
    /// The newest segment that was given back, as the log says when all of it has been visited; 0: it says nothing of one. What is missing
    /// behind it was lost.
    /// </summary>
    long GivenBack { get; }

    /// <summary>All batches of a segment have been visited, and another one follows.</summary>
    void Sealed(Segment segment, uint lastCrc);
}
