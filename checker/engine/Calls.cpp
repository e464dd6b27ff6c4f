//===-- Calls.cpp - contracts at call sites -------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"

#include <limits>

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;
using contract::Outcome;
using CExpr = contract::Expr;

namespace {
constexpr int64_t kEndOfMemory = std::numeric_limits<int64_t>::max();
constexpr ValueType kStatus{4, true, false};
constexpr ValueType kPointer{8, false, true};
constexpr ValueType kIrqlType{1, false, false};
} // namespace

void Engine::call(const Where &at, State state, States &out) {
  if (!graph.isPaged(at.act.function)) {
    callAny(at, std::move(state), out);
    return;
  }
  const Range before = rangeOf(state, terms, state.irql);
  const size_t first = out.size();
  callAny(at, std::move(state), out);
  for (size_t i = first; i < out.size(); ++i)
    checkPagedCode(at, before, out[i]);
}

void Engine::callAny(const Where &at, State state, States &out) {
  const ir::Instr &i = *at.instr;
  CallValues values;
  for (const ir::CallArg &a : i.args)
    values.args.push_back(resolve(state, terms, eval(at, state, a.value)));
  ir::DeclId callee = i.callee;
  bool isVirtual = i.isVirtual;
  if (!callee && i.target) {
    TermId target = resolve(state, terms, eval(at, state, i.target));
    if (terms[target].origin == Origin::Function) {
      callee = ir::DeclId(terms[target].a);
    } else {
      access(at, state, target);
      std::vector<ir::DeclId> targets = graph.calleesOf(at.function, i);
      for (ir::DeclId d : targets)
        callKnown(at, d, values, state, out);
      if (!targets.empty())
        return;
    }
  }
  if (callee && !isVirtual) {
    callKnown(at, callee, values, std::move(state), out);
    return;
  }
  checkUses(at, values, state);
  forgetLocks(at, values, state);
  unknownCall(at, values, state, true);
  bindResult(at, state, values.result);
  out.push_back(std::move(state));
}

/// Calls the function that `callee` declares.
void Engine::callKnown(const Where &at, ir::DeclId callee, CallValues values,
                       State state, States &out) {
  const ir::FunctionDecl &d = graph.unit.decls[callee.value];
  const contract::Contract *c = graph.contracts[callee.value];
  // The WDK's inline functions have contracts; a driver's own function that
  // happens to have a DDI's name is what its body says.
  bool ownBody = d.body >= 0 && !d.inSystemHeader;
  if (c && (!ownBody || c->origin != contract::Contract::Origin::Shipped)) {
    values.contract = c;
    applyContract(at, *c, values, std::move(state), out);
    return;
  }
  const contract::Contract *annotated = graph.annotated[callee.value];
  if (d.body >= 0) {
    if (annotated)
      checkRequirements(at, *annotated, values, state);
    callBody(at, uint32_t(d.body), values, std::move(state), out);
    return;
  }
  if (d.isNoReturn)
    return;
  if (annotated) {
    if (d.inSystemHeader) {
      applyContract(at, *annotated, values, std::move(state), out);
      return;
    }
    forgetLocks(at, values, state);
    const size_t first = out.size();
    applyContract(at, *annotated, values, std::move(state), out);
    for (size_t i = first; i < out.size(); ++i)
      afterAnnotated(*annotated, out[i]);
    return;
  }
  checkUses(at, values, state);
  if (!d.inSystemHeader && !d.isImplicit) {
    if (state.levelElsewhere)
      loseLevel(at, state);
    forgetLocks(at, values, state);
  }
  unknownCall(at, values, state, true);
  bindResult(at, state, values.result);
  out.push_back(std::move(state));
}

void Engine::bindResult(const Where &at, State &state, TermId result) {
  const ir::Instr &i = *at.instr;
  if (i.resultAddr) {
    TermId to = eval(at, state, i.resultAddr);
    havocRange(at, state, to, 0, int64_t(i.type.size ? i.type.size : 8));
    return;
  }
  if (!i.dst)
    return;
  if (!result.valid())
    result = fresh(state, terms,
                   terms.symbol(Origin::Result, valueType(i.type), at.key));
  ValueType type = valueType(i.type);
  state.setTemp(i.dst.value, terms.cast(type, result));
}

