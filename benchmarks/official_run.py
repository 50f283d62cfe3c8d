#!/usr/bin/env python3
"""Runs one task file with the official PyTorch code and writes tokens and times as JSON (README.md has the format).

The official code is imported from --official and not changed. Steps are timed from outside, by noting when the model's
`forward` is called. `--gaps` watches its random draws and sorts as well, to say how close to a tie any decision was:
that is slow, and such a run is not a measurement of speed.
"""

import time

BEGAN = time.perf_counter()

import argparse
import json
import os
import pathlib
import sys
import types


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--official", type=pathlib.Path, required=True, help="a checkout of Gen-Verse/MMaDA")
    p.add_argument("--model", type=pathlib.Path, required=True)
    p.add_argument("--task-file", type=pathlib.Path, required=True)
    p.add_argument("--output", type=pathlib.Path, required=True)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--dtype", choices=["float32", "bfloat16"], help="default: that of the checkpoint")
    p.add_argument("--device", default="cpu")
    p.add_argument("--gaps", action="store_true", help="report how close decisions were; not for timing")
    return p.parse_args()


OPTIONS = arguments()
os.environ["OMP_NUM_THREADS"] = str(OPTIONS.threads)
os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"

import torch

torch.set_num_threads(OPTIONS.threads)


def official_models():
    """The official `modeling_mmada`, without its package's `__init__`, which wants the image tokenizer's dependencies."""
    package = types.ModuleType("models")
    package.__path__ = [str(OPTIONS.official / "models")]
    sys.modules["models"] = package
    from models import modeling_mmada, sampling

    return modeling_mmada, sampling


class Clock:
    """Stands in for the model's `forward` and notes when each call begins."""

    def __init__(self, model, synchronize):
        self.forward, self.synchronize, self.calls = model.forward, synchronize, []
        model.forward = self

    def __call__(self, *args, **kwargs):
        self.synchronize()
        self.calls.append(time.perf_counter())
        return self.forward(*args, **kwargs)


class Gaps:
    """The smallest distances from a tie, as differences in the logarithm of what was compared."""

    def __init__(self):
        self.smallest = {}

    def note(self, name, values):
        values = values[torch.isfinite(values)]
        if len(values) > 0:
            self.smallest[name] = min(self.smallest.get(name, float("inf")), values.min().item())

    def watch_text(self, modeling):
        """Every argmax at a masked position, and the cut between what is written and what waits."""
        add_noise, topk = modeling.add_gumbel_noise, torch.topk
        state = {}

        def noted_noise(logits, temperature):
            result = add_noise(logits, temperature)
            top = topk(result[0] if temperature == 0 else result[0].log(), 2).values
            state["choice"] = top[:, 0] - top[:, 1]
            return result

        def noted_topk(confidence, k):
            # Called once a row with the confidences; minus infinity where nothing may be written.
            open_slots = torch.isfinite(confidence)
            self.note("choice", state["choice"][open_slots])
            k = int(k)
            if 0 < k < int(open_slots.sum()):
                values = confidence[open_slots].sort(descending=True).values.double().log()
                self.note("cut", values[k - 1 : k] - values[k : k + 1])
            return topk(confidence, k=k)

        modeling.add_gumbel_noise, torch.topk = noted_noise, noted_topk

    def watch_image(self, modeling):
        """Every draw of a code for a masked slot, and the cut between what is kept and what is masked again."""
        multinomial, remask = torch.multinomial, modeling.mask_by_random_topk
        state = {}

        def noted_multinomial(p, count, generator=None):
            twin = torch.Generator(p.device)
            twin.set_state(generator.get_state())
            race = p / torch.empty_like(p).exponential_(1, generator=twin)
            top = torch.topk(race, 2).values
            drawn = multinomial(p, count, generator=generator)
            assert torch.equal(drawn[:, 0], race.argmax(-1)), "multinomial is not the race this looks at"
            state["choice"] = top[:, 0].log() - top[:, 1].log()
            return drawn

        def noted_remask(mask_len, probs, temperature, generator=None):
            twin = torch.Generator(probs.device)
            twin.set_state(generator.get_state())
            unknown = probs[0] <= 1  # known slots carry the largest float
            self.note("choice", state["choice"][unknown])
            noise = -torch.zeros_like(probs).uniform_(0, 1, generator=twin).clamp(min=1e-20).log()
            noise = -noise.clamp(min=1e-20).log()
            values = (probs.clamp(min=1e-20).log() + temperature * noise)[0].sort().values
            cut = int(mask_len.reshape(-1)[0])
            self.note("cut", values[cut : cut + 1] - values[cut - 1 : cut])
            return remask(mask_len, probs, temperature, generator=generator)

        torch.multinomial, modeling.mask_by_random_topk = noted_multinomial, noted_remask


