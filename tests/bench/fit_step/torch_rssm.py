"""The training step of the same recurrent state-space model in PyTorch: as many steps as each line of standard input asks for,
answered with the milliseconds of one. Arguments: stretches, steps, width, columns of observation and action, units, groups (and as
many classes)."""
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

B, L, W, D, A, H, G = map(int, sys.argv[1:8])
torch.set_num_threads(2)
Z = G * G


def net(inputs, layers, outputs):
    sizes, parts = [inputs] + [W] * layers + [outputs], []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        parts.append(nn.Linear(a, b))
        if i + 2 < len(sizes):
            parts.append(nn.SiLU())
    return nn.Sequential(*parts)


encoder, posterior, prior = net(D, 1, W), net(H + W, 1, Z), net(H, 1, Z)
inputs, cell = net(Z + A, 0, W), nn.GRUCell(W, H)
decoder, reward, goes_on = net(H + Z, 2, D), net(H + Z, 1, 1), net(H + Z, 1, 1)
modules = nn.ModuleList([encoder, posterior, prior, inputs, cell, decoder, reward, goes_on])
adam = torch.optim.Adam(modules.parameters(), lr=1e-4, eps=1e-8, fused=True)
obs, act, rew, label = torch.randn(L + 1, B, D), torch.randn(L, B, A), torch.randn(L, B, 1), torch.ones(L, B, 1)


def mixed(logits):
    return 0.99 * logits.view(B, G, G).softmax(-1) + 0.01 / G


def kl(p, q):
    return (p * (p.log() - q.log())).sum((-2, -1))


def step():
    h, z, features, forward, backward = torch.zeros(B, H), None, [], [], []
    embedded = encoder(obs)
    for t in range(L + 1):
        if t:
            h = cell(F.silu(inputs(torch.cat([z, act[t - 1]], -1))), h)
        post = mixed(posterior(torch.cat([h, embedded[t]], -1)))
        if t:
            pri = mixed(prior(h))
            forward.append(kl(post.detach(), pri).clamp(min=1).mean())
            backward.append(kl(post, pri.detach()).clamp(min=1).mean())
        with torch.no_grad():
            one = F.one_hot(torch.multinomial(post.view(-1, G), 1).view(B, G), G).float()
        z = (post + (one - post).detach()).flatten(1)
        features.append(torch.cat([h, z], -1))
    f = torch.stack(features)
    loss = 50 * ((decoder(f) - obs) ** 2).sum() / (B * (L + 1)) + 50 * ((reward(f[1:]) - rew) ** 2).sum() / (B * L)
    loss = loss + F.binary_cross_entropy_with_logits(goes_on(f[1:]), label)
    loss = loss + torch.stack(forward).mean() + 0.1 * torch.stack(backward).mean()
    adam.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(modules.parameters(), 10.0)
    adam.step()


print("ready", flush=True)
for line in sys.stdin:
    n = int(line)
    began = time.perf_counter()
    for _ in range(n):
        step()
    print((time.perf_counter() - began) * 1e3 / n, flush=True)
