//===-- EngineTest.cpp - tests of the engine's own interface ----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the engine finds is tested with the graphs of tests/graph. Here is what
// its caller has to rely on: options, limits, sites, and counts.
//
//===----------------------------------------------------------------------===//

#include "engine/Engine.h"
#include "ir/Text.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;

namespace {

constexpr const char *kRules = R"yaml(
rules:
  r-leak: {title: Leak, severity: error, message: "'{object}' leaks"}
  r-twice: {title: Twice, severity: error, message: "'{object}' again"}
automata:
  thing:
    noun: thing
    facets:
      life: {open: opened here, closed: closed here}
    leaks:
      - {life: open, rule: r-leak}
ddis:
  Open:
    params: []
    outcomes:
      - returns: {result: new, result.life: open}
  Close:
    params: [x]
    requires:
      - {x.life: open, else: {closed: r-twice}}
    outcomes:
      - returns: {x.life: closed}
)yaml";

constexpr const char *kUnit = R"ir(
decl Open(): ptr
decl Close(x): void
decl Unknown(x): void
func CloseIt(x: ptr) static {
  temps 1
  block b0
    %0 = load ptr &x
    call Close(%0 to 8) @2:1-9
    goto exit
}
func Two() {
  local a: ptr
  local b: ptr
  temps 4
  block b0
    %0 = call Open() @3:1-9
    store ptr &a, %0
    %1 = call Open() @4:1-9
    store ptr &b, %1
    call CloseIt(%0 to 8) @5:1-9
    call CloseIt(%0 to 8) @6:1-9
    assume leave 1 @7:1-9
    goto exit
}
func Passes(x: ptr) {
  temps 1
  block b0
    %0 = load ptr &x
    call Close(%0 to 8) @8:1-9
    call Unknown(%0 to 8) @9:1-9
    goto exit
}
func Loop(n: i32) {
  local i: i32
  temps 6
  block b0
    store i32 &i, 0
    goto head
  block head
    %0 = load i32 &i
    %1 = load i32 &n
    goto body, done
  block body
    assume enter (%0 < %1) "i < n" @10:1-9
    %2 = call Open() @11:1-9
    call Close(%2 to 8) @12:1-9
    %3 = load i32 &i
    store i32 &i, (%3 + 1)
    goto head
  block done
    assume exit (%0 >= %1) "i < n" @13:1-9
    goto exit
}
)ir";

class EngineTest : public ::testing::Test {
protected:
  EngineTest() {
    if (llvm::Error e =
            rules.addYaml(kRules, "rules", contract::Contract::Origin::User))
      ADD_FAILURE() << llvm::toString(std::move(e));
    use(kUnit);
  }
  void use(const char *text) {
    llvm::Expected<ir::Unit> read = ir::read(text, "t");
    if (!read)
      ADD_FAILURE() << llvm::toString(read.takeError());
    else
      unit = std::move(*read);
    graph = std::make_unique<UnitGraph>(unit, rules);
  }
  uint32_t function(llvm::StringRef name) {
    for (uint32_t i = 0; i < unit.functions.size(); ++i)
      if (unit.declOf(unit.functions[i]).name == name)
        return i;
    ADD_FAILURE() << "no " << name.str();
    return 0;
  }
  std::vector<std::string> found(const EntryResult &r) {
    std::vector<std::string> all;
    for (const auto &[key, report] : r.reports)
      all.push_back(std::to_string(report.finding.where.line) + " " +
                    rules.rule(report.finding.rule).id);
    return all;
  }

  ir::Unit unit;
  contract::RuleSet rules;
  std::unique_ptr<UnitGraph> graph;
};

TEST_F(EngineTest, FindsWhatTheRulesSay) {
  Engine engine(*graph, rules, {});
  EntryResult r = engine.runEntry(function("Two"));
  EXPECT_EQ(found(r), (std::vector<std::string>{"2 r-twice", "7 r-leak"}));
  EXPECT_FALSE(r.budgetHit);
  EXPECT_TRUE(r.limits.empty());
  for (const auto &[key, report] : r.reports)
    EXPECT_FALSE(report.merged);
  EXPECT_TRUE(engine.analysed.contains(function("CloseIt")));
  EXPECT_FALSE(engine.analysed.contains(function("Passes")));
}

