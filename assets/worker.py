"""The side of oodscope that runs in the user's Python: makes environments with Gymnasium and steps them.

Needs gymnasium (0.26 or newer) and numpy. Speaks frames over what were its standard input and output:
magic `oods`, a kind (one character in four bytes), the length of the payload (four bytes), the payload.
Everything is little endian; control frames hold JSON, those of the step path hold arrays one after the other:

  r ready    {protocol, python}           sent once, at the start
  H hello    {id, kwargs, ...}            answered by h {the environment's description}
  R reset    n, copies u32, seeds u64     answered by b
  S step     n, m, copies u32, actions f32, m seeds u64   answered by b
             seeds: of the episodes to come; the copies whose episodes end here may begin them at once, in order
  P put      n, copies u32, states f64    answered by b, rewards 0 (as of a reset)
  G get      n, copies u32                answered by g, states f64
  W warm up  -                            not answered: imports what will be needed
  L load     {policy}                     answered by k {}
  A act      n, observations f32          answered by a, actions f32
  T try      {id, ..., steps}             answered by k {}
  C close                                 ends the worker, as does the end of the input
  b batch    n, k, rewards f64, observations f32, terminated u8, truncated u8,
             then the k episodes that were begun: rows u32, observations f32
  e error    {sentence, bad, trace}       instead of any answer; `bad`: what was asked for is at fault
  o lost     {sentence}                   copies died with a Ray actor; they are there again, without their episodes

Runs as `python -u worker.py`, or read from its own standard input by a short `-c`.
"""

import contextlib
import gc
import importlib
import importlib.util
import json
import math
import os
import platform
import select
import socket
import struct
import sys
import threading
import time
import traceback

PROTOCOL = 1
# Formats and no Struct, which Ray cannot send.
HEAD, HEAD_SIZE = "<4s4sI", 12
BATCH, BATCH_SIZE = "<II", 8
# Wider rows are images of a size that float columns do not suit.
MOST_COLUMNS = 100_000
# Integers above are not exact in float32.
MOST_CHOICES = 1 << 24
# Packages that register the ids of a namespace when they are imported.
NAMESPACES = {
    "dm_control": "shimmy",
    "dm_control_multiagent": "shimmy",
    "ALE": "ale_py",
    "MinAtar": "minatar",
    "Meta-World": "metaworld",
    "OpenSpiel": "shimmy",
}


class Bad(Exception):
    """What was asked for is at fault; the text is a sentence for people."""


class Lost(Exception):
    """Copies died with their actor and were made anew."""


# ---- spaces: a value as a flat row, and back


class Leaf:
    """One array of a space: how it lies in a row."""

    def __init__(self, kind, width, low, high, dtype, shape, choices=None):
        self.kind, self.width, self.low, self.high = kind, width, low, high
        self.dtype, self.shape, self.choices = dtype, shape, choices

    def put(self, value, row):
        try:
            row[:] = np.asarray(value).reshape(self.width)
        except ValueError as error:
            found = f"an observation of shape {np.shape(value)} where its space has {self.shape}"
            raise ValueError(found) from error

    def take(self, row):
        return self.many(row.reshape(1, self.width))[0]

    def many(self, rows):
        """The values of several rows."""
        if self.dtype.kind != "f":
            rows = np.rint(rows)
        return rows.astype(self.dtype, copy=False).reshape((len(rows),) + self.shape)


def leaf_of(space, spaces):
    """The leaf of a simple space; nothing for one that is not supported."""
    if isinstance(space, spaces.Box):
        width = int(np.prod(space.shape))
        bounds = (np.asarray(b, np.float64).reshape(-1) for b in (space.low, space.high))
        return Leaf("Box", width, *bounds, np.dtype(space.dtype), tuple(space.shape))
    if isinstance(space, spaces.Discrete):
        n, start = int(space.n), int(getattr(space, "start", 0))
        return Leaf("Discrete", 1, [start], [start + n - 1], np.dtype(np.int64), (), ([n], [start]))
    if isinstance(space, spaces.MultiDiscrete):
        n = np.asarray(space.nvec).reshape(-1)
        start = np.broadcast_to(np.asarray(getattr(space, "start", 0)).reshape(-1), n.shape)
        choices = (n.tolist(), start.tolist())
        return Leaf("MultiDiscrete", len(n), start, start + n - 1, np.dtype(space.dtype), tuple(space.shape), choices)
    if isinstance(space, spaces.MultiBinary):
        width = int(np.prod(space.shape))
        return Leaf("MultiBinary", width, [0] * width, [1] * width, np.dtype(space.dtype), tuple(space.shape))
    return None


