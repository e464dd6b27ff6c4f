//===-- Memory.cpp - what the store holds, and how it changes -*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;

namespace {
constexpr int64_t kEndOfMemory = std::numeric_limits<int64_t>::max();

/// Takes out of the store what `hit` says; what went with it is lost sight
/// of. Did anything go?
template <typename Hit>
bool drop(State &state, const TermTable &terms, Hit hit) {
  bool any = false;
  for (size_t i = 0; i < state.store.size();) {
    if (!hit(state.store[i])) {
      ++i;
      continue;
    }
    TermId value = state.store[i].value;
    state.store.erase(state.store.begin() + long(i));
    lose(state, terms, value);
    any = true;
  }
  return any;
}

/// Two bit-fields of one unit that share no bit.
bool neighbours(const Entry &e, int64_t offset, uint8_t bitOffset,
                uint8_t bitWidth) {
  return e.bitWidth && bitWidth && e.offset == offset &&
         (e.bitOffset + e.bitWidth <= bitOffset ||
          bitOffset + bitWidth <= e.bitOffset);
}
} // namespace

uint8_t Engine::entrySize(const ir::Type &type) {
  return type.kind == ir::TypeKind::Pointer || type.size == 0 || type.size > 8
             ? 8
             : uint8_t(type.size);
}

TermId Engine::readMemory(const Where &at, State &state, TermId address,
                          const ir::Type &type, uint8_t bitOffset,
                          uint8_t bitWidth) {
  Address a = terms.address(address);
  ValueType vt = valueType(type);
  Entry want{a.base, a.offset, TermId(), entrySize(type), bitOffset, bitWidth};
  if (const Entry *e = state.find(want))
    return e->value;
  // A unit some bit-field of which was written is no longer all zero.
  bool written = !bitWidth && llvm::any_of(state.store, [&](const Entry &e) {
    return e.base == a.base && e.offset < a.offset + want.size &&
           a.offset < e.offset + e.size;
  });
  if (!written && state.isZero(a.base, a.offset, want.size))
    return terms.constant(0);
  const Term base = terms[a.base];
  if (base.kind == TermKind::Element) {
    // It may be any element: what is done to it is done to one of those in
    // view, and nobody knows which.
    Address array = terms.address(base.lhs());
    int64_t end =
        base.extent ? array.offset + int64_t(base.extent) : kEndOfMemory;
    for (const Entry &e : state.store) {
      const Term &o = terms[e.base];
      bool may =
          e.base == array.base && e.offset >= array.offset && e.offset < end;
      if (o.kind == TermKind::Element && e.base != a.base)
        may = may || terms.address(o.lhs()).base == array.base;
      if (may)
        forget(state, terms, e.value);
    }
  }
  // And this may be the element of an index that is not known.
  for (const Entry &e : state.store) {
    const Term &o = terms[e.base];
    if (o.kind != TermKind::Element || o.value == 0)
      continue;
    Address array = terms.address(o.lhs());
    Range index = rangeOf(state, terms, o.rhs());
    int64_t n = (a.offset - array.offset) / o.value;
    if (array.base == a.base && a.offset >= array.offset && n >= index.lo &&
        n <= index.hi)
      forget(state, terms, e.value);
  }
  if (base.kind == TermKind::Object && base.origin == Origin::Global) {
    const ir::Global &g = graph.unit.globals[base.a];
    if (g.isConst)
      for (const ir::GlobalInit &init : g.inits)
        if (int64_t(init.offset) == a.offset &&
            entrySize(init.type) == want.size)
          switch (init.kind) {
          case ir::GlobalInit::Kind::Int:
            return terms.constant(init.value, valueType(init.type));
          case ir::GlobalInit::Kind::FunctionAddr:
            return terms.object(Origin::Function, init.index);
          case ir::GlobalInit::Kind::GlobalAddr:
            return terms.add(terms.object(Origin::Global, init.index),
                             init.value);
          case ir::GlobalInit::Kind::StringAddr:
            return terms.object(Origin::String, init.index);
          }
  }
  // Part of something wider, or something put together from parts.
  bool overlaps = false;
  for (const Entry &e : state.store) {
    if (e.base != a.base || e.offset >= a.offset + want.size ||
        a.offset >= e.offset + e.size)
      continue;
    if (neighbours(e, a.offset, bitOffset, bitWidth))
      continue;
    overlaps = true;
    if (e.bitWidth || bitWidth)
      break;
    if (e.offset <= a.offset && a.offset + want.size <= e.offset + e.size) {
      int64_t shift = (a.offset - e.offset) * 8;
      if (shift == 0)
        return terms.cast(vt, e.value);
      if (terms.isConst(e.value))
        return terms.constant(
            int64_t(uint64_t(terms.constValue(e.value)) >> shift), vt);
    }
    break;
  }
  // Unless something lies across, the same name every time: what is in the
  // store is all that has changed since the epoch began.
  want.value = overlaps
                   ? fresh(state, terms,
                           terms.symbol(Origin::Result, vt, at.key, 0x3000))
                   : terms.initial(a, vt, bitWidth ? bitOffset + 1 : 0,
                                   state.epoch(terms.root(a.base)));
  if (bitWidth && bitWidth < vt.size * 8 && !vt.isSigned)
    restrict(state, terms, want.value, 0,
             int64_t(llvm::maskTrailingOnes<uint64_t>(bitWidth)));
  if (!overlaps)
    state.put(want);
  return want.value;
}

