"""Writes models/small-{mbpo,omnisafe,pets,pets-cartpole,pets-halfcheetah,kit-rnn,rwm}: dynamics models as five libraries save them, and what they predict.

    python make_small_dynamics.py OUT

The networks are small and untrained. Their modules are stated anew here with the libraries' names of tensors, from
  mbpo_pytorch/model.py, predict_env.py (fe3c78c); omnisafe/algorithms/model_based/base/ensemble.py;
  handful-of-trials-pytorch/config/{pusher,cartpole,halfcheetah}.py, MPC.py (672d32f); OfflineRL-Kit/offlinerlkit/nets/rnn.py, dynamics/rnn_dynamics.py;
  rsl_rl_rwm/rsl_rl/modules/system_dynamics.py, architectures/{mlp,rnn}.py, runners/mbpo_on_policy_runner.py (18eebcd).
Beside each file lies `expected*.json`: K starts of `context` observations, the actions taken, what every member says of the first
step that is imagined (next observation, log-variance of Δobs and then reward, reward), and the imagination of the members' mean over
50 steps; all in float64. Where a library samples in use, the mean is taken.
"""
import json, os, sys
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
out = os.path.join(sys.argv[1], "models")
D, A, K, H = 3, 2, 3, 50
f32 = lambda x: np.asarray(x, np.float32).astype(np.float64)


def folder(*parts):
    path = os.path.join(out, *parts)
    os.makedirs(path, exist_ok=True)
    return path


def spread_out(module, scale=1.0):
    """Weights and biases that all differ; layer norms too."""
    g = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, p in module.named_parameters():
            if "logvar" in name or "logstd" in name and "layers" not in name:
                p.add_(torch.rand(p.shape, generator=g))
            elif "layer_norm" in name:
                p.add_(0.3 * torch.randn(p.shape, generator=g))
            else:
                p.copy_(scale * torch.randn(p.shape, generator=g) / np.sqrt(max(p.shape[-2:])))
    return module


def starts(seed, context, d=D, a=A):
    rng = np.random.default_rng(seed)
    obs = f32(np.round(np.cumsum(rng.normal(0, 0.4, (K, context, d)), 1), 3))
    actions = f32(np.round(rng.uniform(-1, 1, (K, context - 1 + H, a)), 3))
    return obs, actions


def write(path, context, obs, actions, first, rollout, reward, elites):
    """`first` = (next_obs [E, K, D], logvar [E, K, targets] or None, reward [E, K] or None)."""
    tidy = lambda v: None if v is None else np.asarray(v, np.float64).tolist()
    json.dump(
        {"context": context, "obs": tidy(obs), "actions": tidy(actions), "elites": elites,
         "member_next_obs": tidy(first[0]), "member_logvar": tidy(first[1]), "member_reward": tidy(first[2]),
         "next_obs": tidy(rollout), "reward": tidy(reward)},
        open(path, "w"),
    )
    print(path, "spread of the last step", np.std(rollout[:, -1]), "size of the members' differences",
          np.std(first[0], 0).mean())


# --- Ensembles that see one observation -------------------------------------------------------------------------------------------
def soft_bound(x, low, high):
    x = high - F.softplus(high - x)
    return low + F.softplus(x - low)


class EnsembleFC(nn.Module):
    def __init__(self, i, o, e):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(e, i, o))
        self.bias = nn.Parameter(torch.zeros(e, o))

    def forward(self, x):
        return torch.bmm(x, self.weight) + self.bias[:, None]


class Mbpo(nn.Module):
    def __init__(self, names, targets, hidden, e):
        super().__init__()
        sizes = [D + A, hidden, hidden, hidden, hidden, 2 * targets]
        for name, i, o in zip(names, sizes, sizes[1:]):
            setattr(self, name, EnsembleFC(i, o, e))
        self.names, self.targets = names, targets
        self.max_logvar = nn.Parameter(torch.ones(1, targets) / 2, requires_grad=False)
        self.min_logvar = nn.Parameter(-torch.ones(1, targets) * 10, requires_grad=False)

    def forward(self, x):
        for name in self.names[:-1]:
            x = getattr(self, name)(x)
            x = x * torch.sigmoid(x)
        x = getattr(self, self.names[-1])(x)
        return x[..., : self.targets], soft_bound(x[..., self.targets:], self.min_logvar, self.max_logvar)


