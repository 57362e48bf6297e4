"""Environments that do things wrong, for the tests of the worker."""

import os
import signal
import subprocess
import sys
import time

import gymnasium
import numpy as np
from gymnasium import spaces


class Fake(gymnasium.Env):
    """Ends after six steps; does `what` in its third one, only once where there is a file `mark` to remember it by."""

    observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, what="nothing", mark=None):
        self.what, self.mark, self.steps, self.start = what, mark, 0, 0.0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps, self.start = 0, self.np_random.random()
        return self.see(), {}

    def see(self):
        return np.array([self.start, self.steps], np.float32)

    def step(self, action):
        assert action in (0, 1), action
        self.steps += 1
        obs, reward = self.see(), float(action)
        if self.steps == 3 and not (self.mark and os.path.exists(self.mark)):
            if self.mark:
                open(self.mark, "w").close()
            obs, reward = getattr(self, self.what)(obs, reward)
        return obs, reward, self.steps == 6, False, {}

    def nothing(self, obs, reward):
        return obs, reward

    def prints(self, obs, reward):
        print("garbage " * 1000, flush=True)
        print("more", file=sys.__stdout__, flush=True)
        os.write(1, b"\x00oods\xff" * 100)
        subprocess.run(["echo", "a program says something"], check=True)
        assert sys.stdin.read() == ""
        return obs, reward

    def exits(self, obs, reward):
        print("now it ends", flush=True)
        os._exit(7)

    def dies(self, obs, reward):
        os.kill(os.getpid(), signal.SIGKILL)

    def hangs(self, obs, reward):
        time.sleep(1000)

    def nan(self, obs, reward):
        obs[1] = np.nan
        return obs, reward

    def infinite(self, obs, reward):
        return obs, float("inf")

    def raises(self, obs, reward):
        raise RuntimeError("the gripper is stuck")

    def leaves(self, obs, reward):
        sys.exit(3)

    def short(self, obs, reward):
        return obs[:1], reward

    def garbage(self, obs, reward):
        # What no honest environment does: it writes where the answers go.
        os.write(int(min(fd for fd in map(int, os.listdir("/proc/self/fd")) if is_output(fd))), b"no frame at all")
        return obs, reward

    def memory(self, obs, reward):
        bytearray(1 << 60)


def is_output(fd):
    """True for what a worker answers through: its only socket."""
    try:
        return fd > 2 and os.readlink(f"/proc/self/fd/{fd}").startswith("socket:")
    except OSError:
        return False


class Stuck(Fake):
    """Never begins an episode."""

    def reset(self, *, seed=None, options=None):
        time.sleep(1000)


class Nested(gymnasium.Env):
    """Spaces in spaces; rewards an action that arrives whole."""

    observation_space = spaces.Dict({
        "z": spaces.MultiBinary(2),
        "a": spaces.Tuple([spaces.Discrete(3, start=2), spaces.Box(-1, 1, (2,), np.float64)]),
        "b": spaces.Box(0, 255, (2, 2), np.uint8),
    })
    action_space = spaces.Dict({"move": spaces.Box(-1, 1, (1, 2), np.float32), "grip": spaces.Discrete(3)})

    def see(self):
        bytes = np.array([[1, 2], [3, 4]], np.uint8)
        return {"z": np.array([0, 1], np.int8), "a": (3, np.array([1.0, -1.0])), "b": bytes}

    def reset(self, *, seed=None, options=None):
        return self.see(), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        return self.see(), float(action["grip"]), False, False, {}


class Odd(gymnasium.Env):
    """Spaces as they are given."""

    def __init__(self, obs, action):
        self.observation_space, self.action_space = obs, action

    def reset(self, *, seed=None, options=None):
        # Without the seed.
        return self.observation_space.sample(), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        return self.observation_space.sample(), float(action[0]), False, False, {}


BOX = spaces.Box(-1, 1, (2,), np.float32)
ODD = {
    "Choices-v0": (BOX, spaces.MultiDiscrete([3, 2])),
    "Flags-v0": (BOX, spaces.MultiBinary(2)),
    "Text-v0": (spaces.Dict({"said": spaces.Text(5), "seen": BOX}), BOX),
    "Graph-v0": (BOX, spaces.Graph(BOX, None)),
    "Wide-v0": (spaces.Box(0, 255, (200, 200, 3), np.uint8), BOX),
}
for name, kind in (("Fake-v0", Fake), ("Stuck-v0", Stuck), ("Nested-v0", Nested)):
    gymnasium.register(name, kind)
for name, (obs, action) in ODD.items():
    gymnasium.register(name, Odd, kwargs={"obs": obs, "action": action})


def twice(obs):
    return 2 * obs
