//===-- Summaries.cpp - callees with bodies -------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A callee is analysed once per distinct entry state: what it can reach of
// the caller's state, with the caller's symbols renamed in the order they are
// reached. Its exits, renamed back, replace that part of the caller's state.
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <limits>

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;

namespace {
/// A callee that no rule cares about is only worth following for the values
/// it computes; above this many blocks it is taken as unknown.
constexpr uint32_t kIrrelevantWeight = 120;
/// Accessors, constructors and filters are this small, and have no loops: they
/// decide what pointers are the same, and following them costs nothing.
constexpr uint32_t kSmallCallee = 16;
constexpr int kMaxRecursionRounds = 4;

/// Means the same in every function.
bool isUniversal(const Term &t) {
  return t.origin == Origin::Global || t.origin == Origin::Function ||
         t.origin == Origin::String || t.origin == Origin::Irql;
}
} // namespace

State Engine::enterCallee(uint32_t callee, const CallValues &values,
                          State &caller, Renaming &names) {
  const ir::Function &f = graph.unit.functions[callee];
  State entry;
  auto reach = [&](TermId value) {
    terms.forEachAtom(value, [&](TermId atom) {
      const Term t = terms[atom];
      if (names.toCallee.count(atom.value))
        return;
      TermId renamed = atom;
      if (!isUniversal(t)) {
        uint32_t n = uint32_t(names.toCaller.size());
        renamed = t.kind == TermKind::Object
                      ? terms.object(Origin::Canonical, n)
                      : terms.symbol(Origin::Canonical, t.type, n);
        names.toCaller.push_back(atom);
      }
      names.toCallee[atom.value] = renamed;
      names.atoms.push_back(atom);
    });
  };
  for (TermId v : values.args)
    reach(v);
  for (const Entry &e : caller.store)
    if (terms[terms.root(e.base)].origin == Origin::Global)
      reach(e.base);
  for (const ZeroRange &z : caller.zeros)
    if (terms[terms.root(z.base)].origin == Origin::Global)
      reach(z.base);
  reach(caller.irql);
  for (size_t i = 0; i < names.atoms.size(); ++i)
    for (const Entry &e : caller.store)
      if (terms.root(e.base) == names.atoms[i]) {
        reach(e.base);
        reach(e.value);
      }

  auto rename = [&](TermId atom) {
    auto it = names.toCallee.find(atom.value);
    return it == names.toCallee.end() ? atom : it->second;
  };
  auto inside = [&](TermId id) {
    bool all = true;
    terms.forEachAtom(
        id, [&](TermId a) { all = all && names.toCallee.count(a.value); });
    return all;
  };
  for (const Entry &e : caller.store)
    if (inside(e.base)) {
      Entry r = e;
      r.base = terms.rewrite(e.base, rename);
      r.value = terms.rewrite(e.value, rename);
      entry.put(r);
    }
  for (const ZeroRange &z : caller.zeros)
    if (inside(z.base))
      entry.zeros.push_back({terms.rewrite(z.base, rename), z.offset, z.size});
  std::sort(entry.zeros.begin(), entry.zeros.end(),
            [](const ZeroRange &a, const ZeroRange &b) {
              return std::tie(a.base, a.offset) < std::tie(b.base, b.offset);
            });
  for (const auto &[id, fact] : caller.facts)
    if (inside(id)) {
      TermId r = terms.rewrite(id, rename);
      if (!terms.isConst(r))
        entry.factFor(r, terms) = fact;
    }
  for (const ObjectState &o : caller.objects)
    if (inside(o.base)) {
      ObjectState r = o;
      r.base = terms.rewrite(o.base, rename);
      r.owned = false;
      entry.objectFor(r.base) = r;
    }
  entry.irql = terms.rewrite(caller.irql, rename);
  entry.levelDoubt = caller.levelDoubt;
  entry.levelElsewhere = caller.levelElsewhere;
  entry.holdsFailed = caller.holdsFailed;
  passLocks(caller, entry, inside,
            [&](TermId id) { return terms.rewrite(id, rename); });

  for (uint32_t i = 0; i < f.numParams && i < values.args.size(); ++i) {
    const ir::Local &p = f.locals[i];
    TermId local = terms.object(Origin::Local, callee, i);
    TermId arg = terms.rewrite(values.args[i], rename);
    if (p.type.kind == ir::TypeKind::Aggregate) {
      Address from = terms.address(arg);
      std::vector<Entry> parts;
      for (const Entry &e : entry.store)
        if (e.base == from.base && e.offset >= from.offset &&
            e.offset + e.size <= from.offset + int64_t(p.type.size)) {
          Entry part = e;
          part.base = local;
          part.offset -= from.offset;
          parts.push_back(part);
        }
      for (const Entry &e : parts)
        entry.put(e);
      continue;
    }
    ValueType type = valueType(p.type);
    entry.put({local, 0, terms.cast(type, arg),
               uint8_t(p.type.size && p.type.size <= 8 ? p.type.size : 8)});
  }
  return entry;
}

