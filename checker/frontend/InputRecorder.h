//===-- InputRecorder.h - what a compilation asks for ---------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/frontend.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_INPUTRECORDER_H
#define MDLCHECK_FRONTEND_INPUTRECORDER_H

#include "support/Inputs.h"

#include "llvm/Support/VirtualFileSystem.h"

#include <map>
#include <vector>

namespace mdlcheck::frontend {

/// A file system that remembers what it was asked and what it said. It lies
/// below overlays, so what they turn a name into is what is recorded, and
/// nothing that Clang or its driver finds or misses goes by unseen.
class InputRecorder
    : public llvm::RTTIExtends<InputRecorder, llvm::vfs::ProxyFileSystem> {
public:
  static const char ID;

  explicit InputRecorder(llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs);

  llvm::ErrorOr<llvm::vfs::Status> status(const llvm::Twine &path) override;
  bool exists(const llvm::Twine &path) override;
  llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>>
  openFileForRead(const llvm::Twine &path) override;
  llvm::vfs::directory_iterator dir_begin(const llvm::Twine &dir,
                                          std::error_code &error) override;

  /// As if this one had been asked.
  void add(const std::vector<InputFact> &facts);
  /// In the order of their paths.
  std::vector<InputFact> facts() const;

private:
  class RecordingFile;
  InputFact &factFor(const llvm::Twine &path);
  void note(const llvm::Twine &path,
            const llvm::ErrorOr<llvm::vfs::Status> &status);

  /// By path, listings apart from the rest.
  std::map<std::pair<std::string, bool>, InputFact> known;
};

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_INPUTRECORDER_H
