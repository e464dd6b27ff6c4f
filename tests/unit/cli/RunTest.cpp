//===-- RunTest.cpp ---------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TemporaryTree.h"
#include "cli/Driver.h"
#include "report/Policy.h"
#include "ir/Text.h"

#include <algorithm>
#include <mutex>
#include <set>

using namespace mdlcheck;
using namespace mdlcheck::cli;
using frontend::CompileJob;

namespace {

using Strings = std::vector<std::string>;

const char *const kHeader =
    "typedef struct _MDL *PMDL;\n"
    "PMDL IoAllocateMdl(void *, unsigned, char, char, void *);\n"
    "void IoFreeMdl(PMDL);\n"
    "void Unknown(PMDL);\n";

const char *const kLeak = "#include \"wdm.h\"\n"
                          "int Leak(void *buffer) {\n"
                          "  PMDL mdl = IoAllocateMdl(buffer, 8, 0, 0, 0);\n"
                          "  return mdl != 0;\n"
                          "}\n";

const char *const kTwice = "#include \"wdm.h\"\n"
                           "void Twice(void *buffer) {\n"
                           "  PMDL mdl = IoAllocateMdl(buffer, 8, 0, 0, 0);\n"
                           "  if (!mdl)\n"
                           "    return;\n"
                           "  IoFreeMdl(mdl);\n"
                           "  IoFreeMdl(mdl);\n"
                           "}\n";

const char *const kClean = "#include \"wdm.h\"\n"
                           "void Clean(void *buffer) {\n"
                           "  PMDL mdl = IoAllocateMdl(buffer, 8, 0, 0, 0);\n"
                           "  if (mdl)\n"
                           "    IoFreeMdl(mdl);\n"
                           "}\n";

// Given to a function nobody knows.
const char *const kGiven = "#include \"wdm.h\"\n"
                           "void Given(void *buffer) {\n"
                           "  PMDL mdl = IoAllocateMdl(buffer, 8, 0, 0, 0);\n"
                           "  if (mdl)\n"
                           "    Unknown(mdl);\n"
                           "}\n";

const char *const kBroken = "int Good(void) { return 1; }\n"
                            "int Bad(void) { return nothing; }\n";

class RunTest : public testing::Test {
protected:
  RunTest() { tree.write("wdm.h", kHeader); }

  void add(llvm::StringRef name, llvm::StringRef text) {
    tree.write(name, text);
    addJob(name);
  }
  void addJob(llvm::StringRef name) {
    CompileJob job =
        frontend::fixedJob(name.str(), {"--target=x86_64-w64-windows-gnu"});
    job.directory = tree.path();
    jobs.push_back(std::move(job));
  }
  /// One of every kind, with an error in a header of two of them.
  void addAll() {
    tree.write("bad.h", "NO_SUCH_TYPE declared;\n");
    add("leak.c", kLeak);
    add("twice.c", kTwice);
    add("clean.c", std::string("#include \"bad.h\"\n") + kClean);
    add("given.c", kGiven);
    add("also.c", std::string("#include \"bad.h\"\n") + kGiven);
    add("broken.c", kBroken);
  }

  RunResult analyse() { return run(jobs, rules, sources, options); }

  /// "file:line: rule" for each finding; names are seen from the tree.
  Strings findings(const RunResult &result) const {
    Strings lines;
    for (const contract::Finding &finding : result.report.findings)
      lines.push_back(place(finding.where) + rules.rule(finding.rule).id);
    return lines;
  }
  Strings
  functions(const std::vector<program::Coverage::Function> &functions) const {
    Strings lines;
    for (const program::Coverage::Function &function : functions)
      lines.push_back(place(function.where) + function.name + ": " +
                      function.reason);
    return lines;
  }
  Strings messages(const std::vector<report::Notification> &messages) const {
    Strings lines;
    for (const report::Notification &message : messages)
      lines.push_back(place(message.where) + report::levelName(message.level) +
                      ": " + message.message);
    return lines;
  }
  std::string place(const contract::Location &where) const {
    llvm::StringRef name = where.file;
    EXPECT_TRUE(name.consume_front(tree.path() + "/")) << where.file;
    return name.str() + ":" + std::to_string(where.line) + ": ";
  }
  /// All that is reported, as a reader of the format sees it.
  std::string written(const RunResult &result, report::Format format) {
    std::string text;
    llvm::raw_string_ostream os(text);
    report::WriterOptions writerOptions;
    writerOptions.workingDirectory = tree.path();
    writerOptions.coverage = true;
    report::createWriter(format, writerOptions, sources)
        ->write(result.report, os);
    return text;
  }

