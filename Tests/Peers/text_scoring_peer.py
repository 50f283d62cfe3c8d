#!/usr/bin/env python3
"""Verdicts of the official scorers of text benchmarks, as an oracle for TextScoringTests.

Usage: text_scoring_peer.py GRADE_SCHOOL_MATH OPENCOMPASS LM_EVALUATION_HARNESS LLADA [SEED]
The four are folders of checkouts: openai/grade-school-math (3101c7d, MIT), open-compass/opencompass (a5acc4b, Apache
2.0), EleutherAI/lm-evaluation-harness (4e7e0d4, MIT) and ML-GSAI/LLaDA (b7e6c35, for GPQA in its copy of OpenCompass).
Only the functions that score are taken from their files and run; nothing of theirs is installed. Needs numpy and
PyYAML. Prints made-up predictions with what the scorers read in them; Tests/Golden/scoring/text.json is what seed 1
prints. Rows:

gsm8k     prediction, solution, what is read by [OpenAI, OpenCompass, strict-match, flexible-extract], their verdicts
option    prediction, options, whether the last two patterns are used, the option or ""
gpqa      prediction, gold letter, what is read, verdict; " " is read where nothing is found
math      prediction, solution, boxed in the solution or null, what is read in the prediction, verdict
forms     answer, its form by the second version or null where it raises, its normalized form
equality  two answers, whether they are equal by the second version
"""

import ast
import contextlib
import io
import json
import os
import random
import re
import string
import sys

import numpy
import yaml


