//===-- Holding.cpp - objects that stay behind in memory ------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where an object is kept when the function that made it is done: whether
// anybody ever releases it from there is a question to the whole program.
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;

/// The member that an address expression names, also of an array of them.
static ir::FieldId memberOf(const ir::Function &f, ir::ExprId addr) {
  while (addr) {
    const ir::Expr &e = f.exprs[addr.value];
    if (e.kind == ir::ExprKind::FieldAddr)
      return e.field();
    if (e.kind != ir::ExprKind::IndexAddr && e.kind != ir::ExprKind::Cast)
      return {};
    addr = e.lhs;
  }
  return {};
}

/// `value` was stored at `address`.
void Engine::noteHolder(const Where &at, State &state, TermId address,
                        TermId value) {
  ObjectState *o = state.object(value);
  if (!o)
    return;
  const Term &root = terms[terms.root(terms.address(address).base)];
  ir::FieldId field = memberOf(at.function, at.instr->addr);
  if (!field) {
    // A variable of ours holds nothing for others; neither does that of a
    // caller, who sees what he gets (noteHolders).
    o->handedOn |= root.origin != Origin::Local &&
                   root.origin != Origin::Canonical &&
                   root.origin != Origin::Parameter;
    return;
  }
  if (graph.unit.fields[field.value].inSystemHeader) {
    o->handedOn |= root.origin != Origin::Local;
    return;
  }
  o->handedOn |= o->heldIn.valid() && o->heldIn != field;
  o->heldIn = field;
  o->heldAt = at.instr;
  o->heldBy = at.act.function;
}

/// What a callee stored through pointers to members it was given.
void Engine::noteHolders(const Where &at, const CallValues &values,
                         State &state) {
  if (state.objects.empty())
    return;
  for (size_t n = 0; n < values.args.size() && n < at.instr->args.size(); ++n) {
    ir::FieldId field = memberOf(at.function, at.instr->args[n].value);
    if (!field || graph.unit.fields[field.value].inSystemHeader)
      continue;
    Address a = terms.address(values.args[n]);
    const Entry *e = state.find({a.base, a.offset, TermId(), 8});
    ObjectState *o = e ? state.object(e->value) : nullptr;
    if (!o || o->heldIn == field)
      continue;
    o->handedOn |= o->heldIn.valid();
    o->heldIn = field;
    o->heldAt = at.instr;
    o->heldBy = at.act.function;
  }
}

void Engine::noteKept(const Activation &act, const State &state,
                      const ObjectState &o) {
  if (!o.heldIn || o.handedOn || !o.owned)
    return;
  contract::RuleId rule = leakRule(o);
  if (!rule || rules.rule(rule).kept.empty())
    return;
  ReportKey key{rule.value, o.heldAt->span, objectName(o)};
  if (result->kept.contains(key))
    return;
  ReportArgs args;
  args.object = objectName(o);
  contract::Finding finding =
      makeFinding(act, o.heldAt->span, rule, args, state.trace);
  finding.function = graph.unit.declOf(graph.unit.functions[o.heldBy]).name;
  const ir::Field &field = graph.unit.fields[o.heldIn.value];
  std::string text = rules.rule(rule).kept;
  for (auto [placeholder, value] :
       {std::pair<std::string, std::string>("{object}", args.object),
        {"{field}", field.record + "::" + field.name}})
    if (size_t pos = text.find(placeholder); pos != std::string::npos)
      text.replace(pos, placeholder.size(), value);
  finding.message = text;
  finding.precision = contract::Precision::Medium;
  finding.path.back().message = text;
  finding.path.back().function = finding.function;
  result->kept.emplace(key, Kept{o.heldIn, std::move(finding)});
}
