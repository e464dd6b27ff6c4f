//===-- Summary.h - what is said at the end of a run ------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLI_SUMMARY_H
#define MDLCHECK_CLI_SUMMARY_H

#include "cli/Options.h"

namespace mdlcheck::cli {

// All of it goes to standard error.

/// That some of the input could not be analysed.
void printIncomplete(const RunResult &result, const Options &options);
/// How much was found in how much, and what of the baseline is fixed.
void printSummary(const report::Report &report, const Options &options);
/// Times and counts (--stats).
void printStats(const RunResult &result);

} // namespace mdlcheck::cli

#endif // MDLCHECK_CLI_SUMMARY_H
