using Akka.Actor;

namespace AkkaAio.Streams.Stages;

// The file's side: blocks that start and end where direct I/O can write. The bytes of the file around those of the stream are kept: in
// front of the first one they are read into the block, behind the last one too where the file goes on, and otherwise zeros that are
// written there are cut off again. All alignments are 1 with a buffered file, and then none of this happens.
internal sealed partial class WriteLogic
{
    private readonly List<AioBuffer> _underWay = [];
    private AioFile? _file;
    private int _window;
    private int _blockSize;
    private long _growAhead;

    // What the file had when it was opened: it stays at least as long.
    private long _keptLength;

    // How far zeros may have been written, or allocated; 0: nowhere.
    private long _paddedTo;

    // The block that is being filled: where it starts in the file, how far it is filled, and how much of that the file has already.
    private AioBuffer? _block;
    private long _blockStart;
    private int _filled;
    private int _stored;
    private long _written;
    private Action? _whenAllWritten;

    private bool IsOurs => _stage.Target.Path is not null;

    private long Position => _blockStart + _filled;

    private long EndOfData => Math.Max(_keptLength, _blockStart + _stored);

    // The end of the sector that a position is in, or ends at.
    private long SectorEnd(long position) =>
        position % _file!.OffsetAlignment is > 0 and var rest ? position + _file.OffsetAlignment - rest : position;

    private void PrepareBlocks(AioFile file, Action then)
    {
        _file = file;
        var settings = _stage.Settings;
        (_keptLength, _paddedTo) = IsOurs && settings.IsEmptied ? (0L, file.Length) : (file.Length, 0L); // it may have been allocated ahead
        var start = settings.Mode == FileMode.Append ? file.Length : settings.Start;
        _blockSize = (int)SectorEnd(_blockSize);
        _stored = _filled = (int)(start % file.OffsetAlignment);
        _blockStart = start - _filled;
        if (_filled == 0)
        {
            then();
        }
        else
        {
            _block = Ext.Pool.Rent(_blockSize, this);
            ReadInto(_blockStart, 0, _filled, then);
        }
    }

    /// <summary>Takes what fits of the element into the block, and writes the block if it is full. False: no block is free.</summary>
    private bool TryFillBlock()
    {
        if (_block is null && !TryTakeBlock())
        {
            return false;
        }

        var count = Math.Min(_element.Length, _blockSize - _filled);
        _element.Span[..count].CopyTo(_block!.GetSpan()[_filled..]);
        _element = _element[count..];
        _filled += count;
        _taken += count;
        if (_filled == _blockSize)
        {
            if (IsOurs)
            {
                _file!.GrowAhead = Math.Max(_file.GrowAhead, _growAhead); // not for a file of one block
            }

            var block = _block;
            Write(block, _blockSize, () => block.Dispose());
            (_block, _blockStart, _filled, _stored) = (null, _blockStart + _blockSize, 0, 0);
        }

        return true;
    }

    private bool TryTakeBlock()
    {
        if (_underWay.Count >= _window)
        {
            return false;
        }

        // Where memory is short, it goes on with fewer blocks, but not with none.
        _block = _underWay.Count > 0 ? Ext.Pool.TryRent(_blockSize, this) : Ext.Pool.Rent(_blockSize, this);
        return _block is not null;
    }

    private void Write(AioBuffer block, int length, Action written)
    {
        var bytes = _filled - _stored;
        _underWay.Add(block);
        Tell(new Aio.Write(_file!, block.Memory[..length], _blockStart)
        {
            Durability = _policy.IsEachElement ? AioDurability.Dsync : AioDurability.None,
            Token = Then<Aio.WriteCompleted>(_ =>
            {
                _underWay.Remove(block);
                _written += bytes;
                written();
                if (_whenAllWritten is null)
                {
                    GoOn();
                }
                else
                {
                    ContinueWhenAllWritten();
                }
            }),
        });
    }

    /// <summary>Writes what is in the block, and waits for all writes.</summary>
    private void WriteRest(Action then)
    {
        if (_filled == _stored)
        {
            WhenAllWritten(then);
            return;
        }

        // Behind the stream's last byte: what the file has there, or zeros.
        var end = SectorEnd(Position);
        var padding = (int)(end - Position);
        _block!.GetSpan().Slice(_filled, padding).Clear();
        if (padding > 0 && _keptLength > Position)
        {
            ReadInto(Position, _filled, padding, () => WritePart(end, then));
        }
        else
        {
            WritePart(end, then);
        }
    }

    // Nothing else touches the block until the write has completed. Then it goes on with the sector that is not full.
    private void WritePart(long end, Action then)
    {
        var block = _block!;
        if (end > Position)
        {
            _paddedTo = Math.Max(_paddedTo, end);
        }

        Write(block, (int)(end - _blockStart), () =>
        {
            var rest = (int)(Position % _file!.OffsetAlignment);
            var start = Position - rest;
            block.GetSpan().Slice((int)(start - _blockStart), rest).CopyTo(block.GetSpan());
            (_blockStart, _filled, _stored) = (start, rest, rest);
        });
        WhenAllWritten(then);
    }

    private void WhenAllWritten(Action then)
    {
        _whenAllWritten = then;
        ContinueWhenAllWritten();
    }

    private void ContinueWhenAllWritten()
    {
        if (_underWay.Count == 0)
        {
            var then = _whenAllWritten!;
            _whenAllWritten = null;
            then();
        }
    }

    /// <summary>Cuts off what is behind the end of the data, so that the last flush covers that too.</summary>
    private void CutPadding(Action then)
    {
        if (HasPadding)
        {
            Tell(new Aio.SetLength(_file!, EndOfData) { Token = Then<Aio.LengthSet>(_ => then()) });
        }
        else
        {
            then();
        }
    }

    // Not when somebody else has made the file longer. What was grown ahead is behind its known length.
    private bool HasPadding =>
        _file is { IsBlockDevice: false, Length: var length } &&
        (length > EndOfData ? length <= _paddedTo : length == EndOfData && IsOurs && _file is { IsDirect: true, GrowAhead: > 0 });

    /// <summary>Fills a part of the block from the file, with zeros where that has ended.</summary>
    private void ReadInto(long offset, int start, int length, Action then)
    {
        _block!.GetSpan().Slice(start, length).Clear();
        if (offset >= _keptLength)
        {
            then();
            return;
        }

        Tell(new Aio.RentRead(_file!, offset, length)
        {
            Token = Then<Aio.RentReadCompleted>(read =>
            {
                using (read.Buffer)
                {
                    read.Buffer.GetSpan().CopyTo(_block!.GetSpan()[start..]);
                }

                then();
            }),
        });
    }

    // The context has references of its own to what is under way.
    private void GiveBackBlocks()
    {
        _block?.Dispose();
        _underWay.ForEach(block => block.Dispose());
        if (HasPadding)
        {
            Ext.Ref.Tell(new Aio.SetLength(_file!, EndOfData), ActorRefs.Nobody);
        }
    }
}
