//===-- StateValues.cpp - what is written, in terms of a state --*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "StateCheck.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::tests;
using namespace mdlcheck::domain;
using llvm::StringRef;
using PK = Pattern::Kind;

static bool isAggregate(const ir::Type &type) {
  return type.kind == ir::TypeKind::Aggregate;
}

Entry StateCheck::Place::entry(TermId value) const {
  uint8_t size = type.size && type.size <= 8 ? uint8_t(type.size) : 8;
  return {at.base, at.offset, value, size, bitOffset, bitWidth};
}

std::optional<uint32_t> StateCheck::global(StringRef name) const {
  for (uint32_t i = 0; i < unit.globals.size(); ++i)
    if (unit.globals[i].name == name)
      return i;
  return std::nullopt;
}

std::optional<StateCheck::Place> StateCheck::place(Scope &in,
                                                   const Pattern &p) const {
  Place at;
  TermId where;
  uint64_t extent = 0;
  if (p.kind == PK::Field) {
    TermId base = address(in, p.of[0], extent);
    if (!base.valid())
      return std::nullopt;
    where = terms.add(base, int64_t(unit.fields[p.field].offset));
    at.type = unit.fields[p.field].type;
  } else if (p.kind == PK::Element) {
    TermId base = address(in, p.of[0], extent);
    TermId index = value(in, p.of[1]);
    if (!base.valid() || !index.valid())
      return std::nullopt;
    where = terms.element(base, index, uint32_t(p.number), uint32_t(extent));
    uint64_t size = uint64_t(p.number);
    at.type = {size == 8  ? ir::TypeKind::Pointer
               : size < 8 ? ir::TypeKind::Int
                          : ir::TypeKind::Aggregate,
               false, size};
  } else if (p.kind == PK::Contents) {
    where = value(in, p.of[0]);
    if (!where.valid())
      return std::nullopt;
    at.type = {ir::TypeKind::Pointer, false, 8};
  } else if (p.kind == PK::Name && !in.names.contains(p.name)) {
    std::optional<uint32_t> g = global(p.name);
    if (!g) {
      in.error = "nothing is called '" + p.name + "'";
      return std::nullopt;
    }
    where = terms.object(Origin::Global, *g);
    at.type = unit.globals[*g].type;
  } else {
    in.error = "is no place";
    return std::nullopt;
  }
  if (p.type)
    at.type = *p.type;
  at.bitOffset = p.bitOffset;
  at.bitWidth = p.bitWidth;
  at.at = terms.address(resolve(in.state, terms, where));
  return at;
}

/// The address that `p` gives to what follows it: as in C, an array or a
/// structure gives its own, anything else what it holds.
TermId StateCheck::address(Scope &in, const Pattern &p,
                           uint64_t &extent) const {
  bool isPlace = p.kind == PK::Field || p.kind == PK::Element ||
                 (p.kind == PK::Name && !in.names.contains(p.name));
  if (isPlace) {
    std::optional<Place> at = place(in, p);
    if (!at)
      return TermId();
    if (isAggregate(at->type)) {
      extent = at->type.size;
      return terms.addressTerm(at->at);
    }
  }
  return value(in, p);
}

TermId StateCheck::contents(Scope &in, const Place &at) const {
  Entry want = at.entry(TermId());
  if (const Entry *e = in.state.find(want))
    return e->value;
  for (const Entry &e : in.state.store)
    if (e.base == want.base && e.offset < want.offset + want.size &&
        want.offset < e.offset + e.size && !(e.bitWidth && want.bitWidth)) {
      in.error = "is not kept as one value";
      return TermId();
    }
  if (in.state.isZero(want.base, want.offset, want.size))
    return terms.constant(0);
  // As the engine names what it reads for the first time.
  return terms.initial(at.at, valueType(at.type),
                       at.bitWidth ? at.bitOffset + 1 : 0,
                       in.state.epoch(terms.root(at.at.base)));
}

