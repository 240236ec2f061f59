namespace AkkaAio.FaultDriver.Lifetimes;

// Reads and writes: each with what is to be looked at when its reply comes.
internal sealed partial class Worker
{
    private async Task TellTransferAsync(OpenFile open)
    {
        var (told, command, tellThen) = NewTransfer(open);
        await _requester.TellAsync(told, command);
        tellThen?.Invoke();
    }

    private async Task TellBatchAsync(OpenFile open)
    {
        var commands = new List<(Told, Aio.FileCommand)>();
        var then = new List<Action>();
        for (var i = _random.Next(1, 24); i >= 0; i--)
        {
            if (_random.Next(8) == 0)
            {
                var flush = new Told();
                commands.Add((flush, new Aio.Flush(open.File) { Token = flush }));
                continue;
            }

            var (told, command, tellThen) = NewTransfer(_life.Files.Any(_random) ?? open);
            commands.Add((told, command));
            if (tellThen is not null)
            {
                then.Add(tellThen);
            }
        }

        await _requester.TellBatchAsync(commands);
        then.ForEach(action => action());
    }

    // Then: what is done when the command has been told.
    private (Told Told, Aio.TransferCommand Command, Action? Then) NewTransfer(OpenFile open) => _random.Next(10) switch
    {
        < 3 => NewRead(open),
        < 5 => NewReadInto(open),
        5 => NewReadV(open),
        _ => NewWrite(open),
    };

    private (Told, Aio.TransferCommand, Action?) NewRead(OpenFile open)
    {
        var (offset, length) = ReadRange();
        var known = open.Pattern.AcknowledgedIn(offset, length);
        var told = new Told(reply =>
        {
            if (reply is Aio.RentReadCompleted read)
            {
                Check(open.Pattern.WrongIn(read.Buffer.GetSpan(), offset, known));
                read.Buffer.Dispose();
            }
        });
        return (told, new Aio.RentRead(open.File, offset, length) { Token = told }, null);
    }

    private (Told, Aio.TransferCommand, Action?) NewReadInto(OpenFile open)
    {
        var (offset, length) = ReadRange();
        var known = open.Pattern.AcknowledgedIn(offset, length);
        var shift = _random.Next(2) * _random.Next(1, 512); // unaligned: through a buffer of the pool
        var buffer = _random.Next(3) > 0 ? _life.TryRent(length + shift) : null;
        var early = buffer is not null && _life.Has(Ingredients.EarlyDisposes) && _random.Next(4) == 0;
        var memory = buffer is null ? new byte[length] : buffer.Memory.Slice(shift, length);
        var from = $"a read into {(buffer is null ? "an array" : "a buffer")} at {offset} of {open.Pattern.Path}";
        var told = new Told(reply =>
        {
            if (early)
            {
                return;
            }

            if (reply is Aio.ReadIntoCompleted read)
            {
                Check(open.Pattern.WrongIn(memory.Span[..read.Count], offset, known));
            }

            GiveBack(reply, memory, buffer, from);
        });
        var command = new Aio.ReadInto(open.File, memory, offset) { Token = told };
        return (told, command, early ? () => DisposeAndRentAgain(buffer!, from) : null);
    }

    private (Told, Aio.TransferCommand, Action?) NewReadV(OpenFile open)
    {
        var (offset, length) = ReadRange();
        var known = open.Pattern.AcknowledgedIn(offset, length);
        var (memory, buffer, parts) = Parts(length);
        var from = $"a vectored read at {offset} of {open.Pattern.Path}";
        var early = buffer is not null && _life.Has(Ingredients.EarlyDisposes) && _random.Next(4) == 0;
        var told = new Told(reply =>
        {
            if (early)
            {
                return;
            }

            if (reply is Aio.ReadVCompleted read)
            {
                Check(open.Pattern.WrongIn(memory.Span[..read.Count], offset, known));
            }

            GiveBack(reply, memory, buffer, from);
        });
        return (told, new Aio.ReadV(open.File, parts, offset) { Token = told }, early ? () => DisposeAndRentAgain(buffer!, from) : null);
    }

