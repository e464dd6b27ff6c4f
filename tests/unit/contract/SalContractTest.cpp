//===-- SalContractTest.cpp -------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/SalContract.h"
#include "contract/SalVocabulary.h"

#include <gtest/gtest.h>

using namespace mdlcheck::contract;
using Kind = Expr::Kind;

namespace {

class SalContractTest : public testing::Test {
protected:
  SalReading read(std::vector<std::string> annotations) {
    return readSal("Call", params, annotations, rules);
  }
  Contract contract(std::vector<std::string> annotations) {
    SalReading reading = read(std::move(annotations));
    EXPECT_TRUE(reading.unreadable.empty())
        << (reading.unreadable.empty() ? "" : reading.unreadable[0]);
    EXPECT_TRUE(reading.contract.has_value());
    return reading.contract.value_or(Contract());
  }
  /// What the IRQL becomes in `o`; null when it is left alone.
  static const Assignment *level(const Outcome &o) {
    for (const Assignment &a : o.assigns)
      if (a.place->kind == Kind::Irql)
        return &a;
    return nullptr;
  }
  std::string unreadable(const std::string &annotation) {
    SalReading reading = read({annotation});
    return reading.unreadable.size() == 1 ? reading.unreadable[0] : "";
  }

  RuleSet rules = RuleSet::shipped();
  std::vector<std::string> params{"Lock", "OldIrql", "Wait"};
};

TEST_F(SalContractTest, WordsAreFoundByName) {
  for (const SalWord &word : salWords())
    EXPECT_EQ(salWord(word.name), &word) << word.name;
  EXPECT_EQ(salWord("_In_"), nullptr);
  EXPECT_EQ(salWord("_IRQL_"), nullptr);
  EXPECT_EQ(salWord(""), nullptr);
}

TEST_F(SalContractTest, LimitsOnEntry) {
  Contract c =
      contract({"_IRQL_requires_max_(APC_LEVEL)",
                "_IRQL_requires_min_(PASSIVE_LEVEL)", "__drv_requiresIRQL(2)"});
  ASSERT_EQ(c.irql.size(), 3u);
  EXPECT_EQ(c.irql[0].max, 1);
  EXPECT_EQ(c.irql[0].min, -1);
  EXPECT_EQ(c.irql[0].tooHigh, rules.ruleFor(Rule::Breaks::IrqlMax));
  EXPECT_EQ(c.irql[0].because, "as annotated");
  EXPECT_EQ(c.irql[1].max, -1);
  EXPECT_EQ(c.irql[1].min, 0);
  EXPECT_EQ(c.irql[2].max, 2);
  EXPECT_EQ(c.irql[2].min, 2);
  EXPECT_EQ(c.origin, Contract::Origin::Annotation);
  EXPECT_TRUE(c.defaultEffects);
  // It needs a raised level and may be there to lower it.
  ASSERT_EQ(c.outcomes.size(), 1u);
  ASSERT_NE(level(c.outcomes[0]), nullptr);
  EXPECT_EQ(level(c.outcomes[0])->value, nullptr);
  c = contract({"__drv_requiresIRQL(2)", "_IRQL_requires_same_"});
  ASSERT_EQ(c.outcomes.size(), 1u);
  EXPECT_EQ(level(c.outcomes[0]), nullptr);
}

TEST_F(SalContractTest, NothingIsSaid) {
  for (const char *text :
       {"_In_", "", "_IRQL_requires_same_", "_Success_(return != 0)",
        "_Out_writes_(Wait)", "param:1:_Out_", "param:x:_IRQL_saves_"}) {
    SalReading reading = read({text});
    EXPECT_FALSE(reading.contract) << text;
    EXPECT_TRUE(reading.unreadable.empty()) << text;
  }
}

TEST_F(SalContractTest, LimitUnderCondition) {
  Contract c = contract(
      {"_When_(Wait == TRUE && Lock != NULL, _IRQL_requires_max_(APC_LEVEL))"});
  ASSERT_EQ(c.irql.size(), 1u);
  ASSERT_TRUE(c.irql[0].when);
  EXPECT_EQ(c.irql[0].when->kind, Kind::And);
  EXPECT_EQ(c.irql[0].because,
            "as annotated, where Wait == TRUE && Lock != NULL");
  EXPECT_EQ(c.outcomes.size(), 1u);
}

TEST_F(SalContractTest, NumbersAreConditions) {
  for (const char *text :
       {"_When_(Wait, _IRQL_requires_max_(1))",
        "_When_(Wait & 0x10UL, _IRQL_requires_max_(1))",
        "_When_((Wait & (1 << 3)) != 0, _IRQL_requires_max_(1))",
        "_When_(!Wait, _IRQL_requires_max_(1))",
        "_When_(((ULONG)Wait) == (0x1 | 2), _IRQL_requires_max_(1))",
        "_When_(!(Wait & 1) || Lock, _IRQL_requires_max_(1))"}) {
    Contract c = contract({text});
    ASSERT_EQ(c.irql.size(), 1u) << text;
    EXPECT_TRUE(c.irql[0].when) << text;
  }
}

TEST_F(SalContractTest, ConditionsInEachOther) {
  Contract c = contract({"_When_(Wait != 0, _When_(Lock != NULL, "
                         "_IRQL_requires_max_(APC_LEVEL)))"});
  ASSERT_EQ(c.irql.size(), 1u);
  EXPECT_EQ(c.irql[0].when->kind, Kind::And);
}

TEST_F(SalContractTest, RaisesAndSaves) {
  Contract c =
      contract({"_IRQL_raises_(DISPATCH_LEVEL)", "param:1:_IRQL_saves_"});
  ASSERT_EQ(c.outcomes.size(), 1u);
  const Outcome &o = c.outcomes[0];
  ASSERT_EQ(o.assigns.size(), 2u);
  EXPECT_EQ(o.assigns[0].value->value, 2);
  EXPECT_EQ(o.assigns[1].place->kind, Kind::Deref);
  EXPECT_EQ(o.assigns[1].place->size, 1u);
  EXPECT_EQ(o.assigns[1].place->lhs->index, 1u);
  EXPECT_EQ(o.assigns[1].value->kind, Kind::Irql);
}

TEST_F(SalContractTest, SavesInPlacesOfAllKinds) {
  for (const char *text :
       {"_At_(*OldIrql, _IRQL_saves_)", "__drv_at(*OldIrql, __drv_savesIRQL)",
        "param:1:__drv_out_deref(__drv_savesIRQL)", "param:1:_IRQL_saves_",
        "_At_(OldIrql, _IRQL_saves_)"}) {
    Contract c = contract({text});
    ASSERT_EQ(c.outcomes.size(), 1u) << text;
    ASSERT_EQ(c.outcomes[0].assigns.size(), 1u) << text;
    EXPECT_EQ(c.outcomes[0].assigns[0].place->kind, Kind::Deref) << text;
  }
  for (const char *text : {"_IRQL_saves_", "_At_(return, _IRQL_saves_)",
                           "__drv_ret(__drv_savesIRQL)"}) {
    Contract c = contract({text});
    ASSERT_EQ(c.outcomes.size(), 1u) << text;
    EXPECT_EQ(c.outcomes[0].result, Outcome::Result::Value) << text;
    EXPECT_EQ(c.outcomes[0].resultValue->kind, Kind::Irql) << text;
  }
}

TEST_F(SalContractTest, Restores) {
  Contract byValue = contract({"param:1:_IRQL_restores_"});
  ASSERT_TRUE(level(byValue.outcomes[0]));
  EXPECT_EQ(level(byValue.outcomes[0])->value->kind, Kind::Param);
  Contract pointee = contract({"_At_(*OldIrql, _IRQL_restores_)"});
  EXPECT_EQ(level(pointee.outcomes[0])->value->kind, Kind::Deref);
  Contract cancel = contract({"param:1:_IRQL_uses_cancel_"});
  EXPECT_EQ(level(cancel.outcomes[0])->value->kind, Kind::Param);
}

TEST_F(SalContractTest, GlobalPlaces) {
  Contract queued = contract({"_IRQL_saves_global_(QueuedSpinLock, Lock)"});
  EXPECT_EQ(queued.outcomes[0].assigns[0].place->record, "_KLOCK_QUEUE_HANDLE");
  Contract own = contract({"_IRQL_restores_global_(SpinLock, *Lock)"});
  ASSERT_TRUE(level(own.outcomes[0])->value);
  EXPECT_EQ(level(own.outcomes[0])->value->record, "$SpinLock");
  // No place of ours: nothing is known of the level afterwards.
  Contract elsewhere = contract({"_IRQL_restores_global_(SpinLock, g_Lock)"});
  EXPECT_FALSE(level(elsewhere.outcomes[0])->value);
}

TEST_F(SalContractTest, EffectsThatDependOnTheResult) {
  Contract c = contract({"_When_(return != 0, _IRQL_raises_(DISPATCH_LEVEL))"});
  ASSERT_EQ(c.outcomes.size(), 2u);
  EXPECT_EQ(c.outcomes[0].result, Outcome::Result::NonNull);
  EXPECT_TRUE(level(c.outcomes[0]));
  EXPECT_EQ(c.outcomes[1].result, Outcome::Result::Null);
  EXPECT_FALSE(level(c.outcomes[1]));

  c = contract({"_When_(NT_SUCCESS(return), _IRQL_raises_(2))"});
  ASSERT_EQ(c.outcomes.size(), 2u);
  EXPECT_EQ(c.outcomes[0].result, Outcome::Result::Success);
  EXPECT_EQ(c.outcomes[1].result, Outcome::Result::Failure);

  // The other results may be this one, too: the level is not known there.
  c = contract({"_When_(return == 5, _IRQL_raises_(2))"});
  ASSERT_EQ(c.outcomes.size(), 2u);
  EXPECT_EQ(c.outcomes[0].resultValue->value, 5);
  EXPECT_TRUE(level(c.outcomes[0])->value);
  EXPECT_EQ(c.outcomes[1].result, Outcome::Result::Any);
  EXPECT_FALSE(level(c.outcomes[1])->value);
}

TEST_F(SalContractTest, EffectsThatDependOnArguments) {
  Contract c = contract({"_When_(Wait == 1, _IRQL_raises_(2))"});
  ASSERT_EQ(c.outcomes.size(), 2u);
  EXPECT_EQ(c.outcomes[0].when->kind, Kind::Not);
  EXPECT_FALSE(level(c.outcomes[0]));
  EXPECT_EQ(c.outcomes[1].when->kind, Kind::Eq);
  EXPECT_TRUE(level(c.outcomes[1]));

  // Too many to tell apart.
  c = contract({"_When_(Wait == 1, _IRQL_raises_(2))",
                "_When_(Wait == 2, _IRQL_raises_(2))",
                "_When_(Wait == 3, _IRQL_raises_(2))",
                "_When_(Wait == 4, _IRQL_raises_(1))"});
  ASSERT_EQ(c.outcomes.size(), 1u);
  EXPECT_FALSE(level(c.outcomes[0])->value);
}

TEST_F(SalContractTest, Exceptions) {
  Contract c = contract({"_When_(Wait == 1, _Maybe_raises_SEH_exception_)"});
  ASSERT_EQ(c.outcomes.size(), 3u);
  unsigned raising = 0;
  for (const Outcome &o : c.outcomes)
    raising += o.kind == Outcome::Kind::Raises;
  EXPECT_EQ(raising, 1u);
  c = contract({"_Raises_SEH_exception_"});
  ASSERT_EQ(c.outcomes.size(), 1u);
  EXPECT_EQ(c.outcomes[0].kind, Outcome::Kind::Raises);
}

TEST_F(SalContractTest, WhatCannotBeRead) {
  EXPECT_NE(unreadable("_IRQL_requires_max_(g_Level)").find("is no level"),
            std::string::npos);
  EXPECT_NE(unreadable("_IRQL_requires_max_(300)").find("is no level"),
            std::string::npos);
  EXPECT_NE(unreadable("_IRQL_requires_max_()").find("is no level"),
            std::string::npos);
  EXPECT_NE(unreadable("_IRQL_requires_max_").find("more arguments"),
            std::string::npos);
  EXPECT_NE(unreadable("_IRQL_requires_max_(APC_LEVEL").find("parenthesis"),
            std::string::npos);
  EXPECT_NE(unreadable("_When_(f() == 1, _IRQL_requires_max_(1))").find("f"),
            std::string::npos);
  EXPECT_NE(unreadable("_When_(return == 1, _IRQL_requires_max_(1))")
                .find("depend on the result"),
            std::string::npos);
  EXPECT_NE(unreadable("param:7:_IRQL_restores_").find("no level is there"),
            std::string::npos);
  EXPECT_NE(unreadable("_At_(5, _IRQL_saves_)").find("cannot be saved"),
            std::string::npos);
  // Of no interest to us, so no matter.
  EXPECT_TRUE(read({"_When_(f(, _Out_)"}).unreadable.size() == 1);
  EXPECT_TRUE(read({"_When_(f() == 1, _Out_)"}).unreadable.empty());
}

TEST_F(SalContractTest, UnreadableConditionLeavesTheLevelUnknown) {
  SalReading reading = read({"_When_(f(), _IRQL_raises_(DISPATCH_LEVEL))",
                             "_When_(f(), _IRQL_requires_max_(APC_LEVEL))",
                             "_When_(f(), _Maybe_raises_SEH_exception_)"});
  ASSERT_TRUE(reading.contract);
  EXPECT_TRUE(reading.contract->irql.empty());
  ASSERT_EQ(reading.contract->outcomes.size(), 1u);
  ASSERT_TRUE(level(reading.contract->outcomes[0]));
  EXPECT_FALSE(level(reading.contract->outcomes[0])->value);
}

} // namespace
