//===-- TextLine.cpp - one line of the text form ----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ir/TextLine.h"
#include "ir/TextSyntax.h"

#include "llvm/ADT/StringExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::ir;
using namespace mdlcheck::ir::text;
using llvm::StringRef;
using llvm::Twine;

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

static bool startsName(char c) {
  return llvm::isAlpha(c) || c == '_' || c == '$';
}

static bool continuesName(char c) { return startsName(c) || llvm::isDigit(c); }

/// Length of the name `text` starts with, parts joined by "::" included.
static size_t nameLength(StringRef text) {
  size_t n = 0;
  while (true) {
    while (n < text.size() && continuesName(text[n]))
      ++n;
    StringRef rest = text.drop_front(n);
    if (!rest.consume_front("::"))
      return n;
    size_t tilde = rest.starts_with("~");
    if (rest.size() <= tilde || !startsName(rest[tilde]))
      return n;
    n += 2 + tilde;
  }
}

Line::Line(StringRef text, unsigned number, Failure &failure)
    : lineNumber(number), failure(&failure) {
  tokenize(text);
}

bool Line::tokenizeString(StringRef &text, Token &token) {
  token.kind = Token::String;
  size_t n = 1;
  for (; n < text.size() && text[n] != '"'; ++n) {
    if (text[n] != '\\') {
      token.value += text[n];
      continue;
    }
    StringRef escape = text.drop_front(++n);
    if (escape.starts_with("n"))
      token.value += '\n';
    else if (escape.starts_with("t"))
      token.value += '\t';
    else if (escape.starts_with("\\") || escape.starts_with("\""))
      token.value += escape[0];
    else if (escape.size() > 2 && escape[0] == 'x' &&
             llvm::isHexDigit(escape[1]) && llvm::isHexDigit(escape[2])) {
      token.value += char(llvm::hexFromNibbles(escape[1], escape[2]));
      n += 2;
    } else {
      fail("unknown escape in a string; there are \\n \\t \\\\ \\\" \\xHH");
      return false;
    }
  }
  if (n >= text.size()) {
    fail("a string without its closing quote");
    return false;
  }
  token.text = text.take_front(n + 1);
  return true;
}

bool Line::tokenizeNumber(StringRef digits, Token &token) {
  token.hex = digits.starts_with("0x") || digits.starts_with("0X");
  StringRef plain = token.hex ? digits.drop_front(2) : digits;
  if (!plain.getAsInteger(token.hex ? 16 : 10, token.number))
    return true;
  fail("'" + digits + "' is not a number of 64 bits");
  return false;
}

