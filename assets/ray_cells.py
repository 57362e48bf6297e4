"""An experiment on a Ray cluster: every cell is a task that runs oodscope, and begins once the cells that it needs have ended.

    python assets/ray_cells.py PLAN.toml FOLDER [--address auto] [--oodscope PATH] [--cpus 1] [--tries 3]

FOLDER is on a file system that all nodes see. Nothing but ray is needed in this Python. What is finished is not run again, so the
same command goes on with what is left. A worker that dies is started again by Ray, and its cell goes on from its last evaluation.
"""

import argparse
import json
import os
import subprocess
import sys

import ray


def run(program, *args):
    """What the program prints, and its status."""
    return subprocess.run([program, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def cells(program, plan):
    """The cells of the plan in order, each with the names of those that it needs."""
    said = run(program, "experiment", plan, "--dry-run", "--json")
    if said.returncode != 0:
        sys.exit(said.stderr.strip() or "oodscope --dry-run failed")
    tables = {table["key"]: table for table in json.loads(said.stdout)["reports"][0]["tables"]}
    for row in tables["cells"]["rows"]:
        name, needs = row[0], row[1]
        yield name, [] if needs == "-" else needs.split(", ")


def work(program, plan, folder, name, cpus, *_needed):
    """Runs one cell. Those that it needs are arguments, so that Ray waits for them."""
    os.environ["RAYON_NUM_THREADS"] = str(max(1, int(cpus)))
    # A process that Ray kills takes the program with it: it must not go on beside its successor.
    said = run(program, "experiment", plan, "--out", folder, "--headless", "--jobs", "1", "--only", name)
    if said.returncode != 0:
        raise RuntimeError(f"{name}: {said.stderr.strip() or said.returncode}")
    return name


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("plan")
    args.add_argument("folder")
    args.add_argument("--address", default=None, help="Ray cluster; a local one if none is named")
    args.add_argument("--oodscope", default="oodscope", help="the program, as all nodes find it")
    args.add_argument("--cpus", type=float, default=1, help="cores of a cell")
    args.add_argument("--tries", type=int, default=3, help="how often a cell is begun anew whose worker died")
    asked = args.parse_args()
    plan, folder = os.path.abspath(asked.plan), os.path.abspath(asked.folder)

    ray.init(address=asked.address, log_to_driver=False)
    task = ray.remote(num_cpus=asked.cpus, max_retries=asked.tries)(work)
    running = {}
    for name, needs in cells(asked.oodscope, plan):
        needed = [running[other] for other in needs]
        running[name] = task.remote(asked.oodscope, plan, folder, name, asked.cpus, *needed)
    names, failed = {ref: name for name, ref in running.items()}, 0
    open_cells = list(names)
    while open_cells:
        ended, open_cells = ray.wait(open_cells)
        for ref in ended:
            try:
                ray.get(ref)
                print(f"{len(names) - len(open_cells)}/{len(names)} {names[ref]}", flush=True)
            except Exception as why:  # What Ray raises tells what the cell said.
                failed += 1
                print(f"{names[ref]} failed: {why}", file=sys.stderr, flush=True)
    if failed:
        sys.exit(f"{failed} of {len(names)} cells failed; run this again once that is mended")


if __name__ == "__main__":
    main()
