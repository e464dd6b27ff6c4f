//===-- Facts.cpp - reasoning about one path's conditions -----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "domain/Facts.h"

#include "domain/Locks.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>

using namespace mdlcheck;
using namespace mdlcheck::domain;
using ir::Op;

namespace {
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
} // namespace

static bool isComparison(const Term &t) {
  return t.kind == TermKind::Binary && (t.op == Op::Eq || t.op == Op::Lt);
}

static bool isBooleanTerm(const TermTable &terms, TermId id) {
  const Term &t = terms[id];
  if (t.kind == TermKind::Unary)
    return t.op == Op::LogicalNot;
  return isComparison(t);
}

std::pair<uint64_t, uint64_t>
domain::knownBits(const State &state, const TermTable &terms, TermId id) {
  const Term &t = terms[id];
  if (t.kind == TermKind::Const)
    return {~uint64_t(0), uint64_t(t.value)};
  uint64_t mask = 0, bits = 0;
  if (const Fact *f = state.fact(id)) {
    mask = f->knownMask;
    bits = f->knownBits;
  }
  if (t.kind == TermKind::Binary &&
      (t.op == Op::And || t.op == Op::Or || t.op == Op::Xor)) {
    auto [ma, ba] = knownBits(state, terms, t.lhs());
    auto [mb, bb] = knownBits(state, terms, t.rhs());
    uint64_t m, b;
    if (t.op == Op::And) {
      m = (ma & mb) | (ma & ~ba) | (mb & ~bb);
      b = ba & bb;
    } else if (t.op == Op::Or) {
      m = (ma & mb) | (ma & ba) | (mb & bb);
      b = (ba | bb) & m;
    } else {
      m = ma & mb;
      b = (ba ^ bb) & m;
    }
    b &= m;
    bits |= b & ~mask;
    mask |= m;
  } else if (t.kind == TermKind::Cast) {
    auto [m, b] = knownBits(state, terms, t.lhs());
    uint64_t low = t.type.size >= 8
                       ? ~uint64_t(0)
                       : llvm::maskTrailingOnes<uint64_t>(t.type.size * 8);
    // The low bits survive; an unsigned result has zeroes above them.
    m &= low;
    b &= low;
    if (!t.type.isSigned && t.type.size < 8)
      m |= ~low;
    bits |= b & m & ~mask;
    mask |= m;
  } else if (t.type.size < 8 && !t.type.isSigned &&
             t.kind == TermKind::Symbol) {
    mask |= ~llvm::maskTrailingOnes<uint64_t>(t.type.size * 8);
  }
  return {mask, bits};
}

static bool addOverflows(int64_t a, int64_t b, int64_t &r) {
  return __builtin_add_overflow(a, b, &r);
}

