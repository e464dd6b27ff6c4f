//===-- OptionTable.h - options, as the parser sees them --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/cli.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLI_OPTIONTABLE_H
#define MDLCHECK_CLI_OPTIONTABLE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace mdlcheck::cli {

struct Options;

/// Takes the value of an option (empty for one without) into `Options`.
using Handler = llvm::Error (*)(Options &, llvm::StringRef value);

struct OptionInfo {
  llvm::StringLiteral name;
  llvm::StringLiteral valueName; ///< empty: takes no value
  llvm::StringLiteral help;
  Handler handler;
  /// An empty value means something, too.
  bool mayBeEmpty = false;
  /// The value may be left out, and else follows a '='.
  bool isOptional = false;
};

/// Options that clang-tidy has and mdlcheck else would not.
llvm::ArrayRef<OptionInfo> tidyOptions();

llvm::Error badValue(llvm::StringRef option, llvm::StringRef value,
                     llvm::StringRef expected);

} // namespace mdlcheck::cli

#endif // MDLCHECK_CLI_OPTIONTABLE_H
