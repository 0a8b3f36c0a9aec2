using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

internal sealed class NameMapTests
{
    private static IEnumerable<string> Networks => KeyInventory.All.Where(network => network.StartsWith("resnest", StringComparison.Ordinal)
        || network is "timm_resnest14d" or "timm_resnest26d" or "torchvision_resnet50" or "torchvision_resnext50_32x4d" or "timm_resnet50d" or "timm_seresnet50");

    private static IEnumerable<TestCaseData> NetworksAndMaps => from network in Networks from map in NameMap.All where map.Name != "legacy-se" select new TestCaseData(network, map.Name);

    // Networks whose names are foreign ones themselves: timm's MobileNetV2 (torchvision's are official) and the legacy SE-ResNet; timm's
    // networks of numbered stages, whose stem and head are called like those of mmpretrain and detectron2; and SENet-154, whose deep stem
    // without averaging shortcuts detectron2 does not know.
    private static IEnumerable<TestCaseData> RelativesAndMaps => from network in KeyInventory.All
        from map in NameMap.All
        where (network, map.Name) is not ("timm_mobilenetv2_100", "timm") and not ("timm_legacy_seresnet50", "legacy-se")
            and not ("timm_gcresnet50t" or "timm_gcresnext50ts", "mmpretrain" or "detectron2") and not ("timm_senet154", "detectron2")
        select new TestCaseData(network, map.Name);

    // Each line of the table of maps, for a first and a later block.
    [TestCase("gluon", "conv1.0.weight", "conv1.0.weight")]
    [TestCase("gluon", "conv1.1.gamma", "conv1.1.weight")]
    [TestCase("gluon", "bn1.beta", "bn1.bias")]
    [TestCase("gluon", "bn1.running_var", "bn1.running_var")]
    [TestCase("gluon", "layer1.0.conv2.bn.gamma", "layer1.0.conv2.bn0.weight")]
    [TestCase("gluon", "layer3.22.conv2.bn.running_mean", "layer3.22.conv2.bn0.running_mean")]
    [TestCase("gluon", "layer1.0.conv2.bn1.beta", "layer1.0.conv2.bn1.bias")]
    [TestCase("gluon", "layer1.0.conv2.fc1.bias", "layer1.0.conv2.fc1.bias")]
    [TestCase("gluon", "layer2.0.downsample.1.weight", "layer2.0.downsample.1.weight")]
    [TestCase("gluon", "layer2.0.downsample.2.gamma", "layer2.0.downsample.2.weight")]
    [TestCase("gluon", "fc.weight", "fc.weight")]
    [TestCase("detectron2", "stem.conv1_1.weight", "conv1.0.weight")]
    [TestCase("detectron2", "stem.conv1_2.weight", "conv1.3.weight")]
    [TestCase("detectron2", "stem.conv1_3.weight", "conv1.6.weight")]
    [TestCase("detectron2", "stem.conv1_1.norm.weight", "conv1.1.weight")]
    [TestCase("detectron2", "stem.conv1_2.norm.running_mean", "conv1.4.running_mean")]
    [TestCase("detectron2", "stem.conv1_3.norm.bias", "bn1.bias")]
    [TestCase("detectron2", "res2.0.conv1.weight", "layer1.0.conv1.weight")]
    [TestCase("detectron2", "res5.2.conv3.norm.running_var", "layer4.2.bn3.running_var")]
    [TestCase("detectron2", "res3.1.conv1.norm.weight", "layer2.1.bn1.weight")]
    [TestCase("detectron2", "res2.0.conv2.conv.weight", "layer1.0.conv2.conv.weight")]
    [TestCase("detectron2", "res2.0.conv2.bn0.weight", "layer1.0.conv2.bn0.weight")]
    [TestCase("detectron2", "res2.0.shortcut.weight", "layer1.0.downsample.1.weight")]
    [TestCase("detectron2", "res2.0.shortcut.norm.weight", "layer1.0.downsample.2.weight")]
    [TestCase("detectron2", "linear.weight", "fc.weight")]
    [TestCase("mmpretrain", "backbone.stem.0.conv.weight", "conv1.0.weight")]
    [TestCase("mmpretrain", "backbone.stem.1.conv.weight", "conv1.3.weight")]
    [TestCase("mmpretrain", "backbone.stem.2.conv.weight", "conv1.6.weight")]
    [TestCase("mmpretrain", "backbone.stem.0.bn.bias", "conv1.1.bias")]
    [TestCase("mmpretrain", "backbone.stem.1.bn.weight", "conv1.4.weight")]
    [TestCase("mmpretrain", "backbone.stem.2.bn.weight", "bn1.weight")]
    [TestCase("mmpretrain", "backbone.layer1.0.downsample.0.weight", "layer1.0.downsample.1.weight")]
    [TestCase("mmpretrain", "backbone.layer1.0.downsample.1.running_mean", "layer1.0.downsample.2.running_mean")]
    [TestCase("mmpretrain", "backbone.layer2.0.downsample.1.weight", "layer2.0.downsample.1.weight")]
    [TestCase("mmpretrain", "backbone.layer2.0.downsample.2.weight", "layer2.0.downsample.2.weight")]
    [TestCase("mmpretrain", "backbone.layer4.1.conv2.fc2.bias", "layer4.1.conv2.fc2.bias")]
    [TestCase("mmpretrain", "head.fc.bias", "fc.bias")]
    [TestCase("timm", "layer1.0.conv2.bn0.weight", "layer1.0.conv2.bn0.weight")]
    [TestCase("torchvision", "layer1.0.conv3.weight", "layer1.0.conv3.weight")]
    public void Map_OfResNeSt50_GivesTheNamesOfTheTable(string map, string foreign, string official)
    {
        string[] all = [.. KeyInventory.Read("resnest50").Keys, "layer3.22.conv2.bn0.running_mean"];
        // Batch normalisation is known by its statistics: give the extra block all of them.
        var names = all.Append("layer3.22.conv2.bn0.weight").ToArray();
        var mapped = NameMap.Find(map)!.FromOfficial(names);
        Assert.That(mapped[Array.IndexOf(names, official)], Is.EqualTo(foreign));
        Assert.That(NameMap.Find(map)!.ToOfficial(mapped)[Array.IndexOf(names, official)], Is.EqualTo(official));
    }