void Engine::havocRange(const Where &at, State &state, TermId address,
                        int64_t lo, int64_t hi) {
  Address a = terms.address(address);
  TermId root = terms.root(a.base);
  if (terms[root].origin == Origin::Function ||
      terms[root].origin == Origin::String || terms.isConst(root))
    return;
  if (!state.objects.empty() && lo == 0)
    writtenBehind(state, a);
  state.eraseRange(
      a.base, lo == std::numeric_limits<int64_t>::min() ? lo : a.offset + lo,
      hi == kEndOfMemory ? hi : a.offset + hi,
      [&](TermId v) { lose(state, terms, v); });
  // Elements of arrays that lie in there too.
  drop(state, terms, [&](const Entry &e) {
    const Term &b = terms[e.base];
    if (b.kind != TermKind::Element || e.base == a.base)
      return false;
    Address array = terms.address(b.lhs());
    return array.base == a.base &&
           (hi == kEndOfMemory || array.offset < a.offset + hi) &&
           (b.extent == 0 || array.offset + b.extent > a.offset + lo);
  });
  state.setEpoch(root, at.key);
}

/// Where the fields of an object of `automaton` end, as far as the unit
/// mentions them.
int64_t Engine::fieldsEnd(const contract::Automaton &automaton) const {
  int64_t end = 0;
  for (const ir::Field &f : graph.unit.fields)
    if (llvm::is_contained(automaton.records, f.record))
      end = std::max(end, int64_t(f.offset + f.type.size));
  return end;
}

/// `pointer + n` for structures of `size` bytes, n > 0. Where that may be an
/// object of some automaton, what follows the structure is worked on by hand
/// in this function, if not on every path.
void Engine::pointedBehind(const Where &at, int64_t size) {
  // No scalar, and no structure that is too small.
  for (const contract::Automaton &automaton : rules.automata)
    if (!automaton.records.empty() && size > 8 && size >= fieldsEnd(automaton))
      byHand.insert(at.act.function);
}

/// Was the object made where such objects are completed by hand, and is it what
/// it was when new? Then it may describe anything by now, which is good enough
/// for a requirement that leaves open what.
bool Engine::mayBeFilledByHand(const ObjectState &o,
                               const contract::FacetRequirement &r) const {
  if (byHand.empty() || !o.site || o.facets[r.facet.value] != 1 ||
      r.allowed.size() < 2)
    return false;
  const contract::Automaton &automaton =
      rules.automata[rules.facet(r.facet).automaton.value];
  return llvm::none_of(automaton.uses,
                       [&](const auto &u) { return u.facet == r.facet; }) &&
         byHand.contains(graph.functionOf(o.site));
}

/// Memory of a tracked object is written behind its structure: an MDL whose
/// page numbers are filled in by hand describes what its author says.
void Engine::writtenBehind(State &state, const Address &a) {
  TermId root = terms.root(a.base);
  ObjectState *o = state.object(root);
  if (!o || o->errored)
    return;
  for (const contract::Automaton &automaton : rules.automata) {
    int64_t end = fieldsEnd(automaton);
    if (automaton.records.empty() ||
        (a.base == root && (a.offset <= 0 || a.offset < end)))
      continue;
    for (contract::FacetId f : automaton.facets) {
      bool isLife = false;
      for (const auto &u : automaton.uses)
        isLife |= u.facet == f;
      if (!isLife)
        o->facets[f.value] = contract::kUnknownState;
    }
  }
}

