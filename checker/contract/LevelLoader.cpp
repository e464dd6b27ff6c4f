//===-- LevelLoader.cpp - what is required of values ----------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of YamlLoader that reads requirements on values and levels, and
// where levels are kept.
//
//===----------------------------------------------------------------------===//
#include "contract/YamlLoader.h"

namespace mdlcheck::contract {

bool YamlLoader::loadValueRequirement(const YamlNode &node,
                                      Contract &contract) {
  if (!checkKeys(node, {"that", "saved", "level", "when", "else", "because"},
                 "a requirement on a value"))
    return false;
  const ExprScope scope{rules, contract.params, false};
  ValueRequirement requirement;
  const YamlNode *that = node.find("that");
  const YamlNode *saved = node.find("saved");
  const YamlNode *level = node.find("level");
  const YamlNode *orElse = node.find("else");
  if (that && saved)
    return fail(node.where, "a requirement has 'that' or 'saved', not both");
  if (!orElse)
    return fail(node.where, "a requirement needs 'else': the rule that is "
                            "violated");
  if (that && !readCondition(*that, scope, requirement.that))
    return false;
  if (saved)
    level = saved;
  if (level && !readValue(*level, scope, requirement.level))
    return false;
  if (const YamlNode *when = node.find("when"))
    if (!readCondition(*when, scope, requirement.when))
      return false;
  if (const YamlNode *because = node.find("because"))
    if (!readText(*because, "because", requirement.because))
      return false;
  if (!readRule(*orElse, requirement.orElse))
    return false;
  contract.values.push_back(std::move(requirement));
  return true;
}

bool YamlLoader::loadRoleExit(const YamlNode &node, Role &role) {
  if (!checkKeys(node, {"irql", "else"}, "'exit'"))
    return false;
  const YamlNode *irql = node.find("irql");
  const YamlNode *orElse = node.find("else");
  if (!irql || !orElse)
    return fail(node.where, "'exit' needs 'irql' and 'else'");
  return readValue(*irql, ExprScope{rules, role.params, false},
                   role.exitIrql) &&
         readRule(*orElse, role.exitRule);
}

bool YamlLoader::loadSavedLevel(const YamlNode::Entry &entry) {
  std::string place;
  if (!readText(*entry.value, entry.key, place))
    return false;
  auto [record, member] = llvm::StringRef(place).rsplit("::");
  if (record.empty() || member.empty())
    return fail(entry.value->where,
                "'" + place + "' is no field; write 'record::member'");
  if (!rules.savedLevels.try_emplace(entry.key.str(), place).second)
    return fail(entry.where, "it is said already where a '" + entry.key +
                                 "' keeps the level");
  addedSavedLevels.push_back(entry.key.str());
  return true;
}

} // namespace mdlcheck::contract
