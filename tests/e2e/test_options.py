"""Every option of the command line, and the exit codes."""

import json
import os
import subprocess
import unittest

from harness import (CLEAN, DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, FLAGS, LEAK,
                     MDLCHECK, MdlcheckTest, rules_of)


class HelpTest(MdlcheckTest):
    def test_help_documents_every_exit_code(self):
        run = self.run_mdlcheck("--help")
        self.assertEqual((run.code, run.err), (0, ""))
        for text in ("usage: mdlcheck", "  0  ", "  1  ", "  2  ", "--format=",
                     "--rules=", "--fail-on=", "-p BUILD_DIR", "-j N"):
            self.assertIn(text, run.out)
        self.assertLessEqual(max(map(len, run.out.splitlines())), 80)
        self.assertEqual(self.run_mdlcheck("-h").out, run.out)

    def test_version(self):
        run = self.run_mdlcheck("--version")
        self.assertEqual(run.code, 0)
        self.assertRegex(run.out, r"^mdlcheck \d+\.\d+\.\d+\n  LLVM version \d+\.\d+\.\d+\n$")

    def test_options_of_llvm_are_not_ours(self):
        for option in ("--debug-pass=Structure", "-print-after-all", "-O2"):
            self.assert_bad_input(self.run_mdlcheck(option), option)


class WholeProgramTest(MdlcheckTest):
    """A helper in another file frees what its caller frees again."""

    USER = """\
#include <ntddk.h>
VOID Release(PMDL Mdl);

VOID Twice(PMDL Mdl)
{
    Release(Mdl);
    IoFreeMdl(Mdl);
}
"""
    HELPER = """\
#include <ntddk.h>
VOID Release(PMDL Mdl)
{
    IoFreeMdl(Mdl);
}
"""

    def setUp(self):
        super().setUp()
        self.write("user.c", self.USER)
        self.write("helper.c", self.HELPER)

    def findings(self, *args):
        run = self.run_mdlcheck("--format=json", "--quiet", *args)
        self.assertIn(run.code, (0, 1), run.err)
        return [(f["rule"], f["file"], f["line"])
                for f in json.loads(run.out)["findings"]]

    def test_files_are_seen_together_when_asked_for(self):
        files = ["user.c", "helper.c"]
        self.assertEqual(self.findings("--whole-program", *files, "--", *FLAGS),
                         [("mdl-double-free", "user.c", 7)])
        self.assertEqual(self.findings("--unit-only", *files, "--", *FLAGS), [])
        self.assertEqual(self.findings(*files, "--", *FLAGS), [])

    def test_all_files_of_a_database_are_a_program(self):
        self.write("compile_commands.json", json.dumps(
            [{"directory": str(self.dir), "file": name,
              "arguments": ["clang", *FLAGS, "-c", name]}
             for name in ("user.c", "helper.c")]))
        found = [("mdl-double-free", "user.c", 7)]
        self.assertEqual(self.findings("-p", "."), found)
        self.assertEqual(self.findings("-p", ".", "--unit-only"), [])
        self.assertEqual(self.findings("-p", ".", "user.c"), [])

    def test_order_and_threads_do_not_matter(self):
        runs = {self.run_mdlcheck("--whole-program", *args, "--", *FLAGS).out
                for args in (["-j1", "user.c", "helper.c"],
                             ["-j2", "helper.c", "user.c"])}
        self.assertEqual(len(runs), 1)
        self.assertIn("mdl-double-free", runs.pop())

    def test_the_two_exclude_each_other(self):
        self.assert_bad_input(
            self.run_mdlcheck("--unit-only", "--whole-program", "user.c"),
            "exclude each other")


class BadUsageTest(MdlcheckTest):
    def test_unknown_option_names_the_nearest(self):
        self.assert_bad_input(self.run_mdlcheck("--fromat=json"),
                              "unknown option '--fromat=json'",
                              "did you mean '--format'?")
        self.assert_bad_input(self.run_mdlcheck("--zebra"), "mdlcheck --help")

    def test_bad_values(self):
        for args, needle in [
                (["--format=xml"], "text, sarif, json, github, gitlab or html"),
                (["--sarif"], "--sarif=FILE"),
                (["--fail-on=never"], "none, note, warning or error"),
                (["--color=blue"], "auto, always or never"),
                (["-j", "many"], "number of threads"),
                (["-j", "-1"], "number of threads"),
                (["-jx"], "unknown option"),
                (["--format"], "--format=text|sarif|json|github|gitlab|html"),
                (["--rules", "--"], "needs a value"),
                (["-o"], "-o FILE"),
                (["-p"], "-p BUILD_DIR"),
                (["--quiet=yes"], "takes no value"),
                (["-output", "x"], "unknown option"),
                (["--contracts="], "empty value"),
                ([""], "empty file name"),
                (["-"], "standard input"),
        ]:
            with self.subTest(args=args):
                self.assert_bad_input(self.run_mdlcheck(*args), needle)

    def test_flags_without_files(self):
        self.assert_bad_input(self.run_mdlcheck("--", "-DX"), "FILE... -- FLAGS")


