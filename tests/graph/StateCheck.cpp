//===-- StateCheck.cpp - states against what is said of them ----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "StateCheck.h"

#include "llvm/ADT/STLExtras.h"

#include <functional>

using namespace mdlcheck;
using namespace mdlcheck::tests;
using namespace mdlcheck::domain;
using engine::Engine;
using llvm::StringRef;
using PK = Pattern::Kind;

//===----------------------------------------------------------------------===//
// What items say
//===----------------------------------------------------------------------===//

static Fact fact(const Item &i, ValueType type) {
  Fact f;
  f.lo = i.lo.value_or(minOf(type));
  f.hi = i.hi.value_or(maxOf(type));
  f.knownMask = i.mask;
  f.knownBits = i.bits & i.mask;
  f.excluded.assign(i.excluded.begin(), i.excluded.end());
  return f;
}

bool StateCheck::giveItem(Scope &in, const Item &i) {
  State &s = in.state;
  switch (i.kind) {
  case Item::Kind::Equal: {
    std::optional<Place> to;
    ValueType type;
    bool isParameter = false;
    const ir::Function &f = unit.functions[function];
    uint32_t n = 0;
    if (i.subject.kind == PK::Irql) {
      type = {1, false, false};
    } else {
      if (i.subject.kind == PK::Name)
        for (; n < f.numParams && !isParameter; ++n)
          isParameter = f.locals[n].name == i.subject.name;
      if (isParameter)
        to = Place{{terms.object(Origin::Local, function, n - 1), 0},
                   f.locals[n - 1].type};
      else
        to = place(in, i.subject);
      if (!to)
        return false;
      type = valueType(to->type);
    }
    // A name that is new is a value nothing is known of.
    if (i.value.kind == PK::Name && !in.names.contains(i.value.name) &&
        !global(i.value.name))
      in.names[i.value.name] =
          terms.symbol(Origin::Canonical, type, nextSymbol++);
    TermId v = value(in, i.value);
    if (!v.valid())
      return false;
    if (!to)
      s.irql = v;
    else
      s.put(to->entry(terms.cast(type, v)));
    if (isParameter)
      in.names[i.subject.name] = terms.cast(type, v);
    return true;
  }
  case Item::Kind::Known: {
    TermId v = value(in, i.subject);
    if (!v.valid())
      return false;
    // What is known of memory is known of what lies there.
    if (std::optional<Place> at = place(in, i.subject);
        at && !s.find(at->entry(v)))
      s.put(at->entry(v));
    in.error.clear();
    return impose(s, terms, v, fact(i, terms[v].type));
  }
  case Item::Kind::Object: {
    TermId base = objectAt(in, i.subject);
    if (!base.valid())
      return false;
    ObjectState &o = s.objectFor(base);
    for (auto [f, state] : i.facets)
      o.facets[f.value] = state;
    o.escaped = i.escaped;
    o.errored = i.errored;
    o.owned = i.owned;
    return true;
  }
  case Item::Kind::Zero: {
    TermId v = value(in, i.subject);
    if (!v.valid())
      return false;
    Address a = terms.address(v);
    s.zeros.push_back({a.base, a.offset + *i.lo, *i.hi - *i.lo});
    llvm::sort(s.zeros, [](const ZeroRange &a, const ZeroRange &b) {
      return std::tie(a.base, a.offset) < std::tie(b.base, b.offset);
    });
    return true;
  }
  case Item::Kind::NoObjects:
  case Item::Kind::NoMemory:
    in.error = "says nothing of what is given";
    return false;
  }
  return false;
}

std::string StateCheck::compareKnown(Scope &in, const Item &i) const {
  TermId v = value(in, i.subject);
  if (!v.valid())
    return in.error;
  const Term t = terms[v];
  const Fact wanted = fact(i, t.type);
  if (t.kind == TermKind::Object)
    return i.excluded.size() == 1 && i.excluded[0] == 0 && !i.lo && !i.hi
               ? ""
               : "is storage, and only known to be not null";
  Range actual = rangeOf(in.state, terms, v);
  if (t.kind != TermKind::Symbol) {
    if (wanted.knownMask || !wanted.excluded.empty())
      return "only bounds are known of it";
    return actual.lo == wanted.lo && actual.hi == wanted.hi
               ? ""
               : "has other bounds";
  }
  // Bounds follow from bits and the other way round: said to an empty state,
  // they must give what there is.
  State said;
  if (!impose(said, terms, v, wanted))
    return "is not possible";
  Range range = rangeOf(said, terms, v);
  if (range.lo != actual.lo || range.hi != actual.hi)
    return "has other bounds";
  const Fact none{minOf(t.type), maxOf(t.type), 0, 0, {}};
  const Fact *a = in.state.fact(v), *b = said.fact(v);
  if (!a)
    a = &none;
  if (!b)
    b = &none;
  if (a->knownMask != b->knownMask || a->knownBits != b->knownBits)
    return "has other bits";
  auto within = [&](const Fact &f) {
    std::vector<int64_t> values;
    for (int64_t e : f.excluded)
      if (e > range.lo && e < range.hi)
        values.push_back(e);
    return values;
  };
  return within(*a) == within(*b) ? "" : "excludes other values";
}

