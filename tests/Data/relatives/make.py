#!/usr/bin/env python3
"""Writes forward.json and deformable.json: logits of published implementations for generated weights, as described in ../golden/README.md.

Needs PyTorch (1.13 was used, float64 on the CPU) and checkouts of the sources, none of which is copied here:
  --timm     huggingface/pytorch-image-models at aa4b5850 (Apache-2.0)
  --cotnet   JDAI-CV/CoTNet at 895e0246 (Apache-2.0); its CUDA aggregation is replaced by an identical unfold
  --resnest  zhanghang1989/ResNeSt (Apache-2.0)
  --cbam     Jongchan/attention-module at 459efad0 (MIT)
What an implementation imports beside PyTorch and does not use for a forward pass is replaced by stubs.

gc_resnet50_r4 and the deformable networks have no published implementation that runs without compiled extensions: their blocks are written
here from the papers and, for the latter, from chongruo/detectron2-ResNeSt (54ec8760): offsets come from conv1's output by a convolution of
as many groups as offset groups; its last third are the logits of the mask. sknet101 is timm's SKNet with the hidden channels of
implus/SKNet (17dd7086), models/sknet101.prototxt: 32, 16, 32 and 64.
"""
import argparse, importlib, json, math, os, sys, types
from unittest.mock import MagicMock

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

MASK = (1 << 64) - 1
SMALL, ODD = (1, 3, 64, 64), (1, 3, 65, 97)


def values(key, shape):
    seed = 14695981039346656037
    for byte in key.encode():
        seed = ((seed ^ byte) * 1099511628211) & MASK
    count = int(np.prod(shape)) if len(shape) else 1
    z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    v = 2 * ((z >> np.uint64(11)).astype(np.float64) * 2.0 ** -53) - 1
    if key.endswith('num_batches_tracked'): v = 0 * v
    elif key.endswith('running_mean'): v = 0.1 * v
    elif key.endswith('running_var'): v = 1 + 0.5 * v
    elif key.endswith('bias'): v = 0.1 * v
    elif key in ('input', 'x', 'dy'): pass
    elif len(shape) == 1 or (len(shape) == 3 and shape[1:] == (1, 1)): v = 0.6 + 0.1 * v
    else: v = v * math.sqrt(6 / int(np.prod(shape[1:])))
    return torch.from_numpy(v.astype(np.float32).astype(np.float64)).reshape(shape)


def run(model, sizes):
    model.double().eval()
    with torch.no_grad():
        state = model.state_dict()
        for key, tensor in state.items():
            tensor.copy_(values(key, tuple(tensor.shape)))
        cases = []
        for size in sizes:
            y = model(values('input', size)).reshape(-1)
            cases.append({'input': list(size), 'logits_first8': y[:8].tolist(), 'sum': float(y.sum()), 'l2': float(y.norm()), 'argmax': int(y.argmax())})
    return {'params': sum(p.numel() for p in model.parameters()), 'tensors': len(state), 'cases': cases}


class Stub(MagicMock):
    __path__ = []
    __version__ = '0'


def stub(*names):
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:
            sys.modules[name] = Stub()


def package(name, folder):
    """A package whose __init__ is not run."""
    module = types.ModuleType(name)
    module.__path__ = [folder]
    sys.modules[name] = module


def timm_networks(folder):
    sys.path.insert(0, folder)
    stub('torchvision', 'torchvision.transforms', 'torchvision.transforms.functional', 'torchvision.ops', 'torchvision.ops.misc', 'torchvision.models',
         'torchvision.models.feature_extraction', 'torchvision.datasets', 'PIL', 'PIL.Image', 'PIL.ImageFilter', 'PIL.ImageOps', 'PIL.ImageEnhance',
         'PIL.ImageChops', 'yaml', 'huggingface_hub', 'huggingface_hub.utils', 'safetensors', 'safetensors.torch')
    import timm
    odd = {'resnet50t', 'ecaresnet50d', 'legacy_seresnet50', 'legacy_senet154', 'skresnet34', 'skresnet50d', 'gcresnet33ts', 'gcresnext26ts',
           'gcresnext50ts', 'mobilenetv2_100', 'resnest26'}
    renamed = {'resnest200': 'resnest200e', 'resnest26': 'resnest26d', 'resnest50_fast_4s2x40d': 'resnest50d_4s2x40d'}
    for name in ['resnet34', 'resnet50c', 'resnet101d', 'resnet152d', 'resnet50t', 'resnext101_32x8d', 'resnext101_64x4d', 'seresnet34', 'seresnet101',
                 'seresnet152', 'seresnet50t', 'seresnet152d', 'seresnext50_32x4d', 'seresnext101_32x4d', 'seresnext101_32x8d', 'ecaresnet50d', 'senet154',
                 'legacy_seresnet50', 'legacy_seresnet101', 'legacy_seresnet152', 'legacy_seresnext101_32x4d', 'legacy_senet154', 'skresnet34',
                 'skresnet50d', 'gcresnet33ts', 'gcresnext26ts', 'gcresnext50ts', 'mobilenetv2_100', 'resnest200', 'resnest26', 'resnest50_fast_4s2x40d']:
        yield name, lambda name=name: timm.create_model(renamed.get(name, name)), [SMALL, ODD] if name in odd else [SMALL]
    yield 'sknet101', lambda: sknet101(timm), [SMALL, ODD]
    yield 'gc_resnet50_r4', lambda: global_context(timm.create_model('resnet50'), ratio=4), [SMALL]


