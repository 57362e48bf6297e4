#!/usr/bin/env python3
"""Writes one set of random trajectories in every format that oodscope reads, with the real libraries where there are such.

    pip install numpy h5py pyarrow pandas "minari[hdf5,arrow]==0.5.4" gymnasium tianshou
    real_formats.py FOLDER [--episodes 4] [--seed 0]

FOLDER/truth.json holds the trajectories and, for every file, what its format can hold:
`last` (the observation that the last action leads to), `rewards`, `ends` (terminated and truncated are told apart); `told` says that
something is left open, which a reader has to warn of.
"""
import argparse, json, os, uuid
import numpy as np

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("folder"); p.add_argument("--episodes", type=int, default=4); p.add_argument("--seed", type=int, default=0)
a = p.parse_args()
rng = np.random.default_rng(a.seed)
os.makedirs(a.folder, exist_ok=True)
at = lambda *name: os.path.join(a.folder, *name)
f32 = np.float32


def episode(i):
    n = 5 + 3 * i
    obs = rng.standard_normal((n + 1, 3)).astype(f32)
    act = rng.uniform(-1, 1, (n, 2)).astype(f32)
    rew = rng.standard_normal(n).astype(f32)
    return dict(obs=obs, act=act, rew=rew, terminated=i % 2 == 0, truncated=i % 2 == 1)


episodes = [episode(i) for i in range(a.episodes)]
holds = {}


def said(name, last=True, rewards=True, ends=True, order=None, told=False):
    holds[name] = dict(last=last, rewards=rewards, ends=ends, told=told, order=order or list(range(len(episodes))))


def flags(e):
    n = len(e["rew"]); term, trunc = np.zeros(n, bool), np.zeros(n, bool)
    term[-1], trunc[-1] = e["terminated"], e["truncated"]
    return term, trunc


cat = lambda f: np.concatenate([f(e) for e in episodes])


def hdf5():
    import h5py
    for name, nxt in [("d4rl-next.hdf5", True), ("d4rl.hdf5", False)]:
        with h5py.File(at(name), "w") as f:
            f["observations"], f["actions"] = cat(lambda e: e["obs"][:-1]), cat(lambda e: e["act"])
            f["rewards"], f["terminals"], f["timeouts"] = cat(lambda e: e["rew"]), cat(lambda e: flags(e)[0]), cat(lambda e: flags(e)[1])
            if nxt:
                f["next_observations"] = cat(lambda e: e["obs"][1:])
            f["infos/qpos"] = cat(lambda e: e["obs"][:-1, :1])
        said(name, last=nxt)
    with h5py.File(at("robomimic.hdf5"), "w") as f:
        data = f.create_group("data")
        data.attrs.update(total=sum(len(e["rew"]) for e in episodes), env_args=json.dumps(dict(env_name="Lift", type=1, env_kwargs={})))
        for i, e in enumerate(episodes):
            g = data.create_group(f"demo_{i}")
            g.attrs["num_samples"] = len(e["rew"])
            g["actions"], g["rewards"], g["dones"] = e["act"], e["rew"], flags(e)[0].astype(int)
            g["states"] = np.zeros((len(e["rew"]), 5))
            g["obs/joint"], g["obs/pos"] = e["obs"][:-1, :1], e["obs"][:-1, 1:]
            g["next_obs/joint"], g["next_obs/pos"] = e["obs"][1:, :1], e["obs"][1:, 1:]
        f["mask/train"] = np.array([f"demo_{i}".encode() for i in range(len(episodes) - 1)])
    said("robomimic.hdf5", ends=False)
    with h5py.File(at("d3rlpy2.h5"), "w") as f:
        f["columns"] = ["observations", "actions", "rewards", "terminated"]
        f["num_episodes"], f["version"] = len(episodes), "2.1"
        for i, e in enumerate(episodes):
            f[f"observations_{i}"], f[f"actions_{i}"] = e["obs"][:-1], e["act"]
            f[f"rewards_{i}"], f[f"terminated_{i}"] = e["rew"][:, None], e["terminated"]
    said("d3rlpy2.h5", last=False)
    with h5py.File(at("d3rlpy1.h5"), "w") as f:
        f["observations"], f["actions"], f["rewards"] = cat(lambda e: e["obs"][:-1]), cat(lambda e: e["act"]), cat(lambda e: e["rew"])
        f["terminals"] = cat(lambda e: flags(e)[0]).astype(f32)
        f["episode_terminals"] = cat(lambda e: flags(e)[0] | flags(e)[1]).astype(f32)
        f["discrete_action"], f["version"] = False, "1.0"
    said("d3rlpy1.h5", last=False)


