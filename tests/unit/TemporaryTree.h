//===-- TemporaryTree.h - files for one test --------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_TESTS_UNIT_TEMPORARYTREE_H
#define MDLCHECK_TESTS_UNIT_TEMPORARYTREE_H

#include "gtest/gtest.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace mdlcheck {

/// A directory that lives as long as the test.
class TemporaryTree {
public:
  TemporaryTree() {
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("mdlcheck", directory));
    // As the names of files come back: without symbolic links.
    llvm::SmallString<128> real;
    if (!llvm::sys::fs::real_path(directory, real))
      directory = real;
  }
  ~TemporaryTree() { llvm::sys::fs::remove_directories(directory); }

  std::string path(llvm::StringRef name = "") const {
    llvm::SmallString<128> full(directory);
    if (!name.empty())
      llvm::sys::path::append(full, name);
    return std::string(full);
  }

  std::string write(llvm::StringRef name, llvm::StringRef text) const {
    std::string full = path(name);
    llvm::sys::fs::create_directories(llvm::sys::path::parent_path(full));
    std::error_code error;
    llvm::raw_fd_ostream os(full, error);
    EXPECT_FALSE(error) << full;
    os << text;
    return full;
  }

private:
  llvm::SmallString<128> directory;
};

} // namespace mdlcheck

#endif // MDLCHECK_TESTS_UNIT_TEMPORARYTREE_H
