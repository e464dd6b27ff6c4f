//===-- State.h - what is known at one point of one path ------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A state of property simulation (Das, Lerner, Seigle: ESP, PLDI 2002): a
// store, filled lazily, from locations to terms; facts about terms; the
// automaton states of objects; the IRQL; and the trace that led here.
//
// Two pointers that are different symbols are taken to point to different
// storage until a comparison on the path says they are equal.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_DOMAIN_STATE_H
#define MDLCHECK_DOMAIN_STATE_H

#include "contract/Contract.h"
#include "domain/Term.h"

#include "llvm/ADT/SmallVector.h"

#include <array>
#include <bitset>
#include <optional>
#include <tuple>

namespace mdlcheck::domain {

constexpr size_t kMaxFacets = 24;

/// What is known of a term beyond its structure.
struct Fact {
  int64_t lo;
  int64_t hi;
  uint64_t knownMask = 0;                 ///< bits whose value is known...
  uint64_t knownBits = 0;                 ///< ...and what they are
  llvm::SmallVector<int64_t, 2> excluded; ///< sorted

  friend bool operator==(const Fact &, const Fact &) = default;
};

/// One thing that happened on the way; the list is shared between states.
struct TraceNode;

/// The bytes [offset, offset + size) of `base` hold `value`.
struct Entry {
  TermId base;
  int64_t offset;
  TermId value;
  uint8_t size;
  uint8_t bitOffset = 0;
  uint8_t bitWidth = 0; ///< 0: not a bit-field

  bool sameLocation(const Entry &o) const {
    return base == o.base && offset == o.offset && size == o.size &&
           bitOffset == o.bitOffset && bitWidth == o.bitWidth;
  }
  /// The order of State::store.
  bool before(const Entry &o) const {
    return std::tie(base, offset, size, bitOffset, bitWidth) <
           std::tie(o.base, o.offset, o.size, o.bitOffset, o.bitWidth);
  }
  friend bool operator==(const Entry &, const Entry &) = default;
};

struct ZeroRange {
  TermId base;
  int64_t offset;
  int64_t size;
  friend bool operator==(const ZeroRange &, const ZeroRange &) = default;
};

using Facets = std::array<contract::FacetState, kMaxFacets>;

/// An object of some automaton. Facets belong to the object, not to the
/// variables that point to it.
struct ObjectState {
  TermId base;
  Facets facets{};
  /// Somebody outside can reach it, or we lost track: no leak of ours.
  bool escaped = false;
  /// A violation was reported: nothing more is said about it.
  bool errored = false;
  /// Made by the code that is analysed, in this activation or a callee's.
  bool owned = false;
  uint32_t site = 0; ///< instruction key of where it was made or first seen
  /// In a callee: where its last reference seen there was overwritten, and in
  /// which function; the owner decides whether that lost it.
  const ir::Instr *lostAt = nullptr;
  uint32_t lostIn = 0;
  const std::string *name = nullptr; ///< as the author calls it
  /// The last member of the program's own records that a pointer to it was
  /// stored in, and by which instruction of which function.
  ir::FieldId heldIn;
  const ir::Instr *heldAt = nullptr;
  uint32_t heldBy = 0;
  /// Somebody else was given the object itself.
  bool handedOn = false;
  /// A function nothing is known about could reach it.
  bool exposed = false;
};

/// A lock that was taken or let go on the way. Other than facets, this is known
/// whatever object is in focus, as the IRQL is.
struct LockState {
  enum class Status : uint8_t {
    Held,
    Shared, ///< held, maybe together with others
    Released,
    Silent, ///< a violation was reported: nothing more is said about it
  };
  TermId lock;   ///< its address, or a constant that it is known by
  TermId handle; ///< what stands for this taking of it, if anything
  TermId saved;  ///< the IRQL before it was taken, if that changed then
  Status status = Status::Held;
  /// Held when it was taken over from whoever came before: nobody was seen to
  /// take it.
  bool given = false;
  /// Where that came about, in which function, and how it is called there.
  const ir::Instr *at = nullptr;
  uint32_t function = 0;
  const std::string *name = nullptr;

