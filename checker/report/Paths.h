//===-- Paths.h - file names as people and URIs show them -----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_PATHS_H
#define MDLCHECK_REPORT_PATHS_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace mdlcheck::report {

/// `file` relative to `directory` when it lies under it, else unchanged.
/// Both are absolute and free of "." and "..".
llvm::StringRef relativeTo(llvm::StringRef file, llvm::StringRef directory);

/// Absolute (seen from `directory`) and free of "." and "..". Symbolic links
/// stay as they are: their names are the ones the author knows.
std::string absolutePath(llvm::StringRef file, llvm::StringRef directory);

/// Percent-encodes everything but unreserved characters and '/'.
std::string uriEncode(llvm::StringRef path);
/// "file:///..." for an absolute path.
std::string fileUri(llvm::StringRef path);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_PATHS_H
