using System.CommandLine;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResNeSt.Tensors;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary><c>devices</c>: what <c>--device</c> takes here, and why not more.</summary>
internal static class DevicesCommand
{
    public static Command Create(Func<ParseResult, Report> newReport)
    {
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Print what is known of each device" };
        var command = new Command("devices", "Lists where networks can run on this machine, and why other devices cannot be used.") { verbose };
        command.SetAction(parsed => Run(newReport(parsed), parsed.GetValue(verbose)));
        return command;
    }

    private static int Run(Report report, bool verbose)
    {
        DeviceLine[] devices =
        [
            new("cpu", RuntimeInformation.ProcessArchitecture.ToString(), $"{Environment.ProcessorCount} processors",
            [
                ("threads", $"{EngineSettings.Threads}"),
                ("vectors", Vector512.IsHardwareAccelerated ? "512 bits" : $"{Vector<byte>.Count * 8} bits"),
            ]),
            new("reference", "scalar loops", "double precision, slow; what the others are checked against", []),
            .. GpuSupport.Devices(),
        ];
        int width = devices.Max(device => device.Device.Length);
        foreach (var device in devices)
        {
            report.Line($"{device.Device.PadRight(width)}  {(device.Name is null ? "none: " : device.Name + ": ")}{device.Summary}");
            foreach (var (name, value) in verbose ? device.Facts : [])
                report.Line($"{"".PadRight(width)}    {name}: {value}");
        }

        report.Document("devices", writer =>
        {
            writer.WriteStartArray("devices");
            foreach (var device in devices)
            {
                writer.WriteStartObject();
                writer.WriteString("device", device.Device);
                writer.WriteBoolean("present", device.Name is not null);
                writer.WriteString("name", device.Name);
                writer.WriteString("summary", device.Summary);
                foreach (var (name, value) in device.Facts)
                    writer.WriteString(name, value);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
        return ExitCodes.Ok;
    }
}