class RulesTest(MdlcheckTest):
    def test_list_and_explain_every_rule(self):
        run = self.run_mdlcheck("--list-rules")
        self.assertEqual((run.code, run.err), (0, ""))
        ids = [line.split()[0] for line in run.out.splitlines()]
        self.assertIn("mdl-double-unlock", ids)
        self.assertEqual(len(ids), len(set(ids)))
        for rule in ids:
            with self.subTest(rule=rule):
                page = self.run_mdlcheck("--explain", rule)
                self.assertEqual((page.code, page.err), (0, ""))
                self.assertTrue(page.out.startswith(rule + ": "), page)
                # More than the catalogue says: the rule's page.
                self.assertGreater(len(page.out.splitlines()), 10, page)

    def test_explain_in_colour(self):
        plain = self.run_mdlcheck("--explain=mdl-leak")
        self.assertNotIn("\033", plain.out)
        colour = self.run_mdlcheck("--explain=mdl-leak", "--color=always")
        self.assertIn("\033[", colour.out)

    def test_explain_unknown(self):
        self.assert_bad_input(self.run_mdlcheck("--explain", "mdl-leek"),
                              "did you mean 'mdl-leak'?")

    def test_rules(self):
        self.write("a.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1])
        both = {"mdl-double-unlock", "mdl-leak"}
        for rules, expected in [
                ("*", both),
                ("mdl-*", both),
                ("mdl-double-unlock", {"mdl-double-unlock"}),
                ("mdl-leak,mdl-double-*", both),
                ("-mdl-leak", {"mdl-double-unlock"}),
                ("mdl-*,-mdl-leak", {"mdl-double-unlock"}),
                ("*,-mdl-*", set()),
                ("mdl-pages-leak", {"mdl-leak"}),  # an alias
        ]:
            with self.subTest(rules=rules):
                run = self.analyse("--format=json", f"--rules={rules}", "a.c")
                self.assertEqual(set(rules_of(run)), expected, run)
                self.assertEqual(run.code, 1 if expected else 0, run)

    def test_unknown_rules(self):
        self.write("a.c", CLEAN)
        self.assert_bad_input(self.analyse("--rules=mdl-leek", "a.c"),
                              "unknown rule 'mdl-leek'; did you mean 'mdl-leak'?")
        self.assert_bad_input(self.analyse("--rules=zebra-*", "a.c"),
                              "no rule matches 'zebra-*'")
        self.assert_bad_input(self.analyse("--rules=,", "a.c"), "names no rule")


class ExitCodeTest(MdlcheckTest):
    def test_clean_is_0(self):
        self.write("a.c", CLEAN)
        run = self.analyse("a.c")
        self.assertEqual((run.code, run.out), (0, ""), run)
        self.assertEqual(run.err, "0 findings in 1 function of 1 file\n")

    def test_finding_is_1(self):
        self.write("a.c", DOUBLE_UNLOCK)
        run = self.analyse("a.c")
        self.assertEqual(run.code, 1, run)
        self.assertEqual(run.err, "1 finding in 1 function of 1 file\n")

    def test_fail_on(self):
        self.write("error.c", DOUBLE_UNLOCK)
        self.write("warning.c", LEAK)
        for value, error, warning in [("none", 0, 0), ("note", 1, 1),
                                      ("warning", 1, 1), ("error", 1, 0)]:
            with self.subTest(value=value):
                run = self.analyse(f"--fail-on={value}", "error.c")
                self.assertEqual(run.code, error, run)
                self.assertNotEqual(run.out, "")
                run = self.analyse(f"--fail-on={value}", "warning.c")
                self.assertEqual(run.code, warning, run)

    def test_errors_win_over_findings(self):
        self.write("a.c", DOUBLE_UNLOCK + "\nNO_SUCH_TYPE Bad(void) { return 1; }\n")
        for option in ("--fail-on=warning", "--fail-on=none"):
            run = self.analyse(option, "a.c")
            self.assertEqual(run.code, 2, run)
            self.assertIn("[mdl-double-unlock]", run.out, run)


class TextTest(MdlcheckTest):
    def test_reads_like_clang(self):
        self.write("a.c", DOUBLE_UNLOCK)
        run = self.analyse("a.c")
        lines = run.out.splitlines()
        self.assertRegex(
            lines[0], rf"^a\.c:{DOUBLE_UNLOCK_LINE}:5: error: .*'mdl'.* "
            r"\[mdl-double-unlock\]$")
        self.assertEqual(lines[1], "   15 |     MmUnlockPages(mdl); /* TWICE */")
        self.assertRegex(lines[2], r"^      \|     \^~+$")
        notes = [line for line in lines if ": note: " in line]
        # The branch taken, the lock, the unlock; and what it saves from.
        self.assertRegex("\n".join(notes), r"a\.c:9:\d+: note: ")
        self.assertRegex("\n".join(notes), r"a\.c:14:\d+: note: ")
        self.assertEqual(sum("prevents bug check 0x76 PROCESS_HAS_LOCKED_PAGES"
                             in note for note in notes), 1, run)

    def test_paths_are_relative_to_the_current_directory(self):
        self.write("src/a.c", DOUBLE_UNLOCK)
        (self.dir / "other").mkdir()
        run = self.analyse(self.dir / "src/a.c")
        self.assertTrue(run.out.startswith("src/a.c:15:"), run)
        run = self.analyse("../src/a.c", cwd=self.dir / "other")
        self.assertTrue(run.out.startswith(f"{self.dir}/src/a.c:15:"), run)

    def test_color(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.assertNotIn("\033", self.analyse("a.c").out)
        self.assertIn("\033[", self.analyse("--color=always", "a.c").out)
        self.assertNotIn("\033", self.analyse("--color=never", "a.c").out)
        # Colour belongs to text.
        run = self.analyse("--color=always", "--format=json", "a.c")
        self.assertNotIn("\033", run.out)

    def on_terminal(self, *args, **env):
        """Output and exit code with a terminal on stdout and stderr."""
        import pty
        try:
            pid, fd = pty.fork()
        except OSError as error:  # a container without /dev/pts
            self.skipTest(str(error))
        if pid == 0:
            os.chdir(self.dir)
            os.environ.pop("NO_COLOR", None)
            os.environ.update(TERM="xterm", **env)
            os.execvp(MDLCHECK, [MDLCHECK, *args, "--", *FLAGS])
        data = b""
        while True:
            try:
                chunk = os.read(fd, 65536)
            except OSError:
                break
            if not chunk:
                break
            data += chunk
        os.close(fd)
        return data.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_terminal(self):
        self.write("a.c", DOUBLE_UNLOCK)
        out, code = self.on_terminal("a.c")
        self.assertEqual(code, 1)
        self.assertIn("[1/1] a.c", out)
        self.assertIn("\033[0;1;31merror: ", out)
        out, _ = self.on_terminal("--quiet", "a.c")
        self.assertNotIn("[1/1]", out)
        out, _ = self.on_terminal("--quiet", "a.c", NO_COLOR="1")
        self.assertNotIn("\033", out)
        out, _ = self.on_terminal("--quiet", "a.c", TERM="dumb")
        self.assertNotIn("\033", out)

    def test_quiet(self):
        self.write("a.c", DOUBLE_UNLOCK)
        loud = self.analyse("a.c")
        quiet = self.analyse("--quiet", "a.c")
        self.assertEqual((quiet.out, quiet.err), (loud.out, ""))

    def test_no_progress_without_a_terminal(self):
        self.write("a.c", CLEAN)
        self.assertNotIn("[1/1]", self.analyse("a.c").err)


class OtherOptionsTest(MdlcheckTest):
    def test_output_file(self):
        self.write("a.c", DOUBLE_UNLOCK)
        expected = self.analyse("a.c").out
        run = self.analyse("-o", "out.txt", "a.c")
        self.assertEqual((run.code, run.out), (1, ""), run)
        self.assertEqual((self.dir / "out.txt").read_text(), expected)
        self.assertEqual(self.analyse("-o", "-", "a.c").out, expected)
        self.analyse("-o=other.txt", "a.c")
        self.assertEqual((self.dir / "other.txt").read_text(), expected)

    def test_unwritable_output(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.assert_bad_input(self.analyse("-o", "no/such/dir/x", "a.c"),
                              "no/such/dir/x", "cannot be written")
        self.assert_bad_input(self.analyse("-o", ".", "a.c"), "cannot be written")

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_full_disk(self):
        self.write("a.c", DOUBLE_UNLOCK)
        run = self.analyse("-o", "/dev/full", "--quiet", "a.c")
        self.assert_bad_input(run, "/dev/full", "cannot be written")
        with open("/dev/full", "w") as full:
            code = subprocess.run([MDLCHECK, "a.c", "--", *FLAGS], cwd=self.dir,
                                  stdout=full, stderr=subprocess.DEVNULL).returncode
        self.assertEqual(code, 2)

    def test_reader_that_goes_away(self):
        self.write("a.c", DOUBLE_UNLOCK)
        for options in ([], ["--format=sarif"]):
            read, write = os.pipe()
            os.close(read)
            done = subprocess.run([MDLCHECK, *options, "a.c", "--", *FLAGS],
                                  cwd=self.dir, stdout=write, stderr=subprocess.PIPE)
            os.close(write)
            self.assertEqual(done.returncode, 1, done)
            self.assertNotIn(b"Stack dump", done.stderr)

    def test_closed_streams(self):
        self.write("a.c", DOUBLE_UNLOCK)
        for redirect in (">&-", "2>&-", ">&- 2>&-", "<&-"):
            code = subprocess.run(
                ["sh", "-c", f'"$0" "$@" {redirect}', MDLCHECK, "a.c", "--", *FLAGS],
                cwd=self.dir, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode
            self.assertIn(code, (1, 2), redirect)

    def test_coverage(self):
        self.write("a.c", CLEAN + """
void Unknown(PMDL);
void Uses(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl != NULL)
        Unknown(mdl);
}
void Broken(void)
{
    NO_SUCH_TYPE x;
}
""")
        run = self.analyse("--coverage", "a.c")
        self.assertIn("coverage: 2 of 3 functions analysed\n", run.out)
        self.assertRegex(run.out, r"not analysed: 1\n  a\.c:\d+: Broken: ")
        self.assertIn("  Unknown, 1 call\n", run.out)
        self.assertIn("1 function was left out\n", run.err)
        run = self.analyse("a.c")
        self.assertNotIn("coverage:", run.out)
        self.assertIn("1 function was left out (--coverage names it)", run.err)

    def test_stats(self):
        self.write("a.c", CLEAN)
        run = self.analyse("--stats", "a.c")
        self.assertRegex(run.err, r"time: \d+\.\d+ s parsing, ")
        self.assertRegex(run.err, r"graph: \d+ blocks")
        self.assertEqual(run.out, "")

    def test_dump_ir(self):
        self.write("a.c", CLEAN)
        run = self.analyse("--dump-ir", "a.c")
        self.assertEqual((run.code, run.err), (0, ""), run)
        self.assertIn("IoAllocateMdl", run.out)
        self.assertNotIn("finding", run.out)
        self.write("bad.c", "int f(void) { return NO_SUCH; }\n")
        run = self.analyse("--dump-ir", "bad.c")
        self.assertEqual(run.code, 2, run)
        self.assertIn("bad.c:1:", run.err)

    def test_response_file(self):
        self.write("a file.c", DOUBLE_UNLOCK)
        self.write("args", '--format=json\n"a file.c"\n--\n' +
                   "\n".join(FLAGS))
        run = self.run_mdlcheck("@args")
        self.assertEqual(rules_of(run), ["mdl-double-unlock"], run)
        self.assert_bad_input(self.run_mdlcheck("@none"), "none",
                              "no such response file")

    def test_option_spellings(self):
        self.write("a.c", CLEAN)
        for options in (["--format", "json"], ["-format=json"], ["--format=json"],
                        ["-format", "json"]):
            run = self.analyse(*options, "a.c")
            self.assertEqual(json.loads(run.out)["findings"], [])
        for options in (["-j1"], ["-j", "1"], ["-j=2"], ["-j0"]):
            self.assertEqual(self.analyse(*options, "a.c").code, 0)

    def test_contracts(self):
        self.write("a.c", """\
#include <ntddk.h>
void ReleasePages(PMDL Mdl);
NTSTATUS Wrapped(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    ReleasePages(Mdl);
    MmUnlockPages(Mdl);
    return STATUS_SUCCESS;
}
""")
        self.assertEqual(self.analyse("--rules=mdl-double-unlock", "a.c").code, 0)
        self.write("mine.yaml", """\
ddis:
  ReleasePages:
    params: [Mdl]
    outcomes:
      - returns: {Mdl.pages: unlocked}
""")
        run = self.analyse("--contracts", "mine.yaml", "--rules=mdl-*unlock*", "a.c")
        self.assertEqual(run.code, 1, run)
        self.assertIn("a.c:11:", run.out)

    def test_bad_contract_files(self):
        self.write("a.c", CLEAN)
        self.assert_bad_input(self.analyse("--contracts", "none.yaml", "a.c"),
                              "none.yaml")
        (self.dir / "folder").mkdir()
        self.assert_bad_input(self.analyse("--contracts", "folder", "a.c"), "folder")
        self.write("bad.yaml", "ddis:\n  F: {params: [a\n")
        self.assert_bad_input(self.analyse("--contracts", "bad.yaml", "a.c"),
                              "bad.yaml:")
        self.write("wrong.yaml", "ddis:\n  F:\n    zebra: 1\n")
        self.assert_bad_input(self.analyse("--contracts", "wrong.yaml", "a.c"),
                              "wrong.yaml:", "zebra")
        self.write("garbage.yaml", bytes(range(256)))
        self.assert_bad_input(self.analyse("--contracts", "garbage.yaml", "a.c"),
                              "garbage.yaml")


if __name__ == "__main__":
    unittest.main()
