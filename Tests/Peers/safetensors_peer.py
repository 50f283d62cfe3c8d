"""Compares our verdict on safetensors files with that of the reference library.

Usage: safetensors_peer.py CORPUS

CORPUS holds cases one after another: u64 length (little-endian), u8 our verdict (1: accepted), the file's bytes.
Prints one JSON object; exits with 1 if a case is judged differently.
"""

import json
import struct
import sys

import safetensors


def forbidden_by_the_format(blob: bytes) -> str | None:
    """Why the format forbids a file that the library accepts, if it does: where we are meant to be stricter."""
    (length,) = struct.unpack("<Q", blob[:8])
    header = blob[8 : 8 + length]
    if header[:1] != b"{":
        return "white space before the header"

    def no_duplicates(pairs):
        keys = [key for key, _ in pairs]
        if len(keys) != len(set(keys)):
            raise ValueError("duplicate key")
        return dict(pairs)

    try:
        json.loads(header, object_pairs_hook=no_duplicates)
    except ValueError as error:
        return str(error) if str(error) == "duplicate key" else None
    return None


def main() -> int:
    with open(sys.argv[1], "rb") as file:
        corpus = file.read()
    position = cases = accepted = 0
    disagreements, stricter = [], {}
    while position < len(corpus):
        length, ours = struct.unpack_from("<QB", corpus, position)
        blob = corpus[position + 9 : position + 9 + length]
        position += 9 + length
        try:
            safetensors.deserialize(blob)
            theirs, reason = True, None
        except safetensors.SafetensorError as error:
            theirs, reason = False, str(error)
        accepted += theirs
        if bool(ours) != theirs:
            rule = forbidden_by_the_format(blob) if theirs else None
            if rule:
                stricter[rule] = stricter.get(rule, 0) + 1
            else:
                disagreements.append({"case": cases, "ours": bool(ours), "theirs": theirs, "reason": reason})
        cases += 1
    report = {
        "version": safetensors.__version__,
        "cases": cases,
        "accepted": accepted,
        "stricter": stricter,
        "disagreements": len(disagreements),
        "first": disagreements[:5],
    }
    print(json.dumps(report))
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
