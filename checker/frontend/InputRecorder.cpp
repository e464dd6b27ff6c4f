//===-- InputRecorder.cpp ---------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/InputRecorder.h"

#include "llvm/Support/Chrono.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mdlcheck;
using namespace mdlcheck::frontend;
using llvm::Twine;

const char InputRecorder::ID = 0;

InputRecorder::InputRecorder(llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs)
    : RTTIExtends(std::move(fs)) {}

/// Notes what is read of the file below. Facts stay where they are.
class InputRecorder::RecordingFile : public llvm::vfs::File {
public:
  RecordingFile(std::unique_ptr<llvm::vfs::File> file, InputFact &fact)
      : file(std::move(file)), fact(fact) {}

  llvm::ErrorOr<llvm::vfs::Status> status() override { return file->status(); }
  llvm::ErrorOr<std::string> getName() override { return file->getName(); }
  std::error_code close() override { return file->close(); }

  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>>
  getBuffer(const Twine &name, int64_t size, bool needsNull,
            bool isVolatile) override {
    llvm::ErrorOr<llvm::vfs::Status> status = file->status();
    auto buffer = file->getBuffer(name, size, needsNull, isVolatile);
    if (!buffer || !status)
      return buffer;
    fact.kind = InputFact::Kind::Contents;
    fact.hash = hashContents((*buffer)->getBuffer());
    fact.size = (*buffer)->getBufferSize();
    llvm::sys::TimePoint<> modified = status->getLastModificationTime();
    fact.modified = modified.time_since_epoch().count();
    // Clocks of file systems are coarse: one that is written twice in a
    // moment may look the same after both.
    fact.isRecent =
        std::chrono::system_clock::now() - modified < std::chrono::seconds(2);
    return buffer;
  }

private:
  std::unique_ptr<llvm::vfs::File> file;
  InputFact &fact;
};

InputFact &InputRecorder::factFor(const Twine &path) {
  llvm::SmallString<256> full;
  path.toVector(full);
  makeAbsolute(full);
  InputFact &fact = known[{full.str().str(), false}];
  if (fact.path.empty())
    fact.path = full.str().str();
  return fact;
}

void InputRecorder::note(const Twine &path,
                         const llvm::ErrorOr<llvm::vfs::Status> &status) {
  InputFact &fact = factFor(path);
  // What was read says more.
  if (fact.kind != InputFact::Kind::Missing)
    return;
  if (status)
    fact.kind = status->isDirectory() ? InputFact::Kind::Directory
                                      : InputFact::Kind::Exists;
}

llvm::ErrorOr<llvm::vfs::Status> InputRecorder::status(const Twine &path) {
  auto result = ProxyFileSystem::status(path);
  note(path, result);
  return result;
}

bool InputRecorder::exists(const Twine &path) { return bool(status(path)); }

llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>>
InputRecorder::openFileForRead(const Twine &path) {
  auto file = ProxyFileSystem::openFileForRead(path);
  if (!file) {
    // Directories and files nobody may read exist all the same.
    status(path);
    return file;
  }
  note(path, (*file)->status());
  return std::make_unique<RecordingFile>(std::move(*file), factFor(path));
}

llvm::vfs::directory_iterator InputRecorder::dir_begin(const Twine &dir,
                                                       std::error_code &error) {
  auto begin = ProxyFileSystem::dir_begin(dir, error);
  if (error) {
    status(dir);
    return begin;
  }
  llvm::SmallString<256> full;
  dir.toVector(full);
  makeAbsolute(full);
  InputFact &fact = known[{full.str().str(), true}];
  fact.path = full.str().str();
  fact.kind = InputFact::Kind::Listing;
  fact.hash = hashListing(fact.path);
  return begin;
}

void InputRecorder::add(const std::vector<InputFact> &facts) {
  for (const InputFact &fact : facts) {
    bool isListing = fact.kind == InputFact::Kind::Listing;
    auto [it, isNew] = known.try_emplace({fact.path, isListing}, fact);
    // What was read says more.
    if (!isNew && fact.kind == InputFact::Kind::Contents)
      it->second = fact;
  }
}

std::vector<InputFact> InputRecorder::facts() const {
  std::vector<InputFact> all;
  for (const auto &[key, fact] : known)
    all.push_back(fact);
  return all;
}
