"""Headless Chromium, driven through its own pipe: no driver and no library is needed.

Chromium reads commands of the DevTools protocol from file descriptor 3 and writes answers to 4, JSON with a NUL after each.
"""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --remote-debugging-pipe"
)


def executable():
    """Where Chromium is, if it is installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """One page of one browser."""

    def __init__(self, folder):
        from_browser, self._out = os.pipe()
        self._in, to_us = os.pipe()
        # In the child the ends become 3 and 4.
        code = "import os,sys; a,b=map(int,sys.argv[1:3]); os.dup2(a,103); os.dup2(b,104); os.dup2(103,3); os.dup2(104,4); os.execv(sys.argv[3],sys.argv[3:])"
        flags = [*FLAGS.split(), f"--user-data-dir={folder}", "--window-size=1300,1500", "about:blank"]
        command = [shutil.which("python3") or "python3", "-c", code, str(from_browser), str(to_us), executable(), *flags]
        # What is loaded before this Python (AddressSanitizer) is not for the browser.
        environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, pass_fds=(from_browser, to_us), stdout=quiet, stderr=quiet, env=environment)
        os.close(from_browser)
        os.close(to_us)
        self._number, self._left = 0, b""
        self.requests, self.errors = [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = None
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._out)
        os.close(self._in)
        self._process.kill()
        self._process.wait()

    def call(self, method, **parameters):
        """Sends a command and waits for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _read(self):
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._in], [], [], 60)
            assert ready, "the browser says nothing"
            part = os.read(self._in, 1 << 20)
            assert part, "the browser has ended"
            self._left += part
        line, _, self._left = self._left.partition(b"\0")
        message = json.loads(line)
        self._note(message)
        return message

    def _note(self, message):
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(message["params"]["exceptionDetails"])
            case "Log.entryAdded" if message["params"]["entry"]["level"] == "error":
                self.errors.append(message["params"]["entry"])

    def open(self, path):
        """Shows a file, and waits until it is loaded."""
        self.call("Page.navigate", url=path.as_uri())
        while self._read().get("method") != "Page.loadEventFired":
            pass

    @contextlib.contextmanager
    def without_scripts(self):
        """No script of a page runs."""
        self.call("Emulation.setScriptExecutionDisabled", value=True)
        yield
        self.call("Emulation.setScriptExecutionDisabled", value=False)

    @contextlib.contextmanager
    def looking(self, *, width=1300, height=1500, scheme="light", media=""):
        """As wide as another screen, in dark, or on paper (`media` is `print`)."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
        yield
        self.call("Emulation.clearDeviceMetricsOverride")
        self.call("Emulation.setEmulatedMedia", media="", features=[])

    def ask(self, expression):
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, selector):
        """Clicks with the mouse on the middle of an element; of several the first."""
        self._mouse(selector, "mousePressed", "mouseReleased")

    def point(self, selector, part=0.5):
        """Moves the mouse over an element, so far from its left side."""
        self._mouse(selector, "mouseMoved", part=part)

    def _mouse(self, selector, *kinds, part=0.5):
        place = self.ask(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            "const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()"
        )
        x, y = place[0] + place[2] * part, place[1] + place[3] / 2
        for kind in kinds:
            button = {"button": "left", "clickCount": 1} if kind != "mouseMoved" else {}
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)

    def type(self, selector, text):
        """Types into a field."""
        self.click(selector)
        self.call("Input.insertText", text=text)

    def picture(self, path):
        """Writes what is seen into a file."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