TEST_F(EngineTest, PathsLeadFromTheOutermostFunction) {
  Engine engine(*graph, rules, {});
  EntryResult r = engine.runEntry(function("Two"));
  ASSERT_FALSE(r.reports.empty());
  const contract::Finding &f = r.reports.begin()->second.finding;
  using Kind = contract::PathStep::Kind;
  std::vector<Kind> kinds;
  for (const auto &step : f.path)
    kinds.push_back(step.kind);
  ASSERT_GE(kinds.size(), 4u);
  EXPECT_EQ(kinds.front(), Kind::Event);
  EXPECT_EQ(kinds.back(), Kind::Final);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), Kind::Call), 2);
  EXPECT_EQ(f.function, "CloseIt");
  EXPECT_EQ(f.path.back().depth, 1u);
  EXPECT_EQ(f.path.front().depth, 0u);
}

TEST_F(EngineTest, SitesCanBeLookedAtOneByOne) {
  Engine all(*graph, rules, {});
  EntryResult r = all.runEntry(function("Two"));
  ASSERT_EQ(r.sites.size(), 2u);
  std::vector<std::string> together;
  for (uint32_t site : r.sites) {
    EngineOptions options;
    options.focus = site;
    Engine one(*graph, rules, options);
    for (const std::string &f : found(one.runEntry(function("Two"))))
      together.push_back(f);
  }
  std::sort(together.begin(), together.end());
  EXPECT_EQ(together, found(r));
}

TEST_F(EngineTest, UnknownCalleesOfTrackedObjectsAreCounted) {
  Engine engine(*graph, rules, {});
  engine.runEntry(function("Passes"));
  ASSERT_EQ(engine.unknownCallees.size(), 1u);
  EXPECT_EQ(engine.unknownCallees["Unknown"].size(), 1u);
  // Once more through the same call is no other call.
  engine.runEntry(function("Passes"));
  EXPECT_EQ(engine.unknownCallees["Unknown"].size(), 1u);
}

TEST_F(EngineTest, LoopsEnd) {
  Engine engine(*graph, rules, {});
  EntryResult r = engine.runEntry(function("Loop"));
  EXPECT_TRUE(r.reports.empty());
  EXPECT_FALSE(r.budgetHit);
}

TEST_F(EngineTest, SmallBudgetsAreKeptAndAdmitted) {
  EngineOptions options;
  options.activationBudget = 1;
  options.entryBudget = 1;
  Engine engine(*graph, rules, options);
  EntryResult r = engine.runEntry(function("Loop"));
  EXPECT_TRUE(r.reports.empty());
  EXPECT_TRUE(r.budgetHit);
  EXPECT_FALSE(r.limits.empty());
}

TEST_F(EngineTest, TheSecondRunUsesTheSummariesOfTheFirst) {
  Engine engine(*graph, rules, {});
  EntryResult first = engine.runEntry(function("Two"));
  uint64_t computed = engine.stats.summaries;
  EXPECT_GT(computed, 0u);
  EntryResult second = engine.runEntry(function("Two"));
  EXPECT_EQ(found(first), found(second));
  EXPECT_EQ(engine.stats.summaries, computed);
  EXPECT_GT(engine.stats.summaryHits, 0u);
}

constexpr const char *kModules = R"ir(
decl Open(): ptr
decl Close(x): void
func Maker(n: i32): ptr static {
  local $ret: ptr result
  temps 3
  block b0
    %0 = load i32 &n
    goto some, none
  block some
    assume true %0 "n" @1:1-9
    %1 = call Open() @2:1-9
    store ptr &$ret, %1
    goto exit
  block none
    assume false (! %0) "n" @1:1-9
    store ptr &$ret, null
    goto exit
}
func Forgets(n: i32) {
  local a: ptr
  temps 3
  block b0
    %0 = load i32 &n
    goto yes, no
  block yes
    assume true %0 "n" @4:1-9
    goto on
  block no
    assume false (! %0) "n" @4:1-9
    goto on
  block on
    %1 = call ptr Maker(%0) @5:1-9
    store ptr &a, %1
    assume leave 1 @6:1-9
    goto exit
}
func Closes() {
  local a: ptr
  temps 3
  block b0
    %0 = call ptr Maker(1:i32) @7:1-9
    store ptr &a, %0
    call Close(%0 to 8) @8:1-9
    call ptr Maker(0:i32) @9:1-9
    assume leave 1 @10:1-9
    goto exit
}
)ir";

