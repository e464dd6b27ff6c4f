//===-- Solver.cpp - activations of functions -----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;

Engine::Engine(const UnitGraph &graph, const contract::RuleSet &rules,
               EngineOptions options)
    : graph(graph), rules(rules), options(options) {
  keyFacets = graph.keyFacets;
  entryIrql = terms.symbol(Origin::Irql, {1, false, false}, 0);
  ir::Type unused;
  for (const contract::Automaton &automaton : rules.automata)
    if (automaton.extent)
      extents.push_back(graph.placeOffset(automaton.extent->record,
                                          automaton.extent->field, unused));
  if (options.focus && *options.focus != EngineOptions::kNoSite)
    reach.emplace(graph, *options.focus);
}

State Engine::unknownCaller(uint32_t function) {
  const ir::Function &f = graph.unit.functions[function];
  State entry;
  entry.irql = entryIrql;
  UnitGraph::Levels levels = graph.levelsOf(function);
  restrict(entry, terms, entryIrql, levels.min, levels.max);
  for (uint32_t i = 0; i < f.numParams; ++i) {
    const ir::Local &p = f.locals[i];
    if (p.type.kind == ir::TypeKind::Aggregate)
      continue;
    TermId local = terms.object(Origin::Local, function, i);
    ValueType type = valueType(p.type);
    TermId value = terms.symbol(Origin::Parameter, type, i);
    entry.put({local, 0, value, uint8_t(p.type.size ? p.type.size : 8)});
    if (p.name == "this" && i == 0)
      assume(entry, terms, value, true);
  }
  giveRole(function, entry);
  return entry;
}

EntryResult Engine::runEntry(uint32_t function) {
  EntryResult r;
  Activation act;
  act.function = function;
  enter(act, unknownCaller(function), r);
  return r;
}

std::vector<Engine::Exit> Engine::runWith(uint32_t function, State entry) {
  EntryResult unused;
  Activation outside;
  outside.function = function;
  Activation act;
  act.function = function;
  act.caller = &outside;
  act.protectedByCaller = true;
  return enter(act, std::move(entry), unused);
}

/// Runs the outermost activation of those that are followed.
std::vector<Engine::Exit> Engine::enter(Activation &act, State entry,
                                        EntryResult &into) {
  result = &into;
  entryStates = 0;
  act.dropsIdle = reach.has_value();
  checkPagedEntry(act, entry);
  std::vector<Exit> exits = run(act, std::move(entry));
  settleUnhandled(into);
  result = nullptr;
  return exits;
}

std::vector<Engine::Exit> Engine::run(Activation &act, State entry) {
  analysed.insert(act.function);
  const ir::Function &f = graph.unit.functions[act.function];
  const FunctionGraph &g = graph.functions[act.function];
  act.pending.resize(f.blocks.size());
  for (const LockState &l : entry.locks)
    act.locksGiven.push_back(l.lock);
  arrive(act, f.entry, std::move(entry));
  while (!act.worklist.empty()) {
    ir::BlockId block(act.worklist.begin()->second);
    act.worklist.erase(act.worklist.begin());
    std::vector<State> states = std::move(act.pending[block.value]);
    act.pending[block.value].clear();
    bool overBudget = act.statesUsed > options.activationBudget ||
                      entryStates > options.entryBudget;
    if (overBudget && !act.cut) {
      act.cut = true;
      result->budgetHit = true;
      result->limits.insert("more states than the budget allows in '" +
                            graph.unit.declOf(f).name + "'");
    }
    if (g.blocks[block.value].join || states.size() > 1)
      coarsen(states, block, act.function);
    // What is cut off is in result->limits.
    if (act.cut && act.statesUsed / 2 > options.activationBudget)
      break;
    if (options.wanted && hasAllWanted())
      break;
    for (State &s : states) {
      if (isOver(act, block, s) || !admit(act, block, s))
        continue;
      ++act.statesUsed;
      ++entryStates;
      ++stats.states;
      if (block == f.exit || block == f.unwindExit)
        leave(act, std::move(s), block == f.unwindExit);
      else
        processBlock(act, block, std::move(s));
    }
  }
  std::vector<Exit> exits;
  coarsen(act.returned, f.exit, act.function);
  for (State &s : act.returned)
    exits.push_back({std::move(s), false});
  coarsen(act.raised, f.unwindExit, act.function);
  for (State &s : act.raised)
    exits.push_back({std::move(s), true});
  return exits;
}

