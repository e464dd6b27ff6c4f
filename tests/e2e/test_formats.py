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

    @unittest.skipUnless(os.environ.get("SARIF_MULTITOOL"),
                         "SARIF_MULTITOOL does not name the validator")
    def test_multitool(self):
        """Microsoft's validator: npm install @microsoft/sarif-multitool."""
        self.write("a.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1] + BROKEN)
        self.analyse("--format=sarif", "-o", "out.sarif", "a.c")
        done = subprocess.run([os.environ["SARIF_MULTITOOL"], "validate", "out.sarif"],
                              cwd=self.dir, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("error", done.stdout)


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
                          "primaryLocationLineHash": fingerprint + ":1"})

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
                                       "findings", "stats", "suppressed", "tool",
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
                                            "file", "function", "kind", "line",
                                            "message"])
        self.assertEqual(log["errors"][0]["level"], "error")
        self.assertEqual(sorted(log["coverage"]),
                         ["functionsAnalysed", "functionsDefined", "lessPrecise",
                          "notAnalysed", "unknownCallees"])
        self.assertGreater(log["stats"]["instructions"], 0)

    def test_only_selected_rules(self):
        self.write("a.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1])
        run = self.analyse("--format=json", "--rules=mdl-leak", "a.c")
        self.assertEqual(rules_of(run), ["mdl-leak"])


if __name__ == "__main__":
    unittest.main()
