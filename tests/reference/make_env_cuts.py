#!/usr/bin/env python3
"""The small traces of environments that ship: cuts of the full ones, and episodes recorded anew where those have no end.

    pip install gymnasium==1.4.0 dm_control==1.0.50 "mujoco==3.17.*"
    make_env_cuts.py FOLDER_OF_FULL_TRACES OUT_FOLDER

Per episode `state0` (the state before the first step), `actions`, `obs`, `rewards` and `terminated`. Numbers of observations
are rounded to float32.
"""
import json, os, sys
import numpy as np
import gymnasium as gym
from dm_control import suite

full, out = sys.argv[1:3]


def rounded(v):
    return [rounded(x) for x in v] if isinstance(v, list) else float(str(np.float32(v)))


def load(name):
    return json.load(open(os.path.join(full, name + ".json")))


def save(name, **doc):
    with open(os.path.join(out, name + ".json"), "w") as file:
        file.write(json.dumps(doc, separators=(",", ":")) + "\n")


def cut(episode, start, stop):
    states = episode.get("states") or [q + v for q, v in zip(episode["qpos"], episode["qvel"])]
    first = episode.get("state0") or episode["qpos0"] + episode["qvel0"]
    part = slice(start, min(stop, len(episode["actions"])))
    ends = episode.get("terminated") or [False] * len(episode["actions"])
    actions = episode["actions"][part]
    return dict(state0=states[start - 1] if start else first, actions=actions if "states" in episode else rounded(actions),
                obs=rounded(episode["obs"][part]), rewards=[float(f"{r:.10g}") for r in episode["rewards"][part]],
                terminated=ends[part])


def acrobot(state0, steps):
    env = gym.make("Acrobot-v1")
    obs, _ = env.reset(seed=0)
    env.unwrapped.state = np.array(state0, dtype=np.float64)
    episode = dict(state0=state0, actions=[], obs=[], rewards=[], terminated=[], states=[])
    action, ended = 2, False
    while not ended and len(episode["actions"]) < steps:
        obs, reward, ended, _, _ = env.step(action)
        episode["actions"].append(action)
        episode["obs"].append(obs.tolist())
        episode["rewards"].append(float(reward))
        episode["terminated"].append(bool(ended))
        episode["states"].append(env.unwrapped.state.tolist())
        action = 0 if obs[5] < 0 else 2
    return episode


def control(domain, position, velocity, law, steps):
    env = suite.load(domain, "swingup", task_kwargs=dict(random=0))
    env.reset()
    data = env.physics.data
    with env.physics.reset_context():
        data.qpos[:], data.qvel[:] = position, velocity
    episode = dict(qpos0=position, qvel0=velocity, actions=[], obs=[], rewards=[], qpos=[], qvel=[])
    for t in range(steps):
        action = np.float32(np.clip([law(t)], -1, 1)).astype(float)
        step = env.step(action)
        episode["actions"].append(action.tolist())
        episode["obs"].append(np.concatenate([np.atleast_1d(v) for v in step.observation.values()]).tolist())
        episode["rewards"].append(float(step.reward))
        episode["qpos"].append(data.qpos.tolist())
        episode["qvel"].append(data.qvel.tolist())
    return episode


def main():
    gymnasium, mujoco = "gymnasium " + gym.__version__, "dm_control 1.0.50 on MuJoCo 3.17"
    cart, car, swing, pendulum = map(load, ["CartPole-v1", "MountainCarContinuous-v0", "Acrobot-v1", "Pendulum-v1"])
    cart, car, swing, pendulum = (doc["episodes"] for doc in (cart, car, swing, pendulum))
    save("CartPole-v1", env="CartPole-v1", library=gymnasium, note="two whole episodes",
         episodes=[cut(cart[0], 0, 60), cut(cart[1], 0, 60)])
    save("MountainCarContinuous-v0", env="MountainCarContinuous-v0", library=gymnasium, note="first steps, and last ones",
         episodes=[cut(car[0], 0, 40), cut(car[1], 55, 103), cut(car[2], 50, 100)])
    upright = acrobot([0.05, -0.02, 0.03, 0.01], 400)
    save("Acrobot-v1", env="Acrobot-v1", library=gymnasium, note="first steps, and last ones of an episode that ends upright",
         episodes=[cut(swing[0], 0, 40), cut(upright, len(upright["actions"]) - 40, 400)])
    save("Pendulum-v1", env="Pendulum-v1", library=gymnasium, note="first steps, and some from the middle",
         episodes=[cut(pendulum[0], 0, 30), cut(pendulum[1], 100, 130)])
    upright = control("cartpole", [0.1, 0.1], [0.0, -0.2], lambda t: 0.9 * np.sin(t / 7), 50)
    rail = control("cartpole", [1.6, 3.0], [2.5, 0.5], lambda t: 0.8 * np.sin(t / 15) + 0.2, 120)
    first = load("dm_control-cartpole-swingup")["episodes"][1]
    save("dm_control-cartpole-swingup", env="dm_control/cartpole-swingup-v0", library=mujoco,
         note="first steps; about the upright position; against the soft end of the rail",
         episodes=[cut(first, 0, 40), cut(upright, 0, 30), cut(rail, 0, 50)])
    through = control("pendulum", [-0.25], [1.3], lambda t: -0.3, 40)
    first = load("dm_control-pendulum-swingup")["episodes"][0]
    save("dm_control-pendulum-swingup", env="dm_control/pendulum-swingup-v0", library=mujoco,
         note="first steps; through the upright position", episodes=[cut(first, 0, 40), cut(through, 0, 30)])


if __name__ == "__main__":
    main()