//===----------------------------------------------------------------------===//
// Effects
//===----------------------------------------------------------------------===//

/// A loop can make or touch any number of objects at one place, and which of
/// them are in which state multiplies: only the last few stay in view.
void Engine::limitPerSite(State &state, uint32_t site, TermId keep) {
  for (;;) {
    ObjectState *victim = nullptr;
    unsigned count = 0;
    // Those nothing speaks of any more go first.
    auto rank = [&](const ObjectState &o) {
      bool named = llvm::any_of(state.store, [&](const Entry &e) {
        return terms.address(e.value).base == o.base;
      });
      return std::tuple(named, o.owned && !o.escaped && leakRule(o).valid(),
                        o.base.value);
    };
    for (ObjectState &o : state.objects)
      if (o.site == site && o.base != keep && isTracked(o, keyFacets)) {
        ++count;
        if (!victim || rank(o) < rank(*victim))
          victim = &o;
      }
    if (count + keep.valid() <= options.perSite)
      return;
    if (victim->owned && !victim->escaped && leakRule(*victim).valid()) {
      result->limits.insert(
          "more objects from one place than are kept in view");
      // What the others refer to may have been it.
      state.merged = true;
    }
    state.objects.erase(state.objects.begin() +
                        (victim - state.objects.data()));
  }
}

/// Is `object` something that was there before the function it is used in
/// began? Callers may know it by another way than memory.
bool Engine::isGiven(TermId object) const {
  TermId root = terms.root(object);
  while (terms[root].kind == TermKind::Symbol &&
         terms[root].origin == Origin::Initial)
    root = terms.root(TermId(terms[root].a));
  const Term &t = terms[root];
  return t.origin == Origin::Parameter || t.origin == Origin::Canonical ||
         t.origin == Origin::Global;
}

void Engine::setFacet(const Where &at, State &state, TermId pointer,
                      contract::FacetId facet, contract::FacetState to,
                      const std::string *name) {
  if (terms.isConst(terms.address(pointer).base))
    return;
  TermId id = pointer;
  ObjectState *o = state.object(id);
  // Where it was made, or else where it was first seen.
  const Term made = terms[id];
  uint32_t site =
      o && o->site ? o->site
      : made.kind == TermKind::Object && made.origin == Origin::Allocation
          ? made.a
          : at.key;
  const contract::Facet &f = rules.facet(facet);
  const contract::Automaton &automaton = rules.automata[f.automaton.value];
  bool isKey = keyFacets >> facet.value & 1;
  if (isKey) {
    result->sites.insert(site);
    result->touchesGiven |= isGiven(id);
    if (!inFocus(site)) {
      state.objectFor(id).site = site;
      return;
    }
  }
  if (!o)
    o = &state.objectFor(id);
  if (o->errored)
    return;
  if (isKey && !o->site) {
    limitPerSite(state, site, id);
    o = state.object(id);
    o->site = site;
    const Term &base = terms[terms.root(id)];
    // Storage of this activation: what is locked there is its business.
    if (base.kind == TermKind::Object &&
        (base.origin == Origin::Local || base.origin == Origin::Allocation))
      o->owned = true;
  }
  if (name && (!o->name || o->name->empty()))
    o->name = name;
  if (o->facets[facet.value] == to)
    return;
  o->facets[facet.value] = to;
  if (to != contract::kUnknownState && !f.notes[to - 1].empty()) {
    TraceNode node;
    node.kind = TraceNode::Kind::Facet;
    node.instr = at.instr;
    node.function = at.act.function;
    node.object = id;
    node.facet = facet;
    node.state = to;
    node.name = name && !name->empty() ? name : o->name;
    state.trace = arena.push(node, state.trace);
  }
  // Memory that is gone holds nothing, and reaches nothing. What it was like
  // is of no interest either.
  for (const auto &u : automaton.uses)
    if (u.facet == facet && u.state == to) {
      for (contract::FacetId f2 : automaton.facets)
        if (f2 != facet)
          o->facets[f2.value] = contract::kUnknownState;
      endMemory(at, state, id);
      return;
    }
  // Flag words that show the facet change with it.
  for (ir::FieldId id2 : graph.viewFields[f.automaton.value]) {
    const ir::Field &field = graph.unit.fields[id2.value];
    bool shown = false;
    for (const auto *v : graph.views[id2.value])
      shown |= v->facet == facet;
    if (!shown)
      continue;
    Address a = terms.address(terms.add(id, int64_t(field.offset)));
    TermId flags = fresh(state, terms,
                         terms.symbol(Origin::Result, valueType(field.type),
                                      at.key, 0x5000 + id2.value));
    state.put({a.base, a.offset, flags, uint8_t(field.type.size)});
    applyView(state, id2, id, flags);
  }
}

