//===-- FrontendTest.cpp ----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How a command becomes a parsed translation unit. What is lowered from it
// is the subject of the lowering's tests.
//
//===----------------------------------------------------------------------===//
#include "frontend/Frontend.h"
#include "TemporaryTree.h"
#include "frontend/MacroRecorder.h"

#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendActions.h"
#include "clang/Lex/Lexer.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Tooling/Tooling.h"

#include <thread>

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

using Strings = std::vector<std::string>;

const char *const kMingw = "--target=x86_64-w64-windows-gnu";

class FrontendTest : public testing::Test {
protected:
  ParsedUnit parseText(llvm::StringRef text, Strings flags = {kMingw},
                       llvm::StringRef name = "driver.c") {
    return parse(job(text, std::move(flags), name), options);
  }
  CompileJob job(llvm::StringRef text, Strings flags = {kMingw},
                 llvm::StringRef name = "driver.c") {
    CompileJob job = fixedJob(tree.write(name, text), flags);
    job.directory = tree.path();
    return job;
  }
  /// "line:column: message" for each diagnostic.
  static std::string listing(const ParsedUnit &unit) {
    std::string text;
    for (const Diagnostic &diagnostic : unit.diagnostics)
      text += std::to_string(diagnostic.line) + ":" +
              std::to_string(diagnostic.column) + ": " + diagnostic.message +
              "\n";
    return text;
  }
  /// Parses without a complaint exactly if `text` compiles as it stands.
  void expectClean(llvm::StringRef text, Strings flags,
                   llvm::StringRef name = "driver.c") {
    ParsedUnit unit = parseText(text, flags, name);
    EXPECT_FALSE(unit.unusable);
    EXPECT_FALSE(unit.hadErrors);
    EXPECT_EQ(listing(unit), "");
  }

  TemporaryTree tree;
  FrontendOptions options;
};

//===----------------------------------------------------------------------===//
// Diagnostics
//===----------------------------------------------------------------------===//

TEST_F(FrontendTest, ErrorsComeOnceWithTheirNotes) {
  ParsedUnit unit = parseText("int f(int);\n"
                              "char *f(int);\n"
                              "int g(void) { return unknown; }\n");
  EXPECT_TRUE(unit.hadErrors);
  EXPECT_FALSE(unit.unusable);
  EXPECT_EQ(listing(unit), "2:7: conflicting types for 'f'\n"
                           "1:5: previous declaration is here\n"
                           "3:22: use of undeclared identifier 'unknown'\n");
  EXPECT_EQ(unit.diagnostics[1].severity, Diagnostic::Severity::Note);
  EXPECT_EQ(unit.diagnostics[2].file, tree.path("driver.c"));
}

TEST_F(FrontendTest, AnErrorInAMacroStandsWhereItIsUsed) {
  ParsedUnit unit = parseText("#define BAD nope + 1\n"
                              "int g(void) {\n"
                              "  return BAD; }\n");
  EXPECT_EQ(listing(unit).substr(0, 43),
            "3:10: use of undeclared identifier 'nope'\n");
}

TEST_F(FrontendTest, WarningsAreNoErrorsWhateverTheFlagsSay) {
  expectClean("void h(int *p) { long q = p; char c = 300; undeclared(q, c); }\n"
              "int noReturn(void) {}\n",
              {kMingw, "-Wall", "-Wextra", "-Werror", "-pedantic-errors",
               "-Werror=implicit-function-declaration"});
}

TEST_F(FrontendTest, AMissingHeaderIsOneErrorAmongOthers) {
  ParsedUnit unit = parseText("#include <no_such_header.h>\n"
                              "int bad(void) { return unknown; }\n"
                              "int good(int *p) { return *p; }\n");
  EXPECT_EQ(listing(unit), "1:10: 'no_such_header.h' file not found\n"
                           "2:24: use of undeclared identifier 'unknown'\n");
  EXPECT_EQ(unit.diagnostics[0].severity, Diagnostic::Severity::Error);
  ASSERT_TRUE(unit.unit);
  Strings names;
  for (const mdlcheck::ir::Function &function : unit.unit->functions)
    names.push_back(unit.unit->declOf(function).name);
  EXPECT_EQ(names, (Strings{"good"}));
}

