//===-- SourceScan.cpp ------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/SourceScan.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace mdlcheck::report;

namespace mdlcheck::report {

/// Phases 2 and 3 of translation ([lex.phases]), as far as they matter here.
class SourceLexer {
public:
  explicit SourceLexer(SourceScan &scan) : scan(scan), text(scan.source) {}

  void run() {
    bool isLineStart = true;
    while (skipSpace(isLineStart)) {
      if (isLineStart && peek() == '#') {
        directive();
        isLineStart = true;
        continue;
      }
      scan.tokens.push_back(token());
      isLineStart = false;
    }
  }

private:
  // The character at `at` once the splices there are taken out.
  char peek(unsigned ahead = 0) const {
    uint32_t p = afterSplices(at);
    for (; ahead > 0 && p < text.size(); --ahead)
      p = afterSplices(p + 1);
    return p < text.size() ? text[p] : '\0';
  }

  // A backslash at the end of a line, white space after it or not, as the
  // compilers have it.
  uint32_t afterSplices(uint32_t p) const {
    while (p < text.size() && text[p] == '\\') {
      uint32_t q = p + 1;
      while (q < text.size() && (text[q] == ' ' || text[q] == '\t'))
        ++q;
      if (q >= text.size() || (text[q] != '\n' && text[q] != '\r'))
        break;
      p = q + (text.substr(q).starts_with("\r\n") ? 2 : 1);
    }
    return p;
  }

  bool atEnd() const { return afterSplices(at) >= text.size(); }

  char take() {
    at = afterSplices(at);
    char c = at < text.size() ? text[at] : '\0';
    ++at;
    current += c;
    return c;
  }

  static bool isNewline(char c) { return c == '\n' || c == '\r'; }

  // Stops at a token. False at the end.
  bool skipSpace(bool &isLineStart) {
    for (; !atEnd();) {
      char c = peek();
      if (isNewline(c)) {
        isLineStart = true;
        take();
      } else if (llvm::isSpace(c)) {
        take();
      } else if (!comment()) {
        return true;
      }
    }
    return false;
  }

  bool comment() {
    if (peek() != '/' || (peek(1) != '/' && peek(1) != '*'))
      return false;
    at = afterSplices(at);
    uint32_t begin = at;
    bool isBlock = peek(1) == '*';
    take();
    take();
    while (!atEnd()) {
      if (isBlock && peek() == '*' && peek(1) == '/') {
        take();
        take();
        break;
      }
      if (!isBlock && isNewline(peek()))
        break;
      take();
    }
    scan.comments.push_back({begin, at, text.slice(begin, at)});
    return true;
  }

  void directive() {
    SourceDirective d;
    d.begin = afterSplices(at);
    take();
    while (!atEnd() && !isNewline(peek())) {
      if (llvm::isSpace(peek()))
        take();
      else if (!comment())
        d.tokens.push_back(token());
    }
    d.end = std::min<uint32_t>(at, text.size());
    scan.directives.push_back(std::move(d));
  }

  static bool isIdentifierChar(char c) {
    return llvm::isAlnum(c) || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
  }

  SourceToken token() {
    SourceToken t;
    at = afterSplices(at);
    t.begin = at;
    current.clear();
    char c = peek();
    if (llvm::isDigit(c) || (c == '.' && llvm::isDigit(peek(1)))) {
      t.kind = SourceToken::Kind::Number;
      number();
    } else if (isIdentifierChar(c)) {
      t.kind = SourceToken::Kind::Identifier;
      while (!atEnd() && isIdentifierChar(peek()))
        take();
      if ((peek() == '"' || peek() == '\'') && isPrefix(current)) {
        t.kind = SourceToken::Kind::String;
        if (peek() == '"' && current.back() == 'R')
          rawString();
        else
          quoted();
      }
    } else if (c == '"' || c == '\'') {
      t.kind = SourceToken::Kind::String;
      quoted();
    } else {
      take();
      // "::" is no label.
      if (c == ':' && peek() == ':')
        take();
    }
    t.end = std::min<uint32_t>(at, text.size());
    // Most tokens stand in the text as they are.
    t.text = text.slice(t.begin, t.end) == current
                 ? text.slice(t.begin, t.end)
                 : llvm::StringRef(current).copy(scan.strings);
    return t;
  }

