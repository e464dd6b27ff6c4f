//===-- Nulls.cpp - results of calls that failed --------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A null that a call gave which failed remembers that call (TermTable::failed),
// wherever it is stored or handed to.
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;

/// What `id` is without conversions and offsets.
static ir::ExprId withoutOffset(const ir::Function &f, ir::ExprId id) {
  while (id) {
    const ir::Expr &e = f.exprs[id.value];
    if (e.kind != ir::ExprKind::Cast && e.kind != ir::ExprKind::FieldAddr &&
        e.kind != ir::ExprKind::IndexAddr && e.kind != ir::ExprKind::Binary)
      break;
    id = e.lhs;
  }
  return id;
}

bool Engine::isNull(const State &state, TermId address) {
  TermId base = terms.address(resolve(state, terms, address)).base;
  while (terms[base].kind == TermKind::Element)
    base = terms.address(terms[base].lhs()).base;
  return terms.isConst(base) && terms.constValue(base) >= 0 &&
         terms.constValue(base) < 0x10000;
}

/// `address`, which the author calls `pointer`, is null: was a call to say so
/// that has a rule for that?
void Engine::reportNull(const Where &at, const State &state, TermId address,
                        ir::ExprId pointer) {
  uint32_t site = terms.failedAt(address);
  if (!site)
    return;
  const ir::Instr &call = graph.instrAt(site);
  ReportArgs args;
  args.callee = graph.unit.decls[call.callee.value].name;
  args.object =
      nameOf(at.function, at.graph, withoutOffset(at.function, pointer));
  // A temporary is named after the place that it was read from.
  if (llvm::StringRef(args.object).starts_with("*"))
    args.object.erase(0, 1);
  if (args.object.empty())
    args.object = "the result";
  // With it in view the outcomes of the call are told apart.
  args.site = site;
  for (const contract::Outcome &o :
       graph.contracts[call.callee.value]->outcomes)
    if (o.ifAccessed.valid()) {
      report(at, state, o.ifAccessed, args);
      return;
    }
}