def official(path, names, **given):
    """Functions, classes and constants of a file, without decorators, base classes and imports."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    body = []
    for node in tree.body:
        targets = [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]
        if getattr(node, "name", None) in names or any(target in names for target in targets):
            node.decorator_list = []
            if isinstance(node, ast.ClassDef):
                node.bases = []
            body.append(node)
    space = {"re": re, "np": numpy, "string": string, "sys": sys, **given}
    future = ast.ImportFrom(module="__future__", names=[ast.alias(name="annotations")], level=0)
    module = ast.fix_missing_locations(ast.Module(body=[future, *body], type_ignores=[]))
    exec(compile(module, path, "exec"), space)
    missing = [name for name in names if name not in space]
    if missing:
        raise SystemExit(f"{path}: no {missing}")
    return space


class Scorers:
    def __init__(self, school, opencompass, harness, llada):
        self.openai = official(
            f"{school}/grade_school_math/dataset.py", ["ANS_RE", "INVALID_ANS", "extract_answer", "is_correct"])
        oc = f"{opencompass}/opencompass"
        self.gsm8k = official(
            f"{oc}/datasets/gsm8k.py", ["gsm8k_dataset_postprocess", "gsm8k_postprocess", "Gsm8kEvaluator"])
        self.option = official(f"{oc}/utils/text_postprocessors.py", ["first_option_postprocess"])
        self.math = official(
            f"{oc}/datasets/math.py",
            ["last_boxed_only_string", "remove_boxed", "extract_boxed_answer", "normalize_final_answer",
             "math_postprocess_v2", "MATHEvaluator"])
        self.gpqa = official(
            f"{llada}/opencompass/opencompass/datasets/gpqa.py", ["GPQA_Simple_Eval_postprocess_", "GPQAEvaluator"])
        self.filter = official(f"{harness}/lm_eval/filters/extraction.py", ["RegexFilter"])["RegexFilter"]
        self.exact = official(f"{harness}/lm_eval/api/metrics.py", ["exact_match_hf_evaluate"])
        with open(f"{harness}/lm_eval/tasks/gsm8k/gsm8k.yaml", encoding="utf-8") as file:
            self.task = yaml.safe_load(file)
        self.evaluator = self.math["MATHEvaluator"].__new__(self.math["MATHEvaluator"])
        self.evaluator.version = "v2"

    def harness(self, prediction, solution, name):
        filters = next(entry for entry in self.task["filter_list"] if entry["name"] == name)["filter"]
        options = {key: value for key, value in filters[0].items() if key != "function"}
        read = self.filter(**options).apply([[prediction]], [])[0][0]
        metric = self.task["metric_list"][0]
        options = {key: metric[key] for key in ("ignore_case", "ignore_punctuation", "regexes_to_ignore")}
        score = self.exact["exact_match_hf_evaluate"](predictions=[read], references=[solution], **options)
        return read, bool(score["exact_match"] == 1)

    def gsm8k_row(self, prediction, solution):
        read = [self.openai["extract_answer"](prediction), self.gsm8k["gsm8k_postprocess"](prediction)]
        gold = self.gsm8k["gsm8k_dataset_postprocess"](solution)
        try:
            first = self.openai["is_correct"](prediction, {"answer": solution})
        except AssertionError:
            first = False
        right = [first, self.gsm8k["Gsm8kEvaluator"]().is_equal(read[1], gold)]
        for name in ("strict-match", "flexible-extract"):
            found, verdict = self.harness(prediction, solution, name)
            read.append(found)
            right.append(verdict)
        return [prediction, solution, read, right]

    def option_row(self, prediction, options, cushion):
        return [prediction, options, cushion,
                self.option["first_option_postprocess"](prediction, options, cushion=cushion)]

    def gpqa_row(self, prediction, gold):
        with contextlib.redirect_stdout(io.StringIO()):
            read = self.gpqa["GPQA_Simple_Eval_postprocess_"](prediction)
        score = self.gpqa["GPQAEvaluator"]().score([read], [gold])
        return [prediction, gold, read, score["accuracy"] == 100]

    def equal(self, first, second):
        with contextlib.redirect_stdout(io.StringIO()):
            return bool(self.evaluator.is_equiv(first, second))

    def math_row(self, prediction, solution):
        gold = self.math["extract_boxed_answer"](solution)
        read = self.math["math_postprocess_v2"](prediction)
        return [prediction, solution, gold, read, self.equal(read, gold)]

    def forms_row(self, answer):
        try:
            form = self.evaluator._strip_string_v2(answer)
        except Exception:
            form = None
        return [answer, form, self.math["normalize_final_answer"](answer)]


class Writer:
    """Makes up what a model might write."""

    # Space and marks of which other languages take another view than Python's.
    SPACES = [" ", " ", " ", "", "\n", "  ", "\t", "\r\n", "\u3000", "\xa0", "\x1c", "\x85", "\u2028"]
    DIGITS = ["0123456789", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "०१२३४५६७८९"]

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    def space(self):
        return self.one(*self.SPACES)

    def number(self):
        value = self.one(0, 5, 7, 12, 18, 100, 540, 1000, 12345, 1234567, self.random.randrange(10 ** 6))
        return self.one(str(value), str(value), f"{value:,}", f"{value}.0", f"{value}.00", f"{value}.5",
                        f"{value:,}.00", f".{value}", f"{value}.", f"0{value}")

    def decorated(self, number):
        number = self.one("", "", "", "-", "- ", "+", "−", "±") + number
        forms = ["{}", "{}", "{}", "${}", "{}%", "${}.", "{} dollars", "{}kg", "{} cm²", "**{}**", "({})",
                 "\\boxed{{{}}}", "$ {}", "€{}", "{}.", "{},", "{}!", "{}e3", "{}/2", "1.2.{}", "{}-3", "3-{}",
                 "{}\u0301", "<<3+4={}>>", "{}²", "½{}", "{}_000", "{}...", "\u200b{}"]
        number = self.one(*forms).format(number)
        if self.chance(0.08):
            number = number.translate(str.maketrans(self.DIGITS[0], self.one(*self.DIGITS)))
        return number

    def gsm8k(self):
        gold = self.number() if self.chance(0.3) else self.one("18", "5", "1,000", "70000", "-3", "12.5", "0", "540")
        tail = self.one("", "", "", "", "", "", "\n", " ", ".", "\nQuestion: 9", " apples", "#### 4")
        solution = f"She has 3*6=<<3*6=18>>{gold}.\n#### {gold}{tail}"
        if self.chance(0.04):
            solution = "#### " + self.one("", "none", "$5", "1_0", "1__0", "+7", "٥", "9" * 400, "5.",
                                          "\x1c5", "\u20035", "- 5", "5..", "5.\n", "K")
        given = gold if self.chance(0.6) else self.number()
        if self.chance(0.3):
            given = self.one(given.replace(",", ""), given.replace(",", "") + ".0", given.replace(",", "") + ".0000001")
        parts = []
        for _ in range(self.random.randrange(4)):
            parts.append(self.one("She sells", "So 4 + 5 = 9.", "Answer:", "Let's think", "Step 1:", "她有", "Thus,",
                                  self.decorated(self.number()), "Question: how many?", "question:", "Question:", "No.",
                                  "#", "###", "####5", "####  6", "####\n7", "#### ", "#### $8", "#### -", "#### ,",
                                  "#### .5", "--4", "3.14.15", "$$", "$.", "-.", "..", "-$5"))
        if self.chance(0.2):
            return f"She keeps 3 eggs.\n#### {given}" + self.one("", "", ".", ",", "\n", " eggs", "e"), solution
        parts.append(self.one("#### {}", "#### {}", "The answer is {}", "{}", "A: {}", "#### {}\n\nQuestion: 3", "= {}",
                              "", "{} left", "#### {}.", "{} #### {}").replace("{}", self.decorated(given)))
        text = ""
        for part in parts:
            text += part + self.space()
        return text, solution

    OPTION_FORMS = [
        "答案{}", "答案是{}", "答案：{}", "答案是：{}", "答案: {}", "答案选项应该是{}", "答案选项是 {}", "答案选项为{}", "答案应是{}",
        "答案应该选{}", "答案选项：{}", "答案选项为 (**{}**)", "答案选项是:{}", "答案为{}", "答案选{}", "选择{}", "选{}", "故选{}",
        "故{}只有选项{}是对", "故选 {}只有{}对的", "只有选项{}是对的", "只有{}是错的", "只有选项 {} 不正确", "只有项{}正确", "只有{}错误",
        "说法不对选项的是{}", "说法正确的是{}", "说法不正确的是 {}", "说法错误的是{}", "{}是正确的", "{} 是正确答案", "选项{}正确", "所以答{}",
        "所以{}", "所以{}。", "所以{}$", "所有{}.", "所有 {}", "因此：{}。", "，故{}", ",即{}.", "：因此{}", "是{}", "为 {}。", "因此{}",
        "显然{}。", "答案是（{}）。因为", "答案应该是（{}）", "答案为“{}”。", "答案是 选{}吗 好", "ANSWER: {}", "answer : {}", "AnſWER:{}",
        "The answer is {}", "the answer is: ({})", "The answer is **{}**.", "The answer is (**{}**)",
        "The answer is option {}", "the correct answer is ({})", "The correct answer is option: {}",
        "The correct answer is: $\\boxed{{{}}}$", "The correct option is\n\n\\boxed{{{}}}", "the correct option is {}",
        "The correct answer option is \\boxed{{{}}}", "The answer to the question is: {}", "选项{}", "{}选项", "{} 项",
        "{}.", "{}. Paris", "{}: Rome", "{}", "({})", "[{}]", "1. {}", "1.{}。", "1) Because {}", "1.\n{}$", "**{}**",
        "\\boxed{{{}}}", "Option {}", "I choose {}", "{}{}", "{}, {}", "{} or {}", "neither {}", "{}：", "{}，",
        "A dog {}", "THE ANSWER IS {}", "The answer is\u3000{}", "The answer is:{}", "The  answer is {}", "So,{}",
        "Hence\n{}", "x:{}\n", "答\u0301案{}",
    ]

    OPTION_PIECES = [
        *"答案是应该选项为择故只有对错不正确说法的所以因此即：:()*ABCDa。.$，,1", *[" "] * 4, "\n", "\u3000", "\x1c", "答案", "答案是", "答案为",
        "答案应该是", "选项", "只有", "错误", "正确", "是正确的", "说法", "所以", "所有", "因此", "显然", "ANSWER", "anſwer", "The answer is",
        "the correct answer is", "The correct option is", " option", "boxed{", "}", "1.", "x",
    ]

    def option(self):
        if self.chance(0.2):
            text = "".join(self.one(*self.OPTION_PIECES) for _ in range(self.random.randrange(2, 9)))
            return text, "ABCD", self.chance(0.5)
        letters = "ABCD" if self.chance(0.8) else self.one("ABCDE", "AB", "ABCDEFGHIJ", "DCBA")
        text = ""
        for _ in range(self.one(1, 1, 1, 2, 2, 3)):
            if self.chance(0.3):
                text += self.one("", "Let's see", "首先", "1. Look", "The", "A cat", "e", "因为", "x=1.",
                                 "Since D", "<think>")
                text += self.space()
            form = self.one(*self.OPTION_FORMS)
            letter = self.one(*letters, "A", "B", "C", "D", "E", "a", "c", "Ａ", "B\u0301", "")
            pieces = form.format(letter, self.one(*letters))
            text += pieces + self.one("", "", "", "。", ".", "\n", " ", "，", "!", "\r\n", " is right")
        return text, letters, not self.chance(0.25)

    def gpqa(self):
        phrase = self.one(*["The correct answer is"] * 9, "the correct answer is", "THE CORRECT ANSWER IS",
                          "The correct anſwer is", "The correct answer İs", "The correct answer ıs", "The answer is",
                          "The correct answer is:", "The correct  answer is", "The correct answer\nis")
        letter = self.one("A", "B", "C", "D", "A", "B", "C", "D", "a", " B ", "C\n", "", "(A", "insert answer here",
                          "A, B", "Ａ", "B\u0301", "\x1cD\u3000", "A (", "\xa0")
        text = self.one("", "", "Let me think. ", "(A) is wrong. ", "The correct answer is () or ",
                        "The correct answer is (", "The correct answer is not (B). ", "The correct answer is \\(",
                        "思考：")
        text += phrase + self.one(*[" "] * 9, "", "  ", "\xa0", "\n")
        text += self.one(*["({})"] * 9, "({}", "{}", "{})", "[{}]", "**({})**", "(({}))", "（{}）").format(letter)
        text += self.one("", ".", " because (C) is wrong.", "\nThe correct answer is (D).", " ) ", "\r\n")
        return text, letter if letter in list("ABCD") and self.chance(0.5) else self.one("A", "B", "C", "D")

    ATOMS = [
        "5", "12", "0.5", ".5", "-3", "1,000", "1,000,000", "10,00", "3.0", "3.000", "2.50", "007", "x", "i", "j", "2j",
        "n", "\\pi", "\\sqrt2", "\\sqrt{2}", "\\sqrt 3", "\\sqrt12x", "\\sqrt", "\\sqrt\\sqrt2", "\\frac12",
        "\\frac{1}{2}", "\\frac1{72}", "\\frac{72}1", "\\tfrac{3}{4}", "\\dfrac34", "\\frac", "\\frac1", "frac12",
        "rac{1}{2}", "frac", "1/2", "-1/2", "1/-2", "+1/2", "01/2", "a/b", "1/2/3", " 1 / 2", "1_0/2", "٣/٤",
        "\\text{east}", "\\text{(B)}", "\\text{ cm}", "5\\text{ cm}", "5 \\text{ miles}", "10\\text{ cm}^2",
        "\\text{m}", "\\text{}", "\\text{s}", "\\text{(", "\\text{ and }", "\\mbox{cm}", "5\\mbox{ cm}", "\\mbox",
        "90^\\circ", "90^{\\circ}", "\\$12", "$12$", "$", "$$", "12\\%", "12%", "\\left(1,2\\right)", "(1, 2)",
        "[0,\\infty)", "(-\\inf, 3]", "infinity", "+\\inity", "inf", "\\mathbf{v}", "x=5", "xy=5", "xyz=5", "x=y=5",
        "=", "x\\in[1,2]", "3\\cdot 4", "2\\!3", "{.5}", "a .5", "\\\\pi", "\\\\\\\\pi", "1 and 2", "a, b", "an apple",
        "a cat", "5 dollars", "3 feet", "square", "\\overline{AB}", "\\textbf{C}", "\\boxed{7}", "\\boxed{", "oxed{3}",
        "\\fbox{4}", "the final answer is 5", "Final Answer: 6", "answer is: 8", "answeis9", "is the answer?", "\\le 5",
        "\\leq5", "5.", "5..", "...", "\\ldots", "{,}", "1{,}000", "\"5\"", "5\u0301", "x²", "²", "１２", "٥.٠", "1.05",
        "1.0.0", "1.00a", "x1.0", "10.0,", "5\n", "\n", "\r\n5", "\t7 ", "\x1c5/2", "é", "e\u0301", "{}", "{", "}",
        "{5}", "\\{5\\}", "brackets", "and", "j+i", "\\ ", "2\\ 3", ".", " ", "", "\\text{a\nb}", "\\text{\ns}",
        "\\mathrm{th}", "7\\mathrm{th}", "y'", "multiples", "5 units", "\\dots", "1\f2",
    ]

    ANSWER_PIECES = [
        *"0123456789abijx.,=/$%{}()-+ ^_\\\n\t\r\x1c\x85²٣é\u0301", ".0", "\\text{", "\\text{ ", "\\text{(", ")}",
        "\\frac", "\\dfrac", "\\sqrt", "\\boxed{", "\\mbox{", "\\textbf{", "\\left", "\\infty", "inf", "and", "\\$",
        "\\%", "\\!", "\\\\", "finalansweris", "answeris", "answe", "is", ":", "oxed{", "rac", "\\cdot", "a ",
        "\\text{s}", "^\\circ", "{,}", "\\le",
    ]

    def answer(self):
        if self.chance(0.2):
            return "".join(self.one(*self.ANSWER_PIECES) for _ in range(self.random.randrange(2, 9)))
        if self.chance(0.5):
            return self.one(*self.ATOMS)
        return self.one("", " ", ", ", "=", "+", "$").join(self.one(*self.ATOMS) for _ in range(self.one(1, 2, 2, 3)))

    def variant(self, answer):
        """The answer in a spelling that some rule undoes, or not."""
        return self.one(
            answer, f" {answer} ", f"${answer}$", f"{answer}.", f"\\text{{{answer}}}", f"x={answer}",
            answer.replace(" ", ""), answer.replace("\\frac", "\\dfrac"), f"{answer}\\%", f"{answer}\\text{{ cm}}",
            f"\\left{answer}\\right", answer.replace(",", ""), f"{answer}.0", f"{answer} dollars",
            f"\\textbf{{{answer}}}", f"the answer is {answer}", answer.replace("i", "j"), answer.replace("1", "１"),
            f"{answer}^\\circ", f"{answer}/1", f"\"{answer}\"", f"\\boxed{{{answer}}}",
            answer.replace("{", "").replace("}", ""), answer.replace("\u0301", ""))

    def math(self):
        gold = self.answer()
        solution = self.one("So $\\boxed{{{}}}$.", "\\boxed{{{}}}", "\\fbox{{{}}}", "\\boxed {}",
                            "\\boxed{{1}} \\boxed{{{}}}", "Thus {}.", "\\boxed{{{}").format(gold)
        if self.chance(0.75):
            solution = f"Hence \\boxed{{{gold}}}."
        given = self.variant(gold) if self.chance(0.6) else self.answer()
        forms = ["\\boxed{{{}}}", "\\boxed{{{}}}", "\\boxed{{{{{}}}}}", "So $\\boxed{{{}}}$.", "\\fbox{{{}}}",
                 "\\boxed {}", "\\boxed {{{}}}", "\\boxed{{1}} and \\boxed{{{}}}", "\\boxed{{{}", "\\boxed}}{{ {}",
                 "\\boxed{{{{{}}}\n}}", "\\boxed{{}} {}", "The final answer is {}.",
                 "Well. the Final Answer is ${}$. Done.", "The answer is {}",
                 "So the answer is: {}. I hope it is correct.", "{}", "{}. Then 3.", "ANSWER İS {}",
                 "final\nanswer is {}", "\\fbox{{{}}} \\boxed{{{}}}", "\\boxed{{\\text{{{}}}}}", "}} \\boxed{{{}}} }}",
                 "\\boxed{{a}}{{b}} {}"]
        return self.one(*forms).format(given, given), solution


def main():
    scorers = Scorers(*sys.argv[1:5])
    writer = Writer(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
    answers = list(dict.fromkeys([*Writer.ATOMS, *(writer.answer() for _ in range(700))]))
    pairs = [(answer, writer.variant(answer)) for answer in answers] + [
        (writer.answer(), writer.one(*Writer.ATOMS)) for _ in range(100)]
    tables = {
        "gsm8k": [scorers.gsm8k_row(*writer.gsm8k()) for _ in range(660)],
        "option": [scorers.option_row(*writer.option()) for _ in range(1000)],
        "gpqa": [scorers.gpqa_row(*writer.gpqa()) for _ in range(560)],
        "math": [scorers.math_row(*writer.math()) for _ in range(600)],
        "forms": [scorers.forms_row(answer) for answer in answers],
        "equality": [[*pair, scorers.equal(*pair)] for pair in pairs],
    }
    print("{")
    for place, (name, rows) in enumerate(tables.items()):
        print(f'"{name}": [')
        lines = dict.fromkeys(json.dumps(row, separators=(",", ":")) for row in rows)
        print(",\n".join(lines))
        print("]" if place == len(tables) - 1 else "],")
    print("}")


if __name__ == "__main__":
    main()
