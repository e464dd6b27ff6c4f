//===-- LockLoader.cpp - what takes locks and lets them go ----------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of YamlLoader that reads the keys `acquires` and `releases`.
//
//===----------------------------------------------------------------------===//
#include "contract/YamlLoader.h"

#include <algorithm>

namespace mdlcheck::contract {

using llvm::StringRef;

bool YamlLoader::loadLocks(const YamlNode &node, const ExprScope &scope,
                           Outcome &outcome) {
  for (bool acquires : {true, false})
    if (const YamlNode *lock = node.find(acquires ? "acquires" : "releases"))
      if (!loadLock(*lock, acquires, scope, outcome))
        return false;
  return true;
}

bool YamlLoader::loadLock(const YamlNode &node, bool acquires,
                          const ExprScope &scope, Outcome &outcome) {
  LockEffect effect;
  effect.acquires = acquires;
  // CANCEL_SPIN_LOCK is the cancel spin lock.
  auto name = [](StringRef text) {
    std::string words = text.lower();
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
  };
  if (node.isScalar()) {
    if (!readValue(node, scope, effect.lock))
      return false;
    effect.name = name(node.text);
    outcome.locks.push_back(std::move(effect));
    return true;
  }
  if (!checkKeys(node, {"lock", "handle", "shared", "try"},
                 acquires ? "'acquires'" : "'releases'"))
    return false;
  const YamlNode *lock = node.find("lock");
  const YamlNode *handle = node.find("handle");
  if (!lock && (acquires || !handle))
    return fail(node.where, acquires ? "'acquires' needs a 'lock'"
                                     : "'releases' needs a 'lock' or the "
                                       "'handle' it was taken with");
  if ((lock && !readValue(*lock, scope, effect.lock)) ||
      (handle && !readValue(*handle, scope, effect.handle)))
    return false;
  effect.name = name((lock ? lock : handle)->text);
  if (const YamlNode *shared = node.find("shared"))
    if (!readFlag(*shared, "shared", effect.shared))
      return false;
  if (const YamlNode *tries = node.find("try")) {
    if (!acquires)
      return fail(tries->where, "'try' goes with 'acquires' only");
    if (!readFlag(*tries, "try", effect.tries))
      return false;
  }
  outcome.locks.push_back(std::move(effect));
  return true;
}

} // namespace mdlcheck::contract