TEST_F(FrontendTest, DeepNestingIsNoReasonToDie) {
  std::string text = "int f(int x) { return ";
  for (int i = 0; i < 240; ++i)
    text += "(x + ";
  text += "1" + std::string(240, ')') + "; }\n";
  for (int i = 0; i < 20000; ++i)
    text += "int v" + std::to_string(i) + ";\n";
  expectClean(text, {kMingw});
}

//===----------------------------------------------------------------------===//
// What cannot be used
//===----------------------------------------------------------------------===//

TEST_F(FrontendTest, SaysWhatToDoAboutAMissingFile) {
  CompileJob job = fixedJob(tree.path("none.c"), {kMingw});
  ParsedUnit unit = parse(job, options);
  EXPECT_TRUE(unit.unusable);
  EXPECT_TRUE(unit.hadErrors);
  ASSERT_TRUE(unit.unit);
  ASSERT_EQ(unit.diagnostics.size(), 1u);
  EXPECT_NE(unit.diagnostics[0].message.find("no such file"),
            std::string::npos);
  EXPECT_NE(unit.diagnostics[0].message.find("generate the database again"),
            std::string::npos);
}

TEST_F(FrontendTest, SaysWhatIsWrongWithACommand) {
  CompileJob empty{tree.path(), tree.write("a.c", ""), {}};
  ParsedUnit unit = parse(empty, options);
  EXPECT_TRUE(unit.unusable);
  ASSERT_EQ(unit.diagnostics.size(), 1u);
  EXPECT_NE(unit.diagnostics[0].message.find("is empty"), std::string::npos);

  unit = parseText("", {"--target=pdp11-dec-rsx"});
  EXPECT_TRUE(unit.unusable);
  ASSERT_EQ(unit.diagnostics.size(), 1u);
  EXPECT_NE(unit.diagnostics[0].message.find("pdp11"), std::string::npos);

  CompileJob elsewhere{tree.path("gone"), "a.c", {"clang", "a.c"}};
  unit = parse(elsewhere, options);
  EXPECT_TRUE(unit.unusable);
  ASSERT_EQ(unit.diagnostics.size(), 1u);
  EXPECT_NE(unit.diagnostics[0].message.find("does not exist"),
            std::string::npos);

  unit = parseText("", {"clang", "@gone.rsp"});
  EXPECT_FALSE(unit.unusable);
  ASSERT_EQ(unit.diagnostics.size(), 1u);
  EXPECT_NE(unit.diagnostics[0].message.find("response file 'gone.rsp'"),
            std::string::npos);
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

constexpr const char *kSeh =
    "int f(int x) { __try { x++; } __except (1) { x--; } return x; }\n";

TEST_F(FrontendTest, CommandsOfEveryCompiler) {
  std::string isWin64 = std::string(kSeh) + "#ifndef _WIN64\n#error\n#endif\n";
  expectClean(isWin64, {"x86_64-w64-mingw32-gcc", "-c"});
  expectClean(isWin64, {"x86_64-w64-mingw32-gcc-12-posix", "-c"});
  expectClean(isWin64, {"x86_64-w64-mingw32-g++", "-c"}, "driver.cpp");
  expectClean(isWin64, {"clang-cl", "/c", "/kernel"});
  expectClean(isWin64 + "#if _MSC_VER != 1920 || !defined(_KERNEL_MODE)\n"
                        "#error\n#endif\n",
              {"cl.exe", "/c", "/kernel"});
  expectClean(std::string(kSeh) + "#ifndef _M_ARM64\n#error\n#endif\n",
              {"C:\\VC\\bin\\Hostx64\\arm64\\CL.EXE", "/c"});
  expectClean(std::string(kSeh) + "#ifndef _M_IX86\n#error\n#endif\n",
              {"C:\\VC\\bin\\Hostx64\\x86\\cl.exe", "/c"});
  expectClean("#if _MSC_VER != 1910\n#error\n#endif\n",
              {"clang-cl", "-fms-compatibility-version=19.10"});
  expectClean("#ifndef __linux__\n#error\n#endif\n",
              {"ccache", "gcc", "--target=x86_64-linux-gnu", "-c"});
  expectClean("#ifndef __cplusplus\n#error\n#endif\n", {"cl", "/c", "/TP"},
              "driver.c");
}

TEST_F(FrontendTest, OptionsOfOthersAreNoNoise) {
  expectClean("int x;\n", {"gcc",
                           kMingw,
                           "-c",
                           "-o",
                           "out.o",
                           "-MMD",
                           "-MF",
                           "x.d",
                           "-fconserve-stack",
                           "-mno-fancy-math-387",
                           "-Wp,-MD,y.d",
                           "-save-temps",
                           "-v",
                           "-H",
                           "-fplugin=none.so",
                           "-Wa,-x",
                           "-Wl,--gc-sections",
                           "-lfoo",
                           "-flto=auto",
                           "-fprofile-use=no",
                           "-fsanitize=address",
                           "-###",
                           "-ftime-trace",
                           "-include-pch",
                           "none.pch",
                           "-Xclang",
                           "-include-pch",
                           "-Xclang",
                           "none.pch",
                           "-Xclang",
                           "-load",
                           "-Xclang",
                           "no.so",
                           "-S",
                           "-E",
                           "-M",
                           "other.o",
                           "second.c"});
  expectClean("int x;\n", {"cl.exe",
                           "/nologo",
                           "/c",
                           "/Fox.obj",
                           "/Fo:",
                           "y.obj",
                           "/Yustdafx.h",
                           "/Fpx.pch",
                           "/Fdx.pdb",
                           "/W4",
                           "/WX",
                           "/MP8",
                           "/analyze",
                           "/d1trimfile:x",
                           "/showIncludes",
                           "/FAcs",
                           "/Zi",
                           "/GS-",
                           "/wd4100",
                           "/errorReport:queue",
                           "/utf-8",
                           "/someNewOption",
                           "/link",
                           "/driver"});
  EXPECT_FALSE(llvm::sys::fs::exists(tree.path("out.o")));
  EXPECT_FALSE(llvm::sys::fs::exists(tree.path("x.d")));
}

TEST_F(FrontendTest, PathsAreRelativeToTheJobsDirectory) {
  tree.write("inc/own.h", "#define OWN 1\n");
  tree.write("flags.rsp", "-DFROM_RESPONSE_FILE -Iinc\n");
  tree.write("src/a.c", "#include <own.h>\n"
                        "#if !OWN || !FROM_RESPONSE_FILE\n#error\n#endif\n");
  CompileJob job{
      tree.path(), "src/a.c", {"clang", kMingw, "@flags.rsp", "-c", "src/a.c"}};
  ParsedUnit unit = parse(job, options);
  EXPECT_EQ(listing(unit), "");
  EXPECT_EQ(unit.inputs,
            (Strings{tree.path("src/a.c"), tree.path("inc/own.h")}));
  EXPECT_EQ(unit.unit->mainFile, "src/a.c");
}

TEST_F(FrontendTest, OverlaysApply) {
  tree.write("kit/wdm.h", "#define WDM 1\n");
  std::string overlay = tree.write(
      "overlay.yaml",
      "{'version': 0, 'case-sensitive': 'false', 'roots': [{'name': '" +
          tree.path("kit") +
          "', 'type': 'directory', 'contents': [{'name': 'wdm.h', 'type': "
          "'file', 'external-contents': '" +
          tree.path("kit/wdm.h") + "'}]}]}");
  const char *text = "#include <WDM.H>\n#if !WDM\n#error\n#endif\n";
  std::string include = "-I" + tree.path("kit");
  expectClean(text, {kMingw, include, "-ivfsoverlay", overlay});
  expectClean(
      text, {"clang-cl", include, "/clang:-ivfsoverlay", "/clang:" + overlay});
  ParsedUnit unit = parseText(text, {kMingw, include, "-ivfsoverlay", overlay});
  EXPECT_EQ(unit.inputs,
            (Strings{tree.path("driver.c"), tree.path("kit/wdm.h"), overlay}));

  unit = parseText("int x;\n", {kMingw, "-ivfsoverlay", "gone.yaml"});
  EXPECT_TRUE(unit.hadErrors);
  EXPECT_FALSE(unit.unusable);
}

TEST_F(FrontendTest, BuiltinHeadersAreThisClangs) {
  expectClean("#include <stdarg.h>\n#include <stddef.h>\n"
              "void f(int n, ...) { va_list a; va_start(a, n); va_end(a); }\n",
              {kMingw, "-resource-dir", "/no/such/directory"});
}

TEST_F(FrontendTest, JobsRunAtOnce) {
  std::vector<ParsedUnit> units(4);
  std::vector<CompileJob> jobs;
  for (size_t i = 0; i != units.size(); ++i) {
    std::string name = "d" + std::to_string(i);
    tree.write(name + "/here.h", "#define HERE " + std::to_string(i) + "\n");
    tree.write(name + "/a.c", "#include \"here.h\"\n#if HERE != " +
                                  std::to_string(i) + "\n#error\n#endif\n");
    jobs.push_back({tree.path(name), "a.c", {"clang", kMingw, "a.c"}});
  }
  std::vector<std::thread> threads;
  for (size_t i = 0; i != units.size(); ++i)
    threads.emplace_back([&, i] { units[i] = parse(jobs[i], options); });
  for (std::thread &thread : threads)
    thread.join();
  for (const ParsedUnit &unit : units)
    EXPECT_EQ(listing(unit), "");
}

//===----------------------------------------------------------------------===//
// What headers do to code
//===----------------------------------------------------------------------===//

TEST_F(FrontendTest, AssumptionsThatDoNotCompileStayNothing) {
  tree.write("sal.h", "#define _Analysis_assume_(expr)\n");
  expectClean("#include \"sal.h\"\n"
              "int f(int x) {\n"
              "  _Analysis_assume_(only_prefast_knows(x)->y);\n"
              "  return x; }\n",
              {kMingw});
  expectClean("#include \"sal.h\"\n"
              "int f(int x) {\n"
              "  _Analysis_assume_(x > 0)\n"
              "  return x; }\n",
              {kMingw});
  // An error of the function's own is reported all the same.
  ParsedUnit unit = parseText("#include \"sal.h\"\n"
                              "int f(int x) {\n"
                              "  _Analysis_assume_(x > 0);\n"
                              "  return y; }\n");
  EXPECT_EQ(listing(unit), "4:10: use of undeclared identifier 'y'\n");
}

TEST_F(FrontendTest, TraceHeadersNeedNotBeGenerated) {
  tree.write("trace.h", "#define WPP_CONTROL_GUIDS nothing\n"
                        "// begin_wpp config\n"
                        "// FUNC MyTrace(LEVEL, FLAGS, MSG, ...);\n"
                        "//   FUNC Entry{LEVEL=VERBOSE}(FLAGS);\n"
                        "// end_wpp\n");
  expectClean("#include \"trace.h\"\n"
              "#include \"driver.tmh\"\n"
              "void f(int x) {\n"
              "  Entry(DBG_INIT);\n"
              "  if (x) MyTrace(LEVEL_ERROR, DBG_INIT, \"%!STATUS!\", x);\n"
              "  else TraceEvents(LEVEL_ERROR, DBG_INIT, \"no\");\n"
              "}\n",
              {kMingw});
}

//===----------------------------------------------------------------------===//
// MacroRecorder
//===----------------------------------------------------------------------===//

/// Preprocesses and keeps what was recorded, and the text of every token.
class RecordAction : public clang::PreprocessOnlyAction {
public:
  RecordAction(Strings names, PreprocessorRecord &record, Strings &tokens,
               Strings &args)
      : names(std::move(names)), record(record), tokens(tokens), args(args) {}

  void ExecuteAction() override {
    clang::Preprocessor &pp = getCompilerInstance().getPreprocessor();
    pp.addPPCallbacks(std::make_unique<MacroRecorder>(
        pp, names, MacroRecorder::Mode::Redefine, record));
    pp.EnterMainSourceFile();
    clang::Token token;
    do {
      pp.Lex(token);
      tokens.push_back(pp.getSpelling(token));
    } while (token.isNot(clang::tok::eof));
    for (const auto &entry : record.lowering.expansions) {
      EXPECT_EQ(entry.first, entry.second.nameLoc.getRawEncoding());
      args.push_back(entry.second.name);
      for (clang::SourceRange range : entry.second.args)
        args.push_back(range.isInvalid()
                           ? "<none>"
                           : clang::Lexer::getSourceText(
                                 clang::CharSourceRange::getTokenRange(range),
                                 pp.getSourceManager(), pp.getLangOpts())
                                 .str());
    }
  }

private:
  Strings names;
  PreprocessorRecord &record;
  Strings &tokens, &args;
};

struct Recorded {
  explicit Recorded(llvm::StringRef text, Strings names = {"WATCHED"}) {
    EXPECT_TRUE(clang::tooling::runToolOnCodeWithArgs(
        std::make_unique<RecordAction>(names, record, tokens, args), text,
        {"-D__mdlcheck_assume(e)=__assume(!!(e))"}, "a.c"));
  }
  bool has(llvm::StringRef token) const {
    return std::count(tokens.begin(), tokens.end(), token);
  }
  PreprocessorRecord record;
  Strings tokens, args;
};

TEST(MacroRecorderTest, KeepsTheArgumentsOfWatchedMacros) {
  Recorded recorded("#define WATCHED(a, b) a + b\n"
                    "#define OTHER(a) a\n"
                    "WATCHED(f(x, y) * 2, z) OTHER(3)\n");
  EXPECT_EQ(recorded.args, (Strings{"WATCHED", "f(x, y) * 2", "z"}));
}

TEST(MacroRecorderTest, EmptyArgumentsAndObjectLikeMacros) {
  Recorded recorded("#define WATCHED(a, b) a b\n"
                    "#define NAME 1\n"
                    "WATCHED(, 1) NAME\n",
                    {"WATCHED", "NAME"});
  EXPECT_EQ(recorded.args, (Strings{"WATCHED", "<none>", "1"}));
}

TEST(MacroRecorderTest, InsideOtherMacros) {
  Recorded recorded("#define WATCHED(a) a\n"
                    "#define OUTER(p) WATCHED(p) WATCHED(1)\n"
                    "OUTER(x->y)\n");
  EXPECT_EQ(recorded.record.lowering.expansions.size(), 2u);
}

TEST(MacroRecorderTest, AssumptionsReachTheProgram) {
  EXPECT_TRUE(Recorded("#define _Analysis_assume_(e)\n"
                       "_Analysis_assume_(x)\n")
                  .has("__assume"));
  EXPECT_TRUE(Recorded("#define __analysis_assume(e) ((void)0)\n"
                       "#define NT_ANALYSIS_ASSUME(e) __analysis_assume(e)\n"
                       "NT_ANALYSIS_ASSUME(x)\n")
                  .has("__assume"));
  // Object-like, as no_sal2.h has it.
  EXPECT_TRUE(Recorded("#define _Analysis_assume_\n"
                       "_Analysis_assume_(x)\n")
                  .has("__assume"));
  // The header's own is as good, and an #undef counts.
  EXPECT_FALSE(Recorded("#define _Analysis_assume_(e) __assume(e)\n"
                        "_Analysis_assume_(x)\n")
                   .has("!"));
  EXPECT_FALSE(Recorded("#define _Analysis_assume_(e)\n"
                        "#undef _Analysis_assume_\n"
                        "_Analysis_assume_(x)\n")
                   .has("__assume"));
}

} // namespace