def markov(path, model, scale, before, obs, actions, members, seen=lambda obs: obs, absolute=0):
    """Imagines; `before` columns stand before Δobs, the last of them the reward. The network sees `seen(obs)`, and says of the first
    `absolute` columns what they will be, not their change."""
    model = model.double()
    now, first, rollout, rewards = obs[:, -1], None, [], []
    with torch.no_grad():
        for t in range(H):
            x = (np.concatenate([seen(now), actions[:, t]], -1) - scale[0]) / scale[1]
            mean, logvar = (v.numpy() for v in model(torch.from_numpy(x).repeat(members, 1, 1)))
            nexts = mean[..., before:] + np.where(np.arange(now.shape[-1]) < absolute, 0, now)
            reward = mean[..., before - 1] if before else None
            if first is None:
                lv = np.concatenate([logvar[..., before:]] + ([logvar[..., before - 1:before]] if before else []), -1)
                first = (nexts, lv, reward)
            now = nexts.mean(0)
            rollout.append(now)
            if before:
                rewards.append(reward.mean(0))
    write(path, 1, obs, actions, first, np.stack(rollout, 1), np.stack(rewards, 1) if before else None, list(range(members)))


def scaler(seed, columns):
    rng = np.random.default_rng(seed)
    return f32(rng.normal(0, 0.5, (1, columns))), f32(rng.uniform(0.5, 2, (1, columns)))


def mbpo():
    here, E = folder("small-mbpo"), 4
    model = spread_out(Mbpo([f"nn{i}" for i in range(1, 6)], D + 1, 7, E))
    torch.save(model.state_dict(), os.path.join(here, "model.pt"))
    scale = scaler(1, D + A)
    np.savez(os.path.join(here, "scaler.npz"), mu=scale[0], std=scale[1])
    markov(os.path.join(here, "expected.json"), model, scale, 1, *starts(1, 1), E)


def omnisafe():
    here, E = folder("small-omnisafe", "torch_save"), 3
    model = spread_out(Mbpo([f"_nn{i}" for i in range(1, 6)], D + 2, 6, E))
    torch.save({"dynamics": model.state_dict()}, os.path.join(here, "epoch-10.pt"))
    json.dump({"seed": 0, "algo_cfgs": {"obs_normalize": False},
               "dynamics_cfgs": {"num_ensemble": E, "elite_size": E, "hidden_size": 6, "predict_reward": True, "predict_cost": True}},
              open(os.path.join(folder("small-omnisafe"), "config.json"), "w"), indent=4)
    scale = scaler(2, D + A)
    for name, values in zip(("mu", "std"), scale):
        np.save(os.path.join(here, name + ".npy"), values.astype(np.float32))
    markov(os.path.join(here, "expected.json"), model, scale, 2, *starts(2, 1), E)


class Pets(nn.Module):
    def __init__(self, hidden, e, inputs=D + A, d=D):
        super().__init__()
        sizes = [inputs, hidden, hidden, hidden, 2 * d]
        for n, (i, o) in enumerate(zip(sizes, sizes[1:])):
            setattr(self, f"lin{n}_w", nn.Parameter(torch.zeros(e, i, o)))
            setattr(self, f"lin{n}_b", nn.Parameter(torch.zeros(e, 1, o)))
        self.inputs_mu = nn.Parameter(torch.zeros(1, inputs), requires_grad=False)
        self.inputs_sigma = nn.Parameter(torch.ones(1, inputs), requires_grad=False)
        self.max_logvar = nn.Parameter(torch.ones(1, d) / 2)
        self.min_logvar = nn.Parameter(-torch.ones(1, d) * 10)

    def forward(self, x):
        x = (x - self.inputs_mu) / self.inputs_sigma
        for n in range(4):
            x = x.matmul(getattr(self, f"lin{n}_w")) + getattr(self, f"lin{n}_b")
            x = x * torch.sigmoid(x) if n < 3 else x
        d = x.shape[-1] // 2
        return x[..., :d], soft_bound(x[..., d:], self.min_logvar, self.max_logvar)


def pets_of(name, d, a, e, seen, absolute):
    """One of the two environments whose `obs_preproc` changes the observation."""
    here = folder(name)
    inputs = seen(np.zeros((1, d))).shape[-1] + a
    model = spread_out(Pets(5, e, inputs, d), 0.7)
    # Of data, as the library fits it.
    rng = np.random.default_rng(8)
    data = np.concatenate([seen(rng.normal(0.3, 1, (500, d))), rng.uniform(-1, 1, (500, a))], 1)
    mu, sigma = data.mean(0, keepdims=True), data.std(0, keepdims=True)
    model.inputs_mu.data, model.inputs_sigma.data = torch.from_numpy(mu).float(), torch.from_numpy(sigma).float()
    torch.save(model.state_dict(), os.path.join(here, "model.pt"))
    markov(os.path.join(here, "expected.json"), model, (0.0, 1.0), 0, *starts(8, 1, d, a), e, seen, absolute)


