#!/usr/bin/env python3
"""Writes Sources/TextTokenizer/UnicodeTables.swift.

The `tokenizers` library is the specification: token ids are only right if text is cut exactly as it was for training.
So each property is asked of the library itself, code point by code point, and not taken from the newest Unicode:
letters, numbers and white space through its regular-expression engine, word characters through a `single_word` token,
canonical combining classes and compositions by probing its NFC (whose Unicode is older than that of the engine), what
BERT's normaliser and pre-tokenizer remove or cut at by running them, and lower case through its normaliser.
`unicodedata` supplies the candidates, and the script stops where the library is not explained by them.

Usage: pip install tokenizers==0.22.2; python recipes/unicode-tables.py > Sources/TextTokenizer/UnicodeTables.swift
"""

import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
LETTER, NUMBER, SPACE, WORD, COMPOSING, PUNCTUATION, ACCENT, REMOVED = 1, 2, 4, 8, 16, 32, 64, 128
NFC = normalizers.NFC()


def matching(pattern):
    """The scalars that the library's engine matches with `pattern`."""
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    return {c for c in SCALARS if not split.pre_tokenize_str(chr(c))}


def words():
    """The scalars next to which a `single_word` token is not recognised."""
    tokenizer = Tokenizer(models.BPE({}, []))
    tokenizer.add_tokens([AddedToken("<<>>", single_word=True, normalized=False)])
    return {c for c in SCALARS if not tokenizer.encode("<<>>" + chr(c)).ids}


def bert():
    """The scalars that cleaning removes, that stripping accents removes, and that are cut out as punctuation."""
    def normalizer(**on):
        off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
        return normalizers.BertNormalizer(**(off | on))

    clean, strip = normalizer(clean_text=True), normalizer(strip_accents=True)
    cutter = pre_tokenizers.BertPreTokenizer()
    return (
        {c for c in SCALARS if clean.normalize_str(f"a{chr(c)}a") == "aa"},
        {c for c in SCALARS if not strip.normalize_str(chr(c))},
        {c for c in SCALARS if len(cutter.pre_tokenize_str(f"a{chr(c)}a")) == 3})


def lower_case():
    """Runs [first, count, step, difference] of the scalars that lower case changes into one other."""
    lower = normalizers.Lowercase()
    changed = [(c, lower.normalize_str(chr(c))) for c in SCALARS if lower.normalize_str(chr(c)) != chr(c)]
    runs = []
    for c, to in changed:
        if len(to) != 1:
            assert (c, to) == (0x130, "i\u0307"), f"{c:04X} becomes more than one"
            continue
        last = runs[-1] if runs else None
        step = c - (last[0] + last[2] * (last[1] - 1)) if last else 0
        if last and last[3] == ord(to) - c and step in (1, 2) and (last[1] == 1 or last[2] == step):
            last[1:3] = last[1] + 1, step
        else:
            runs.append([c, 1, 1, ord(to) - c])
    return runs


def library(text):
    return NFC.normalize_str(text)


def combining_classes():
    """The combining class of each mark, and 0 for those that the library does not reorder."""
    classes = {}
    for c in SCALARS:
        own = unicodedata.combining(chr(c))
        if not own:
            continue
        # A mark of a lower class (or, for class 1, of a higher one before it) must change places with it.
        lower, higher = (chr(0x334), 1), (chr(0x345), 240)
        known = library(higher[0] + chr(c)) == chr(c) + higher[0] if own < 240 else (
            library(chr(c) + lower[0]) == lower[0] + chr(c))
        if known or unicodedata.normalize("NFC", chr(c)) != chr(c):
            classes[c] = own
    return classes


def decompositions():
    """(code point, first, second or 0, whether the pair composes) for each canonical decomposition."""
    found = []
    for c in SCALARS:
        mapping = unicodedata.decomposition(chr(c))
        if not mapping or mapping.startswith("<"):
            continue
        parts = [int(x, 16) for x in mapping.split()]
        text = "".join(map(chr, parts))
        composes = len(parts) == 2 and unicodedata.normalize("NFC", text) == chr(c)
        if composes and library(text) != chr(c):
            print(f"newer than the library: {c:04X}", file=sys.stderr)
            continue
        if not composes and library(chr(c)) != unicodedata.normalize("NFC", chr(c)):
            print(f"newer than the library: {c:04X}", file=sys.stderr)
            continue
        found.append((c, parts[0], parts[1] if len(parts) == 2 else 0, composes))
    decomposable = {c for c, *_ in found}
    assert not any(second in decomposable for _, _, second, _ in found), "a second part decomposes"
    return found


def literals(values, digits, across):
    rows = []
    for start in range(0, len(values), across):
        rows.append("        " + ", ".join(f"0x{v:0{digits}X}" for v in values[start:start + across]) + ",")
    return "\n".join(rows)


def main():
    letters, numbers, spaces, word = matching(r"\p{L}"), matching(r"\p{N}"), matching(r"\s"), words()
    removed, accents, punctuation = bert()
    classes, pairs = combining_classes(), decompositions()
    composing = set(classes) | {second for _, _, second, composes in pairs if composes}
    composing |= {c for c, _, _, composes in pairs if not composes}
    composing |= set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
    for c in SCALARS:
        assert c in composing or library(chr(c)) == chr(c), f"{c:04X} changes under NFC"

    def bits(c):
        return (LETTER * (c in letters) | NUMBER * (c in numbers) | SPACE * (c in spaces)
                | WORD * (c in word) | COMPOSING * (c in composing) | PUNCTUATION * (c in punctuation)
                | ACCENT * (c in accents) | REMOVED * (c in removed))

    runs, last = [], None
    for c in range(0x110000):
        if bits(c) != last:
            last = bits(c)
            runs.append(c << 8 | last)
    marks = []
    for c in sorted(classes):
        if marks and marks[-1][1] == c - 1 and marks[-1][2] == classes[c]:
            marks[-1][1] = c
        else:
            marks.append([c, c, classes[c]])

    print(f"""// Made by recipes/unicode-tables.py from tokenizers {tokenizers.__version__}; do not edit.
// swift-format-ignore-file

/// Unicode data as the `tokenizers` library knows them, whatever the platform's own Unicode version.
enum UnicodeTables {{
    /// Runs of equal properties: first code point << 8 | bits.
    ///
    /// 1 letter, 2 number, 4 space, 8 word, 16 composing, 32 punctuation, 64 accent, 128 removed.
    static let properties: [UInt32] = [
{literals(runs, 8, 10)}
    ]

    /// Canonical combining classes other than 0: first << 32 | last << 8 | class.
    static let combiningClasses: [UInt64] = [
{literals([a << 32 | b << 8 | k for a, b, k in marks], 14, 7)}
    ]

    /// Canonical decompositions: code point << 43 | first << 22 | second (or 0) << 1 | whether the pair composes.
    static let decompositions: [UInt64] = [
{literals([c << 43 | a << 22 | b << 1 | int(k) for c, a, b, k in pairs], 16, 6)}
    ]

    /// What lower case changes into one other code point: first << 43 | count << 22 | step << 21 | difference, which is
    /// taken modulo 2^21; the step is one more than its bit.
    static let lowerCase: [UInt64] = [
{literals([a << 43 | n << 22 | (k - 1) << 21 | d % (1 << 21) for a, n, k, d in lower_case()], 16, 6)}
    ]
}}""")


main()