/// Paths that mix no others are worth some more looking.
bool Engine::hasAllWanted() const {
  bool inHurry = options.anyWill || entryStates > options.entryBudget / 2;
  return llvm::all_of(*options.wanted, [&](const ReportKey &key) {
    auto it = result->reports.find(key);
    return it != result->reports.end() && (inHurry || !it->second.merged);
  });
}

/// Puts `state` before `block`, past the Assumes it begins with, if it gets
/// past them.
bool Engine::arrive(Activation &act, ir::BlockId block, State state) {
  const ir::Function &f = graph.unit.functions[act.function];
  const FunctionGraph &g = graph.functions[act.function];
  const ir::Block &b = f.blocks[block.value];
  const FunctionGraph::BlockInfo &info = g.blocks[block.value];
  for (uint32_t i = 0; i < info.leadingAssumes; ++i) {
    Where at{act, f, g, block, &b.instrs[i], g.key(block, i)};
    if (!assumeInstr(at, state))
      return false;
  }
  if (info.join)
    dropDead(act, block, state);
  act.pending[block.value].push_back(std::move(state));
  act.worklist.insert({info.order, block.value});
  return true;
}

void Engine::dropDead(const Activation &act, ir::BlockId block, State &state) {
  const FunctionGraph &g = graph.functions[act.function];
  const FunctionGraph::BlockInfo &info = g.blocks[block.value];
  std::erase_if(state.temps,
                [&](auto &t) { return !info.liveTemps.test(t.first); });
  std::erase_if(state.store, [&](const Entry &e) {
    const Term &base = terms[e.base];
    if (base.origin != Origin::Local || base.a != act.function ||
        info.liveLocals.test(base.b) || g.addressTaken.test(base.b))
      return false;
    // A dead variable may hold the last reference; overwriting it is then
    // where the object is lost.
    const ObjectState *o = state.object(terms.address(e.value).base);
    return !o || !o->owned || o->escaped || o->errored || isEnded(*o);
  });
  bool anyHeld = !act.caller && llvm::any_of(state.objects, [](auto &o) {
    return o.heldIn.valid();
  });
  if (!anyHeld) {
    trim(state);
    return;
  }
  State before = state;
  trim(state);
  for (const ObjectState &o : before.objects)
    if (!state.object(o.base))
      noteKept(act, before, o);
}

void Engine::trim(State &state) {
  domain::trim(state, terms,
               [this](const ObjectState &o) { return leakRule(o).valid(); });
}

/// Nothing more can happen to the object in focus on this path.
bool Engine::isOver(const Activation &act, ir::BlockId block,
                    const State &state) {
  return act.dropsIdle && !state.raise.origin && !tracksAny(state, keyFacets) &&
         !reach->from(act.function, block);
}

/// Keeps the number of states before a block within bounds.
void Engine::coarsen(std::vector<State> &states, ir::BlockId block,
                     uint32_t function) {
  if (states.size() < 2)
    return;
  std::vector<State> kept;
  kept.reserve(states.size());
  std::map<uint64_t, std::vector<size_t>> byKey;
  std::map<uint64_t, std::vector<size_t>> byHash;
  for (State &s : states) {
    std::vector<size_t> &same = byHash[hashState(s)];
    bool repeated = false;
    for (size_t i : same)
      if (sameState(kept[i], s)) {
        // Either path will do; prefer one that mixes no others.
        if (kept[i].merged && !s.merged)
          std::swap(kept[i], s);
        else if (kept[i].merged && s.merged)
          kept[i].trace = arena.join(kept[i].trace, s.trace);
        repeated = true;
        break;
      }
    if (repeated)
      continue;
    same.push_back(kept.size());
    byKey[automatonKey(s, terms, KeyKind::Exact, keyFacets)].push_back(
        kept.size());
    kept.push_back(std::move(s));
  }
  uint32_t place = graph.functions[function].firstKey[block.value];
  states.clear();
  std::vector<bool> gone(kept.size());
  for (auto &[key, group] : byKey) {
    unsigned keep = tracksAny(kept[group[0]], keyFacets) ? options.keepApart
                                                         : options.keepValues;
    if (group.size() <= keep)
      continue;
    // The first ones stay as they are, the rest becomes one.
    size_t first = keep - 1;
    State joined = std::move(kept[group[first]]);
    for (size_t i = first + 1; i < group.size(); ++i) {
      const TraceNode *past = arena.join(joined.trace, kept[group[i]].trace);
      joined = join(joined, kept[group[i]], terms, place, JoinKind::Merge);
      joined.trace = past;
      gone[group[i]] = true;
    }
    kept[group[first]] = std::move(joined);
  }
  for (size_t i = 0; i < kept.size(); ++i)
    if (!gone[i])
      states.push_back(std::move(kept[i]));
}

