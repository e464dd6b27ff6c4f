//===-- Term.h - symbolic values ------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values are hash-consed terms: equal terms have equal ids, so comparing two
// values is comparing two integers. What is known of a term on one path
// (ranges, bits) is not here but in the state (Facts.h).
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_DOMAIN_TERM_H
#define MDLCHECK_DOMAIN_TERM_H

#include "ir/Ir.h"

#include "llvm/ADT/DenseMap.h"

#include <cstdint>
#include <tuple>
#include <vector>

namespace mdlcheck::domain {

using TermId = Id<struct TermTag>;

enum class TermKind : uint8_t {
  Const,  ///< value
  Symbol, ///< something unknown; which one is said by (symbolKind, a, b, gen)
  /// Storage that is no other storage: not null, and different from every
  /// other Object. Variables, functions, literals, new allocations.
  Object,
  /// Element `b` of the array at address `a`, `value` bytes an element; the
  /// array is `extent` bytes, 0 when unknown. Only for indexes that are not
  /// constant.
  Element,
  Unary,
  Binary,
  Cast,
};

/// Where a symbol or object comes from. Together with the ids beside it, it
/// names the symbol, so that the same program point makes the same symbol on
/// every path and equal states are found equal.
enum class Origin : uint8_t {
  None,
  Parameter,  ///< a: index of the parameter
  Result,     ///< a: instruction key; what a call returned or wrote
  Initial,    ///< what location (a: base term, value: offset) held first
  Join,       ///< a: block key, b: number; values that differed at a join
  Canonical,  ///< a: number; a caller's value inside a callee
  Irql,       ///< the IRQL on entry
  Local,      ///< Object: a: function number, b: local
  Global,     ///< Object: a: GlobalId
  Function,   ///< Object: a: DeclId
  String,     ///< Object: a: StringId
  Allocation, ///< Object: a: instruction key, b: number within it
};

struct ValueType {
  uint8_t size = 8; ///< bytes; 1, 2, 4 or 8
  bool isSigned = false;
  bool isPointer = false;

  friend bool operator==(const ValueType &, const ValueType &) = default;
  uint8_t key() const {
    return uint8_t(size | (isSigned << 6) | (isPointer << 7));
  }
};

/// The value type that `type` is kept as: pointers and integers up to 8
/// bytes; everything else as a plain 8-byte integer.
ValueType valueType(const ir::Type &type);

struct Term {
  TermKind kind = TermKind::Const;
  ir::Op op = ir::Op::None;
  Origin origin = Origin::None;
  uint8_t generation = 0;
  ValueType type;
  int64_t value = 0; ///< Const; Element: element size; Initial: offset
  uint32_t a = 0;    ///< operand or origin key; Const: see failed()
  uint32_t b = 0;
  uint32_t extent = 0; ///< Element; Initial: epoch
  uint32_t extra = 0;  ///< Initial: size in bytes and bit position

  TermId lhs() const { return TermId(a); }
  TermId rhs() const { return TermId(b); }
  bool isAtom() const {
    return kind == TermKind::Symbol || kind == TermKind::Object;
  }
};

/// A byte address: `offset` bytes after what `base` points to. `base` is not
/// a sum with a constant.
struct Address {
  TermId base;
  int64_t offset = 0;
};

/// All terms of one analysis. Makes terms in simplified form.
class TermTable {
public:
  TermTable();

  const Term &operator[](TermId id) const { return terms[id.value]; }
  size_t size() const { return terms.size(); }

