//===-- SourceScan.h - the tokens of a source text ------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A lexer for C and C++ as it is written, before preprocessing: comments,
// directives, tokens, and where statements begin and end. Conditional
// compilation is not evaluated: all of its branches are seen.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_SOURCESCAN_H
#define MDLCHECK_REPORT_SOURCESCAN_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"

#include <cstdint>
#include <vector>

namespace mdlcheck::report {

struct SourceToken {
  enum class Kind : uint8_t { Identifier, Number, String, Punctuator };
  Kind kind = Kind::Punctuator;
  uint32_t begin = 0; ///< in the text, in bytes
  uint32_t end = 0;
  llvm::StringRef text; ///< without line splices

  bool is(llvm::StringRef spelling) const {
    return kind != Kind::String && text == spelling;
  }
  bool isIdentifier() const { return kind == Kind::Identifier; }
};

struct SourceComment {
  uint32_t begin = 0;
  uint32_t end = 0;
  llvm::StringRef text; ///< with its marks, as written
};

/// `# name tokens...`, up to the end of the logical line.
struct SourceDirective {
  uint32_t begin = 0;
  uint32_t end = 0;
  std::vector<SourceToken> tokens; ///< the first is the name
};

/// A statement, the head of one (`if (...)`), a label or a brace.
struct SourceStatement {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t firstToken = 0; ///< into SourceScan::tokens
  uint32_t lastToken = 0;  ///< the last one of it
  /// For the head of a function: one past its closing brace. Else 0.
  uint32_t bodyEnd = 0;
};

class SourceScan {
public:
  /// `text` must outlive the scan.
  explicit SourceScan(llvm::StringRef text);
  SourceScan(const SourceScan &) = delete;
  SourceScan &operator=(const SourceScan &) = delete;

  llvm::StringRef text() const { return source; }
  uint32_t lineOf(uint32_t offset) const; ///< from 1
  uint32_t lineStart(uint32_t line) const;
  uint32_t lineCount() const { return uint32_t(lineStarts.size()); }

  /// The innermost statement at or before `offset`; null before the first.
  const SourceStatement *statementAt(uint32_t offset) const;
  /// The statement with the first token at or after `offset`; null when there
  /// is none.
  const SourceStatement *statementAfter(uint32_t offset) const;
  /// Index of the first token that begins at or after `offset`.
  uint32_t tokenAfter(uint32_t offset) const;

  std::vector<SourceToken> tokens; ///< without those of directives
  std::vector<SourceComment> comments;
  std::vector<SourceDirective> directives;
  std::vector<SourceStatement> statements; ///< in order, without overlaps

private:
  friend class SourceLexer;
  llvm::StringRef source;
  std::vector<uint32_t> lineStarts;
  llvm::BumpPtrAllocator strings;
};

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_SOURCESCAN_H
