#!/usr/bin/env python3
"""The official scorers of image benchmarks on made-up answers, as an oracle for VisionScoringTests.

usage: vision_scoring_peer.py VQA MMADA GENEVAL WISE

The arguments are checkouts of github.com/GT-Vision-Lab/VQA, github.com/Gen-Verse/MMaDA (for its copy of VLMEvalKit),
github.com/djghosh13/geneval and github.com/PKU-YuanGroup/WISE. The functions needed are taken out of their files at run
time; what else they call is replaced by a few lines here. Tests/Golden/scoring/vision.json is what this prints with the
commits a013f004 (VQA), 3cdb8709 (MMaDA), af4902f2 (geneval) and eb511744 (WISE), Python 3.11, numpy and pandas. VQA's
code is Python 2, but runs here in Python 3, where patterns know the digits of all scripts.

A text is a string, or [head, part, count, tail] for `head + part * count + tail`.
"""

import argparse
import ast
import contextlib
import copy
import io
import itertools
import json
import os
import os.path as osp
import random
import re
import string
import sys
import tempfile
import warnings
from collections import defaultdict
from typing import Dict

import numpy as np
import pandas as pd

random.seed(20250513)
warnings.simplefilter("ignore")
pd.options.mode.chained_assignment = None


# The official code


def load(path, names, given, edit=lambda source: source):
    """The classes, functions and constants called `names`, out of a file that is not run as a whole."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(edit(file.read()))
    body = [
        node for node in tree.body
        if getattr(node, "name", None) in names
        or isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) in names
    ]
    scope = dict(given)
    exec(compile(ast.Module(body, []), path, "exec"), scope)
    missing = set(names) - set(scope)
    assert not missing, (path, missing)
    return scope


def quiet(function, *arguments):
    with contextlib.redirect_stdout(io.StringIO()) as output:
        result = function(*arguments)
    return result, output.getvalue()


class VQA:
    """vqaEval.py, which is Python 2: its print statements become calls."""

    def __init__(self, folder):
        path = osp.join(folder, "PythonEvaluationTools/vqaEvaluation/vqaEval.py")
        scope = load(
            path, ["VQAEval"], {"re": re, "sys": sys},
            lambda source: re.sub(r'^(\s*)print (".*")\s*$', r"\1print(\2)", source, flags=re.M))
        self.evaluation = scope["VQAEval"]

    def normalized(self, text):
        evaluation = self.evaluation(self, self)
        text = text.replace("\n", " ").replace("\t", " ").strip()
        return evaluation.processDigitArticle(evaluation.processPunctuation(text))

    def getQuesIds(self):
        return []

    def accuracy(self, prediction, answers):
        class Questions:
            qa = {1: {"answers": [{"answer": a, "answer_id": i} for i, a in enumerate(answers)],
                      "question_type": "q", "answer_type": "a"}}

            def getQuesIds(self):
                return [1]

        class Answers:
            qa = {1: {"answer": prediction}}

        evaluation = self.evaluation(Questions(), Answers())
        found = []
        evaluation.setEvalQA = lambda _, accuracy: found.append(accuracy)
        quiet(evaluation.evaluate)
        return found[0]


class Kit:
    """VLMEvalKit as MMaDA ships it, without a judge; files are a dictionary."""

    def __init__(self, folder):
        root = osp.join(folder, "evaluation/VLMEvalKit/vlmeval")
        self.files = {}

        class Logger:
            def info(self, _): pass
            warning = info

        given = {
            "cp": copy, "np": np, "pd": pd, "re": re, "os": os, "osp": osp, "string": string,
            "defaultdict": defaultdict,
            "load": lambda name: self.files[name], "d2df": lambda values: values,
            "dump": lambda value, name: self.files.__setitem__(name, value), "istype": lambda *_: True,
            "get_logger": lambda _: Logger(), "timestr": lambda: "now", "track_progress_rich": self.each,
            "build_option_str": lambda _: "", "build_prompt": lambda *_: "", "cn_string": lambda _: False,
        }
        given |= load(osp.join(root, "smp/misc.py"), ["process_punctuation"], given)
        given |= load(
            osp.join(root, "utils/matching_util.py"), ["can_infer_option", "can_infer_text", "can_infer"], given)
        given |= load(
            osp.join(root, "dataset/utils/yorn.py"), ["YOrN_Extraction", "POPE_rating", "MME_rating"], given)
        given |= load(osp.join(root, "dataset/utils/vqa_eval.py"), ["process_line"], given | {"istype": istype})
        self.scope = load(
            osp.join(root, "dataset/utils/multiple_choice.py"),
            ["MMMU_preproc", "MMB_abbrs", "report_acc", "build_choices", "prefetch_answer", "extract_answer_from_item",
             "prefetch_circular_group", "eval_vanilla", "mcq_vanilla_eval", "mcq_circular_eval"], given)

    def each(self, function, arguments, save, keys, **_):
        results = [function(**each) for each in arguments]
        self.files[save] = dict(zip(keys, results))
        return results

    def __getattr__(self, name):
        return self.scope[name]

    def rating(self, name, rows):
        self.files["rows"] = pd.DataFrame(rows)
        return self.scope[name]("rows")


def istype(text, kind):
    return isinstance(text, kind)


def geneval_summary(folder, rows):
    """summary_scores.py as it stands, on a file of results: what it prints, and the scores of the tasks."""
    path = osp.join(folder, "evaluation/summary_scores.py")
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
        file.flush()
        scope = {"__file__": path, "__name__": "__main__"}
        arguments, sys.argv = sys.argv, [path, file.name]
        with open(path, encoding="utf-8") as source:
            _, printed = quiet(exec, compile(source.read(), path, "exec"), scope)
        sys.argv = arguments
    return printed, [float(score) for score in scope["task_scores"]]


class WISE:
    """The readers of the judges' replies, and the two ways to sum up, which print all digits here."""

    def __init__(self, folder):
        given = {"re": re, "Dict": Dict}
        paths = ["WISE_legacy/gpt_eval.py", "vllm_eval.py"]
        self.legacy, self.verified = [
            load(osp.join(folder, path), ["extract_scores"], given)["extract_scores"] for path in paths]
        self.folder = folder

    def report(self, edition, rows):
        path = osp.join(self.folder, "WISE_legacy/Calculate.py" if edition == "legacy" else "calculate_verified.py")
        scope = load(
            path, ["calculate_wiscore", "EXPECTED_PROMPT_RANGES", "process_jsonl_file_segment", "main"],
            {"os": os, "json": json, "argparse": argparse, "defaultdict": defaultdict},
            lambda source: source.replace(":.2f}", ":.17g}"))
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            for row in rows:
                file.write(json.dumps(row) + "\n")
            file.flush()
            arguments, sys.argv = sys.argv, [path, file.name]
            segment, _ = quiet(scope["process_jsonl_file_segment"], file.name)
            _, printed = quiet(scope["main"])
            sys.argv = arguments
        means = {name.lower(): sum(found) / len(found) for name, found in segment["scores"].items() if found}
        overall = re.search(r"Overall WiScore: ([0-9.e+-]+)", printed)
        return means, float(overall.group(1)) if overall else None