class Flat:
    """A space flattened: a Dict by its keys in alphabetical order, a Tuple in its order, parts joined by dots."""

    def __init__(self, space, what):
        from gymnasium import spaces

        self.what, self.leaves, self.width = what, [], 0
        self.tree = self._grow(space, "", spaces)
        self.alone = self.leaves[0][1] if len(self.leaves) == 1 and not self.leaves[0][0] else None
        if not 0 < self.width <= MOST_COLUMNS:
            text = f"has {self.width} numbers a row, more than the {MOST_COLUMNS} that are supported; shrink its images"
            raise Bad(f"its {what} space {text if self.width else 'has no numbers in it'}")

    def _grow(self, space, name, spaces):
        join = lambda part: f"{name}.{part}" if name else str(part)
        if isinstance(space, spaces.Dict):
            keys = sorted(space.spaces, key=str)
            return ("dict", [(key, self._grow(space.spaces[key], join(key), spaces)) for key in keys])
        if isinstance(space, spaces.Tuple):
            return ("tuple", [(i, self._grow(part, join(i), spaces)) for i, part in enumerate(space.spaces)])
        leaf = leaf_of(space, spaces)
        if leaf is None:
            part = f"the part '{name}' of its {self.what} space" if name else f"its {self.what} space"
            raise Bad(f"{part} is of kind {type(space).__name__}, which has no fixed row of numbers; "
                      "wrap the environment so that it is a Box, Discrete, MultiDiscrete, MultiBinary, Dict or Tuple")
        if leaf.choices and max(abs(b) for b in (*leaf.low, *leaf.high)) > MOST_CHOICES:
            raise Bad(f"its {self.what} space has choices above {MOST_CHOICES}, which float32 does not hold")
        at, self.width = self.width, self.width + leaf.width
        self.leaves.append((name, leaf))
        return ("leaf", leaf, slice(at, self.width))

    def describe(self):
        """The space as oodscope keeps it; an infinite bound is null."""
        if self.alone:
            names = [f"{'obs' if self.what == 'observation' else 'action'}[{i}]" for i in range(self.width)]
        else:
            names = [f"{name}.{i}" for name, leaf in self.leaves for i in range(leaf.width)]
        kind = self.alone.kind if self.alone else "Box"
        n, start = self.alone.choices if self.alone and self.alone.choices else ([], [])
        bound = lambda side: [
            b if math.isfinite(b) else None
            for _, leaf in self.leaves
            for b in np.asarray(getattr(leaf, side)).astype(np.float32).tolist()
        ]
        with np.errstate(over="ignore"):
            return {"kind": kind, "names": names, "n": n, "start": start, "low": bound("low"), "high": bound("high")}

    def put(self, value, row):
        """Writes a value into its row."""
        self.alone.put(value, row) if self.alone else self._put(self.tree, value, row)

    def put_all(self, values, rows):
        """Writes several values at once, which is faster; answers whether it could."""
        if self.alone is None or len(self.alone.shape) != 1:
            return False
        try:
            np.concatenate(values, out=rows.reshape(-1), casting="unsafe")
        except ValueError:
            return False
        return True

    def _put(self, tree, value, row):
        if tree[0] == "leaf":
            tree[1].put(value, row[tree[2]])
        else:
            for key, branch in tree[1]:
                self._put(branch, value[key], row)

    def values(self, rows):
        """The values of several rows."""
        return self.alone.many(rows) if self.alone else [self._take(self.tree, row) for row in rows]

    def _take(self, tree, row):
        if tree[0] == "leaf":
            return tree[1].take(row[tree[2]])
        parts = [(key, self._take(branch, row)) for key, branch in tree[1]]
        return dict(parts) if tree[0] == "dict" else tuple(value for _, value in parts)


# ---- states: what an environment can be put into


