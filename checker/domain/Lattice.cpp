//===-- Lattice.cpp - comparing, joining and trimming states --*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "domain/Lattice.h"

#include "domain/Locks.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <functional>
#include <map>

using namespace mdlcheck;
using namespace mdlcheck::domain;

// llvm::hash_combine is seeded per process unless told otherwise; keys decide
// the order of work, so they must be the same in every run.
static uint64_t mix(uint64_t h, uint64_t v) {
  h ^= v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
  h *= 0xff51afd7ed558ccdull;
  return h ^ (h >> 32);
}

static uint64_t facetsHash(const ObjectState &o, FacetMask mask) {
  uint64_t h = 0;
  for (size_t i = 0; i < kMaxFacets; ++i)
    h = mix(h, mask >> i & 1 ? o.facets[i] : 0);
  return mix(h, (o.escaped ? 1u : 0u) | (o.errored ? 2u : 0u) |
                    (o.owned ? 4u : 0u));
}

bool domain::isTracked(const ObjectState &o, FacetMask mask) {
  if (o.errored)
    return true;
  for (size_t i = 0; i < kMaxFacets; ++i)
    if ((mask >> i & 1) && o.facets[i] != contract::kUnknownState)
      return true;
  return false;
}

bool domain::tracksAny(const State &state, FacetMask mask) {
  return state.holdsFailed ||
         llvm::any_of(state.objects,
                      [&](const ObjectState &o) { return isTracked(o, mask); });
}

uint64_t domain::automatonKey(const State &state, TermTable &terms,
                              KeyKind kind, FacetMask mask) {
  uint64_t h = 0x51ed27;
  if (kind == KeyKind::Coarse) {
    // Independent of which symbols the objects are.
    std::vector<std::pair<uint32_t, uint64_t>> parts;
    for (const ObjectState &o : state.objects)
      if (isTracked(o, mask))
        parts.push_back({o.site, facetsHash(o, mask)});
    if (state.holdsFailed)
      for (const Entry &e : state.store)
        if (uint32_t site = terms.failedAt(e.value))
          parts.push_back({site, 0});
    std::sort(parts.begin(), parts.end());
    for (auto &[site, f] : parts)
      h = mix(mix(h, site), f);
  } else {
    for (const ObjectState &o : state.objects)
      if (isTracked(o, mask))
        h = mix(mix(h, o.base.value), facetsHash(o, mask));
    for (const Entry &e : state.store) {
      TermId base = terms.address(e.value).base;
      const ObjectState *o = state.object(base);
      if ((o && isTracked(*o, mask)) ||
          (state.holdsFailed && terms.failedAt(base)))
        h = mix(mix(mix(h, e.base.value), uint64_t(e.offset)), base.value);
    }
  }
  h = mix(h, resolve(state, terms, state.irql).value);
  if (!state.locks.empty())
    h = mix(h, heldKey(state, kind == KeyKind::Exact));
  h = mix(h, state.raise.trace ? 1 : 0);
  if (state.leaving)
    h = mix(h, (uint64_t(state.leaving->span.line) << 16) |
                   state.leaving->span.column);
  return mix(h, state.raise.chain.empty() ? 0 : state.raise.chain.back());
}

static bool sameObject(const ObjectState &a, const ObjectState &b) {
  return a.base == b.base && a.facets == b.facets && a.escaped == b.escaped &&
         a.errored == b.errored && a.owned == b.owned;
}

bool domain::sameState(const State &a, const State &b) {
  return a.irql == b.irql && a.levelDoubt == b.levelDoubt &&
         a.levelElsewhere == b.levelElsewhere && a.locks == b.locks &&
         a.store == b.store && a.zeros == b.zeros && a.temps == b.temps &&
         a.facts == b.facts && a.epochs == b.epochs &&
         a.objects.size() == b.objects.size() &&
         std::equal(a.objects.begin(), a.objects.end(), b.objects.begin(),
                    sameObject) &&
         a.raise.chain == b.raise.chain && a.leaving == b.leaving;
}

