"""Findings that no single path shows: how each format says that they are less sure."""

import json
import unittest

from harness import FLAGS, MdlcheckTest

KEEPS = """#include <ntddk.h>
typedef struct _HOLDER { PMDL Mdl; } HOLDER, *PHOLDER;
NTSTATUS Keep(PHOLDER Holder, PVOID Buffer)
{
    PMDL mdl = IoAllocateMdl(Buffer, PAGE_SIZE, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    Holder->Mdl = mdl;
    return STATUS_SUCCESS;
}
DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT d, PUNICODE_STRING p) { return Keep((PHOLDER)d, p); }
"""
RELEASES = """#include <ntddk.h>
typedef struct _HOLDER { PMDL Mdl; } HOLDER, *PHOLDER;
VOID Drop(PHOLDER Holder) { IoFreeMdl(Holder->Mdl); }
NTSTATUS Keep(PHOLDER Holder, PVOID Buffer);
NTSTATUS Both(PHOLDER Holder, PVOID Buffer) { return Keep(Holder, Buffer); }
"""


class PrecisionTest(MdlcheckTest):
    def run_on(self, *args):
        return self.run_mdlcheck(*args, "--", *FLAGS)

    def test_formats(self):
        self.write("keep.c", KEEPS)
        args = ["--whole-program", "keep.c"]
        log = json.loads(self.run_on("--format=json", *args).out)
        [finding] = log["findings"]
        self.assertEqual((finding["rule"], finding["line"], finding["precision"]),
                         ("mdl-leak", 9, "medium"))
        self.assertIn("_HOLDER::Mdl", finding["message"])
        sarif = json.loads(self.run_on("--format=sarif", *args).out)
        [result] = sarif["runs"][0]["results"]
        self.assertEqual(result["properties"]["precision"], "medium")
        self.assertIn("note: of medium precision", self.run_on(*args).out)

    def test_other_findings_are_sure(self):
        self.write("twice.c", "#include <ntddk.h>\n"
                   "VOID F(PMDL m) { IoFreeMdl(m); IoFreeMdl(m); }\n")
        log = json.loads(self.run_on("--format=json", "twice.c").out)
        self.assertEqual([f["precision"] for f in log["findings"]], ["high"])
        self.assertNotIn("precision", self.run_on("twice.c").out)

    def test_only_a_whole_program_says_so(self):
        self.write("keep.c", KEEPS)
        self.assertEqual(self.run_on("--unit-only", "keep.c").code, 0)
        self.write("drop.c", RELEASES)
        self.assertEqual(self.run_on("--whole-program", "keep.c", "drop.c").code, 0)

    def test_not_where_something_was_not_seen(self):
        self.write("keep.c", KEEPS + "VOID Elsewhere(PHOLDER Holder);\n"
                   "VOID G(PHOLDER h) { Elsewhere(h); }\n")
        self.assertEqual(self.run_on("--whole-program", "keep.c").code, 0)
        self.write("keep.c", KEEPS)
        self.write("broken.c", "int f( {\n")
        broken = self.run_on("--whole-program", "--format=json", "keep.c", "broken.c")
        self.assertEqual((broken.code, json.loads(broken.out)["findings"]), (2, []))


if __name__ == "__main__":
    unittest.main()
