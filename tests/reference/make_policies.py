#!/usr/bin/env python3
"""Small policies as their libraries save them, and what they answer: policies/*/ and policies/expected.json.

    pip install torch numpy h5py stable-baselines3==2.0.0 d3rlpy==2.0.4 ; make_policies.py

Stable-Baselines3 and d3rlpy write their own files and give their own actions. Of the others, whose code is a script and no
package, a module of the same parameter names and the same forward pass is saved as the script saves it.
"""
import json, pathlib, pickle, sys, types, warnings

import numpy as np

warnings.filterwarnings("ignore")
for name in ("matplotlib", "matplotlib.pyplot", "matplotlib.figure"):  # asked for and not needed
    module = types.ModuleType(name)
    module.figure = module.Figure = object
    sys.modules.setdefault(name, module)
sys.modules["matplotlib"].figure = sys.modules["matplotlib.figure"]
sys.modules["matplotlib"].pyplot = sys.modules["matplotlib.pyplot"]
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent / "policies"
D, A, H = 3, 2, 8
LOW, HIGH = np.array([-1.0, -3.0], np.float32), np.array([1.0, 0.5], np.float32)
STATED = "action_low = [-1.0, -3.0]\naction_high = [1.0, 0.5]\n"
OBS = np.random.default_rng(7).normal(0, 2, (16, D)).astype(np.float32)
expected = {}
torch.manual_seed(0)


def put(name, actions, policy=None):
    """The folder of a policy; `policy` is what stands under [policy] beside it."""
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    if policy:
        (folder / "oodscope.toml").write_text("[policy]\n" + policy)
    expected[name] = {"action": np.asarray(actions).tolist()}


def folder(name):
    (HERE / name).mkdir(parents=True, exist_ok=True)
    return HERE / name


def stretch(x):
    return LOW + 0.5 * (x + 1.0) * (HIGH - LOW)


def mlp(*widths, act=nn.ReLU, last=None):
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers += [nn.Linear(a, b)] + ([act()] if i < len(widths) - 2 else [last()] if last else [])
    return nn.Sequential(*layers)


class Module(nn.Module):
    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            if isinstance(part, torch.Tensor) and not isinstance(part, nn.Parameter):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)


X = torch.tensor(OBS)
with torch.no_grad():
    # --- Stable-Baselines3
    import gymnasium as gym
    from gymnasium import spaces


class Env(gym.Env):
    def __init__(self, action):
        self.observation_space, self.action_space = spaces.Box(-9, 9, (D,), np.float32), action

    def reset(self, seed=None, options=None):
        return np.zeros(D, np.float32), {}

    def step(self, action):
        return np.random.default_rng(1).normal(1, 2, D).astype(np.float32), 0.0, False, False, {}


def sb3():
    from stable_baselines3 import PPO, SAC, TD3
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    box = spaces.Box(LOW, HIGH)
    small = dict(net_arch=[H, H])
    for name, kind, action, kwargs, more in [
        ("sb3-td3", TD3, box, small, {}),
        ("sb3-sac-elu", SAC, box, dict(small, activation_fn=nn.ELU), {}),
        ("sb3-ppo-gsde-squashed", PPO, box, dict(net_arch=dict(pi=[H], vf=[H]), squash_output=True), dict(use_sde=True)),
        ("sb3-ppo-multidiscrete", PPO, spaces.MultiDiscrete([3, 4]), small, {}),
    ]:
        env = DummyVecEnv([lambda: Env(action)])
        normalised = name == "sb3-sac-elu"
        if normalised:
            env = VecNormalize(env, clip_obs=1.5)
            env.obs_rms.update(np.random.default_rng(3).normal([1, -2, 0], [1, 2, 3], (50, D)))
            env.training = False
        if kind is not PPO:
            more = {"buffer_size": 10}
        model = kind("MlpPolicy", env, policy_kwargs=kwargs, seed=1, **more)
        with torch.no_grad():
            for p in model.policy.parameters():
                p.copy_(p + 0.3 * torch.randn_like(p))
        model.save(folder(name) / "policy.zip")
        if normalised:
            env.save(str(folder(name) / "vecnormalize.pkl"))
        seen = env.normalize_obs(OBS) if normalised else OBS
        put(name, model.predict(seen, deterministic=True)[0])


