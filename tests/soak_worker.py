#!/usr/bin/env python3
"""Learns online in a Gymnasium environment for a long time and tells how memory grows: python tests/soak_worker.py PROGRAM

The environment steps in worker processes of this Python, which needs gymnasium. --minutes 30 by default. Linux. What is acted is
kept, to learn from; so nearly all steps here are those of evaluations, of which the last is kept, in episodes of one length.
Ends with status 1 where memory of the program or of its workers grew by more than a tenth from the second quarter to the last
(the program's beyond the KEPT bytes of every step that it learns from),
where a process that ended was not waited for, where one is left after Ctrl-C, or where the program ended by itself.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def status(pid):
    """What Linux says of a process; nothing of one that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def megabytes(pid):
    """Memory of its own: pages of its file, which come as its code is used, are the system's to keep."""
    return int(status(pid).get("RssAnon", "0 kB").split()[0]) / 1024


def family(pid):
    """The process's children and theirs."""
    parents = {int(p.name): int(status(p.name).get("PPid", -1)) for p in Path("/proc").iterdir() if p.name.isdigit()}
    found, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return sorted(found - {pid})


# Bytes of a step of 3 + 1 columns that are kept: in the replay 4 * (2 * 3 + 1) + 22, in the dataset 4 * (3 + 1) + 12.
KEPT = 78


def learned_from(folder):
    """Steps that were acted to learn from, as the run's last finished round tells."""
    lines = [line for path in Path(folder).glob("runs/*/metrics.jsonl") for line in path.read_text().splitlines()]
    return max((int(found[1]) for line in lines if (found := re.match(r'{"acted":(\d+)', line))), default=0)


def quarters(seen):
    """Medians of the second quarter and of the last."""
    n = len(seen) // 4
    return [sorted(part)[len(part) // 2] for part in (seen[n : 2 * n], seen[3 * n :])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--env", default="gym:Pendulum-v1")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--every", type=float, default=5, help="seconds between two looks")
    asked = parser.parse_args()
    # Little training for each step: it is the worker that is to be busy.
    ratios = ["--model-ratio", "0.1", "--policy-ratio", "0.5", "--eval-every", "250", "--every", "250", "--eval-episodes", "200"]
    command = [os.path.abspath(asked.program), "active", "--env", asked.env, "--python", sys.executable, "--workers", "2"]
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "said", "w+") as said:
        run = subprocess.Popen([*command, "--steps", "1000000", *ratios], cwd=folder, stdout=said, stderr=said)
        begun, own, workers, kept, zombies, kin = time.time(), [], [], [], 0, []
        while time.time() - begun < 60 * asked.minutes:
            time.sleep(asked.every)
            if run.poll() is not None:
                said.seek(0)
                print(f"the program ended by itself:\n{said.read()[-2000:]}")
                return 1
            kin = family(run.pid)
            zombies += sum(status(pid).get("State", "").startswith("Z") for pid in kin)
            own.append(megabytes(run.pid))
            workers.append(sum(map(megabytes, kin)))
            kept.append(learned_from(folder) * KEPT / 1e6)
            if len(own) % max(1, int(60 / asked.every)) == 0:
                minutes = (time.time() - begun) / 60
                print(f"{minutes:5.1f} min  program {own[-1]:6.1f} MB  {len(kin)} workers {workers[-1]:6.1f} MB", flush=True)
        run.send_signal(signal.SIGINT)
        try:
            code = run.wait(60)
        except subprocess.TimeoutExpired:
            run.kill()
            code = "none within a minute"
        time.sleep(1)
        left = [pid for pid in kin if status(pid)]
        said.seek(0)
        text = said.read()
        print(text[-600:])
        steps = " ".join(re.findall(r"[\d,]+ steps acted, [\d,]+ in all with evaluations", text)[-1:]) or "steps not told"
    (early, late), (w_early, w_late), (k_early, k_late) = map(quarters, (own, workers, kept))
    print(f"program: median {early:.1f} MB in the second quarter, {late:.1f} MB in the last; most {max(own):.1f} MB, of which {k_late - k_early:.1f} MB more are kept; {steps}")
    print(f"workers: median {w_early:.1f} MB in the second quarter, {w_late:.1f} MB in the last; most {max(workers):.1f} MB")
    print(f"exit status after Ctrl-C {code}; {zombies} zombies seen; {len(left)} processes left")
    return int(late - (k_late - k_early) > 1.1 * early or w_late > 1.1 * w_early or zombies > 0 or bool(left))


if __name__ == "__main__":
    sys.exit(main())
