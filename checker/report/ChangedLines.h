//===-- ChangedLines.h - what a change is about -----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_CHANGEDLINES_H
#define MDLCHECK_REPORT_CHANGEDLINES_H

#include "contract/Finding.h"
#include "report/SourceScan.h"
#include "report/Sources.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mdlcheck::report {

/// The lines that a unified diff adds, in the files as they are after it, and
/// the places where it takes lines away.
class ChangedLines {
public:
  /// Names in `diff` start at `root` (absolute) or at a directory above it,
  /// with or without "b/" in front. Errors are InputErrors.
  static llvm::Expected<ChangedLines> parse(llvm::StringRef diff,
                                            const std::string &root);

  /// Whether the path of `finding` runs through a change: a step of it is
  /// there; or between two steps that follow each other in one call of a
  /// function lies a change, or the name of a function that changed. What a
  /// helper does no more is no step of any path.
  bool touches(const contract::Finding &finding, Sources &sources);

private:
  /// Lines; of lines taken away, the one before and the one behind.
  struct Change {
    uint32_t first = 0;
    uint32_t last = 0;
  };
  using Changes = std::vector<Change>;

  const Changes *changesOf(const std::string &file);
  bool touches(const std::string &file, uint32_t first, uint32_t last);
  bool namesChanged(const std::string &file, uint32_t first, uint32_t last,
                    Sources &sources);
  const SourceScan &scanOf(const std::string &file, Sources &sources);

  std::map<std::string, Changes> files;
  std::map<llvm::sys::fs::UniqueID, const Changes *> byId;
  std::map<std::string, const Changes *> known;   ///< by any name
  std::optional<std::set<std::string>> functions; ///< those that changed
  std::map<std::string, std::unique_ptr<SourceScan>> scans;
};

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_CHANGEDLINES_H