std::optional<State> Engine::returnFrom(const Where &at, uint32_t callee,
                                        const Exit &exit, const State &caller,
                                        const Renaming &names, TermId &result) {
  const ir::Function &f = graph.unit.functions[callee];
  State out = caller;
  llvm::DenseSet<uint32_t> mapped;
  for (TermId a : names.atoms)
    mapped.insert(a.value);
  auto inside = [&](TermId id) {
    bool all = true;
    terms.forEachAtom(id,
                      [&](TermId a) { all = all && mapped.contains(a.value); });
    return all;
  };
  auto shared = [&](TermId base) {
    TermId root = terms.root(base);
    return mapped.contains(root.value) || terms[root].origin == Origin::Global;
  };
  // A module did not see what its caller knows: that stays where it wrote
  // nothing.
  if (!names.module) {
    std::erase_if(out.store, [&](const Entry &e) { return shared(e.base); });
    std::erase_if(out.zeros,
                  [&](const ZeroRange &z) { return shared(z.base); });
    std::erase_if(out.facts, [&](const auto &p) { return inside(p.first); });
  }

  llvm::DenseMap<uint32_t, TermId> back;
  std::function<TermId(TermId)> rename = [&](TermId atom) -> TermId {
    auto it = back.find(atom.value);
    if (it != back.end())
      return it->second;
    const Term t = terms[atom];
    TermId r = atom;
    if (t.origin == Origin::Canonical) {
      r = t.a < names.toCaller.size() ? names.toCaller[t.a] : atom;
    } else if (t.origin == Origin::Initial && names.module) {
      r = foundByModule(caller, terms.rewrite(TermId(t.a), rename), t);
    } else if (t.origin == Origin::Initial) {
      TermId base = terms.rewrite(TermId(t.a), rename);
      Address a = terms.address(base);
      uint32_t epoch = t.extent ? t.extent : caller.epoch(terms.root(a.base));
      r = terms.initial({a.base, t.value + a.offset}, t.type, uint8_t(t.extra),
                        epoch, t.generation);
    } else if (t.origin == Origin::Result || t.origin == Origin::Join ||
               t.origin == Origin::Allocation) {
      // Made in the callee; the caller may still hold one made by the same
      // place in an earlier call, also in memory that is put back below.
      constexpr uint8_t kGenerations = 8;
      uint8_t g = 0;
      for (; g < kGenerations; ++g) {
        r = terms.withGeneration(atom, g);
        if (!inUse(caller, terms, r) && !inUse(out, terms, r) &&
            llvm::none_of(back, [&](const auto &p) { return p.second == r; }))
          break;
      }
      if (g == kGenerations)
        r = terms.withGeneration(atom, uint8_t(200 + at.key % 50));
      else
        forgetFacts(out, terms, r);
    }
    back[atom.value] = r;
    return r;
  };
  // Settle the new symbols before anything of the exit is in `out`, where
  // they would look as if they were in use.
  auto settle = [&](TermId id) {
    if (id.valid())
      terms.forEachAtom(id, [&](TermId a) { rename(a); });
  };
  auto isLocal = [&](TermId base) {
    const Term &t = terms[terms.root(base)];
    return t.origin == Origin::Local && t.a == callee;
  };
  for (const Entry &e : exit.state.store) {
    settle(e.base);
    settle(e.value);
  }
  for (const ObjectState &o : exit.state.objects)
    settle(o.base);
  for (const auto &[id, fact] : exit.state.facts)
    settle(id);
  settle(exit.state.irql);
  for (const LockState &l : exit.state.locks)
    settle(l.lock);
  if (exit.raised)
    settle(exit.state.raise.code);

  if (names.module) {
    if (!mergeModuleExit(at, exit, out, isLocal, rename))
      return std::nullopt;
  } else {
    for (const Entry &e : exit.state.store)
      if (!isLocal(e.base)) {
        Entry r = e;
        TermId base = terms.rewrite(e.base, rename);
        Address a = terms.address(base);
        r.base = a.base;
        r.offset += a.offset;
        r.value = terms.rewrite(e.value, rename);
        if (!terms.isConst(r.base))
          out.put(r);
      }
    for (const ZeroRange &z : exit.state.zeros)
      if (!isLocal(z.base)) {
        Address a = terms.address(terms.rewrite(z.base, rename));
        if (!terms.isConst(a.base))
          out.zeros.push_back({a.base, z.offset + a.offset, z.size});
      }
    std::sort(out.zeros.begin(), out.zeros.end(),
              [](const ZeroRange &a, const ZeroRange &b) {
                return std::tie(a.base, a.offset) < std::tie(b.base, b.offset);
              });
    for (const auto &[id, fact] : exit.state.facts) {
      bool local = false;
      terms.forEachAtom(id, [&](TermId a) { local |= isLocal(a); });
      TermId r = terms.rewrite(id, rename);
      if (!local && !terms.isConst(r))
        out.factFor(r, terms) = fact;
    }
    for (const auto &[root, epoch] : exit.state.epochs) {
      if (isLocal(root))
        continue;
      TermId r = terms.root(terms.rewrite(root, rename));
      if (!terms.isConst(r))
        out.setEpoch(r, epoch);
    }
  }
  for (const ObjectState &o : exit.state.objects) {
    if (isLocal(o.base))
      continue;
    TermId base = terms.rewrite(o.base, rename);
    if (terms.isConst(terms.address(base).base))
      continue;
    ObjectState *there = out.object(base);
    if (!there) {
      ObjectState r = o;
      r.base = base;
      // What the callee first saw of the caller's storage is the caller's.
      const Term &root = terms[terms.root(base)];
      if (root.kind == TermKind::Object &&
          (root.origin == Origin::Local || root.origin == Origin::Allocation))
        r.owned = true;
      out.objectFor(base) = r;
      if (r.site) {
        limitPerSite(out, r.site, base);
        this->result->sites.insert(r.site);
      }
      continue;
    }
    there->facets = o.facets;
    there->escaped |= o.escaped;
    there->errored |= o.errored;
    there->lostAt = o.lostAt;
    there->lostIn = o.lostIn;
    there->handedOn |= o.handedOn;
    there->exposed |= o.exposed;
    if (o.heldIn) {
      there->heldIn = o.heldIn;
      there->heldAt = o.heldAt;
      there->heldBy = o.heldBy;
    }
    if (!there->site)
      there->site = o.site;
    if (!there->name)
      there->name = o.name;
  }
  out.irql = terms.rewrite(exit.state.irql, rename);
  out.levelDoubt = std::max(caller.levelDoubt, exit.state.levelDoubt);
  // A module begins without.
  out.levelElsewhere =
      exit.state.levelElsewhere || (names.module && caller.levelElsewhere);
  out.holdsFailed |= exit.state.holdsFailed;
  returnLocks(
      exit.state, caller, out,
      [&](TermId id) { return !names.module && inside(id); },
      [&](TermId id) { return terms.rewrite(id, rename); });
  out.merged = caller.merged || exit.state.merged || names.module;

  TraceNode node;
  node.kind = TraceNode::Kind::Call;
  node.instr = at.instr;
  node.function = at.act.function;
  node.sub = exit.state.trace;
  if (!at.instr->callee)
    node.name = arena.intern(graph.unit.declOf(f).name);
  if (exit.state.trace)
    out.trace = arena.push(node, caller.trace);

  // Out of an exceptional exit comes the exception's code.
  result = TermId();
  if (exit.raised && exit.state.raise.code.valid())
    result = terms.rewrite(exit.state.raise.code, rename);
  if (f.result && !exit.raised) {
    TermId local = terms.object(Origin::Local, callee, f.result.value);
    const ir::Type &type = f.locals[f.result.value].type;
    if (type.kind == ir::TypeKind::Aggregate) {
      if (at.instr->resultAddr) {
        TermId to = eval(at, out, at.instr->resultAddr);
        Address a = terms.address(to);
        havocRange(at, out, to, 0, int64_t(type.size));
        for (const Entry &e : exit.state.store)
          if (e.base == local) {
            Entry r = e;
            r.base = a.base;
            r.offset += a.offset;
            r.value = terms.rewrite(e.value, rename);
            out.put(r);
          }
      }
    } else {
      TermId value = resultOf(callee, exit);
      if (value.valid())
        result = terms.rewrite(value, rename);
    }
  }
  return out;
}

