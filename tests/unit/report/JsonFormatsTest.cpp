//===-- JsonFormatsTest.cpp
//-------------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ReportFixture.h"
#include "report/LineHash.h"

#include "llvm/Support/JSON.h"

using namespace mdlcheck;
using namespace mdlcheck::report;
namespace json = llvm::json;

namespace {

class JsonFormatsTest : public ReportTest {
protected:
  json::Object parse(Format format) {
    auto value = json::parse(write(format));
    EXPECT_TRUE(bool(value)) << llvm::toString(value.takeError());
    return value ? std::move(*value->getAsObject()) : json::Object();
  }
};

TEST_F(JsonFormatsTest, SarifResult) {
  report.findings = {leakFinding()};
  json::Object log = parse(Format::Sarif);
  EXPECT_EQ(log.getString("version"), "2.1.0");
  json::Object &run = *(*log.getArray("runs"))[0].getAsObject();
  json::Object &result = *(*run.getArray("results"))[0].getAsObject();
  EXPECT_EQ(result.getString("ruleId"), "mdl-lock-leak");
  EXPECT_EQ(result.getInteger("ruleIndex"), 0);
  EXPECT_EQ(result.getString("level"), "error");
  json::Object &place =
      *(*result.getArray("locations"))[0].getAsObject()->getObject(
          "physicalLocation");
  EXPECT_EQ(place.getObject("artifactLocation")->getString("uri"),
            "driver/a.c");
  EXPECT_EQ(place.getObject("artifactLocation")->getString("uriBaseId"),
            "SRCROOT");
  EXPECT_EQ(place.getObject("region")->getInteger("startLine"), 4);
  EXPECT_EQ(place.getObject("region")->getInteger("endColumn"), 11);
  EXPECT_EQ(run.getObject("originalUriBaseIds")
                ->getObject("SRCROOT")
                ->getString("uri"),
            "file:///src/");
  json::Array &steps =
      *(*(*result.getArray("codeFlows"))[0].getAsObject()->getArray(
          "threadFlows"))[0]
           .getAsObject()
           ->getArray("locations");
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].getAsObject()->getInteger("nestingLevel"), 0);
  EXPECT_EQ(steps[1].getAsObject()->getInteger("nestingLevel"), 1);
  json::Object &prints = *result.getObject("partialFingerprints");
  std::string fingerprint = report.findings[0].fingerprint;
  EXPECT_EQ(prints.getString("mdlcheck/v1"), fingerprint);
  EXPECT_EQ(prints.getString("primaryLocationLineHash"),
            lineHashes(sources.text(kFile))[3]);
}

TEST_F(JsonFormatsTest, SarifListsEveryRule) {
  json::Object log = parse(Format::Sarif);
  json::Object &run = *(*log.getArray("runs"))[0].getAsObject();
  json::Array &list =
      *run.getObject("tool")->getObject("driver")->getArray("rules");
  ASSERT_EQ(list.size(), 2u);
  json::Object &leak = *list[0].getAsObject();
  EXPECT_EQ(leak.getString("name"), "MdlLockLeak");
  EXPECT_EQ(leak.getString("helpUri"), "https://example.com/leak");
  EXPECT_EQ(leak.getObject("fullDescription")->getString("text"),
            "Pages that *are* locked must be unlocked.");
  EXPECT_EQ(leak.getObject("properties")->getString("security-severity"),
            "7.5");
  json::Object &chain = *list[1].getAsObject();
  EXPECT_EQ(chain.getObject("defaultConfiguration")->getBoolean("enabled"),
            false);
  EXPECT_EQ(chain.getObject("help")->getString("markdown"),
            "Only part of a chain is freed.");
}

TEST_F(JsonFormatsTest, SarifCountsColumnsInUtf16) {
  sources.add(kFile, "/* \xC3\xA4\xF0\x9F\x98\x80 */ f(x);\n");
  contract::Finding f = leakFinding();
  f.where = at(1, 14, 18);
  report.findings = {f};
  json::Object log = parse(Format::Sarif);
  json::Object &region =
      *(*(*(*log.getArray("runs"))[0].getAsObject()->getArray("results"))[0]
             .getAsObject()
             ->getArray("locations"))[0]
           .getAsObject()
           ->getObject("physicalLocation")
           ->getObject("region");
  // Six bytes of text, three code units.
  EXPECT_EQ(region.getInteger("startColumn"), 11);
  EXPECT_EQ(region.getInteger("endColumn"), 15);
}

