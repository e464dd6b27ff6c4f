//===-- SarifWriter.cpp - SARIF 2.1.0 ---------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Section numbers are those of the OASIS standard. Beyond what it asks for,
// the log carries what code scanning services read: every rule with help and
// a severity, URIs relative to SRCROOT, and line fingerprints. The log that is
// meant for them keeps to what they take (docs.github.com, "SARIF support for
// code scanning" and "SARIF results exceed one or more limits"): places on one
// line, so many results and steps, and no result that is suppressed.
//
//===----------------------------------------------------------------------===//
#include "report/BugChecks.h"
#include "report/Explain.h"
#include "report/LineHash.h"
#include "report/Paths.h"
#include "report/Policy.h"
#include "report/Writers.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

#include <algorithm>
#include <map>

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

namespace {

constexpr llvm::StringLiteral kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json";

/// What a service shows; more of it would be for nothing.
constexpr size_t kMaxResults = 5000;
constexpr size_t kMaxSteps = 1000;

class SarifWriter : public Writer {
public:
  SarifWriter(WriterOptions options, Sources &sources, bool isFull)
      : options(std::move(options)), sources(sources), isFull(isFull) {}

  void write(const Report &report, llvm::raw_ostream &os) override {
    llvm::json::OStream stream(os, /*IndentSize=*/2);
    json = &stream;
    json->object([&] {
      json->attribute("$schema", kSchema);
      json->attribute("version", "2.1.0");
      json->attributeArray("runs",
                           [&] { json->object([&] { writeRun(report); }); });
    });
    os << '\n';
  }

private:
  void writeRun(const Report &report) {
    std::vector<const Finding *> results = resultsOf(report);
    json->attributeObject("tool", [&] {
      json->attributeObject("driver", [&] {
        json->attribute("name", "mdlcheck");
        json->attribute("fullName", "mdlcheck " + report.toolVersion);
        json->attribute("semanticVersion", report.toolVersion);
        text("shortDescription",
             "Finds MDL, page-locking and IRQL mistakes on every path of "
             "Windows driver source.");
        json->attributeArray("rules", [&] {
          for (const Rule &rule : report.rules->rules)
            json->object([&] { writeRule(rule); });
        });
      });
    });
    json->attributeArray("invocations", [&] {
      json->object([&] { writeInvocation(report, results.size()); });
    });
    json->attributeObject("originalUriBaseIds", [&] {
      json->attributeObject("SRCROOT", [&] {
        llvm::StringRef slash =
            llvm::StringRef(options.workingDirectory).ends_with("/") ? "" : "/";
        json->attribute("uri", fileUri(options.workingDirectory + slash.str()));
        text("description", "The directory mdlcheck was run in.");
      });
    });
    json->attribute("columnKind", "utf16CodeUnits");
    json->attributeArray("artifacts", [&] {
      for (const std::string &file : report.files)
        json->object([&] {
          artifactLocation(file);
          json->attributeArray("roles", [&] { json->value("analysisTarget"); });
        });
    });
    json->attributeArray("results", [&] {
      for (const Finding *finding : results)
        json->object([&] { writeResult(*finding, *report.rules); });
    });
  }

  /// Where there are too many, the worst and surest stay, in their order.
  std::vector<const Finding *> resultsOf(const Report &report) {
    std::vector<const Finding *> results;
    for (const Finding &finding : report.findings)
      results.push_back(&finding);
    if (isFull)
      for (const Finding &finding : report.suppressed)
        results.push_back(&finding);
    auto byPlace = [](const Finding *a, const Finding *b) { return *a < *b; };
    if (!isFull && results.size() > kMaxResults) {
      std::sort(results.begin(), results.end(),
                [&](const Finding *a, const Finding *b) {
                  Severity left = severityOf(*a, *report.rules);
                  Severity right = severityOf(*b, *report.rules);
                  if (left != right)
                    return left > right;
                  if (a->precision != b->precision)
                    return a->precision < b->precision;
                  return byPlace(a, b);
                });
      results.resize(kMaxResults);
    }
    std::sort(results.begin(), results.end(), byPlace);
    return results;
  }

