"""--fix, and fixes in SARIF and in clang-tidy's file."""

import json
import re
import sys
import unittest

from harness import CLEAN, DOUBLE_UNLOCK, FLAGS, LEAK, ROOT, MdlcheckTest, rules_of

sys.path.insert(0, str(ROOT / "tests/corpus"))
import run_corpus  # noqa: E402

LOCKED = """\
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
"""


def function(body, head="NTSTATUS F(PVOID Buffer, ULONG Length, ULONG *Out)"):
    return f"#include <ntddk.h>\n\n{head}\n{{\n{LOCKED}{body}}}\n"


class FixTest(MdlcheckTest):
    def fix(self, text, *args, name="a.c", count=1):
        """What `text` is repaired to; nothing must be left."""
        self.write(name, text)
        run = self.analyse("--fix", *args, name)
        self.assertIn(f"fixed: {count}\n", run.err, run)
        self.assertEqual((run.out, run.code), ("", 0), run)
        return (self.dir / name).read_bytes().decode()

    def refused(self, text, *args):
        self.write("a.c", text)
        run = self.analyse("--fix", *args, "a.c")
        self.assertIn("fixed: 0\n", run.err, run)
        self.assertEqual(run.code, 1, run)
        self.assertEqual((self.dir / "a.c").read_text(), text)

    def test_second_unlock_is_removed(self):
        self.assertEqual(self.fix(DOUBLE_UNLOCK),
                         DOUBLE_UNLOCK.replace("    MmUnlockPages(mdl); /* TWICE */\n", ""))

    def test_free_before_a_leaking_exit(self):
        self.assertEqual(self.fix(LEAK), LEAK.replace(
            "    return STATUS_SUCCESS;", "    IoFreeMdl(mdl);\n    return STATUS_SUCCESS;"))

    def test_unlock_and_free_before_a_bare_exit(self):
        text = function("    if (*Out == 7) // seven\n        return STATUS_CANCELLED; // no\n"
                        "    MmUnlockPages(mdl);\n    IoFreeMdl(mdl);\n    return 0;\n")
        self.assertEqual(self.fix(text), text.replace(
            "(*Out == 7) // seven\n        return STATUS_CANCELLED; // no\n",
            "(*Out == 7) { // seven\n        MmUnlockPages(mdl);\n        IoFreeMdl(mdl);\n"
            "        return STATUS_CANCELLED; // no\n    }\n"))

    def test_at_the_end_of_a_function(self):
        text = function("    MmUnlockPages(mdl);\n    *Out = 1;\n",
                        head="VOID F(PVOID Buffer, ULONG Length, ULONG *Out)")
        text = re.sub(r"return [A-Z_a-z()]+;", "return;", text)
        self.assertEqual(self.fix(text), text.replace("*Out = 1;\n",
                                                      "*Out = 1;\n    IoFreeMdl(mdl);\n"))

    def test_free_of_locked_pages(self):
        swapped = function("    IoFreeMdl(mdl);\n    MmUnlockPages(mdl);\n    return 0;\n")
        self.assertEqual(self.fix(swapped), swapped.replace(
            "    IoFreeMdl(mdl);\n    MmUnlockPages(mdl);\n",
            "    MmUnlockPages(mdl);\n    IoFreeMdl(mdl);\n"))
        missing = function("    IoFreeMdl(mdl);\n    return 0;\n")
        self.assertEqual(self.fix(missing), missing.replace(
            "    IoFreeMdl(mdl);\n    return 0;",
            "    MmUnlockPages(mdl);\n    IoFreeMdl(mdl);\n    return 0;"))
        # An unlock later on, that is not the next thing, is not moved.
        self.refused(function("    IoFreeMdl(mdl);\n    *Out = 1;\n"
                              "    MmUnlockPages(mdl);\n    return 0;\n"))

    UNCHECKED = """\
#include <ntddk.h>

NTSTATUS Fill(PMDL Mdl, ULONG Length, PULONG Old)
{
    PULONG va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);

    *Old = 0;
    RtlZeroMemory(va, Length);
    return STATUS_SUCCESS;
}
"""

    def test_null_check_of_a_mapping(self):
        test = ("if (va == NULL) {\n        return STATUS_INSUFFICIENT_RESOURCES;\n    }\n"
                "    RtlZeroMemory")
        simple = self.UNCHECKED
        self.assertEqual(self.fix(simple), simple.replace("RtlZeroMemory", test))
        # What else it does would have to be undone; what it returns is no status.
        self.refused(simple.replace("    *Old = 0;", "    ExAcquireFastMutex((PFAST_MUTEX)Old);"))
        self.refused(simple.replace("    return STATUS_SUCCESS", "    Done(Old);\n    return 0")
                     .replace("\nNT", "\nVOID Done(PULONG Old);\nNT"))
        self.refused(simple.replace("NTSTATUS Fill", "ULONG Fill"))

    def test_layout_is_kept(self):
        text = "\ufeff" + LEAK.replace("    ", "\t").replace("\n", "\r\n")
        self.assertEqual(self.fix(text), text.replace(
            "\treturn STATUS_SUCCESS;", "\tIoFreeMdl(mdl);\r\n\treturn STATUS_SUCCESS;"))

    def test_several_in_one_file(self):
        both = DOUBLE_UNLOCK + LEAK.split("\n", 1)[1]
        fixed = self.fix(both, count=2)
        self.assertEqual(fixed.count("MmUnlockPages(mdl);"), 1)
        self.assertEqual(fixed.count("IoFreeMdl(mdl);"), 3)

    def test_refused_where_another_path_would_go_wrong(self):
        # Not locked on one of the ways there; null on one; used by what is returned.
        self.refused(function("    if (*Out == 1)\n        MmUnlockPages(mdl);\n"
                              "    IoFreeMdl(mdl);\n    return 0;\n"))
        self.refused(LEAK.replace("    if (mdl == NULL)\n        return STATUS_INSUFFICIENT_RESOURCES;\n"
                                  "    *Size = MmGetMdlByteCount(mdl);\n",
                                  "    *Size = mdl != NULL;\n"))
        self.refused(LEAK.replace("return STATUS_SUCCESS;", "return (LONG)MmGetMdlByteCount(mdl);"))

    def test_refused_where_the_text_is_not_plain(self):
        body = DOUBLE_UNLOCK.replace("    MmUnlockPages(mdl); /* TWICE */", "    AGAIN(mdl);")
        self.refused(body.replace("\n\nNT", "\n#define AGAIN(m) MmUnlockPages(m)\n\nNT"))
        self.refused(DOUBLE_UNLOCK.replace("mdl); /* TWICE", "(mdl)); /* TWICE"))
        self.refused(DOUBLE_UNLOCK.replace("    MmUnlockPages(mdl); /* TWICE */",
                                           "    if (Length) MmUnlockPages(mdl);"))

    def test_headers_are_left_alone(self):
        self.write("h.h", LEAK)
        self.refused('#include "h.h"\n')
        self.assertEqual((self.dir / "h.h").read_text(), LEAK)

    def test_only_what_is_told(self):
        self.write("a.c", LEAK.replace("SUCCESS;", "SUCCESS; // NOLINT"))
        self.assertIn("fixed: 0\n", self.analyse("--fix", "a.c").err)
        self.write("a.c", LEAK)
        self.assertIn("fixed: 0\n", self.analyse("--fix", "--rules=-mdl-leak", "a.c").err)
        self.analyse("--write-baseline=b.json", "a.c")
        run = self.analyse("--fix", "--baseline=b.json", "a.c")
        self.assertIn("fixed: 0\n", run.err)
        self.assertEqual((self.dir / "a.c").read_text(), LEAK)
        self.assert_bad_input(self.analyse("--fix", "--diff=-", "a.c"), "exclude each other")

    def test_in_sarif_and_for_clang_apply_replacements(self):
        self.write("a.c", LEAK)
        run = self.analyse("--format=sarif", "--export-fixes=fixes.yaml", "a.c")
        [result] = json.loads(run.out)["runs"][0]["results"]
        [fix] = result["fixes"]
        [change] = fix["artifactChanges"]
        [replacement] = change["replacements"]
        self.assertEqual(change["artifactLocation"]["uri"], "a.c")
        self.assertEqual(replacement, {
            "deletedRegion": {"startLine": 9, "startColumn": 5, "endLine": 9, "endColumn": 5},
            "insertedContent": {"text": "IoFreeMdl(mdl);\n    "}})
        exported = (self.dir / "fixes.yaml").read_text()
        self.assertIn("IoFreeMdl(mdl);", exported)
        self.assertRegex(exported, rf"Offset: +{LEAK.index('return STATUS_SUCCESS')}\n")
        self.assertEqual((self.dir / "a.c").read_text(), LEAK)