def pets_cartpole():
    pets_of("small-pets-cartpole", 4, 1, 3, lambda o: np.concatenate([np.sin(o[:, 1:2]), np.cos(o[:, 1:2]), o[:, :1], o[:, 2:]], 1), 0)


def pets_halfcheetah():
    see = lambda o: np.concatenate([o[:, 1:2], np.sin(o[:, 2:3]), np.cos(o[:, 2:3]), o[:, 3:]], 1)
    pets_of("small-pets-halfcheetah", 18, 6, 2, see, 1)


def pets():
    here, E = folder("small-pets"), 5
    model = spread_out(Pets(7, E))
    mu, sigma = scaler(3, D + A)
    model.inputs_mu.data, model.inputs_sigma.data = torch.from_numpy(mu).float(), torch.from_numpy(sigma).float()
    torch.save(model.state_dict(), os.path.join(here, "model.pt"))
    open(os.path.join(here, "oodscope.toml"), "w").write('preprocess = "none"\ntarget = "delta"\n')
    markov(os.path.join(here, "expected.json"), model, (0.0, 1.0), 0, *starts(3, 1), E)


# --- Recurrent ones ---------------------------------------------------------------------------------------------------------------
class ResBlock(nn.Module):
    def __init__(self, i, o, residual):
        super().__init__()
        self.linear, self.layer_norm, self.residual = nn.Linear(i, o), nn.LayerNorm(o), residual

    def forward(self, x):
        y = F.silu(self.linear(x))
        return self.layer_norm(x + y if self.residual else y)


class RnnModel(nn.Module):
    def __init__(self, i, o, hidden, layers):
        super().__init__()
        self.rnn_layer = nn.GRU(i, hidden[0], layers, batch_first=True)
        self.input_layer = ResBlock(i, hidden[0], False)
        self.backbones = nn.ModuleList(ResBlock(a, b, True) for a, b in zip(hidden, hidden[1:]))
        self.merge_layer = nn.Linear(hidden[0] + hidden[-1], hidden[0])
        self.output_layer = nn.Linear(hidden[-1], o)

    def forward(self, x):
        past, _ = self.rnn_layer(x)
        y = F.silu(self.merge_layer(torch.cat([self.input_layer(x), past], -1)))
        for layer in self.backbones:
            y = layer(y)
        return self.output_layer(y)


def kit_rnn():
    here, context = folder("small-kit-rnn"), 5
    model = spread_out(RnnModel(D + A, D + 1, [6, 6, 6], 3))
    with torch.no_grad():
        model.output_layer.weight.mul_(0.3)
    torch.save(model.state_dict(), os.path.join(here, "dynamics.pth"))
    mu, std = scaler(4, D + A)
    np.save(os.path.join(here, "mu.npy"), mu)
    np.save(os.path.join(here, "std.npy"), std)
    obs, actions = starts(4, context)
    seen, rewards = obs, []
    model = model.double().eval()
    with torch.no_grad():
        for t in range(H):
            # As in RNNDynamics.step: the whole history anew, of which the last prediction counts.
            x = (np.concatenate([seen, actions[:, : context + t]], -1) - mu) / std
            last = model(torch.from_numpy(x))[:, -1].numpy()
            seen = np.concatenate([seen, (last[:, :-1] + seen[:, -1])[:, None]], 1)
            rewards.append(last[:, -1])
    rollout, rewards = seen[:, context:], np.stack(rewards, 1)
    write(os.path.join(here, "expected.json"), context, obs, actions, (rollout[None, :, 0], None, rewards[None, :, 0]), rollout, rewards, [0])


class Memory(nn.Module):
    def __init__(self, kind, i, hidden, layers):
        super().__init__()
        self.rnn, self.hidden_states = kind(i, hidden, layers, batch_first=True), None

    def forward(self, x):
        x, self.hidden_states = self.rnn(x, self.hidden_states)
        return x[:, -1]


class RnnBase(nn.Module):
    def __init__(self, kind, hidden):
        super().__init__()
        self.memory = Memory(kind, D + A, hidden, 2)

    def forward(self, s, a):
        return self.memory(torch.cat([s, a], -1))


class MlpBase(nn.Module):
    def __init__(self, history, shape):
        super().__init__()
        sizes = [history * (D + A), *shape]
        self.layers = nn.Sequential(*(m for i, o in zip(sizes, sizes[1:]) for m in (nn.Linear(i, o), nn.ReLU())))

    def forward(self, s, a):
        return self.layers(torch.cat([s, a], -1).flatten(1, 2))


def mlp(i, hidden, o):
    return nn.Sequential(nn.Linear(i, hidden), nn.ReLU(), nn.Linear(hidden, o))


