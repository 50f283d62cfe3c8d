#!/usr/bin/env python3
"""Writes a model directory with random weights: config.json and safetensors, laid out as the released checkpoints.

Needs numpy. Tensors are made and written a piece at a time, so an 8B checkpoint takes 16 GB of disk and little memory:

    make_checkpoint.py OUT                                          # the shape the benchmarks use, 0.66 GB
    make_checkpoint.py OUT --d-model 4096 --layers 32 --heads 32 --mlp 12288 --dtype bfloat16 --shard-size 2.8GB

The scales are chosen so that two correct programs agree on every token. In an untrained model every masked position
looks alike, and then which token is picked, and where, hangs on the last bit; so attention is made peaked enough that
each position sees something else. But not more than that: with --query-key-gain 2 instead of 1.4, rounding errors grow
twentyfold on their way through eight layers. --logit-std scales the errors too, and not the noise they compete with.
"""

import argparse
import json
import os
import pathlib
import struct
import sys
import time

import numpy as np

NORM_SPREAD = 0.1  # norm weights are 1 plus or minus this
PIECE = 1 << 22  # numbers made at a time
TILE = 4_194_301  # prime, so that no two rows of a matrix are alike when a tile is repeated
FULL_RANDOM_LIMIT = 1 << 30  # parameters; larger models repeat tiles


def configuration(o):
    """The fields of the released config.json files; the model class reads each of them."""
    text_vocabulary = 126464
    return {
        "activation_type": "silu", "alibi": False, "alibi_bias_max": 8.0, "architectures": ["MMadaModelLM"],
        "attention_dropout": 0.0, "attention_layer_norm": False, "attention_layer_norm_with_affine": True,
        "bias_for_layer_norm": False, "block_group_size": 1, "block_type": "llama", "codebook_size": 8192,
        "d_model": o.d_model, "embedding_dropout": 0.0, "embedding_size": o.vocab, "eos_token_id": 126081,
        "flash_attention": False, "gradient_checkpointing": True, "include_bias": False, "include_qkv_bias": False,
        "init_cutoff_factor": None, "init_device": "meta", "init_fn": "mitchell", "init_std": 0.02,
        "input_emb_norm": False, "layer_norm_type": "rms", "layer_norm_with_affine": True,
        "llm_vocab_size": text_vocabulary, "mask_token_id": 126336, "max_sequence_length": 4096,
        "mlp_hidden_size": o.mlp, "mlp_ratio": 4, "model_type": "mmada", "multi_query_attention": None,
        "n_heads": o.heads, "n_kv_heads": o.kv_heads, "n_layers": o.layers, "new_vocab_size": o.vocab,
        "num_new_special_tokens": 0, "num_vq_tokens": 1024, "pad_token_id": 126081, "precision": "amp_bf16",
        "pretrained_model_path": "GSAI-ML/LLaDA-8B-Instruct", "residual_dropout": 0.0, "rms_norm_eps": 1e-05,
        "rope": True, "rope_full_precision": True, "rope_theta": 500000.0, "scale_logits": False,
        "tie_word_embeddings": False, "torch_dtype": o.dtype, "transformers_version": "4.46.0", "use_cache": False,
        "vocab_size": o.vocab, "w_clip_vit": False, "weight_tying": False,
    }  # fmt: skip


def parameters(o):
    """(name, shape, standard deviation), in the order the released files have; a norm weight has None."""
    D, F, V = o.d_model, o.mlp, o.vocab
    keys = D // o.heads * o.kv_heads
    t = "model.transformer."
    yield t + "wte.weight", (V, D), D**-0.5
    yield t + "ln_f.weight", (D,), None
    for i in range(o.layers):
        b = f"{t}blocks.{i}."
        yield b + "attn_out.weight", (D, D), D**-0.5
        yield b + "ff_out.weight", (D, F), F**-0.5
        yield b + "attn_norm.weight", (D,), None
        yield b + "ff_norm.weight", (D,), None
        yield b + "q_proj.weight", (D, D), o.query_key_gain * D**-0.5
        yield b + "k_proj.weight", (keys, D), o.query_key_gain * D**-0.5
        yield b + "v_proj.weight", (keys, D), D**-0.5
        yield b + "ff_proj.weight", (F, D), D**-0.5
        yield b + "up_proj.weight", (F, D), D**-0.5
    yield t + "ff_out.weight", (V, D), o.logit_std * D**-0.5