# Made-up answers

WORDS = """yes no not none zero one two three ten eleven a an the dont isnt cant youre somebody'd ow's'at let's
wouldnt've red blue cat dog teddy bear tennis racket on left right of man woman nothing US it's
Im 10 1,000 3.5 2 0""".split()
MARKS = list(";/[]\"{}()=+\\_-><@`,?!.:'*#%&$~")
ODD = ["\u00e9t\u00e9", "\u732b", "\u00a0", "\u2003", "\u0663", "\u00df", "e\u0301", "\U0001f431", "\u2019", "\uff21",
       "\u200b", "\x1c", "\u0130", "\u212a", "\r\n", "\n", "\t", "\u3000", "\u00bd", "\u0967,\u0968", "1\u0663.\u0664"]


def cased(text):
    return random.choice([str, str, str.lower, str.upper, str.capitalize, str.title])(text)


def noise():
    """A short text of words, marks, digits and rarities, glued in all ways."""
    parts = []
    for _ in range(random.randint(0, 6)):
        kind = random.random()
        if kind < 0.55:
            parts.append(cased(random.choice(WORDS)))
        elif kind < 0.8:
            parts.append(random.choice(MARKS) * random.randint(1, 2))
        elif kind < 0.9:
            parts.append(random.choice(ODD))
        else:
            parts.append(random.choice(
                ["1,2", "1.5", ".5", "5.", "U.S.", "10:30", "a.m.", "$1,000.00", "3,", ",3", "..."]))
        parts.append(random.choice(["", " ", " ", " ", "  "]))
    return "".join(parts)