Range domain::rangeOf(const State &state, const TermTable &terms, TermId id) {
  const Term &t = terms[id];
  if (t.kind == TermKind::Const)
    return {t.value, t.value};
  Range r{minOf(t.type), maxOf(t.type)};
  auto clip = [&](int64_t lo, int64_t hi) {
    r.lo = std::max(r.lo, lo);
    r.hi = std::min(r.hi, hi);
  };
  switch (t.kind) {
  case TermKind::Unary:
    if (t.op == Op::LogicalNot) {
      r = {0, 1};
      Range a = rangeOf(state, terms, t.lhs());
      if (a.lo > 0 || a.hi < 0)
        r = {0, 0};
      else if (a.isConst())
        r = {1, 1};
    } else if (t.op == Op::Neg) {
      Range a = rangeOf(state, terms, t.lhs());
      if (a.lo > kMin && -a.hi >= r.lo && -a.lo <= r.hi)
        clip(-a.hi, -a.lo);
    }
    break;
  case TermKind::Cast: {
    Range a = rangeOf(state, terms, t.lhs());
    if (a.lo >= r.lo && a.hi <= r.hi)
      clip(a.lo, a.hi);
    break;
  }
  case TermKind::Binary: {
    if (t.op == Op::Eq || t.op == Op::Lt) {
      r = {0, 1};
      Range a = rangeOf(state, terms, t.lhs());
      Range b = rangeOf(state, terms, t.rhs());
      if (t.op == Op::Eq) {
        if (a.hi < b.lo || b.hi < a.lo)
          r = {0, 0};
        else if (a.isConst() && b.isConst())
          r = {1, 1};
        else if (b.isConst()) {
          if (const Fact *f = state.fact(t.lhs()))
            if (std::binary_search(f->excluded.begin(), f->excluded.end(),
                                   b.lo))
              r = {0, 0};
          auto [m, bits] = knownBits(state, terms, t.lhs());
          if ((bits & m) != (uint64_t(b.lo) & m))
            r = {0, 0};
        }
      } else if (t.type.isSigned || (a.lo >= 0 && b.lo >= 0)) {
        if (a.hi < b.lo)
          r = {1, 1};
        else if (a.lo >= b.hi)
          r = {0, 0};
      }
      break;
    }
    Range a = rangeOf(state, terms, t.lhs());
    Range b = rangeOf(state, terms, t.rhs());
    if (t.op == Op::Add) {
      int64_t lo, hi;
      if (!addOverflows(a.lo, b.lo, lo) && !addOverflows(a.hi, b.hi, hi) &&
          lo >= r.lo && hi <= r.hi)
        clip(lo, hi);
    } else if (t.op == Op::Sub) {
      int64_t lo, hi;
      if (!__builtin_sub_overflow(a.lo, b.hi, &lo) &&
          !__builtin_sub_overflow(a.hi, b.lo, &hi) && lo >= r.lo && hi <= r.hi)
        clip(lo, hi);
    } else if (t.op == Op::And) {
      if (b.lo >= 0)
        clip(0, b.hi);
      if (a.lo >= 0)
        clip(0, a.hi);
    } else if (t.op == Op::Or && a.lo >= 0 && b.lo >= 0) {
      clip(std::max(a.lo, b.lo), kMax);
    } else if (t.op == Op::Mul && a.lo >= 0 && b.lo >= 0) {
      int64_t hi;
      if (!__builtin_mul_overflow(a.hi, b.hi, &hi) && hi <= r.hi)
        clip(a.lo * b.lo, hi);
    } else if ((t.op == Op::Div || t.op == Op::Shr) && a.lo >= 0 && b.lo >= 0) {
      clip(0, a.hi);
    } else if (t.op == Op::Rem && b.lo > 0 && (a.lo >= 0 || !t.type.isSigned)) {
      clip(0, b.hi - 1);
    }
    break;
  }
  default:
    break;
  }
  const Fact *f = state.fact(id);
  if (f)
    clip(f->lo, f->hi);
  // Bits add nothing to a symbol that has none, or to sums and products.
  if ((!f || !f->knownMask) &&
      (t.kind != TermKind::Cast &&
       (t.kind != TermKind::Binary ||
        (t.op != Op::And && t.op != Op::Or && t.op != Op::Xor))))
    return r;
  auto [m, bits] = knownBits(state, terms, id);
  if (m == ~uint64_t(0))
    clip(int64_t(bits), int64_t(bits));
  else if ((bits & m) && r.lo == 0)
    r.lo =
        std::max<int64_t>(r.lo, int64_t(bits & m) > 0 ? int64_t(bits & m) : 1);
  return r;
}

TermId domain::resolve(const State &state, TermTable &terms, TermId id) {
  const Term t = terms[id];
  switch (t.kind) {
  case TermKind::Const:
  case TermKind::Object:
    return id;
  case TermKind::Symbol: {
    if (!state.fact(id))
      return id;
    Range r = rangeOf(state, terms, id);
    return r.isConst() ? terms.constant(r.lo) : id;
  }
  case TermKind::Element: {
    TermId b = resolve(state, terms, t.rhs());
    return b == t.rhs()
               ? id
               : terms.element(t.lhs(), b, uint32_t(t.value), t.extent);
  }
  default: {
    Range r = rangeOf(state, terms, id);
    if (r.isConst())
      return terms.constant(r.lo);
    if (t.kind == TermKind::Binary) {
      TermId a = resolve(state, terms, t.lhs());
      TermId b = resolve(state, terms, t.rhs());
      if (a != t.lhs() || b != t.rhs())
        return terms.binary(t.op, t.type, a, b);
    } else {
      TermId a = resolve(state, terms, t.lhs());
      if (a != t.lhs())
        return t.kind == TermKind::Cast ? terms.cast(t.type, a)
                                        : terms.unary(t.op, t.type, a);
    }
    return id;
  }
  }
}

