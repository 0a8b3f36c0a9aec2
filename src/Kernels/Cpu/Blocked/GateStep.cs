using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The small part of split attention: two layers on one number per channel, and the softmax over the splits.</summary>
/// <param name="node">The node.</param>
/// <param name="first">The first layer, with its activation; the step owns it.</param>
/// <param name="second">The second layer; the step owns it.</param>
/// <param name="input">The summary, in blocks.</param>
/// <param name="hidden">A buffer between the layers.</param>
/// <param name="output">The attention, in blocks.</param>
/// <param name="layouts">How input, hidden and output lie.</param>
internal sealed unsafe class GateStep(
    GraphNode node, PackedConv first, PackedConv second, int input, int hidden, int output, (BlockedLayout Input, BlockedLayout Hidden, BlockedLayout Output) layouts)
    : CpuStep("attention gate", node, [input], [output, hidden])
{
    /// <inheritdoc/>
    public override long WeightBytes => first.WeightBytes + second.WeightBytes;

    /// <inheritdoc/>
    public override BoundStep Bind(IReadOnlyList<Storage> buffers)
    {
        var op = (SplitAttentionGateOp)Node!.Op;
        float* between = Floats(buffers, hidden), attention = Floats(buffers, output);
        var one = new ConvMemory { Input = Floats(buffers, input), InputLayout = layouts.Input, Output = between, OutputLayout = layouts.Hidden };
        var two = new ConvMemory { Input = between, InputLayout = layouts.Hidden, Output = attention, OutputLayout = layouts.Output };
        int channels = layouts.Output.Channels, width = layouts.Output.Blocks * BlockedLayout.Block;
        float[] logits = new float[channels];
        return new Phases(
            (first.Chunks, (chunk, before) => first.RunChunk(chunk, before, one)),
            (second.Chunks, (chunk, before) => second.RunChunk(chunk, before, two)),
            (1, (_, _) =>
            {
                for (int n = 0; n < layouts.Output.Batch; n++)
                    Softmax(op, new Span<float>(attention + (nint)n * width, channels), logits);
            }));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        first.Dispose();
        second.Dispose();
        base.Dispose();
    }

    // In place: logits come cardinality-major, attention goes radix-major.
    private static void Softmax(SplitAttentionGateOp op, Span<float> attention, float[] logits)
    {
        int radix = op.Radix, channels = attention.Length / radix, members = channels / op.Cardinality;
        attention.CopyTo(logits);
        for (int c = 0; c < channels; c++)
        {
            int first = c / members * radix * members + c % members;
            if (radix == 1)
            {
                attention[c] = 1 / (1 + MathF.Exp(-logits[first]));
                continue;
            }

            float largest = logits[first], sum = 0;
            for (int r = 1; r < radix; r++)
                largest = Math.Max(largest, logits[first + r * members]);
            for (int r = 0; r < radix; r++)
                sum += attention[r * channels + c] = MathF.Exp(logits[first + r * members] - largest);
            for (int r = 0; r < radix; r++)
                attention[r * channels + c] /= sum;
        }
    }
}
