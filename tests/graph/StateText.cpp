//===-- StateText.cpp - reads states ----------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "StateText.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::tests;
using llvm::StringRef;

namespace {

struct Spelling {
  const char *text;
  ir::Op op;
};
/// Those that begin like others come before them.
constexpr Spelling kBinary[] = {
    {"==", ir::Op::Eq}, {"<<", ir::Op::Shl}, {">>", ir::Op::Shr},
    {"<", ir::Op::Lt},  {"+", ir::Op::Add},  {"-", ir::Op::Sub},
    {"*", ir::Op::Mul}, {"/", ir::Op::Div},  {"%", ir::Op::Rem},
    {"&", ir::Op::And}, {"|", ir::Op::Or},   {"^", ir::Op::Xor}};
constexpr Spelling kUnary[] = {
    {"!", ir::Op::LogicalNot}, {"~", ir::Op::BitNot}, {"neg ", ir::Op::Neg}};

bool isNameStart(char c) { return llvm::isAlpha(c) || c == '_' || c == '$'; }
bool isNamePart(char c) { return isNameStart(c) || llvm::isDigit(c); }

/// One item. After the first mistake everything fails, and `error` says why.
class ItemReader {
public:
  ItemReader(StringRef text, const ir::Unit &unit,
             const contract::RuleSet &rules)
      : rest(text.trim()), unit(unit), rules(rules) {}

  Item item();
  std::string error;

private:
  Pattern pattern();
  Pattern primary();
  void parenthesised(Pattern &p);
  bool postfix(Pattern &p);
  void known(Item &i);
  bool object(Item &i);
  bool facet(Item &i);

  bool fail(const llvm::Twine &what) {
    if (error.empty())
      error = what.str();
    rest = "";
    return false;
  }
  bool eat(StringRef token) {
    StringRef r = rest.ltrim();
    if (!r.consume_front(token))
      return false;
    // A word ends where it ends.
    if (isNamePart(token.back()) && !r.empty() && isNamePart(r.front()))
      return false;
    rest = r.ltrim();
    return true;
  }
  bool expect(StringRef token) {
    return eat(token) || fail("expected '" + token + "' before '" + rest + "'");
  }
  bool number(int64_t &value) {
    StringRef r = rest;
    bool negative = r.consume_front("-");
    uint64_t magnitude;
    if (r.empty() || !llvm::isDigit(r.front()) ||
        r.consumeInteger(0, magnitude))
      return false;
    value = negative ? int64_t(0 - magnitude) : int64_t(magnitude);
    rest = r.ltrim();
    return true;
  }
  int64_t needNumber() {
    int64_t value = 0;
    if (!number(value))
      fail("expected a number before '" + rest + "'");
    return value;
  }
  std::string name() {
    if (rest.empty() || !isNameStart(rest.front())) {
      fail("expected a name before '" + rest + "'");
      return "";
    }
    StringRef n = rest.take_while(isNamePart);
    rest = rest.drop_front(n.size()).ltrim();
    return n.str();
  }
  ir::Type type();

  StringRef rest;
  const ir::Unit &unit;
  const contract::RuleSet &rules;
};

} // namespace

const char *tests::spelling(ir::Op op) {
  for (const Spelling &s : kBinary)
    if (s.op == op)
      return s.text;
  for (const Spelling &s : kUnary)
    if (s.op == op)
      return s.text;
  return nullptr;
}

ir::Type ItemReader::type() {
  std::string t = name();
  if (t == "ptr")
    return {ir::TypeKind::Pointer, false, 8};
  uint64_t bits = 0;
  if ((t[0] != 'i' && t[0] != 'u') ||
      StringRef(t).drop_front().getAsInteger(10, bits) || bits % 8)
    fail("'" + t + "' is no type");
  return {ir::TypeKind::Int, t[0] == 'i', bits / 8};
}

Pattern ItemReader::primary() {
  Pattern p;
  using K = Pattern::Kind;
  if (eat("(")) {
    parenthesised(p);
  } else if (eat("*")) {
    p.kind = K::Contents;
    p.of.push_back(primary());
  } else if (eat("&")) {
    p.kind = K::Address;
    p.name = name();
  } else if (eat("null")) {
    p.kind = K::Number;
  } else if (eat("result")) {
    p.kind = K::Result;
  } else if (eat("code")) {
    p.kind = K::Code;
  } else if (eat("irql")) {
    p.kind = K::Irql;
  } else if (!number(p.number)) {
    p.kind = K::Name;
    p.name = name();
  }
  return p;
}

void ItemReader::parenthesised(Pattern &p) {
  for (const Spelling &s : kUnary)
    if (eat(StringRef(s.text).rtrim())) {
      p.kind = Pattern::Kind::Unary;
      p.op = s.op;
      p.of.push_back(pattern());
      expect(")");
      return;
    }
  if (eat("cast")) {
    p.kind = Pattern::Kind::Cast;
    p.type = type();
    p.of.push_back(pattern());
    expect(")");
    return;
  }
  Pattern first = pattern();
  for (const Spelling &s : kBinary)
    if (eat(s.text)) {
      p.kind = Pattern::Kind::Binary;
      p.op = s.op;
      p.of.push_back(std::move(first));
      p.of.push_back(pattern());
      expect(")");
      return;
    }
  p = std::move(first);
  expect(")");
}