uint64_t domain::hashState(const State &state) {
  uint64_t h =
      mix(0x9177 + uint64_t(state.levelDoubt) * 2 + state.levelElsewhere,
          state.irql.value);
  for (const LockState &l : state.locks)
    h = mix(mix(h, l.lock.value), (uint64_t(l.saved.value) << 8) |
                                      (uint64_t(l.status) << 1) |
                                      (l.given ? 1u : 0u));
  for (const Entry &e : state.store) {
    h = mix(h, (uint64_t(e.base.value) << 32) | e.value.value);
    h = mix(h,
            uint64_t(e.offset) * 64 + e.size + (uint64_t(e.bitOffset) << 56));
  }
  for (const ZeroRange &z : state.zeros)
    h = mix(h,
            (uint64_t(z.base.value) << 32) ^ uint64_t(z.offset * 31 + z.size));
  for (const auto &[id, f] : state.facts) {
    h = mix(mix(mix(h, id.value), uint64_t(f.lo)), uint64_t(f.hi));
    h = mix(h, f.knownMask * 3 + f.knownBits + f.excluded.size());
  }
  for (const ObjectState &o : state.objects)
    h = mix(mix(h, o.base.value), facetsHash(o, ~0u));
  for (const auto &[index, value] : state.temps)
    h = mix(h, (uint64_t(index) << 32) | value.value);
  return h;
}

/// Memory that was allocated holds what it holds whether it is tracked itself
/// or not, so it is an object from here on.
static ObjectState *objectBehind(State &state, const TermTable &terms,
                                 TermId value) {
  TermId base = terms.address(value).base;
  const Term &t = terms[base];
  if (t.kind == TermKind::Object && t.origin == Origin::Allocation)
    return &state.objectFor(base);
  return state.object(base);
}

void domain::lose(State &state, const TermTable &terms, TermId value) {
  if (ObjectState *o = objectBehind(state, terms, value))
    o->escaped = true;
}

void domain::forget(State &state, const TermTable &terms, TermId value) {
  llvm::SmallVector<TermId, 8> work{value};
  llvm::SmallDenseSet<uint32_t> seen;
  while (!work.empty()) {
    ObjectState *o = objectBehind(state, terms, work.pop_back_val());
    if (!o || !seen.insert(o->base.value).second)
      continue;
    o->escaped = true;
    o->facets = {};
    // What hangs on it can be got at by the same name.
    for (const Entry &e : state.store)
      if (terms.root(e.base) == o->base)
        work.push_back(e.value);
  }
}

bool domain::mentions(const TermTable &terms, TermId term, TermId atom) {
  bool found = false;
  terms.forEachAtom(term, [&](TermId a) {
    for (;;) {
      if (a == atom) {
        found = true;
        return;
      }
      const Term &t = terms[a];
      if (t.kind != TermKind::Symbol || t.origin != Origin::Initial)
        return;
      TermId base(t.a);
      if (!terms[base].isAtom()) {
        found = found || mentions(terms, base, atom);
        return;
      }
      a = base;
    }
  });
  return found;
}

bool domain::inUse(const State &state, const TermTable &terms, TermId atom) {
  for (const Entry &e : state.store)
    if (mentions(terms, e.value, atom) || mentions(terms, e.base, atom))
      return true;
  for (const auto &[index, value] : state.temps)
    if (mentions(terms, value, atom))
      return true;
  for (const ObjectState &o : state.objects)
    if (mentions(terms, o.base, atom))
      return true;
  for (const ZeroRange &z : state.zeros)
    if (mentions(terms, z.base, atom))
      return true;
  if (state.raise.code.valid() && mentions(terms, state.raise.code, atom))
    return true;
  for (const LockState &l : state.locks)
    if (l.isHeld() && mentions(terms, l, atom))
      return true;
  return state.irql.valid() && mentions(terms, state.irql, atom);
}

void domain::forgetFacts(State &state, const TermTable &terms, TermId atom) {
  dropLocks(state, terms, atom);
  std::erase_if(state.facts,
                [&](auto &p) { return mentions(terms, p.first, atom); });
  std::erase_if(state.epochs,
                [&](auto &p) { return mentions(terms, p.first, atom); });
}

