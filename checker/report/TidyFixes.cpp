//===-- TidyFixes.cpp -------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The form is that of clang/Tooling/DiagnosticsYaml.h.
//
//===----------------------------------------------------------------------===//
#include "report/TidyFixes.h"

#include "report/Notes.h"
#include "report/Policy.h"

#include "llvm/Support/YAMLTraits.h"

using namespace mdlcheck;
using namespace mdlcheck::report;

namespace {

struct TidyReplacement {
  std::string file;
  uint64_t offset = 0;
  uint64_t length = 0;
  std::string text;
};

struct TidyMessage {
  std::string message;
  std::string file;
  uint64_t offset = 0;
  std::vector<TidyReplacement> replacements;
};

struct TidyDiagnostic {
  std::string name;
  TidyMessage message;
  std::vector<TidyMessage> notes;
  std::string level;
  std::string buildDirectory;
};

struct TidyUnit {
  std::string mainFile;
  std::vector<TidyDiagnostic> diagnostics;
};

} // namespace

LLVM_YAML_IS_SEQUENCE_VECTOR(TidyReplacement)
LLVM_YAML_IS_SEQUENCE_VECTOR(TidyMessage)
LLVM_YAML_IS_SEQUENCE_VECTOR(TidyDiagnostic)

namespace llvm::yaml {

template <> struct MappingTraits<TidyReplacement> {
  static void mapping(IO &io, TidyReplacement &r) {
    io.mapRequired("FilePath", r.file);
    io.mapRequired("Offset", r.offset);
    io.mapRequired("Length", r.length);
    io.mapRequired("ReplacementText", r.text);
  }
};

template <> struct MappingTraits<TidyMessage> {
  static void mapping(IO &io, TidyMessage &m) {
    io.mapRequired("Message", m.message);
    io.mapRequired("FilePath", m.file);
    io.mapRequired("FileOffset", m.offset);
    io.mapRequired("Replacements", m.replacements);
  }
};

template <> struct MappingTraits<TidyDiagnostic> {
  static void mapping(IO &io, TidyDiagnostic &d) {
    io.mapRequired("DiagnosticName", d.name);
    io.mapRequired("DiagnosticMessage", d.message);
    io.mapOptional("Notes", d.notes);
    io.mapRequired("Level", d.level);
    io.mapRequired("BuildDirectory", d.buildDirectory);
  }
};

template <> struct MappingTraits<TidyUnit> {
  static void mapping(IO &io, TidyUnit &u) {
    io.mapRequired("MainSourceFile", u.mainFile);
    io.mapRequired("Diagnostics", u.diagnostics);
  }
};

} // namespace llvm::yaml

void report::writeTidyFixes(const Report &report, Sources &sources,
                            const std::string &buildDirectory,
                            llvm::raw_ostream &os) {
  auto message = [&](const contract::Location &where, const std::string &text) {
    return TidyMessage{text,
                       where.file,
                       sources.fileOffset(where.file, where.line, where.column),
                       {}};
  };
  TidyUnit unit;
  for (const contract::Finding &finding : report.findings) {
    const contract::Rule &rule = report.rules->rule(finding.rule);
    TidyDiagnostic diagnostic;
    diagnostic.name = rule.id;
    diagnostic.message = message(finding.where, finding.message);
    if (finding.fix)
      for (const contract::Replacement &r : finding.fix->replacements) {
        const contract::Location &where = r.where;
        uint64_t begin =
            sources.fileOffset(where.file, where.line, where.column);
        uint64_t end =
            sources.fileOffset(where.file, where.endLine, where.endColumn);
        diagnostic.message.replacements.push_back(
            {where.file, begin, end - begin, r.text});
      }
    for (const Note &note : notesOf(finding, rule))
      diagnostic.notes.push_back(message(note.where, note.message));
    diagnostic.level =
        severityOf(finding, *report.rules) == contract::Severity::Error
            ? "Error"
            : "Warning";
    diagnostic.buildDirectory = buildDirectory;
    unit.diagnostics.push_back(std::move(diagnostic));
  }
  llvm::yaml::Output output(os, nullptr, /*WrapColumn=*/0);
  output << unit;
}
