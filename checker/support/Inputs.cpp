//===-- Inputs.cpp ----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "support/Inputs.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

#include <vector>

using namespace mdlcheck;
using llvm::StringRef;

ContentHash mdlcheck::hashContents(StringRef bytes) {
  llvm::XXH128_hash_t h =
      llvm::xxh3_128bits(llvm::arrayRefFromStringRef(bytes));
  return {h.low64, h.high64};
}

ContentHash mdlcheck::hashListing(const std::string &directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(directory, error), end;
       !error && it != end; it.increment(error))
    names.push_back(llvm::sys::path::filename(it->path()).str());
  llvm::sort(names);
  std::string all;
  for (const std::string &name : names)
    all.append(name).push_back('\0');
  return hashContents(all);
}

InputChecker::Answer InputChecker::ask(const std::string &path,
                                       bool wantsHash) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto it = answers.find(path);
    if (it != answers.end() && (it->second.isHashed || !wantsHash))
      return it->second;
  }
  Answer answer;
  llvm::sys::fs::file_status status;
  if (!llvm::sys::fs::status(path, status)) {
    bool isDirectory = llvm::sys::fs::is_directory(status);
    answer.kind =
        isDirectory ? InputFact::Kind::Directory : InputFact::Kind::Exists;
    answer.size = status.getSize();
    answer.modified =
        status.getLastModificationTime().time_since_epoch().count();
    if (wantsHash && isDirectory) {
      answer.hash = hashListing(path);
      answer.isHashed = true;
    } else if (wantsHash && llvm::sys::fs::is_regular_file(status)) {
      if (auto buffer = llvm::MemoryBuffer::getFile(
              path, /*IsText=*/false, /*RequiresNullTerminator=*/false)) {
        answer.hash = hashContents((*buffer)->getBuffer());
        answer.isHashed = true;
      }
    }
  }
  std::lock_guard<std::mutex> lock(mutex);
  return answers[path] = answer;
}

bool InputChecker::holds(const InputFact &fact) {
  using K = InputFact::Kind;
  switch (fact.kind) {
  case K::Missing:
  case K::Directory:
  case K::Exists:
    return ask(fact.path, false).kind == fact.kind;
  case K::Listing: {
    Answer now = ask(fact.path, true);
    return now.kind == K::Directory && now.isHashed && now.hash == fact.hash;
  }
  case K::Contents: {
    Answer now = ask(fact.path, false);
    if (now.kind != K::Exists || now.size != fact.size)
      return false;
    if (now.modified == fact.modified && !fact.isRecent)
      return true;
    now = ask(fact.path, true);
    return now.isHashed && now.hash == fact.hash;
  }
  }
  return false;
}
