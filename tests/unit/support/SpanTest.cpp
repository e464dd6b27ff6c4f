//===-- SpanTest.cpp --------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "support/Span.h"

#include "gtest/gtest.h"

#include <vector>

using namespace mdlcheck;

namespace {

// Each is less than the next, and by another member than the one before.
const std::vector<Span> &ascending() {
  static const std::vector<Span> spans{
      {FileId(0), 0, 0, 0, 0},  {FileId(0), 2, 5, 2, 9},
      {FileId(0), 2, 5, 2, 10}, {FileId(0), 2, 5, 3, 1},
      {FileId(0), 2, 6, 2, 7},  {FileId(0), 10, 1, 10, 2},
      {FileId(1), 1, 1, 1, 2},  {FileId(), 0, 0, 0, 0}};
  return spans;
}

TEST(SpanTest, IsValidWithAFile) {
  EXPECT_FALSE(Span().valid());
  EXPECT_FALSE((Span{FileId(), 3, 1, 3, 2}).valid());
  EXPECT_TRUE((Span{FileId(0), 3, 1, 3, 2}).valid());
  EXPECT_TRUE((Span{FileId(0)}).valid());
}

TEST(SpanTest, OrderIsThatOfThePlacesInEachFile) {
  for (size_t i = 0; i < ascending().size(); ++i)
    for (size_t j = 0; j < ascending().size(); ++j)
      EXPECT_EQ(ascending()[i] < ascending()[j], i < j) << i << " " << j;
}

TEST(SpanTest, EqualsWhatAgreesInEveryMember) {
  for (size_t i = 0; i < ascending().size(); ++i)
    for (size_t j = 0; j < ascending().size(); ++j) {
      EXPECT_EQ(ascending()[i] == ascending()[j], i == j) << i << " " << j;
      EXPECT_EQ(ascending()[i] != ascending()[j], i != j) << i << " " << j;
    }

  const Span span{FileId(1), 2, 3, 4, 5};
  EXPECT_TRUE((span == Span{FileId(1), 2, 3, 4, 5}));
  EXPECT_FALSE((span == Span{FileId(2), 2, 3, 4, 5}));
  EXPECT_FALSE((span == Span{FileId(1), 9, 3, 4, 5}));
  EXPECT_FALSE((span == Span{FileId(1), 2, 9, 4, 5}));
  EXPECT_FALSE((span == Span{FileId(1), 2, 3, 9, 5}));
  EXPECT_FALSE((span == Span{FileId(1), 2, 3, 4, 9}));
}

} // namespace
