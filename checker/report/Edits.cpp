//===-- Edits.cpp -----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Edits.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::report;

const SourceStatement *StatementEditor::statementAt(uint32_t offset) const {
  const SourceStatement *s = scan.statementAt(offset);
  return s && s->begin == offset ? s : nullptr;
}

const SourceStatement *StatementEditor::statementAround(uint32_t offset) const {
  const SourceStatement *s = scan.statementAt(offset);
  return s && offset < s->end ? s : nullptr;
}

bool StatementEditor::isInFunction(const SourceStatement &s,
                                   llvm::StringRef type,
                                   llvm::ArrayRef<std::string> beside) const {
  auto head = llvm::find_if(scan.statements, [&](const SourceStatement &h) {
    return h.end <= s.begin && s.begin < h.bodyEnd;
  });
  if (head == scan.statements.end())
    return false;
  bool isTyped = false;
  for (uint32_t i = head->firstToken;
       i < head->lastToken && !scan.tokens[i].is("("); ++i) {
    isTyped |= scan.tokens[i].is(type);
    if (scan.tokens[i].is("*"))
      return false;
  }
  static constexpr llvm::StringLiteral kWords[] = {
      "if", "while", "for", "switch", "return", "sizeof"};
  for (uint32_t i = head->lastToken + 1;
       i + 1 < scan.tokens.size() && scan.tokens[i].begin < head->bodyEnd;
       ++i) {
    const SourceToken &t = scan.tokens[i];
    // A call through a pointer: `(*F)(x)`, `table[i](x)`.
    bool isCall =
        scan.tokens[i + 1].is("(") &&
        (t.isIdentifier() ? !llvm::is_contained(kWords, t.text) : t.is("]"));
    if (isCall && !llvm::is_contained(beside, t.text.str()))
      return false;
    if (t.is("goto") || t.is("__try") ||
        (t.is(")") && scan.tokens[i + 1].is("(")))
      return false;
  }
  return isTyped;
}

uint32_t StatementEditor::indexOf(const SourceStatement &s) const {
  return uint32_t(&s - scan.statements.data());
}

const SourceStatement *StatementEditor::next(const SourceStatement &s) const {
  uint32_t i = indexOf(s) + 1;
  return i < scan.statements.size() ? &scan.statements[i] : nullptr;
}

bool StatementEditor::isCall(const SourceStatement &s, llvm::StringRef function,
                             llvm::StringRef argument) const {
  if (s.lastToken < s.firstToken + 4 || !scan.tokens[s.firstToken].is(function))
    return false;
  std::string text;
  for (uint32_t i = s.firstToken + 1; i <= s.lastToken; ++i)
    text += scan.tokens[i].text;
  return text == "(" + argument.str() + ");";
}

const SourceStatement *
StatementEditor::bareHeadOf(const SourceStatement &s) const {
  uint32_t i = indexOf(s);
  if (i == 0)
    return nullptr;
  const SourceStatement &before = scan.statements[i - 1];
  const SourceToken &first = scan.tokens[before.firstToken];
  static constexpr llvm::StringLiteral kHeads[] = {"if",    "else", "for",
                                                   "while", "do",   "switch"};
  bool isHead = llvm::is_contained(kHeads, first.text) &&
                !scan.tokens[before.lastToken].is(";");
  return isHead && !scan.tokens[s.firstToken].is("{") ? &before : nullptr;
}

llvm::StringRef StatementEditor::indentAt(uint32_t offset) const {
  return scan.text()
      .substr(scan.lineStart(scan.lineOf(offset)))
      .take_while([](char c) { return c == ' ' || c == '\t'; });
}

bool StatementEditor::isFirstOnLine(uint32_t offset) const {
  return scan.lineStart(scan.lineOf(offset)) + indentAt(offset).size() ==
         offset;
}

std::optional<uint32_t> StatementEditor::restOfLine(uint32_t offset) const {
  llvm::StringRef text = scan.text();
  size_t end = std::min(text.find_first_of("\r\n", offset), text.size());
  uint32_t token = scan.tokenAfter(offset);
  bool hasToken = token < scan.tokens.size() && scan.tokens[token].begin < end;
  bool goesOn = text.substr(0, end).ends_with("\\") ||
                llvm::any_of(scan.comments, [&](const SourceComment &c) {
                  return c.begin >= offset && c.begin < end && c.end > end;
                });
  if (hasToken || goesOn)
    return std::nullopt;
  return uint32_t(end);
}

llvm::StringRef StatementEditor::lineEnd() const {
  return scan.text().contains("\r\n") ? "\r\n" : "\n";
}

llvm::StringRef StatementEditor::oneLevel() const {
  return scan.text().contains("\n\t") ? "\t" : "    ";
}

std::optional<Edits>
StatementEditor::insertBefore(const SourceStatement &s,
                              llvm::ArrayRef<std::string> lines) const {
  if (!isFirstOnLine(s.begin))
    return std::nullopt;
  uint32_t start = scan.lineStart(scan.lineOf(s.begin));
  std::string indent = indentAt(s.begin).str();
  std::string nl = lineEnd().str();
  if (scan.tokens[s.firstToken].is("}")) {
    uint32_t i = indexOf(s);
    const SourceStatement *before = i ? &scan.statements[i - 1] : nullptr;
    bool isPlain = before && isFirstOnLine(before->begin) &&
                   scan.tokens[before->lastToken].is(";") &&
                   !bareHeadOf(*before);
    std::string inner =
        isPlain ? indentAt(before->begin).str() : indent + oneLevel().str();
    std::string text;
    for (const std::string &line : lines)
      text += inner + line + nl;
    return Edits{{start, start, std::move(text)}};
  }
  std::string text;
  for (const std::string &line : lines)
    text += line + nl + indent;
  const SourceStatement *head = bareHeadOf(s);
  if (!head)
    return Edits{{s.begin, s.begin, std::move(text)}};
  auto end = restOfLine(s.end);
  bool isBelow = scan.lineOf(head->end - 1) < scan.lineOf(s.begin);
  // What stands between may be a comment, which a brace must not go into.
  if (!end || !isBelow || !restOfLine(head->end))
    return std::nullopt;
  return Edits{{head->end, head->end, " {"},
               {s.begin, s.begin, std::move(text)},
               {*end, *end, nl + indentAt(head->begin).str() + "}"}};
}

std::optional<Edits> StatementEditor::remove(const SourceStatement &s) const {
  auto end = restOfLine(s.end);
  const SourceStatement *after = next(s);
  uint32_t i = indexOf(s);
  // A label needs a statement.
  bool isLabelled =
      i > 0 && scan.tokens[scan.statements[i - 1].lastToken].is(":");
  if (!end || !isFirstOnLine(s.begin) || bareHeadOf(s) || !after ||
      (isLabelled && scan.tokens[after->firstToken].is("}")))
    return std::nullopt;
  uint32_t start = scan.lineStart(scan.lineOf(s.begin));
  uint32_t behind = scan.lineStart(scan.lineOf(s.end - 1) + 1);
  return Edits{{start, behind, ""}};
}

std::optional<Edits>
StatementEditor::swapWithNext(const SourceStatement &s) const {
  const SourceStatement *after = next(s);
  if (!after || bareHeadOf(s) || !isFirstOnLine(s.begin) ||
      !isFirstOnLine(after->begin))
    return std::nullopt;
  llvm::StringRef text = scan.text();
  return Edits{{s.begin, s.end, text.slice(after->begin, after->end).str()},
               {after->begin, after->end, text.slice(s.begin, s.end).str()}};
}
