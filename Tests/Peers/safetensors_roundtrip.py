"""Reads a safetensors file with the reference library and writes it again.

Usage: safetensors_roundtrip.py FILE COPY

Prints the names, types, shapes and data of FILE as JSON; COPY must then equal FILE byte for byte.
"""

import ctypes
import json
import sys

import safetensors


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        tensors = safetensors.deserialize(file.read())
    with safetensors.safe_open(sys.argv[1], framework="numpy") as file:
        metadata = file.metadata()
    # `serialize` takes addresses, so the bytes are held here until it is done.
    held = {name: bytes(info["data"]) for name, info in tensors}
    outgoing = {
        name: safetensors.TensorSpec(
            dtype=DTYPES[info["dtype"]],
            shape=info["shape"],
            data_ptr=ctypes.cast(held[name], ctypes.c_void_p).value,
            data_len=len(held[name]),
        )
        for name, info in tensors
    }
    blob = safetensors.serialize(outgoing, metadata)
    with open(sys.argv[2], "wb") as file:
        file.write(blob)
    described = [[name, info["dtype"], info["shape"], list(info["data"])] for name, info in tensors]
    print(json.dumps({"metadata": metadata, "tensors": described}))


# The names that `serialize` takes for those in a header.
DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "I16": "int16", "F16": "float16", "BF16": "bfloat16",
    "I32": "int32", "F32": "float32", "F64": "float64", "I64": "int64",
}

if __name__ == "__main__":
    main()