def sknet101(timm):
    from timm.layers.selective_kernel import SelectiveKernelAttn
    model = timm.create_model('skresnext50_32x4d', layers=[3, 4, 23, 3])
    for block in model.layer2:
        channels = block.conv2.out_channels
        block.conv2.attn = SelectiveKernelAttn(channels, 2, 16)
    return model


class ContextBlock(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.conv_mask = nn.Conv2d(channels, 1, 1)
        self.channel_add_conv = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.LayerNorm([hidden, 1, 1]), nn.ReLU(), nn.Conv2d(hidden, channels, 1))

    def forward(self, x):
        n, c = x.shape[:2]
        weights = self.conv_mask(x).reshape(n, 1, -1).softmax(2)
        context = (x.reshape(n, c, -1) * weights).sum(2).reshape(n, c, 1, 1)
        return x + self.channel_add_conv(context)


def global_context(model, ratio):
    for stage in (model.layer2, model.layer3, model.layer4):
        for block in stage:
            channels = block.conv3.out_channels
            block.context_block = ContextBlock(channels, channels // ratio)
            # timm adds nothing behind the last norm where 'se' is empty: the block goes there, under its own key.
            block.bn3.register_forward_hook(lambda module, inputs, output, context=block.context_block: context(output))
    return model


def contextual_networks(folder):
    sys.path.insert(0, folder)
    package('models', os.path.join(folder, 'models'))
    package('cupy_layers', '')
    stub('einops', 'einops.layers', 'einops.layers.torch', 'yacs', 'yacs.config')

    class LocalConvolution(nn.Module):
        def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, pad_mode=0):
            super().__init__()
            self.kernel_size, self.padding = kernel_size, padding

        def forward(self, x, weight):
            n, c, h, w = x.shape
            shared, taps = weight.shape[2], self.kernel_size ** 2
            patches = F.unfold(x, self.kernel_size, padding=self.padding).view(n, c // shared, shared, taps, h, w)
            return (patches * weight.reshape(n, 1, shared, taps, h, w)).sum(3).reshape(n, c, h, w)

    for name in ('aggregation_zeropad', 'aggregation_zeropad_dilate', 'aggregation_refpad', 'aggregation_zeropad_mix', 'aggregation_zeropad_mix_merge', 'utils'):
        sys.modules['cupy_layers.' + name] = Stub()
    sys.modules['cupy_layers.aggregation_zeropad'].LocalConvolution = LocalConvolution
    plain, hybrid = importlib.import_module('models.cotnet'), importlib.import_module('models.cotnet_hybrid')
    for module, name in [(plain, 'cotnet101'), (plain, 'cotnext101_2x48d'), (hybrid, 'se_cotnetd_101'), (hybrid, 'se_cotnetd_152')]:
        yield name, getattr(module, name), [SMALL]


def split_attention_networks(folder):
    package('resnest', os.path.join(folder, 'resnest'))
    package('resnest.torch', os.path.join(folder, 'resnest', 'torch'))
    package('resnest.torch.models', os.path.join(folder, 'resnest', 'torch', 'models'))
    build = types.ModuleType('resnest.torch.models.build')
    build.RESNEST_MODELS_REGISTRY = types.SimpleNamespace(register=lambda: lambda function: function)
    sys.modules[build.__name__] = build
    models, ablation = importlib.import_module('resnest.torch.models.resnest'), importlib.import_module('resnest.torch.models.ablation')
    yield 'resnest50_fast_1s2x40d', ablation.resnest50_fast_1s2x40d, [SMALL, ODD]
    yield 'resnest50_dilation2', lambda: models.resnest50(dilation=2), [ODD]
    yield 'resnest50_fast_2s2x40d_dilated8', lambda: ablation.resnest50_fast_2s2x40d(dilated=True), [SMALL]


def gated_networks(folder):
    sys.path.insert(0, folder)
    package('MODELS', os.path.join(folder, 'MODELS'))
    network = importlib.import_module('MODELS.model_resnet')

    def create():
        model = network.ResidualNet('ImageNet', 101, 1000, 'CBAM')
        model.avgpool = nn.AdaptiveAvgPool2d(1)
        return model
    yield 'cbam_resnet101', create, [SMALL]


class DeformConv(nn.Module):
    """Bilinear samples by explicit indexing, zero outside of the picture, then a grouped 1x1 convolution of the nine of them."""
    def __init__(self, conv, offsets, groups, masked):
        super().__init__()
        self.weight = conv.weight
        self.geometry = conv.stride[0], conv.padding[0], conv.dilation[0], conv.groups
        self.offsets, self.offset_groups, self.masked = [offsets], groups, masked

    def forward(self, x):
        stride, padding, dilation, groups = self.geometry
        moved, g = self.offsets[0](x), self.offset_groups
        n, c, h, w = x.shape
        rows, columns = moved.shape[2:]
        offset = moved[:, :18 * g].reshape(n, g, 9, 2, rows, columns)
        mask = moved[:, 18 * g:].sigmoid().reshape(n, g, 9, rows, columns) if self.masked else torch.ones(n, g, 9, rows, columns, dtype=x.dtype)
        tap = torch.arange(9)
        py = torch.arange(rows).view(-1, 1) * stride - padding + (tap // 3 * dilation).view(-1, 1, 1) + offset[:, :, :, 0]
        px = torch.arange(columns).view(1, -1) * stride - padding + (tap % 3 * dilation).view(-1, 1, 1) + offset[:, :, :, 1]
        pixels = x.reshape(n, g, c // g, h * w)
        samples = 0
        for dy in (0, 1):
            for dx in (0, 1):
                y, q = py.floor() + dy, px.floor() + dx
                weight = (1 - (py - y).abs()) * (1 - (px - q).abs()) * ((y >= 0) & (y < h) & (q >= 0) & (q < w)) * mask
                index = (y.clamp(0, h - 1) * w + q.clamp(0, w - 1)).long().reshape(n, g, 1, -1).expand(-1, -1, c // g, -1)
                samples = samples + pixels.gather(3, index) * weight.reshape(n, g, 1, -1)
        return F.conv2d(samples.reshape(n, c * 9, rows, columns), self.weight.reshape(self.weight.shape[0], -1, 1, 1), groups=groups)


def deformable_networks():
    """Small ResNeSts of the authors' code, deformable in their last three stages. Needs split_attention_networks first."""
    from resnest.torch.models.resnet import ResNet, Bottleneck

    def create(radix, offset_groups, masked):
        model = ResNet(Bottleneck, [1, 2, 1, 1], radix=radix, groups=1, bottleneck_width=64, deep_stem=True, stem_width=16, avg_down=True, avd=True, avd_first=False, num_classes=10)
        for stage in (model.layer2, model.layer3, model.layer4):
            for block in stage:
                conv = block.conv2.conv if radix else block.conv2
                block.conv2_offset = nn.Conv2d(conv.in_channels, (27 if masked else 18) * offset_groups, 3, conv.stride, conv.padding, conv.dilation, offset_groups)
                deformed = DeformConv(conv, block.conv2_offset, offset_groups, masked)
                if radix: block.conv2.conv = deformed
                else: block.conv2 = deformed
        return model
    for radix, groups, masked in [(2, 2, True), (2, 1, False), (1, 4, True), (0, 2, True)]:
        yield f'radix{radix}_groups{groups}_v{2 if masked else 1}', lambda r=radix, g=groups, m=masked: create(r, g, m), [SMALL, ODD]


def write(file, networks):
    known = json.load(open(file)) if os.path.exists(file) else {}
    for name, create, sizes in networks:
        if name not in known:
            known[name] = run(create(), sizes)
            print(file, name, known[name]['params'], flush=True)
            with open(file, 'w') as target:
                json.dump(known, target, indent=1)
                target.write('\n')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for source in ('timm', 'cotnet', 'resnest', 'cbam'):
        parser.add_argument('--' + source, help='folder of the checkout')
    given = parser.parse_args()
    if given.timm: write('forward.json', timm_networks(given.timm))
    if given.resnest:
        write('forward.json', split_attention_networks(given.resnest))
        write('deformable.json', deformable_networks())
    if given.cbam: write('forward.json', gated_networks(given.cbam))
    if given.cotnet: write('forward.json', contextual_networks(given.cotnet))
