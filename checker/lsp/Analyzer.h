//===-- Analyzer.h - from a document to diagnostics -------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of the server that knows nothing of the protocol's messages: what a
// document's findings are, given the texts the editor has open.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_LSP_ANALYZER_H
#define MDLCHECK_LSP_ANALYZER_H

#include "cli/Options.h"
#include "contract/RuleSet.h"
#include "lsp/Protocol.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace mdlcheck::lsp {

/// Texts of open documents, by absolute path.
using Buffers = std::map<std::string, std::string>;

/// What one analysis of a document says.
struct Answer {
  /// By file, absolute. The document itself is always there.
  std::map<std::string, std::vector<Diagnostic>> diagnostics;
  /// The first compiler error, when the document could not be read whole.
  std::optional<Diagnostic> error;
  std::set<std::string> inputs; ///< files read, absolute
  /// Findings in the document that there may be a fix for.
  std::vector<contract::Finding> repairable;
  /// Nothing could be analysed; says what to do.
  std::string failure;
  /// There is no compile database: what was used in its place.
  std::string fallback;
};

class Analyzer {
public:
  /// Errors: as on the command line.
  static llvm::Expected<std::unique_ptr<Analyzer>> create(cli::Options options);

  /// Analyses the document at `path`. Called from one thread at a time.
  Answer analyze(const std::string &path,
                 const std::shared_ptr<const Buffers> &buffers);

  /// A fix for one of the findings in the document; takes as long as a few
  /// analyses. Called from the same thread.
  std::optional<contract::Fix>
  fixFor(const contract::Finding &finding,
         const std::shared_ptr<const Buffers> &buffers);

  /// The page of a rule, Markdown; empty when there is no such rule.
  llvm::StringRef pageOf(llvm::StringRef rule) const;

private:
  explicit Analyzer(cli::Options options)
      : options(std::move(options)), rules(contract::RuleSet::shipped()) {}

  llvm::Expected<std::vector<frontend::CompileJob>>
  jobsFor(const std::string &path, std::string &fallback) const;
  std::string pageUri(const contract::Rule &rule);

  cli::Options options;
  contract::RuleSet rules; ///< without those of a project's configuration
  std::map<std::string, std::string> pageUris; ///< by rule
};

} // namespace mdlcheck::lsp

#endif // MDLCHECK_LSP_ANALYZER_H
