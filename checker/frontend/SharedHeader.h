//===-- SharedHeader.h - what many sources begin with ---------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/frontend.
//
// The sources of a driver tend to begin with one and the same header, which
// includes most of what there is to parse. It is precompiled once, in memory,
// and each of them begins with what that left behind: the AST, which Clang
// reads as far as it is needed, and what the preprocessor saw.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_SHAREDHEADER_H
#define MDLCHECK_FRONTEND_SHAREDHEADER_H

#include "frontend/Frontend.h"
#include "frontend/MacroRecorder.h"

#include "clang/AST/DeclID.h"
#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/VirtualFileSystem.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace clang {
class CompilerInstance;
class CompilerInvocation;
class Decl;
} // namespace clang

namespace mdlcheck::frontend {

/// One precompiled header. Not changed any more once it is built, so that any
/// number of compilations may use it at once.
class SharedHeader {
public:
  /// Precompiles `include` (`"driver.h"` or `<ntddk.h>`, with its delimiters)
  /// for `invocation`, a compilation of a source that begins with it. Null when
  /// there is an error in the header or it would be read again where it is
  /// included again.
  static std::unique_ptr<SharedHeader>
  build(const clang::CompilerInvocation &invocation, llvm::StringRef include,
        llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
        const FrontendOptions &options);
  /// What the file system was asked for it, and said.
  const std::vector<InputFact> &facts() const { return inputs; }

  /// Lets a compilation with `invocation`, which will be told in `to`, begin
  /// with the header; returned is the file system it needs.
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem>
  use(clang::CompilerInvocation &invocation, PreprocessorRecord &to,
      llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs) const;
  /// Whether the compilation that left `record` read the header once more.
  bool wasReadAgain(const PreprocessorRecord &record) const;
  /// Adds to `record`, of a compilation that began with the header, what the
  /// preprocessor saw in it, and to `LoweringContext::shared` its declarations.
  void addTo(PreprocessorRecord &record,
             clang::CompilerInstance &compiler) const;

private:
  std::string ast; ///< as Clang writes it
  PreprocessorRecord record;
  std::vector<InputFact> inputs;
  /// Declarations at file scope outside of system headers, in order.
  std::vector<clang::LocalDeclID> decls;
};

/// The shared headers of a list of jobs, built as they are asked for.
class HeaderStore {
public:
  explicit HeaderStore(const std::vector<CompileJob> &jobs);
  /// What a compilation of `job` with `invocation` may begin with; null where
  /// that is not worth it. Waits while another thread builds it.
  const SharedHeader *
  headerFor(const CompileJob &job, const clang::CompilerInvocation &invocation,
            llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
            const FrontendOptions &options);

private:
  struct Slot {
    unsigned users = 0;
    std::once_flag built;
    std::unique_ptr<SharedHeader> header;
  };
  /// By job (directory and file): what its source begins with, where enough
  /// others beside it begin with the same.
  std::map<std::pair<std::string, std::string>, std::string> includes;
  std::mutex mutex;                  ///< of `slots`; each is then on its own
  std::map<std::string, Slot> slots; ///< by command and include
};

/// `"driver.h"` where a source begins with `#include "driver.h"`, apart from
/// comments; else empty.
std::string leadingInclude(llvm::StringRef source);

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_SHAREDHEADER_H
