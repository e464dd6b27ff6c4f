//===-- FactsTest.cpp - tests of what conditions tell -----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// SoundnessTest looks for claims that are wrong; these are the claims that
// must be made, as drivers' conditions need them.
//
//===----------------------------------------------------------------------===//

#include "Concrete.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::domain;
using namespace mdlcheck::domain::concrete;
using ir::Op;

namespace {

class FactsTest : public ::testing::Test {
protected:
  FactsTest() {
    s.irql = t.constant(0);
    // Held by temporaries, as in a run: equalities replace them there.
    s.setTemp(0, x);
    s.setTemp(1, y);
  }

  TermId symbol(ValueType type, uint32_t number) {
    return t.symbol(Origin::Parameter, type, number);
  }
  TermId number(int64_t v, ValueType type = kI64) {
    return t.constant(v, type);
  }
  TermId is(Op op, TermId a, TermId b, ValueType type = kI32) {
    return t.binary(op, type, a, b);
  }
  TermId is(Op op, TermId a, int64_t v, ValueType type = kI32) {
    return t.binary(op, type, a, t.constant(v, type));
  }
  TermId bit(TermId a, int64_t mask, ValueType type = kU32) {
    return t.binary(Op::And, type, a, t.constant(mask, type));
  }
  bool holds(TermId id) { return assume(s, t, id, true); }
  bool fails(TermId id) { return assume(s, t, id, false); }
  std::optional<bool> truth(TermId id) { return truthOf(s, t, id); }
  /// What temporary 0 or 1 is by now.
  TermId now(uint32_t temp) { return resolve(s, t, s.temp(temp)); }

