//===-- ParseInvocation.h - Clang's options to a unit -----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/frontend.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_PARSEINVOCATION_H
#define MDLCHECK_FRONTEND_PARSEINVOCATION_H

#include "frontend/Frontend.h"

#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/VirtualFileSystem.h"

namespace clang {
class CompilerInvocation;
} // namespace clang

namespace mdlcheck::frontend {

class SharedHeader;

/// Parses and lowers `file` into `parsed`, which has its unit already.
/// `invocation` is one that keepToParsing has seen; `header`, when there is
/// one, was parsed for it.
ParsedUnit parseInvocation(const clang::CompilerInvocation &invocation,
                           llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
                           const FrontendOptions &options,
                           const std::string &file, ParsedUnit parsed,
                           const SharedHeader *header = nullptr);

/// `fs`, but for files (absolute) that have other texts.
llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem>
withBuffers(llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
            const std::map<std::string, std::string> &buffers);

/// Calls `work` and waits for it. Clang and the lowering recurse with the
/// nesting of the source; a thread of our own makes how deep they get
/// independent of whose thread asks.
void onDeepStack(llvm::function_ref<void()> work);

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_PARSEINVOCATION_H