std::optional<bool> domain::truthOf(const State &state, TermTable &terms,
                                    TermId id) {
  const Term &t = terms[id];
  if (t.kind == TermKind::Const)
    return t.value != 0;
  if (t.kind == TermKind::Object)
    return true;
  if (t.kind == TermKind::Unary && t.op == Op::LogicalNot) {
    auto v = truthOf(state, terms, t.lhs());
    return v ? std::optional(!*v) : std::nullopt;
  }
  Address where = terms.address(id);
  if (where.offset != 0 && terms[where.base].kind == TermKind::Object)
    return true;
  Range r = rangeOf(state, terms, id);
  if (r.lo > 0 || r.hi < 0)
    return true;
  if (r.isConst())
    return false;
  if (const Fact *f = state.fact(id)) {
    if (std::binary_search(f->excluded.begin(), f->excluded.end(), 0))
      return true;
    if (f->knownBits & f->knownMask)
      return true;
  }
  auto [m, bits] = knownBits(state, terms, id);
  if (bits & m)
    return true;
  // x + c with c != 0 and x a pointer that is not null: not null either.
  if (where.offset != 0 && terms[id].type.isPointer)
    return truthOf(state, terms, where.base) == true ? std::optional(true)
                                                     : std::nullopt;
  return std::nullopt;
}

/// `id` is not zero: then neither is what it could not be made of if it were.
static bool makeNonZero(State &state, TermTable &terms, TermId id) {
  const Term t = terms[id];
  if (t.kind == TermKind::Cast)
    return assume(state, terms, t.lhs(), true);
  if (t.kind != TermKind::Binary)
    return true;
  switch (t.op) {
  case Op::Mul:
  case Op::And:
    return assume(state, terms, t.lhs(), true) &&
           assume(state, terms, t.rhs(), true);
  case Op::Div:
  case Op::Rem:
  case Op::Shl:
  case Op::Shr:
    return assume(state, terms, t.lhs(), true);
  default:
    return true;
  }
}

static bool exclude(State &state, TermTable &terms, TermId id, int64_t value) {
  Range r = rangeOf(state, terms, id);
  if (value < r.lo || value > r.hi)
    return true;
  if (r.isConst())
    return false;
  if (r.lo == value)
    return restrict(state, terms, id, value + 1, kMax);
  if (r.hi == value)
    return restrict(state, terms, id, kMin, value - 1);
  const Term t = terms[id];
  if (t.kind == TermKind::Cast) {
    Range a = rangeOf(state, terms, t.lhs());
    if (a.lo >= minOf(t.type) && a.hi <= maxOf(t.type))
      return exclude(state, terms, t.lhs(), value);
  }
  if (value == 0 && !makeNonZero(state, terms, id))
    return false;
  Fact &f = state.factFor(id, terms);
  auto it = std::lower_bound(f.excluded.begin(), f.excluded.end(), value);
  if ((it == f.excluded.end() || *it != value) && f.excluded.size() < 16)
    f.excluded.insert(it, value);
  return true;
}

