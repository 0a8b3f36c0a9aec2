using System.CommandLine;
using System.Globalization;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary><c>kernels</c>: every GPU kernel with what it needs; no GPU has to be there.</summary>
internal static class KernelsCommand
{
    public static Command Create(CommandConsole console, Func<ParseResult, Report> newReport)
    {
        var ptx = new Option<string?>("--ptx") { Description = "Print the PTX of one kernel instead", HelpName = "NAME" };
        var arch = new Option<string>("--arch") { Description = $"Architecture: {string.Join(", ", GpuSupport.Architectures)}", DefaultValueFactory = _ => "sm_80", HelpName = "ARCH" };
        var command = new Command("kernels",
            "Lists every GPU kernel: operators, threads of a group, size of its PTX, and where ptxas is on the path registers, spills, shared memory and calculated occupancy.") { ptx, arch };
        command.SetAction(parsed => Run(console, newReport(parsed), parsed.GetValue(ptx), parsed.GetValue(arch)!));
        return command;
    }

    private static int Run(CommandConsole console, Report report, string? ptx, string arch)
    {
        if (!GpuSupport.Architectures.Contains(arch))
            throw new UsageException($"--arch {arch} is not one of {string.Join(", ", GpuSupport.Architectures)}");
        if (ptx is not null)
            return PrintPtx(report, ptx, arch);
        if (!GpuSupport.CanAssemble)
            report.Warn("ptxas is not on the path, so registers, spills and occupancy are not known");
        var kernels = GpuSupport.Kernels(arch, console.Cancellation);
        int width = kernels.Max(kernel => kernel.Name.Length);
        report.Line($"{"kernel".PadRight(width)}  threads  PTX bytes  registers  spilled  stack  shared  occupancy on {arch}  operators");
        foreach (var kernel in kernels)
        {
            string occupancy = kernel.Occupancy is { } share ? string.Create(CultureInfo.InvariantCulture, $"{100 * share,3:f0} % by {kernel.Limit}") : "-";
            report.Line(
                $"{kernel.Name.PadRight(width)}  {kernel.GroupSize,7}  {kernel.PtxBytes,9}  {Text(kernel.Registers),9}  {Text(kernel.SpillBytes),7}  {Text(kernel.StackBytes),5}  {kernel.SharedBytes,6}  {occupancy,-22}  {string.Join(", ", kernel.Operators)}");
        }

        report.Document("kernels", writer =>
        {
            writer.WriteString("architecture", arch);
            writer.WriteStartArray("kernels");
            foreach (var kernel in kernels)
            {
                writer.WriteStartObject();
                writer.WriteString("name", kernel.Name);
                writer.WriteStartArray("operators");
                foreach (string op in kernel.Operators)
                    writer.WriteStringValue(op);
                writer.WriteEndArray();
                writer.WriteNumber("threads", kernel.GroupSize);
                writer.WriteNumber("ptxBytes", kernel.PtxBytes);
                writer.WriteNumber("sharedBytes", kernel.SharedBytes);
                if (kernel.Registers is { } registers)
                {
                    writer.WriteNumber("registers", registers);
                    writer.WriteNumber("spilledBytes", kernel.SpillBytes!.Value);
                    writer.WriteNumber("stackBytes", kernel.StackBytes!.Value);
                }

                if (kernel.Occupancy is { } share)
                {
                    writer.WriteNumber("occupancy", share);
                    writer.WriteString("limit", kernel.Limit);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
        return ExitCodes.Ok;
    }

    private static int PrintPtx(Report report, string name, string arch)
    {
        if (!GpuSupport.KernelNames.Contains(name))
        {
            var alike = GpuSupport.KernelNames.Where(known => known.Contains(name, StringComparison.OrdinalIgnoreCase)).Take(8).ToArray();
            throw new UsageException($"there is no kernel '{name}'{(alike.Length > 0 ? $"; alike: {string.Join(", ", alike)}" : "; 'resnest kernels' lists them")}");
        }

        string text = GpuSupport.Ptx(name, arch);
        report.Line(text);
        report.Document("kernels", writer =>
        {
            writer.WriteString("architecture", arch);
            writer.WriteString("name", name);
            writer.WriteString("ptx", text);
        });
        return ExitCodes.Ok;
    }

    private static string Text(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