class ModulesTest : public EngineTest {
protected:
  ModulesTest() {
    use(kModules);
    options.moduleWeight = 1;
  }
  EngineOptions options;
};

TEST_F(ModulesTest, AreAnalysedOnceForAllCallers) {
  Engine engine(*graph, rules, options);
  EntryResult r = engine.runEntry(function("Forgets"));
  EXPECT_EQ(r.modules, std::set<uint32_t>{function("Maker")});
  EXPECT_EQ(found(r), std::vector<std::string>{"6 r-leak"});
  // The object is Maker's gift; the caller did not look into it.
  EXPECT_EQ(engine.modules.at(function("Maker")).exported, r.sites);
  uint64_t computed = engine.stats.summaries;
  engine.runEntry(function("Closes"));
  EXPECT_EQ(engine.stats.summaries, computed);
}

TEST_F(ModulesTest, WhatIsFoundBehindOneIsDoubtful) {
  Engine quick(*graph, rules, options);
  EntryResult r = quick.runEntry(function("Forgets"));
  ASSERT_EQ(r.reports.size(), 1u);
  EXPECT_TRUE(r.reports.begin()->second.merged);
  Engine exact(*graph, rules, {});
  r = exact.runEntry(function("Forgets"));
  ASSERT_EQ(r.reports.size(), 1u);
  EXPECT_FALSE(r.reports.begin()->second.merged);
}

TEST_F(ModulesTest, WaysOutThatContradictTheCallerAreNotTaken) {
  // With another argument the second call would make an object.
  Engine engine(*graph, rules, options);
  EntryResult r = engine.runEntry(function("Closes"));
  EXPECT_EQ(r.modules, std::set<uint32_t>{function("Maker")});
  EXPECT_EQ(found(r), std::vector<std::string>{});
}

TEST_F(ModulesTest, AreNotTakenAsSuchWithTrackedArguments) {
  use(kUnit);
  Engine engine(*graph, rules, options);
  EntryResult r = engine.runEntry(function("Two"));
  EXPECT_TRUE(r.modules.empty());
  EXPECT_EQ(found(r), (std::vector<std::string>{"2 r-twice", "7 r-leak"}));
}

TEST_F(ModulesTest, AGuideKeepsToItsSideOfABranch) {
  const ir::Function &f = unit.functions[function("Maker")];
  Decisions none;
  for (const ir::Block &b : f.blocks)
    for (const ir::Instr &i : b.instrs)
      if (i.assumeKind == ir::AssumeKind::BranchFalse &&
          i.kind == ir::InstrKind::Assume)
        none.insert(&i);
  ASSERT_EQ(none.size(), 1u);
  EngineOptions guided;
  guided.guide = &none;
  Engine engine(*graph, rules, guided);
  EXPECT_TRUE(engine.runEntry(function("Maker")).sites.empty());
  // A condition that is known is no decision, whatever it was elsewhere.
  EXPECT_FALSE(engine.runEntry(function("Closes")).sites.empty());
}

TEST_F(EngineTest, ARunStopsWithWhatItWants) {
  Engine all(*graph, rules, {});
  EntryResult r = all.runEntry(function("Two"));
  ASSERT_EQ(found(r), (std::vector<std::string>{"2 r-twice", "7 r-leak"}));
  std::set<ReportKey> wanted{r.reports.begin()->first};
  EngineOptions some;
  some.wanted = &wanted;
  Engine engine(*graph, rules, some);
  EXPECT_EQ(found(engine.runEntry(function("Two"))),
            std::vector<std::string>{"2 r-twice"});
  EXPECT_LT(engine.stats.states, all.stats.states);
}

} // namespace
