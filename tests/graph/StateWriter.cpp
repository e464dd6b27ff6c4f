//===-- StateWriter.cpp - states as text ------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As far as it goes, what is written here can be read back: that makes the
// first draft of a case.
//
//===----------------------------------------------------------------------===//
#include "StateCheck.h"

#include "llvm/ADT/StringExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::tests;
using namespace mdlcheck::domain;
using engine::Engine;

namespace mdlcheck::tests {

class StateWriter {
public:
  StateWriter(const StateCheck &check, const State &state)
      : c(check), terms(check.terms), state(state) {
    for (const auto &[name, term] : check.named)
      if (!terms.isConst(term))
        names.try_emplace(term.value, name);
  }
  std::string write(const Engine::Exit &exit);

private:
  std::string atom(TermId id);
  std::string term(TermId id);
  std::string place(const Entry &e);
  std::string known(TermId id, const Fact &f);
  std::string object(const ObjectState &o);
  void say(const std::string &item) { out += (out.empty() ? "" : "; ") + item; }
  std::string value(TermId id) { return term(resolve(state, terms, id)); }

  const StateCheck &c;
  TermTable &terms;
  const State &state;
  std::map<uint32_t, std::string> names;
  unsigned values = 0, objects = 0;
  std::string out;
};

} // namespace mdlcheck::tests

std::string StateWriter::atom(TermId id) {
  const Term t = terms[id];
  if (t.kind == TermKind::Object) {
    if (t.origin == Origin::Global)
      return "&" + c.unit.globals[t.a].name;
    if (t.origin == Origin::Function)
      return "&" + c.unit.decls[t.a].name;
  }
  auto [it, isNew] = names.try_emplace(id.value);
  if (isNew)
    it->second = t.kind == TermKind::Object ? "new" + std::to_string(++objects)
                                            : "v" + std::to_string(++values);
  return it->second;
}

std::string StateWriter::term(TermId id) {
  const Term t = terms[id];
  switch (t.kind) {
  case TermKind::Const:
    return std::to_string(t.value);
  case TermKind::Symbol:
  case TermKind::Object:
    return atom(id);
  case TermKind::Element:
    return "&" + term(t.lhs()) + "[" + term(t.rhs()) + " * " +
           std::to_string(t.value) + "]";
  case TermKind::Cast:
    return std::string("(cast ") +
           (t.type.isPointer  ? "ptr"
            : t.type.isSigned ? "i" + std::to_string(t.type.size * 8)
                              : "u" + std::to_string(t.type.size * 8)) +
           " " + term(t.lhs()) + ")";
  case TermKind::Unary:
    return std::string("(") + llvm::StringRef(spelling(t.op)).trim().str() +
           " " + term(t.lhs()) + ")";
  case TermKind::Binary:
    return "(" + term(t.lhs()) + " " + spelling(t.op) + " " + term(t.rhs()) +
           ")";
  }
  return "";
}

/// The field at that offset with that size: which record it is of, nobody
/// knows.
std::string StateWriter::place(const Entry &e) {
  std::string bits;
  if (e.bitWidth)
    bits = " bits(" + std::to_string(e.bitOffset) + ", " +
           std::to_string(e.bitWidth) + ")";
  const Term base = terms[e.base];
  if (base.kind == TermKind::Object && base.origin == Origin::Global &&
      e.offset == 0 && c.unit.globals[base.a].type.size == e.size)
    return c.unit.globals[base.a].name + bits;
  for (const ir::Field &f : c.unit.fields)
    if (int64_t(f.offset) == e.offset && f.type.size == e.size)
      return term(e.base) + "->" + f.record + "." + f.name + bits;
  std::string type = e.size == 8 ? "ptr" : "u" + std::to_string(e.size * 8);
  if (base.kind == TermKind::Element && e.offset == 0)
    return term(e.base).substr(1) + ":" + type + bits;
  std::string at = term(e.base);
  if (e.offset)
    at = "(" + at + " + " + std::to_string(e.offset) + ")";
  return "*" + at + ":" + type + bits;
}

std::string StateWriter::known(TermId id, const Fact &f) {
  std::string text = term(id);
  Range r = rangeOf(state, terms, id);
  ValueType type = terms[id].type;
  if (r.lo > minOf(type) || r.hi < maxOf(type)) {
    text += " in ";
    if (r.lo > minOf(type))
      text += std::to_string(r.lo);
    text += "..";
    if (r.hi < maxOf(type))
      text += std::to_string(r.hi);
  }
  if (f.knownMask)
    text += " bits 0x" + llvm::utohexstr(f.knownMask) + "=0x" +
            llvm::utohexstr(f.knownBits);
  const char *separator = " not ";
  for (int64_t e : f.excluded)
    if (e > r.lo && e < r.hi) {
      text +=
          separator + (e == 0 && type.isPointer ? "null" : std::to_string(e));
      separator = ", ";
    }
  return text;
}

std::string StateWriter::object(const ObjectState &o) {
  std::string text;
  for (size_t i = 0; i < c.rules.facets.size(); ++i)
    if (contract::FacetState s = o.facets[i]) {
      const contract::Facet &f = c.rules.facets[i];
      text += " " + c.rules.automata[f.automaton.value].name + "." + f.name +
              "=" + f.states[s - 1];
    }
  for (auto [is, flag] :
       {std::pair(o.escaped, " escaped"), std::pair(o.errored, " errored"),
        std::pair(o.owned, " owned")})
    if (is)
      text += flag;
  return text;
}

std::string StateWriter::write(const Engine::Exit &exit) {
  const ir::Function &f = c.unit.functions[c.function];
  if (exit.raised && state.raise.code.valid())
    say("code = " + value(state.raise.code));
  for (const Entry &e : state.store)
    if (f.result && !exit.raised && e.offset == 0 &&
        e.base == terms.object(Origin::Local, c.function, f.result.value))
      say("result = " + value(e.value));
  for (const Entry &e : state.store)
    if (!c.isHere(e.base))
      say(place(e) + " = " + value(e.value));
  for (const ZeroRange &z : state.zeros)
    if (!c.isHere(z.base))
      say(term(z.base) + " zero " + std::to_string(z.offset) + ".." +
          std::to_string(z.offset + z.size));
  for (const ObjectState &o : state.objects)
    if (std::string text = object(o); !text.empty())
      say(term(o.base) + text);
  say("irql = " + value(state.irql));
  for (const auto &[id, fact] : state.facts) {
    // A symbol that is constant shows as that, but where it has a name.
    bool shown = terms[id].kind == TermKind::Symbol &&
                 rangeOf(state, terms, id).isConst() &&
                 !names.contains(id.value);
    if (!shown)
      say(known(id, fact));
  }
  return out;
}

std::string StateCheck::write(const Engine::Exit &exit) const {
  return StateWriter(*this, exit.state).write(exit);
}