TermId domain::fresh(State &state, TermTable &terms, TermId symbol) {
  constexpr uint8_t kGenerations = 4;
  for (uint8_t g = 0; g < kGenerations; ++g) {
    TermId id = g ? terms.withGeneration(symbol, g) : symbol;
    if (inUse(state, terms, id))
      continue;
    forgetFacts(state, terms, id);
    return id;
  }
  for (size_t i = 0; i < state.store.size();) {
    const Entry e = state.store[i];
    if (!mentions(terms, e.value, symbol) && !mentions(terms, e.base, symbol)) {
      ++i;
      continue;
    }
    state.store.erase(state.store.begin() + long(i));
    lose(state, terms, e.value);
    // A later read makes a symbol that nothing else stands for.
    state.setEpoch(terms.root(e.base), symbol.value | 0x80000000u);
  }
  std::erase_if(state.zeros, [&](const ZeroRange &z) {
    return mentions(terms, z.base, symbol);
  });
  std::erase_if(state.objects, [&](const ObjectState &o) {
    return mentions(terms, o.base, symbol);
  });
  for (auto &[index, value] : state.temps)
    if (mentions(terms, value, symbol))
      value =
          terms.symbol(Origin::Join, terms[value].type, symbol.value, index);
  forgetFacts(state, terms, symbol);
  return symbol;
}

//===----------------------------------------------------------------------===//
// Reachability
//===----------------------------------------------------------------------===//

AtomSet domain::reachable(const State &state, const TermTable &terms,
                          llvm::function_ref<bool(TermId)> isRoot,
                          llvm::ArrayRef<TermId> extra) {
  AtomSet live;
  live.reserve(2 * (state.store.size() + state.temps.size()));
  llvm::SmallVector<TermId, 32> work;
  auto add = [&](TermId value) {
    if (value.valid())
      terms.forEachAtom(value, [&](TermId a) {
        if (live.insert(a.value).second)
          work.push_back(a);
      });
  };
  for (const auto &[index, value] : state.temps)
    add(value);
  add(state.irql);
  add(state.raise.code);
  for (TermId id : extra)
    add(id);
  for (const Entry &e : state.store) {
    TermId root = terms.root(e.base);
    if (isRoot(root))
      add(root);
  }
  for (const ZeroRange &z : state.zeros) {
    TermId root = terms.root(z.base);
    if (isRoot(root))
      add(root);
  }
  // Entries by root, so that each is looked at once.
  llvm::SmallVector<std::pair<uint32_t, uint32_t>, 64> byRoot;
  for (uint32_t i = 0; i < state.store.size(); ++i)
    byRoot.push_back({terms.root(state.store[i].base).value, i});
  if (!llvm::is_sorted(byRoot))
    llvm::sort(byRoot);
  while (!work.empty()) {
    uint32_t atom = work.pop_back_val().value;
    auto it = std::lower_bound(byRoot.begin(), byRoot.end(),
                               std::pair<uint32_t, uint32_t>(atom, 0));
    for (; it != byRoot.end() && it->first == atom; ++it) {
      const Entry &e = state.store[it->second];
      add(e.value);
      add(e.base);
    }
  }
  return live;
}

