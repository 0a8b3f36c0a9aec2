#!/usr/bin/env python3
"""Training steps of a ResNeSt in PyTorch, one for every line on stdin: the other side of `benchmarks training`.

usage: train_step.py <blocks per stage> <picture size> <batch> <threads>
       e.g. train_step.py 1,1,1,1 64 8 2

Prints `ready <version> <parameters>` once, then after each line on stdin the milliseconds of one step (forward, backward, SGD with momentum)
by the clock and of all processors together, and after the line `end` the peak of the process's memory in MB. The network is the published one: deep stem, radix 2, average pools
in front of the 1x1 shortcuts and behind the split attention.
"""
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class SplitAttention(nn.Module):
    def __init__(self, inputs, channels, radix=2):
        super().__init__()
        hidden = max(inputs * radix // 4, 32)
        self.radix = radix
        self.conv = nn.Conv2d(inputs, channels * radix, 3, padding=1, groups=radix, bias=False)
        self.bn0 = nn.BatchNorm2d(channels * radix)
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.fc2 = nn.Conv2d(hidden, channels * radix, 1)

    def forward(self, x):
        x = F.relu(self.bn0(self.conv(x)), inplace=True)
        splits = torch.split(x, x.shape[1] // self.radix, dim=1)
        gap = F.adaptive_avg_pool2d(sum(splits), 1)
        attention = self.fc2(F.relu(self.bn1(self.fc1(gap)), inplace=True))
        attention = F.softmax(attention.view(x.shape[0], self.radix, -1), dim=1).view(x.shape[0], -1, 1, 1)
        return sum(a * s for a, s in zip(torch.split(attention, splits[0].shape[1], dim=1), splits))


class Bottleneck(nn.Module):
    def __init__(self, inputs, planes, stride, first):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = SplitAttention(planes, planes)
        self.pool = nn.AvgPool2d(3, stride, padding=1) if stride > 1 or first else nn.Identity()
        self.conv3 = nn.Conv2d(planes, planes * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * 4)
        self.downsample = nn.Identity()
        if stride > 1 or inputs != planes * 4:
            self.downsample = nn.Sequential(
                nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False),
                nn.Conv2d(inputs, planes * 4, 1, bias=False),
                nn.BatchNorm2d(planes * 4))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn3(self.conv3(self.pool(self.conv2(y))))
        return F.relu(y + self.downsample(x), inplace=True)


class ResNeSt(nn.Module):
    def __init__(self, blocks, stem=32, classes=1000):
        super().__init__()
        layers = []
        for inputs, outputs, stride in [(3, stem, 2), (stem, stem, 1), (stem, 2 * stem, 1)]:
            layers += [nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        layers.append(nn.MaxPool2d(3, 2, padding=1))
        channels = 2 * stem
        for stage, count in enumerate(blocks):
            for block in range(count):
                layers.append(Bottleneck(channels, 64 << stage, 2 if stage > 0 and block == 0 else 1, block == 0))
                channels = 4 * (64 << stage)
        self.body = nn.Sequential(*layers)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(self.body(x), 1), 1))


def main():
    blocks = [int(part) for part in sys.argv[1].split(",")]
    size, batch, threads = (int(argument) for argument in sys.argv[2:5])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    net = ResNeSt(blocks)
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    x = torch.rand(batch, 3, size, size) * 2 - 1
    y = torch.randint(0, 1000, (batch,))
    print("ready", torch.__version__, sum(parameter.numel() for parameter in net.parameters()), flush=True)
    for line in sys.stdin:
        if line.strip() == "end":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)
            return
        start, busy = time.perf_counter(), time.process_time()
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        print((time.perf_counter() - start) * 1e3, (time.process_time() - busy) * 1e3, flush=True)


main()
