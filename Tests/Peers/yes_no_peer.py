#!/usr/bin/env python3
"""What the own scripts of MME and POPE make of answers, as an oracle for VisionScoringTests.

usage: yes_no_peer.py MME POPE

MME is the unpacked `tools/eval_tool.zip` of github.com/BradyFU/Awesome-Multimodal-Large-Language-Models (commit 1c1d69e1),
with its sample answers of LaVIN; POPE is `evaluate.py` of github.com/AoiDragon/POPE. Tests/Golden/scoring/yes_no.json is
what this prints: made-up answers with both readings, and of each of LaVIN's answers the start with MME's verdict, and
MME's points. Needs scikit-learn for the latter.
"""

import contextlib
import io
import json
import random
import re
import sys
import tempfile
from pathlib import Path

mme, pope = Path(sys.argv[1]), Path(sys.argv[2])
scope = {"__name__": "calculation"}
exec(compile((mme / "calculation.py").read_text(), "calculation.py", "exec"), scope)
calculator = scope["calculate_metrics"]()

random.seed(20250513)
PIECES = ["yes", "Yes", "YES", "no", "No", "NO", "not", "Not", "none", "nope", "yesterday", "know", "there is", "a dog", ".", ",",
          "!", " ", "  ", "\n", "\t", "ye", "s", "n", "o", "é", "İ", "5", "'no'", "no.", "no,", "yes,", "."]
texts = ["", " ", ".", "no", "yes", " yes", "   yes", "  no", "nyes", "No.", "not.", "a. no", "no dog", "n o"]
while len(texts) < 600:
    texts.append("".join(random.choice(["", " ", " "]) + random.choice(PIECES) for _ in range(random.randint(1, 6))))

with tempfile.TemporaryDirectory() as folder:
    answers, labels = Path(folder) / "answers", Path(folder) / "labels"
    answers.write_text("".join(json.dumps({"answer": text}) + "\n" for text in texts))
    labels.write_text("".join(json.dumps({"label": random.choice(["yes", "no"])}) + "\n" for _ in texts))
    source = pope.read_text().replace("ans_file = ''", f"ans_file = {str(answers)!r}").replace("label_file = ''", f"label_file = {str(labels)!r}")
    found = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "evaluate.py", "exec"), found)
names = {"yes": "Yes", "no": "No", "other": "Unknown", 1: "Yes", 0: "No"}
rows = [[text, names[calculator.parse_pred_ans(text.lower())], names[read]] for text, read in zip(texts, found["pred_list"])]

lavin = []
for file in sorted((mme / "LaVIN").glob("*.txt")):
    for line in file.read_text().splitlines(keepends=True):
        image, _, expected, answer = line.split("\t")
        verdict = calculator.parse_pred_ans(answer.lower())
        lavin.append([file.stem, image, expected.lower(), answer.strip("\n")[:24], verdict == expected.lower()])
output = io.StringIO()
with contextlib.redirect_stdout(output):
    calculator.process_result(str(mme / "LaVIN"))
points = {name: float(value) for name, value in re.findall(r"(\w+)  score: ([\d.]+)", output.getvalue())}
totals = [float(value) for value in re.findall(r"total score: ([\d.]+)", output.getvalue())]

parts = {"made_up": rows, "lavin": lavin}
text = "".join(
    json.dumps(name) + ":[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in part) + "\n],\n" for name, part in parts.items())
print("{" + text + f'"points":{json.dumps(points)},"totals":{json.dumps(totals)}' + "}")
