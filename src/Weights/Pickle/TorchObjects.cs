using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>The only things that a pickle may "call": what they build is data, checked as it is made.</summary>
/// <param name="reader">The pickle, for the place in messages.</param>
/// <param name="isLegacy">Whether persistent ids may carry the sixth item of the legacy stream.</param>
internal sealed class TorchObjects(PickleReader reader, bool isLegacy)
{
    private readonly Dictionary<string, TorchStorage> _roots = new(StringComparer.Ordinal);

    /// <summary>Every block that was named, by key, as a storage that covers it whole.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Roots => _roots;

    /// <summary>The storage that a persistent id names.</summary>
    public TorchStorage Storage(object id)
    {
        if (id is not PickleTuple { Items: { Length: 5 or 6 } items } || (items.Length == 6 && !isLegacy)
            || items[0] is not "storage" || items[1] is not PickleGlobal { Kind: PickleGlobalKind.TypedStorage or PickleGlobalKind.UntypedStorage } type
            || items[2] is not string key || items[3] is not string || items[4] is not long elements)
            throw reader.Error(DataFileErrorKind.BadPickle, "a persistent id is not ('storage', class, key, location, count); the file was not written by torch.save");
        if (elements is < 0 or >= PickleLimits.StorageElements)
            throw reader.Error(DataFileErrorKind.BadTensor, $"storage '{DataFileException.Escape(key)}' claims {elements} elements; the file is damaged or forged");

        var root = new TorchStorage(key, type.DType, type.Kind == PickleGlobalKind.UntypedStorage, elements, 0, elements);
        if (!_roots.TryAdd(key, root) && _roots[key] != root)
            throw reader.Error(DataFileErrorKind.BadTensor, $"storage '{DataFileException.Escape(key)}' is declared in two ways: {Describe(_roots[key])}, then {Describe(root)}; the file is forged");
        if (items.Length == 5 || items[5] is PickleNone)
            return root;
        if (items[5] is not PickleTuple { Items: [string or long, long first and >= 0, long count and >= 0] } || count > elements || first > elements - count)
            throw reader.Error(DataFileErrorKind.BadTensor, $"a view of storage '{DataFileException.Escape(key)}' leaves its {elements} elements; the file is damaged or forged");
        return root with { FirstElement = first, Elements = count };
    }

    /// <summary>What REDUCE gives for an allowed function.</summary>
    public object Call(PickleGlobal function, PickleTuple arguments) => function.Kind switch
    {
        PickleGlobalKind.OrderedDictionary => OrderedDictionary(arguments.Items),
        PickleGlobalKind.RebuildParameter => arguments.Items is [TorchTensor tensor, _, _]
            ? tensor
            : throw reader.Error(DataFileErrorKind.BadTensor, "_rebuild_parameter takes a tensor, a flag and hooks; the file was not written by torch.save"),
        PickleGlobalKind.RebuildTensor => Tensor(arguments.Items, 4, 4, null),
        PickleGlobalKind.RebuildTensorV2 => Tensor(arguments.Items, 6, 7, null),
        PickleGlobalKind.RebuildTensorV3 => arguments.Items is [_, _, _, _, _, _, PickleGlobal { Kind: PickleGlobalKind.ElementType } type, ..]
            ? Tensor(arguments.Items, 7, 8, type.DType)
            : throw reader.Error(DataFileErrorKind.Unsupported, "_rebuild_tensor_v3 without a known element type; convert the tensor to float32 in Python and save again"),
        _ => throw reader.Error(DataFileErrorKind.ForbiddenCall, "a class is called as a function, which torch.save never writes; the file is forged and nothing was run"),
    };

