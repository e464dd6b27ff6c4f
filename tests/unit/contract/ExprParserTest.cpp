//===-- ExprParserTest.cpp ------------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/ExprParser.h"

#include "gtest/gtest.h"

using namespace mdlcheck::contract;
using Kind = Expr::Kind;

namespace {

class ExprParserTest : public testing::Test {
protected:
  ExprParserTest() {
    addFacet("mdl", "pages", {"unbuilt", "locked", "io-manager"});
    addFacet("mdl", "life", {"allocated", "freed"});
    addFacet("buffer", "life", {"made", "gone"});
    rules.constants = {{"UserMode", 1}, {"FLAG", 0x10}, {"NULL", 0}};
  }

  void addFacet(const std::string &automaton, const std::string &name,
                std::vector<std::string> states) {
    if (rules.automata.empty() || rules.automata.back().name != automaton) {
      rules.automata.emplace_back();
      rules.automata.back().name = automaton;
    }
    Facet facet;
    facet.name = name;
    facet.automaton = AutomatonId(uint32_t(rules.automata.size() - 1));
    facet.states = std::move(states);
    rules.facets.push_back(facet);
  }

  ExprPtr condition(const char *text) {
    ExprParser parser(text, scope());
    ExprPtr expr = parser.parseCondition();
    error = parser.error();
    return expr;
  }
  ExprPtr value(const char *text) {
    ExprParser parser(text, scope());
    ExprPtr expr = parser.parseValue();
    error = parser.error();
    return expr;
  }
  std::optional<Place> place(const char *text) {
    ExprParser parser(text, scope());
    std::optional<Place> made = parser.parsePlace();
    error = parser.error();
    return made;
  }
  void expectNoCondition(const char *text, const char *why) {
    EXPECT_EQ(condition(text), nullptr) << text;
    EXPECT_NE(error.find(why), std::string::npos) << error;
    EXPECT_NE(error.find(text), std::string::npos) << error;
  }

  const ExprScope &scope() {
    current.emplace(ExprScope{rules, params, resultKnown});
    return *current;
  }