void domain::trim(State &state, const TermTable &terms,
                  llvm::function_ref<bool(const ObjectState &)> mayLeak) {
  auto isRoot = [&](TermId id) {
    switch (terms[id].origin) {
    case Origin::Local:
    case Origin::Global:
    case Origin::Parameter:
    case Origin::Canonical:
      return true;
    default:
      return false;
    }
  };
  AtomSet live = reachable(state, terms, isRoot);
  // An object of ours keeps its memory: what is stored in a structure nobody
  // refers to is lost together with it, and that is for the leak check.
  llvm::SmallVector<TermId, 8> ours;
  for (const ObjectState &o : state.objects)
    if (o.owned && !o.escaped && mayLeak(o))
      ours.push_back(o.base);
  if (!ours.empty())
    live = reachable(state, terms, isRoot, ours);
  auto isLive = [&](TermId id) {
    bool all = true;
    terms.forEachAtom(id, [&](TermId a) {
      const Term &t = terms[a];
      all = all && (live.contains(a.value) || t.origin == Origin::Parameter ||
                    t.origin == Origin::Canonical ||
                    t.origin == Origin::Global || t.origin == Origin::Irql);
    });
    return all;
  };
  // Memory that only others can still reach, unless nobody can. What hangs on
  // something there hangs there, too.
  std::vector<Entry> dead;
  std::erase_if(state.store, [&](const Entry &e) {
    if (isLive(e.base))
      return false;
    dead.push_back(e);
    return true;
  });
  for (bool isNew = !dead.empty(); isNew;) {
    isNew = false;
    for (const Entry &e : dead) {
      TermId root = terms.root(e.base);
      const ObjectState *holder = state.object(root);
      if (terms[root].origin == Origin::Allocation &&
          !(holder && holder->escaped))
        continue;
      ObjectState *o = objectBehind(state, terms, e.value);
      isNew |= o && !o->escaped;
      lose(state, terms, e.value);
    }
  }
  std::erase_if(state.zeros,
                [&](const ZeroRange &z) { return !isLive(z.base); });
  std::erase_if(state.facts, [&](const auto &p) { return !isLive(p.first); });
  std::erase_if(state.locks, [&](const LockState &l) {
    return !l.isHeld() && !isLive(l.lock);
  });
  std::erase_if(state.epochs, [&](const auto &p) { return !isLive(p.first); });
  std::erase_if(state.objects, [&](const ObjectState &o) {
    // An object in the middle of a structure lives as long as that.
    TermId root = terms.root(o.base);
    return !live.contains(root.value) &&
           (!o.owned || o.escaped || !mayLeak(o)) &&
           terms[root].origin != Origin::Parameter &&
           terms[root].origin != Origin::Canonical;
  });
  if (state.holdsFailed)
    state.holdsFailed =
        llvm::any_of(state.store,
                     [&](const Entry &e) { return terms.failedAt(e.value); }) ||
        llvm::any_of(state.temps,
                     [&](const auto &t) { return terms.failedAt(t.second); });
}

//===----------------------------------------------------------------------===//
// Join
//===----------------------------------------------------------------------===//

namespace {

/// Looks entries up in a store, asked for in the order of the store.
class Cursor {
public:
  explicit Cursor(const std::vector<Entry> &store)
      : at(store.begin()), end(store.end()) {}
  const Entry *find(const Entry &e) {
    while (at != end && at->before(e))
      ++at;
    return at != end && at->sameLocation(e) ? &*at : nullptr;
  }

private:
  std::vector<Entry>::const_iterator at, end;
};

class Joiner {
public:
  Joiner(const State &a, const State &b, TermTable &terms, uint32_t place,
         JoinKind kind)
      : a(a), b(b), terms(terms), place(place), widen(kind == JoinKind::Widen),
        loop(kind != JoinKind::Merge) {}

  State run();

private:
  TermId value(TermId va, TermId vb, ValueType type, uint32_t where);
  void hull(TermId joined, TermId va, TermId vb);
  void forgotten(TermId root, TermId held);
  const Entry *implied(const Entry &e, const State &other) const;

  const State &a;
  const State &b;
  TermTable &terms;
  uint32_t place;
  bool widen;
  bool loop;
  State out;
  std::map<std::pair<uint32_t, uint32_t>, TermId> pairs;
  llvm::DenseSet<uint32_t> taken; ///< symbols that stand for something else
  /// What was held where only one of the two states knew what is held.
  llvm::DenseSet<uint32_t> unheld;
};

} // namespace

/// What counts as a set of flags when values are joined.
constexpr int64_t kMaxFlags = 0xffffffff;

