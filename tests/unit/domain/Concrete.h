//===-- Concrete.h - terms and expressions with numbers ---------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the domain says about symbols is compared with plain arithmetic: random
// expressions, random conditions, and all values tried one after the other.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_TESTS_UNIT_DOMAIN_CONCRETE_H
#define MDLCHECK_TESTS_UNIT_DOMAIN_CONCRETE_H

#include "domain/Lattice.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace mdlcheck::domain::concrete {

constexpr ValueType kI8{1, true, false}, kU8{1, false, false};
constexpr ValueType kI16{2, true, false}, kU16{2, false, false};
constexpr ValueType kI32{4, true, false}, kU32{4, false, false};
constexpr ValueType kI64{8, true, false}, kU64{8, false, false};
constexpr ValueType kPtr{8, false, true};

inline bool isComparison(ir::Op op) {
  return op >= ir::Op::Eq && op <= ir::Op::Ge;
}

/// `a op b` as the graph means it; nothing where C leaves it undefined.
/// Sums and products wrap. Comparisons are typed by their operands.
inline std::optional<int64_t> apply(ir::Op op, ValueType type, int64_t a,
                                    int64_t b) {
  using ir::Op;
  auto ua = uint64_t(a), ub = uint64_t(b);
  bool less = type.isSigned ? a < b : ua < ub;
  switch (op) {
  case Op::Add:
    return wrap(int64_t(ua + ub), type);
  case Op::Sub:
    return wrap(int64_t(ua - ub), type);
  case Op::Mul:
    return wrap(int64_t(ua * ub), type);
  case Op::Div:
  case Op::Rem:
    if (b == 0 || (type.isSigned && a == minOf(type) && b == -1))
      return std::nullopt;
    if (!type.isSigned)
      return wrap(int64_t(op == Op::Div ? ua / ub : ua % ub), type);
    return wrap(op == Op::Div ? a / b : a % b, type);
  case Op::Shl:
    return ub < type.size * 8u ? std::optional(wrap(int64_t(ua << ub), type))
                               : std::nullopt;
  case Op::Shr:
    if (ub >= type.size * 8u)
      return std::nullopt;
    return wrap(type.isSigned ? a >> ub : int64_t(ua >> ub), type);
  case Op::And:
    return wrap(a & b, type);
  case Op::Or:
    return wrap(a | b, type);
  case Op::Xor:
    return wrap(a ^ b, type);
  case Op::Eq:
    return a == b;
  case Op::Ne:
    return a != b;
  case Op::Lt:
    return less;
  case Op::Ge:
    return !less;
  case Op::Gt:
    return !less && a != b;
  case Op::Le:
    return less || a == b;
  default:
    return std::nullopt;
  }
}

inline int64_t applyUnary(ir::Op op, ValueType type, int64_t a) {
  if (op == ir::Op::LogicalNot)
    return a == 0;
  return wrap(op == ir::Op::Neg ? int64_t(0 - uint64_t(a)) : ~a, type);
}

/// Symbols (and objects) by term id, and what they are.
class Valuation {
public:
  void set(TermId atom, int64_t value) {
    for (auto &[id, v] : values)
      if (id == atom) {
        v = value;
        return;
      }
    values.push_back({atom, value});
  }
  std::optional<int64_t> get(TermId atom) const {
    for (const auto &[id, v] : values)
      if (id == atom)
        return v;
    return std::nullopt;
  }

private:
  std::vector<std::pair<TermId, int64_t>> values;
};

/// The value of a term, made by the rules of the table.
inline std::optional<int64_t> evaluate(const TermTable &terms, TermId id,
                                       const Valuation &values) {
  const Term &t = terms[id];
  switch (t.kind) {
  case TermKind::Const:
    return t.value;
  case TermKind::Symbol:
  case TermKind::Object:
    return values.get(id);
  case TermKind::Unary: {
    auto a = evaluate(terms, t.lhs(), values);
    return a ? std::optional(applyUnary(t.op, t.type, *a)) : std::nullopt;
  }
  case TermKind::Cast: {
    auto a = evaluate(terms, t.lhs(), values);
    return a ? std::optional(wrap(*a, t.type)) : std::nullopt;
  }
  case TermKind::Element: {
    auto a = evaluate(terms, t.lhs(), values);
    auto b = evaluate(terms, t.rhs(), values);
    return a && b ? std::optional(int64_t(uint64_t(*a) +
                                          uint64_t(*b) * uint64_t(t.value)))
                  : std::nullopt;
  }
  case TermKind::Binary: {
    auto a = evaluate(terms, t.lhs(), values);
    auto b = evaluate(terms, t.rhs(), values);
    return a && b ? apply(t.op, t.type, *a, *b) : std::nullopt;
  }
  }
  return std::nullopt;
}

