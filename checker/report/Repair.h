//===-- Repair.h - fixes that were tried ------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A fix is made of what the rule says puts it right (contract/RuleSet.h) and of
// the text around the finding, and then tried: the unit is analysed with it.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_REPAIR_H
#define MDLCHECK_REPORT_REPAIR_H

#include "report/Report.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mdlcheck::report {

/// All that is found in a unit, by every rule, when the file has this text in
/// place of its own.
using Reanalyse = llvm::function_ref<Report(const std::string &text)>;

/// A fix for `finding`, which is in a source and no header, as its text
/// `text` (with its byte order mark) has it; none where there is no telling
/// that it is right. `before` is what `analyse` says of `text`.
std::optional<contract::Fix> repair(const contract::Finding &finding,
                                    const contract::RuleSet &rules,
                                    const std::string &text,
                                    const Report &before, Reanalyse analyse);

/// Whether repair() would have anything to try.
bool mayBeRepaired(const contract::Finding &finding,
                   const contract::RuleSet &rules, const std::string &text);

/// `text` with the fix.
std::string applyFix(const contract::Fix &fix, const std::string &text);

/// Repairs all it can of `wanted` in one file, one after the other, each tried
/// together with those before. What is left of `text`; how many were done is
/// added to `count`.
std::string repairAll(llvm::ArrayRef<const contract::Finding *> wanted,
                      const contract::RuleSet &rules, std::string text,
                      Reanalyse analyse, unsigned &count);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_REPAIR_H
