"""mdlcheck where scripts and editors run clang-tidy."""

import json
import sys

import yaml
from harness import (CLEAN, DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, FLAGS, LEAK, MDLCHECK,
                     MdlcheckTest)
from tools import LLVM_BIN, diagnostics, run

BOTH = DOUBLE_UNLOCK + LEAK.split("\n", 1)[1]
TWICE = ("d.c", DOUBLE_UNLOCK_LINE, "error", "mdl-double-unlock")
LEAK_AT = ("d.c", 26, "warning", "mdl-leak")


class TidyCommandTest(MdlcheckTest):
    def setUp(self):
        super().setUp()
        self.write("d.c", BOTH)
        self.database(["d.c"])

    def found(self, *args):
        done = self.run_mdlcheck(*args, "d.c")
        return done.code, diagnostics(done.out)


class TidyCommandOptions(TidyCommandTest):
    def test_checks(self):
        self.assertEqual(self.found("--checks=-*,mdl-leak"), (1, [LEAK_AT]))
        self.assertEqual(self.found("-checks", "-mdl-leak"), (1, [TWICE]))
        # What clang-tidy has and mdlcheck has not is no mistake.
        self.assertEqual(self.found("--checks=bugprone-*,-modernize-*"), (1, [TWICE, LEAK_AT]))
        self.assertEqual(self.found("--checks="), (1, [TWICE, LEAK_AT]))
        self.assertEqual(self.found("--rules=mdl-leak", "--checks=mdl-double-unlock"),
                         (1, [TWICE, LEAK_AT]))

    def test_no_checks(self):
        self.assert_bad_input(self.run_mdlcheck("--checks=-*,bugprone-*", "d.c"), "no rule is on")
        self.assertEqual(self.found("--checks=-*", "--allow-no-checks"), (0, []))

    def test_list_checks(self):
        done = self.run_mdlcheck("--list-checks", "--checks=-*,mdl-double-*")
        self.assertEqual(done.out.split(), ["Enabled", "checks:", "mdl-double-unlock",
                                            "mdl-double-lock", "mdl-double-free"])

    def test_version_names_llvms(self):
        self.assertRegex(self.run_mdlcheck("--version").out, r"LLVM version 22\.\d")

    def test_warnings_as_errors(self):
        self.assertEqual(self.found("--checks=-*,mdl-leak", "--warnings-as-errors=mdl-leak"),
                         (1, [(*LEAK_AT[:2], "error", "mdl-leak")]))
        self.assertEqual(self.found("--checks=-*,mdl-leak", "--warnings-as-errors=mdl-double-*"),
                         (0, [LEAK_AT]))
        self.assertEqual(self.found("--checks=-*,mdl-leak", "--warnings-as-errors=x",
                                    "--fail-on=warning"), (1, [LEAK_AT]))

    def test_line_filter(self):
        def only(value):
            return self.found("--line-filter=" + json.dumps(value))
        self.assertEqual(only([{"name": "d.c", "lines": [[20, 30]]}]), (1, [LEAK_AT]))
        # The path passes through line 5, where the MDL is allocated.
        self.assertEqual(only([{"name": "d.c", "lines": [[5, 5]]}]), (1, [TWICE]))
        self.assertEqual(only([{"name": "d.c"}]), (1, [TWICE, LEAK_AT]))
        self.assertEqual(only([{"name": "other.c"}]), (0, []))
        self.assertEqual(only([]), (1, [TWICE, LEAK_AT]))
        for bad in ("{", "7", "[7]", '[{"lines":[]}]', '[{"name":"a","lines":[[1]]}]'):
            done = self.run_mdlcheck(f"--line-filter={bad}", "d.c")
            self.assertEqual(done.code, 2, done)
            self.assertIn("--line-filter: ", done.err)

    def test_header_filter(self):
        self.write("inc/h.h", DOUBLE_UNLOCK)
        self.write("d.c", '#include "inc/h.h"\n' + LEAK.split("\n", 1)[1])
        both = [("d.c", 9, "warning", "mdl-leak"), ("h.h", *TWICE[1:])]
        self.assertEqual(self.found(), (1, both))
        self.assertEqual(self.found("--header-filter=.*"), (1, both))
        self.assertEqual(self.found("--header-filter=inc/"), (1, both))
        self.assertEqual(self.found("--header-filter=^none$"), (1, both[:1]))
        self.assertEqual(self.found("--header-filter="), (1, both[:1]))
        self.assertEqual(self.found("--exclude-header-filter=inc/"), (1, both[:1]))
        self.assert_bad = self.run_mdlcheck("--header-filter=(", "d.c")
        self.assertEqual(self.assert_bad.code, 2)
        self.assertIn("--header-filter: '('", self.assert_bad.err)

    def test_config(self):
        self.write("mine.yaml", """\
ddis:
  IoFreeMdl:
    params: [Mdl]
    outcomes:
      - returns: {}
""")
        config = """\
Checks: '-*,mdl-leak,bugprone-*'
WarningsAsErrors: 'mdl-leak'
FormatStyle: none
CheckOptions:
  bugprone-something.Else: 1
"""
        error = (*LEAK_AT[:2], "error", "mdl-leak")
        self.write("conf", config)
        self.assertEqual(self.found("--config-file=conf"), (1, [error]))
        self.assertEqual(self.found("--config", config), (1, [error]))
        self.assertEqual(self.found("--config-file=conf", "--checks=mdl-double-unlock"),
                         (1, [TWICE, error]))
        for options in ("CheckOptions: {MdlcheckContracts: mine.yaml}",
                        "CheckOptions: [{key: mdl-leak.MdlcheckContracts, value: mine.yaml}]"):
            code, found = self.found("--config", "Checks: '-*,mdl-leak'\n" + options)
            self.assertEqual([line for _, line, _, _ in found if line < 20], [12], options)
        self.assert_bad_input(self.run_mdlcheck("--config-file=none.yaml", "d.c"), "none.yaml")
        self.assert_bad_input(self.run_mdlcheck("--config={", "d.c"), "--config:1: ")
        self.assert_bad_input(self.run_mdlcheck("--config=7", "d.c"), "--config:1: ")

    def test_extra_args(self):
        self.write("d.c", "#ifdef BAD\n" + BOTH + "#endif\n")
        self.assertEqual(self.found(), (0, []))
        self.assertEqual(len(self.found("--extra-arg=-DBAD")[1]), 2)
        self.assertEqual(len(self.found("-extra-arg-before", "-DBAD")[1]), 2)
        self.assertEqual(self.found("--extra-arg-before=-DBAD", "--extra-arg=-UBAD"), (0, []))
        self.database([{"directory": str(self.dir), "file": "d.c",
                        "arguments": ["clang", *FLAGS, "-DBAD", "-c", "d.c"]}])
        self.assertEqual(self.found("--removed-arg=-DBAD"), (0, []))
        self.assertEqual(len(self.found("--config={ExtraArgs: [-DBAD]}")[1]), 2)

    def test_color(self):
        self.assertIn("\x1b[", self.run_mdlcheck("--use-color", "d.c").out)
        self.assertNotIn("\x1b[", self.run_mdlcheck("--use-color=false", "d.c").out)
        self.assert_bad_input(self.run_mdlcheck("--use-color=pink", "d.c"), "'pink'")

    def test_export_fixes(self):
        self.write("d.c", BOTH.replace("Twice(", "/* \u20ac */ Twice("))
        self.found("--export-fixes=fixes.yaml")
        text = (self.dir / "d.c").read_bytes()
        exported = yaml.safe_load((self.dir / "fixes.yaml").read_text())["Diagnostics"]
        self.assertEqual([d["DiagnosticName"] for d in exported],
                         ["mdl-double-unlock", "mdl-leak"])
        twice = exported[0]["DiagnosticMessage"]
        self.assertTrue(text[twice["FileOffset"]:].startswith(b"MmUnlockPages(mdl); /* TWICE"))
        self.assertEqual(twice["FilePath"], str(self.dir / "d.c"))
        self.assertGreater(len(exported[0]["Notes"]), 2)
        applied = run(LLVM_BIN / "clang-apply-replacements", self.dir, cwd=self.dir)
        self.assertEqual(applied.code, 0, applied)
        self.write("clean.c", CLEAN)
        self.run_mdlcheck("--export-fixes=none.yaml", "clean.c")
        self.assertEqual((self.dir / "none.yaml").read_text(), "")
        done = self.run_mdlcheck("--export-fixes=no/such/dir.yaml", "d.c")
        self.assertEqual(done.code, 2)
        self.assertIn("no/such/dir.yaml: cannot be written", done.err)


