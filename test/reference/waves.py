"""Inputs that look random and that the tests can make for themselves."""
import math

import torch


def wave(dims, seed=1.0):
    """sin(seed + 1.7 i), as `ramp` in test/nodes/node-runs.ts."""
    count = math.prod(dims)
    values = [math.sin(seed + i * 1.7) for i in range(count)]
    return torch.tensor(values, dtype=torch.float64).to(torch.float32).reshape(dims)