  TermId constant(int64_t value, ValueType type = {8, true, false});
  TermId null() { return constant(0, {8, false, true}); }
  /// Null as the call with the instruction key `site` gives it where it fails.
  /// It is a null like any other, and remembers where it came from.
  TermId failed(uint32_t site);
  /// The call that gave this null, or what lies at an offset from it; 0: none.
  uint32_t failedAt(TermId address) const;
  /// A symbol (or object) by name. See Origin for what `a` and `b` mean.
  TermId symbol(Origin origin, ValueType type, uint32_t a, uint32_t b = 0,
                uint8_t generation = 0);
  TermId object(Origin origin, uint32_t a, uint32_t b = 0,
                uint8_t generation = 0);
  /// The symbol for what `size` bytes at `address` held when first read after
  /// the event `epoch` (0: function entry).
  TermId initial(Address address, ValueType type, uint8_t bitOffset,
                 uint32_t epoch, uint8_t generation = 0);
  TermId unary(ir::Op op, ValueType type, TermId a);
  TermId binary(ir::Op op, ValueType type, TermId a, TermId b);
  TermId cast(ValueType type, TermId a);
  TermId element(TermId base, TermId index, uint32_t elementSize,
                 uint32_t extent);
  TermId add(TermId base, int64_t offset);
  /// The same term of another generation.
  TermId withGeneration(TermId id, uint8_t generation);

  bool isConst(TermId id) const {
    return terms[id.value].kind == TermKind::Const;
  }
  int64_t constValue(TermId id) const { return terms[id.value].value; }
  /// Splits base + constant.
  Address address(TermId id) const;
  TermId addressTerm(Address address);
  /// The symbol or object an address goes out from: through sums and
  /// elements; the term itself when there is none.
  TermId root(TermId id) const { return TermId(roots[id.value]); }
  /// Calls `fn` for every symbol and object in the term.
  template <typename Fn> void forEachAtom(TermId id, Fn fn) const {
    const Term &t = terms[id.value];
    switch (t.kind) {
    case TermKind::Const:
      return;
    case TermKind::Symbol:
    case TermKind::Object:
      fn(id);
      return;
    case TermKind::Unary:
    case TermKind::Cast:
      forEachAtom(t.lhs(), fn);
      return;
    case TermKind::Element:
    case TermKind::Binary:
      forEachAtom(t.lhs(), fn);
      forEachAtom(t.rhs(), fn);
      return;
    }
  }
  /// Rebuilds the term with its symbols and objects replaced by `fn`.
  template <typename Fn> TermId rewrite(TermId id, Fn &fn) {
    const Term t = terms[id.value];
    switch (t.kind) {
    case TermKind::Const:
      return id;
    case TermKind::Symbol:
    case TermKind::Object:
      return fn(id);
    case TermKind::Unary: {
      TermId a = rewrite(t.lhs(), fn);
      return a == t.lhs() ? id : unary(t.op, t.type, a);
    }
    case TermKind::Cast: {
      TermId a = rewrite(t.lhs(), fn);
      return a == t.lhs() ? id : cast(t.type, a);
    }
    case TermKind::Element: {
      TermId a = rewrite(t.lhs(), fn);
      TermId b = rewrite(t.rhs(), fn);
      return a == t.lhs() && b == t.rhs()
                 ? id
                 : element(a, b, uint32_t(t.value), t.extent);
    }
    case TermKind::Binary: {
      TermId a = rewrite(t.lhs(), fn);
      TermId b = rewrite(t.rhs(), fn);
      return a == t.lhs() && b == t.rhs() ? id : binary(t.op, t.type, a, b);
    }
    }
    return id;
  }
  /// How deep the term is nested; very deep ones are given up for a symbol.
  unsigned depth(TermId id) const { return depths[id.value]; }

private:
  TermId intern(Term term);

  struct Key {
    Term term;
  };
  struct KeyInfo {
    static Term getEmptyKey();
    static Term getTombstoneKey();
    static unsigned getHashValue(const Term &t);
    static bool isEqual(const Term &a, const Term &b);
  };
  std::vector<Term> terms;
  std::vector<uint8_t> depths;
  std::vector<uint32_t> roots;
  llvm::DenseMap<Term, uint32_t, KeyInfo> ids;
};

/// `value` truncated to `type` and extended back to 64 bits.
int64_t wrap(int64_t value, ValueType type);
/// Smallest and largest value of the type; 64-bit unsigned values are kept as
/// their bit pattern, so their range is that of int64_t.
int64_t minOf(ValueType type);
int64_t maxOf(ValueType type);

} // namespace mdlcheck::domain

#endif // MDLCHECK_DOMAIN_TERM_H
