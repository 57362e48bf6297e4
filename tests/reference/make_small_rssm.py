"""Writes the small recurrent state-space model that ships in tests/reference and its reference numbers, with the library itself.

usage: make_small_rssm.py TESTS_REFERENCE   (needs rssmlite 0.1.0, torch, numpy)

models/small-rssm/agent.pt: what rssmlite's agent saves (RSSM, actor, critic, their optimisers, what it was made with): 2
observation and 1 action dimensions, 6 units, 3 groups of 4 classes, random weights made larger so that the latents differ from
state to state. oracles/model-small-rssm.{json,npz}: imagination as the other model oracles have it, in float64, from five
observations of a damped oscillator.
"""
import json, os, sys
import numpy as np
import torch
from rssmlite.agent import RSSMAgent

out = sys.argv[1]
D, A, CONTEXT, K, H = 2, 1, 5, 6, 12
torch.manual_seed(5)
rng = np.random.default_rng(5)
agent = RSSMAgent(
    obs_dim=D, action_dim=A, discrete=False, hidden_dim=5,
    rssm_kwargs=dict(deter_dim=6, embed_dim=5, num_categoricals=3, num_classes=4, hidden_dim=7),
)
with torch.no_grad():
    for p in agent.rssm.parameters():
        p.mul_(4.0)
folder = os.path.join(out, "models", "small-rssm")
os.makedirs(folder, exist_ok=True)
agent.save_checkpoint(os.path.join(folder, "agent.pt"))

# A damped oscillator under random pushes.
true, actions, reward = np.zeros((K, H + 1, D)), rng.uniform(-1, 1, (K, H, A)), np.zeros((K, H))
true[:, 0] = rng.normal(0, 2, (K, D))
for t in range(H):
    x, v = true[:, t, 0], true[:, t, 1]
    v2 = 0.97 * v - 0.5 * x + 0.4 * actions[:, t, 0]
    true[:, t + 1] = np.stack([x + 0.3 * v2, v2], 1)
    reward[:, t] = -(x**2) - 0.1 * v**2
# What is read is float32.
true, actions = true.astype(np.float32).astype(np.float64), actions.astype(np.float32).astype(np.float64)


def imagined(dtype):
    m = RSSMAgent.load_checkpoint(os.path.join(folder, "agent.pt")).rssm.to(dtype)
    o, a = torch.from_numpy(true).to(dtype), torch.from_numpy(actions).to(dtype)
    mode = lambda lg: torch.nn.functional.one_hot(lg.argmax(-1), lg.shape[-1]).to(dtype).flatten(-2, -1)
    symexp = lambda v: torch.sign(v) * torch.expm1(v.abs())
    O, R = [], []
    with torch.no_grad():
        h = torch.zeros(K, m.deter_dim, dtype=dtype)
        for i in range(CONTEXT):
            if i:
                h = m.dynamics(h, z, a[:, i - 1])
            z = mode(m.posterior_net(h, m.encoder(o[:, i])))
        for t in range(CONTEXT - 1, H):
            h = m.dynamics(h, z, a[:, t])
            z = mode(m.dynamics.prior_logits(h))
            f = torch.cat([h, z], -1)
            O.append(symexp(m.decoder(f)))
            R.append(symexp(m.reward_head(f)))
    return torch.stack(O, 1).double().numpy(), torch.stack(R, 1).double().numpy()


(obs, rew), (obs32, _) = imagined(torch.float64), imagined(torch.float32)
std = true.reshape(-1, D).std(0)
err = np.sqrt((((obs - true[:, CONTEXT:]) / std) ** 2).mean(-1))
name = "oscillator"
np.savez_compressed(
    os.path.join(out, "oracles", "model-small-rssm.npz"),
    **{f"true_{name}": true, f"actions_{name}": actions, f"true_reward_{name}": reward, f"imagined_{name}": obs, f"imagined_reward_{name}": rew},
)
json.dump(
    {
        "model": "small-rssm",
        "versions": {"torch": torch.__version__.split("+")[0], "rssmlite": "0.1.0", "numpy": np.__version__},
        "sets": {name: {"starts": K, "nrmse_mean": err.mean(0).tolist(), "nrmse_median": np.median(err, 0).tolist(),
                        "f32_max_abs_diff": np.abs(obs32 - obs).max((0, 2)).tolist()}},
        "error_scale": {"std": std.tolist()},
        "definition": {"open_loop": "5 observations read with the likeliest latents from units of 0, then the likeliest of the prior with the recorded actions; imagined_ and imagined_reward_ are what is decoded after each step"},
    },
    open(os.path.join(out, "oracles", "model-small-rssm.json"), "w"), indent=1,
)
print("distinct latents matter: spread of imagined", obs.std((0, 1)), "f32", np.abs(obs32 - obs).max())
