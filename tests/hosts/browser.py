"""Headless Chromium, spoken to over its debugging pipe: for tests of pages.

The protocol is the one of chromedevtools.github.io/devtools-protocol; on the pipe
messages are JSON, each ended by a zero byte."""

import base64
import json
import os
import pathlib
import shutil
import signal
import tempfile
import time

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser",
                                                     "google-chrome")) if path), None)


class Refused(AssertionError):
    """The browser cannot do what it was asked for, not now at least."""


class Page:
    """One page; what it logs and throws is in `problems`."""

    def __init__(self, url, width=1400, height=900):
        self.profile = tempfile.mkdtemp(prefix="mdlcheck browser ")
        to_read, self.to_write = os.pipe()
        self.from_read, from_write = os.pipe()
        # The browser has its ends as 3 and 4, which may be taken here: by way of others.
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                   *((os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)),
                   *((os.POSIX_SPAWN_DUP2, *ends) for ends in (
                       (to_read, 103), (from_write, 104), (103, 3), (104, 4))),
                   *((os.POSIX_SPAWN_CLOSE, fd) for fd in (103, 104))]
        self.process = os.posix_spawn(CHROMIUM, [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={self.profile}", f"--window-size={width},{height}",
            "--remote-debugging-pipe", "about:blank"], os.environ, file_actions=actions)
        os.close(to_read)
        os.close(from_write)
        self.rest = b""
        self.number = 0
        self.problems = []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def _message(self):
        while b"\0" not in self.rest:
            data = os.read(self.from_read, 1 << 16)
            if not data:
                raise AssertionError("the browser went away")
            self.rest += data
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to_write, data):]
        while True:
            answer = self._message()
            if answer.get("method") == "Runtime.exceptionThrown":
                self.problems.append(str(answer["params"]["exceptionDetails"]))
            if answer.get("method") in ("Log.entryAdded", "Runtime.consoleAPICalled"):
                self.problems.append(str(answer["params"]))
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Refused(f"{method}: {answer['error']}")
                return answer["result"]

    def value(self, expression):
        """What a JavaScript expression is."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, condition):
        for _ in range(2000):
            try:
                if self.value(condition):
                    return
            except Refused:
                pass  # between two pages there is nothing to ask
            time.sleep(0.02)
        raise AssertionError(f"never: {condition}")

    def key(self, key):
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def type(self, text):
        for character in text:
            self.key(character)

    def click(self, selector):
        box = self.value(f"(box => [box.x + box.width / 2, box.y + box.height / 2])"
                         f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1],
                      button="left", clickCount=1)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def close(self):
        os.close(self.to_write)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.from_read)
        shutil.rmtree(self.profile, ignore_errors=True)
