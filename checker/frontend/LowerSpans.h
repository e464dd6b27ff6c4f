//===-- LowerSpans.h - spans and source text ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Clang's locations as spans and text of the file the author wrote.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_LOWERSPANS_H
#define MDLCHECK_FRONTEND_LOWERSPANS_H

#include "ir/Ir.h"

#include "clang/Basic/LangOptions.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/DenseMap.h"

namespace mdlcheck::frontend {

class SourceText {
public:
  SourceText(const clang::SourceManager &sources,
             const clang::LangOptions &langOpts, ir::Unit &unit)
      : sources(sources), langOpts(langOpts), unit(unit) {}

  /// Where `range` stands in the file its author wrote.
  Span span(clang::SourceRange range);

  /// The characters of `range` as written, white space folded; a part of a
  /// macro body gives the whole outermost expansion.
  std::string text(clang::SourceRange range);

  /// True where `loc` is in a system header.
  bool inSystemHeader(clang::SourceLocation loc) const {
    return loc.isInvalid() ||
           sources.isInSystemHeader(sources.getExpansionLoc(loc));
  }

  const clang::SourceManager &sources;
  const clang::LangOptions &langOpts;

private:
  /// `range` as offsets [begin, end) of one file; none when it is not in one.
  struct Extent {
    clang::FileID file;
    unsigned begin = 0;
    unsigned end = 0;
  };
  Extent extent(clang::SourceRange range);
  FileId fileId(clang::FileID file);

  ir::Unit &unit;
  llvm::DenseMap<clang::FileID, FileId> files;
  llvm::DenseMap<std::pair<unsigned, unsigned>, Span> spans;
};

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_LOWERSPANS_H
