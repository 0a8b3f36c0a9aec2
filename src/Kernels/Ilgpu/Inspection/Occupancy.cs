namespace ResNeSt.Kernels.Ilgpu;

/// <summary>How many groups of a kernel a multiprocessor can hold at once, calculated from its resources.</summary>
/// <remarks>Source: CUDA C++ Programming Guide, table "Technical specifications per compute capability", and the allocation granularities of
/// NVIDIA's occupancy calculator: registers by 256 a warp, shared memory by 128 bytes, of which the driver takes 1 KB a group.</remarks>
/// <param name="Groups">Groups at once.</param>
/// <param name="Share">Resident warps of those that a multiprocessor can hold.</param>
/// <param name="Limit">What ends it: registers, shared memory, threads or groups.</param>
public readonly record struct Occupancy(int Groups, double Share, string Limit)
{
    private const int CudaWarp = 32;
    private const int RegistersPerMultiprocessor = 65536;

    /// <summary>The architectures whose limits are known.</summary>
    public static IReadOnlyList<string> Architectures { get; } = ["sm_80", "sm_86", "sm_89", "sm_90"];

    /// <summary>Calculates; null for an architecture whose limits are not known.</summary>
    public static Occupancy? Of(string architecture, int threads, KernelResources resources)
    {
        (int Warps, int Groups, int SharedKb)? limits = architecture switch
        {
            "sm_80" => (64, 32, 164),
            "sm_86" => (48, 16, 100),
            "sm_89" => (48, 24, 100),
            "sm_90" => (64, 32, 228),
            _ => null,
        };
        if (limits is not { } limit)
            return null;
        int warps = (threads + CudaWarp - 1) / CudaWarp;
        int registersPerWarp = (Math.Max(resources.Registers, 1) * CudaWarp + 255) / 256 * 256;
        int shared = (resources.SharedBytes + 127) / 128 * 128 + 1024;
        (int Groups, string Limit)[] bounds =
        [
            (limit.Warps / warps, "threads"),
            (RegistersPerMultiprocessor / registersPerWarp / warps, "registers"),
            (limit.SharedKb * 1024 / shared, "shared memory"),
            (limit.Groups, "groups"),
        ];
        var least = bounds.MinBy(bound => bound.Groups);
        return new Occupancy(least.Groups, Math.Min(1, (double)least.Groups * warps / limit.Warps), least.Limit);
    }
}
