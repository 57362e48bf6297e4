"""Writes four small world models of the Dreamer family and what they imagine, each with the names, shapes and formulas of one library.

usage: make_small_dreamers.py TESTS_REFERENCE   (needs torch, numpy)

models/small-dreamerv3-torch, small-sheeprl, small-r2dreamer and small-dreamerv3 (danijar/dreamerv3): random weights, 3 groups of 4
classes, 8 units, 3 observation and 2 action columns, each file as its library leaves it. The modules here are restatements of the
libraries' (dreamerv3-torch 6ef8646, sheeprl 33b6366, r2dreamer 546e4fa, dreamerv3 e3f0224), not their code. oracles/model-small-*.json
and .npz: in float64, five observations read with the likeliest latents, then fifty steps of the prior's likeliest latents. Seeds are
taken so that no two classes come closer than 1e-3 to each other, which single precision could exchange.
"""
import json, os, pickle, sys
from collections import OrderedDict
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

torch.set_num_threads(1)
out = sys.argv[1]
D, A, CONTEXT, K, H = 3, 2, 5, 4, 55
DETER, HIDDEN, GROUPS, CLASSES, UNITS, BINS, BLOCKS = 8, 6, 3, 4, 7, 255, 2
STOCH = GROUPS * CLASSES

symlog = lambda x: torch.sign(x) * torch.log1p(torch.abs(x))
symexp = lambda x: torch.sign(x) * torch.expm1(torch.abs(x))
mode = lambda lg: F.one_hot(lg.unflatten(-1, (GROUPS, CLASSES)).argmax(-1), CLASSES).to(lg.dtype).flatten(-2, -1)
ACTS = {"silu": nn.SiLU, "elu": nn.ELU, "gelu": lambda: nn.GELU(approximate="tanh")}


def seq(*parts):
    """A Sequential of named modules."""
    return nn.Sequential(OrderedDict(parts))


def layered(word, inputs, layers, bias, norm, act="silu"):
    parts = []
    for i in range(layers):
        parts += [(f"{word}_linear{i}", nn.Linear(inputs if i == 0 else UNITS, UNITS, bias=bias)), (f"{word}_norm{i}", norm(UNITS)), (f"{word}_act{i}", ACTS[act]())]
    return seq(*parts)


class Node(nn.Module):
    """A module that only holds others."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


class BlockLinear(nn.Module):
    """[out / G, in / G, G] as r2dreamer keeps it."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs // BLOCKS, inputs // BLOCKS, BLOCKS))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x):
        x = x.unflatten(-1, (BLOCKS, -1))
        return torch.einsum("...gi,oig->...go", x, self.weight).flatten(-2, -1) + self.bias


def gru(parts, h):
    reset, cand, update = parts
    cand = torch.tanh(torch.sigmoid(reset) * cand)
    update = torch.sigmoid(update - 1)
    return update * cand + (1 - update) * h


