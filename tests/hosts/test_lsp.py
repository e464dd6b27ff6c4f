"""The language server, as an editor would use it."""

import json
import pathlib
import time
import urllib.parse

from harness import CLEAN, DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, FLAGS, LEAK, MdlcheckTest
from lsp_client import Client, edit, uri_of

TWICE_ROW = DOUBLE_UNLOCK_LINE - 1


class LspTest(MdlcheckTest):
    def start(self, *args, initialize=True, env=None, **params):
        client = Client(*args, cwd=self.dir, env=env)
        self.addCleanup(self.stop, client)
        if initialize:
            client.initialize(**params)
        return client

    def stop(self, client):
        if client.process.poll() is None:
            client.process.kill()
            client.finish()
        self.assertNotIn(b"Stack dump", client.stderr)

    def rules(self, diagnostics):
        return [(d["range"]["start"]["line"], d.get("code")) for d in diagnostics]


class LspLife(LspTest):
    def test_from_initialize_to_exit(self):
        client = self.start(initialize=False)
        answer = client.initialize()["result"]
        self.assertEqual(answer["serverInfo"]["name"], "mdlcheck")
        self.assertEqual(answer["capabilities"]["positionEncoding"], "utf-16")
        self.assertEqual(client.close(), 0)

    def test_exit_without_shutdown(self):
        client = self.start()
        client.notify("exit")
        self.assertEqual(client.finish(), 1)

    def test_editor_goes_away(self):
        self.write("d.c", DOUBLE_UNLOCK)
        client = self.start()
        client.open(self.dir / "d.c")
        client.process.stdin.close()
        self.assertEqual(client.finish(), 1)

    def test_bad_options(self):
        for args, needle in ((["--rules=mdl-laek"], b"did you mean 'mdl-leak'"),
                             (["x.c"], b"takes no files"), (["--nonsense"], b"unknown option")):
            client = Client(*args, cwd=self.dir)
            self.assertEqual(client.finish(), 2)
            self.assertIn(needle, client.stderr)

    def test_bad_settings_are_told(self):
        client = self.start(initializationOptions={"rules": "mdl-laek"})
        message = client.wait(lambda m: m.get("method") == "window/showMessage")
        self.assertIn("did you mean 'mdl-leak'", message["params"]["message"])

    def test_malformed_messages(self):
        self.write("d.c", DOUBLE_UNLOCK)
        self.database(["d.c"])
        client = self.start()
        client.raw(b"Content-Length: 5\r\n\r\n{\"a\":")
        client.raw(b"Content-Length: banana\r\n\r\n")
        client.raw(b"Content-Length: -7\r\n\r\n")
        client.raw(b"nonsense\r\n\r\n")
        client.raw(b"Content-Length: 2\r\n\r\n[]")
        client.raw(b"Content-Length: 4\r\n\r\nnull")
        client.raw(b"Content-Length: 3\r\n\r\n\xff\xfe\x00")
        client.send({"method": "textDocument/didOpen", "params": {"textDocument": 7}})
        client.send({"method": "textDocument/didOpen", "params": None})
        client.send({"method": "textDocument/didOpen", "params": {"textDocument": {
            "uri": "untitled:Untitled-1", "languageId": "c", "version": 1, "text": "x"}}})
        client.send({"method": "textDocument/didChange", "params": {
            "textDocument": {"uri": uri_of(self.dir / "never.c"), "version": 2},
            "contentChanges": [edit(-4, -1, 99999, 99999, "x")]}})
        client.send({"id": 900, "method": "textDocument/hover", "params": {"position": "here"}})
        client.send({"id": 901, "method": "textDocument/codeAction", "params": []})
        client.send({"id": 902, "method": "no/such/method", "params": {}})
        client.send({"id": 903, "result": "of a request never made"})
        client.send({"nonsense": True})
        self.assertIn("error", client.wait(lambda m: m.get("id") == 900))
        self.assertIn("error", client.wait(lambda m: m.get("id") == 901))
        self.assertIn("error", client.wait(lambda m: m.get("id") == 902))
        # It still works.
        uri = client.open(self.dir / "d.c")
        self.assertEqual(self.rules(client.diagnostics(uri)),
                         [(TWICE_ROW, "mdl-double-unlock")])
        self.assertEqual(client.close(), 0)

    def test_edits_out_of_range(self):
        self.write("d.c", CLEAN)
        self.database(["d.c"])
        client = self.start("--rules=*", initializationOptions={"pause": 0})
        uri = client.open(self.dir / "d.c")
        client.diagnostics(uri, 1)
        client.change(uri, edit(10000, 5, 20000, 0, "\n/* end */\n"))
        client.change(uri, edit(3, 5000, 3, 6000, ""), edit(9, 0, 2, 0, ""))
        client.change(uri, {"text": CLEAN})
        self.assertEqual(client.diagnostics(uri, 4), [])
        self.assertEqual(client.close(), 0)