void Engine::writeMemory(const Where &at, State &state, TermId address,
                         TermId value, uint64_t size, uint8_t bitOffset,
                         uint8_t bitWidth) {
  Address a = terms.address(address);
  const Term base = terms[a.base];
  if (base.kind == TermKind::Const)
    return; // through null or a fixed address: nothing we follow
  if (!state.objects.empty())
    writtenBehind(state, a);
  Entry put{a.base,    a.offset, value, uint8_t(std::min<uint64_t>(size, 8)),
            bitOffset, bitWidth};
  int64_t end = a.offset + int64_t(size);
  if (!state.find(put)) {
    drop(state, terms, [&](const Entry &e) {
      return e.base == a.base && e.offset < end &&
             a.offset < e.offset + e.size &&
             !neighbours(e, a.offset, bitOffset, bitWidth);
    });
    // The neighbours of a bit-field keep their zeroes: see readMemory.
    if (!bitWidth)
      state.eraseRange(a.base, a.offset, end, [](TermId) {});
  }
  // Other names for the same element.
  bool aliased;
  if (base.kind == TermKind::Element) {
    Address array = terms.address(base.lhs());
    int64_t arrayEnd =
        base.extent ? array.offset + int64_t(base.extent) : kEndOfMemory;
    aliased = drop(state, terms, [&](const Entry &e) {
      const Term &o = terms[e.base];
      if (o.kind != TermKind::Element || e.base == a.base ||
          terms.root(e.base) != terms.root(a.base))
        return e.base == array.base && e.offset >= array.offset &&
               e.offset < arrayEnd;
      // Different fields of the elements do not touch.
      if (o.lhs() == base.lhs() && o.value == base.value &&
          (e.offset + e.size <= a.offset || end <= e.offset))
        return false;
      Address other = terms.address(o.lhs());
      return other.base == array.base &&
             (arrayEnd == kEndOfMemory || other.offset < arrayEnd) &&
             (o.extent == 0 || other.offset + int64_t(o.extent) > array.offset);
    });
    aliased |= std::erase_if(state.zeros, [&](const ZeroRange &z) {
                 return z.base == array.base && z.offset < arrayEnd &&
                        z.offset + z.size > array.offset;
               }) > 0;
  } else {
    aliased = drop(state, terms, [&](const Entry &e) {
      const Term &o = terms[e.base];
      if (o.kind != TermKind::Element)
        return false;
      Address array = terms.address(o.lhs());
      return array.base == a.base && a.offset >= array.offset &&
             (o.extent == 0 || a.offset < array.offset + int64_t(o.extent));
    });
  }
  if (aliased)
    state.setEpoch(terms.root(a.base), at.key);
  state.put(put);
}

void Engine::copyMemory(const Where &at, State &state, TermId to, TermId from,
                        uint64_t size) {
  Address t = terms.address(to), f = terms.address(from);
  std::vector<Entry> moved;
  for (const Entry &e : state.store)
    if (e.base == f.base && e.offset >= f.offset &&
        e.offset + e.size <= f.offset + int64_t(size)) {
      Entry c = e;
      c.base = t.base;
      c.offset += t.offset - f.offset;
      moved.push_back(c);
    }
  std::vector<ZeroRange> zeros;
  for (const ZeroRange &z : state.zeros) {
    int64_t lo = std::max(z.offset, f.offset);
    int64_t hi = std::min(z.offset + z.size, f.offset + int64_t(size));
    if (z.base == f.base && lo < hi)
      zeros.push_back({t.base, lo + t.offset - f.offset, hi - lo});
  }
  havocRange(at, state, to, 0, int64_t(size));
  for (const ZeroRange &z : zeros)
    zeroMemory(at, state, terms.add(z.base, z.offset), uint64_t(z.size));
  for (const Entry &e : moved)
    state.put(e);
}

void Engine::zeroMemory(const Where &at, State &state, TermId to,
                        uint64_t size) {
  Address a = terms.address(to);
  if (terms.isConst(a.base) || size == 0)
    return;
  havocRange(at, state, to, 0, int64_t(size));
  auto it = std::lower_bound(state.zeros.begin(), state.zeros.end(), a,
                             [](const ZeroRange &z, const Address &k) {
                               return std::pair(z.base, z.offset) <
                                      std::pair(k.base, k.offset);
                             });
  state.zeros.insert(it, {a.base, a.offset, int64_t(size)});
}
