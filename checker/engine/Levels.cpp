//===-- Levels.cpp - what the IRQL is and has to be -----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The IRQL is a value like others, known as an interval. A rule is broken where
// the interval leaves no other way: what is said and what is decided come from
// the same numbers.
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;
using contract::Rule;
using CExpr = contract::Expr;
using LevelDoubt = State::LevelDoubt;

namespace {
constexpr int kApcLevel = 1;
constexpr int kDispatchLevel = 2;

bool speaksOfLevel(const CExpr &e) {
  return e.kind == CExpr::Kind::Irql || (e.lhs && speaksOfLevel(*e.lhs)) ||
         (e.rhs && speaksOfLevel(*e.rhs));
}
} // namespace

UnitGraph::Levels UnitGraph::levelsOf(uint32_t function) const {
  const Callbacks::Roles &roles = callbacks->roles[function];
  const contract::Contract *c = annotated[unit.functions[function].decl.value];
  // Where the code lies is another matter than what it is meant for.
  const bool canBePaged = isPaged(function);
  bool isAnnotated = c && llvm::any_of(c->irql, [&](const auto &r) {
                       return !r.when && (!canBePaged || &r != &c->irql.back());
                     });
  Levels l;
  if (isAnnotated || roles.empty()) {
    std::tie(l.min, l.max) = entryLevels(function);
    return l;
  }
  l = {roles.front()->min, roles.front()->max};
  for (const contract::Role *role : roles) {
    l.min = std::min(l.min, role->min);
    l.max = std::max(l.max, role->max);
  }
  if (canBePaged && l.min <= kApcLevel)
    l.max = std::min(l.max, kApcLevel);
  return l;
}

