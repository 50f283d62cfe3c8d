"""Saves state dictionaries with PyTorch, each also as safetensors of the tensors our reader should find.

Usage: safetensors_from_torch.py DIRECTORY

Writes NAME.pt or NAME.bin and NAME.safetensors for each case, then prints the names of the PyTorch files.
"""

import collections
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

DTYPES = [
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.float16, torch.bfloat16, torch.float32, torch.float64,
]  # fmt: skip


def tensors() -> dict:
    torch.manual_seed(0)
    base = torch.randn(5, 7)
    named = {f"dtype.{dtype}": (torch.randn(3, 2) * 50).to(dtype) for dtype in DTYPES}
    named |= {"base": base, "transposed": base.T, "slice": base[1:4, ::2], "expanded": base[:, :1].expand(5, 3)}
    named |= {"scalar": torch.tensor(3.5), "empty": torch.empty(0, 4), "channels": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)}
    return named


def main() -> None:
    directory = pathlib.Path(sys.argv[1])
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 300))
    optimizer = torch.optim.AdamW(module.parameters())
    views = tensors()
    state = module.state_dict()
    cases = {
        "views.pt": (views, views, {}),
        "module.bin": (state, state, {}),
        "protocol4.pt": (views, views, {"pickle_protocol": 4}),
        "protocol5.pt": (state, state, {"pickle_protocol": 5}),
        "parameters.pth": (dict(module.named_parameters()), state_of(module), {}),
        "ordered.pt": (collections.OrderedDict(views), views, {}),
        "training.pt": ({"epoch": 3, "loss": 0.5, "optimizer": optimizer.state_dict(), "model": state, "note": None}, state, {}),
        "lightning.pt": ({"state_dict": state, "global_step": 1 << 40, "names": ["a", ("b", 2.0)]}, state, {}),
    }
    for name, (value, expected, options) in cases.items():
        torch.save(value, directory / name, **options)
        plain = {key: tensor.detach().clone().contiguous() for key, tensor in expected.items()}
        save_file(plain, (directory / name).with_suffix(".safetensors"), metadata={"format": "pt"})
    torch.save(state, directory / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(module, directory / "whole_module.pt")
    print(json.dumps(list(cases)))


def state_of(module) -> dict:
    return {name: parameter.data for name, parameter in module.named_parameters()}


if __name__ == "__main__":
    main()
