namespace ResNeSt.Weights;

/// <summary>A dict or OrderedDict that a pickle built, in order of insertion.</summary>
internal sealed class PickleDictionary
{
    // Made on the first insertion: a pickle can ask for an empty dictionary with one byte.
    private OrderedDictionary<object, object>? _items;

    public IReadOnlyList<KeyValuePair<object, object>> Items => _items is null ? [] : _items;

    /// <summary>Adds an item; false where the key is there already.</summary>
    public bool TryAdd(object key, object value) => (_items ??= new(PickleKeyComparer.Instance)).TryAdd(key, value);

    /// <summary>The value of a text key, or null.</summary>
    public object? Find(string key) => _items is not null && _items.TryGetValue(key, out object? value) ? value : null;
}
