//===-- Locks.cpp - which locks a path holds ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "domain/Locks.h"

#include "domain/Lattice.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::domain;

static uint64_t mix(uint64_t h, uint64_t v) {
  h ^= v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
  return h * 0xff51afd7ed558ccdull;
}

uint64_t domain::heldKey(const State &state, bool exact) {
  uint64_t h = 0;
  for (const LockState &l : state.locks) {
    if (!l.isHeld())
      continue;
    uint64_t place = l.lock.value;
    if (!exact)
      place = l.at ? (uint64_t(l.function) << 40) ^
                         (uint64_t(l.at->span.line) << 16) ^ l.at->span.column
                   : 0;
    // Whatever order they are in.
    h += mix(uint64_t(l.status) + 1, place);
  }
  return h;
}

void domain::joinLocks(const State &a, const State &b, State &out) {
  if (a.locks == b.locks) {
    out.locks = a.locks;
    return;
  }
  out.locks.clear();
  std::vector<bool> used(b.locks.size());
  for (const LockState &l : a.locks)
    for (size_t i = 0; i < b.locks.size(); ++i) {
      const LockState &o = b.locks[i];
      if (used[i] || o.lock != l.lock || o.status != l.status)
        continue;
      used[i] = true;
      LockState j = l;
      j.given |= o.given;
      if (o.handle != l.handle)
        j.handle = TermId();
      if (o.saved != l.saved)
        j.saved = TermId();
      out.putLock(j);
      break;
    }
}

bool domain::mentions(const TermTable &terms, const LockState &l, TermId atom) {
  auto speaks = [&](TermId id) {
    return id.valid() && mentions(terms, id, atom);
  };
  return speaks(l.lock) || speaks(l.handle) || speaks(l.saved);
}

void domain::dropLocks(State &state, const TermTable &terms, TermId atom) {
  std::erase_if(state.locks, [&](const LockState &l) {
    return mentions(terms, l.lock, atom);
  });
  bool changed = false;
  for (LockState &l : state.locks)
    for (TermId *id : {&l.handle, &l.saved})
      if (id->valid() && mentions(terms, *id, atom)) {
        *id = TermId();
        changed = true;
      }
  if (changed)
    llvm::sort(state.locks, [](const LockState &a, const LockState &b) {
      return a.key() < b.key();
    });
}

void domain::renameLocks(State &state,
                         llvm::function_ref<TermId(TermId)> rename) {
  std::vector<LockState> old = std::move(state.locks);
  state.locks.clear();
  for (LockState &l : old) {
    l.lock = rename(l.lock);
    if (l.handle.valid())
      l.handle = rename(l.handle);
    if (l.saved.valid())
      l.saved = rename(l.saved);
    if (llvm::none_of(state.locks, [&](const LockState &o) {
          return o.lock == l.lock && o.status != l.status;
        }))
      state.putLock(l);
  }
}
