namespace ResNeSt.Tensors.Backends;

/// <summary>The kernels of one backend, by operator type. For one operator the kernel added last is asked first.</summary>
public sealed class KernelTable
{
    private readonly Dictionary<Type, List<Kernel>> _kernels = [];

    /// <summary>Every kernel, in no particular order.</summary>
    public IEnumerable<Kernel> All => _kernels.Values.SelectMany(list => list);

    /// <summary>Adds a kernel in front of those of the same operator.</summary>
    public KernelTable Add(Kernel kernel)
    {
        if (!_kernels.TryGetValue(kernel.OpType, out var list))
            _kernels.Add(kernel.OpType, list = []);
        list.Insert(0, kernel);
        return this;
    }

    /// <summary>The first kernel that can compute <paramref name="op"/> on such inputs, or null.</summary>
    public Kernel? Find(Op op, ReadOnlySpan<TensorSpec> inputs)
    {
        if (_kernels.TryGetValue(op.GetType(), out var list))
        {
            foreach (var kernel in list)
            {
                if (kernel.CanRun(op, inputs))
                    return kernel;
            }
        }

        return null;
    }
}