    private PickleDictionary OrderedDictionary(object[] arguments)
    {
        var dictionary = new PickleDictionary();
        if (arguments.Length == 0)
            return dictionary;
        if (arguments is not [List<object> pairs])
            throw reader.Error(DataFileErrorKind.BadPickle, "OrderedDict takes nothing or a list of pairs; the file was not written by torch.save");
        foreach (object pair in pairs)
        {
            var (key, value) = pair switch
            {
                PickleTuple { Items: [string first, var second] } => (first, second),
                List<object> { Count: 2 } list when list[0] is string first => (first, list[1]),
                _ => throw reader.Error(DataFileErrorKind.BadPickle, "OrderedDict's list holds something else than pairs of a name and a value; the file was not written by torch.save"),
            };
            if (!dictionary.TryAdd(key, value))
                throw reader.Error(DataFileErrorKind.BadName, $"key '{DataFileException.Escape(key)}' is set twice; two readers could see two models");
        }

        return dictionary;
    }

    private TorchTensor Tensor(object[] arguments, int fewest, int most, WeightDType? elementType)
    {
        if (arguments.Length < fewest || arguments.Length > most)
            throw Bad($"a tensor is rebuilt from {arguments.Length} values instead of {fewest}");
        if (arguments[0] is not TorchStorage storage)
            throw Bad("a tensor is rebuilt from something that is no storage");
        if (storage.IsUntyped != elementType.HasValue)
            throw Bad(storage.IsUntyped ? "a tensor without an element type lies in an untyped storage" : "a tensor with an element type of its own lies in a typed storage");
        if (arguments[2] is not PickleTuple { Items: var sizeItems } || arguments[3] is not PickleTuple { Items: var strideItems } || sizeItems.Length != strideItems.Length)
            throw Bad("a tensor's sizes and strides are no tuples of one length");
        if (sizeItems.Length > PickleLimits.Dimensions)
            throw reader.Error(DataFileErrorKind.TooLarge, $"a tensor has {sizeItems.Length} dimensions; at most {PickleLimits.Dimensions} are handled, reshape it in Python");

        var dtype = elementType ?? storage.DType;
        long unit = dtype.ByteSize / storage.DType.ByteSize;
        if (storage.Elements % unit != 0 || storage.FirstElement % unit != 0)
            throw Bad("an untyped storage holds no whole number of elements");
        long capacity = storage.Elements / unit;
        long offset = Integer(arguments[1]);
        var sizes = Array.ConvertAll(sizeItems, Integer);
        var strides = Array.ConvertAll(strideItems, Integer);
        long count = ElementCount(sizes, dtype);

        // The extents' product is below 2^63, so the sum of (extent - 1) is too, and the whole sum stays below 2^126.
        var last = (UInt128)offset;
        for (int axis = 0; axis < sizes.Length && count > 0; axis++)
            last += (UInt128)(sizes[axis] - 1) * (UInt128)strides[axis];
        if (count > 0 && last >= (UInt128)capacity)
            throw Bad($"a tensor's last element would lie at {last} of storage '{DataFileException.Escape(storage.Key)}', which has {capacity}");
        return new TorchTensor(storage, dtype, count == 0 ? 0 : storage.FirstElement / unit + offset, sizes, strides, count);
    }

    private long ElementCount(long[] sizes, WeightDType dtype)
    {
        // A zero extent must not hide a product that overflows: other readers would multiply in another order.
        var bytes = (UInt128)dtype.ByteSize;
        long count = 1;
        foreach (long size in sizes)
        {
            bytes *= (UInt128)Math.Max(size, 1);
            if (bytes > long.MaxValue)
                throw reader.Error(DataFileErrorKind.TooLarge, "a tensor's element count overflows; the file is damaged or forged");
            count *= size;
        }

        return count;
    }

    private long Integer(object value) => value is long and >= 0
        ? (long)value
        : throw Bad("a tensor's size, stride or offset is negative, beyond 64 bits or no integer");

    private DataFileException Bad(string what) => reader.Error(DataFileErrorKind.BadTensor, what + "; the file is damaged or forged");

    private static string Describe(TorchStorage storage) => $"{storage.RootElements} of {(storage.IsUntyped ? "bytes" : storage.DType.Name)}";
}