def decorated(text):
    """A text with the things models put around an answer."""
    return random.choice([
        "{}", "{}", "{}.", " {} ", "{}!", "the {}", "A {}.", "\"{}\"", "({})", "{}, {}", "{}-{}", "**{}**", "It is {}.",
        "{}\n", "{}?!", "an {} .", "{},", "- {}", "{}/{}", "'{}'"]).replace("{}", cased(text))


def written(text):
    return text if isinstance(text, str) else text[0] + text[1] * text[2] + text[3]


LONG = [
    ["", "yes ", 2000, ""], ["no", "!", 5000, ""], ["", "a.b.", 700, ""], ["", ".", 40, "yes"], ["", " ", 4000, "no"],
    ["1,2", "- ", 900, "yes"], ["", "the ", 900, "cat"], ["A", "A", 3000, " A"], ["yes", "\n", 900, "no"],
    ["", "e\u0301", 500, " B."], ["", "\u732b", 300, ""], ["", "x. ", 50, "x."], ["", "'", 900, "dont"],
    ["", "cat", 1000, ""],
]


def vqa_cases(vqa):
    texts = [noise() for _ in range(500)] + [decorated(word) for word in WORDS for _ in range(4)]
    texts += LONG + ["", " ", "."]
    words = sorted(vqa.evaluation(vqa, vqa).contractions)
    texts += words + [word.upper() + "?" for word in words[::7]]
    for text in texts:
        yield [text, vqa.normalized(written(text))]


def vqa_accuracies(vqa):
    for _ in range(560):
        pool = [random.choice(WORDS) for _ in range(random.choice([1, 1, 2, 3, 5]))]
        count = random.choice([10] * 8 + [1, 2, 3, 4])
        style = random.choice([str, str, decorated])
        answers = [style(random.choice(pool)) for _ in range(count)]
        prediction = random.choice(
            [decorated(random.choice(pool)), random.choice(answers), random.choice(pool), noise()])
        yield [prediction, answers, vqa.accuracy(prediction, answers)]


def gqa_cases(kit):
    for _ in range(520):
        answer = random.choice([random.choice(WORDS), noise()])
        prediction = random.choice([
            decorated(answer), answer, cased(answer), "\n" + answer + "\u00a0", random.choice(WORDS), "\x1f" + answer,
            answer.replace("e", "e\u0301")])
        match = kit.process_line({"answer": answer, "prediction": prediction}, "accuracy")["match"][0]
        yield [prediction, answer, match == 1]


def decision_text():
    yes, no = cased("yes"), cased("no")
    form = random.choice([
        "{y}", "{n}", "{y}.", "{n}.", "{y}, it is", "{n}, it is not", "{y} and {n}", "{y}/{n}", "{y}{n}", "not {y}",
        "{y}-{n}", "{n}.{y}", "{y}.{r}", "{r} {y}", "{r} {n}", "{y}'s", "It is {n}t", "{n}ne", "e{y}", "**{y}**",
        "\"{n}\"", "({y})", "{y}.5", "5.{n}", "5. {n}", "{n}:", "{y};{r}", "1,2 {y}-{r}", "{n}\n{r}", "{y}\u3002",
        "{r}", "{y}_", "{n}@", "{y}, {y}!", "{y}\u00a0{r}", "{n}\x1d{r}", "answer: {y}", "Answer={n}", "[{y}]",
        "{y} , {r}", ".{y}.", "3.{y}", "\u0663.{n}", "{y}.\u0663"])
    return form.replace("{y}", yes).replace("{n}", no).replace("{r}", noise())


def decision_cases(kit):
    for text in [decision_text() for _ in range(700)] + [noise() for _ in range(100)] + LONG + ["", "yes", "no"]:
        yield [text, kit.YOrN_Extraction(written(text))]


