#!/usr/bin/env python3
"""The `tokenizers` library as an oracle for the tokenizers of the image-text scorers.

Usage: wordpiece_peer.py bert vocab.txt QUESTION
       wordpiece_peer.py clip vocab.json merges.txt QUESTION
QUESTION is a file {"texts": [...]}. Prints {"encoded": [...]}, without special tokens in the text, the two around it
added; for clip also {"file": ...}, the tokenizer.json that was used.
"""

import json
import os
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: E402

PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def bert(vocabulary):
    tokenizer = Tokenizer(models.WordPiece.from_file(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer, "[CLS]", "[SEP]"


def clip(vocabulary, merges):
    tokenizer = Tokenizer(models.BPE.from_file(
        vocabulary, merges, unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix=""))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer, "<|startoftext|>", "<|endoftext|>"


def main():
    kind, *files, question = sys.argv[1:]
    tokenizer, start, end = {"bert": bert, "clip": clip}[kind](*files)
    texts = json.load(open(question, "rb"))["texts"]
    start, end = tokenizer.token_to_id(start), tokenizer.token_to_id(end)
    answer = {"encoded": [[start] + tokenizer.encode(text, add_special_tokens=False).ids + [end] for text in texts]}
    if kind == "clip":
        answer["file"] = tokenizer.to_str()
    json.dump(answer, sys.stdout)


main()