/// Loop heads: has `state` been here? False when it adds nothing. Widens it
/// when too many like it came by.
bool Engine::admit(Activation &act, ir::BlockId block, State &state) {
  const FunctionGraph &g = graph.functions[act.function];
  if (!g.blocks[block.value].loopHead)
    return true;
  Activation::Seen &seen = act.seen[block.value];
  uint64_t hash = hashState(state);
  if (seen.hashes.contains(hash))
    for (const State &s : seen.states)
      if (sameState(s, state))
        return false;
  ++seen.arrivals;
  uint64_t key = automatonKey(state, terms, KeyKind::Coarse, keyFacets);
  auto &[count, last] = seen.widened[key];
  bool tracks = tracksAny(state, keyFacets);
  unsigned unroll = tracks ? options.unroll : options.unrollValues;
  // Values alone are worth no second thought when in a hurry.
  unsigned patience = tracks || options.unrollValues > 1 ? 2 : 0;
  if (++count > unroll) {
    uint32_t place = g.firstKey[block.value] | 0x20000000u;
    State before = seen.states[last];
    // What lies in one element here and in another there would be in neither.
    loseElements(before);
    loseElements(state);
    State joined =
        join(before, state, terms, place,
             count > unroll + patience ? JoinKind::Widen : JoinKind::Loop);
    // Joining may have made more objects of what a loop goes through.
    std::set<uint32_t> sites;
    for (const ObjectState &o : joined.objects)
      if (o.site)
        sites.insert(o.site);
    for (uint32_t site : sites)
      limitPerSite(joined, site, TermId());
    trim(joined);
    if (sameState(joined, seen.states[last]))
      return false;
    joined.trace = arena.join(state.trace, seen.states[last].trace);
    // Widening a loop mixes iterations, which is no more than the loop does.
    joined.merged = state.merged || seen.states[last].merged;
    state = std::move(joined);
    hash = hashState(state);
  }
  if (seen.arrivals > 400) {
    result->budgetHit = true;
    result->limits.insert(
        "a loop of '" +
        graph.unit.declOf(graph.unit.functions[act.function]).name +
        "' that does not settle");
    return false;
  }
  last = seen.states.size();
  seen.hashes.insert(hash);
  seen.states.push_back(state);
  return true;
}

/// After iterations were joined, which elements of an array the loop has
/// been over is forgotten together with its index: what they point to is out
/// of our sight.
void Engine::loseElements(State &state) {
  for (const Entry &e : state.store) {
    bool element = terms[e.base].kind == TermKind::Element;
    for (const ArrayRange &a : arrays)
      element = element ||
                (a.base == e.base && e.offset >= a.begin && e.offset < a.end);
    if (element)
      forget(state, terms, e.value);
  }
}

void Engine::processBlock(Activation &act, ir::BlockId block, State state) {
  const ir::Function &f = graph.unit.functions[act.function];
  const FunctionGraph &g = graph.functions[act.function];
  const ir::Block &b = f.blocks[block.value];
  States now;
  now.push_back(std::move(state));
  States next;
  for (size_t i = g.blocks[block.value].leadingAssumes; i < b.instrs.size();
       ++i) {
    Where at{act, f, g, block, &b.instrs[i], g.key(block, i)};
    next.clear();
    for (State &s : now)
      step(at, std::move(s), next);
    std::swap(now, next);
    if (now.empty())
      return;
  }
  llvm::SmallVector<ir::BlockId, 2> ways, others;
  for (ir::BlockId to : b.succs)
    (isGuidedAway(f, g, b, to) ? others : ways).push_back(to);
  for (State &s : now) {
    bool passed = false;
    for (size_t i = 0; i < ways.size(); ++i) {
      bool last = i + 1 == ways.size() && others.empty();
      passed |= arrive(act, ways[i], last ? std::move(s) : s);
    }
    // A condition that was known was no decision: only where some other path
    // had the choice it is one.
    for (size_t i = 0; i < others.size() && !passed; ++i)
      arrive(act, others[i], s);
  }
}

