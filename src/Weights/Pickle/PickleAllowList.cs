using System.Collections.Frozen;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>The globals a checkpoint may name: pairs of module and name, compared as whole strings.</summary>
/// <remarks>A list of what is allowed, not of what is dangerous: lists of dangerous names have been walked around some fifty times.</remarks>
internal static class PickleAllowList
{
    private static readonly FrozenDictionary<(string Module, string Name), PickleGlobal> Globals = Build().ToFrozenDictionary();

    /// <summary>What an allowed global stands for.</summary>
    public static bool TryFind(string module, string name, out PickleGlobal? global) => Globals.TryGetValue((module, name), out global);

    /// <summary>What to tell the owner of a file that names something else.</summary>
    public static string Refusal(string module, string name)
    {
        string full = DataFileException.Escape($"{module}.{name}");
        return (module, name) switch
        {
            ("argparse", "Namespace") =>
                $"the checkpoint holds its training arguments as {full}, a Python object; load it in Python under torch.serialization.safe_globals([argparse.Namespace]) and save only its state_dict",
            (['n', 'u', 'm', 'p', 'y', ..], _) =>
                $"the checkpoint holds a NumPy object ({full}); turn it into a tensor or a plain number in Python, or save only the state_dict",
            ("torch._utils", ['_', 'r', 'e', 'b', 'u', 'i', 'l', 'd', '_', 's', 'p', 'a', 'r', 's', 'e', ..]) =>
                $"sparse tensors ({full}) are not handled; call to_dense() in Python and save again",
            ("torch._utils", "_rebuild_qtensor") or ("torch", "QInt8Storage" or "QUInt8Storage" or "QInt32Storage" or "QUInt4x2Storage" or "QUInt2x4Storage") =>
                $"quantized tensors ({full}) are not handled; call dequantize() in Python and save again",
            (['t', 'o', 'r', 'c', 'h', '.', 'n', 'n', '.', ..] or ['t', 'o', 'r', 'c', 'h', 'v', 'i', 's', 'i', 'o', 'n', '.', ..] or ['t', 'i', 'm', 'm', '.', ..] or "__main__", _) =>
                $"the file holds a whole model (class {full}), which is Python code, not weights; save model.state_dict() instead",
            _ => $"the pickle names {full}, which is not on the list of what a checkpoint may use; nothing was run. If you trust its author, load it in Python and save only the state_dict",
        };
    }

    private static Dictionary<(string, string), PickleGlobal> Build()
    {
        var globals = new Dictionary<(string, string), PickleGlobal>
        {
            [("collections", "OrderedDict")] = new(PickleGlobalKind.OrderedDictionary),
            [("torch._utils", "_rebuild_tensor")] = new(PickleGlobalKind.RebuildTensor),
            [("torch._utils", "_rebuild_tensor_v2")] = new(PickleGlobalKind.RebuildTensorV2),
            [("torch._utils", "_rebuild_tensor_v3")] = new(PickleGlobalKind.RebuildTensorV3),
            [("torch._utils", "_rebuild_parameter")] = new(PickleGlobalKind.RebuildParameter),
        };
        foreach (string module in (ReadOnlySpan<string>)["torch", "torch.cuda"])
        {
            foreach (var (name, dtype) in (ReadOnlySpan<(string, WeightDType)>)
                [
                    ("FloatStorage", WeightDType.F32), ("DoubleStorage", WeightDType.F64), ("HalfStorage", WeightDType.F16),
                    ("BFloat16Storage", WeightDType.BF16), ("LongStorage", WeightDType.I64), ("IntStorage", WeightDType.I32),
                    ("ShortStorage", WeightDType.I16), ("CharStorage", WeightDType.I8), ("ByteStorage", WeightDType.U8),
                    ("BoolStorage", WeightDType.Bool),
                ])
                globals[(module, name)] = new(PickleGlobalKind.TypedStorage, dtype);
        }

        foreach (string module in (ReadOnlySpan<string>)["torch.storage", "torch"])
            globals[(module, "UntypedStorage")] = new(PickleGlobalKind.UntypedStorage, WeightDType.U8);
        foreach (var (name, dtype) in (ReadOnlySpan<(string, WeightDType)>)
            [
                ("uint16", WeightDType.U16), ("uint32", WeightDType.U32), ("uint64", WeightDType.U64),
                ("float8_e4m3fn", WeightDType.F8E4M3), ("float8_e5m2", WeightDType.F8E5M2), ("float8_e8m0fnu", WeightDType.F8E8M0),
                ("float8_e4m3fnuz", WeightDType.F8E4M3Fnuz), ("float8_e5m2fnuz", WeightDType.F8E5M2Fnuz),
            ])
            globals[("torch", name)] = new(PickleGlobalKind.ElementType, dtype);
        return globals;
    }
}
