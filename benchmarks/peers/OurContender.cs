using System.Runtime.InteropServices;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Weights;

namespace ResNeSt.Peers;

/// <summary>This engine: weights from safetensors, compiled for the input's shape.</summary>
internal sealed class OurContender : IContender
{
    private readonly float[] _input;

    public OurContender(PeerRow row, string weights, string input, int threads)
    {
        EngineSettings.Threads = threads;
        DefaultBackends.Use();
        var entry = ModelZoo.Find(row.Model);
        using (var model = entry.Create())
        {
            model.Eval();
            // Each weight is read from the file just when it is packed.
            using var file = WeightFile.Open(weights);
            WeightLoader.Defer(model, file, entry.Name);
            Session = InferenceSession.Compile(model, new TensorSpec(Shape.Create(row.Shape), DType.F32), new InferenceOptions { Threads = threads });
        }

        _input = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(input)).ToArray();
        Output = new float[row.Batch * PeerRow.Classes];
    }

    public InferenceSession Session { get; }

    public float[] Output { get; }

    public void Run() => Session.Run(_input, Output);

    public void Dispose() => Session.Dispose();
}
