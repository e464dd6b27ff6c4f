//===-- GraphTest.cpp - tests of what the solver asks about ----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "engine/Graph.h"
#include "ir/Text.h"

#include "gtest/gtest.h"

#include <set>

using namespace mdlcheck;
using namespace mdlcheck::engine;

namespace {

constexpr const char *kRules = R"yaml(
rules:
  r-leak: {title: Leak, severity: error, message: leak}
  r-twice: {title: Twice, severity: error, message: twice}
  irql-too-high: {title: High, severity: error, breaks: irql-max, message: high}
automata:
  thing:
    noun: thing
    facets:
      life: {open: ~, closed: ~}
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
  Raise:
    params: []
    outcomes:
      - raises: {}
  Up:
    params: []
    outcomes:
      - returns: {irql: 2}
  Low:
    params: []
    irql: 0
    effects: none
)yaml";

class GraphTest : public ::testing::Test {
protected:
  /// The graph of `text`, after some declarations.
  UnitGraph &graph(const std::string &text) {
    llvm::Expected<ir::Unit> read =
        ir::read("decl Open(): ptr\ndecl Close(x): void\ndecl Raise(): void\n"
                 "decl Up(): void\ndecl Low(): void\ndecl Other(x): void\n" +
                     text,
                 "t");
    if (!read)
      ADD_FAILURE() << llvm::toString(read.takeError());
    else
      unit = std::move(*read);
    if (llvm::Error e =
            rules.addYaml(kRules, "rules", contract::Contract::Origin::User))
      ADD_FAILURE() << llvm::toString(std::move(e));
    built = std::make_unique<UnitGraph>(unit, rules);
    return *built;
  }
  /// Live variables at the beginning of a block.
  std::string live(uint32_t function, uint32_t block) {
    std::string names;
    const auto &info = built->functions[function].blocks[block];
    for (unsigned i : info.liveLocals.set_bits())
      names += unit.functions[function].locals[i].name + " ";
    return names;
  }
  std::vector<std::string> names(const std::vector<uint32_t> &functions) {
    std::vector<std::string> all;
    for (uint32_t f : functions)
      all.push_back(unit.declOf(unit.functions[f]).name);
    return all;
  }

  ir::Unit unit;
  contract::RuleSet rules;
  std::unique_ptr<UnitGraph> built;
};

constexpr const char *kLoop = R"ir(
func Loop(N: i32): i32 {
  local i: i32
  local unused: i32
  local last: i32
  temps 5
  block b0
    store i32 &i, 0
    store i32 &unused, 0
    goto head
  block head
    %0 = load i32 &i
    %1 = load i32 &N
    goto body, done
  block body
    assume enter (%0 < %1) "i < N"
    %2 = load i32 &i
    store i32 &last, %2
    store i32 &i, (%2 + 1)
    goto head
  block done
    assume exit (%0 >= %1) "i < N"
    %3 = load i32 &last
    return %3
}
)ir";

TEST_F(GraphTest, ALoopStandsBeforeWhatComesAfterIt) {
  // `done` is named first, and `inner` goes back to it from a loop in a loop.
  const FunctionGraph &g = graph(R"ir(
func F(N: u32): u32 {
  temps 2
  block outer
    %0 = load u32 &N
    goto done, inner
  block done
    assume exit (! %0) "N"
    return %0
  block inner
    %1 = load u32 &N
    goto outer, again
  block again
    assume true %1 "N"
    goto inner
}
)ir")
                               .functions[0];
  EXPECT_TRUE(g.blocks[0].loopHead);
  EXPECT_FALSE(g.blocks[1].loopHead);
  EXPECT_TRUE(g.blocks[2].loopHead);
  EXPECT_FALSE(g.blocks[3].loopHead);
  EXPECT_EQ(g.blocks[0].order, 0u);
  EXPECT_EQ(g.blocks[2].order, 1u);
  EXPECT_EQ(g.blocks[3].order, 2u);
  EXPECT_EQ(g.blocks[1].order, 3u);
}

