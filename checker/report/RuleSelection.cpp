//===-- RuleSelection.cpp ---------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/RuleSelection.h"

#include "support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/GlobPattern.h"

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

llvm::StringRef report::nearestRule(llvm::StringRef name,
                                    const RuleSet &rules) {
  llvm::StringRef best;
  // Further away than a third of its letters, a name is another name.
  unsigned bestDistance = name.size() / 3 + 2;
  auto consider = [&](llvm::StringRef candidate) {
    unsigned distance = name.edit_distance(candidate, true, bestDistance);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  };
  for (const Rule &rule : rules.rules) {
    consider(rule.id);
    for (const std::string &alias : rule.aliases)
      consider(alias);
  }
  return best;
}

RuleSelection RuleSelection::defaults(const RuleSet &rules) {
  RuleSelection selection;
  for (const Rule &rule : rules.rules)
    selection.on.push_back(rule.enabledByDefault);
  return selection;
}

RuleSelection RuleSelection::none(const RuleSet &rules) {
  RuleSelection selection;
  selection.on.resize(rules.rules.size(), false);
  return selection;
}

bool RuleSelection::any() const { return llvm::is_contained(on, true); }

static llvm::Error unknownRule(llvm::StringRef entry, const RuleSet &rules) {
  std::string message = ("unknown rule '" + entry + "'").str();
  llvm::StringRef nearest = nearestRule(entry, rules);
  if (!nearest.empty())
    message += ("; did you mean '" + nearest + "'?").str();
  else
    message += "; --list-rules shows what there is";
  return inputError(message);
}

llvm::Expected<std::vector<RuleId>> report::rulesNamed(llvm::StringRef pattern,
                                                       const RuleSet &rules) {
  if (RuleId id = rules.ruleNamed(pattern))
    return std::vector<RuleId>{id};
  if (pattern.find_first_of("*?[") == llvm::StringRef::npos)
    return unknownRule(pattern, rules);
  auto glob = llvm::GlobPattern::create(pattern);
  if (!glob)
    return inputError(("'" + pattern + "' is no pattern for rules: " +
                       llvm::toString(glob.takeError()))
                          .str());
  std::vector<RuleId> named;
  for (uint32_t i = 0; i < rules.rules.size(); ++i) {
    const Rule &rule = rules.rules[i];
    bool matches = glob->match(rule.id);
    for (const std::string &alias : rule.aliases)
      matches |= glob->match(alias);
    if (matches)
      named.push_back(RuleId(i));
  }
  if (named.empty())
    return inputError(
        ("no rule matches '" + pattern + "'; --list-rules shows what there is")
            .str());
  return named;
}

llvm::Error RuleSelection::apply(llvm::StringRef list, const RuleSet &rules) {
  llvm::SmallVector<llvm::StringRef, 8> entries;
  list.split(entries, ',', -1, /*KeepEmpty=*/false);
  bool any = false;
  for (llvm::StringRef entry : entries) {
    entry = entry.trim();
    if (entry.empty())
      continue;
    any = true;
    bool value = !entry.consume_front("-");
    auto named = rulesNamed(entry, rules);
    if (!named)
      return named.takeError();
    for (RuleId id : *named)
      set(id, value);
  }
  if (!any)
    return inputError("--rules names no rule; --rules=* switches all on");
  return llvm::Error::success();
}

llvm::Expected<RuleSelection> RuleSelection::parse(llvm::StringRef list,
                                                   const RuleSet &rules) {
  RuleSelection selection;
  selection.on.resize(rules.rules.size(), false);
  if (list.ltrim().starts_with("-"))
    selection = defaults(rules);
  if (llvm::Error error = selection.apply(list, rules))
    return error;
  return selection;
}

void RuleSelection::applyLeniently(llvm::StringRef list, const RuleSet &rules) {
  llvm::SmallVector<llvm::StringRef, 8> entries;
  // clang-tidy's lists also come with one entry a line.
  llvm::SplitString(list, entries, ",\n");
  for (llvm::StringRef entry : entries) {
    entry = entry.trim();
    bool value = !entry.consume_front("-");
    auto named = rulesNamed(entry, rules);
    if (!named) {
      llvm::consumeError(named.takeError());
      continue;
    }
    for (RuleId id : *named)
      set(id, value);
  }
}
