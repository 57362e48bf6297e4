"""Writes the small world model that ships in tests/reference and its reference numbers, with NumPy only.

usage: make_small_model.py TESTS_REFERENCE   (needs numpy)

models/small-mbrl: mbrl-lib's layout (model.pth, env_stats.pickle, model.json), 3 members x 2 x 12, SiLU, elites 2 and 0,
random weights. models/small-mopo: the same numbers in OfflineRL-Kit's layout. env_stats/: the same statistics in every
pickle protocol. oracles/model-small-mbrl.{json,npz}: the same numbers as the other model oracles, in float64; the true
trajectories are a damped oscillator. The torch file is put together by hand: a pickle whose persistent ids name the
entries of a zip archive.
"""
import io, json, os, pickle, sys, zipfile
import numpy as np

out = sys.argv[1]
rng = np.random.default_rng(7)
E, D, A, W, H, K = 3, 2, 1, 12, 8, 6
d = os.path.join(out, "models", "small-mbrl")
os.makedirs(d, exist_ok=True)
os.makedirs(os.path.join(out, "oracles"), exist_ok=True)


def draw(*shape):
    return (rng.standard_normal(shape) / np.sqrt(shape[-2])).astype(np.float32)


sd = {"min_logvar": np.full((1, D + 1), -9, np.float32), "max_logvar": np.full((1, D + 1), 0.5, np.float32)}
for name, i, o in (("hidden_layers.0.0", D + A, W), ("hidden_layers.1.0", W, W), ("mean_and_logvar", W, 2 * (D + 1))):
    sd[name + ".weight"], sd[name + ".bias"] = draw(E, i, o), 0.1 * draw(E, 1, o)
sd["mean_and_logvar.weight"][:, :, : D + 1] *= 0.2
mean, std = np.array([[0.1, -0.2, 0.0]], np.float32), np.array([[0.8, 0.6, 1.1]], np.float32)


