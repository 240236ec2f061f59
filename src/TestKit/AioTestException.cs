namespace AkkaAio.TestKit;

/// <summary>A test did not see what it waited for or claimed: says what there is instead, with its values.</summary>
public class AioTestException : Exception
{
    /// <summary>With what was expected and what there is.</summary>
    public AioTestException(string message)
        : base(message)
    {
    }

    /// <summary>With what caused it.</summary>
    public AioTestException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Without words; for serializers only.</summary>
    public AioTestException()
    {
    }
}
