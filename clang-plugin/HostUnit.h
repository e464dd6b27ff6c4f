//===-- HostUnit.h - one unit of a host, analysed ---------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the Clang plugin and the clang-tidy module share: watching a translation
// unit that is being compiled, and analysing it once it is complete.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLANG_PLUGIN_HOSTUNIT_H
#define MDLCHECK_CLANG_PLUGIN_HOSTUNIT_H

#include "contract/RuleSet.h"
#include "frontend/HostedParse.h"
#include "report/Policy.h"
#include "report/Report.h"

#include "clang/Basic/SourceLocation.h"

#include <memory>
#include <optional>
#include <string>

namespace clang {
class SourceManager;
} // namespace clang

namespace mdlcheck::hosts {

/// The rules built in, read once.
const contract::RuleSet &shippedRules();

class HostUnit {
public:
  /// Watches `pp`, which has not read anything yet. `rules` outlives this;
  /// contracts that the project's configuration names are added to it. A
  /// mistake there is an InputError.
  static llvm::Expected<std::unique_ptr<HostUnit>>
  create(clang::Preprocessor &pp, contract::RuleSet &rules);

  /// Analyses the unit; to be called once. Findings of all rules, but for what
  /// the source or the configuration suppresses: the host knows which are on.
  llvm::Expected<report::Report> analyse(clang::ASTContext &ast);

  /// A fix for one of these, where there is one; takes as long as a few
  /// analyses.
  std::optional<contract::Fix> fixFor(const contract::Finding &finding,
                                      clang::ASTContext &ast);

private:
  HostUnit(clang::Preprocessor &pp, const contract::RuleSet &rules,
           report::Policy policy);

  report::Report analyseWith(const std::string &text, clang::ASTContext &ast);

  const contract::RuleSet &rules;
  report::Policy policy;
  frontend::HostedParse parse;
  std::string mainFile;
  std::optional<report::Report> unchanged; ///< before any repair
};

/// The source that `pp` is about to read, absolute.
std::string mainFileOf(clang::Preprocessor &pp);

/// Where `where` is in a host's sources; invalid when the host has not read
/// that file.
clang::SourceLocation locate(const contract::Location &where,
                             clang::SourceManager &sm);
/// The characters that `where` spans; invalid like locate().
clang::CharSourceRange rangeOf(const contract::Location &where,
                               clang::SourceManager &sm);

} // namespace mdlcheck::hosts

#endif // MDLCHECK_CLANG_PLUGIN_HOSTUNIT_H
