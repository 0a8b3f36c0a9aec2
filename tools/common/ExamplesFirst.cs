using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ResNeSt.Tools;

/// <summary>Help that begins with examples.</summary>
internal sealed class ExamplesFirst(HelpAction inner, string examples) : SynchronousCommandLineAction
{
    /// <summary>Puts examples in front of the help of a root command.</summary>
    public static void AddTo(RootCommand root, string examples)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExamplesFirst((HelpAction)help.Action!, examples);
    }

    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command is RootCommand)
            parseResult.InvocationConfiguration.Output.Write(examples);
        return inner.Invoke(parseResult);
    }
}