class MujocoState:
    """Positions and velocities of Gymnasium's MuJoCo environments."""

    def __init__(self, env):
        self.inner = env.unwrapped
        self.split = self.inner.data.qpos.size

    def get(self):
        return np.concatenate([np.ravel(self.inner.data.qpos), np.ravel(self.inner.data.qvel)]).astype(np.float64)

    def put(self, state):
        self.inner.set_state(state[: self.split].copy(), state[self.split :].copy())
        return self.inner._get_obs()


class PlainState:
    """The attribute `state` of classic control and of those who follow it."""

    def __init__(self, env):
        self.inner = env.unwrapped
        self.look = getattr(self.inner, "_get_obs", None) or getattr(self.inner, "_get_ob", None)
        self.dtype = env.observation_space.dtype

    def get(self):
        return np.array(self.inner.state, np.float64).reshape(-1)

    def put(self, state):
        self.inner.state = state.copy()
        return self.look() if self.look else state.astype(self.dtype)


class SuiteState:
    """The physics of DeepMind's control suite, as shimmy wraps it."""

    def __init__(self, env):
        self.suite = env.unwrapped._env

    def get(self):
        return np.array(self.suite.physics.get_state(), np.float64)

    def put(self, state):
        with self.suite.physics.reset_context():
            self.suite.physics.set_state(state)
        return self.suite.task.get_observation(self.suite.physics)


def state_of(env, flat):
    """The way to set states; nothing where an episode does not go on from a state as it went on before."""
    rows = np.empty((4, flat.width), np.float32)
    first, first_again, next, next_again = rows
    for way in (MujocoState, PlainState, SuiteState):
        try:
            flat.put(env.reset(seed=0)[0], first)
            state = way(env)
            flat.put(state.put(state.get()), first_again)
            env.action_space.seed(0)
            actions = [env.action_space.sample() for _ in range(4)]
            for action in actions[:3]:
                env.step(action)
            held = state.get()
            flat.put(env.step(actions[3])[0], next)
            env.reset(seed=1)
            state.put(held)
            kept = np.array_equal(held, state.get())
            flat.put(env.step(actions[3])[0], next_again)
            # A solver that starts from its last solution makes a small difference.
            if held.size and kept and np.allclose(rows[::2], rows[1::2], rtol=1e-3, atol=1e-3):
                return way
        except Exception:
            continue
    return None


def seeded(env, flat):
    """Whether a seed decides how an episode begins."""
    begun = np.zeros((2, 3, flat.width), np.float32)
    for rows in begun:
        env.action_space.seed(0)
        flat.put(env.reset(seed=0)[0], rows[0])
        for row in rows[1:]:
            flat.put(env.step(env.action_space.sample())[0], row)
    return np.array_equal(begun[0], begun[1], equal_nan=True)


def timed(env):
    """Seconds that a step takes, with the beginnings of episodes: of 50 steps, or of as many as a twentieth of a second has."""
    env.action_space.seed(0)
    env.reset(seed=0)
    steps, begun = 0, time.perf_counter()
    while steps < 50 and time.perf_counter() - begun < 0.05:
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        steps += 1
        if terminated or truncated:
            env.reset()
    return (time.perf_counter() - begun) / max(steps, 1)


# ---- copies of an environment


def module_of(place):
    """The module of a name, or of a file that ends in `.py`."""
    if not place.endswith(".py"):
        return importlib.import_module(place)
    name = os.path.basename(place)[:-3]
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, place)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def make(ask):
    """One environment as asked for."""
    kwargs = dict(ask.get("kwargs") or {})
    if ask.get("max_episode_steps") is not None:
        kwargs["max_episode_steps"] = ask["max_episode_steps"]
    if not ask.get("pixels"):
        return gymnasium.make(ask["id"], disable_env_checker=True, **kwargs)
    try:
        from gymnasium.wrappers import AddRenderObservation
    except ImportError as error:
        raise Bad(f"pictures as observations need gymnasium 1.0 or newer, not {gymnasium.__version__}") from error
    kwargs.setdefault("render_mode", "rgb_array")
    return AddRenderObservation(gymnasium.make(ask["id"], disable_env_checker=True, **kwargs), render_only=True)


