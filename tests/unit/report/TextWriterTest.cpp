//===-- TextWriterTest.cpp
//--------------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ReportFixture.h"

#include "llvm/ADT/StringRef.h"

using namespace mdlcheck;
using namespace mdlcheck::report;

namespace {

using TextWriterTest = ReportTest;

TEST_F(TextWriterTest, ReadsLikeClang) {
  report.findings = {leakFinding()};
  EXPECT_EQ(write(Format::Text),
            R"(driver/a.c:4:5: error: pages of 'Mdl' stay locked [mdl-lock-leak]
    4 |     return;
      |     ^~~~~~
driver/a.c:3:2: note: pages locked here
    3 |         MmProbeAndLockPages(Mdl, KernelMode, IoReadAccess);
      |         ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
driver/a.c:3:2: note:   inside a helper
    3 |         MmProbeAndLockPages(Mdl, KernelMode, IoReadAccess);
      |         ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
)"
            "driver/a.c:4:5: note: prevents bug check 0x76 "
            "PROCESS_HAS_LOCKED_PAGES or 0xCB "
            "DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS\n");
}

TEST_F(TextWriterTest, FinalStepElsewhereIsShown) {
  contract::Finding f = leakFinding();
  f.path.back().where = at(5, 1, 2);
  f.path.back().message = "the last reference is gone here";
  report.findings = {f};
  EXPECT_NE(write(Format::Text)
                .find("driver/a.c:5:1: note: the last reference is gone here\n"
                      "    5 | }\n      | ^\n"),
            std::string::npos);
}

TEST_F(TextWriterTest, NothingFoundWritesNothing) {
  EXPECT_EQ(write(Format::Text), "");
}

TEST_F(TextWriterTest, FilesOutsideKeepTheirNames) {
  options.workingDirectory = "/src/dri"; // no parent of /src/driver
  report.findings = {leakFinding()};
  EXPECT_TRUE(llvm::StringRef(write(Format::Text))
                  .starts_with("/src/driver/a.c:4:5: error: "));
}

TEST_F(TextWriterTest, ColorOnlyWhenAskedFor) {
  report.findings = {leakFinding()};
  EXPECT_EQ(write(Format::Text).find('\033'), std::string::npos);
  options.color = true;
  EXPECT_NE(write(Format::Text).find('\033'), std::string::npos);
}

// Columns count bytes, carets stand under characters.
TEST_F(TextWriterTest, CaretsAfterWideCharacters) {
  sources.add(kFile, "/* \xC3\xA4\xE6\x97\xA5 */ f(x);\n");
  contract::Finding f = leakFinding();
  f.where = at(1, 13, 17);
  f.path.clear();
  report.findings = {f};
  EXPECT_NE(write(Format::Text)
                .find("    1 | /* \xC3\xA4\xE6\x97\xA5 */ f(x);\n"
                      "      |           ^~~~\n"),
            std::string::npos);
}

TEST_F(TextWriterTest, BytesThatAreNoTextAreEscaped) {
  sources.add(kFile, "/* \xE4\x01 */ f(x);\n");
  contract::Finding f = leakFinding();
  f.where = at(1, 10, 14);
  f.path.clear();
  report.findings = {f};
  EXPECT_NE(write(Format::Text)
                .find("    1 | /* <E4><01> */ f(x);\n"
                      "      |                ^~~~\n"),
            std::string::npos);
}

TEST_F(TextWriterTest, PlacesBeyondTheTextHaveNoSnippet) {
  contract::Finding f = leakFinding();
  f.path.clear();
  for (contract::Location where :
       {contract::Location{kFile, 99, 1, 99, 2},
        contract::Location{kFile, 4, 500, 4, 501},
        contract::Location{"/no/such.c", 1, 1, 1, 2},
        contract::Location{kFile, 0, 0, 0, 0}, contract::Location{}}) {
    f.where = where;
    report.findings = {f};
    EXPECT_EQ(write(Format::Text).find('|'), std::string::npos);
  }
}

TEST_F(TextWriterTest, RangesOverLinesAreUnderlinedToTheEndOfTheFirst) {
  contract::Finding f = leakFinding();
  f.where = {kFile, 4, 5, 5, 2};
  f.path.clear();
  report.findings = {f};
  EXPECT_NE(write(Format::Text).find("      |     ^~~~~~~\n"),
            std::string::npos);
}

TEST_F(TextWriterTest, Coverage) {
  options.coverage = true;
  report.coverage.functionsDefined = 3;
  report.coverage.functionsAnalysed = 2;
  report.coverage.skipped = {{"h", at(1, 1, 2), "a label as a value"}};
  report.coverage.unknownCallees = {{"KeepIt", 2}, {"UseIt", 1}};
  EXPECT_EQ(write(Format::Text), "coverage: 2 of 3 functions analysed\n"
                                 "not analysed: 1\n"
                                 "  driver/a.c:1: h: a label as a value\n"
                                 "unknown functions given a tracked object: 2\n"
                                 "  KeepIt, 2 calls\n"
                                 "  UseIt, 1 call\n");
}

TEST_F(TextWriterTest, Notifications) {
  std::string text;
  llvm::raw_string_ostream os(text);
  writeNotification({Notification::Level::Error, at(1, 2, 0), "no such type"},
                    options, os);
  writeNotification({Notification::Level::Error, {}, "nothing to read"},
                    options, os);
  EXPECT_EQ(text, "driver/a.c:1:2: error: no such type\n"
                  "mdlcheck: error: nothing to read\n");
}

} // namespace