static bool setBits(State &state, TermTable &terms, TermId id, uint64_t mask,
                    uint64_t bits) {
  auto [m, b] = knownBits(state, terms, id);
  if ((m & mask & (b ^ bits)) != 0)
    return false;
  if ((mask & ~m) == 0)
    return true;
  const Term t = terms[id];
  if (t.kind == TermKind::Binary && terms.isConst(t.rhs())) {
    uint64_t c = uint64_t(terms.constValue(t.rhs()));
    if (t.op == Op::Or)
      return setBits(state, terms, t.lhs(), mask & ~c, bits & ~c);
    if (t.op == Op::And)
      return setBits(state, terms, t.lhs(), mask & c, bits & c);
    if (t.op == Op::Xor)
      return setBits(state, terms, t.lhs(), mask, bits ^ (c & mask));
  }
  if (t.kind == TermKind::Cast) {
    uint64_t low = t.type.size >= 8
                       ? ~uint64_t(0)
                       : llvm::maskTrailingOnes<uint64_t>(t.type.size * 8);
    return setBits(state, terms, t.lhs(), mask & low, bits & low);
  }
  Fact &f = state.factFor(id, terms);
  f.knownMask |= mask;
  f.knownBits = (f.knownBits & ~mask) | (bits & mask);
  // A bit may stand for more than the bounds allow.
  Range r = rangeOf(state, terms, id);
  return r.lo <= r.hi;
}

bool domain::restrict(State &state, TermTable &terms, TermId id, int64_t lo,
                      int64_t hi) {
  Range r = rangeOf(state, terms, id);
  lo = std::max(lo, r.lo);
  hi = std::min(hi, r.hi);
  if (lo > hi)
    return false;
  if (lo == r.lo && hi == r.hi)
    return true;
  const Term t = terms[id];
  if (const Fact *f = state.fact(id)) {
    while (lo <= hi &&
           std::binary_search(f->excluded.begin(), f->excluded.end(), lo))
      ++lo;
    while (lo <= hi &&
           std::binary_search(f->excluded.begin(), f->excluded.end(), hi))
      --hi;
    if (lo > hi)
      return false;
  }
  if (lo == hi) {
    auto [m, b] = knownBits(state, terms, id);
    if ((uint64_t(lo) & m) != (b & m))
      return false;
  }
  if ((lo > 0 || hi < 0) && r.lo <= 0 && r.hi >= 0 &&
      !makeNonZero(state, terms, id))
    return false;
  switch (t.kind) {
  case TermKind::Const:
    return t.value >= lo && t.value <= hi;
  case TermKind::Object:
    return !(lo == 0 && hi == 0);
  case TermKind::Unary:
    if (t.op == Op::LogicalNot && lo == hi)
      return assume(state, terms, t.lhs(), lo == 0);
    break;
  case TermKind::Cast: {
    Range a = rangeOf(state, terms, t.lhs());
    if (a.lo >= minOf(t.type) && a.hi <= maxOf(t.type))
      return restrict(state, terms, t.lhs(), lo, hi);
    break;
  }
  case TermKind::Binary:
    if (t.op == Op::Add && terms.isConst(t.rhs()) && !t.type.isPointer) {
      int64_t c = terms.constValue(t.rhs()), l, h;
      Range a = rangeOf(state, terms, t.lhs());
      int64_t x, y;
      // Only when the sum cannot wrap.
      if (!addOverflows(a.lo, c, x) && !addOverflows(a.hi, c, y) &&
          x >= minOf(t.type) && y <= maxOf(t.type) &&
          !__builtin_sub_overflow(lo, c, &l) &&
          !__builtin_sub_overflow(hi, c, &h))
        return restrict(state, terms, t.lhs(), l, h);
    }
    if (isComparison(t) && lo == hi)
      return assume(state, terms, id, lo != 0);
    if (t.op == Op::Mul && terms.isConst(t.rhs()) && lo >= 0) {
      int64_t k = terms.constValue(t.rhs()), most;
      Range a = rangeOf(state, terms, t.lhs());
      // Only when the product cannot wrap.
      if (k > 0 && a.lo >= 0 && !__builtin_mul_overflow(a.hi, k, &most) &&
          most <= maxOf(t.type))
        return restrict(state, terms, t.lhs(), lo / k + (lo % k != 0), hi / k);
    }
    break;
  default:
    break;
  }
  Fact &f = state.factFor(id, terms);
  f.lo = std::max(f.lo, lo);
  f.hi = std::min(f.hi, hi);
  return true;
}

/// Records the truth of a comparison as it stands, so that the same question
/// asked again has the same answer.
static bool record(State &state, TermTable &terms, TermId id, bool truth) {
  Range r = rangeOf(state, terms, id);
  int64_t v = truth;
  if (v < r.lo || v > r.hi)
    return false;
  if (r.isConst())
    return true;
  Fact &f = state.factFor(id, terms);
  f.lo = f.hi = v;
  return true;
}