def pope_sets(kit):
    for size in [1, 2, 7, 60, 60, 90, 150, 200]:
        lean = random.random()
        rows = []
        for _ in range(size):
            gold = random.choice(["Yes", "No"])
            found = gold if random.random() < lean else random.choice(["Yes", "No", "Unknown"])
            names = random.choice(
                [["random", "popular", "adversarial"], ["random"], ["popular"], ["adversarial", "random"]])
            rows.append([found, gold, ",".join(names)])
        table = [{"extracted": a, "answer": b, "category": c, "score": a == b} for a, b, c in rows]
        report = kit.rating("POPE_rating", table)
        yield {"rows": rows, "report": {row.split: list(map(float, row[2:])) for row in report.itertuples()}}
    for rows in [[["No", "No", "random"]] * 3, [["Unknown", "Yes", "popular"]], [["Yes", "No", "random"]]]:
        table = [{"extracted": a, "answer": b, "category": c, "score": a == b} for a, b, c in rows]
        report = kit.rating("POPE_rating", table)
        yield {"rows": rows, "report": {row.split: list(map(float, row[2:])) for row in report.itertuples()}}


MME = """OCR artwork celebrity color count existence landmark position posters scene code_reasoning
commonsense_reasoning numerical_calculation text_translation""".split()


def mme_sets(kit):
    for size in [1, 4, 9, 18, 3]:
        lean = random.random()
        rows = []
        for category in MME + ["extra"]:
            for image in range(random.randint(1, size)):
                for gold in ["Yes", "No"]:
                    found = gold if random.random() < lean else random.choice(["Yes", "No", "Unknown"])
                    rows.append([category, f"{image}.png", found, gold])
        random.shuffle(rows)
        table = [{"category": a, "image_path": b, "score": c == d} for a, b, c, d in rows]
        yield {"rows": rows, "report": {name: float(value) for name, value in kit.rating("MME_rating", table).items()}}


OPTIONS = [
    ["red", "blue", "green", "yellow"], ["cat", "a cat", "dog", "wildcat"], ["yes", "no"], ["10", "100", "1000", "1"],
    ["the man on the left", "the woman", "a teddy bear", "nothing"], ["A", "B", "C", "D"],
    ["\u732b", "\u72ac", "\u00c9t\u00e9"], ["None of the above", "All of the above", "Cannot say"],
    ["$1,000", "50%", "U.S.", "x = 2"], ["one", "two", "three", "four", "five"],
    ["STRASSE", "\u00dc", "e\u0301", "\u00e9"], ["red"], [], ["option " + c for c in "abcdefghi"],
]
REFUSALS = [
    "Sorry, I can't help with images of people yet.", "I can't process this file.",
    "I'm sorry, but without the image provided", "Cannot determine the answer", "Failed to obtain answer via API"]


def option_text(options):
    letter, other = random.choice("ABCDEFZ"), random.choice("ABCDEFZ")
    option = random.choice(options or ["red"])
    form = random.choice([
        "{l}", "{l}.", "({l})", "{l}) {o}", "{l}. {o}", "{l}: {o}", "The answer is {l}", "The answer is {o}.",
        "{l} or {m}", "{l}, {m}", "{l}{m}", "{o}", "{o}!", "It is {o} I think", "Option {l}", "option-{l}", "**{l}**",
        "#{l}", "{{l}}", "[{l}]", "<{l}>", "\"{l}\"", "{l}'s", "A {o}", "A big {o} is here, {l}", "{l}\n{m}", "not {l}",
        "{x} {l}", "{o} {x}", "{x}", "{r}", "{r} {l}", "{r} {o}", "{l}\u3002", "{l}\u00a0{o}", "{lower}",
        "{lower}. {o}", "answer:{l}", "{l};{o}", "{l} {l}", "pre{o}post", "{o} and {p}", "Z", "Z {o}", "\uff21",
        "{l}\x1c{o}", "{l}/{m}", "{l}-{o}", "Answer: {l} {o} {x}"])
    return (form.replace("{l}", letter).replace("{m}", other).replace("{o}", cased(option)).replace("{x}", noise())
            .replace("{p}", random.choice(options or ["red"])).replace("{r}", random.choice(REFUSALS))
            .replace("{lower}", letter.lower()))


def option_cases(kit):
    for index in range(900):
        which = random.randrange(len(OPTIONS))
        text = option_text(OPTIONS[which]) if index < 886 else LONG[index - 886]
        found = kit.can_infer(written(text), dict(zip(string.ascii_uppercase, OPTIONS[which])))
        yield [text, which, found or "Z"]


def table_of(rows, extra):
    table = []
    for row in rows:
        options = OPTIONS[row["options"]] if row["options"] is not None else []
        cells = {letter: np.nan for letter in "ABCDEFGHI"} | dict(zip("ABCDEFGHI", options))
        cells |= {"question": "?", "prediction": row["text"], "answer": row["answer"], "index": row["index"]}
        table.append(cells | {name: row[name] for name in extra})
    return pd.DataFrame(table)


