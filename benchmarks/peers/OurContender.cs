using System.Runtime.InteropServices;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Tensors;

namespace ResNeSt.Peers;

/// <summary>This engine: weights from safetensors, compiled for the input's shape.</summary>
internal sealed class OurContender : IContender
{
    private readonly float[] _input;

    public OurContender(PeerRow row, string weights, string input, int threads, bool tune = false)
    {
        EngineSettings.Threads = threads;
        DefaultBackends.Use();
        var entry = ModelZoo.Find(row.Model);
        using (var model = entry.Create())
        {
            model.MaterializeEmpty(Device.Cpu);
            WeightLoader.Load(model, weights, entry.Name);
            model.Eval();
            Session = InferenceSession.Compile(model, new TensorSpec(Shape.Create(row.Shape), DType.F32), new InferenceOptions { Threads = threads, Tune = tune });
        }

        _input = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(input)).ToArray();
        Output = new float[row.Batch * PeerRow.Classes];
    }

    public InferenceSession Session { get; }

    public float[] Output { get; }

    public void Run() => Session.Run(_input, Output);

    public void Dispose() => Session.Dispose();
}
