//===-- Modules.cpp - callees analysed for all their callers --*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A large callee that is given no tracked object has little to learn from its
// callers. It is analysed once, with arguments and memory nothing is known of,
// on a budget of its own. What it does to memory is merged into what the
// caller knows; what is found inside counts only after a run that follows the
// callers into it has found it again.
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"

#include <limits>

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;

bool Engine::isModule(uint32_t callee, const CallValues &values,
                      const State &state) const {
  return options.moduleWeight != 0 &&
         graph.relevance[callee].weight > options.moduleWeight &&
         graph.relevance[callee].worthEntering() &&
         !givesTracked(values, state) && !holdsGiven(values, state);
}

/// With one object in focus, what a module does without it is left out and
/// taken as unknown.
bool Engine::dropsIdle(uint32_t module) const {
  return reach && !graph.relevance[module].irqlChange;
}

State Engine::enterModule(uint32_t callee, const CallValues &values,
                          const State &caller, Renaming &names) {
  const ir::Function &f = graph.unit.functions[callee];
  State entry;
  for (uint32_t i = 0; i < f.numParams; ++i) {
    const ir::Local &p = f.locals[i];
    ValueType type = valueType(p.type);
    names.toCaller.push_back(i < values.args.size()
                                 ? terms.cast(type, values.args[i])
                                 : terms.constant(0));
    if (p.type.kind == ir::TypeKind::Aggregate)
      continue;
    entry.put({terms.object(Origin::Local, callee, i), 0,
               terms.symbol(Origin::Canonical, type, i),
               uint8_t(p.type.size && p.type.size <= 8 ? p.type.size : 8)});
  }
  // The level matters to what may be called.
  TermId irql = resolve(caller, terms, caller.irql);
  if (!terms.isConst(irql)) {
    Range r = rangeOf(caller, terms, irql);
    names.toCaller.push_back(irql);
    irql = terms.symbol(Origin::Canonical, {1, false, false}, f.numParams);
    // What is not raised for sure is as good as not known.
    if (r.lo == 0)
      r.hi = std::max<int64_t>(r.hi, 2);
    restrict(entry, terms, irql, r.lo, r.hi);
  }
  entry.irql = irql;
  return entry;
}

/// Does the caller of a module notice more than what it did to memory?
bool Engine::leavesMark(const Exit &exit, const State &entry) {
  // An access that faults is a mistake of its own, nobody counts on it.
  if (exit.raised)
    return exit.state.raise.origin &&
           exit.state.raise.origin->kind == ir::InstrKind::Call;
  if (exit.state.holdsFailed)
    return true;
  for (const LockState &l : exit.state.locks)
    if (l.isHeld() || l.given)
      return true;
  return resolve(exit.state, terms, exit.state.irql) !=
         resolve(exit.state, terms, entry.irql);
}

Engine::Summary &Engine::summarizeModule(uint32_t callee, const State &entry) {
  EntryResult &own = modules[callee];
  EntryResult *outer = result;
  uint64_t statesBefore = entryStates;
  result = &own;
  entryStates = 0;
  Activation outside;
  outside.function = callee;
  // Some caller may handle what it raises.
  Summary &s =
      summarize(outside, nullptr, true, callee, entry, nullptr, false, true);
  result = outer;
  entryStates = statesBefore;
  for (const Exit &exit : s.exits) {
    own.leavesMark |= leavesMark(exit, entry);
    for (const ObjectState &o : exit.state.objects)
      if (o.site && isTracked(o, keyFacets))
        own.exported.insert(o.site);
  }
  if (outer) {
    outer->modules.insert(callee);
    // What it may still hand out is not all known.
    outer->budgetHit |= own.budgetHit;
  }
  return s;
}

const EntryResult &Engine::runModule(uint32_t function) {
  CallValues none;
  Renaming names;
  State caller;
  caller.irql = entryIrql;
  restrict(caller, terms, entryIrql, 0, 2);
  State entry = enterModule(function, none, caller, names);
  summarizeModule(function, entry);
  return modules[function];
}

TermId Engine::foundByModule(const State &caller, TermId base,
                             const Term &found) {
  Address a = terms.address(base);
  a.offset += found.value;
  if (found.extent == 0 && found.extra == 0) {
    Entry want{a.base, a.offset, TermId(), found.type.size};
    if (const Entry *e = caller.find(want))
      return terms.cast(found.type, e->value);
    if (caller.isZero(a.base, a.offset, found.type.size))
      return terms.constant(0);
  }
  uint32_t epoch =
      found.extent ? found.extent : caller.epoch(terms.root(a.base));
  return terms.initial(a, found.type, uint8_t(found.extra), epoch,
                       found.generation);
}

bool Engine::mergeModuleExit(const Where &at, const Exit &exit, State &out,
                             llvm::function_ref<bool(TermId)> isLocal,
                             llvm::function_ref<TermId(TermId)> rename) {
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  const State &inner = exit.state;
  // What it learned about values contradicts the caller: not this way out.
  for (const auto &[id, fact] : inner.facts) {
    bool local = false;
    terms.forEachAtom(id, [&](TermId a) { local |= isLocal(a); });
    if (local)
      continue;
    TermId r = resolve(out, terms, terms.rewrite(id, rename));
    if (!impose(out, terms, r, fact))
      return false;
  }
  for (const auto &[root, epoch] : inner.epochs) {
    if (isLocal(root))
      continue;
    TermId r = terms.root(terms.rewrite(root, rename));
    if (terms.isConst(r))
      continue;
    out.eraseRange(r, std::numeric_limits<int64_t>::min(), kEnd,
                   [&](TermId v) { lose(out, terms, v); });
    out.setEpoch(r, epoch);
  }
  for (const ZeroRange &z : inner.zeros)
    if (!isLocal(z.base))
      zeroMemory(at, out, terms.add(terms.rewrite(z.base, rename), z.offset),
                 uint64_t(z.size));
  for (const Entry &e : inner.store) {
    if (isLocal(e.base))
      continue;
    Address a = terms.address(terms.rewrite(e.base, rename));
    if (terms.isConst(a.base))
      continue;
    // What was only read is what the caller had there.
    const Term t = terms[e.value];
    bool unchanged = t.kind == TermKind::Symbol &&
                     t.origin == Origin::Initial && TermId(t.a) == e.base &&
                     t.value == e.offset;
    if (unchanged && e.bitWidth)
      continue;
    TermId value = terms.rewrite(e.value, rename);
    Entry there{a.base, a.offset + e.offset, value,
                e.size, e.bitOffset,         e.bitWidth};
    if (const Entry *known = out.find(there); known && unchanged)
      continue;
    writeMemory(at, out, terms.add(a.base, a.offset + e.offset), value, e.size,
                e.bitOffset, e.bitWidth);
  }
  return true;
}
