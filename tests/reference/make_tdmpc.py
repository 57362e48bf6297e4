"""Writes the small models of TD-MPC2, Newt, TD-MPC and LeRobot's TD-MPC that ship in tests/reference, and what they imagine.

usage: make_tdmpc.py TESTS_REFERENCE   (needs torch, numpy, safetensors)

The modules are the libraries' own, stated again: the same layers under the same names, saved as the libraries save them.
models/<name>/expected.json holds, in float64 from the weights in float32: observations, their latents, actions, and the latents,
rewards and ends that are imagined along them; float32_gap is how far PyTorch's own single precision is off.

small-tdmpc2: one task, with a termination head, trained for a moment on a pendulum (cos, sin, speed; torque) as the library trains.
small-tdmpc2-tasks: three tasks, in the older layout of the value functions; small-newt: wrapped for several devices, with the
optimisers; small-tdmpc: plain perceptrons; small-lerobot-tdmpc: two observations, scaled.
"""
import json, os, sys
from collections import OrderedDict
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_num_threads(1)
root = os.path.join(sys.argv[1], "models")
SHOWN = [1, 2, 3, 5, 10, 20, 50]


class Simplices(nn.Module):
    def __init__(self, group):
        super().__init__()
        self.group = group

    def forward(self, x):
        return F.softmax(x.view(*x.shape[:-1], -1, self.group), -1).view(*x.shape)


class NormedLinear(nn.Linear):
    def __init__(self, i, o, act=None):
        super().__init__(i, o)
        self.ln, self.act = nn.LayerNorm(o), act or nn.Mish()

    def forward(self, x):
        return self.act(self.ln(super().forward(x)))


def mlp(i, hidden, o, act=None):
    sizes = [i, *hidden, o]
    layers = [NormedLinear(a, b) for a, b in zip(sizes[:-2], sizes[1:-1])]
    layers.append(NormedLinear(sizes[-2], o, act) if act else nn.Linear(sizes[-2], o))
    return nn.Sequential(*layers)


def shake(module, by=1.0):
    """Weights and normalisations that do something."""
    with torch.no_grad():
        for p in module.parameters():
            p.add_(by * 0.3 * torch.randn_like(p))


symexp = lambda x: torch.sign(x) * (torch.exp(torch.abs(x)) - 1)
symlog = lambda x: torch.sign(x) * torch.log(1 + torch.abs(x))


class TdMpc2(nn.Module):
    """WorldModel of tdmpc2/common/world_model.py."""

    def __init__(self, obs, act, latent, enc, hidden, bins, group, tasks=0, task_dim=0, episodic=False, masks=None, max_norm=1.0, v=(-10, 10)):
        super().__init__()
        self.max_norm, self.bins, self.v, self.group = max_norm, bins, v, group
        if tasks:
            self._task_emb = nn.Embedding(tasks, task_dim, max_norm=max_norm)
        if masks is not None:
            self.register_buffer("_action_masks", torch.zeros(len(masks), act))
            for i, n in enumerate(masks):
                self._action_masks[i, :n] = 1.0
        self._encoder = nn.ModuleDict({"state": mlp(obs + task_dim, enc, latent, Simplices(group))})
        self._dynamics = mlp(latent + act + task_dim, 2 * [hidden], latent, Simplices(group))
        self._reward = mlp(latent + act + task_dim, 2 * [hidden], max(bins, 1))
        self._termination = mlp(latent + task_dim, 2 * [hidden], 1) if episodic else None
        self._pi = mlp(latent + task_dim, 2 * [hidden], 2 * act)
        self.register_buffer("log_std_min", torch.tensor(-10.0))
        self.register_buffer("log_std_dif", torch.tensor(12.0))
        self.task = None

    def emb(self, x):
        if self.task is None:
            return x
        e = self._task_emb(torch.tensor([self.task]))
        return torch.cat([x, e.expand(*x.shape[:-1], e.shape[-1])], -1)

    def encode(self, o):
        return self._encoder["state"](self.emb(o))

    def step(self, z, a):
        x = torch.cat([self.emb(z), a], -1)
        nxt = self._dynamics(x)
        logits = self._reward(x)
        if self.bins == 0:
            r = logits
        elif self.bins == 1:
            r = symexp(logits)
        else:
            places = torch.linspace(*self.v, self.bins, dtype=logits.dtype)
            r = symexp((F.softmax(logits, -1) * places).sum(-1, keepdim=True))
        end = torch.sigmoid(self._termination(self.emb(nxt)))[..., 0] if self._termination is not None else None
        return nxt, r[..., 0], end


