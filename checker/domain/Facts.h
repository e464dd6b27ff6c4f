//===-- Facts.h - reasoning about one path's conditions -------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_DOMAIN_FACTS_H
#define MDLCHECK_DOMAIN_FACTS_H

#include "domain/State.h"

namespace mdlcheck::domain {

struct Range {
  int64_t lo;
  int64_t hi;
  bool isConst() const { return lo == hi; }
};

/// Values `id` may have in `state`.
Range rangeOf(const State &state, const TermTable &terms, TermId id);

/// Bits of `id` that are known in `state`, from facts and structure: which, and
/// what they are.
std::pair<uint64_t, uint64_t> knownBits(const State &state,
                                        const TermTable &terms, TermId id);

/// `id` with everything that is constant in `state` folded. Ids of locations
/// and values are compared after this.
TermId resolve(const State &state, TermTable &terms, TermId id);

/// Is `id` non-zero in `state`? Nothing when it may be either.
std::optional<bool> truthOf(const State &state, TermTable &terms, TermId id);

/// Restricts `state` to where `id` is non-zero (zero). False when it never
/// is: the state is then to be thrown away. Makes two symbols one when they
/// are found equal.
bool assume(State &state, TermTable &terms, TermId id, bool truth);

/// Restricts `id` to [lo, hi]; false when nothing remains.
bool restrict(State &state, TermTable &terms, TermId id, int64_t lo,
              int64_t hi);

/// Restricts `id` to what `fact` says; false when nothing remains.
bool impose(State &state, TermTable &terms, TermId id, const Fact &fact);

/// Replaces symbol `from` by `to` everywhere in `state`. False when what is
/// known of the two contradicts.
bool substitute(State &state, TermTable &terms, TermId from, TermId to);

} // namespace mdlcheck::domain

#endif // MDLCHECK_DOMAIN_FACTS_H