def register(id, modules):
    """Imports what registers `id`: these modules, and the package of its namespace where one is known."""
    for module in modules:
        try:
            module_of(module)
        except (ImportError, OSError) as error:
            raise Bad(f"cannot import '{module}', which should register {id}: {error}") from error
    package = NAMESPACES.get(id.split("/")[0] if "/" in id else None)
    if package is None or id in gymnasium.envs.registration.registry:
        return
    try:
        # This one alone waits to be asked.
        if package == "minatar":
            importlib.import_module("minatar.gym").register_envs()
        else:
            importlib.import_module(package)
    except ImportError as error:
        # Itself, or what it needs.
        missing = (getattr(error, "name", None) or package).split(".")[0].replace("_", "-")
        hint = f"install it with: {sys.executable} -m pip install {missing}, or name another Python with --python"
        raise Bad(f"it comes with the package {package}, which cannot be imported ({error}); {hint}") from error


class Copies:
    """Environments of one kind in this process."""

    def __init__(self, ask, count):
        register(ask["id"], ask.get("imports") or [])
        self.first = ask.get("first") or 0
        self.envs = [make(ask) for _ in range(count)]
        self.options = {"options": ask["options"]} if ask.get("options") else {}
        self.obs = Flat(self.envs[0].observation_space, "observation")
        self.action = Flat(self.envs[0].action_space, "action")
        self.ask = ask
        self._states = None

    @property
    def states(self):
        """The way to each copy's state; none where there is no way. Found out where it is asked for."""
        if self._states is None:
            # In an environment apart: a copy may be in the middle of an episode.
            apart = make(self.ask)
            way = state_of(apart, self.obs)
            self._states = [way(env) for env in self.envs] if way else []
            self.state_dim = len(way(apart).get()) if way else 0
            apart.close()
        return self._states

    def describe(self):
        # Every worker describes the same environment, and the first is listened to.
        first = not self.first and not self.ask.get("described")
        settable = first and bool(self.states)
        spec = self.envs[0].spec
        entry = getattr(spec, "entry_point", None)
        if not isinstance(entry, str):
            # A class has a name to find it by again, what was put together for the occasion has none.
            entry = f"{entry.__module__}:{entry.__qualname__}" if isinstance(entry, type) else None
        return {
            "id": getattr(spec, "id", None),
            "entry_point": entry,
            "max_episode_steps": getattr(spec, "max_episode_steps", None),
            "reward_threshold": finite(getattr(spec, "reward_threshold", None)),
            "kwargs": plain(getattr(spec, "kwargs", None) or {}),
            "obs": self.obs.describe(),
            "action": self.action.describe(),
            "step_seconds": self.timed() if self.ask.get("measured") else None,
            "seeded": not first or seeded(self.envs[0], self.obs),
            "settable": settable,
            "state_dim": self.state_dim if settable else 0,
            "versions": versions(),
        }

    def timed(self):
        # Actions at random may be none that it takes.
        with contextlib.suppress(Exception):
            return timed(self.envs[0])

    def reset(self, copies, seeds, out):
        for row, copy in enumerate(copies):
            with blame(self.first + copy):
                # Some simulators take 31 bits only.
                obs, _ = self.envs[copy].reset(seed=seeds[row] % (1 << 31), **self.options)
                self.obs.put(obs, out.obs[row])

    def step(self, copies, rows, out):
        seen, reward, terminated, truncated = [], [], [], []
        copy = 0
        try:
            for copy, action in zip(copies, self.action.values(rows)):
                step = self.envs[copy].step(action)
                seen.append(step[0])
                reward.append(step[1])
                terminated.append(step[2])
                truncated.append(step[3])
        except BaseException as error:
            error.copy = self.first + copy
            raise
        out.terminated[:], out.truncated[:] = terminated, truncated
        try:
            out.reward[:] = reward
        except ValueError:  # each an array of its own
            out.reward[:] = [np.asarray(one).item() for one in reward]
        if not self.obs.put_all(seen, out.obs):
            for row, copy in enumerate(copies):
                with blame(self.first + copy):
                    self.obs.put(seen[row], out.obs[row])

    def begin_next(self, copies, seeds):
        """Begins the next episodes in these copies; answers the first observations of those that began."""
        seen = np.empty((len(copies), self.obs.width), np.float32)
        begun = 0
        # What fails here is asked for again, in earnest, and fails with its own words.
        with contextlib.suppress(Exception):
            for copy, seed, row in zip(copies, seeds, seen):
                self.obs.put(self.envs[copy].reset(seed=seed % (1 << 31), **self.options)[0], row)
                begun += 1
        return seen[:begun]

    def put(self, copies, states, out):
        for row, copy in enumerate(copies):
            with blame(self.first + copy):
                # Sets the time limit back, and what else an episode keeps.
                self.envs[copy].reset(seed=0, **self.options)
                self.obs.put(self.states[copy].put(states[row]), out.obs[row])

    def get(self, copies):
        return np.stack([self.states[copy].get() for copy in copies])

    def close(self):
        for env in self.envs:
            env.close()