/// Random numbers that are the same everywhere.
class Random {
public:
  explicit Random(uint32_t seed) : engine(seed) {}
  uint32_t below(uint32_t n) { return uint32_t(engine()) % n; }
  bool oneIn(uint32_t n) { return below(n) == 0; }
  template <typename T> const T &pick(const std::vector<T> &from) {
    return from[below(uint32_t(from.size()))];
  }

private:
  std::mt19937 engine;
};

/// An expression over numbered variables, before the table simplifies it.
struct Expr;
using ExprRef = std::shared_ptr<const Expr>;
struct Expr {
  enum Kind { Constant, Variable, Unary, Binary, Cast } kind = Constant;
  ir::Op op = ir::Op::None;
  ValueType type;    ///< of the result
  int64_t value = 0; ///< Constant; Variable: its number
  ExprRef a, b;

  std::optional<int64_t> eval(const std::vector<int64_t> &variables) const {
    switch (kind) {
    case Constant:
      return value;
    case Variable:
      return variables[size_t(value)];
    case Unary:
      if (auto x = a->eval(variables))
        return applyUnary(op, type, *x);
      return std::nullopt;
    case Cast:
      if (auto x = a->eval(variables))
        return wrap(*x, type);
      return std::nullopt;
    case Binary: {
      auto x = a->eval(variables), y = b->eval(variables);
      return x && y ? apply(op, isComparison(op) ? a->type : type, *x, *y)
                    : std::nullopt;
    }
    }
    return std::nullopt;
  }

  /// As the engine makes terms of the graph's expressions.
  template <typename Fn> TermId term(TermTable &terms, Fn &variable) const {
    switch (kind) {
    case Constant:
      return terms.constant(value, type);
    case Variable:
      return variable(size_t(value));
    case Unary:
      return terms.unary(op, type, a->term(terms, variable));
    case Cast:
      return terms.cast(type, a->term(terms, variable));
    case Binary: {
      TermId x = a->term(terms, variable), y = b->term(terms, variable);
      return terms.binary(op, isComparison(op) ? a->type : type, x, y);
    }
    }
    return {};
  }

  std::string text() const {
    static const char *const kOps[] = {"",   "-",  "~",  "!",  "+", "-", "*",
                                       "/",  "%",  "<<", ">>", "&", "|", "^",
                                       "==", "!=", "<",  "<=", ">", ">="};
    switch (kind) {
    case Constant:
      return std::to_string(value);
    case Variable:
      return "v" + std::to_string(value) + ":" + typeText(type);
    case Unary:
      return std::string("(") + kOps[size_t(op)] + a->text() +
             "):" + typeText(type);
    case Cast:
      return "(" + typeText(type) + ")" + a->text();
    case Binary:
      return "(" + a->text() + " " + kOps[size_t(op)] + " " + b->text() +
             "):" + typeText(isComparison(op) ? a->type : type);
    }
    return "";
  }
  static std::string typeText(ValueType t) {
    return t.isPointer ? std::string("ptr")
                       : (t.isSigned ? "i" : "u") + std::to_string(t.size * 8);
  }
};

/// Values around which arithmetic goes wrong.
inline std::vector<int64_t> interesting(ValueType type) {
  std::vector<int64_t> all;
  for (int64_t v :
       {int64_t(0),          int64_t(1),          int64_t(2),
        int64_t(3),          int64_t(4),          int64_t(7),
        int64_t(8),          int64_t(0x10),       int64_t(0x7f),
        int64_t(0x80),       int64_t(0xff),       int64_t(0x100),
        int64_t(0x7fff),     int64_t(0x8000),     int64_t(0x7fffffff),
        int64_t(0x80000000), int64_t(0xffffffff), int64_t(0xc0000005),
        int64_t(-1),         int64_t(-2),         int64_t(-128),
        minOf(type),         maxOf(type),         minOf(type) + 1,
        maxOf(type) - 1}) {
    int64_t w = wrap(v, type);
    if (std::find(all.begin(), all.end(), w) == all.end())
      all.push_back(w);
  }
  return all;
}

/// Makes expressions over variables of the given types.
class Generator {
public:
  Generator(Random &random, std::vector<ValueType> variables)
      : random(random), variables(std::move(variables)) {}

