//===-- AnalysisTest.cpp - tests of the one analysis call -------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "program/Analysis.h"
#include "ir/Text.h"

#include "gtest/gtest.h"

#include <thread>

using namespace mdlcheck;
using namespace mdlcheck::program;

namespace {

constexpr const char *kUnit = R"ir(unit "driver.c"
decl IoAllocateMdl(VirtualAddress, Length, SecondaryBuffer, ChargeQuota, Irp): ptr system
decl IoFreeMdl(Mdl): void system
decl MmUnlockPages(MemoryDescriptorList): void system
decl Other(x): void
func Free(Mdl: ptr) static @5:1-9:2 {
  temps 1
  block b0
    %0 = load ptr &Mdl @6:5-8
    call IoFreeMdl(%0 to 48) texts("Mdl") @7:5-20
    goto exit
}
func Twice(Mdl: ptr) @10:1-14:2 {
  temps 1
  block b0
    %0 = load ptr &Mdl @11:5-8
    call Free(%0 to 48) texts("Mdl") @12:5-20
    call Free(%0 to 48) texts("Mdl") @13:5-20
    goto exit
}
func Leak(Want: u8) @20:1-30:2 {
  temps 2
  block b0
    %0 = load u8 &Want @21:5-9
    goto yes, no
  block yes
    assume true %0 "Want" @21:5-9
    %1 = call IoAllocateMdl(null, 4096:u32, 0:u8, 0:u8, null) @22:5-9
    goto out
  block no
    assume false (! %0) "Want" @21:5-9
    goto out
  block out
    assume leave 1 @29:5-11
    goto exit
}
func Unlock(Mdl: ptr) @40:1-44:2 {
  temps 1
  block b0
    %0 = load ptr &Mdl @41:5-8
    call MmUnlockPages(%0 to 48) texts("Mdl") @42:5-20
    call Other(%0 to 48) @43:5-20
    call Other(%0 to 48) @43:5-20
    goto exit
}
func Clean() @50:1-52:2 {
  block b0
    goto exit
}
func FromHeader() inline system @60:1-62:2 {
  block b0
    goto exit
}
skipped Assembly "inline assembly" @70:1-75:2
)ir";

class AnalysisTest : public ::testing::Test {
protected:
  AnalysisTest() {
    llvm::Expected<ir::Unit> read = ir::read(kUnit, "t");
    if (!read)
      ADD_FAILURE() << llvm::toString(read.takeError());
    else
      unit = std::move(*read);
  }
  /// Everything a host could print.
  static std::string printed(const AnalysisResult &r) {
    std::string s;
    auto place = [](const contract::Location &l) {
      return l.file + ":" + std::to_string(l.line) + ":" +
             std::to_string(l.column) + " ";
    };
    for (const contract::Finding &f : r.findings) {
      s += place(f.where) + std::to_string(f.rule.value) + f.function + "|" +
           f.object + "|" + f.message + "\n";
      for (const contract::PathStep &step : f.path)
        s += "  " + place(step.where) + step.message + step.function +
             std::to_string(step.depth) + "\n";
    }
    for (const auto &l : r.coverage.limited)
      s += "limited " + l.name + l.reason + "\n";
    for (const auto &[name, count] : r.coverage.unknownCallees)
      s += "unknown " + name + std::to_string(count) + "\n";
    s += std::to_string(r.stats.statesVisited) + " " +
         std::to_string(r.stats.summaries) + " " +
         std::to_string(r.stats.summaryHits);
    return s;
  }

  ir::Unit unit;
  contract::RuleSet rules = contract::RuleSet::shipped();
};

TEST_F(AnalysisTest, FindingsAreSortedAndOnce) {
  AnalysisResult r = analyze(unit, rules);
  ASSERT_EQ(r.findings.size(), 2u);
  EXPECT_TRUE(std::is_sorted(r.findings.begin(), r.findings.end()));
  EXPECT_EQ(rules.rule(r.findings[0].rule).id, "mdl-double-free");
  EXPECT_EQ(r.findings[0].where.file, "driver.c");
  EXPECT_EQ(r.findings[0].where.line, 7u);
  EXPECT_EQ(r.findings[0].object, "Mdl");
  EXPECT_EQ(rules.rule(r.findings[1].rule).id, "mdl-leak");
  EXPECT_EQ(r.findings[1].where.line, 29u);
  EXPECT_EQ(r.findings[1].function, "Leak");
}

TEST_F(AnalysisTest, TheSameEveryTime) {
  std::string first = printed(analyze(unit, rules));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(printed(analyze(unit, rules)), first);
}

TEST_F(AnalysisTest, TheSameInAnyNumberOfThreads) {
  std::string first = printed(analyze(unit, rules));
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string &result : results)
    threads.emplace_back([&] { result = printed(analyze(unit, rules)); });
  for (std::thread &t : threads)
    t.join();
  for (const std::string &result : results)
    EXPECT_EQ(result, first);
}