/// Did `symbol` stand for something before `object` was made, or where nobody
/// else knows of `object`? `symbol` may be stored memory or a parameter.
static bool cannotBe(const State &state, const TermTable &terms, TermId symbol,
                     TermId object) {
  if (terms[object].origin != Origin::Allocation ||
      terms[symbol].kind != TermKind::Symbol)
    return false;
  const ObjectState *o = state.object(object);
  Origin origin = terms[symbol].origin;
  if ((origin == Origin::Initial || origin == Origin::Parameter) &&
      (!o || !o->escaped))
    return true;
  // Nothing was written there since the function began, as far as we saw; who
  // could reach the object could have.
  if (o && o->exposed)
    return false;
  while (terms[symbol].kind == TermKind::Symbol &&
         terms[symbol].origin == Origin::Initial && terms[symbol].extent == 0)
    symbol = terms.root(TermId(terms[symbol].a));
  const Term &root = terms[symbol];
  return root.origin == Origin::Parameter || root.origin == Origin::Canonical ||
         root.origin == Origin::Global;
}

static bool assumeEqual(State &state, TermTable &terms, TermId a, TermId b) {
  a = resolve(state, terms, a);
  b = resolve(state, terms, b);
  if (a == b)
    return true;
  if (terms.isConst(a))
    std::swap(a, b);
  if (terms.isConst(b)) {
    int64_t c = terms.constValue(b);
    if (terms.isConst(a))
      return terms.constValue(a) == c;
    if (c == 0)
      return assume(state, terms, a, false);
    const Term t = terms[a];
    if (t.kind == TermKind::Binary && t.op == Op::And &&
        terms.isConst(t.rhs())) {
      uint64_t mask = uint64_t(terms.constValue(t.rhs()));
      if (uint64_t(c) & ~mask)
        return false;
      return setBits(state, terms, t.lhs(), mask, uint64_t(c));
    }
    return restrict(state, terms, a, c, c);
  }
  Range ra = rangeOf(state, terms, a), rb = rangeOf(state, terms, b);
  int64_t lo = std::max(ra.lo, rb.lo), hi = std::min(ra.hi, rb.hi);
  if (lo > hi)
    return false;
  TermKind ka = terms[a].kind, kb = terms[b].kind;
  if (ka == TermKind::Object && kb == TermKind::Object)
    return false;
  if (cannotBe(state, terms, a, b) || cannotBe(state, terms, b, a))
    return false;
  if (ka == TermKind::Symbol || kb == TermKind::Symbol) {
    // Keep an object, then a term with an automaton state, then the older.
    bool keepA = ka == TermKind::Object ||
                 (kb != TermKind::Object && kb == TermKind::Symbol &&
                  (ka != TermKind::Symbol || state.object(a) ||
                   (!state.object(b) && a < b)));
    TermId from = keepA ? b : a, to = keepA ? a : b;
    // Not when `to` is made of `from`.
    bool cyclic = false;
    terms.forEachAtom(to, [&](TermId atom) { cyclic |= atom == from; });
    if (!cyclic && terms[from].kind == TermKind::Symbol)
      return substitute(state, terms, from, to);
  }
  return record(state, terms, terms.binary(Op::Eq, {8, false, false}, a, b),
                true);
}

