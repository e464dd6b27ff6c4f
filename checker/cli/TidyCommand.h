//===-- TidyCommand.h - in the place of clang-tidy --------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Scripts and editors that run clang-tidy can run mdlcheck: what their options
// ask for, with clang-tidy's meaning.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLI_TIDYCOMMAND_H
#define MDLCHECK_CLI_TIDYCOMMAND_H

#include "frontend/Frontend.h"
#include "report/Policy.h"
#include "report/Report.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>
#include <string>
#include <vector>

namespace mdlcheck::cli {

struct TidyCommand {
  // What the options were given. Lists of checks are added to that of the
  // configuration.
  std::optional<std::string> checks;
  std::optional<std::string> warningsAsErrors;
  std::optional<std::string> headerFilter;
  std::optional<std::string> excludeHeaderFilter;
  std::string lineFilter; ///< JSON
  std::string exportFixes;
  std::string config; ///< as text
  std::vector<std::string> extraArgs;
  std::vector<std::string> extraArgsBefore;
  std::vector<std::string> removedArgs;
  bool listChecks = false;
  bool allowNoChecks = false;

  /// Takes from the configuration what is meant for us, contract files into
  /// `contractFiles`. It is clang-tidy's, so the rest is not looked at. Where
  /// `policy` names a file in clang-tidy's form, that is read.
  llvm::Error readConfig(report::PolicyOptions &policy,
                         std::vector<std::string> &contractFiles);

  /// Lets `policy` have the rules that are on after `checks`, and makes errors
  /// of those of `warningsAsErrors`. What names no rule of ours is one of
  /// clang-tidy's.
  llvm::Error apply(report::PolicyOptions &policy,
                    contract::RuleSet &rules) const;

  /// Adds and removes compiler flags.
  void adjust(std::vector<frontend::CompileJob> &jobs) const;

  /// Takes out what the line and header filters do not let through: a finding
  /// passes with one place of its path that does.
  llvm::Error filter(report::Report &report) const;

  /// Writes the file that clang-apply-replacements reads, when asked for.
  llvm::Error writeFixes(const report::Report &report, report::Sources &sources,
                         const std::string &workingDirectory) const;
};

} // namespace mdlcheck::cli

#endif // MDLCHECK_CLI_TIDYCOMMAND_H
