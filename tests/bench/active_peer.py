"""The online loop of `oodscope active --env Pendulum-v1` in PyTorch, timed against it.

    active_peer.py --oodscope BINARY [--steps 3000] [--repeats 3] [--seed 10] [--threads N]
                   [--modes eager compile] [--quiet SECONDS] [--omp-wait passive] [--json]

Runs ours and the peer by turns (A B A B ...) on this machine. Tells for each the wall-clock, the processor time (user
and system), the processor time that other processes took meanwhile, and the mean return of the last evaluation. A ratio
is peer / ours: from 1.0 on ours is at least as fast. It needs torch, numpy and gymnasium; "compile" a C++ compiler too.

What is timed. Ours is the whole process. The peer is told twice: "process" is everything from the start of Python on,
"loop" leaves out its start, its imports and its compilation, which is made on stand-ins before the clock starts. The
ratio of loops is the one that is kindest to the peer.

On a busy machine. OpenMP's threads spin while they wait for each other: with as many threads as cores and one more
process that works, the peer takes ten times as long, which says nothing of its arithmetic. So look at "others", wait
for a quiet machine (--quiet), or compare with --threads 1, or let them sleep (--omp-wait passive).

What is the same, for the same number of environment steps:
  blocks      whole episodes of 200 steps until 250 are acted or the next evaluation is due; 1000 random steps first
  model       5 Gaussian perceptrons of 3 x 64 with SiLU over [obs, action], which predict the change of obs and the
              reward; likelihood with learned bounds of the log-variance, whose distance weighs 0.01; no weight decay;
              256 rows a member a step, drawn with replacement for each; Adam, begun anew at every fit, its step size
              from 1e-3 along half a cosine to 9 %, changed every 50 steps; 1 gradient step an environment step, 2000
              at first, in whole fifties
  imagination 256 rollouts of 5 steps every 50 gradient steps of the policy, each step of each row from a random member
              and with its noise; a ring of 40,000 that is emptied at every block
  policy      SAC: actor of 2 x 128, two critics of 2 x 128, ReLU, batches of 256 of which 13 are real; Adam of 5e-4 for
              actor, critics and temperature; discount 0.99, targets move by 0.01; 4 gradient steps an environment step
  scales      normalisers of the model, and the reward's, move with the data; what the networks compute stays the same
  start       weights within 1 / sqrt(inputs), the actor's last layer a tenth of it; temperature exp(-1.5)
  evaluation  5 episodes of the actor's mode every 1000 steps; the model's error on the newest episodes before and after
              a fit
Numbers of parameters and of gradient steps are counted on both sides and compared at the end.

What is not:
  - Random numbers are other ones, so two runs of one seed are two draws of the same loop.
  - The peer writes no files; ours keeps episodes, checkpoints, scores and events.
  - The peer draws the batches and the noise of 50 gradient steps at once, between which neither data nor ring change.
  - The peer does not look for values that are not finite, and cannot be stopped and gone on with.
  - It acts in Gymnasium's Pendulum-v1, one episode at a time, and evaluates in an own numpy copy, five side by side.
  - Ours has a column for the end of an episode in the model where an episode ended by itself; here none does.

Both networks are batched over members (baddbmm); no loop goes over them. "eager" is autograd and PyTorch's fused Adam,
"compile" is each gradient step, its Adam included, as one graph by torch.compile.
"""

import argparse
import json
import math
import os
import platform
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time

MEMBERS, WIDTH, MODEL_LAYERS, HIDDEN = 5, 64, 3, 128
BATCH, REAL, CHUNK, ROLLOUTS, HORIZON, CAPACITY = 256, 13, 50, 256, 5, 40_000
RANDOM_STEPS, EVERY, EVAL_EVERY, EVAL_EPISODES, FIRST_MODEL_STEPS = 1000, 250, 1000, 5, 2000
MODEL_RATE, POLICY_RATE, GAMMA, TAU = 1e-3, 5e-4, 0.99, 0.01
BETAS, EPSILON = (0.9, 0.999), 1e-8
MODES = ["eager", "compile"]
OBS, ACT, EPISODE, TORQUE = 3, 1, 200, 2.0
TARGETS = OBS + 1


