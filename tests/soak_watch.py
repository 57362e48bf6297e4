#!/usr/bin/env python3
"""Keeps the dashboard open beside a run that grows, and tells how its memory grows: python tests/soak_watch.py PROGRAM [--minutes 120]

Every --every seconds the run gets another checkpoint, every tenth time the dataset one more copy of its first episode, and every
third time a panel is shown. Needs h5py; Linux. Ends with status 1 where memory grew by more than a tenth from the second
quarter to the last, or the program ended.
"""
import argparse
import fcntl
import json
import os
import pty
import select
import shutil
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

import h5py

ROOT = Path(__file__).resolve().parent.parent


def memory(pid):
    """Megabytes that the process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def put_checkpoint(run, number):
    """As a training program writes it: under another name first."""
    half = run / "checkpoints" / f".{number:04}"
    shutil.copytree(ROOT / "assets/pendulum-narrow", half)
    half.rename(run / "checkpoints" / f"{number:04}")


def put_episode(dataset):
    """One more copy of the first episode, in place."""
    with h5py.File(dataset / "data" / "main_data.hdf5", "r+") as file:
        number = len([key for key in file if key.startswith("episode_")])
        file.copy("episode_0", f"episode_{number}")
        group = file[f"episode_{number}"]
        if "id" in group.attrs:
            group.attrs["id"] = number
        for key, more in (("total_episodes", 1), ("total_steps", group["rewards"].shape[0])):
            if key in file.attrs:
                file.attrs[key] = file.attrs[key] + more
        steps = group["rewards"].shape[0]
    about = dataset / "data" / "metadata.json"
    if about.exists():
        said = json.loads(about.read_text())
        for key, more in (("total_episodes", 1), ("total_steps", steps)):
            if key in said:
                said[key] += more
        about.write_text(json.dumps(said))


def drain(screen, seconds):
    """Reads what the program writes; how many bytes."""
    n, end = 0, time.time() + seconds
    while (left := end - time.time()) > 0:
        ready, _, _ = select.select([screen], [], [], left)
        if ready:
            try:
                n += len(os.read(screen, 1 << 16))
            except OSError:
                return n
    return n


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--every", type=float, default=30)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    run, dataset = folder / "run", folder / "data"
    (run / "checkpoints").mkdir(parents=True)
    shutil.copytree(ROOT / "datasets/pendulum/narrow-v0", dataset)
    put_checkpoint(run, 0)
    program = os.path.abspath(asked.program)
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ["TERM"] = "xterm-256color"
        os.execv(program, [program, str(dataset), "--checkpoint", str(run), "--watch"])
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 160, 0, 0))
    begun, seen, number, written = time.time(), [], 0, 0
    while time.time() - begun < 60 * asked.minutes:
        number += 1
        written += drain(screen, asked.every)
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            print("the program ended by itself")
            return 1
        put_checkpoint(run, number)
        if number % 10 == 0:
            put_episode(dataset)
        if number % 3 == 0:
            os.write(screen, str(1 + number // 3 % 6).encode())
        seen.append(memory(pid))
        if number % 10 == 0:
            minutes = (time.time() - begun) / 60
            print(f"{minutes:6.1f} min  {number:4} checkpoints  {seen[-1]:7.1f} MB  {written / 1e6:6.1f} MB written", flush=True)
        if number > 40:
            shutil.rmtree(run / "checkpoints" / f"{number - 40:04}")
    os.write(screen, b"q")
    drain(screen, 3)
    quarter = len(seen) // 4
    early, late = (sorted(part)[len(part) // 2] for part in (seen[quarter : 2 * quarter], seen[3 * quarter :]))
    print(f"memory: median {early:.1f} MB in the second quarter, {late:.1f} MB in the last; most {max(seen):.1f} MB")
    shutil.rmtree(folder)
    return 0 if late < 1.1 * early else 1


if __name__ == "__main__":
    sys.exit(main())
