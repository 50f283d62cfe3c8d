#!/usr/bin/env python3
"""Times the official code and `mmada` on the same tasks, in turn, and compares their tokens one by one.

Each run is a process of its own; two never run at the same time. With --repeat 2 the order is official, ours, official,
ours, task by task, so that both sides meet the same state of the machine. Writes results.json and results.md. The exit
status is 1 if any tokens differ, between the sides or between repeats of one side. Without --official only ours is timed.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import tasks as task_files

HERE = pathlib.Path(__file__).resolve().parent


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--official", type=pathlib.Path, help="a checkout of Gen-Verse/MMaDA")
    p.add_argument("--python", default=sys.executable, help="the interpreter with torch, for the official side")
    p.add_argument("--mmada", type=pathlib.Path, default=pathlib.Path(".build/release/mmada"))
    p.add_argument("--model", type=pathlib.Path, required=True)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--tasks", default="t2i,text_t0,text_t0_b32,text_t1", help="names from tasks.py, with commas")
    p.add_argument("--repeat", type=int, default=1)
    p.add_argument("--output", type=pathlib.Path, required=True)
    return p.parse_args()


def first_line(command, directory=None):
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return (done.stdout.splitlines() or [None])[0]


def machine():
    """What the numbers were measured on."""
    processor, memory = platform.processor(), None
    for file, key in [("/proc/cpuinfo", "model name"), ("/proc/meminfo", "MemTotal")]:
        try:
            lines = pathlib.Path(file).read_text().splitlines()
        except OSError:
            continue
        value = next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), None)
        if key == "model name":
            processor = value or processor
        else:
            memory = value and int(value.split()[0]) * 1024
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_bytes": memory,
        "load_average": os.getloadavg(),
    }


def child(command, log, standard_output):
    """Runs a command to its end; returns what the system counted for it. Exits if it fails."""
    load, began = os.getloadavg()[0], time.perf_counter()
    with open(log, "wb") as errors:
        process = subprocess.Popen(command, stdout=standard_output or errors, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        sys.exit(f"{' '.join(map(str, command))}: exit status {process.returncode}\n{tail}\n(all of it: {log})")
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "wall_seconds": wall,
        "processor_seconds": usage.ru_utime + usage.ru_stime,
        "peak_rss_bytes": usage.ru_maxrss * unit,
        "load_average_before": load,
    }


def run(side, o, name, file, number):
    """One process of one side; its result with what was measured from outside."""
    stem = o.output / "runs" / f"{name}.{side}.{number}"
    result = stem.with_suffix(f".{number}.json")
    common = ["--model", o.model, "--task-file", file, "--threads", str(o.threads)]
    log = stem.with_suffix(f".{number}.log")
    if side == "official":
        script = [o.python, HERE / "official_run.py", "--official", o.official]
        outside = child([*script, *common, "--output", result], log, None)
    else:
        kind = json.loads(file.read_text())["task"]
        with open(result, "wb") as output:
            outside = child([o.mmada, "bench", "--task", kind, *common, "--json"], log, output)
    return json.loads(result.read_text()) | {"outside": outside}


def differences(left, right):
    """How many tokens differ, and the first place where they do."""
    places = [i for i, (a, b) in enumerate(zip(left, right)) if a != b]
    extra = abs(len(left) - len(right))
    if extra:
        places.append(min(len(left), len(right)))
    return {"count": len(places) + max(0, extra - 1), "first": places[0] if places else None, "of": len(left)}


def summary(runs):
    """The best run of a side: the machine can only add time, so the least is nearest the truth. Median for comparison."""
    best = min(runs, key=lambda r: r["total_seconds"])
    totals = [r["total_seconds"] for r in runs]
    steps = [r["seconds_per_step"]["all"] for r in runs]
    later = [s for of_run in steps for s in of_run[1:] or of_run]
    return {
        "total_seconds": best["total_seconds"],
        "total_seconds_median": statistics.median(totals),
        "total_seconds_all": totals,
        "step_min": min(r["seconds_per_step"]["min"] for r in runs),
        "step_median": statistics.median(later),
        "first_step_seconds": min(r["first_step_seconds"] for r in runs),
        "load_seconds": min(r["load_seconds"] for r in runs),
        "peak_rss_bytes": max(r["outside"]["peak_rss_bytes"] for r in runs),
        "processor_seconds": min(r["outside"]["processor_seconds"] for r in runs),
        "tokens_per_second": len(best["tokens"]) / best["total_seconds"],
    }  # fmt: skip


def compare(runs):
    """The summary of each side, the speed-up and the differences for one task."""
    result = {side: summary(of_side) for side, of_side in runs.items()}
    repeats = {
        side: max((differences(of_side[0]["tokens"], r["tokens"])["count"] for r in of_side[1:]), default=0)
        for side, of_side in runs.items()
    }
    result["tokens_that_differ_between_repeats"] = repeats
    if len(runs) == 2:
        official, ours = result["official"], result["mmada"]
        result["tokens"] = differences(runs["official"][0]["tokens"], runs["mmada"][0]["tokens"])
        ratios = [a["total_seconds"] / b["total_seconds"] for a, b in zip(runs["official"], runs["mmada"])]
        result["speedup"] = {
            "total": official["total_seconds"] / ours["total_seconds"],
            "total_of_pairs": ratios,
            "step_min": official["step_min"] / ours["step_min"],
            "step_median": official["step_median"] / ours["step_median"],
        }
        result["memory_ratio"] = official["peak_rss_bytes"] / ours["peak_rss_bytes"]
    return result


def markdown(report):
    """The table people read."""
    where, lines = report["machine"], []
    lines.append(f"{where['processor']}, {where['cores']} cores, {report['threads']} threads, {where['date'][:10]}; ")
    lines.append(f"{report['model']}; runs of each side, in turn: {report['repeat']}; the fastest counts.")
    lines += ["", "| task | side | total s | tokens/s | step s, least | median | first | peak memory GB | same tokens |"]
    lines.append("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for name, task in report["tasks"].items():
        for side in ("official", "mmada"):
            if side not in task:
                continue
            s, same = task[side], ""
            if side == "mmada" and "tokens" in task:
                d = task["tokens"]
                same = f"all {d['of']}" if d["count"] == 0 else f"**{d['count']} of {d['of']} differ**"
            if task["tokens_that_differ_between_repeats"][side]:
                same += " **(repeats differ)**"
            lines.append(
                f"| {name} | {side} | {s['total_seconds']:.2f} | {s['tokens_per_second']:.2f} | {s['step_min']:.3f} "
                f"| {s['step_median']:.3f} | {s['first_step_seconds']:.3f} | {s['peak_rss_bytes'] / 1e9:.2f} | {same} |"
            )
        if "speedup" in task:
            s = task["speedup"]
            lines.append(
                f"| {name} | **ratio** | **{s['total']:.2f}×** | | {s['step_min']:.2f}× | {s['step_median']:.2f}× | "
                f"| {task['memory_ratio']:.2f}× | |"
            )
    return "\n".join(lines) + "\n"


def main():
    o = arguments()
    if not o.mmada.exists():
        sys.exit(f"no executable at {o.mmada}; build it first (make build)")
    if o.official and not (o.official / "models" / "modeling_mmada.py").exists():
        sys.exit(f"{o.official} is no checkout of Gen-Verse/MMaDA: it has no models/modeling_mmada.py")
    (o.output / "runs").mkdir(parents=True, exist_ok=True)
    files = task_files.write(o.output / "tasks", o.tasks.split(","))
    sides = (["official"] if o.official else []) + ["mmada"]
    report = {
        "machine": machine(),
        "threads": o.threads,
        "repeat": o.repeat,
        "model": f"{o.model.resolve().name} ({shape(o.model)})",
        "official_commit": o.official and first_line(["git", "rev-parse", "HEAD"], o.official),
        "mmada_commit": first_line(["git", "rev-parse", "HEAD"], HERE),
        "tasks": {},
    }
    for name, file in files.items():
        runs = {side: [] for side in sides}
        for number in range(1, o.repeat + 1):
            for side in sides:
                result = run(side, o, name, file, number)
                runs[side].append(result)
                print(f"{name} {side} {number}: {result['total_seconds']:.2f} s", file=sys.stderr)
        report["tasks"][name] = compare(runs)
        # After every task, so that a long run that is stopped leaves what it has.
        (o.output / "results.json").write_text(json.dumps(report, indent=2) + "\n")
        (o.output / "results.md").write_text(markdown(report))
    print(markdown(report), end="")
    wrong = [
        name for name, task in report["tasks"].items()
        if task.get("tokens", {}).get("count") or any(task["tokens_that_differ_between_repeats"].values())
    ]  # fmt: skip
    if wrong:
        sys.exit(f"tokens differ: {', '.join(wrong)}")


def shape(model):
    c = json.loads((model / "config.json").read_text())
    return f"d_model {c['d_model']}, {c['n_layers']} layers, vocabulary {c['vocab_size']}, {c['torch_dtype']}"


if __name__ == "__main__":
    main()
