//===-- Term.cpp - symbolic values ----------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "domain/Term.h"

#include "llvm/ADT/Hashing.h"
#include "llvm/Support/MathExtras.h"

#include <limits>
#include <optional>

using namespace mdlcheck;
using namespace mdlcheck::domain;
using ir::Op;

ValueType domain::valueType(const ir::Type &type) {
  switch (type.kind) {
  case ir::TypeKind::Pointer:
    return {8, false, true};
  case ir::TypeKind::Int:
    if (type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8)
      return {uint8_t(type.size), type.isSigned, false};
    return {8, true, false};
  default:
    return {8, true, false};
  }
}

int64_t domain::wrap(int64_t value, ValueType type) {
  if (type.size >= 8)
    return value;
  unsigned bits = type.size * 8;
  uint64_t low = uint64_t(value) & llvm::maskTrailingOnes<uint64_t>(bits);
  return type.isSigned ? llvm::SignExtend64(low, bits) : int64_t(low);
}

int64_t domain::minOf(ValueType type) {
  if (type.size >= 8)
    return std::numeric_limits<int64_t>::min();
  return type.isSigned ? -(int64_t(1) << (type.size * 8 - 1)) : 0;
}

int64_t domain::maxOf(ValueType type) {
  if (type.size >= 8)
    return std::numeric_limits<int64_t>::max();
  return type.isSigned ? (int64_t(1) << (type.size * 8 - 1)) - 1
                       : (int64_t(1) << (type.size * 8)) - 1;
}

Term TermTable::KeyInfo::getEmptyKey() {
  Term t;
  t.kind = TermKind(0xff);
  return t;
}
Term TermTable::KeyInfo::getTombstoneKey() {
  Term t;
  t.kind = TermKind(0xfe);
  return t;
}
unsigned TermTable::KeyInfo::getHashValue(const Term &t) {
  return unsigned(llvm::hash_combine(
      uint8_t(t.kind), uint8_t(t.op), uint8_t(t.origin), t.generation,
      t.type.key(), t.value, t.a, t.b, t.extent, t.extra));
}
bool TermTable::KeyInfo::isEqual(const Term &a, const Term &b) {
  return a.kind == b.kind && a.op == b.op && a.origin == b.origin &&
         a.generation == b.generation && a.type == b.type &&
         a.value == b.value && a.a == b.a && a.b == b.b &&
         a.extent == b.extent && a.extra == b.extra;
}

TermTable::TermTable() { terms.reserve(4096); }

TermId TermTable::intern(Term term) {
  auto [it, inserted] = ids.try_emplace(term, uint32_t(terms.size()));
  if (inserted) {
    unsigned d = 0;
    switch (term.kind) {
    case TermKind::Unary:
    case TermKind::Cast:
      d = depths[term.a] + 1u;
      break;
    case TermKind::Binary:
    case TermKind::Element:
      d = std::max(depths[term.a], depths[term.b]) + 1u;
      break;
    default:
      break;
    }
    bool throughLhs = term.kind == TermKind::Element ||
                      (term.kind == TermKind::Binary && term.type.isPointer &&
                       (term.op == Op::Add || term.op == Op::Sub));
    roots.push_back(throughLhs ? roots[term.a] : uint32_t(terms.size()));
    terms.push_back(term);
    depths.push_back(uint8_t(std::min(d, 255u)));
  }
  return TermId(it->second);
}

TermId TermTable::constant(int64_t value, ValueType type) {
  Term t;
  t.kind = TermKind::Const;
  // Constants are equal when their values are: the type of a use decides.
  t.type = {8, true, false};
  t.value = wrap(value, type);
  return intern(t);
}

TermId TermTable::failed(uint32_t site) {
  Term t;
  t.kind = TermKind::Const;
  t.type = {8, true, false};
  t.a = site;
  return intern(t);
}

uint32_t TermTable::failedAt(TermId address) const {
  const Term &base = terms[roots[address.value]];
  return base.kind == TermKind::Const ? base.a : 0;
}

TermId TermTable::symbol(Origin origin, ValueType type, uint32_t a, uint32_t b,
                         uint8_t generation) {
  Term t;
  t.kind = TermKind::Symbol;
  t.origin = origin;
  t.type = type;
  t.a = a;
  t.b = b;
  t.generation = generation;
  return intern(t);
}

