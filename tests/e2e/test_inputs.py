"""Compile databases of every make, and input that is no good."""

import json
import os
import re
import shlex
import unittest

from harness import (CLEAN, DEFINES, DOUBLE_UNLOCK, FLAGS, INCLUDES, LEAK,
                     MdlcheckTest, rules_of)


class DatabaseTest(MdlcheckTest):
    def test_all_files_of_the_database(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.write("b.c", LEAK)
        self.database(["a.c", "b.c"])
        for args, cwd in ([(["-p", "."], self.dir), ([], self.dir),
                           (["-p", "compile_commands.json"], self.dir)]):
            run = self.run_mdlcheck("--format=json", *args, cwd=cwd)
            self.assertEqual(rules_of(run), ["mdl-double-unlock", "mdl-leak"], run)

    def test_database_is_looked_for_above(self):
        self.write("src/deep/a.c", DOUBLE_UNLOCK)
        self.database(["src/deep/a.c"])
        for args, cwd in ([([], "src/deep"), (["a.c"], "src/deep"),
                           (["src/deep/a.c"], ".")]):
            run = self.run_mdlcheck("--format=json", *args, cwd=self.dir / cwd)
            self.assertEqual(rules_of(run), ["mdl-double-unlock"], run)

    def test_files_of_two_databases(self):
        for name in ("one", "two"):
            self.write(f"{name}/a.c", "#ifdef TWICE\n" + DOUBLE_UNLOCK + "#endif\n")
            self.database([{"directory": str(self.dir / name), "file": "a.c",
                            "arguments": ["clang", *FLAGS, "-DTWICE", "-c", "a.c"]}],
                          where=name)
        run = self.run_mdlcheck("--format=json", "one/a.c", "two/a.c")
        self.assertEqual([f["file"] for f in json.loads(run.out)["findings"]],
                         ["one/a.c", "two/a.c"], run)

    def test_only_the_named_files(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.write("b.c", LEAK)
        self.database(["a.c", "b.c"])
        run = self.run_mdlcheck("--format=json", "-p", ".", "b.c")
        self.assertEqual(rules_of(run), ["mdl-leak"], run)
        self.assertEqual(json.loads(run.out)["files"], ["b.c"])

    def test_header_is_analysed_like_its_neighbour(self):
        self.write("a.c", '#include "a.h"\n')
        self.write("a.h", DOUBLE_UNLOCK.replace("NTSTATUS Twice", "static NTSTATUS Twice"))
        self.database(["a.c"])
        run = self.run_mdlcheck("--format=json", "a.h")
        self.assertEqual(rules_of(run), ["mdl-double-unlock"], run)

    def test_header_finding_of_several_units_is_reported_once(self):
        self.write("inc/a.h", DOUBLE_UNLOCK.replace("NTSTATUS Twice", "static NTSTATUS Twice"))
        for name in ("a", "b", "c"):
            self.write(f"{name}.c", '#include "inc/a.h"\nvoid %s(void) { Twice(0, 0); }\n' % name)
        self.database(["a.c", "b.c", "c.c"])
        run = self.run_mdlcheck("--format=json")
        self.assertEqual([(f["rule"], f["file"]) for f in json.loads(run.out)["findings"]],
                         [("mdl-double-unlock", "inc/a.h")], run)

    def test_relative_directory(self):
        self.write("src/a.c", '#include "../inc/b.h"\n' + DOUBLE_UNLOCK)
        self.write("inc/b.h", "typedef int B;\n")
        self.database([{"directory": "../src", "file": "a.c",
                        "arguments": ["clang", *FLAGS, "-c", "a.c"]}], where="build")
        run = self.run_mdlcheck("--format=json", "-p", "build")
        self.assertEqual(rules_of(run), ["mdl-double-unlock"], run)
        self.assertEqual(json.loads(run.out)["findings"][0]["file"], "src/a.c")

    def test_command_strings_and_names_with_spaces(self):
        name = "my drivér/ä file.c"
        self.write(name, DOUBLE_UNLOCK)
        command = " ".join(map(shlex.quote, ["clang", *FLAGS, "-c", name]))
        self.database([{"directory": str(self.dir), "file": name, "command": command}])
        run = self.run_mdlcheck("--format=json")
        self.assertEqual(rules_of(run), ["mdl-double-unlock"], run)
        self.assertEqual(json.loads(run.out)["findings"][0]["file"], name)
        run = self.run_mdlcheck("--quiet")
        self.assertTrue(run.out.startswith(f"{name}:15:5: error: "), run)

    def test_gcc_style(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.database([{"directory": str(self.dir), "file": "a.c", "arguments": [
            "x86_64-w64-mingw32-gcc", "-fno-tree-vectorize", "-mno-fancy-math-387",
            "-Wno-maybe-uninitialized", *INCLUDES, *DEFINES, "-MD", "-MF", "a.d",
            "-o", "a.o", "-c", "a.c"]}])
        run = self.run_mdlcheck("--format=json")
        self.assertEqual(rules_of(run), ["mdl-double-unlock"], run)
        self.assertFalse((self.dir / "a.o").exists() or (self.dir / "a.d").exists())

    def test_clang_cl_and_cl_style(self):
        self.write("a.c", DOUBLE_UNLOCK)
        includes = ["/imsvc" if a == "-isystem" else a for a in INCLUDES]
        plain = [a for flag in INCLUDES if flag != "-isystem" for a in ("/I", flag)]
        defines = ["/D" + d[2:] for d in DEFINES]
        for arguments in (
                ["clang-cl", "--target=x86_64-pc-windows-msvc", "/nologo", "/W4",
                 "/kernel", "/Zi", *includes, *defines, "/Foa.obj", "/c", "a.c"],
                ["cl.exe", "/nologo", "/W4", "/kernel", "/Zi", "/GS", "/Gy", "/Oi",
                 *plain, *defines, "/Fo.\\", "/c", "a.c"],
                ["C:\\Program Files\\MSVC\\bin\\cl.exe", "/nologo", *plain,
                 *defines, "/c", "a.c"]):
            with self.subTest(compiler=arguments[0]):
                self.database([{"directory": str(self.dir), "file": "a.c",
                                "arguments": arguments}])
                run = self.run_mdlcheck("--format=json")
                # The mingw headers are not made for this target; the function
                # is found all the same.
                self.assertIn("mdl-double-unlock", rules_of(run), run)

    def test_vfs_overlay(self):
        header = self.write("inc/mydriver.h", "typedef PMDL MY_MDL;\n")
        self.write("overlay.yaml", json.dumps({
            "version": 0, "case-sensitive": "false", "roots": [
                {"name": str(self.dir / "inc"), "type": "directory", "contents": [
                    {"name": "MyDriver.H", "type": "file",
                     "external-contents": str(header)}]}]}))
        self.write("a.c", DOUBLE_UNLOCK.replace(
            "#include <ntddk.h>\n", "#include <ntddk.h>\n#include <MyDriver.H>\n")
            .replace("PMDL mdl", "MY_MDL mdl"))
        self.database([{"directory": str(self.dir), "file": "a.c", "arguments": [
            "clang", *FLAGS, "-ivfsoverlay", "overlay.yaml", "-Iinc", "-c", "a.c"]}])
        run = self.run_mdlcheck("--format=json")
        self.assertEqual((rules_of(run), run.code), (["mdl-double-unlock"], 1), run)

    def test_other_languages_are_left_out(self):
        self.write("a.c", CLEAN)
        self.write("x.asm", "ret\n")
        self.write("v.rc", "1 VERSIONINFO\n")
        self.database(["a.c", "x.asm", "v.rc"])
        run = self.run_mdlcheck()
        self.assertEqual((run.code, run.err),
                         (0, "0 findings in 1 function of 1 file\n"), run)

    def test_repeated_entries_count_once(self):
        self.write("a.c", CLEAN)
        self.database(["a.c", "a.c"])
        self.assertIn("1 function of 1 file", self.run_mdlcheck().err)

    def test_a_missing_file_does_not_stop_the_rest(self):
        self.write("a.c", DOUBLE_UNLOCK)
        self.database(["gone.c", "a.c"])
        run = self.run_mdlcheck("--format=json")
        self.assertEqual((rules_of(run), run.code), (["mdl-double-unlock"], 2), run)
        self.assertIn("gone.c", run.err)


class DeterminismTest(MdlcheckTest):
    def test_threads_and_order_do_not_show(self):
        names = []
        for i in range(6):
            name = f"f{i}.c"
            body = [DOUBLE_UNLOCK, LEAK, CLEAN][i % 3]
            broken = "int broken(void) { return NO_SUCH; }\n" if i % 4 == 3 else ""
            self.write(name, '#include "shared.h"\n' + body + broken)
            names.append(name)
        self.write("shared.h", DOUBLE_UNLOCK.replace("NTSTATUS Twice",
                                                     "static NTSTATUS TwiceShared")
                   + "NO_SUCH_TYPE declared;\n")
        shuffled = names[4:] + names[:4][::-1]
        for output, runs in [
                (["--format=text", "--coverage"],
                 [("-j1", shuffled), ("-j4", names), ("-j3", names[::-1] + names)]),
                (["--format=json"], [("-j4", shuffled)]),
                (["--format=sarif"], [("-j4", shuffled)])]:
            base = self.analyse(*output, "-j1", *names)
            self.assertEqual(base.code, 2, base)
            for jobs, order in runs:
                run = self.analyse(*output, jobs, *order)
                self.assertEqual((run.code, run.out, run.err),
                                 (base.code, base.out, base.err))


class BadDatabaseTest(MdlcheckTest):
    def test_none(self):
        # Databases above count, and scratch directories lie where they lie.
        if any((parent / where / "compile_commands.json").exists()
               for parent in self.dir.parents for where in ("", "build")):
            self.skipTest(f"there is a compile database above {self.dir}")
        self.write("a.c", CLEAN)
        self.assert_bad_input(self.run_mdlcheck(), "no files given", "-p")
        self.assert_bad_input(self.run_mdlcheck("a.c"), "a.c",
                              "no compile_commands.json", "-p", "--")
        self.assert_bad_input(self.run_mdlcheck("-p", ".", "a.c"),
                              f"no compile_commands.json in '{self.dir}'")
        self.assert_bad_input(self.run_mdlcheck("-p", "nowhere"), "nowhere")
        self.assert_bad_input(self.run_mdlcheck("-p", "a.c"), "a.c")

    def test_malformed(self):
        for text, needle in [
                ("", "not a compile database"),
                ("{", "not a compile database"),
                ("{}", "not a compile database"),
                ("[1]", "entry 1"),
                ("[{}]", "entry 1"),
                ('[{"file": "a.c", "directory": "/"}]', "entry 1"),
                ('[{"file": "a.c", "command": 7}]', "entry 1"),
                ("\0\1\2", "not a compile database"),
                ("[]", "lists no C or C++ files"),
        ]:
            with self.subTest(text=text):
                self.write("compile_commands.json", text)
                self.assert_bad_input(self.run_mdlcheck("-p", "."), needle)

    def test_only_other_languages(self):
        self.write("x.asm", "ret\n")
        self.database(["x.asm"])
        self.assert_bad_input(self.run_mdlcheck(), "lists no C or C++ files")

    def test_directory_that_is_gone(self):
        self.database([{"directory": "/no/such/directory", "file": "a.c",
                        "arguments": ["clang", "-c", "a.c"]}])
        run = self.run_mdlcheck("--quiet")
        self.assertEqual(run.code, 2, run)
        self.assertIn("/no/such/directory", run.err)


class BadSourceTest(MdlcheckTest):
    def test_no_such_file(self):
        self.assert_bad_input(self.analyse("none.c"), "none.c", "no such file")

    def test_directory(self):
        (self.dir / "src").mkdir()
        self.assert_bad_input(self.analyse("src"), "src", "is a directory", "-p")

    @unittest.skipIf(os.geteuid() == 0, "root can read everything")
    def test_unreadable(self):
        self.write("a.c", CLEAN).chmod(0)
        self.assert_bad_input(self.analyse("a.c"), "a.c", "cannot be read")

    def test_pipe(self):
        os.mkfifo(self.dir / "a.c")
        self.assert_bad_input(self.analyse("a.c"), "a.c: is not a regular file")

    def test_missing_header(self):
        self.write("a.c", '#include "none.h"\n' + DOUBLE_UNLOCK)
        run = self.analyse("a.c")
        self.assertEqual(run.code, 2, run)
        self.assertIn("a.c:1:10: error: 'none.h' file not found\n", run.err)
        self.assertIn("[mdl-double-unlock]", run.out)
        self.assertIn("mdlcheck: 1 error in the source\n", run.err)

    def test_unknown_type_in_one_function(self):
        self.write("a.c", "int broken(void)\n{\n    NO_SUCH_TYPE x;\n    return 0;\n}\n"
                   + DOUBLE_UNLOCK)
        run = self.analyse("a.c", "--coverage")
        self.assertEqual(run.code, 2, run)
        self.assertIn("[mdl-double-unlock]", run.out)
        self.assertRegex(run.out, r"not analysed: 1\n  a\.c:\d: broken: ")
        self.assertRegex(run.err, r"a\.c:3:5: error: .*NO_SUCH_TYPE")

    def test_syntax_error_in_one_function(self):
        self.write("a.c", DOUBLE_UNLOCK
                   + "int broken(int a)\n{\n    if (a +) { return 1; }\n    return 0;\n}\n"
                   + LEAK.split("\n", 1)[1])
        run = self.analyse("--format=json", "a.c")
        self.assertEqual((rules_of(run), run.code),
                         (["mdl-double-unlock", "mdl-leak"], 2), run)
        log = json.loads(run.out)
        self.assertFalse(log["complete"])
        self.assertEqual(log["errors"][0]["line"], 21)
        self.assertEqual([f["function"] for f in log["coverage"]["notAnalysed"]],
                         ["broken"])

    def test_errors_are_shown_once(self):
        self.write("bad.h", "NO_SUCH_TYPE x;\n")
        for name in ("a.c", "b.c"):
            self.write(name, '#include "bad.h"\n')
        run = self.analyse("a.c", "b.c")
        self.assertEqual(run.code, 2, run)
        self.assertEqual(len(re.findall(r"bad\.h:1:1: error: ", run.err)), 1, run)
        self.assertIn("mdlcheck: 1 error in the source", run.err)

    def test_garbage(self):
        self.write("a.c", bytes(range(256)) * 8)
        run = self.analyse("a.c")
        self.assertEqual((run.code, run.out), (2, ""), run)
        self.assertIn("a.c:1:", run.err)

    def test_nothing_in_it(self):
        self.write("a.c", b"")
        run = self.analyse("a.c")
        self.assertEqual((run.code, run.out, run.err),
                         (0, "", "0 findings in 0 functions of 1 file\n"), run)

    def test_bad_flags(self):
        self.write("a.c", CLEAN)
        run = self.run_mdlcheck("a.c", "--", "--no-such-flag", *FLAGS)
        self.assertIn(run.code, (0, 2), run)
        run = self.run_mdlcheck("a.c", "--", "-target", "no-such-machine")
        self.assertEqual(run.code, 2, run)
        self.assertIn("no-such-machine", run.err)

    def test_line_ends_marks_and_encodings(self):
        crlf = DOUBLE_UNLOCK.replace("\n", "\r\n").encode()
        latin = DOUBLE_UNLOCK.replace("TWICE", "TWICE \xe4").encode("latin-1")
        for name, data in [("crlf.c", crlf), ("bom.c", b"\xef\xbb\xbf" + crlf),
                           ("latin.c", latin),
                           ("no_end.c", DOUBLE_UNLOCK.rstrip().encode())]:
            with self.subTest(name=name):
                self.write(name, data)
                run = self.analyse("--quiet", name)
                self.assertEqual(run.code, 1, run)
                lines = run.out.splitlines()
                self.assertTrue(lines[0].startswith(f"{name}:15:5: error: "), run)
                self.assertTrue(lines[1].startswith("   15 |     MmUnlockPages(mdl);"))
                self.assertNotIn("\r", run.out)
                for form in ("json", "sarif"):
                    json.loads(self.analyse(f"--format={form}", name).out)

    def test_finding_in_a_macro_lands_where_it_is_used(self):
        self.write("a.c", DOUBLE_UNLOCK.replace(
            "#include <ntddk.h>\n",
            "#include <ntddk.h>\n#define UNLOCK(m) do { MmUnlockPages(m); } while (0)\n")
            .replace("MmUnlockPages(mdl); /* TWICE */", "UNLOCK(mdl);"))
        run = self.analyse("--format=json", "a.c")
        self.assertEqual([f["line"] for f in json.loads(run.out)["findings"]], [16], run)


if __name__ == "__main__":
    unittest.main()
