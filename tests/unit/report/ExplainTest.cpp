//===-- ExplainTest.cpp
//-----------------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ReportFixture.h"

#include "report/BugChecks.h"
#include "report/Explain.h"
#include "report/Paths.h"

using namespace mdlcheck;
using namespace mdlcheck::report;

namespace {

std::string render(llvm::StringRef markdown, bool color = false) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os.enable_colors(color);
  renderMarkdown(markdown, color, os);
  return text;
}

TEST(MarkdownTest, HeadingsParagraphsAndCode) {
  EXPECT_EQ(render("# Title\n\nOne\ntwo `__try` **bold**, [here](x.md)\n"
                   "[there](https://a/b).\n"
                   "## More\n```c\nint x;\n\n```\nend\n"),
            "Title\n=====\n\nOne two `__try` bold, here there (https://a/b).\n"
            "\nMore\n----\n\n    int x;\n    \n\nend\n");
}

TEST(MarkdownTest, ListsHangAndParagraphsWrap) {
  std::string words;
  for (int i = 0; i < 30; ++i)
    words += "words ";
  std::string text = render("- " + words + "\n- b\n1. c\n");
  llvm::SmallVector<llvm::StringRef, 8> lines;
  llvm::StringRef(text).trim().split(lines, '\n');
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_TRUE(lines[0].starts_with("- words"));
  EXPECT_TRUE(lines[1].starts_with("  words"));
  for (llvm::StringRef line : lines)
    EXPECT_LE(line.size(), 80u);
  EXPECT_EQ(lines[3], "- b");
  EXPECT_EQ(lines[4], "1. c");
}

TEST(MarkdownTest, UnderscoresAreNoEmphasis) {
  EXPECT_EQ(render("in __try and __finally\n"), "in __try and __finally\n");
}

TEST(MarkdownTest, Color) {
  std::string text = render("# T\n\n`code`\n", /*color=*/true);
  EXPECT_NE(text.find('\033'), std::string::npos);
  EXPECT_EQ(text.find('`'), std::string::npos);
}

TEST(MarkdownTest, SummaryIsTheFirstParagraph) {
  EXPECT_EQ(pageSummary("# T\n\nOne `a`\ntwo.\n\nThree.\n"), "One a two.");
  EXPECT_EQ(pageSummary("# T\n"), "");
  EXPECT_EQ(pageSummary(""), "");
}

using ExplainTest = ReportTest;

TEST_F(ExplainTest, ListsRules) {
  std::string text;
  llvm::raw_string_ostream os(text);
  listRules(rules, os);
  EXPECT_EQ(text,
            "mdl-lock-leak           error    Pages stay locked\n"
            "mdl-chain-partial-free  note     Only part of a chain is freed "
            "(off by default)\n");
}

TEST_F(ExplainTest, ExplainsARule) {
  std::string text;
  llvm::raw_string_ostream os(text);
  explainRule(rules.rules[0], /*color=*/false, os);
  EXPECT_TRUE(llvm::StringRef(text).starts_with(
      "mdl-lock-leak: Pages stay locked\n"
      "severity: error\n"
      "prevents: bug check 0x76 PROCESS_HAS_LOCKED_PAGES or 0xCB "
      "DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS\n"
      "aliases:  mdl-lock-leaked-on-path\n"
      "as in:    C28120, C28121 of Code Analysis for Drivers\n"
      "as in:    MdlLeak of Static Driver Verifier\n"
      "as in:    cpp/drivers/mdl-leak of CodeQL\n"
      "source:   mdl-rules.md\n"))
      << text;
  EXPECT_NE(text.find("Unlock them."), std::string::npos);
}

TEST(BugChecksTest, Names) {
  EXPECT_EQ(describeBugCheck("0x76"), "0x76 PROCESS_HAS_LOCKED_PAGES");
  EXPECT_EQ(describeBugCheck("0xC4/0x7C"),
            "0xC4/0x7C DRIVER_VERIFIER_DETECTED_VIOLATION");
  EXPECT_EQ(describeBugCheck("0xFFFF"), "0xFFFF");
  EXPECT_EQ(describeBugCheck("none"), "none");
  EXPECT_EQ(describeBugChecks({}), "");
  EXPECT_EQ(describeBugChecks({"0x76", "0xC4/0xB0", "0xC4/0xB1"}),
            "bug check 0x76 PROCESS_HAS_LOCKED_PAGES, 0xC4/0xB0 or 0xC4/0xB1 "
            "DRIVER_VERIFIER_DETECTED_VIOLATION");
}

TEST(PathsTest, Relative) {
  EXPECT_EQ(relativeTo("/a/b/c.c", "/a/b"), "c.c");
  EXPECT_EQ(relativeTo("/a/bc/c.c", "/a/b"), "/a/bc/c.c");
  EXPECT_EQ(relativeTo("/a/c.c", "/"), "a/c.c");
  EXPECT_EQ(relativeTo("/a", "/a"), "/a");
  EXPECT_EQ(relativeTo("/a", ""), "/a");
}

TEST(PathsTest, Absolute) {
  EXPECT_EQ(absolutePath("../x/./a.c", "/d/e"), "/d/x/a.c");
  EXPECT_EQ(absolutePath("/x/a.c", "/d"), "/x/a.c");
  EXPECT_EQ(absolutePath("", "/d"), "");
}

TEST(SourcesTest, LineEndsAndByteOrderMark) {
  Sources sources;
  sources.add("f", "\xEF\xBB\xBF"
                   "one\r\n\r\nthree\rfour\nlast");
  EXPECT_EQ(sources.line("f", 1), "one");
  EXPECT_EQ(sources.line("f", 2), "");
  EXPECT_EQ(sources.line("f", 3), "three");
  EXPECT_EQ(sources.line("f", 4), "four");
  EXPECT_EQ(sources.line("f", 5), "last");
  EXPECT_EQ(sources.line("f", 6), "");
  EXPECT_EQ(sources.line("f", 0), "");
  EXPECT_EQ(sources.line("/no/such/file", 1), "");
}

} // namespace
