//===-- Graph.cpp - what the solver asks about a graph --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Graph.h"

#include "llvm/ADT/GraphTraits.h"
#include "llvm/ADT/SCCIterator.h"
#include "llvm/ADT/STLExtras.h"

#include <functional>
#include <numeric>
#include <optional>

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::ir;

namespace {

struct Node {
  uint32_t id = 0;
  std::vector<Node *> next;
};

} // namespace

template <> struct llvm::GraphTraits<Node *> {
  using NodeRef = Node *;
  using ChildIteratorType = std::vector<Node *>::iterator;
  static NodeRef getEntryNode(NodeRef node) { return node; }
  static ChildIteratorType child_begin(NodeRef node) {
    return node->next.begin();
  }
  static ChildIteratorType child_end(NodeRef node) { return node->next.end(); }
};

namespace {

/// Appends `blocks`, as far as they are reached from `entry`, to `order`: a
/// weak topological order (Bourdoncle: Efficient chaotic iteration strategies,
/// 1993), in which all of a loop stands before what comes after it. The way
/// back to `entry` does not count.
void putInOrder(const Function &f, llvm::ArrayRef<uint32_t> blocks,
                uint32_t entry, std::vector<uint32_t> &order,
                llvm::function_ref<void(uint32_t)> isHead) {
  std::vector<Node> nodes(blocks.size());
  llvm::DenseMap<uint32_t, Node *> nodeOf;
  for (size_t i = 0; i < blocks.size(); ++i) {
    nodes[i].id = blocks[i];
    nodeOf[blocks[i]] = &nodes[i];
  }
  auto mayRaise = [&](uint32_t block) {
    return !f.blocks[block].instrs.empty();
  };
  auto goes = [&](uint32_t from, uint32_t to) {
    return llvm::is_contained(f.blocks[from].succs, BlockId(to)) ||
           (mayRaise(from) && f.blocks[from].unwind == BlockId(to));
  };
  bool loopsToEntry = false;
  for (Node &node : nodes) {
    auto add = [&](BlockId to) {
      auto it = to ? nodeOf.find(to.value) : nodeOf.end();
      if (to == BlockId(entry))
        loopsToEntry = true;
      else if (it != nodeOf.end())
        node.next.push_back(it->second);
    };
    for (BlockId to : f.blocks[node.id].succs)
      add(to);
    if (mayRaise(node.id))
      add(f.blocks[node.id].unwind);
  }
  if (loopsToEntry)
    isHead(entry);
  // They come last first.
  std::vector<std::vector<uint32_t>> components;
  for (auto it = llvm::scc_begin(nodeOf[entry]); !it.isAtEnd(); ++it) {
    components.emplace_back();
    for (const Node *node : *it)
      components.back().push_back(node->id);
  }
  for (const std::vector<uint32_t> &c : llvm::reverse(components)) {
    // Where it was come upon first is where it is entered.
    uint32_t head = c.back();
    if (c.size() == 1 && (head == entry || !goes(head, head))) {
      order.push_back(head);
      continue;
    }
    putInOrder(f, c, head, order, isHead);
  }
}

/// Blocks from which one of `targets` can be reached, unwinding included; with
/// `raised`, by an exception that is not handled on the way.
llvm::BitVector reaching(const Function &f, std::vector<uint32_t> targets,
                         bool raised = false) {
  auto handles = [&](uint32_t b) {
    return raised && llvm::any_of(f.blocks[b].instrs, [](const Instr &i) {
             return i.kind == InstrKind::Assume &&
                    i.assumeKind == AssumeKind::Handled;
           });
  };
  std::vector<std::vector<uint32_t>> preds(f.blocks.size());
  for (uint32_t b = 0; b < f.blocks.size(); ++b) {
    for (BlockId s : f.blocks[b].succs)
      preds[s.value].push_back(b);
    if (f.blocks[b].unwind)
      preds[f.blocks[b].unwind.value].push_back(b);
  }
  llvm::BitVector reached(unsigned(f.blocks.size()));
  for (uint32_t b : targets)
    reached.set(b);
  while (!targets.empty()) {
    uint32_t b = targets.back();
    targets.pop_back();
    for (uint32_t p : preds[b])
      if (!reached.test(p) && !handles(p)) {
        reached.set(p);
        targets.push_back(p);
      }
  }
  return reached;
}

/// Temporaries and locals an expression reads.
struct Uses {
  llvm::BitVector temps;
  llvm::BitVector locals; ///< whose address occurs
};

void collect(const Function &f, ExprId id, Uses &uses) {
  if (!id)
    return;
  const Expr &e = f.exprs[id.value];
  if (e.kind == ExprKind::Temp)
    uses.temps.set(e.index);
  else if (e.kind == ExprKind::LocalAddr)
    uses.locals.set(e.index);
  collect(f, e.lhs, uses);
  collect(f, e.rhs, uses);
}

/// The local that `addr` names directly, or lies in at a constant place.
LocalId localOf(const Function &f, ExprId addr, bool &whole) {
  whole = true;
  while (addr) {
    const Expr &e = f.exprs[addr.value];
    if (e.kind == ExprKind::LocalAddr)
      return e.local();
    if (e.kind != ExprKind::FieldAddr)
      return {};
    whole = false;
    addr = e.lhs;
  }
  return {};
}

struct Effects {
  Uses read;             ///< temps read; locals read
  llvm::BitVector taken; ///< locals whose address goes somewhere
  TempId defines;
  LocalId writes; ///< wholly
};

Effects effectsOf(const Function &f, const Instr &i) {
  Effects r;
  r.read.temps.resize(f.numTemps);
  r.read.locals.resize(f.locals.size());
  r.taken.resize(f.locals.size());
  auto use = [&](ExprId id) {
    Uses u{llvm::BitVector(f.numTemps), llvm::BitVector(f.locals.size())};
    collect(f, id, u);
    r.read.temps |= u.temps;
    r.taken |= u.locals;
  };
  bool whole = false;
  switch (i.kind) {
  case InstrKind::Load:
    if (LocalId l = localOf(f, i.addr, whole))
      r.read.locals.set(l.value);
    else
      use(i.addr);
    r.defines = i.dst;
    break;
  case InstrKind::Store:
  case InstrKind::Zero:
    if (LocalId l = localOf(f, i.addr, whole)) {
      if (whole && i.bitWidth == 0)
        r.writes = l;
    } else {
      use(i.addr);
    }
    if (i.kind == InstrKind::Store)
      use(i.value);
    break;
  case InstrKind::Copy:
    if (LocalId l = localOf(f, i.addr, whole)) {
      if (whole)
        r.writes = l;
    } else {
      use(i.addr);
    }
    if (LocalId l = localOf(f, i.value, whole))
      r.read.locals.set(l.value);
    else
      use(i.value);
    break;
  case InstrKind::Call:
    use(i.target);
    for (const CallArg &a : i.args)
      use(a.value);
    if (!localOf(f, i.resultAddr, whole))
      use(i.resultAddr);
    r.defines = i.dst;
    break;
  case InstrKind::Assume:
    use(i.value);
    break;
  case InstrKind::Havoc:
    r.defines = i.dst;
    break;
  case InstrKind::EndLifetime:
    break;
  }
  return r;
}

/// What `e` is whatever the state, when the call passes constants there.
std::optional<int64_t> fixedValue(const Function &f, const Instr &call,
                                  const contract::Expr &e) {
  using K = contract::Expr::Kind;
  if (e.kind == K::Const)
    return e.value;
  if (e.kind == K::Param) {
    if (e.index >= call.args.size())
      return std::nullopt;
    ExprId id = call.args[e.index].value;
    while (id && f.exprs[id.value].kind == ExprKind::Cast)
      id = f.exprs[id.value].lhs;
    if (id && f.exprs[id.value].kind == ExprKind::Int)
      return f.exprs[id.value].value;
    return std::nullopt;
  }
  std::optional<int64_t> a, b;
  if (e.lhs)
    a = fixedValue(f, call, *e.lhs);
  if (e.rhs)
    b = fixedValue(f, call, *e.rhs);
  if (e.kind == K::Not && a)
    return !*a;
  if (e.kind == K::And && (a == 0 || b == 0))
    return 0;
  if (!a || !b)
    return std::nullopt;
  int64_t x = *a, y = *b;
  switch (e.kind) {
  case K::And:
    return x && y;
  case K::Or:
    return x || y;
  case K::Eq:
    return x == y;
  case K::Ne:
    return x != y;
  case K::BitAnd:
    return x & y;
  case K::BitOr:
    return x | y;
  default:
    return std::nullopt;
  }
}

bool asksFacet(const contract::Expr &e) {
  return e.kind == contract::Expr::Kind::FacetIs ||
         (e.lhs && asksFacet(*e.lhs)) || (e.rhs && asksFacet(*e.rhs));
}

} // namespace