class Torch(nn.Module):
    """dreamerv3-torch: encoder, dynamics, heads."""

    name, learned = "dreamerv3-torch", True
    keys = [("position", 2), ("velocity", 1)]

    def __init__(self):
        super().__init__()
        norm = lambda n: nn.LayerNorm(n, eps=1e-3)
        one = lambda inputs: nn.Sequential(nn.Linear(inputs, HIDDEN, bias=False), norm(HIDDEN), nn.SiLU())
        self.encoder = Node(_mlp=Node(layers=layered("Encoder", D, 2, False, norm)))
        d = Node(_img_in_layers=one(STOCH + A), _img_out_layers=one(DETER), _obs_out_layers=one(DETER + UNITS))
        d._cell = Node(layers=seq(("GRU_linear", nn.Linear(HIDDEN + DETER, 3 * DETER, bias=False)), ("GRU_norm", norm(3 * DETER))))
        d._imgs_stat_layer, d._obs_stat_layer = nn.Linear(HIDDEN, STOCH), nn.Linear(HIDDEN, STOCH)
        d.W = nn.Parameter(torch.empty(1, DETER))
        self.dynamics = d
        feat = STOCH + DETER
        decoder = Node(layers=layered("Decoder", feat, 2, False, norm), mean_layer=nn.ModuleDict({k: nn.Linear(UNITS, n) for k, n in self.keys}))
        head = lambda word, n: Node(layers=layered(word, feat, 2, False, norm), mean_layer=nn.Linear(UNITS, n))
        self.heads = nn.ModuleDict({"decoder": Node(_mlp=decoder), "reward": head("Reward", BINS), "cont": head("Cont", 1)})

    def start(self, n):
        h = torch.tanh(self.dynamics.W).repeat(n, 1)
        return h, mode(self.prior(h))

    def carry(self, h, z, a):
        x = self.dynamics._img_in_layers(torch.cat([z, a], -1))
        return gru(torch.split(self.dynamics._cell.layers(torch.cat([x, h], -1)), [DETER] * 3, -1), h)

    def prior(self, h):
        return self.dynamics._imgs_stat_layer(self.dynamics._img_out_layers(h))

    def posterior(self, h, o):
        embed = self.encoder._mlp.layers(symlog(o))
        return self.dynamics._obs_stat_layer(self.dynamics._obs_out_layers(torch.cat([h, embed], -1)))

    def read(self, h, z):
        f = torch.cat([z, h], -1)
        decoder = self.heads["decoder"]._mlp
        x = decoder.layers(f)
        obs = torch.cat([symexp(decoder.mean_layer[k](x)) for k, _ in self.keys], -1)
        logits = self.heads["reward"].mean_layer(self.heads["reward"].layers(f))
        bins = torch.linspace(-20.0, 20.0, BINS).to(f.dtype)
        reward = symexp((torch.softmax(logits, -1) * bins).sum(-1))
        return obs, reward, torch.sigmoid(self.heads["cont"].mean_layer(self.heads["cont"].layers(f)))[..., 0]

    def rewards_logits(self):
        return self.heads["reward"].mean_layer

    def write(self, folder):
        wm = self.state_dict()
        state = OrderedDict((f"_wm._orig_mod.{k}", v) for k, v in wm.items())
        # The behaviour holds the same world model once more, and the actor.
        state.update((f"_task_behavior._orig_mod._world_model.{k}", v) for k, v in wm.items())
        state["_task_behavior._orig_mod.actor.layers.Actor_linear0.weight"] = torch.zeros(2, STOCH + DETER)
        torch.save({"agent_state_dict": state, "optims_state_dict": {}}, os.path.join(folder, "latest.pt"))
        write(folder, "oodscope.toml", "# The library keeps the run's settings in no file.\nclasses = 4\n")


