//===-- GraphCases.cpp - runs the graphs of this folder ---------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ir/Text.h"
#include "ir/Verifier.h"
#include "program/Analysis.h"

#include "gtest/gtest.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace mdlcheck;
using llvm::StringRef;

namespace {

std::string contents(const std::filesystem::path &path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// What a file says before and beside its graph.
struct Case {
  std::string graph;
  std::string contracts;
  std::vector<std::string> expected; ///< "12: rule"
  std::vector<std::string> limited;
  std::vector<std::string> unknown; ///< "Name 2"
  unsigned budget = program::AnalysisOptions().stateBudget;
};

bool isInstruction(StringRef line) {
  for (StringRef start :
       {"%", "store ", "copy ", "zero ", "call ", "assume ", "end ", "return"})
    if (line.starts_with(start))
      return true;
  return false;
}

Case parse(const std::string &text) {
  Case c;
  llvm::SmallVector<StringRef> lines;
  StringRef(text).split(lines, '\n');
  bool inContracts = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    StringRef line = lines[i];
    auto [code, comment] = line.split('#');
    comment = comment.rtrim();
    StringRef directive = comment.ltrim();
    std::string number = std::to_string(i + 1);
    inContracts &= comment.starts_with("   ");
    if (inContracts)
      c.contracts += comment.drop_front(3).str() + "\n";
    else if (directive == "contracts:")
      inContracts = true;
    else if (directive.consume_front("expect: ")) {
      llvm::SmallVector<StringRef> rules;
      directive.split(rules, ", ");
      for (StringRef rule : rules)
        c.expected.push_back(number + ": " + rule.str());
    } else if (directive.consume_front("limited: "))
      c.limited.push_back(directive.str());
    else if (directive.consume_front("unknown: "))
      c.unknown.push_back(directive.str());
    else if (directive.consume_front("budget: "))
      c.budget = unsigned(std::stoul(directive.str()));

    StringRef trimmed = code.trim();
    std::string placed = code.rtrim().str();
    if (isInstruction(trimmed) && !trimmed.contains(" @")) {
      placed += " @" + number + ":3-9";
    } else if (trimmed.starts_with("func ") && trimmed.ends_with("{")) {
      size_t last = i;
      while (last < lines.size() && !lines[last].starts_with("}"))
        ++last;
      std::string end = std::to_string(last + 1);
      placed.pop_back();
      placed += "@" + number + ":1-" + end + ":2 end @" + end + ":1-2 {";
    }
    c.graph += placed + "\n";
  }
  return c;
}

std::vector<std::string> sorted(std::vector<std::string> all) {
  std::sort(all.begin(), all.end());
  return all;
}

class GraphCase : public ::testing::TestWithParam<std::string> {};

TEST_P(GraphCase, Findings) {
  std::filesystem::path folder(MDLCHECK_GRAPH_CASES);
  std::string name = GetParam() + ".mdlir";
  Case c = parse(contents(folder / name));
  auto unit = ir::read(c.graph + contents(folder / "prelude.txt"), name);
  ASSERT_TRUE(bool(unit)) << llvm::toString(unit.takeError());
  for (const std::string &mistake : ir::verify(*unit))
    ADD_FAILURE() << mistake;

  contract::RuleSet rules = contract::RuleSet::shipped();
  if (!c.contracts.empty()) {
    llvm::Error error =
        rules.addYaml(c.contracts, name, contract::Contract::Origin::User);
    ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
  }
  program::AnalysisOptions options;
  options.stateBudget = c.budget;
  program::AnalysisResult result = program::analyze(*unit, rules, options);

  std::vector<std::string> findings, limited, unknown;
  for (const contract::Finding &f : result.findings) {
    findings.push_back(std::to_string(f.where.line) + ": " +
                       rules.rule(f.rule).id);
    ASSERT_FALSE(f.path.empty());
    EXPECT_EQ(f.path.back().kind, contract::PathStep::Kind::Final);
    EXPECT_EQ(f.path.back().where, f.where);
  }
  for (const auto &f : result.coverage.limited)
    limited.push_back(f.name);
  limited.erase(std::unique(limited.begin(), limited.end()), limited.end());
  for (const auto &[callee, calls] : result.coverage.unknownCallees)
    unknown.push_back(callee + " " + std::to_string(calls));
  EXPECT_EQ(sorted(findings), sorted(c.expected));
  EXPECT_EQ(sorted(limited), sorted(c.limited));
  if (!c.unknown.empty()) {
    EXPECT_EQ(sorted(unknown), sorted(c.unknown));
  }
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto &entry :
       std::filesystem::directory_iterator(MDLCHECK_GRAPH_CASES))
    if (entry.path().extension() == ".mdlir")
      names.push_back(entry.path().stem().string());
  return sorted(names);
}

std::string testName(const ::testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Graphs, GraphCase, ::testing::ValuesIn(cases()),
                         testName);

} // namespace
