#!/usr/bin/env python3
"""Writes the task files that both sides read (README.md has their format): tasks.py OUT [NAME ...]"""

import json
import pathlib
import random
import sys

VOCABULARY = {
    "mask_id": 126336, "image_offset": 126349, "codebook_size": 8192, "bos": 126080, "eos": 126081, "t2i": 126088,
    "soi": 126084, "eoi": 126085, "pad": 126093,
}  # fmt: skip
PLAIN_TEXT_IDS = 126080  # ids below this are ordinary text


def words(count, seed):
    """Ids of plain text that stand for a prompt."""
    source = random.Random(seed)
    return [source.randrange(PLAIN_TEXT_IDS) for _ in range(count)]


def text(name, prompt=64, gen_length=128, steps=32, block_length=128, temperature=0.0, seed=1, **more):
    return {
        "name": name, "task": "text", "vocabulary": VOCABULARY, "prompt_ids": words(prompt, 64),
        "gen_length": gen_length, "steps": steps, "block_length": block_length, "temperature": temperature,
        "cfg_scale": 0.0, "remasking": "low_confidence", "seed": seed,
    } | more  # fmt: skip


def image(name, text_ids=20, text_slots=512, image_tokens=1024, guidance_scale=3.5, steps=15, seed=1, **more):
    return {
        "name": name, "task": "image", "vocabulary": VOCABULARY, "text_ids": words(text_ids, 20),
        "text_slots": text_slots, "image_tokens": image_tokens, "guidance_scale": guidance_scale, "steps": steps,
        "schedule": "cosine", "temperature": 1.0, "seed": seed,
    } | more  # fmt: skip


TASKS = {
    task["name"]: task
    for task in [
        # What the released scripts run, at the length and resolution of the last stage. The seed of t2i is one whose
        # 9000 draws keep well away from ties (analysis.md): with another, rounding alone may turn one of them.
        image("t2i", seed=2),
        text("text_t0"),
        text("text_t0_b32", block_length=32),
        text("text_t1", temperature=1.0),
        # Small, for a quick check of another implementation.
        image("small_t2i", text_ids=5, text_slots=16, image_tokens=64, steps=6),
        image("small_t2i_unguided", text_ids=5, text_slots=16, image_tokens=64, steps=6, guidance_scale=0.0),
        image("small_t2i_linear", text_ids=5, text_slots=16, image_tokens=64, steps=6, schedule="linear"),
        text("small_text_t0", prompt=12, gen_length=16, steps=8, block_length=16),
        text("small_text_t0_b4", prompt=12, gen_length=16, steps=8, block_length=4),
        text("small_text_t1", prompt=12, gen_length=16, steps=8, block_length=8, temperature=1.0),
        text("small_text_t07_guided", prompt=12, gen_length=16, steps=8, block_length=8, temperature=0.7, cfg_scale=1.5),
        text("small_text_random", prompt=12, gen_length=16, steps=8, block_length=8, remasking="random"),
        text("small_text_t1_random", prompt=12, gen_length=16, steps=8, block_length=8, temperature=1.0, remasking="random"),
    ]
}


def write(directory, names):
    """Writes the named tasks and returns their files, by name."""
    unknown = [name for name in names if name not in TASKS]
    if unknown:
        sys.exit(f"no task {', '.join(unknown)}; there are {', '.join(TASKS)}")
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    files = {name: directory / f"{name}.json" for name in names}
    for name, file in files.items():
        file.write_text(json.dumps(TASKS[name]) + "\n")
    return files


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    write(sys.argv[1], sys.argv[2:] or list(TASKS))