  static bool isPrefix(llvm::StringRef word) {
    for (llvm::StringRef prefix :
         {"L", "u", "U", "u8", "R", "LR", "uR", "UR", "u8R"})
      if (word == prefix)
        return true;
    return false;
  }

  // A preprocessing number: digits, letters, exponents with their sign, and
  // the separators of C++.
  void number() {
    while (!atEnd()) {
      char c = peek();
      bool isSign = (c == '+' || c == '-') && !current.empty() &&
                    llvm::StringRef("eEpP").contains(current.back());
      bool isSeparator = c == '\'' && isIdentifierChar(peek(1));
      if (!isIdentifierChar(c) && c != '.' && !isSign && !isSeparator)
        break;
      take();
    }
  }

  // To the closing mark, or the end of the line when there is none.
  void quoted() {
    char quote = take();
    while (!atEnd() && !isNewline(peek())) {
      char c = take();
      if (c == quote)
        return;
      if (c == '\\' && !atEnd())
        take();
    }
  }

  void rawString() {
    size_t open = text.find('(', at);
    if (open == llvm::StringRef::npos || open - at > 17)
      return quoted();
    std::string end = ")" + text.slice(at + 1, open).str() + "\"";
    size_t close = text.find(end, open);
    size_t stop =
        close == llvm::StringRef::npos ? text.size() : close + end.size();
    current += text.slice(at, stop);
    at = uint32_t(stop);
  }

  SourceScan &scan;
  llvm::StringRef text;
  uint32_t at = 0;
  std::string current;
};

/// Cuts tokens into statements by brackets, semicolons and keywords.
class StatementCutter {
public:
  explicit StatementCutter(SourceScan &scan) : scan(scan) {}

  void run() {
    const std::vector<SourceToken> &tokens = scan.tokens;
    for (uint32_t i = 0; i < tokens.size(); ++i) {
      const SourceToken &t = tokens[i];
      if (first == kNone)
        first = i;
      if (t.kind == SourceToken::Kind::String)
        continue;
      if (!nested.empty())
        inside(i);
      else
        outside(i);
    }
    if (first != kNone)
      close(uint32_t(tokens.size()) - 1);
  }

private:
  static constexpr uint32_t kNone = UINT32_MAX;

  void inside(uint32_t i) {
    llvm::StringRef text = scan.tokens[i].text;
    if (text == "(" || text == "[" || text == "{") {
      nested.push_back(text[0]);
      return;
    }
    if (text != ")" && text != "]" && text != "}")
      return;
    // Where brackets do not match, in a branch of an #if, the brace knows best.
    if (text == "}" && nested.back() != '{') {
      nested.clear();
      return outside(i);
    }
    nested.pop_back();
    if (nested.empty() && text == ")" && isControlHead())
      close(i);
  }

  void outside(uint32_t i) {
    llvm::StringRef text = scan.tokens[i].text;
    if (text == "(" || text == "[") {
      nested.push_back(text[0]);
    } else if (text == ";") {
      close(i);
    } else if (text == "{") {
      if (isInitializer(i)) {
        nested.push_back('{');
        return;
      }
      uint32_t head = kNone;
      if (first != i)
        head = close(i - 1);
      first = i;
      close(i);
      blocks.push_back(head != kNone && isFunctionHead(head) ? head : kNone);
    } else if (text == "}") {
      if (first != i)
        close(i - 1);
      first = i;
      close(i);
      if (!blocks.empty()) {
        if (blocks.back() != kNone)
          scan.statements[blocks.back()].bodyEnd = scan.tokens[i].end;
        blocks.pop_back();
      }
    } else if (text == ":" && isLabel(i)) {
      close(i);
    } else if (first == i && (text == "else" || text == "do" || text == "try" ||
                              text == "__try" || text == "__finally")) {
      close(i);
    }
  }

