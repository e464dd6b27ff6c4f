//===-- GraphCases.cpp - runs the graphs of this folder ---------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CaseFile.h"
#include "StateCheck.h"
#include "ir/Text.h"
#include "ir/Verifier.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <filesystem>

using namespace mdlcheck;
using namespace mdlcheck::tests;

namespace {

std::vector<std::string> sorted(std::vector<std::string> all) {
  std::sort(all.begin(), all.end());
  return all;
}

/// A case with its unit and its rules.
class CaseTest : public ::testing::TestWithParam<std::string> {
protected:
  void SetUp() override {
    std::string name = GetParam() + ".mdlir";
    c = CaseFile::read(std::filesystem::path(MDLCHECK_GRAPH_CASES) / name);
    for (const std::string &mistake : c.mistakes)
      ADD_FAILURE() << mistake;
    llvm::Expected<ir::Unit> read = ir::read(c.graph, name);
    ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
    unit = std::move(*read);
    for (const std::string &mistake : ir::verify(unit))
      ADD_FAILURE() << mistake;
    if (!c.contracts.empty()) {
      llvm::Error error =
          rules.addYaml(c.contracts, name, contract::Contract::Origin::User);
      ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
    }
  }

  CaseFile c;
  ir::Unit unit;
  contract::RuleSet rules = contract::RuleSet::shipped();
};

class GraphCase : public CaseTest {};
class StateCase : public CaseTest {};

TEST_P(GraphCase, Findings) {
  program::AnalysisOptions options;
  options.stateBudget = c.budget;
  program::AnalysisResult result = program::analyze(unit, rules, options);

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

TEST_P(StateCase, States) {
  engine::UnitGraph graph(unit, rules);
  ASSERT_FALSE(c.runs.empty());
  for (const StateRun &run : c.runs) {
    SCOPED_TRACE(run.function + ", line " + std::to_string(run.line));
    uint32_t function = 0;
    while (function < unit.functions.size() &&
           unit.declOf(unit.functions[function]).name != run.function)
      ++function;
    ASSERT_LT(function, unit.functions.size());
    engine::Engine engine(graph, rules, c.options);
    StateCheck check(graph, rules, engine, function);
    auto read = [&](const std::string &text) -> std::optional<StateText> {
      llvm::Expected<StateText> state = readState(text, unit, rules);
      if (state)
        return std::move(*state);
      ADD_FAILURE() << llvm::toString(state.takeError());
      return std::nullopt;
    };
    std::optional<StateText> given = read(run.given);
    if (!given)
      continue;
    if (llvm::Error error = check.give(*given)) {
      ADD_FAILURE() << "given " << llvm::toString(std::move(error));
      continue;
    }
    std::vector<std::pair<bool, StateText>> announced;
    for (const StateRun::Exit &exit : run.exits)
      if (std::optional<StateText> said = read(exit.text))
        announced.push_back({exit.raised, std::move(*said)});
    EXPECT_EQ(check.compare(announced, engine.runWith(function, check.entry())),
              "");
  }
}

/// Cases in `folder`, by their path below the one with all of them.
std::vector<std::string> cases(const std::string &folder) {
  std::filesystem::path root(MDLCHECK_GRAPH_CASES);
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(root / folder))
    if (entry.path().extension() == ".mdlir")
      names.push_back(folder + entry.path().stem().string());
  return sorted(names);
}

std::string testName(const ::testing::TestParamInfo<std::string> &info) {
  std::string name = info.param.substr(info.param.find('/') + 1);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Graphs, GraphCase, ::testing::ValuesIn(cases("")),
                         testName);
INSTANTIATE_TEST_SUITE_P(Graphs, StateCase,
                         ::testing::ValuesIn(cases("states/")), testName);

} // namespace