bool domain::assume(State &state, TermTable &terms, TermId id, bool truth) {
  if (auto known = truthOf(state, terms, id))
    return *known == truth;
  const Term t = terms[id];
  switch (t.kind) {
  case TermKind::Unary:
    if (t.op == Op::LogicalNot)
      return assume(state, terms, t.lhs(), !truth);
    if (t.op == Op::Neg)
      return assume(state, terms, t.lhs(), truth);
    break;
  case TermKind::Cast: {
    Range a = rangeOf(state, terms, t.lhs());
    if (a.lo >= minOf(t.type) && a.hi <= maxOf(t.type))
      return assume(state, terms, t.lhs(), truth);
    if (!truth && t.type.size < 8)
      return setBits(state, terms, t.lhs(),
                     llvm::maskTrailingOnes<uint64_t>(t.type.size * 8), 0);
    break;
  }
  case TermKind::Binary:
    switch (t.op) {
    case Op::Eq:
      if (truth)
        return assumeEqual(state, terms, t.lhs(), t.rhs()) &&
               record(state, terms, id, true);
      {
        TermId a = resolve(state, terms, t.lhs());
        TermId b = resolve(state, terms, t.rhs());
        if (terms.isConst(a))
          std::swap(a, b);
        if (terms.isConst(b)) {
          int64_t c = terms.constValue(b);
          if (c == 0)
            return assume(state, terms, a, true);
          if (isBooleanTerm(terms, a) && c == 1)
            return assume(state, terms, a, false);
          const Term ta = terms[a];
          // (x & bit) != bit: the bit is clear.
          if (ta.kind == TermKind::Binary && ta.op == Op::And &&
              terms.isConst(ta.rhs()) && terms.constValue(ta.rhs()) == c &&
              llvm::isPowerOf2_64(uint64_t(c)))
            return setBits(state, terms, ta.lhs(), uint64_t(c), 0);
          return exclude(state, terms, a, c);
        }
      }
      return record(state, terms, id, false);
    case Op::Lt: {
      TermId a = t.lhs(), b = t.rhs();
      Range ra = rangeOf(state, terms, a), rb = rangeOf(state, terms, b);
      if (t.type.isSigned || (ra.lo >= 0 && rb.lo >= 0)) {
        if (truth) {
          if (rb.hi == kMin || ra.lo == kMax ||
              !restrict(state, terms, a, kMin, rb.hi - 1) ||
              !restrict(state, terms, b, ra.lo + 1, kMax))
            return false;
        } else if (!restrict(state, terms, a, rb.lo, kMax) ||
                   !restrict(state, terms, b, kMin, ra.hi)) {
          return false;
        }
      } else if (truth && rb.isConst() && rb.lo > 0) {
        // Unsigned and below a small constant.
        if (!restrict(state, terms, a, 0, rb.lo - 1))
          return false;
      }
      if (!terms.isConst(a) && !terms.isConst(b)) {
        if (truth) {
          TermId eq = terms.binary(Op::Eq, {8, false, false}, a, b);
          TermId gt = terms.binary(Op::Lt, t.type, b, a);
          if ((!terms.isConst(eq) && !record(state, terms, eq, false)) ||
              (!terms.isConst(gt) && !record(state, terms, gt, false)))
            return false;
        } else {
          // !(a < b) and !(b < a) is a == b.
          TermId gt = terms.binary(Op::Lt, t.type, b, a);
          const Fact *f = state.fact(gt);
          if (f && f->hi == 0)
            return record(state, terms, id, false) &&
                   assumeEqual(state, terms, a, b);
          TermId eq = terms.binary(Op::Eq, {8, false, false}, a, b);
          const Fact *e = state.fact(eq);
          if (e && e->hi == 0 && !record(state, terms, gt, true))
            return false;
        }
      }
      return record(state, terms, id, truth);
    }
    case Op::And:
      if (terms.isConst(t.rhs())) {
        uint64_t c = uint64_t(terms.constValue(t.rhs()));
        if (!truth)
          return setBits(state, terms, t.lhs(), c, 0);
        if (llvm::isPowerOf2_64(c))
          return setBits(state, terms, t.lhs(), c, c);
        // With all but one of the bits known to be clear, that one is set.
        auto [m, bits] = knownBits(state, terms, t.lhs());
        uint64_t open = c & ~m;
        if ((bits & m & c) == 0 && llvm::isPowerOf2_64(open))
          return setBits(state, terms, t.lhs(), open, open);
      } else if (truth && isBooleanTerm(terms, t.lhs()) &&
                 isBooleanTerm(terms, t.rhs())) {
        return assume(state, terms, t.lhs(), true) &&
               assume(state, terms, t.rhs(), true);
      }
      break;
    case Op::Or:
      if (!truth)
        return assume(state, terms, t.lhs(), false) &&
               assume(state, terms, t.rhs(), false);
      break;
    case Op::Sub:
    case Op::Xor:
      return assume(state, terms,
                    terms.binary(Op::Eq, t.type, t.lhs(), t.rhs()), !truth);
    case Op::Add:
      if (terms.isConst(t.rhs()) && !t.type.isPointer) {
        TermId eq = terms.binary(
            Op::Eq, t.type, t.lhs(),
            terms.constant(int64_t(0 - uint64_t(terms.constValue(t.rhs()))),
                           t.type));
        return assume(state, terms, eq, !truth);
      }
      break;
    default:
      break;
    }
    break;
  default:
    break;
  }
  if (truth)
    return exclude(state, terms, id, 0);
  if (t.kind == TermKind::Symbol || t.kind == TermKind::Object ||
      t.kind == TermKind::Element || !isComparison(t))
    return restrict(state, terms, id, 0, 0);
  return true;
}