def arrays():
    """Plain arrays under usual names, and layouts that are nearly that."""
    obs, nxt, act, rew = cat(lambda e: e["obs"][:-1]), cat(lambda e: e["obs"][1:]), cat(lambda e: e["act"]), cat(lambda e: e["rew"])
    term, trunc = cat(lambda e: flags(e)[0]), cat(lambda e: flags(e)[1])
    n = len(rew)
    np.savez_compressed(at("plain.npz"), obs=obs, act=act, rew=rew, terminated=term, truncated=trunc, infos=np.array([{}] * n, dtype=object))
    said("plain.npz", last=False)
    # d4rl.qlearning_dataset: no timeouts; their rows were left out by the library, which only next observations tell.
    np.savez(at("qlearning.npz"), observations=obs, actions=act, next_observations=nxt, rewards=rew, terminals=term)
    said("qlearning.npz", ends=False)
    # OGBench with compact_dataset=False: a row is a transition, terminals close a recording, masks are 0 where it was final.
    np.savez(at("ogbench-wide.npz"), observations=obs, actions=act, next_observations=nxt, rewards=rew,
             terminals=(term | trunc).astype(f32), masks=1 - term.astype(f32))
    said("ogbench-wide.npz")
    os.makedirs(at("columns"), exist_ok=True)
    for key, v in dict(states=obs, actions=act, next_states=nxt, rewards=rew, dones=term | trunc, timeouts=trunc).items():
        np.save(at("columns", f"{key}.npy"), v)
    said("columns")
    # imitation 0.3, data/types.py: obs has a row more an episode; terminal is set where an episode was done, for whatever reason.
    lengths = [len(e["rew"]) for e in episodes]
    np.savez_compressed(at("imitation.npz"), obs=cat(lambda e: e["obs"]), acts=act, rews=rew.astype(float), indices=np.cumsum(lengths[:-1]),
                        terminal=np.array([e["terminated"] for e in episodes]), infos=np.array([{}] * n, dtype=object))
    said("imitation.npz", told=True)
    np.savez_compressed(at("dppo.npz"), states=obs, actions=act, rewards=rew, terminals=term, traj_lengths=np.array(lengths),
                        images=np.zeros((n, 3, 4, 4), np.uint8))
    said("dppo.npz", last=False)


def groups():
    import h5py
    lead = lambda v, first: np.concatenate([np.full_like(v[:1], first), v])
    with h5py.File(at("maniskill.h5"), "w") as f:
        for i, e in enumerate(episodes):
            g = f.create_group(f"traj_{i}")
            term, trunc = flags(e)
            g["obs/agent/qpos"], g["obs/extra/tcp_pose"] = e["obs"][:, :1], e["obs"][:, 1:]
            g["obs/sensor_data/base_camera/rgb"] = np.zeros((len(e["obs"]), 4, 4, 3), np.uint8)
            g["obs/sensor_param/base_camera/intrinsic_cv"] = np.zeros((len(e["obs"]), 3, 3), f32)
            g["actions"], g["rewards"], g["terminated"], g["truncated"], g["success"] = e["act"], e["rew"], term, trunc, term
            g["env_states/actors/cube"] = np.zeros((len(e["obs"]), 13), f32)
    json.dump(dict(env_info=dict(env_id="PickCube-v1"), episodes=[dict(episode_id=i, elapsed_steps=len(e["rew"])) for i, e in enumerate(episodes)]),
              open(at("maniskill.json"), "w"))
    said("maniskill.h5")
    os.makedirs(at("aloha"), exist_ok=True)
    for i, e in enumerate(episodes):
        with h5py.File(at("aloha", f"episode_{i}.hdf5"), "w") as f:
            f.attrs["sim"] = True
            f["observations/qpos"], f["observations/qvel"], f["action"] = e["obs"][:-1, :2], e["obs"][:-1, 2:], e["act"]
            f["observations/images/top"] = np.zeros((len(e["rew"]), 4, 4, 3), np.uint8)
    said("aloha", last=False, rewards=False, ends=False)
    # RoboHive's traces: a last row with an action of NaN; a reward is that of its row's observation.
    with h5py.File(at("robohive.h5"), "w") as f:
        for i, e in enumerate(episodes):
            g = f.create_group(f"Trial{i}")
            g["observations"], g["actions"] = e["obs"], np.concatenate([e["act"], np.full((1, 2), np.nan, f32)])
            g["rewards"], g["done"] = lead(e["rew"], 0), lead(flags(e)[0], False)
            g["time"], g["env_infos/solved"] = np.arange(len(e["obs"])) / 10, np.zeros(len(e["obs"]))
    said("robohive.h5", told=True)
    # stable-worldmodel 0.1.1, world/world.py: a row is written after a step; actions are moved up by one.
    with h5py.File(at("stable_worldmodel.h5"), "w") as f:
        cuts = np.array([len(e["obs"]) for e in episodes])
        f["observation"], f["action"] = cat(lambda e: e["obs"]), cat(lambda e: np.concatenate([e["act"], e["act"][:1]]))
        f["reward"] = cat(lambda e: lead(e["rew"], 0))
        f["terminated"] = cat(lambda e: lead(flags(e)[0], False))
        f["pixels"] = np.zeros((cuts.sum(), 4, 4, 3), np.uint8)
        f["ep_len"], f["ep_offset"] = cuts.astype(np.int32), np.cumsum([0, *cuts[:-1]])
    said("stable_worldmodel.h5")