UnitGraph::UnitGraph(const Unit &unit, const contract::RuleSet &rules)
    : unit(unit) {
  contracts.reserve(unit.decls.size());
  for (const FunctionDecl &d : unit.decls)
    contracts.push_back(rules.contractFor(d.name));
  auto isKey = [&](contract::FacetId f) { keyFacets |= 1u << f.value; };
  for (const contract::Automaton &a : rules.automata) {
    for (const auto &l : a.leaks)
      isKey(l.facet);
    for (const auto &u : a.uses)
      isKey(u.facet);
  }
  for (const auto &[name, c] : rules.contracts())
    for (const auto &r : c.requirements)
      if (!r.orElse.empty())
        isKey(r.facet);
  views.resize(unit.fields.size());
  sources.resize(unit.fields.size());
  viewFields.resize(rules.automata.size());
  for (size_t a = 0; a < rules.automata.size(); ++a) {
    const contract::Automaton &automaton = rules.automata[a];
    for (size_t f = 0; f < unit.fields.size(); ++f) {
      const Field &field = unit.fields[f];
      for (const auto &v : automaton.views)
        if (v.field == field.name && v.record == field.record) {
          if (views[f].empty())
            viewFields[a].push_back(FieldId(uint32_t(f)));
          views[f].push_back(&v);
          anyViews = true;
        }
      for (const auto &s : automaton.sources)
        if (s.field == field.name && s.record == field.record)
          sources[f].push_back(&s);
    }
  }
  functions.resize(unit.functions.size());
  uint32_t nextKey = 1;
  for (uint32_t i = 0; i < unit.functions.size(); ++i)
    buildFunction(i, nextKey);
  findEntries();
  findRelevance();
}

