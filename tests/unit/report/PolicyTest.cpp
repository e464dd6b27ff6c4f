//===-- PolicyTest.cpp ------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Policy.h"

#include "ReportFixture.h"
#include "TemporaryTree.h"

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

namespace {

TEST(MatchesPathTest, Patterns) {
  EXPECT_TRUE(matchesPath("third_party", "third_party/x/a.c"));
  EXPECT_TRUE(matchesPath("third_party/", "src/third_party/a.c"));
  EXPECT_TRUE(matchesPath("*.c", "src/a.c"));
  EXPECT_TRUE(matchesPath("src/*.c", "src/a.c"));
  EXPECT_FALSE(matchesPath("src/*.c", "src/x/a.c"));
  EXPECT_FALSE(matchesPath("src/*.c", "lib/src/a.c"));
  EXPECT_TRUE(matchesPath("src/**", "src/x/y/a.c"));
  EXPECT_TRUE(matchesPath("**/gen/*.c", "gen/a.c"));
  EXPECT_TRUE(matchesPath("**/gen/*.c", "a/b/gen/a.c"));
  EXPECT_TRUE(matchesPath("./src", "src/a.c"));
  EXPECT_FALSE(matchesPath("src", "source/a.c"));
  EXPECT_TRUE(matchesPath("a?.c", "ab.c"));
  EXPECT_FALSE(matchesPath("a?b", "a/b"));
}

std::string errorOf(llvm::StringRef text) {
  auto config = Config::parse(text, "/p/.mdlcheck.yaml");
  return config ? "" : llvm::toString(config.takeError());
}

TEST(ConfigTest, EveryKey) {
  auto config = Config::parse("profile: none\n"
                              "rules:\n"
                              "  mdl-*: on\n"
                              "  mdl-leak: error\n"
                              "  irql-too-high: off\n"
                              "paths: {include: [src], exclude: [src/gen]}\n"
                              "contracts: [c/mine.yaml]\n"
                              "fail-on: none\n",
                              "/p/.mdlcheck.yaml");
  ASSERT_TRUE(bool(config)) << llvm::toString(config.takeError());
  EXPECT_EQ(config->profile, Config::Profile::None);
  ASSERT_EQ(config->rules.size(), 3u);
  EXPECT_EQ(config->rules[1].severity, Severity::Error);
  EXPECT_FALSE(config->rules[2].isOn);
  EXPECT_EQ(config->contracts, std::vector<std::string>{"/p/c/mine.yaml"});
  EXPECT_EQ(config->failOn, std::optional<FailOn>(FailOn()));
  EXPECT_TRUE(config->covers("/p/src/a.c"));
  EXPECT_FALSE(config->covers("/p/src/gen/a.c"));
  EXPECT_FALSE(config->covers("/p/other/a.c"));
  EXPECT_EQ(errorOf(""), "");
  EXPECT_EQ(errorOf("# nothing\n"), "");
}

TEST(ConfigTest, MistakesHaveTheirLine) {
  EXPECT_EQ(errorOf("\nrule:\n  mdl-leak: off\n"),
            "/p/.mdlcheck.yaml:2: unknown key 'rule'; did you mean 'rules'?");
  EXPECT_EQ(errorOf("colour: red\n"),
            "/p/.mdlcheck.yaml:1: unknown key 'colour'; known are profile, "
            "rules, paths, contracts, baseline, fail-on");
  EXPECT_EQ(errorOf("paths:\n  exclud: [x]\n"),
            "/p/.mdlcheck.yaml:2: unknown key 'exclud'; did you mean "
            "'exclude'?");
  EXPECT_EQ(errorOf("rules:\n  mdl-leak: maybe\n"),
            "/p/.mdlcheck.yaml:2: rule 'mdl-leak' is one of on, off, note, "
            "warning, error");
  EXPECT_EQ(errorOf("fail-on: never\n"),
            "/p/.mdlcheck.yaml:1: 'fail-on' is one of none, note, warning, "
            "error");
  EXPECT_EQ(errorOf("profile: strict\n"),
            "/p/.mdlcheck.yaml:1: 'profile' is one of default, all, none, sdv");
  EXPECT_EQ(errorOf("- a\n"), "/p/.mdlcheck.yaml:1: the configuration is a "
                              "mapping: profile, rules, paths, contracts, "
                              "baseline, fail-on");
}

class PolicyTest : public ReportTest {
protected:
  std::vector<Finding> apply(Policy &policy) {
    std::vector<Finding> findings;
    for (const char *name : {"a.c", "sub/b.c"}) {
      Finding f = leakFinding();
      f.where.file = tree.path(name);
      findings.push_back(f);
    }
    llvm::cantFail(policy.apply(findings, suppressed, sources));
    return findings;
  }
  llvm::Expected<Policy> create(PolicyOptions options = {}) {
    return Policy::create(rules, options,
                          {tree.path("a.c"), tree.path("sub/b.c")});
  }

