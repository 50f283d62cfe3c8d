"""Sends a server thousands of malformed requests and checks that it stays up, answers in OpenAI's shape and leaks nothing.

usage: fuzz/server.py PROGRAM [--count 3000] [--seed 1] [--model DIR]

Starts `mmada serve` on a free port of this machine. A request is a sound one that was cut, changed, mistyped, blown up or
followed by rubbish. Needs nothing but Python.
"""

import argparse
import base64
import json
import random
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("program")
arguments.add_argument("--model")
arguments.add_argument("--count", type=int, default=3000)
arguments.add_argument("--seed", type=int, default=1)
options = arguments.parse_args()

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
command = [options.program, "serve", "--port", str(port), "--log-level", "critical", "--timeout", "3"]
server = subprocess.Popen(command + (["--model", options.model] if options.model else []))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, data=None):
    rows = data if data is not None else zlib.compress(b"".join(b"\0" + b"\x80" * 3 * width for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def url(file):
    return "data:image/png;base64," + base64.b64encode(file).decode()


PICTURE = png(64, 64)
BOMBS = [png(30000, 30000, zlib.compress(b"\0" * 1_000_000)), png(2**31 - 1, 2**31 - 1, b""), png(0, 0, b""), PICTURE[:50]]
SOUND = {
    "/v1/chat/completions": [
        {"messages": [{"role": "user", "content": "what is 3 plus 4 ?"}], "max_tokens": 4, "seed": 1},
        {"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": url(PICTURE)}}, {"type": "text", "text": "what ?"}]}],
         "max_tokens": 4, "block_length": 2, "steps": 4, "temperature": 0.5, "stream": True},
    ],
    "/v1/completions": [
        {"prompt": "3 plus 4 is", "max_tokens": 4}, {"prompt": ["a [MASK*2] b"], "n": 2},
        {"prompt": "3 plus 4", "echo": True, "logprobs": 1, "mc_num": 4},
    ],
    "/v1/images/generations": [{"prompt": "a red circle", "steps": 2, "n": 1, "guidance_scale": 0.5}],
    "/tokenize": [{"content": "hello"}],
}
ODD = [None, True, -1, 0, 1, 2**31, 2**63, 2**64, -2**63, 1e308, -1e308, 1e-320, "", "a", "\0", "\ud800", "🦊" * 500,
       "<|endoftext|>", [], {}, [[]], [None] * 100, {"a": {"b": {}}}, "http://169.254.169.254/", "file:///etc/passwd",
       "data:image/png;base64,", "data:image/png;base64,####"] + [url(bomb) for bomb in BOMBS]


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], path + (key,))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from places(value[index], path + (index,))


def changed(value, path, new):
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def request(path, body, headers=(), length=None, method="POST"):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", "Content-Type: application/json",
             f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + body


def malformed(draw):
    """A request, and whether the server may wait for more of it."""
    path = draw.choice(list(SOUND))
    sound = draw.choice(SOUND[path])
    kind = draw.randrange(10)
    if kind < 4:
        value = sound
        for _ in range(draw.randint(1, 2)):
            value = changed(value, draw.choice(list(places(value))[1:] or [()]), draw.choice(ODD))
        return request(path, json.dumps(value).encode("utf-8", "surrogatepass")), False
    text = json.dumps(sound).encode()
    if kind == 4:
        extra = draw.choice(["n", "steps", "seed", "stop", "schedule", "size", "stream_options", "think", "echo", "logprobs",
                             "block_length", "cfg_scale", "remasking", "partial_images", "top_p", "tools", "response_format"])
        return request(path, json.dumps({**sound, extra: draw.choice(ODD)}).encode("utf-8", "surrogatepass")), False
    if kind == 5:
        return request(path, text[:draw.randrange(len(text))]), False
    if kind == 6:
        broken = bytearray(text)
        for _ in range(draw.randint(1, 5)):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        return request(path, bytes(broken)), False
    if kind == 7:
        choices = [b"[" * 100_000, b'{"a":' * 10_000, b"\xff" * 1000, b'{"prompt":"a","prompt":"b"}', b"nan", b"1e999999"]
        return request(path, draw.choice(choices)), False
    if kind == 8:
        boundary = draw.choice(["x", "", "x" * 80, "--"])
        form = f'--x\r\nContent-Disposition: form-data; name="{draw.choice(["prompt", "image", "", "mask"])}"\r\n\r\n'.encode()
        form += draw.choice([b"a", PICTURE, *BOMBS]) + draw.choice([b"\r\n--x--\r\n", b"\r\n--x", b""])
        head = request("/v1/images/edits", form)
        return head.replace(b"application/json", f"multipart/form-data; boundary={boundary}".encode()), False
    raw = request(path, text)
    which = draw.randrange(6)
    if which == 0:
        return raw[:draw.randrange(1, len(raw))], True
    if which == 1:
        return request(path, text, length=draw.choice([10**12, 40 << 20])), True
    if which == 2:
        return request(path, text, [f"X-{i}: {'a' * 200}" for i in range(600)]), False
    if which == 3:
        return request("/" + "%2e%2e/" * 50 + draw.choice(["etc/passwd", "\x01", "v1/models/..%2f"]), text), False
    if which == 4:
        return bytes(draw.randrange(256) for _ in range(200)), True
    return request(path, text, method=draw.choice(["GET", "DELETE", "PUT", "OPTIONS", "PATCH", "FROB", "TRACE"])), False


def send(number):
    """What happened: a status, or that the server closed without one."""
    draw = random.Random(options.seed * 1_000_003 + number)
    raw, waits = malformed(draw)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(raw)
            if waits and draw.random() < 0.9:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        except (ConnectionError, TimeoutError) as error:
            return type(error).__name__, raw
    if not answer:
        return "closed", raw
    status = int(answer.split(b" ", 2)[1])
    body = answer.split(b"\r\n\r\n", 1)[-1]
    if status >= 400 and body and not (b'"error"' in body and b'"message"' in body):
        return f"{status} without its reason", raw
    return status, raw


def memory():
    with open(f"/proc/{server.pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


try:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    counts, bad, sizes = Counter(), [], []
    start = time.monotonic()
    # Slow ones beside all others: they hold a connection and nothing else.
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    for connection in slow:
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Le")
    with ThreadPoolExecutor(8) as pool:
        for number, (outcome, raw) in enumerate(pool.map(send, range(options.count))):
            counts[str(outcome)] += 1
            if isinstance(outcome, str) and outcome != "closed" and outcome != "ConnectionResetError" or outcome in (500, 501, 502):
                bad.append((number, outcome, raw[:300]))
            if number % 100 == 0:
                sizes.append(memory())
            if server.poll() is not None:
                sys.exit(f"the server ended with {server.returncode} at request {number}: {raw[:500]!r}")
    for connection in slow:
        connection.close()
    print(f"{options.count} requests in {time.monotonic() - start:.0f} s:",
          ", ".join(f"{count} × {name}" for name, count in sorted(counts.items())))
    third = max(1, len(sizes) // 3)
    print(f"memory: {max(sizes[:third]):.0f} MiB in the first third, {max(sizes[-third:]):.0f} MiB in the last")
    time.sleep(1)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        text = b""
        while piece := connection.recv(65536):
            text += piece
    for name in (b"mmada_num_requests_running 0", b"mmada_num_requests_waiting 0"):
        if name not in text:
            bad.append(("afterwards", name.decode() + " is not so", text[-500:]))
    for number, outcome, raw in bad[:20]:
        print(f"request {number}: {outcome}: {raw!r}")
    sys.exit(1 if bad else 0)
finally:
    server.kill()
