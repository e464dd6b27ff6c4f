//===-- Locks.cpp - what is held ------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A lock is what its address is called on the path. Two names that could be
// one lock are never taken for two where that would break a rule: who lets go
// what nobody was seen to take may mean a lock that is held under another name.
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;
using contract::LockEffect;
using contract::Outcome;
using contract::Rule;
using Status = LockState::Status;

namespace {
/// Locks taken at one place that are kept in view.
constexpr size_t kPerPlace = 2;

LockState *findLock(State &state, TermId lock) {
  for (LockState &l : state.locks)
    if (l.lock == lock)
      return &l;
  return nullptr;
}

void eraseLock(State &state, const LockState &lock) {
  auto it = llvm::find(state.locks, lock);
  if (it != state.locks.end())
    state.locks.erase(it);
}
} // namespace

//===----------------------------------------------------------------------===//
// Outcomes
//===----------------------------------------------------------------------===//

/// Nobody gets a lock by trying that he holds already.
bool Engine::allowsLocks(const Where &at, const Outcome &outcome,
                         const CallValues &values, State &state) {
  for (const LockEffect &e : outcome.locks) {
    if (!e.tries || !e.lock || state.locks.empty())
      continue;
    const LockState *l = findLock(
        state, resolve(state, terms, value(at, state, *e.lock, values)));
    if (l && (l->status == Status::Held ||
              (l->status == Status::Shared && !e.shared)))
      return false;
  }
  return true;
}

/// Does the outcome take a lock that is held? That is told as such.
bool Engine::takesAgain(const Where &at, const Outcome &outcome,
                        const CallValues &values, State &state) {
  return !state.locks.empty() &&
         llvm::any_of(outcome.locks, [&](const LockEffect &e) {
           if (!e.acquires || !e.lock)
             return false;
           const LockState *l = findLock(
               state, resolve(state, terms, value(at, state, *e.lock, values)));
           return l && l->status != Status::Released;
         });
}

void Engine::applyLocks(const Where &at, const Outcome &outcome,
                        const CallValues &values, TermId before, State &state) {
  TermId after = resolve(state, terms, state.irql);
  for (const LockEffect &e : outcome.locks) {
    LockState lock;
    lock.at = at.instr;
    lock.function = at.act.function;
    const contract::Expr &named = e.lock ? *e.lock : *e.handle;
    if (e.lock) {
      lock.lock = resolve(state, terms, value(at, state, *e.lock, values));
      bool isName = e.lock->kind == contract::Expr::Kind::Const;
      if (!isName && terms.isConst(terms.address(lock.lock).base))
        continue;
    }
    if (e.handle)
      lock.handle = resolve(state, terms, value(at, state, *e.handle, values));
    const std::string *name = named.kind == contract::Expr::Kind::Const
                                  ? arena.intern(e.name)
                                  : argumentName(at, named, state, lock.lock);
    if (name && llvm::StringRef(*name).starts_with("&"))
      name = arena.intern(llvm::StringRef(*name).drop_front().trim().str());
    lock.name = name;
    // Also where it was that level already.
    if (e.acquires && llvm::any_of(outcome.assigns, [](const auto &a) {
          return a.place->kind == contract::Expr::Kind::Irql;
        }))
      lock.saved = before;
    if (e.acquires)
      acquire(at, values, e, lock, state);
    else
      release(at, values, e, lock, state);
    TraceNode node;
    node.kind =
        e.acquires ? TraceNode::Kind::Acquire : TraceNode::Kind::Release;
    node.instr = at.instr;
    node.function = at.act.function;
    node.name = lock.name;
    Range r = rangeOf(state, terms, after);
    node.irqlLo = after != before ? int(r.lo) : -1;
    node.irqlHi = int(r.hi);
    state.trace = arena.push(node, state.trace);
  }
}

std::string Engine::lockName(const LockState &lock) const {
  return lock.name && !lock.name->empty() ? *lock.name : "the lock";
}

void Engine::acquire(const Where &at, const CallValues &values,
                     const LockEffect &effect, LockState lock, State &state) {
  lock.status = effect.shared ? Status::Shared : Status::Held;
  if (LockState *known = findLock(state, lock.lock)) {
    if (known->status == Status::Silent)
      return;
    if (known->status == Status::Held ||
        (known->status == Status::Shared && !effect.shared)) {
      LockState silent = *known;
      silent.status = Status::Silent;
      reportLock(at, values, Rule::Breaks::LockAcquire, lock, state);
      std::erase_if(state.locks,
                    [&](const LockState &l) { return l.lock == silent.lock; });
      state.putLock(silent);
      return;
    }
    if (known->status == Status::Released) {
      // The caller's, dropped for a while.
      if (known->given) {
        lock.given = true;
        lock.saved = TermId();
      }
      eraseLock(state, *known);
    }
  }
  // A loop that takes one lock after the other: out of our sight.
  auto here = [&](const LockState &l) { return l.isHeld() && l.at == lock.at; };
  if (size_t(llvm::count_if(state.locks, here)) >= kPerPlace) {
    std::erase_if(state.locks, here);
    return;
  }
  state.putLock(lock);
}

