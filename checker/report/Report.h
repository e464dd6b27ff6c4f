//===-- Report.h - what a run found, and its writers ----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Hosts fill in a Report and hand it to a writer. A writer is one small class
// a format; nothing but a writer knows a format.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_REPORT_H
#define MDLCHECK_REPORT_REPORT_H

#include "contract/Finding.h"
#include "contract/RuleSet.h"
#include "program/Analysis.h"
#include "report/Baseline.h"
#include "report/Sources.h"

#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <string>
#include <vector>

namespace mdlcheck::report {

/// What the compiler said about input it could not make sense of.
struct Notification {
  enum class Level : uint8_t { Note, Warning, Error };
  Level level = Level::Error;
  contract::Location where; ///< no file: about the run as a whole
  std::string message;
  friend auto operator<=>(const Notification &, const Notification &) = default;
};

/// Everything a run has to say. File names in it are absolute.
struct Report {
  const contract::RuleSet *rules = nullptr;
  std::string toolVersion;
  /// Sorted, without repetitions, with fingerprints: see Findings.h.
  std::vector<contract::Finding> findings;
  /// What would be among them, were it not suppressed. The same holds for it.
  std::vector<contract::Finding> suppressed;
  /// What the baseline has and was looked for in vain.
  std::vector<BaselineEntry> fixed;
  std::vector<Notification> notifications;
  std::vector<std::string> files; ///< analysed, sorted
  /// Those that functions were lowered from, headers among them; sorted.
  std::vector<std::string> sources;
  program::Coverage coverage;
  program::Stats stats;
  /// All of the input could be analysed.
  bool complete = true;
};

enum class Format : uint8_t {
  Text,
  Sarif,     ///< for code scanning services: within their limits
  FullSarif, ///< all of it, and what is suppressed
  Json,
  Github, ///< workflow commands, which become annotations
  Gitlab, ///< a Code Quality report
  Html,   ///< one page that needs nothing else
};

struct WriterOptions {
  /// Files under it are named relative to it. Absolute.
  std::string workingDirectory;
  bool color = false;    ///< Text
  bool coverage = false; ///< Text; JSON always has it
};

class Writer {
public:
  virtual ~Writer() = default;
  virtual void write(const Report &report, llvm::raw_ostream &os) = 0;
};

/// `sources` must outlive the writer.
std::unique_ptr<Writer> createWriter(Format format, WriterOptions options,
                                     Sources &sources);

/// One compiler message in Clang's form, as hosts print it to stderr.
void writeNotification(const Notification &notification,
                       const WriterOptions &options, llvm::raw_ostream &os);

/// "note", "warning", "error": the word is the same in every format.
const char *severityName(contract::Severity severity);
/// "high", "medium".
const char *precisionName(contract::Precision precision);
const char *levelName(Notification::Level level);
/// "assume", "event"...
const char *stepKindName(contract::PathStep::Kind kind);
/// "inSource", "external": SARIF's words (3.35.2).
const char *suppressionKindName(contract::Suppression::Kind kind);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_REPORT_H