TermId TermTable::object(Origin origin, uint32_t a, uint32_t b,
                         uint8_t generation) {
  Term t;
  t.kind = TermKind::Object;
  t.origin = origin;
  t.type = {8, false, true};
  t.a = a;
  t.b = b;
  t.generation = generation;
  return intern(t);
}

TermId TermTable::initial(Address address, ValueType type, uint8_t bitOffset,
                          uint32_t epoch, uint8_t generation) {
  Term t;
  t.kind = TermKind::Symbol;
  t.origin = Origin::Initial;
  t.type = type;
  t.a = address.base.value;
  t.value = address.offset;
  t.extent = epoch;
  t.extra = bitOffset;
  t.generation = generation;
  return intern(t);
}

TermId TermTable::withGeneration(TermId id, uint8_t generation) {
  Term t = terms[id.value];
  t.generation = generation;
  return intern(t);
}

Address TermTable::address(TermId id) const {
  const Term &t = terms[id.value];
  if (t.kind == TermKind::Binary && t.op == Op::Add && isConst(t.rhs()))
    return {t.lhs(), constValue(t.rhs())};
  return {id, 0};
}

TermId TermTable::addressTerm(Address address) {
  return add(address.base, address.offset);
}

TermId TermTable::add(TermId base, int64_t offset) {
  if (offset == 0)
    return base;
  return binary(Op::Add, {8, false, true}, base, constant(offset));
}

TermId TermTable::element(TermId base, TermId index, uint32_t elementSize,
                          uint32_t extent) {
  if (isConst(index))
    return add(base, int64_t(uint64_t(constValue(index)) * elementSize));
  Term t;
  t.kind = TermKind::Element;
  t.type = {8, false, true};
  t.a = base.value;
  t.b = index.value;
  t.value = elementSize;
  t.extent = extent;
  return intern(t);
}

static bool isBoolean(const Term &t) {
  if (t.kind == TermKind::Const)
    return t.value == 0 || t.value == 1;
  if (t.kind == TermKind::Unary)
    return t.op == Op::LogicalNot;
  return t.kind == TermKind::Binary && t.op >= Op::Eq && t.op <= Op::Ge;
}

TermId TermTable::unary(Op op, ValueType type, TermId a) {
  const Term t = terms[a.value];
  if (t.kind == TermKind::Const) {
    switch (op) {
    case Op::Neg:
      return constant(int64_t(0 - uint64_t(t.value)), type);
    case Op::BitNot:
      return constant(~t.value, type);
    case Op::LogicalNot:
      return constant(t.value == 0, type);
    default:
      break;
    }
  }
  if (t.kind == TermKind::Object && op == Op::LogicalNot)
    return constant(0, type);
  if (op == Op::LogicalNot) {
    if (t.kind == TermKind::Unary && t.op == Op::LogicalNot &&
        isBoolean(terms[t.a]))
      return t.lhs();
    if (t.kind == TermKind::Cast && isBoolean(terms[t.a]))
      return unary(op, type, t.lhs());
  }
  Term r;
  r.kind = TermKind::Unary;
  r.op = op;
  r.type = type;
  r.a = a.value;
  return intern(r);
}

TermId TermTable::cast(ValueType type, TermId a) {
  const Term t = terms[a.value];
  if (t.kind == TermKind::Const)
    return t.a && type.size == 8 ? a : constant(t.value, type);
  if (t.kind == TermKind::Object)
    return type.size == 8 ? a : intern([&] {
      Term r;
      r.kind = TermKind::Cast;
      r.type = type;
      r.a = a.value;
      return r;
    }());
  if (type.size == 8 && t.type.size == 8)
    return a; // same bits; signedness is the business of each use
  if (t.type == type || isBoolean(t))
    return a;
  // Every value of the operand's type is a value of the new type.
  if (type.size > t.type.size && (type.isSigned || !t.type.isSigned))
    return a;
  // A widening that was undone: (u32)(u64)x.
  if (t.kind == TermKind::Cast && t.type.size >= type.size &&
      terms[t.a].type == type)
    return t.lhs();
  Term r;
  r.kind = TermKind::Cast;
  r.type = type;
  r.a = a.value;
  return intern(r);
}