  // 3.49 reportingDescriptor
  void writeRule(const Rule &rule) {
    json->attribute("id", utf8(rule.id));
    json->attribute("name", utf8(pascalCase(rule.id)));
    text("shortDescription", sentence(rule.title));
    std::string summary = pageSummary(rule.page);
    text("fullDescription", summary.empty() ? sentence(rule.title) : summary);
    for (const std::string &source : rule.sources)
      if (llvm::StringRef(source).starts_with("https://")) {
        json->attribute("helpUri", utf8(source));
        break;
      }
    json->attributeObject("help", [&] {
      std::string plain;
      llvm::raw_string_ostream os(plain);
      explainRule(rule, /*color=*/false, os);
      json->attribute("text", utf8(plain));
      json->attribute("markdown", utf8(rule.page.empty() ? sentence(rule.title)
                                                         : rule.page));
    });
    json->attributeObject("defaultConfiguration", [&] {
      json->attribute("level", severityName(rule.severity));
      if (!rule.enabledByDefault)
        json->attribute("enabled", false);
    });
    if (!rule.aliases.empty())
      json->attributeArray("deprecatedIds", [&] {
        for (const std::string &alias : rule.aliases)
          json->value(utf8(alias));
      });
    json->attributeObject("properties", [&] {
      json->attributeArray("tags", [&] {
        json->value("windows-driver");
        json->value("reliability");
        json->value("security");
        json->value(utf8(llvm::StringRef(rule.id).split('-').first));
      });
      json->attribute("precision", "high");
      json->attribute("security-severity", securitySeverity(rule.severity));
      json->attribute("problem.severity", rule.severity == Severity::Note
                                              ? "recommendation"
                                              : severityName(rule.severity));
      if (!rule.bugChecks.empty())
        json->attributeArray("bugChecks", [&] {
          for (const std::string &code : rule.bugChecks)
            json->value(utf8(describeBugCheck(code)));
        });
    });
  }

  // Services rank alerts by a CVSS-like number. A driver that takes the
  // system down or corrupts memory is high, what only may do so is medium.
  static const char *securitySeverity(Severity severity) {
    switch (severity) {
    case Severity::Error:
      return "7.5";
    case Severity::Warning:
      return "5.0";
    case Severity::Note:
      return "2.0";
    }
    llvm_unreachable("unknown severity");
  }

  // 3.20 invocation
  void writeInvocation(const Report &report, size_t results) {
    json->attribute("executionSuccessful", report.complete);
    json->attributeObject("workingDirectory", [&] {
      json->attribute("uri", fileUri(options.workingDirectory));
    });
    json->attributeArray("toolExecutionNotifications", [&] {
      for (const Notification &n : report.notifications)
        json->object([&] {
          json->attribute("level", levelName(n.level));
          text("message", n.message);
          if (!n.where.file.empty())
            json->attributeArray(
                "locations", [&] { json->object([&] { place(n.where); }); });
        });
      if (results < report.findings.size())
        json->object([&] {
          json->attribute("level", "warning");
          text("message", "only " + std::to_string(results) + " of " +
                              std::to_string(report.findings.size()) +
                              " results are in this log: those of the highest "
                              "severity");
        });
    });
  }

  // 3.27 result
  void writeResult(const Finding &finding, const RuleSet &rules) {
    const Rule &rule = rules.rule(finding.rule);
    json->attribute("ruleId", utf8(rule.id));
    json->attribute("ruleIndex", finding.rule.value);
    json->attribute("level", severityName(severityOf(finding, rules)));
    text("message", finding.message);
    json->attributeArray("locations", [&] {
      json->object([&] {
        place(isFull ? finding.where : firstLineOf(finding.where));
        function(finding.function);
      });
    });
    if (isFull)
      json->attributeArray("suppressions", [&] {
        if (finding.suppression)
          json->object([&] { writeSuppression(*finding.suppression); });
      });
    if (!finding.path.empty())
      writeCodeFlow(finding);
    if (finding.fix)
      writeFix(*finding.fix);
    json->attributeObject("properties", [&] {
      json->attribute("precision", precisionName(finding.precision));
    });
    json->attributeObject("partialFingerprints", [&] {
      json->attribute("mdlcheck/v1", finding.fingerprint);
      llvm::StringRef hash = lineHash(finding.where);
      if (!hash.empty())
        json->attribute("primaryLocationLineHash", hash);
    });
  }

  // 3.55 fix
  void writeFix(const Fix &fix) {
    json->attributeArray("fixes", [&] {
      json->object([&] {
        text("description", fix.description);
        json->attributeArray("artifactChanges", [&] {
          json->object([&] {
            json->attributeObject("artifactLocation", [&] {
              uri(fix.replacements.front().where.file);
            });
            json->attributeArray("replacements", [&] {
              for (const Replacement &replacement : fix.replacements)
                json->object([&] {
                  region("deletedRegion", replacement.where);
                  text("insertedContent", replacement.text);
                });
            });
          });
        });
      });
    });
  }

  // 3.35 suppression
  void writeSuppression(const Suppression &suppression) {
    json->attribute("kind", suppressionKindName(suppression.kind));
    json->attribute("status", "accepted");
    if (!suppression.justification.empty())
      json->attribute("justification", utf8(suppression.justification));
    if (!suppression.where.file.empty())
      json->attributeObject("location", [&] { place(suppression.where); });
  }

  llvm::StringRef lineHash(const Location &where) {
    auto [it, isNew] = hashes.try_emplace(where.file);
    if (isNew)
      it->second = lineHashes(sources.fileText(where.file));
    size_t line = std::max(where.line, 1u);
    return line <= it->second.size() ? llvm::StringRef(it->second[line - 1])
                                     : llvm::StringRef();
  }