def d3():
    import d3rlpy
    from d3rlpy.models.encoders import VectorEncoderFactory
    from d3rlpy.preprocessing import MinMaxActionScaler, MinMaxObservationScaler, StandardObservationScaler

    enc = VectorEncoderFactory([H, H], activation="tanh")
    two = dict(actor_encoder_factory=enc, critic_encoder_factory=enc)
    standard = StandardObservationScaler(mean=np.array([0.1, 0.2, -0.3]), std=np.array([1.0, 2.0, 3.0]))
    span = MinMaxObservationScaler(minimum=np.array([-4.0, -5.0, -6.0]), maximum=np.array([5.0, 5.0, 7.0]))
    scaled = MinMaxActionScaler(minimum=LOW, maximum=HIGH)
    for name, config, size in [
        ("d3rlpy-sac", d3rlpy.algos.SACConfig(observation_scaler=standard, action_scaler=scaled, **two), A),
        ("d3rlpy-td3bc", d3rlpy.algos.TD3PlusBCConfig(observation_scaler=span, **two), A),
        ("d3rlpy-iql", d3rlpy.algos.IQLConfig(action_scaler=scaled, value_encoder_factory=enc, **two), A),
        ("d3rlpy-discrete-cql", d3rlpy.algos.DiscreteCQLConfig(encoder_factory=enc, n_critics=2), 4),
        ("d3rlpy-discrete-bc", d3rlpy.algos.DiscreteBCConfig(encoder_factory=enc), 4),
    ]:
        algo = config.create()
        algo.create_impl((D,), size)
        algo.save(str(folder(name) / "model.d3"))
        put(name, np.asarray(algo.predict(OBS)).reshape(len(OBS), -1))


def cleanrl():
    scale, bias = torch.tensor((HIGH - LOW) / 2), torch.tensor((HIGH + LOW) / 2)
    relu, tanh = torch.relu, torch.tanh
    td3 = Module(fc1=nn.Linear(D, H), fc2=nn.Linear(H, H), fc_mu=nn.Linear(H, A), action_scale=scale, action_bias=bias)
    q = Module(fc1=nn.Linear(D + A, H), fc2=nn.Linear(H, H), fc3=nn.Linear(H, 1))
    torch.save((td3.state_dict(), q.state_dict(), q.state_dict()), folder("cleanrl-td3") / "td3.cleanrl_model")
    put("cleanrl-td3", (tanh(td3.fc_mu(relu(td3.fc2(relu(td3.fc1(X)))))) * scale + bias).detach())
    agent = Module(critic=mlp(D, H, H, 1, act=nn.Tanh), actor_mean=mlp(D, H, H, A, act=nn.Tanh), actor_logstd=nn.Parameter(torch.zeros(1, A)))
    torch.save(agent.state_dict(), folder("cleanrl-ppo") / "ppo.cleanrl_model")
    put("cleanrl-ppo", np.clip(agent.actor_mean(X).detach().numpy(), LOW, HIGH), STATED + 'observations = "raw"\n')
    agent = Module(critic=mlp(D, H, H, 1, act=nn.Tanh), actor=mlp(D, H, H, 4, act=nn.Tanh))
    torch.save(agent.state_dict(), folder("cleanrl-ppo-discrete") / "ppo.cleanrl_model")
    put("cleanrl-ppo-discrete", agent.actor(X).argmax(1))
    dqn = Module(network=mlp(D, H, H, 4))
    torch.save(dqn.state_dict(), folder("cleanrl-dqn") / "dqn.cleanrl_model")
    put("cleanrl-dqn", dqn.network(X).argmax(1))
    sac = Module(fc1=nn.Linear(D, H), fc2=nn.Linear(H, H), fc_mean=nn.Linear(H, A), fc_logstd=nn.Linear(H, A), action_scale=scale, action_bias=bias)
    torch.save((sac.state_dict(), q.state_dict(), q.state_dict()), folder("cleanrl-sac") / "sac.cleanrl_model")
    put("cleanrl-sac", (tanh(sac.fc_mean(relu(sac.fc2(relu(sac.fc1(X)))))) * scale + bias).detach())


