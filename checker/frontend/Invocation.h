//===-- Invocation.h - a compile command to Clang's options ---*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/frontend.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_INVOCATION_H
#define MDLCHECK_FRONTEND_INVOCATION_H

#include "frontend/Frontend.h"

#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/Support/VirtualFileSystem.h"

#include <memory>
#include <string>
#include <vector>

namespace clang {
class CompilerInvocation;
class DiagnosticConsumer;
class FrontendAction;
} // namespace clang

namespace mdlcheck::frontend {

/// Where Clang's builtin headers are: the user's choice, else those this
/// program was built against, else those next to where it is installed.
/// Empty when there are none.
std::string findResourceDir(const FrontendOptions &options);

/// The options to parse `job.file` with as its compiler would, but for syntax
/// only and without warnings or any output. Null when the command cannot be
/// understood; then `diagnostics` says why. `fs` has the job's directory as
/// its working directory.
std::shared_ptr<clang::CompilerInvocation>
makeInvocation(const CompileJob &job, const FrontendOptions &options,
               llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
               std::vector<Diagnostic> &diagnostics);

/// Runs `action` on a compilation that is as forgiving as can be, and lets
/// `collector` have its diagnostics. The invocation is used up.
void runAction(std::shared_ptr<clang::CompilerInvocation> invocation,
               llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
               clang::DiagnosticConsumer &collector,
               clang::FrontendAction &action);
/// Takes from `invocation` all that does not decide how the source reads:
/// outputs, plugins, warnings. Adds the macros MacroRecorder redefines to.
void keepToParsing(clang::CompilerInvocation &invocation);

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_INVOCATION_H
