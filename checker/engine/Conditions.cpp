//===-- Conditions.cpp - expressions of contracts -------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;
using CExpr = contract::Expr;

TermId Engine::place(const Where &at, State &state, const CExpr &e,
                     const CallValues &values, uint8_t &size) {
  size = 8;
  if (e.kind == CExpr::Kind::Deref) {
    TermId address = value(at, state, *e.lhs, values);
    if (e.size)
      size = uint8_t(e.size);
    else if (e.lhs->kind == CExpr::Kind::Param &&
             e.lhs->index < at.instr->args.size()) {
      uint64_t s = at.instr->args[e.lhs->index].pointeeSize;
      if (s == 1 || s == 2 || s == 4)
        size = uint8_t(s);
    }
    return address;
  }
  TermId base = value(at, state, *e.lhs, values);
  ir::Type type;
  int64_t offset = graph.placeOffset(e.record, e.field, type);
  if (type.size == 1 || type.size == 2 || type.size == 4)
    size = uint8_t(type.size);
  return terms.isConst(base) ? base : terms.add(base, offset);
}

TermId Engine::value(const Where &at, State &state, const CExpr &e,
                     const CallValues &values) {
  using K = CExpr::Kind;
  switch (e.kind) {
  case K::Const:
    return terms.constant(e.value);
  case K::Param:
    return e.index < values.args.size() ? values.args[e.index]
                                        : terms.constant(0);
  case K::Result:
    return values.result.valid() ? values.result : terms.constant(0);
  case K::Irql:
    return resolve(state, terms, state.irql);
  case K::Deref:
  case K::Member: {
    uint8_t size = 8;
    TermId address = place(at, state, e, values, size);
    if (terms.isConst(terms.address(address).base))
      return terms.symbol(Origin::Result, {8, true, false}, at.key, 0x6000);
    ir::Type type{size == 8 ? ir::TypeKind::Pointer : ir::TypeKind::Int, false,
                  size};
    return resolve(state, terms, readMemory(at, state, address, type, 0, 0));
  }
  case K::FacetIs:
    return terms.constant(*holds(at, state, e, values));
  case K::Not:
    return terms.unary(ir::Op::LogicalNot, {4, true, false},
                       value(at, state, *e.lhs, values));
  default:
    break;
  }
  TermId a = value(at, state, *e.lhs, values);
  TermId b = value(at, state, *e.rhs, values);
  constexpr ValueType kWord{8, true, false};
  switch (e.kind) {
  case K::Eq:
    return terms.binary(ir::Op::Eq, kWord, a, b);
  case K::Ne:
    return terms.binary(ir::Op::Ne, kWord, a, b);
  case K::Lt:
    return terms.binary(ir::Op::Lt, kWord, a, b);
  case K::Le:
    return terms.binary(ir::Op::Le, kWord, a, b);
  case K::Gt:
    return terms.binary(ir::Op::Gt, kWord, a, b);
  case K::Ge:
    return terms.binary(ir::Op::Ge, kWord, a, b);
  case K::And:
  case K::BitAnd:
    return terms.binary(ir::Op::And, kWord, a, b);
  case K::Or:
  case K::BitOr:
    return terms.binary(ir::Op::Or, kWord, a, b);
  case K::Add:
    return terms.binary(ir::Op::Add, kWord, a, b);
  case K::Sub:
    return terms.binary(ir::Op::Sub, kWord, a, b);
  default:
    return terms.constant(0);
  }
}

std::optional<bool> Engine::holds(const Where &at, State &state, const CExpr &e,
                                  const CallValues &values) {
  using K = CExpr::Kind;
  switch (e.kind) {
  case K::FacetIs: {
    TermId p = value(at, state, *e.lhs, values);
    const ObjectState *o = state.object(p);
    // "is" means "is known to be".
    return o && o->facets[e.facet.value] == e.state;
  }
  case K::Not: {
    auto v = holds(at, state, *e.lhs, values);
    return v ? std::optional(!*v) : std::nullopt;
  }
  case K::And:
  case K::Or: {
    bool isAnd = e.kind == K::And;
    auto a = holds(at, state, *e.lhs, values);
    if (a && *a != isAnd)
      return a;
    auto b = holds(at, state, *e.rhs, values);
    if (b && *b != isAnd)
      return b;
    return a && b ? std::optional(isAnd) : std::nullopt;
  }
  default:
    return truthOf(state, terms,
                   resolve(state, terms, value(at, state, e, values)));
  }
}

bool Engine::assumeCondition(const Where &at, State &state, const CExpr &e,
                             const CallValues &values, bool truth) {
  using K = CExpr::Kind;
  auto known = holds(at, state, e, values);
  if (known)
    return *known == truth;
  switch (e.kind) {
  case K::Not:
    return assumeCondition(at, state, *e.lhs, values, !truth);
  case K::And:
  case K::Or:
    if ((e.kind == K::And) == truth)
      return assumeCondition(at, state, *e.lhs, values, truth) &&
             assumeCondition(at, state, *e.rhs, values, truth);
    // One of the two is `truth`; when one is known not to be, it is the other.
    if (holds(at, state, *e.lhs, values))
      return assumeCondition(at, state, *e.rhs, values, truth);
    if (holds(at, state, *e.rhs, values))
      return assumeCondition(at, state, *e.lhs, values, truth);
    return true;
  default: {
    TermId t = resolve(state, terms, value(at, state, e, values));
    // Nothing on the path says that the pointer may be null: then this
    // outcome is one the author does not reckon with.
    const Term &c = terms[t];
    if (truth && c.kind == TermKind::Binary && c.op == ir::Op::Eq &&
        terms.isConst(c.rhs()) && terms.constValue(c.rhs()) == 0 &&
        terms[c.lhs()].type.isPointer)
      return false;
    return assume(state, terms, t, truth);
  }
  }
}
