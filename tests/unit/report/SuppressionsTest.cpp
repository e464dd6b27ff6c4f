//===-- SuppressionsTest.cpp ------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each case is a text in which "@" stands before what a finding is about. The
// rules are mdl-lock-leak (0; C28145, cpp/drivers/leak) and irql-too-high (1;
// C28121, C28123).
//
//===----------------------------------------------------------------------===//
#include "report/Suppressions.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

namespace {

class SuppressionsTest : public ::testing::Test {
protected:
  SuppressionsTest() {
    Rule leak;
    leak.id = "mdl-lock-leak";
    leak.aliases = {"mdl-old-name"};
    leak.codeAnalysis = {28145};
    leak.codeql = {"cpp/drivers/leak"};
    Rule high;
    high.id = "irql-too-high";
    high.codeAnalysis = {28121, 28123};
    rules.rules = {leak, high};
  }

  /// Which of the findings at the "@"s of `text` are suppressed, as "1" and
  /// "0" in their order.
  std::string suppressed(std::string text, unsigned rule = 0) {
    std::vector<Location> places;
    Location at{"/d/a.c", 1, 1, 0, 0};
    std::string plain;
    for (char c : text) {
      if (c == '@') {
        places.push_back(at);
        continue;
      }
      plain += c;
      ++at.column;
      if (c == '\n')
        ++at.line, at.column = 1;
    }
    sources.add("/d/a.c", plain);
    all = std::make_unique<Suppressions>(rules, sources);
    std::string result;
    for (const Location &place : places) {
      Finding f;
      f.rule = RuleId(rule);
      f.where = place;
      f.where.endLine = place.line;
      f.where.endColumn = place.column + 1;
      std::optional<Suppression> found = all->find(f);
      result += found ? '1' : '0';
      if (found)
        last = *found;
    }
    return result;
  }

  std::vector<std::string> unused(std::string text) {
    suppressed(std::move(text));
    std::vector<std::string> lines;
    for (const auto &remark :
         all->unused("/d/a.c", [](RuleId) { return true; }))
      lines.push_back(std::to_string(remark.where.line) + ": " +
                      remark.message);
    return lines;
  }