def image_rows(task):
    """The conditional and the unconditional row with their masks (prompting of `t2i_gen`), as int64 [1, L]."""
    v, N = task["vocabulary"], task["image_tokens"]

    def row(text):
        prefix = [v["t2i"], v["bos"], *text, v["eos"]]
        pads = task["text_slots"] + 1 - len(prefix)
        if pads < 0:
            sys.exit("text_ids do not fit in text_slots")
        ids = [v["pad"]] * pads + prefix + [v["soi"]] + [v["mask_id"]] * N + [v["eoi"]]
        mask = [0] * pads + [1] * (len(prefix) + N + 2)
        return torch.tensor([ids], device=OPTIONS.device), torch.tensor([mask], device=OPTIONS.device)

    return row(task["text_ids"]), row([])


class PromptingStub:
    """`t2i_generate` asks the prompting object for one thing: the number of text tokens."""

    def __init__(self, length):
        self.text_tokenizer = range(length)


def generate_text(model, task):
    prompt = torch.tensor([task["prompt_ids"]], device=OPTIONS.device)

    def run():
        canvas = model.mmu_generate(
            prompt, max_new_tokens=task["gen_length"], steps=task["steps"], block_length=task["block_length"],
            temperature=task["temperature"], cfg_scale=task.get("cfg_scale", 0.0),
            remasking=task.get("remasking", "low_confidence"), mask_id=task["vocabulary"]["mask_id"],
        )  # fmt: skip
        return canvas[0, prompt.shape[1] :]

    torch.manual_seed(task["seed"])
    return run


def generate_image(model, sampling, task):
    v = task["vocabulary"]
    (ids, mask), (plain_ids, plain_mask) = image_rows(task)
    guided = task["guidance_scale"] > 0
    generator = torch.Generator(OPTIONS.device).manual_seed(task["seed"])

    def run():
        return model.t2i_generate(
            input_ids=ids, attention_mask=mask, uncond_input_ids=plain_ids if guided else None,
            uncond_attention_mask=plain_mask if guided else None, guidance_scale=task["guidance_scale"],
            temperature=task.get("temperature", 1.0), timesteps=task["steps"],
            noise_schedule=sampling.get_mask_schedule(task.get("schedule", "cosine")), generator=generator,
            seq_len=task["image_tokens"], mask_token_id=v["mask_id"], resolution=task["text_slots"],
            codebook_size=v["codebook_size"], uni_prompting=PromptingStub(v["image_offset"]),
        )[0]  # fmt: skip

    return run


def peak_resident_bytes():
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def main():
    task = json.loads(OPTIONS.task_file.read_text())
    configuration = json.loads((OPTIONS.model / "config.json").read_text())
    dtype = OPTIONS.dtype or configuration["torch_dtype"]
    modeling, sampling = official_models()
    model = modeling.MMadaModelLM.from_pretrained(str(OPTIONS.model), torch_dtype=getattr(torch, dtype))
    model.to(OPTIONS.device).eval()
    on_gpu = OPTIONS.device.startswith("cuda")
    synchronize = torch.cuda.synchronize if on_gpu else lambda: None
    synchronize()
    loaded = time.perf_counter()

    gaps = Gaps()
    if OPTIONS.gaps:
        (gaps.watch_text if task["task"] == "text" else gaps.watch_image)(modeling)
    run = generate_text(model, task) if task["task"] == "text" else generate_image(model, sampling, task)
    clock = Clock(model, synchronize)
    start = time.perf_counter()
    tokens = run().tolist()
    end = time.perf_counter()

    if len(clock.calls) != task["steps"]:
        sys.exit(f"{len(clock.calls)} forward passes for {task['steps']} steps")
    marks = [start, *clock.calls[1:], end]
    steps = [b - a for a, b in zip(marks, marks[1:])]
    later = sorted(steps[1:] or steps)
    middle = len(later) // 2
    result = {
        "tokens": tokens,
        "seconds_per_step": {
            "min": later[0],
            "median": later[middle] if len(later) % 2 else (later[middle - 1] + later[middle]) / 2,
            "all": steps,
        },
        "first_step_seconds": steps[0], "total_seconds": end - start, "load_seconds": loaded - BEGAN,
        "peak_rss_bytes": peak_resident_bytes(), "tokens_per_second": len(tokens) / (end - start),
        "threads": torch.get_num_threads(), "dtype": dtype, "device": OPTIONS.device,
        "implementation": f"official MMaDA, torch {torch.__version__}",
    }  # fmt: skip
    if on_gpu:
        result["peak_device_bytes"] = torch.cuda.max_memory_allocated()
    if OPTIONS.gaps:
        result["smallest_gaps"] = gaps.smallest
    OPTIONS.output.write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