    private (Told, Aio.TransferCommand, Action?) NewWrite(OpenFile open)
    {
        var pattern = open.Pattern;
        var near = _random.Next(3) == 0 ? Math.Min(open.File.Length, PatternFile.Size - 1) : _random.Next(PatternFile.Size);
        var (offset, length) = WriteRange(pattern, 0, near);
        var (memory, buffer, parts) = Parts(length);
        pattern.At(offset, length).CopyTo(memory.Span);
        var early = buffer is not null && _life.Has(Ingredients.EarlyDisposes) && _random.Next(4) == 0;
        var from = $"a write at {offset} of {pattern.Path}";
        var told = new Told(reply =>
        {
            if (reply is Aio.WriteCompleted or Aio.WriteVCompleted && pattern.Keeps)
            {
                pattern.Acknowledge(offset, length);
            }

            if (!early)
            {
                GiveBack(reply, memory, buffer, from);
            }
        });
        var durability = _random.Next(5) == 0 ? AioDurability.Dsync : AioDurability.None;
        Aio.TransferCommand command = _random.Next(2) == 0
            ? new Aio.Write(open.File, memory, offset) { Token = told, Durability = durability }
            : new Aio.WriteV(open.File, [.. parts.Select(part => (ReadOnlyMemory<byte>)part)], offset)
            {
                Token = told,
                Durability = durability,
            };
        return (told, command, early ? () => DisposeAndRentAgain(buffer!, from) : null);
    }

    // What the kernel may still use after a cancellation or a restart is left alone: the pool waits for it.
    private void GiveBack(Aio.Event reply, Memory<byte> memory, AioBuffer? buffer, string from)
    {
        if (buffer is null || reply is not Aio.CommandFailed { Cause: AioCanceledException or AioAbortedException })
        {
            _memories.Watch(memory, buffer, from);
        }
        else
        {
            buffer.Dispose();
        }
    }

    // The pool may give the very block to the next that rents: then nobody may use it for the command any more.
    private void DisposeAndRentAgain(AioBuffer buffer, string from)
    {
        var length = buffer.Length;
        buffer.Dispose();
        if (_life.TryRent(length) is { } next)
        {
            _memories.Watch(next.Memory, next, $"a buffer rented after {from}, whose buffer was disposed early");
        }
    }

    private (Memory<byte> Memory, AioBuffer? Buffer, Memory<byte>[] Parts) Parts(int length)
    {
        var buffer = _random.Next(3) > 0 ? _life.TryRent(length) : null;
        var memory = buffer?.Memory ?? new byte[length];
        var parts = new List<Memory<byte>>();
        for (var at = 0; at < length;)
        {
            var part = Math.Min(length - at, _random.Next(4) == 0 ? _random.Next(1, 10_000) : _random.Next(1, 5) * PatternFile.Block);
            parts.Add(memory.Slice(at, part));
            at += part;
        }

        return (memory, buffer, [.. parts]);
    }

    private (long Offset, int Length) ReadRange()
    {
        var length = _random.Next(8) == 0 ? _random.Next(1, 256 << 10) : _random.Next(1, 16 << 10);
        var offset = _random.Next(PatternFile.Size);
        return _random.Next(2) == 0 ? (offset, length) : (offset & -PatternFile.Block, (length + PatternFile.Block) & -PatternFile.Block);
    }

    // Blocks of one cell; of a direct file that keeps, of an even one for us and an odd one for writers outside.
    private (long Offset, int Length) WriteRange(PatternFile pattern, int parity, long near)
    {
        var cell = near / PatternFile.Cell;
        if (pattern is { Keeps: true, Direct: not DirectIo.Off } && cell % 2 != parity)
        {
            cell ^= 1;
        }

        var first = _random.Next(PatternFile.Cell / PatternFile.Block);
        var blocks = 1 + (_random.Next(4) == 0 ? _random.Next((PatternFile.Cell / PatternFile.Block) - first) : 0);
        return ((cell * PatternFile.Cell) + (first * PatternFile.Block), blocks * PatternFile.Block);
    }

    private void Check(string? wrong)
    {
        if (wrong is not null)
        {
            _life.Findings.Add(wrong);
        }
    }
}
