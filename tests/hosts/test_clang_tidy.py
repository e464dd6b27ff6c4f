"""The clang-tidy module, in Debian's clang-tidy and its scripts."""

import json
import sys

import yaml
from harness import DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, FLAGS, LEAK, MdlcheckTest
from tools import (CLANG_TIDY, TIDY_MODULE, UNLOCK_TWICE, defined_symbols, diagnostics,
                   run, shared_libraries)

ALL = "-*,mdl-*,irql-*,spinlock-*,paged-*,pool-*"
TWICE = ("d.c", DOUBLE_UNLOCK_LINE, "warning", "mdl-double-unlock")
BOTH = DOUBLE_UNLOCK + LEAK.split("\n", 1)[1]
LEAK_LINE = ("d.c", 26, "warning", "mdl-leak")


class ClangTidyTest(MdlcheckTest):
    def tidy(self, *args, checks=ALL, files=("d.c",), flags=FLAGS):
        done = run(CLANG_TIDY, f"--load={TIDY_MODULE}", f"--checks={checks}", *args, *files,
                   *(["--", *flags] if flags is not None else []), cwd=self.dir)
        self.assertNotIn("Stack dump", done.err, done)
        return done


class TidyChecks(ClangTidyTest):
    def test_every_rule_is_a_check(self):
        listed = self.tidy("--list-checks", checks="-*,mdl-*,irql-*", files=("none.c",))
        rules = {line.split()[0]
                 for line in self.run_mdlcheck("--list-rules").out.splitlines()}
        self.assertEqual({line.strip() for line in listed.out.splitlines()
                          if line.startswith("    ")},
                         {rule for rule in rules if rule.startswith(("mdl-", "irql-"))})

    def test_path_as_notes(self):
        self.write("d.c", BOTH)
        done = self.tidy()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(diagnostics(done.out), [TWICE, LEAK_LINE], done)
        self.assertRegex(done.out, r"d\.c:9:9: note: pages locked here \('mdl'\)")
        self.assertIn("note: prevents bug check 0x", done.out)

    def test_only_the_checks_asked_for(self):
        self.write("d.c", BOTH)
        self.assertEqual(diagnostics(self.tidy(checks="-*,mdl-leak").out), [LEAK_LINE])

    def test_several_files(self):
        self.write("d.c", DOUBLE_UNLOCK)
        self.write("e.c", LEAK)
        done = self.tidy(files=("d.c", "e.c"))
        self.assertEqual(diagnostics(done.out), [TWICE, ("e.c", 9, "warning", "mdl-leak")])

    def test_one_analysis_however_many_checks(self):
        # What is spent is told with the check that is asked first: one that analysed
        # again would take as long.
        self.write("d.c", BOTH)
        profile = self.dir / "profile"
        done = self.tidy("--enable-check-profile", f"--store-check-profile={profile}")
        self.assertEqual(done.code, 0, done)
        times = [json.loads(file.read_text()) for file in profile.iterdir()][0]["profile"]
        wall = sorted(value for name, value in times.items() if name.endswith(".wall"))
        self.assertGreater(len(wall), 20)
        self.assertLess(wall[len(wall) * 3 // 4], wall[-1] / 10, wall)

    def test_broken_source(self):
        self.write("d.c", '#include "missing.h"\n' + DOUBLE_UNLOCK + "int broken = ;\n")
        done = self.tidy()
        self.assertEqual(done.code, 1, done)
        self.assertIn("'missing.h' file not found", done.out)
        self.assertIn((TWICE[0], TWICE[1] + 1, *TWICE[2:]), diagnostics(done.out), done)


class TidyControls(ClangTidyTest):
    def test_nolint(self):
        for comment, there in (("", True), ("// NOLINT", False),
                               ("// NOLINT(mdl-double-unlock)", False),
                               ("// NOLINT(mdl-leak)", True)):
            self.write("d.c", UNLOCK_TWICE % {"name": "F", "comment": comment})
            self.assertEqual(bool(diagnostics(self.tidy().out)), there, comment)

    def test_warnings_as_errors(self):
        self.write("d.c", BOTH)
        done = self.tidy("--warnings-as-errors=mdl-leak")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(diagnostics(done.out), [TWICE, (*LEAK_LINE[:2], "error", "mdl-leak")])

    def test_export_fixes(self):
        self.write("d.c", DOUBLE_UNLOCK)
        self.tidy("--export-fixes=fixes.yaml")
        exported = yaml.safe_load((self.dir / "fixes.yaml").read_text())["Diagnostics"]
        self.assertEqual([d["DiagnosticName"] for d in exported], ["mdl-double-unlock"])
        self.assertGreater(len(exported[0]["Notes"]), 2)

    def test_fixes(self):
        """Those of --fix, which clang-tidy applies by itself."""
        self.write("d.c", BOTH)
        self.tidy("--fix")
        tidys = (self.dir / "d.c").read_text()
        self.write("d.c", BOTH)
        self.assertIn("fixed: 2", self.analyse("--fix", "d.c").err)
        # White space apart, of which clang-tidy has its own mind.
        self.assertEqual(tidys.split(), (self.dir / "d.c").read_text().split())
        self.assertNotIn("/* TWICE */", tidys)
        # A repair that another path would not bear is none.
        bad = BOTH.replace("    MmUnlockPages(mdl);\n", "    if (Length == 9)\n        MmUnlockPages(mdl);\n", 1)
        self.write("d.c", bad.split("NTSTATUS Leaks")[0])
        before = (self.dir / "d.c").read_text()
        self.tidy("--fix")
        self.assertEqual((self.dir / "d.c").read_text(), before)

    def test_line_filter(self):
        self.write("d.c", BOTH)
        done = self.tidy('--line-filter=[{"name":"d.c","lines":[[20,40]]}]')
        self.assertEqual(diagnostics(done.out), [LEAK_LINE])

    def test_contracts(self):
        self.write("mine.yaml", """\
ddis:
  MyFree:
    params: [Mdl]
    outcomes:
      - returns: {Mdl.life: freed}
""")
        self.write("d.c", """\
#include <ntddk.h>
VOID MyFree(PMDL mdl);
ULONG After(PMDL mdl)
{
    MyFree(mdl);
    return MmGetMdlByteCount(mdl);
}
""")
        self.assertEqual(diagnostics(self.tidy().out), [])
        config = "{CheckOptions: {MdlcheckContracts: mine.yaml}}"
        done = self.tidy(f"--config={config}")
        self.assertEqual([rule for *_, rule in diagnostics(done.out)],
                         ["mdl-use-after-free"], done)
        done = self.tidy("--config={CheckOptions: {MdlcheckContracts: none.yaml}}")
        self.assertIn("mdlcheck: none.yaml", done.out, done)


class TidyScripts(ClangTidyTest):
    def test_run_clang_tidy(self):
        self.write("d.c", DOUBLE_UNLOCK)
        self.write("e.c", LEAK)
        self.database(["d.c", "e.c"])
        done = run(sys.executable, "/usr/bin/run-clang-tidy-22", "-p", self.dir,
                   f"-clang-tidy-binary={CLANG_TIDY}", f"-load={TIDY_MODULE}",
                   f"-checks={ALL}", "-quiet", "-export-fixes", "all.yaml", cwd=self.dir)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(sorted(diagnostics(done.out)),
                         [TWICE, ("e.c", 9, "warning", "mdl-leak")], done)
        merged = yaml.safe_load((self.dir / "all.yaml").read_text())["Diagnostics"]
        self.assertEqual(sorted(d["DiagnosticName"] for d in merged),
                         ["mdl-double-unlock", "mdl-leak"])

    def test_clang_tidy_diff(self):
        self.write("d.c", BOTH)
        self.database(["d.c"])
        diff = f"--- a/d.c\n+++ b/d.c\n@@ -26 +26 @@\n-\n+    return STATUS_SUCCESS;\n"
        done = run(sys.executable, "/usr/bin/clang-tidy-diff-22.py", "-p1", "-path", self.dir,
                   "-clang-tidy-binary", CLANG_TIDY, "-load", TIDY_MODULE,
                   f"-checks={ALL}", "-quiet", cwd=self.dir,
                   stdin=self.file_with(diff))
        self.assertEqual(diagnostics(done.out), [LEAK_LINE], done)

    def file_with(self, text):
        handle = open(self.write("diff.txt", text), "rb")
        self.addCleanup(handle.close)
        return handle


class TidyLinking(MdlcheckTest):
    def test_one_llvm(self):
        of_tidy = shared_libraries(CLANG_TIDY)
        llvm = {name for name in of_tidy if "LLVM" in name or "clang-cpp" in name}
        self.assertEqual(len(llvm), 2, of_tidy)
        self.assertLessEqual(llvm, shared_libraries(TIDY_MODULE))

    def test_clang_tidy_is_not_inside(self):
        for name in defined_symbols(TIDY_MODULE):
            self.assertNotRegex(name, r"^clang::tidy::ClangTidy(Check::ClangTidyCheck|Context::\w+)\(")
