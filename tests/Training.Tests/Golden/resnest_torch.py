"""ResNeSt in PyTorch, just enough of it: radix, stem and shortcut of the published networks, their state_dict keys, and the weights that
tests/Data/golden/README.md generates from the keys. Written from the paper and the keys; check_against_published() proves it on the
three-step runs of the published implementation."""
import json
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class SplAt(nn.Module):
    def __init__(self, cin, c, stride, radix, groups):
        super().__init__()
        self.radix, self.groups = radix, groups
        hidden = max(cin * radix // 4, 32)
        self.conv = nn.Conv2d(cin, c * radix, 3, stride, 1, groups=groups * radix, bias=False)
        self.bn0 = nn.BatchNorm2d(c * radix)
        self.fc1 = nn.Conv2d(c, hidden, 1, groups=groups)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.fc2 = nn.Conv2d(hidden, c * radix, 1, groups=groups)

    def forward(self, x):
        x = F.relu(self.bn0(self.conv(x)))
        n, rc = x.shape[:2]
        r, k, c = self.radix, self.groups, rc // self.radix
        splits = torch.split(x, c, dim=1)
        gap = sum(splits).mean((2, 3), keepdim=True)
        a = self.fc2(F.relu(self.bn1(self.fc1(gap))))
        a = F.softmax(a.view(n, k, r, -1).transpose(1, 2), dim=1).reshape(n, -1) if r > 1 else torch.sigmoid(a).view(n, -1)
        a = torch.split(a.view(n, rc, 1, 1), c, dim=1)
        return sum(w * s for w, s in zip(a, splits))


class Block(nn.Module):
    def __init__(self, cin, planes, stride, first, radix, groups, width, avd_first):
        super().__init__()
        w = int(planes * (width / 64)) * groups
        self.conv1, self.bn1 = nn.Conv2d(cin, w, 1, bias=False), nn.BatchNorm2d(w)
        avd = stride > 1 or first
        self.avd = nn.AvgPool2d(3, stride, 1) if avd else None
        self.avd_first = avd_first
        self.conv2 = SplAt(w, w, 1 if avd else stride, radix, groups)
        self.conv3, self.bn3 = nn.Conv2d(w, planes * 4, 1, bias=False), nn.BatchNorm2d(planes * 4)
        self.downsample = None
        if stride != 1 or cin != planes * 4:
            self.downsample = nn.Sequential(nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False),
                                            nn.Conv2d(cin, planes * 4, 1, bias=False), nn.BatchNorm2d(planes * 4))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        if self.avd and self.avd_first:
            y = self.avd(y)
        y = self.conv2(y)
        if self.avd and not self.avd_first:
            y = self.avd(y)
        y = self.bn3(self.conv3(y))
        return F.relu(y + (self.downsample(x) if self.downsample else x))


class ResNeSt(nn.Module):
    def __init__(self, layers, planes=(64, 128, 256, 512), stem=32, radix=2, groups=1, width=64, avd_first=False, classes=10, small=False):
        super().__init__()
        self.small = small
        self.conv1 = nn.Conv2d(3, stem, 3, 1, 1, bias=False) if small else nn.Sequential(nn.Conv2d(3, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU(),
                                   nn.Conv2d(stem, stem, 3, 1, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU(),
                                   nn.Conv2d(stem, stem * 2, 3, 1, 1, bias=False))
        cin = stem if small else stem * 2
        self.bn1 = nn.BatchNorm2d(cin)
        for s in range(4):
            blocks = []
            for i in range(layers[s]):
                blocks.append(Block(cin, planes[s], 2 if s > 0 and i == 0 else 1, s > 0 and i == 0, radix, groups, width, avd_first))
                cin = planes[s] * 4
            setattr(self, f'layer{s + 1}', nn.Sequential(*blocks))
        self.fc = nn.Linear(cin, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if not self.small:
            x = F.max_pool2d(x, 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def generated(key, shape):
    """The tensor of a key, in double, rounded once to float32 (tests/Data/golden/README.md)."""
    h = 14695981039346656037
    for b in key.encode():
        h = (h ^ b) * 1099511628211 % 2**64
    n = int(np.prod(shape)) if shape else 1
    with np.errstate(over='ignore'):
        z = np.uint64(h) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    v = 2 * ((z >> np.uint64(11)).astype(np.float64) * 2.0**-53) - 1
    if key.endswith('num_batches_tracked'):
        v = v * 0
    elif key.endswith('running_mean') or key.endswith('bias'):
        v = 0.1 * v
    elif key.endswith('running_var'):
        v = 1 + 0.5 * v
    elif key == 'input' or key.startswith('batch'):
        pass
    elif len(shape) == 1:
        v = 0.6 + 0.1 * v
    else:
        v = v * np.sqrt(6 / np.prod(shape[1:]))
    return torch.tensor(v.astype(np.float32).astype(np.float64)).reshape(shape)


def fill(model):
    model.double()
    for k, t in model.state_dict().items():
        t.copy_(generated(k, tuple(t.shape)))
    return model


def check_against_published():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, '..', '..', 'Data', 'golden', 'train3.json')) as f:
        runs = json.load(f)
    for name, run in runs.items():
        c = run['config']
        model = fill(ResNeSt(run['layers'], stem=run['stem_width'], radix=c['radix'], groups=c['groups'], width=c['bottleneck_width'],
                             avd_first=c['avd_first'], classes=run['num_classes'])).train()
        x, t = generated('input', tuple(run['input'])), torch.tensor(run['targets'])
        sgd = torch.optim.SGD(model.parameters(), run['sgd']['lr'], run['sgd']['momentum'], weight_decay=run['sgd']['wd_all'])
        for want in run['losses']:
            loss = F.cross_entropy(model(x), t, label_smoothing=run['label_smoothing'])
            assert abs(loss.item() - want) <= 1e-9 * max(1, abs(want)), (name, loss.item(), want)
            sgd.zero_grad()
            loss.backward()
            sgd.step()
    return sorted(runs)