def offline():
    tanh = lambda x: stretch(torch.tanh(x).detach().numpy())
    # OfflineRL-Kit
    actor = Module(backbone=Module(model=mlp(D, H, H, last=nn.ReLU)), dist_net=Module(mu=nn.Linear(H, A), sigma=nn.Linear(H, A)))
    critic = Module(backbone=Module(model=mlp(D + A, H)), last=nn.Linear(H, 1))
    policy = Module(actor=actor, critic1=critic, critic1_old=critic)
    torch.save(policy.state_dict(), folder("kit-sac") / "policy.pth")
    put("kit-sac", tanh(actor.dist_net.mu(actor.backbone.model(X))), STATED)
    actor = Module(backbone=Module(model=mlp(D, H, H, last=nn.ReLU)), dist_net=Module(mu=nn.Linear(H, A), sigma_param=nn.Parameter(torch.zeros(A, 1))))
    torch.save(Module(actor=actor, critic_v=critic).state_dict(), folder("kit-iql") / "policy.pth")
    put("kit-iql", tanh(actor.dist_net.mu(actor.backbone.model(X))), STATED)
    mean, std = np.array([0.5, -0.5, 1.0], np.float32), np.array([1.0, 2.0, 0.5], np.float32)
    Z = torch.tensor((OBS - mean) / std)
    seen = "obs_mean = [0.5, -0.5, 1.0]\nobs_std = [1.0, 2.0, 0.5]\n"
    actor = Module(backbone=Module(model=mlp(D, H, H, last=nn.ReLU)), last=nn.Linear(H, A))
    torch.save(Module(actor=actor, critic1=critic).state_dict(), folder("kit-td3bc") / "policy.pth")
    put("kit-td3bc", tanh(actor.last(actor.backbone.model(Z))), STATED + seen)
    # CORL
    for name, actor, answer, also in [
        ("corl-td3bc", Module(net=mlp(D, H, H, A, last=nn.Tanh)), lambda a: stretch(a.net(Z).detach().numpy()), seen),
        ("corl-iql", Module(net=Module(net=mlp(D, H, H, A, last=nn.Tanh)), log_std=nn.Parameter(torch.zeros(A))), lambda a: stretch(a.net.net(Z).detach().numpy()), seen),
        ("corl-awac", Module(_mlp=mlp(D, H, H, H, A), _log_std=nn.Parameter(torch.zeros(A))), lambda a: np.clip(a._mlp(Z).detach().numpy(), LOW, HIGH), seen),
        ("corl-sac-n", Module(trunk=mlp(D, H, H, H, last=nn.ReLU), mu=nn.Linear(H, A), log_sigma=nn.Linear(H, A)), lambda a: tanh(a.mu(a.trunk(X))), ""),
        ("corl-cql", Module(base_network=mlp(D, H, H, H, 2 * A), log_std_multiplier=Module(constant=nn.Parameter(torch.tensor(1.0))), log_std_offset=Module(constant=nn.Parameter(torch.tensor(-1.0)))), lambda a: tanh(a.base_network(X)[:, :A]), 'observations = "raw"\n'),
    ]:
        optimizer = torch.optim.Adam(actor.parameters())
        saved = {"critic_1": critic.state_dict(), "actor": actor.state_dict(), "actor_optimizer": optimizer.state_dict(), "total_it": 10}
        torch.save(saved, folder(name) / "checkpoint_9.pt")
        put(name, answer(actor), STATED + also)
    # mbrl-lib
    sac = Module(linear1=nn.Linear(D, H), linear2=nn.Linear(H, H), mean_linear=nn.Linear(H, A), log_std_linear=nn.Linear(H, A))
    saved = {"policy_state_dict": sac.state_dict(), "critic_state_dict": critic.state_dict(), "critic_target_state_dict": critic.state_dict(), "policy_optimizer_state_dict": torch.optim.Adam(sac.parameters()).state_dict()}
    torch.save(saved, folder("mbrl-sac") / "sac.pth")
    put("mbrl-sac", tanh(sac.mean_linear(torch.relu(sac.linear2(torch.relu(sac.linear1(X)))))), STATED)


