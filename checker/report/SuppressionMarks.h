//===-- SuppressionMarks.h - the suppressions of one file -----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_SUPPRESSIONMARKS_H
#define MDLCHECK_REPORT_SUPPRESSIONMARKS_H

#include "report/SourceScan.h"
#include "report/Suppressions.h"

namespace mdlcheck::report {

/// A comment or pragma, and where it counts.
struct SuppressionMark {
  enum class Form : uint8_t { Nolint, Query, Pragma };
  Form form = Form::Nolint;
  contract::Location where;
  /// Nolint: globs; Query: ids. None with `isBare`: every rule.
  std::vector<std::string> names;
  std::vector<bool> isUsed; ///< by name
  bool isBare = false;
  unsigned code = 0; ///< Pragma: a warning of Code Analysis
  std::string justification;
  /// From `firstLine` to `lastLine` when there is a line, else from `begin` up
  /// to `end`.
  uint32_t firstLine = 0;
  uint32_t lastLine = 0;
  uint32_t begin = 0;
  uint32_t end = 0;
};

/// One item of `#pragma warning(...)` or `#pragma prefast(...)`.
struct PragmaItem {
  enum class Kind : uint8_t { Push, Pop, Disable, Enable, Suppress };
  Kind kind = Kind::Push;
  std::vector<unsigned> codes;
  std::string justification;
};

/// An item where it takes effect.
struct PragmaEvent {
  uint32_t offset = 0;
  uint32_t nextToken = 0; ///< where what it is about begins
  contract::Location where;
  PragmaItem item;
};

struct FileMarks {
  explicit FileMarks(llvm::StringRef text) : scan(text) {}
  SourceScan scan;
  std::vector<SuppressionMark> marks;
  /// Pragmas in the bodies of macros, the file's own and those of its headers.
  std::map<std::string, std::vector<PragmaItem>, std::less<>> macros;
  std::vector<PragmaEvent> events; ///< without Suppress: as includers see them
  std::vector<Suppressions::Remark> mistakes;
};

/// The items that the tokens of a pragma spell, from its name on; nothing when
/// it is another pragma.
std::vector<PragmaItem> readPragma(llvm::ArrayRef<SourceToken> tokens);

/// Reads the comments of `file` into its marks.
void readComments(const std::string &file, FileMarks &marks);

/// Reads the pragmas of `file` into its marks. `header` gives the marks of a
/// header as far as they have been read, null when there is no such file.
void readPragmas(const std::string &file, const contract::RuleSet &rules,
                 llvm::function_ref<FileMarks *(llvm::StringRef)> header,
                 FileMarks &marks);

/// The lines of a statement, or of the function whose head it is.
void setLines(SuppressionMark &mark, const SourceScan &scan,
              const SourceStatement &statement);

contract::Location locationIn(const std::string &file, const SourceScan &scan,
                              uint32_t begin, uint32_t end);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_SUPPRESSIONMARKS_H