int64_t UnitGraph::fieldOffset(llvm::StringRef record, llvm::StringRef field,
                               Type &type) const {
  for (const Field &f : unit.fields)
    if (f.name == field && f.record == record) {
      type = f.type;
      return int64_t(f.offset);
    }
  return -1;
}

void UnitGraph::buildFunction(uint32_t index, uint32_t &nextKey) {
  const Function &f = unit.functions[index];
  FunctionGraph &g = functions[index];
  size_t n = f.blocks.size();
  g.blocks.resize(n);
  g.tempLoads.assign(f.numTemps, nullptr);
  g.addressTaken.resize(f.locals.size());
  g.firstKey.resize(n);
  std::vector<std::vector<uint32_t>> preds(n);
  for (uint32_t b = 0; b < n; ++b) {
    const Block &block = f.blocks[b];
    g.firstKey[b] = nextKey;
    nextKey += uint32_t(block.instrs.size()) + 1;
    for (BlockId s : block.succs)
      preds[s.value].push_back(b);
    while (g.blocks[b].leadingAssumes < block.instrs.size() &&
           block.instrs[g.blocks[b].leadingAssumes].kind == InstrKind::Assume)
      ++g.blocks[b].leadingAssumes;
  }

  std::vector<uint32_t> all(n), order;
  std::iota(all.begin(), all.end(), 0);
  putInOrder(f, all, f.entry.value, order,
             [&](uint32_t head) { g.blocks[head].loopHead = true; });
  for (size_t i = 0; i < order.size(); ++i)
    g.blocks[order[i]].order = uint32_t(i);
  for (uint32_t b = 0; b < n; ++b) {
    const Block &block = f.blocks[b];
    if (preds[b].size() > 1 || g.blocks[b].loopHead)
      g.blocks[b].join = true;
    if (block.unwind && block.unwind != f.unwindExit)
      g.blocks[block.unwind.value].join = true;
  }
  // Blocks from which the normal exit can be reached.
  std::vector<uint32_t> work{f.exit.value};
  g.blocks[f.exit.value].mayReachExit = true;
  while (!work.empty()) {
    uint32_t b = work.back();
    work.pop_back();
    for (uint32_t p : preds[b])
      if (!g.blocks[p].mayReachExit) {
        g.blocks[p].mayReachExit = true;
        work.push_back(p);
      }
  }

  // Liveness, backwards, over normal and unwind edges.
  struct BlockUse {
    llvm::BitVector useT, defT, useL, defL;
  };
  std::vector<BlockUse> uses(n);
  for (uint32_t b = 0; b < n; ++b) {
    BlockUse &u = uses[b];
    u.useT.resize(f.numTemps);
    u.defT.resize(f.numTemps);
    u.useL.resize(f.locals.size());
    u.defL.resize(f.locals.size());
    for (const Instr &i : f.blocks[b].instrs) {
      Effects e = effectsOf(f, i);
      g.addressTaken |= e.taken;
      llvm::BitVector t = e.read.temps;
      t.reset(u.defT);
      u.useT |= t;
      llvm::BitVector l = e.read.locals;
      l.reset(u.defL);
      u.useL |= l;
      if (e.defines)
        u.defT.set(e.defines.value);
      // An unwind edge may leave before the write: not a kill there. Writes
      // in blocks with a handler still kill for the normal edge, which is
      // what matters; the handler's needs are added below.
      if (e.writes)
        u.defL.set(e.writes.value);
      if (i.kind == InstrKind::Load && i.dst)
        g.tempLoads[i.dst.value] = &i;
    }
    g.blocks[b].liveLocals.resize(f.locals.size());
    g.blocks[b].liveTemps.resize(f.numTemps);
  }
  if (f.result)
    g.blocks[f.exit.value].liveLocals.set(f.result.value);
  bool changed = true;
  while (changed) {
    changed = false;
    for (uint32_t b : llvm::reverse(order)) {
      FunctionGraph::BlockInfo &info = g.blocks[b];
      llvm::BitVector t(f.numTemps), l(f.locals.size()), ut, ul;
      for (BlockId s : f.blocks[b].succs) {
        t |= g.blocks[s.value].liveTemps;
        l |= g.blocks[s.value].liveLocals;
      }
      t.reset(uses[b].defT);
      l.reset(uses[b].defL);
      t |= uses[b].useT;
      l |= uses[b].useL;
      if (f.blocks[b].unwind) {
        l |= g.blocks[f.blocks[b].unwind.value].liveLocals;
        t |= g.blocks[f.blocks[b].unwind.value].liveTemps;
      }
      if (f.result && f.exit.value == b)
        l.set(f.result.value);
      if (l != info.liveLocals || t != info.liveTemps) {
        info.liveLocals = l;
        info.liveTemps = t;
        changed = true;
      }
    }
  }
}