TermId Engine::resultOf(uint32_t callee, const Exit &exit) {
  const ir::Function &f = graph.unit.functions[callee];
  if (!f.result || exit.raised)
    return {};
  TermId local = terms.object(Origin::Local, callee, f.result.value);
  for (const Entry &e : exit.state.store)
    if (e.base == local && e.offset == 0)
      return e.value;
  return {};
}

Engine::Summary &Engine::summarize(const Activation &from,
                                   const ir::Instr *site, bool guarded,
                                   uint32_t callee, const State &entry,
                                   const TraceNode *trace, bool callerMerged,
                                   bool asModule) {
  uint64_t hash = hashState(entry) * 2 + guarded;
  auto &bucket = summaries[{callee, hash}];
  for (auto &s : bucket)
    if (sameState(s->entry, entry)) {
      if (!s->complete) {
        s->recursive = true;
        return *s;
      }
      ++stats.summaryHits;
      bool outer = callerMerged;
      for (const Activation *a = &from; a; a = a->caller)
        outer = outer || a->callerMerged;
      for (const auto &[key, merged] : s->reports) {
        auto k = known.find(key);
        if (k == known.end())
          continue;
        auto [it, inserted] = result->reports.emplace(key, k->second);
        if (inserted)
          it->second.merged = merged || outer;
        else
          it->second.merged = it->second.merged && (merged || outer);
        for (Summary *o : open) {
          auto [r, isNew] = o->reports.emplace(key, merged || callerMerged);
          r->second = r->second && (merged || callerMerged);
        }
      }
      return *s;
    }
  bucket.push_back(std::make_unique<Summary>());
  Summary &s = *bucket.back();
  s.entry = entry;
  ++stats.summaries;
  open.push_back(&s);
  for (int round = 0; round < kMaxRecursionRounds; ++round) {
    Activation act;
    act.function = callee;
    act.caller = &from;
    act.callSite = site;
    act.callerTrace = trace;
    act.callerMerged = callerMerged;
    act.protectedByCaller = guarded;
    act.dropsIdle = asModule && dropsIdle(callee);
    act.depth = from.depth + 1;
    std::vector<Exit> exits = run(act, s.entry);
    s.cut = act.cut;
    bool same =
        exits.size() == s.exits.size() &&
        std::equal(exits.begin(), exits.end(), s.exits.begin(),
                   [](const Exit &a, const Exit &b) {
                     return a.raised == b.raised && sameState(a.state, b.state);
                   });
    s.exits = std::move(exits);
    if (!s.recursive || same)
      break;
    if (round + 1 == kMaxRecursionRounds)
      result->limits.insert(
          "recursion through '" +
          graph.unit.declOf(graph.unit.functions[callee]).name +
          "' that does not settle");
  }
  open.pop_back();
  s.complete = true;
  return s;
}