bool Engine::isGuidedAway(const ir::Function &f, const FunctionGraph &g,
                          const ir::Block &from, ir::BlockId to) const {
  if (!options.guide || from.succs.size() < 2)
    return false;
  auto onPath = [&](ir::BlockId id) {
    const ir::Block &b = f.blocks[id.value];
    for (uint32_t i = 0; i < g.blocks[id.value].leadingAssumes; ++i)
      if (options.guide->contains(&b.instrs[i]))
        return true;
    return false;
  };
  return !onPath(to) && llvm::any_of(from.succs, onPath);
}

void Engine::leave(Activation &act, State state, bool raised) {
  const ir::Function &f = graph.unit.functions[act.function];
  const ir::Instr *last = state.leaving;
  if (raised) {
    // Where it left this function: the call, when a callee let it through.
    const TraceNode *t = state.raise.trace;
    last = t ? t->instr : nullptr;
  }
  Span span = last ? last->span : f.endSpan;
  bool outermost = act.caller == nullptr;
  if (raised && outermost) {
    reportUnhandled(act, state);
    // The exception ends the path, unless it is meant for a caller we do not
    // see.
    if (!state.raise.deliberate)
      return;
  }
  TermId resultObject;
  if (f.result && !raised)
    resultObject = terms.object(Origin::Local, act.function, f.result.value);
  auto isRoot = [&](TermId id) {
    const Term &t = terms[id];
    if (t.kind == TermKind::Symbol)
      return true;
    if (t.origin == Origin::Local)
      return resultObject.valid() && t.b == terms[resultObject].b &&
             t.a == act.function;
    return t.origin == Origin::Global || t.origin == Origin::Canonical;
  };
  state.temps.clear();
  llvm::SmallVector<TermId, 4> candidates;
  for (const ObjectState &o : state.objects)
    if (o.owned && !o.escaped && leakRule(o).valid())
      candidates.push_back(o.base);
  if (!candidates.empty()) {
    if (raised && !state.raise.deliberate && !state.raise.chain.empty())
      leavingBy = state.raise.chain.back();
    State visible = state;
    checkLeaks(act, span, state, visible, isRoot, candidates);
    leavingBy.reset();
  }
  if (outermost) {
    if (!raised)
      checkBalance(act, span, state);
    for (const ObjectState &o : state.objects)
      noteKept(act, state, o);
    return;
  }
  dropInner(act, state);
  // What nobody outside can get at is of no interest there.
  std::erase_if(state.store, [&](const Entry &e) {
    TermId root = terms.root(e.base);
    return terms[root].origin == Origin::Local &&
           terms[root].a == act.function && !isRoot(root);
  });
  AtomSet live = reachable(state, terms, isRoot);
  std::erase_if(state.objects, [&](const ObjectState &o) {
    TermId root = terms.root(o.base);
    return !live.contains(root.value) && !isRoot(root) && !o.lostAt;
  });
  trim(state);
  (raised ? act.raised : act.returned).push_back(std::move(state));
}

/// No handler takes the exception that `state` carries, on this path.
void Engine::reportUnhandled(Activation &act, const State &state) {
  if (!state.raise.ifUncaught.valid())
    return;
  const ir::Instr *origin = state.raise.origin;
  ReportArgs args;
  if (origin->callee)
    args.callee = graph.unit.decls[origin->callee.value].name;
  if (!origin->argTexts.empty())
    args.object = origin->argTexts[0];
  reportAt(act, origin->span, state, state.raise.ifUncaught, args,
           state.raise.trace);
  unhandled.push_back(
      {{state.raise.ifUncaught.value, origin->span, args.object},
       state.raise.chain});
}

/// A filter that may take the exception counts as protection, also on the
/// paths on which it does not.
void Engine::settleUnhandled(EntryResult &r) {
  std::set<ReportKey> stands;
  for (const auto &[key, chain] : unhandled)
    if (std::none_of(chain.begin(), chain.end(),
                     [&](uint64_t link) { return handledHere.contains(link); }))
      stands.insert(key);
  for (const auto &[key, chain] : unhandled)
    if (!stands.contains(key))
      r.reports.erase(key);
  unhandled.clear();
  std::erase_if(r.reports, [&](const auto &p) {
    auto it = onlyIfHandled.find(p.first);
    return it != onlyIfHandled.end() &&
           llvm::none_of(it->second, [&](uint64_t link) {
             return handledOutside.contains(link);
           });
  });
}
