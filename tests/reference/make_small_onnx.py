"""Writes models/small-onnx: one step of a small world model as PyTorch exports it to ONNX, and what PyTorch computes of it.

    python make_small_onnx.py OUT

Needs torch and onnx. The network is small and untrained: a perceptron with SiLU over [obs, action] whose outputs are Δobs and the reward.
`expected.json`: K observations and actions, the next observation and the reward of one step, and the imagination over 50 steps, in
float64. The files:
  next/model.onnx      inputs obs, action with a dynamic batch; outputs next_obs, reward
  fixed/model.onnx     the same for a batch of 4
  delta/model.onnx     outputs reward [B, 1] and delta, inputs action, state
  plain/model.onnx     the whole in one input and one output, [obs, action] to [Δobs, reward], without names that say so
  external/model.onnx  weights in a file model.onnx.data that is not there
  two/model.onnx       inputs obs and state
  strange/model.onnx   an operator that no runtime has
"""
import json, os, sys, warnings
import numpy as np
import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F

warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch.manual_seed(3)
out = os.path.join(sys.argv[1], "models", "small-onnx")
D, A, K, H = 3, 2, 6, 50


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(D + A, 16), nn.Linear(16, D + 1)
        with torch.no_grad():
            self.last.weight.mul_(0.2)

    def forward(self, both):
        return self.last(F.silu(self.first(both)))


class Form(nn.Module):
    def __init__(self, net, form):
        super().__init__()
        self.net, self.form = net, form

    def forward(self, *given):
        if self.form == "plain":
            return self.net(given[0])
        obs, action = given if self.form == "next" else given[::-1]
        said = self.net(torch.cat([obs, action], -1))
        delta, reward = said[:, :D], said[:, D]
        return (obs + delta, reward) if self.form == "next" else (reward[:, None], delta)


def export(net, folder, form, inputs, outputs, rows=None):
    path = os.path.join(out, folder)
    os.makedirs(path, exist_ok=True)
    wide = {"obs": D, "state": D, "action": A, "x": D + A}
    given = tuple(torch.zeros(rows or 1, wide[name]) for name in inputs)
    axes = {} if rows else {name: {0: "batch"} for name in inputs + outputs}
    torch.onnx.export(Form(net, form), given, os.path.join(path, "model.onnx"), input_names=inputs, output_names=outputs,
                      dynamic_axes=axes, dynamo=False, opset_version=17)


net = Net()
export(net, "next", "next", ["obs", "action"], ["next_obs", "reward"])
export(net, "fixed", "next", ["obs", "action"], ["next_obs", "reward"], rows=4)
export(net, "delta", "delta", ["action", "state"], ["reward", "delta"])
export(net, "plain", "plain", ["x"], ["y"])

g = torch.Generator().manual_seed(5)
obs, actions = torch.randn(K, D, generator=g), torch.rand(K, H, A, generator=g) * 2 - 1
wide = net.double()
state, states, rewards = obs.double(), [], []
with torch.no_grad():
    for h in range(H):
        said = wide(torch.cat([state, actions[:, h].double()], -1))
        state = state + said[:, :D]
        states.append(state)
        rewards.append(said[:, D])
listed = lambda t: np.asarray(t, np.float64).tolist()
want = {"obs": listed(obs), "actions": listed(actions), "next_obs": listed(torch.stack(states, 1)), "reward": listed(torch.stack(rewards, 1))}
with open(os.path.join(out, "expected.json"), "w") as f:
    json.dump(want, f)

# What cannot be read.
source = os.path.join(out, "next", "model.onnx")


def spoiled(folder, change):
    model = onnx.load(source)
    change(model)
    path = os.path.join(out, folder)
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "model.onnx"), "wb") as f:
        f.write(model.SerializeToString())


def elsewhere(model):
    for tensor in model.graph.initializer:
        size = len(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in {"location": "model.onnx.data", "offset": "0", "length": str(size)}.items():
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value


def two(model):
    model.graph.input[1].name = "state"
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            if name == "action":
                node.input[i] = "state"


def strange(model):
    for node in model.graph.node:
        if node.op_type == "Sigmoid":
            node.op_type = "FrobnicateBy3"


spoiled("external", elsewhere)
spoiled("two", two)
spoiled("strange", strange)