class CorpusFixTest(MdlcheckTest):
    """Whatever is repaired in the corpus is clean and compiles: --fix repairs what
    it can, and none of what is left is new."""

    RULES = {"mdl-lock-leak": 2, "mdl-leak": 2, "mdl-double-unlock": 1,
             "mdl-double-free": 1, "mdl-free-locked": 2, "mdl-map-unchecked": 3}

    def test_corpus(self):
        for rule, least in self.RULES.items():
            with self.subTest(rule=rule):
                folder = ROOT / "test-corpus" / rule
                self.write(f"{rule}/bad.c", (folder / "bad.c").read_text())
                names = [f"{rule}/bad.c"]
                command = ["--format=json", "--rules=*"]
                flags = ["--", *run_corpus.FLAGS, f"-I{self.dir / rule}"]
                before = json.loads(self.run_mdlcheck(*command, *names, *flags).out)
                run = self.run_mdlcheck(*command, "--fix", *names, *flags)
                after = json.loads(run.out)
                count = int(re.search(r"fixed: (\d+)", run.err).group(1))
                self.assertGreaterEqual(count, least, run.err)
                self.assertTrue(after["complete"])
                self.assertEqual(len(after["findings"]), len(before["findings"]) - count)
                key = lambda f: (f["rule"], f["file"], f["function"], f["object"], f["message"])
                left = [key(f) for f in before["findings"]]
                for finding in after["findings"]:
                    self.assertIn(key(finding), left)
                    left.remove(key(finding))


if __name__ == "__main__":
    unittest.main()
