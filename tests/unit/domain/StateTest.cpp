//===-- StateTest.cpp - tests of the containers of a state ------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Concrete.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::domain;
using namespace mdlcheck::domain::concrete;

namespace {

class StateTest : public ::testing::Test {
protected:
  TermId number(int64_t v) { return t.constant(v); }
  Entry at(int64_t offset, uint8_t size, TermId value = {}) {
    return {p, offset, value, size};
  }
  std::vector<TermId> erase(int64_t lo, int64_t hi) {
    std::vector<TermId> lost;
    s.eraseRange(p, lo, hi, [&](TermId v) { lost.push_back(v); });
    return lost;
  }

  TermTable t;
  State s;
  TermId p = t.symbol(Origin::Parameter, kPtr, 0),
         q = t.symbol(Origin::Parameter, kPtr, 1);
};

TEST_F(StateTest, EntriesAreFoundByTheirPlace) {
  s.put(at(8, 4, number(1)));
  s.put(at(0, 8, number(2)));
  s.put({q, 8, number(3), 4});
  ASSERT_NE(s.find(at(8, 4)), nullptr);
  EXPECT_EQ(s.find(at(8, 4))->value, number(1));
  EXPECT_EQ(s.find(at(8, 8)), nullptr);
  EXPECT_EQ(s.find(at(9, 4)), nullptr);
  EXPECT_EQ(s.find({q, 8, {}, 4})->value, number(3));
  s.put(at(8, 4, number(9)));
  EXPECT_EQ(s.find(at(8, 4))->value, number(9));
  EXPECT_EQ(s.store.size(), 3u);
}

TEST_F(StateTest, BitFieldsOfAUnitAreDifferentPlaces) {
  s.put({p, 0, number(1), 4, 0, 1});
  s.put({p, 0, number(0), 4, 1, 1});
  EXPECT_EQ(s.find({p, 0, {}, 4, 0, 1})->value, number(1));
  EXPECT_EQ(s.find({p, 0, {}, 4, 1, 1})->value, number(0));
  EXPECT_EQ(s.find({p, 0, {}, 4}), nullptr);
}

TEST_F(StateTest, EntriesStaySortedWhateverTheOrderTheyComeIn) {
  Random r(7);
  for (int i = 0; i < 200; ++i)
    s.put({r.oneIn(2) ? p : q, int64_t(r.below(16)), number(i),
           uint8_t(1u << r.below(4))});
  for (const Entry &e : s.store)
    EXPECT_EQ(s.find(e), &e);
}

TEST_F(StateTest, ErasingTakesWhatOverlaps) {
  s.put(at(0, 8, number(1)));
  s.put(at(8, 4, number(2)));
  s.put(at(12, 4, number(3)));
  s.put({q, 8, number(4), 4});
  EXPECT_EQ(erase(7, 9), (std::vector<TermId>{number(1), number(2)}));
  EXPECT_NE(s.find(at(12, 4)), nullptr);
  EXPECT_NE(s.find({q, 8, {}, 4}), nullptr);
  EXPECT_TRUE(erase(8, 12).empty());
}

TEST_F(StateTest, ErasingCutsZeroes) {
  s.zeros.push_back({p, 0, 32});
  s.zeros.push_back({q, 0, 32});
  erase(8, 16);
  EXPECT_TRUE(s.isZero(p, 0, 8));
  EXPECT_TRUE(s.isZero(p, 16, 16));
  EXPECT_FALSE(s.isZero(p, 8, 1));
  EXPECT_FALSE(s.isZero(p, 4, 8));
  EXPECT_FALSE(s.isZero(p, 28, 8));
  EXPECT_TRUE(s.isZero(q, 0, 32));
  erase(0, 100);
  EXPECT_FALSE(s.isZero(p, 0, 1));
  EXPECT_FALSE(s.isZero(p, 31, 1));
}

TEST_F(StateTest, EpochsBeginAtZero) {
  EXPECT_EQ(s.epoch(p), 0u);
  s.setEpoch(q, 3);
  s.setEpoch(p, 5);
  s.setEpoch(q, 4);
  EXPECT_EQ(s.epoch(p), 5u);
  EXPECT_EQ(s.epoch(q), 4u);
}

TEST_F(StateTest, Temporaries) {
  EXPECT_FALSE(s.temp(0).valid());
  s.setTemp(3, p);
  s.setTemp(1, q);
  s.setTemp(3, number(1));
  EXPECT_EQ(s.temp(3), number(1));
  EXPECT_EQ(s.temp(1), q);
  EXPECT_FALSE(s.temp(2).valid());
}

TEST_F(StateTest, FactsBeginWithTheType) {
  TermId b = t.symbol(Origin::Parameter, kU8, 9);
  EXPECT_EQ(s.fact(b), nullptr);
  Fact &f = s.factFor(b, t);
  EXPECT_EQ(f.lo, 0);
  EXPECT_EQ(f.hi, 255);
  f.hi = 7;
  EXPECT_EQ(s.factFor(b, t).hi, 7);
  s.eraseFact(b);
  s.eraseFact(b);
  EXPECT_EQ(s.fact(b), nullptr);
}

TEST_F(StateTest, Objects) {
  EXPECT_EQ(s.object(p), nullptr);
  s.objectFor(q).owned = true;
  s.objectFor(p).escaped = true;
  EXPECT_TRUE(s.object(q)->owned);
  EXPECT_FALSE(s.object(q)->escaped);
  s.objectFor(q).errored = true;
  EXPECT_TRUE(s.object(q)->owned);
  EXPECT_EQ(s.objects.size(), 2u);
}

} // namespace
