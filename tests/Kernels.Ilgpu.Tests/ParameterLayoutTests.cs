using System.Reflection;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>ILGPU 1.5.3 takes two structures for one type if their fields agree once nested structures are written out. If they nest
/// differently, its compiler then fails, in whichever kernel comes second. So no two structures of one device may be like that.</summary>
[TestFixture]
public sealed class ParameterLayoutTests
{
    [Test]
    public void Structures_WithEqualFields_NestAlike()
    {
        var structures = typeof(GpuKernel).Assembly.GetTypes()
            .Where(type => type.IsValueType && !type.IsEnum && !type.IsPrimitive && !type.IsByRefLike)
            .SelectMany(type => type.IsGenericTypeDefinition ? [] : (Type[])[type])
            .Concat(KernelCatalog.All.SelectMany(entry => entry.Kernel.Body.GetParameters().Select(parameter => parameter.ParameterType)))
            .Where(type => type.IsValueType && !type.IsPrimitive && Fields(type).Length > 0 && IsPlain(type))
            .Distinct();
        var clashes = structures.GroupBy(type => string.Join(' ', Flatten(type)))
            .Where(group => group.Select(Nesting).Distinct().Count() > 1)
            .Select(group => string.Join(", ", group.Select(type => type.Name)));
        Assert.That(clashes, Is.Empty);
    }

    // What holds objects of the host is no parameter of a kernel.
    private static bool IsPlain(Type type) => Fields(type).All(field => IsLeaf(field.FieldType) || (field.FieldType.IsValueType && IsPlain(field.FieldType)));

    private static IEnumerable<string> Flatten(Type type) => Fields(type).SelectMany(field => IsLeaf(field.FieldType) ? [Leaf(field.FieldType)] : Flatten(field.FieldType));

    private static string Nesting(Type type)
    {
        var fields = Fields(type);
        // A structure around one other has the fields of the other at the same places.
        return fields.Length == 1 ? NestingOf(fields[0]) : $"({string.Join(' ', fields.Select(NestingOf))})";
    }

    private static string NestingOf(FieldInfo field) => IsLeaf(field.FieldType) ? Leaf(field.FieldType) : Nesting(field.FieldType);

    private static bool IsLeaf(Type type) => type.IsPrimitive || type.IsEnum || type.IsPointer || type.IsFunctionPointer || type.Namespace?.StartsWith("ILGPU", StringComparison.Ordinal) == true;

    // ILGPU's integers have no sign.
    private static string Leaf(Type type) => type == typeof(uint) ? nameof(Int32) : type == typeof(ulong) ? nameof(Int64) : type.ToString();

    private static FieldInfo[] Fields(Type type) => type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
}
