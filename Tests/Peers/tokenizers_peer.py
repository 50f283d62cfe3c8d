#!/usr/bin/env python3
"""The `tokenizers` library as an oracle for TextTokenizerTests.

Usage: tokenizers_peer.py tokenizer.json < {"texts": [...], "ids": [[...], ...]}
Prints {"encoded": [...], "plain": [...], "decoded": [...], "skipped": [...]}, ASCII only.
"""

import json
import os
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Tokenizer  # noqa: E402  (the variable above must be set first)

tokenizer = Tokenizer.from_file(sys.argv[1])
tokenizer.no_padding()
tokenizer.no_truncation()
work = json.loads(sys.stdin.buffer.read())
json.dump(
    {
        "encoded": [tokenizer.encode(t).ids for t in work["texts"]],
        "plain": [tokenizer.encode(t, add_special_tokens=False).ids for t in work["texts"]],
        "decoded": [tokenizer.decode(i, skip_special_tokens=False) for i in work["ids"]],
        "skipped": [tokenizer.decode(i, skip_special_tokens=True) for i in work["ids"]],
    },
    sys.stdout,
)
