//===-- FindingsTest.cpp
//----------------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ReportFixture.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::report;
using contract::Finding;

namespace {

using FindingsTest = ReportTest;

TEST_F(FindingsTest, KeepsOneOfEqualFindingsWithTheShortestPath) {
  Finding longer = leakFinding();
  Finding shorter = leakFinding();
  shorter.path.erase(shorter.path.begin());
  Finding other = leakFinding();
  other.object = "Other";
  std::vector<Finding> all = {longer, other, shorter, longer};
  std::sort(all.begin(), all.end());
  for (int round = 0; round < 24; ++round) {
    std::vector<Finding> findings = all;
    for (int swap = 0; swap < round; ++swap)
      std::next_permutation(findings.begin(), findings.end(),
                            [](const Finding &a, const Finding &b) {
                              return a.path.size() < b.path.size();
                            });
    sortFindings(findings);
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings[0].object, "Mdl");
    EXPECT_EQ(findings[0].path.size(), shorter.path.size());
    EXPECT_EQ(findings[1].object, "Other");
  }
}

TEST_F(FindingsTest, OrderDoesNotDependOnOrderOnEntry) {
  // Equal but for their paths, which have the same length.
  Finding a = leakFinding();
  Finding b = leakFinding();
  b.path[0].message = "pages locked there";
  std::vector<Finding> ab = {a, b};
  std::vector<Finding> ba = {b, a};
  sortFindings(ab);
  sortFindings(ba);
  ASSERT_EQ(ab.size(), 1u);
  ASSERT_EQ(ba.size(), 1u);
  EXPECT_EQ(ab[0].path[0].message, ba[0].path[0].message);
}

TEST_F(FindingsTest, FingerprintIs16HexDigits) {
  std::vector<Finding> findings = {leakFinding()};
  assignFingerprints(findings, rules, sources);
  EXPECT_EQ(findings[0].fingerprint.size(), 16u);
  EXPECT_EQ(findings[0].fingerprint.find_first_not_of("0123456789abcdef"),
            std::string::npos);
}

class FingerprintTest : public ReportTest {
protected:
  std::string fingerprintOf(Finding f) {
    std::vector<Finding> findings = {std::move(f)};
    assignFingerprints(findings, rules, sources);
    return findings[0].fingerprint;
  }
};

TEST_F(FingerprintTest, SurvivesShiftedLinesAndChangedWhiteSpace) {
  std::string before = fingerprintOf(leakFinding());
  sources.add(kFile, "// new\n\nvoid f(PMDL Mdl)\n{\n\n\t\treturn ;\n}\n");
  Finding moved = leakFinding();
  moved.where = at(6, 3, 9);
  EXPECT_EQ(fingerprintOf(moved), before);
}

TEST_F(FingerprintTest, DoesNotDependOnTheFolderOrTheMessage) {
  std::string before = fingerprintOf(leakFinding());
  sources.add("/elsewhere/a.c", "return;\n");
  Finding moved = leakFinding();
  moved.where = {"/elsewhere/a.c", 1, 1, 1, 7};
  moved.message = "worded anew";
  EXPECT_EQ(fingerprintOf(moved), before);
}

TEST_F(FingerprintTest, DependsOnRuleFileFunctionObjectAndText) {
  std::string before = fingerprintOf(leakFinding());
  Finding f = leakFinding();
  f.rule = contract::RuleId(1);
  EXPECT_NE(fingerprintOf(f), before);
  f = leakFinding();
  f.function = "g";
  EXPECT_NE(fingerprintOf(f), before);
  f = leakFinding();
  f.object = "Other";
  EXPECT_NE(fingerprintOf(f), before);
  f = leakFinding();
  f.where = at(3, 2, 53);
  EXPECT_NE(fingerprintOf(f), before);
  f = leakFinding();
  f.where.file = "/src/driver/b.c";
  EXPECT_NE(fingerprintOf(f), before);
}

TEST_F(FingerprintTest, CountsEqualOnes) {
  sources.add(kFile, "return;\nreturn;\n");
  Finding first = leakFinding();
  first.where = at(1, 1, 7);
  Finding second = leakFinding();
  second.where = at(2, 1, 7);
  std::vector<Finding> findings = {first, second};
  assignFingerprints(findings, rules, sources);
  EXPECT_NE(findings[0].fingerprint, findings[1].fingerprint);
  std::string secondBefore = findings[1].fingerprint;
  assignFingerprints(findings, rules, sources);
  EXPECT_EQ(findings[1].fingerprint, secondBefore);
}

TEST_F(FingerprintTest, UnreadableSourceIsNoError) {
  Finding f = leakFinding();
  f.where.file = "/no/such/file.c";
  EXPECT_EQ(fingerprintOf(f).size(), 16u);
}

} // namespace
