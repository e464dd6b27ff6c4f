//===-- LineHash.h - what code scanning knows a line by ---------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_LINEHASH_H
#define MDLCHECK_REPORT_LINEHASH_H

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace mdlcheck::report {

/// GitHub's primaryLocationLineHash of each line of `text` (UTF-8, with its
/// byte order mark if it has one): a hash of the hundred characters from the
/// line's first on, leaving out spaces and tabs, and behind a colon a count of
/// the lines with that hash so far. As src/fingerprints.ts of
/// github/codeql-action computes it for files that come without.
std::vector<std::string> lineHashes(llvm::StringRef text);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_LINEHASH_H
