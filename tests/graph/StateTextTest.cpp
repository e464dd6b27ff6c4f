//===-- StateTextTest.cpp - what state cases must not let pass --*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StateCheck.h"
#include "ir/Text.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::tests;

namespace {

constexpr const char *kUnit = R"ir(
field _MDL.MdlFlags offset 10: i16
field _EXT.Flags offset 0: u32
field _EXT.Mdl offset 8: ptr
global g_Mdl: ptr
decl MmUnlockPages(MemoryDescriptorList): void system
func Sets(Ext: ptr, Mdl: ptr, x: i32): i32 {
  temps 3
  block b0
    %0 = load ptr &Ext
    %1 = load ptr &Mdl
    %2 = load i32 &x
    store u32 %0->_EXT.Flags, 7
    call MmUnlockPages(%1 to 48)
    goto low, high
  block low
    assume true (%2 < 5)
    return 0:i32
  block high
    assume false (%2 >= 5)
    return %2
}
)ir";

class StateTextTest : public ::testing::Test {
protected:
  StateTextTest() {
    llvm::Expected<ir::Unit> read = ir::read(kUnit, "t");
    if (!read)
      ADD_FAILURE() << llvm::toString(read.takeError());
    else
      unit = std::move(*read);
  }
  /// What is said about `exits` where `given` is what goes in.
  std::string check(llvm::StringRef given, std::vector<std::string> returns) {
    engine::UnitGraph graph(unit, rules);
    engine::Engine engine(graph, rules, {});
    StateCheck check(graph, rules, engine, 0);
    llvm::Expected<StateText> start = readState(given, unit, rules);
    if (!start)
      return llvm::toString(start.takeError());
    if (llvm::Error error = check.give(*start))
      return llvm::toString(std::move(error));
    std::vector<std::pair<bool, StateText>> announced;
    for (const std::string &text : returns) {
      llvm::Expected<StateText> said = readState(text, unit, rules);
      if (!said)
        return llvm::toString(said.takeError());
      announced.push_back({false, std::move(*said)});
    }
    return check.compare(announced, engine.runWith(0, check.entry()));
  }
  /// The same where the second exit is as it should be.
  std::string first(const std::string &text) {
    return check("x in 0..9; Mdl mdl.pages=locked; Ext->_EXT.Mdl = m",
                 {text, "result = x; x in 5..9"});
  }

  ir::Unit unit;
  contract::RuleSet rules = contract::RuleSet::shipped();
};

TEST_F(StateTextTest, AcceptsWhatIsTrue) {
  EXPECT_EQ(first("result = 0; x in 0..4; Ext->_EXT.Flags = 7; "
                  "Ext->_EXT.Mdl = m; Mdl mdl.pages=unlocked "
                  "mdl.sysmap=unmapped; Mdl->_MDL.MdlFlags = f; "
                  "f bits 0x17=0; irql = irql0; irql0 in 0..2; "
                  "no other objects; no other memory"),
            "");
}

TEST_F(StateTextTest, TellsWhatDiffers) {
  for (const char *wrong :
       {"result = 0; x in 0..5", "result = 0; x in ..4",
        "result = 0; x unknown", "result = 0; Mdl mdl.pages=unlocked",
        "result = 0; Mdl mdl.pages=locked",
        "result = 0; Mdl mdl.pages=unlocked ... owned",
        "result = 0; Ext->_EXT.Mdl = n; n mdl.pages=locked",
        "result = 0; Ext->_EXT.Mdl = Mdl", "result = 0; Ext->_EXT.Flags = f",
        "result = 0; no other objects", "result = 0; no other memory",
        "result = 0; irql = 0", "result = 0; x in 0..4 bits 1=1",
        "result = 0; x in 0..4 not 3", "result = 1", "code = c"})
    EXPECT_NE(
        first(wrong).find("does not come:  returns: " + std::string(wrong)),
        std::string::npos)
        << wrong << "\n"
        << first(wrong);
}

TEST_F(StateTextTest, CountsExits) {
  std::string more =
      check("x in 0..9", {"result = 0", "result = x", "result = 0"});
  EXPECT_NE(more.find("does not come:  returns: result = 0"),
            std::string::npos);
  std::string less = check("x in 0..9", {"x in 5..9"});
  EXPECT_NE(less.find("not announced:  returns: result = 0"),
            std::string::npos);
  // The one that fits both is left to where nothing else fits.
  EXPECT_EQ(check("x in 0..9", {"Ext->_EXT.Flags = 7", "result = 0"}), "");
}

TEST_F(StateTextTest, ToleratesNoMisspelling) {
  EXPECT_NE(check("Mdl mdl.pages=loked", {}), "");
  EXPECT_NE(check("Mdl mdl.page=locked", {}), "");
  EXPECT_NE(check("Nobody in 0..3", {}), "");
  EXPECT_NE(check("Ext->_EXT.None = m", {}), "");
  EXPECT_NE(check("x", {}), "");
  EXPECT_NE(check("x in 0..3 3", {}), "");
  EXPECT_NE(check("x in 5..3", {}), "");
}

} // namespace
