#!/usr/bin/env python3
"""UniGRPO's objective and its gradient in PyTorch and float64, as an oracle for PolicyObjectiveTests.

Usage: objective_peer.py [SEED]
Prints a list of random cases: hidden states [M, D], a head [V, D], targets, the answers that the M tokens belong to, their
advantages, log-probabilities of the old policy and of the reference, the settings, and then the loss with its gradients,
from the definition in arXiv 2505.15809 section 3.4 and by automatic differentiation. Tests/Golden/objective/cases.json is
what seed 1 prints.
"""

import itertools
import json
import sys

import torch


def objective(logp, case):
    old, reference = torch.tensor(case["old"]).double(), torch.tensor(case["reference"]).double()
    low, high = 1 - case["clip_range"], 1 + case["clip_range_high"]
    total, start = 0, 0
    for count, advantage in zip(case["counts"], case["advantages"]):
        mine = slice(start, start + count)
        start += count
        new, before, base = logp[mine], old[mine], reference[mine]
        if case["ratio_level"] == "sequence":
            new, before, base = new.mean(), before.mean(), base.mean()
        ratio = torch.exp(torch.clamp(new - before, -10, 10))
        gain = torch.minimum(ratio * advantage, torch.clamp(ratio, low, high) * advantage)
        delta = torch.clamp(base - new, -10, 10)
        penalty = torch.exp(delta) - delta - 1 if case["divergence"] == "k3" else -delta
        total = total + (gain - case["divergence_weight"] * penalty).mean()
    return -total / len(case["counts"])


def cases(generator):
    for level, divergence, weight in itertools.product(["token", "sequence"], ["k3", "k1"], [0.0, 0.04, 1.0]):
        counts = torch.randint(1, 6, [4], generator=generator).tolist()
        rows, width, vocabulary = sum(counts), 6, 11

        def normal(*shape, scale=1.0):
            return (scale * torch.randn(*shape, generator=generator)).float()

        hidden, head = normal(rows, width), normal(vocabulary, width)
        targets = torch.randint(0, vocabulary, [rows], generator=generator)
        temperature = 0.9
        leaves = [tensor.double().requires_grad_() for tensor in (hidden, head)]
        logits = leaves[0] @ leaves[1].T / temperature
        logp = torch.log_softmax(logits, 1).gather(1, targets[:, None])[:, 0]
        near = logp.detach()
        case = {
            "ratio_level": level, "divergence": divergence, "divergence_weight": weight, "clip_range": 0.2,
            "clip_range_high": 0.28, "temperature": temperature, "counts": counts,
            "advantages": normal(4).tolist(), "old": (near + normal(rows, scale=0.3)).float().tolist(),
            "reference": (near + normal(rows, scale=0.3)).float().tolist(), "hidden": hidden.tolist(),
            "head": head.tolist(), "targets": targets.tolist(),
        }
        loss = objective(logp, case)
        loss.backward()
        case |= {"loss": loss.item(), "hidden_gradient": leaves[0].grad.tolist(), "head_gradient": leaves[1].grad.tolist()}
        yield case


def main():
    generator = torch.Generator().manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print(json.dumps(list(cases(generator))))


main()
