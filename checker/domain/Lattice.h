//===-- Lattice.h - comparing, joining and trimming states ----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_DOMAIN_LATTICE_H
#define MDLCHECK_DOMAIN_LATTICE_H

#include "domain/Facts.h"
#include "domain/State.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mdlcheck::domain {

/// How much of a state must agree for two states to be joined.
enum class KeyKind : uint8_t {
  /// Automaton states, the IRQL, and which locations point to what is
  /// tracked: joining such states loses no object.
  Exact,
  /// Only the automaton states, by the places where objects were made: what
  /// loops are widened by.
  Coarse,
};

/// Facets that keys are made of, as a bit mask: those of automata that can be
/// violated. The others (what kind of memory a buffer is) only ever decide
/// whether a condition is known.
using FacetMask = uint32_t;

/// Is `object` in a state that `mask` asks for?
bool isTracked(const ObjectState &object, FacetMask mask);
bool tracksAny(const State &state, FacetMask mask);

/// States with the same key may be joined.
uint64_t automatonKey(const State &state, TermTable &terms, KeyKind kind,
                      FacetMask mask);

/// The same in everything but the trace?
bool sameState(const State &a, const State &b);
/// Equal for states that are the same.
uint64_t hashState(const State &state);

/// What holds in both `a` and `b`: where they agree it stays, the rest is
/// unknown. `place` names the join point, so that joining again there makes
/// the same symbols.
enum class JoinKind : uint8_t {
  Merge, ///< keeps what it can
  Loop,  ///< keeps only what both states mention, so that it settles
  Widen, ///< and gives up bounds that grew from `a` to `b`
};
State join(const State &a, const State &b, TermTable &terms, uint32_t place,
           JoinKind kind);

using AtomSet = llvm::DenseSet<uint32_t>;

/// Symbols and objects that can be reached in `state` from temporaries, the
/// IRQL, storage that `isRoot` names, and `extra`.
AtomSet reachable(const State &state, const TermTable &terms,
                  llvm::function_ref<bool(TermId)> isRoot,
                  llvm::ArrayRef<TermId> extra = {});

/// Drops what nothing can ask about any more. Objects of ours that may leak
/// stay, for the leak check.
void trim(State &state, const TermTable &terms,
          llvm::function_ref<bool(const ObjectState &)> mayLeak);

/// Does `term` speak of `atom`, also through the memory symbols stand for?
bool mentions(const TermTable &terms, TermId term, TermId atom);

/// Does anything in `state` speak of `atom`?
bool inUse(const State &state, const TermTable &terms, TermId atom);

/// Drops what is known of `atom`, for it to stand for something new.
void forgetFacts(State &state, const TermTable &terms, TermId atom);

/// A generation of `symbol` that nothing in `state` speaks of, so that it can
/// stand for something new. When there are too many, the oldest is given up:
/// everything that spoke of it becomes unknown, and an object there is lost.
TermId fresh(State &state, TermTable &terms, TermId symbol);

/// Marks the object that `value` points to as out of our sight.
void lose(State &state, const TermTable &terms, TermId value);

/// The same, and what state it is in is no longer known either: something may
/// be done to it under a name we do not recognise.
void forget(State &state, const TermTable &terms, TermId value);

} // namespace mdlcheck::domain

#endif // MDLCHECK_DOMAIN_LATTICE_H
