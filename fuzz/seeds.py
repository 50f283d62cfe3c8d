"""Makes the seeds of the checkpoint targets with PyTorch and the reference safetensors library.

Usage: python fuzz/seeds.py fuzz/seeds    (made with torch 2.13 and safetensors 0.8)
"""

import collections
import json
import pathlib
import struct
import sys
import zipfile

import torch
from safetensors.torch import save


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    for target in ("TorchArchive", "Pickle", "Safetensors", "ShardIndex", "JSON"):
        (out / target).mkdir(parents=True, exist_ok=True)
    base = torch.arange(12.0).reshape(3, 4)
    # Storages in this order: fuzz/Targets/Pickle.swift has their sizes.
    views = {"w": base, "t": base.T, "r": base[2], "b": torch.nn.Parameter(torch.zeros(2, dtype=torch.bfloat16))}
    views |= {"s": torch.tensor(42), "e": torch.empty(0, dtype=torch.bool), "n": None, "x": [1, (2.0, "a")]}
    nested = {"epoch": 1 << 40, "model": collections.OrderedDict(views)}
    for checksum in (True, False):
        # Without checksums, damage to the pickle gets as far as the unpickler.
        torch.serialization.set_crc32_options(checksum)
        for name, value, protocol in (("views", views, 2), ("nested", nested, 2), ("protocol4", nested, 4)):
            path = out / "TorchArchive" / f"{name}{'' if checksum else '-unchecked'}.pt"
            torch.save(value, path, pickle_protocol=protocol)
            if checksum:
                with zipfile.ZipFile(path) as archive:
                    (out / "Pickle" / f"{name}.pkl").write_bytes(archive.read(f"{path.stem}/data.pkl"))
    files = out / "Safetensors"
    mixed = {"w": base, "b": torch.zeros(2, dtype=torch.bfloat16), "e": torch.empty(0, 3)}
    (files / "mixed.safetensors").write_bytes(save(mixed, {"format": "pt"}))
    (files / "f8.safetensors").write_bytes(save({"w": torch.zeros(3, dtype=torch.float8_e4m3fn), "s": torch.tensor(1)}))
    (files / "empty.safetensors").write_bytes(struct.pack("<Q", 2) + b"{}")
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    index = {"metadata": {"total_size": 12}, "weight_map": shards}
    (out / "ShardIndex" / "two.json").write_text(json.dumps(index))
    text = r'{"a":[null,true,false,-0,1,-2.5e-3,"\u00e9\ud83d\ude00\n"],"b":{"c":{}}}'
    (out / "JSON" / "all.json").write_text(text)


if __name__ == "__main__":
    main()