def tianshou_buffer():
    """By tianshou itself; 10 of its rows are not used."""
    from tianshou.data import Batch, ReplayBuffer
    total = sum(len(e["rew"]) for e in episodes)
    buffer = ReplayBuffer(size=total + 10)
    for e in episodes:
        term, trunc = flags(e)
        for t in range(len(e["rew"])):
            buffer.add(Batch(obs=e["obs"][t], act=e["act"][t], rew=float(e["rew"][t]), terminated=term[t], truncated=trunc[t],
                             obs_next=e["obs"][t + 1], info={}))
    buffer.save_hdf5(at("tianshou.hdf5"))
    said("tianshou.hdf5")


def npz():
    # OGBench: T+1 rows, the last with terminals = 1; its action leads nowhere.
    pad = lambda v: np.concatenate([v, np.zeros_like(v[:1])])
    close = lambda e: np.arange(len(e["obs"])) == len(e["obs"]) - 1
    np.savez(at("ogbench.npz"), observations=cat(lambda e: e["obs"]), actions=cat(lambda e: pad(e["act"])), terminals=cat(close))
    said("ogbench.npz", rewards=False, ends=False)
    os.makedirs(at("exorl"), exist_ok=True)
    lead = lambda v: np.concatenate([np.zeros_like(v[:1]), v])
    for i, e in enumerate(episodes):
        n = len(e["rew"])
        discount = np.ones((n + 1, 1), f32); discount[-1] = 0 if e["terminated"] else 1
        np.savez(at("exorl", f"episode_{i}_{n}.npz"), observation=e["obs"], action=lead(e["act"]), reward=lead(e["rew"])[:, None],
                 discount=discount, physics=np.zeros((n + 1, 4)))
    said("exorl")
    os.makedirs(at("dreamer-episodes"), exist_ok=True)
    for i, e in enumerate(episodes):
        n = len(e["rew"]); rows = np.arange(n + 1)
        np.savez_compressed(at("dreamer-episodes", f"20260101T00000{i}-{i:032x}-{n + 1}.npz"), state=e["obs"], action=lead(e["act"]), reward=lead(e["rew"]),
                            is_first=rows == 0, is_last=rows == n, is_terminal=(rows == n) & e["terminated"],
                            discount=np.where((rows == n) & e["terminated"], 0, 1).astype(f32), image=np.zeros((n + 1, 8, 8, 3), np.uint8))
    said("dreamer-episodes")
    # The stream of embodied's replay: a row holds the observation, the reward that came with it, and the action taken at it.
    os.makedirs(at("dreamer-stream"), exist_ok=True)
    row = dict(state=cat(lambda e: e["obs"]), action=cat(lambda e: pad(e["act"])), reward=cat(lambda e: lead(e["rew"])),
               is_first=cat(lambda e: np.arange(len(e["obs"])) == 0), is_last=cat(close), is_terminal=cat(lambda e: close(e) & e["terminated"]))
    total, size = len(row["reward"]), 11
    names = [uuid.UUID(int=k + 1).hex for k in range(-(-total // size))]
    for k, name in enumerate(names):
        part = {key: v[k * size:(k + 1) * size] for key, v in row.items()}
        n = len(part["reward"])
        step = np.stack([np.frombuffer(bytes.fromhex(name) + int(j).to_bytes(4, "big"), np.uint8) for j in range(n)])
        successor = names[k + 1] if k + 1 < len(names) else "0" * 32
        np.savez_compressed(at("dreamer-stream", f"20260101T00000{9 - k % 10}F000000-{name}-{successor}-{n}.npz"), stepid=step, **part)
    said("dreamer-stream")
    starts = np.cumsum([0] + [len(e["rew"]) for e in episodes])
    np.savez(at("replay_buffer.npz"), obs=cat(lambda e: e["obs"][:-1]), next_obs=cat(lambda e: e["obs"][1:]), action=cat(lambda e: e["act"]),
             reward=cat(lambda e: e["rew"]), terminated=cat(lambda e: flags(e)[0]), truncated=cat(lambda e: flags(e)[1]),
             trajectory_indices=np.stack([starts[:-1], starts[1:]], 1))
    said("replay_buffer.npz")


def frames():
    import pandas as pd, pyarrow as pa, pyarrow.parquet as pq
    rows = dict(episode=cat(lambda e: np.full(len(e["rew"]), next(i for i, x in enumerate(episodes) if x is e))),
                step=cat(lambda e: np.arange(len(e["rew"]))))
    obs, act, nxt = cat(lambda e: e["obs"][:-1]), cat(lambda e: e["act"]), cat(lambda e: e["obs"][1:])
    tail = dict(reward=cat(lambda e: e["rew"]), terminated=cat(lambda e: flags(e)[0]), truncated=cat(lambda e: flags(e)[1]))
    wide = lambda prefix, v: {f"{prefix}_{c}": v[:, c] for c in range(v.shape[1])}
    flat = pd.DataFrame({**rows, **wide("obs", obs), **wide("action", act), **wide("next_obs", nxt), **tail})
    flat.to_csv(at("table.csv"), index=False)
    flat.to_parquet(at("flat.parquet"), index=False)
    lists = lambda v: pa.FixedSizeListArray.from_arrays(pa.array(v.ravel()), v.shape[1])
    pq.write_table(pa.table({**rows, "obs": lists(obs), "action": lists(act), "next_obs": lists(nxt), **tail}), at("lists.parquet"))
    renamed = flat.rename(columns={"obs_0": "angle", "obs_1": "x", "obs_2": "y", "action_0": "left", "action_1": "right", "reward": "gain",
                                   "episode": "run", "terminated": "fell", "truncated": "late"})
    renamed = renamed.rename(columns={f"next_obs_{c}": f"then_{c}" for c in range(3)})
    renamed.to_csv(at("named.csv"), index=False)
    with open(at("named.csv.toml"), "w") as f:
        f.write('observation = ["angle", "x", "y"]\naction = ["left", "right"]\nnext_observation = "then_*"\nreward = "gain"\n'
                'episode = "run"\nterminated = "fell"\ntruncated = "late"\n')
    for name in ("table.csv", "flat.parquet", "lists.parquet", "named.csv"):
        said(name)

    frame_index, episode_index = rows["step"], rows["episode"]
    table = pa.table({"observation.state": lists(obs), "action": lists(act), "next.reward": tail["reward"], "next.done": tail["terminated"],
                      "timestamp": (frame_index / 10).astype(f32), "frame_index": frame_index, "episode_index": episode_index,
                      "index": np.arange(len(frame_index)), "task_index": np.zeros(len(frame_index), np.int64)})
    one = lambda dtype, shape, names=None: dict(dtype=dtype, shape=shape, names=names)
    features = {"observation.state": one("float32", [3], ["angle", "x", "y"]), "action": one("float32", [2], {"motors": ["left", "right"]}),
                "next.reward": one("float32", [1]), "next.done": one("bool", [1]), "timestamp": one("float32", [1]),
                **{k: one("int64", [1]) for k in ("frame_index", "episode_index", "index", "task_index")},
                "observation.images.top": one("video", [48, 64, 3], ["height", "width", "channels"])}
    k, lengths = len(episodes), [len(e["rew"]) for e in episodes]
    ends = np.cumsum(lengths)
    info = dict(codebase_version="v3.0", robot_type="so100", fps=10, total_episodes=k, total_frames=int(ends[-1]), total_tasks=1, chunks_size=1000,
                data_files_size_in_mb=100, video_files_size_in_mb=200, splits={"train": f"0:{k}"}, features=features,
                data_path="data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
                video_path="videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4")
    os.makedirs(at("lerobot3/data/chunk-000"), exist_ok=True); os.makedirs(at("lerobot3/meta/episodes/chunk-000"), exist_ok=True)
    half = int(ends[k // 2 - 1])
    pq.write_table(table.slice(0, half), at("lerobot3/data/chunk-000/file-000.parquet"))
    pq.write_table(table.slice(half), at("lerobot3/data/chunk-000/file-001.parquet"))
    file_of = [int(i >= k // 2) for i in range(k)]
    pq.write_table(pa.table({"episode_index": list(range(k)), "tasks": [["lift"]] * k, "length": lengths, "data/chunk_index": [0] * k, "data/file_index": file_of,
                             "dataset_from_index": [int(e - n) for e, n in zip(ends, lengths)], "dataset_to_index": [int(e) for e in ends]}),
                   at("lerobot3/meta/episodes/chunk-000/file-000.parquet"))
    json.dump(info, open(at("lerobot3/meta/info.json"), "w"))
    pd.DataFrame({"task_index": [0]}, index=pd.Index(["lift"], name="task")).to_parquet(at("lerobot3/meta/tasks.parquet"))
    os.makedirs(at("lerobot2/data/chunk-000"), exist_ok=True); os.makedirs(at("lerobot2/meta"), exist_ok=True)
    for i, (end, n) in enumerate(zip(ends, lengths)):
        pq.write_table(table.slice(int(end - n), n), at(f"lerobot2/data/chunk-000/episode_{i:06d}.parquet"))
    info.update(codebase_version="v2.1", total_chunks=1, total_videos=0, data_path="data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
                video_path="videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4")
    json.dump(info, open(at("lerobot2/meta/info.json"), "w"))
    with open(at("lerobot2/meta/episodes.jsonl"), "w") as f:
        f.writelines(json.dumps(dict(episode_index=i, tasks=["lift"], length=n)) + "\n" for i, n in enumerate(lengths))
    with open(at("lerobot2/meta/tasks.jsonl"), "w") as f:
        f.write(json.dumps(dict(task_index=0, task="lift")) + "\n")
    said("lerobot3", last=False); said("lerobot2", last=False)


def minari_sets():
    import gymnasium as gym, minari
    from minari.data_collector.episode_buffer import EpisodeBuffer
    os.environ["MINARI_DATASETS_PATH"] = os.path.abspath(a.folder)
    space = gym.spaces.Dict(goal=gym.spaces.Box(-np.inf, np.inf, (1,), f32), pos=gym.spaces.Box(-np.inf, np.inf, (2,), f32))
    for data_format in ("hdf5", "arrow", "parquet"):
        name = f"minari/{data_format}-v0"
        if os.path.exists(at(name)):
            continue
        buffers = []
        for i, e in enumerate(episodes):
            term, trunc = flags(e)
            buffers.append(EpisodeBuffer(id=i, observations=dict(goal=list(e["obs"][:, :1]), pos=list(e["obs"][:, 1:])), actions=list(e["act"]),
                                         rewards=[float(r) for r in e["rew"]], terminations=list(term), truncations=list(trunc), infos={}))
        minari.create_dataset_from_buffers(name, buffers, observation_space=space, action_space=gym.spaces.Box(-1, 1, (2,), f32),
                                           data_format=data_format, algorithm_name="random")
        said(name)


for part in (hdf5, npz, arrays, groups, tianshou_buffer, frames, minari_sets):
    try:
        part()
    except ImportError as missing:
        print(f"{part.__name__}: not written ({missing})")
plain = lambda e: dict(obs=e["obs"].astype(float).tolist(), act=e["act"].astype(float).tolist(), rew=e["rew"].astype(float).tolist(),
                       terminated=e["terminated"], truncated=e["truncated"])
json.dump(dict(episodes=[plain(e) for e in episodes], files=holds), open(at("truth.json"), "w"))
print(f"{len(holds)} datasets in {a.folder}")