class Sheep(nn.Module):
    """sheeprl: encoder, rssm, observation_model, reward_model, continue_model."""

    name, learned = "sheeprl", True
    keys, decoded = [("velocity", 1), ("position", 2)], [("position", 2), ("velocity", 1)]

    def __init__(self):
        super().__init__()

        def mlp(inputs, layers, width, output=None, act="elu"):
            parts = []
            for i in range(layers):
                parts += [nn.Linear(inputs if i == 0 else width, width, bias=False), nn.LayerNorm(width, eps=0.01), ACTS[act]()]
            return Node(_model=nn.Sequential(*parts, *([nn.Linear(width, output)] if output else [])))

        feat = STOCH + DETER
        self.encoder = Node(mlp_encoder=Node(model=mlp(D, 2, UNITS)))
        self.rssm = Node(
            recurrent_model=Node(
                mlp=mlp(STOCH + A, 1, HIDDEN, act="silu"),
                rnn=Node(linear=nn.Linear(HIDDEN + DETER, 3 * DETER, bias=False), layer_norm=nn.LayerNorm(3 * DETER, eps=0.01)),
            ),
            representation_model=mlp(DETER + UNITS, 1, HIDDEN, STOCH),
            transition_model=mlp(DETER, 1, HIDDEN, STOCH),
        )
        self.rssm.initial_recurrent_state = nn.Parameter(torch.empty(DETER))
        heads = nn.ModuleList([nn.Linear(UNITS, n) for _, n in self.decoded])
        self.observation_model = Node(mlp_decoder=Node(model=mlp(feat, 2, UNITS), heads=heads))
        self.reward_model, self.continue_model = mlp(feat, 2, UNITS, BINS), mlp(feat, 2, UNITS, 1)

    def start(self, n):
        h = torch.tanh(self.rssm.initial_recurrent_state).expand(n, -1)
        return h, mode(self.prior(h))

    def carry(self, h, z, a):
        m = self.rssm.recurrent_model
        x = m.mlp._model(torch.cat([z, a], -1))
        return gru(torch.chunk(m.rnn.layer_norm(m.rnn.linear(torch.cat([h, x], -1))), 3, -1), h)

    def prior(self, h):
        return self.rssm.transition_model._model(h)

    def posterior(self, h, o):
        embed = self.encoder.mlp_encoder.model._model(symlog(o))
        return self.rssm.representation_model._model(torch.cat([h, embed], -1))

    def read(self, h, z):
        f = torch.cat([z, h], -1)
        decoder = self.observation_model.mlp_decoder
        x = decoder.model._model(f)
        by_key = {k: symexp(head(x)) for (k, _), head in zip(self.decoded, decoder.heads)}
        bins = torch.linspace(-20, 20, BINS).to(f.dtype)
        reward = symexp((torch.softmax(self.reward_model._model(f), -1) * bins).sum(-1))
        return torch.cat([by_key[k] for k, _ in self.keys], -1), reward, torch.sigmoid(self.continue_model._model(f))[..., 0]

    def rewards_logits(self):
        return self.reward_model._model[-1]

    def write(self, folder):
        state = {"world_model": self.state_dict(), "actor": OrderedDict({"model._model.0.weight": torch.zeros(2, STOCH + DETER)}), "iter_num": 7}
        torch.save(state, os.path.join(folder, "ckpt_7_0.ckpt"))
        norm = "{cls: sheeprl.models.models.LayerNorm, kw: {eps: 0.01}}"
        # As Hydra leaves it: references unresolved.
        parts = "".join(
            f"    {part}: {{dense_act: '${{algo.dense_act}}', {key}: '${{algo.mlp_layer_norm}}'}}\n"
            for part, key in [("encoder", "mlp_layer_norm"), ("recurrent_model", "layer_norm"), ("transition_model", "layer_norm"),
                              ("representation_model", "layer_norm"), ("observation_model", "mlp_layer_norm"),
                              ("reward_model", "layer_norm"), ("discount_model", "layer_norm")]
        )
        write(folder, "config.yaml", f"algo:\n  name: dreamer_v3\n  unimix: 0.01\n  dense_act: torch.nn.ELU\n  mlp_layer_norm: {norm}\n"
              "  mlp_keys:\n    encoder: [velocity, position]\n    decoder: [position, velocity]\n  world_model:\n"
              f"    discrete_size: {CLASSES}\n    stochastic_size: {GROUPS}\n{parts}env:\n  clip_rewards: false\n")


