using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>What replicas of a network tell each other.</summary>
public static class ReplicaExtensions
{
    extension(ReplicaGroup group)
    {
        /// <summary>Gives the first replica's parameters and buffers to all.</summary>
        public void ShareState(Module model)
        {
            if (group.Size == 1)
                return;
            foreach (var (_, state) in model.NamedState())
            {
                var value = state.Value;
                var bytes = new byte[value.Spec.ByteLength];
                value.Backend.Download(value.Storage, bytes);
                group.Broadcast<byte>(bytes);
                using var shared = TensorScope.Release(Tensor.FromBytes(bytes, value.Spec, value.Device));
                value.Assign(shared);
            }
        }

        /// <summary>Replaces every gradient by its sum over the replicas: in the devices' memory where the group has a reducer, else through the
        /// host's, all in one message.</summary>
        public void SumGradients(IReadOnlyList<TrainedParameter> parameters)
        {
            if (group.Size == 1)
                return;
            var gradients = parameters.Where(entry => entry.Parameter.RequiresGrad).Select(entry => (entry.Parameter, entry.Parameter.Grad)).ToList();
            if (gradients.Find(entry => entry.Grad is null) is { Parameter: { } idle })
                throw new InvalidOperationException($"replicas: '{idle.Name}' {idle.Shape} has no gradient; freeze what is not trained");
            if (gradients.Count == 0)
                return;
            if (group.Reducer is { } reducer)
            {
                reducer.Sum(gradients.ConvertAll(entry => entry.Grad!));
                return;
            }

            if (gradients[0].Grad!.DType == DType.F64)
                SumAs<double>(gradients.ConvertAll(entry => entry.Grad!), group.AllReduceSum);
            else
                SumAs<float>(gradients.ConvertAll(entry => entry.Grad!), group.AllReduceSum);
        }
    }

    private delegate void Reduce<T>(Span<T> values);

    private static void SumAs<T>(List<Tensor> gradients, Reduce<T> reduce)
        where T : unmanaged
    {
        using var off = GradMode.Off();
        var all = new T[gradients.Sum(gradient => gradient.Spec.ElementCount)];
        int at = 0;
        foreach (var gradient in gradients)
        {
            gradient.CopyTo(all.AsSpan(at));
            at += gradient.Spec.ElementCount;
        }

        reduce(all);
        at = 0;
        foreach (var gradient in gradients)
        {
            gradient.Assign<T>(all.AsSpan(at, gradient.Spec.ElementCount));
            at += gradient.Spec.ElementCount;
        }
    }
}