def encode(values, dtype):
    """Little-endian bytes of float32 values; bfloat16 is rounded to nearest, ties to even."""
    if dtype == "float32":
        return values.astype("<f4", copy=False)
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


class Source:
    """Normal numbers for one tensor after another, drawn afresh or cut from a tile."""

    def __init__(self, seed, tiled):
        self.seed = seed
        self.tile = self.generator(0).standard_normal(TILE, dtype=np.float32) if tiled else None

    def generator(self, index):
        return np.random.Generator(np.random.SFC64([self.seed, index]))

    def pieces(self, index, shape, deviation, dtype):
        left = int(np.prod(shape))
        generator = self.generator(index)
        if deviation is None:
            yield encode(1 + NORM_SPREAD * generator.standard_normal(left, dtype=np.float32), dtype)
        elif self.tile is None:
            while left > 0:
                count = min(left, PIECE)
                yield encode(generator.standard_normal(count, dtype=np.float32) * np.float32(deviation), dtype)
                left -= count
        else:
            turned = np.roll(self.tile, int(generator.integers(TILE)))
            encoded = encode(turned * np.float32(deviation), dtype)
            while left > 0:
                yield encoded[:left]
                left -= min(left, TILE)


def write_shard(path, tensors, source, dtype):
    """One safetensors file: header length, header, data in the order of the header."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for _, name, shape, _, size in tensors:
        code = {"float32": "F32", "bfloat16": "BF16"}[dtype]
        header[name] = {"dtype": code, "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        for index, _, shape, deviation, _ in tensors:
            for piece in source.pieces(index, shape, deviation, dtype):
                file.write(memoryview(piece).cast("B"))
        file.flush()
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):  # a large checkpoint should not push everything else out of the page cache
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def byte_count(text):
    units = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
    for unit, factor in units.items():
        if text.upper().endswith(unit):
            return int(float(text[: -len(unit)]) * factor)
    return int(text)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("directory", type=pathlib.Path)
    p.add_argument("--d-model", type=int, default=512)
    p.add_argument("--layers", type=int, default=8)
    p.add_argument("--heads", type=int, default=8)
    p.add_argument("--kv-heads", type=int, help="default: as --heads")
    p.add_argument("--mlp", type=int, default=1536)
    p.add_argument("--vocab", type=int, default=134656)
    p.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--logit-std", type=float, default=1.0)
    p.add_argument("--query-key-gain", type=float, default=1.4, help="attention scores have about its square as deviation")
    p.add_argument("--shard-size", type=byte_count, metavar="SIZE", help="such as 2.8GB; default: one file")
    o = p.parse_args()
    o.kv_heads = o.kv_heads or o.heads
    if o.d_model % o.heads or o.heads % o.kv_heads:
        p.error("--heads must divide --d-model, and --kv-heads must divide --heads")

    width = {"float32": 4, "bfloat16": 2}[o.dtype]
    shards, used, total = [[]], 0, 0
    for index, (name, shape, deviation) in enumerate(parameters(o), start=1):
        size = int(np.prod(shape)) * width
        if o.shard_size and used and used + size > o.shard_size:
            shards.append([])
            used = 0
        shards[-1].append((index, name, shape, deviation, size))
        used += size
        total += size

    began = time.monotonic()
    o.directory.mkdir(parents=True, exist_ok=True)
    source = Source(o.seed, tiled=total // width > FULL_RANDOM_LIMIT)
    weight_map = {}
    for number, tensors in enumerate(shards, start=1):
        single = len(shards) == 1
        name = "model.safetensors" if single else f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        write_shard(o.directory / name, tensors, source, o.dtype)
        weight_map.update({tensor[1]: name for tensor in tensors})
        print(f"{name}: {len(tensors)} tensors, {time.monotonic() - began:.1f} s", file=sys.stderr)
    if len(shards) > 1:
        index = {"metadata": {"total_size": total}, "weight_map": weight_map}
        (o.directory / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    # Last, so that a directory with a config.json is a complete one.
    (o.directory / "config.json").write_text(json.dumps(configuration(o), indent=2) + "\n")
    print(f"{o.directory}: {total // width:,} parameters, {total / 1e9:.2f} GB", file=sys.stderr)


if __name__ == "__main__":
    main()