bool ItemReader::postfix(Pattern &p) {
  using K = Pattern::Kind;
  if (eat("->")) {
    StringRef full = rest.take_while(
        [](char c) { return isNamePart(c) || c == '.' || c == ':'; });
    // A type may stand behind the member.
    auto [path, typed] = full.split(':');
    auto [record, member] = path.split('.');
    rest = rest.drop_front(path.size());
    Pattern outer;
    outer.kind = K::Field;
    for (outer.field = 0; outer.field < unit.fields.size(); ++outer.field)
      if (unit.fields[outer.field].record == record &&
          unit.fields[outer.field].name == member)
        break;
    if (outer.field == unit.fields.size())
      return fail("no field '" + path + "'");
    outer.of.push_back(std::move(p));
    p = std::move(outer);
    return true;
  }
  if (eat("[")) {
    Pattern outer;
    outer.kind = K::Element;
    outer.number = 1;
    outer.of.push_back(std::move(p));
    outer.of.push_back(pattern());
    if (eat("*"))
      outer.number = needNumber();
    expect("]");
    p = std::move(outer);
    return true;
  }
  if (eat(":")) {
    p.type = type();
    return true;
  }
  if (eat("bits(")) {
    p.bitOffset = uint8_t(needNumber());
    expect(",");
    p.bitWidth = uint8_t(needNumber());
    return expect(")");
  }
  return false;
}

Pattern ItemReader::pattern() {
  Pattern p = primary();
  while (error.empty() && postfix(p))
    ;
  return p;
}

void ItemReader::known(Item &i) {
  i.kind = Item::Kind::Known;
  if (eat("unknown"))
    return;
  for (;;) {
    if (eat("in")) {
      int64_t n;
      if (number(n))
        i.lo = n;
      expect("..");
      if (number(n))
        i.hi = n;
    } else if (eat("bits")) {
      i.mask = uint64_t(needNumber());
      expect("=");
      i.bits = uint64_t(needNumber());
    } else if (eat("not")) {
      do
        i.excluded.push_back(eat("null") ? 0 : needNumber());
      while (eat(","));
      std::sort(i.excluded.begin(), i.excluded.end());
    } else {
      return;
    }
  }
}

/// automaton.facet=state
bool ItemReader::facet(Item &i) {
  StringRef word = rest.take_while(
      [](char c) { return isNamePart(c) || c == '.' || c == '=' || c == '-'; });
  auto [facetName, stateName] = word.split('=');
  auto [automaton, name] = facetName.split('.');
  for (uint32_t n = 0; n < rules.facets.size(); ++n) {
    const contract::Facet &f = rules.facets[n];
    if (f.name != name || rules.automata[f.automaton.value].name != automaton)
      continue;
    contract::FacetState state = f.stateNamed(stateName.str());
    if (state == contract::kUnknownState && stateName != "unknown")
      return fail("no state '" + stateName + "' of '" + facetName + "'");
    i.facets.push_back({contract::FacetId(n), state});
    rest = rest.drop_front(word.size()).ltrim();
    return true;
  }
  return false;
}

bool ItemReader::object(Item &i) {
  bool any = eat("untracked");
  for (;; any = true)
    if (eat("escaped"))
      i.escaped = true;
    else if (eat("errored"))
      i.errored = true;
    else if (eat("owned"))
      i.owned = true;
    else if (eat("..."))
      i.open = true;
    else if (!facet(i))
      return any;
}

Item ItemReader::item() {
  Item i;
  i.text = rest.str();
  if (eat("no other objects")) {
    i.kind = Item::Kind::NoObjects;
  } else if (eat("no other memory")) {
    i.kind = Item::Kind::NoMemory;
  } else {
    i.subject = pattern();
    if (eat("=")) {
      i.value = pattern();
    } else if (eat("zero")) {
      i.kind = Item::Kind::Zero;
      i.lo = needNumber();
      expect("..");
      i.hi = needNumber();
    } else if (object(i)) {
      i.kind = Item::Kind::Object;
    } else {
      StringRef before = rest;
      known(i);
      if (rest == before)
        fail("nothing is said of it");
    }
  }
  if (!rest.empty())
    fail("cannot read '" + rest + "'");
  return i;
}

llvm::Expected<StateText> tests::readState(StringRef text, const ir::Unit &unit,
                                           const contract::RuleSet &rules) {
  StateText s;
  s.text = text.trim().str();
  llvm::SmallVector<StringRef> parts;
  text.split(parts, ';', -1, false);
  for (StringRef part : parts) {
    if (part.trim().empty())
      continue;
    ItemReader reader(part, unit, rules);
    s.items.push_back(reader.item());
    if (!reader.error.empty())
      return llvm::createStringError("'" + part.trim() + "': " + reader.error);
  }
  return s;
}