/// Could following the body find anything, or change what is tracked?
bool Engine::mayMatter(uint32_t callee, const CallValues &values,
                       const State &state) const {
  const Relevance &r = graph.relevance[callee];
  bool makes = reach ? reach->within(callee) : r.facets && !r.closed;
  if (makes || (!r.closed && (r.irqlChange || r.raises || r.locks)))
    return true;
  if (r.locks && holdsGiven(values, state))
    return true;
  if (r.irqlLimit && rangeOf(state, terms, state.irql).lo > 0)
    return true;
  return givesTracked(values, state);
}

/// What a callee with these arguments can get hold of.
AtomSet Engine::given(const CallValues &values, const State &state) const {
  auto isGlobal = [&](TermId id) { return terms[id].origin == Origin::Global; };
  State probe;
  probe.store = state.store;
  return reachable(probe, terms, isGlobal, values.args);
}

/// Is there an object among that whose state some rule asks for? It may be
/// used after its end, or moved out of our sight.
bool Engine::givesTracked(const CallValues &values, const State &state) const {
  if (!tracksAny(state, keyFacets))
    return false;
  AtomSet reach = given(values, state);
  auto isGiven = [&](TermId id) {
    return reach.contains(terms.root(id).value);
  };
  if (state.holdsFailed &&
      (llvm::any_of(values.args, [&](TermId v) { return terms.failedAt(v); }) ||
       llvm::any_of(state.store, [&](const Entry &e) {
         return terms.failedAt(e.value) && isGiven(e.base);
       })))
    return true;
  return llvm::any_of(state.objects, [&](const ObjectState &o) {
    return isTracked(o, keyFacets) && isGiven(o.base);
  });
}

