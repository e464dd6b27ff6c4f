//===-- EmbeddedRules.h - files built into the program --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// EmbedRules.cmake writes the definitions: rules/*.yaml, rules/*/*.yaml and
// test-corpus/*/README.md, sorted by path.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CONTRACT_EMBEDDEDRULES_H
#define MDLCHECK_CONTRACT_EMBEDDEDRULES_H

#include <cstddef>

namespace mdlcheck::contract {

struct EmbeddedFile {
  const char *path; ///< from the root of the project
  const unsigned char *data;
  size_t size;
};

extern const EmbeddedFile kEmbeddedFiles[];
extern const size_t kEmbeddedFileCount;

} // namespace mdlcheck::contract

#endif // MDLCHECK_CONTRACT_EMBEDDEDRULES_H
