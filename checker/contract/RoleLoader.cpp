//===-- RoleLoader.cpp - roles
//---------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of YamlLoader that reads the section `roles`.
//
//===----------------------------------------------------------------------===//
#include "contract/YamlLoader.h"

#include "contract/Spelling.h"

#include "llvm/ADT/STLExtras.h"

namespace mdlcheck::contract {

using llvm::StringRef;

bool YamlLoader::loadRole(const YamlNode::Entry &entry) {
  const YamlNode &node = *entry.value;
  if (!checkKeys(node,
                 {"source", "params", "functions", "start", "irql", "on-entry",
                  "non-null", "balanced", "acquires", "exit"},
                 ("role '" + entry.key + "'").str()))
    return false;
  if (stagedRoles.count(entry.key.str()))
    return fail(entry.where, "there are two roles '" + entry.key + "'");
  Role role;
  role.name = entry.key.str();
  if (const YamlNode *source = node.find("source"))
    if (!readText(*source, "source", role.source))
      return false;
  if (const YamlNode *params = node.find("params"))
    if (!readTexts(*params, "params", role.params) ||
        !checkParams(*params, role.params))
      return false;
  if (const YamlNode *nonNull = node.find("non-null"))
    if (!loadParamList(*nonNull, "non-null", role.params, role.nonNull))
      return false;
  if (const YamlNode *functions = node.find("functions"))
    if (!readTexts(*functions, "functions", role.functions))
      return false;
  if (const YamlNode *start = node.find("start"))
    if (!readFlag(*start, "start", role.isStart))
      return false;
  if (const YamlNode *balanced = node.find("balanced"))
    if (!readFlag(*balanced, "balanced", role.isBalanced))
      return false;
  const YamlNode *irql = node.find("irql");
  if (!irql)
    return fail(entry.where, "role '" + entry.key + "' needs 'irql'");
  if (irql->isScalar()) {
    if (!readLevel(*irql, role.max))
      return false;
    role.min = role.max;
  } else {
    if (!checkKeys(*irql, {"min", "max"}, "'irql'"))
      return false;
    const YamlNode *min = irql->find("min");
    const YamlNode *max = irql->find("max");
    if (!min || !max)
      return fail(irql->where, "the 'irql' of a role is a level, or needs "
                               "'min' and 'max'");
    if (!readLevel(*min, role.min) || !readLevel(*max, role.max))
      return false;
    if (role.min > role.max)
      return fail(min->where, "'min' is above 'max'");
  }
  if (const YamlNode *onEntry = node.find("on-entry"))
    if (!loadRoleEntry(*onEntry, role))
      return false;
  if (!loadLocks(node, ExprScope{rules, role.params, false}, role.entry))
    return false;
  if (const YamlNode *exit = node.find("exit"))
    if (!loadRoleExit(*exit, role))
      return false;
  stagedRoles.emplace(role.name, std::move(role));
  return true;
}

bool YamlLoader::loadRoleEntry(const YamlNode &node, Role &role) {
  return loadEffects(node, ExprScope{rules, role.params, false}, role.entry);
}

} // namespace mdlcheck::contract
