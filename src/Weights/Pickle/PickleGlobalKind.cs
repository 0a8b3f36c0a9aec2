namespace ResNeSt.Weights;

/// <summary>What an allowed global stands for.</summary>
internal enum PickleGlobalKind
{
    /// <summary><c>collections.OrderedDict</c>.</summary>
    OrderedDictionary,

    /// <summary><c>torch._utils._rebuild_tensor</c>.</summary>
    RebuildTensor,

    /// <summary><c>torch._utils._rebuild_tensor_v2</c>.</summary>
    RebuildTensorV2,

    /// <summary><c>torch._utils._rebuild_tensor_v3</c>.</summary>
    RebuildTensorV3,

    /// <summary><c>torch._utils._rebuild_parameter</c>.</summary>
    RebuildParameter,

    /// <summary>A storage class with an element type.</summary>
    TypedStorage,

    /// <summary><c>UntypedStorage</c>: bytes.</summary>
    UntypedStorage,

    /// <summary>An element type such as <c>torch.uint16</c>.</summary>
    ElementType,
}