void Line::tokenize(StringRef text) {
  static constexpr llvm::StringLiteral kTwoChars[] = {
      "->", "<<", ">>", "==", "!=", "<=", ">="};
  while (true) {
    text = text.ltrim(" \t\r\f\v");
    if (text.empty() || text[0] == '#' || text.starts_with("//"))
      return;
    Token token;
    if (text[0] == '"') {
      if (!tokenizeString(text, token))
        return;
    } else if (text.starts_with("...")) {
      token.kind = Token::Punct;
      token.text = text.take_front(3);
    } else if (startsName(text[0])) {
      token.kind = Token::Name;
      token.text = text.take_front(nameLength(text));
    } else if (llvm::isDigit(text[0])) {
      token.kind = Token::Number;
      token.text = text.take_while(llvm::isAlnum);
      if (!tokenizeNumber(token.text, token))
        return;
    } else if (text[0] == '%' && text.size() > 1 && llvm::isDigit(text[1])) {
      token.kind = Token::Temp;
      token.text = text.take_front(
          1 + text.drop_front().take_while(llvm::isDigit).size());
      if (!tokenizeNumber(token.text.drop_front(), token))
        return;
    } else {
      token.kind = Token::Punct;
      token.text = text.take_front(1);
      for (StringRef two : kTwoChars)
        if (text.starts_with(two))
          token.text = text.take_front(2);
      if (!StringRef("{}()[]<>,:.*/%+-&|^~!=@").contains(text[0])) {
        fail(llvm::isPrint(text[0])
                 ? "unexpected character '" + Twine(text.take_front(1)) + "'"
                 : Twine("unexpected character"));
        return;
      }
    }
    text = text.drop_front(token.text.size());
    tokens.push_back(std::move(token));
  }
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

void Line::fail(const Twine &message) { failure->set(lineNumber, message); }

void Line::failExpected(const Twine &what) {
  if (atEnd())
    fail("expected " + what + " at the end of the line");
  else
    fail("expected " + what + ", found '" + peek().text + "'");
}

const Token &Line::peek(size_t ahead) const {
  static const Token kEnd{};
  return failed() || pos + ahead >= tokens.size() ? kEnd : tokens[pos + ahead];
}

const Token &Line::take() {
  const Token &token = peek();
  ++pos;
  return token;
}

bool Line::is(StringRef text, size_t ahead) const {
  const Token &token = peek(ahead);
  return (token.kind == Token::Punct || token.kind == Token::Name) &&
         token.text == text;
}

bool Line::isName() const {
  return peek().kind == Token::Name || peek().kind == Token::String;
}

bool Line::isType() const {
  return peek().kind == Token::Name && isTypeWord(peek().text);
}

bool Line::accept(StringRef text) {
  if (!is(text))
    return false;
  ++pos;
  return true;
}

void Line::expect(StringRef text) {
  if (!accept(text))
    failExpected("'" + text + "'");
}

void Line::expectEnd() {
  if (!atEnd())
    failExpected("the end of the line");
}

std::string Line::name(const Twine &what) {
  if (!isName()) {
    failExpected(what);
    return {};
  }
  const Token &token = take();
  return token.kind == Token::String ? token.value : token.text.str();
}

std::string Line::label(const Twine &what, std::string *plain) {
  std::string key = name(what);
  if (plain)
    *plain = key;
  if (is(".") && peek(1).kind == Token::Number) {
    ++pos;
    key += '\0';
    key += std::to_string(take().number);
  }
  return key;
}

std::string Line::string(const Twine &what) {
  if (peek().kind != Token::String) {
    failExpected(what);
    return {};
  }
  return take().value;
}

uint64_t Line::unsignedNumber(const Twine &what, uint64_t max) {
  if (peek().kind != Token::Number) {
    failExpected(what);
    return 0;
  }
  uint64_t n = take().number;
  if (n <= max)
    return n;
  fail(what + " is at most " + Twine(max));
  return 0;
}

bool Line::isConstant() const {
  return peek().kind == Token::Number ||
         (is("-") && peek(1).kind == Token::Number);
}

int64_t Line::constant(Type type) {
  bool negative = accept("-");
  if (peek().kind != Token::Number) {
    failExpected("a number");
    return 0;
  }
  const Token &token = take();
  bool sized = type.kind == TypeKind::Int || type.kind == TypeKind::Pointer;
  bool isSigned = !sized || type.isSigned;
  unsigned bits =
      sized && type.size > 0 && type.size < 8 ? unsigned(type.size) * 8 : 64;
  // Hexadecimal gives the bits, so that a status code can be written as its
  // author knows it; negative numbers reach down to the smallest signed one.
  uint64_t max =
      negative ? uint64_t(1) << (bits - 1) : UINT64_MAX >> (64 - bits);
  if (isSigned && !negative && !token.hex)
    max >>= 1;
  if (token.number > max) {
    fail("'" + Twine(negative ? "-" : "") + token.text +
         "' does not fit its type");
    return 0;
  }
  uint64_t value = negative ? 0 - token.number : token.number;
  return canonicalInt(type, int64_t(value));
}

Type Line::type() {
  if (!isType()) {
    failExpected("a type");
    return {};
  }
  StringRef word = take().text;
  Type t;
  auto size = [&] {
    expect("(");
    t.size = unsignedNumber("a size");
    expect(")");
  };
  if (word == "void")
    return t;
  if (word == "ptr") {
    t = kPtr;
    if (is("(") && peek(1).kind == Token::Number && is(")", 2))
      size();
    return t;
  }
  t.kind = word == "agg"    ? TypeKind::Aggregate
           : word[0] == 'f' ? TypeKind::Float
                            : TypeKind::Int;
  t.isSigned = word[0] == 'i';
  if (llvm::isAlpha(word[1])) {
    size();
    return t;
  }
  unsigned bits = 0;
  if (word.drop_front().getAsInteger(10, bits) || bits % 8 != 0)
    fail("'" + word + "' has no whole number of bytes");
  t.size = bits / 8;
  return t;
}

Span Line::span() {
  Span s;
  if (!accept("@"))
    return s;
  auto number = [&] {
    return uint32_t(unsignedNumber("a line or column", UINT32_MAX - 1));
  };
  bool none = accept("none");
  if (none)
    expect(":");
  uint32_t n[3] = {number(), 1, 0};
  unsigned count = 1;
  while (count < 3 && accept(":"))
    n[count++] = number();
  if (count == 3 && none)
    fail("a span without a file has a line and a column");
  bool hasFile = count == 3;
  if (!none)
    s.file = FileId(hasFile ? n[0] : 0);
  s.line = s.endLine = n[hasFile ? 1 : 0];
  s.column = s.endColumn = n[hasFile ? 2 : 1];
  if (accept("-")) {
    s.endColumn = number();
    if (accept(":")) {
      s.endLine = s.endColumn;
      s.endColumn = number();
    }
  }
  return s;
}

uint32_t Line::temp() {
  // Far more than any function has; keeps a slip from asking for gigabytes.
  constexpr uint64_t kMaxTemp = 1 << 20;
  if (peek().kind != Token::Temp) {
    failExpected("a temporary");
    return 0;
  }
  uint64_t n = take().number;
  if (n >= kMaxTemp)
    fail("temporaries are numbered below " + Twine(kMaxTemp));
  return uint32_t(n);
}
