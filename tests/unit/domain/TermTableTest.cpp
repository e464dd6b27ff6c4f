//===-- TermTableTest.cpp - tests of symbolic values ------------*- C++ -*-===//
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
using ir::Op;

namespace {

class TermTableTest : public ::testing::Test {
protected:
  TermId symbol(ValueType type, uint32_t number) {
    return t.symbol(Origin::Parameter, type, number);
  }
  TermId number(int64_t v) { return t.constant(v); }
  bool isNumber(TermId id, int64_t v) {
    return t.isConst(id) && t.constValue(id) == v;
  }

  TermTable t;
  TermId x = symbol(kI32, 0), y = symbol(kI32, 1), u = symbol(kU32, 2),
         b = symbol(kU8, 3), p = symbol(kPtr, 4), q = symbol(kPtr, 5);
};

TEST_F(TermTableTest, EqualTermsAreOneTerm) {
  EXPECT_EQ(symbol(kI32, 0), x);
  EXPECT_NE(symbol(kU32, 0), x);
  EXPECT_EQ(t.binary(Op::Mul, kI32, x, y), t.binary(Op::Mul, kI32, x, y));
  EXPECT_NE(t.binary(Op::Div, kI32, x, y), t.binary(Op::Div, kU32, x, y));
  EXPECT_NE(t.symbol(Origin::Result, kI32, 0), x);
  EXPECT_EQ(t.withGeneration(t.withGeneration(x, 3), 0), x);
  EXPECT_NE(t.withGeneration(x, 1), x);
}

TEST_F(TermTableTest, ConstantsWrapToTheirTypeAndAreThenJustNumbers) {
  EXPECT_TRUE(isNumber(t.constant(0x1ff, kU8), 0xff));
  EXPECT_TRUE(isNumber(t.constant(0xff, kI8), -1));
  EXPECT_TRUE(isNumber(t.constant(0xC0000005, kI32), -1073741819));
  EXPECT_EQ(t.constant(5, kU8), t.constant(5, kI64));
  EXPECT_EQ(t.null(), number(0));
}

TEST_F(TermTableTest, WrapKnowsAllSizes) {
  EXPECT_EQ(wrap(0x180, kI8), -128);
  EXPECT_EQ(wrap(-1, kU16), 0xffff);
  EXPECT_EQ(wrap(int64_t(1) << 32, kU32), 0);
  EXPECT_EQ(wrap(-1, kU64), -1);
  EXPECT_EQ(minOf(kI16), -0x8000);
  EXPECT_EQ(maxOf(kU32), 0xffffffff);
  EXPECT_EQ(minOf(kU8), 0);
}

TEST_F(TermTableTest, TypesAreKeptAsTheyAreOrAsEightBytes) {
  EXPECT_EQ(valueType({ir::TypeKind::Int, true, 2}), kI16);
  EXPECT_EQ(valueType({ir::TypeKind::Pointer, false, 8}), kPtr);
  EXPECT_EQ(valueType({ir::TypeKind::Float, false, 4}), kI64);
  EXPECT_EQ(valueType({ir::TypeKind::Int, false, 16}), kI64);
}

TEST_F(TermTableTest, ArithmeticOnConstantsFolds) {
  EXPECT_TRUE(isNumber(t.binary(Op::Add, kU8, number(250), number(10)), 4));
  EXPECT_TRUE(isNumber(t.binary(Op::Div, kU32, t.constant(-1, kU32), number(2)),
                       0x7fffffff));
  EXPECT_TRUE(isNumber(t.binary(Op::Shr, kI32, number(-8), number(1)), -4));
  EXPECT_TRUE(isNumber(t.unary(Op::BitNot, kU8, number(1)), 0xfe));
  EXPECT_TRUE(isNumber(t.unary(Op::Neg, kU32, number(1)), 0xffffffff));
  // Nothing is said about what has no value.
  EXPECT_FALSE(t.isConst(t.binary(Op::Div, kI32, number(1), number(0))));
}

TEST_F(TermTableTest, SumsCollectTheirConstants) {
  TermId a = t.binary(Op::Add, kI32, x, number(3));
  EXPECT_EQ(t.binary(Op::Sub, kI32, a, number(3)), x);
  EXPECT_EQ(t.binary(Op::Add, kI32, number(3), x), a);
  EXPECT_EQ(t.add(t.add(p, 8), 16), t.add(p, 24));
  EXPECT_EQ(t.add(t.add(p, 8), -8), p);
}

TEST_F(TermTableTest, OperandsHaveAnOrderWhereItDoesNotMatter) {
  EXPECT_EQ(t.binary(Op::And, kI32, x, y), t.binary(Op::And, kI32, y, x));
  EXPECT_EQ(t.binary(Op::Eq, kI32, x, y), t.binary(Op::Eq, kI32, y, x));
  EXPECT_NE(t.binary(Op::Sub, kI32, x, y), t.binary(Op::Sub, kI32, y, x));
}

TEST_F(TermTableTest, MasksMeet) {
  TermId f = t.binary(Op::Or, kI32, x, number(4));
  EXPECT_TRUE(isNumber(t.binary(Op::And, kI32, f, number(4)), 4));
  // A bit that was not touched is that of the old value.
  EXPECT_EQ(t.binary(Op::And, kI32, f, number(8)),
            t.binary(Op::And, kI32, x, number(8)));
  TermId cleared = t.binary(Op::And, kI32, x, number(~4));
  EXPECT_TRUE(isNumber(t.binary(Op::And, kI32, cleared, number(4)), 0));
  EXPECT_EQ(t.binary(Op::And, kI32, x, number(0)), number(0));
  EXPECT_EQ(t.binary(Op::And, kU8, b, number(0xff)), b);
}

TEST_F(TermTableTest, ComparisonsComeInTwoForms) {
  TermId less = t.binary(Op::Lt, kI32, x, y);
  EXPECT_EQ(t.binary(Op::Gt, kI32, y, x), less);
  TermId notLess = t.unary(Op::LogicalNot, kI32, less);
  EXPECT_EQ(t.binary(Op::Ge, kI32, x, y), notLess);
  EXPECT_EQ(t.binary(Op::Le, kI32, y, x), notLess);
  EXPECT_EQ(t.binary(Op::Ne, kI32, x, y),
            t.unary(Op::LogicalNot, kI32, t.binary(Op::Eq, kI32, x, y)));
  EXPECT_NE(t.binary(Op::Lt, kU32, x, y), less);
}

TEST_F(TermTableTest, ComparisonsOfAComparisonAreThatComparison) {
  TermId less = t.binary(Op::Lt, kI32, x, y);
  TermId notLess = t.unary(Op::LogicalNot, kI32, less);
  EXPECT_EQ(t.unary(Op::LogicalNot, kI32, notLess), less);
  EXPECT_EQ(t.binary(Op::Ne, kI32, less, number(0)), less);
  EXPECT_EQ(t.binary(Op::Eq, kI32, less, number(0)), notLess);
  EXPECT_EQ(t.binary(Op::Eq, kI32, less, number(1)), less);
  // Stored in a BOOLEAN and read back.
  EXPECT_EQ(t.cast(kI32, t.cast(kU8, less)), less);
  EXPECT_EQ(t.unary(Op::LogicalNot, kI32, t.cast(kU8, less)), notLess);
  // But !!x of a number is not that number.
  EXPECT_NE(t.unary(Op::LogicalNot, kI32, t.unary(Op::LogicalNot, kI32, x)), x);
}

TEST_F(TermTableTest, ComparisonsOfTheSame) {
  EXPECT_EQ(t.binary(Op::Eq, kI32, x, x), number(1));
  EXPECT_EQ(t.binary(Op::Lt, kI32, x, x), number(0));
  EXPECT_EQ(t.binary(Op::Sub, kI32, x, x), number(0));
  EXPECT_EQ(t.binary(Op::Eq, kI32, t.binary(Op::Sub, kI32, x, y), number(0)),
            t.binary(Op::Eq, kI32, x, y));
  EXPECT_EQ(
      t.binary(Op::Eq, kI32, t.binary(Op::Add, kI32, x, number(2)), number(7)),
      t.binary(Op::Eq, kI32, x, number(5)));
}

TEST_F(TermTableTest, NarrowSumsNeverReachWideNumbers) {
  // (LONGLONG)(x + 1) == 0xffffffff
  TermId next = t.binary(Op::Add, kI32, x, number(1));
  EXPECT_NE(t.binary(Op::Eq, kI64, next, number(0xffffffff)),
            t.binary(Op::Eq, kI64, x, number(-2)));
}

TEST_F(TermTableTest, SumsOfDifferentWidthsAreDifferent) {
  // The overflow check (ULONG64)u + 8 == (ULONG64)(u + 8)
  TermId wide = t.binary(Op::Add, kU64, t.cast(kU64, u), number(8));
  TermId narrow = t.cast(kU64, t.binary(Op::Add, kU32, u, number(8)));
  EXPECT_FALSE(t.isConst(t.binary(Op::Eq, kU64, wide, narrow)));
}

// The type of the inner sum wins: substituting a u32 sum for a u8 symbol under
// an i32 sum makes negative numbers large ones.
TEST_F(TermTableTest, CollectedSumsHaveTheTypeOfTheOuterOne) {
  TermId inner = t.binary(Op::Add, kU32, u, t.constant(-4, kU32));
  TermId outer = t.binary(Op::Add, kI32, inner, t.constant(-16, kI32));
  EXPECT_EQ(t[outer].type, kI32);
}

TEST_F(TermTableTest, UnsignedBelowOneIsZero) {
  TermId zero = t.binary(Op::Eq, kU32, u, number(0));
  EXPECT_EQ(t.binary(Op::Lt, kU32, u, number(1)), zero);
  EXPECT_EQ(t.binary(Op::Gt, kU32, u, number(0)),
            t.unary(Op::LogicalNot, kI32, zero));
  EXPECT_EQ(t.binary(Op::Lt, kU32, u, number(0)), number(0));
  EXPECT_FALSE(t.isConst(t.binary(Op::Lt, kI32, x, number(0))));
}

TEST_F(TermTableTest, CastsThatChangeNothingAreNotThere) {
  EXPECT_EQ(t.cast(kI32, b), b);
  EXPECT_EQ(t.cast(kU64, u), u);
  EXPECT_EQ(t.cast(kU64, p), p);
  EXPECT_EQ(t.cast(kU8, t.cast(kI32, b)), b);
  EXPECT_NE(t.cast(kU64, x), x); // sign-extended, then seen as unsigned
  EXPECT_EQ(t.cast(kI32, t.cast(kU64, x)), x);
  EXPECT_NE(t.cast(kU8, x), x);
  EXPECT_NE(t.cast(kU32, x), x);
}

TEST_F(TermTableTest, AddressesSplitIntoBaseAndOffset) {
  Address a = t.address(t.add(p, 40));
  EXPECT_EQ(a.base, p);
  EXPECT_EQ(a.offset, 40);
  EXPECT_EQ(t.address(p).offset, 0);
  EXPECT_EQ(t.addressTerm({p, 40}), t.add(p, 40));
  EXPECT_EQ(t.binary(Op::Eq, kPtr, t.add(p, 8), t.add(p, 8)), number(1));
  EXPECT_EQ(t.binary(Op::Eq, kPtr, t.add(p, 8), t.add(p, 16)), number(0));
  EXPECT_EQ(t.binary(Op::Sub, kI64, t.add(p, 24), t.add(p, 8)), number(16));
  EXPECT_EQ(t.binary(Op::Eq, kPtr, t.add(p, 8), t.add(q, 8)),
            t.binary(Op::Eq, kPtr, p, q));
}

TEST_F(TermTableTest, ElementsOfAConstantIndexAreSums) {
  EXPECT_EQ(t.element(p, number(3), 8, 0), t.add(p, 24));
  EXPECT_EQ(t.element(p, number(-1), 8, 0), t.add(p, -8));
  TermId e = t.element(p, x, 8, 64);
  EXPECT_EQ(e, t.element(p, x, 8, 64));
  EXPECT_NE(e, t.element(p, y, 8, 64));
  EXPECT_EQ(t[e].kind, TermKind::Element);
}

TEST_F(TermTableTest, RootsAreWhereAddressesGoOutFrom) {
  TermId o = t.object(Origin::Local, 0, 1);
  EXPECT_EQ(t.root(t.add(t.element(t.add(o, 16), x, 8, 64), 4)), o);
  EXPECT_EQ(t.root(p), p);
  EXPECT_EQ(t.root(t.binary(Op::Sub, kPtr, p, x)), p);
}

TEST_F(TermTableTest, ObjectsDifferAndAreNotNull) {
  TermId a = t.object(Origin::Local, 0, 0), c = t.object(Origin::Local, 0, 1);
  EXPECT_EQ(t.binary(Op::Eq, kPtr, a, c), number(0));
  EXPECT_EQ(t.binary(Op::Eq, kPtr, a, t.null()), number(0));
  EXPECT_EQ(t.unary(Op::LogicalNot, kI32, a), number(0));
  EXPECT_FALSE(t.isConst(t.binary(Op::Eq, kPtr, a, p)));
}

TEST_F(TermTableTest, RewritingSimplifiesAgain) {
  TermId sum =
      t.binary(Op::Add, kI32, t.binary(Op::Mul, kI32, x, y), number(1));
  auto five = [&](TermId id) { return id == x || id == y ? number(5) : id; };
  EXPECT_TRUE(isNumber(t.rewrite(sum, five), 26));
  auto same = [](TermId id) { return id; };
  EXPECT_EQ(t.rewrite(sum, same), sum);
  std::vector<TermId> atoms;
  t.forEachAtom(sum, [&](TermId a) { atoms.push_back(a); });
  EXPECT_EQ(atoms.size(), 2u);
}

TEST_F(TermTableTest, DepthCountsOperations) {
  EXPECT_EQ(t.depth(x), 0u);
  EXPECT_EQ(t.depth(t.binary(Op::Mul, kI32, t.binary(Op::Mul, kI32, x, y), y)),
            2u);
}

TEST_F(TermTableTest, InitialContentsAreNamedByPlaceAndTime) {
  TermId a = t.initial({p, 8}, kI32, 0, 0);
  EXPECT_EQ(a, t.initial({p, 8}, kI32, 0, 0));
  EXPECT_NE(a, t.initial({p, 12}, kI32, 0, 0));
  EXPECT_NE(a, t.initial({p, 8}, kI32, 0, 7));
  EXPECT_NE(a, t.initial({p, 8}, kI32, 3, 0));
  EXPECT_NE(a, t.initial({q, 8}, kI32, 0, 0));
}

} // namespace