  bool isControlHead() const {
    static constexpr llvm::StringLiteral kHeads[] = {
        "if", "while", "for", "switch", "__except", "catch", "else"};
    return llvm::is_contained(kHeads, scan.tokens[first].text);
  }

  // Of a structure or an array, not of a block.
  bool isInitializer(uint32_t i) const {
    if (first == i)
      return false;
    const SourceToken &before = scan.tokens[i - 1];
    return before.is("=") || before.is(",") || before.is("return") ||
           before.is("]");
  }

  bool isLabel(uint32_t i) const {
    const SourceToken &head = scan.tokens[first];
    return head.is("case") || head.is("default") ||
           (i == first + 1 && head.isIdentifier());
  }

  bool isFunctionHead(uint32_t statement) const {
    const SourceStatement &s = scan.statements[statement];
    for (uint32_t block : blocks)
      if (block != kNone)
        return false;
    bool hasParameters = false;
    bool isRecord = false;
    for (uint32_t i = s.firstToken; i <= s.lastToken; ++i) {
      const SourceToken &t = scan.tokens[i];
      isRecord |=
          t.is("struct") || t.is("union") || t.is("enum") || t.is("class");
      hasParameters |= t.is(")");
    }
    // "struct __declspec(align(16)) S" against "struct S *f(void)".
    return hasParameters && (!isRecord || scan.tokens[s.lastToken].is(")"));
  }

  uint32_t close(uint32_t last) {
    // After a closed head there may be nothing left.
    if (first == kNone)
      return kNone;
    SourceStatement s;
    s.firstToken = first;
    s.lastToken = last;
    s.begin = scan.tokens[first].begin;
    s.end = scan.tokens[last].end;
    scan.statements.push_back(s);
    first = kNone;
    return uint32_t(scan.statements.size()) - 1;
  }

  SourceScan &scan;
  uint32_t first = kNone;
  std::vector<char> nested;
  /// The function head of each open block, or none.
  std::vector<uint32_t> blocks;
};

} // namespace mdlcheck::report

SourceScan::SourceScan(llvm::StringRef text) : source(text) {
  lineStarts.push_back(0);
  for (uint32_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n')
      continue;
    if (text[i] == '\n' || text[i] == '\r')
      lineStarts.push_back(i + 1);
  }
  SourceLexer(*this).run();
  StatementCutter(*this).run();
}

uint32_t SourceScan::lineOf(uint32_t offset) const {
  auto it = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset);
  return uint32_t(it - lineStarts.begin());
}

uint32_t SourceScan::lineStart(uint32_t line) const {
  if (line == 0)
    return 0;
  return line > lineStarts.size() ? uint32_t(source.size())
                                  : lineStarts[line - 1];
}

const SourceStatement *SourceScan::statementAt(uint32_t offset) const {
  auto it = std::upper_bound(
      statements.begin(), statements.end(), offset,
      [](uint32_t o, const SourceStatement &s) { return o < s.begin; });
  return it == statements.begin() ? nullptr : &*std::prev(it);
}

const SourceStatement *SourceScan::statementAfter(uint32_t offset) const {
  uint32_t token = tokenAfter(offset);
  return token < tokens.size() ? statementAt(tokens[token].begin) : nullptr;
}

uint32_t SourceScan::tokenAfter(uint32_t offset) const {
  auto it = std::lower_bound(
      tokens.begin(), tokens.end(), offset,
      [](const SourceToken &t, uint32_t o) { return t.begin < o; });
  return uint32_t(it - tokens.begin());
}
