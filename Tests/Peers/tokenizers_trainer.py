#!/usr/bin/env python3
"""The trainer of the `tokenizers` library as an oracle for BytePairTrainerTests.

Usage: tokenizers_trainer.py tokenizer.json question.json
The question is {"lines": [...], "texts": [...], "vocabulary": N, "minimum": M}; the pre-tokenizer is the file's own.
Prints {"merges": [["a", "b"], ...], "ids": [[...], ...]}: what the library learns from the lines with N tokens, and
the ids that it gives the texts with the file as it is; ASCII only.
"""

import json
import os
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Tokenizer, models, pre_tokenizers, trainers  # noqa: E402  (the variable must be set first)

given = Tokenizer.from_file(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    question = json.load(file)
learned = Tokenizer(models.BPE())
learned.pre_tokenizer = given.pre_tokenizer
learned.train_from_iterator(
    question["lines"],
    trainers.BpeTrainer(
        vocab_size=question["vocabulary"], min_frequency=question["minimum"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
json.dump(
    {
        "merges": json.loads(learned.to_str())["model"]["merges"],
        "ids": [given.encode(text).ids for text in question["texts"]],
    },
    sys.stdout,
)