/// The memory of `root` is gone. What hung on it by a chain and nowhere else
/// is left behind.
void Engine::endMemory(const Where &at, State &state, TermId root) {
  llvm::SmallVector<std::pair<TermId, contract::RuleId>, 2> next;
  for (const contract::Automaton &automaton : rules.automata)
    for (const contract::Automaton::Chain &c : automaton.chains) {
      ir::Type type;
      int64_t offset = graph.fieldOffset(c.record, c.field, type);
      const Entry *e =
          offset < 0 ? nullptr : state.find({root, offset, TermId(), 8});
      const ObjectState *o = e ? state.object(e->value) : nullptr;
      if (o && o->owned && !o->escaped && leakRule(*o).valid())
        next.push_back({o->base, c.rule});
    }
  std::erase_if(state.store,
                [&](const Entry &e) { return terms.root(e.base) == root; });
  std::erase_if(state.zeros,
                [&](const ZeroRange &z) { return terms.root(z.base) == root; });
  state.setEpoch(root, at.key);
  for (auto [object, rule] : next)
    checkLeaks(
        at.act, at.instr->span, state, needed(at, state),
        [&](TermId id) { return isStorage(id); }, {object}, rule);
}

void Engine::setIrql(const Where &at, State &state, TermId irql, bool noted) {
  irql = resolve(state, terms, terms.cast(kIrqlType, irql));
  if (irql == resolve(state, terms, state.irql))
    return;
  state.irql = irql;
  if (!noted)
    return;
  Range r = rangeOf(state, terms, irql);
  TraceNode node;
  node.kind = TraceNode::Kind::Irql;
  node.instr = at.instr;
  node.function = at.act.function;
  node.irqlLo = int(r.lo);
  node.irqlHi = int(r.hi);
  state.trace = arena.push(node, state.trace);
}

/// Somebody else can reach what lies in [lo, hi) of what `value` points to.
void Engine::escape(State &state, TermId value, uint64_t lo, uint64_t hi,
                    bool toUnknown) {
  Address a = terms.address(value);
  if (terms.isConst(a.base))
    return;
  auto mark = [&](TermId id) {
    ObjectState *o = state.object(id);
    if (!o && terms[id].origin == Origin::Allocation)
      o = &state.objectFor(id);
    if (!o)
      return;
    o->escaped = true;
    o->exposed |= toUnknown;
  };
  if (ObjectState *o = state.object(value))
    o->handedOn = true;
  mark(value);
  mark(a.base);
  TermId root = terms.root(a.base);
  mark(root);
  llvm::SmallVector<TermId, 16> work;
  AtomSet seen;
  auto follow = [&](TermId v) {
    terms.forEachAtom(v, [&](TermId atom) {
      if (seen.insert(atom.value).second)
        work.push_back(atom);
    });
  };
  for (const Entry &e : state.store) {
    bool inside =
        e.base == a.base
            ? (hi == uint64_t(kEndOfMemory) ||
               (e.offset < a.offset + int64_t(hi) &&
                a.offset + int64_t(lo) < e.offset + e.size))
            : terms.root(e.base) == root && hi == uint64_t(kEndOfMemory);
    if (inside)
      follow(e.value);
  }
  while (!work.empty()) {
    TermId atom = work.pop_back_val();
    mark(atom);
    for (const Entry &e : state.store)
      if (terms.root(e.base) == atom)
        follow(e.value);
  }
  // Objects that lie inside what escaped.
  for (ObjectState &o : state.objects)
    if (seen.contains(terms.root(o.base).value) ||
        (terms.root(o.base) == root && hi == uint64_t(kEndOfMemory)))
      o.escaped = true;
}

