using ResNeSt.Nn;

namespace ResNeSt.Models;

/// <summary>Makes the attention of a block from its options.</summary>
internal static class AttentionFactory
{
    /// <summary>An attention that keeps the shape of its map.</summary>
    public static Module Create(AttentionOptions options, int channels, KeyStyle keys)
    {
        int hidden = options.Hidden(channels);
        return options.Kind switch
        {
            AttentionKind.SqueezeExcitation => new SqueezeExcitation(channels, hidden),
            AttentionKind.EfficientChannelAttention => new EfficientChannelAttention(channels),
            AttentionKind.SpatialSqueeze => new SpatialSqueeze(channels),
            AttentionKind.ConcurrentSqueezeExcitation => new ConcurrentSqueezeExcitation(channels, hidden),
            AttentionKind.ConvolutionalAttention => new ConvolutionalAttention(channels, hidden, options.Order),
            AttentionKind.GlobalContext => new GlobalContext(channels, hidden, options.Pooling, options.Fusion, timmKeys: keys == KeyStyle.Numbered),
            AttentionKind.NonLocal => new NonLocal(channels, hidden, options.Form),
            AttentionKind.SimplifiedNonLocal => new SimplifiedNonLocal(channels),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "is no attention that keeps its map's shape"),
        };
    }
}