class StateHead(nn.Module):
    def __init__(self, i, deviations):
        super().__init__()
        self.state_mean_layers = mlp(i, 5, D)
        if deviations:
            self.state_logstd_layers = mlp(i, 5, D)
            self.state_min_logstd = nn.Parameter(-5 * torch.ones(1, D))
            self.state_log_delta_logstd = nn.Parameter(torch.zeros(1, D))
        self.deviations = deviations

    def forward(self, x, s):
        mean = self.state_mean_layers(x) + s[:, -1]
        if not self.deviations:
            return mean, None
        high = self.state_min_logstd + torch.exp(self.state_log_delta_logstd)
        return mean, soft_bound(self.state_logstd_layers(x), self.state_min_logstd, high)


class AuxiliaryHead(nn.Module):
    def __init__(self, i):
        super().__init__()
        self.contact_layers, self.termination_layers = mlp(i, 5, 2), mlp(i, 5, 1)


class SystemDynamicsEnsemble(nn.Module):
    def __init__(self, base, width, heads, deviations):
        super().__init__()
        self.state_base = base()
        self.state_heads = nn.ModuleList(StateHead(width, deviations) for _ in range(heads))
        self.auxiliary_base = base()
        self.auxiliary_heads = nn.ModuleList(AuxiliaryHead(width) for _ in range(heads))

    def forward(self, s, a):
        x = self.state_base(s, a)
        said = [head(x, s) for head in self.state_heads]
        return torch.stack([m for m, _ in said]), None if said[0][1] is None else torch.stack([d for _, d in said])


def rwm():
    here, history = folder("small-rwm"), 4
    rng = np.random.default_rng(9)
    state = f32(np.round(rng.normal(0, 0.5, D), 3)), f32(np.round(rng.uniform(0.3, 3, D), 3))
    action = f32(np.round(rng.normal(0, 0.1, A), 3)), f32(np.round(rng.uniform(0.5, 2, A), 3))
    listed = lambda v: "".join(f"\n    - {round(float(x), 3)}" for x in v)
    text = f"""seed: 42
class_name: MBPOOnPolicyRunner
system_dynamics:
  ensemble_size: 3
  history_horizon: {history}
  architecture_config:
    type: rnn
    rnn_type: gru
    state_mean_shape:
    - 5
  freeze_auxiliary: false
imagination:
  num_envs: 0
  state_normalizer:
    mean:{listed(state[0])}
    std:{listed(state[1])}
  action_normalizer:
    mean:{listed(action[0])}
    std:{listed(action[1])}
system_dynamics_state_idx_dict:
  $v$:
  - 0
"""
    open(os.path.join(folder("small-rwm", "params"), "agent.yaml"), "w").write(text)
    for it, name, base, width, heads, deviations in [
        (10, "gru", lambda: RnnBase(nn.GRU, 6), 6, 3, True),
        (20, "lstm", lambda: RnnBase(nn.LSTM, 6), 6, 2, False),
        (30, "mlp", lambda: MlpBase(history, [8, 6]), 6, 3, True),
    ]:
        model = spread_out(SystemDynamicsEnsemble(base, width, heads, deviations))
        with torch.no_grad():
            for head in model.state_heads:
                head.state_mean_layers[-1].weight.mul_(0.3)
        policy = mlp(D, 4, A)
        adam = torch.optim.Adam(policy.parameters())
        torch.save(
            {"model_state_dict": {"actor." + k: v for k, v in policy.state_dict().items()}, "system_dynamics_state_dict": model.state_dict(),
             "optimizer_state_dict": adam.state_dict(), "system_dynamics_optimizer_state_dict": adam.state_dict(), "iter": it, "infos": None},
            os.path.join(here, f"model_{it}.pt"),
        )
        model = model.double()
        obs, actions = starts(it, history)
        # What is written is float32; the normaliser adds 1e-8 to its deviations.
        n = lambda x, scale: torch.from_numpy((x - scale[0]) / (scale[1] + 1e-8))
        s, a, first, rollout = n(obs, state), n(actions, action), None, []
        with torch.no_grad():
            for t in range(H):
                now = slice(t + history - 1, t + history) if t and name != "mlp" else slice(t, t + history)
                mean, logstd = model(s[:, now], a[:, now])
                raw = mean.numpy() * (state[1] + 1e-8) + state[0]
                if first is None:
                    first = raw, None if logstd is None else 2 * (logstd.numpy() + np.log(state[1] + 1e-8)), None
                s = torch.cat([s, mean.mean(0)[:, None]], 1)
                rollout.append(raw.mean(0))
        write(os.path.join(here, f"expected_{name}.json"), history, obs, actions, first, np.stack(rollout, 1), None, list(range(heads)))


torch.manual_seed(0)
mbpo()
omnisafe()
pets()
pets_cartpole()
pets_halfcheetah()
kit_rnn()
rwm()