bool UnitGraph::worthEntering(uint32_t function) const {
  const Relevance &r = relevance[function];
  return r.worthEntering() ||
         ((r.irqlLimit || isPaged(function)) && levelsOf(function).min > 0) ||
         llvm::any_of(callbacks->roles[function],
                      [](const contract::Role *role) {
                        return !role->entry.locks.empty();
                      });
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

void Engine::checkLevels(const Where &at, const contract::Contract &contract,
                         CallValues &values, State &state) {
  auto applies = [&](const contract::ExprPtr &when) {
    return !when || holds(at, state, *when, values) == true;
  };
  for (const contract::ValueRequirement &r : contract.values) {
    if (!applies(r.when))
      continue;
    bool broken = r.that ? holds(at, state, *r.that, values) == false
                         : isNeverSaved(at, value(at, state, *r.level, values));
    bool isOfLevel = r.that && speaksOfLevel(*r.that);
    if (isOfLevel && state.levelDoubt != LevelDoubt::None) {
      // What is left is that it was raised out of our sight.
      if (broken)
        state.levelDoubt = LevelDoubt::Told;
      continue;
    }
    if (!broken) {
      if (isOfLevel)
        assumeCondition(at, state, *r.that, values, true);
      continue;
    }
    ReportArgs args;
    args.callee = contract.name;
    Range now = rangeOf(state, terms, state.irql);
    args.irql = irqlName(now.lo, now.hi);
    if (r.level) {
      Range level = rangeOf(state, terms, value(at, state, *r.level, values));
      args.limit = irqlName(level.lo, level.hi);
      const std::string *name = argumentName(at, *r.level, state, TermId());
      args.object = name ? *name : "the level";
    }
    args.because = r.because;
    report(at, state, r.orElse, args);
    state.levelDoubt = LevelDoubt::Told;
  }
  // One call breaks one limit: the strictest that applies.
  const contract::IrqlRequirement *high = nullptr, *low = nullptr;
  Range irql = rangeOf(state, terms, state.irql);
  for (const contract::IrqlRequirement &r : contract.irql) {
    if (!applies(r.when))
      continue;
    if (r.max >= 0 && irql.lo > r.max && (!high || r.max < high->max))
      high = &r;
    if (r.min >= 0 && irql.hi < r.min && (!low || r.min > low->min))
      low = &r;
  }
  if (low && state.levelDoubt != LevelDoubt::None) {
    state.levelDoubt = LevelDoubt::Told;
    low = nullptr;
  }
  if (const contract::IrqlRequirement *broken = high ? high : low) {
    contract::RuleId rule = high ? high->tooHigh : low->tooLow;
    if (rule && !isToldAsPaged(at, rule)) {
      ReportArgs args;
      args.callee = contract.name;
      args.irql = irqlName(irql.lo, irql.hi);
      int limit = high ? broken->max : broken->min;
      args.limit = irqlName(limit, limit);
      args.because = broken->because;
      report(at, state, rule, args);
    }
    bool setsLevel =
        llvm::any_of(contract.outcomes, [](const contract::Outcome &o) {
          return llvm::any_of(o.assigns, [](const contract::Assignment &a) {
            return a.place->kind == CExpr::Kind::Irql;
          });
        });
    if (low || setsLevel)
      state.levelDoubt = LevelDoubt::Told;
    return;
  }
  for (const contract::IrqlRequirement &r : contract.irql)
    if (applies(r.when)) {
      if (r.max >= 0)
        restrict(state, terms, state.irql, 0, r.max);
      if (r.min >= 0 && irql.hi >= r.min)
        restrict(state, terms, state.irql, r.min, 255);
    }
}

void Engine::checkMemoryLevel(const Where &at, const State &state,
                              const ObjectState &object,
                              const contract::Automaton::Limit &limit) {
  Range now = rangeOf(state, terms, state.irql);
  if (now.lo <= limit.max)
    return;
  ReportArgs args;
  args.object = objectName(object);
  args.irql = irqlName(now.lo, now.hi);
  args.limit = irqlName(limit.max, limit.max);
  report(at, state, limit.rule, args);
}

void Engine::loseLevel(const Where &at, State &state) {
  state.levelElsewhere = false;
  state.irql =
      fresh(state, terms,
            terms.symbol(Origin::Result, {1, false, false}, at.key, 0x7100));
}

/// A function without a body that annotations speak of was called. One that
/// raises the level and does not say where it saves the one before is half of
/// a pair.
void Engine::afterAnnotated(const contract::Contract &contract, State &state) {
  bool sets = false, saves = false;
  for (const contract::Outcome &o : contract.outcomes) {
    saves |= o.resultValue && speaksOfLevel(*o.resultValue);
    for (const contract::Assignment &a : o.assigns) {
      bool isLevel = a.place->kind == CExpr::Kind::Irql;
      sets |= isLevel && a.value;
      saves |= !isLevel && a.value && speaksOfLevel(*a.value);
    }
  }
  if (!sets || saves)
    return;
  state.levelElsewhere = true;
  state.levelDoubt = LevelDoubt::Told;
}

/// What a variable of the function holds that nothing was ever written to.
bool Engine::isNeverSaved(const Where &at, TermId level) const {
  const Term &t = terms[level];
  if (t.kind == TermKind::Cast)
    return isNeverSaved(at, t.lhs());
  if (t.kind != TermKind::Symbol || t.origin != Origin::Initial || t.extent)
    return false;
  const Term &base = terms[TermId(t.a)];
  return base.kind == TermKind::Object && base.origin == Origin::Local &&
         base.a == at.act.function && base.b >= at.function.numParams;
}

bool Engine::losesLevel(const Where &at, const contract::Assignment &assign,
                        TermId place, uint8_t size, TermId value,
                        const CallValues &values, State &state) {
  contract::RuleId rule = rules.ruleFor(Rule::Breaks::IrqlSaved);
  Address a = terms.address(place);
  const Entry *there = state.find({a.base, a.offset, TermId(), size});
  if (!rule || !there || there->value == value ||
      state.levelDoubt == LevelDoubt::Told ||
      terms.isConst(resolve(state, terms, there->value)))
    return false;
  const TermId old = there->value;
  const Range now = rangeOf(state, terms, state.irql);
  // What a lock keeps of the level in itself is no variable of anybody's.
  bool isVariable = assign.place->kind == CExpr::Kind::Deref;
  bool isNeeded = (isVariable && old == entryIrql && now.isConst() &&
                   now.lo > rangeOf(state, terms, old).lo) ||
                  llvm::any_of(state.locks, [&](const LockState &l) {
                    return l.isHeld() && l.saved == old;
                  });
  auto isCopy = [&](const Entry &e) {
    return !(e.sameLocation(*there)) && mentions(terms, e.value, old);
  };
  if (!isNeeded || llvm::any_of(state.store, isCopy))
    return false;
  ReportArgs args;
  if (values.contract)
    args.callee = values.contract->name;
  const CExpr *e = assign.place.get();
  while (e->lhs)
    e = e->lhs.get();
  const std::string *name = argumentName(at, *e, state, TermId());
  args.object = name ? *name : "the variable";
  llvm::StringRef text = args.object;
  if (text.consume_front("&"))
    args.object = text.trim().str();
  report(at, state, rule, args);
  state.levelDoubt = LevelDoubt::Told;
  return true;
}

/// `lock` is released. Restoring less than what was saved is wrong whoever
/// called; restoring more may be put right later.
void Engine::checkRestored(const Where &at, const CallValues &values,
                           const LockState &lock, State &state) {
  contract::RuleId rule = rules.ruleFor(Rule::Breaks::IrqlRestore);
  if (!rule || !lock.saved.valid())
    return;
  // Locks that are let go in another order trade their levels.
  if (llvm::count_if(state.locks,
                     [](const LockState &l) { return l.isHeld(); }) > 1)
    return;
  Range saved = rangeOf(state, terms, lock.saved);
  Range now = rangeOf(state, terms, state.irql);
  if (now.hi >= saved.lo)
    return;
  ReportArgs args;
  args.object = lockName(lock);
  if (values.contract)
    args.callee = values.contract->name;
  args.irql = irqlName(now.lo, now.hi);
  args.limit = irqlName(saved.lo, saved.hi);
  report(at, state, rule, args);
  state.irql = lock.saved;
  state.levelDoubt = LevelDoubt::Told;
}

/// Below DISPATCH_LEVEL nobody may be who holds a spin lock; below the level
/// it was called at no routine of the system's.
void Engine::checkFloor(const Where &at, const CallValues &values,
                        TermId before, State &state) {
  contract::RuleId rule = rules.ruleFor(Rule::Breaks::IrqlFloor);
  Range now = rangeOf(state, terms, state.irql);
  Range was = rangeOf(state, terms, before);
  if (!rule || now.hi >= was.lo || state.levelDoubt == LevelDoubt::Told)
    return;
  ReportArgs args;
  auto held = llvm::find_if(
      state.locks, [](const LockState &l) { return l.isHeld() && !l.given; });
  if (held != state.locks.end() && now.hi < kDispatchLevel) {
    args.object = lockName(*held);
    args.because = "while '" + args.object + "' is held";
  } else {
    const Activation *outermost = &at.act;
    while (outermost->caller)
      outermost = outermost->caller;
    const Callbacks::Roles &roles = graph.callbacks->roles[outermost->function];
    if (roles.empty() || now.hi >= graph.levelsOf(outermost->function).min ||
        !llvm::all_of(roles, [](const contract::Role *r) {
          return r->isBalanced && !r->exitIrql;
        }))
      return;
    // It has been told already that the lock was not let go as it should be.
    args.because = "in a routine that is called at " +
                   irqlName(graph.levelsOf(outermost->function).min,
                            graph.levelsOf(outermost->function).max);
  }
  if (values.contract)
    args.callee = values.contract->name;
  args.irql = irqlName(was.lo, was.hi);
  args.limit = irqlName(now.lo, now.hi);
  report(at, state, rule, args);
  state.irql = before;
  state.levelDoubt = LevelDoubt::Told;
}

//===----------------------------------------------------------------------===//
// The way out
//===----------------------------------------------------------------------===//

void Engine::checkExitLevel(const Activation &act, Span span,
                            const State &state, bool isCalledBack) {
  if (state.levelDoubt == LevelDoubt::Told)
    return;
  const Range entered = rangeOf(state, terms, entryIrql);
  const Range now = rangeOf(state, terms, state.irql);
  const Callbacks::Roles &roles = graph.callbacks->roles[act.function];
  contract::RuleId rule = rules.ruleFor(Rule::Breaks::IrqlExit);
  bool differs = now.lo > entered.hi || now.hi < entered.lo;
  if (isCalledBack && roles.front()->exitIrql) {
    // The level to return at is not known: a number is not it.
    rule = roles.front()->exitRule;
    if (roles.size() > 1 || !now.isConst())
      return;
  } else {
    // Raised for good, whatever it was: nobody can put it back.
    bool raised = now.isConst() && now.lo > entered.lo &&
                  isLevelLost(act, state, entryIrql);
    if (!(isCalledBack && differs) && !raised)
      return;
  }
  if (!rule)
    return;
  ReportArgs args;
  args.irql = irqlName(now.lo, now.hi);
  args.limit = irqlName(entered.lo, entered.hi);
  args.because = "";
  reportAt(act, span, state, rule, args, state.trace);
}
