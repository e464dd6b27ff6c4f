//===-- BugChecks.h - names of bug checks ---------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_BUGCHECKS_H
#define MDLCHECK_REPORT_BUGCHECKS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace mdlcheck::report {

/// "0x76 PROCESS_HAS_LOCKED_PAGES" for "0x76"; the code alone when it is not
/// known. "0xC4/0x7C" is the bug check with its first parameter.
std::string describeBugCheck(llvm::StringRef code);

/// "bug check 0x76 PROCESS_HAS_LOCKED_PAGES or 0xCB ..."; empty for none.
std::string describeBugChecks(llvm::ArrayRef<std::string> codes);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_BUGCHECKS_H