static std::optional<int64_t> fold(Op op, ValueType type, int64_t a,
                                   int64_t b) {
  uint64_t ua = uint64_t(a), ub = uint64_t(b);
  bool isUnsigned = !type.isSigned;
  switch (op) {
  case Op::Add:
    return int64_t(ua + ub);
  case Op::Sub:
    return int64_t(ua - ub);
  case Op::Mul:
    return int64_t(ua * ub);
  case Op::Div:
  case Op::Rem:
    if (b == 0 || (a == std::numeric_limits<int64_t>::min() && b == -1))
      return std::nullopt;
    if (isUnsigned)
      return int64_t(op == Op::Div ? ua / ub : ua % ub);
    return op == Op::Div ? a / b : a % b;
  case Op::Shl:
    return ub < 64 ? std::optional(int64_t(ua << ub)) : std::nullopt;
  case Op::Shr:
    if (ub >= 64)
      return std::nullopt;
    return isUnsigned ? int64_t(ua >> ub) : a >> ub;
  case Op::And:
    return a & b;
  case Op::Or:
    return a | b;
  case Op::Xor:
    return a ^ b;
  case Op::Eq:
    return a == b;
  case Op::Lt:
    return isUnsigned ? ua < ub : a < b;
  default:
    return std::nullopt;
  }
}

