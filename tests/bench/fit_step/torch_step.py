"""A training step of a Gaussian ensemble in PyTorch: `torch_step.py MEMBERS ROWS SIZE...`.

Says "ready", then for every number read from standard input takes as many steps and prints milliseconds a step.
"""
import sys
import time

import torch
from torch.nn import functional

members, rows, *sizes = map(int, sys.argv[1:])
targets = sizes[-1] // 2
torch.manual_seed(0)


def uniform(fan_in, *shape):
    return ((torch.rand(*shape) * 2 - 1) / fan_in**0.5).requires_grad_()


weights = [uniform(i, members, i, o) for i, o in zip(sizes, sizes[1:])]
biases = [uniform(i, members, 1, o) for i, o in zip(sizes, sizes[1:])]
low = torch.full((targets,), -12.0, requires_grad=True)
high = torch.full((targets,), 0.5, requires_grad=True)
adam = torch.optim.Adam([*weights, *biases, low, high], lr=1e-4)
x = torch.randn(members, rows, sizes[0])
y = torch.randn(members, rows, targets)


def step():
    out = x
    for i, (w, b) in enumerate(zip(weights, biases)):
        out = torch.baddbmm(b, out, w)
        if i + 1 < len(weights):
            out = functional.silu(out)
    mean, raw = out[..., :targets], out[..., targets:]
    below = high - functional.softplus(high - raw)
    logvar = low + functional.softplus(below - low)
    nll = (mean - y).square() * torch.exp(-logvar) + logvar
    loss = nll.mean() * members + 0.01 * (high - low).sum()
    adam.zero_grad(set_to_none=True)
    loss.backward()
    adam.step()


print("ready", flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(int(line)):
        step()
    print((time.perf_counter() - start) * 1e3 / int(line), flush=True)