  bool isHeld() const {
    return status == Status::Held || status == Status::Shared;
  }
  auto key() const { return std::tie(lock, status, given, handle, saved); }
  friend bool operator==(const LockState &a, const LockState &b) {
    return a.key() == b.key();
  }
};

/// An exception on its way out of the function.
struct RaiseInfo {
  const TraceNode *trace = nullptr;  ///< up to the raise; null: none
  const ir::Instr *origin = nullptr; ///< what raised, in a callee perhaps
  TermId code;                       ///< a 32-bit NTSTATUS
  contract::RuleId ifUncaught;
  /// The driver itself raises it on purpose (ExRaiseStatus).
  bool deliberate = false;
  /// Names the origin together with each of the calls it came out of so far,
  /// innermost first: who handles it is asked of all of them.
  llvm::SmallVector<uint64_t, 2> chain;
};

class State {
public:
  // Kept sorted; by (base, offset), term, base.
  std::vector<Entry> store;
  std::vector<ZeroRange> zeros;
  std::vector<std::pair<TermId, Fact>> facts;
  std::vector<ObjectState> objects;
  /// When the unread memory of a root last changed: see Origin::Initial.
  std::vector<std::pair<TermId, uint32_t>> epochs;
  std::vector<std::pair<uint32_t, TermId>> temps;
  TermId irql;
  std::vector<LockState> locks; ///< sorted by key()
  /// What is not to be said of the IRQL.
  enum class LevelDoubt : uint8_t {
    None,
    Raised, ///< that it is low: something nothing is known about ran
    Told,   ///< anything: a violation was reported
  };
  LevelDoubt levelDoubt = LevelDoubt::None;
  /// What raised the level keeps the one before out of our sight: whatever
  /// nothing is known about may restore it.
  bool levelElsewhere = false;
  const TraceNode *trace = nullptr;
  RaiseInfo raise;
  /// The marker of the way out of the function that was passed last.
  const ir::Instr *leaving = nullptr;
  /// Something may hold a null that a call gave which failed
  /// (TermTable::failed).
  bool holdsFailed = false;
  /// Differing states were joined on the way: the path may mix two paths.
  bool merged = false;

  // Store.
  const Entry *find(const Entry &where) const;
  void put(const Entry &entry);
  /// Forgets the bytes [lo, hi) of `base`, entries and zeroes. Calls
  /// `lost(value)` for every value that goes.
  template <typename Fn>
  void eraseRange(TermId base, int64_t lo, int64_t hi, Fn lost);
  bool isZero(TermId base, int64_t offset, int64_t size) const;

  uint32_t epoch(TermId root) const;
  void setEpoch(TermId root, uint32_t epoch);

  TermId temp(uint32_t index) const;
  void setTemp(uint32_t index, TermId value);

  // Facts.
  const Fact *fact(TermId id) const {
    return mayHaveFact.test(id.value % kFactBits) ? findFact(id) : nullptr;
  }
  Fact &factFor(TermId id, const TermTable &terms);
  void eraseFact(TermId id);
  /// Puts a fact behind all others.
  void appendFact(TermId id, Fact fact);

  // Locks.
  void putLock(const LockState &lock);

  // Objects.
  ObjectState *object(TermId base);
  const ObjectState *object(TermId base) const;
  ObjectState &objectFor(TermId base);

private:
  const Fact *findFact(TermId id) const;
  /// Most terms that are asked about have no fact: told by their low bits, of
  /// which those of all facts, and of some that are gone, are set here.
  static constexpr unsigned kFactBits = 256;
  std::bitset<kFactBits> mayHaveFact;
};

template <typename Fn>
void State::eraseRange(TermId base, int64_t lo, int64_t hi, Fn lost) {
  for (size_t i = 0; i < store.size();) {
    const Entry &e = store[i];
    if (e.base == base && e.offset < hi && lo < e.offset + e.size) {
      TermId value = e.value;
      store.erase(store.begin() + long(i));
      lost(value);
    } else {
      ++i;
    }
  }
  for (size_t i = 0; i < zeros.size();) {
    ZeroRange z = zeros[i];
    if (z.base != base || z.offset >= hi || lo >= z.offset + z.size) {
      ++i;
      continue;
    }
    zeros.erase(zeros.begin() + long(i));
    size_t at = i;
    if (z.offset < lo)
      zeros.insert(zeros.begin() + long(at++),
                   ZeroRange{base, z.offset, lo - z.offset});
    if (z.offset + z.size > hi)
      zeros.insert(zeros.begin() + long(at++),
                   ZeroRange{base, hi, z.offset + z.size - hi});
    i = at;
  }
}

} // namespace mdlcheck::domain

#endif // MDLCHECK_DOMAIN_STATE_H
