//===-- Edits.h - changes to statements in a text ---------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_EDITS_H
#define MDLCHECK_REPORT_EDITS_H

#include "report/SourceScan.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>
#include <string>
#include <vector>

namespace mdlcheck::report {

/// [begin, end) of the text becomes `text`.
struct Edit {
  uint32_t begin = 0;
  uint32_t end = 0;
  std::string text;
};
using Edits = std::vector<Edit>;

/// Makes edits that keep to the indentation and the line ends of the text.
/// Nothing is returned where the layout is none that it knows its way in.
class StatementEditor {
public:
  explicit StatementEditor(const SourceScan &scan) : scan(scan) {}

  /// The statement that begins at `offset`; null when none does.
  const SourceStatement *statementAt(uint32_t offset) const;
  /// The statement that `offset` lies in; null when it lies between.
  const SourceStatement *statementAround(uint32_t offset) const;
  const SourceStatement *next(const SourceStatement &s) const;
  /// Whether it is a call of `function` with `argument` and nothing else.
  bool isCall(const SourceStatement &s, llvm::StringRef function,
              llvm::StringRef argument) const;

  /// Whether `s` is in a function that is declared with `type`, without a
  /// star, and calls nothing but `beside`, as far as the text tells.
  bool isInFunction(const SourceStatement &s, llvm::StringRef type,
                    llvm::ArrayRef<std::string> beside) const;
  /// What a line is indented by beside the one around it.
  llvm::StringRef oneLevel() const;

  /// `lines` become statements before `s`; braces are put around both where
  /// that takes some.
  std::optional<Edits> insertBefore(const SourceStatement &s,
                                    llvm::ArrayRef<std::string> lines) const;
  /// Takes `s` away, with its line.
  std::optional<Edits> remove(const SourceStatement &s) const;
  /// `s` and the statement behind it change places.
  std::optional<Edits> swapWithNext(const SourceStatement &s) const;

private:
  uint32_t indexOf(const SourceStatement &s) const;
  /// The head that `s` is the body of, without braces; else null.
  const SourceStatement *bareHeadOf(const SourceStatement &s) const;
  llvm::StringRef indentAt(uint32_t offset) const;
  bool isFirstOnLine(uint32_t offset) const;
  /// The end of the line behind `offset`, where nothing but a comment stands.
  std::optional<uint32_t> restOfLine(uint32_t offset) const;
  llvm::StringRef lineEnd() const;

  const SourceScan &scan;
};

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_EDITS_H
