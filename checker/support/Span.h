//===-- Span.h - places in source files -----------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_SUPPORT_SPAN_H
#define MDLCHECK_SUPPORT_SPAN_H

#include "support/Ids.h"

#include <tuple>

namespace mdlcheck {

using FileId = Id<struct FileTag>;

/// A range of characters in the file its author wrote. Lines and columns
/// count from 1 and columns count bytes; `endColumn` is one past the last
/// character. A place inside a macro expansion is where the outermost
/// expansion stands (macro arguments: where the argument was written).
/// Invalid (no file) for code without a source, such as implicit members.
struct Span {
  FileId file;
  uint32_t line = 0;
  uint32_t column = 0;
  uint32_t endLine = 0;
  uint32_t endColumn = 0;

  bool valid() const { return file.valid(); }
  friend bool operator==(const Span &a, const Span &b) {
    return a.key() == b.key();
  }
  friend bool operator<(const Span &a, const Span &b) {
    return a.key() < b.key();
  }

private:
  std::tuple<uint32_t, uint32_t, uint32_t, uint32_t, uint32_t> key() const {
    return {file.value, line, column, endLine, endColumn};
  }
};

} // namespace mdlcheck

#endif // MDLCHECK_SUPPORT_SPAN_H