TermId StateCheck::value(Scope &in, const Pattern &p) const {
  TermId v;
  switch (p.kind) {
  case PK::Number:
    return terms.constant(p.number);
  case PK::Address: {
    if (std::optional<uint32_t> g = global(p.name))
      return terms.object(Origin::Global, *g);
    for (uint32_t i = 0; i < unit.decls.size(); ++i)
      if (unit.decls[i].name == p.name)
        return terms.object(Origin::Function, i);
    auto it = in.names.find("&" + p.name);
    if (it != in.names.end())
      return it->second;
    if (!in.nextSymbol) {
      in.error = "nothing is called '&" + p.name + "'";
      return TermId();
    }
    return in.names["&" + p.name] =
               terms.object(Origin::Canonical, (*in.nextSymbol)++);
  }
  case PK::Result: {
    const ir::Function &f = unit.functions[function];
    for (const Entry &e : in.state.store)
      if (f.result && !in.raised && e.offset == 0 &&
          e.base == terms.object(Origin::Local, function, f.result.value))
        v = e.value;
    break;
  }
  case PK::Code:
    if (in.raised)
      v = in.state.raise.code;
    break;
  case PK::Irql:
    v = in.state.irql;
    break;
  case PK::Name:
    if (auto it = in.names.find(p.name); it != in.names.end()) {
      v = it->second;
      break;
    }
    [[fallthrough]];
  case PK::Field:
  case PK::Element:
  case PK::Contents: {
    std::optional<Place> at = place(in, p);
    if (!at)
      return TermId();
    if (isAggregate(at->type)) {
      in.error = "is no single value";
      return TermId();
    }
    v = contents(in, *at);
    break;
  }
  case PK::Unary:
  case PK::Binary:
  case PK::Cast: {
    TermId a = value(in, p.of[0]);
    TermId b = p.of.size() > 1 ? value(in, p.of[1]) : a;
    if (!a.valid() || !b.valid())
      return TermId();
    ValueType type = terms[terms.isConst(a) ? b : a].type;
    if (p.kind == PK::Cast)
      v = terms.cast(valueType(*p.type), a);
    else if (p.kind == PK::Unary)
      v = terms.unary(p.op, type, a);
    else
      v = terms.binary(p.op, type, a, b);
    break;
  }
  }
  if (!v.valid()) {
    if (in.error.empty())
      in.error = "there is none";
    return v;
  }
  return resolve(in.state, terms, v);
}

/// The term an object is kept under.
TermId StateCheck::objectAt(Scope &in, const Pattern &p) const {
  return value(in, p);
}

/// A name that stands for nothing yet.
bool StateCheck::isNew(const Scope &in, const Pattern &p) const {
  return p.kind == PK::Name && !in.names.contains(p.name) && !global(p.name);
}

/// Is `term` what `p` says? Names that are new are bound to what they meet:
/// different names to different values.
bool StateCheck::matches(Scope &in, const Pattern &p, TermId term) const {
  const Term t = terms[term];
  if (isNew(in, p)) {
    if (terms.isConst(term) || llvm::any_of(in.names, [&](const auto &known) {
          return known.second == term;
        }))
      return false;
    in.names[p.name] = term;
    return true;
  }
  switch (p.kind) {
  case PK::Unary:
    return t.kind == TermKind::Unary && t.op == p.op &&
           matches(in, p.of[0], t.lhs());
  case PK::Cast:
    return t.kind == TermKind::Cast && t.type == valueType(*p.type) &&
           matches(in, p.of[0], t.lhs());
  case PK::Binary: {
    if (t.kind != TermKind::Binary || t.op != p.op)
      return false;
    bool commutes = p.op != ir::Op::Sub && p.op != ir::Op::Lt &&
                    p.op != ir::Op::Div && p.op != ir::Op::Rem &&
                    p.op != ir::Op::Shl && p.op != ir::Op::Shr;
    Names before = in.names;
    if (matches(in, p.of[0], t.lhs()) && matches(in, p.of[1], t.rhs()))
      return true;
    in.names = before;
    return commutes && matches(in, p.of[0], t.rhs()) &&
           matches(in, p.of[1], t.lhs());
  }
  default: {
    TermId v = value(in, p);
    // A null that a failed call gave is one like any other.
    return v.valid() &&
           (v == term || (terms.isConst(v) && terms.isConst(term) &&
                          terms.constValue(v) == terms.constValue(term)));
  }
  }
}
