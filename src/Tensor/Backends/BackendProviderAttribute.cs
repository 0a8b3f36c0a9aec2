using System.Diagnostics.CodeAnalysis;

namespace ResNeSt.Tensors.Backends;

/// <summary>Names the type that registers an assembly's backends, so that <see cref="BackendRegistry.TryLoad"/> finds it.</summary>
/// <param name="provider">A type with a public parameterless constructor that implements <see cref="IBackendProvider"/>.</param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class BackendProviderAttribute(
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] Type provider) : Attribute
{
    /// <summary>The registering type.</summary>
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)]
    public Type Provider { get; } = provider;
}

/// <summary>Registers the backends of an assembly.</summary>
public interface IBackendProvider
{
    /// <summary>Calls <see cref="BackendRegistry.Register"/> for each device kind.</summary>
    void Register();
}
