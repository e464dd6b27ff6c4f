"""What is kept between runs: that it is used, and that it never shows."""

import concurrent.futures
import json
import os
import re
import subprocess
import time

from harness import (CLEAN, DOUBLE_UNLOCK, FLAGS, LEAK, MDLCHECK, MdlcheckTest,
                     rules_of)

HELPER = """\
#include <ntddk.h>
#include "driver.h"

VOID Release(PMDL Mdl)
{
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}
"""
USER = """\
#include <ntddk.h>
#include "driver.h"

NTSTATUS Use(PVOID Buffer, ULONG Length)
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
    Release(mdl);
    return STATUS_SUCCESS;
}
"""


class CacheTest(MdlcheckTest):
    def setUp(self):
        super().setUp()
        self.write("driver.h", "VOID Release(PMDL Mdl);\n")
        self.write("helper.c", HELPER)
        self.write("user.c", USER)
        self.write("twice.c", DOUBLE_UNLOCK)
        self.database(["helper.c", "user.c", "twice.c"])

    def check(self, *args, env=None):
        """A run over the database: its JSON, and how much it did."""
        run = self.run_mdlcheck("-p", ".", "--format=json", "--stats", *args, env=env)
        work = re.search(r"work: (\d+) of \d+ jobs? parsed, (\d+) of", run.err)
        self.assertTrue(work, run)
        return run, (int(work[1]), int(work[2]))

    def files(self):
        return sorted(path for path in self.cache.rglob("*") if path.is_file())

    def test_second_run_does_nothing(self):
        # A whole program begins with what its files came to by themselves.
        for scope, first, analysed in (("--unit-only", 3, 3), ("--whole-program", 2, 5)):
            cold, work = self.check(scope, "-j1")
            self.assertEqual(work[1], first, cold)
            warm, work = self.check(scope, "-j2")
            self.assertEqual(work, (0, 0), warm)
            self.assertEqual(warm.out, cold.out)
            self.assertEqual(warm.code, cold.code)
            without, work = self.check(scope, "--no-cache")
            self.assertEqual(work, (3, analysed), without)
            self.assertEqual(without.out, cold.out)

    def test_modes_share_what_was_parsed(self):
        self.check("--unit-only")
        _, work = self.check("--whole-program")
        self.assertEqual(work, (0, 2))

    def test_one_file_changed(self):
        self.check("--unit-only")
        self.write("helper.c", HELPER + "\nVOID Other(VOID) {}\n")
        run, work = self.check("--unit-only")
        self.assertEqual(work, (1, 1), run)
        self.write("twice.c", CLEAN)
        run, work = self.check("--unit-only")
        self.assertEqual(work, (1, 1), run)
        self.assertEqual(rules_of(run), [])
        # Back to what it was: known from before.
        self.write("twice.c", DOUBLE_UNLOCK)
        run, work = self.check("--unit-only")
        self.assertEqual(work, (0, 0), run)
        self.assertEqual(rules_of(run), ["mdl-double-unlock"])

    def test_a_change_shows_at_once(self):
        # Of the same size, in the same moment.
        path = self.write("twice.c", DOUBLE_UNLOCK)
        for _ in range(3):
            self.assertEqual(rules_of(self.check()[0]), ["mdl-double-unlock"])
            path.write_text(DOUBLE_UNLOCK.replace(
                "MmUnlockPages(mdl); /* TWICE", "/*Unlock  (mdl);    TWICE"))
            self.assertEqual(rules_of(self.check()[0]), [])
            path.write_text(DOUBLE_UNLOCK)

    def test_touched_is_not_changed(self):
        self.check("--unit-only")
        os.utime(self.dir / "user.c", (1, 1))
        self.assertEqual(self.check("--unit-only")[1], (0, 0))

    def test_header_changed(self):
        self.check("--unit-only")
        self.write("driver.h", "VOID Release(PMDL Mdl);\n#define X 1\n")
        run, work = self.check("--unit-only")
        self.assertEqual(work[0], 2, run)

    def test_header_that_hides_another(self):
        self.write("later/own.h", "#define LEAKS 0\n")
        (self.dir / "first").mkdir()
        self.write("a.c", '#include "own.h"\n#if LEAKS\n' + LEAK + "#endif\n")
        flags = ["-Ifirst", "-Ilater", *FLAGS]
        args = ("--format=json", "--stats", "a.c", "--", *flags)
        self.assertEqual(rules_of(self.run_mdlcheck(*args)), [])
        self.assertIn("0 of 1 job parsed", self.run_mdlcheck(*args).err)
        self.write("first/own.h", "#define LEAKS 1\n")
        run = self.run_mdlcheck(*args)
        self.assertIn("1 of 1 job parsed", run.err)
        self.assertEqual(rules_of(run), ["mdl-leak"])
        (self.dir / "first/own.h").unlink()
        self.assertEqual(rules_of(self.run_mdlcheck(*args)), [])

    def test_missing_header_appears(self):
        self.write("a.c", '#include "own.h"\n' + CLEAN)
        run = self.analyse("a.c")
        self.assertEqual(run.code, 2, run)
        again = self.analyse("--stats", "a.c")
        self.assertEqual(again.code, 2, again)
        self.assertIn("0 of 1 job parsed", again.err)
        self.assertIn("own.h", again.err)
        self.write("own.h", "")
        run = self.analyse("a.c")
        self.assertEqual(run.code, 0, run)

    def test_overlay_changed(self):
        self.write("real1.h", "#define LEAKS 0\n")
        self.write("real2.h", "#define LEAKS 1\n")
        self.write("a.c", '#include "own.h"\n#if LEAKS\n' + LEAK + "#endif\n")

        def overlay(target):
            self.write("overlay.yaml", json.dumps({"version": 0, "roots": [
                {"type": "file", "name": str(self.dir / "own.h"),
                 "external-contents": str(self.dir / target)}]}))
        args = ("--format=json", "a.c", "--", "-ivfsoverlay", "overlay.yaml", *FLAGS)
        overlay("real1.h")
        self.assertEqual(rules_of(self.run_mdlcheck(*args)), [])
        overlay("real2.h")
        self.assertEqual(rules_of(self.run_mdlcheck(*args)), ["mdl-leak"])

    def test_flags_and_contracts_count(self):
        self.write("a.c", "#if LEAKS\n" + LEAK + "#endif\n")
        self.assertEqual(self.analyse("a.c").code, 0)
        run = self.run_mdlcheck("a.c", "--", "-DLEAKS", *FLAGS)
        self.assertEqual(run.code, 1, run)
        contract = ("ddis:\n  Release:\n    params: [Mdl]\n    outcomes:\n"
                    "      - returns: {}\n")
        self.write("mine.yaml", contract)
        self.check("--unit-only")
        run, work = self.check("--unit-only", "--contracts", "mine.yaml")
        self.assertEqual(work, (0, 3), run)

    def test_damaged_entries_are_made_again(self):
        good, _ = self.check("--whole-program")
        for damage in (lambda data: data[:len(data) // 2], lambda data: b"",
                       lambda data: b"nonsense",
                       lambda data: data[:-9] + bytes([data[-9] ^ 4]) + data[-8:]):
            for path in self.files():
                path.write_bytes(damage(path.read_bytes()))
            run, work = self.check("--whole-program")
            self.assertEqual(run.out, good.out)
            self.assertEqual(work, (3, 5), run)
            self.assertEqual(self.check("--whole-program")[1], (0, 0))

    def test_damaged_units_alone(self):
        good, _ = self.check("--unit-only")
        for path in self.files():
            if path.suffix != ".manifest":
                path.write_bytes(path.read_bytes()[:-1])
        run, work = self.check("--unit-only")
        self.assertEqual((run.out, work), (good.out, (3, 3)))

    def test_entries_that_are_something_else(self):
        good, _ = self.check("--unit-only")
        for path in self.files():
            path.unlink()
            path.mkdir()
        run, _ = self.check("--unit-only")
        self.assertEqual(run.out, good.out)

    def test_foreign_files_stay(self):
        note = self.cache / "ab" / "note.txt"
        note.parent.mkdir()
        note.write_text("x" * 5000)
        (self.cache / "README").write_text("mine")
        self.check("--cache-size=1")
        self.assertEqual(note.read_text(), "x" * 5000)
        self.assertEqual((self.cache / "README").read_text(), "mine")

    def test_size_is_bounded(self):
        self.check()
        all_of_it = sum(path.stat().st_size for path in self.files())
        bound = all_of_it * 2
        for number in range(6):
            self.write("twice.c", DOUBLE_UNLOCK + f"VOID More{number}(VOID) {{}}\n")
            self.check(f"--cache-size={bound}")
            size = sum(path.stat().st_size for path in self.files())
            self.assertLessEqual(size, bound)
        # The last run is still there: what goes is what is old.
        self.assertEqual(self.check(f"--cache-size={bound}")[1], (0, 0))

    def test_two_processes_at_once(self):
        def once(_):
            return subprocess.run(
                [MDLCHECK, "-p", ".", "--format=json", "--quiet"], cwd=self.dir,
                env=dict(os.environ, MDLCHECK_CACHE_DIR=str(self.cache)),
                capture_output=True, timeout=300)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            runs = list(pool.map(once, range(6)))
        self.assertEqual({(run.returncode, run.stdout, run.stderr) for run in runs},
                         {(1, runs[0].stdout, b"")})
        self.assertFalse([path for path in self.files() if "writing" in path.name])
        self.assertEqual(self.check()[1], (0, 0))

    def test_temporaries_of_dead_writers_go(self):
        old = self.cache / "writing-0123456789ab"
        old.write_bytes(b"half")
        os.utime(old, (time.time() - 7200,) * 2)
        new = self.cache / "writing-ba9876543210"
        new.write_bytes(b"half")
        self.check()
        self.assertEqual((old.exists(), new.exists()), (False, True))

    def test_directory_that_cannot_be_made(self):
        self.write("file", "")
        run, work = self.check("--cache", "file/inside")
        self.assertIn("mdlcheck: warning: the cache directory 'file/inside' "
                      "cannot be made; nothing is kept", run.err)
        self.assertEqual(rules_of(run), ["mdl-double-unlock"])
        # Nobody asked for this one.
        run, _ = self.check(env={"MDLCHECK_CACHE_DIR": "file/inside"})
        self.assertNotIn("warning", run.err)

    def test_read_only_directory(self):
        good, _ = self.check("--unit-only")
        self.write("twice.c", CLEAN)
        # Root may write anywhere: files stand where directories should be.
        for number in range(256):
            path = self.cache / f"{number:02x}"
            if not path.exists():
                path.write_text("in the way")
        before = self.files()
        run, work = self.check("--unit-only", "--cache", str(self.cache))
        self.assertEqual(work, (1, 1), run)
        self.assertEqual(rules_of(run), [])
        if "warning" in run.err:
            self.assertIn("cannot be written; what is new was not kept", run.err)
        self.assertLessEqual(len(before), len(self.files()))

    def test_moved_to_another_place(self):
        self.check("--unit-only")
        other = self.cache.rename(self.cache.with_name(self.cache.name + " 2"))
        self.addCleanup(other.rename, self.cache)
        _, work = self.check("--unit-only", "--cache", str(other))
        self.assertEqual(work, (0, 0))
