//===-- Fixes.h - repairs for what was found --------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLI_FIXES_H
#define MDLCHECK_CLI_FIXES_H

#include "cli/Driver.h"

namespace mdlcheck::cli {

/// Gives findings a fix, where there is one. Only those in sources: a header
/// is part of more than what is analysed here. `jobs` are those of the run.
void suggestFixes(std::vector<contract::Finding> &findings,
                  const std::vector<frontend::CompileJob> &jobs,
                  const contract::RuleSet &rules, const RunOptions &options);

/// Repairs the sources that `findings` are in, and returns how many findings
/// are gone. Errors: a source cannot be written; those before it were.
llvm::Expected<unsigned>
applyFixes(const std::vector<contract::Finding> &findings,
           const std::vector<frontend::CompileJob> &jobs,
           const contract::RuleSet &rules, const RunOptions &options);

} // namespace mdlcheck::cli

#endif // MDLCHECK_CLI_FIXES_H