def report_of(kit, table):
    found = {}
    for row in kit.report_acc(table).to_dict("records"):
        split = row.pop("split")
        found[split] = {name: value for name, value in row.items() if value == value}
    return found


def mmmu_set(kit):
    rows = []
    for index in range(560):
        is_open = random.random() < 0.2
        which = None if is_open else random.randrange(6)
        answer = random.choice(WORDS + ["C"]) if is_open else random.choice("ABCD"[:len(OPTIONS[which])])
        text = option_text([answer] if is_open else OPTIONS[which])
        if not is_open and random.random() < 0.4:
            text = answer
        rows.append({"index": index, "options": which, "answer": answer, "text": text,
                     "split": random.choice(["validation", "dev"]), "category": random.choice(["Art", "Math", "Music"]),
                     "l2-category": random.choice(["Arts", "Science"])})
    table = table_of(rows, ["split", "category", "l2-category"])
    scored = kit.mcq_vanilla_eval(None, table.copy(), table, 1, "mmmu-results", "MMMU_DEV_VAL")
    return {"rows": rows, "hits": [int(hit) for hit in scored["hit"]], "report": report_of(kit, scored)}


def circular_set(kit):
    rows = []
    for main in range(220):
        which = random.choice([0, 1, 4, 7])
        for turn in range(random.choice([1, len(OPTIONS[which])])):
            answer = random.choice("ABC")
            text = answer if random.random() < 0.85 else option_text(OPTIONS[which])
            rows.append({"index": main + turn * 1_000_000, "options": which, "answer": answer, "text": text,
                         "split": random.choice(["test", "dev"]), "category": random.choice(["x", "y"])})
    table = table_of(rows, ["split", "category"])
    scored = kit.mcq_circular_eval(None, table.copy(), table, 1, "circular-results", "MMBench")
    return {"rows": rows, "hits": {str(index): int(hit) for index, hit in zip(scored["index"], scored["hit"])},
            "report": report_of(kit, scored)}


TASKS = ["single_object", "two_object", "counting", "colors", "position", "color_attr"]


def geneval_sets(folder):
    for prompts, images in [(1, 1), (6, 1), (7, 3), (25, 4), (60, 4), (30, 6)]:
        rows = []
        order = random.sample(TASKS, 6)
        for prompt in range(prompts):
            lean = random.random()
            for _ in range(images):
                shared = prompt - prompt % 11 if prompt % 5 == 0 else prompt
                rows.append([order[prompt % 6], f"prompt {shared}", random.random() < lean])
        if prompts == 30:
            random.shuffle(rows)
        table = [{"tag": tag, "metadata": metadata, "correct": correct} for tag, metadata, correct in rows]
        printed, scores = geneval_summary(folder, table)
        yield {"rows": rows, "printed": printed, "scores": scores}


NAMES = ["Consistency", "Realism", "Aesthetic Quality"]


def rating_text():
    odd = [NAMES[:2], NAMES[::-1], NAMES + NAMES[:1], NAMES + NAMES[1:], ["Score"], NAMES[1:] * 2]
    names = random.choice([NAMES] * 6 + odd)
    form = random.choice([
        "**{n}**: {d}", "**{n}:** {d}", "{n}: {d}", "{n} {d}", "{n}{d}", "*{n}* : {d}", "{n}\n{d}", "- {n}: {d}",
        "{n}:{d}/2", "{n} = {d}", "{n} ({d})", "{n}::{d}", "***{n}***: {d}", "{d}", " {d} ", "In{n}: {d}",
        "{n} score: {d}", "{n}:\u00a0{d}", "{n}\uff1a{d}", "{n}: {d} because {r}", "{d}.", "{n}** {d}", "{n}*** {d}"])
    digits = random.choice(["012"] * 8 + ["0123", "\uff10\uff11\uff12", "2"])
    lines = []
    for name in names:
        spaced = name.replace(" ", random.choice([" ", "  ", "_"]))
        name = random.choice([name, name, name, name.lower(), name.upper(), spaced])
        line = form.replace("{n}", name).replace("{d}", random.choice(digits))
        lines.append(line.replace("{r}", random.choice(WORDS[10:])))
    joint = random.choice(["\n", "\n", "\r\n", " ", ", ", "\n\n \n"])
    return random.choice(["", "", "Sure!\n", "2 \n"]) + joint.join(lines)


