//===-- Explain.h - rules for people to read ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_EXPLAIN_H
#define MDLCHECK_REPORT_EXPLAIN_H

#include "contract/RuleSet.h"

#include "llvm/Support/raw_ostream.h"

#include <string>

namespace mdlcheck::report {

/// A line a rule: id, severity, title; rules that are off say so.
void listRules(const contract::RuleSet &rules, llvm::raw_ostream &os);

/// What the catalogue says about `rule`, then its page.
void explainRule(const contract::Rule &rule, bool color, llvm::raw_ostream &os);

/// Markdown for a terminal: headings and emphasis as such (without colour:
/// as plain text), code indented, paragraphs wrapped, links after their text.
void renderMarkdown(llvm::StringRef text, bool color, llvm::raw_ostream &os);

/// The first paragraph of a page below its title, as plain text.
std::string pageSummary(llvm::StringRef page);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_EXPLAIN_H
