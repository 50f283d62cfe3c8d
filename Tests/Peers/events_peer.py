#!/usr/bin/env python3
"""A reader of TensorBoard event files as an oracle for MetricsTests, sharing no code with the writer.

Usage: events_peer.py FOLDER
Prints a list of what each event file holds, in the order in which TensorBoard reads them:
[{"time": t, "step": n, "version": s?, "session": n?, "scalars": {tag: x}, "images": {tag: [w, h, [pixel bytes]]}}]
and leaves with status 1 where a length, a checksum or a field is wrong. With --tensorboard it prints what TensorBoard's
own reader finds, {"scalars": {tag: [[step, x]]}, "images": {tag: [[step, w, h]]}}; that needs the package tensorboard.
"""

import io
import json
import struct
import sys
from pathlib import Path

from PIL import Image


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def check(data, stored):
    crc = crc32c(data)
    assert ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF == stored, "wrong checksum"


def records(data):
    while data:
        (length,), (crc,) = struct.unpack("<Q", data[:8]), struct.unpack("<I", data[8:12])
        check(data[:8], crc)
        body = data[12:12 + length]
        assert len(body) == length, "cut short"
        check(body, *struct.unpack("<I", data[12 + length:16 + length]))
        yield body
        data = data[16 + length:]


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            length = {1: 8, 5: 4}.get(key & 7)
            if length is None:
                assert key & 7 == 2, "unknown wire type"
                length, at = varint(data, at)
            value = data[at:at + length]
            assert len(value) == length, "cut short"
            at += length
        yield key >> 3, value


def event(data):
    found = {"scalars": {}, "images": {}}
    for number, value in fields(data):
        if number == 1:
            (found["time"],) = struct.unpack("<d", value)
        elif number == 2:
            found["step"] = value
        elif number == 3:
            found["version"] = value.decode()
        elif number == 7:
            found["session"] = dict(fields(value))[1]
        else:
            assert number == 5, f"unknown field {number}"
            for one, entry in fields(value):
                assert one == 1
                entry = dict(fields(entry))
                tag = entry[1].decode()
                if 2 in entry:
                    # As text, for JSON has no word for NaN.
                    found["scalars"][tag] = str(struct.unpack("<f", entry[2])[0])
                else:
                    image = dict(fields(entry[4]))
                    pixels = Image.open(io.BytesIO(image[4]))
                    assert pixels.size == (image[2], image[1]) and image[3] == 3 and pixels.format == "PNG"
                    found["images"][tag] = [*pixels.size, list(pixels.convert("RGB").tobytes())]
    return found


def by_tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(folder)
    accumulator.Reload()
    tags = accumulator.Tags()
    return {
        "scalars": {tag: [[e.step, e.value] for e in accumulator.Scalars(tag)] for tag in tags["scalars"]},
        "images": {tag: [[e.step, e.width, e.height] for e in accumulator.Images(tag)] for tag in tags["images"]},
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--tensorboard"]:
        json.dump(by_tensorboard(sys.argv[2]), sys.stdout)
    else:
        files = sorted(Path(sys.argv[1]).glob("events.out.tfevents.*"))
        json.dump([[event(record) for record in records(file.read_bytes())] for file in files], sys.stdout)