void Engine::release(const Where &at, const CallValues &values,
                     const LockEffect &effect, LockState lock, State &state) {
  lock.status = Status::Released;
  LockState *known = nullptr;
  if (effect.handle && lock.handle.valid())
    for (LockState &l : state.locks)
      if (l.handle == lock.handle && (!known || l.isHeld()))
        known = &l;
  if (effect.lock)
    for (LockState &l : state.locks)
      if (l.lock == lock.lock && (!known || l.isHeld()))
        known = &l;
  if (!known) {
    // It may be one that is held under another name.
    std::erase_if(state.locks, [&](const LockState &l) {
      return l.isHeld() &&
             (effect.lock ? mayBeSame(l.lock, lock.lock) : !l.handle.valid());
    });
    if (!effect.lock)
      return;
    lock.given = true;
    state.putLock(lock);
    return;
  }
  LockState was = *known;
  if (was.status == Status::Silent)
    return;
  if (was.status == Status::Released) {
    if (!lock.lock.valid())
      lock.lock = was.lock;
    reportLock(at, values, Rule::Breaks::LockRelease, lock, state);
    was.status = Status::Silent;
  } else {
    checkRestored(at, values, was, state);
    was.status = Status::Released;
  }
  was.at = lock.at;
  was.function = lock.function;
  was.saved = TermId();
  eraseLock(state, *known);
  // Of several that hold it together one is gone.
  if (!findLock(state, was.lock))
    state.putLock(was);
}

void Engine::reportLock(const Where &at, const CallValues &values,
                        Rule::Breaks what, const LockState &lock,
                        const State &state) {
  contract::RuleId rule = rules.ruleFor(what);
  if (!rule)
    return;
  ReportArgs args;
  args.object = lockName(lock);
  if (values.contract)
    args.callee = values.contract->name;
  report(at, state, rule, args);
}

