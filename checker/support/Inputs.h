//===-- Inputs.h - what was read, and whether it is still so --*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a compilation asked the file system and was told: files it read, but
// also those it looked for in vain, since a header that appears in a folder
// that is searched earlier hides the one that was read.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_SUPPORT_INPUTS_H
#define MDLCHECK_SUPPORT_INPUTS_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <string>

namespace mdlcheck {

/// Of contents; strong enough that two of one hash are the same.
using ContentHash = std::array<uint64_t, 2>;
ContentHash hashContents(llvm::StringRef bytes);

/// One answer of the file system.
struct InputFact {
  enum class Kind : uint8_t {
    Missing,   ///< nothing of that name
    Directory, ///< there is a directory
    Exists,    ///< there is a file; it was not read
    Contents,  ///< a file with these contents was read
    Listing,   ///< a directory with entries of these names
  };
  std::string path; ///< absolute
  Kind kind = Kind::Missing;
  ContentHash hash{};    ///< Contents, Listing
  uint64_t size = 0;     ///< Contents: bytes
  int64_t modified = 0;  ///< Contents: when, in nanoseconds
  bool isRecent = false; ///< Contents: it may change and look as it did
};

/// Hash of the names in a directory, whatever their order.
ContentHash hashListing(const std::string &directory);

/// Compares facts with the file system as it is now, asking it once for each
/// name. Thread-safe.
class InputChecker {
public:
  bool holds(const InputFact &fact);

private:
  struct Answer {
    InputFact::Kind kind = InputFact::Kind::Missing; ///< Exists for files
    uint64_t size = 0;
    int64_t modified = 0;
    bool isHashed = false;
    ContentHash hash{}; ///< if isHashed
  };
  Answer ask(const std::string &path, bool wantsHash);

  std::mutex mutex;
  llvm::StringMap<Answer> answers;
};

} // namespace mdlcheck

#endif // MDLCHECK_SUPPORT_INPUTS_H
