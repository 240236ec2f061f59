namespace AkkaAio.FaultDriver.Lifetimes;

// The Task façade, with tokens that another thread cancels.
internal sealed partial class Worker
{
    private const int MostAwaits = 64;

    private void StartAwait(OpenFile open)
    {
        if (_awaits.Count >= MostAwaits)
        {
            _awaits.RemoveAll(task => task.IsCompleted);
        }

        if (_awaits.Count < 4 * MostAwaits)
        {
            var (kind, (offset, length)) = (_random.Next(10), ReadRange());
            var (write, written) = WriteRange(open.Pattern, 0, _random.Next(PatternFile.Size));
            var known = open.Pattern.AcknowledgedIn(offset, length);
            var cancellation = NewCancellation();
            _awaits.Add(Guarded(async () =>
            {
                using (cancellation)
                {
                    var token = cancellation?.Token ?? default;
                    switch (kind)
                    {
                        case < 4:
                            using (var read = await open.File.RentReadAsync(offset, length, token))
                            {
                                Check(open.Pattern.WrongIn(read.GetSpan(), offset, known));
                            }

                            break;
                        case < 6:
                            var array = new byte[length];
                            var count = await open.File.ReadAsync(array, offset, token);
                            Check(open.Pattern.WrongIn(array.AsSpan(0, count), offset, known));
                            break;
                        case < 9:
                            await open.File.WriteAsync(open.Pattern.At(write, written).ToArray(), write, token);
                            open.Pattern.Acknowledge(write, written);
                            break;
                        default:
                            await open.File.FlushAsync(token);
                            break;
                    }
                }
            }));
        }
    }

    // Cancelled at once by a thread of the pool; null for one that is not.
    private CancellationTokenSource? NewCancellation()
    {
        if (!_life.Has(Ingredients.Cancels) || _random.Next(3) > 0)
        {
            return null;
        }

        var cancellation = new CancellationTokenSource();
        ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                try
                {
                    cancellation.Cancel();
                }
                catch (ObjectDisposedException)
                {
                    // The await has ended first.
                }
                catch (Exception e)
                {
                    _life.Findings.Add($"the caller's own Cancel throws: {e}");
                }
            },
            null);
        return cancellation;
    }

    private async Task Guarded(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception e)
        {
            if (Requester.WrongIn(e) is { } wrong)
            {
                _life.Findings.Add(wrong);
            }
        }
    }
}