bool domain::impose(State &state, TermTable &terms, TermId id,
                    const Fact &fact) {
  if (!restrict(state, terms, id, fact.lo, fact.hi) ||
      (fact.knownMask &&
       !setBits(state, terms, id, fact.knownMask, fact.knownBits)))
    return false;
  return llvm::all_of(fact.excluded, [&](int64_t v) {
    return v == 0 ? assume(state, terms, id, true)
                  : exclude(state, terms, id, v);
  });
}

bool domain::substitute(State &state, TermTable &terms, TermId from,
                        TermId to) {
  // What was known of `from` now holds for `to`.
  if (const Fact *known = state.fact(from))
    if (Fact copy = *known; !impose(state, terms, to, copy))
      return false;
  auto replace = [&](TermId atom) { return atom == from ? to : atom; };
  auto rewrite = [&](TermId id) { return terms.rewrite(id, replace); };

  std::vector<Entry> store = std::move(state.store);
  state.store.clear();
  for (Entry e : store) {
    TermId base = rewrite(e.base);
    e.value = rewrite(e.value);
    if (base != e.base) {
      Address a = terms.address(base);
      e.base = a.base;
      e.offset += a.offset;
      if (state.find(e))
        continue; // both pointed there: what is known of `to` stays
    }
    state.put(e);
  }
  for (ZeroRange &z : state.zeros)
    z.base = rewrite(z.base);
  for (auto &[index, value] : state.temps)
    value = rewrite(value);
  state.irql = rewrite(state.irql);
  if (!state.locks.empty())
    renameLocks(state, rewrite);

  auto facts = std::move(state.facts);
  state.facts.clear();
  for (auto &[id, fact] : facts) {
    if (id == from)
      continue;
    TermId now = rewrite(id);
    if (now == id) {
      Fact &f = state.factFor(id, terms);
      f = fact;
    }
  }
  for (auto &[id, fact] : facts) {
    if (id == from)
      continue;
    TermId now = rewrite(id);
    if (now == id)
      continue;
    if (terms.isConst(now)) {
      int64_t v = terms.constValue(now);
      if (v < fact.lo || v > fact.hi)
        return false;
      continue;
    }
    Fact &f = state.factFor(now, terms);
    f.lo = std::max(f.lo, fact.lo);
    f.hi = std::min(f.hi, fact.hi);
    if (f.lo > f.hi)
      return false;
  }

  ObjectState *source = state.object(from);
  if (source) {
    ObjectState moved = *source;
    state.objects.erase(state.objects.begin() +
                        (source - state.objects.data()));
    Address a = terms.address(to);
    if (a.offset == 0 && !terms.isConst(to)) {
      if (ObjectState *there = state.object(a.base)) {
        // Both were tracked: the two histories must agree.
        for (size_t i = 0; i < kMaxFacets; ++i)
          if (there->facets[i] == contract::kUnknownState)
            there->facets[i] = moved.facets[i];
        there->escaped |= moved.escaped;
        there->errored |= moved.errored;
      } else {
        moved.base = a.base;
        state.objectFor(a.base) = moved;
      }
    }
  }
  return true;
}
