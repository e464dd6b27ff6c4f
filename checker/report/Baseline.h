//===-- Baseline.h - findings that are known already ------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A JSON file beside the source, kept under version control. Findings are known
// again by what contextHash() is made of, in the file they were in, wherever in
// it they are now; and in any file when that one is gone, as it was renamed.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_BASELINE_H
#define MDLCHECK_REPORT_BASELINE_H

#include "contract/Finding.h"
#include "contract/RuleSet.h"
#include "report/Sources.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace mdlcheck::report {

struct BaselineEntry {
  std::string rule; ///< id
  std::string file; ///< absolute
  std::string function;
  std::string message;
  std::string context; ///< contextHash()
};

class Baseline {
public:
  /// Errors are InputErrors.
  static llvm::Expected<Baseline> load(const std::string &file);

  /// Says of each finding whether it is one of ours, and crosses that off.
  /// Of several that look alike, as many are known as there were.
  std::vector<bool> match(llvm::ArrayRef<const contract::Finding *> findings,
                          const contract::RuleSet &rules, Sources &sources);

  /// Nothing is crossed off any more.
  void startAnew() { isMatched.assign(entries.size(), false); }

  /// What no finding was found for.
  std::vector<BaselineEntry> unmatched() const;

private:
  std::vector<BaselineEntry> entries;
  std::vector<bool> isMatched;
};

/// A baseline of `findings` for `file` (absolute), where it may be moved to
/// together with the sources. The same for the same findings in any order.
void writeBaseline(llvm::ArrayRef<const contract::Finding *> findings,
                   const contract::RuleSet &rules, Sources &sources,
                   llvm::StringRef file, llvm::raw_ostream &os);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_BASELINE_H
