//===-- JsonWriter.cpp - the simple form for scripts ------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The form is described in README.md under "JSON"; `version` counts changes
// that would break a reader. Nothing in it depends on the time or the number
// of threads.
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

class JsonWriter : public Writer {
public:
  explicit JsonWriter(WriterOptions options) : options(std::move(options)) {}

  void write(const Report &report, llvm::raw_ostream &os) override {
    llvm::json::OStream json(os, /*IndentSize=*/2);
    json.object([&] {
      json.attribute("version", 1);
      json.attributeObject("tool", [&] {
        json.attribute("name", "mdlcheck");
        json.attribute("version", report.toolVersion);
      });
      json.attribute("complete", report.complete);
      json.attributeArray("files", [&] {
        for (const std::string &file : report.files)
          json.value(utf8(relativeTo(file, options.workingDirectory)));
      });
      json.attributeArray("findings", [&] {
        for (const Finding &finding : report.findings)
          json.object([&] { writeFinding(finding, *report.rules, json); });
      });
      json.attributeArray("suppressed", [&] {
        for (const Finding &finding : report.suppressed)
          json.object([&] {
            writeFinding(finding, *report.rules, json);
            json.attributeObject("suppression", [&] {
              writeSuppression(*finding.suppression, json);
            });
          });
      });
      json.attributeArray("fixed", [&] {
        for (const BaselineEntry &entry : report.fixed)
          json.object([&] {
            json.attribute("rule", utf8(entry.rule));
            json.attribute("message", utf8(entry.message));
            json.attribute(
                "file", utf8(relativeTo(entry.file, options.workingDirectory)));
            json.attribute("function", utf8(entry.function));
          });
      });
      json.attributeArray("errors", [&] {
        for (const Notification &n : report.notifications)
          json.object([&] {
            json.attribute("level", levelName(n.level));
            json.attribute("message", utf8(n.message));
            writeLocation(n.where, json);
          });
      });
      json.attributeObject("coverage",
                           [&] { writeCoverage(report.coverage, json); });
      json.attributeObject("stats", [&] {
        json.attribute("blocks", report.stats.blocks);
        json.attribute("instructions", report.stats.instructions);
        json.attribute("statesVisited", report.stats.statesVisited);
        json.attribute("summaries", report.stats.summaries);
        json.attribute("summaryHits", report.stats.summaryHits);
      });
    });
    os << '\n';
  }

private:
  void writeFinding(const Finding &finding, const RuleSet &rules,
                    llvm::json::OStream &json) {
    const Rule &rule = rules.rule(finding.rule);
    json.attribute("rule", utf8(rule.id));
    json.attribute("severity", severityName(severityOf(finding, rules)));
    json.attribute("message", utf8(finding.message));
    writeLocation(finding.where, json);
    json.attribute("function", utf8(finding.function));
    json.attribute("object", utf8(finding.object));
    json.attribute("precision", precisionName(finding.precision));
    json.attribute("fingerprint", finding.fingerprint);
    json.attributeArray("bugChecks", [&] {
      for (const std::string &code : rule.bugChecks)
        json.value(utf8(code));
    });
    if (finding.fix)
      writeFix(*finding.fix, json);
    json.attributeArray("path", [&] {
      for (const PathStep &step : finding.path)
        json.object([&] {
          json.attribute("kind", stepKindName(step.kind));
          json.attribute("message", utf8(step.message));
          writeLocation(step.where, json);
          json.attribute("function", utf8(step.function));
          json.attribute("depth", step.depth);
          json.attributeObject("known", [&] {
            for (const PathStep::Known &known : step.known)
              json.attribute(utf8(known.name), utf8(known.value));
          });
        });
    });
  }

  void writeFix(const Fix &fix, llvm::json::OStream &json) {
    json.attributeObject("fix", [&] {
      json.attribute("description", utf8(fix.description));
      json.attributeArray("replacements", [&] {
        for (const Replacement &replacement : fix.replacements)
          json.object([&] {
            writeLocation(replacement.where, json);
            json.attribute("text", utf8(replacement.text));
          });
      });
    });
  }

  void writeSuppression(const Suppression &suppression,
                        llvm::json::OStream &json) {
    json.attribute("kind", suppressionKindName(suppression.kind));
    json.attribute("justification", utf8(suppression.justification));
    writeLocation(suppression.where, json);
  }

  void writeLocation(const Location &where, llvm::json::OStream &json) {
    if (where.file.empty())
      return;
    json.attribute("file",
                   utf8(relativeTo(where.file, options.workingDirectory)));
    if (!where.line)
      return;
    json.attribute("line", where.line);
    json.attribute("column", where.column);
    if (!where.endLine)
      return;
    json.attribute("endLine", where.endLine);
    json.attribute("endColumn", where.endColumn);
  }

  void writeCoverage(const program::Coverage &c, llvm::json::OStream &json) {
    json.attribute("functionsDefined", c.functionsDefined);
    json.attribute("functionsAnalysed", c.functionsAnalysed);
    auto functions = [&](llvm::StringRef name,
                         const std::vector<program::Coverage::Function> &list) {
      json.attributeArray(name, [&] {
        for (const program::Coverage::Function &f : list)
          json.object([&] {
            json.attribute("function", utf8(f.name));
            json.attribute("reason", utf8(f.reason));
            writeLocation(f.where, json);
          });
      });
    };
    functions("notAnalysed", c.skipped);
    functions("lessPrecise", c.limited);
    json.attributeObject("unknownCallees", [&] {
      for (const auto &[name, count] : c.unknownCallees)
        json.attribute(utf8(name), count);
    });
  }

  WriterOptions options;
};

} // namespace

std::unique_ptr<Writer> report::createJsonWriter(WriterOptions options) {
  return std::make_unique<JsonWriter>(std::move(options));
}
