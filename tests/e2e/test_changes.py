"""Only what is new: baselines and diffs."""

import json
import subprocess
import unittest

from harness import (CLEAN, DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, FLAGS, LEAK, MDLCHECK,
                     MdlcheckTest, Run, rules_of)

BODY = {text: text.split("\n", 1)[1] for text in (DOUBLE_UNLOCK, LEAK, CLEAN)}


class BaselineTest(MdlcheckTest):
    def found(self, *args, **kwargs):
        return rules_of(self.analyse("--format=json", *args, **kwargs))

    def make(self, *files):
        run = self.analyse("--write-baseline=base.json", *files)
        self.assertEqual(run.code, 0, run)
        return json.loads((self.dir / "base.json").read_text())

    def test_what_is_known_is_not_told(self):
        self.write("a.c", DOUBLE_UNLOCK)
        base = self.make("a.c")
        [entry] = base["findings"]
        self.assertEqual((base["version"], entry["rule"], entry["file"], entry["function"]),
                         (1, "mdl-double-unlock", "a.c", "Twice"))
        run = self.analyse("--baseline=base.json", "a.c")
        self.assertEqual((run.out, run.code), ("", 0))
        self.assertIn("0 findings (and 1 suppressed)", run.err)
        self.assertNotIn("fixed", run.err)
        self.write("a.c", DOUBLE_UNLOCK + BODY[LEAK])
        run = self.analyse("--baseline=base.json", "--format=json", "a.c")
        self.assertEqual((rules_of(run), run.code), (["mdl-leak"], 1))
        [known] = json.loads(run.out)["suppressed"]
        self.assertEqual((known["rule"], known["suppression"]["kind"]),
                         ("mdl-double-unlock", "external"))

    def test_moved_lines_and_renamed_files(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.make("a.c")
        self.write("a.c", "\n// one\n// two\n" + BODY[CLEAN] + DOUBLE_UNLOCK.replace("    ", "\t"))
        self.assertEqual(self.found("--baseline=base.json", "a.c"), [])
        (self.dir / "a.c").unlink()
        self.write("sub/b.c", DOUBLE_UNLOCK)
        run = self.analyse("--baseline=base.json", "sub/b.c")
        self.assertEqual((run.out, run.code), ("", 0), run)
        self.assertNotIn("fixed", run.err)

    def test_a_copy_is_new(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.make("a.c")
        self.write("b.c", DOUBLE_UNLOCK)
        log = json.loads(self.analyse("--format=json", "--baseline=base.json",
                                      "a.c", "b.c").out)
        self.assertEqual([finding["file"] for finding in log["findings"]], ["b.c"])

    def test_as_many_as_there_were(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.make("a.c")
        again = DOUBLE_UNLOCK.replace("/* TWICE */", "/* TWICE */\n"
                                      "    if (Length == 7) MmUnlockPages(mdl);")
        twin = BODY[DOUBLE_UNLOCK].replace("Twice", "TwiceMore")
        self.write("a.c", again + twin)
        self.assertEqual(len(self.found("--baseline=base.json", "a.c")), 1)

    def test_fixed_is_listed(self):
        self.write("a.c", DOUBLE_UNLOCK + BODY[LEAK])
        self.write("b.c", LEAK)
        self.make("a.c", "b.c")
        self.write("a.c", DOUBLE_UNLOCK.replace("    MmUnlockPages(mdl); /* TWICE */\n", ""))
        run = self.analyse("--baseline=base.json", "a.c")
        self.assertEqual(run.code, 0, run)
        lines = run.err.split("fixed since the baseline: 2\n")[1].splitlines()
        # b.c was not looked at, so nothing is known of it.
        self.assertEqual(len(lines), 2, run)
        self.assertTrue(any(line.startswith("  a.c: Twice: ") and
                            line.endswith("[mdl-double-unlock]") for line in lines), run)
        log = json.loads(self.analyse("--baseline=base.json", "--format=json", "a.c").out)
        self.assertEqual(sorted(entry["rule"] for entry in log["fixed"]),
                         ["mdl-double-unlock", "mdl-leak"])
        # Neither is anything known of rules that are off and of what is broken.
        run = self.analyse("--baseline=base.json", "--rules=-mdl-leak", "a.c")
        self.assertIn("fixed since the baseline: 1\n", run.err)
        self.write("a.c", DOUBLE_UNLOCK.replace("MmUnlockPages(mdl); /* TWICE */", "}{")
                   + BODY[LEAK])
        self.assertNotIn("Twice: ", self.analyse("--baseline=base.json", "a.c").err)

    def test_a_new_baseline_from_an_old_one(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.make("a.c")
        self.write("a.c", DOUBLE_UNLOCK + BODY[LEAK].replace(
            "Leaks", "Quiet").replace("SUCCESS;", "SUCCESS; // NOLINT") + BODY[LEAK])
        run = self.analyse("--baseline=base.json", "--write-baseline=base.json", "a.c")
        self.assertEqual(run.code, 0)
        self.assertIn("[mdl-leak]", run.out)
        base = json.loads((self.dir / "base.json").read_text())
        self.assertEqual([entry["function"] for entry in base["findings"]],
                         ["Leaks", "Twice"])

    def test_named_by_the_configuration(self):
        self.write("src/a.c", DOUBLE_UNLOCK)
        self.write(".mdlcheck.yaml", "baseline: known/base.json\n")
        (self.dir / "known").mkdir()
        self.assert_bad_input(self.analyse("src/a.c"), "known/base.json", "cannot be read")
        self.analyse("--no-config", "--write-baseline=known/base.json", "src/a.c")
        self.assertEqual(self.analyse("src/a.c").code, 0)
        self.assertEqual(self.analyse("--no-config", "src/a.c").code, 1)
        self.assertIn('baseline: "', self.run_mdlcheck("--dump-config", "src/a.c").out)

    def test_what_is_no_baseline(self):
        self.write("a.c", CLEAN)
        for text in ("", "[]", "{}", '{"version": 1, "findings": [{"rule": "x"}]}',
                     '{"version": 99, "findings": []}'):
            self.write("bad.json", text)
            self.assert_bad_input(self.analyse("--baseline=bad.json", "a.c"), "bad.json",
                                  "is no baseline")
        self.assert_bad_input(self.analyse("--baseline=gone.json", "a.c"), "gone.json")
        self.assertEqual(self.analyse("--write-baseline=no/such/b.json", "a.c").code, 2)


class DiffTest(MdlcheckTest):
    """In scratch repositories."""

    HEADER = """\
#pragma once
#include <ntddk.h>
static NTSTATUS LockIt(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}
static VOID Done(PMDL Mdl)
{
    MmUnlockPages(Mdl);
}
"""
    USER = """\
#include "lock.h"
NTSTATUS User(PVOID Buffer, ULONG Length, ULONG *Count)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (mdl != NULL) {
        status = LockIt(mdl);
        if (NT_SUCCESS(status)) {
            *Count = MmGetMdlByteCount(mdl);
            Done(mdl);
        }
        IoFreeMdl(mdl);
    }
    return status;
}
"""

    def git(self, *args):
        done = subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.com",
             "-c", "init.defaultBranch=main", *args],
            cwd=self.dir, capture_output=True, text=True, check=True)
        return done.stdout

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-qm", "x", "--allow-empty")

    def setUp(self):
        super().setUp()
        self.git("init", "-q")

    def found(self, *args, base="HEAD", **kwargs):
        run = self.analyse("--format=json", f"--diff={base}", *args, **kwargs)
        return [finding["function"] for finding in json.loads(run.out)["findings"]]

    def test_only_what_changed(self):
        self.write("a.c", DOUBLE_UNLOCK + BODY[LEAK])
        self.commit()
        self.assertEqual(self.found("a.c"), [])
        self.assertEqual(self.analyse("--diff", "HEAD", "a.c").code, 0)
        # Elsewhere in the file, and where one of the paths is.
        self.write("a.c", DOUBLE_UNLOCK + "// here\n" + BODY[LEAK])
        self.assertEqual(self.found("a.c"), [])
        self.write("a.c", DOUBLE_UNLOCK + BODY[LEAK].replace("*Size =", "*Size = 1 +"))
        self.assertEqual(self.found("a.c"), ["Leaks"])
        self.commit()
        self.write("a.c", (self.dir / "a.c").read_text() + "\n")
        self.assertEqual(self.found("a.c"), [])
        self.assertEqual(self.found("a.c", base="HEAD~1"), ["Leaks"])
        self.commit()
        self.assertEqual(self.found("a.c", base="HEAD~2..HEAD"), ["Leaks"])
        self.assertEqual(self.found("a.c", base="HEAD~1...HEAD"), [])

    def test_lines_taken_away(self):
        self.write("a.c", CLEAN + BODY[LEAK])
        self.commit()
        self.write("a.c", CLEAN.replace("    IoFreeMdl(mdl);\n", "") + BODY[LEAK])
        self.assertEqual(self.found("a.c"), ["Clean"])

    def test_in_headers(self):
        self.write("lock.h", self.HEADER)
        self.write("user.c", self.USER)
        self.commit()
        self.assertEqual(self.found("user.c"), [])
        # A change in the header makes the mistake in the source.
        self.write("lock.h", self.HEADER.replace("    MmUnlockPages(Mdl);\n", "    (VOID)Mdl;\n"))
        self.assertEqual(self.found("user.c"), ["User"])
        self.commit()
        self.assertEqual(self.found("user.c"), [])
        # One that is a step of the path, and one that is not on it.
        text = (self.dir / "lock.h").read_text()
        self.write("lock.h", text.replace("UserMode", "KernelMode"))
        self.assertEqual(self.found("user.c"), ["User"])
        self.write("lock.h", text + "static VOID Other(PMDL Mdl) { MmUnlockPages(Mdl); }\n")
        self.assertEqual(self.found("user.c"), [])

    def test_new_and_renamed_files(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.commit()
        self.git("mv", "a.c", "ä b.c")
        self.write("new.c", LEAK)
        self.git("add", "-A")
        self.assertEqual(self.found("ä b.c", "new.c"), ["Leaks"])
        text = DOUBLE_UNLOCK.replace("/* TWICE */", "/* AGAIN */")
        self.write("ä b.c", text)
        self.assertEqual(self.found("ä b.c"), ["Twice"])

    def test_from_a_directory_below(self):
        self.write("deep/er/a.c", DOUBLE_UNLOCK)
        self.commit()
        self.write("deep/er/a.c", DOUBLE_UNLOCK.replace("/* TWICE */", "/* AGAIN */"))
        self.assertEqual(self.found("a.c", cwd=self.dir / "deep/er"), ["Twice"])
        diff = self.git("diff").encode()
        self.assertEqual(self.piped(diff, "a.c", cwd=self.dir / "deep/er"), ["Twice"])

    def piped(self, diff, *args, cwd=None):
        run = Run(subprocess.run(
            [MDLCHECK, "--no-cache", "--format=json", "--diff", "-", *args, "--", *FLAGS],
            cwd=cwd or self.dir, input=diff, capture_output=True, timeout=300))
        self.assertIn(run.code, (0, 1), run)
        return [finding["function"] for finding in json.loads(run.out)["findings"]]

    def test_from_standard_input(self):
        self.write("a.c", DOUBLE_UNLOCK + BODY[LEAK])
        self.commit()
        self.assertEqual(self.piped(b"", "a.c"), [])
        self.write("a.c", DOUBLE_UNLOCK.replace("/* TWICE */", "/* AGAIN */") + BODY[LEAK])
        for options in ([], ["-U0"], ["-U50"], ["--no-prefix"],
                        ["--src-prefix=old/", "--dst-prefix=b/"]):
            with self.subTest(options=options):
                self.assertEqual(self.piped(self.git("diff", *options).encode(), "a.c"),
                                 ["Twice"])
        line = DOUBLE_UNLOCK_LINE
        self.assertEqual(self.piped(
            f"--- a.c.orig\t2020-01-01\n+++ a.c\t2020-01-02\n@@ -{line} +{line} @@\n"
            "-x\n+y\n\\ No newline at end of file\n".encode(), "a.c"), ["Twice"])

    def test_mistakes(self):
        self.write("a.c", CLEAN)
        self.commit()
        self.assert_bad_input(self.analyse("--diff=no-such-branch", "a.c"),
                              "git says", "no-such-branch")
        self.assert_bad_input(self.analyse("--diff=--output=x", "a.c"), "--diff")
        for text, needle in [("not a diff\n", "no unified diff"),
                             ("+++ b/a.c\n@@ -1 +1,9 @@\n+a\n", "ends early"),
                             ("+++ b/a.c\n@@ -1 +z @@\n", "line 2")]:
            run = Run(subprocess.run([MDLCHECK, "--diff", "-", "a.c", "--", *FLAGS],
                                     cwd=self.dir, input=text.encode(), capture_output=True))
            self.assert_bad_input(run, needle)


if __name__ == "__main__":
    unittest.main()
