#!/usr/bin/env python3
"""Holds src/data/dimension_names.toml against the environments themselves: every width of a known id must have a list.

    pip install gymnasium-robotics "mujoco<3.3" && dimension_names.py
"""
import itertools, os, re, sys, tomllib
import gymnasium as gym
try:
    import gymnasium_robotics
    gym.register_envs(gymnasium_robotics)
except ImportError:
    sys.exit("gymnasium-robotics is missing")

IDS = ("Pendulum-v1 CartPole-v1 MountainCarContinuous-v0 Acrobot-v1 Hopper-v5 Walker2d-v5 HalfCheetah-v5 Swimmer-v5 Ant-v5 Humanoid-v5 "
       "HumanoidStandup-v5 InvertedPendulum-v5 InvertedDoublePendulum-v5 Reacher-v5 Pusher-v5 Hopper-v4 Walker2d-v4 HalfCheetah-v4 "
       "Swimmer-v4 Ant-v4 InvertedPendulum-v4 InvertedDoublePendulum-v4 Reacher-v4 PointMaze_UMaze-v3 AntMaze_UMaze-v4 AntMaze_UMaze-v5 "
       "FetchReach-v4 FetchPush-v4 FetchPickAndPlace-v4 AdroitHandPen-v1 AdroitHandDoor-v1 AdroitHandHammer-v1 AdroitHandRelocate-v1 "
       "FrankaKitchen-v1").split()
here = os.path.dirname(os.path.abspath(__file__))
table = tomllib.load(open(os.path.join(here, "..", "src", "data", "dimension_names.toml"), "rb"))


def width(names):
    braces = lambda name: [w.split(",") for w in re.findall(r"\{([^}]*)\}", name)]
    return sum(len(list(itertools.product(*braces(name)))) for name in names)


bad = 0
for id in IDS:
    try:
        env = gym.make(id)
    except Exception as e:  # an old binding, a version that is gone
        print(f"{id}: cannot be made ({str(e).splitlines()[0][:80]})")
        continue
    own = [e for e in table["environment"] if any(id.startswith(k + "-") or id.startswith(k + "_") for k in e["ids"])]
    checks = []
    if isinstance(env.observation_space, gym.spaces.Dict):
        for key, space in env.observation_space.spaces.items():
            if isinstance(space, gym.spaces.Box):
                checks.append((f"part {key}", space.shape[0], [width(e["parts"][key]) for e in own if key in e.get("parts", {})]))
    else:
        checks.append(("observation", env.observation_space.shape[0], [width(e["observation"]) for e in own if e.get("observation")]))
    if isinstance(env.action_space, gym.spaces.Box):
        checks.append(("action", env.action_space.shape[0], [width(e["action"]) for e in own if e.get("action")]))
    for what, want, have in checks:
        if want not in have:
            bad += 1
            print(f"{id}: {what} has {want} numbers, the table has lists of {have}")
    env.close()
print("all widths have a list" if not bad else f"{bad} have none")
sys.exit(bad > 0)
