//===-- TidyFixes.h - for clang-apply-replacements --------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_TIDYFIXES_H
#define MDLCHECK_REPORT_TIDYFIXES_H

#include "report/Report.h"

namespace mdlcheck::report {

/// The YAML that clang-tidy writes with -export-fixes: every finding with its
/// notes. `buildDirectory` is what relative names would start from.
void writeTidyFixes(const Report &report, Sources &sources,
                    const std::string &buildDirectory, llvm::raw_ostream &os);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_TIDYFIXES_H
