//===-- LineHashTest.cpp ----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/LineHash.h"

#include "gtest/gtest.h"

using namespace mdlcheck::report;

namespace {

using Hashes = std::vector<std::string>;

// 37 to the power of 99 modulo 2^64, times what is first.
uint64_t first(uint64_t unit) {
  for (int i = 0; i < 99; ++i)
    unit *= 37;
  return unit;
}

std::string hex(uint64_t value) {
  char text[17];
  snprintf(text, sizeof(text), "%llx", (unsigned long long)value);
  return text;
}

TEST(LineHashTest, IsAPolynomialOverWhatFollows) {
  EXPECT_EQ(lineHashes(""), Hashes{hex(first(0xFFFF)) + ":1"});
  EXPECT_EQ(
      lineHashes("a"),
      // 37 to the power of -1 takes one of them back.
      Hashes{hex(first('a') + first(0xFFFF) * 0x14C1BACF914C1BADull) + ":1"});
}

TEST(LineHashTest, SpacesAndWaysToEndALineDoNotCount) {
  Hashes plain = lineHashes("a\nb c\n");
  EXPECT_EQ(plain.size(), 3u);
  EXPECT_EQ(lineHashes(" a\t\r\n\tb\tc\r\n"), plain);
  EXPECT_EQ(lineHashes("a\rbc\r"), plain);
  EXPECT_NE(lineHashes("a\n\rbc\n"), plain);
}

TEST(LineHashTest, EqualLinesAreCounted) {
  std::string line(120, 'x');
  Hashes hashes = lineHashes(line + "\n" + line + "\n");
  ASSERT_EQ(hashes.size(), 3u);
  EXPECT_EQ(hashes[1].substr(0, hashes[1].find(':')),
            hashes[0].substr(0, hashes[0].find(':')));
  EXPECT_TRUE(hashes[0].ends_with(":1") && hashes[1].ends_with(":2"));
}

TEST(LineHashTest, ByteOrderMarkCounts) {
  EXPECT_NE(lineHashes("\xEF\xBB\xBF"
                       "a\nb")[0],
            lineHashes("a\nb")[0]);
  EXPECT_EQ(lineHashes("\xEF\xBB\xBF"
                       "a\nb")[1],
            lineHashes("a\nb")[1]);
}

} // namespace
