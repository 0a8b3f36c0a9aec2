using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace ResNeSt.Packages.Tests;

/// <summary>The public API of an assembly as text: types in order of their names, members in order of kind and name, one a line.</summary>
internal sealed class ApiText
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private readonly NullabilityInfoContext _nullability = new();

    /// <summary>The text of one assembly.</summary>
    public static string Of(Assembly assembly)
    {
        var writer = new ApiText();
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().Where(type => !type.Name.Contains('<')).OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(Header(type)).Append('\n');
            foreach (string line in writer.Members(type))
                text.Append("    ").Append(line).Append('\n');
        }

        return text.ToString();
    }

    private static string Header(Type type)
    {
        string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : typeof(Delegate).IsAssignableFrom(type) ? "delegate" : "class";
        string modifiers = type is { IsAbstract: true, IsSealed: true } ? "static " : kind != "class" ? "" : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        bool isRecord = type.GetMethod("<Clone>$", Declared) is not null || (type.IsValueType && type.GetMethod("PrintMembers", Declared) is not null);
        string[] bases = [.. (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum) && kind != "delegate"
                ? new[] { Name(parent) } : []).Concat(OwnInterfaces(type).Select(Name).Where(name => !isRecord || !name.StartsWith("IEquatable<", StringComparison.Ordinal)).Order(StringComparer.Ordinal))];
        string list = bases.Length > 0 ? " : " + string.Join(", ", bases) : "";
        return $"{modifiers}{(isRecord ? "record " : "")}{kind} {type.Namespace}.{Name(type)}{(type.IsEnum ? "" : list)}";
    }

    /// <summary>Interfaces that the base and the other interfaces do not bring along.</summary>
    private static IEnumerable<Type> OwnInterfaces(Type type)
    {
        var all = type.GetInterfaces();
        return all.Where(candidate => candidate.IsVisible
            && !(type.BaseType?.GetInterfaces().Contains(candidate) ?? false)
            && !all.Any(other => other != candidate && other.GetInterfaces().Contains(candidate)));
    }

    private IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}");
        if (typeof(Delegate).IsAssignableFrom(type))
            return [Method(type.GetMethod("Invoke")!)];
        var lines = new List<string>();
        foreach (var field in type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly))
        {
            string kind = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
            string value = field.IsLiteral ? $" = {Literal(field.GetRawConstantValue())}" : "";
            lines.Add($"{Access(field.IsPublic)}{kind}{Name(field.FieldType, _nullability.Create(field))} {field.Name}{value}");
        }

        foreach (var constructor in type.GetConstructors(Declared).Where(IsVisible))
            lines.Add($"{Access(constructor.IsPublic)}{Short(type)}({Parameters(constructor)})");
        foreach (var property in type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(IsVisible) && property.Name != "EqualityContract"))
            lines.Add(Property(property));
        foreach (var one in type.GetEvents(Declared).Where(one => IsVisible(one.AddMethod!)))
            lines.Add($"{Access(one.AddMethod!.IsPublic)}event {Name(one.EventHandlerType!)} {one.Name}");
        // What the compiler adds to records says nothing new.
        foreach (var method in type.GetMethods(Declared).Where(method => IsVisible(method) && !IsGenerated(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))))
            lines.Add(Method(method));
        return lines.Order(StringComparer.Ordinal).Distinct();
    }

    private string Property(PropertyInfo property)
    {
        var shown = property.GetAccessors(nonPublic: true).First(IsVisible);
        string index = property.GetIndexParameters() is { Length: > 0 } parameters ? $"[{string.Join(", ", parameters.Select(Parameter))}]" : "";
        string get = property.GetMethod is { } getter && IsVisible(getter) ? "get; " : "";
        string set = property.SetMethod is { } setter && IsVisible(setter)
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init; " : "set; "
            : "";
        string name = index == "" ? property.Name : "this";
        return $"{Access(shown.IsPublic)}{Modifiers(shown)}{Required(property)}{Name(property.PropertyType, _nullability.Create(property))} {name}{index} {{ {get}{set}}}";
    }

    private string Method(MethodInfo method)
    {
        string generic = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        string extension = method.IsDefined(typeof(ExtensionAttribute), inherit: false) ? "this " : "";
        return $"{Access(method.IsPublic)}{Modifiers(method)}{Name(method.ReturnType, _nullability.Create(method.ReturnParameter))} {method.Name}{generic}({extension}{Parameters(method)})";
    }

    private string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private string Parameter(ParameterInfo parameter)
    {
        string way = parameter.IsDefined(typeof(ParamArrayAttribute), inherit: false) || parameter.IsDefined(typeof(ParamCollectionAttribute), inherit: false) ? "params "
            : parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? parameter.IsIn ? "in " : "ref " : "";
        string value = parameter.HasDefaultValue ? $" = {Literal(parameter.RawDefaultValue)}" : "";
        return $"{way}{Name(parameter.ParameterType, _nullability.Create(parameter))} {parameter.Name}{value}";
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsGenerated(MethodInfo method) => method.Name.Contains('<') || method.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    private static string Access(bool isPublic) => isPublic ? "" : "protected ";

    private static string Required(MemberInfo member) => member.IsDefined(typeof(RequiredMemberAttribute), inherit: false) ? "required " : "";

    private static string Modifiers(MethodInfo method) =>
        method.IsStatic ? method.IsAbstract ? "static abstract " : "static "
        : method.DeclaringType!.IsInterface ? ""
        : method.IsAbstract ? "abstract "
        : !method.IsVirtual ? ""
        : method.GetBaseDefinition().DeclaringType != method.DeclaringType ? method.IsFinal ? "sealed override " : "override "
        : method.IsFinal ? "" : "virtual ";

    private static string Literal(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text.Replace("\n", "\\n", StringComparison.Ordinal)}\"",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string Name(Type type) => Name(type, null);

    private static string Name(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef)
            return Name(type.GetElementType()!, nullability);
        string mark = nullability is { ReadState: NullabilityState.Nullable } && !type.IsValueType ? "?" : "";
        if (type.IsArray)
            return Name(type.GetElementType()!, nullability?.ElementType) + $"[{new string(',', type.GetArrayRank() - 1)}]" + mark;
        if (type.IsPointer)
            return Name(type.GetElementType()!) + "*";
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Name(underlying) + "?";
        if (!type.IsGenericType)
            return Nested(type) + mark;
        var arguments = type.GetGenericArguments();
        var nested = nullability?.GenericTypeArguments;
        return $"{Nested(type)}<{string.Join(", ", arguments.Select((argument, i) => Name(argument, nested?.Length == arguments.Length ? nested[i] : null)))}>{mark}";
    }

    private static string Nested(Type type) =>
        type is { IsNested: true, IsGenericParameter: false } ? $"{Short(type.DeclaringType!)}.{Short(type)}" : Keyword(type) ?? Short(type);

    private static string Short(Type type) => type.Name.Split('`')[0];

    private static string? Keyword(Type type) =>
        type == typeof(void) ? "void" : type == typeof(object) ? "object" : type == typeof(string) ? "string" : type.IsEnum ? null : Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => "bool",
            TypeCode.Byte => "byte",
            TypeCode.SByte => "sbyte",
            TypeCode.Char => "char",
            TypeCode.Int16 => "short",
            TypeCode.UInt16 => "ushort",
            TypeCode.Int32 => "int",
            TypeCode.UInt32 => "uint",
            TypeCode.Int64 => "long",
            TypeCode.UInt64 => "ulong",
            TypeCode.Single => "float",
            TypeCode.Double => "double",
            TypeCode.Decimal => "decimal",
            _ => null,
        };
}
