//===-- LocksTest.cpp - tests of which locks a path holds -------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "domain/Locks.h"

#include "domain/Lattice.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::domain;
using Status = LockState::Status;

namespace {

class LocksTest : public ::testing::Test {
protected:
  LocksTest() { a.irql = b.irql = t.constant(2); }

  LockState lock(TermId id, Status status = Status::Held) {
    LockState l;
    l.lock = id;
    l.status = status;
    return l;
  }
  uint64_t key(const State &s) { return automatonKey(s, t, KeyKind::Exact, 0); }

  TermTable t;
  State a, b;
  TermId p = t.symbol(Origin::Parameter, {8, false, true}, 0);
  TermId q = t.symbol(Origin::Parameter, {8, false, true}, 1);
  TermId level = t.symbol(Origin::Irql, {1, false, false}, 0);
  TermId first = t.add(p, 8), second = t.add(q, 8);
};

TEST_F(LocksTest, StatesThatHoldOtherLocksStayApart) {
  a.putLock(lock(first));
  EXPECT_NE(key(a), key(b));
  b.putLock(lock(second));
  EXPECT_NE(key(a), key(b));
  b.locks.clear();
  b.putLock(lock(first));
  EXPECT_EQ(key(a), key(b));
  b.putLock(lock(second, Status::Released));
  EXPECT_EQ(key(a), key(b));
  EXPECT_FALSE(sameState(a, b));
}

TEST_F(LocksTest, WhatOnlyOnePathLetGoIsForgotten) {
  for (State *s : {&a, &b})
    s->putLock(lock(first));
  b.putLock(lock(second, Status::Released));
  State joined = join(a, b, t, 7, JoinKind::Merge);
  ASSERT_EQ(joined.locks.size(), 1u);
  EXPECT_EQ(joined.locks[0].lock, first);
  EXPECT_TRUE(joined.locks[0].isHeld());
}

TEST_F(LocksTest, ALevelThatDiffersIsNotKnown) {
  LockState l = lock(first);
  l.saved = level;
  a.putLock(l);
  l.saved = t.constant(2);
  b.putLock(l);
  State joined = join(a, b, t, 7, JoinKind::Merge);
  ASSERT_EQ(joined.locks.size(), 1u);
  EXPECT_FALSE(joined.locks[0].saved.valid());
}

TEST_F(LocksTest, ASymbolThatIsHeldIsNotReused) {
  TermId made = t.symbol(Origin::Result, {8, false, true}, 5);
  a.putLock(lock(t.add(made, 8)));
  EXPECT_NE(fresh(a, t, made), made);
  b.putLock(lock(t.add(made, 8), Status::Released));
  EXPECT_EQ(fresh(b, t, made), made);
  EXPECT_TRUE(b.locks.empty());
}

TEST_F(LocksTest, PointersFoundEqualAreOneLock) {
  a.putLock(lock(second));
  ASSERT_TRUE(assume(a, t, t.binary(ir::Op::Eq, {8, false, true}, p, q), true));
  ASSERT_EQ(a.locks.size(), 1u);
  EXPECT_EQ(a.locks[0].lock, t.add(resolve(a, t, p), 8));
}

TEST_F(LocksTest, SharedHoldersCount) {
  a.putLock(lock(first, Status::Shared));
  a.putLock(lock(first, Status::Shared));
  EXPECT_EQ(a.locks.size(), 2u);
  a.putLock(lock(second, Status::Released));
  a.putLock(lock(second, Status::Released));
  EXPECT_EQ(a.locks.size(), 3u);
}

} // namespace