class Named:
    """pickles as a global of another module"""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Pickler(pickle._Pickler):
    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Named):
            self.write(b"c" + obj.module.encode() + b"\n" + obj.name.encode() + b"\n")
        elif isinstance(obj, np.ndarray):
            key = str(len(blobs))
            blobs.append(np.ascontiguousarray(obj).tobytes())
            strides = tuple(s // obj.itemsize for s in obj.strides)
            self.save(Named("torch._utils", "_rebuild_tensor_v2"))
            self.write(b"(")
            self.save(("storage", Named("torch", {"f": "FloatStorage", "i": "LongStorage"}[obj.dtype.kind]), key, "cpu", obj.size))
            self.write(b"Q")
            for part in (0, obj.shape, strides, False):
                self.save(part)
            self.write(b"ccollections\nOrderedDict\n)RtR")
        else:
            super().save(obj, save_persistent_id)


def torch_save(path, value):
    blobs.clear()
    buf = io.BytesIO()
    Pickler(buf, 2).dump(value)
    stem = os.path.basename(path).split(".")[0]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as z:
        def put(name, data):
            z.writestr(zipfile.ZipInfo(stem + "/" + name), data)
        put("data.pkl", buf.getvalue())
        put("byteorder", "little")
        for i, b in enumerate(blobs):
            put(f"data/{i}", b)
        put("version", "3\n")


blobs = []
torch_save(os.path.join(d, "model.pth"), {"state_dict": sd, "elite_models": [2, 0]})
d2, d3 = os.path.join(out, "models", "small-mopo"), os.path.join(out, "env_stats")
os.makedirs(d2, exist_ok=True), os.makedirs(d3, exist_ok=True)
names = {"hidden_layers.0.0": "backbones.0", "hidden_layers.1.0": "backbones.1", "mean_and_logvar": "output_layer"}
kit = {"elites": np.array([2, 0]), "max_logvar": sd["max_logvar"][0], "min_logvar": sd["min_logvar"][0]}
for old, new in names.items():
    for kind in ("weight", "bias"):
        kit[f"{new}.{kind}"] = sd[f"{old}.{kind}"]
        kit[f"{new}.saved_{kind}"] = np.zeros_like(sd[f"{old}.{kind}"])
torch_save(os.path.join(d2, "dynamics.pth"), kit)
np.save(os.path.join(d2, "mu.npy"), mean), np.save(os.path.join(d2, "std.npy"), std.astype(np.float64))
for p in range(6):
    with open(os.path.join(d3, f"protocol{p}.pickle"), "wb") as f:
        pickle.dump({"mean": mean, "std": std}, f, protocol=p)
with open(os.path.join(d, "env_stats.pickle"), "wb") as f:
    pickle.dump({"mean": mean, "std": std}, f, protocol=4)
with open(os.path.join(d, "model.json"), "w") as f:
    json.dump({"layout": "mbrl-lib GaussianMLP", "activation": "SiLU", "obs_dim": D, "act_dim": A}, f, indent=1)


def net(x, dt):
    w = {k: v.astype(dt) for k, v in sd.items()}
    h = np.broadcast_to(((x - mean.astype(dt)) / std.astype(dt))[None], (E, *x.shape))
    for i in range(2):
        h = h @ w[f"hidden_layers.{i}.0.weight"] + w[f"hidden_layers.{i}.0.bias"]
        h = h / (1 + np.exp(-h))
    y = h @ w["mean_and_logvar.weight"] + w["mean_and_logvar.bias"]
    m, lv = y[..., : D + 1], y[..., D + 1:]
    soft = lambda v: np.log1p(np.exp(v))
    lv = w["max_logvar"] - soft(w["max_logvar"] - lv)
    return m, w["min_logvar"] + soft(lv - w["min_logvar"])


true = np.zeros((K, H + 1, D))
true[:, 0] = rng.uniform(-1, 1, (K, D)).astype(np.float32)
act = rng.uniform(-1, 1, (K, H, A)).astype(np.float32).astype(np.float64)
for t in range(H):
    q, v = true[:, t, 0], true[:, t, 1]
    nxt = np.stack([q + 0.1 * v, v + 0.1 * (act[:, t, 0] - q - 0.2 * v)], 1)
    true[:, t + 1] = nxt.astype(np.float32)


def roll(dt):
    s, S, R = true[:, 0].astype(dt), [true[:, 0].astype(dt)], []
    for t in range(H):
        m = net(np.concatenate([s, act[:, t].astype(dt)], 1), dt)[0][[2, 0]].mean(0)
        s = s + m[:, :D]
        S.append(s), R.append(m[:, D])
    return np.stack(S, 1).astype(np.float64), np.stack(R, 1).astype(np.float64)


(I, IR), (F, _) = roll(np.float64), roll(np.float32)
sd_scale = true[:, :-1].reshape(-1, D).std(0)
err = np.sqrt((((I - true) / sd_scale) ** 2).mean(-1))[:, 1:]
o1, a1 = true[:, :-1].reshape(-1, D), act.reshape(-1, A)
m, lv = net(np.concatenate([o1, a1], 1), np.float64)
m = m.copy()
m[..., :D] += o1
om = m[..., :D]
e = {"starts": K, "nrmse_mean": err.mean(0).tolist(), "nrmse_median": np.median(err, 0).tolist(),
     "f32_max_abs_diff": np.abs(F - I).max((0, 2))[1:].tolist(),
     "one_step_nrmse": float(np.sqrt((((m[[2, 0]].mean(0)[:, :D] - true[:, 1:].reshape(-1, D)) / sd_scale) ** 2).mean(-1)).mean())}
arr = {"true": true, "actions": act, "imagined": I, "imagined_reward": IR, "one_step_rows": np.arange(0, K * H, 5),
       "one_step_member_mean": m[:, ::5], "one_step_member_logvar": lv[:, ::5]}
for name, v in (("disagreement", om.std(0).mean(1)), ("ensemble_std", np.sqrt(om.var(0).mean(1))),
                ("aleatoric_max", np.linalg.norm(np.exp(lv / 2), axis=2).max(0)),
                ("pairwise_diff", np.linalg.norm(om - om.mean(0), axis=2).max(0))):
    arr[name] = v
    e[name + "_mean"], e[name + "_q95"] = float(v.mean()), float(np.quantile(v, 0.95))
np.savez_compressed(os.path.join(out, "oracles", "model-small-mbrl.npz"), **{k + "_oscillator": v for k, v in arr.items()})
with open(os.path.join(out, "oracles", "model-small-mbrl.json"), "w") as f:
    json.dump({"model": "small-mbrl", "error_scale": {"std": sd_scale.tolist()}, "sets": {"oscillator": e}}, f, indent=1)
