#!/usr/bin/python3
"""Writes lockstep.json: the losses of fifty steps of a small ResNeSt in float64.
Run with Debian's python3-torch: /usr/bin/python3 make_lockstep.py"""
import json
import os
import platform

import torch
import torch.nn.functional as F

from resnest_torch import ResNeSt, check_against_published, fill, generated

torch.set_num_threads(1)
# The stem without stride: behind the usual one the last maps have a single pixel, and batch norms over sixteen values amplify rounding so
# much that PyTorch's own float32 leaves its float64 by 1e-2 within five steps. Momentum does the same; the three-step runs have it.
NETS = {
    'radix2': dict(layers=[1, 1, 1, 1], planes=[4, 8, 16, 32], stem=8, radix=2, groups=1, small=True),
    'radix1 groups2': dict(layers=[1, 1, 1, 1], planes=[4, 8, 16, 32], stem=8, radix=1, groups=2, width=32, small=True),
}
BATCH, SIZE, CLASSES, STEPS = 16, 32, 10, 50

result = {'torch': torch.__version__, 'python': platform.python_version(), 'checked_against_published': check_against_published(),
          'batch': BATCH, 'size': SIZE, 'classes': CLASSES, 'lr': 0.01, 'momentum': 0, 'weight_decay': 1e-4, 'nesterov': False,
          'label_smoothing': 0.1, 'runs': {}}
for name, config in NETS.items():
    model = fill(ResNeSt(classes=CLASSES, **config)).train()
    decay = [p for k, p in model.named_parameters() if p.dim() > 1]
    rest = [p for k, p in model.named_parameters() if p.dim() == 1]
    sgd = torch.optim.SGD([dict(params=decay, weight_decay=1e-4), dict(params=rest, weight_decay=0)], 0.01)
    losses = []
    for step in range(STEPS):
        # Four batches in turn, so that there is something to learn; labels follow the samples' numbers.
        which = step % 4
        x = generated(f'batch{which}', (BATCH, 3, SIZE, SIZE))
        t = torch.tensor([(which * BATCH + i) * 7 % CLASSES for i in range(BATCH)])
        loss = F.cross_entropy(model(x), t, label_smoothing=0.1)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    config.setdefault('width', 64)
    result['runs'][name] = dict(config=config, losses=losses, final_bn1_running_mean=model.bn1.running_mean.tolist())
    print(name, losses[0], losses[9], losses[49])
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lockstep.json'), 'w') as f:
    json.dump(result, f, indent=1)
    f.write('\n')
