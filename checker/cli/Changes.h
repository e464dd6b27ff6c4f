//===-- Changes.h - what changed, as the user says it -----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLI_CHANGES_H
#define MDLCHECK_CLI_CHANGES_H

#include "report/ChangedLines.h"

namespace mdlcheck::cli {

/// What changed since `base`: a revision or a range of git, in whose
/// repository the current directory is; or, for "-", what the unified diff on
/// standard input says. Errors are InputErrors.
llvm::Expected<report::ChangedLines>
readChanges(const std::string &base, const std::string &workingDirectory);

} // namespace mdlcheck::cli

#endif // MDLCHECK_CLI_CHANGES_H
