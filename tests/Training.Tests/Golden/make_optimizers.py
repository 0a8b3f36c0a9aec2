#!/usr/bin/python3
"""Writes optimizers.json: four steps of torch's optimisers on one parameter with given gradients, in float64.
Run with Debian's python3-torch: /usr/bin/python3 make_optimizers.py"""
import json
import os

import torch

start = [0.5, -1.25, 2.0, 0.0, -0.003]
gradients = [[0.1, -0.2, 0.3, 0.4, -5e-4], [-0.3, 0.25, 0.0, 1.0, 2e-3], [0.05, 0.05, -0.7, -1.0, 0.0], [2.0, -1.5, 0.3, 0.2, 1e-5]]
CASES = {
    'sgd': lambda p: torch.optim.SGD([p], 0.1),
    'sgd momentum': lambda p: torch.optim.SGD([p], 0.1, 0.9, weight_decay=0.01),
    'sgd nesterov': lambda p: torch.optim.SGD([p], 0.05, 0.8, weight_decay=1e-3, nesterov=True),
    'adamw': lambda p: torch.optim.AdamW([p], 0.01, weight_decay=0.05),
    'adamw no decay': lambda p: torch.optim.AdamW([p], 0.002, betas=(0.8, 0.99), eps=1e-6, weight_decay=0),
}
result = {'torch': torch.__version__, 'start': start, 'gradients': gradients, 'cases': {}}
for name, make in CASES.items():
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer, values = make(p), []
    for g in gradients:
        p.grad = torch.tensor(g, dtype=torch.float64)
        optimizer.step()
        values.append(p.tolist())
    result['cases'][name] = values
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'optimizers.json'), 'w') as f:
    json.dump(result, f, indent=1)
    f.write('\n')