class blame:
    """Notes in an exception which copy raised it."""

    def __init__(self, copy):
        self.copy = copy

    def __enter__(self):
        return self

    def __exit__(self, _, error, __):
        if error is not None:
            error.copy = self.copy


class Batch:
    """The answer to a step of `n` copies, written in place and sent as it lies."""

    def __init__(self, n, width):
        size = BATCH_SIZE + n * (8 + 4 * width + 2)
        heads = struct.pack(HEAD, b"oods", b"b   ", size) + struct.pack(BATCH, n, 0)
        self.frame = bytearray(heads + bytes(size - BATCH_SIZE))
        at = HEAD_SIZE + BATCH_SIZE
        array = lambda dtype, count, at: np.frombuffer(self.frame, dtype, count, at)
        self.reward = array("<f8", n, at)
        self.obs = array("<f4", n * width, at + 8 * n).reshape(n, width)
        self.ends = at + n * (8 + 4 * width)
        self.terminated = array("u1", n, self.ends)
        self.truncated = array("u1", n, self.ends + n)

    def over(self):
        """The rows whose episodes are over."""
        return np.flatnonzero(self.terminated | self.truncated).tolist() if self.frame.find(1, self.ends) > 0 else []

    def with_begun(self, rows, seen):
        """The frame with the episodes that were begun behind it."""
        begun = np.array(rows, "<u4").tobytes() + seen.tobytes()
        frame = self.frame + begun
        struct.pack_into("<I", frame, HEAD_SIZE - 4, len(frame) - HEAD_SIZE)
        struct.pack_into("<I", frame, HEAD_SIZE + 4, len(rows))
        return frame


# ---- Ray