std::string StateCheck::compareObject(Scope &in, const Item &i) const {
  TermId base = objectAt(in, i.subject);
  if (!base.valid())
    return in.error;
  ObjectState none;
  const ObjectState *o = in.state.object(base);
  if (!o)
    o = &none;
  Facets wanted = i.open ? o->facets : Facets{};
  for (auto [f, state] : i.facets)
    wanted[f.value] = state;
  if (wanted != o->facets)
    return "is in other states";
  return o->escaped == i.escaped && o->errored == i.errored &&
                 o->owned == i.owned
             ? ""
             : "has other flags";
}

std::string StateCheck::compareItem(Scope &in, const Item &i) const {
  switch (i.kind) {
  case Item::Kind::Equal: {
    TermId v = value(in, i.subject);
    if (!v.valid())
      return in.error;
    if (matches(in, i.value, v))
      return "";
    return in.error.empty() ? "is another value" : in.error;
  }
  case Item::Kind::Known:
    return compareKnown(in, i);
  case Item::Kind::Object:
    return compareObject(in, i);
  case Item::Kind::Zero: {
    TermId v = value(in, i.subject);
    if (!v.valid())
      return in.error;
    Address a = terms.address(v);
    ZeroRange wanted{a.base, a.offset + *i.lo, *i.hi - *i.lo};
    return llvm::is_contained(in.state.zeros, wanted) ? "" : "is not zero";
  }
  case Item::Kind::NoObjects:
  case Item::Kind::NoMemory:
    break;
  }
  return "";
}

//===----------------------------------------------------------------------===//
// What items do not say
//===----------------------------------------------------------------------===//

bool StateCheck::isHere(TermId base) const {
  const Term &root = terms[terms.root(base)];
  return root.origin == Origin::Local && root.a == function;
}

/// Was this only put down because somebody read it?
bool StateCheck::isUnread(const Entry &e) const {
  const Term &t = terms[e.value];
  return t.kind == TermKind::Symbol && t.origin == Origin::Initial &&
         TermId(t.a) == e.base && t.value == e.offset && t.extent == 0;
}

std::string StateCheck::otherObjects(Scope &in, const StateText &said) const {
  AtomSet mentioned;
  for (const Item &i : said.items)
    if (i.kind == Item::Kind::Object)
      mentioned.insert(objectAt(in, i.subject).value);
  std::vector<TermId> held;
  for (const auto &[name, term] : named)
    held.push_back(term);
  auto isRoot = [&](TermId id) {
    return isHere(id) || terms[id].origin == Origin::Global;
  };
  AtomSet reach = reachable(in.state, terms, isRoot, held);
  for (const ObjectState &o : in.state.objects) {
    bool known = o.errored, gone = false;
    for (contract::FacetState f : o.facets)
      known = known || f != contract::kUnknownState;
    for (const contract::Automaton &a : rules.automata)
      for (const auto &use : a.uses)
        gone = gone || o.facets[use.facet.value] == use.state;
    if (known && !mentioned.contains(o.base.value) &&
        (!gone || reach.contains(terms.root(o.base).value)))
      return "there is one more object";
  }
  return "";
}