/// Facts for `joined`, which is `va` in one state and `vb` in the other.
void Joiner::hull(TermId joined, TermId va, TermId vb) {
  Range ra = rangeOf(a, terms, va), rb = rangeOf(b, terms, vb);
  int64_t lo = std::min(ra.lo, rb.lo), hi = std::max(ra.hi, rb.hi);
  ValueType type = terms[joined].type;
  if (widen) {
    if (rb.lo < ra.lo)
      lo = minOf(type);
    if (rb.hi > ra.hi)
      hi = maxOf(type);
  }
  lo = std::max(lo, minOf(type));
  hi = std::min(hi, maxOf(type));
  bool nonZero = truthOf(a, terms, va) == true && truthOf(b, terms, vb) == true;
  const Fact *fa = a.fact(va), *fb = b.fact(vb);
  auto [ma, ba] = knownBits(a, terms, va);
  auto [mb, bb] = knownBits(b, terms, vb);
  uint64_t mask = ma & mb & ~(ba ^ bb);
  // Flags, not numbers; and nothing that the range says already.
  bool asked = fa && fb && fa->knownMask && fb->knownMask;
  uint64_t within =
      hi < 0 ? 0
             : llvm::maskTrailingOnes<uint64_t>(llvm::bit_width(uint64_t(hi)));
  if (!asked)
    mask = lo < 0 || hi > kMaxFlags ? 0 : mask & within;
  if (widen && mask != ma)
    mask = 0;
  uint64_t bits = ba & mask;
  bool trivial = lo <= minOf(type) && hi >= maxOf(type) && mask == 0;
  if (trivial && !(nonZero && lo <= 0 && hi >= 0))
    return;
  Fact &f = out.factFor(joined, terms);
  f.lo = lo;
  f.hi = hi;
  f.knownMask = mask;
  f.knownBits = bits;
  f.excluded.clear();
  if (nonZero && lo <= 0 && hi >= 0)
    f.excluded.push_back(0);
}

TermId Joiner::value(TermId va, TermId vb, ValueType type, uint32_t where) {
  if (va == vb)
    return va;
  // A constant in one state that the other's symbol has in both is still that
  // symbol: some reads were folded and others were not.
  auto names = [&](TermId symbol, const State &other, TermId constant) {
    Origin o = terms[symbol].origin;
    return (o == Origin::Parameter || o == Origin::Canonical ||
            o == Origin::Initial) &&
           terms[symbol].kind == TermKind::Symbol && terms.isConst(constant) &&
           other.fact(symbol) && resolve(other, terms, symbol) == constant;
  };
  if (names(va, b, vb))
    return va;
  if (names(vb, a, va))
    return vb;
  auto [it, inserted] = pairs.try_emplace({va.value, vb.value});
  if (!inserted)
    return it->second;
  // A type that holds the values of both.
  auto holds = [&](ValueType t, TermId v) {
    if (terms.isConst(v))
      return terms.constValue(v) >= minOf(t) && terms.constValue(v) <= maxOf(t);
    return minOf(t) <= minOf(terms[v].type) && maxOf(t) >= maxOf(terms[v].type);
  };
  auto best = [&]() -> ValueType {
    if (!terms.isConst(va) && holds(terms[va].type, vb))
      return terms[va].type;
    if (!terms.isConst(vb) && holds(terms[vb].type, va))
      return terms[vb].type;
    if (terms.isConst(va) && terms.isConst(vb) && holds(type, va) &&
        holds(type, vb))
      return type;
    return {8, true, false};
  };
  bool pointer = (!terms.isConst(va) && terms[va].type.isPointer) ||
                 (!terms.isConst(vb) && terms[vb].type.isPointer);
  type = pointer ? ValueType{8, false, true} : best();
  TermId symbol = terms.symbol(Origin::Join, type, place, where);
  for (uint8_t g = 1; taken.contains(symbol.value) && g < 64; ++g)
    symbol = terms.withGeneration(symbol, g);
  taken.insert(symbol.value);
  it->second = symbol;
  // What was said of the symbol before was about something else. That its
  // memory changed at all must stay, or joining again would not settle.
  bool changed = a.epoch(symbol) != 0 || b.epoch(symbol) != 0;
  forgetFacts(out, terms, symbol);
  if (changed)
    out.setEpoch(symbol, place | 0x40000000u);
  std::erase_if(out.objects,
                [&](const ObjectState &o) { return o.base == symbol; });
  hull(symbol, va, vb);
  // The two may be objects in the same states: then so is what they became.
  const ObjectState *oa = a.object(va), *ob = b.object(vb);
  if (oa && ob) {
    ObjectState o = *oa;
    o.base = symbol;
    for (size_t i = 0; i < kMaxFacets; ++i)
      if (oa->facets[i] != ob->facets[i])
        o.facets[i] = contract::kUnknownState;
    o.escaped = oa->escaped || ob->escaped;
    o.errored = oa->errored || ob->errored;
    o.owned = oa->owned && ob->owned;
    o.handedOn = oa->handedOn || ob->handedOn;
    o.exposed = oa->exposed || ob->exposed;
    out.objectFor(symbol) = o;
  } else if ((oa && terms.isConst(vb)) || (ob && terms.isConst(va))) {
    // The one object, or none.
    ObjectState &o = out.objectFor(symbol);
    o.site = oa ? oa->site : ob->site;
    o.errored = oa ? oa->errored : ob->errored;
  } else if ((oa && oa->errored) || (ob && ob->errored)) {
    // On one way a violation was reported: nothing follows from it here.
    out.objectFor(symbol).errored = true;
  }
  return symbol;
}

