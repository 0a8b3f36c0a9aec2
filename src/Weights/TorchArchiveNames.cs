using System.Collections.Frozen;
using System.Globalization;
using System.Numerics;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>Gives every tensor of a checkpoint its full name: the keys on the way to it, joined by '.'.</summary>
/// <remarks>
/// Nothing is dropped: a tensor that has no name (under a key that is no text, in a list) is a refusal. Only below a root key of training
/// state (<c>optimizer</c>, <c>rng_state</c> and the like), where PyTorch itself writes such tensors, numbers and list positions count as names.
/// </remarks>
internal sealed class TorchArchiveNames
{
    private static readonly FrozenSet<string> TrainingState = FrozenSet.Create(StringComparer.Ordinal,
        "optimizer", "optimizers", "optimizer_state", "optimizer_states", "optimizer_state_dict", "optim", "opt",
        "scheduler", "lr_scheduler", "lr_schedulers", "scheduler_state_dict", "scaler", "amp_scaler", "grad_scaler", "amp",
        "rng_state", "rng_states", "cuda_rng_state", "torch_rng_state", "loops", "callbacks");

    private readonly string _file;
    private readonly string? _pickleEntry;
    private readonly List<KeyValuePair<string, TorchTensor>> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<Level> _levels = [];
    private readonly HashSet<object> _open = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> _withoutTensors = new(ReferenceEqualityComparer.Instance);
    private int _nodes;

    private TorchArchiveNames(string file, string? pickleEntry)
    {
        _file = file;
        _pickleEntry = pickleEntry;
    }

    /// <summary>All tensors with their names, in the order of the file.</summary>
    /// <exception cref="DataFileException">A tensor has no usable name, two have one, or the structure is out of bounds.</exception>
    public static List<KeyValuePair<string, TorchTensor>> Collect(object root, string file, string? pickleEntry)
    {
        var names = new TorchArchiveNames(file, pickleEntry);
        names.Walk(root);
        return names._tensors;
    }

    private void Walk(object root)
    {
        if (root is TorchTensor)
            throw Error(DataFileErrorKind.Unsupported, "the file holds one tensor without a name; save a dictionary: torch.save({'name': tensor}, file)");
        Visit(root, "", isTrainingState: false);
        while (_levels.Count > 0)
        {
            var level = _levels[^1];
            if (level.Next == level.Items.Count)
            {
                _open.Remove(level.Container);
                _levels.RemoveAt(_levels.Count - 1);
                continue;
            }

            var (key, value) = level.Items[level.Next];
            _levels[^1] = level with { Next = level.Next + 1 };
            bool isTrainingState = level.IsTrainingState || (_levels.Count == 1 && key is string section && TrainingState.Contains(section));
            if (key is string name || (isTrainingState && NumberText(key) is { } number && (name = number) is not null))
                Visit(value, name, isTrainingState);
            else if (HoldsTensor(value))
                throw Error(DataFileErrorKind.BadName, $"a tensor lies under a key that is no text{Under()}; rename the keys in Python and save again");
        }

        if (_tensors.Count == 0)
            throw Error(DataFileErrorKind.Unsupported, "there is no tensor in the file; save model.state_dict()");
    }

    private void Visit(object value, string key, bool isTrainingState)
    {
        CountNode();
        switch (value)
        {
            case TorchTensor tensor:
                Add(tensor, key);
                break;
            case PickleDictionary dictionary:
                Enter(dictionary, dictionary.Items, key, isTrainingState);
                break;
            case List<object> list when isTrainingState:
                Enter(list, Numbered(list), key, isTrainingState);
                break;
            case PickleTuple tuple when isTrainingState:
                Enter(tuple, Numbered(tuple.Items), key, isTrainingState);
                break;
            case List<object> or PickleTuple when HoldsTensor(value):
                throw Error(DataFileErrorKind.Unsupported, $"a tensor lies in a list{Under(key)}; save a dictionary of named tensors instead");
            case PickleGlobal or TorchStorage:
                throw Error(DataFileErrorKind.BadTensor, $"a class, function or storage stands where a value should be{Under(key)}; the file is forged");
        }
    }

