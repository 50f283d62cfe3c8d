"""The side of the `tokenizers` library: `peer.py make DIR` and `peer.py time DIR`; see run."""

import array
import ast
import glob
import gzip
import os
import pydoc_data.topics
import random
import sys
import time

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

PATTERN = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*"
           r"|\s*[\r\n]|\s+(?!\S)|\s+")


def read(path):
    try:
        opened = gzip.open(path, "rt", encoding="utf8") if path.endswith(".gz") else open(path, encoding="utf8")
        with opened as file:
            return file.read()
    except (OSError, UnicodeDecodeError, EOFError):
        return ""


def docstrings(path):
    try:
        tree = ast.parse(read(path))
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
            text = ast.get_docstring(node)
            if text and len(text) > 200:
                yield text + "\n\n"


def make(directory):
    texts = list(pydoc_data.topics.topics.values())
    for path in sorted(glob.glob("/usr/share/common-licenses/*") + glob.glob("/usr/share/doc/**/*", recursive=True)):
        if os.path.isfile(path) and not os.path.islink(path) and not path.endswith((".html", ".js", ".png")):
            texts.append(read(path)[:20000])
    for path in sorted(glob.glob(os.path.dirname(os.__file__) + "/**/*.py", recursive=True)):
        texts.extend(docstrings(path))
    texts = [text for text in dict.fromkeys(texts) if text]
    random.Random(1).shuffle(texts)
    with open(directory + "/english.txt", "wb") as file:
        file.write("".join(texts).encode()[: 1 << 20].decode(errors="ignore").encode())
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=100_000, initial_alphabet=alphabet, show_progress=False))
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"] + [f"<|reserved_token_{i}|>" for i in range(256)])
    tokenizer.save(directory + "/tokenizer.json")


def best(count, body):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        result = body()
        times.append(time.perf_counter() - start)
    return min(times), result


def measure(directory):
    load, tokenizer = best(3, lambda: Tokenizer.from_file(directory + "/tokenizer.json"))
    with open(directory + "/english.txt", encoding="utf8", newline="") as file:
        text = file.read()
    megabytes = len(text.encode()) / 1e6
    encode, encoding = best(5, lambda: tokenizer.encode(text))
    lines = text.splitlines(keepends=True)
    batch, _ = best(5, lambda: tokenizer.encode_batch_fast(lines))
    decode, _ = best(5, lambda: tokenizer.decode(encoding.ids, skip_special_tokens=False))
    print(f"  load {load} s, encode {megabytes / encode} MB/s (line by line {megabytes / batch}),"
          f" decode {megabytes / decode} MB/s, {len(encoding.ids)} ids")
    with open(directory + "/ids.bin", "rb") as file:
        if array.array("i", file.read()) != array.array("i", encoding.ids):
            sys.exit("the ids differ")
    print("the ids are equal")


if __name__ == "__main__":
    {"make": make, "time": measure}[sys.argv[1]](sys.argv[2])