/// A callee nothing is known about: it neither locks nor frees nor raises,
/// writes through non-const pointers, and keeps what it can reach.
void Engine::unknownCall(const Where &at, CallValues &values, State &state,
                         bool mayEscape) {
  const ir::Instr &i = *at.instr;
  const ir::FunctionDecl *d =
      i.callee ? &graph.unit.decls[i.callee.value] : nullptr;
  bool isDdi = d && (d->inSystemHeader || d->isImplicit);
  result->callsOutRaised |=
      !isDdi && !values.contract && rangeOf(state, terms, state.irql).lo > 0;
  bool tracked = false;
  for (size_t n = 0; n < values.args.size(); ++n) {
    const ir::CallArg &arg = i.args[n];
    TermId v = values.args[n];
    Address a = terms.address(v);
    if (terms.isConst(a.base))
      continue;
    bool isPointer = arg.type.kind != ir::TypeKind::Float;
    if (!isPointer)
      continue;
    // What follows the declared parameters of a DDI is printed.
    if (d && d->isVariadic && isDdi && n >= d->paramNames.size())
      continue;
    if (const ObjectState *o = state.object(v))
      for (size_t k = 0; k < kMaxFacets && k < rules.facets.size(); ++k)
        tracked |=
            o->facets[k] != contract::kUnknownState && (keyFacets >> k & 1);
    int64_t hi = arg.pointeeSize && (isDdi || a.offset != 0)
                     ? int64_t(arg.pointeeSize)
                     : kEndOfMemory;
    if (mayEscape)
      escape(state, v, 0, uint64_t(hi), !isDdi);
    if (arg.type.kind == ir::TypeKind::Pointer && !arg.pointeeConst) {
      if (isDdi) {
        // A DDI with an MDL works on the pages, not on the fields we read.
        havocRange(at, state, v, 0, hi);
      } else {
        // Everything it can walk to may be different afterwards.
        auto none = [](TermId) { return false; };
        State probe;
        probe.store = state.store;
        AtomSet reach = reachable(probe, terms, none, {v});
        llvm::SmallVector<TermId, 8> roots;
        for (const Entry &e : state.store) {
          TermId root = terms.root(e.base);
          if (reach.contains(root.value) && root != terms.root(a.base) &&
              terms[root].origin != Origin::Local &&
              (roots.empty() || roots.back() != root))
            roots.push_back(root);
        }
        havocRange(at, state, v, 0, hi);
        for (TermId root : roots)
          havocRange(at, state, root, 0, kEndOfMemory);
      }
    }
  }
  if (!isDdi) {
    llvm::SmallVector<TermId, 8> globals;
    for (const Entry &e : state.store) {
      TermId root = terms.root(e.base);
      const Term &t = terms[root];
      if (t.origin == Origin::Global && !graph.unit.globals[t.a].isConst &&
          (globals.empty() || globals.back() != root))
        globals.push_back(root);
    }
    for (TermId g : globals) {
      escape(state, g, 0, uint64_t(kEndOfMemory), true);
      havocRange(at, state, g, 0, kEndOfMemory);
    }
  }
  if (!tracked)
    return;
  if (d)
    unknownCallees[d->name].insert(at.key);
  if (!isDdi) {
    TraceNode node;
    node.kind = TraceNode::Kind::Given;
    node.instr = &i;
    node.function = at.act.function;
    state.trace = arena.push(node, state.trace);
  }
}

