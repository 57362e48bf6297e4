"""One training step of a small world model in every form that `oodscope fit --model rssm` has of DreamerV3 (arXiv 2301.04104),
in PyTorch and double precision: the loss, its parts and its gradients. Writes oracles/dreamer-step.json.
Biases are large, so that the divergence is above what is free of it.

The formulas are stated anew here: RMS norm (eps 1e-4), the cell whose gates see everything and the cell in blocks, two-hot
rewards over 255 bins of compressed numbers, balanced KL with a free nat, straight-through draws with a hundredth spread evenly.

    python make_dreamer_step.py
"""

import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)
OBS, ACTION, UNITS, GROUPS, CLASSES, HIDDEN, ROWS, STEPS = 2, 1, 6, 2, 3, 4, 2, 3
LATENTS = GROUPS * CLASSES
SHARP, FREE, REPRESENTATION, UNIMIX, EPS = 50.0, 1.0, 0.1, 0.01, 1e-4
# What the stream "latents" of seed 0 draws first, which the test holds its own to.
DRAWS = [n / 2**24 for n in (
    1017681, 14067997, 13061910, 2119639, 5861436, 10051466, 9993697, 11121548,
    4579492, 9368757, 1123314, 3387717, 15629065, 5773835, 1705386, 9568855,
)]


def single(values):
    """As single precision holds them: the weights that the program has."""
    return torch.tensor(values, dtype=torch.float32).double()


