using System.Reflection;
using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A kernel as it is declared: a static method with explicit grouping, compiled for a device when it is first launched there.</summary>
internal abstract class GpuKernel(string name, int maxGroupSize, MethodInfo body, MethodInfo? twin = null)
{
    /// <summary>Family, operation and variant, for example <c>conv.forward.tile128</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The largest group it is launched with; the compiler keeps registers within what such a group can have.</summary>
    public int MaxGroupSize { get; } = maxGroupSize;

    /// <summary>The method, with its type arguments.</summary>
    public MethodInfo Body { get; } = body;

    /// <summary>The method for devices other than CUDA, if the body is made of instructions that only CUDA has.</summary>
    public MethodInfo Twin { get; } = twin ?? body;

    /// <summary>Declares a kernel of one parameter.</summary>
    public static GpuKernel<Action<AcceleratorStream, KernelConfig, T1>> Define<T1>(string name, int maxGroupSize, Action<T1> body)
        where T1 : struct =>
        new(name, maxGroupSize, body.Method);

    /// <summary>Declares a kernel of two parameters.</summary>
    public static GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2>> Define<T1, T2>(string name, int maxGroupSize, Action<T1, T2> body)
        where T1 : struct
        where T2 : struct =>
        new(name, maxGroupSize, body.Method);

    /// <summary>Declares a kernel of three parameters.</summary>
    public static GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3>> Define<T1, T2, T3>(
        string name, int maxGroupSize, Action<T1, T2, T3> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct =>
        new(name, maxGroupSize, body.Method);

    /// <summary>Declares a kernel of four parameters.</summary>
    public static GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4>> Define<T1, T2, T3, T4>(
        string name, int maxGroupSize, Action<T1, T2, T3, T4> body, Action<T1, T2, T3, T4>? twin = null)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct =>
        new(name, maxGroupSize, body.Method, twin?.Method);

    /// <summary>Declares a kernel of five parameters.</summary>
    public static GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5>> Define<T1, T2, T3, T4, T5>(
        string name, int maxGroupSize, Action<T1, T2, T3, T4, T5> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct =>
        new(name, maxGroupSize, body.Method);

    /// <summary>Declares a kernel of six parameters.</summary>
    public static GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6>> Define<T1, T2, T3, T4, T5, T6>(
        string name, int maxGroupSize, Action<T1, T2, T3, T4, T5, T6> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct =>
        new(name, maxGroupSize, body.Method);

    /// <summary>Declares a kernel of seven parameters.</summary>
    public static GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7>> Define<T1, T2, T3, T4, T5, T6, T7>(
        string name, int maxGroupSize, Action<T1, T2, T3, T4, T5, T6, T7> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
        where T7 : struct =>
        new(name, maxGroupSize, body.Method);

    /// <summary>A type's name in lower case with hyphens, for names of kernels that are compiled for it.</summary>
    public static string NameOf<T>() =>
        string.Concat(typeof(T).Name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A kernel whose launcher has the type <typeparamref name="TLauncher"/>: stream, grid and group, then the kernel's parameters.</summary>
internal sealed class GpuKernel<TLauncher>(string name, int maxGroupSize, MethodInfo body, MethodInfo? twin = null) : GpuKernel(name, maxGroupSize, body, twin)
    where TLauncher : Delegate;
