//===-- InputsTest.cpp ---------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "support/Inputs.h"

#include "TemporaryTree.h"

using namespace mdlcheck;

namespace {

using Kind = InputFact::Kind;

InputFact fact(const TemporaryTree &tree, const std::string &name, Kind kind) {
  InputFact f;
  f.path = tree.path(name);
  f.kind = kind;
  return f;
}

/// Each time as a new process would: what was asked before is forgotten.
bool holds(const InputFact &fact) { return InputChecker().holds(fact); }

TEST(InputsTest, WhatIsThereAndWhatIsNot) {
  TemporaryTree tree;
  tree.write("dir/file", "text");
  const std::pair<const char *, Kind> truths[] = {
      {"dir", Kind::Directory},
      {"dir/file", Kind::Exists},
      {"other", Kind::Missing},
      {"dir/file/below", Kind::Missing}};
  for (const auto &[name, truth] : truths)
    for (Kind kind : {Kind::Directory, Kind::Exists, Kind::Missing})
      EXPECT_EQ(holds(fact(tree, name, kind)), kind == truth) << name;
}

TEST(InputsTest, ContentsAreComparedWhereTheLookOfAFileIsNotEnough) {
  TemporaryTree tree;
  std::string path = tree.write("a.h", "one");
  llvm::sys::fs::file_status status;
  ASSERT_FALSE(llvm::sys::fs::status(path, status));
  InputFact f = fact(tree, "a.h", Kind::Contents);
  f.hash = hashContents("one");
  f.size = 3;
  f.modified = status.getLastModificationTime().time_since_epoch().count();
  EXPECT_TRUE(holds(f));
  // Believed without reading it.
  f.hash = hashContents("two");
  EXPECT_TRUE(holds(f));
  f.isRecent = true;
  EXPECT_FALSE(holds(f));
  f.isRecent = false;
  f.modified += 1;
  EXPECT_FALSE(holds(f));
  f.hash = hashContents("one");
  EXPECT_TRUE(holds(f));
  f.size = 4;
  EXPECT_FALSE(holds(f));
}

TEST(InputsTest, ListingsAreOfNames) {
  TemporaryTree tree;
  tree.write("dir/b", "1");
  tree.write("dir/a", "2");
  InputFact f = fact(tree, "dir", Kind::Listing);
  f.hash = hashListing(f.path);
  EXPECT_TRUE(holds(f));
  tree.write("dir/a", "3");
  EXPECT_TRUE(holds(f));
  tree.write("dir/c", "");
  EXPECT_FALSE(holds(f));
}

} // namespace
