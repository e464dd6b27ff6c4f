//===-- LatticeTest.cpp - tests of joins, keys and trimming -----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Concrete.h"

#include "gtest/gtest.h"

#include <set>

using namespace mdlcheck;
using namespace mdlcheck::domain;
using namespace mdlcheck::domain::concrete;
using ir::Op;

namespace {

class LatticeTest : public ::testing::Test {
protected:
  static constexpr uint32_t kHere = 77; ///< a join point
  static constexpr FacetMask kAll = ~FacetMask(0);
  static bool mayLeak(const ObjectState &o) { return o.facets[0] == 1; }

  LatticeTest() { a.irql = b.irql = number(0); }

  TermId symbol(ValueType type, uint32_t number) {
    return t.symbol(Origin::Parameter, type, number);
  }
  TermId number(int64_t v) { return t.constant(v); }
  Entry cell(TermId base, TermId value = {}) { return {base, 0, value, 8}; }
  Entry word(TermId base, TermId value = {}) { return {base, 0, value, 4}; }
  State merged(JoinKind kind = JoinKind::Merge) {
    return join(a, b, t, kHere, kind);
  }
  bool holds(State &s, Op op, TermId x, int64_t v) {
    return assume(s, t, t.binary(op, kI32, x, t.constant(v, kI32)), true);
  }
  uint64_t key(const State &s, KeyKind kind, FacetMask mask = kAll) {
    return automatonKey(s, t, kind, mask);
  }

