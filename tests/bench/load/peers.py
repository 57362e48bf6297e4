"""Files as users have them, and the libraries that they read them with.

    peers.py make FOLDER      writes what is not there yet; prints the names
    peers.py read FOLDER      reads each with its own library; a JSON line a file: name, peer, times
"""
import json, os, sys, time
import numpy as np

REPEATS = 5
STEPS, OBS, ACT = 1_000_000, 17, 6
EPISODES, LENGTH = 2_000, 100


def columns(rng, n):
    # Digits as a simulator's: smooth in time, so that gzip has something to do.
    obs = np.cumsum(rng.standard_normal((n, OBS), dtype=np.float32) * 0.01, axis=0, dtype=np.float32)
    return obs, rng.uniform(-1, 1, (n, ACT)).astype(np.float32), rng.standard_normal(n).astype(np.float32)


def d4rl(path, n, **storage):
    import h5py
    obs, act, rew = columns(np.random.default_rng(0), n)
    ends = np.arange(1, n + 1) % 1000 == 0
    with h5py.File(path, "w") as f:
        f.create_dataset("observations", data=obs, **storage)
        f.create_dataset("next_observations", data=np.roll(obs, -1, axis=0), **storage)
        f.create_dataset("actions", data=act, **storage)
        f.create_dataset("rewards", data=rew, **storage)
        f.create_dataset("terminals", data=np.zeros(n, bool), **storage)
        f.create_dataset("timeouts", data=ends, **storage)


def minari(folder, episodes):
    import h5py
    os.makedirs(folder + "/data")
    rng = np.random.default_rng(1)
    box = lambda n: json.dumps(dict(type="Box", dtype="float32", shape=[n], low=[-1e9] * n, high=[1e9] * n))
    with h5py.File(folder + "/data/main_data.hdf5", "w") as f:
        for i in range(episodes):
            obs, act, rew = columns(rng, LENGTH + 1)
            g = f.create_group(f"episode_{i}")
            g.attrs.update(id=i, total_steps=LENGTH, seed=i)
            put = lambda name, v: g.create_dataset(name, data=v, maxshape=(None, *v.shape[1:]), chunks=v.shape)
            put("observations", obs); put("actions", act[:-1]); put("rewards", rew[:-1].astype(np.float64))
            put("terminations", np.zeros(LENGTH, bool)); put("truncations", np.arange(1, LENGTH + 1) == LENGTH)
            g.create_group("infos")
    with open(folder + "/data/metadata.json", "w") as f:
        json.dump(dict(total_episodes=episodes, total_steps=episodes * LENGTH, data_format="hdf5", jpeg_encoding=True,
                       observation_space=box(OBS), action_space=box(ACT), dataset_id=os.path.basename(folder),
                       minari_version="0.5.4", author=[], author_email=[], algorithm_name="", code_permalink="", description="",
                       dataset_size=1.0), f)


def lerobot(folder, n):
    import pyarrow as pa, pyarrow.parquet as pq
    obs, act, rew = columns(np.random.default_rng(2), n)
    os.makedirs(folder + "/data/chunk-000"); os.makedirs(folder + "/meta/episodes/chunk-000")
    lists = lambda v: pa.FixedSizeListArray.from_arrays(pa.array(v.ravel()), v.shape[1])
    length, i64 = 1000, np.int64
    table = pa.table({
        "observation.state": lists(obs), "action": lists(act), "next.reward": rew,
        "timestamp": (np.arange(n) % length / 50).astype(np.float32), "frame_index": (np.arange(n) % length).astype(i64),
        "episode_index": (np.arange(n) // length).astype(i64), "index": np.arange(n, dtype=i64), "task_index": np.zeros(n, i64)})
    pq.write_table(table, folder + "/data/chunk-000/file-000.parquet")
    k = n // length
    starts = np.arange(k, dtype=i64) * length
    pq.write_table(pa.table({"episode_index": np.arange(k, dtype=i64), "tasks": [["walk"]] * k, "length": np.full(k, length, i64),
                             "data/chunk_index": np.zeros(k, i64), "data/file_index": np.zeros(k, i64),
                             "dataset_from_index": starts, "dataset_to_index": starts + length}),
                   folder + "/meta/episodes/chunk-000/file-000.parquet")
    one = lambda dtype, shape: dict(dtype=dtype, shape=shape, names=None)
    features = {"observation.state": one("float32", [OBS]), "action": one("float32", [ACT]), "next.reward": one("float32", [1]),
                "timestamp": one("float32", [1]), **{k: one("int64", [1]) for k in ("frame_index", "episode_index", "index", "task_index")}}
    json.dump(dict(codebase_version="v3.0", robot_type="none", fps=50, total_episodes=k, total_frames=n, total_tasks=1, chunks_size=1000,
                   data_files_size_in_mb=100, video_files_size_in_mb=200, splits={"train": f"0:{k}"}, features=features,
                   data_path="data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet", video_path=None), open(folder + "/meta/info.json", "w"))


def h5py_arrays(path):
    import h5py
    with h5py.File(path) as f:
        return [f[key][()] for key in f]


def minari_arrays(path):
    import minari
    os.environ["MINARI_DATASETS_PATH"] = os.path.dirname(path)
    episodes = minari.load_dataset(os.path.basename(path)).iterate_episodes()
    parts = [(e.observations, e.actions, e.rewards, e.terminations, e.truncations) for e in episodes]
    return [np.concatenate(column) for column in zip(*parts)]


def polars_arrays(path):
    import polars as pl
    frame = pl.read_parquet(path + "/data/*/*.parquet", columns=["observation.state", "action", "next.reward", "episode_index"])
    return [column.to_numpy() for column in frame]


FILES = {
    "gzip.hdf5": ("h5py", lambda p: d4rl(p, STEPS, compression="gzip", chunks=True), h5py_arrays),
    "contiguous.hdf5": ("h5py", lambda p: d4rl(p, STEPS), h5py_arrays),
    "many-v0": ("minari", lambda p: minari(p, EPISODES), minari_arrays),
    "more-v0": ("minari", lambda p: minari(p, 10 * EPISODES), minari_arrays),
    "lerobot": ("polars", lambda p: lerobot(p, STEPS), polars_arrays),
    "n4.hdf5": (None, lambda p: d4rl(p, 10_000), None),
    "n5.hdf5": (None, lambda p: d4rl(p, 100_000), None),
    "n7.hdf5": (None, lambda p: d4rl(p, 10_000_000), None),
}

task, folder = sys.argv[1:3]
chosen = sys.argv[3:] or [name for name in FILES if not name.startswith(("n7", "more"))]
for name in chosen:
    peer, make, read = FILES[name]
    path = os.path.join(folder, name)
    try:
        if task == "make" and not os.path.exists(path):
            make(path)
        if task == "make":
            print(json.dumps(dict(name=name)), flush=True)
        elif read:
            repeats = REPEATS if name != "more-v0" else 1
            times = []
            for _ in range(repeats):
                start = time.perf_counter()
                arrays = read(path)
                times.append(time.perf_counter() - start)
            print(json.dumps(dict(name=name, peer=peer, times=sorted(times), bytes=sum(a.nbytes for a in arrays))), flush=True)
    except ImportError as missing:
        print(json.dumps(dict(name=name, missing=str(missing))), flush=True)
