//===-- State.cpp - the containers of a state -----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "domain/State.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::domain;

static auto lowerEntry(auto &store, const Entry &where) {
  return std::lower_bound(
      store.begin(), store.end(), where,
      [](const Entry &a, const Entry &b) { return a.before(b); });
}

const Entry *State::find(const Entry &where) const {
  auto it = lowerEntry(store, where);
  return it != store.end() && it->sameLocation(where) ? &*it : nullptr;
}

void State::put(const Entry &entry) {
  auto it = lowerEntry(store, entry);
  if (it != store.end() && it->sameLocation(entry))
    it->value = entry.value;
  else
    store.insert(it, entry);
}

bool State::isZero(TermId base, int64_t offset, int64_t size) const {
  for (const ZeroRange &z : zeros)
    if (z.base == base && z.offset <= offset &&
        offset + size <= z.offset + z.size)
      return true;
  return false;
}

template <typename Vec, typename KeyT>
static auto lowerPair(Vec &vec, KeyT key) {
  return std::lower_bound(
      vec.begin(), vec.end(), key,
      [](const auto &pair, const KeyT &k) { return pair.first < k; });
}

uint32_t State::epoch(TermId root) const {
  auto it = lowerPair(epochs, root);
  return it != epochs.end() && it->first == root ? it->second : 0;
}

void State::setEpoch(TermId root, uint32_t epoch) {
  auto it = lowerPair(epochs, root);
  if (it != epochs.end() && it->first == root)
    it->second = epoch;
  else
    epochs.insert(it, {root, epoch});
}

TermId State::temp(uint32_t index) const {
  auto it = lowerPair(temps, index);
  return it != temps.end() && it->first == index ? it->second : TermId();
}

void State::setTemp(uint32_t index, TermId value) {
  auto it = lowerPair(temps, index);
  if (it != temps.end() && it->first == index)
    it->second = value;
  else
    temps.insert(it, {index, value});
}

const Fact *State::findFact(TermId id) const {
  auto it = lowerPair(facts, id);
  return it != facts.end() && it->first == id ? &it->second : nullptr;
}

Fact &State::factFor(TermId id, const TermTable &terms) {
  auto it = lowerPair(facts, id);
  if (it != facts.end() && it->first == id)
    return it->second;
  mayHaveFact.set(id.value % kFactBits);
  Fact fact;
  fact.lo = minOf(terms[id].type);
  fact.hi = maxOf(terms[id].type);
  return facts.insert(it, {id, std::move(fact)})->second;
}

void State::appendFact(TermId id, Fact fact) {
  mayHaveFact.set(id.value % kFactBits);
  facts.emplace_back(id, std::move(fact));
}

void State::eraseFact(TermId id) {
  auto it = lowerPair(facts, id);
  if (it != facts.end() && it->first == id)
    facts.erase(it);
}

void State::putLock(const LockState &lock) {
  auto before = [](const LockState &a, const LockState &b) {
    return a.key() < b.key();
  };
  auto it = std::lower_bound(locks.begin(), locks.end(), lock, before);
  // One that is held several times together with others stands there as often.
  if (it == locks.end() || !(*it == lock) || lock.isHeld())
    locks.insert(it, lock);
}

static auto lowerObject(auto &objects, TermId base) {
  return std::lower_bound(
      objects.begin(), objects.end(), base,
      [](const ObjectState &o, TermId b) { return o.base < b; });
}

ObjectState *State::object(TermId base) {
  auto it = lowerObject(objects, base);
  return it != objects.end() && it->base == base ? &*it : nullptr;
}

const ObjectState *State::object(TermId base) const {
  return const_cast<State *>(this)->object(base);
}

ObjectState &State::objectFor(TermId base) {
  auto it = lowerObject(objects, base);
  if (it != objects.end() && it->base == base)
    return *it;
  ObjectState o;
  o.base = base;
  return *objects.insert(it, o);
}
