"""A language client over standard input and output, for scripts."""

import json
import os
import pathlib
import queue
import subprocess
import threading
import urllib.parse

from harness import MDLCHECK


def uri_of(path):
    return "file://" + urllib.parse.quote(str(path))


class Client:
    """Starts `mdlcheck lsp`; every message from it is kept in `log`."""

    def __init__(self, *args, cwd, env=None):
        self.process = subprocess.Popen(
            [MDLCHECK, "lsp", *map(str, args)], cwd=cwd, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, XDG_CACHE_HOME=str(pathlib.Path(cwd) / ".cache"), **(env or {})))
        self.messages = queue.Queue()
        self.log = []
        self.stderr = b""
        self.next_id = 0
        self.versions = {}
        self.threads = [threading.Thread(target=self._read), threading.Thread(target=self._errors)]
        for thread in self.threads:
            thread.start()

    def _read(self):
        out = self.process.stdout
        while True:
            length = None
            while True:
                line = out.readline()
                if not line:
                    self.messages.put(None)
                    return
                if line.strip() == b"":
                    break
                name, value = line.split(b":", 1)
                if name.lower() == b"content-length":
                    length = int(value)
            self.messages.put(json.loads(out.read(length)))

    def _errors(self):
        self.stderr = self.process.stderr.read()

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps(dict(jsonrpc="2.0", **message)).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def notify(self, method, params=None):
        self.send({"method": method, "params": params if params is not None else {}})

    def wait(self, wanted, timeout=60):
        """The next message that `wanted` holds for; requests are agreed to."""
        while True:
            message = self.messages.get(timeout=timeout)
            if message is None:
                raise AssertionError(f"the server went away; {self.log[-3:]}")
            self.log.append(message)
            if "id" in message and "method" in message:
                self.send({"id": message["id"], "result": None})
            if wanted(message):
                return message

    def request(self, method, params=None):
        self.next_id += 1
        number = self.next_id
        self.send({"id": number, "method": method,
                   "params": params if params is not None else {}})
        return self.wait(lambda m: m.get("id") == number and "method" not in m)

    def initialize(self, **params):
        capabilities = {"window": {"workDoneProgress": True}}
        answer = self.request("initialize", {"processId": os.getpid(), "rootUri": None,
                                             "capabilities": capabilities, **params})
        self.notify("initialized")
        return answer

    def open(self, path, text=None):
        path = pathlib.Path(path)
        uri = uri_of(path)
        self.versions[uri] = 1
        self.notify("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": "c", "version": 1,
            "text": path.read_text() if text is None else text}})
        return uri

    def change(self, uri, *changes):
        self.versions[uri] += 1
        self.notify("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": self.versions[uri]},
            "contentChanges": list(changes)})

    def diagnostics(self, uri, version=None):
        """What is published for `uri`, of the given version."""
        message = self.wait(
            lambda m: m.get("method") == "textDocument/publishDiagnostics"
            and m["params"]["uri"] == uri
            and (version is None or m["params"].get("version") == version))
        return message["params"]["diagnostics"]

    def close(self):
        """Shuts down in order; the exit code."""
        self.request("shutdown")
        self.notify("exit")
        return self.finish()

    def finish(self, timeout=60):
        code = self.process.wait(timeout=timeout)
        for thread in self.threads:
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass
        return code


def edit(line, character, end_line, end_character, text):
    return {"range": {"start": {"line": line, "character": character},
                      "end": {"line": end_line, "character": end_character}}, "text": text}