  TemporaryTree tree;
  std::vector<Finding> suppressed;
};

TEST_F(PolicyTest, TheNearestConfigurationHolds) {
  tree.write(".mdlcheck.yaml",
             "rules: {mdl-lock-leak: note}\nfail-on: error\n");
  tree.write("sub/.mdlcheck.yaml", "rules: {mdl-lock-leak: warning}\n");
  Policy policy = llvm::cantFail(create());
  std::vector<Finding> findings = apply(policy);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(severityOf(findings[0], rules), Severity::Note);
  EXPECT_EQ(severityOf(findings[1], rules), Severity::Warning);
  EXPECT_FALSE(policy.fails(findings[0]));
  EXPECT_TRUE(policy.fails(findings[1]));
}

TEST_F(PolicyTest, TheCommandLineGoesFirst) {
  tree.write(".mdlcheck.yaml", "rules: {mdl-lock-leak: off}\nfail-on: none\n");
  PolicyOptions options;
  Policy configured = llvm::cantFail(create(options));
  EXPECT_EQ(apply(configured).size(), 0u);
  options.rules = "mdl-lock-leak";
  options.failOn.emplace(Severity::Error);
  Policy chosen = llvm::cantFail(create(options));
  std::vector<Finding> findings = apply(chosen);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_TRUE(chosen.fails(findings[0]));
  options = {};
  options.ignoreConfig = true;
  Policy unconfigured = llvm::cantFail(create(options));
  EXPECT_EQ(apply(unconfigured).size(), 2u);
  options = {};
  options.configFile = tree.write("other.yaml", "paths: {exclude: [sub]}\n");
  Policy other = llvm::cantFail(create(options));
  EXPECT_EQ(apply(other).size(), 1u);
  EXPECT_FALSE(llvm::cantFail(other.covers(tree.path("sub/b.c"))));
}

TEST_F(PolicyTest, SuppressedFindingsAreKeptApart) {
  tree.write("a.c", "\n\n\n  f(); // NOLINT(mdl-*)\n");
  Policy policy = llvm::cantFail(create());
  EXPECT_EQ(apply(policy).size(), 1u);
  ASSERT_EQ(suppressed.size(), 1u);
  EXPECT_EQ(suppressed[0].where.file, tree.path("a.c"));
}

TEST_F(PolicyTest, UnknownRulesAndContractsThatAreNotThere) {
  tree.write(".mdlcheck.yaml", "rules:\n  mdl-lock-leek: off\n");
  auto policy = create();
  ASSERT_FALSE(bool(policy));
  EXPECT_EQ(llvm::toString(policy.takeError()),
            tree.path(".mdlcheck.yaml") +
                ":2: unknown rule 'mdl-lock-leek'; did you mean "
                "'mdl-lock-leak'?");
  tree.write(".mdlcheck.yaml", "contracts: [none.yaml]\n");
  auto again = create();
  ASSERT_FALSE(bool(again));
  EXPECT_NE(llvm::toString(again.takeError()).find("none.yaml"),
            std::string::npos);
}

TEST_F(PolicyTest, ADumpSaysTheSameAgain) {
  tree.write(".mdlcheck.yaml", "profile: all\n"
                               "rules: {mdl-lock-leak: note}\n"
                               "paths: {exclude: [\"a b\"]}\n"
                               "fail-on: error\n");
  Policy policy = llvm::cantFail(create());
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::cantFail(policy.dump(tree.path("a.c"), os));
  EXPECT_NE(text.find("  mdl-lock-leak: note\n"), std::string::npos) << text;
  tree.write(".mdlcheck.yaml", text);
  Policy again = llvm::cantFail(create());
  std::string second;
  llvm::raw_string_ostream secondOs(second);
  llvm::cantFail(again.dump(tree.path("a.c"), secondOs));
  EXPECT_EQ(second, text);
}

} // namespace
