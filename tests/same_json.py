#!/usr/bin/env python3
"""Do two builds of oodscope print the same numbers? Byte for byte, on the shipped data and on the reference data.

    python3 tests/same_json.py record  PROGRAM FOLDER [--only WORD]
    python3 tests/same_json.py compare PROGRAM FOLDER [--only WORD] [--allow KEY …]

`record` runs every command with --json and keeps what it prints, one file a command; `compare` runs them again and says
which files are equal and which key of the others is not. What is no result is taken out of both: the version, the names of
run directories, and where the work tree lies. `--allow KEY` names keys that only one side may have.
"""
import argparse, glob, hashlib, json, os, re, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REFERENCE = os.environ.get("OODSCOPE_REFERENCE", os.path.join(HERE, "..", "shared", "reference"))
SHORT_TOPUP = "--headless --rounds 1 --probes 2 --eval-episodes 2 --model-steps 50 --policy-steps 50 --seed 3 --out {out}/runs"


def cases():
    """Name and arguments of each command, or of commands joined by &&, which share {out}, an empty folder of their own."""
    def of(prefix, data, model=None, other=None):
        source = data + (f" --checkpoint {model}" if model else "")
        yield f"{prefix}-report", f"report {source}"
        yield f"{prefix}-coverage", f"coverage {data}" + (f" --reference {other}" if other else "")
        yield f"{prefix}-score", f"score {source} --out {{out}}/scores.csv"
        yield f"{prefix}-diagnose", f"diagnose {source}"
        yield f"{prefix}-audit", f"audit {data}"
        yield f"{prefix}-episodes", f"episodes {source} --scores --sort return"
        if other:
            yield f"{prefix}-compare", f"compare {data} {other}"
        if model:
            yield f"{prefix}-imagine", f"imagine {source}"
            yield f"{prefix}-imagine-episode", f"imagine {source} --episode 0 --horizon 20"

    narrow, mixed = "datasets/pendulum/narrow-v0", "datasets/pendulum/mixed-v0"
    narrow_model = "assets/pendulum-narrow"
    yield from of("narrow", narrow, narrow_model, mixed)
    yield from of("mixed", mixed)
    yield "mixed-model-report", f"report {mixed} --checkpoint {narrow_model} --space observation+action"
    yield "mixed-latent-coverage", f"coverage {mixed} --checkpoint {narrow_model} --space latent"
    yield "narrow-imagined-compare", f"compare {narrow} --imagined --checkpoint {narrow_model}"
    yield "narrow-topup", f"topup {narrow} --checkpoint {narrow_model} --schedule adaptive {SHORT_TOPUP}"
    yield "narrow-topup-fixed", f"topup {narrow} --checkpoint {narrow_model} --schedule fixed {SHORT_TOPUP} && report {{out}}/runs/*/episodes"
    made = "{out}/made"
    yield "narrow-fit", f"fit {narrow} --epochs 2 --hidden 16 --policy-steps 20 --out {made} && report {narrow} --checkpoint {made}"
    yield "collect", f"collect --env Pendulum-v1 --policy mixed --episodes 3 --seed 5 --out {made} && episodes {made}"
    for to, name in (("minari", "made"), ("d4rl", "made.hdf5"), ("parquet", "made.parquet")):
        yield f"convert-{to}", f"convert {narrow} {{out}}/{name} --to {to} && report {{out}}/{name}"
    yield "combine", f"combine {narrow} {mixed} --out {made} && report {made}"
    yield "split", f"split {narrow} {made} --seed 2 && report {made}/train && episodes {made}/calibration"

    if os.path.isdir(REFERENCE):
        sets, models = "{reference}/data/minari", "{reference}/models"
        yield from of("pendulum", f"{sets}/pendulum/mixed-v0", f"{models}/pendulum-mbrl-mixed", f"{sets}/pendulum/expert-v0")
        yield from of("hopper", f"{sets}/hopper/mixed-v0", f"{models}/hopper-mbrl-mixed")
        yield from of("cartpole", f"{sets}/cartpole/mixed-v0", None, f"{sets}/cartpole/expert-v0")
        yield from of("pointmaze", f"{sets}/pointmaze/play-v0", f"{models}/pointmaze-mlp-play")
        yield from of("d4rl", "{reference}/data/exports/pendulum-exploratory-v0.d4rl.hdf5", f"{models}/pendulum-mopo-mixed")
    else:
        print(f"no folder {REFERENCE}: only what ships is run", file=sys.stderr)


class Number(str):
    """A number as it was written."""


def parse(text):
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)


def scrub(text, out):
    """`text` without what is no result."""
    for place, word in ((out, "OUT"), (os.path.abspath(REFERENCE), "REFERENCE"), (REFERENCE, "REFERENCE"), (HERE, "HERE")):
        text = text.replace(place, word)
    text = re.sub(r"\d{4}-\d{2}-\d{2}T[0-9:.\-]*\d", "DATE", text)
    return re.sub(r'("version": ?)"[^"]*"', r'\1"-"', text)


