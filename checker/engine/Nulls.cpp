//===-- Nulls.cpp - results of calls that failed --------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Null is a number like any other in the state. Where it came from, the trace
// tells: the last call with an outcome that returns null, and whose result
// went to where the accessed pointer was read.
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/DenseSet.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;

namespace {

/// What `id` is without conversions and offsets.
ir::ExprId withoutOffset(const ir::Function &f, ir::ExprId id) {
  while (id) {
    const ir::Expr &e = f.exprs[id.value];
    if (e.kind != ir::ExprKind::Cast && e.kind != ir::ExprKind::FieldAddr &&
        e.kind != ir::ExprKind::IndexAddr && e.kind != ir::ExprKind::Binary)
      break;
    id = e.lhs;
  }
  return id;
}

/// Do the two name the same place?
bool isSamePlace(const ir::Function &f, const FunctionGraph &g, ir::ExprId a,
                 ir::ExprId b) {
  if (!a || !b)
    return !a && !b;
  const ir::Expr &x = f.exprs[a.value], &y = f.exprs[b.value];
  if (x.kind != y.kind)
    return false;
  switch (x.kind) {
  case ir::ExprKind::LocalAddr:
  case ir::ExprKind::GlobalAddr:
    return x.index == y.index;
  case ir::ExprKind::FieldAddr:
    return x.index == y.index && isSamePlace(f, g, x.lhs, y.lhs);
  case ir::ExprKind::Temp: {
    const ir::Instr *first = g.tempLoads[x.index];
    const ir::Instr *second = g.tempLoads[y.index];
    return x.index == y.index ||
           (first && second && isSamePlace(f, g, first->addr, second->addr));
  }
  default:
    return false;
  }
}

/// Does the result of `call` become what `pointer` is: at once, or by way of
/// the place that `pointer` is read from?
bool isResult(const ir::Function &f, const FunctionGraph &g,
              const ir::Instr &call, ir::ExprId pointer) {
  const ir::Expr &e = f.exprs[pointer.value];
  if (!call.dst || e.kind != ir::ExprKind::Temp)
    return false;
  if (e.index == call.dst.value)
    return true;
  const ir::Instr *load = g.tempLoads[e.index];
  if (!load)
    return false;
  for (const ir::Block &block : f.blocks)
    for (const ir::Instr &i : block.instrs) {
      if (i.kind != ir::InstrKind::Store)
        continue;
      ir::ExprId value = i.value;
      while (f.exprs[value.value].kind == ir::ExprKind::Cast)
        value = f.exprs[value.value].lhs;
      const ir::Expr &stored = f.exprs[value.value];
      if (stored.kind == ir::ExprKind::Temp && stored.index == call.dst.value &&
          isSamePlace(f, g, i.addr, load->addr))
        return true;
    }
  return false;
}

} // namespace

bool Engine::isNull(const State &state, TermId address) {
  TermId base = terms.address(resolve(state, terms, address)).base;
  while (terms[base].kind == TermKind::Element)
    base = terms.address(terms[base].lhs()).base;
  return terms.isConst(base) && terms.constValue(base) >= 0 &&
         terms.constValue(base) < 0x10000;
}

/// The step at which the call failed that `pointer` has its null from, if a
/// rule says that this is to be looked at.
const TraceNode *Engine::sourceOfNull(const Where &at, const State &state,
                                      ir::ExprId pointer) const {
  pointer = withoutOffset(at.function, pointer);
  if (!pointer)
    return nullptr;
  llvm::DenseSet<const TraceNode *> seen;
  llvm::SmallVector<const TraceNode *, 8> work{state.trace};
  while (!work.empty()) {
    const TraceNode *node = work.pop_back_val();
    for (; node && seen.insert(node).second; node = node->prev) {
      if (node->kind == TraceNode::Kind::Join)
        work.push_back(node->sub);
      if (node->kind == TraceNode::Kind::Outcome &&
          node->outcome->ifAccessed.valid() &&
          node->function == at.act.function &&
          isResult(at.function, at.graph, *node->instr, pointer))
        return node;
    }
  }
  return nullptr;
}

void Engine::reportNull(const Where &at, const State &state,
                        ir::ExprId pointer) {
  const TraceNode *source = sourceOfNull(at, state, pointer);
  if (!source)
    return;
  ReportArgs args;
  args.object =
      nameOf(at.function, at.graph, withoutOffset(at.function, pointer));
  // A temporary is named after the place that it was read from.
  if (llvm::StringRef(args.object).starts_with("*"))
    args.object.erase(0, 1);
  if (args.object.empty())
    args.object = "the result";
  if (source->instr->callee)
    args.callee = graph.unit.decls[source->instr->callee.value].name;
  report(at, state, source->outcome->ifAccessed, args);
}