  static constexpr std::optional<bool> kOpen = std::nullopt;
  TermTable t;
  State s;
  TermId x = symbol(kI32, 0), y = symbol(kI32, 1), u = symbol(kU32, 2),
         b = symbol(kU8, 3), p = symbol(kPtr, 4), q = symbol(kPtr, 5),
         w = symbol(kU64, 6);
};

TEST_F(FactsTest, NothingIsKnownOfASymbolButItsType) {
  Range r = rangeOf(s, t, b);
  EXPECT_EQ(r.lo, 0);
  EXPECT_EQ(r.hi, 255);
  EXPECT_EQ(truth(x), kOpen);
  EXPECT_EQ(truth(is(Op::Lt, b, 256)), true);
  EXPECT_EQ(truth(is(Op::Ge, b, 0)), true);
  EXPECT_EQ(truth(is(Op::Eq, x, y)), kOpen);
}

TEST_F(FactsTest, RangesAddUp) {
  EXPECT_TRUE(holds(is(Op::Ge, x, 3)));
  EXPECT_TRUE(holds(is(Op::Lt, x, 10)));
  Range r = rangeOf(s, t, x);
  EXPECT_EQ(r.lo, 3);
  EXPECT_EQ(r.hi, 9);
  EXPECT_EQ(truth(is(Op::Gt, x, 2)), true);
  EXPECT_EQ(truth(is(Op::Eq, x, 10)), false);
  EXPECT_EQ(truth(is(Op::Eq, x, 5)), kOpen);
  EXPECT_EQ(truth(x), true);
  Range sum = rangeOf(s, t, t.binary(Op::Add, kI32, x, number(100)));
  EXPECT_EQ(sum.lo, 103);
  EXPECT_EQ(sum.hi, 109);
  EXPECT_FALSE(holds(is(Op::Gt, x, 9)));
}

TEST_F(FactsTest, OneValueLeftIsAConstant) {
  EXPECT_TRUE(holds(is(Op::Ge, x, 7)));
  EXPECT_TRUE(holds(is(Op::Le, x, 7)));
  EXPECT_EQ(resolve(s, t, x), number(7));
  EXPECT_EQ(resolve(s, t, t.binary(Op::Mul, kI32, x, number(6))), number(42));
}

TEST_F(FactsTest, ExcludedValuesNarrowARangeFromItsEnds) {
  EXPECT_TRUE(holds(is(Op::Ge, x, 0)));
  EXPECT_TRUE(holds(is(Op::Le, x, 3)));
  EXPECT_TRUE(holds(is(Op::Ne, x, 2)));
  EXPECT_EQ(truth(is(Op::Eq, x, 2)), false);
  EXPECT_TRUE(holds(is(Op::Ne, x, 3)));
  EXPECT_TRUE(holds(is(Op::Ne, x, 0)));
  EXPECT_EQ(truth(is(Op::Eq, x, 1)), true);
  EXPECT_FALSE(holds(is(Op::Ne, x, 1)));
}

TEST_F(FactsTest, SwitchDefaultExcludesAllCases) {
  for (int64_t v : {1, 2, 5})
    EXPECT_TRUE(holds(is(Op::Ne, x, v)));
  for (int64_t v : {1, 2, 5})
    EXPECT_EQ(truth(is(Op::Eq, x, v)), false);
  EXPECT_EQ(truth(is(Op::Eq, x, 3)), kOpen);
  EXPECT_FALSE(holds(is(Op::Eq, x, 2)));
}

TEST_F(FactsTest, NullAndNotNull) {
  EXPECT_EQ(truth(p), kOpen);
  State other = s;
  EXPECT_TRUE(holds(is(Op::Ne, p, 0, kPtr)));
  EXPECT_EQ(truth(p), true);
  EXPECT_EQ(truth(t.unary(Op::LogicalNot, kI32, p)), false);
  EXPECT_EQ(truth(t.add(p, 8)), true); // a field of it is not null either
  EXPECT_FALSE(fails(p));
  EXPECT_TRUE(assume(other, t, p, false));
  EXPECT_EQ(resolve(other, t, p), t.null());
  EXPECT_EQ(truthOf(other, t, is(Op::Eq, p, 0, kPtr)), true);
}

TEST_F(FactsTest, ObjectsAreNeverNull) {
  TermId o = t.object(Origin::Local, 0, 0);
  EXPECT_EQ(truth(o), true);
  EXPECT_EQ(truth(t.add(o, 16)), true);
  EXPECT_FALSE(fails(o));
}

TEST_F(FactsTest, NtSuccessSplitsTheStatuses) {
  TermId success = is(Op::Ge, x, 0);
  State failed = s;
  EXPECT_TRUE(holds(success));
  EXPECT_EQ(truth(success), true);
  EXPECT_EQ(truth(is(Op::Eq, x, int64_t(0xC0000005))), false);
  EXPECT_EQ(truth(is(Op::Eq, x, 0x103)), kOpen);
  EXPECT_TRUE(assume(failed, t, success, false));
  EXPECT_EQ(truthOf(failed, t, is(Op::Eq, x, 0)), false);
  EXPECT_EQ(truthOf(failed, t, x), true);
  EXPECT_EQ(truthOf(failed, t, is(Op::Lt, x, 0)), true);
}

TEST_F(FactsTest, StatusesAreNegativeNumbers) {
  EXPECT_TRUE(holds(is(Op::Eq, x, int64_t(0xC000009A))));
  EXPECT_EQ(truth(is(Op::Ge, x, 0)), false);
  EXPECT_EQ(truth(is(Op::Eq, x, int64_t(0xC0000005))), false);
}

TEST_F(FactsTest, BooleansAreTrueWhenTheyAreNotZero) {
  State other = s;
  EXPECT_TRUE(holds(b));
  EXPECT_EQ(truth(is(Op::Eq, b, 0)), false);
  EXPECT_EQ(truth(is(Op::Eq, b, 1)), kOpen); // 2 is as true as 1
  EXPECT_TRUE(assume(other, t, b, false));
  EXPECT_EQ(resolve(other, t, b), number(0));
}

TEST_F(FactsTest, AStoredComparisonTellsOfWhatWasCompared) {
  TermId flag = t.cast(kU8, is(Op::Lt, x, 0));
  State other = s;
  EXPECT_TRUE(holds(flag));
  EXPECT_EQ(truth(is(Op::Ge, x, 0)), false);
  EXPECT_TRUE(assume(other, t, is(Op::Eq, flag, 0), true));
  EXPECT_EQ(truthOf(other, t, is(Op::Ge, x, 0)), true);
}

TEST_F(FactsTest, ConjunctionsAndDisjunctions) {
  TermId both = t.binary(Op::And, kI32, is(Op::Gt, x, 3), is(Op::Lt, y, 0));
  EXPECT_TRUE(holds(both));
  EXPECT_EQ(truth(is(Op::Gt, x, 3)), true);
  EXPECT_EQ(truth(is(Op::Lt, y, 0)), true);
  TermId either = t.binary(Op::Or, kI32, p, q);
  EXPECT_TRUE(fails(either));
  EXPECT_EQ(truth(p), false);
  EXPECT_EQ(truth(q), false);
}

TEST_F(FactsTest, BitsAreKnownOneByOne) {
  EXPECT_TRUE(holds(bit(u, 4)));
  EXPECT_TRUE(fails(bit(u, 2)));
  EXPECT_EQ(truth(bit(u, 4)), true);
  EXPECT_EQ(truth(bit(u, 2)), false);
  EXPECT_EQ(truth(bit(u, 1)), kOpen);
  EXPECT_EQ(truth(bit(u, 6)), true);
  EXPECT_EQ(truth(u), true);
  EXPECT_EQ(truth(is(Op::Eq, u, 0, kU32)), false);
  EXPECT_FALSE(fails(bit(u, 4)));
  EXPECT_FALSE(holds(bit(u, 2)));
}

TEST_F(FactsTest, SetAndClearedBits) {
  TermId set = t.binary(Op::Or, kU32, u, t.constant(8, kU32));
  EXPECT_EQ(truth(bit(set, 8)), true);
  TermId cleared = t.binary(Op::And, kU32, set, t.constant(~8, kU32));
  EXPECT_EQ(truth(bit(cleared, 8)), false);
  // The other bits are those from before.
  EXPECT_TRUE(holds(bit(cleared, 1)));
  EXPECT_EQ(truth(bit(u, 1)), true);
  EXPECT_EQ(truth(bit(set, 1)), true);
  TermId toggled = t.binary(Op::Xor, kU32, u, t.constant(1, kU32));
  EXPECT_EQ(truth(bit(toggled, 1)), false);
}

TEST_F(FactsTest, MasksComparedWithTheirValue) {
  TermId on = is(Op::Eq, bit(u, 0x10), 0x10, kU32);
  State other = s;
  EXPECT_TRUE(holds(on));
  EXPECT_EQ(truth(bit(u, 0x10)), true);
  EXPECT_TRUE(assume(other, t, on, false));
  EXPECT_EQ(truthOf(other, t, bit(u, 0x10)), false);
}

TEST_F(FactsTest, FieldOfBitsWithSeveralValues) {
  EXPECT_TRUE(holds(is(Op::Eq, bit(u, 0x30), 0x20, kU32)));
  EXPECT_EQ(truth(bit(u, 0x20)), true);
  EXPECT_EQ(truth(bit(u, 0x10)), false);
  EXPECT_EQ(truth(is(Op::Eq, bit(u, 0x30), 0x10, kU32)), false);
}

TEST_F(FactsTest, TheLastOpenBitIsSet) {
  EXPECT_TRUE(fails(bit(u, 1)));
  EXPECT_TRUE(holds(bit(u, 3)));
  EXPECT_EQ(truth(bit(u, 2)), true);
}

TEST_F(FactsTest, BitsOfAShortThroughPromotion) {
  TermId flags = symbol(kI16, 9);
  TermId test = t.binary(Op::And, kI32, t.cast(kI32, flags), number(2));
  EXPECT_TRUE(holds(test));
  EXPECT_EQ(truth(test), true);
  TermId after = t.cast(kI16, t.binary(Op::And, kI32, flags, number(~2)));
  EXPECT_EQ(truth(t.binary(Op::And, kI32, after, number(2))), false);
}

TEST_F(FactsTest, EqualSymbolsBecomeOne) {
  EXPECT_TRUE(holds(is(Op::Eq, x, y)));
  EXPECT_EQ(now(0), now(1));
  EXPECT_TRUE(holds(is(Op::Lt, now(0), 0)));
  EXPECT_EQ(truth(is(Op::Lt, now(1), 0)), true);
  EXPECT_EQ(truth(is(Op::Ne, now(0), now(1))), false);
}

TEST_F(FactsTest, EqualityBringsWhatWasKnownTogether) {
  EXPECT_TRUE(holds(is(Op::Ge, x, 5)));
  EXPECT_TRUE(holds(is(Op::Le, y, 5)));
  EXPECT_TRUE(holds(is(Op::Eq, x, y)));
  EXPECT_EQ(now(0), number(5));
  EXPECT_EQ(now(1), number(5));
}

TEST_F(FactsTest, EqualityThatCannotBe) {
  State other = s;
  EXPECT_TRUE(holds(is(Op::Gt, x, 5)));
  EXPECT_TRUE(holds(is(Op::Lt, y, 5)));
  EXPECT_EQ(truth(is(Op::Eq, x, y)), false);
  EXPECT_FALSE(holds(is(Op::Eq, x, y)));
  // Excluded in one, found in the other.
  EXPECT_TRUE(assume(other, t, is(Op::Ne, x, 3), true));
  EXPECT_TRUE(assume(other, t, is(Op::Eq, x, y), true));
  EXPECT_FALSE(
      assume(other, t, is(Op::Eq, resolve(other, t, other.temp(1)), 3), true));
}

TEST_F(FactsTest, UnequalStaysUnequal) {
  EXPECT_TRUE(fails(is(Op::Eq, x, y)));
  EXPECT_EQ(truth(is(Op::Eq, y, x)), false);
  EXPECT_FALSE(holds(is(Op::Eq, x, y)));
}

TEST_F(FactsTest, OrderIsRememberedBetweenVariables) {
  State other = s;
  EXPECT_TRUE(holds(is(Op::Lt, x, y)));
  EXPECT_EQ(truth(is(Op::Lt, x, y)), true);
  EXPECT_EQ(truth(is(Op::Le, y, x)), false);
  EXPECT_EQ(truth(is(Op::Lt, y, x)), false);
  EXPECT_EQ(truth(is(Op::Eq, x, y)), false);
  EXPECT_TRUE(assume(other, t, is(Op::Ge, x, y), true));
  EXPECT_EQ(truthOf(other, t, is(Op::Lt, x, y)), false);
}

TEST_F(FactsTest, NeitherBelowNorAboveIsEqual) {
  EXPECT_TRUE(fails(is(Op::Lt, x, y)));
  EXPECT_TRUE(fails(is(Op::Lt, y, x)));
  EXPECT_EQ(now(0), now(1));
}

TEST_F(FactsTest, BoundsGoFromOneVariableToTheOther) {
  EXPECT_TRUE(holds(is(Op::Ge, x, 10)));
  EXPECT_TRUE(holds(is(Op::Lt, x, y)));
  EXPECT_EQ(truth(is(Op::Gt, y, 10)), true);
  EXPECT_TRUE(holds(is(Op::Le, y, 11)));
  EXPECT_EQ(rangeOf(s, t, y).lo, 11);
}

TEST_F(FactsTest, UnsignedOrderIsNotSignedOrder) {
  // Everything is above 0xfffffff0 that is a small negative number.
  TermId asUnsigned = t.cast(kU32, x);
  EXPECT_TRUE(holds(is(Op::Lt, x, 0)));
  EXPECT_NE(truth(is(Op::Lt, asUnsigned, 10, kU32)), true);
  State other = s;
  EXPECT_TRUE(assume(other, t, is(Op::Lt, u, 16, kU32), true));
  EXPECT_EQ(rangeOf(other, t, u).hi, 15);
  // 64 bits are kept as their pattern.
  EXPECT_TRUE(assume(other, t, is(Op::Lt, w, 16, kU64), true));
  EXPECT_EQ(rangeOf(other, t, w).lo, 0);
  EXPECT_EQ(rangeOf(other, t, w).hi, 15);
}

TEST_F(FactsTest, RestrictCutsAndRefuses) {
  EXPECT_TRUE(restrict(s, t, x, -4, 4));
  EXPECT_TRUE(restrict(s, t, x, 0, 100));
  Range r = rangeOf(s, t, x);
  EXPECT_EQ(r.lo, 0);
  EXPECT_EQ(r.hi, 4);
  EXPECT_FALSE(restrict(s, t, x, 5, 100));
  EXPECT_FALSE(restrict(s, t, number(3), 4, 5));
  TermId sum = t.binary(Op::Add, kI32, y, number(2));
  EXPECT_TRUE(restrict(s, t, y, 0, 100));
  EXPECT_TRUE(restrict(s, t, sum, 10, 20));
  EXPECT_EQ(rangeOf(s, t, y).lo, 8);
  EXPECT_EQ(rangeOf(s, t, y).hi, 18);
}

TEST_F(FactsTest, SumsThatMayWrapSayNothingWrong) {
  TermId next = t.binary(Op::Add, kU8, b, number(1));
  EXPECT_TRUE(holds(is(Op::Eq, next, 0)));
  EXPECT_EQ(resolve(s, t, b), number(255));
}

TEST_F(FactsTest, SubstituteMovesMemoryAndObjects) {
  TermId a = t.object(Origin::Local, 0, 0);
  s.put({p, 8, number(1), 4});
  s.put({a, 0, p, 8});
  s.zeros.push_back({p, 16, 8});
  ObjectState &o = s.objectFor(p);
  o.facets[0] = 2;
  EXPECT_TRUE(substitute(s, t, p, q));
  EXPECT_EQ(s.object(p), nullptr);
  ASSERT_NE(s.object(q), nullptr);
  EXPECT_EQ(s.object(q)->facets[0], 2);
  ASSERT_NE(s.find({q, 8, TermId(), 4}), nullptr);
  EXPECT_EQ(s.find({p, 8, TermId(), 4}), nullptr);
  EXPECT_EQ(s.find({a, 0, TermId(), 8})->value, q);
  EXPECT_TRUE(s.isZero(q, 16, 8));
}

TEST_F(FactsTest, SubstituteFindsContradictions) {
  EXPECT_TRUE(holds(p));
  EXPECT_FALSE(substitute(s, t, p, t.null()));
  State other;
  other.irql = number(0);
  EXPECT_TRUE(assume(other, t, is(Op::Gt, x, 10), true));
  EXPECT_TRUE(assume(other, t, is(Op::Lt, y, 5), true));
  EXPECT_FALSE(substitute(other, t, x, y));
}

TEST_F(FactsTest, APointerThatEqualsAnObjectIsIt) {
  TermId o = t.object(Origin::Allocation, 1, 0);
  TermId r = t.symbol(Origin::Result, kPtr, 7);
  s.setTemp(0, r);
  EXPECT_TRUE(holds(is(Op::Eq, r, o, kPtr)));
  EXPECT_EQ(s.temp(0), o);
}

TEST_F(FactsTest, WhatWasThereBeforeIsNothingNew) {
  TermId o = t.object(Origin::Allocation, 1, 0);
  TermId field = t.initial({p, 8}, kPtr, 0, 0);
  EXPECT_FALSE(holds(is(Op::Eq, p, o, kPtr)));
  EXPECT_FALSE(holds(is(Op::Eq, o, field, kPtr)));
  // Others know it by now, and the memory may have been written since.
  s.objectFor(o).escaped = true;
  EXPECT_TRUE(holds(is(Op::Eq, o, t.initial({p, 8}, kPtr, 0, 5), kPtr)));
}

TEST_F(FactsTest, IndexesResolve) {
  TermId e = t.element(p, x, 8, 80);
  EXPECT_TRUE(holds(is(Op::Eq, x, 3)));
  EXPECT_EQ(resolve(s, t, e), t.add(p, 24));
}

TEST_F(FactsTest, AProductThatIsNotZeroHasNoFactorThatIs) {
  TermId product = t.binary(Op::Mul, kU32, u, t.cast(kU32, b));
  ASSERT_TRUE(assume(s, t, t.cast(kU64, product), true));
  EXPECT_EQ(truth(u), true);
  EXPECT_EQ(truth(b), true);
  EXPECT_EQ(truth(w), kOpen);
  // A remainder says so of what was divided, and nothing of the divisor.
  ASSERT_TRUE(
      restrict(s, t, t.binary(Op::Rem, kU64, w, number(8, kU64)), 1, 7));
  EXPECT_EQ(truth(w), true);
}

TEST_F(FactsTest, AFactorThatIsZeroRulesTheProductOut) {
  TermId product = t.binary(Op::Mul, kU32, u, t.cast(kU32, b));
  ASSERT_TRUE(assume(s, t, b, false));
  EXPECT_FALSE(assume(s, t, product, true));
}

TEST_F(FactsTest, BoundsOfAProductAreBoundsOfItsFactor) {
  TermId bytes = t.binary(Op::Mul, kU64, t.cast(kU64, u), number(24, kU64));
  ASSERT_TRUE(restrict(s, t, bytes, 25, 100));
  EXPECT_EQ(rangeOf(s, t, u).lo, 2);
  EXPECT_EQ(rangeOf(s, t, u).hi, 4);
  EXPECT_FALSE(restrict(s, t, bytes, 97, 1000));
  // A product that may wrap says nothing of the kind.
  TermId wraps = t.binary(Op::Mul, kU32, t.cast(kU32, x), number(24, kU32));
  ASSERT_TRUE(restrict(s, t, wraps, 25, 100));
  EXPECT_LT(rangeOf(s, t, x).lo, 2);
}

TEST_F(FactsTest, ImposingAFactTakesItAllOver) {
  ASSERT_TRUE(restrict(s, t, x, 3, 9));
  ASSERT_TRUE(holds(is(Op::Ne, x, 5)));
  Fact known = *s.fact(x);
  ASSERT_TRUE(restrict(s, t, y, 5, 20));
  ASSERT_TRUE(impose(s, t, y, known));
  EXPECT_EQ(rangeOf(s, t, y).lo, 6);
  EXPECT_EQ(rangeOf(s, t, y).hi, 9);
  EXPECT_FALSE(impose(s, t, t.constant(10), known));
  EXPECT_FALSE(impose(s, t, t.constant(5), known));
  EXPECT_TRUE(impose(s, t, t.constant(7), known));
}

} // namespace
