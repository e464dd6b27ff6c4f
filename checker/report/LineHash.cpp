//===-- LineHash.cpp --------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/LineHash.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/JSON.h"

using namespace mdlcheck;
using namespace mdlcheck::report;

// A polynomial hash modulo 2^64 over UTF-16 code units.
static constexpr size_t kWindow = 100;
static constexpr uint64_t kBase = 37;
static constexpr llvm::UTF16 kEnd = 0xFFFF;

std::vector<std::string> report::lineHashes(llvm::StringRef text) {
  llvm::SmallVector<llvm::UTF16, 0> units;
  std::string fixed;
  if (!llvm::json::isUTF8(text)) {
    fixed = llvm::json::fixUTF8(text);
    text = fixed;
  }
  llvm::convertUTF8ToUTF16String(text, units);
  units.push_back(kEnd);

  // What is hashed, and where lines begin in it.
  std::vector<llvm::UTF16> kept;
  std::vector<size_t> begins;
  bool isLineStart = true;
  bool isAfterReturn = false;
  for (llvm::UTF16 unit : units) {
    bool isSecondOfPair = isAfterReturn && unit == '\n';
    isAfterReturn = unit == '\r';
    if (unit == ' ' || unit == '\t' || isSecondOfPair)
      continue;
    if (isLineStart)
      begins.push_back(kept.size());
    isLineStart = unit == '\r' || unit == '\n';
    kept.push_back(isLineStart ? llvm::UTF16('\n') : unit);
  }
  kept.resize(kept.size() + kWindow, 0);

  std::vector<std::string> hashes;
  llvm::StringMap<unsigned> counts;
  for (size_t begin : begins) {
    uint64_t hash = 0;
    for (size_t i = 0; i < kWindow; ++i)
      hash = hash * kBase + kept[begin + i];
    std::string text = llvm::utohexstr(hash, /*LowerCase=*/true);
    unsigned count = ++counts[text];
    hashes.push_back(text + ":" + std::to_string(count));
  }
  return hashes;
}