class Blocks(nn.Module):
    """What r2dreamer and dreamerv3 share, with r2dreamer's names; `act` and `eps` of the encoder and `first` of the heads differ."""

    name, learned, keys = "r2dreamer", False, [("all", 3)]
    encoder_act, encoder_eps = "silu", 1e-4
    units_first = False

    def __init__(self):
        super().__init__()
        norm = lambda n: nn.RMSNorm(n, eps=1e-4)
        one = lambda inputs: nn.Sequential(nn.Linear(inputs, HIDDEN), norm(HIDDEN), nn.SiLU())
        feat = STOCH + DETER
        encoder = layered("mlp_encoder", D, 2, True, lambda n: nn.RMSNorm(n, eps=self.encoder_eps), self.encoder_act)
        self.encoder = Node(encoders=nn.ModuleList([Node(layers=encoder)]))
        hid = seq(("dyn_hid_0", BlockLinear(3 * HIDDEN * BLOCKS + DETER, DETER)), ("norm_0", norm(DETER)), ("act_0", nn.SiLU()))
        deter = Node(_dyn_in0=one(DETER), _dyn_in1=one(STOCH), _dyn_in2=one(A), _dyn_hid=hid, _dyn_gru=BlockLinear(DETER, 3 * DETER))

        def latent(word, inputs, layers):
            parts = []
            for i in range(layers):
                parts += [(f"{word}_{i}", nn.Linear(inputs if i == 0 else HIDDEN, HIDDEN)), (f"{word}_n_{i}", norm(HIDDEN)), (f"{word}_a_{i}", nn.SiLU())]
            return seq(*parts, (f"{word}_logit", nn.Linear(HIDDEN, STOCH)))

        self.rssm = Node(_deter_net=deter, _obs_net=latent("obs_net", DETER + UNITS, 1), _img_net=latent("img_net", DETER, 2))
        head = lambda word, n, layers: Node(mlp=Node(layers=layered(word, feat, layers, True, norm)), last=nn.Linear(UNITS, n))
        self.reward, self.cont = head("reward", BINS, 1), head("cont", 1, 1)
        self.decoder = Node(_mlp=head("mlp_decoder", D, 2))

    def start(self, n):
        return torch.zeros(n, DETER, dtype=self.cont.last.bias.dtype), torch.zeros(n, STOCH, dtype=self.cont.last.bias.dtype)

    def carry(self, h, z, a):
        m = self.rssm._deter_net
        a = a / torch.clip(torch.abs(a), min=1.0)
        x = torch.cat([m._dyn_in0(h), m._dyn_in1(z), m._dyn_in2(a)], -1).unsqueeze(-2).expand(-1, BLOCKS, -1)
        x = torch.cat([h.unflatten(-1, (BLOCKS, -1)), x], -1).flatten(-2, -1)
        x = m._dyn_gru(m._dyn_hid(x))
        return gru([g.flatten(-2, -1) for g in torch.chunk(x.unflatten(-1, (BLOCKS, -1)), 3, -1)], h)

    def prior(self, h):
        return self.rssm._img_net(h)

    def posterior(self, h, o):
        return self.rssm._obs_net(torch.cat([h, self.encoder.encoders[0].layers(symlog(o))], -1))

    def read(self, h, z):
        f = torch.cat([z, h], -1)
        g = torch.cat([h, z], -1) if self.units_first else f
        half = symexp(torch.linspace(-20, 0, (BINS - 1) // 2 + 1, dtype=torch.float32))
        bins = torch.cat([half, -half[:-1].flip(0)]).to(f.dtype)
        of = lambda head, x: head.last(head.mlp.layers(x))
        p = torch.softmax(of(self.reward, g), -1) * bins
        m = (BINS - 1) // 2
        reward = p[..., m] + (p[..., :m].flip(-1) + p[..., m + 1 :]).sum(-1)
        return symexp(of(self.decoder._mlp, f)), reward, torch.sigmoid(of(self.cont, g))[..., 0]

    def rewards_logits(self):
        return self.reward.last

    def write(self, folder):
        own = self.state_dict()
        frozen = [k for k in own if k.startswith(("rssm.", "cont."))]
        state = OrderedDict(list(own.items()) + [(f"_frozen_{k}", own[k]) for k in frozen])
        torch.save({"agent_state_dict": state, "optims_state_dict": {}}, os.path.join(folder, "latest.pt"))
        os.makedirs(os.path.join(folder, ".hydra"), exist_ok=True)
        write(folder, ".hydra/config.yaml", f"model:\n  discrete: {CLASSES}\n  act: SiLU\n  horizon: 333\n  rep_loss: dreamer\n  rssm:\n"
              "    discrete: ${model.discrete}\n    act: ${model.act}\n    unimix_ratio: 0.01\n  encoder:\n    mlp: {act: '${model.act}', "
              "symlog_inputs: true}\n  decoder:\n    mlp_dist: {name: symlog_mse}\n    mlp: {act: '${model.act}'}\n")


class Official(Blocks):
    """danijar/dreamerv3: the same network under ninjax's names; its heads but the decoder take the units first."""

    name, keys, units_first = "dreamerv3", [("height", 1), ("orientations", 2)], True
    encoder_act, encoder_eps = "gelu", 1e-3

    def write(self, folder):
        params = {}
        put = lambda name, value: params.__setitem__(name, np.ascontiguousarray(value.detach().float().numpy()))

        def linear(name, of):
            put(f"{name}/kernel", of.weight.permute(2, 1, 0) if of.weight.dim() == 3 else of.weight.T)
            put(f"{name}/bias", of.bias)

        deter = self.rssm._deter_net
        for i in range(3):
            of = getattr(deter, f"_dyn_in{i}")
            linear(f"dyn/dynin{i}", of[0])
            put(f"dyn/dynin{i}norm/scale", of[1].weight)
        linear("dyn/dynhid0", deter._dyn_hid.dyn_hid_0)
        put("dyn/dynhid0norm/scale", deter._dyn_hid.norm_0.weight)
        linear("dyn/dyngru", deter._dyn_gru)
        for net, word, last, layers in [("obs_net", "obs", "obslogit", 1), ("img_net", "prior", "priorlogit", 2)]:
            of = getattr(self.rssm, f"_{net}")
            for i in range(layers):
                linear(f"dyn/{word}{i}", getattr(of, f"{net}_{i}"))
                put(f"dyn/{word}{i}norm/scale", getattr(of, f"{net}_n_{i}").weight)
            linear(f"dyn/{last}", getattr(of, f"{net}_logit"))

        def mlp(of, word, layers, linear_name, norm_name):
            for i in range(layers):
                linear(linear_name.format(i), getattr(of, f"{word}_linear{i}"))
                put(norm_name.format(i), getattr(of, f"{word}_norm{i}").weight)

        mlp(self.encoder.encoders[0].layers, "mlp_encoder", 2, "enc/mlp{}", "enc/mlp{}norm/scale")
        mlp(self.decoder._mlp.mlp.layers, "mlp_decoder", 2, "dec/mlp/linear{}", "dec/mlp/norm{}/scale")
        last, at = self.decoder._mlp.last, 0
        for key, n in self.keys:
            put(f"dec/vec/{key}/pred/kernel", last.weight[at : at + n].T)
            put(f"dec/vec/{key}/pred/bias", last.bias[at : at + n])
            at += n
        mlp(self.reward.mlp.layers, "reward", 1, "rew/mlp/linear{}", "rew/mlp/norm{}/scale")
        linear("rew/head/logits", self.reward.last)
        mlp(self.cont.mlp.layers, "cont", 1, "con/mlp/linear{}", "con/mlp/norm{}/scale")
        linear("con/head/logit", self.cont.last)
        # The optimiser keeps moments under the parameters' names.
        put("opt/state/0/dyn/dyngru/kernel", torch.zeros(2, 2))
        with open(os.path.join(folder, "agent.pkl"), "wb") as f:
            pickle.dump({"params": params, "counters": {"updates": 3, "batches": 3, "actions": 9}}, f)
        write(folder, "config.yaml", f"agent:\n  contdisc: true\n  horizon: 50\n  dyn:\n    rssm: {{act: silu, blocks: {BLOCKS}, classes: {CLASSES}, "
              "norm: rms, unimix: 0.01}\n    typ: rssm\n  enc:\n    simple: {act: gelu, norm: rms1em3, symlog: true}\n  dec:\n    simple: "
              "{act: silu, norm: rms}\n  rewhead: {act: silu, bins: 255, norm: rms, output: symexp_twohot}\n  conhead: {act: silu, norm: rms}\n"
              "logdir: ~/logdir\n")


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as f:
        f.write(text)


# A damped oscillator under random pushes, and half of its square.
rng = np.random.default_rng(5)
true, actions = np.zeros((K, H, D)), rng.uniform(-1.2, 1.2, (K, H, A))
x, v = rng.normal(0, 2, K), rng.normal(0, 1, K)
for t in range(H):
    true[:, t] = np.stack([x, v, 0.5 * x**2], 1)
    v = 0.97 * v - 0.5 * x + 0.4 * actions[:, t, 0] - 0.2 * actions[:, t, 1]
    x = x + 0.3 * v
actions = actions[:, : H - 1]
# What is read is float32.
true, actions = true.astype(np.float32).astype(np.float64), actions.astype(np.float32).astype(np.float64)


def weights(model, seed):
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            r = torch.randn(p.shape, generator=g)
            if p.dim() >= 2 and name.split(".")[-1] == "weight":
                p.copy_(r * 1.6 / p.shape[1] ** 0.5)
            elif "norm" in name or "_n_" in name or p.dim() == 1 and name.endswith("weight"):
                p.copy_(1 + 0.2 * r if name.endswith("weight") else 0.2 * r)
            else:
                p.copy_(0.3 * r)
        # Rewards near 0, as a trained head gives them: the outermost bins stand for numbers of size 1e8.
        last = model.rewards_logits()
        last.bias.copy_(-0.05 * torch.linspace(-127, 127, BINS).abs() ** 1.5 + last.bias)
    return model


def imagined(model, dtype):
    m = model.to(dtype)
    o, a = torch.from_numpy(true).to(dtype), torch.from_numpy(actions).to(dtype)
    margins, out = [], []

    def likeliest(logits):
        top = logits.unflatten(-1, (GROUPS, CLASSES)).topk(2, -1).values
        margins.append((top[..., 0] - top[..., 1]).min().item())
        return mode(logits)

    with torch.no_grad():
        h, z = m.start(K)
        for i in range(CONTEXT):
            h = m.carry(h, z, a[:, i - 1] if i else torch.zeros_like(a[:, 0]))
            z = likeliest(m.posterior(h, o[:, i]))
        states = []
        for t in range(CONTEXT - 1, H - 1):
            h = m.carry(h, z, a[:, t])
            z = likeliest(m.prior(h))
            states.append(z)
            out.append(m.read(h, z))
    obs, reward, goes_on = (torch.stack(v, 1).double().numpy() for v in zip(*out))
    kinds = len({tuple(row) for row in torch.stack(states).flatten(0, 1).int().tolist()})
    return obs, reward, goes_on, min(margins), kinds


std = true.reshape(-1, D).std(0)
for kind in [Torch, Sheep, Blocks, Official]:
    for seed in range(1000):
        model = weights(kind(), seed)
        obs, reward, goes_on, margin, kinds = imagined(model, torch.float64)
        if margin > 1e-3 and kinds > 12 and np.abs(obs).max() < 50:
            break
    obs32 = imagined(model, torch.float32)[0]
    end = 1 - goes_on
    if kind is Official:
        end = np.maximum(0, 1 - goes_on / (1 - 1 / 50))
    label = f"small-{kind.name}"
    folder = os.path.join(out, "models", label)
    os.makedirs(folder, exist_ok=True)
    model.float().write(folder)
    # Weights are kept in float32, and were made in it: both precisions start from the same numbers.
    err = np.sqrt((((obs - true[:, CONTEXT:]) / std) ** 2).mean(-1))
    arrays = {"true_oscillator": true, "actions_oscillator": actions, "imagined_oscillator": obs, "imagined_reward_oscillator": reward, "imagined_end_oscillator": end}
    np.savez_compressed(os.path.join(out, "oracles", f"model-{label}.npz"), **arrays)
    json.dump(
        {
            "model": label,
            "versions": {"torch": torch.__version__.split("+")[0], "numpy": np.__version__},
            "sets": {"oscillator": {"starts": K, "reward_on_arrival": True, "nrmse_mean": err.mean(0).tolist(), "nrmse_median": np.median(err, 0).tolist(),
                                    "f32_max_abs_diff": np.abs(obs32 - obs).max((0, 2)).tolist()}},
            "error_scale": {"std": std.tolist()},
            "definition": {"open_loop": "5 observations read with the likeliest latents from the library's own beginning, then the likeliest of the prior with the recorded actions; imagined_, imagined_reward_ and imagined_end_ are what is read after each step"},
        },
        open(os.path.join(out, "oracles", f"model-{label}.json"), "w"), indent=1,
    )
    print(label, "seed", seed, "states", kinds, "margin", margin, "sizes", np.abs(obs).max(), np.abs(reward).max(), end.min(), end.max(), "f32", np.abs(obs32 - obs).max())
