//===-- IdsTest.cpp ---------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "support/Ids.h"

#include "gtest/gtest.h"

#include <concepts>
#include <map>
#include <type_traits>
#include <unordered_set>
#include <vector>

using namespace mdlcheck;

namespace {

using BlockId = Id<struct TestBlockTag>;
using LocalId = Id<struct TestLocalTag>;

// Mixing tables up is to be found by the compiler.
static_assert(!std::is_convertible_v<BlockId, LocalId>);
static_assert(!std::is_constructible_v<BlockId, LocalId>);
static_assert(!std::equality_comparable_with<BlockId, LocalId>);
static_assert(!std::is_convertible_v<uint32_t, BlockId>);
static_assert(!std::is_convertible_v<BlockId, uint32_t>);
static_assert(!std::is_convertible_v<BlockId, bool>);
static_assert(std::is_constructible_v<bool, BlockId>);
// Arrays of them are arrays of indices.
static_assert(sizeof(BlockId) == sizeof(uint32_t));

TEST(IdTest, IsNoneUnlessGivenAValue) {
  EXPECT_FALSE(BlockId().valid());
  EXPECT_FALSE(static_cast<bool>(BlockId()));
  EXPECT_EQ(BlockId().value, BlockId::kNone);
  EXPECT_FALSE(BlockId(BlockId::kNone).valid());

  EXPECT_TRUE(BlockId(0).valid());
  EXPECT_TRUE(static_cast<bool>(BlockId(0)));
  EXPECT_EQ(BlockId(0).value, 0u);
  EXPECT_TRUE(BlockId(BlockId::kNone - 1).valid());
}

TEST(IdTest, ComparesByValue) {
  EXPECT_TRUE(BlockId(3) == BlockId(3));
  EXPECT_FALSE(BlockId(3) == BlockId(4));
  EXPECT_TRUE(BlockId(3) != BlockId(4));
  EXPECT_FALSE(BlockId(3) != BlockId(3));
  EXPECT_TRUE(BlockId() == BlockId());
  EXPECT_FALSE(BlockId() == BlockId(0));

  EXPECT_TRUE(BlockId(3) < BlockId(4));
  EXPECT_FALSE(BlockId(4) < BlockId(3));
  EXPECT_FALSE(BlockId(3) < BlockId(3));
  // None comes last.
  EXPECT_TRUE(BlockId(BlockId::kNone - 1) < BlockId());
  EXPECT_FALSE(BlockId() < BlockId(0));
}

TEST(IdTest, HashesByValue) {
  std::hash<BlockId> hash;
  EXPECT_EQ(hash(BlockId(3)), hash(BlockId(3)));
  EXPECT_NE(hash(BlockId(3)), hash(BlockId(4)));
  EXPECT_NE(hash(BlockId()), hash(BlockId(0)));

  std::unordered_set<BlockId> set{BlockId(3), BlockId(4), BlockId(3),
                                  BlockId()};
  EXPECT_EQ(set.size(), 3u);
  EXPECT_EQ(set.count(BlockId(4)), 1u);
  EXPECT_EQ(set.count(BlockId(5)), 0u);
}

TEST(IdTest, OrdersMaps) {
  std::map<BlockId, char> map{
      {BlockId(), 'z'}, {BlockId(7), 'b'}, {BlockId(0), 'a'}};
  std::string order;
  for (auto [id, letter] : map)
    order += letter;
  EXPECT_EQ(order, "abz");
}

} // namespace
