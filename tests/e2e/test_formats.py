"""SARIF and JSON output: valid, complete, and fingerprints that last."""

import json
import os
import pathlib
import subprocess
import unittest
import urllib.parse

try:
    import jsonschema
except ImportError:
    jsonschema = None

from harness import (CLEAN, DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, LEAK, MdlcheckTest,
                     rules_of)

SCHEMA = pathlib.Path(__file__).parent / "data" / "sarif-schema-2.1.0.json"
# A place that goes over lines: MmUnlockPages's first and last are not one.
OVER_LINES = DOUBLE_UNLOCK.replace("MmUnlockPages(mdl); /* TWICE */",
                                   "MmUnlockPages( // ä\n        mdl);")


def line_hashes(text):
    """As GitHub has them, from what they are: a polynomial in 37 over the hundred
    characters that follow, and a count."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    units = [int.from_bytes(text.encode("utf-16-le")[i:i + 2], "little")
             for i in range(0, 2 * len(text.encode("utf-16-le")) // 2, 2)] + [0xFFFF]
    begins = [0] + [i + 1 for i, unit in enumerate(units) if unit == 10]
    hashes, counts = [], {}
    for begin in begins:
        window = (units[begin:begin + 100] + [0] * 100)[:100]
        value = sum(unit * 37 ** (99 - i) for i, unit in enumerate(window)) % 2 ** 64
        counts[value] = counts.get(value, 0) + 1
        hashes.append(f"{value:x}:{counts[value]}")
    return hashes


BROKEN = "NO_SUCH_TYPE Broken(void) { return 1; }\n"


class SarifTest(MdlcheckTest):
    def sarif(self, *args, **kwargs):
        run = self.analyse("--format=sarif", *args, **kwargs)
        log = json.loads(run.out)
        self.assertIsNotNone(jsonschema, "python3-jsonschema is not installed")
        with open(SCHEMA, encoding="utf-8") as schema:
            jsonschema.validate(log, json.load(schema))
        return log["runs"][0]

    def test_valid_with_and_without_findings_and_errors(self):
        self.write("clean.c", CLEAN)
        self.write("both.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1])
        self.write("broken.c", DOUBLE_UNLOCK + BROKEN)
        run = self.sarif("clean.c")
        self.assertEqual(run["results"], [])
        self.assertTrue(run["invocations"][0]["executionSuccessful"])
        self.assertEqual(len(self.sarif("both.c")["results"]), 2)
        run = self.sarif("broken.c")
        self.assertEqual(len(run["results"]), 1)
        invocation = run["invocations"][0]
        self.assertFalse(invocation["executionSuccessful"])
        self.assertIn("NO_SUCH_TYPE",
                      invocation["toolExecutionNotifications"][0]["message"]["text"])

    def test_result(self):
        self.write("src dir/ä.c", DOUBLE_UNLOCK)
        run = self.sarif("src dir/ä.c")
        [result] = run["results"]
        rules = run["tool"]["driver"]["rules"]
        self.assertEqual(rules[result["ruleIndex"]]["id"], "mdl-double-unlock")
        self.assertEqual((result["ruleId"], result["level"]),
                         ("mdl-double-unlock", "error"))
        [location] = result["locations"]
        place = location["physicalLocation"]
        self.assertEqual(place["artifactLocation"],
                         {"uri": "src%20dir/%C3%A4.c", "uriBaseId": "SRCROOT"})
        self.assertEqual(place["region"]["startLine"], DOUBLE_UNLOCK_LINE)
        self.assertEqual(place["region"]["endLine"], DOUBLE_UNLOCK_LINE)
        self.assertEqual(place["region"]["startColumn"], 5)
        self.assertEqual(location["logicalLocations"],
                         [{"fullyQualifiedName": "Twice", "kind": "function"}])
        root = run["originalUriBaseIds"]["SRCROOT"]["uri"]
        self.assertTrue(root.endswith("/"))
        self.assertEqual(urllib.parse.unquote(urllib.parse.urlparse(root).path),
                         f"{self.dir}/")

    def test_path(self):
        self.write("a.c", DOUBLE_UNLOCK)
        [result] = self.sarif("a.c")["results"]
        steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
        self.assertGreaterEqual(len(steps), 3)
        for step in steps:
            self.assertIsInstance(step["nestingLevel"], int)
            self.assertTrue(step["location"]["message"]["text"])
            self.assertTrue(step["location"]["physicalLocation"]["region"]["startLine"])
        last = steps[-1]["location"]["physicalLocation"]["region"]["startLine"]
        self.assertEqual(last, DOUBLE_UNLOCK_LINE)

    def test_rules_have_all_that_services_read(self):
        self.write("a.c", CLEAN)
        listed = [line.split()[0] for line in
                  self.run_mdlcheck("--list-rules").out.splitlines()]
        rules = self.sarif("a.c")["tool"]["driver"]["rules"]
        self.assertEqual([rule["id"] for rule in rules], listed)
        for rule in rules:
            self.assertTrue(rule["name"].isalnum())
            self.assertTrue(rule["shortDescription"]["text"].endswith("."))
            self.assertTrue(rule["fullDescription"]["text"])
            self.assertTrue(rule["help"]["text"] and rule["help"]["markdown"])
            properties = rule["properties"]
            self.assertIsInstance(properties["security-severity"], str)
            self.assertTrue(0 < float(properties["security-severity"]) <= 10)
            self.assertIn("security", properties["tags"])
            self.assertEqual(properties["precision"], "high")

    def test_line_hashes(self):
        # Each line ends in another way, some say the same, and some is no ASCII.
        text = ("\ufeff// ä 😀\r\n" + DOUBLE_UNLOCK + DOUBLE_UNLOCK.split("\n", 1)[1]
                .replace("Twice", "Again") + "/*\r\r\n\t\n \n*/ // end")
        self.write("a.c", text.encode())
        results = self.sarif("a.c")["results"]
        self.assertEqual(len(results), 2)
        expected = line_hashes(text)
        for result in results:
            line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
            self.assertEqual(result["partialFingerprints"]["primaryLocationLineHash"],
                             expected[line - 1])

    def test_primary_places_are_on_one_line(self):
        self.write("a.c", OVER_LINES)
        [result] = self.sarif("a.c")["results"]
        region = result["locations"][0]["physicalLocation"]["region"]
        self.assertEqual(region, {"startLine": 15, "startColumn": 5,
                                  "endLine": 15, "endColumn": 24})
        last = result["codeFlows"][0]["threadFlows"][0]["locations"][-1]
        self.assertEqual(last["location"]["physicalLocation"]["region"]["endLine"], 16)
        self.analyse("--full-sarif=full.sarif", "a.c")
        [result] = json.loads((self.dir / "full.sarif").read_text())["runs"][0]["results"]
        region = result["locations"][0]["physicalLocation"]["region"]
        self.assertEqual(region, {"startLine": 15, "startColumn": 5,
                                  "endLine": 16, "endColumn": 13})

    def test_beside_another_format(self):
        suppressed = LEAK.split("\n", 1)[1].replace(
            "return STATUS_SUCCESS;", "return STATUS_SUCCESS; // NOLINT(mdl-leak): kept")
        self.write("a.c", DOUBLE_UNLOCK + suppressed)
        alone = self.analyse("a.c")
        run = self.analyse("--sarif", "up.sarif", "--full-sarif=full.sarif", "a.c")
        self.assertEqual((run.out, run.code), (alone.out, 1))
        stdout = self.analyse("--format=sarif", "a.c").out
        upload = (self.dir / "up.sarif").read_text()
        self.assertEqual(upload, stdout)
        self.assertEqual([result["ruleId"] for result in
                          json.loads(upload)["runs"][0]["results"]], ["mdl-double-unlock"])
        self.assertNotIn("suppressions", upload)
        full = json.loads((self.dir / "full.sarif").read_text())
        with open(SCHEMA, encoding="utf-8") as schema:
            jsonschema.validate(full, json.load(schema))
        shown, hidden = full["runs"][0]["results"]
        self.assertEqual((shown["ruleId"], shown["suppressions"]), ("mdl-double-unlock", []))
        [suppression] = hidden["suppressions"]
        self.assertEqual((hidden["ruleId"], suppression["kind"], suppression["status"],
                          suppression["justification"]),
                         ("mdl-leak", "inSource", "accepted", "kept"))
        place = suppression["location"]["physicalLocation"]["region"]
        self.assertIn("NOLINT", (self.dir / "a.c").read_text().splitlines()
                      [place["startLine"] - 1])

    def test_file_that_cannot_be_written(self):
        self.write("a.c", CLEAN)
        self.assert_bad_input(self.analyse("--sarif=no/such/dir.sarif", "a.c"),
                              "no/such/dir.sarif", "cannot be written")

    @unittest.skipUnless(os.environ.get("SARIF_MULTITOOL"),
                         "SARIF_MULTITOOL does not name the validator")
    def test_multitool(self):
        """Microsoft's validator: npm install @microsoft/sarif-multitool."""
        self.write("a.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1] + BROKEN)
        for option, name in (("--sarif", "upload.sarif"), ("--full-sarif", "full.sarif")):
            self.analyse(option, name, "a.c")
            for rules in ("Sarif", "Gh"):
                done = subprocess.run([os.environ["SARIF_MULTITOOL"], "validate", name,
                                       "--rule-kind", rules],
                                      cwd=self.dir, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertNotIn(" error ", done.stdout)


class FingerprintTest(MdlcheckTest):
    def fingerprints(self, name="a.c"):
        run = self.analyse("--format=json", name)
        return {(f["rule"], f["function"]): f["fingerprint"]
                for f in json.loads(run.out)["findings"]}

    def test_survive_shifted_lines_and_folders(self):
        text = DOUBLE_UNLOCK + LEAK.split("\n", 1)[1]
        self.write("a.c", text)
        before = self.fingerprints()
        self.assertEqual(len(before), 2)
        self.write("a.c", "/* one\n   two */\n\n" + text)
        self.assertEqual(self.fingerprints(), before)
        self.write("a.c", text.replace("    ", "\t"))
        self.assertEqual(self.fingerprints(), before)
        self.write("other/a.c", text)
        self.assertEqual(self.fingerprints("other/a.c"), before)

    def test_are_the_same_in_sarif(self):
        self.write("a.c", DOUBLE_UNLOCK)
        [fingerprint] = self.fingerprints().values()
        run = self.analyse("--format=sarif", "a.c")
        [result] = json.loads(run.out)["runs"][0]["results"]
        self.assertEqual(result["partialFingerprints"],
                         {"mdlcheck/v1": fingerprint,
                          "primaryLocationLineHash":
                          line_hashes(DOUBLE_UNLOCK)[DOUBLE_UNLOCK_LINE - 1]})

    def test_are_unique(self):
        body = DOUBLE_UNLOCK.split("\n", 1)[1]
        self.write("a.c", DOUBLE_UNLOCK + body.replace("Twice", "TwiceAgain"))
        prints = self.fingerprints()
        self.assertEqual(len(prints), 2)
        self.assertEqual(len(set(prints.values())), 2)


class JsonTest(MdlcheckTest):
    def test_form(self):
        self.write("a.c", DOUBLE_UNLOCK + BROKEN)
        log = json.loads(self.analyse("--format=json", "a.c").out)
        self.assertEqual(sorted(log), ["complete", "coverage", "errors", "files",
                                       "findings", "fixed", "stats", "suppressed", "tool",
                                       "version"])
        self.assertEqual((log["version"], log["tool"]["name"]), (1, "mdlcheck"))
        self.assertEqual((log["files"], log["complete"]), (["a.c"], False))
        [finding] = log["findings"]
        self.assertEqual(sorted(finding),
                         ["bugChecks", "column", "endColumn", "endLine", "file",
                          "fingerprint", "function", "line", "message", "object",
                          "path", "precision", "rule", "severity"])
        self.assertEqual((finding["file"], finding["line"], finding["column"]),
                         ("a.c", DOUBLE_UNLOCK_LINE, 5))
        self.assertEqual((finding["function"], finding["object"]), ("Twice", "mdl"))
        self.assertEqual(finding["path"][-1]["kind"], "final")
        for step in finding["path"]:
            self.assertEqual(sorted(step), ["column", "depth", "endColumn", "endLine",
                                            "file", "function", "kind", "known",
                                            "line", "message"])
        self.assertEqual(finding["path"][-1]["known"],
                         {"mdl": "MDL allocated, pages unlocked"})
        self.assertEqual(log["errors"][0]["level"], "error")
        self.assertEqual(sorted(log["coverage"]),
                         ["functionsAnalysed", "functionsDefined", "lessPrecise",
                          "notAnalysed", "unknownCallees"])
        self.assertGreater(log["stats"]["instructions"], 0)

    def test_only_selected_rules(self):
        self.write("a.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1])
        run = self.analyse("--format=json", "--rules=mdl-leak", "a.c")
        self.assertEqual(rules_of(run), ["mdl-leak"])


class GithubTest(MdlcheckTest):
    """Workflow commands, read as the runner reads them."""

    def annotations(self, text):
        def unescape(value, names):
            for name, character in names:
                value = value.replace(name, character)
            return value.replace("%25", "%")
        found = []
        for line in text.splitlines():
            head, message = line.removeprefix("::").split("::", 1)
            command, properties = head.split(" ", 1)
            data = [("%0D", "\r"), ("%0A", "\n")]
            pairs = [item.split("=", 1) for item in properties.split(",")]
            found.append((command, {key: unescape(value, data + [("%3A", ":"), ("%2C", ",")])
                                    for key, value in pairs}, unescape(message, data)))
        return found

    def test_annotations(self):
        name = "50%, no: a.c"
        self.write(name, DOUBLE_UNLOCK + LEAK.split("\n", 1)[1])
        run = self.analyse("--format=github", name)
        self.assertEqual(run.code, 1)
        [(kind, where, message), (leak, _, _)] = self.annotations(run.out)
        self.assertEqual((kind, leak), ("error", "warning"))
        line = str(DOUBLE_UNLOCK_LINE)
        self.assertEqual(where, {"file": name, "line": line, "endLine": line, "col": "5",
                                 "endColumn": "22", "title": "mdl-double-unlock"})
        first, *path = message.split("\n")
        self.assertIn("unlocked", first)
        self.assertTrue(any(step.startswith(f"{name}:14: ") for step in path), path)

    def test_places_over_lines_have_no_columns(self):
        self.write("a.c", OVER_LINES)
        [(_, where, _)] = self.annotations(self.analyse("--format=github", "a.c").out)
        self.assertEqual(where, {"file": "a.c", "line": "15", "endLine": "16",
                                 "title": "mdl-double-unlock"})

    def test_files_are_named_from_the_workspace(self):
        self.write("deep/er/a.c", DOUBLE_UNLOCK)
        run = self.analyse("--format=github", "a.c", cwd=self.dir / "deep/er",
                           env={"GITHUB_WORKSPACE": str(self.dir)})
        [(_, where, _)] = self.annotations(run.out)
        self.assertEqual(where["file"], "deep/er/a.c")

    def test_limits(self):
        body = DOUBLE_UNLOCK.split("\n", 1)[1]
        many = "".join(body.replace("Twice", f"Twice{i}") for i in range(12))
        self.write("a.c", "#include <ntddk.h>\n" + many)
        found = self.annotations(self.analyse("--format=github", "a.c").out)
        self.assertEqual([kind for kind, _, _ in found], ["error"] * 12 + ["notice"])
        self.assertIn("in the log", found[-1][2])
        steps = "".join(f"    if (Length == {i} + {'Length + ' * 20} 1) Length++;\n"
                        for i in range(100))
        self.write("b.c", DOUBLE_UNLOCK.replace("    MmUnlockPages(mdl);\n", "    MmUnlockPages(mdl);\n" + steps, 1))
        [(_, _, message)] = self.annotations(self.analyse("--format=github", "b.c").out)
        self.assertLessEqual(len(message), 4096)
        self.assertRegex(message.splitlines()[-1], r"^\.\.\. and \d+ more steps$")

    def test_what_could_not_be_analysed(self):
        self.write("a.c", CLEAN + BROKEN)
        run = self.analyse("--format=github", "a.c")
        self.assertEqual(run.code, 2)
        [(kind, where, _)] = self.annotations(run.out)
        self.assertEqual((kind, where), ("error", {"title": "mdlcheck"}))


class GitlabTest(MdlcheckTest):
    def issues(self, *args, **kwargs):
        return json.loads(self.analyse("--format=gitlab", *args, **kwargs).out)

    def test_report(self):
        self.write("clean.c", CLEAN)
        self.assertEqual(self.issues("clean.c"), [])
        self.write("src/a.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1])
        unlock, leak = self.issues("a.c", cwd=self.dir / "src",
                                   env={"CI_PROJECT_DIR": str(self.dir)})
        fingerprint = unlock.pop("fingerprint")
        description = unlock.pop("description")
        self.assertEqual(unlock, {"type": "issue", "check_name": "mdl-double-unlock",
                                  "severity": "critical",
                                  "location": {"path": "src/a.c",
                                               "lines": {"begin": DOUBLE_UNLOCK_LINE,
                                                         "end": DOUBLE_UNLOCK_LINE}}})
        self.assertIn("'mdl'", description)
        self.assertEqual((leak["check_name"], leak["severity"]), ("mdl-leak", "major"))
        log = json.loads(self.analyse("--format=json", "src/a.c").out)
        self.assertEqual(fingerprint, log["findings"][0]["fingerprint"])

    def test_fingerprints_are_unique(self):
        """Of the same text in files of the same name, and twice in one function."""
        for folder in ("one", "two"):
            self.write(f"{folder}/a.c", DOUBLE_UNLOCK.replace(
                "/* TWICE */", "\n    MmUnlockPages(mdl);"))
        found = self.issues("one/a.c", "two/a.c")
        self.assertGreaterEqual(len(found), 2)
        self.assertEqual(len({issue["fingerprint"] for issue in found}), len(found))


if __name__ == "__main__":
    unittest.main()
