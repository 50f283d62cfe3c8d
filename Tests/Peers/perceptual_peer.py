#!/usr/bin/env python3
"""LPIPS and a patch discriminator in numpy and float64, as an oracle for TokenizerLossTests.

Usage: perceptual_peer.py FOLDER
Reads vgg.safetensors, lpips.safetensors, discriminator.safetensors and pictures.safetensors (x, y: [B, 3, Y, X] in -1..1)
from FOLDER and prints {"calibrated": d, "plain": d, "verdicts": [...]}: the distances of x and y, and D(x), flattened.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file


def conv(x, weight, bias, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    size = weight.shape[2]
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("bcyxij,ocij->boyx", windows, weight) + bias[None, :, None, None]


def pool(x):
    b, c, y, x_ = x.shape
    return x[:, :, :y // 2 * 2, :x_ // 2 * 2].reshape(b, c, y // 2, 2, x_ // 2, 2).max((3, 5))


def features(x, vgg):
    x = (x - np.array([-.030, -.088, -.188])[:, None, None]) / np.array([.458, .448, .450])[:, None, None]
    for level in ([0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]):
        if level[0]:
            x = pool(x)
        for place in level:
            x = np.maximum(conv(x, vgg[f"features.{place}.weight"], vgg[f"features.{place}.bias"], 1, 1), 0)
        yield x / (np.sqrt((x * x).sum(1, keepdims=True)) + 1e-10)


def distance(x, y, vgg, lines):
    total = 0
    for level, (a, b) in enumerate(zip(features(x, vgg), features(y, vgg))):
        squares = (a - b) ** 2
        if lines:
            squares = squares * lines[f"lin{level}.model.1.weight"]
        total += squares.sum(1).mean()
    return total


def verdicts(x, weights, depth):
    for index in range(depth + 1):
        name = f"discriminator.layers.{index}."
        x = conv(x, weights[name + "conv.weight"], weights[name + "conv.bias"], 2 if index < depth else 1, 1)
        if index:
            mean = x.mean((1, 2, 3), keepdims=True)
            x = (x - mean) / np.sqrt(((x - mean) ** 2).mean((1, 2, 3), keepdims=True) + 1e-6)
            x = x * weights[name + "norm.weight"][:, None, None] + weights[name + "norm.bias"][:, None, None]
        x = np.where(x > 0, x, 0.2 * x)
    return conv(x, weights["discriminator.conv_out.weight"], weights["discriminator.conv_out.bias"], 1, 1)


def main():
    folder = Path(sys.argv[1])
    vgg, lines, judge, pictures = (
        {name: value.astype(np.float64) for name, value in load_file(folder / f"{file}.safetensors").items()}
        for file in ("vgg", "lpips", "discriminator", "pictures"))
    x, y = pictures["x"], pictures["y"]
    print(json.dumps({
        "calibrated": distance(x, y, vgg, lines), "plain": distance(x, y, vgg, {}),
        "verdicts": verdicts(x, judge, 2).ravel().tolist()}))


main()