void UnitGraph::findEntries() {
  callers.resize(unit.functions.size());
  addressTaken.resize(unit.functions.size());
  llvm::BitVector called(unit.functions.size()), &taken = addressTaken;
  auto bodyOf = [&](DeclId d) -> int { return unit.decls[d.value].body; };
  for (const Function &f : unit.functions) {
    for (const Expr &e : f.exprs)
      if (e.kind == ExprKind::FunctionAddr && bodyOf(e.decl()) >= 0)
        taken.set(unsigned(bodyOf(e.decl())));
    for (const Block &b : f.blocks)
      for (const Instr &i : b.instrs)
        if (i.kind == InstrKind::Call && i.callee && bodyOf(i.callee) >= 0 &&
            unit.decls[f.decl.value].body != bodyOf(i.callee)) {
          called.set(unsigned(bodyOf(i.callee)));
          callers[unsigned(bodyOf(i.callee))].push_back(
              uint32_t(&f - unit.functions.data()));
        }
  }
  for (const Global &g : unit.globals)
    for (const GlobalInit &i : g.inits)
      if (i.kind == GlobalInit::Kind::FunctionAddr &&
          bodyOf(DeclId(i.index)) >= 0)
        taken.set(unsigned(bodyOf(DeclId(i.index))));
  for (uint32_t i = 0; i < unit.functions.size(); ++i) {
    const FunctionDecl &d = unit.declOf(unit.functions[i]);
    // Inline functions of system headers matter only to who calls them.
    if (d.inSystemHeader)
      continue;
    (!called.test(i) || taken.test(i) ? entries : others).push_back(i);
  }
}

