using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors;

/// <summary>The one door through which every computation goes: check shapes, find a kernel, launch it, record the gradient node.</summary>
public static class OpDispatcher
{
    /// <summary>Computes an operator.</summary>
    /// <param name="op">The operator.</param>
    /// <param name="inputs">Tensors of one backend.</param>
    /// <returns>The outputs, owned by the current <see cref="TensorScope"/>.</returns>
    /// <exception cref="ShapeException">The inputs do not fit the operator.</exception>
    /// <exception cref="NotSupportedException">The backend has no kernel for these types; the message names it.</exception>
    public static Tensor[] Run(Op op, params ReadOnlySpan<Tensor> inputs)
    {
        var specs = SpecsOf(inputs);
        var backend = CommonBackend(op, inputs);
        var outputSpecs = op.Infer(specs);
        using var start = OpTrace.Start(backend);

        if (op is InPlaceOp inPlace)
            return RunInPlace(inPlace, specs, backend, inputs);
        if (op is ViewOp)
        {
            inputs[0].Storage.AddReference();
            var view = Tensor.Own(inputs[0].Storage, outputSpecs[0]);
            RecordNode(op, inputs, [view], specs, outputSpecs);
            OpTrace.Finish(start, op, specs, outputSpecs, null, backend);
            return [view];
        }

        var kernel = op is CompositeOp && !EngineSettings.Fuse ? null : backend.FindKernel(op, specs);
        if (kernel is null)
        {
            // Types for storage first: a definition must not round, or overflow, after each of its steps.
            var defined = op is not CastOp && HasHalf(specs) ? RunInSingle(op, inputs, outputSpecs)
                : op is CompositeOp composite ? RunDefinition(composite, inputs, outputSpecs)
                : throw NoKernel(op, specs, backend);
            OpTrace.Finish(start, op, specs, outputSpecs, null, backend);
            return defined;
        }

        var outputs = new Tensor[outputSpecs.Length];
        bool empty = true;
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = Tensor.Allocate(outputSpecs[i], backend);
            empty &= outputSpecs[i].ElementCount == 0;
        }

        if (!empty)
            kernel.Launch(op, inputs, outputs);
        OpObserver.Notify(op, specs, outputSpecs);
        if (EngineSettings.CheckNan)
            NanCheck.Verify(op, inputs, outputs);
        RecordNode(op, inputs, outputs, specs, outputSpecs);
        OpTrace.Finish(start, op, specs, outputSpecs, kernel, backend);
        return outputs;
    }

    private static Tensor[] RunDefinition(CompositeOp op, ReadOnlySpan<Tensor> inputs, TensorSpec[] expected)
    {
        using var scope = new TensorScope();
        var outputs = op.Define(inputs);
        for (int i = 0; i < outputs.Length; i++)
        {
            if (outputs[i].Spec != expected[i])
                throw new InvalidOperationException($"{op.Name}: the definition gives {outputs[i].Spec}, shape inference {expected[i]}");
            scope.Keep(outputs[i]);
        }

        return outputs;
    }

    /// <summary>F16 and BF16 are storage types: where a backend has no kernel of its own for them, the operator runs in F32.</summary>
    private static Tensor[] RunInSingle(Op op, ReadOnlySpan<Tensor> inputs, TensorSpec[] expected)
    {
        using var scope = new TensorScope();
        var single = new Tensor[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            single[i] = inputs[i].DType is DType.F16 or DType.BF16 ? inputs[i].Cast(DType.F32) : inputs[i];
        var outputs = Run(op, single);
        for (int i = 0; i < outputs.Length; i++)
            outputs[i] = scope.Keep(outputs[i].DType == expected[i].DType ? outputs[i] : outputs[i].Cast(expected[i].DType));
        return outputs;
    }

    private static Tensor[] RunInPlace(InPlaceOp op, TensorSpec[] specs, Backend backend, ReadOnlySpan<Tensor> inputs)
    {
        var written = inputs[..op.WrittenInputs];
        if (GradMode.Enabled)
        {
            foreach (var tensor in written)
            {
                if (tensor.NeedsGrad)
                    throw new InvalidOperationException($"{op.Name}: would overwrite a tensor that gradients are recorded for; wrap the call in GradMode.Off()");
            }
        }

        var kernel = EngineSettings.Fuse ? backend.FindKernel(op, specs) : null;
        if (kernel is not null)
        {
            kernel.Launch(op, inputs, written);
            foreach (var tensor in written)
                tensor.Storage.MarkWritten();
            return written.ToArray();
        }

        using var scope = new TensorScope();
        using var off = GradMode.Off();
        var values = op.Define(inputs);
        for (int i = 0; i < values.Length; i++)
            written[i].Assign(values[i]);
        return written.ToArray();
    }

    private static void RecordNode(Op op, ReadOnlySpan<Tensor> inputs, Tensor[] outputs, TensorSpec[] inputSpecs, TensorSpec[] outputSpecs)
    {
        if (!GradMode.Enabled)
            return;
        foreach (var input in inputs)
        {
            if (input.NeedsGrad)
            {
                GradNode.Attach(op, inputs, outputs, inputSpecs, outputSpecs);
                return;
            }
        }
    }

    private static TensorSpec[] SpecsOf(ReadOnlySpan<Tensor> inputs)
    {
        var specs = new TensorSpec[inputs.Length];
        for (int i = 0; i < specs.Length; i++)
            specs[i] = inputs[i].Spec;
        return specs;
    }

    private static Backend CommonBackend(Op op, ReadOnlySpan<Tensor> inputs)
    {
        if (inputs.IsEmpty)
            throw new ShapeException($"{op.Name}: takes at least one input, got none");
        var backend = inputs[0].Backend;
        foreach (var input in inputs)
        {
            input.ThrowIfDisposed(op.Name);
            if (input.Backend != backend)
                throw new ShapeException($"{op.Name}: inputs lie on different devices ({backend.Device} and {input.Device}); move one with To(device)");
        }

        return backend;
    }

    private static bool HasHalf(ReadOnlySpan<TensorSpec> specs)
    {
        foreach (var spec in specs)
        {
            if (spec.DType is DType.F16 or DType.BF16)
                return true;
        }

        return false;
    }

    private static NotSupportedException NoKernel(Op op, TensorSpec[] specs, Backend backend) =>
        new($"{op.Name}: device {backend.Device} has no kernel for {string.Join(", ", specs)}"
            + (specs.Any(s => s.DType == DType.F64) ? "; F64 exists on device 'reference' only" : ""));
}