TermId TermTable::binary(Op op, ValueType type, TermId a, TermId b) {
  // Comparisons carry the type of their operands; only Eq and Lt remain.
  switch (op) {
  case Op::Ne:
    return unary(Op::LogicalNot, {4, true, false}, binary(Op::Eq, type, a, b));
  case Op::Gt:
    return binary(Op::Lt, type, b, a);
  case Op::Le:
    return unary(Op::LogicalNot, {4, true, false}, binary(Op::Lt, type, b, a));
  case Op::Ge:
    return unary(Op::LogicalNot, {4, true, false}, binary(Op::Lt, type, a, b));
  default:
    break;
  }
  bool commutes = op == Op::Add || op == Op::Mul || op == Op::And ||
                  op == Op::Or || op == Op::Xor || op == Op::Eq;
  if (isConst(a) && isConst(b)) {
    const uint32_t failed = std::max(terms[a.value].a, terms[b.value].a);
    if (failed && op == Op::Add && type.size == 8) {
      Term t = terms[(terms[a.value].a ? a : b).value];
      t.value = constValue(a) + constValue(b);
      return intern(t);
    }
    if (auto v = fold(op, type, constValue(a), constValue(b)))
      return constant(
          *v, op == Op::Eq || op == Op::Lt ? ValueType{4, true, false} : type);
  }
  // Constants go to the right, other operands into a fixed order.
  if (commutes &&
      (isConst(a) || (!isConst(b) && a.value > b.value &&
                      !(op == Op::Add && terms[a.value].type.isPointer))))
    std::swap(a, b);
  if (op == Op::Add && !isConst(b) && terms[b.value].type.isPointer &&
      !terms[a.value].type.isPointer)
    std::swap(a, b);
  const Term ta = terms[a.value];
  const Term tb = terms[b.value];

  if (isConst(b) && tb.a && op == Op::Add && type.size == 8)
    return element(b, a, 1, 0);
  if (isConst(b)) {
    int64_t c = tb.value;
    switch (op) {
    case Op::Sub:
      return binary(Op::Add, type, a, constant(int64_t(0 - uint64_t(c)), type));
    case Op::Add:
      if (c == 0)
        return a;
      if (ta.kind == TermKind::Binary && ta.op == Op::Add &&
          isConst(ta.rhs()) && ta.type.size == type.size) {
        // The type is the outer sum's: a substitution may have put a sum of
        // another signedness inside.
        ValueType sum = ta.type.isPointer ? ta.type : type;
        return binary(
            Op::Add, sum, ta.lhs(),
            constant(int64_t(uint64_t(constValue(ta.rhs())) + uint64_t(c)),
                     sum));
      }
      break;
    case Op::Mul:
      if (c == 1)
        return a;
      if (c == 0)
        return constant(0);
      break;
    case Op::Div:
      if (c == 1)
        return a;
      break;
    case Op::Shl:
    case Op::Shr:
      if (c == 0)
        return a;
      break;
    case Op::And: {
      if (c == 0)
        return constant(0);
      if (c == -1 || (type.size < 8 && !type.isSigned && c == maxOf(type)))
        return a;
      if (ta.kind == TermKind::Binary && isConst(ta.rhs())) {
        int64_t d = constValue(ta.rhs());
        if (ta.op == Op::And)
          return binary(Op::And, type, ta.lhs(), constant(c & d, type));
        if (ta.op == Op::Or) {
          if ((c & ~d) == 0)
            return constant(c, type);
          if ((c & d) == 0)
            return binary(Op::And, type, ta.lhs(), b);
        }
      }
      if (isBoolean(ta) && (c & 1))
        return a;
      break;
    }
    case Op::Or:
      if (c == 0)
        return a;
      if (ta.kind == TermKind::Binary && isConst(ta.rhs())) {
        int64_t d = constValue(ta.rhs());
        if (ta.op == Op::Or)
          return binary(Op::Or, type, ta.lhs(), constant(c | d, type));
        if (ta.op == Op::And && (d | c) == -1)
          return binary(Op::Or, type, ta.lhs(), b);
      }
      break;
    case Op::Xor:
      if (c == 0)
        return a;
      break;
    case Op::Eq:
      if (isBoolean(ta) && c == 0)
        return unary(Op::LogicalNot, {4, true, false}, a);
      if (isBoolean(ta) && c == 1)
        return a;
      if (ta.kind == TermKind::Object && c == 0)
        return constant(0);
      if (ta.kind == TermKind::Cast && terms[ta.a].type.size < ta.type.size)
        break;
      // x + d == c, x - y == 0
      // What the sum's type cannot hold, the sum is not.
      if (ta.kind == TermKind::Binary && ta.op == Op::Add && ta.type.size < 8 &&
          (c < minOf(ta.type) || c > maxOf(ta.type)))
        return constant(0);
      if (ta.kind == TermKind::Binary && ta.op == Op::Add &&
          isConst(ta.rhs()) && !ta.type.isPointer)
        return binary(
            Op::Eq, type, ta.lhs(),
            constant(int64_t(uint64_t(c) - uint64_t(constValue(ta.rhs()))),
                     ta.type));
      if (ta.kind == TermKind::Binary && ta.op == Op::Sub && c == 0)
        return binary(Op::Eq, ta.type, ta.lhs(), ta.rhs());
      break;
    case Op::Lt:
      // An unsigned value is below 1 exactly when it is 0.
      if (!type.isSigned && c == 1)
        return binary(Op::Eq, type, a, constant(0));
      if (!type.isSigned && c == 0)
        return constant(0);
      break;
    default:
      break;
    }
  } else if (a == b) {
    switch (op) {
    case Op::Sub:
    case Op::Xor:
    case Op::Lt:
      return constant(0);
    case Op::Eq:
      return constant(1);
    case Op::And:
    case Op::Or:
      return a;
    default:
      break;
    }
  }
  if (op == Op::Lt && isConst(a) && !type.isSigned && constValue(a) == 0)
    return unary(Op::LogicalNot, {4, true, false},
                 binary(Op::Eq, type, b, constant(0)));
  if (op == Op::Eq || op == Op::Sub) {
    Address x = address(a), y = address(b);
    if (x.base == y.base && ta.type.isPointer)
      return op == Op::Eq ? constant(x.offset == y.offset)
                          : constant(x.offset - y.offset);
    if (op == Op::Eq && terms[x.base.value].kind == TermKind::Object &&
        terms[y.base.value].kind == TermKind::Object)
      return constant(0); // distinct storage
    if (op == Op::Eq && x.offset == y.offset && x.offset != 0 &&
        ta.type == tb.type)
      return binary(Op::Eq, type, x.base, y.base);
  }
  Term r;
  r.kind = TermKind::Binary;
  r.op = op;
  r.type = type;
  if (op == Op::Eq)
    r.type = {8, false, false}; // equality does not depend on the type
  r.a = a.value;
  r.b = b.value;
  return intern(r);
}
