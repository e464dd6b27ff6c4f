//===-- Sources.h - the lines of source files -----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_SOURCES_H
#define MDLCHECK_REPORT_SOURCES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mdlcheck::report {

/// Lines of the files that findings point into, read when first asked for.
class Sources {
public:
  /// Line `line` (from 1) of `file` without its end; empty when there is no
  /// such line or the file cannot be read.
  llvm::StringRef line(const std::string &file, uint32_t line);

  /// How many lines line() knows.
  uint32_t lineCount(const std::string &file);

  /// All of `file` without a byte order mark; empty when it cannot be read.
  llvm::StringRef text(const std::string &file);

  /// All of `file` as it is, with its byte order mark.
  llvm::StringRef fileText(const std::string &file);

  /// Where a place is in text(), in bytes; the end of the line or of the text
  /// when there is no such place.
  size_t offset(const std::string &file, uint32_t line, uint32_t column);
  /// The same in the file, which may begin with a byte order mark.
  size_t fileOffset(const std::string &file, uint32_t line, uint32_t column);

  /// Gives `file` a text of its own: editors' unsaved buffers, tests.
  void add(const std::string &file, llvm::StringRef text);

private:
  struct File {
    std::unique_ptr<llvm::MemoryBuffer> buffer;
    llvm::StringRef text;
    std::vector<llvm::StringRef> lines;
  };
  File &load(const std::string &name);
  void split(File &file);
  std::map<std::string, File> files;
};

/// The column (from 1, in bytes) as a count of UTF-16 code units, which is
/// how SARIF counts.
uint32_t utf16Column(llvm::StringRef line, uint32_t column);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_SOURCES_H
