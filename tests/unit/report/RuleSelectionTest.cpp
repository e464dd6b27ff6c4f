//===-- RuleSelectionTest.cpp
//-----------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ReportFixture.h"

#include "report/RuleSelection.h"

using namespace mdlcheck;
using namespace mdlcheck::report;

namespace {

class RuleSelectionTest : public ReportTest {
protected:
  /// Which of the two rules are on, as "10"; or the error.
  std::string select(llvm::StringRef list) {
    auto selection = RuleSelection::parse(list, rules);
    if (!selection)
      return llvm::toString(selection.takeError());
    std::string text;
    for (uint32_t i = 0; i < rules.rules.size(); ++i)
      text += selection->contains(contract::RuleId(i)) ? '1' : '0';
    return text;
  }
};

TEST_F(RuleSelectionTest, Defaults) {
  RuleSelection selection = RuleSelection::defaults(rules);
  EXPECT_TRUE(selection.contains(contract::RuleId(0)));
  EXPECT_FALSE(selection.contains(contract::RuleId(1)));
}

TEST_F(RuleSelectionTest, IdsAliasesAndGlobs) {
  EXPECT_EQ(select("mdl-lock-leak"), "10");
  EXPECT_EQ(select("mdl-lock-leaked-on-path"), "10");
  EXPECT_EQ(select("mdl-chain-partial-free"), "01");
  EXPECT_EQ(select("mdl-*"), "11");
  EXPECT_EQ(select("*"), "11");
  EXPECT_EQ(select("mdl-lock*,"), "10");
  EXPECT_EQ(select(" mdl-lock-leak , mdl-chain-partial-free "), "11");
}

TEST_F(RuleSelectionTest, SwitchingOff) {
  EXPECT_EQ(select("*,-mdl-lock-leak"), "01");
  EXPECT_EQ(select("-mdl-lock-leak,mdl-lock-leak"), "10");
  // From the defaults, which have the second rule off.
  EXPECT_EQ(select("-mdl-lock-leak"), "00");
  EXPECT_EQ(select("-mdl-lock-leak,mdl-chain*"), "01");
}

TEST_F(RuleSelectionTest, Mistakes) {
  EXPECT_EQ(select("mdl-lock-lead"),
            "unknown rule 'mdl-lock-lead'; did you mean 'mdl-lock-leak'?");
  EXPECT_EQ(select("zebra"),
            "unknown rule 'zebra'; --list-rules shows what there is");
  EXPECT_EQ(select("irql-*"),
            "no rule matches 'irql-*'; --list-rules shows what there is");
  EXPECT_EQ(select(" , "), "--rules names no rule; --rules=* switches all on");
  EXPECT_NE(select("mdl-[").find("is no pattern for rules"), std::string::npos);
}

} // namespace
