namespace ResNeSt.Peers;

/// <summary>A network that is ready to run on one input.</summary>
internal interface IContender : IDisposable
{
    /// <summary>The logits of the last run.</summary>
    float[] Output { get; }

    /// <summary>Computes once.</summary>
    void Run();
}