    [TestCaseSource(nameof(RelativesAndMaps))]
    public void Map_WholeNetworkThereAndBack_IsTheSame(string network, string map)
    {
        string[] official = [.. KeyInventory.Read(network).Keys];
        var foreign = NameMap.Find(map)!.FromOfficial(official);
        Assert.That(foreign, Is.Unique);
        Assert.That(NameMap.Find(map)!.ToOfficial(foreign), Is.EqualTo(official));
    }

    [TestCaseSource(nameof(NetworksAndMaps))]
    public void Detect_NamesOfAMap_FindsAMapThatUndoesIt(string network, string map)
    {
        string[] official = [.. KeyInventory.Read(network).Keys];
        var foreign = NameMap.Find(map)!.FromOfficial(official);
        foreach (string wrapper in new[] { "", "module.", "state_dict.", "state_dict.module.", "model." })
        {
            var mapping = NameMapping.Detect(foreign.Select(name => wrapper + name));
            Assert.That(mapping.Wrapper, Is.EqualTo(wrapper));
            Assert.That(foreign.Select(name => mapping.Official[wrapper + name]), Is.EqualTo(official), mapping.Map.Name);
            if (map is "gluon" or "detectron2" or "mmpretrain")
                Assert.That(mapping.Map.Name, Is.EqualTo(map));
        }
    }

