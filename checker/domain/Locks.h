//===-- Locks.h - which locks a path holds --------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// States that hold different locks stay apart. Which locks were let go only
// some of the joined paths know: then none does.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_DOMAIN_LOCKS_H
#define MDLCHECK_DOMAIN_LOCKS_H

#include "domain/State.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mdlcheck::domain {

/// Equal where the same locks are held; without `exact`, where the locks that
/// are held were taken at the same places.
uint64_t heldKey(const State &state, bool exact);

/// Puts the locks into `out` that are in both.
void joinLocks(const State &a, const State &b, State &out);

/// Does anything that is known of the lock speak of `atom`?
bool mentions(const TermTable &terms, const LockState &lock, TermId atom);

/// `atom` is to stand for something new: what is known of locks there is not
/// of that.
void dropLocks(State &state, const TermTable &terms, TermId atom);

/// Replaces all terms of locks. Of two locks that become one, the first stays.
void renameLocks(State &state, llvm::function_ref<TermId(TermId)> rename);

} // namespace mdlcheck::domain

#endif // MDLCHECK_DOMAIN_LOCKS_H