class LspDiagnostics(LspTest):
    def test_open(self):
        self.write("d.c", DOUBLE_UNLOCK)
        self.database(["d.c"])
        client = self.start()
        uri = client.open(self.dir / "d.c")
        [d] = client.diagnostics(uri, 1)
        self.assertEqual((d["code"], d["source"], d["severity"]),
                         ("mdl-double-unlock", "mdlcheck", 1))
        self.assertEqual(d["range"]["start"], {"line": TWICE_ROW, "character": 4})
        log = json.loads(self.run_mdlcheck("--format=json").out)
        self.assertEqual(d["message"], log["findings"][0]["message"])
        self.assertEqual(d["data"]["fingerprint"], log["findings"][0]["fingerprint"])
        related = d["relatedInformation"]
        self.assertEqual([r["location"]["range"]["start"]["line"] + 1 for r in related[:-1]],
                         [s["line"] for s in log["findings"][0]["path"][:-1]])
        self.assertTrue(related[-1]["message"].startswith("prevents bug check"))
        page = pathlib.Path(urllib.parse.unquote(
            d["codeDescription"]["href"].removeprefix("file://")))
        self.assertIn("mdl-double-unlock", page.read_text())

    def test_unsaved_text_and_headers(self):
        self.write("h.h", "#include <ntddk.h>\n")
        self.write("d.c", '#include "h.h"\n')
        self.database(["d.c"])
        client = self.start(initializationOptions={"pause": 20})
        uri = client.open(self.dir / "d.c")
        self.assertEqual(client.diagnostics(uri, 1), [])
        header = client.open(self.dir / "h.h")
        client.change(header, {"text": DOUBLE_UNLOCK})
        self.assertEqual(self.rules(client.diagnostics(header, 2)),
                         [(TWICE_ROW, "mdl-double-unlock")])
        client.change(header, {"text": CLEAN})
        # It was found for both documents, and goes with the last of them.
        while client.diagnostics(header, 3):
            pass

    def test_save_and_close(self):
        self.write("d.c", DOUBLE_UNLOCK)
        self.database(["d.c"])
        client = self.start()
        uri = client.open(self.dir / "d.c")
        self.assertEqual(len(client.diagnostics(uri)), 1)
        client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        self.assertEqual(len(client.diagnostics(uri)), 1)
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        self.assertEqual(client.diagnostics(uri), [])

    def test_multi_byte_lines(self):
        # Bytes, UTF-16 units and characters all differ in front of the call.
        text = DOUBLE_UNLOCK.replace("    MmUnlockPages(mdl); /* TWICE */",
                                     "    /* \u00e9\u20ac\U0001F600 */ MmUnlockPages(mdl);")
        self.write("d.c", text)
        self.database(["d.c"])
        client = self.start(initializationOptions={"pause": 20})
        uri = client.open(self.dir / "d.c")
        [d] = client.diagnostics(uri, 1)
        start = len("    /* \u00e9\u20ac\U0001F600 */ ") + 1
        self.assertEqual(d["range"], {"start": {"line": TWICE_ROW, "character": start},
                                      "end": {"line": TWICE_ROW, "character": start + 18}})
        # Take the call away, in the middle of the line; then put it back.
        client.change(uri, edit(TWICE_ROW, start, TWICE_ROW, start + 19, ""))
        self.assertEqual(client.diagnostics(uri, 2), [])
        client.change(uri, edit(TWICE_ROW, 10, TWICE_ROW, 10, "\U0001F4A5"),
                      edit(TWICE_ROW, start + 2, TWICE_ROW, start + 2, "MmUnlockPages(mdl);"))
        [d] = client.diagnostics(uri, 3)
        self.assertEqual(d["range"]["start"], {"line": TWICE_ROW, "character": start + 2})

    def test_two_hundred_quick_edits(self):
        self.write("d.c", CLEAN)
        self.database(["d.c"])
        client = self.start(initializationOptions={"pause": 150})
        uri = client.open(self.dir / "d.c")
        self.assertEqual(client.diagnostics(uri, 1), [])
        end = CLEAN.count("\n")
        rest = DOUBLE_UNLOCK.split("\n", 1)[1]
        step = len(rest) // 199 + 1
        # Typed in pieces at the end, which moves on.
        typed = ""
        for i in range(200):
            piece = rest[i * step:(i + 1) * step]
            before = CLEAN + typed
            row, column = before.count("\n"), len(before) - before.rfind("\n") - 1
            client.change(uri, edit(row, column, row, column, piece))
            typed += piece
        last = client.versions[uri]
        self.assertEqual(last, 201)
        found = client.diagnostics(uri, last)
        self.assertEqual(self.rules(found), [(end + TWICE_ROW - 1, "mdl-double-unlock")])
        published = [m for m in client.log
                     if m.get("method") == "textDocument/publishDiagnostics"]
        self.assertLess(len(published), 20)
        self.assertEqual(client.close(), 0)

    def test_broken_file_keeps_the_last_good_answer(self):
        self.write("d.c", DOUBLE_UNLOCK)
        self.database(["d.c"])
        client = self.start(initializationOptions={"pause": 20})
        uri = client.open(self.dir / "d.c")
        client.diagnostics(uri, 1)
        client.change(uri, edit(1, 0, 1, 0, "\nint half = ;\n"))
        found = client.diagnostics(uri, 2)
        self.assertEqual(self.rules(found), [(TWICE_ROW + 2, "mdl-double-unlock"), (2, None)])
        self.assertIn("those from before", found[1]["message"])
        self.assertEqual(found[1]["severity"], 3)
        client.change(uri, edit(1, 0, 3, 0, ""))
        self.assertEqual(self.rules(client.diagnostics(uri, 3)),
                         [(TWICE_ROW, "mdl-double-unlock")])

    def test_broken_from_the_start(self):
        self.write("d.c", '#include "missing.h"\n' + DOUBLE_UNLOCK)
        self.database(["d.c"])
        client = self.start()
        found = client.diagnostics(client.open(self.dir / "d.c"))
        self.assertEqual(self.rules(found), [(TWICE_ROW + 1, "mdl-double-unlock"), (0, None)])
        self.assertIn("'missing.h' file not found", found[1]["message"])

    def test_progress(self):
        self.write("d.c", DOUBLE_UNLOCK)
        self.database(["d.c"])
        client = self.start()
        uri = client.open(self.dir / "d.c")
        begin = client.wait(lambda m: m.get("method") == "$/progress")
        self.assertEqual(begin["params"]["value"]["kind"], "begin")
        self.assertIn("d.c", begin["params"]["value"]["title"])
        end = client.wait(lambda m: m.get("method") == "$/progress")
        self.assertEqual(end["params"]["value"]["kind"], "end")
        self.assertEqual(len(client.diagnostics(uri)), 1)

    def test_cancelled_analysis_shows_nothing(self):
        # Enough of it that the answer is not there before the word is said.
        rest = DOUBLE_UNLOCK.split("\n", 1)[1]
        self.write("d.c", "#include <ntddk.h>\n" + "".join(
            rest.replace("Twice", f"Twice{i}") for i in range(400)))
        self.database(["d.c"])
        client = self.start()
        uri = client.open(self.dir / "d.c")
        begin = client.wait(lambda m: m.get("method") == "$/progress")
        client.notify("window/workDoneProgress/cancel", {"token": begin["params"]["token"]})
        client.notify("$/cancelRequest", {"id": 77})
        client.wait(lambda m: m.get("method") == "$/progress"
                    and m["params"]["value"]["kind"] == "end")
        self.assertEqual(client.close(), 0)
        self.assertFalse([m for m in client.log
                          if m.get("method") == "textDocument/publishDiagnostics"])