def run(program, arguments):
    """What the commands print, scrubbed, with the hashes of what they wrote."""
    with tempfile.TemporaryDirectory(prefix="same-json-") as out:
        parts = []
        for command in arguments.split(" && "):
            words = [w.format(out=out, reference=REFERENCE) for w in command.split()]
            words = [(glob.glob(w) or [w])[0] for w in words]
            # `collect` says a sentence, which is compared as it is; the others say how much memory they may take.
            more = [] if words[0] == "collect" else ["--json", "--memory", "2GiB"]
            done = subprocess.run([program, *words, *more], cwd=HERE, capture_output=True, text=True)
            said = done.stdout if more and done.stdout else f"exit {done.returncode}\n{done.stdout}{done.stderr}"
            parts.append(scrub(said, out).rstrip("\n") + "\n")
        return "".join(parts) + written(out)


def written(out):
    """One line a file that the command wrote and that is the same in each run: text scrubbed, weights as they are."""
    lines = []
    for folder, _, files in sorted(os.walk(out)):
        for file in sorted(files):
            path = os.path.join(folder, file)
            name = scrub(os.path.relpath(path, out), out)
            if file.endswith((".csv", ".safetensors", ".jsonl")):
                with open(path, "rb") as f:
                    data = f.read()
                if not file.endswith(".safetensors"):
                    data = scrub(data.decode(), out).encode()
                lines.append(f"# {name} {hashlib.sha256(data).hexdigest()}")
    return "".join(line + "\n" for line in lines)


def split(text):
    """The JSON objects of a record in their order, and the other lines."""
    objects, lines, inside = [], [], None
    for line in text.splitlines():
        if inside is not None:
            inside.append(line)
            if line == "}":
                objects.append("\n".join(inside))
                inside = None
        elif line == "{":
            inside = [line]
        else:
            lines.append(line)
    return objects, lines + (inside or [])


def without(value, keys):
    if isinstance(value, dict):
        return {k: without(v, keys) for k, v in value.items() if k not in keys}
    return [without(v, keys) for v in value] if isinstance(value, list) else value


def differences(old, new, where=""):
    """Keys at which two values are not the same, with both sides."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(k for k in new if k not in old)]:
            if key not in new:
                yield f"{where}.{key}: gone"
            elif key not in old:
                yield f"{where}.{key}: new"
            else:
                yield from differences(old[key], new[key], f"{where}.{key}")
        if list(old) != list(new) and set(old) == set(new):
            yield f"{where}: keys in another order"
    elif isinstance(old, list) and isinstance(new, list):
        for i, (a, b) in enumerate(zip(old, new)):
            key = f"[{a['key']}]" if isinstance(a, dict) and "key" in a else f"[{i}]"
            yield from differences(a, b, where + key)
        if len(old) != len(new):
            yield f"{where}: {len(old)} entries, now {len(new)}"
    elif old != new or type(old) is not type(new):
        yield f"{where}: {str(old)[:60]}, now {str(new)[:60]}"


def compare(old, new, allowed):
    """Nothing where the two records are the same, else lines that say where not."""
    if old == new:
        return []
    (old_objects, old_lines), (new_objects, new_lines) = split(old), split(new)
    found = []
    for a, b in zip(old_objects, new_objects):
        try:
            more = list(differences(without(parse(a), allowed), without(parse(b), allowed)))
        except ValueError as e:
            more = [f"one side is no JSON: {e}"]
        found += more or (["the same values, written in another way"] if a != b and not allowed else [])
    if len(old_objects) != len(new_objects):
        found.append(f"{len(old_objects)} JSON objects, now {len(new_objects)}")
    found += [f"gone: {line}" for line in old_lines if line not in new_lines]
    found += [f"new: {line}" for line in new_lines if line not in old_lines]
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["record", "compare"])
    p.add_argument("program")
    p.add_argument("folder")
    p.add_argument("--only", default="", help="only commands whose name holds this word")
    p.add_argument("--allow", action="append", default=[], metavar="KEY", help="a key that only one side may have")
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    program, wrong, seen, start = os.path.abspath(a.program), 0, 0, time.time()
    for name, arguments in cases():
        if a.only not in name:
            continue
        began, path = time.time(), os.path.join(a.folder, name + ".json")
        text = run(program, arguments)
        seen += 1
        if a.what == "record":
            with open(path, "w") as f:
                f.write(text)
            found = []
        elif not os.path.exists(path):
            found = ["was not recorded"]
        else:
            with open(path) as f:
                found = compare(f.read(), text, set(a.allow))
        said = {"record": "recorded", "compare": "equal"}[a.what] if not found else "DIFFERS"
        print(f"{said:9} {name} ({time.time() - began:.1f} s)", flush=True)
        for line in found[:12]:
            print(f"          {line}")
        if len(found) > 12:
            print(f"          and {len(found) - 12} more")
        wrong += bool(found)
    print(f"{seen} commands, {wrong} differ, {time.time() - start:.0f} s")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