def legacy_cases(wise):
    hostile = [
        ["", "Consistency", 900, ": 1"], ["Consistency", " ", 3000, ": 1 Realism: 2 Aesthetic Quality: 0"],
        ["", "\n", 3000, "1\n2\n0"], ["", "1\n", 900, ""],
        ["Consistency: 2 Realism: 2 Aesthetic Quality", "*", 900, " 2"]]
    bare = ["", "2\n1\n0", "2\n1", "2 1 0", " 2\n\n1\r\n0 \n", "0\n1\n2\n2"]
    for text in [rating_text() for _ in range(640)] + hostile + bare:
        scores = wise.legacy(written(text))
        values = [scores.get(name) for name in ["consistency", "realism", "aesthetic_quality"]]
        # The official reader knows no upper bound.
        yield [text, None if None in values or max(values) > 2 else [int(value) for value in values]]


def verified_text():
    form = random.choice([
        "Score: {d}", "**Score**: {d}", "**Score:** {d}", "score {d}", "SCORE{d}", "Score:\n{d}", "Score = {d}", "{d}",
        " {d}\n", "{d}\n{e}", "The score is {d}", "Score: {d}\nScore: {e}", "Score: {d}0", "Score: {d}x", "Score: {d}_",
        "Score: {d}/1", "Score: {d}\u00e9", "Score: 2\nScore: {d}", "Scores: {d}", "underscore: {d}", "Score:: {d}",
        "{x}\nScore: {d}", "{x}\n{d}", "Score: {d} {x}", "Score: {d}\u3002", "Score: \uff11", "Score: {d}\u0301",
        "Score: {d}\u00bd", "Score: {d}\u00b2"])
    return form.replace("{d}", random.choice("0101013")).replace("{e}", random.choice("01")).replace("{x}", noise())


def verified_cases(wise):
    hostile = [
        ["", "Score", 900, ": 1"], ["Score", " ", 3000, ": 1"], ["", "\n", 3000, "1"], ["", "Score: 5\n", 900, "1"]]
    for text in [verified_text() for _ in range(540)] + hostile + ["", "1", "0", "1\n1", "1 0"]:
        score = wise.verified(written(text)).get("score")
        yield [text, None if score is None else int(score)]


def wise_sets(wise):
    for edition, count in itertools.product(["legacy", "verified"], [1000, 1000, 120]):
        ids = list(range(1, 1001)) if count == 1000 else [random.randint(-5, 1010) for _ in range(count)]
        weights = [random.random() + 0.1 for _ in range(3)]
        if edition == "legacy":
            codes = ["".join(map(str, random.choices(range(3), weights, k=3))) for _ in ids]
            rows = [{"prompt_id": i, "consistency": int(c[0]), "realism": int(c[1]), "aesthetic_quality": int(c[2])}
                    for i, c in zip(ids, codes)]
        else:
            codes = [random.choice("0011") for _ in ids]
            rows = [{"prompt_id": i, "score": int(c)} for i, c in zip(ids, codes)]
        means, overall = wise.report(edition, rows)
        assert (overall is None) == (count != 1000)
        yield {
            "edition": edition, "ids": None if count == 1000 else ids, "codes": "".join(codes), "means": means,
            "overall": overall}


def main():
    folders = sys.argv[1:]
    if len(folders) != 4:
        sys.exit(__doc__)
    vqa, kit, wise = VQA(folders[0]), Kit(folders[1]), WISE(folders[3])
    parts = {
        "vqa_normalized": vqa_cases(vqa), "vqa_accuracy": vqa_accuracies(vqa), "gqa": gqa_cases(kit),
        "yes_no": decision_cases(kit), "pope": pope_sets(kit), "mme": mme_sets(kit), "options": OPTIONS,
        "option_answers": option_cases(kit), "mmmu": [mmmu_set(kit)], "circular": [circular_set(kit)],
        "geneval": geneval_sets(folders[2]), "wise_legacy": legacy_cases(wise), "wise_verified": verified_cases(wise),
        "wise": wise_sets(wise),
    }
    lines = []
    for name, cases in parts.items():
        rows = [json.dumps(case, separators=(",", ":"), sort_keys=True) for case in cases]
        lines.append(json.dumps(name) + ":[\n" + ",\n".join(rows) + "\n]")
    print("{" + ",\n".join(lines) + "}")


main()