class LspFlags(LspTest):
    def test_database_above(self):
        self.write("src/deep/d.c", "#ifdef BAD\n" + DOUBLE_UNLOCK + "#endif\n")
        self.database([{"directory": str(self.dir), "file": "src/deep/d.c",
                        "arguments": ["clang", *FLAGS, "-DBAD", "-c", "src/deep/d.c"]}],
                      where="build")
        client = self.start()
        found = client.diagnostics(client.open(self.dir / "src/deep/d.c"))
        self.assertEqual(self.rules(found), [(TWICE_ROW + 1, "mdl-double-unlock")])

    def test_database_given(self):
        self.write("d.c", "#ifdef BAD\n" + DOUBLE_UNLOCK + "#endif\n")
        self.database([{"directory": str(self.dir), "file": "d.c",
                        "arguments": ["clang", *FLAGS, "-DBAD", "-c", "d.c"]}],
                      where="elsewhere/out")
        for start in ({"initializationOptions":
                       {"buildDirectory": str(self.dir / "elsewhere/out")}}, {}):
            args = [] if start else ["-p", "elsewhere/out"]
            client = self.start(*args, **start)
            found = client.diagnostics(client.open(self.dir / "d.c"))
            self.assertEqual(self.rules(found), [(TWICE_ROW + 1, "mdl-double-unlock")])

    def test_without_a_database(self):
        self.write("d.c", DOUBLE_UNLOCK)
        self.write("e.c", LEAK)
        client = self.start()
        uri = client.open(self.dir / "d.c")
        message = client.wait(lambda m: m.get("method") == "window/showMessage")
        self.assertIn("no compile_commands.json above", message["params"]["message"])
        self.assertEqual(self.rules(client.diagnostics(uri)), [(TWICE_ROW, "mdl-double-unlock")])

    def test_unreadable_database(self):
        self.write("compile_commands.json", "[{")
        self.write("d.c", DOUBLE_UNLOCK)
        client = self.start()
        client.open(self.dir / "d.c")
        message = client.wait(lambda m: m.get("method") == "window/showMessage")
        self.assertEqual(message["params"]["type"], 1)
        self.assertIn("compile_commands.json", message["params"]["message"])

    def test_file_that_is_not_saved_yet(self):
        client = self.start()
        uri = client.open(self.dir / "new.c", DOUBLE_UNLOCK)
        self.assertEqual(self.rules(client.diagnostics(uri)), [(TWICE_ROW, "mdl-double-unlock")])


