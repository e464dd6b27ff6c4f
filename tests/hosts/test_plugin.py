"""The Clang plugin, in the Clang it is made for."""

from harness import (DEFINES, DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, FLAGS, LEAK,
                     MdlcheckTest)
from tools import (CLANG, PLUGIN, UNLOCK_TWICE, defined_symbols, diagnostics, run,
                   shared_libraries)

UNKNOWN_IS_FINE = "-Wno-unknown-warning-option"
TWICE = ("d.c", DOUBLE_UNLOCK_LINE, "warning", "mdl-double-unlock")


class PluginTest(MdlcheckTest):
    def compile(self, *args, name="d.c", plugin=True):
        load = [f"-fplugin={PLUGIN}"] if plugin else []
        # One of the mingw headers has a warning of its own.
        done = run(CLANG, *FLAGS, "-Wno-#warnings", *load, *args, "-c", name, "-o", "out.o",
                   cwd=self.dir)
        self.assertIn(done.code, (0, 1), done)
        self.assertNotIn("Stack dump", done.err, done)
        return done


class PluginWarns(PluginTest):
    def test_path_as_notes(self):
        self.write("d.c", DOUBLE_UNLOCK)
        done = self.compile()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(diagnostics(done.err), [TWICE], done)
        self.assertRegex(done.err, r"d\.c:9:9: note: pages locked here \('mdl'\)")
        self.assertIn("note: prevents bug check 0x", done.err)
        self.assertIn("1 warning generated", done.err)

    def test_clean_file_says_nothing(self):
        self.write("d.c", DOUBLE_UNLOCK.replace("    MmUnlockPages(mdl); /* TWICE */\n", ""))
        done = self.compile()
        self.assertEqual((done.code, done.out, done.err), (0, "", ""))

    def test_object_is_the_same_to_the_byte(self):
        self.write("d.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1])
        for level in ("-O0", "-O2"):
            self.compile(level, "-g", plugin=False)
            without = (self.dir / "out.o").read_bytes()
            done = self.compile(level, "-g")
            self.assertEqual(len(diagnostics(done.err)), 2, done)
            self.assertEqual((self.dir / "out.o").read_bytes(), without)

    def test_finding_in_a_header(self):
        self.write("h.h", DOUBLE_UNLOCK)
        self.write("d.c", '#include "h.h"\n')
        done = self.compile()
        self.assertEqual(diagnostics(done.err), [("h.h", *TWICE[1:])], done)

    def test_broken_source_is_left_to_the_compiler(self):
        self.write("d.c", DOUBLE_UNLOCK + "int broken = ;\n")
        done = self.compile()
        self.assertEqual(done.code, 1)
        self.assertIn("error: expected expression", done.err)
        self.assertEqual(diagnostics(done.err), [])

    def test_assumptions_count_as_on_the_command_line(self):
        # The header leaves them out of what is compiled.
        self.write("d.c", """\
#include <ntddk.h>
#define _Analysis_assume_(e)
VOID Sure(PMDL mdl, int locked)
{
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return;
    }
    if (locked)
        MmUnlockPages(mdl);
    _Analysis_assume_(!locked);
    MmUnlockPages(mdl);
}
""")
        alone = self.analyse("d.c")
        self.assertEqual(alone.code, 0, alone)
        self.compile("-O2", plugin=False)
        without = (self.dir / "out.o").read_bytes()
        done = self.compile("-O2")
        self.assertEqual(done.err, "")
        self.assertEqual((self.dir / "out.o").read_bytes(), without)


class PluginSwitches(PluginTest):
    def found(self, *flags):
        done = self.compile(*flags)
        return done.code, diagnostics(done.err)

    def test_flags_for_all(self):
        self.write("d.c", DOUBLE_UNLOCK)
        error = [(*TWICE[:2], "error", TWICE[3])]
        self.assertEqual(self.found("-Werror"), (1, error))
        self.assertEqual(self.found("-w"), (0, []))
        self.assertEqual(self.found("-w", "-Werror=mdlcheck", UNKNOWN_IS_FINE), (0, []))
        self.assertEqual(self.found("-Wno-everything"), (0, []))
        self.assertEqual(self.found("-Wno-user-defined-warnings"), (0, []))
        self.assertEqual(self.found("-Werror=user-defined-warnings"), (1, error))
        self.assertEqual(self.found("-Wno-mdlcheck", UNKNOWN_IS_FINE), (0, []))
        self.assertEqual(self.found("-Werror=mdlcheck", UNKNOWN_IS_FINE), (1, error))

    def test_flags_by_rule(self):
        self.write("d.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1])
        leak = ("d.c", 26, "warning", "mdl-leak")
        self.assertEqual(self.found(), (0, [TWICE, leak]))
        self.assertEqual(self.found("-Wno-mdl-leak", UNKNOWN_IS_FINE), (0, [TWICE]))
        self.assertEqual(self.found("-Wno-mdlcheck", "-Wmdl-leak", UNKNOWN_IS_FINE),
                         (0, [leak]))
        code, found = self.found("-Werror=mdl-double-unlock", UNKNOWN_IS_FINE)
        self.assertEqual((code, found), (1, [(*TWICE[:2], "error", TWICE[3]), leak]))
        for flag in ("-Werror=mdlcheck", "-Werror"):
            code, found = self.found(flag, "-Wno-error=mdl-leak", UNKNOWN_IS_FINE)
            self.assertEqual((code, found), (1, [(*TWICE[:2], "error", TWICE[3]), leak]))

    def test_pragmas(self):
        text = UNLOCK_TWICE % {"name": "First", "comment": ""}
        text += '#pragma clang diagnostic push\n#pragma clang diagnostic ignored "%s"\n'
        text += (UNLOCK_TWICE % {"name": "Second", "comment": ""}).split("\n", 1)[1]
        text += "#pragma clang diagnostic pop\n"
        text += (UNLOCK_TWICE % {"name": "Third", "comment": ""}).split("\n", 1)[1]
        for group in ("-Wmdl-double-unlock", "-Wmdlcheck", "-Wuser-defined-warnings"):
            self.write("d.c", text % group)
            done = self.compile()
            self.assertEqual([line for _, line, _, _ in diagnostics(done.err)], [11, 36], done)
            self.assertNotIn("unknown warning", done.err)

    def test_pragma_makes_an_error(self):
        self.write("d.c", '#pragma GCC diagnostic error "-Wmdl-double-unlock"\n'
                   + DOUBLE_UNLOCK)
        self.assertEqual(self.found(), (1, [("d.c", DOUBLE_UNLOCK_LINE + 1, "error",
                                             "mdl-double-unlock")]))

    def test_pragma_operator(self):
        self.write("d.c", '#define QUIET _Pragma("clang diagnostic ignored '
                   '\\"-Wmdl-double-unlock\\"")\nQUIET\n' + DOUBLE_UNLOCK)
        self.assertEqual(self.found(), (0, []))

    def test_misspelled_groups_are_still_told(self):
        self.write("d.c", '#pragma clang diagnostic ignored "-Wmdl-double-unlock"\n'
                   '#pragma clang diagnostic ignored "-Wmdl-doubel-unlock"\n')
        done = self.compile()
        self.assertEqual(done.err.count("unknown warning group"), 1, done)
        self.assertIn("d.c:2:", done.err)


class PluginArguments(PluginTest):
    def test_rules(self):
        self.write("d.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1])
        done = self.compile("-fplugin-arg-mdlcheck-rules=*,-mdl-double-unlock")
        self.assertEqual([rule for *_, rule in diagnostics(done.err)], ["mdl-leak"], done)

    def test_contracts(self):
        self.write("mine.yaml", """\
ddis:
  MyUnlock:
    params: [Mdl]
    outcomes:
      - returns: {Mdl.pages: unlocked}
""")
        self.write("d.c", DOUBLE_UNLOCK.replace("MmUnlockPages(mdl); /* TWICE */",
                                                "MyUnlock(mdl);")
                   .replace("NTSTATUS Twice", "VOID MyUnlock(PMDL mdl);\nNTSTATUS Twice")
                   .replace("    MmUnlockPages(mdl);\n", ""))
        self.assertEqual([rule for *_, rule in diagnostics(self.compile().err)],
                         ["mdl-free-locked"])
        done = self.compile("-fplugin-arg-mdlcheck-contracts=mine.yaml")
        self.assertEqual(done.err, "")

    def test_mistakes_are_errors(self):
        self.write("d.c", DOUBLE_UNLOCK)
        for argument, needle in (("rules=mdl-laek", "did you mean 'mdl-leak'?"),
                                 ("contracts=none.yaml", "none.yaml"),
                                 ("nonsense", "rules=LIST")):
            done = self.compile(f"-fplugin-arg-mdlcheck-{argument}")
            self.assertEqual(done.code, 1, done)
            self.assertIn("error: mdlcheck: ", done.err)
            self.assertIn(needle, done.err)


class PluginLinking(MdlcheckTest):
    def test_one_llvm(self):
        # What the loader has for Clang already is what the plugin asks for.
        of_clang = shared_libraries(CLANG.resolve())
        llvm = {name for name in of_clang if "LLVM" in name or "clang-cpp" in name}
        self.assertEqual(len(llvm), 2, of_clang)
        self.assertLessEqual(llvm, shared_libraries(PLUGIN))

    def test_none_of_llvms_globals_inside(self):
        symbols = defined_symbols(PLUGIN)
        self.assertTrue(any("mdlcheck::" in name for name in symbols))
        for name in symbols:
            self.assertNotRegex(name, r"^(llvm::cl::(AddLiteralOption|ParseCommandLine|"
                                      r"Option::addArgument)|\(anonymous namespace\)::"
                                      r"CommandLineParser|clang::(Sema|Parser|ASTContext)::\w+\()")

    def test_options_are_registered_once(self):
        # LLVM ends the program when an option is there twice.
        self.write("d.c", "int x;\n")
        done = run(CLANG, f"-fplugin={PLUGIN}", "-mllvm", "-print-options", *DEFINES,
                   "-c", "d.c", "-o", "out.o", cwd=self.dir)
        self.assertEqual(done.code, 0, done)
        self.assertNotIn("more than once", done.err)