# The peer.


def peer(steps, seed, threads, mode):
    """Runs the loop once; answers what is told of it."""
    began = time.perf_counter()
    import gymnasium
    import numpy as np
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    compiled = mode == "compile"
    imported = time.perf_counter()

    def mlp(members, sizes, last=1.0):
        """[w, b, w, b, ...]; members are the first dimension, none for one."""
        lead = (members,) if members > 1 else ()
        params = []
        for k, (i, o) in enumerate(zip(sizes, sizes[1:])):
            bound = (last if k + 2 == len(sizes) else 1.0) / math.sqrt(i)
            params.append(torch.empty(*lead, i, o).uniform_(-bound, bound))
            params.append(torch.empty(*lead, *([1] if members > 1 else []), o).uniform_(-bound, bound))
        return params

    def forward(params, x, activation):
        for k in range(0, len(params), 2):
            w, b = params[k], params[k + 1]
            x = torch.addmm(b, x, w) if w.dim() == 2 else torch.baddbmm(b, x, w)
            if k + 2 < len(params):
                x = activation(x)
        return x

    def soft_bound(raw, low, high):
        return low + F.softplus(high - F.softplus(high - raw) - low)

    def model_loss(params, x, y):
        *hidden, w, b, low, high = params
        x = F.silu(forward(hidden, x, F.silu))
        # [members, outputs, rows]: with the few outputs innermost, no kernel fills its vectors.
        out = torch.baddbmm(b.transpose(1, 2), w.transpose(1, 2), x.transpose(1, 2))
        mean, raw = out.split(TARGETS, 1)
        logvar = soft_bound(raw, low[:, None], high[:, None])
        return ((mean - y).square() * torch.exp(-logvar) + logvar).mean() * MEMBERS + 0.01 * (high - low).sum()

    def act(actor, obs, noise):
        mean, raw = forward(actor, obs, torch.relu_).split(ACT, -1)
        log_std = raw.clamp(-5.0, 2.0)
        u = mean + log_std.exp() * noise
        slope = 2.0 * (math.log(2.0) - u - F.softplus(-2.0 * u))
        log_prob = -(0.5 * noise.square() + log_std + 0.5 * math.log(2 * math.pi) + slope).sum(-1)
        return torch.tanh(u), log_prob

    def judge(critics, obs, action):
        x = torch.cat([obs, action], -1).expand(2, -1, -1)
        return forward(critics, x, torch.relu_).squeeze(-1)

    def returns(actor, target, log_alpha, reward, alive, next_obs, noise):
        action, log_prob = act(actor, next_obs, noise)
        value = judge(target, next_obs, action).amin(0) - log_alpha.exp() * log_prob
        return reward + GAMMA * alive * value

    def critic_loss(critics, obs, action, y):
        return (judge(critics, obs, action) - y).square().mean()

    def actor_loss(actor, critics, log_alpha, obs, noise):
        action, log_prob = act(actor, obs, noise)
        return (log_alpha.exp() * log_prob - judge(critics, obs, action).amin(0)).mean(), log_prob.mean()

    # Adam: PyTorch's own, or written out where a whole step is one graph.

    class Eager:
        def __init__(self, params, rate):
            self.params = [p.requires_grad_() for p in params]
            self.adam = torch.optim.Adam(self.params, lr=rate, betas=BETAS, eps=EPSILON, fused=True)

        def step(self, grads):
            for p, g in zip(self.params, grads):
                p.grad = g
            self.adam.step()

    class Moments:
        def __init__(self, params):
            self.first = [torch.zeros_like(p) for p in params]
            self.second = [torch.zeros_like(p) for p in params]

        def clear(self):
            torch._foreach_zero_(self.first + self.second)

    def adam(params, grads, first, second, scale):
        rate, root = scale[0], scale[1]
        for p, g, m, v in zip(params, grads, first, second):
            m.lerp_(g, 1 - BETAS[0])
            v.mul_(BETAS[1]).addcmul_(g, g, value=1 - BETAS[1])
            p.sub_(rate * m / (v.sqrt() * root + EPSILON))

    def scales(first, rates):
        """[steps, 2] step size over the first moment's correction, root of the second's, from step `first` on."""
        t = np.arange(first, first + len(rates), dtype=np.float64)
        return torch.from_numpy(
            np.stack([rates / (1 - BETAS[0] ** t), 1 / np.sqrt(1 - BETAS[1] ** t)], 1).astype(np.float32)
        )

    def model_graph(params, first, second, x, y, scale):
        grads = torch.func.grad(model_loss)(params, x, y)
        adam(params, grads, first, second, scale)

    def policy_graph(actor, critics, target, log_alpha, moments, batch, noise, scale):
        obs, action, reward, next_obs, alive = batch.split([OBS, ACT, 1, OBS, 1], -1)
        y = returns(actor, target, log_alpha, reward[:, 0], alive[:, 0], next_obs, noise[0])
        grads = torch.func.grad(critic_loss)(critics, obs, action, y)
        adam(critics, grads, *moments[1], scale)
        grads, log_prob = torch.func.grad(actor_loss, has_aux=True)(actor, critics, log_alpha, obs, noise[1])
        adam(actor, grads, *moments[0], scale)
        adam([log_alpha], [ACT - log_prob], *moments[2], scale)
        for t, c in zip(target, critics):
            t.lerp_(c, TAU)

    if compiled:
        model_graph = torch.compile(model_graph, fullgraph=True)
        policy_graph = torch.compile(policy_graph, fullgraph=True)

    counted = {"model_steps": 0, "policy_steps": 0}
    spent = {"acting": 0.0, "model": 0.0, "imagining": 0.0, "policy": 0.0}

    class Model:
        def __init__(self):
            sizes = [OBS + ACT] + [WIDTH] * MODEL_LAYERS + [2 * TARGETS]
            self.net = mlp(MEMBERS, sizes)
            self.low, self.high = torch.full((TARGETS,), -12.0), torch.full((TARGETS,), 0.5)
            self.params = [*self.net, self.low, self.high]
            self.moments = Moments(self.params)

        @torch.no_grad()
        def rescale(self, rows, first):
            (x_mean, x_std), (y_mean, y_std) = moments_of(inputs_of(rows)), moments_of(targets_of(rows))
            if not first:
                w, b, last_w, last_b = self.net[0], self.net[1], self.net[-2], self.net[-1]
                b += (((x_mean - self.x_mean) / self.x_std)[:, None] * w).sum(1, keepdim=True)
                w *= (x_std / self.x_std)[:, None]
                ratio, shift = self.y_std / y_std, (self.y_mean - y_mean) / y_std
                last_w[..., :TARGETS] *= ratio
                last_b[..., :TARGETS] = last_b[..., :TARGETS] * ratio + shift
                for part in (last_b[..., TARGETS:], self.low, self.high):
                    part += 2 * ratio.log()
            self.x_mean, self.x_std, self.y_mean, self.y_std = x_mean, x_std, y_mean, y_std

        @torch.no_grad()
        def error(self, rows):
            """Mean squared error of the members' means in the model's units."""
            x = ((inputs_of(rows) - self.x_mean) / self.x_std).expand(MEMBERS, -1, -1)
            mean = forward(self.net, x, F.silu)[..., :TARGETS]
            return ((mean - (targets_of(rows) - self.y_mean) / self.y_std) ** 2).mean().item()

        def fit(self, rows, newest, steps):
            self.error(newest)
            xs = (inputs_of(rows) - self.x_mean) / self.x_std
            ys = (targets_of(rows) - self.y_mean) / self.y_std
            data = torch.cat([xs, ys], -1)
            checks = -(-steps // CHUNK)
            if compiled:
                self.moments.clear()
            else:
                optimiser = Eager(self.params, MODEL_RATE)
            rate = MODEL_RATE
            for check in range(checks):
                rows = torch.randint(len(data), (CHUNK * MEMBERS * BATCH,))
                x, y = data.index_select(0, rows).view(CHUNK, MEMBERS, BATCH, -1).split([OBS + ACT, TARGETS], -1)
                x, y = x.contiguous(), y.transpose(-1, -2).contiguous()
                if compiled:
                    for xi, yi, scale in zip(x, y, scales(check * CHUNK + 1, np.full(CHUNK, rate))):
                        model_graph(self.params, self.moments.first, self.moments.second, xi, yi, scale)
                else:
                    optimiser.adam.param_groups[0]["lr"] = rate
                    for xi, yi in zip(x, y):
                        optimiser.step(torch.autograd.grad(model_loss(self.params, xi, yi), self.params))
                counted["model_steps"] += CHUNK
                rate = MODEL_RATE * max(0.09, 0.5 * (1 + math.cos(math.pi * (check + 1) / checks)))
            return self.error(newest)

        @torch.no_grad()
        def sample(self, obs, action):
            """A step of each row by a random member, with its noise: reward and next observation."""
            x = (torch.cat([obs, action], -1) - self.x_mean) / self.x_std
            out = forward(self.net, x.expand(MEMBERS, -1, -1), F.silu)
            n = torch.arange(len(obs))
            mean, raw = out[torch.randint(MEMBERS, (len(obs),)), n].split(TARGETS, -1)
            noise = torch.randn(len(obs), OBS)
            std = torch.exp(0.5 * soft_bound(raw[:, :OBS], self.low[:OBS], self.high[:OBS]))
            mean = torch.cat([mean[:, :OBS] + std * noise, mean[:, OBS:]], -1) * self.y_std + self.y_mean
            return mean[:, OBS:], obs + mean[:, :OBS]

    class Agent:
        def __init__(self, model, reward_scale):
            self.actor = mlp(1, [OBS, HIDDEN, HIDDEN, 2 * ACT], 0.1)
            self.critics = mlp(2, [OBS + ACT, HIDDEN, HIDDEN, 1])
            self.target = [p.clone() for p in self.critics]
            self.log_alpha = torch.tensor(-1.5)
            self.reward_scale, self.mean, self.std = reward_scale, model.x_mean[:OBS], model.x_std[:OBS]
            groups = [self.actor, self.critics, [self.log_alpha]]
            if compiled:
                self.moments = [(m.first, m.second) for m in map(Moments, groups)]
            else:
                # The temperature moves with the actor: one call of the optimiser for both.
                self.optimisers = [Eager([*self.actor, self.log_alpha], POLICY_RATE), Eager(self.critics, POLICY_RATE)]
            self.steps = 0

        @torch.no_grad()
        def adapt(self, model, reward_scale):
            factor = reward_scale / self.reward_scale
            for p in (*self.critics[-2:], *self.target[-2:]):
                p *= factor
            self.log_alpha += math.log(factor)
            mean, std = model.x_mean[:OBS], model.x_std[:OBS]
            ratio, shift = (std / self.std)[:, None], ((mean - self.mean) / self.std)[:, None]
            for w, b in (self.actor[:2], self.critics[:2], self.target[:2]):
                b += (shift * w[..., :OBS, :]).sum(-2, keepdim=w.dim() == 3)
                w[..., :OBS, :] *= ratio
            self.reward_scale, self.mean, self.std = reward_scale, mean, std

        @torch.no_grad()
        def mode(self, obs):
            out = forward(self.actor, (torch.from_numpy(obs) - self.mean) / self.std, torch.relu_)
            return TORQUE * torch.tanh(out[:, :ACT]).numpy()

        @torch.no_grad()
        def draw(self, obs):
            obs = (torch.from_numpy(obs) - self.mean) / self.std
            mean, raw = forward(self.actor, obs, torch.relu_).split(ACT, -1)
            return TORQUE * torch.tanh(mean + raw.clamp(-5, 2).exp() * torch.randn_like(mean)).numpy()

        @torch.no_grad()
        def imagine(self, model, rows, ring, filled):
            obs = rows[torch.randint(len(rows), (ROLLOUTS,)), :OBS]
            ones = torch.ones(ROLLOUTS, 1)
            for _ in range(HORIZON):
                action, _ = act(self.actor, (obs - self.mean) / self.std, torch.randn(ROLLOUTS, ACT))
                reward, following = model.sample(obs, TORQUE * action)
                new = torch.cat([obs, action, reward, following, ones], -1)
                at = filled % CAPACITY
                head = min(ROLLOUTS, CAPACITY - at)
                ring[at : at + head] = new[:head]
                ring[: ROLLOUTS - head] = new[head:]
                filled += ROLLOUTS
                obs = following
            return filled

        @torch.no_grad()
        def batches(self, rows, ring, filled, count):
            """[count, BATCH, columns] in the networks' units, each with its share of real transitions."""
            real = rows.index_select(0, torch.randint(len(rows), (count * REAL,))).view(count, REAL, -1)
            at = torch.randint(min(filled, CAPACITY), (count * (BATCH - REAL),))
            batch = torch.cat([real, ring.index_select(0, at).view(count, BATCH - REAL, -1)], 1)
            one, zero = torch.ones(1), torch.zeros(1)
            scale = torch.cat([1 / self.std, one, one * self.reward_scale, 1 / self.std, one])
            shift = torch.cat([self.mean, zero, zero, self.mean, zero])
            return (batch - shift) * scale

        def train(self, model, rows, steps):
            rows = torch.cat([rows, torch.ones(len(rows), 1)], -1)
            rows[:, OBS] /= TORQUE
            ring, filled = torch.empty(CAPACITY, rows.shape[1]), 0
            for first in range(0, steps, CHUNK):
                then = time.perf_counter()
                count = min(CHUNK, steps - first)
                filled = self.imagine(model, rows, ring, filled)
                spent["imagining"] += time.perf_counter() - then
                batch = self.batches(rows, ring, filled, count)
                noise = torch.randn(count, 2, BATCH, ACT)
                if compiled:
                    for b, n, scale in zip(batch, noise, scales(self.steps + 1, np.full(count, POLICY_RATE))):
                        policy_graph(
                            self.actor, self.critics, self.target, self.log_alpha, self.moments, b, n, scale
                        )
                else:
                    for b, n in zip(batch, noise):
                        self.step(b, n)
                self.steps += count
                counted["policy_steps"] += count

        def step(self, batch, noise):
            actor, critics = self.optimisers
            obs, action, reward, next_obs, alive = batch.split([OBS, ACT, 1, OBS, 1], -1)
            with torch.no_grad():
                y = returns(
                    self.actor, self.target, self.log_alpha, reward[:, 0], alive[:, 0], next_obs, noise[0]
                )
            critics.step(torch.autograd.grad(critic_loss(self.critics, obs, action, y), self.critics))
            loss, log_prob = actor_loss(self.actor, self.critics, self.log_alpha.detach(), obs, noise[1])
            actor.step([*torch.autograd.grad(loss, self.actor), ACT - log_prob.detach()])
            with torch.no_grad():
                torch._foreach_lerp_(self.target, self.critics, TAU)

    def inputs_of(rows):
        return rows[:, : OBS + ACT]

    def targets_of(rows):
        return torch.cat([rows[:, OBS + ACT + 1 :] - rows[:, :OBS], rows[:, OBS + ACT : OBS + ACT + 1]], -1)

    def moments_of(x):
        x = x.double()
        std = x.std(0, correction=0)
        return x.mean(0).float(), torch.where(std > 1e-8, std, 1.0).float()

    def reward_scale_of(rows):
        reward = rows[:, OBS + ACT]
        return 1 / max(reward.square().mean().sqrt().item(), 0.1 * reward.abs().max().item(), 1e-6)

    def evaluate(agent):
        starts = np.random.default_rng(seed + 1)
        theta, speed = starts.uniform(-np.pi, np.pi, EVAL_EPISODES), starts.uniform(-1, 1, EVAL_EPISODES)
        total = np.zeros(EVAL_EPISODES)
        for _ in range(EPISODE):
            obs = np.stack([np.cos(theta), np.sin(theta), speed], 1).astype(np.float32)
            u = agent.mode(obs)[:, 0].astype(np.float64)
            off = (theta + np.pi) % (2 * np.pi) - np.pi
            total -= off**2 + 0.1 * speed**2 + 0.001 * u**2
            speed = np.clip(speed + (15 * np.sin(theta) + 3 * u) * 0.05, -8, 8)
            theta = theta + speed * 0.05
        return float(total.mean())

    if compiled:
        # On stand-ins, so that the loop finds its graphs made.
        rows = torch.randn(300, 2 * OBS + ACT + 1)
        stand_in = Model()
        stand_in.rescale(rows, True)
        stand_in.fit(rows, rows, CHUNK)
        Agent(stand_in, 1.0).train(stand_in, rows, CHUNK)
        counted.update(model_steps=0, policy_steps=0)
        spent["imagining"] = 0.0

    ready, ready_cpu = time.perf_counter(), cpu(resource.RUSAGE_SELF)
    env = gymnasium.make("Pendulum-v1")
    model = agent = None
    found, scores, acted, fresh, loss = [], [], 0, 0, math.nan
    rows = torch.empty(0, 2 * OBS + ACT + 1)
    while acted < steps:
        until = min((acted // EVAL_EVERY + 1) * EVAL_EVERY, steps)
        then = time.perf_counter()
        least, taken = min(EVERY, until - acted), 0
        while taken < least:
            obs, _ = env.reset(seed=int(rng.integers(2**31)))
            for _ in range(min(EPISODE, steps - acted - taken)):
                action = agent.draw(obs[None])[0] if agent else rng.uniform(-TORQUE, TORQUE, ACT).astype(np.float32)
                following, reward, _, _, _ = env.step(action)
                found.append([*obs, *action, reward, *following])
                obs = following
                taken += 1
        spent["acting"] += time.perf_counter() - then
        acted += taken
        fresh += taken
        if acted >= min(RANDOM_STEPS, steps):
            then = time.perf_counter()
            newest = torch.tensor(found, dtype=torch.float32)
            rows, found = torch.cat([rows, newest]), []
            first = model is None
            if first:
                model = Model()
            else:
                loss = model.error(newest)
            model.rescale(rows, first)
            if first:
                agent = Agent(model, reward_scale_of(rows))
            else:
                agent.adapt(model, reward_scale_of(rows))
            model.fit(rows, newest, max(fresh, FIRST_MODEL_STEPS if first else 1))
            spent["model"] += time.perf_counter() - then
            then = time.perf_counter()
            agent.train(model, rows, 4 * fresh)
            spent["policy"] += time.perf_counter() - then
            fresh = 0
        if acted >= until and agent:
            then = time.perf_counter()
            scores.append((acted, evaluate(agent)))
            spent["acting"] += time.perf_counter() - then
    ended = time.perf_counter()
    spent["policy"] -= spent["imagining"]
    size = lambda params: sum(p.numel() for p in params)
    return {
        "loop": ended - ready,
        "loop_cpu": cpu(resource.RUSAGE_SELF) - ready_cpu,
        "imports": imported - began,
        "compiling": ready - imported,
        "spent": spent,
        "score": scores[-1][1],
        "scores": scores,
        "model_loss": loss,
        **counted,
        "parameters": {"model": size(model.params), "actor": size(agent.actor), "critic": size(agent.critics)},
        "versions": {"torch": torch.__version__, "numpy": np.__version__, "gymnasium": gymnasium.__version__},
        "threads": torch.get_num_threads(),
    }


# The timing.


def cpu(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def busy(idlers=True):
    """Processor seconds that the machine has spent, those of nice processes too or not; None where that is not told."""
    try:
        with open("/proc/stat") as f:
            user, nice, system, _, _, irq, soft = map(int, f.readline().split()[1:8])
    except (OSError, ValueError):
        return None
    return (user + system + irq + soft + (nice if idlers else 0)) / os.sysconf("SC_CLK_TCK")


def wait_for_quiet(seconds):
    """Until others leave the machine alone for two seconds, those aside that are nice; at most so long."""
    end = time.monotonic() + seconds
    while busy() is not None and time.monotonic() < end:
        before = busy(idlers=False)
        time.sleep(2)
        if busy(idlers=False) - before < 0.2:
            return


def timed(command, environment):
    """Seconds of `command`, of its processors and of others' meanwhile; what it printed."""
    before, others, start = cpu(resource.RUSAGE_CHILDREN), busy(), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **environment})
    wall = time.perf_counter() - start
    used = cpu(resource.RUSAGE_CHILDREN) - before
    foreign = None if others is None else max(0.0, busy() - others - used)
    return {"wall": wall, "cpu": used, "others": foreign}, done.stdout


def tensors(path):
    """Shapes of a safetensors file's tensors, and what gives the bytes of one."""
    with open(path, "rb") as f:
        data = f.read()
    (n,) = struct.unpack("<Q", data[:8])
    header = {name: t for name, t in json.loads(data[8 : 8 + n]).items() if name != "__metadata__"}
    between = lambda name: data[8 + n + header[name]["data_offsets"][0] : 8 + n + header[name]["data_offsets"][1]]
    return {name: t["shape"] for name, t in header.items()}, between


def ours(options, seed):
    """A run of ours. The policy's steps are what its optimiser has counted; the model's follow from the same blocks."""
    with tempfile.TemporaryDirectory() as out:
        command = [options.oodscope, "active", "--env", "Pendulum-v1", "--steps", str(options.steps)]
        command += ["--eval-every", str(EVAL_EVERY), "--eval-episodes", str(EVAL_EPISODES)]
        command += ["--out", out, "--seed", str(seed)]
        run, _ = timed(command, {"RAYON_NUM_THREADS": str(options.threads)})
        (folder,) = os.listdir(out)
        folder = os.path.join(out, folder)
        with open(os.path.join(folder, "metrics.jsonl")) as f:
            rounds = [json.loads(line) for line in f]
        last = os.path.join(folder, "checkpoints", f"{len(rounds):04}")
        shapes, _ = tensors(os.path.join(last, "weights.safetensors"))
        _, state = tensors(os.path.join(last, "learner.safetensors"))
        (counted,) = struct.unpack("<f", state("adam.actor")[:4])
        size = lambda *starts: sum(math.prod(s) for name, s in shapes.items() if name.startswith(starts))
        run["parameters"] = {
            "model": size("world_model.layers", "world_model.min_logvar", "world_model.max_logvar"),
            "actor": size("actor.layers"),
            "critic": size("critic.layers"),
        }
    policy = int(counted)
    run.update(scores=[(r["acted"], r["score"]) for r in rounds], score=rounds[-1]["score"], policy_steps=policy)
    run["model_steps"] = policy // 4 + FIRST_MODEL_STEPS - RANDOM_STEPS
    return run


def theirs(options, seed, mode):
    command = [sys.executable, os.path.abspath(__file__), "--peer", mode, "--steps", str(options.steps)]
    command += ["--seed", str(seed), "--threads", str(options.threads)]
    waiting = {"OMP_WAIT_POLICY": options.omp_wait} if options.omp_wait else {}
    run, told = timed(command, {"OMP_NUM_THREADS": str(options.threads), **waiting})
    return {**run, **json.loads(told.splitlines()[-1])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--oodscope", help="binary of ours")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=10, help="of the first repeat; the next has the next")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of either")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--quiet", type=float, default=0.0, help="seconds to wait at most for others before each run")
    parser.add_argument("--omp-wait", choices=["active", "passive"], help="OpenMP's threads spin or sleep as they wait")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--peer", choices=MODES, help="one run of the peer alone, told as JSON")
    options = parser.parse_args()
    if options.steps < RANDOM_STEPS:
        parser.error(f"nothing is learned in fewer than {RANDOM_STEPS} steps")
    if options.peer:
        print(json.dumps(peer(options.steps, options.seed, options.threads, options.peer)))
        return
    if not options.oodscope:
        parser.error("--oodscope is needed")
    say = (lambda *_: None) if options.json else (lambda text: print(text, flush=True))
    machine = platform.processor() or platform.machine()
    say(f"{machine}, {os.cpu_count()} cores, {options.threads} threads each, {options.steps} steps")
    say(f"{'':10}{'seed':>5}{'wall':>9}{'cpu':>9}{'loop':>9}{'loop cpu':>9}{'others':>9}{'return':>9}")
    runs = {name: [] for name in ["ours", *options.modes]}
    for seed in range(options.seed, options.seed + options.repeats):
        for name in runs:
            wait_for_quiet(options.quiet)
            run = ours(options, seed) if name == "ours" else theirs(options, seed, name)
            runs[name].append(run)
            cells = [run["wall"], run["cpu"], run.get("loop"), run.get("loop_cpu"), run["others"], run["score"]]
            say(f"{name:10}{seed:5}" + "".join(f"{'-':>9}" if c is None else f"{c:9.2f}" for c in cells))
    of = lambda name, key: statistics.median(r[key] for r in runs[name])
    medians = {"ours": {key: of("ours", key) for key in ("wall", "cpu", "score")}}
    ratios = {}
    for mode in options.modes:
        medians[mode] = {key: of(mode, key) for key in ("wall", "cpu", "loop", "loop_cpu", "compiling", "score")}
        ratios[mode] = {
            f"{what} {kind}": medians[mode][key] / medians["ours"][kind]
            for what, kind, key in (
                ("loop", "wall", "loop"),
                ("loop", "cpu", "loop_cpu"),
                ("process", "wall", "wall"),
                ("process", "cpu", "cpu"),
            )
        }
    told = {name: {k: runs[name][0][k] for k in ("model_steps", "policy_steps", "parameters")} for name in runs}
    versions = {"python": platform.python_version(), **runs[options.modes[0]][0]["versions"]}
    same = all(told[name] == told["ours"] for name in told)
    if options.json:
        asked = {k: getattr(options, k) for k in ("steps", "repeats", "seed", "threads", "omp_wait")}
        found = {"medians": medians, "ratios": ratios, "runs": runs}
        print(json.dumps({"asked": asked, "versions": versions, "same_work": same, "work": told, **found}))
        return
    for name, m in medians.items():
        more = f", its loop {m['loop']:.2f} s and {m['loop_cpu']:.2f} s of processor" if "loop" in m else ""
        say(f"median {name}: {m['wall']:.2f} s, {m['cpu']:.2f} s of processor{more}, return {m['score']:.1f}")
    for mode, found in ratios.items():
        say(f"peer / ours, {mode}: " + ", ".join(f"{what} {r:.2f}" for what, r in found.items()))
    for name, work in told.items():
        steps = f"{work['model_steps']} model steps, {work['policy_steps']} policy steps"
        say(f"{name}: {steps}, parameters {work['parameters']}")
    say("the same work" if same else "NOT the same work")
    say(", ".join(f"{name} {version}" for name, version in versions.items()))


if __name__ == "__main__":
    main()