  TemporaryTree tree;
  std::vector<CompileJob> jobs;
  contract::RuleSet rules = contract::RuleSet::shipped();
  report::Sources sources;
  RunOptions options;
};

//===----------------------------------------------------------------------===//
// What is reported
//===----------------------------------------------------------------------===//

TEST_F(RunTest, NothingIsCompleteAndEmpty) {
  RunResult result = analyse();
  EXPECT_EQ(findings(result), Strings());
  EXPECT_EQ(result.report.files, Strings());
  EXPECT_EQ(result.report.rules, &rules);
  EXPECT_TRUE(result.report.complete);
  EXPECT_EQ(result.errors, 0u);
}

TEST_F(RunTest, FindingsOfAllFilesInTheOrderOfTheirPlaces) {
  add("twice.c", kTwice);
  add("sub/../leak.c", kLeak);
  add("clean.c", kClean);
  RunResult result = analyse();
  EXPECT_EQ(findings(result),
            (Strings{"leak.c:4: mdl-leak", "twice.c:7: mdl-double-free"}));
  EXPECT_EQ(result.report.files,
            (Strings{tree.path("clean.c"), tree.path("leak.c"),
                     tree.path("twice.c")}));
  EXPECT_TRUE(result.report.complete);
  EXPECT_EQ(messages(result.report.notifications), Strings());
  EXPECT_EQ(result.errors, 0u);
  std::set<std::string> fingerprints;
  for (const contract::Finding &finding : result.report.findings) {
    EXPECT_EQ(finding.fingerprint.size(), 16u);
    fingerprints.insert(finding.fingerprint);
    for (const contract::PathStep &step : finding.path)
      EXPECT_EQ(step.where.file, finding.where.file);
  }
  EXPECT_EQ(fingerprints.size(), 2u);
}

TEST_F(RunTest, OnlyTheRulesThatAreOn) {
  add("leak.c", kLeak);
  add("twice.c", kTwice);
  auto chosen = [&](const char *list) {
    report::PolicyOptions chosenBy;
    chosenBy.rules = list;
    chosenBy.ignoreConfig = true;
    auto policy = llvm::cantFail(report::Policy::create(rules, chosenBy, {}));
    RunResult result = analyse();
    llvm::cantFail(policy.apply(result.report.findings,
                                result.report.suppressed, sources));
    return findings(result);
  };
  EXPECT_EQ(chosen("mdl-leak"), Strings{"leak.c:4: mdl-leak"});
  EXPECT_EQ(chosen("-mdl-leak"), Strings{"twice.c:7: mdl-double-free"});
}

TEST_F(RunTest, AFindingInAHeaderIsOne) {
  tree.write("leak.h", std::string("static ") + (kLeak + 17));
  for (const char *name : {"a", "b"})
    add(std::string(name) + ".c", "#include \"wdm.h\"\n"
                                  "#include \"leak.h\"\n"
                                  "int " +
                                      std::string(name) +
                                      "(void *p) { return Leak(p); }\n");
  RunResult result = analyse();
  EXPECT_EQ(findings(result), Strings{"leak.h:3: mdl-leak"});
  // Each unit has its copy.
  EXPECT_EQ(result.report.coverage.functionsDefined, 4u);
}

TEST_F(RunTest, CoverageIsThatOfAllUnits) {
  addAll();
  program::Coverage coverage = analyse().report.coverage;
  EXPECT_EQ(coverage.functionsDefined, 7u);
  EXPECT_EQ(coverage.functionsAnalysed, 6u);
  EXPECT_EQ(functions(coverage.skipped),
            Strings{"broken.c:2: Bad: use of undeclared identifier 'nothing'"});
  EXPECT_EQ(functions(coverage.limited), Strings());
  EXPECT_EQ(coverage.unknownCallees,
            (std::map<std::string, unsigned>{{"Unknown", 2}}));
}

TEST_F(RunTest, FunctionsSkippedInAHeaderAreNamedOnce) {
  tree.write("asm.h", "static int Asm(void) { __asm__(\"nop\"); return 1; }\n"
                      "static int Bad(void) { return nothing; }\n");
  add("a.c", "#include \"asm.h\"\nint a(void) { return Bad(); }\n");
  add("b.c", "#include \"asm.h\"\nint b(void) { return Bad(); }\n");
  RunResult result = analyse();
  EXPECT_EQ(functions(result.report.coverage.skipped),
            Strings{"asm.h:2: Bad: use of undeclared identifier 'nothing'"});
  EXPECT_EQ(messages(result.report.notifications),
            Strings{"asm.h:2: error: use of undeclared identifier 'nothing'"});
  EXPECT_EQ(result.errors, 1u);
}

TEST_F(RunTest, StatsAreSums) {
  add("leak.c", kLeak);
  program::Stats leak = analyse().report.stats;
  jobs.clear();
  add("clean.c", kClean);
  program::Stats clean = analyse().report.stats;
  addJob("leak.c");
  program::Stats both = analyse().report.stats;
  EXPECT_GT(leak.blocks, 0u);
  EXPECT_GT(clean.statesVisited, 0u);
  EXPECT_EQ(both.blocks, leak.blocks + clean.blocks);
  EXPECT_EQ(both.instructions, leak.instructions + clean.instructions);
  EXPECT_EQ(both.statesVisited, leak.statesVisited + clean.statesVisited);
  EXPECT_EQ(both.summaries, leak.summaries + clean.summaries);
  EXPECT_EQ(both.summaryHits, leak.summaryHits + clean.summaryHits);
}

//===----------------------------------------------------------------------===//
// Broken sources
//===----------------------------------------------------------------------===//

TEST_F(RunTest, ABrokenSourceDoesNotStopTheRest) {
  add("broken.c", kBroken);
  add("leak.c", kLeak);
  RunResult result = analyse();
  EXPECT_FALSE(result.report.complete);
  EXPECT_EQ(findings(result), Strings{"leak.c:4: mdl-leak"});
  EXPECT_EQ(
      messages(result.report.notifications),
      Strings{"broken.c:2: error: use of undeclared identifier 'nothing'"});
  EXPECT_EQ(result.errors, 1u);
  EXPECT_EQ(result.report.files.size(), 2u);

  tree.write("broken.c", "int Good(void) { return 1; }\n");
  EXPECT_TRUE(analyse().report.complete);
}

TEST_F(RunTest, AMissingSourceIsAnError) {
  addJob("gone.c");
  add("clean.c", kClean);
  RunResult result = analyse();
  EXPECT_FALSE(result.report.complete);
  EXPECT_EQ(result.errors, 1u);
  ASSERT_EQ(result.report.notifications.size(), 1u);
  EXPECT_NE(result.report.notifications[0].message.find("gone.c"),
            std::string::npos)
      << result.report.notifications[0].message;
  EXPECT_EQ(result.report.coverage.functionsAnalysed, 1u);
}

TEST_F(RunTest, NotesStayWithTheirError) {
  const char *const text = "int f(int);\nchar *f(int);\n";
  add("b.c", text);
  add("a.c", text);
  RunResult result = analyse();
  EXPECT_EQ(messages(result.report.notifications),
            (Strings{"a.c:2: error: conflicting types for 'f'",
                     "a.c:1: note: previous declaration is here",
                     "b.c:2: error: conflicting types for 'f'",
                     "b.c:1: note: previous declaration is here"}));
  EXPECT_EQ(result.errors, 2u);
}

//===----------------------------------------------------------------------===//
// Threads, order, progress
//===----------------------------------------------------------------------===//

TEST_F(RunTest, ThreadsAndOrderDoNotShow) {
  addAll();
  const RunResult base = analyse();
  ASSERT_EQ(findings(base),
            (Strings{"leak.c:4: mdl-leak", "twice.c:7: mdl-double-free"}));
  ASSERT_EQ(messages(base.report.notifications),
            (Strings{"bad.h:1: error: unknown type name 'NO_SUCH_TYPE'",
                     "broken.c:2: error: use of undeclared identifier "
                     "'nothing'"}));
  auto expectSame = [&](const std::string &how) {
    RunResult result = analyse();
    EXPECT_EQ(result.errors, base.errors) << how;
    EXPECT_EQ(result.report.notifications, base.report.notifications) << how;
    for (report::Format format :
         {report::Format::Text, report::Format::Json, report::Format::Sarif})
      EXPECT_EQ(written(result, format), written(base, format)) << how;
  };
  for (unsigned threads : {1, 2, 5, 0}) {
    options.threads = threads;
    expectSame("threads: " + std::to_string(threads));
    std::reverse(jobs.begin(), jobs.end());
    expectSame("reversed, threads: " + std::to_string(threads));
    std::rotate(jobs.begin(), jobs.begin() + 2, jobs.end());
    expectSame("rotated, threads: " + std::to_string(threads));
  }
}

TEST_F(RunTest, ProgressCountsEachJobOnce) {
  addAll();
  for (unsigned threads : {1, 3}) {
    options.threads = threads;
    Strings files;
    std::vector<size_t> counts;
    auto progress = [&](size_t started, size_t total, llvm::StringRef file) {
      counts.push_back(started);
      EXPECT_EQ(total, 6u);
      files.push_back(file.str());
    };
    options.progress = progress;
    analyse();
    EXPECT_EQ(counts, (std::vector<size_t>{1, 2, 3, 4, 5, 6}));
    std::sort(files.begin(), files.end());
    EXPECT_EQ(files, (Strings{"also.c", "broken.c", "clean.c", "given.c",
                              "leak.c", "twice.c"}));
  }
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

TEST_F(RunTest, VerifySeesEveryGraph) {
  addAll();
  std::mutex mutex;
  std::multiset<std::string> seen;
  auto verify = [&](const ir::Unit &unit) {
    std::lock_guard<std::mutex> lock(mutex);
    seen.insert(unit.mainFile);
  };
  const std::multiset<std::string> all{"also.c",  "broken.c", "clean.c",
                                       "given.c", "leak.c",   "twice.c"};
  analyse();
  EXPECT_EQ(seen.size(), 0u);
  options.verify = verify;
  options.threads = 3;
  analyse();
  EXPECT_EQ(seen, all);

  seen.clear();
  std::vector<report::Notification> notifications;
  dumpIr(jobs, options, llvm::nulls(), notifications);
  EXPECT_EQ(seen, all);
}

TEST_F(RunTest, GraphsAreWellFormed) {
  addAll();
  Strings expected = findings(analyse());
  options.verify = verifyOrDie;
  EXPECT_EQ(findings(analyse()), expected);
}

TEST(VerifyDeathTest, NamesTheFileAndAllThatIsWrong) {
  ir::Unit unit = llvm::cantFail(ir::read("unit \"a.c\"\n"
                                          "func F() {\n"
                                          "  block b0\n"
                                          "    goto exit\n"
                                          "}\n",
                                          "a.ir"));
  verifyOrDie(unit);
  unit.functions[0].entry = ir::BlockId(99);
  EXPECT_DEATH(verifyOrDie(unit),
               "a.c: the program graph is not well formed:\n  function 'F'");
}

//===----------------------------------------------------------------------===//
// The graphs as text
//===----------------------------------------------------------------------===//

TEST_F(RunTest, DumpIsTheTextOfEachUnitInTurn) {
  add("b.c", "int second(int x) { return x; }\n");
  add("a.c", "#define TWICE(x) ((x) + (x))\n"
             "int first(int x) { return TWICE(x); }\n");
  std::string text;
  llvm::raw_string_ostream os(text);
  std::vector<report::Notification> notifications;
  EXPECT_TRUE(dumpIr(jobs, options, os, notifications));
  EXPECT_EQ(messages(notifications), Strings());
  size_t second = text.find("unit \"a.c\"");
  ASSERT_NE(second, std::string::npos);
  for (auto [part, name, function] :
       {std::tuple(text.substr(0, second), "b.c", "second"),
        std::tuple(text.substr(second), "a.c", "first")}) {
    auto unit = ir::read(part, name);
    ASSERT_TRUE(static_cast<bool>(unit)) << llvm::toString(unit.takeError());
    EXPECT_EQ(unit->mainFile, name);
    ASSERT_EQ(unit->functions.size(), 1u);
    EXPECT_EQ(unit->declOf(unit->functions[0]).name, function);
  }
  EXPECT_EQ(text.find("TWICE"), std::string::npos);

  // As in an analysis, some macros are calls.
  text.clear();
  options.frontend.macrosAsCalls = {"TWICE"};
  EXPECT_TRUE(dumpIr(jobs, options, os, notifications));
  EXPECT_NE(text.find("call i32 TWICE("), std::string::npos) << text;
}

TEST_F(RunTest, DumpOfBrokenSourcesHasTheRest) {
  tree.write("bad.h", "NO_SUCH_TYPE declared;\n");
  add("a.c", std::string("#include \"bad.h\"\n") + kBroken);
  add("b.c", "#include \"bad.h\"\nint fine(void) { return 1; }\n");
  std::string text;
  llvm::raw_string_ostream os(text);
  std::vector<report::Notification> notifications;
  EXPECT_FALSE(dumpIr(jobs, options, os, notifications));
  // The error of the header once.
  EXPECT_EQ(messages(notifications),
            (Strings{"a.c:3: error: use of undeclared identifier 'nothing'",
                     "bad.h:1: error: unknown type name 'NO_SUCH_TYPE'"}));
  EXPECT_NE(text.find("func Good("), std::string::npos);
  EXPECT_NE(text.find("skipped Bad"), std::string::npos);
  EXPECT_EQ(text.find("func Bad("), std::string::npos);
  EXPECT_NE(text.find("func fine("), std::string::npos);
}

} // namespace