class LspRequests(LspTest):
    def setUp(self):
        super().setUp()
        self.write("d.c", DOUBLE_UNLOCK.replace(" /* TWICE */", ""))
        self.database(["d.c"])

    def test_hover_shows_the_page(self):
        client = self.start()
        uri = client.open(self.dir / "d.c")
        client.diagnostics(uri)
        at = {"textDocument": {"uri": uri}, "position": {"line": TWICE_ROW, "character": 8}}
        hover = client.request("textDocument/hover", at)["result"]
        self.assertEqual(hover["contents"]["kind"], "markdown")
        self.assertIn("mdl-double-unlock", hover["contents"]["value"])
        self.assertEqual(hover["range"]["start"]["line"], TWICE_ROW)
        at["position"] = {"line": 0, "character": 0}
        self.assertIsNone(client.request("textDocument/hover", at)["result"])

    def suppress(self, text):
        client = self.start(initializationOptions={"pause": 20})
        uri = client.open(self.dir / "d.c", text)
        [d] = client.diagnostics(uri, 1)
        actions = client.request("textDocument/codeAction", {
            "textDocument": {"uri": uri}, "range": d["range"],
            "context": {"diagnostics": [d]}})["result"]
        [action] = [a for a in actions if a["title"].startswith("Suppress")]
        self.assertEqual(action["kind"], "quickfix")
        self.assertEqual(action["diagnostics"][0]["code"], "mdl-double-unlock")
        [change] = action["edit"]["changes"][uri]
        client.change(uri, change)
        client.close()
        start = change["range"]["start"]
        self.assertEqual(start, change["range"]["end"])
        lines = text.split("\n")
        line = lines[start["line"]].encode("utf-16-le")
        lines[start["line"]] = (line[:2 * start["character"]].decode("utf-16-le")
                                + change["newText"]
                                + line[2 * start["character"]:].decode("utf-16-le"))
        return "\n".join(lines).split("\n")

    def test_suppress_on_the_line(self):
        text = (self.dir / "d.c").read_text()
        self.assertEqual(self.suppress(text)[TWICE_ROW],
                         "    MmUnlockPages(mdl); // NOLINT(mdl-double-unlock)")

    def test_suppress_above_a_comment(self):
        text = (self.dir / "d.c").read_text().split("\n")
        text[TWICE_ROW] += " // again, \U0001F600"
        lines = self.suppress("\n".join(text))
        self.assertEqual(lines[TWICE_ROW:TWICE_ROW + 2],
                         ["    // NOLINTNEXTLINE(mdl-double-unlock)", text[TWICE_ROW]])

    def fixes(self, client, uri, d):
        """Quick fixes but for suppressions; they are looked for in the background."""
        for _ in range(600):
            actions = client.request("textDocument/codeAction", {
                "textDocument": {"uri": uri}, "range": d["range"],
                "context": {"diagnostics": [d]}})["result"]
            found = [a for a in actions if not a["title"].startswith("Suppress")]
            if found:
                return found
            time.sleep(0.1)
        return []

    def test_fix(self):
        text = (self.dir / "d.c").read_text()
        client = self.start(initializationOptions={"pause": 0})
        uri = client.open(self.dir / "d.c", "/* \U0001F600 */ " + text)
        [d] = client.diagnostics(uri, 1)
        [action] = self.fixes(client, uri, d)
        self.assertEqual((action["title"], action["kind"], action["isPreferred"]),
                         ("mdlcheck: remove this call of 'MmUnlockPages'", "quickfix", True))
        self.assertEqual(action["diagnostics"][0]["code"], "mdl-double-unlock")
        [change] = action["edit"]["changes"][uri]
        self.assertEqual((change["range"], change["newText"]),
                         ({"start": {"line": TWICE_ROW, "character": 0},
                           "end": {"line": TWICE_ROW + 1, "character": 0}}, ""))
        # With it the document is clean.
        client.change(uri, {"range": change["range"], "text": change["newText"]})
        self.assertEqual(client.diagnostics(uri, 2), [])
        self.assertEqual(client.close(), 0)

    def test_no_action_elsewhere(self):
        client = self.start()
        uri = client.open(self.dir / "d.c")
        client.diagnostics(uri)
        nowhere = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
        self.assertEqual(client.request("textDocument/codeAction", {
            "textDocument": {"uri": uri}, "range": nowhere,
            "context": {"diagnostics": []}})["result"], [])
