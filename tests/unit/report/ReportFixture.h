//===-- ReportFixture.h
//-----------------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_TESTS_UNIT_REPORT_REPORTFIXTURE_H
#define MDLCHECK_TESTS_UNIT_REPORT_REPORTFIXTURE_H

#include "report/Findings.h"
#include "report/Report.h"

#include "gtest/gtest.h"

namespace mdlcheck::report {

/// Two rules and a driver of a few lines, with findings made by hand.
class ReportTest : public ::testing::Test {
protected:
  static constexpr const char *kFile = "/src/driver/a.c";

  ReportTest() {
    contract::Rule leak;
    leak.id = "mdl-lock-leak";
    leak.title = "Pages stay locked";
    leak.severity = contract::Severity::Error;
    leak.aliases = {"mdl-lock-leaked-on-path"};
    leak.bugChecks = {"0x76", "0xCB"};
    leak.codeAnalysis = {28120, 28121};
    leak.sdv = {"MdlLeak"};
    leak.codeql = {"cpp/drivers/mdl-leak"};
    leak.sources = {"mdl-rules.md", "https://example.com/leak"};
    leak.page = "# Pages stay locked\n\nPages that *are* locked `must` be\n"
                "unlocked.\n\n## How to fix it\n\nUnlock them.\n";
    contract::Rule chain;
    chain.id = "mdl-chain-partial-free";
    chain.title = "Only part of a chain is freed";
    chain.severity = contract::Severity::Note;
    chain.enabledByDefault = false;
    rules.rules = {leak, chain};
    report.rules = &rules;
    report.toolVersion = "1.2.3";
    sources.add(kFile, "void f(PMDL Mdl)\n"
                       "{\n"
                       "\tMmProbeAndLockPages(Mdl, KernelMode, IoReadAccess);\n"
                       "    return;\n"
                       "}\n");
    options.workingDirectory = "/src";
  }

  static contract::Location at(uint32_t line, uint32_t column,
                               uint32_t endColumn) {
    return {kFile, line, column, line, endColumn};
  }

  contract::Finding leakFinding() {
    using contract::PathStep;
    contract::Finding f;
    f.rule = contract::RuleId(0);
    f.where = at(4, 5, 11);
    f.function = "f";
    f.object = "Mdl";
    f.message = "pages of 'Mdl' stay locked";
    f.path = {
        {PathStep::Kind::Event, at(3, 2, 53), "pages locked here", "f", 0},
        {PathStep::Kind::Call, at(3, 2, 53), "inside a helper", "g", 1},
        {PathStep::Kind::Final, f.where, f.message, "f", 0}};
    return f;
  }

  std::string write(Format format) {
    std::string text;
    llvm::raw_string_ostream os(text);
    os.enable_colors(options.color);
    sortFindings(report.findings);
    assignFingerprints(report.findings, rules, sources);
    createWriter(format, options, sources)->write(report, os);
    return text;
  }

  contract::RuleSet rules;
  Report report;
  Sources sources;
  WriterOptions options;
};

} // namespace mdlcheck::report

#endif // MDLCHECK_TESTS_UNIT_REPORT_REPORTFIXTURE_H
