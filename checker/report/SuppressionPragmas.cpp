//===-- SuppressionPragmas.cpp - warnings switched off ----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// learn.microsoft.com, "warning pragma", and the WDK's driverspecs.h for
// prefast, which Code Analysis takes for the same.
//
//===----------------------------------------------------------------------===//
#include "report/SuppressionMarks.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSwitch.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::report;

// A header that includes itself over and over is cut off here.
static constexpr size_t kMaxEvents = 10000;

// The text that a string literal stands for; `_Pragma` knows these two escapes
// alone ([cpp.pragma.op]).
static std::string unquoted(llvm::StringRef literal) {
  size_t open = literal.find('"');
  if (open == llvm::StringRef::npos)
    return {};
  literal = literal.substr(open + 1);
  literal.consume_back("\"");
  std::string text;
  for (size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] == '\\' && i + 1 < literal.size() &&
        (literal[i + 1] == '"' || literal[i + 1] == '\\'))
      ++i;
    text += literal[i];
  }
  return text;
}

std::vector<PragmaItem>
report::readPragma(llvm::ArrayRef<SourceToken> tokens) {
  std::vector<PragmaItem> items;
  if (tokens.size() < 3 ||
      !(tokens[0].is("warning") || tokens[0].is("prefast")) ||
      !tokens[1].is("("))
    return items;
  tokens = tokens.drop_front(2);
  using Kind = PragmaItem::Kind;
  while (!tokens.empty()) {
    PragmaItem item;
    // A level, "once" and "error" all switch a warning on.
    item.kind = llvm::StringSwitch<Kind>(tokens[0].text)
                    .Case("push", Kind::Push)
                    .Case("pop", Kind::Pop)
                    .Case("disable", Kind::Disable)
                    .Case("suppress", Kind::Suppress)
                    .Default(Kind::Enable);
    tokens = tokens.drop_front();
    while (!tokens.empty() && !tokens[0].is(";") && !tokens[0].is(")")) {
      unsigned code = 0;
      if (tokens[0].kind == SourceToken::Kind::String)
        item.justification += unquoted(tokens[0].text);
      else if (!tokens[0].text.getAsInteger(10, code))
        item.codes.push_back(code);
      tokens = tokens.drop_front();
    }
    items.push_back(std::move(item));
    if (tokens.empty() || tokens[0].is(")"))
      break;
    tokens = tokens.drop_front();
  }
  return items;
}

namespace {

// One past the bracket that closes the one at `open`.
size_t pastBracket(llvm::ArrayRef<SourceToken> tokens, size_t open) {
  unsigned depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].is("("))
      ++depth;
    else if (tokens[i].is(")") && --depth == 0)
      return i + 1;
  }
  return tokens.size();
}

class PragmaReader {
public:
  PragmaReader(const std::string &file, const contract::RuleSet &rules,
               llvm::function_ref<FileMarks *(llvm::StringRef)> header,
               FileMarks &marks)
      : file(file), header(header), marks(marks), scan(marks.scan) {
    for (const contract::Rule &rule : rules.rules)
      known.insert(rule.codeAnalysis.begin(), rule.codeAnalysis.end());
  }

  void run() {
    // In the order of the text: a macro counts from its definition on.
    size_t token = 0;
    for (const SourceDirective &d : scan.directives) {
      for (; token < scan.tokens.size() && scan.tokens[token].begin < d.begin;)
        token = takeToken(token);
      takeDirective(d);
    }
    while (token < scan.tokens.size())
      token = takeToken(token);
    std::stable_sort(events.begin(), events.end(),
                     [](const PragmaEvent &a, const PragmaEvent &b) {
                       return a.offset < b.offset;
                     });
    for (PragmaEvent &event : events)
      apply(event);
  }

private:
  void takeDirective(const SourceDirective &d) {
    llvm::ArrayRef<SourceToken> tokens = d.tokens;
    if (tokens.size() < 2)
      return;
    if (tokens[0].is("pragma")) {
      for (PragmaItem &item : readPragma(tokens.drop_front()))
        add(std::move(item), d.begin, d.end, d.begin, d.end);
    } else if (tokens[0].is("define")) {
      define(tokens.drop_front());
    } else if (tokens[0].is("undef")) {
      if (auto it = marks.macros.find(tokens[1].text); it != marks.macros.end())
        marks.macros.erase(it);
    } else if (tokens[0].is("include") &&
               tokens[1].kind == SourceToken::Kind::String) {
      include(d, tokens[1].text.trim('"'));
    }
  }

  // The order of the definition's tokens is that of the pragmas in it. Its
  // parameters are no pragmas, so they need no care.
  void define(llvm::ArrayRef<SourceToken> tokens) {
    std::vector<PragmaItem> items;
    for (size_t i = 1; i < tokens.size();) {
      size_t next = i + 1;
      if (const std::vector<PragmaItem> *nested = macro(tokens[i]))
        items.insert(items.end(), nested->begin(), nested->end());
      else
        next = pragmaAt(tokens, i, items);
      i = next;
    }
    if (items.size() < kMaxEvents && !items.empty())
      marks.macros[tokens[0].text.str()] = std::move(items);
  }

  const std::vector<PragmaItem> *macro(const SourceToken &t) const {
    if (!t.isIdentifier() || marks.macros.empty())
      return nullptr;
    auto it = marks.macros.find(t.text);
    return it == marks.macros.end() ? nullptr : &it->second;
  }