TEST_F(JsonFormatsTest, NamesThatAreNoUriOrUtf8) {
  contract::Finding f = leakFinding();
  f.where.file = "/src/a dir/\xC3\xA4#%.c";
  f.object = "\xE4";
  f.message = "about '\xE4'";
  report.findings = {f};
  EXPECT_NE(write(Format::Sarif).find("\"a%20dir/%C3%A4%23%25.c\""),
            std::string::npos);
  parse(Format::Sarif);
  parse(Format::Json);
}

TEST_F(JsonFormatsTest, SarifNotifications) {
  report.complete = false;
  report.notifications.push_back(
      {Notification::Level::Error, at(1, 2, 0), "no such type"});
  Notification aboutTheRun;
  aboutTheRun.message = "nothing to read";
  report.notifications.push_back(aboutTheRun);
  json::Object log = parse(Format::Sarif);
  json::Object &invocation =
      *(*(*log.getArray("runs"))[0].getAsObject()->getArray("invocations"))[0]
           .getAsObject();
  EXPECT_EQ(invocation.getBoolean("executionSuccessful"), false);
  EXPECT_EQ(invocation.getArray("toolExecutionNotifications")->size(), 2u);
}

TEST_F(JsonFormatsTest, Json) {
  report.findings = {leakFinding()};
  report.files = {kFile};
  report.coverage.functionsDefined = 2;
  report.coverage.skipped = {{"h", at(1, 1, 2), "why"}};
  report.coverage.unknownCallees = {{"KeepIt", 2}};
  json::Object log = parse(Format::Json);
  EXPECT_EQ(log.getInteger("version"), 1);
  EXPECT_EQ(log.getBoolean("complete"), true);
  json::Object &finding = *(*log.getArray("findings"))[0].getAsObject();
  EXPECT_EQ(finding.getString("rule"), "mdl-lock-leak");
  EXPECT_EQ(finding.getString("file"), "driver/a.c");
  EXPECT_EQ(finding.getInteger("line"), 4);
  EXPECT_EQ(finding.getArray("path")->size(), 3u);
  json::Object &coverage = *log.getObject("coverage");
  EXPECT_EQ(coverage.getArray("notAnalysed")->size(), 1u);
  EXPECT_EQ(coverage.getObject("unknownCallees")->getInteger("KeepIt"), 2);
}

json::Object &runOf(json::Object &log) {
  return *(*log.getArray("runs"))[0].getAsObject();
}

TEST_F(JsonFormatsTest, SarifKeepsToWhatServicesShow) {
  contract::Finding f = leakFinding();
  f.path.resize(1);
  for (uint32_t i = 0; i < 1500; ++i)
    f.path.insert(f.path.end() - 1, {contract::PathStep::Kind::Event, f.where,
                                     std::to_string(i), "f", 0});
  report.findings = {f};
  for (uint32_t i = 0; i < 5000; ++i) {
    contract::Finding note = leakFinding();
    note.severity = contract::Severity::Note;
    note.path.clear();
    note.where.column = i + 100;
    note.where.endColumn = i + 101;
    report.findings.push_back(note);
  }
  // The one error comes first by place and last by severity of what is there.
  json::Object upload = parse(Format::Sarif);
  json::Array &results = *runOf(upload).getArray("results");
  ASSERT_EQ(results.size(), 5000u);
  json::Object &error = *results[0].getAsObject();
  EXPECT_EQ(error.getString("level"), "error");
  auto stepsOf = [](json::Object &result) -> json::Array & {
    return *(*(*result.getArray("codeFlows"))[0].getAsObject()->getArray(
        "threadFlows"))[0]
                .getAsObject()
                ->getArray("locations");
  };
  EXPECT_EQ(stepsOf(error).size(), 1000u);
  json::Array &told =
      *(*runOf(upload).getArray("invocations"))[0].getAsObject()->getArray(
          "toolExecutionNotifications");
  EXPECT_EQ(told.size(), 1u);

  json::Object full = parse(Format::FullSarif);
  json::Array &all = *runOf(full).getArray("results");
  ASSERT_EQ(all.size(), 5001u);
  EXPECT_EQ(stepsOf(*all[0].getAsObject()).size(), 1501u);
}

} // namespace