    [Test]
    public void Timm_MobileNetV2_NamesTheTensorsOfTorchvision()
    {
        var timm = KeyInventory.Read("timm_mobilenetv2_100");
        var torchvision = KeyInventory.Read("torchvision_mobilenet_v2");
        string[] names = [.. timm.Keys];
        var official = NameMap.Find("timm")!.ToOfficial(names);
        Assert.That(official, Is.EquivalentTo(torchvision.Keys));
        foreach (var (name, foreign) in official.Zip(names))
            Assert.That(timm[foreign], Is.EqualTo(torchvision[name]), foreign);
        Assert.That(NameMap.Find("timm")!.FromOfficial(official), Is.EqualTo(names));
        Assert.That(NameMapping.Detect(names, torchvision.Keys).Map.Name, Is.EqualTo("timm"));
    }

    /// <summary>CBAM's files begin every name with a wrapper, CoTNet's hold a second, averaged copy; networks keep their own names.</summary>
    [Test]
    public void Detect_NetworksInWrappers_KeepTheirOwnNames([ValueSource(typeof(KeyInventory), nameof(KeyInventory.All))] string network, [Values("", "module.", "state_dict.module.")] string wrapper)
    {
        string[] names = [.. KeyInventory.Read(network).Keys];
        var mapping = NameMapping.Detect(names.Select(name => wrapper + name), expected: names);
        Assert.That(mapping.Wrapper, Is.EqualTo(wrapper));
        Assert.That(names.Select(name => mapping.Official[wrapper + name]), Is.EqualTo(names));
    }

    [TestCase("timm_gcresnet50t")]
    [TestCase("timm_legacy_seresnet50")]
    [TestCase("timm_skresnext50_32x4d")]
    [TestCase("cotnet50")]
    [TestCase("cbam_resnet50")]
    [TestCase("gc_resnet50_r16")]
    [TestCase("nl_resnet50")]
    [TestCase("se_cotnetd_152")]
    public void Detect_RelativesWithoutBeingToldWhich_KeepTheirOwnNames(string network)
    {
        string[] names = [.. KeyInventory.Read(network).Keys];
        var mapping = NameMapping.Detect(names.Select(name => "state_dict.module." + name));
        Assert.That(names.Select(name => mapping.Official["state_dict.module." + name]), Is.EqualTo(names));
    }

    [Test]
    public void LegacySe_NamesTheTensorsOfTimmsLaterNetwork()
    {
        var legacy = KeyInventory.Read("timm_legacy_seresnet50");
        var later = KeyInventory.Read("timm_seresnet50");
        string[] names = [.. legacy.Keys];
        var map = NameMap.Find("legacy-se")!;
        var official = map.ToOfficial(names);
        Assert.That(official, Is.EquivalentTo(later.Keys));
        foreach (var (name, foreign) in official.Zip(names))
            Assert.That(legacy[foreign], Is.EqualTo(later[name]), foreign);
        Assert.That(map.FromOfficial(official), Is.EqualTo(names));
        // Equal shapes, another network: nobody should get its weights by accident.
        Assert.That(NameMapping.Detect(names, later.Keys).Map.Name, Is.Not.EqualTo("legacy-se"));
    }

    [TestCase("conv1.0.weight", "layer0.conv1.weight")]
    [TestCase("conv1.4.running_var", "layer0.bn2.running_var")]
    [TestCase("bn1.bias", "layer0.bn3.bias")]
    [TestCase("layer4.2.se.fc2.bias", "layer4.2.se_module.fc2.bias")]
    [TestCase("layer1.0.downsample.0.weight", "layer1.0.downsample.0.weight")]
    [TestCase("fc.weight", "last_linear.weight")]
    public void LegacySe_OfTheDeepStem_NumbersItsConvolutions(string official, string legacy)
    {
        string[] names = [.. KeyInventory.Read("timm_senet154").Keys];
        Assert.That(NameMap.Find("legacy-se")!.FromOfficial(names)[Array.IndexOf(names, official)], Is.EqualTo(legacy));
    }

