//===-- CaseFile.cpp - a case of this folder, read --------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "CaseFile.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <fstream>
#include <sstream>

using namespace mdlcheck;
using namespace mdlcheck::tests;
using llvm::StringRef;

static std::string contents(const std::filesystem::path &path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

static bool isInstruction(StringRef line) {
  for (StringRef start :
       {"%", "store ", "copy ", "zero ", "call ", "assume ", "end ", "return"})
    if (line.starts_with(start))
      return true;
  return false;
}

namespace {

class CaseReader {
public:
  CaseFile read(StringRef text);

private:
  bool directive(StringRef comment, unsigned number);
  bool stateDirective(StringRef directive, unsigned number);
  void engineOptions(StringRef list);
  void code(StringRef code, size_t index);

  CaseFile c;
  llvm::SmallVector<StringRef> lines;
  bool inContracts = false;
  /// Where an indented comment goes on.
  std::string *openState = nullptr;
  /// Runs for the function that comes next.
  std::vector<StateRun> waiting;
};

} // namespace

void CaseReader::engineOptions(StringRef list) {
  llvm::SmallVector<StringRef> parts;
  list.split(parts, ',');
  for (StringRef part : parts) {
    auto [name, number] = part.trim().split(' ');
    unsigned value = 0;
    unsigned *option = name == "keepApart"      ? &c.options.keepApart
                       : name == "keepValues"   ? &c.options.keepValues
                       : name == "unroll"       ? &c.options.unroll
                       : name == "unrollValues" ? &c.options.unrollValues
                       : name == "perSite"      ? &c.options.perSite
                                                : nullptr;
    if (!option || number.getAsInteger(10, value))
      c.mistakes.push_back("no engine option '" + part.str() + "'");
    else
      *option = value;
  }
}

bool CaseReader::stateDirective(StringRef directive, unsigned number) {
  StringRef rest = directive;
  bool given = rest.consume_front("given:");
  bool returns = !given && rest.consume_front("returns:");
  bool raises = !given && !returns && rest.consume_front("raises:");
  if (!given && !returns && !raises)
    return false;
  if (given || waiting.empty()) {
    waiting.emplace_back();
    waiting.back().line = number;
  }
  StateRun &run = waiting.back();
  if (!given)
    run.exits.push_back({raises, ""});
  openState = given ? &run.given : &run.exits.back().text;
  *openState = rest.str();
  return true;
}

bool CaseReader::directive(StringRef comment, unsigned number) {
  StringRef directive = comment.ltrim();
  bool indented = comment.starts_with("   ");
  if (inContracts && indented) {
    c.contracts += comment.drop_front(3).str() + "\n";
    return true;
  }
  inContracts = false;
  if (openState && indented) {
    *openState += " " + directive.str();
    return true;
  }
  openState = nullptr;
  if (directive == "contracts:") {
    inContracts = true;
  } else if (directive.consume_front("expect: ")) {
    llvm::SmallVector<StringRef> rules;
    directive.split(rules, ", ");
    for (StringRef rule : rules)
      c.expected.push_back(std::to_string(number) + ": " + rule.str());
  } else if (directive.consume_front("limited: ")) {
    c.limited.push_back(directive.str());
  } else if (directive.consume_front("unknown: ")) {
    c.unknown.push_back(directive.str());
  } else if (directive.consume_front("budget: ")) {
    c.budget = unsigned(std::stoul(directive.str()));
  } else if (directive.consume_front("engine: ")) {
    engineOptions(directive);
  } else {
    return stateDirective(directive, number);
  }
  return true;
}

/// Instructions and functions without a place get that of their line.
void CaseReader::code(StringRef code, size_t index) {
  StringRef trimmed = code.trim();
  std::string placed = code.rtrim().str();
  std::string number = std::to_string(index + 1);
  if (isInstruction(trimmed) && !trimmed.contains(" @")) {
    placed += " @" + number + ":3-9";
  } else if (trimmed.starts_with("func ") && trimmed.ends_with("{")) {
    size_t last = index;
    while (last < lines.size() && !lines[last].starts_with("}"))
      ++last;
    std::string end = std::to_string(last + 1);
    placed.pop_back();
    placed += "@" + number + ":1-" + end + ":2 end @" + end + ":1-2 {";
    for (StateRun &run : waiting) {
      run.function = trimmed.drop_front(5).split('(').first.str();
      c.runs.push_back(std::move(run));
    }
    waiting.clear();
  }
  c.graph += placed + "\n";
}

CaseFile CaseReader::read(StringRef text) {
  text.split(lines, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    auto [before, comment] = lines[i].split('#');
    directive(comment.rtrim(), unsigned(i + 1));
    code(before, i);
  }
  for (const StateRun &run : waiting)
    c.mistakes.push_back("no function follows line " +
                         std::to_string(run.line));
  return std::move(c);
}

CaseFile CaseFile::read(const std::filesystem::path &path) {
  std::string text = contents(path);
  CaseFile c = CaseReader().read(text);
  c.graph +=
      contents(std::filesystem::path(MDLCHECK_GRAPH_CASES) / "prelude.txt");
  return c;
}
