using System.Globalization;

namespace ResNeSt.Tensors;

/// <summary>The name of a place where tensors live and kernels run: <c>cpu</c>, <c>cuda:0</c>, <c>opencl:1</c>, <c>ilgpu-cpu</c>, <c>reference</c>.</summary>
/// <param name="Kind">The family, lower case.</param>
/// <param name="Index">Which one of the family, from 0.</param>
public readonly record struct Device(string Kind, int Index = 0)
{
    /// <summary>The host processor, computed by SIMD kernels.</summary>
    public static Device Cpu => new("cpu");

    /// <summary>The host processor, computed by scalar loops in double precision: the oracle of every test.</summary>
    public static Device Reference => new("reference");

    /// <summary>No place at all: tensors with shapes and no values.</summary>
    public static Device Meta => new("meta");

    /// <summary>No memory: values that are fetched, from a file say, each time they are asked for.</summary>
    public static Device Deferred => new("deferred");

    /// <summary>Reads a name such as <c>cuda:0</c>; without an index it is the first of its kind.</summary>
    /// <exception cref="DeviceException">The name is empty or its index is not a number.</exception>
    public static Device Parse(string name)
    {
        string kind = name.Trim().ToLowerInvariant();
        int colon = kind.IndexOf(':');
        int index = 0;
        bool valid = colon < 0 || int.TryParse(kind.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out index);
        if (colon >= 0)
            kind = kind[..colon];
        return valid && kind.Length > 0
            ? new Device(kind, index)
            : throw new DeviceException($"'{DataFileException.Escape(name)}' is no device name; write for example cpu or cuda:0");
    }

    /// <summary>A device by its name; see <see cref="Parse"/>.</summary>
    public static implicit operator Device(string name) => Parse(name);

    /// <summary>The name: the kind alone for host processors, <c>kind:index</c> for the others.</summary>
    public override string ToString() => Index == 0 && Kind is "cpu" or "reference" or "meta" or "deferred" or "ilgpu-cpu" ? Kind : $"{Kind}:{Index}";
}
