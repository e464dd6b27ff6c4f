//===-- RegistrationLoader.cpp - who becomes a routine of the system ------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of YamlLoader that reads the section `fields` and the keys
// `registers` and `runs` of a contract.
//
//===----------------------------------------------------------------------===//
#include "contract/YamlLoader.h"

#include "contract/Spelling.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

namespace mdlcheck::contract {

using llvm::StringRef;

/// The name of a role that exists.
bool YamlLoader::readRole(const YamlNode &node, std::string &out) {
  if (!readText(node, "role", out))
    return false;
  if (stagedRoles.count(out) || rules.roleNamed(out))
    return true;
  std::vector<std::string> known;
  for (const auto &[name, role] : rules.rolesByName)
    known.push_back(name);
  for (const auto &[name, role] : stagedRoles)
    known.push_back(name);
  return fail(node.where,
              "there is no role '" + out + "'" + suggestion(out, known));
}

bool YamlLoader::loadFieldRole(const YamlNode::Entry &entry) {
  std::string role;
  if (!entry.key.contains("::"))
    return fail(entry.where,
                "'" + entry.key + "' is no field; write 'record::member'");
  if (!readRole(*entry.value, role))
    return false;
  auto [at, added] = rules.fieldRoles.try_emplace(entry.key.str(), role);
  if (added)
    addedFields.push_back(at->first);
  else if (at->second != role)
    return fail(entry.where, "'" + entry.key + "' already has the role '" +
                                 at->second + "'");
  return true;
}

bool YamlLoader::loadRegistrations(const YamlNode &node, bool runs,
                                   Contract &contract) {
  const StringRef what = runs ? "runs" : "registers";
  if (!node.isSequence())
    return fail(node.where, "'" + what + "' must be a list");
  const ExprScope scope{rules, contract.params, false};
  for (const YamlNode *item : node.items) {
    bool good =
        runs ? checkKeys(*item,
                         {"callback", "role", "args", "changed", "returned"},
                         "'runs'")
             : checkKeys(*item, {"callback", "role"}, "'registers'");
    if (!good)
      return false;
    Registration registration;
    registration.runs = runs;
    const YamlNode *callback = item->find("callback");
    const YamlNode *role = item->find("role");
    if (!callback || !role)
      return fail(item->where, "'" + what + "' needs 'callback' and 'role'");
    if (!readValue(*callback, scope, registration.callback) ||
        !readRole(*role, registration.role))
      return false;
    auto staged = stagedRoles.find(registration.role);
    const std::vector<std::string> &names =
        staged != stagedRoles.end()
            ? staged->second.params
            : rules.roleNamed(registration.role)->params;
    if (const YamlNode *args = item->find("args")) {
      if (!wantMapping(*args, "'args'"))
        return false;
      for (const YamlNode::Entry &arg : args->entries) {
        auto it = llvm::find(names, arg.key);
        if (it == names.end())
          return fail(arg.where, "role '" + registration.role +
                                     "' has no parameter '" + arg.key + "'" +
                                     suggestion(arg.key, names));
        registration.args.emplace_back(uint32_t(it - names.begin()), nullptr);
        if (!readValue(*arg.value, scope, registration.args.back().second))
          return false;
      }
    }
    auto readPlace = [&](const YamlNode &place, ExprPtr &to) {
      if (!readValue(place, scope, to))
        return false;
      return to->kind == Expr::Kind::Member || to->kind == Expr::Kind::Deref ||
             fail(place.where, "'" + place.text + "' is no place");
    };
    if (const YamlNode *changed = item->find("changed")) {
      if (!changed->isSequence())
        return fail(changed->where, "'changed' must be a list");
      for (const YamlNode *place : changed->items)
        if (!readPlace(*place, registration.changed.emplace_back()))
          return false;
    }
    if (const YamlNode *returned = item->find("returned"))
      if (!readPlace(*returned, registration.returned))
        return false;
    contract.registrations.push_back(std::move(registration));
  }
  return true;
}

} // namespace mdlcheck::contract
