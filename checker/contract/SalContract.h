//===-- SalContract.h - contracts from annotations ------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What SAL says of a function, in the vocabulary of contracts. An annotation
// is a text as it is written, "_IRQL_requires_max_(APC_LEVEL)", or with
// "param:2:" before it where it belongs to a parameter, counted from 0.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CONTRACT_SALCONTRACT_H
#define MDLCHECK_CONTRACT_SALCONTRACT_H

#include "contract/RuleSet.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>
#include <string>
#include <vector>

namespace mdlcheck::contract {

struct SalReading {
  /// None when nothing is said about what a caller has to do or will see.
  std::optional<Contract> contract;
  /// Annotations, or parts of them, with a word of ours that make no sense to
  /// us, and why.
  std::vector<std::string> unreadable;
};

/// `params` are the names that the annotations use. What is not annotated is
/// as of a function nothing is known of: Contract::defaultEffects.
SalReading readSal(llvm::StringRef name, llvm::ArrayRef<std::string> params,
                   llvm::ArrayRef<std::string> annotations,
                   const RuleSet &rules);

} // namespace mdlcheck::contract

#endif // MDLCHECK_CONTRACT_SALCONTRACT_H
