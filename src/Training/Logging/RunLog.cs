using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ResNeSt.Training;

/// <summary>The logs of a run folder: log.jsonl (a line a step and an epoch), log.csv (a line an epoch), TensorBoard events, curves.svg.</summary>
/// <remarks>A log that cannot be written is told of once and then left alone: it must not stop a training run.</remarks>
public sealed class RunLog : IDisposable
{
    private const string CsvHeader = "epoch,step,learning_rate,train_loss,train_top1,validation_loss,validation_top1,validation_top5,images_per_second,seconds";

    private readonly string _folder;
    private readonly Action<string> _warn;
    private readonly List<EpochRow> _epochs = [];
    private readonly HashSet<string> _failed = [];
    private readonly StreamWriter? _lines;
    private readonly TensorBoardWriter? _events;

    /// <summary>Opens the logs of a folder.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="step">Steps done: what the logs say of later ones is cut off.</param>
    /// <param name="warn">Told once of each log that cannot be written.</param>
    /// <param name="wrap">Stands between logs and disk; for tests of failing disks.</param>
    public RunLog(string folder, long step, Action<string> warn, Func<Stream, Stream>? wrap = null)
    {
        _folder = folder;
        _warn = warn;
        Try("log.jsonl", () => Rewind("log.jsonl", line => StepOf(line) <= step, []));
        Try("log.csv", () => Rewind("log.csv", line => Parse(line) is { } row && row.Step <= step, [CsvHeader]));
        _lines = Open("log.jsonl", stream => new StreamWriter(stream, new UTF8Encoding(false)) { NewLine = "\n" }, FileMode.Append, wrap);
        string events = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}.{step}.resnest");
        _events = Open(events, stream => new TensorBoardWriter(stream), FileMode.Create, wrap);
        foreach (string line in Lines("log.csv"))
        {
            if (Parse(line) is { } row)
                _epochs.Add(row);
        }
    }

    /// <summary>The epochs so far.</summary>
    public IReadOnlyList<EpochRow> Epochs => _epochs;

    /// <summary>Notes a step.</summary>
    public void Step(long step, int epoch, double loss, double learningRate, double gradientNorm)
    {
        Line(writer =>
        {
            writer.WriteNumber("step", step);
            writer.WriteNumber("epoch", epoch);
            Number(writer, "loss", loss);
            writer.WriteNumber("learningRate", learningRate);
            Number(writer, "gradientNorm", gradientNorm);
        });
        Scalars(step, ("step/loss", loss), ("step/learning_rate", learningRate), ("step/gradient_norm", gradientNorm));
    }

    /// <summary>Notes something that happened: a skipped picture, a loss that was no number.</summary>
    public void Event(long step, string what) => Line(writer =>
    {
        writer.WriteNumber("step", step);
        writer.WriteString("event", what);
    });

    /// <summary>Notes the end of an epoch, and draws the curves anew.</summary>
    public void Epoch(EpochRow row)
    {
        _epochs.Add(row);
        Line(writer =>
        {
            writer.WriteNumber("step", row.Step);
            writer.WriteNumber("epochDone", row.Epoch);
            Number(writer, "trainLoss", row.TrainLoss);
            Number(writer, "trainTop1", row.TrainTop1);
            Number(writer, "validationLoss", row.ValidationLoss);
            Number(writer, "validationTop1", row.ValidationTop1);
            Number(writer, "validationTop5", row.ValidationTop5);
            writer.WriteNumber("learningRate", row.LearningRate);
            Number(writer, "imagesPerSecond", row.ImagesPerSecond);
            writer.WriteNumber("seconds", row.Seconds);
        });
        Try("log.csv", () => File.AppendAllText(Path.Combine(_folder, "log.csv"), row.ToCsv() + "\n"));
        Scalars(row.Step, ("epoch/train_loss", row.TrainLoss), ("epoch/train_top1", row.TrainTop1), ("epoch/validation_loss", row.ValidationLoss),
            ("epoch/validation_top1", row.ValidationTop1), ("epoch/validation_top5", row.ValidationTop5), ("epoch/images_per_second", row.ImagesPerSecond));
        Try("curves.svg", () => AtomicFile.Write(Path.Combine(_folder, "curves.svg"), stream => stream.Write(Encoding.UTF8.GetBytes(Chart()))));
    }

    /// <summary>Hands everything to the operating system.</summary>
    public void Flush()
    {
        Try("log.jsonl", () => _lines?.Flush());
        Try("TensorBoard events", () => _events?.Flush());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Try("log.jsonl", () => _lines?.Dispose());
        Try("TensorBoard events", () => _events?.Dispose());
    }

    private static void Number(Utf8JsonWriter writer, string name, double value)
    {
        // JSON knows no NaN.
        if (double.IsFinite(value))
            writer.WriteNumber(name, value);
        else
            writer.WriteNull(name);
    }

    private static long StepOf(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.GetProperty("step").GetInt64();
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // A line that was cut off when the process was killed.
            return long.MaxValue;
        }
    }

    private static EpochRow? Parse(string line) => EpochRow.TryParse(line, out var row) ? row : null;

    private string Chart() => CurveChart.Draw($"Training run {Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(_folder)))}",
    [
        ("loss by epoch", [("training", Points(row => row.TrainLoss)), ("validation", Points(row => row.ValidationLoss))]),
        ("top-1 in percent", [("training", Points(row => 100 * row.TrainTop1)), ("validation", Points(row => 100 * row.ValidationTop1))]),
        ("learning rate", [("learning rate", Points(row => row.LearningRate))]),
    ]);

    private IReadOnlyList<(double X, double Y)> Points(Func<EpochRow, double> value) => [.. _epochs.Select(row => ((double)row.Epoch, value(row)))];

    private void Line(Action<Utf8JsonWriter> write) => Try("log.jsonl", () =>
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        _lines?.WriteLine(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    });

    private void Scalars(long step, params ReadOnlySpan<(string Tag, double Value)> values)
    {
        double now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        foreach (var (tag, value) in values)
        {
            if (double.IsFinite(value))
                Try("TensorBoard events", () => _events?.Scalar(tag, step, value, now));
        }
    }

    private IEnumerable<string> Lines(string file)
    {
        string path = Path.Combine(_folder, file);
        return File.Exists(path) ? File.ReadAllLines(path) : [];
    }

    private void Rewind(string file, Func<string, bool> keep, string[] header)
    {
        string[] lines = [.. header, .. Lines(file).Where(keep)];
        AtomicFile.Write(Path.Combine(_folder, file), stream => stream.Write(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")))));
    }

    private T? Open<T>(string file, Func<Stream, T> make, FileMode mode, Func<Stream, Stream>? wrap)
        where T : class
    {
        T? opened = null;
        Try(file, () =>
        {
            Stream stream = new FileStream(Path.Combine(_folder, file), mode, FileAccess.Write, FileShare.Read);
            opened = make(wrap?.Invoke(stream) ?? stream);
        });
        return opened;
    }

    private void Try(string log, Action action)
    {
        if (_failed.Contains(log))
            return;
        try
        {
            action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _failed.Add(log);
            _warn($"{log} cannot be written any more and stays incomplete: {error.Message}");
        }
    }
}
