"""Open-loop imagination of a Gaussian ensemble in PyTorch: `torch_imagine.py MEMBERS D A HIDDEN STARTS HORIZON ELITES FILE`.

Says "ready", then for every line read from standard input imagines once and prints seconds, the root mean square of the last
observations, and the mean spread over the members. As our open loop: the mean over the elites is fed back, rewards are kept, and
the deviation of every column over all members is kept at every step; variances are not asked for and not computed.
"""
import sys
import time

import numpy
import torch
from torch.nn import functional

members, d, a, hidden, starts, horizon, elites = map(int, sys.argv[1:8])
numbers = torch.from_numpy(numpy.fromfile(sys.argv[8], dtype="<f4"))
at = 0


def take(*shape):
    global at
    count = int(numpy.prod(shape))
    at += count
    return numbers[at - count : at].reshape(shape).contiguous()


sizes = [d + a, hidden, hidden, hidden, hidden, 2 * (d + 1)]
layers = []
for i, o in zip(sizes, sizes[1:]):
    weight = take(members, i, o)
    layers.append((weight, take(members, 1, o)))
# Means alone are asked for: the columns of the variances are left out beforehand.
layers[-1] = tuple(t[..., : d + 1].contiguous() for t in layers[-1])
start, actions = take(starts, d), take(starts, horizon, a)


@torch.inference_mode()
def imagine():
    obs = start
    states, rewards, spreads = [obs], [], []
    for h in range(horizon):
        out = torch.cat([obs, actions[:, h]], 1).expand(members, starts, d + a)
        for i, (weight, bias) in enumerate(layers):
            out = torch.baddbmm(bias, out, weight)
            if i + 1 < len(layers):
                out = functional.silu(out, inplace=True)
        out = out * 0.1
        delta = out[..., :d]
        spreads.append(delta.std(0, correction=0))
        obs = obs + delta[:elites].mean(0)
        rewards.append(out[:elites, :, d].mean(0))
        states.append(obs)
    return torch.stack(states, 1), torch.stack(rewards, 1), torch.stack(spreads, 1)


print("ready", flush=True)
for _ in sys.stdin:
    begin = time.perf_counter()
    states, rewards, spreads = imagine()
    seconds = time.perf_counter() - begin
    last = states[:, -1].double().square().mean().sqrt()
    print(seconds, float(last), float(spreads.double().mean()), flush=True)
