"""What the end-to-end tests share: a scratch directory, and mdlcheck in it.

The binary is $MDLCHECK. Every test gets a directory of its own, so tests can
run at the same time. Sources are compiled against the mingw-w64 DDK headers.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

MDLCHECK = os.environ.get("MDLCHECK", "mdlcheck")
ROOT = pathlib.Path(__file__).resolve().parents[2]

DEFINES = ["-D_WIN64", "-D_AMD64_", "-D_KERNEL_MODE"]
INCLUDES = ["-isystem", "/usr/share/mingw-w64/include",
            "-isystem", "/usr/share/mingw-w64/include/ddk"]
FLAGS = ["--target=x86_64-w64-windows-gnu", "-fms-extensions"] + INCLUDES + DEFINES

# One function with one mistake of severity "error", on the line with TWICE.
DOUBLE_UNLOCK = """\
#include <ntddk.h>

NTSTATUS Twice(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    MmUnlockPages(mdl); /* TWICE */
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
"""
DOUBLE_UNLOCK_LINE = 15

# One function with one mistake of severity "warning".
LEAK = """\
#include <ntddk.h>

NTSTATUS Leaks(PVOID Buffer, ULONG Length, ULONG *Size)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *Size = MmGetMdlByteCount(mdl);
    return STATUS_SUCCESS;
}
"""

CLEAN = """\
#include <ntddk.h>

NTSTATUS Clean(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
"""


class Run:
    """The outcome of one run."""

    def __init__(self, completed):
        self.code = completed.returncode
        self.out = completed.stdout.decode("utf-8", "replace")
        self.err = completed.stderr.decode("utf-8", "replace")

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


class MdlcheckTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mdlcheck e2e ")).resolve()
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.cache = pathlib.Path(tempfile.mkdtemp(prefix="mdlcheck cache "))
        self.addCleanup(shutil.rmtree, self.cache, ignore_errors=True)

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")
        return path

    def database(self, entries, where="."):
        """Entries are files, compiled with FLAGS, or whole entries."""
        full = []
        for entry in entries:
            if not isinstance(entry, dict):
                entry = {"directory": str(self.dir), "file": str(entry),
                         "arguments": ["clang", *FLAGS, "-c", str(entry)]}
            full.append(entry)
        return self.write(pathlib.Path(where) / "compile_commands.json",
                          json.dumps(full))

    def run_mdlcheck(self, *args, cwd=None, env=None, **kwargs):
        environment = dict(os.environ, MDLCHECK_VERIFY="1",
                           MDLCHECK_CACHE_DIR=str(self.cache))
        environment.pop("NO_COLOR", None)
        environment.update(env or {})
        run = Run(subprocess.run(
            [MDLCHECK, *map(str, args)], cwd=cwd or self.dir, env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=300, **kwargs))
        # A crash is never what a test expects.
        self.assertIn(run.code, (0, 1, 2), run)
        self.assertNotIn("Stack dump", run.err, run)
        return run

    def analyse(self, *args, **kwargs):
        """With the flags of this test on the command line."""
        return self.run_mdlcheck(*args, "--", *FLAGS, **kwargs)

    def assert_bad_input(self, run, *needles):
        """Exit code 2, nothing on stdout, and one line that says why."""
        self.assertEqual(run.code, 2, run)
        self.assertEqual(run.out, "", run)
        lines = run.err.strip().splitlines()
        self.assertEqual(len(lines), 1, run)
        self.assertTrue(lines[0].startswith("mdlcheck: error: "), run)
        for needle in needles:
            self.assertIn(needle, lines[0], run)


def rules_of(run):
    """The rules of the findings in JSON output, in order."""
    return [finding["rule"] for finding in json.loads(run.out)["findings"]]
