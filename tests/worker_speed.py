"""How fast the worker steps copies, beside a plain loop over gymnasium.make_vec: python worker_speed.py worker.py"""

import json
import struct
import subprocess
import sys
import time

import gymnasium
import numpy as np

HEAD = struct.Struct("<4s4sI")


class Worker:
    def __init__(self, path, ask):
        command, pipe = [sys.executable, "-u", path], subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0)
        self.output = open(self.process.stdout.fileno(), "rb", 1 << 16, closefd=False)
        self.receive()
        self.about = json.loads(self.ask(b"H", json.dumps(ask).encode())[1])

    def receive(self):
        _, kind, length = HEAD.unpack(self.output.read(HEAD.size))
        return kind[:1], self.output.read(length)

    def ask(self, kind, payload):
        self.process.stdin.write(HEAD.pack(b"oods", kind.ljust(4), len(payload)) + payload)
        return self.receive()


def worker_rate(path, id, n, steps, actions):
    worker = Worker(path, {"id": id, "copies": n})
    copies = struct.pack(f"<II{n}I", n, 0, *range(n))
    worker.ask(b"R", copies + struct.pack(f"<{n}Q", *range(n)))
    width = len(worker.about["obs"]["names"])
    begun = time.perf_counter()
    for t in range(steps):
        kind, payload = worker.ask(b"S", copies + actions[t % len(actions)].astype("<f4").tobytes())
        ended = np.frombuffer(payload, "u1", 2 * n, 8 + n * (8 + 4 * width)).reshape(2, n).any(0)
        over = np.flatnonzero(ended).tolist()
        if over:
            m = len(over)
            worker.ask(b"R", struct.pack(f"<II{m}I{m}Q", m, 0, *over, *[t] * m))
    rate = n * steps / (time.perf_counter() - begun)
    worker.process.stdin.close()
    worker.process.wait()
    return rate


def plain_rate(id, n, steps, actions):
    envs = gymnasium.make_vec(id, n, vectorization_mode="sync")
    envs.reset(seed=0)
    begun = time.perf_counter()
    for t in range(steps):
        envs.step(actions[t % len(actions)])
    rate = n * steps / (time.perf_counter() - begun)
    envs.close()
    return rate


CASES = [("Hopper-v5", 8, 1500), ("CartPole-v1", 8, 5000), ("CartPole-v1", 32, 2000), ("Hopper-v5", 1, 6000)]
for id, n, steps in CASES:
    space = gymnasium.make_vec(id, n, vectorization_mode="sync").action_space
    space.seed(0)
    actions = [space.sample() for _ in range(512)]
    rates = [(worker_rate(sys.argv[1], id, n, steps, actions), plain_rate(id, n, steps, actions)) for _ in range(5)]
    worker, plain = (max(rate) for rate in zip(*rates))
    print(f"{id}, {n} copies: worker {worker:,.0f} steps/s, make_vec {plain:,.0f} steps/s, ratio {worker / plain:.2f}")
