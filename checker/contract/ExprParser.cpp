//===-- ExprParser.cpp - expressions in contracts -------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/ExprParser.h"

#include "contract/Spelling.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"

namespace mdlcheck::contract {

using llvm::StringRef;

namespace {

constexpr unsigned kMaxDepth = 64;

bool startsName(char c) { return llvm::isAlpha(c) || c == '_' || c == '$'; }
bool inName(char c) { return llvm::isAlnum(c) || c == '_' || c == '$'; }
// States and rules may have hyphens ("io-manager"), names in C may not.
bool inState(char c) { return inName(c) || c == '-'; }

/// Bytes of a type in a cast; 0 is the size of a pointer, -1 is no type.
int sizeOfType(StringRef type) {
  return llvm::StringSwitch<int>(type)
      .Cases({"BOOLEAN", "CHAR", "UCHAR", "KIRQL"}, 1)
      .Cases({"SHORT", "USHORT", "WCHAR"}, 2)
      .Cases({"LONG", "ULONG", "NTSTATUS"}, 4)
      .Cases({"LARGE_INTEGER", "LONGLONG", "ULONGLONG"}, 8)
      .Cases({"PVOID", "SIZE_T", "ULONG_PTR"}, 0)
      .Default(-1);
}

bool isSigned(StringRef type) {
  return type == "CHAR" || type == "SHORT" || type == "LONG" ||
         type == "NTSTATUS";
}

std::shared_ptr<Expr> make(Expr::Kind kind) {
  auto expr = std::make_shared<Expr>();
  expr->kind = kind;
  return expr;
}

} // namespace

bool isCondition(const Expr &expr) {
  switch (expr.kind) {
  case Expr::Kind::FacetIs:
  case Expr::Kind::Not:
  case Expr::Kind::And:
  case Expr::Kind::Or:
  case Expr::Kind::Eq:
  case Expr::Kind::Ne:
  case Expr::Kind::Lt:
  case Expr::Kind::Le:
  case Expr::Kind::Gt:
  case Expr::Kind::Ge:
    return true;
  default:
    return false;
  }
}

void ExprParser::next() {
  rest = rest.ltrim(" \t\r\n");
  if (rest.empty()) {
    token = Token::End;
    spelling = rest;
    return;
  }
  auto take = [&](Token kind, size_t length) {
    token = kind;
    spelling = rest.take_front(length);
    rest = rest.drop_front(length);
  };
  if (startsName(rest.front()))
    return take(Token::Name, rest.take_while(inName).size());
  if (llvm::isDigit(rest.front()))
    return take(Token::Number, rest.take_while(llvm::isAlnum).size());
  static constexpr struct {
    const char *text;
    Token token;
  } kOperators[] = {
      {"||", Token::OrOr},  {"&&", Token::AndAnd}, {"==", Token::EqEq},
      {"!=", Token::NotEq}, {"<=", Token::LessEq}, {">=", Token::GreaterEq},
      {"<<", Token::Shift}, {"->", Token::Arrow},  {"::", Token::Colons},
      {"<", Token::Less},   {">", Token::Greater}, {"|", Token::Or},
      {"&", Token::And},    {"+", Token::Plus},    {"-", Token::Minus},
      {"*", Token::Star},   {"!", Token::Not},     {"(", Token::LParen},
      {")", Token::RParen}, {".", Token::Dot},
  };
  for (const auto &op : kOperators)
    if (rest.starts_with(op.text))
      return take(op.token, StringRef(op.text).size());
  take(Token::Bad, 1);
}

bool ExprParser::accept(Token wanted) {
  if (token != wanted)
    return false;
  next();
  return true;
}

std::nullptr_t ExprParser::fail(const llvm::Twine &what) {
  if (message.empty())
    message = ("in '" + text + "': " + what).str();
  return nullptr;
}

bool ExprParser::atEnd() {
  if (token == Token::End)
    return true;
  fail("'" + spelling + "' is not expected here");
  return false;
}

ExprPtr ExprParser::parseCondition() {
  next();
  ExprPtr expr = parseOr();
  if (!expr || !atEnd())
    return nullptr;
  if (scope.asInC)
    expr = truth(expr);
  if (!isCondition(*expr))
    return fail("this is no condition; compare it, for example with '!= 0'");
  return expr;
}

ExprPtr ExprParser::parseValue() {
  next();
  ExprPtr expr = parseOr();
  if (!expr || !atEnd())
    return nullptr;
  if (isCondition(*expr))
    return fail("a value is expected, not a condition");
  return expr;
}

std::optional<Place> ExprParser::parsePlace() {
  next();
  ExprPtr expr = parseUnary();
  if (!expr)
    return std::nullopt;
  Place place;
  if (token == Token::Dot) {
    place.object = expr;
    place.facet = parseFacetName();
    if (!place.facet || !atEnd())
      return std::nullopt;
    return place;
  }
  if (!atEnd())
    return std::nullopt;
  switch (expr->kind) {
  case Expr::Kind::Irql:
  case Expr::Kind::Result:
  case Expr::Kind::Deref:
  case Expr::Kind::Member:
    place.expr = expr;
    return place;
  default:
    fail("nothing can be assigned to this; write 'x.facet', '*x', "
         "'x->record::field', 'irql' or 'result'");
    return std::nullopt;
  }
}

/// `expr` as a condition: it is `isTrue`.
ExprPtr ExprParser::truth(ExprPtr expr, bool isTrue) const {
  if (isCondition(*expr)) {
    if (isTrue)
      return expr;
    auto negated = make(Expr::Kind::Not);
    negated->lhs = std::move(expr);
    return negated;
  }
  auto compared = make(isTrue ? Expr::Kind::Ne : Expr::Kind::Eq);
  compared->lhs = std::move(expr);
  compared->rhs = make(Expr::Kind::Const);
  return compared;
}

ExprPtr ExprParser::binary(Expr::Kind kind, ExprPtr lhs, ExprPtr rhs) {
  if (!lhs || !rhs)
    return nullptr;
  const bool logical = kind == Expr::Kind::And || kind == Expr::Kind::Or;
  if (logical && scope.asInC) {
    lhs = truth(std::move(lhs));
    rhs = truth(std::move(rhs));
  }
  for (const ExprPtr &side : {lhs, rhs})
    if (isCondition(*side) != logical)
      return fail(logical ? "both sides of '&&' and '||' must be conditions"
                          : "a condition is no number here; use parentheses "
                            "around comparisons");
  if (lhs->kind == Expr::Kind::Const && rhs->kind == Expr::Kind::Const) {
    auto folded = make(Expr::Kind::Const);
    const uint64_t a = lhs->value, b = rhs->value;
    switch (kind) {
    case Expr::Kind::BitAnd:
      folded->value = int64_t(a & b);
      return folded;
    case Expr::Kind::BitOr:
      folded->value = int64_t(a | b);
      return folded;
    case Expr::Kind::Add:
      folded->value = int64_t(a + b);
      return folded;
    case Expr::Kind::Sub:
      folded->value = int64_t(a - b);
      return folded;
    default:
      break;
    }
  }
  auto expr = make(kind);
  expr->lhs = std::move(lhs);
  expr->rhs = std::move(rhs);
  return expr;
}

ExprPtr ExprParser::parseOr() {
  ExprPtr lhs = parseAnd();
  while (lhs && accept(Token::OrOr))
    lhs = binary(Expr::Kind::Or, lhs, parseAnd());
  return lhs;
}

ExprPtr ExprParser::parseAnd() {
  ExprPtr lhs = parseTest();
  while (lhs && accept(Token::AndAnd))
    lhs = binary(Expr::Kind::And, lhs, parseTest());
  return lhs;
}

ExprPtr ExprParser::parseTest() {
  ExprPtr lhs = parseBits();
  if (!lhs)
    return nullptr;
  if (token == Token::Dot) {
    FacetId facet = parseFacetName();
    if (!facet)
      return nullptr;
    if (token != Token::Name || spelling != "is")
      return fail("'is' and a state are expected after '" +
                  scope.rules.facet(facet).name + "'");
    rest = rest.ltrim(" \t\r\n");
    StringRef state = rest.take_while(inState);
    rest = rest.drop_front(state.size());
    next();
    auto expr = make(Expr::Kind::FacetIs);
    expr->lhs = lhs;
    expr->facet = facet;
    expr->state = scope.rules.facet(facet).stateNamed(state.str());
    if (expr->state == kUnknownState)
      return fail("'" + scope.rules.facet(facet).name + "' has no state '" +
                  state + "'" +
                  suggestion(state, scope.rules.facet(facet).states));
    return expr;
  }
  static constexpr struct {
    Token token;
    Expr::Kind kind;
  } kComparisons[] = {
      {Token::EqEq, Expr::Kind::Eq},    {Token::NotEq, Expr::Kind::Ne},
      {Token::Less, Expr::Kind::Lt},    {Token::LessEq, Expr::Kind::Le},
      {Token::Greater, Expr::Kind::Gt}, {Token::GreaterEq, Expr::Kind::Ge},
  };
  for (const auto &comparison : kComparisons)
    if (accept(comparison.token))
      return binary(comparison.kind, lhs, parseBits());
  return lhs;
}

ExprPtr ExprParser::parseBits() {
  ExprPtr lhs = parseMask();
  while (lhs && accept(Token::Or))
    lhs = binary(Expr::Kind::BitOr, lhs, parseMask());
  return lhs;
}

ExprPtr ExprParser::parseMask() {
  ExprPtr lhs = parseSum();
  while (lhs && accept(Token::And))
    lhs = binary(Expr::Kind::BitAnd, lhs, parseSum());
  return lhs;
}

/// Bits of flags are written so: only of numbers.
ExprPtr ExprParser::shift(ExprPtr lhs, ExprPtr rhs) {
  if (!lhs || !rhs)
    return nullptr;
  if (lhs->kind != Expr::Kind::Const || rhs->kind != Expr::Kind::Const ||
      uint64_t(rhs->value) > 63)
    return fail("only numbers can be shifted");
  auto folded = make(Expr::Kind::Const);
  folded->value = int64_t(uint64_t(lhs->value) << rhs->value);
  return folded;
}

ExprPtr ExprParser::parseSum() {
  ExprPtr lhs = parseUnary();
  while (lhs) {
    if (accept(Token::Plus))
      lhs = binary(Expr::Kind::Add, lhs, parseUnary());
    else if (accept(Token::Minus))
      lhs = binary(Expr::Kind::Sub, lhs, parseUnary());
    else if (scope.asInC && accept(Token::Shift))
      lhs = shift(lhs, parseUnary());
    else
      break;
  }
  return lhs;
}

bool ExprParser::startsCast() const {
  if (token != Token::LParen)
    return false;
  StringRef inside = rest.ltrim();
  StringRef type = inside.take_while(inName);
  return sizeOfType(type) >= 0 &&
         inside.drop_front(type.size()).ltrim().starts_with(")");
}

ExprPtr ExprParser::parseUnary() {
  struct Nesting {
    unsigned &depth;
    explicit Nesting(unsigned &d) : depth(d) { ++depth; }
    ~Nesting() { --depth; }
  } nesting(depth);
  if (depth > kMaxDepth)
    return fail("this nests too deeply");
  if (accept(Token::Not)) {
    // '!' covers one test, so that '!x.pages is locked' needs no parentheses.
    ExprPtr inner = scope.asInC ? parseUnary() : parseTest();
    if (!inner)
      return nullptr;
    if (scope.asInC)
      return truth(inner, false);
    if (!isCondition(*inner))
      return fail("'!' needs a condition; compare with '== 0' instead");
    auto expr = make(Expr::Kind::Not);
    expr->lhs = inner;
    return expr;
  }
  if (accept(Token::Minus))
    return binary(Expr::Kind::Sub, make(Expr::Kind::Const), parseUnary());
  if (accept(Token::Star)) {
    uint32_t size = 0;
    if (startsCast()) {
      next();
      size = uint32_t(sizeOfType(spelling));
      next();
      next();
    }
    ExprPtr inner = parseUnary();
    if (!inner)
      return nullptr;
    if (isCondition(*inner) || inner->kind == Expr::Kind::Const)
      return fail("'*' needs a pointer");
    auto expr = make(Expr::Kind::Deref);
    expr->lhs = inner;
    expr->size = size;
    return expr;
  }
  return parseMember();
}

ExprPtr ExprParser::parseMember() {
  ExprPtr lhs = parsePrimary();
  while (lhs && accept(Token::Arrow)) {
    std::vector<StringRef> names;
    do {
      if (token != Token::Name)
        return fail("'record::field' is expected after '->'");
      names.push_back(spelling);
      next();
    } while (accept(Token::Colons));
    if (names.size() < 2)
      return fail("'" + names.front() +
                  "' needs its record: write '->record::" + names.front() +
                  "'");
    auto expr = make(Expr::Kind::Member);
    expr->field = names.back().str();
    names.pop_back();
    expr->record = llvm::join(names, "::");
    expr->lhs = lhs;
    lhs = expr;
  }
  return lhs;
}

ExprPtr ExprParser::parsePrimary() {
  if (token == Token::Number || startsCast()) {
    StringRef type;
    if (token == Token::LParen) {
      next();
      type = spelling;
      next();
      next();
    }
    if (scope.asInC && token != Token::Number)
      return parseUnary();
    uint64_t value = 0;
    if (scope.asInC)
      spelling = spelling.rtrim("uUlL");
    if (token != Token::Number || spelling.getAsInteger(0, value))
      return fail("'" + spelling + "' is no number");
    next();
    auto expr = make(Expr::Kind::Const);
    expr->value = int64_t(value);
    const int size = type.empty() ? 8 : sizeOfType(type);
    if (size > 0 && size < 8) {
      const unsigned unused = 64 - 8 * size;
      expr->value = isSigned(type) ? int64_t(value << unused) >> unused
                                   : int64_t(value << unused >> unused);
    }
    return expr;
  }
  if (accept(Token::LParen)) {
    ExprPtr inner = parseOr();
    if (!inner)
      return nullptr;
    if (!accept(Token::RParen))
      return fail("')' is missing");
    return inner;
  }
  if (token == Token::Name)
    return parseName();
  return fail(token == Token::End ? llvm::Twine("more is expected at the end")
                                  : "'" + spelling + "' is not expected here");
}

ExprPtr ExprParser::parseName() {
  StringRef name = spelling;
  next();
  for (size_t i = 0; i < scope.params.size(); ++i)
    if (name == scope.params[i]) {
      auto expr = make(Expr::Kind::Param);
      expr->index = uint32_t(i);
      return expr;
    }
  if (name == "irql" && !scope.asInC)
    return make(Expr::Kind::Irql);
  if (name == (scope.asInC ? "return" : "result")) {
    if (!scope.resultKnown)
      return fail("'result' is not known before the call");
    return make(Expr::Kind::Result);
  }
  if (scope.asInC && name == "NT_SUCCESS" && accept(Token::LParen)) {
    ExprPtr status = parseOr();
    if (!status)
      return nullptr;
    if (!accept(Token::RParen))
      return fail("')' is missing");
    auto zero = make(Expr::Kind::Const);
    return binary(Expr::Kind::Ge, std::move(status), std::move(zero));
  }
  auto constant = scope.rules.constants.find(name.str());
  if (constant != scope.rules.constants.end()) {
    auto expr = make(Expr::Kind::Const);
    expr->value = constant->second;
    return expr;
  }
  std::vector<std::string> known(scope.params.begin(), scope.params.end());
  for (const auto &entry : scope.rules.constants)
    known.push_back(entry.first);
  return fail("'" + name + "' is neither a parameter nor a constant" +
              suggestion(name, known));
}

FacetId ExprParser::parseFacetName() {
  std::vector<StringRef> names;
  while (accept(Token::Dot)) {
    if (token != Token::Name) {
      fail("the name of a facet is expected after '.'");
      return {};
    }
    names.push_back(spelling);
    next();
  }
  if (names.size() > 2) {
    fail("a facet is written 'x.facet' or 'x.automaton.facet'");
    return {};
  }
  FacetId found;
  std::vector<std::string> known;
  for (size_t i = 0; i < scope.rules.facets.size(); ++i) {
    const Facet &facet = scope.rules.facets[i];
    const std::string &owner = scope.rules.automata[facet.automaton.value].name;
    known.push_back(names.size() == 2 ? owner + "." + facet.name : facet.name);
    if (facet.name != names.back() ||
        (names.size() == 2 && owner != names.front()))
      continue;
    if (found) {
      fail("'" + names.back() + "' is a facet of several automata; write '" +
           scope.rules.automata[scope.rules.facets[found.value].automaton.value]
               .name +
           "." + names.back() + "' or '" + owner + "." + names.back() + "'");
      return {};
    }
    found = FacetId(uint32_t(i));
  }
  if (!found) {
    std::string wanted = llvm::join(names, ".");
    fail("there is no facet '" + wanted + "'" + suggestion(wanted, known));
  }
  return found;
}

} // namespace mdlcheck::contract