  // "__pragma(...)" or "_Pragma("...")" at `i`: adds its items. Returns where
  // to go on.
  size_t pragmaAt(llvm::ArrayRef<SourceToken> tokens, size_t i,
                  std::vector<PragmaItem> &items) {
    bool isMicrosoft = tokens[i].is("__pragma");
    if ((!isMicrosoft && !tokens[i].is("_Pragma")) || i + 2 >= tokens.size() ||
        !tokens[i + 1].is("("))
      return i + 1;
    size_t end = pastBracket(tokens, i + 1);
    std::vector<PragmaItem> found;
    if (isMicrosoft) {
      found = readPragma(tokens.slice(i + 2, end - i - 2));
    } else if (tokens[i + 2].kind == SourceToken::Kind::String) {
      std::string text = unquoted(tokens[i + 2].text);
      SourceScan inner{llvm::StringRef(text)};
      found = readPragma(inner.tokens);
    }
    std::move(found.begin(), found.end(), std::back_inserter(items));
    return end;
  }

  size_t takeToken(size_t i) {
    const SourceToken &t = scan.tokens[i];
    if (!t.isIdentifier())
      return i + 1;
    if (const std::vector<PragmaItem> *items = macro(t)) {
      size_t end = i + 1;
      if (end < scan.tokens.size() && scan.tokens[end].is("("))
        end = pastBracket(scan.tokens, end);
      // What a macro puts back it puts back after what it stands for.
      for (PragmaItem item : *items) {
        bool isEnd = item.kind == PragmaItem::Kind::Pop ||
                     item.kind == PragmaItem::Kind::Enable;
        add(std::move(item), t.begin, t.end,
            isEnd ? scan.tokens[end - 1].end : t.begin, t.begin);
      }
      return i + 1;
    }
    std::vector<PragmaItem> items;
    size_t end = pragmaAt(scan.tokens, i, items);
    for (PragmaItem &item : items)
      add(std::move(item), t.begin, scan.tokens[end - 1].end, t.begin,
          scan.tokens[end - 1].end);
    return end;
  }

  void add(PragmaItem item, uint32_t begin, uint32_t end, uint32_t offset,
           uint32_t nextToken) {
    std::erase_if(item.codes, [&](unsigned c) { return !known.contains(c); });
    if (item.codes.empty() && item.kind != PragmaItem::Kind::Push &&
        item.kind != PragmaItem::Kind::Pop)
      return;
    if (events.size() < kMaxEvents)
      events.push_back({offset, nextToken, locationIn(file, scan, begin, end),
                        std::move(item)});
  }

  void include(const SourceDirective &d, llvm::StringRef name) {
    FileMarks *included = header(name);
    if (!included)
      return;
    for (const auto &[macroName, items] : included->macros)
      marks.macros[macroName] = items;
    for (PragmaEvent event : included->events) {
      event.offset = d.begin;
      if (events.size() < kMaxEvents)
        events.push_back(std::move(event));
    }
  }

  void apply(PragmaEvent &event) {
    using Kind = PragmaItem::Kind;
    switch (event.item.kind) {
    case Kind::Push:
      stack.push_back(off);
      break;
    case Kind::Pop:
      if (stack.empty())
        break;
      restore(stack.back(), event.offset);
      stack.pop_back();
      break;
    case Kind::Disable:
      for (unsigned code : event.item.codes)
        if (!off.contains(code))
          off[code] = open(event, code, event.offset);
      break;
    case Kind::Enable:
      for (unsigned code : event.item.codes)
        if (auto it = off.find(code); it != off.end()) {
          marks.marks[it->second].end = event.offset;
          off.erase(it);
        }
      break;
    case Kind::Suppress:
      suppress(event);
      return; // for this file alone
    }
    marks.events.push_back(std::move(event));
  }

  size_t open(const PragmaEvent &event, unsigned code, uint32_t offset) {
    SuppressionMark mark;
    mark.form = SuppressionMark::Form::Pragma;
    mark.where = event.where;
    mark.code = code;
    mark.justification = event.item.justification;
    mark.begin = offset;
    mark.end = UINT32_MAX;
    marks.marks.push_back(std::move(mark));
    return marks.marks.size() - 1;
  }

  void restore(const std::map<unsigned, size_t> &before, uint32_t offset) {
    for (const auto &[code, mark] : off)
      if (!before.contains(code))
        marks.marks[mark].end = offset;
    std::map<unsigned, size_t> now;
    for (const auto &[code, mark] : before) {
      if (auto it = off.find(code); it != off.end()) {
        now[code] = it->second;
        continue;
      }
      // Switched on in between, and off again from here.
      SuppressionMark again = marks.marks[mark];
      again.begin = offset;
      again.end = UINT32_MAX;
      marks.marks.push_back(std::move(again));
      now[code] = marks.marks.size() - 1;
    }
    off = std::move(now);
  }

  void suppress(const PragmaEvent &event) {
    const SourceStatement *next = scan.statementAfter(event.nextToken);
    if (!next)
      return;
    for (unsigned code : event.item.codes) {
      size_t mark = open(event, code, 0);
      setLines(marks.marks[mark], scan, *next);
    }
  }

  const std::string &file;
  llvm::function_ref<FileMarks *(llvm::StringRef)> header;
  FileMarks &marks;
  const SourceScan &scan;
  llvm::DenseSet<unsigned> known;
  std::vector<PragmaEvent> events;
  std::map<unsigned, size_t> off; ///< by code: the mark that switched it off
  std::vector<std::map<unsigned, size_t>> stack;
};

} // namespace

void report::readPragmas(const std::string &file,
                         const contract::RuleSet &rules,
                         llvm::function_ref<FileMarks *(llvm::StringRef)> header,
                         FileMarks &marks) {
  PragmaReader(file, rules, header, marks).run();
}
