namespace ResNeSt.Tensors;

/// <summary>Whether operators on this thread are recorded for gradients. On by default; scoped.</summary>
public static class GradMode
{
    [ThreadStatic]
    private static bool _off;

    /// <summary>True while operators are recorded.</summary>
    public static bool Enabled => !_off;

    /// <summary>Stops recording on this thread until the result is disposed: for inference and updates.</summary>
    public static Scope Off() => new(off: true);

    /// <summary>Records on this thread until the result is disposed, even inside <see cref="Off"/>.</summary>
    public static Scope On() => new(off: false);

    /// <summary>Restores the mode before it when disposed.</summary>
    public readonly ref struct Scope
    {
        private readonly bool _before;

        internal Scope(bool off)
        {
            _before = _off;
            _off = off;
        }

        /// <summary>Restores the mode.</summary>
        public void Dispose() => _off = _before;
    }
}
