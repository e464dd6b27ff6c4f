//===-- Registered.cpp - routines that the system calls -------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A completion routine, a work item or a thread is registered together with
// its context, and from some call on it may run. What is known there of what
// its parameters lead to is what it begins with; on its own it is analysed
// knowing nothing.
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;

constexpr int64_t kEndOfMemory = std::numeric_limits<int64_t>::max();

/// What a routine can count on whoever calls it, as far as its roles agree.
void Engine::giveRole(uint32_t function, State &entry) {
  const Callbacks::Roles &roles = graph.callbacks->roles[function];
  const ir::Function &f = graph.unit.functions[function];
  for (const contract::Role *role : roles)
    for (const contract::FacetEffect &given : role->entry.facets) {
      if (given.object->kind != contract::Expr::Kind::Param)
        continue;
      uint32_t p = given.object->index;
      auto agrees = [&](const contract::FacetEffect &e) {
        return e.object->kind == contract::Expr::Kind::Param &&
               e.object->index == p && e.facet == given.facet &&
               e.state == given.state;
      };
      bool agreed = llvm::all_of(roles, [&](const contract::Role *other) {
        return llvm::any_of(other->entry.facets, agrees);
      });
      if (!agreed || p >= f.numParams)
        continue;
      TermId value =
          terms.symbol(Origin::Parameter, valueType(f.locals[p].type), p);
      entry.objectFor(value).facets[given.facet.value] = given.state;
    }
  for (uint32_t p :
       roles.empty() ? std::vector<uint32_t>() : roles.front()->nonNull)
    if (p < f.numParams && llvm::all_of(
                               roles,
                               [&](const contract::Role *r) {
                                 return llvm::is_contained(r->nonNull, p);
                               }))
      assume(entry, terms,
             terms.symbol(Origin::Parameter, valueType(f.locals[p].type), p),
             true);
  // Locks all of them are called with.
  for (const contract::LockEffect &effect :
       roles.empty() ? std::vector<contract::LockEffect>()
                     : roles.front()->entry.locks) {
    if (!effect.lock || effect.lock->kind != contract::Expr::Kind::Const)
      continue;
    auto isIt = [&](const contract::LockEffect &e) {
      return e.lock && e.lock->kind == contract::Expr::Kind::Const &&
             e.lock->value == effect.lock->value;
    };
    if (!llvm::all_of(roles, [&](const contract::Role *other) {
          return llvm::any_of(other->entry.locks, isIt);
        }))
      continue;
    LockState lock;
    lock.lock = terms.constant(effect.lock->value);
    lock.given = true;
    lock.name = arena.intern(effect.name);
    entry.putLock(lock);
  }
}

void Engine::runRegistered(const Where &at, const contract::Registration &r,
                           const CallValues &values, State &state) {
  TermId noted;
  if (r.returned) {
    uint8_t size = 8;
    noted = place(at, state, *r.returned, values, size);
    havocRange(at, state, noted, 0, size);
  }
  // Without an object it would find what it finds on its own.
  if (!tracksAny(state, keyFacets))
    return;
  TermId routine = value(at, state, *r.callback, values);
  if (terms[routine].origin != Origin::Function)
    return;
  int body = graph.unit.decls[terms[routine].a].body;
  if (body < 0)
    return;
  uint32_t callee = uint32_t(body);
  const ir::Function &f = graph.unit.functions[callee];
  CallValues given;
  for (uint32_t p = 0; p < f.numParams; ++p) {
    const ir::Type &type = f.locals[p].type;
    TermId v;
    for (const auto &[index, expr] : r.args)
      if (index == p)
        v = terms.cast(valueType(type),
                       resolve(state, terms, value(at, state, *expr, values)));
    if (!v.valid())
      v = terms.symbol(Origin::Result, valueType(type), at.key, 0x9000 + p);
    given.args.push_back(v);
  }
  if (!givesTracked(given, state))
    return;
  for (const contract::ExprPtr &e : r.changed) {
    uint8_t size = 8;
    TermId where = place(at, state, *e, values, size);
    havocRange(at, state, where, 0, size);
  }
  // It does not run inside of itself.
  for (const Activation *a = &at.act; a; a = a->caller)
    if (a->function == callee)
      return;
  if (at.act.depth >= options.callDepth || entryStates > options.entryBudget)
    return;
  Renaming names;
  State entry = enterCallee(callee, given, state, names);
  const contract::Role &role = *rules.roleNamed(r.role);
  // What only the context leads to is lost when the routine loses it.
  for (ObjectState &o : entry.objects)
    if (o.heldIn && !o.handedOn) {
      o.owned = true;
      o.escaped = false;
    }
  entry.locks.clear();
  entry.levelDoubt = State::LevelDoubt::None;
  entry.levelElsewhere = false;
  entry.eraseFact(entryIrql);
  entry.irql = entryIrql;
  restrict(entry, terms, entryIrql, role.min, role.max);
  Summary &s = summarize(at.act, at.instr, false, callee, entry, state.trace,
                         state.merged);
  if (s.cut)
    at.act.cut = true;
  takeBack(at, s, entry, names, state);
  if (!noted.valid() || s.cut || s.exits.empty())
    return;
  TermId same = resultOf(callee, s.exits.front());
  if (same.valid() && terms.isConst(same) &&
      llvm::all_of(s.exits, [&](const Exit &exit) {
        return resultOf(callee, exit) == same;
      }))
    writeMemory(at, state, noted, same, 8, 0, 0);
}

/// What the routine did may have happened by now, or may happen later: all it
/// changes is out of our sight.
void Engine::takeBack(const Where &at, const Summary &summary,
                      const State &entry, const Renaming &names, State &state) {
  auto rename = [&](TermId atom) {
    auto it = names.toCallee.find(atom.value);
    return it == names.toCallee.end() ? atom : it->second;
  };
  for (ObjectState &o : state.objects) {
    TermId there = terms.rewrite(o.base, rename);
    if (!entry.object(there))
      continue;
    for (const Exit &exit : summary.exits) {
      const ObjectState *after = exit.state.object(there);
      if (!after || after->facets != o.facets || after->escaped) {
        o.facets = {};
        o.escaped = true;
        break;
      }
    }
  }
  // What it put somewhere else has somebody else to care for it.
  auto back = [&](TermId atom) {
    const Term &t = terms[atom];
    return t.origin == Origin::Canonical && t.a < names.toCaller.size()
               ? names.toCaller[t.a]
               : atom;
  };
  for (const Exit &exit : summary.exits)
    for (const Entry &e : exit.state.store) {
      if (terms[terms.root(e.base)].origin == Origin::Local)
        continue;
      const Entry *before = entry.find(e);
      if (!before || before->value != e.value)
        escape(state, terms.rewrite(e.value, back), 0, uint64_t(kEndOfMemory));
    }
  llvm::SmallVector<Entry, 8> changed;
  for (const Entry &e : state.store) {
    Entry there = e;
    there.base = terms.rewrite(e.base, rename);
    if (!entry.find(there))
      continue;
    TermId before = terms.rewrite(e.value, rename);
    if (llvm::any_of(summary.exits, [&](const Exit &exit) {
          const Entry *after = exit.state.find(there);
          return after ? after->value != before
                       : exit.state.epoch(terms.root(there.base)) !=
                             entry.epoch(terms.root(there.base));
        }))
      changed.push_back(e);
  }
  for (const Entry &e : changed)
    havocRange(at, state, terms.add(e.base, e.offset), 0, e.size);
}