TEST_F(GraphTest, LoopHeadsAreTargetsOfBackEdges) {
  const FunctionGraph &g = graph(kLoop).functions[0];
  EXPECT_FALSE(g.blocks[0].loopHead);
  EXPECT_TRUE(g.blocks[1].loopHead);
  EXPECT_TRUE(g.blocks[1].join);
  EXPECT_FALSE(g.blocks[2].loopHead);
  EXPECT_FALSE(g.blocks[3].loopHead);
  EXPECT_EQ(g.blocks[0].order, 0u);
  EXPECT_LT(g.blocks[1].order, g.blocks[2].order);
}

TEST_F(GraphTest, AssumesAtTheBeginningOfABlockAreCounted) {
  const FunctionGraph &g = graph(kLoop).functions[0];
  EXPECT_EQ(g.blocks[1].leadingAssumes, 0u);
  EXPECT_EQ(g.blocks[2].leadingAssumes, 1u);
}

TEST_F(GraphTest, VariablesLiveWhileTheyAreReadBeforeTheyAreWritten) {
  graph(kLoop);
  EXPECT_EQ(live(0, 0), "N last ");
  EXPECT_EQ(live(0, 1), "N i last ");
  EXPECT_EQ(live(0, 3), "last ");
  EXPECT_EQ(live(0, unit.functions[0].exit.value),
            unit.functions[0].locals[unit.functions[0].result.value].name +
                " ");
}

TEST_F(GraphTest, HandlersKeepVariablesAlive) {
  graph(R"ir(
func F(x: ptr) {
  local flag: i32
  local code: i32 exceptioncode
  temps 2
  block b0
    store i32 &flag, 0
    goto try
  block try unwind handler
    call Raise()
    store i32 &flag, 1
    goto out
  block handler
    assume handled 1
    %0 = load i32 &flag
    assume true %0 "flag"
    goto out
  block out
    goto exit
}
)ir");
  EXPECT_EQ(live(0, 1), "flag ");
  EXPECT_EQ(live(0, 3), "");
  EXPECT_TRUE(built->functions[0].blocks[2].mayReachExit);
}

TEST_F(GraphTest, FinallyPartsThatEndInTheUnwindExitDoNotReachTheExit) {
  graph(R"ir(
func F() {
  block try unwind cleanup
    call Raise()
    goto exit
  block cleanup
    assume unhandled 1
    goto unwind
}
)ir");
  EXPECT_TRUE(built->functions[0].blocks[0].mayReachExit);
  EXPECT_FALSE(built->functions[0].blocks[1].mayReachExit);
}

TEST_F(GraphTest, AddressesThatGoSomewhereAreTaken) {
  graph(R"ir(
func F() {
  local a: i32
  local b: i32
  local c: ptr
  temps 1
  block b0
    store i32 &a, 1
    %0 = load i32 &a
    call Other(&b to 4)
    store ptr &c, &b
    goto exit
}
)ir");
  const auto &taken = built->functions[0].addressTaken;
  EXPECT_FALSE(taken.test(0));
  EXPECT_TRUE(taken.test(1));
  EXPECT_FALSE(taken.test(2));
}

TEST_F(GraphTest, KeysOfInstructionsAreUnique) {
  graph(std::string(kLoop) +
        "func G() {\n block b0\n call Low()\n goto exit\n}\n");
  std::set<uint32_t> seen;
  for (size_t f = 0; f < unit.functions.size(); ++f)
    for (uint32_t b = 0; b < unit.functions[f].blocks.size(); ++b)
      for (size_t i = 0; i < unit.functions[f].blocks[b].instrs.size(); ++i) {
        uint32_t key = built->functions[f].key(ir::BlockId(b), i);
        EXPECT_NE(key, 0u);
        EXPECT_TRUE(seen.insert(key).second);
      }
}