class Spread:
    """The same copies in actors of a Ray cluster."""

    def __init__(self, ask, count):
        try:
            import ray
        except ImportError as error:
            hint = f"install it with: {sys.executable} -m pip install ray, or name another Python with --python"
            raise Bad(f"--ray needs the package ray, which cannot be imported ({error}); {hint}") from error
        where = {} if ask["ray"] == "local" else {"address": ask["ray"]}
        try:
            # Ray itself tries for minutes.
            host, _, port = ask["ray"].rpartition("://")[2].rpartition(":")
            if host and port.isdigit():
                socket.create_connection((host, int(port)), timeout=5).close()
            ray.init(log_to_driver=False, **(where or {"include_dashboard": False}))
        except (OSError, RuntimeError, ValueError) as error:
            raise Bad(f"Ray does not answer at '{ask['ray']}': {last_line(error)}") from error
        self.ray, self.ask, self.kind = ray, ask, ray.remote(Actor)
        actors = max(1, min(ask.get("actors") or 1, count))
        self.share = -(-count // actors)
        self.count = count
        # More actors than cores wait for nothing, they share.
        self.cores = min(1.0, int(1000 * ray.cluster_resources().get("CPU", 1) / actors) / 1000)
        self.actors = [self._actor(i) for i in range(-(-count // self.share))]
        self.width = None
        self.about = self._all({i: ("describe",) for i in range(len(self.actors))})[0]
        self.width = len(self.about["obs"]["names"])

    def _actor(self, i):
        first = i * self.share
        return self.kind.options(num_cpus=self.cores).remote(
            {**self.ask, "first": first}, min(self.share, self.count - first)
        )

    def describe(self):
        return self.about

    def _all(self, calls):
        """What the actors answer; those that died are made anew, and their copies are told lost."""
        waits = {i: getattr(self.actors[i], call[0]).remote(*call[1:]) for i, call in calls.items()}
        answers, dead, why = {}, [], ""
        for i, wait in waits.items():
            try:
                answers[i] = self.ray.get(wait)
            except self.ray.exceptions.RayActorError as error:
                if self.width is None:
                    cause = getattr(error, "cause", None) or error
                    raise Bad(f"Ray's actor did not start: {last_line(cause)}") from error
                dead.append(i)
                why = last_line(error)
        for i in dead:
            self.actors[i] = self._actor(i)
        if dead:
            copies = [c for i in dead for c in range(i * self.share, min(self.count, (i + 1) * self.share))]
            listed = ", ".join(map(str, copies))
            raise Lost(f"a Ray actor died in the middle of an episode (copies {listed}): {why}")
        for answer in answers.values():
            if isinstance(answer, dict) and "sentence" in answer:
                raise (Bad if answer["bad"] else RuntimeError)(answer["sentence"])
        return answers

    def _rows(self, copies):
        rows = {}
        for row, copy in enumerate(copies):
            rows.setdefault(copy // self.share, []).append(row)
        return rows

    def _call(self, name, copies, values, out):
        rows = self._rows(copies)
        own = lambda i, at: [copies[row] - i * self.share for row in at]
        calls = {i: ("batch", name, own(i, at), [values[row] for row in at]) for i, at in rows.items()}
        for i, (reward, obs, terminated, truncated) in self._all(calls).items():
            at = rows[i]
            out.reward[at], out.obs[at], out.terminated[at], out.truncated[at] = reward, obs, terminated, truncated

    def reset(self, copies, seeds, out):
        self._call("reset", copies, seeds, out)

    def step(self, copies, rows, out):
        self._call("step", copies, rows, out)

    def begin_next(self, copies, seeds):
        return np.empty((0, self.width), np.float32)

    def put(self, copies, states, out):
        self._call("put", copies, states, out)

    def get(self, copies):
        rows = self._rows(copies)
        calls = {i: ("get", [copies[row] - i * self.share for row in at]) for i, at in rows.items()}
        out = np.empty((len(copies), self.about["state_dim"]))
        for i, states in self._all(calls).items():
            out[rows[i]] = states
        return out

    def close(self):
        self.ray.shutdown()
        # Its servers are children of this process, whose ends nobody else waits for.
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)


class Actor:
    """Copies in a process of Ray's."""

    def __init__(self, ask, count):
        need()
        self.copies = self.fault = None
        try:
            self.copies = Copies(ask, count)
        except Exception as error:
            self.fault = told(error, True)

    def describe(self):
        return self.fault or self.copies.describe()

    def batch(self, name, copies, values):
        if self.fault:
            return self.fault
        out = Batch(len(copies), self.copies.obs.width)
        try:
            getattr(self.copies, name)(copies, values if name == "reset" else np.stack(values), out)
        except Exception as error:
            return told(error, False)
        return out.reward.copy(), out.obs.copy(), out.terminated.copy(), out.truncated.copy()

    def get(self, copies):
        return self.copies.get(copies)


# ---- words


def need():
    """Imports what everything here needs, or says what is missing."""
    global np, gymnasium
    for name in ("numpy", "gymnasium"):
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            hint = f"install it with: {sys.executable} -m pip install {name}, or name another Python with --python"
            raise Bad(f"{sys.executable} cannot import {name} ({error}); {hint}") from error
        globals()["np" if name == "numpy" else name] = module
    numbers = [int(part) for part in gymnasium.__version__.split(".")[:2] if part.isdigit()]
    if numbers < [0, 26]:
        hint = f"{sys.executable} -m pip install --upgrade gymnasium"
        raise Bad(f"gymnasium {gymnasium.__version__} is too old, 0.26 or newer is needed: {hint}")


def versions():
    found = {"python": platform.python_version(), "gymnasium": gymnasium.__version__, "numpy": np.__version__}
    for name in ("mujoco", "dm_control", "ray"):
        if name in sys.modules:
            found[name] = getattr(sys.modules[name], "__version__", "?")
    return found


def plain(value):
    """A value as JSON can hold it."""
    try:
        json.dumps(value, allow_nan=False)
        return value
    except (TypeError, ValueError):
        return {str(k): plain(v) for k, v in value.items()} if isinstance(value, dict) else str(value)


def finite(value):
    return float(value) if value is not None and math.isfinite(value) else None


def last_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def told(error, starting):
    """An exception as an error frame says it; while something starts, what was asked for is at fault."""
    trace = traceback.format_exception(type(error), error, error.__traceback__)
    lines = [line for part in trace for line in part.rstrip().splitlines()][-8:]
    what = " ".join(str(error).split())[:800] or "without a word"
    known = "gymnasium" in globals() and isinstance(error, gymnasium.error.Error)
    if isinstance(error, Bad) or (known and starting):
        return {"sentence": what, "bad": True, "trace": lines}
    copy = getattr(error, "copy", None)
    where = f" in copy {copy}" if copy is not None else ""
    return {"sentence": f"{type(error).__name__}{where}: {what}", "bad": starting, "trace": lines}


# ---- frames and the loop


class Pipe:
    """The frames' way in and out. What an environment prints goes to standard error, what it reads is empty."""

    def __init__(self):
        self.input = open(os.dup(0), "rb", 1 << 16)
        self.output = os.dup(1)
        sys.stdout.flush()
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        sys.stdout = sys.stderr
        # Seconds for which it looks out for the next message before it sleeps: to be woken takes as long as a small step.
        self.keen = 0.0
        self.ready = select.poll() if hasattr(select, "poll") else None
        if self.ready:
            self.ready.register(self.input.fileno(), select.POLLIN)

    def look_out(self):
        until = time.perf_counter() + self.keen
        while not self.ready.poll(0) and time.perf_counter() < until:
            os.sched_yield()

    def receive(self):
        if self.keen and self.ready:
            self.look_out()
        head = self.input.read(HEAD_SIZE)
        if len(head) < HEAD_SIZE:
            return None, b""
        _, kind, length = struct.unpack(HEAD, head)
        payload = self.input.read(length)
        return (chr(kind[0]), payload) if len(payload) == length else (None, b"")

    def write(self, frame):
        rest = memoryview(frame)
        while rest:
            rest = rest[os.write(self.output, rest) :]

    def send(self, kind, payload=b""):
        self.write(struct.pack(HEAD, b"oods", kind.encode().ljust(4), len(payload)) + payload)

    def tell(self, kind, value):
        self.send(kind, json.dumps(value, allow_nan=False).encode())


class Worker:
    """Answers commands, one by one."""

    def __init__(self, pipe):
        self.pipe, self.copies, self.policy, self.batches = pipe, None, None, {}
        self.answers = {"H": self.hello, "R": self.reset, "S": self.step, "P": self.put, "G": self.get}
        self.answers.update({"W": self.warm_up, "L": self.load, "A": self.act, "T": self.attempt})

    def hello(self, payload):
        need()
        ask = json.loads(payload)
        if self.copies:
            # The one that was measured makes room: there may be one at a time.
            with contextlib.suppress(Exception):
                self.copies.close()
            self.copies = None
            gc.unfreeze()
            gc.collect()
        self.pipe.keen = ask.get("keen") or 0.0
        self.copies = (Spread if ask.get("ray") else Copies)(ask, ask["copies"])
        about = self.copies.describe()
        self.width, self.columns = len(about["obs"]["names"]), len(about["action"]["names"])
        # What is there now stays: no collection of garbage need look at it.
        gc.freeze()
        self.pipe.tell("h", about)

    def warm_up(self, _):
        # What is wrong is told when it is needed.
        with contextlib.suppress(Exception):
            need()

    def _asked(self, payload):
        """The copies that are meant, where the rest begins, and room for the answer."""
        n, _ = struct.unpack_from(BATCH, payload)
        copies = np.frombuffer(payload, "<u4", n, BATCH_SIZE).tolist()
        batch = self.batches.get(n)
        if batch is None:
            batch = self.batches[n] = Batch(n, self.width)
        return copies, BATCH_SIZE + 4 * n, batch

    def reset(self, payload):
        copies, at, batch = self._asked(payload)
        batch.reward[:], batch.terminated[:], batch.truncated[:] = 0, 0, 0
        self.copies.reset(copies, np.frombuffer(payload, "<u8", len(copies), at).tolist(), batch)
        self.pipe.write(batch.frame)

    def step(self, payload):
        copies, at, batch = self._asked(payload)
        # A copy: environments may write into their action.
        actions = np.frombuffer(payload, "<f4", len(copies) * self.columns, at).copy()
        self.copies.step(copies, actions.reshape(len(copies), self.columns), batch)
        frame, at = batch.frame, at + actions.nbytes
        over = batch.over() if at < len(payload) else []
        if over:
            # Episodes begin in the copies by their number.
            over.sort(key=copies.__getitem__)
            seen = self.copies.begin_next([copies[row] for row in over], np.frombuffer(payload, "<u8", -1, at).tolist())
            frame = batch.with_begun(over[: len(seen)], seen)
        self.pipe.write(frame)

    def put(self, payload):
        copies, at, batch = self._asked(payload)
        batch.reward[:], batch.terminated[:], batch.truncated[:] = 0, 0, 0
        states = np.frombuffer(payload, "<f8", offset=at)
        self.copies.put(copies, states.reshape(len(copies), -1), batch)
        self.pipe.write(batch.frame)

    def get(self, payload):
        copies, _, _ = self._asked(payload)
        self.pipe.send("g", self.copies.get(copies).astype("<f8").tobytes())

    def load(self, payload):
        """A function that maps observations [N, D] to actions, as `module:function` or `file.py:function`."""
        need()
        target = json.loads(payload)["policy"]
        place, _, name = target.rpartition(":")
        try:
            self.policy = getattr(module_of(place), name)
        except (ImportError, OSError, AttributeError, ValueError) as error:
            raise Bad(f"the policy '{target}' cannot be loaded ({error}); name it as module:function or "
                      "file.py:function") from error
        self.pipe.tell("k", {})

    def act(self, payload):
        n, width = struct.unpack_from(BATCH, payload)
        seen = np.frombuffer(payload, "<f4", n * width, BATCH_SIZE).reshape(n, width).copy()
        actions = np.asarray(self.policy(seen), "<f4")
        if n != 1 and actions.shape[:1] != (n,):
            raise Bad(f"the policy answers shape {actions.shape} to {n} observations; the first axis has to be theirs")
        actions = actions.reshape(n, -1)
        self.pipe.send("a", struct.pack(BATCH, n, actions.shape[1]) + actions.tobytes())

    def attempt(self, payload):
        """Makes an environment and takes some steps with random actions."""
        need()
        ask = json.loads(payload)
        copies = Copies(ask, 1)
        try:
            env, row = copies.envs[0], np.empty(copies.obs.width, np.float32)
            env.action_space.seed(0)
            copies.obs.put(env.reset(seed=0)[0], row)
            for _ in range(ask["steps"]):
                seen, _, terminated, truncated, _ = env.step(env.action_space.sample())
                copies.obs.put(seen, row)
                if terminated or truncated:
                    env.reset()
            about = {"obs": copies.obs.width, "action": copies.action.width}
        finally:
            copies.close()
        self.pipe.tell("k", about)

    def run(self):
        self.pipe.tell("r", {"protocol": PROTOCOL, "python": sys.executable})
        while True:
            kind, payload = self.pipe.receive()
            if kind is None or kind == "C":
                return
            try:
                self.answers[kind](payload)
            except Lost as error:
                self.pipe.tell("o", {"sentence": str(error)})
            except BaseException as error:  # an environment may even call sys.exit
                self.pipe.tell("e", told(error, kind in "HLT"))


def watch():
    """Ends this process when the one that started it is gone, even while a step hangs."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main():
    worker = Worker(Pipe())
    threading.Thread(target=watch, daemon=True).start()
    worker.run()
    # An environment that does not close holds nobody up.
    guard = threading.Timer(3, os._exit, (1,))
    guard.daemon = True
    guard.start()
    if worker.copies:
        worker.copies.close()
    os._exit(0)


if __name__ == "__main__":
    main()
