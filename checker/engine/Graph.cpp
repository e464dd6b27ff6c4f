//===-- Graph.cpp - what the solver asks about a graph --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Graph.h"

#include "contract/SalContract.h"

#include "engine/Components.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

#include <numeric>

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::ir;

namespace {

/// Appends `blocks`, as far as they are reached from `entry`, to `order`: a
/// weak topological order (Bourdoncle: Efficient chaotic iteration strategies,
/// 1993), in which all of a loop stands before what comes after it. The way
/// back to `entry` does not count.
void putInOrder(const Function &f, llvm::ArrayRef<uint32_t> blocks,
                uint32_t entry, std::vector<uint32_t> &order,
                llvm::function_ref<void(uint32_t)> isHead) {
  llvm::DenseMap<uint32_t, uint32_t> number;
  for (uint32_t i = 0; i < blocks.size(); ++i)
    number[blocks[i]] = i;
  std::vector<std::vector<uint32_t>> next(blocks.size());
  llvm::BitVector loops{unsigned(blocks.size())}; // to itself
  for (uint32_t i = 0; i < blocks.size(); ++i) {
    const Block &block = f.blocks[blocks[i]];
    auto add = [&](BlockId to) {
      auto it = to ? number.find(to.value) : number.end();
      if (it == number.end())
        return;
      if (it->second == i || to.value == entry)
        loops.set(it->second);
      if (to.value != entry)
        next[i].push_back(it->second);
    };
    for (BlockId to : block.succs)
      add(to);
    // What does nothing raises nothing.
    if (!block.instrs.empty())
      add(block.unwind);
  }
  if (loops.test(number[entry]))
    isHead(entry);
  // They come last first.
  auto found = components(next, number[entry]);
  for (std::vector<uint32_t> &c : llvm::reverse(found)) {
    // Where it was come upon first is where it is entered.
    uint32_t head = blocks[c.back()];
    if (c.size() == 1 && (head == entry || !loops.test(c.back()))) {
      order.push_back(head);
      continue;
    }
    for (uint32_t &member : c)
      member = blocks[member];
    putInOrder(f, c, head, order, isHead);
  }
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

} // namespace

void UnitGraph::readAnnotations(const contract::RuleSet &rules) {
  for (const FunctionDecl &d : unit.decls) {
    annotated.push_back(nullptr);
    if (d.annotations.empty())
      continue;
    contract::SalReading reading =
        contract::readSal(d.name, d.paramNames, d.annotations, rules);
    if (!reading.contract)
      continue;
    ownAnnotated.push_back(std::move(*reading.contract));
    annotated.back() = &ownAnnotated.back();
  }
}

std::pair<int, int> UnitGraph::entryLevels(uint32_t function) const {
  constexpr int kPassive = 0, kDispatch = 2, kHigh = 15;
  const contract::Contract *c = annotated[unit.functions[function].decl.value];
  int lo = kPassive, hi = kHigh;
  if (c)
    for (const contract::IrqlRequirement &r : c->irql)
      if (!r.when) {
        lo = std::max(lo, r.min);
        hi = r.max >= 0 ? std::min(hi, r.max) : hi;
      }
  if (hi == kHigh)
    hi = std::max(lo, kDispatch);
  // They contradict each other.
  if (lo > hi)
    return {kPassive, kDispatch};
  return {lo, hi};
}

UnitGraph::UnitGraph(const Unit &unit, const contract::RuleSet &rules)
    : unit(unit) {
  contracts.reserve(unit.decls.size());
  for (const FunctionDecl &d : unit.decls)
    contracts.push_back(rules.contractFor(d.name));
  readAnnotations(rules);
  callbacks.emplace(unit, rules, contracts);
  findPagedCode(rules);
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
        if (s.field == field.name && s.record == field.record &&
            !(s.ofFacet && isFilledHere(FieldId(uint32_t(f)), s)))
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

/// Does the unit itself put something into the member of a record that it did
/// not make? Then what lies there need not have come with the record.
bool UnitGraph::isFilledHere(FieldId field,
                             const contract::Automaton::Source &source) const {
  auto makes = [&](const Instr &call) {
    if (call.kind != InstrKind::Call || !call.callee)
      return false;
    const contract::Contract *c = contracts[call.callee.value];
    return c && llvm::any_of(c->outcomes, [&](const contract::Outcome &o) {
             return llvm::any_of(o.facets, [&](const auto &e) {
               return e.facet == source.ofFacet && e.state &&
                      e.state != source.ofState;
             });
           });
  };
  return llvm::any_of(unit.functions, [&](const Function &f) {
    bool fills = false;
    for (const Block &b : f.blocks)
      for (const Instr &i : b.instrs) {
        if (makes(i))
          return false;
        if (i.kind != InstrKind::Store || !i.addr)
          continue;
        const Expr &to = f.exprs[i.addr.value], &from = f.exprs[i.value.value];
        fills |= to.kind == ExprKind::FieldAddr && to.field() == field &&
                 from.kind != ExprKind::Int;
      }
    return fills;
  });
}

std::vector<DeclId> UnitGraph::calleesOf(const Function &f,
                                         const Instr &call) const {
  if (call.kind != InstrKind::Call)
    return {};
  if (call.callee)
    return {call.callee};
  return callbacks->targetsOf(f, call.target);
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

int64_t UnitGraph::placeOffset(llvm::StringRef record, llvm::StringRef field,
                               Type &type) const {
  if (int64_t offset = fieldOffset(record, field, type); offset >= 0)
    return offset;
  uint64_t h = 1469598103934665603ull;
  for (llvm::StringRef part : {record, llvm::StringRef("::"), field})
    for (char c : part)
      h = (h ^ uint8_t(c)) * 1099511628211ull;
  return -int64_t(1) - int64_t((h % 100000000ull) * 16);
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