  ExprRef make(ValueType type, unsigned depth) {
    if (depth == 0 || random.oneIn(6))
      return leaf(type);
    if (type == kPtr) {
      // Only close by: nobody computes a null pointer.
      if (!random.oneIn(3))
        return leaf(type);
      Expr offset;
      offset.type = kI64;
      offset.value = 4 * int64_t(random.below(5));
      return binary(ir::Op::Add, type, make(type, depth - 1),
                    std::make_shared<Expr>(offset));
    }
    if (type == kI32 && random.oneIn(3))
      return cast(kI32, condition(depth));
    switch (random.below(10)) {
    case 0: {
      Expr e;
      e.kind = Expr::Unary;
      e.op = random.oneIn(2) ? ir::Op::Neg : ir::Op::BitNot;
      e.type = type;
      e.a = make(type, depth - 1);
      return std::make_shared<Expr>(e);
    }
    case 1:
    case 2:
      return cast(type, make(anyType(), depth - 1));
    default: {
      static const std::vector<ir::Op> kOps = {
          ir::Op::Add, ir::Op::Sub, ir::Op::Mul, ir::Op::Div, ir::Op::Rem,
          ir::Op::Shl, ir::Op::Shr, ir::Op::And, ir::Op::Or,  ir::Op::Xor,
          ir::Op::Add, ir::Op::Sub, ir::Op::And, ir::Op::Or};
      ir::Op op = random.pick(kOps);
      ExprRef a = make(type, depth - 1);
      if (op == ir::Op::Shl || op == ir::Op::Shr) {
        Expr amount;
        amount.type = kI32;
        amount.value = random.below(type.size * 8);
        return binary(op, type, a, std::make_shared<Expr>(amount));
      }
      ExprRef b = random.oneIn(2) ? constant(type) : make(type, depth - 1);
      return binary(op, type, a, b);
    }
    }
  }

  /// Something a branch may depend on.
  ExprRef condition(unsigned depth) {
    static const std::vector<ir::Op> kOps = {
        ir::Op::Eq, ir::Op::Ne, ir::Op::Lt, ir::Op::Le, ir::Op::Gt, ir::Op::Ge};
    if (random.oneIn(6)) {
      Expr e;
      e.kind = Expr::Unary;
      e.op = ir::Op::LogicalNot;
      e.type = kI32;
      e.a = random.oneIn(2) && depth ? condition(depth - 1)
                                     : make(anyType(), depth ? depth - 1 : 0);
      return std::make_shared<Expr>(e);
    }
    if (random.oneIn(6))
      return make(anyType(), depth);
    ValueType type = anyType();
    unsigned below = depth ? depth - 1 : 0;
    ir::Op op = random.pick(kOps);
    ExprRef a = make(type, below);
    ExprRef b = random.oneIn(2) ? constant(type) : make(type, below);
    return binary(op, type, a, b, true);
  }

private:
  ValueType anyType() {
    static const std::vector<ValueType> kTypes = {kI32, kU32, kI32, kU32, kI64,
                                                  kU64, kU8,  kI8,  kI16, kU16};
    return random.oneIn(3) ? random.pick(variables) : random.pick(kTypes);
  }
  ExprRef constant(ValueType type) {
    Expr e;
    e.type = type;
    e.value = random.oneIn(2) ? int64_t(random.below(5))
                              : random.pick(interesting(type));
    return std::make_shared<Expr>(e);
  }
  ExprRef leaf(ValueType type) {
    if (random.oneIn(4) && !type.isPointer)
      return constant(type);
    Expr e;
    e.kind = Expr::Variable;
    std::vector<size_t> fitting;
    for (size_t i = 0; i < variables.size(); ++i)
      if (variables[i] == type)
        fitting.push_back(i);
    size_t i = !fitting.empty() && !random.oneIn(4)
                   ? random.pick(fitting)
                   : random.below(uint32_t(variables.size()));
    e.value = int64_t(i);
    e.type = variables[i];
    return cast(type, std::make_shared<Expr>(e));
  }
  static ExprRef cast(ValueType type, ExprRef of) {
    if (of->type == type)
      return of;
    Expr e;
    e.kind = Expr::Cast;
    e.type = type;
    e.a = std::move(of);
    return std::make_shared<Expr>(e);
  }
  static ExprRef binary(ir::Op op, ValueType type, ExprRef a, ExprRef b,
                        bool comparison = false) {
    Expr e;
    e.kind = Expr::Binary;
    e.op = op;
    e.type = comparison ? kI32 : type;
    e.a = std::move(a);
    e.b = std::move(b);
    return std::make_shared<Expr>(e);
  }

  Random &random;
  std::vector<ValueType> variables;
};

/// Does the fact hold for this value?
inline bool admits(const Fact &f, int64_t v) {
  return v >= f.lo && v <= f.hi &&
         (uint64_t(v) & f.knownMask) == (f.knownBits & f.knownMask) &&
         std::find(f.excluded.begin(), f.excluded.end(), v) == f.excluded.end();
}

/// How many rounds of a random test: more when looking for trouble.
inline unsigned rounds(unsigned usual) {
  if (const char *factor = std::getenv("MDLCHECK_TEST_ROUNDS"))
    return usual * unsigned(std::max(1, std::atoi(factor)));
  return usual;
}

} // namespace mdlcheck::domain::concrete

#endif // MDLCHECK_TESTS_UNIT_DOMAIN_CONCRETE_H