std::string StateCheck::otherMemory(Scope &in, const StateText &said) const {
  std::vector<Entry> mentioned;
  std::vector<ZeroRange> zeros = start.zeros;
  for (const Item &i : said.items) {
    if (i.kind == Item::Kind::Zero) {
      Address a = terms.address(value(in, i.subject));
      zeros.push_back({a.base, a.offset + *i.lo, *i.hi - *i.lo});
    } else if (i.kind == Item::Kind::Equal || i.kind == Item::Kind::Known) {
      if (std::optional<Place> at = place(in, i.subject))
        mentioned.push_back(at->entry(TermId()));
    }
  }
  auto isSaid = [&](const Entry &e) {
    return llvm::any_of(mentioned,
                        [&](const Entry &m) { return m.sameLocation(e); });
  };
  for (const Entry &e : in.state.store) {
    const Entry *before = start.find(e);
    bool same = before ? before->value == e.value : isUnread(e);
    if (!same && !isHere(e.base) && !isSaid(e))
      return "more memory has changed";
  }
  for (const Entry &e : start.store)
    if (!in.state.find(e) && !isHere(e.base) && !isSaid(e))
      return "memory that was given is no longer known";
  for (const ZeroRange &z : in.state.zeros)
    if (!isHere(z.base) && !llvm::is_contained(zeros, z))
      return "more memory is zero";
  return "";
}

//===----------------------------------------------------------------------===//
// Whole states
//===----------------------------------------------------------------------===//

StateCheck::StateCheck(const engine::UnitGraph &graph,
                       const contract::RuleSet &rules, Engine &engine,
                       uint32_t function)
    : graph(graph), unit(graph.unit), rules(rules), terms(engine.termTable()),
      function(function), start(engine.unknownCaller(function)) {
  const ir::Function &f = unit.functions[function];
  for (uint32_t i = 0; i < f.numParams; ++i)
    if (f.locals[i].type.kind != ir::TypeKind::Aggregate)
      named[f.locals[i].name] =
          terms.symbol(Origin::Parameter, valueType(f.locals[i].type), i);
  named["irql0"] = start.irql;
}

llvm::Error StateCheck::give(const StateText &given) {
  Scope in{start, named, false, &nextSymbol, ""};
  for (const Item &i : given.items)
    if (!giveItem(in, i))
      return llvm::createStringError(
          "'" + i.text + "': " +
          (in.error.empty() ? std::string("is not possible") : in.error));
  named = in.names;
  return llvm::Error::success();
}

std::string StateCheck::compare(const StateText &said,
                                const Engine::Exit &exit) const {
  State state = exit.state;
  Scope in{state, named, exit.raised, nullptr, ""};
  auto differs = [](const Item &i, const std::string &how) {
    return "'" + i.text + "': " + how;
  };
  for (const Item &i : said.items)
    if (std::string how = compareItem(in, i); !how.empty())
      return differs(i, how);
  // Only now everything that is said has its name.
  for (const Item &i : said.items) {
    std::string how;
    if (i.kind == Item::Kind::NoObjects)
      how = otherObjects(in, said);
    else if (i.kind == Item::Kind::NoMemory)
      how = otherMemory(in, said);
    if (!how.empty())
      return differs(i, how);
  }
  return "";
}

std::string
StateCheck::compare(llvm::ArrayRef<std::pair<bool, StateText>> announced,
                    llvm::ArrayRef<Engine::Exit> exits) const {
  auto fits = [&](size_t a, size_t e) {
    return announced[a].first == exits[e].raised &&
           compare(announced[a].second, exits[e]).empty();
  };
  // One announcement may fit several exits: look for the best assignment.
  std::vector<std::optional<size_t>> exitOf(announced.size()),
      saidOf(exits.size());
  std::vector<bool> tried;
  std::function<bool(size_t)> assign = [&](size_t a) {
    for (size_t e = 0; e < exits.size(); ++e) {
      if (tried[e] || !fits(a, e))
        continue;
      tried[e] = true;
      if (saidOf[e] && !assign(*saidOf[e]))
        continue;
      saidOf[e] = a;
      exitOf[a] = e;
      return true;
    }
    return false;
  };
  for (size_t a = 0; a < announced.size(); ++a) {
    tried.assign(exits.size(), false);
    assign(a);
  }
  auto kind = [](bool raised) { return raised ? "raises: " : "returns: "; };
  std::string out;
  for (size_t a = 0; a < announced.size(); ++a) {
    if (exitOf[a])
      continue;
    const auto &[raised, said] = announced[a];
    out += "does not come:  " + std::string(kind(raised)) + said.text + "\n";
    for (size_t e = 0; e < exits.size(); ++e)
      if (!saidOf[e] && exits[e].raised == raised)
        out += "  as " + compare(said, exits[e]) + "\n";
  }
  for (size_t e = 0; e < exits.size(); ++e)
    if (!saidOf[e])
      out += "not announced:  " + std::string(kind(exits[e].raised)) +
             write(exits[e]) + "\n";
  return out;
}
