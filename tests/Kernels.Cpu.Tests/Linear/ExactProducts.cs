namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Matrix products of small integers, which are exact in any order: every tail of the kernels' tiles and blocks.</summary>
internal static class ExactProducts
{
    // Twice the largest tile and one more, of every vector width: 12 rows, 32 columns; sums go over every remainder by a vector.
    private const int MostRows = 25;
    private const int MostColumns = 65;
    private const int MostTerms = 33;

    private static readonly int[] BlockEdges = [191, 193, 255, 256, 257, 512, 513];

    /// <summary>One line for each product that is wrong.</summary>
    public static List<string> Check()
    {
        var failures = new List<string>();
        using var bounds = EngineSettings.WithCheckBounds(true);
        var (a, b) = (Matrix(MostRows, MostTerms, 1), Matrix(MostTerms, MostColumns, 2));
        for (int terms = 1; terms <= MostTerms; terms++)
        {
            var product = Product(a, b, MostRows, MostColumns, terms);
            for (int rows = 1; rows <= MostRows; rows++)
            {
                for (int columns = 1; columns <= MostColumns; columns++)
                    Check(a, b, product, rows, columns, terms, (rows + columns / 2 + terms) % 4, failures);
            }
        }

        foreach (int edge in BlockEdges)
        {
            foreach (var (rows, columns, terms) in ((int, int, int)[])[(edge, 3, 5), (5, edge, 7), (3, 5, edge), (edge, 35, 2), (26, edge, 3), (13, 34, edge)])
            {
                (a, b) = (Matrix(rows, terms, 3), Matrix(terms, columns, 4));
                var product = Product(a, b, rows, columns, terms);
                for (int form = 0; form < 4; form++)
                    Check(a, b, product, rows, columns, terms, form, failures);
            }
        }

        return failures;
    }

    private static void Check(float[,] a, float[,] b, float[,] product, int rows, int columns, int terms, int form, List<string> failures)
    {
        using var scope = new TensorScope();
        bool left = (form & 1) != 0, right = (form & 2) != 0;
        var x = Tensor.FromArray(Values(a, rows, terms, left), left ? [terms, rows] : [rows, terms]);
        var y = Tensor.FromArray(Values(b, terms, columns, right), right ? [columns, terms] : [terms, columns]);
        if (!x.MatMul(y, left, right).ToArray<float>().AsSpan().SequenceEqual(Values(product, rows, columns, false)))
            failures.Add($"matmul of {rows}×{terms} and {terms}×{columns}, transposed {left} and {right}");
    }

    private static float[,] Matrix(int rows, int columns, ulong seed)
    {
        var generator = new Generator(seed);
        var matrix = new float[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                matrix[i, j] = generator.NextInt(7) - 3;
        }

        return matrix;
    }

    private static float[,] Product(float[,] a, float[,] b, int rows, int columns, int terms)
    {
        var product = new float[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int k = 0; k < terms; k++)
            {
                for (int j = 0; j < columns; j++)
                    product[i, j] += a[i, k] * b[k, j];
            }
        }

        return product;
    }

    private static float[] Values(float[,] matrix, int rows, int columns, bool transposed)
    {
        var values = new float[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                values[transposed ? j * rows + i : i * columns + j] = matrix[i, j];
        }

        return values;
    }
}