void UnitGraph::findRelevance() {
  size_t n = unit.functions.size();
  own.resize(n);
  callees.resize(n);
  raisers.resize(n);
  for (size_t f = 0; f < n; ++f) {
    Relevance &r = own[f];
    r.weight = uint32_t(unit.functions[f].blocks.size());
    for (const FunctionGraph::BlockInfo &b : functions[f].blocks)
      r.loops |= b.loopHead;
    llvm::BitVector out =
        reaching(unit.functions[f], {unit.functions[f].unwindExit.value}, true);
    for (const Block &b : unit.functions[f].blocks)
      for (const Instr &i : b.instrs) {
        if (i.kind != InstrKind::Call || !i.callee)
          continue;
        const contract::Contract *c = contracts[i.callee.value];
        int body = unit.decls[i.callee.value].body;
        if (!c) {
          if (body >= 0 && !i.isVirtual)
            callees[f].push_back(uint32_t(body));
          if (body >= 0 && !i.isVirtual && b.unwind && out.test(b.unwind.value))
            raisers[f].push_back(uint32_t(body));
          continue;
        }
        r.irqlLimit |= !c->irql.empty();
        for (const contract::Outcome &o : c->outcomes) {
          if (o.when && fixedValue(unit.functions[f], i, *o.when) == 0)
            continue;
          r.raises |= o.kind == contract::Outcome::Kind::Raises && b.unwind &&
                      out.test(b.unwind.value);
          r.facets |= o.ifUncaught.valid();
          for (const auto &a : o.assigns)
            r.irqlChange |= a.place->kind == contract::Expr::Kind::Irql;
          // What only acts on objects that are tracked already starts nothing.
          if (o.when && asksFacet(*o.when))
            continue;
          for (const auto &e : o.facets)
            r.facets |= keyFacets >> e.facet.value & 1;
        }
      }
    llvm::sort(callees[f]);
    callees[f].erase(llvm::unique(callees[f]), callees[f].end());
  }
  findOrder();
  relevance = own;
  bool changed = true;
  while (changed) {
    changed = false;
    for (uint32_t f : bottomUp) {
      Relevance old = relevance[f];
      refresh(f);
      changed |= relevance[f] != old;
    }
  }
}