const std::string *Engine::argumentName(const Where &at, const CExpr &e,
                                        const State &state, TermId base) {
  const CExpr *p = &e;
  if (p->kind == CExpr::Kind::Param && p->index < at.instr->argTexts.size())
    return arena.intern(at.instr->argTexts[p->index]);
  if (const ObjectState *o = state.object(base); o && o->name)
    return o->name;
  // Some variable may hold it.
  for (const Entry &entry : state.store) {
    const Term &holder = terms[entry.base];
    if (entry.value != base || holder.origin != Origin::Local ||
        holder.a != at.act.function)
      continue;
    const std::string &name = at.function.locals[holder.b].name;
    if (!llvm::StringRef(name).starts_with("$"))
      return &name;
  }
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Contracts
//===----------------------------------------------------------------------===//

void Engine::checkUses(const Where &at, CallValues &values, State &state) {
  for (size_t n = 0; n < values.args.size(); ++n) {
    if (values.contract) {
      const auto &ignored = values.contract->ignoredParams;
      if (std::find(ignored.begin(), ignored.end(), n) != ignored.end())
        continue;
    }
    if (at.instr->callee && !values.contract) {
      const ir::FunctionDecl &d = graph.unit.decls[at.instr->callee.value];
      if (d.isVariadic && n >= d.paramNames.size())
        continue;
    }
    ObjectState *o = state.object(values.args[n]);
    if (!o)
      o = state.object(terms.address(values.args[n]).base);
    if (!o || o->errored)
      continue;
    for (const contract::Automaton &automaton : rules.automata)
      for (const auto &u : automaton.uses)
        if (!o->errored && o->facets[u.facet.value] == u.state) {
          ReportArgs args;
          args.site = o->site;
          args.object = n < at.instr->argTexts.size() ? at.instr->argTexts[n]
                                                      : objectName(*o);
          if (at.instr->callee)
            args.callee = graph.unit.decls[at.instr->callee.value].name;
          o->errored = true;
          report(at, state, u.rule, args);
        }
  }
}

void Engine::checkRequirements(const Where &at,
                               const contract::Contract &contract,
                               CallValues &values, State &state) {
  for (const contract::FacetRequirement &r : contract.requirements) {
    if (r.when && holds(at, state, *r.when, values) != true)
      continue;
    TermId p = value(at, state, *r.object, values);
    ObjectState *o = state.object(p);
    if (!o || o->errored)
      continue;
    contract::FacetState now = o->facets[r.facet.value];
    if (now == contract::kUnknownState ||
        std::find(r.allowed.begin(), r.allowed.end(), now) != r.allowed.end() ||
        mayBeFilledByHand(*o, r))
      continue;
    for (const auto &v : r.orElse)
      if (v.state == now) {
        ReportArgs args;
        const std::string *name = argumentName(at, *r.object, state, o->base);
        args.site = o->site;
        args.object = name && !name->empty() ? *name : objectName(*o);
        args.callee = contract.name;
        args.state = rules.facet(r.facet).states[now - 1];
        o->errored = true;
        report(at, state, v.rule, args);
        break;
      }
  }
  checkLevels(at, contract, values, state);
}

void Engine::applyContract(const Where &at, const contract::Contract &contract,
                           CallValues &values, State state, States &out) {
  checkRequirements(at, contract, values, state);
  checkUses(at, values, state);
  for (uint32_t n : contract.accessedParams) {
    if (n >= values.args.size())
      continue;
    // It is not for a null. Where the length is zero, nothing is touched.
    TermId given = resolve(state, terms, values.args[n]);
    if (isNull(state, given) && terms.failedAt(given)) {
      faults(at, state, given, at.instr->args[n].value);
      return;
    }
    access(at, state, values.args[n]);
  }
  for (const contract::Registration &r : contract.registrations)
    if (r.runs)
      runRegistered(at, r, values, state);
  if (contract.defaultEffects)
    unknownCall(at, values, state, true);
  size_t n = contract.outcomes.size();
  for (size_t i = 0; i < n; ++i) {
    const Outcome &o = contract.outcomes[i];
    // NOLINTNEXTLINE(bugprone-use-after-move): the last one takes it.
    State s = i + 1 < n ? state : std::move(state);
    if (o.certain && o.when && !holds(at, s, *o.when, values).value_or(false))
      continue;
    if (o.when && !assumeCondition(at, s, *o.when, values, true))
      continue;
    CallValues v = values;
    if (!applyOutcome(at, o, v, s))
      continue;
    switch (o.kind) {
    case Outcome::Kind::NoReturn:
      break;
    case Outcome::Kind::Raises: {
      TermId code;
      if (o.raiseCode)
        code = terms.cast(kStatus, value(at, s, *o.raiseCode, v));
      raise(at, std::move(s), o.ifUncaught, code, &o);
      break;
    }
    case Outcome::Kind::Returns:
      bindResult(at, s, v.result);
      out.push_back(std::move(s));
      break;
    }
  }
}

/// Is it known what lies at the member that `e` names?
bool Engine::isRead(const Where &at, State &state, const CExpr &e,
                    const CallValues &values) {
  if (e.lhs->kind == CExpr::Kind::Member && !isRead(at, state, *e.lhs, values))
    return false;
  uint8_t size = 8;
  Address a = terms.address(place(at, state, e, values, size));
  return state.find({a.base, a.offset, TermId(), size}) != nullptr;
}

bool Engine::applyOutcome(const Where &at, const Outcome &outcome,
                          CallValues &values, State &state) {
  if (!allowsLocks(at, outcome, values, state))
    return false;
  const ir::Instr &i = *at.instr;
  const TermId before = resolve(state, terms, state.irql);
  ValueType type =
      i.type.kind == ir::TypeKind::Void ? kPointer : valueType(i.type);
  auto symbol = [&](uint32_t slot) {
    return fresh(state, terms,
                 terms.symbol(Origin::Result, type, at.key, slot));
  };
  switch (outcome.result) {
  case Outcome::Result::Any:
    values.result = symbol(0);
    break;
  case Outcome::Result::New:
    values.result =
        fresh(state, terms, terms.object(Origin::Allocation, at.key));
    break;
  case Outcome::Result::NonNull:
    values.result = symbol(1);
    assume(state, terms, values.result, true);
    break;
  case Outcome::Result::Null:
    values.result = terms.constant(0);
    if (outcome.ifAccessed.valid()) {
      result->sites.insert(at.key);
      if (inFocus(at.key)) {
        values.result = terms.failed(at.key);
        state.holdsFailed = true;
      }
    }
    break;
  case Outcome::Result::Value:
    values.result =
        terms.cast(type, value(at, state, *outcome.resultValue, values));
    break;
  case Outcome::Result::Success:
  case Outcome::Result::Failure: {
    bool success = outcome.result == Outcome::Result::Success;
    values.result =
        fresh(state, terms,
              terms.symbol(Origin::Result, kStatus, at.key, success ? 2 : 3));
    restrict(state, terms, values.result, success ? 0 : minOf(kStatus),
             success ? maxOf(kStatus) : -1);
    break;
  }
  }
  // Values are those on entry, so read all before writing any.
  llvm::SmallVector<std::pair<TermId, uint8_t>, 4> places;
  llvm::SmallVector<TermId, 4> newValues;
  for (const contract::Assignment &a : outcome.assigns) {
    uint8_t size = 1;
    TermId where;
    if (a.place->kind != CExpr::Kind::Irql)
      where = place(at, state, *a.place, values, size);
    places.push_back({where, size});
    newValues.push_back(
        a.value
            ? resolve(state, terms, value(at, state, *a.value, values))
            : fresh(state, terms,
                    terms.symbol(Origin::Result,
                                 size == 8 ? kPointer
                                           : ValueType{size, false, false},
                                 at.key, 0x7000 + uint32_t(places.size()))));
  }
  struct Memory {
    TermId to, from, fill, size;
  };
  // What was allocated with a size we do not know is cleared with one, too:
  // nobody reads what he did not clear.
  constexpr uint64_t kSomeObject = uint64_t(1) << 40;
  auto isWhole = [&](TermId to) {
    Address a = terms.address(to);
    return a.offset == 0 && terms[a.base].kind == TermKind::Object &&
           terms[a.base].origin == Origin::Allocation;
  };
  llvm::SmallVector<Memory, 1> memory;
  for (const contract::MemoryEffect &m : outcome.memory) {
    Memory e;
    e.to = value(at, state, *m.to, values);
    if (m.from)
      e.from = value(at, state, *m.from, values);
    if (m.fill)
      e.fill = resolve(state, terms, value(at, state, *m.fill, values));
    e.size = m.size ? resolve(state, terms, value(at, state, *m.size, values))
                    : terms.constant(0);
    memory.push_back(e);
  }
  struct NewFacet {
    const contract::FacetEffect *effect;
    contract::FacetState state;
  };
  llvm::SmallVector<NewFacet, 8> facets;
  for (const contract::FacetEffect &f : outcome.facets) {
    // Nobody has looked there: there is nothing whose state would be known.
    if (f.object->kind == CExpr::Kind::Member &&
        !isRead(at, state, *f.object, values))
      continue;
    contract::FacetState to = f.state;
    if (f.copyFrom) {
      TermId from = value(at, state, *f.copyFrom, values);
      const ObjectState *o = state.object(from);
      if (!o)
        o = state.object(terms.root(terms.address(from).base));
      to = contract::kUnknownState;
      if (o && o->facets[f.copyFacet.value] != contract::kUnknownState)
        to = rules.facet(f.facet).stateNamed(
            rules.facet(f.copyFacet).states[o->facets[f.copyFacet.value] - 1]);
    }
    facets.push_back({&f, to});
  }

  if (!outcome.note.empty()) {
    TraceNode node;
    node.kind = TraceNode::Kind::Outcome;
    node.instr = at.instr;
    node.function = at.act.function;
    node.outcome = &outcome;
    if (outcome.kind == Outcome::Kind::Returns)
      state.trace = arena.push(node, state.trace);
  }
  for (size_t n = 0; n < outcome.newObjects.size(); ++n) {
    uint8_t size = 8;
    TermId where = place(at, state, *outcome.newObjects[n], values, size);
    TermId object =
        fresh(state, terms,
              terms.object(Origin::Allocation, at.key, uint32_t(n) + 1));
    if (!terms.isConst(terms.address(where).base))
      writeMemory(at, state, where, object, 8, 0, 0);
  }
  for (const Memory &m : memory) {
    int64_t size = terms.isConst(m.size) ? terms.constValue(m.size) : -1;
    if (terms.isConst(terms.address(m.to).base))
      continue;
    bool zeroes = m.fill.valid() && terms.isConst(m.fill) &&
                  terms.constValue(m.fill) == 0;
    if (size < 0 && zeroes && isWhole(m.to))
      zeroMemory(at, state, m.to, kSomeObject);
    else if (size < 0)
      havocRange(at, state, m.to, 0, kEndOfMemory);
    else if (m.from.valid())
      copyMemory(at, state, m.to, m.from, uint64_t(size));
    else if (zeroes)
      zeroMemory(at, state, m.to, uint64_t(size));
    else
      havocRange(at, state, m.to, 0, size);
  }
  for (size_t n = 0; n < outcome.assigns.size(); ++n) {
    const contract::Assignment &assign = outcome.assigns[n];
    if (assign.place->kind == CExpr::Kind::Irql && !assign.value)
      state.levelDoubt = std::max(state.levelDoubt, State::LevelDoubt::Raised);
    if (assign.value && assign.value->kind == CExpr::Kind::Irql &&
        !takesAgain(at, outcome, values, state) &&
        losesLevel(at, assign, places[n].first, places[n].second, newValues[n],
                   values, state))
      newValues[n] =
          fresh(state, terms,
                terms.symbol(Origin::Result, kIrqlType, at.key, 0x7200));
    if (outcome.assigns[n].place->kind == CExpr::Kind::Irql)
      setIrql(at, state, newValues[n], outcome.locks.empty());
    else if (!terms.isConst(terms.address(places[n].first).base))
      writeMemory(at, state, places[n].first,
                  terms.cast(places[n].second == 8
                                 ? kPointer
                                 : ValueType{places[n].second, false, false},
                             newValues[n]),
                  places[n].second, 0, 0);
  }
  for (const NewFacet &f : facets) {
    TermId object = value(at, state, *f.effect->object, values);
    setFacet(at, state, object, f.effect->facet, f.state,
             argumentName(at, *f.effect->object, state, object));
  }
  for (const contract::ExprPtr &e : outcome.escapes)
    escape(state, value(at, state, *e, values), 0, uint64_t(kEndOfMemory));
  for (const contract::ExprPtr &e : outcome.ends) {
    TermId root = terms.root(value(at, state, *e, values));
    if (!terms.isConst(root))
      endMemory(at, state, root);
  }
  if (!outcome.locks.empty())
    applyLocks(at, outcome, values, before, state);
  if (resolve(state, terms, state.irql) != before)
    checkFloor(at, values, before, state);
  return true;
}