  Location firstLineOf(Location where) {
    if (where.endLine <= where.line)
      return where;
    where.endLine = where.line;
    where.endColumn =
        std::max(where.column + 1,
                 uint32_t(sources.line(where.file, where.line).size()) + 1);
    return where;
  }

  // 3.36 codeFlow
  void writeCodeFlow(const Finding &finding) {
    json->attributeArray("codeFlows", [&] {
      json->object([&] {
        json->attributeArray("threadFlows", [&] {
          json->object([&] {
            // Of a path too long, how it begins and how it ends.
            size_t size = finding.path.size();
            size_t left = isFull || size <= kMaxSteps ? size : kMaxSteps / 2;
            json->attributeArray("locations", [&] {
              for (size_t i = 0; i < size; ++i)
                if (i < left || size - i <= left)
                  json->object([&] { writeStep(finding.path[i]); });
            });
          });
        });
      });
    });
  }

  void writeStep(const PathStep &step) {
    json->attributeObject("location", [&] {
      place(step.where);
      function(step.function);
      text("message", step.message);
    });
    json->attributeArray("kinds", [&] { json->value(kindOf(step.kind)); });
    // 3.38.9: names and values of what matters there.
    if (!step.known.empty())
      json->attributeObject("state", [&] {
        for (const PathStep::Known &known : step.known)
          text(utf8(known.name), known.value);
      });
    json->attribute("nestingLevel", step.depth);
    bool isAssume = step.kind == PathStep::Kind::Assume;
    json->attribute("importance", isAssume ? "important" : "essential");
  }

  // The well-known values of 3.38.8, as far as they fit.
  static const char *kindOf(PathStep::Kind kind) {
    switch (kind) {
    case PathStep::Kind::Assume:
      return "branch";
    case PathStep::Kind::Event:
      return "resource";
    case PathStep::Kind::Call:
      return "call";
    case PathStep::Kind::Return:
      return "return";
    case PathStep::Kind::Raise:
      return "exception";
    case PathStep::Kind::Unwind:
      return "handler";
    case PathStep::Kind::Final:
      return "danger";
    }
    llvm_unreachable("unknown kind of step");
  }

  void place(const Location &where) {
    if (where.file.empty())
      return;
    json->attributeObject("physicalLocation", [&] {
      json->attributeObject("artifactLocation", [&] { uri(where.file); });
      if (!where.line)
        return;
      region("region", where);
    });
  }

  void region(llvm::StringRef name, const Location &where) {
    json->attributeObject(name, [&] {
      json->attribute("startLine", where.line);
      if (!where.column)
        return;
      json->attribute("startColumn", column(where, where.line, where.column));
      if (!where.endLine)
        return;
      json->attribute("endLine", where.endLine);
      json->attribute("endColumn",
                      column(where, where.endLine, where.endColumn));
    });
  }

  uint32_t column(const Location &where, uint32_t line, uint32_t column) {
    return utf16Column(sources.line(where.file, line), column);
  }

  void function(llvm::StringRef name) {
    if (name.empty())
      return;
    json->attributeArray("logicalLocations", [&] {
      json->object([&] {
        json->attribute("fullyQualifiedName", utf8(name));
        json->attribute("kind", "function");
      });
    });
  }

  void artifactLocation(llvm::StringRef file) {
    json->attributeObject("location", [&] { uri(file); });
  }

  void uri(llvm::StringRef file) {
    llvm::StringRef relative = relativeTo(file, options.workingDirectory);
    if (relative.size() == file.size()) {
      json->attribute("uri", fileUri(file));
      return;
    }
    json->attribute("uri", uriEncode(relative));
    json->attribute("uriBaseId", "SRCROOT");
  }

  void text(llvm::StringRef name, llvm::StringRef message) {
    json->attributeObject(name,
                          [&] { json->attribute("text", utf8(message)); });
  }

  static std::string pascalCase(llvm::StringRef id) {
    std::string name;
    bool upper = true;
    for (char c : id) {
      if (c != '-')
        name += upper ? llvm::toUpper(c) : c;
      upper = c == '-';
    }
    return name;
  }

  // Descriptions are sentences (3.49.9).
  static std::string sentence(llvm::StringRef title) {
    std::string s = title.str();
    if (!s.empty() && s.back() != '.')
      s += '.';
    return s;
  }

  WriterOptions options;
  Sources &sources;
  bool isFull;
  std::map<std::string, std::vector<std::string>> hashes; ///< by file
  llvm::json::OStream *json = nullptr;
};

} // namespace

std::unique_ptr<Writer> report::createSarifWriter(WriterOptions options,
                                                  Sources &sources) {
  return std::make_unique<SarifWriter>(std::move(options), sources,
                                       /*isFull=*/false);
}

std::unique_ptr<Writer> report::createFullSarifWriter(WriterOptions options,
                                                      Sources &sources) {
  return std::make_unique<SarifWriter>(std::move(options), sources,
                                       /*isFull=*/true);
}
