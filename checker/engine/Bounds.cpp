//===-- Bounds.cpp - accesses stay inside their memory --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What lies outside is another checker's business. That element k of an array
// of n was used says that n is greater than k: a loop over all of them, later
// on, does not end before it begins.
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;

namespace {
constexpr ValueType kCount{8, false, false};
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

/// `bytes` as a number of elements of `size` bytes, where it is one.
TermId countOf(const TermTable &terms, TermId bytes, int64_t size) {
  const Term &t = terms[bytes];
  if (t.kind != TermKind::Binary || t.op != ir::Op::Mul)
    return {};
  if (terms.isConst(t.rhs()) && terms.constValue(t.rhs()) == size)
    return t.lhs();
  if (terms.isConst(t.lhs()) && terms.constValue(t.lhs()) == size)
    return t.rhs();
  return {};
}
} // namespace

bool Engine::staysInside(State &state, TermId address, uint64_t bytes) {
  Address a = terms.address(address);
  TermId root = terms.root(a.base);
  const Term array = terms[a.base];
  bool isElement = array.kind == TermKind::Element;
  int64_t begin = a.offset, end = a.offset + int64_t(bytes);
  Range index{0, 0};
  if (isElement) {
    Address first = terms.address(array.lhs());
    index = rangeOf(state, terms, array.rhs());
    if (first.base != root || index.lo < 0 || array.value <= 0)
      return true;
    // Arrays of a known length that are a whole variable: none of those that
    // end a structure and go on behind it.
    if (array.extent && terms[root].origin == Origin::Local &&
        first.offset == 0 &&
        !restrict(state, terms, array.rhs(), 0,
                  int64_t(array.extent) / array.value - 1))
      return false;
    begin += first.offset;
    if (__builtin_mul_overflow(index.lo, int64_t(array.value), &end) ||
        __builtin_add_overflow(end, begin + int64_t(bytes), &end))
      return true;
  }
  if (terms[root].origin != Origin::Allocation || begin < 0)
    return true;
  for (int64_t place : extents) {
    const Entry *e = state.find({root, place, TermId(), 8});
    // A size that is written out may well be rounded up by whoever allocates.
    if (!e || terms.isConst(e->value))
      continue;
    TermId size = e->value;
    if (!restrict(state, terms, size, end, kMost))
      return false;
    if (!isElement || terms.isConst(resolve(state, terms, size)))
      continue;
    TermId count = countOf(terms, size, array.value);
    if (count.valid() && rangeOf(state, terms, count).lo >= 0 &&
        !assume(state, terms,
                terms.binary(ir::Op::Lt, kCount,
                             terms.cast(kCount, array.rhs()),
                             terms.cast(kCount, count)),
                true))
      return false;
  }
  return true;
}
