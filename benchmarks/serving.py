"""Loads a server with many clients at once and with one, and checks that nobody starves and nothing leaks.

usage: benchmarks/serving.py PROGRAM [--clients 32] [--seconds 60] [--model DIR]

Starts `mmada serve` on a free port of this machine, sends the same chat with seeds of their own, first one at a time for a
third of the time, then from all clients at once, and prints a table in Markdown. Needs nothing but Python.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("program")
arguments.add_argument("--model")
arguments.add_argument("--clients", type=int, default=32)
arguments.add_argument("--seconds", type=float, default=60)
options = arguments.parse_args()

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
command = [options.program, "serve", "--port", str(port), "--log-level", "error"]
server = subprocess.Popen(command + (["--model", options.model] if options.model else []))


def get(path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    return connection.getresponse().read().decode()


def memory():
    with open(f"/proc/{server.pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def chat(seed):
    """Seconds to the first text and to the end, tokens, and the status."""
    body = json.dumps({
        "messages": [{"role": "user", "content": "what is 37 plus 45 ?"}], "think": True, "seed": seed, "stream": True,
        "temperature": 0.5, "stream_options": {"include_usage": True}})
    start, first, tokens = time.monotonic(), None, 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    if response.status != 200:
        response.read()
        return None, None, 0, response.status, response.headers.get("Retry-After")
    ended = False
    for line in response:
        if not line.startswith(b"data: "):
            continue
        if line.startswith(b"data: [DONE]"):
            ended = True
            continue
        chunk = json.loads(line[6:])
        if "error" in chunk:  # what the server ends work with that it has no time for; the end mark follows
            continue
        delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
        if first is None and (delta.get("content") or delta.get("reasoning_content")):
            first = time.monotonic() - start
        tokens += chunk.get("usage", {}).get("completion_tokens", 0)
    return first, time.monotonic() - start, tokens, 200 if ended else 0, None


def load(clients, seconds):
    end = time.monotonic() + seconds
    results, lock, sizes = [], threading.Lock(), []

    def client(number):
        seed = number * 1_000_000
        while time.monotonic() < end:
            seed += 1
            try:
                result = chat(seed)
            except OSError as error:
                result = (None, None, 0, repr(error), None)
            with lock:
                results.append((number, *result))
            if result[3] == 429:
                time.sleep(min(float(result[4]), max(0.0, end - time.monotonic())))

    start = time.monotonic()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        sizes.append(memory())
        time.sleep(0.5)
    return results, time.monotonic() - start, sizes


def share(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


try:
    for _ in range(600):
        try:
            if "ok" in get("/ready"):
                break
        except OSError:
            time.sleep(0.1)
    chat(0)
    print("| clients | requests | other answers | tokens/s | requests/s | first text p50 / p99 | whole p50 / p99 |"
          " slowest client ÷ median | memory |")
    print("| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for clients, seconds in ((1, options.seconds / 3), (options.clients, options.seconds)):
        results, wall, sizes = load(clients, seconds)
        good = [result for result in results if result[4] == 200]
        other = {}
        for result in results:
            if result[4] != 200:
                other[result[4]] = other.get(result[4], 0) + 1
        firsts, wholes = [result[1] for result in good if result[1]], [result[2] for result in good]
        means = [statistics.mean([result[2] for result in good if result[0] == number] or [0]) for number in range(clients)]
        third = max(1, len(sizes) // 3)
        print(f"| {clients} | {len(good)} | {other or 'none'} | {sum(result[3] for result in good) / wall:.0f} |"
              f" {len(good) / wall:.2f} | {share(firsts, .5):.2f} / {share(firsts, .99):.2f} s |"
              f" {share(wholes, .5):.2f} / {share(wholes, .99):.2f} s | {max(means) / statistics.median(means):.2f} |"
              f" {max(sizes[:third]):.0f} → {max(sizes[-third:]):.0f} MiB |", flush=True)

    # A client that leaves in the middle of a picture of a thousand steps: how many more passes the model makes.
    def gauge(name):
        return int(next(line.split()[1] for line in get("/metrics").splitlines() if line.startswith(f"mmada_{name} ")))

    after, took = [], []
    for seed in range(10):
        body = json.dumps({"prompt": "a red circle", "steps": 1000, "seed": seed, "stream": True, "partial_images": 1})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/v1/images/generations", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        while gauge("num_requests_running") == 0:
            time.sleep(0.005)
        passes, start = gauge("model_passes_total"), time.monotonic()
        response.close()
        connection.close()
        while gauge("num_requests_running") > 0:
            pass
        took.append(time.monotonic() - start)
        after.append(gauge("model_passes_total") - passes)
    print(f"\nA client that leaves: its place is free after {statistics.median(took) * 1000:.0f} ms (at most"
          f" {max(took) * 1000:.0f}) and {statistics.median(after):.0f} more passes (at most {max(after)}), those between"
          " asking for their number and leaving among them.")

    # Told to end under load: every stream ends properly, and the program within ten seconds.
    results = []
    threads = [threading.Thread(target=lambda seed=seed: results.append(chat(seed))) for seed in range(options.clients)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    start = time.monotonic()
    server.send_signal(signal.SIGTERM)
    status = server.wait(timeout=30)
    took = time.monotonic() - start
    for thread in threads:
        thread.join()
    ends = [result[3] for result in results]
    print(f"\nTerminated under load: exit {status} after {took:.1f} s; of {len(threads)} open streams"
          f" {ends.count(200)} ended with [DONE], {len(threads) - ends.count(200)} otherwise.")
    if status != 0 or took > 10 or any(end not in (200, 503) for end in ends):
        sys.exit("not as promised")
finally:
    if server.poll() is None:
        server.kill()