  TermTable t;
  State a, b;
  TermId x = symbol(kI32, 0), y = symbol(kI32, 1), p = symbol(kPtr, 2),
         q = symbol(kPtr, 3), flag = symbol(kU8, 4);
  TermId local = t.object(Origin::Local, 0, 0),
         other = t.object(Origin::Local, 0, 1),
         made = t.object(Origin::Allocation, 5, 0),
         made2 = t.object(Origin::Allocation, 6, 0);
};

TEST_F(LatticeTest, WhatAgreesStays) {
  for (State *s : {&a, &b}) {
    s->put(cell(local, p));
    s->setTemp(0, x);
    s->zeros.push_back({other, 0, 16});
    EXPECT_TRUE(holds(*s, Op::Gt, x, 3));
  }
  State j = merged();
  EXPECT_EQ(j.find(cell(local))->value, p);
  EXPECT_EQ(j.temp(0), x);
  EXPECT_TRUE(j.isZero(other, 0, 16));
  EXPECT_EQ(rangeOf(j, t, x).lo, 4);
  EXPECT_TRUE(j.merged);
}

TEST_F(LatticeTest, WhatDiffersBecomesASymbolWithTheBoundsOfBoth) {
  a.put(word(local, number(3)));
  b.put(word(local, number(8)));
  State j = merged();
  TermId v = j.find(word(local))->value;
  EXPECT_FALSE(t.isConst(v));
  EXPECT_EQ(rangeOf(j, t, v).lo, 3);
  EXPECT_EQ(rangeOf(j, t, v).hi, 8);
  EXPECT_EQ(truthOf(j, t, v), true);
}

TEST_F(LatticeTest, TheSymbolHoldsTheValuesOfBoth) {
  a.put(word(local, flag));
  b.put(word(local, x));
  a.put(word(other, number(1000)));
  b.put(word(other, flag));
  State j = merged();
  EXPECT_LT(rangeOf(j, t, j.find(word(local))->value).lo, 0);
  EXPECT_GE(rangeOf(j, t, j.find(word(other))->value).hi, 1000);
  EXPECT_EQ(rangeOf(j, t, j.find(word(other))->value).lo, 0);
}

TEST_F(LatticeTest, NotNullOnBothSidesIsNotNull) {
  a.put(cell(local, p));
  b.put(cell(local, made));
  EXPECT_TRUE(assume(a, t, p, true));
  State j = merged();
  EXPECT_EQ(truthOf(j, t, j.find(cell(local))->value), true);
}

TEST_F(LatticeTest, OneSideNullMayBeNull) {
  a.put(cell(local, t.null()));
  b.put(cell(local, made));
  State j = merged();
  EXPECT_EQ(truthOf(j, t, j.find(cell(local))->value), std::nullopt);
}

TEST_F(LatticeTest, EqualPairsBecomeOneSymbol) {
  a.setTemp(0, x);
  a.setTemp(1, x);
  b.setTemp(0, number(4));
  b.setTemp(1, number(4));
  a.setTemp(2, x);
  b.setTemp(2, number(5));
  State j = merged();
  EXPECT_EQ(j.temp(0), j.temp(1));
  EXPECT_NE(j.temp(0), j.temp(2));
}

TEST_F(LatticeTest, FactsOfOneSideAreForgotten) {
  a.setTemp(0, x);
  b.setTemp(0, x);
  EXPECT_TRUE(holds(a, Op::Gt, x, 3));
  EXPECT_EQ(rangeOf(merged(), t, x).lo, minOf(kI32));
  EXPECT_TRUE(holds(b, Op::Gt, x, 10));
  EXPECT_EQ(rangeOf(merged(), t, x).lo, 4);
}

TEST_F(LatticeTest, BitsThatAgreeStay) {
  a.setTemp(0, x);
  b.setTemp(0, x);
  auto set = [&](State &s, int64_t bit, bool truth) {
    EXPECT_TRUE(assume(s, t, t.binary(Op::And, kI32, x, number(bit)), truth));
  };
  set(a, 1, true);
  set(b, 1, true);
  set(a, 2, true);
  set(b, 2, false);
  State j = merged();
  auto bit = [&](int64_t v) {
    return truthOf(j, t, t.binary(Op::And, kI32, x, number(v)));
  };
  EXPECT_EQ(bit(1), true);
  EXPECT_EQ(bit(2), std::nullopt);
}

TEST_F(LatticeTest, MemoryOfOneSideIsReadAnew) {
  a.put(cell(p, q));
  State j = merged();
  EXPECT_EQ(j.find(cell(p)), nullptr);
  // A later read must not see what was there at the beginning.
  EXPECT_NE(j.epoch(p), 0u);
}

TEST_F(LatticeTest, ReadingIsNoChange) {
  TermId first = t.initial({p, 0}, kPtr, 0, 0);
  a.put(cell(p, first));
  State j = merged();
  EXPECT_EQ(j.epoch(p), 0u);
  ASSERT_NE(j.find(cell(p)), nullptr);
  EXPECT_EQ(j.find(cell(p))->value, first);
}

TEST_F(LatticeTest, ZeroesMeetValues) {
  a.zeros.push_back({local, 0, 8});
  b.put(cell(local, number(9)));
  State j = merged();
  ASSERT_NE(j.find(cell(local)), nullptr);
  Range r = rangeOf(j, t, j.find(cell(local))->value);
  EXPECT_EQ(r.lo, 0);
  EXPECT_EQ(r.hi, 9);
  EXPECT_FALSE(j.isZero(local, 0, 8));
}

TEST_F(LatticeTest, ObjectsKeepTheFacetsThatAgree) {
  for (State *s : {&a, &b}) {
    ObjectState &o = s->objectFor(p);
    o.facets[0] = 1;
    o.facets[1] = s == &a ? 1 : 2;
    o.owned = true;
  }
  b.object(p)->escaped = true;
  a.objectFor(q).facets[0] = 1;
  State j = merged();
  ASSERT_NE(j.object(p), nullptr);
  EXPECT_EQ(j.object(p)->facets[0], 1);
  EXPECT_EQ(j.object(p)->facets[1], contract::kUnknownState);
  EXPECT_TRUE(j.object(p)->escaped);
  EXPECT_TRUE(j.object(p)->owned);
  EXPECT_EQ(j.object(q), nullptr);
}

TEST_F(LatticeTest, TwoObjectsInOneStateBecomeOne) {
  a.put(cell(local, made));
  b.put(cell(local, made2));
  a.objectFor(made).facets[0] = 3;
  b.objectFor(made2).facets[0] = 3;
  State j = merged();
  const ObjectState *o = j.object(j.find(cell(local))->value);
  ASSERT_NE(o, nullptr);
  EXPECT_EQ(o->facets[0], 3);
}

TEST_F(LatticeTest, ObjectsThatArePointedToByOneSideOnlyAreLost) {
  a.put(cell(local, made));
  b.put(cell(local, t.null()));
  for (State *s : {&a, &b}) {
    s->objectFor(made).facets[0] = 1;
    s->objectFor(made).owned = true;
  }
  State j = merged();
  ASSERT_NE(j.object(made), nullptr);
  EXPECT_TRUE(j.object(made)->escaped);
}

TEST_F(LatticeTest, WideningGivesUpBoundsThatGrow) {
  a.setTemp(0, number(0));
  b.setTemp(0, number(1));
  State j = merged(JoinKind::Widen);
  Range r = rangeOf(j, t, j.temp(0));
  EXPECT_EQ(r.lo, 0);
  EXPECT_GT(r.hi, 1000);
}

TEST_F(LatticeTest, WideningSettles) {
  a.setTemp(0, number(0));
  a.put(word(local, number(0)));
  State head = a;
  bool settled = false;
  for (int round = 0; round < 6 && !settled; ++round) {
    State next = head;
    next.setTemp(0, t.binary(Op::Add, kI32, next.temp(0), number(1)));
    next.put(word(local, next.temp(0)));
    EXPECT_TRUE(holds(next, Op::Lt, next.temp(0), 1000));
    State j = join(head, next, t, kHere, JoinKind::Widen);
    settled = sameState(j, head);
    head = j;
  }
  EXPECT_TRUE(settled);
}

TEST_F(LatticeTest, JoiningWithItselfChangesNothing) {
  a.put(cell(local, p));
  a.put(cell(p, x));
  a.zeros.push_back({other, 0, 8});
  a.objectFor(p).facets[0] = 2;
  a.setTemp(3, y);
  a.setEpoch(q, 4);
  EXPECT_TRUE(holds(a, Op::Ne, x, 3));
  for (JoinKind kind : {JoinKind::Merge, JoinKind::Loop, JoinKind::Widen}) {
    State j = join(a, a, t, kHere, kind);
    EXPECT_TRUE(sameState(j, a));
    EXPECT_EQ(hashState(j), hashState(a));
  }
}

TEST_F(LatticeTest, ASymbolThatStillMeansSomethingIsNotTakenAgain) {
  a.setTemp(0, number(1));
  b.setTemp(0, number(2));
  State j = merged();
  // What was joined is kept in another variable, and the first changes again.
  a = j;
  a.setTemp(1, j.temp(0));
  b = a;
  a.setTemp(0, number(7));
  b.setTemp(0, number(8));
  State k = merged();
  EXPECT_EQ(k.temp(1), j.temp(0));
  EXPECT_NE(k.temp(0), k.temp(1));
  EXPECT_EQ(rangeOf(k, t, k.temp(1)).hi, 2);
  EXPECT_EQ(rangeOf(k, t, k.temp(0)).lo, 7);
}

TEST_F(LatticeTest, StatesAreTheSameInAllButTheTrace) {
  a.put(cell(local, p));
  b = a;
  b.merged = true;
  EXPECT_TRUE(sameState(a, b));
  EXPECT_EQ(hashState(a), hashState(b));
  b.put(cell(local, q));
  EXPECT_FALSE(sameState(a, b));
  b = a;
  b.setTemp(0, x);
  EXPECT_FALSE(sameState(a, b));
  b = a;
  EXPECT_TRUE(holds(b, Op::Ne, x, 0));
  EXPECT_FALSE(sameState(a, b));
  b = a;
  b.objectFor(p).escaped = true;
  EXPECT_FALSE(sameState(a, b));
}

TEST_F(LatticeTest, KeysAreMadeOfFacetsAndTheIrql) {
  b = a;
  b.put(word(local, number(4)));
  EXPECT_EQ(key(a, KeyKind::Exact), key(b, KeyKind::Exact));
  b.objectFor(p).facets[0] = 1;
  EXPECT_NE(key(a, KeyKind::Exact), key(b, KeyKind::Exact));
  a.objectFor(p).facets[0] = 2;
  EXPECT_NE(key(a, KeyKind::Exact), key(b, KeyKind::Exact));
  a.object(p)->facets[0] = 1;
  EXPECT_EQ(key(a, KeyKind::Exact), key(b, KeyKind::Exact));
  a.irql = number(2);
  EXPECT_NE(key(a, KeyKind::Exact), key(b, KeyKind::Exact));
  EXPECT_NE(key(a, KeyKind::Coarse), key(b, KeyKind::Coarse));
}

TEST_F(LatticeTest, KeysLeaveOutFacetsNobodyAsksFor) {
  a.objectFor(p).facets[3] = 1;
  b.objectFor(p).facets[3] = 2;
  EXPECT_NE(key(a, KeyKind::Exact), key(b, KeyKind::Exact));
  EXPECT_EQ(key(a, KeyKind::Exact, 1), key(b, KeyKind::Exact, 1));
  EXPECT_NE(key(a, KeyKind::Exact, 8), key(b, KeyKind::Exact, 8));
}

TEST_F(LatticeTest, CoarseKeysGoByTheSite) {
  a.objectFor(p).facets[0] = 1;
  a.object(p)->site = 9;
  b.objectFor(q).facets[0] = 1;
  b.object(q)->site = 9;
  EXPECT_EQ(key(a, KeyKind::Coarse), key(b, KeyKind::Coarse));
  EXPECT_NE(key(a, KeyKind::Exact), key(b, KeyKind::Exact));
  b.object(q)->site = 10;
  EXPECT_NE(key(a, KeyKind::Coarse), key(b, KeyKind::Coarse));
}

TEST_F(LatticeTest, ExactKeysTellApartWhoPointsToOurs) {
  for (State *s : {&a, &b}) {
    s->objectFor(made).facets[0] = 1;
    s->object(made)->owned = true;
  }
  a.put(cell(local, made));
  b.put(cell(local, t.null()));
  EXPECT_NE(key(a, KeyKind::Exact), key(b, KeyKind::Exact));
}

TEST_F(LatticeTest, ReachableFollowsPointers) {
  a.put(cell(local, p));
  a.put({p, 8, q, 8});
  a.put({q, 16, x, 4});
  TermId unrelated = symbol(kPtr, 20);
  a.put({unrelated, 0, y, 4});
  auto isLocal = [&](TermId id) { return t[id].origin == Origin::Local; };
  AtomSet live = reachable(a, t, isLocal);
  for (TermId id : {local, p, q, x})
    EXPECT_TRUE(live.contains(id.value));
  EXPECT_FALSE(live.contains(unrelated.value));
  EXPECT_FALSE(live.contains(y.value));
  EXPECT_TRUE(reachable(a, t, isLocal, {unrelated}).contains(y.value));
  a.setTemp(0, unrelated);
  EXPECT_TRUE(reachable(a, t, isLocal).contains(y.value));
}

TEST_F(LatticeTest, TrimKeepsWhatCanBeAskedFor) {
  TermId r = t.symbol(Origin::Result, kPtr, 50);
  TermId n = t.symbol(Origin::Result, kI32, 51);
  a.put(cell(local, r));
  a.put({r, 8, n, 4});
  EXPECT_TRUE(holds(a, Op::Gt, n, 1));
  State before = a;
  trim(a, t, mayLeak);
  EXPECT_TRUE(sameState(a, before));
}

TEST_F(LatticeTest, TrimDropsWhatNobodyCanAskFor) {
  TermId r = t.symbol(Origin::Result, kPtr, 50);
  TermId n = t.symbol(Origin::Result, kI32, 51);
  a.put({r, 8, n, 4});
  a.objectFor(r);
  EXPECT_TRUE(holds(a, Op::Gt, n, 1));
  trim(a, t, mayLeak);
  EXPECT_TRUE(a.store.empty());
  EXPECT_TRUE(a.facts.empty());
  EXPECT_TRUE(a.objects.empty());
}

TEST_F(LatticeTest, TrimKeepsOursForTheLeakCheck) {
  TermId r = t.symbol(Origin::Result, kPtr, 50);
  a.objectFor(r).facets[0] = 1;
  a.object(r)->owned = true;
  trim(a, t, mayLeak);
  EXPECT_NE(a.object(r), nullptr);
  a.object(r)->escaped = true;
  trim(a, t, mayLeak);
  EXPECT_EQ(a.object(r), nullptr);
}

TEST_F(LatticeTest, TrimDropsOursWhoseLifeIsOver) {
  TermId r = t.symbol(Origin::Result, kPtr, 50);
  a.objectFor(r).facets[0] = 2;
  a.object(r)->owned = true;
  a.put(cell(local, r));
  trim(a, t, mayLeak);
  EXPECT_NE(a.object(r), nullptr);
  a.store.clear();
  trim(a, t, mayLeak);
  EXPECT_EQ(a.object(r), nullptr);
}

TEST_F(LatticeTest, MentionsLooksThroughMemory) {
  TermId field = t.initial({p, 8}, kPtr, 0, 0);
  TermId deep = t.initial({field, 16}, kI32, 0, 0);
  EXPECT_TRUE(mentions(t, deep, p));
  EXPECT_TRUE(mentions(t, t.add(field, 4), p));
  EXPECT_TRUE(mentions(t, t.binary(Op::Add, kI32, x, deep), field));
  EXPECT_FALSE(mentions(t, deep, q));
  EXPECT_FALSE(mentions(t, number(3), p));
}

TEST_F(LatticeTest, FreshSymbolsAreNotInUse) {
  TermId r = t.symbol(Origin::Result, kI32, 50);
  std::set<uint32_t> seen;
  for (uint32_t i = 0; i < 3; ++i) {
    TermId f = fresh(a, t, r);
    EXPECT_TRUE(seen.insert(f.value).second);
    a.setTemp(i, f);
  }
}

TEST_F(LatticeTest, FreshForgetsWhatWasSaidBefore) {
  TermId r = t.symbol(Origin::Result, kI32, 50);
  EXPECT_TRUE(holds(a, Op::Gt, r, 3));
  TermId f = fresh(a, t, r);
  EXPECT_EQ(f, r); // nothing holds it any more
  EXPECT_EQ(rangeOf(a, t, f).lo, minOf(kI32));
}

TEST_F(LatticeTest, WithTooManyGenerationsOneIsGivenUp) {
  TermId r = t.symbol(Origin::Result, kPtr, 50);
  std::vector<TermId> held;
  for (uint32_t i = 0; i < 12; ++i) {
    Entry e{local, int64_t(i) * 8, fresh(a, t, r), 8};
    for (const Entry &other : a.store)
      EXPECT_NE(other.value, e.value);
    a.put(e);
    a.objectFor(e.value).owned = true;
  }
  EXPECT_LT(a.store.size(), 12u);
  EXPECT_NE(a.epoch(local), 0u);
}

TEST_F(LatticeTest, LostObjectsAreNoLeak) {
  a.objectFor(p).owned = true;
  lose(a, t, t.add(p, 8));
  EXPECT_TRUE(a.object(p)->escaped);
  lose(a, t, q);
  EXPECT_EQ(a.object(q), nullptr);
}

} // namespace
