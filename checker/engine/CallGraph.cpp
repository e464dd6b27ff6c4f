//===-- CallGraph.cpp - what matters of which function --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Components.h"
#include "engine/Graph.h"

#include "llvm/ADT/STLExtras.h"

#include <numeric>
#include <optional>

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::ir;

namespace {

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
        for (DeclId callee : calleesOf(f, i))
          if (bodyOf(callee) >= 0 &&
              unit.decls[f.decl.value].body != bodyOf(callee)) {
            called.set(unsigned(bodyOf(callee)));
            callers[unsigned(bodyOf(callee))].push_back(
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

/// Members an effect names matter where the function has to do with them.
bool UnitGraph::looksAt(const Function &f, const contract::Expr &object) const {
  if (object.kind != contract::Expr::Kind::Member)
    return true;
  auto isIt = [&](const contract::Expr &e) {
    return e.kind == contract::Expr::Kind::Member && e.field == object.field &&
           e.record == object.record;
  };
  for (const Block &b : f.blocks)
    for (const Instr &i : b.instrs) {
      if ((i.kind == InstrKind::Load || i.kind == InstrKind::Store) &&
          f.exprs[i.addr.value].kind == ExprKind::FieldAddr) {
        const Field &field = unit.fields[f.exprs[i.addr.value].index];
        if (field.name == object.field && field.record == object.record)
          return looksAt(f, *object.lhs);
      }
      const contract::Contract *c = i.kind == InstrKind::Call && i.callee
                                        ? contracts[i.callee.value]
                                        : nullptr;
      if (!c)
        continue;
      for (const contract::Outcome &o : c->outcomes)
        for (const contract::Assignment &a : o.assigns)
          if (isIt(*a.place) || (a.value && isIt(*a.value)))
            return looksAt(f, *object.lhs);
    }
  return false;
}

/// What calling something with this contract matters to.
void UnitGraph::addContract(uint32_t function, const Instr &call,
                            const contract::Contract &c, bool unwinds) {
  Relevance &r = own[function];
  r.irqlLimit |= !c.irql.empty();
  for (const contract::Outcome &o : c.outcomes) {
    if (o.when && fixedValue(unit.functions[function], call, *o.when) == 0)
      continue;
    r.raises |= o.kind == contract::Outcome::Kind::Raises && unwinds;
    r.facets |= o.ifUncaught.valid() || o.ifAccessed.valid();
    r.locks |= !o.locks.empty();
    for (const auto &a : o.assigns)
      r.irqlChange |= a.place->kind == contract::Expr::Kind::Irql;
    // What only acts on objects that are tracked already starts nothing.
    if (o.when && asksFacet(*o.when))
      continue;
    for (const auto &e : o.facets) {
      if (!(keyFacets >> e.facet.value & 1))
        continue;
      bool isMember = e.object->kind == contract::Expr::Kind::Member;
      (isMember ? r.members : r.facets) = true;
    }
  }
}

void UnitGraph::findRelevance() {
  size_t n = unit.functions.size();
  own.resize(n);
  callees.resize(n);
  raisers.resize(n);
  looks.resize(unsigned(n));
  std::vector<const contract::Expr *> members;
  for (const contract::Contract *c : contracts)
    for (const contract::Outcome &o :
         c ? c->outcomes : std::vector<contract::Outcome>())
      for (const auto &e : o.facets)
        if (e.object->kind == contract::Expr::Kind::Member &&
            keyFacets >> e.facet.value & 1)
          members.push_back(e.object.get());
  for (size_t f = 0; f < n; ++f) {
    for (const contract::Expr *e : members)
      if (!looks.test(unsigned(f)) && looksAt(unit.functions[f], *e))
        looks.set(unsigned(f));
    Relevance &r = own[f];
    r.weight = uint32_t(unit.functions[f].blocks.size());
    // It begins where a limit may be broken already.
    r.irqlChange = entryLevels(uint32_t(f)).first > 0;
    for (const FunctionGraph::BlockInfo &b : functions[f].blocks)
      r.loops |= b.loopHead;
    llvm::BitVector out =
        reaching(unit.functions[f], {unit.functions[f].unwindExit.value}, true);
    for (const Block &b : unit.functions[f].blocks)
      for (const Instr &i : b.instrs)
        for (DeclId callee : calleesOf(unit.functions[f], i)) {
          bool unwinds = b.unwind && out.test(b.unwind.value);
          const contract::Contract *annotations = annotated[callee.value];
          if (const contract::Contract *c = contracts[callee.value])
            addContract(uint32_t(f), i, *c, unwinds);
          else if (int body = unit.decls[callee.value].body;
                   body >= 0 && !i.isVirtual) {
            r.irqlLimit |= annotations && !annotations->irql.empty();
            callees[f].push_back(uint32_t(body));
            if (unwinds)
              raisers[f].push_back(uint32_t(body));
          } else if (annotations && !i.isVirtual) {
            addContract(uint32_t(f), i, *annotations, unwinds);
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
    r.locks |= callee.locks;
    r.members |= callee.members;
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
  r.facets |= r.members && looks.test(function);
  relevance[function] = r;
}

void UnitGraph::findOrder() {
  size_t n = unit.functions.size();
  std::vector<std::vector<uint32_t>> next = callees;
  next.emplace_back(n);
  std::iota(next.back().begin(), next.back().end(), 0); // reaches all
  component.resize(n + 1);
  uint32_t number = 0;
  for (const std::vector<uint32_t> &c : components(next, uint32_t(n))) {
    for (uint32_t f : c) {
      component[f] = number;
      if (f != n)
        bottomUp.push_back(f);
    }
    ++number;
  }
}

//===----------------------------------------------------------------------===//
// Reaching one instruction
//===----------------------------------------------------------------------===//

static bool isIndirect(const Instr &i) {
  return i.kind == InstrKind::Call && !i.callee && i.target;
}

uint32_t UnitGraph::functionOf(uint32_t key) const {
  // Keys are given out function by function, and each has an entry block.
  auto after = llvm::partition_point(functions, [&](const FunctionGraph &g) {
    return g.firstKey.front() <= key;
  });
  return uint32_t(after - functions.begin()) - 1;
}

const Instr &UnitGraph::instrAt(uint32_t key) const {
  uint32_t f = functionOf(key);
  const std::vector<uint32_t> &first = functions[f].firstKey;
  auto after =
      llvm::partition_point(first, [&](uint32_t k) { return k <= key; });
  size_t block = size_t(after - first.begin()) - 1;
  return unit.functions[f].blocks[block].instrs[key - first[block]];
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
  add(graph.functionOf(site));
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