void Joiner::forgotten(TermId root, TermId held) {
  out.setEpoch(root, place | 0x40000000u);
  lose(out, terms, held);
  unheld.insert(held.value);
}

State Joiner::run() {
  out.irql = a.irql;
  out.trace = a.trace;
  out.raise = a.raise;
  out.leaving = a.leaving;
  out.merged = true;
  // Atoms that mean the same in both states must not be taken for new ones.
  // So must those by which such an atom is named.
  std::function<void(TermId)> keep = [&](TermId id) {
    terms.forEachAtom(id, [&](TermId atom) {
      if (taken.insert(atom.value).second &&
          terms[atom].origin == Origin::Initial)
        keep(TermId(terms[atom].a));
    });
  };
  Cursor kept(b.store);
  for (const Entry &e : a.store) {
    const Entry *o = kept.find(e);
    if (o && o->value == e.value)
      keep(e.value);
    if (o)
      keep(e.base);
  }
  for (const auto &[index, va] : a.temps)
    if (b.temp(index) == va)
      keep(va);
  out.levelDoubt = std::max(a.levelDoubt, b.levelDoubt);
  out.levelElsewhere = a.levelElsewhere || b.levelElsewhere;
  out.holdsFailed = a.holdsFailed || b.holdsFailed;
  joinLocks(a, b, out);
  for (const LockState &l : out.locks)
    keep(l.lock);

  for (const ObjectState &o : a.objects) {
    const ObjectState *p = b.object(o.base);
    if (!p)
      continue;
    ObjectState j = o;
    for (size_t i = 0; i < kMaxFacets; ++i)
      if (o.facets[i] != p->facets[i])
        j.facets[i] = contract::kUnknownState;
    j.escaped |= p->escaped;
    j.errored |= p->errored;
    j.owned &= p->owned;
    j.handedOn |= p->handedOn;
    j.exposed |= p->exposed;
    keep(o.base);
    out.objectFor(o.base) = j;
  }
  for (const auto &[id, fa] : a.facts) {
    const Fact *fb = b.fact(id);
    if (!fb)
      continue;
    Fact f = fa;
    f.lo = std::min(fa.lo, fb->lo);
    f.hi = std::max(fa.hi, fb->hi);
    if (widen) {
      if (fb->lo < fa.lo)
        f.lo = minOf(terms[id].type);
      if (fb->hi > fa.hi)
        f.hi = maxOf(terms[id].type);
    }
    f.knownMask =
        fa.knownMask & fb->knownMask & ~(fa.knownBits ^ fb->knownBits);
    f.knownBits = fa.knownBits & f.knownMask;
    f.excluded.clear();
    std::set_intersection(fa.excluded.begin(), fa.excluded.end(),
                          fb->excluded.begin(), fb->excluded.end(),
                          std::back_inserter(f.excluded));
    if (f.lo > minOf(terms[id].type) || f.hi < maxOf(terms[id].type) ||
        f.knownMask || !f.excluded.empty())
      out.appendFact(id, std::move(f));
  }
  for (const auto &[root, e] : a.epochs)
    out.setEpoch(root, b.epoch(root) == e ? e : place | 0x40000000u);
  for (const auto &[root, e] : b.epochs)
    if (a.epoch(root) != e)
      out.setEpoch(root, place | 0x40000000u);

  out.irql = value(a.irql, b.irql, {1, false, false}, 1);
  auto where = [](const Entry &e) {
    return uint32_t(
        mix(mix(e.base.value, uint64_t(e.offset)), e.bitOffset + e.size * 64u));
  };
  Cursor inB(b.store);
  for (const Entry &e : a.store) {
    const Entry *o = inB.find(e);
    TermId vb;
    if (o)
      vb = o->value;
    else if (b.isZero(e.base, e.offset, e.size))
      vb = terms.constant(0);
    else {
      // Unread in `b`: the same when `a` only read what was there first.
      const Term &t = terms[e.value];
      if (t.kind == TermKind::Symbol && t.origin == Origin::Initial &&
          TermId(t.a) == e.base && t.value == e.offset &&
          t.extent == b.epoch(terms.root(e.base)) &&
          a.epoch(terms.root(e.base)) == t.extent) {
        if (!loop)
          out.put(e);
        continue;
      }
      forgotten(terms.root(e.base), e.value);
      continue;
    }
    Entry j = e;
    ValueType type{e.size == 1 || e.size == 2 || e.size == 4 ? e.size
                                                             : uint8_t(8),
                   false, false};
    j.value = value(e.value, vb,
                    terms[vb].kind == TermKind::Const ? type : terms[vb].type,
                    where(e));
    if (j.value != e.value) {
      lose(out, terms, e.value);
      lose(out, terms, vb);
    }
    out.put(j);
  }
  Cursor inA(a.store);
  for (const Entry &e : b.store)
    if (!inA.find(e)) {
      const Term &t = terms[e.value];
      bool sameAsUnread = t.kind == TermKind::Symbol &&
                          t.origin == Origin::Initial &&
                          TermId(t.a) == e.base && t.value == e.offset &&
                          t.extent == a.epoch(terms.root(e.base)) &&
                          t.extent == b.epoch(terms.root(e.base));
      if (sameAsUnread && !a.isZero(e.base, e.offset, e.size)) {
        if (!loop)
          out.put(e);
        continue;
      }
      if (a.isZero(e.base, e.offset, e.size)) {
        Entry j = e;
        j.value =
            value(terms.constant(0), e.value, terms[e.value].type, where(e));
        out.put(j);
        continue;
      }
      forgotten(terms.root(e.base), e.value);
    }
  for (const ZeroRange &z : a.zeros) {
    if (llvm::is_contained(b.zeros, z) || b.isZero(z.base, z.offset, z.size))
      out.zeros.push_back(z);
    else
      out.setEpoch(terms.root(z.base), place | 0x40000000u);
  }
  for (const ZeroRange &z : b.zeros)
    if (!a.isZero(z.base, z.offset, z.size))
      out.setEpoch(terms.root(z.base), place | 0x40000000u);
  for (const auto &[index, va] : a.temps) {
    TermId vb = b.temp(index);
    if (vb.valid())
      out.setTemp(index, value(va, vb, terms[vb].type, 0x10000u + index));
  }
  // One of two objects: whatever held either of them still does.
  for (const auto &[from, symbol] : pairs)
    if (unheld.contains(from.first) || unheld.contains(from.second))
      if (ObjectState *o = out.object(symbol))
        o->escaped = true;
  return std::move(out);
}

State domain::join(const State &a, const State &b, TermTable &terms,
                   uint32_t place, JoinKind kind) {
  return Joiner(a, b, terms, place, kind).run();
}
