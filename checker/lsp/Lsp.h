//===-- Lsp.h - mdlcheck as a language server -------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_LSP_LSP_H
#define MDLCHECK_LSP_LSP_H

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace mdlcheck::lsp {

/// Serves one editor on standard input and output until it says "exit" or goes
/// away. `arguments` are those after "mdlcheck lsp"; `version` is ours. The
/// result is the exit code the protocol asks for, or that of a bad option.
int serve(llvm::ArrayRef<const char *> arguments, const std::string &version);

} // namespace mdlcheck::lsp

#endif // MDLCHECK_LSP_LSP_H
