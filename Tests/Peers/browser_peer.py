"""Drives the server's page in a headless Chromium, as a person would, and prints what it saw as JSON.

usage: browser_peer.py URL FOLDER

Speaks WebDriver with Debian's chromedriver. FOLDER gets a picture of each part of the page.
"""

import base64
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

url, folder = sys.argv[1], Path(sys.argv[2])
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
CHROMIUM = {
    "binary": shutil.which("chromium"),
    "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=900,1000",
             "--force-color-profile=srgb"],
}


class Browser:
    """A session of a driver."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.driver = subprocess.Popen(
            [shutil.which("chromedriver"), f"--port={self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.session = ""
        self.wait(lambda: self.call("GET", "/status")["ready"], "the driver")
        wanted = {"browserName": "chrome", "goog:chromeOptions": CHROMIUM, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = "/session/" + made["sessionId"]

    def call(self, method, path, body=None):
        data = None if method in ("GET", "DELETE") else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{self.session}{path}", data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"].splitlines()[0]) from None

    def wait(self, condition, what, seconds=90):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except (OSError, RuntimeError):
                pass
            time.sleep(0.05)
        raise SystemExit(f"waited in vain for {what}; the page says: {self.text('#error')}")

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.call("POST", f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def drag(self, selector, start, end):
        """Draws a stroke over an element; places are shares of its size."""
        box = self.run("const b = document.querySelector(arguments[0]).getBoundingClientRect();"
                       "return [b.x, b.y, b.width, b.height]", selector)
        moves = [(round(box[0] + x * box[2]), round(box[1] + y * box[3])) for x, y in (start, end)]
        (ax, ay), (bx, by) = moves
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [
            {"type": "pointerMove", "x": ax, "y": ay, "duration": 0}, {"type": "pointerDown", "button": 0},
            *({"type": "pointerMove", "x": ax + (bx - ax) * i // 8, "y": ay + (by - ay) * i // 8, "duration": 20} for i in range(1, 9)),
            {"type": "pointerUp", "button": 0}]}]})

    def picture(self, name):
        (folder / (name + ".png")).write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def close(self):
        self.call("DELETE", "")
        self.driver.terminate()




def download(button, name, magic):
    """Clicks, waits for a whole file and notes its size."""
    page.click(button)
    file = folder / name
    page.wait(lambda: file.exists() and file.read_bytes()[:4] == magic, name)
    found[name] = file.stat().st_size
    file.unlink()


folder.mkdir(parents=True, exist_ok=True)
page = Browser()
found = {}
page.call("POST", "/url", {"url": url})
page.wait(lambda: page.text("#model"), "the model's name")
found["model"] = page.text("#model")

# Chat, with the thought apart and the steps to look at again.
page.type("#chat-text", "what is 37 plus 45 ?")
page.click("#chat-form button[type=submit]")
page.wait(lambda: page.run("return document.querySelector('#chat-log .assistant')?.getAttribute('aria-busy') === 'false'"), "an answer")
found["thought"] = page.text("#chat-log .thinking div")
found["answer"] = page.run("return document.querySelector('#chat-log .assistant > div').innerText")
found["frames"] = page.run("return Number(document.querySelector('#replay-step').max) + 1")
page.run("const s = document.querySelector('#replay-step'); s.value = 6; s.dispatchEvent(new Event('input'))")
found["masked"] = page.run("return document.querySelectorAll('#replay-view .masked').length")
page.picture("chat")
page.call("POST", "/goog/cdp/execute", {
    "cmd": "Page.setDownloadBehavior", "params": {"behavior": "allow", "downloadPath": str(folder.resolve())}})
download("#replay-animation", "steps.webm", b"\x1aE\xdf\xa3")
found["text.webm"] = found.pop("steps.webm")

# The tabs by keyboard.
page.run("document.querySelector('#tab-chat').focus()")
page.call("POST", f"/element/{page.find('#tab-chat')}/value", {"text": "\ue014\ue014"})
found["tab"] = page.run("return document.activeElement.id")

# Paint.
page.type("#paint-text", "a large red circle at b 2 , a small yellow cross at d 3 , on white")
page.run("document.querySelector('#paint-seed').value = 4")
page.run("const s = document.querySelector('#paint-steps'); s.value = 16; s.dispatchEvent(new Event('input'))")
page.click("#paint-form button[type=submit]")
page.wait(lambda: page.text("#paint-status").startswith("Done"), "a picture")
found["painted"] = page.run("const p = document.querySelector('#paint-picture'); return [p.naturalWidth, p.naturalHeight]")
found["patches"] = page.run(
    "const s = document.querySelector('#replay-step'); s.value = 8; s.dispatchEvent(new Event('input'));"
    "return [...document.querySelectorAll('#replay-view .grid span')].filter(p => p.textContent).length")
page.run("document.querySelector('#replay').scrollIntoView(false)")
page.picture("paint")
painted = page.run("return document.querySelector('#paint-picture').src")

# The steps as files.
download("#paint-sheet", "steps.png", b"\x89PNG")
download("#replay-animation", "steps.webm", b"\x1aE\xdf\xa3")

# Inpaint something else under a mask, then extend.
page.run("document.querySelector('#paint-text').value = 'a large red circle at b 2 , a small blue square at d 3 , on white'")
page.click("#paint-brush")
page.run("document.querySelector('.canvas').scrollIntoView({block: 'center'})")
page.drag("#paint-mask", (0.8, 0.6), (0.95, 0.65))
page.picture("inpaint")
page.click("#paint-inpaint")
page.wait(lambda: page.run("return document.querySelector('#panel-paint .stop').hidden && document.querySelector('#paint-picture').src !== arguments[0]", painted)
          and page.text("#paint-status").startswith("Done"), "an edited picture")
found["inpainted"] = page.run("const p = document.querySelector('#paint-picture'); return [p.naturalWidth, p.naturalHeight]")
page.click("[data-extend=right]")
page.wait(lambda: page.run("return document.querySelector('#panel-paint .stop').hidden && document.querySelector('#paint-picture').naturalWidth > 64"), "a wider picture")
found["extended"] = page.run("const p = document.querySelector('#paint-picture'); return [p.naturalWidth, p.naturalHeight]")

# Ask about the first picture.
file = folder / "asked.png"
file.write_bytes(base64.b64decode(painted.split(",")[1]))
page.click("#tab-ask")
page.type("#ask-file", str(file.resolve()))
page.wait(lambda: page.run("return !document.querySelector('#ask-picture').hidden"), "the chosen picture")
page.type("#ask-text", "what shape is yellow ?")
page.click("#ask-form button[type=submit]")
page.wait(lambda: page.run("return document.querySelector('#ask-log .assistant')?.getAttribute('aria-busy') === 'false'"), "an answer")
found["asked"] = page.run("return document.querySelector('#ask-log .assistant > div').innerText")
page.picture("ask")
file.unlink()

# Stop in the middle.
page.click("#tab-paint")
page.run("const s = document.querySelector('#paint-steps'); s.max = 4096; s.value = 4096; s.dispatchEvent(new Event('input'))")
page.click("#paint-form button[type=submit]")
page.wait(lambda: page.text("#paint-status").startswith("Step"), "a step")
page.click("#panel-paint .stop")
page.wait(lambda: page.run("return document.querySelector('#panel-paint .stop').hidden"), "the end of the work")
found["error"] = page.text("#error")

# Dark, and what the browser had to complain about.
page.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}})
page.click("#tab-chat")
found["dark"] = page.run("return getComputedStyle(document.body).backgroundColor")
page.picture("dark")
log = page.call("POST", "/se/log", {"type": "browser"})
found["complaints"] = [entry["message"] for entry in log if entry["level"] == "SEVERE"]
page.close()
print(json.dumps(found))
