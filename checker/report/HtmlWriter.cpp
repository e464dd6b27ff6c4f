//===-- HtmlWriter.cpp - one page to look at --------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The page is in checker/report/page; this puts the findings and the lines they
// are about into it, as JSON that page.js reads.
//
//===----------------------------------------------------------------------===//
#include "report/BugChecks.h"
#include "report/HtmlPage.h"
#include "report/Paths.h"
#include "report/Policy.h"
#include "report/Writers.h"

#include "llvm/Support/JSON.h"

#include <algorithm>
#include <map>

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

namespace {

/// Lines that are shown around a step; page.js shows fewer.
constexpr uint32_t kContext = 40;

/// Lines from first to last, by file.
using LineRanges =
    std::map<std::string, std::vector<std::pair<uint32_t, uint32_t>>>;

class HtmlWriter : public Writer {
public:
  HtmlWriter(WriterOptions options, Sources &sources)
      : options(std::move(options)), sources(sources) {}

  void write(const Report &report, llvm::raw_ostream &os) override {
    llvm::StringRef page(reinterpret_cast<const char *>(kHtmlPage),
                         kHtmlPageSize);
    auto [before, after] = page.split("@DATA@");
    std::string data;
    llvm::raw_string_ostream out(data);
    writeData(report, out);
    os << before;
    // Where no quote can end, the element must not end either.
    for (char c : data)
      if (c == '<')
        os << "\\u003c";
      else
        os << c;
    os << after;
  }

private:
  void writeData(const Report &report, llvm::raw_ostream &os) {
    llvm::json::OStream json(os);
    size_t count = report.findings.size();
    json.object([&] {
      json.attribute("summary",
                     std::to_string(count) +
                         (count == 1 ? " finding in " : " findings in ") +
                         std::to_string(report.files.size()) +
                         (report.files.size() == 1 ? " file" : " files"));
      json.attributeArray("findings", [&] {
        for (const Finding &finding : report.findings)
          json.object([&] { writeFinding(finding, *report.rules, json); });
      });
      json.attributeObject("files", [&] { writeFiles(report, json); });
    });
  }

  void writeFinding(const Finding &finding, const RuleSet &rules,
                    llvm::json::OStream &json) {
    const Rule &rule = rules.rule(finding.rule);
    json.attribute("fingerprint", finding.fingerprint);
    json.attribute("rule", utf8(rule.id));
    json.attribute("severity", severityName(severityOf(finding, rules)));
    json.attribute("message", utf8(finding.message));
    json.attribute("function", utf8(finding.function));
    json.attribute("bugChecks", rule.bugChecks.empty()
                                    ? std::string()
                                    : utf8(describeBugChecks(rule.bugChecks)));
    if (finding.fix)
      json.attribute("fix", utf8(finding.fix->description));
    json.attributeObject("where", [&] { writePlace(finding.where, json); });
    json.attributeArray("path", [&] {
      for (const PathStep &step : finding.path)
        json.object([&] {
          json.attribute("kind", stepKindName(step.kind));
          json.attribute("message", utf8(step.message));
          json.attribute("function", utf8(step.function));
          json.attribute("depth", step.depth);
          writePlace(step.where, json);
          json.attributeArray("state", [&] {
            for (const PathStep::Known &known : step.known)
              json.array([&] {
                json.value(utf8(known.name));
                json.value(utf8(known.value));
              });
          });
        });
    });
  }

  std::string nameOf(const std::string &file) {
    return utf8(relativeTo(file, options.workingDirectory));
  }

  void writePlace(const Location &where, llvm::json::OStream &json) {
    json.attribute("file", nameOf(where.file));
    json.attribute("line", where.line);
    json.attribute("endLine", std::max(where.line, where.endLine));
  }

  void writeFiles(const Report &report, llvm::json::OStream &json) {
    LineRanges wanted;
    for (const Finding &finding : report.findings)
      for (const PathStep &step : finding.path)
        if (step.where.line)
          wanted[step.where.file].emplace_back(
              step.where.line > kContext ? step.where.line - kContext : 1,
              std::max(step.where.line, step.where.endLine) + kContext);
    for (auto &[file, ranges] : wanted) {
      std::sort(ranges.begin(), ranges.end());
      json.attributeArray(nameOf(file), [&] {
        for (size_t i = 0; i < ranges.size();) {
          auto [first, last] = ranges[i];
          for (++i; i < ranges.size() && ranges[i].first <= last + 1; ++i)
            last = std::max(last, ranges[i].second);
          json.array([&] {
            json.value(first);
            json.array([&] {
              for (uint32_t line = first;
                   line <= last && line <= sources.lineCount(file); ++line)
                json.value(utf8(sources.line(file, line)));
            });
          });
        }
      });
    }
  }

  WriterOptions options;
  Sources &sources;
};

} // namespace

std::unique_ptr<Writer> report::createHtmlWriter(WriterOptions options,
                                                 Sources &sources) {
  return std::make_unique<HtmlWriter>(std::move(options), sources);
}