    /// <summary>The detectors of the GCNet authors and the classifiers of mmpretrain put a backbone in front; deformable ones have one convolution more.</summary>
    [TestCase("mmpretrain", "backbone.layer2.0.context_block.channel_add_conv.0.weight", "layer2.0.context_block.channel_add_conv.0.weight")]
    [TestCase("mmpretrain", "backbone.layer3.5.non_local.g.conv.weight", "layer3.5.non_local.g.conv.weight")]
    [TestCase("detectron2", "res3.0.conv2_offset.weight", "layer2.0.conv2_offset.weight")]
    [TestCase("detectron2", "res5.2.conv2.conv.weight", "layer4.2.conv2.conv.weight")]
    public void Map_OfBackbones_KeepsWhatIsTheirs(string map, string foreign, string official)
    {
        Assert.That(NameMap.Find(map)!.FromOfficial([official]).Single(), Is.EqualTo(foreign));
        Assert.That(NameMap.Find(map)!.ToOfficial([foreign]).Single(), Is.EqualTo(official));
    }

    [Test]
    public void Detect_CheckpointWithAverage_TakesThePlainWeightsUnlessAsked()
    {
        string[] names = [.. KeyInventory.Read("cotnet50").Keys];
        string[] all = [.. names.Select(name => "state_dict." + name), .. names.Select(name => "state_dict_ema." + name), "optimizer.state.0.momentum_buffer"];
        var plain = NameMapping.Detect(all);
        Assert.That(plain.Wrapper, Is.EqualTo("state_dict."));
        Assert.That(plain.Alternatives, Is.EqualTo((string[])["state_dict_ema."]));
        Assert.That(plain.Outside, Has.Count.EqualTo(names.Length + 1));
        Assert.That(NameMapping.Detect(all, preferAverage: true).Wrapper, Is.EqualTo("state_dict_ema."));
    }

    [Test]
    public void Detect_UnknownNames_StayButForAWrapperOfAll()
    {
        Assert.That(NameMapping.Detect(["encoder.w", "decoder.w"]).Official.Values, Is.EqualTo((string[])["encoder.w", "decoder.w"]));
        Assert.That(NameMapping.Detect(["state_dict.module.a.w", "state_dict.module.b.w"]).Official.Values, Is.EqualTo((string[])["a.w", "b.w"]));
        Assert.That(NameMapping.Detect(["model.a.w", "b.w"]).Official.Values, Is.EqualTo((string[])["model.a.w", "b.w"]));
        Assert.That(NameMapping.Detect([]).Official, Is.Empty);
        Assert.That(NameMapping.Detect(["", ".", "module.", "state_dict"]).Official, Has.Count.EqualTo(4));
    }

    [Test]
    public void Detect_Prefixes_OfMxnetAndDetectron2AreTakenAway()
    {
        Assert.That(NameMapping.Detect(["arg:bn1.gamma", "arg:layer1.0.conv1.weight", "aux:bn1.running_mean"]).Official.Values, Is.EqualTo((string[])["bn1.weight", "layer1.0.conv1.weight", "bn1.running_mean"]));
        Assert.That(NameMapping.Detect(["model.backbone.bottom_up.stem.conv1_1.weight", "model.backbone.bottom_up.res2.0.shortcut.weight", "model.backbone.bottom_up.res2.0.conv1.norm.weight"]).Official.Values,
            Is.EqualTo((string[])["conv1.0.weight", "layer1.0.downsample.1.weight", "layer1.0.bn1.weight"]));
    }

    [Test]
    public void Detect_TwoNamesThatBecomeOne_AreRefused()
        => Assert.That(() => NameMapping.Detect(["bn1.gamma", "bn1.weight"], map: NameMap.Find("gluon")), Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.BadName));

    [Test]
    public void Detect_ManyUnknownNames_TakesLinearTime()
    {
        var names = Enumerable.Range(0, 50_000).Select(i => $"state_dict.model.block{i}.weight").ToArray();
        var start = Environment.CpuUsage.TotalTime;
        NameMapping.Detect(names);
        // Quadratic work would take minutes.
        Assert.That((Environment.CpuUsage.TotalTime - start).TotalSeconds, Is.LessThan(10));
    }
}