/// A callee that is not followed may have done anything to them.
void Engine::forgetGiven(const CallValues &values, State &state) const {
  AtomSet reach = given(values, state);
  for (ObjectState &o : state.objects)
    if (reach.contains(terms.root(o.base).value)) {
      o.escaped = true;
      o.facets = {};
    }
}

/// Objects of this function whose last reference a callee overwrote.
void Engine::lostInCallee(const Where &at, State &state, TermId callResult) {
  llvm::SmallVector<TermId, 2> lost;
  for (const ObjectState &o : state.objects)
    if (o.lostAt && o.owned && !o.escaped && leakRule(o).valid())
      lost.push_back(o.base);
  if (lost.empty())
    return;
  State visible = needed(at, state);
  if (callResult.valid())
    visible.setTemp(UINT32_MAX, callResult);
  for (TermId id : lost) {
    const ObjectState o = *state.object(id);
    Activation inner;
    inner.function = o.lostIn;
    inner.caller = &at.act;
    inner.callSite = at.instr;
    inner.callerMerged = at.act.callerMerged;
    // The last step is the call, with what happened in it inside.
    const TraceNode *after = state.trace;
    bool isCall = after && after->kind == TraceNode::Kind::Call;
    inner.callerTrace = isCall ? after->prev : after;
    state.trace = isCall ? after->sub : nullptr;
    checkLeaks(inner, o.lostAt->span, state, visible,
               [&](TermId root) { return isStorage(root); }, {id});
    state.trace = after;
    if (ObjectState *left = state.object(id))
      left->lostAt = nullptr;
  }
}

void Engine::callBody(const Where &at, uint32_t callee, CallValues &values,
                      State state, States &out) {
  const ir::FunctionDecl &d = graph.unit.declOf(graph.unit.functions[callee]);
  const Relevance &relevance = graph.relevance[callee];
  unsigned nested = 0;
  for (const Activation *a = &at.act; a; a = a->caller)
    nested += a->function == callee;
  bool tooDeep = at.act.depth >= options.callDepth || nested > 2;
  bool idle = !mayMatter(callee, values, state);
  bool tooBig = idle && relevance.weight > kIrrelevantWeight;
  bool isCheap = relevance.weight <= kSmallCallee && !relevance.loops;
  bool skip = options.skipIrrelevant && idle && !isCheap;
  // Out of budget: nothing that came after would be worth anything.
  if (!skip && entryStates > options.entryBudget)
    return;
  if (skip || tooDeep || tooBig) {
    state.merged |= skip;
    if (tooDeep && relevance.any()) {
      result->limits.insert("calls nested too deeply at '" + d.name + "'");
      if (relevance.facets)
        forgetGiven(values, state);
      if (relevance.locks)
        forgetLocks(at, values, state);
    }
    unknownCall(at, values, state, true);
    bindResult(at, state, values.result);
    out.push_back(std::move(state));
    return;
  }
  // Handing on a dead pointer is no use of it; what the body does may be.
  bool guarded =
      at.act.protectedByCaller ||
      at.graph.blocks[at.function.blocks[at.block.value].unwind.value]
          .mayReachExit;
  Renaming names;
  names.module = isModule(callee, values, state);
  Summary *found = nullptr;
  if (names.module) {
    State entry = enterModule(callee, values, state, names);
    found = &summarizeModule(callee, entry);
  } else {
    State entry = enterCallee(callee, values, state, names);
    found = &summarize(at.act, at.instr, guarded, callee, entry, state.trace,
                       state.merged);
    if (found->cut)
      at.act.cut = true;
  }
  Summary &s = *found;
  if (names.module && dropsIdle(callee)) {
    State idle = state;
    CallValues unknown = values;
    idle.merged = true;
    unknownCall(at, unknown, idle, true);
    bindResult(at, idle, unknown.result);
    out.push_back(std::move(idle));
  }
  // A recursive call in progress has no exits the first time round: then this
  // path waits for the next round.
  size_t count = s.exits.size();
  for (size_t i = 0; i < count; ++i) {
    const Exit &exit = s.exits[i];
    TermId result;
    std::optional<State> after =
        returnFrom(at, callee, exit, state, names, result);
    if (!after)
      continue;
    State &back = *after;
    lostInCallee(at, back, result);
    noteHolders(at, values, back);
    if (!exit.raised) {
      if (at.instr->resultAddr) {
        out.push_back(std::move(back));
        continue;
      }
      bindResult(at, back, result);
      out.push_back(std::move(back));
      continue;
    }
    TermId code = result;
    raiseFrom(at, std::move(back), exit.state.raise, code);
  }
}
