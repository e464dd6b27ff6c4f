//===-- GitlabWriter.cpp - a Code Quality report ----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs.gitlab.com, "Code Quality", "Code Quality report format". GitLab takes
// two entries of one fingerprint for one.
//
//===----------------------------------------------------------------------===//
#include "report/Paths.h"
#include "report/Policy.h"
#include "report/Writers.h"

#include "llvm/Support/JSON.h"

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

namespace {

// Its words are info, minor, major, critical and blocker.
const char *severityWord(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "critical";
  case Severity::Warning:
    return "major";
  case Severity::Note:
    return "info";
  }
  llvm_unreachable("unknown severity");
}

class GitlabWriter : public Writer {
public:
  explicit GitlabWriter(WriterOptions options) : options(std::move(options)) {}

  void write(const Report &report, llvm::raw_ostream &os) override {
    llvm::json::OStream json(os, /*IndentSize=*/2);
    json.array([&] {
      for (const Finding &finding : report.findings)
        json.object([&] { writeFinding(finding, *report.rules, json); });
    });
    os << '\n';
  }

private:
  void writeFinding(const Finding &finding, const RuleSet &rules,
                    llvm::json::OStream &json) {
    const Location &where = finding.where;
    json.attribute("type", "issue");
    json.attribute("description", utf8(finding.message));
    json.attribute("check_name", utf8(rules.rule(finding.rule).id));
    json.attribute("fingerprint", finding.fingerprint);
    json.attribute("severity", severityWord(severityOf(finding, rules)));
    json.attributeObject("location", [&] {
      json.attribute("path",
                     utf8(relativeTo(where.file, options.workingDirectory)));
      json.attributeObject("lines", [&] {
        uint32_t line = std::max(where.line, 1u);
        json.attribute("begin", line);
        json.attribute("end", std::max(line, where.endLine));
      });
    });
  }

  WriterOptions options;
};

} // namespace

std::unique_ptr<Writer> report::createGitlabWriter(WriterOptions options) {
  return std::make_unique<GitlabWriter>(std::move(options));
}
