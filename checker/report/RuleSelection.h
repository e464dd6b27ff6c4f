//===-- RuleSelection.h - which rules are on ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_RULESELECTION_H
#define MDLCHECK_REPORT_RULESELECTION_H

#include "contract/RuleSet.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace mdlcheck::report {

class RuleSelection {
public:
  /// The rules that are on unless somebody says otherwise.
  static RuleSelection defaults(const contract::RuleSet &rules);

  /// From a list as in `--rules=`: ids, aliases and globs, separated by
  /// commas, taken from left to right; with a '-' in front what follows is
  /// switched off. A list that begins with '-' starts from the defaults, any
  /// other from nothing. An entry that names no rule is an InputError with
  /// the nearest id.
  static llvm::Expected<RuleSelection> parse(llvm::StringRef list,
                                             const contract::RuleSet &rules);

  /// Goes on from this selection as a list that begins with '-' does.
  llvm::Error apply(llvm::StringRef list, const contract::RuleSet &rules);

  /// No rule at all.
  static RuleSelection none(const contract::RuleSet &rules);

  /// Switches rules on and off as parse() does, but lets pass what names none:
  /// in a list made for another program's checks as well.
  void applyLeniently(llvm::StringRef list, const contract::RuleSet &rules);

  /// Whether any rule is on.
  bool any() const;
  bool contains(contract::RuleId id) const { return on[id.value]; }
  void set(contract::RuleId id, bool value) { on[id.value] = value; }

private:
  std::vector<bool> on;
};

/// The rules that an id, alias or glob names. None is an InputError with the
/// nearest id.
llvm::Expected<std::vector<contract::RuleId>>
rulesNamed(llvm::StringRef pattern, const contract::RuleSet &rules);

/// The id or alias spelled most like `name`; empty when none comes close.
llvm::StringRef nearestRule(llvm::StringRef name,
                            const contract::RuleSet &rules);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_RULESELECTION_H