class Dense:
    def __init__(self, seed, inputs, outputs, blocks, norm, act):
        def wave(i):
            at = torch.tensor(float(i + 100 * seed), dtype=torch.float32)
            return torch.sin(at * torch.tensor(0.731, dtype=torch.float32) + torch.tensor(0.1, dtype=torch.float32)).item()

        count = inputs // blocks * outputs
        shape = (blocks, inputs // blocks, outputs // blocks)
        self.weight = single([0.5 * wave(i) for i in range(count)]).reshape(shape).requires_grad_()
        self.bias = single([2.0 * wave(i + 7) for i in range(outputs)]).requires_grad_()
        self.scale = single([1.0 + 0.2 * wave(i + 13) for i in range(outputs)]).requires_grad_() if norm else None
        self.blocks, self.act = blocks, act

    def __call__(self, x):
        own = x.reshape(x.shape[0], self.blocks, -1)
        y = torch.einsum("rgi,gio->rgo", own, self.weight).reshape(x.shape[0], -1) + self.bias
        if self.scale is not None:
            y = y / torch.sqrt((y * y).mean(-1, keepdim=True) + EPS) * self.scale
        return torch.nn.functional.silu(y) if self.act else y

    def parameters(self):
        return [self.weight, self.bias] + ([self.scale] if self.scale is not None else [])


class Model:
    def __init__(self, rms, blocks, two_hot):
        self.layers, self.blocks, self.two_hot = [], blocks, two_hot

        def dense(inputs, outputs, act, norm=None, g=1):
            layer = Dense(len(self.layers) + 1, inputs, outputs, g, rms and (act if norm is None else norm), act)
            self.layers.append(layer)
            return layer

        def stack(*widths, last):
            out = [dense(a, b, True) for a, b in zip(widths, widths[1:])]
            return out + ([dense(widths[-1], last, False)] if last else [])

        state = UNITS + LATENTS
        self.encoder = stack(OBS, HIDDEN, HIDDEN, last=None)
        self.posterior = stack(UNITS + HIDDEN, HIDDEN, last=LATENTS)
        if blocks:
            self.before = [stack(n, HIDDEN, last=None) for n in (UNITS, LATENTS, ACTION)]
            self.gates = [dense(UNITS + blocks * 3 * HIDDEN, UNITS, True, g=blocks), dense(UNITS, 3 * UNITS, False, g=blocks)]
        else:
            self.before = [stack(LATENTS + ACTION, HIDDEN, last=None)]
            self.gates = [dense(UNITS + HIDDEN, 3 * UNITS, False, norm=True)]
        self.prior = stack(UNITS, HIDDEN, last=LATENTS)
        self.decoder = stack(state, HIDDEN, HIDDEN, last=OBS)
        self.reward = stack(state, HIDDEN, last=255 if two_hot else 1)
        self.goes_on = stack(state, HIDDEN, last=1)

    def carry_on(self, units, latents, action):
        if self.blocks:
            g = self.blocks
            hidden = torch.cat([run(net, part) for net, part in zip(self.before, (units, latents, action))], -1)
            own = units.reshape(len(units), g, -1)
            x = torch.cat([own, hidden[:, None].expand(-1, g, -1)], -1).reshape(len(units), -1)
        else:
            g, x = 1, torch.cat([units, run(self.before[0], torch.cat([latents, action], -1))], -1)
        gates = run(self.gates, x).reshape(len(units), g, 3, UNITS // g)
        reset, new, update = gates[:, :, 0].sigmoid(), gates[:, :, 1], (gates[:, :, 2] - 1).sigmoid()
        new = torch.tanh(reset * new)
        before = units.reshape(len(units), g, -1)
        return (update * new + (1 - update) * before).reshape(len(units), -1)


def run(layers, x):
    for layer in layers:
        x = layer(x)
    return x


def mixed(logits):
    p = logits.reshape(-1, GROUPS, CLASSES).softmax(-1)
    return (1 - UNIMIX) * p + UNIMIX / CLASSES


def kl(p, q):
    return (p * (p.log() - q.log())).sum((1, 2))


def step(model, draws):
    value = lambda i: torch.sin(torch.tensor(float(i), dtype=torch.float32) * torch.tensor(0.917, dtype=torch.float32)).double().item()
    obs = single([value(i) for i in range(16)]).reshape(STEPS + 1, ROWS, OBS)
    actions = single([value(i + 40) for i in range(6)]).reshape(STEPS, ROWS, ACTION)
    rewards = single([2.0 * value(i + 60) for i in range(6)])
    goes_on = torch.tensor([1.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    draws = iter(draws)
    units, latents = torch.zeros(ROWS, UNITS), torch.zeros(ROWS, LATENTS)
    action = torch.zeros(ROWS, ACTION)
    features, forward, backward, nats = [], [], [], []
    for t in range(STEPS + 1):
        units = model.carry_on(units, latents, action if t == 0 else actions[t - 1])
        posterior = mixed(run(model.posterior, torch.cat([units, run(model.encoder, obs[t])], -1)))
        if t > 0:
            prior = mixed(run(model.prior, units))
            nats.append(kl(posterior, prior).mean())
            forward.append(kl(posterior.detach(), prior).clamp(min=FREE).mean())
            backward.append(kl(posterior, prior.detach()).clamp(min=FREE).mean())
        chosen = torch.zeros_like(posterior)
        for r in range(ROWS):
            for g in range(GROUPS):
                left = next(draws) * float(posterior[r, g].sum())
                at = next((c for c in range(CLASSES) if (left := left - float(posterior[r, g, c])) < 0), CLASSES - 1)
                chosen[r, g, at] = 1
        latents = (posterior + (chosen - posterior).detach()).reshape(ROWS, -1)
        features.append(torch.cat([units, latents], -1))
    everything = torch.cat(features)
    arrived = everything[ROWS:]
    reconstruction = 0.5 * (run(model.decoder, everything) - obs.reshape(-1, OBS)).square().sum() / (ROWS * (STEPS + 1))
    said = run(model.reward, arrived)
    if model.two_hot:
        at = (rewards + 20) / 40 * 254
        low = at.floor().clamp(max=253)
        target = torch.zeros(len(rewards), 255)
        rows = torch.arange(len(rewards))
        target[rows, low.long()], target[rows, low.long() + 1] = 1 - (at - low), at - low
        reward = -(target * said.log_softmax(-1)).sum() / len(rewards)
    else:
        reward = 0.5 * (said[:, 0] - rewards).square().sum() / len(rewards)
    ends = torch.nn.functional.binary_cross_entropy_with_logits(run(model.goes_on, arrived)[:, 0], goes_on)
    loss = 2 * SHARP * reconstruction + (1 if model.two_hot else 2 * SHARP) * reward + ends
    loss = loss + sum(forward) / STEPS + REPRESENTATION * sum(backward) / STEPS
    return loss, [reconstruction, reward, ends, sum(nats) / STEPS]


def case(rms, blocks, two_hot):
    model = Model(rms, blocks, two_hot)
    loss, parts = step(model, DRAWS)
    loss.backward()
    gradients = []
    for layer in model.layers:
        for p in layer.parameters():
            grad = (p.grad if p.grad is not None else torch.zeros_like(p)).flatten()
            waves = torch.cos(torch.arange(len(grad), dtype=torch.float64))
            gradients.append([float(grad.norm()), float(grad.sum()), float((grad * waves).sum())])
    return {"form": [rms, blocks, two_hot], "loss": [float(v) for v in [loss, *parts]], "gradients": gradients}


if __name__ == "__main__":
    cases = [case(True, 0, False), case(False, 2, False), case(False, 0, True), case(True, 2, True)]
    out = pathlib.Path(__file__).parent / "oracles" / "dreamer-step.json"
    out.write_text(json.dumps({"draws": DRAWS, "cases": cases}) + "\n")
    print([c["loss"] for c in cases])
