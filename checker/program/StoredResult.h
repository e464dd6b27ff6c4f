//===-- StoredResult.h - analysis results as bytes ------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_PROGRAM_STOREDRESULT_H
#define MDLCHECK_PROGRAM_STOREDRESULT_H

#include "program/Analysis.h"

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <vector>

namespace mdlcheck::program {

/// Only for the same program with the same rules to read back.
/// Changes with the form, and with what is in it.
inline constexpr uint32_t kStoredResultVersion = 2;

std::string store(const std::vector<AnalysisResult> &results);

/// None when `bytes` are not what store() wrote, whole; never trusted.
std::optional<std::vector<AnalysisResult>>
readStoredResults(llvm::StringRef bytes, const contract::RuleSet &rules);

} // namespace mdlcheck::program

#endif // MDLCHECK_PROGRAM_STOREDRESULT_H