def rsl_rl():
    norm = Module(_mean=torch.tensor([[0.5, -0.5, 1.0]]), _var=torch.tensor([[1.0, 4.0, 0.25]]), _std=torch.tensor([[1.0, 2.0, 0.5]]), count=torch.tensor(100))
    Z = (X - norm._mean) / (norm._std + 1e-2)
    old = Module(std=nn.Parameter(torch.ones(A)), actor=mlp(D, H, H, A, act=nn.ELU), critic=mlp(D, H, 1, act=nn.ELU))
    saved = {"model_state_dict": old.state_dict(), "optimizer_state_dict": torch.optim.Adam(old.parameters()).state_dict(), "iter": 100, "infos": None, "obs_norm_state_dict": norm.state_dict(), "critic_obs_norm_state_dict": norm.state_dict()}
    torch.save(saved, folder("rsl-rl-2") / "model_100.pt")
    (HERE / "rsl-rl-2/params").mkdir(exist_ok=True)
    (HERE / "rsl-rl-2/params/agent.yaml").write_text("seed: 42\npolicy:\n  class_name: ActorCritic\n  actor_hidden_dims:\n  - 8\n  - 8\n  activation: elu\n")
    put("rsl-rl-2", old.actor(Z).detach())
    new = Module(mlp=mlp(D, H, H, A, act=nn.ELU), obs_normalizer=norm, distribution=Module(std_param=nn.Parameter(torch.ones(A))))
    torch.save({"actor_state_dict": new.state_dict(), "critic_state_dict": old.critic.state_dict(), "iter": 5, "infos": {}}, folder("rsl-rl-5") / "model_5.pt")
    put("rsl-rl-5", new.mlp(Z).detach(), 'activation = "elu"\n')


def d4rl():
    import h5py

    rng = np.random.default_rng(5)
    arrays = {}
    for name, (o, i) in {"fc0": (H, D), "fc1": (H, H), "last_fc": (A, H), "last_fc_log_std": (A, H)}.items():
        arrays[name + "/weight"], arrays[name + "/bias"] = rng.normal(0, 0.4, (o, i)).astype("f4"), rng.normal(0, 0.4, o).astype("f4")
    h = OBS
    for name in ("fc0", "fc1"):
        h = np.maximum(h @ arrays[name + "/weight"].T + arrays[name + "/bias"], 0)
    mean = h @ arrays["last_fc/weight"].T + arrays["last_fc/bias"]
    words = {"nonlinearity": "relu", "output_distribution": "tanh_gaussian"}
    pickle.dump({**arrays, **words}, open(folder("d4rl-pickle") / "policy.pkl", "wb"))
    put("d4rl-pickle", np.tanh(mean))
    with h5py.File(HERE / "d4rl-metadata.hdf5", "w") as f:
        for name, value in arrays.items():
            f["metadata/policy/" + name] = value
        for name, value in words.items():
            f["metadata/policy/" + name] = np.bytes_(value)
        n = len(OBS)
        f["observations"], f["actions"], f["rewards"] = OBS, np.tanh(mean), np.zeros(n, "f4")
        f["terminals"], f["timeouts"] = np.zeros(n, bool), np.arange(n) % 4 == 3


def bare():
    actor = mlp(D, H, H, A, act=nn.SiLU)
    torch.save(actor.state_dict(), folder("bare") / "actor.pt")
    put("bare", stretch(torch.tanh(actor(X)).detach().numpy()), STATED + 'activation = "silu"\noutput = "tanh"\n')


for make in (sb3, d3, cleanrl, offline, rsl_rl, d4rl, bare):
    make()
json.dump({"about": "greedy actions as the libraries give them", "obs": OBS.tolist(), "policies": expected}, open(HERE / "expected.json", "w"))
