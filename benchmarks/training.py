#!/usr/bin/env python3
"""Times training steps: the official losses against `mmada bench-training`, same weights, same noised batch, in turn.

A step is forward, backward, clipping to norm 1 and AdamW, in float32. The batch is 2 rows of text to image, 1 of text
and 1 of understanding, at 512 text slots and 256 image tokens; noise is drawn once and given to both sides. Losses and
gradient norms of every step are compared: two sides that do not compute the same thing are not timed.

usage: training.py --official DIR --model DIR --mmada FILE --output FILE [--steps N] [--repeat N] [--threads N]
       training.py --official DIR --model DIR --side BATCH     the official side alone, as JSON
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import time
import types

S, N = 512, 256  # text slots, image tokens


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--official", type=pathlib.Path, required=True)
    p.add_argument("--model", type=pathlib.Path, required=True)
    p.add_argument("--mmada", type=pathlib.Path)
    p.add_argument("--output", type=pathlib.Path)
    p.add_argument("--side", type=pathlib.Path)
    p.add_argument("--steps", type=int, default=4)
    p.add_argument("--repeat", type=int, default=2)
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


OPTIONS = arguments()
os.environ["OMP_NUM_THREADS"] = str(OPTIONS.threads)


def make_batch(path):
    """Rows laid out and noised as the official stage-4 script does it, with random text of ordinary lengths."""
    import random

    draw = random.Random(5)
    mask, pad, t2i, mmu, soi, eoi, bos, eos, eoh = 126336, 126093, 126088, 126089, 126084, 126085, 126080, 126081, 126347
    text = lambda count: [draw.randrange(1000, 120000) for _ in range(count)]
    codes = lambda: [126349 + draw.randrange(8192) for _ in range(N)]
    rows = []
    for count in (40, 75):
        words = [t2i, bos, *text(count), eos]
        pads = S + 1 - len(words)
        image = codes()
        hidden = set(draw.sample(range(N), max(1, round(N * 0.64))))
        ids = [pad] * pads + words + [soi] + [mask if i in hidden else c for i, c in enumerate(image)] + [eoi]
        labels = [soi] + [c if i in hidden else -100 for i, c in enumerate(image)] + [eoi]
        scored = [(S + 1 + i, label) for i, label in enumerate(labels) if label != -100]
        rows.append({"part": "t2i", "ids": ids, "padding": pads, "p": 1.0, "answer": 1, "scored": scored})

    def noised(part, ids, prompt):
        p = 0.5
        scored = [(i, ids[i]) for i in range(prompt, len(ids)) if draw.random() < p]
        noisy = list(ids)
        for i, _ in scored:
            noisy[i] = mask
        rows.append({"part": part, "ids": noisy, "padding": 0, "p": p, "answer": len(ids) - prompt, "scored": scored})

    length = S + N + 3
    chat = [bos, *text(30), eoh, *text(300), eos]
    noised("lm", chat + [eos] * (length - len(chat)), 32)
    head = [mmu, soi, *codes(), eoi]
    answer = [bos, *text(20), eoh, *text(150), eos]
    noised("mmu", head + answer + [eos] * (S - len(answer)), len(head) + 22)
    for row in rows:
        row["positions"] = [i for i, _ in row["scored"]]
        row["targets"] = [t for _, t in row.pop("scored")]
        weight = 1.0 if row["part"] == "t2i" else 1 / (row["p"] * row["answer"])
        row["weights"] = [weight] * len(row["positions"])
    path.write_text(json.dumps({"rows": rows, "coefficients": {"t2i": 1.0, "lm": 0.5, "mmu": 0.5}}))


def official_side():
    import torch

    torch.set_num_threads(OPTIONS.threads)
    package = types.ModuleType("models")
    package.__path__ = [str(OPTIONS.official / "models")]
    sys.modules["models"] = package
    from models import modeling_mmada

    batch = json.loads(OPTIONS.side.read_text())
    rows, weights = batch["rows"], batch["coefficients"]
    model = modeling_mmada.MMadaModelLM.from_pretrained(str(OPTIONS.model), torch_dtype=torch.float32)
    model.train()
    ids = torch.tensor([row["ids"] for row in rows])
    labels = torch.full_like(ids, -100)
    for r, row in enumerate(rows):
        labels[r, torch.tensor(row["positions"])] = torch.tensor(row["targets"])
    length = ids.shape[1]
    masks = torch.tensor([[0] * row["padding"] + [1] * (length - row["padding"]) for row in rows[:2]])
    full = lambda r, key: torch.full((1, length), float(rows[r][key]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    seconds, losses, norms = [], [], []
    for _ in range(OPTIONS.steps):
        start = time.perf_counter()
        _, t2i, lm, mmu = model.forward_process(
            input_ids=ids, labels=labels, batch_size_t2i=2, batch_size_lm=1, batch_size_mmu=1, max_seq_length=S,
            p_mask_lm=full(2, "p"), p_mask_mmu=full(3, "p"), answer_lengths=full(3, "answer"), t2i_masks=masks,
            answer_lengths_lm=full(2, "answer"))
        loss = weights["t2i"] * t2i + weights["lm"] * lm + weights["mmu"] * mmu
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        norms.append(norm.item())
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "losses": losses, "gradient_norms": norms, "peak_rss_bytes": peak,
                      "threads": OPTIONS.threads}))


def paired():
    batch = OPTIONS.output.with_suffix(".batch.json")
    make_batch(batch)
    common = ["--official", OPTIONS.official, "--model", OPTIONS.model, "--steps", OPTIONS.steps, "--threads",
              OPTIONS.threads]
    sides = {
        "official": [sys.executable, __file__, "--side", batch, *common],
        "mmada": [OPTIONS.mmada, "bench-training", "--model", OPTIONS.model, "--batch", batch, "--steps", OPTIONS.steps,
                  "--threads", OPTIONS.threads],
    }
    runs = {name: [] for name in sides}
    for _ in range(OPTIONS.repeat):
        for name, command in sides.items():
            output = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout
            runs[name].append(json.loads(output.strip().splitlines()[-1]))
    for key, limit in (("losses", 1e-4), ("gradient_norms", 1e-3)):
        for a, b in zip(runs["official"][0][key], runs["mmada"][0][key]):
            if abs(a - b) > limit * abs(a):
                sys.exit(f"the sides differ in {key}: {runs['official'][0][key]} and {runs['mmada'][0][key]}")
    best = {name: min(s for run in found for s in run["seconds"][1:]) for name, found in runs.items()}
    peak = {name: max(run["peak_rss_bytes"] for run in found) for name, found in runs.items()}
    summary = {"runs": runs, "seconds": best, "peak_rss_bytes": peak, "speedup": best["official"] / best["mmada"],
               "memory_ratio": peak["mmada"] / peak["official"], "samples_per_second": {k: 4 / v for k, v in best.items()}}
    OPTIONS.output.write_text(json.dumps(summary, indent=1))
    print(f"official {best['official']:.2f} s a step, mmada {best['mmada']:.2f} s: {summary['speedup']:.2f} times as fast")
    print(f"peak memory {peak['official'] / 2**30:.2f} GiB and {peak['mmada'] / 2**30:.2f} GiB: "
          f"{summary['memory_ratio']:.2f}")


if OPTIONS.side is not None:
    official_side()
else:
    paired()
