"""Suppression in the source and the configuration file, through the binary."""

import json
import os
import unittest

try:
    import jsonschema
    import yaml
except ImportError:
    jsonschema = yaml = None

from harness import (CLEAN, DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, FLAGS, LEAK, ROOT,
                     MdlcheckTest, rules_of)

TWICE = "MmUnlockPages(mdl); /* TWICE */"
SCHEMA = ROOT / "checker" / "report" / "config-schema.json"


class SuppressionTest(MdlcheckTest):
    def found(self, text, *args, name="a.c"):
        self.write(name, text)
        return self.analyse(*args, name)

    def test_forms_of_nolint(self):
        for comment, code in (("// NOLINT", 0), ("// NOLINT(mdl-double-unlock)", 0),
                              ("/* NOLINT(mdl-*): on purpose */", 0),
                              ("// NOLINT(mdl-leak)", 1)):
            run = self.found(DOUBLE_UNLOCK.replace("/* TWICE */", comment))
            self.assertEqual(run.code, code, comment)
            self.assertIn("1 suppressed" if code == 0 else "1 finding", run.err)
        run = self.found(DOUBLE_UNLOCK.replace(
            TWICE, "// NOLINTNEXTLINE(mdl-double-unlock)\n    " + TWICE))
        self.assertEqual((run.code, run.out), (0, ""))
        run = self.found("// NOLINTBEGIN(mdl-*)\n" + DOUBLE_UNLOCK +
                         "// NOLINTEND(mdl-*)\n")
        self.assertEqual((run.code, run.out), (0, ""))

    def test_pragmas_with_the_numbers_of_a_rule(self):
        text = """\
#include <ntddk.h>
VOID Waits(PKEVENT Event, PKSPIN_LOCK Lock)
{
    KIRQL old;
    KeAcquireSpinLock(Lock, &old);
%s    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
    KeReleaseSpinLock(Lock, old);
}
"""
        self.assertEqual(rules_of(self.found(text % "", "--format=json")),
                         ["irql-too-high"])
        for before in ("#pragma warning(suppress: 28121)\n",
                       '#pragma prefast(suppress: 28121, "signalled")\n',
                       "#pragma warning(disable: 28121)\n",
                       "__pragma(warning(suppress: 28121))\n"):
            run = self.found(text % before, "--format=json")
            log = json.loads(run.out)
            self.assertEqual((run.code, log["findings"]), (0, []), before)
            [suppressed] = log["suppressed"]
            self.assertEqual(suppressed["rule"], "irql-too-high")
            self.assertEqual(suppressed["suppression"]["kind"], "inSource")
            self.assertEqual(suppressed["suppression"]["line"], 6)
        run = self.found(text % "#pragma warning(suppress: 28145)\n")
        self.assertEqual(run.code, 1)

    def test_in_a_header(self):
        body = DOUBLE_UNLOCK.split("\n", 1)[1].replace("NTSTATUS", "static NTSTATUS", 1)
        user = '#include <ntddk.h>\n#include "h.h"\n' \
               "NTSTATUS Use(PVOID B) { return Twice(B, 8); }\n"
        self.write("h.h", body)
        self.assertEqual(self.found(user).code, 1)
        self.write("h.h", body.replace("/* TWICE */", "// NOLINT(mdl-*)"))
        self.assertEqual(self.found(user).code, 0)

    def test_unused(self):
        text = CLEAN.replace("IoFreeMdl(mdl);", "IoFreeMdl(mdl); // NOLINT(mdl-leak)")
        self.assertEqual(self.found(text).code, 0)
        run = self.found(text, "--unused-suppressions")
        self.assertEqual(run.code, 1)
        self.assertIn("a.c:8:24: warning: unused suppression of 'mdl-leak'", run.err)
        self.assertEqual(self.found(text, "--unused-suppressions",
                                    "--fail-on=error").code, 0)
        # Not when the rule is off: nothing says that it is not needed.
        self.assertEqual(self.found(text, "--unused-suppressions",
                                    "--rules=mdl-double-unlock").code, 0)
        run = self.found(DOUBLE_UNLOCK.replace("/* TWICE */", "// NOLINT(mdl-*)"),
                         "--unused-suppressions")
        self.assertEqual(run.code, 0, run)

    def test_a_block_without_an_end_is_told(self):
        run = self.found("// NOLINTBEGIN(mdl-*)\n" + DOUBLE_UNLOCK)
        self.assertEqual(run.code, 1)
        self.assertIn("a.c:1:4: warning: 'NOLINTBEGIN' without", run.err)


