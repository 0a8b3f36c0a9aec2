namespace ResNeSt.Kernels.Cpu;

/// <summary>How elements are gathered into one result. Everything is gathered in double: the conversion hides behind memory,
/// and a million terms lose nothing that F32 could show.</summary>
internal unsafe interface IReduction
{
    /// <summary>Result of no elements.</summary>
    static abstract double Start { get; }

    /// <summary>Gathers contiguous elements.</summary>
    static abstract double Row(float* x, int count);

    /// <summary>Gathers each element into its own result: into[i] with x[i].</summary>
    static abstract void Columns(float* x, double* into, int count);

    /// <summary>Gathers two partial results.</summary>
    static abstract double Combine(double left, double right);
}