  RuleSet rules;
  std::vector<std::string> params{"Mdl", "Mode", "OldIrql"};
  bool resultKnown = false;
  std::optional<ExprScope> current;
  std::string error;
};

TEST_F(ExprParserTest, Comparison) {
  ExprPtr expr = condition("Mode == UserMode");
  ASSERT_TRUE(expr) << error;
  EXPECT_EQ(expr->kind, Kind::Eq);
  EXPECT_EQ(expr->lhs->kind, Kind::Param);
  EXPECT_EQ(expr->lhs->index, 1u);
  EXPECT_EQ(expr->rhs->kind, Kind::Const);
  EXPECT_EQ(expr->rhs->value, 1);
  const std::pair<const char *, Kind> kAll[] = {
      {"Mode != 1", Kind::Ne}, {"Mode < 1", Kind::Lt},  {"Mode <= 1", Kind::Le},
      {"Mode > 1", Kind::Gt},  {"Mode >= 1", Kind::Ge},
  };
  for (const auto &[text, kind] : kAll) {
    ExprPtr each = condition(text);
    ASSERT_TRUE(each) << error;
    EXPECT_EQ(each->kind, kind);
  }
}

TEST_F(ExprParserTest, Precedence) {
  // || is loosest, and '&' is tighter than a comparison.
  ExprPtr expr = condition("Mode & FLAG != 0 && irql < 2 || Mode == 1");
  ASSERT_TRUE(expr) << error;
  ASSERT_EQ(expr->kind, Kind::Or);
  ASSERT_EQ(expr->lhs->kind, Kind::And);
  ASSERT_EQ(expr->lhs->lhs->kind, Kind::Ne);
  EXPECT_EQ(expr->lhs->lhs->lhs->kind, Kind::BitAnd);
  EXPECT_EQ(expr->lhs->rhs->lhs->kind, Kind::Irql);

  ExprPtr sum = value("Mode | FLAG & Mode + 1 - 2");
  ASSERT_TRUE(sum) << error;
  ASSERT_EQ(sum->kind, Kind::BitOr);
  ASSERT_EQ(sum->rhs->kind, Kind::BitAnd);
  ASSERT_EQ(sum->rhs->rhs->kind, Kind::Sub);
  EXPECT_EQ(sum->rhs->rhs->lhs->kind, Kind::Add);
}

TEST_F(ExprParserTest, Parentheses) {
  ExprPtr expr = condition("(Mode == 1 || Mode == 2) && !(Mode == 3)");
  ASSERT_TRUE(expr) << error;
  ASSERT_EQ(expr->kind, Kind::And);
  EXPECT_EQ(expr->lhs->kind, Kind::Or);
  EXPECT_EQ(expr->rhs->kind, Kind::Not);
}

TEST_F(ExprParserTest, Facets) {
  ExprPtr expr = condition("Mdl.pages is locked");
  ASSERT_TRUE(expr) << error;
  EXPECT_EQ(expr->kind, Kind::FacetIs);
  EXPECT_EQ(expr->facet, FacetId(0));
  EXPECT_EQ(expr->state, 2);
  EXPECT_EQ(expr->lhs->kind, Kind::Param);

  expr = condition("!Mdl.pages is io-manager && Mode == 1");
  ASSERT_TRUE(expr) << error;
  ASSERT_EQ(expr->kind, Kind::And);
  ASSERT_EQ(expr->lhs->kind, Kind::Not);
  EXPECT_EQ(expr->lhs->lhs->state, 3);

  expr = condition("Mdl.buffer.life is gone");
  ASSERT_TRUE(expr) << error;
  EXPECT_EQ(expr->facet, FacetId(2));
  expectNoCondition("Mdl.life is freed", "several automata");
  expectNoCondition("Mdl.page is locked", "did you mean 'pages'");
  expectNoCondition("Mdl.pages is loked", "did you mean 'locked'");
  expectNoCondition("Mdl.pages == 1", "'is' and a state");
}

TEST_F(ExprParserTest, DerefAndMember) {
  ExprPtr expr = value("*(KIRQL)OldIrql");
  ASSERT_TRUE(expr) << error;
  EXPECT_EQ(expr->kind, Kind::Deref);
  EXPECT_EQ(expr->size, 1u);
  EXPECT_EQ(expr->lhs->index, 2u);
  EXPECT_EQ(value("*OldIrql")->size, 0u);
  EXPECT_EQ(value("*(LARGE_INTEGER)OldIrql")->size, 8u);
  EXPECT_EQ(value("*(OldIrql)")->size, 0u);

  expr = value("Mdl->_IO::Parameters::Ioctl::Type3InputBuffer->_MDL::Next");
  ASSERT_TRUE(expr) << error;
  EXPECT_EQ(expr->kind, Kind::Member);
  EXPECT_EQ(expr->record, "_MDL");
  EXPECT_EQ(expr->field, "Next");
  EXPECT_EQ(expr->lhs->record, "_IO::Parameters::Ioctl");
  EXPECT_EQ(expr->lhs->field, "Type3InputBuffer");

  // '*' takes in the member, as in C.
  expr = value("*Mdl->_MDL::Next");
  ASSERT_TRUE(expr) << error;
  EXPECT_EQ(expr->kind, Kind::Deref);
  EXPECT_EQ(expr->lhs->kind, Kind::Member);
  EXPECT_EQ(value("Mdl->$lock::irql")->record, "$lock");
}

TEST_F(ExprParserTest, Numbers) {
  EXPECT_EQ(value("0x10")->value, 16);
  EXPECT_EQ(value("-5")->value, -5);
  EXPECT_EQ(value("FLAG | 1")->value, 0x11);
  EXPECT_EQ(value("(NTSTATUS)0xC0000005")->value, -1073741819);
  EXPECT_EQ(value("(ULONG)0xC0000005")->value, 3221225477);
  EXPECT_EQ(value("12x"), nullptr);
  EXPECT_NE(error.find("is no number"), std::string::npos) << error;
}

TEST_F(ExprParserTest, Places) {
  std::optional<Place> made = place("*Mdl.pages");
  ASSERT_TRUE(made) << error;
  EXPECT_EQ(made->object->kind, Kind::Deref);
  EXPECT_EQ(made->facet, FacetId(0));
  EXPECT_FALSE(made->expr);

  made = place("Mdl->_IRP::MdlAddress");
  ASSERT_TRUE(made) << error;
  EXPECT_EQ(made->expr->kind, Kind::Member);
  EXPECT_FALSE(made->object);
  EXPECT_TRUE(place("irql"));
  EXPECT_FALSE(place("Mode"));
  EXPECT_NE(error.find("nothing can be assigned"), std::string::npos) << error;
  EXPECT_FALSE(place("Mdl.pages.more.and"));
  EXPECT_FALSE(place("irql extra"));
}

TEST_F(ExprParserTest, Result) {
  EXPECT_FALSE(value("result"));
  EXPECT_NE(error.find("not known before the call"), std::string::npos);
  resultKnown = true;
  ExprPtr expr = value("result");
  ASSERT_TRUE(expr) << error;
  EXPECT_EQ(expr->kind, Kind::Result);
  EXPECT_TRUE(place("result.pages")) << error;
}

TEST_F(ExprParserTest, Mistakes) {
  expectNoCondition("Mode", "no condition");
  expectNoCondition("Mode == ", "more is expected");
  expectNoCondition("Mode == 1)", "')' is not expected");
  expectNoCondition("(Mode == 1", "')' is missing");
  expectNoCondition("Mod == 1", "did you mean 'Mode'");
  expectNoCondition("Mode == Usermode", "did you mean 'UserMode'");
  expectNoCondition("Mode && Mode == 1", "must be conditions");
  expectNoCondition("(Mode == 1) == 1", "is no number here");
  expectNoCondition("!Mode", "'!' needs a condition");
  expectNoCondition("Mdl->Next == 0", "needs its record");
  expectNoCondition("Mdl-> == 0", "expected after '->'");
  expectNoCondition("*5 == 0", "'*' needs a pointer");
  expectNoCondition("Mode == 1 # x", "'#' is not expected");
  EXPECT_FALSE(value("Mode == 1"));
  EXPECT_NE(error.find("not a condition"), std::string::npos) << error;
  EXPECT_FALSE(value(""));
  // Depth is bounded.
  EXPECT_FALSE(value(std::string(10000, '(').c_str()));
  EXPECT_FALSE(value(std::string(10000, '*').c_str()));
  EXPECT_FALSE(condition(std::string(10000, '!').c_str()));
}

} // namespace