class ConfigTest(MdlcheckTest):
    def setUp(self):
        super().setUp()
        self.write("src/a.c", DOUBLE_UNLOCK)
        self.write("src/gen/b.c", LEAK)

    def config(self, text, where=""):
        return self.write(where + ".mdlcheck.yaml", text)

    def found(self, *args, cwd=None):
        run = self.run_mdlcheck("--format=json", *args, self.dir / "src/a.c",
                                self.dir / "src/gen/b.c", "--", *FLAGS, cwd=cwd)
        return run.code, [(f["rule"], f["severity"])
                          for f in json.loads(run.out)["findings"]]

    BOTH = [("mdl-double-unlock", "error"), ("mdl-leak", "warning")]

    def test_rules_and_severities(self):
        self.assertEqual(self.found(), (1, self.BOTH))
        self.config("rules:\n  mdl-leak: off\n  mdl-double-unlock: note\n")
        self.assertEqual(self.found(), (0, [("mdl-double-unlock", "note")]))
        self.config("profile: none\nrules: {mdl-leak: error}\n")
        self.assertEqual(self.found(), (1, [("mdl-leak", "error")]))
        self.config('rules: {"mdl-*": off, mdl-leak: on}\n')
        self.assertEqual(self.found(), (1, [("mdl-leak", "warning")]))

    def test_the_command_line_goes_first(self):
        self.config("rules: {mdl-leak: off}\nfail-on: none\n")
        self.assertEqual(self.found(), (0, self.BOTH[:1]))
        self.assertEqual(self.found("--rules=mdl-leak"), (0, self.BOTH[1:]))
        self.assertEqual(self.found("--fail-on=error"), (1, self.BOTH[:1]))
        self.assertEqual(self.found("--no-config"), (1, self.BOTH))

    def test_profiles(self):
        self.config("profile: all\nrules: {mdl-leak: off}\n")
        self.assertEqual(self.found(), (1, self.BOTH[:1]))
        self.assertEqual(self.found("--profile=default"), (1, self.BOTH))
        self.assertEqual(self.found("--profile=none"), (0, []))
        self.assertEqual(self.found("--profile=sdv"), (0, []))
        self.assertEqual(self.found("--profile=none", "--rules=-mdl-*"), (0, []))
        listed = self.run_mdlcheck("--profile=sdv", "--no-config", "--dump-config").out
        self.assertIn("spinlock-not-released: error", listed)
        self.assertIn("irql-set-too-low: off", listed)
        self.assertIn("mdl-leak: off", listed)
        self.assertNotEqual(self.run_mdlcheck("--profile=strict", "a.c").code, 0)

    def test_found_by_walking_up_nearest_first(self):
        self.config("rules: {mdl-double-unlock: note}\n")
        self.config("rules: {mdl-leak: error}\n", "src/gen/")
        wanted = (1, [("mdl-double-unlock", "note"), ("mdl-leak", "error")])
        self.assertEqual(self.found(), wanted)
        self.assertEqual(self.found(cwd="/"), wanted)
        other = self.write("other/conf.yaml", "profile: none\n")
        self.assertEqual(self.found(f"--config-file={other}"), (0, []))

    def test_paths(self):
        self.config("paths: {exclude: [gen]}\n")
        self.assertEqual(self.found(), (1, self.BOTH[:1]))
        self.config("paths: {include: ['src/gen/**']}\n")
        self.assertEqual(self.found(), (1, self.BOTH[1:]))
        # In whole programs the others are there, but not told about.
        self.assertEqual(self.found("--whole-program"), (1, self.BOTH[1:]))

    def test_contracts(self):
        self.write("src/c.c", LEAK.replace("*Size = ", "MyFree(mdl); *Size = ")
                   .replace("NTSTATUS Leaks", "VOID MyFree(PMDL Mdl);\n"
                            "NTSTATUS Leaks"))
        contract = """\
ddis:
  MyFree:
    params: [Mdl]
    outcomes:
      - returns: {Mdl.life: freed}
"""
        self.write("rules/mine.yaml", contract)
        self.config("contracts: [rules/mine.yaml]\n")
        run = self.analyse("--format=json", "src/c.c")
        self.assertEqual(rules_of(run), ["mdl-use-after-free"])

    def test_mistakes(self):
        for text, line, needle in (
                ("rules:\n  mdl-leek: off\n", 2, "did you mean 'mdl-leak'?"),
                ("\nrule: {}\n", 2, "unknown key 'rule'; did you mean 'rules'?"),
                ("paths:\n  ignore: [x]\n", 2, "unknown key 'ignore'"),
                ("rules: {mdl-leak: loud}\n", 1, "on, off, note, warning, error"),
                ("rules: [\n", 1, "closing"), ("fail-on: 3\n", 1, "none, note")):
            path = self.config(text)
            run = self.run_mdlcheck("src/a.c", "--", *FLAGS)
            self.assert_bad_input(run, f"{path}:{line}: ", needle)
        self.config("contracts: [none.yaml]\n")
        self.assert_bad_input(self.analyse("src/a.c"), "none.yaml")
        self.assert_bad_input(self.analyse("--config-file=no.yaml", "src/a.c"),
                              "no.yaml")

    def test_dump(self):
        path = self.config("rules: {mdl-leak: off}\npaths: {exclude: [gen]}\n")
        run = self.run_mdlcheck("--dump-config", "src/a.c")
        self.assertEqual((run.code, run.err), (0, ""))
        self.assertEqual(run.out.splitlines()[0], f"# {path}")
        self.assertIn("  mdl-leak: off\n", run.out)
        before = self.found()
        self.write(".mdlcheck.yaml", run.out)
        self.assertEqual(self.found(), before)
        self.assertEqual(self.run_mdlcheck("--dump-config", "src/a.c").out, run.out)

    def test_schema(self):
        self.assertIsNotNone(jsonschema, "python3-jsonschema is not installed")
        schema = json.loads(SCHEMA.read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        validator = jsonschema.Draft7Validator(schema)
        dumped = self.run_mdlcheck("--dump-config").out
        for good in (dumped, "rules: {mdl-leak: note}", "fail-on: none",
                     "contracts: a.yaml"):
            self.assertEqual(list(validator.iter_errors(yaml.load(good, yaml.BaseLoader))),
                             [], good)
        for bad in ("rule: {}", "rules: {mdl-leak: loud}", "fail-on: never",
                    "paths: {ignore: []}", "profile: strict"):
            self.assertTrue(list(validator.iter_errors(yaml.safe_load(bad))), bad)


if __name__ == "__main__":
    unittest.main()