    private void Enter(object container, IReadOnlyList<KeyValuePair<object, object>> items, string key, bool isTrainingState)
    {
        if (_levels.Count >= PickleLimits.Depth)
            throw Error(DataFileErrorKind.TooLarge, $"more than {PickleLimits.Depth} levels of nesting; the file is damaged or forged");
        if (!_open.Add(container))
            throw Error(DataFileErrorKind.BadPickle, $"the structure contains itself{Under(key)}; the file is forged");
        _levels.Add(new Level(container, items, 0, key, isTrainingState));
    }

    private void Add(TorchTensor tensor, string key)
    {
        if (_tensors.Count >= PickleLimits.Tensors)
            throw Error(DataFileErrorKind.TooLarge, $"more than {PickleLimits.Tensors} tensors; the file is forged, or holds far more than weights: save only the state_dict");
        // Keys may be megabytes long and shared by a million paths, so the length comes before the text.
        var keys = _levels.Skip(1).Select(level => level.Key).Append(key);
        if (keys.Sum(part => (long)part.Length + 1) > PickleLimits.NameLength)
            throw Error(DataFileErrorKind.BadName, $"a tensor's name has more than {PickleLimits.NameLength} characters; rename it in Python and save again");
        string name = string.Join('.', keys);
        if (name is "" or "__metadata__")
            throw Error(DataFileErrorKind.BadName, name.Length == 0 ? "a tensor's name is empty; rename it in Python and save again" : "a tensor is called '__metadata__', which safetensors reserves; rename it in Python and save again");
        if (name.Any(char.IsControl))
            throw Error(DataFileErrorKind.BadName, $"the tensor name '{DataFileException.Escape(name)}' holds control characters; rename it in Python and save again");
        if (!_names.Add(name))
            throw Error(DataFileErrorKind.BadName, $"two tensors are called '{DataFileException.Escape(name)}' once the keys are joined; rename one in Python and save again");
        _tensors.Add(new(name, tensor));
    }

    /// <summary>Whether a tensor lies anywhere inside; containers found empty of tensors are not walked twice.</summary>
    private bool HoldsTensor(object value)
    {
        var pending = new Stack<object>([value]);
        while (pending.TryPop(out object? next))
        {
            CountNode();
            if (next is TorchTensor)
                return true;
            if (next is not (PickleDictionary or List<object> or PickleTuple) || !_withoutTensors.Add(next))
                continue;
            IEnumerable<object> children = next switch
            {
                PickleDictionary dictionary => dictionary.Items.Select(item => item.Value),
                List<object> list => list,
                _ => ((PickleTuple)next).Items,
            };
            foreach (object child in children)
                pending.Push(child);
        }

        return false;
    }

    private void CountNode()
    {
        if (++_nodes > PickleLimits.Nodes)
            throw Error(DataFileErrorKind.TooLarge, $"walking the structure takes more than {PickleLimits.Nodes} steps; the file is forged, or holds far more than weights: save only the state_dict");
    }

    private static string? NumberText(object key) => key switch
    {
        long number => number.ToString(CultureInfo.InvariantCulture),
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static KeyValuePair<object, object>[] Numbered(IReadOnlyList<object> items)
    {
        var pairs = new KeyValuePair<object, object>[items.Count];
        for (int i = 0; i < pairs.Length; i++)
            pairs[i] = new((long)i, items[i]);
        return pairs;
    }

    private string Under(string? key = null)
    {
        var keys = _levels.Skip(1).Select(level => level.Key);
        string path = string.Join('.', (key is null ? keys : keys.Append(key)).Select(part => part.Length > 40 ? part[..40] + "…" : part));
        return path.Length == 0 ? "" : $" under '{DataFileException.Escape(path)}'";
    }

    private DataFileException Error(DataFileErrorKind kind, string what) => new(kind, what, _file, _pickleEntry);

    /// <summary>A container being walked. The first one is the root, whose key is no part of names.</summary>
    private readonly record struct Level(object Container, IReadOnlyList<KeyValuePair<object, object>> Items, int Next, string Key, bool IsTrainingState);
}