TEST_F(AnalysisTest, CoverageCountsFunctionsOfTheDriver) {
  Coverage c = analyze(unit, rules).coverage;
  EXPECT_EQ(c.functionsDefined, 6u); // with the skipped, without the header's
  EXPECT_EQ(c.functionsAnalysed, 5u);
  ASSERT_EQ(c.skipped.size(), 1u);
  EXPECT_EQ(c.skipped[0].name, "Assembly");
  EXPECT_EQ(c.skipped[0].reason, "inline assembly");
  EXPECT_EQ(c.skipped[0].where.line, 70u);
  EXPECT_TRUE(c.limited.empty());
}

TEST_F(AnalysisTest, UnknownCalleesAreNamed) {
  Coverage c = analyze(unit, rules).coverage;
  EXPECT_EQ(c.unknownCallees, (std::map<std::string, unsigned>{{"Other", 2}}));
}

TEST_F(AnalysisTest, AContractMakesACalleeKnown) {
  llvm::Error e = rules.addYaml("ddis:\n  Other:\n    params: [x]\n"
                                "    effects: none\n",
                                "mine", contract::Contract::Origin::User);
  ASSERT_FALSE(bool(e));
  EXPECT_TRUE(analyze(unit, rules).coverage.unknownCallees.empty());
}

TEST_F(AnalysisTest, StatsCountTheGraph) {
  Stats s = analyze(unit, rules).stats;
  size_t blocks = 0, instructions = 0;
  for (const ir::Function &f : unit.functions) {
    blocks += f.blocks.size();
    for (const ir::Block &b : f.blocks)
      instructions += b.instrs.size();
  }
  EXPECT_EQ(s.blocks, blocks);
  EXPECT_EQ(s.instructions, instructions);
  EXPECT_GT(s.statesVisited, 0u);
  EXPECT_GT(s.summaries, 0u);
}

TEST_F(AnalysisTest, NothingComesOfNothing) {
  AnalysisResult r = analyze(ir::Unit(), rules);
  EXPECT_TRUE(r.findings.empty());
  EXPECT_EQ(r.coverage.functionsDefined, 0u);
  EXPECT_EQ(r.stats.statesVisited, 0u);
}

TEST_F(AnalysisTest, WithoutRulesThereIsNothingToFind) {
  contract::RuleSet none;
  EXPECT_TRUE(analyze(unit, none).findings.empty());
}

/// A callee that is too large to be followed for every caller anew: it makes
/// an MDL, runs through many blocks, and frees the MDL when told to.
class LargeCalleeTest : public ::testing::Test {
protected:
  std::vector<std::string> leaks(const std::string &callers) {
    std::string text = R"ir(unit "driver.c"
decl IoAllocateMdl(VirtualAddress, Length, SecondaryBuffer, ChargeQuota, Irp): ptr system
decl IoFreeMdl(Mdl): void system
func Large(Data: ptr, Drop: u8) static @5:1-90:2 {
  local mdl: ptr
  temps 200
  block b0
    %0 = call IoAllocateMdl(null, 4096:u32, 0:u8, 0:u8, null) @6:5-9
    store ptr &mdl, %0
    goto c0
)ir";
    for (int i = 0; i < 30; ++i) {
      std::string n = std::to_string(i), t = "%" + std::to_string(i + 1);
      text += "  block c" + n + "\n    " + t + " = load u8 &Drop\n    goto a" +
              n + ", e" + n + "\n  block a" + n + "\n    assume true (" + t +
              " == " + std::to_string(i + 2) + ") \"Drop\" @7:5-9\n    goto c" +
              std::to_string(i + 1) + "\n  block e" + n +
              "\n    assume false (" + t + " != " + std::to_string(i + 2) +
              ") \"Drop\" @7:5-9\n    goto c" + std::to_string(i + 1) + "\n";
    }
    text += R"ir(  block c30
    %60 = load u8 &Drop
    %61 = load ptr &mdl
    goto drop, keep
  block drop
    assume true %60 "Drop" @80:5-9
    call IoFreeMdl(%61 to 48) @81:5-9
    goto exit
  block keep
    assume false (! %60) "Drop" @80:5-9
    assume leave 1 @82:5-9
    goto exit
}
)ir" + callers;
    llvm::Expected<ir::Unit> unit = ir::read(text, "t");
    if (!unit) {
      ADD_FAILURE() << llvm::toString(unit.takeError());
      return {};
    }
    contract::RuleSet rules = contract::RuleSet::shipped();
    std::vector<std::string> found;
    for (const contract::Finding &f : analyze(*unit, rules).findings)
      found.push_back(std::to_string(f.where.line) + " " +
                      rules.rule(f.rule).id + " " + f.path.front().function);
    return found;
  }
};

TEST_F(LargeCalleeTest, IsJudgedByItsCallers) {
  const std::string right = R"ir(func Right(x: ptr) @100:1-9 {
  temps 1
  block b0
    %0 = load ptr &x
    call Large(%0, 1:u8) @101:5-9
    goto exit
}
)ir";
  const std::string wrong = R"ir(func Wrong(x: ptr) @110:1-9 {
  temps 1
  block b0
    %0 = load ptr &x
    call Large(%0, 0:u8) @111:5-9
    goto exit
}
)ir";
  EXPECT_EQ(leaks(right), std::vector<std::string>{});
  EXPECT_EQ(leaks(right + wrong),
            std::vector<std::string>{"82 mdl-leak Wrong"});
}

} // namespace
