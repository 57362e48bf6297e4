"""Steps a second of a plain loop over gymnasium.make_vec(..., "sync"), for each line `id copies steps`."""

import sys
import time

import gymnasium

for line in sys.stdin:
    id, copies, steps = line.split()
    copies, steps = int(copies), int(steps)
    envs = gymnasium.make_vec(id, copies, vectorization_mode="sync")
    envs.action_space.seed(0)
    actions = [envs.action_space.sample() for _ in range(512)]
    envs.reset(seed=0)
    begun = time.perf_counter()
    for t in range(steps):
        envs.step(actions[t % len(actions)])
    print(copies * steps / (time.perf_counter() - begun), flush=True)
    envs.close()