class Told(nn.Module):
    """TOLD of TD-MPC's src/algorithm/tdmpc.py."""

    def __init__(self, obs, act, latent, hidden):
        super().__init__()
        net = lambda i, o: nn.Sequential(nn.Linear(i, hidden), nn.ELU(), nn.Linear(hidden, hidden), nn.ELU(), nn.Linear(hidden, o))
        q = lambda: nn.Sequential(nn.Linear(latent + act, hidden), nn.LayerNorm(hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.ELU(), nn.Linear(hidden, 1))
        self._encoder = nn.Sequential(nn.Linear(obs, hidden), nn.ELU(), nn.Linear(hidden, latent))
        self._dynamics, self._reward, self._pi = net(latent + act, latent), net(latent + act, 1), net(latent, act)
        self._Q1, self._Q2 = q(), q()

    def encode(self, o):
        return self._encoder(o)

    def step(self, z, a):
        x = torch.cat([z, a], -1)
        return self._dynamics(x), self._reward(x)[..., 0], None


class LeRobotTold(nn.Module):
    """TDMPCTOLD of lerobot/policies/tdmpc/modeling_tdmpc.py; observations are [environment_state, state]."""

    def __init__(self, env, state, act, latent, hidden):
        super().__init__()
        self.env, self.stats = env, {}
        enc = lambda i: nn.Sequential(nn.Linear(i, 12), nn.ELU(), nn.Linear(12, latent), nn.LayerNorm(latent), nn.Sigmoid())
        body = lambda: [nn.Linear(latent + act, hidden), nn.LayerNorm(hidden), nn.Mish(), nn.Linear(hidden, hidden), nn.LayerNorm(hidden), nn.Mish()]
        self._encoder = nn.Module()
        self._encoder.state_enc_layers, self._encoder.env_state_enc_layers = enc(state), enc(env)
        self._dynamics = nn.Sequential(*body(), nn.Linear(hidden, latent), nn.LayerNorm(latent), nn.Sigmoid())
        self._reward = nn.Sequential(*body(), nn.Linear(hidden, 1))
        self._pi = nn.Sequential(*body()[:0], nn.Linear(latent, act))
        self._V = nn.Sequential(nn.Linear(latent, hidden), nn.LayerNorm(hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.ELU(), nn.Linear(hidden, 1))

    def stat(self, key, dtype):
        return torch.tensor(self.stats[key]).to(dtype)

    def encode(self, o):
        s = (o[..., self.env:] - self.stat("observation.state.mean", o.dtype)) / (self.stat("observation.state.std", o.dtype) + 1e-8)
        return torch.stack([self._encoder.env_state_enc_layers(o[..., : self.env]), self._encoder.state_enc_layers(s)], 0).mean(0)

    def step(self, z, a):
        low, high = self.stat("action.min", a.dtype), self.stat("action.max", a.dtype)
        x = torch.cat([z, 2 * (a - low) / (high - low) - 1], -1)
        return self._dynamics(x), self._reward(x)[..., 0], None


def expected(folder, model, obs, actions, pad=(0, 0)):
    """What is imagined from `obs` [K, D] along `actions` [K, H, A]; the model itself is fed zeros after them."""
    def run(dtype):
        m = model.to(dtype)
        fill = lambda x, n: torch.cat([x, torch.zeros(*x.shape[:-1], n, dtype=dtype)], -1)
        o, a = fill(torch.tensor(obs, dtype=dtype), pad[0]), fill(torch.tensor(actions, dtype=dtype), pad[1])
        Z, R, E = [m.encode(o)], [], []
        for t in range(a.shape[1]):
            z, r, e = m.step(Z[-1], a[:, t])
            Z.append(z), R.append(r), E.append(e)
        stack = lambda x: torch.stack(x, 1).double().numpy()
        return stack(Z), stack(R), None if E[0] is None else stack(E)
    with torch.no_grad():
        (z, r, e), (z32, r32, _) = run(torch.float64), run(torch.float32)
    gap = {"latents": np.abs(z32 - z).max((0, 2))[SHOWN].tolist(), "reward": float(np.abs(r32 - r).max())}
    nice = lambda x: np.round(x, 10).tolist()
    out = {"obs": obs.tolist(), "actions": actions.tolist(), "steps": SHOWN, "latent": nice(z[:, 0]), "imagined": nice(z[:, SHOWN]), "reward": nice(r), "float32_gap": gap}
    if e is not None:
        out["terminated"] = nice(e)
    json.dump(out, open(os.path.join(folder, "expected.json"), "w"))
    print(os.path.basename(folder), "spread of latents", z.std((0, 1)).mean().round(4), "rewards", r.min().round(3), r.max().round(3), gap)


def place(name):
    folder = os.path.join(root, name)
    os.makedirs(folder, exist_ok=True)
    return folder


def values(count, *sizes, seed):
    torch.manual_seed(seed)
    nets = [mlp(*sizes) for _ in range(count)]
    keys = list(nets[0].state_dict())
    return {k: torch.stack([n.state_dict()[k] for n in nets]) for k in keys}


def pick(rng, k, d, h, a, size=1.0):
    return rng.normal(0, size, (k, d)).astype(np.float32).astype(np.float64), rng.uniform(-1, 1, (k, h, a)).astype(np.float32).astype(np.float64)


def pendulum(rng, n, steps):
    """Gymnasium's Pendulum-v1: [n, steps + 1, 3] observations, [n, steps, 1] torques, [n, steps] rewards."""
    th, v = rng.uniform(-np.pi, np.pi, n), rng.uniform(-4, 4, n)
    O, A, R = [], [], []
    u = np.zeros(n)
    for t in range(steps + 1):
        O.append(np.stack([np.cos(th), np.sin(th), v], 1))
        if t == steps:
            break
        u = np.clip(0.7 * u + rng.normal(0, 1, n), -2, 2)
        a = (th + np.pi) % (2 * np.pi) - np.pi
        R.append(-(a**2 + 0.1 * v**2 + 0.001 * u**2))
        A.append(u[:, None].copy())
        v = np.clip(v + (15 * np.sin(th) + 3 * u) * 0.05, -8, 8)
        th = th + v * 0.05
    return np.stack(O, 1), np.stack(A, 1), np.stack(R, 1)


def two_hot(x, low, high, bins):
    x = symlog(x).clamp(low, high)
    at = (x - low) / ((high - low) / (bins - 1))
    i = at.floor().long()
    out = torch.zeros(*x.shape, bins)
    out.scatter_(-1, i[..., None], 1 - (at - i)[..., None])
    return out.scatter_add_(-1, ((i + 1) % bins)[..., None], (at - i)[..., None])


# One task, trained for a moment.
torch.manual_seed(3)
rng = np.random.default_rng(3)
m = TdMpc2(3, 1, 32, [32], 32, 101, 8, episodic=True)
with torch.no_grad():
    for x in m.modules():
        if isinstance(x, nn.Linear):
            nn.init.trunc_normal_(x.weight, std=0.1)
O, A, R = (torch.tensor(x, dtype=torch.float32) for x in pendulum(rng, 400, 40))
optim = torch.optim.Adam([{"params": m._encoder.parameters(), "lr": 6e-4}, {"params": list(m._dynamics.parameters()) + list(m._reward.parameters()) + list(m._termination.parameters())}], lr=2e-3)
for step in range(6000):
    if step == 4000:
        for g in optim.param_groups:
            g["lr"] *= 0.2
    i, t = torch.randint(0, 400, (256,)), torch.randint(0, 35, (256,))
    z, loss = m.encode(O[i, t]), 0
    with torch.no_grad():
        nxt = [m.encode(O[i, t + k + 1]) for k in range(5)]
    for k in range(5):
        x = torch.cat([z, A[i, t + k]], -1)
        loss = loss + 0.1 * -(two_hot(R[i, t + k], -10, 10, 101) * F.log_softmax(m._reward(x), -1)).sum(-1).mean() * 0.5**k
        z = m._dynamics(x)
        loss = loss + 20 * F.mse_loss(z, nxt[k]) * 0.5**k
        loss = loss + F.binary_cross_entropy_with_logits(m._termination(z), torch.zeros(256, 1))
    optim.zero_grad(), loss.backward(), nn.utils.clip_grad_norm_(m.parameters(), 20), optim.step()
folder = place("small-tdmpc2")
state = OrderedDict((k, v.clone()) for k, v in m.state_dict().items())
q = values(2, 33, [4, 4], 101, seed=1)
for prefix in ("_Qs.params", "_detach_Qs_params", "_target_Qs_params"):
    for k, v in q.items():
        # The library keeps these twice over one storage, and a copy.
        state[f"{prefix}.{k}"] = v.clone() if "target" in prefix else v
    state[f"{prefix}.__batch_size"], state[f"{prefix}.__device"] = torch.Size([2]), torch.device("cpu")
torch.save({"model": state}, os.path.join(folder, "model.pt"))
o, a, _ = pendulum(np.random.default_rng(9), 3, 50)
f32 = lambda x: x.astype(np.float32).astype(np.float64)
expected(folder, m, f32(o[:, 0]), f32(a))

# Three tasks in the older layout of the value functions; the widest has 5 observation and 3 action columns.
torch.manual_seed(4)
m = TdMpc2(5, 3, 12, [10, 9], 11, 11, 4, tasks=3, task_dim=4, masks=[2, 3, 1], v=(-4, 4))
shake(m)
with torch.no_grad():
    m._task_emb.weight[2] = torch.tensor([1.5, -0.5, 0.25, 1.0])
folder = place("small-tdmpc2-tasks")
raw = m._task_emb.weight.detach().clone()
state = OrderedDict((k, v.clone()) for k, v in m.state_dict().items() if not k.startswith("log_std"))
for prefix in ("_Qs.params", "_target_Qs.params"):
    for i, v in enumerate(values(2, 19, [6, 6], 11, seed=2).values()):
        state[f"{prefix}.{i}"] = v
torch.save({"model": state}, os.path.join(folder, "mt3.pt"))
open(os.path.join(folder, "config.yaml"), "w").write("task: mt3\nobs: state\nnum_bins: 11\nvmin: -4\nvmax: +4\nsimnorm_dim: 4\nlatent_dim: 12\ntask_dim: 4\n")
open(os.path.join(folder, "oodscope.toml"), "w").write("task = 2\nobs_dim = 3\n")
m.task = 2
expected(folder, m, *pick(np.random.default_rng(5), 3, 3, 50, 1), pad=(2, 2))
assert torch.equal(state["_task_emb.weight"], raw)

# Newt: for several devices, one task, columns filled up, one bin.
torch.manual_seed(6)
m = TdMpc2(8, 4, 12, [9], 10, 1, 6, masks=[2, 2])
shake(m)
folder = place("small-newt")
state = OrderedDict((f"module.{k}", v.clone()) for k, v in m.state_dict().items())
for which in ("online", "target"):
    for i in range(2):
        for k, v in mlp(16, [5, 5], 1).state_dict().items():
            state[f"module._Qs.{which}._Qs.{i}.{k}"] = v
adam = torch.optim.Adam(m.parameters())
torch.save({"model": state, "optim": adam.state_dict(), "pi_optim": adam.state_dict(), "scale": {"value": torch.ones(1), "percentiles": torch.tensor([5.0, 95.0])}}, os.path.join(folder, "final.pt"))
open(os.path.join(folder, "oodscope.toml"), "w").write("simnorm_dim = 6\nnum_bins = 1\nobs_dim = 3\n")
expected(folder, m, *pick(np.random.default_rng(7), 3, 3, 50, 2), pad=(5, 2))

# TD-MPC.
torch.manual_seed(8)
m = Told(3, 1, 7, 12)
folder = place("small-tdmpc")
target = Told(3, 1, 7, 12)
torch.save({"model": m.state_dict(), "model_target": target.state_dict()}, os.path.join(folder, "model.pt"))
expected(folder, m, *pick(np.random.default_rng(8), 3, 3, 50, 1, 2.0))

# LeRobot.
torch.manual_seed(10)
m = LeRobotTold(4, 2, 2, 9, 11)
shake(m)
m.stats = {
    "observation.state.mean": [0.5, -1.0], "observation.state.std": [2.0, 0.25],
    "observation.state.min": [-1.0, -2.0], "observation.state.max": [1.0, 0.0],
    "action.min": [-3.0, 0.0], "action.max": [1.0, 512.0], "action.mean": [0.0, 200.0], "action.std": [1.0, 90.0],
}
folder = place("small-lerobot-tdmpc")
weights = {f"{p}.{k}": v.clone() for p in ("model", "model_target") for k, v in m.state_dict().items()}
save_file(weights, os.path.join(folder, "model.safetensors"))
save_file({k: torch.tensor(v) for k, v in m.stats.items()}, os.path.join(folder, "policy_preprocessor_step_3_normalizer_processor.safetensors"))
json.dump(
    {"type": "tdmpc", "n_obs_steps": 1, "input_features": {"observation.state": {"type": "STATE", "shape": [2]}, "observation.environment_state": {"type": "ENV", "shape": [4]}},
     "output_features": {"action": {"type": "ACTION", "shape": [2]}},
     "normalization_mapping": {"VISUAL": "IDENTITY", "STATE": "MEAN_STD", "ENV": "IDENTITY", "ACTION": "MIN_MAX"}},
    open(os.path.join(folder, "config.json"), "w"), indent=1)
o, a = pick(np.random.default_rng(11), 3, 6, 50, 2)
expected(folder, m, o, f32(a * np.array([2.0, 256.0]) + np.array([-1.0, 256.0])))
