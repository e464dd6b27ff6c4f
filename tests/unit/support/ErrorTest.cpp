//===-- ErrorTest.cpp -------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "support/Error.h"

#include "gtest/gtest.h"

using namespace mdlcheck;

namespace {

TEST(InputErrorTest, LeavesOutWhatIsNotThere) {
  auto text = [](std::string file, unsigned line, std::string message) {
    return llvm::toString(inputError(file, line, message));
  };
  EXPECT_EQ(text("a.yaml", 7, "no such rule"), "a.yaml:7: no such rule");
  EXPECT_EQ(text("a.yaml", 0, "no such file"), "a.yaml: no such file");
  EXPECT_EQ(text("a.yaml", 7, ""), "a.yaml:7: ");
  EXPECT_EQ(text("a.yaml", 0, ""), "a.yaml: ");
  // A line of nothing is none.
  EXPECT_EQ(text("", 7, "no file given"), "no file given");
  EXPECT_EQ(text("", 0, "no file given"), "no file given");
  EXPECT_EQ(text("", 0, ""), "");
  EXPECT_EQ(llvm::toString(inputError("no file given")), "no file given");
}

TEST(InputErrorTest, TextIsTakenAsItIs) {
  EXPECT_EQ(llvm::toString(inputError("C:\\x y\\a.c", 4294967295, "50% {0}")),
            "C:\\x y\\a.c:4294967295: 50% {0}");
}

TEST(InputErrorTest, PartsCanBeTakenOut) {
  unsigned seen = 0;
  llvm::Error rest = llvm::handleErrors(
      inputError("a.yaml", 7, "no such rule"), [&](const InputError &error) {
        ++seen;
        EXPECT_EQ(error.file, "a.yaml");
        EXPECT_EQ(error.line, 7u);
        EXPECT_EQ(error.message, "no such rule");
        EXPECT_EQ(error.convertToErrorCode(), llvm::inconvertibleErrorCode());
      });
  EXPECT_FALSE(rest);
  EXPECT_EQ(seen, 1u);
}

TEST(InputErrorTest, IsAKindOfItsOwn) {
  llvm::Error input = inputError("no file given");
  EXPECT_TRUE(input.isA<InputError>());
  EXPECT_FALSE(input.isA<llvm::StringError>());
  llvm::consumeError(std::move(input));

  llvm::Error other =
      llvm::createStringError(llvm::inconvertibleErrorCode(), "other");
  EXPECT_FALSE(other.isA<InputError>());
  llvm::consumeError(std::move(other));
}

TEST(InputErrorTest, SeveralAreALineEach) {
  EXPECT_EQ(llvm::toString(llvm::joinErrors(inputError("a.c", 1, "one"),
                                            inputError("two"))),
            "a.c:1: one\ntwo");
}

} // namespace