TEST_F(GraphTest, EntriesAreWhatNobodyCallsAndWhatIsPointedTo) {
  UnitGraph &g = graph(R"ir(
global g_Table: agg(8) {
  0: ptr &func Pointed
}
func Helper() static {
  block b0
    goto exit
}
func Pointed() static {
  block b0
    goto exit
}
func Self() {
  block b0
    call Self()
    goto exit
}
func Entry() {
  block b0
    call Helper()
    call Pointed()
    goto exit
}
func FromHeader() inline system {
  block b0
    goto exit
}
)ir");
  EXPECT_EQ(names(g.entries),
            (std::vector<std::string>{"Pointed", "Self", "Entry"}));
  EXPECT_EQ(names(g.others), std::vector<std::string>{"Helper"});
}

TEST_F(GraphTest, RelevanceComesUpFromCallees) {
  UnitGraph &g = graph(R"ir(
func Nothing(x: ptr) {
  temps 1
  block b0
    %0 = load ptr &x
    call Other(%0)
    goto exit
}
func Closes(x: ptr) {
  temps 1
  block b0
    %0 = load ptr &x
    call Close(%0)
    goto exit
}
func Caller(x: ptr) {
  temps 1
  block b0
    %0 = load ptr &x
    call Closes(%0)
    goto exit
}
func Raises() {
  block b0
    call Up()
    goto exit
}
func Limited() {
  block b0
    call Low()
    goto exit
}
func Both() {
  block b0
    call Raises()
    call Limited()
    goto exit
}
)ir");
  auto worth = [&](uint32_t f) { return g.relevance[f].worthEntering(); };
  EXPECT_FALSE(g.relevance[0].any());
  EXPECT_TRUE(worth(1));
  EXPECT_TRUE(g.relevance[2].facets);
  EXPECT_TRUE(worth(2));
  EXPECT_TRUE(g.relevance[3].irqlChange);
  EXPECT_TRUE(worth(3)); // to see whether it puts it back
  EXPECT_TRUE(g.relevance[4].irqlLimit);
  EXPECT_FALSE(worth(4));
  EXPECT_TRUE(worth(5));
}

TEST_F(GraphTest, ContractsBelongToDeclarations) {
  UnitGraph &g = graph("");
  ASSERT_EQ(g.contracts.size(), unit.decls.size());
  EXPECT_NE(g.contracts[0], nullptr);
  EXPECT_EQ(g.contracts[5], nullptr); // Other
}

TEST_F(GraphTest, FieldsAreFoundByName) {
  UnitGraph &g = graph("field _A.b offset 24: u16\n");
  ir::Type type;
  EXPECT_EQ(g.fieldOffset("_A", "b", type), 24);
  EXPECT_EQ(type.size, 2u);
  EXPECT_EQ(g.fieldOffset("_A", "c", type), -1);
  EXPECT_EQ(g.fieldOffset("_B", "b", type), -1);
}

TEST_F(GraphTest, SitesAreReachedThroughCallsAndPointers) {
  UnitGraph &g = graph(R"ir(
func Site(x: ptr) {
  temps 1
  block b0
    goto b1
  block b1
    %0 = load ptr &x
    call Close(%0)
    goto b2
  block b2
    goto exit
}
func Caller(x: ptr) {
  temps 1
  block b0
    %0 = load ptr &x
    call Site(%0)
    goto b1
  block b1
    goto exit
}
func Apart() {
  block b0
    goto exit
}
func ByPointer(f: ptr) {
  temps 1
  block b0
    %0 = load ptr &f
    call *%0(&func Site)
    goto exit
}
)ir");
  const ir::Function &site = g.unit.functions[0];
  uint32_t hit = 0;
  while (site.blocks[hit].instrs.size() < 2)
    ++hit;
  SiteReach reach(g, g.functions[0].key(ir::BlockId(hit), 1));
  EXPECT_TRUE(reach.within(0));
  EXPECT_TRUE(reach.within(1));
  EXPECT_FALSE(reach.within(2));
  EXPECT_TRUE(reach.within(3));
  EXPECT_TRUE(reach.from(0, site.entry));
  EXPECT_TRUE(reach.from(0, ir::BlockId(hit)));
  EXPECT_FALSE(reach.from(0, site.blocks[hit].succs[0]));
  EXPECT_TRUE(reach.from(1, g.unit.functions[1].entry));
  EXPECT_FALSE(reach.from(2, g.unit.functions[2].entry));
}

} // namespace