bool Engine::mayBeSame(TermId a, TermId b) const {
  if (a == b)
    return true;
  if (terms.isConst(a) || terms.isConst(b))
    return false; // known by name
  Address x = terms.address(a), y = terms.address(b);
  if (x.base == y.base)
    return false;
  auto isObject = [&](TermId id) {
    const Term &t = terms[terms.root(id)];
    return t.kind == TermKind::Object && t.origin != Origin::Canonical;
  };
  if (isObject(x.base) && isObject(y.base) &&
      terms.root(x.base) != terms.root(y.base))
    return false;
  // The same member of what may be the same record, or a pointer to a lock.
  return x.offset == y.offset || x.offset == 0 || y.offset == 0;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

bool Engine::holdsGiven(const CallValues &values, const State &state) const {
  if (llvm::none_of(state.locks, [](const LockState &l) { return l.isHeld(); }))
    return false;
  AtomSet reach = given(values, state);
  return llvm::any_of(state.locks, [&](const LockState &l) {
    return l.isHeld() &&
           (terms.isConst(l.lock) || reach.contains(terms.root(l.lock).value));
  });
}

/// Such a callee may take and let go what it can reach. What is held it can
/// only let go where it gets at the level that was saved.
void Engine::forgetLocks(const Where &at, const CallValues &values,
                         State &state) {
  const TermId level = resolve(state, terms, state.irql);
  if (rangeOf(state, terms, level).hi < 2)
    state.levelDoubt = std::max(state.levelDoubt, State::LevelDoubt::Raised);
  const TermId entered = resolve(state, terms, entryIrql);
  if (state.locks.empty() && level == entered)
    return;
  AtomSet reach = given(values, state);
  auto isReached = [&](TermId id) {
    return terms.isConst(id) || reach.contains(terms.root(id).value);
  };
  auto isSaved = [&](TermId saved, TermId v, unsigned size) {
    if (terms.isConst(saved))
      return size == 1 && terms.isConst(v) &&
             terms.constValue(v) == terms.constValue(saved);
    return mentions(terms, v, saved);
  };
  auto isGiven = [&](TermId saved) {
    for (size_t n = 0; n < values.args.size() && n < at.instr->args.size(); ++n)
      if (isSaved(saved, values.args[n], unsigned(at.instr->args[n].type.size)))
        return true;
    return llvm::any_of(state.store, [&](const Entry &e) {
      return isReached(e.base) && isSaved(saved, e.value, e.size);
    });
  };
  bool lowered = level != entered && isGiven(entered);
  std::erase_if(state.locks, [&](const LockState &l) {
    // Whoever may take locks may have taken any.
    if (!l.isHeld())
      return true;
    if (!l.saved.valid()) {
      // A lock of the system that the caller took comes with a level.
      lowered |= l.given && terms.isConst(l.lock);
      return isReached(l.lock);
    }
    if (!isGiven(resolve(state, terms, l.saved)) &&
        !(l.handle.valid() && isReached(l.handle)))
      return false;
    lowered = true;
    return true;
  });
  if (lowered)
    loseLevel(at, state);
}

void Engine::passLocks(const State &caller, State &entry,
                       llvm::function_ref<bool(TermId)> isPassed,
                       llvm::function_ref<TermId(TermId)> rename) {
  for (const LockState &l : caller.locks) {
    if (!isPassed(l.lock))
      continue;
    LockState inner = l;
    inner.lock = rename(l.lock);
    for (TermId *id : {&inner.handle, &inner.saved})
      *id = id->valid() && isPassed(*id) ? rename(*id) : TermId();
    inner.given = true;
    entry.putLock(inner);
  }
}

void Engine::returnLocks(const State &exit, const State &caller, State &out,
                         llvm::function_ref<bool(TermId)> isPassed,
                         llvm::function_ref<TermId(TermId)> rename) {
  std::erase_if(out.locks,
                [&](const LockState &l) { return isPassed(l.lock); });
  for (const LockState &l : exit.locks) {
    LockState outer = l;
    outer.lock = rename(l.lock);
    for (TermId *id : {&outer.handle, &outer.saved})
      if (id->valid())
        *id = rename(*id);
    auto before = llvm::find_if(
        caller.locks, [&](const LockState &o) { return o.lock == outer.lock; });
    if (before != caller.locks.end() && l.given) {
      // It only went on with what it was given.
      if (before->status == l.status)
        outer = *before;
      else
        outer.given = before->given;
    }
    std::erase_if(out.locks, [&](const LockState &o) {
      return o.lock == outer.lock && !(o.isHeld() && outer.isHeld());
    });
    out.putLock(outer);
  }
}

/// Locks of the function itself, and what it took and let go again, are nobody
/// else's business.
void Engine::dropInner(const Activation &act, State &state) const {
  std::erase_if(state.locks, [&](const LockState &l) {
    if (!terms.isConst(l.lock)) {
      const Term &root = terms[terms.root(l.lock)];
      if (root.origin == Origin::Local && root.a == act.function)
        return true;
    }
    return l.status == Status::Released && !l.given &&
           !llvm::is_contained(act.locksGiven, l.lock);
  });
}

//===----------------------------------------------------------------------===//
// The way out
//===----------------------------------------------------------------------===//

bool Engine::isLevelLost(const Activation &act, const State &state,
                         TermId saved) const {
  if (!saved.valid() || terms.isConst(saved))
    return false;
  const ir::Function &f = graph.unit.functions[act.function];
  return llvm::none_of(state.store, [&](const Entry &e) {
    const Term &root = terms[terms.root(e.base)];
    bool dies = root.origin == Origin::Local && root.a == act.function &&
                !(f.result && root.b == f.result.value);
    return !dies && mentions(terms, e.value, saved);
  });
}

/// The outermost function returns: to the system, which wants its level back,
/// or to a caller we do not see, who may know that it holds a lock now. It
/// does not where nobody can ever restore the level.
void Engine::checkBalance(const Activation &act, Span span,
                          const State &state) {
  const Callbacks::Roles &roles = graph.callbacks->roles[act.function];
  bool isCalledBack =
      !roles.empty() && llvm::all_of(roles, [](const contract::Role *r) {
        return r->isBalanced;
      });
  // Annotations that speak of another level at the end know what they say.
  const contract::Contract *annotated =
      graph.annotated[graph.unit.functions[act.function].decl.value];
  if (annotated && llvm::any_of(annotated->outcomes, [](const Outcome &o) {
        return llvm::any_of(o.assigns, [](const auto &a) {
          return a.place->kind == contract::Expr::Kind::Irql;
        });
      }))
    return;
  bool isTold = false;
  for (const LockState &l : state.locks) {
    contract::RuleId rule = rules.ruleFor(Rule::Breaks::LockExit);
    if (l.status == Status::Silent)
      isTold = true;
    if (!l.isHeld())
      continue;
    if (l.given) {
      // What the caller holds, at a level that is its own, or what the role
      // says to release.
      if (!isCalledBack || !terms.isConst(l.lock)) {
        isTold = true;
        continue;
      }
      rule = roles.front()->exitRule;
    } else if (!isCalledBack && !isLevelLost(act, state, l.saved)) {
      continue;
    }
    if (!rule)
      continue;
    ReportArgs args;
    args.object = lockName(l);
    Range r = rangeOf(state, terms, state.irql);
    args.irql = irqlName(r.lo, r.hi);
    args.because = "with '" + args.object + "' held";
    reportAt(act, span, state, rule, args, state.trace);
    isTold = true;
  }
  if (!isTold)
    checkExitLevel(act, span, state, isCalledBack);
}