class TidyCommandScripts(TidyCommandTest):
    def test_run_clang_tidy(self):
        self.write("e.c", LEAK)
        self.database(["d.c", "e.c"])
        done = run(sys.executable, "/usr/bin/run-clang-tidy-22", "-p", self.dir,
                   f"-clang-tidy-binary={MDLCHECK}", "-checks=-*,mdl-*", "-quiet",
                   "-header-filter=.*", "-config={}", "-warnings-as-errors=mdl-double-*",
                   "-extra-arg=-DX", "-export-fixes", "all.yaml", cwd=self.dir)
        self.assertEqual(done.code, 1, done)
        self.assertEqual(sorted(diagnostics(done.out)),
                         [TWICE, LEAK_AT, ("e.c", 9, "warning", "mdl-leak")], done)
        merged = yaml.safe_load((self.dir / "all.yaml").read_text())["Diagnostics"]
        self.assertEqual(sorted(d["DiagnosticName"] for d in merged),
                         ["mdl-double-unlock", "mdl-leak", "mdl-leak"])
        self.write("d.c", CLEAN)
        self.write("e.c", CLEAN)
        done = run(sys.executable, "/usr/bin/run-clang-tidy-22", "-p", self.dir,
                   f"-clang-tidy-binary={MDLCHECK}", "-quiet", cwd=self.dir)
        self.assertEqual(done.code, 0, done)

    def test_clang_tidy_diff(self):
        diff = "--- a/d.c\n+++ b/d.c\n@@ -26 +26 @@\n-\n+    return STATUS_SUCCESS;\n"
        for extra in ([], ["-checks=-*,mdl-*", "-use-color", "-allow-no-checks"]):
            with open(self.write("diff.txt", diff), "rb") as stdin:
                done = run(sys.executable, "/usr/bin/clang-tidy-diff-22.py", "-p1",
                           "-path", self.dir, "-clang-tidy-binary", MDLCHECK, "-quiet",
                           "-export-fixes", "out.yaml", *extra, cwd=self.dir, stdin=stdin)
            self.assertEqual(done.code, 1, done)
            plain = done.out.replace("\x1b[0m", "")
            if not extra:
                self.assertEqual(diagnostics(plain), [LEAK_AT], done)
            self.assertIn("mdl-leak", plain)
            self.assertNotIn("mdl-double-unlock", plain)