  RuleSet rules;
  Sources sources;
  std::unique_ptr<Suppressions> all;
  Suppression last;
};

using Strings = std::vector<std::string>;

TEST_F(SuppressionsTest, NolintOnTheLine) {
  EXPECT_EQ(suppressed("@f();\n@g(); // NOLINT\n@h();\n"), "010");
  EXPECT_EQ(suppressed("@f(); // NOLINT(mdl-lock-leak)\n"), "1");
  EXPECT_EQ(suppressed("@f(); /* NOLINT(mdl-lock-leak) */\n"), "1");
  EXPECT_EQ(suppressed("@f(); // NOLINT(irql-too-high)\n"), "0");
  EXPECT_EQ(suppressed("@f(); // NOLINT(irql-too-high, mdl-lock-leak)\n"), "1");
  EXPECT_EQ(suppressed("@f(); // NOLINT(mdl-old-name)\n"), "1");
  EXPECT_EQ(suppressed("@f(); // NOLINT (whatever this is)\n"), "1");
}

TEST_F(SuppressionsTest, NolintTakesGlobs) {
  EXPECT_EQ(suppressed("@f(); // NOLINT(mdl-*)\n"), "1");
  EXPECT_EQ(suppressed("@f(); // NOLINT(*)\n"), "1");
  EXPECT_EQ(suppressed("@f(); // NOLINT(*-too-high)\n"), "0");
  EXPECT_EQ(suppressed("@f(); // NOLINT(mdl)\n"), "0");
  // As clang-tidy has it: an empty list is of no rule, a '-' means nothing.
  EXPECT_EQ(suppressed("@f(); // NOLINT()\n"), "0");
  EXPECT_EQ(suppressed("@f(); // NOLINT(mdl-*,-mdl-lock-leak)\n"), "1");
}

TEST_F(SuppressionsTest, OnlyCommentsCount) {
  EXPECT_EQ(suppressed("@f(\"// NOLINT\");\n"), "0");
  EXPECT_EQ(suppressed("@f(NOLINT);\n"), "0");
  EXPECT_EQ(suppressed("@f(R\"x(\" // NOLINT)x\");\n"), "0");
  EXPECT_EQ(suppressed("@f('\"'); // NOLINT\n"), "1");
  EXPECT_EQ(suppressed("@f(1'000); // NOLINT\n"), "1");
  EXPECT_EQ(suppressed("@f(); // XNOLINT NOLINTED\n"), "0");
}

TEST_F(SuppressionsTest, NolintOnAnyLineOfTheStatement) {
  EXPECT_EQ(suppressed("x = f(1, // NOLINT\n  @g(),\n  2);\n@h();\n"), "10");
  EXPECT_EQ(suppressed("x = f(1,\n  @g(),\n  2); // NOLINT\n@h();\n"), "10");
  EXPECT_EQ(suppressed("if (@a &&\n  b) { // NOLINT\n  @c();\n}\n"), "10");
  EXPECT_EQ(suppressed("for (i = 0; @i < n;\n  ++i) // NOLINT\n  @c();\n"),
            "10");
}

TEST_F(SuppressionsTest, NolintNextLine) {
  EXPECT_EQ(suppressed("// NOLINTNEXTLINE\n@f();\n@g();\n"), "10");
  EXPECT_EQ(suppressed("// NOLINTNEXTLINE(mdl-*)\nx =\n  @f();\n@g();\n"),
            "10");
  EXPECT_EQ(suppressed("@f(); // NOLINTNEXTLINE\n"), "0");
  EXPECT_EQ(suppressed("/* NOLINTNEXTLINE */\r\n@f();\r\n@g();\r\n"), "10");
}

TEST_F(SuppressionsTest, NolintBlocks) {
  EXPECT_EQ(suppressed("@a();\n// NOLINTBEGIN(mdl-*)\n@b();\n@c();\n"
                       "// NOLINTEND(mdl-*)\n@d();\n"),
            "0110");
  EXPECT_TRUE(all->mistakes().empty());
  EXPECT_EQ(suppressed("// NOLINTBEGIN\n@b();\n// NOLINTEND(mdl-*)\n"), "0");
  ASSERT_EQ(all->mistakes().size(), 2u);
  EXPECT_EQ(all->mistakes()[0].where.line, 1u);
  EXPECT_EQ(all->mistakes()[1].where.line, 3u);
}

TEST_F(SuppressionsTest, Justification) {
  EXPECT_EQ(suppressed("@f(); // NOLINT(mdl-*): freed by the other half\n"),
            "1");
  EXPECT_EQ(last.justification, "freed by the other half");
  EXPECT_EQ(last.kind, Suppression::Kind::InSource);
  EXPECT_EQ(last.where.line, 1u);
  EXPECT_EQ(last.where.column, 9u);
  EXPECT_EQ(suppressed("#pragma prefast(suppress:28145, \"kept \\\"so\\\"\")\n"
                       "@f();\n"),
            "1");
  EXPECT_EQ(last.justification, "kept \"so\"");
}

TEST_F(SuppressionsTest, PragmaSuppress) {
  EXPECT_EQ(suppressed("#pragma warning(suppress: 28145)\n@f();\n@g();\n"),
            "10");
  EXPECT_EQ(suppressed("#pragma warning(suppress: 28121)\n@f();\n"), "0");
  EXPECT_EQ(suppressed("#pragma warning(suppress: 28121 28145)\n@f();\n"), "1");
  EXPECT_EQ(suppressed("#  pragma warning ( suppress : 4127 ; suppress : \\\n"
                       "  28145 )\n\n/* why */\n@f();\n"),
            "1");
  EXPECT_EQ(suppressed("#pragma warning(suppress: 28123)\n@f();\n", 1), "1");
  EXPECT_EQ(suppressed("#pragma warning(suppress: 28145)\n"
                       "status = f(1,\n    2,\n    @g());\n@h();\n"),
            "10");
  EXPECT_EQ(suppressed("#pragma other(suppress: 28145)\n@f();\n"), "0");
  EXPECT_EQ(suppressed("// #pragma warning(suppress: 28145)\n@f();\n"), "0");
}

TEST_F(SuppressionsTest, PragmaSuppressBeforeAFunctionIsForAllOfIt) {
  EXPECT_EQ(suppressed("#pragma warning(suppress: 28145)\n"
                       "_IRQL_requires_(2)\nVOID\nF(PMDL m)\n{\n"
                       "  if (m) {\n    @f();\n  }\n@}\n"
                       "VOID G(void)\n{\n  @g();\n}\n"),
            "110");
}

TEST_F(SuppressionsTest, PragmaDisable) {
  EXPECT_EQ(suppressed("@a();\n#pragma warning(disable: 28145)\n@b();\n"
                       "#pragma warning(default: 28145)\n@c();\n"),
            "010");
  EXPECT_EQ(suppressed("#pragma warning(push)\n"
                       "#pragma warning(disable: 28145 4127)\n@b();\n"
                       "#pragma warning(pop)\n@c();\n"),
            "10");
  EXPECT_EQ(suppressed("#pragma prefast(push)\n"
                       "#pragma prefast(disable: 28145, \"x\")\n@b();\n"
                       "#pragma prefast(pop)\n@c();\n"),
            "10");
  EXPECT_EQ(suppressed("#pragma warning(push, 3)\n@a();\n"
                       "#pragma warning(disable: 28145)\n"
                       "#pragma warning(push)\n#pragma warning(3: 28145)\n"
                       "@b();\n#pragma warning(pop)\n@c();\n"
                       "#pragma warning(pop)\n@d();\n"),
            "0010");
}

TEST_F(SuppressionsTest, PragmaOperators) {
  EXPECT_EQ(suppressed("__pragma(warning(suppress: 28145)) @f();\n@g();\n"),
            "10");
  EXPECT_EQ(suppressed("_Pragma(\"warning(suppress: 28145)\")\n@f();\n@g();\n"),
            "10");
  EXPECT_EQ(suppressed("_Pragma(\"prefast(suppress: 28145, \\\"why\\\")\")\n"
                       "@f();\n"),
            "1");
  EXPECT_EQ(last.justification, "why");
}

TEST_F(SuppressionsTest, PragmasInMacrosCountWhereTheyAreUsed) {
  EXPECT_EQ(suppressed("#define QUIET __pragma(warning(suppress: 28145))\n"
                       "@f();\nQUIET @g();\nQUIET\n@h();\n@i();\n"),
            "0110");
  EXPECT_EQ(suppressed("#define QUIET(x) __pragma(warning(push)) \\\n"
                       "  __pragma(warning(disable: 28145)) x \\\n"
                       "  __pragma(warning(pop))\n"
                       "@f();\n@QUIET(@g());\n@h();\n"),
            "0110");
  EXPECT_EQ(suppressed("#define INNER _Pragma(\"warning(disable: 28145)\")\n"
                       "#define OUTER INNER\n@f();\nOUTER\n@g();\n"),
            "01");
  EXPECT_EQ(suppressed("#define Q __pragma(warning(disable: 28145))\n#undef Q\n"
                       "Q\n@g();\n"),
            "0");
}

TEST_F(SuppressionsTest, HeadersBesideTheFile) {
  sources.add("/d/inc/h.h", "#include \"../a.c\"\n"
                            "#define Q __pragma(warning(suppress: 28145))\n"
                            "#pragma warning(disable: 28121)\n"
                            "#pragma warning(suppress: 28145)\n");
  EXPECT_EQ(suppressed("#include \"inc\\h.h\"\n@f();\nQ @g();\n"), "01");
  EXPECT_EQ(suppressed("@e();\n#include \"inc/h.h\"\n@f();\n", 1), "01");
  EXPECT_EQ(last.where.file, "/d/inc/h.h");
}

TEST_F(SuppressionsTest, QueriesOfCodeQL) {
  EXPECT_EQ(suppressed("@f(); // lgtm[cpp/drivers/leak]\n@g();\n"), "10");
  EXPECT_EQ(suppressed("@e();\n// codeql [cpp/drivers/leak] why\n@f();\n@g();\n"),
            "010");
  EXPECT_EQ(last.justification, "why");
  EXPECT_EQ(suppressed("@f(); // lgtm[cpp/drivers/other]\n"), "0");
  EXPECT_EQ(suppressed("@f(); // lgtm\n"), "0");
  EXPECT_EQ(suppressed("@f(); // LGTM[mdl-lock-leak]\n"), "1");
}

TEST_F(SuppressionsTest, Unused) {
  EXPECT_EQ(unused("@f(); // NOLINT(mdl-lock-leak)\n"), Strings{});
  EXPECT_EQ(unused("f(); // NOLINT(mdl-lock-leak)\n"),
            Strings{"1: unused suppression of 'mdl-lock-leak'"});
  EXPECT_EQ(unused("@f(); // NOLINT(mdl-lock-leak,irql-*)\n"),
            Strings{"1: unused suppression of 'irql-*'"});
  // What is not ours, or names no rule, may be for another tool.
  EXPECT_EQ(unused("f(); // NOLINT\nf(); // NOLINT(bugprone-*)\n"), Strings{});
  EXPECT_EQ(unused("f(); // NOLINT(mdl-lock-leek)\n"),
            Strings{"1: unknown rule 'mdl-lock-leek'; did you mean "
                    "'mdl-lock-leak'?"});
}

TEST_F(SuppressionsTest, BrokenSourceIsRead) {
  for (const char *text :
       {"", "\\", "/*", "\"", "'", "#", "#pragma", "#pragma warning(",
        "#pragma warning(suppress: 28145", "__pragma", "__pragma(", "_Pragma(\"",
        "}}})))", "((({{{", "// NOLINT(", "// NOLINTBEGIN", "R\"(", "#include \"",
        "#define", "#define Q __pragma(warning(push", "NOLINT", "// lgtm["})
    suppressed(std::string(text) + "@");
}

} // namespace