void UnitGraph::refresh(uint32_t function) {
  Relevance r = own[function];
  r.closed = relevance[function].closed;
  for (uint32_t c : callees[function]) {
    const Relevance &callee = relevance[c];
    r.irqlLimit |= callee.irqlLimit;
    r.loops |= callee.loops || component[c] == component[function];
    if (callee.closed)
      continue;
    r.facets |= callee.facets;
    r.irqlChange |= callee.irqlChange;
    uint32_t weight =
        component[c] == component[function] ? own[c].weight : callee.weight;
    r.weight = std::min(r.weight + weight, 100000u);
  }
  for (uint32_t c : raisers[function])
    r.raises |= relevance[c].raises && !relevance[c].closed;
  relevance[function] = r;
}

void UnitGraph::findOrder() {
  size_t n = unit.functions.size();
  std::vector<Node> nodes(n + 1);
  for (uint32_t f = 0; f < n; ++f) {
    nodes[f].id = f;
    for (uint32_t c : callees[f])
      nodes[f].next.push_back(&nodes[c]);
    nodes[n].next.push_back(&nodes[f]);
  }
  component.resize(n);
  uint32_t number = 0;
  for (auto it = llvm::scc_begin(&nodes[n]); !it.isAtEnd(); ++it, ++number)
    for (const Node *node : *it)
      if (node != &nodes[n]) {
        bottomUp.push_back(node->id);
        component[node->id] = number;
      }
}

//===----------------------------------------------------------------------===//
// Reaching one instruction
//===----------------------------------------------------------------------===//

static bool isIndirect(const Instr &i) {
  return i.kind == InstrKind::Call && !i.callee && i.target;
}

SiteReach::SiteReach(const UnitGraph &graph, uint32_t site)
    : graph(graph), site(site) {
  const Unit &unit = graph.unit;
  functions.resize(unit.functions.size());
  blocks.resize(unit.functions.size());
  std::vector<uint32_t> work;
  auto add = [&](uint32_t f) {
    if (!functions.test(f)) {
      functions.set(f);
      work.push_back(f);
    }
  };
  // Keys are given out function by function.
  for (uint32_t f = 0; f < unit.functions.size(); ++f) {
    const FunctionGraph &g = graph.functions[f];
    if (g.firstKey.empty() || g.firstKey.front() > site)
      break;
    if (site <= g.key(BlockId(uint32_t(g.firstKey.size() - 1)),
                      unit.functions[f].blocks.back().instrs.size()))
      add(f);
  }
  bool throughPointers = false;
  while (!work.empty()) {
    uint32_t f = work.back();
    work.pop_back();
    for (uint32_t caller : graph.callers[f])
      add(caller);
    if (!graph.addressTaken.test(f) || throughPointers)
      continue;
    throughPointers = true;
    for (uint32_t g = 0; g < unit.functions.size(); ++g)
      for (const Block &b : unit.functions[g].blocks)
        if (llvm::any_of(b.instrs, isIndirect))
          add(g);
  }
}

bool SiteReach::from(uint32_t function, BlockId block) {
  llvm::BitVector &reached = blocks[function];
  if (!reached.empty())
    return reached.test(block.value);
  const Function &f = graph.unit.functions[function];
  const FunctionGraph &g = graph.functions[function];
  bool pointers = functions.anyCommon(graph.addressTaken);
  std::vector<uint32_t> hits;
  for (uint32_t b = 0; b < f.blocks.size(); ++b) {
    const Block &from = f.blocks[b];
    bool hit =
        site >= g.firstKey[b] && site < g.key(BlockId(b), from.instrs.size());
    for (const Instr &i : from.instrs) {
      int body = i.callee ? graph.unit.decls[i.callee.value].body : -1;
      hit |= i.kind == InstrKind::Call && body >= 0 && within(uint32_t(body));
      hit |= pointers && isIndirect(i);
    }
    if (hit)
      hits.push_back(b);
  }
  reached = reaching(f, std::move(hits));
  return reached.test(block.value);
}
