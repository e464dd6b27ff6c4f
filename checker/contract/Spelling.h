//===-- Spelling.h - "did you mean" ---------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CONTRACT_SPELLING_H
#define MDLCHECK_CONTRACT_SPELLING_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace mdlcheck::contract {

/// "; did you mean 'x'?" when one of `known` is close to `name`, else "".
template <typename Names>
std::string suggestion(llvm::StringRef name, const Names &known) {
  std::string best;
  unsigned bestDistance = unsigned(name.size()) / 3 + 1;
  for (const auto &candidate : known) {
    llvm::StringRef text(candidate);
    unsigned distance = name.edit_distance_insensitive(text);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = text.str();
    }
  }
  return best.empty() ? std::string() : "; did you mean '" + best + "'?";
}

} // namespace mdlcheck::contract

#endif // MDLCHECK_CONTRACT_SPELLING_H
