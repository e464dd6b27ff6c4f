//===-- Cache.h - a directory of what was worked out before ---*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Files named by a hash of all that their content follows from. Any number of
// processes may use one directory at once: a file appears whole or not at all,
// and one that goes away while it is wanted is one that was not there. What
// is read back is for the reader to verify (support/Archive.h). Files of other
// names are left alone.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_PROGRAM_CACHE_H
#define MDLCHECK_PROGRAM_CACHE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/BLAKE3.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace llvm {
class MemoryBuffer;
}

namespace mdlcheck::program {

/// Puts together what a content follows from. Each part is kept apart from
/// the next.
class CacheKey {
public:
  explicit CacheKey(llvm::StringRef what) { add(what); }
  CacheKey &add(llvm::StringRef part);
  CacheKey &add(uint64_t number);
  std::string str() const; ///< 40 hexadecimal digits

private:
  llvm::BLAKE3 hasher;
};

class Cache {
public:
  /// Makes the directory when it is not there. `directory` need not be
  /// writable: then it is only read. Never fails; `isUsable` tells.
  Cache(std::string directory, uint64_t maxBytes);

  bool isUsable() const { return usable; }
  /// Something could not be written.
  bool hasWriteFailed() const { return writeFailed; }

  /// `key` is a CacheKey's, `kind` a short word that the file's name ends in.
  /// Null when there is none. A file that is read counts as used.
  std::unique_ptr<llvm::MemoryBuffer> read(llvm::StringRef key,
                                           llvm::StringRef kind) const;
  bool contains(llvm::StringRef key, llvm::StringRef kind) const;
  void write(llvm::StringRef key, llvm::StringRef kind, llvm::StringRef bytes);
  /// Deletes what was used longest ago until what is left fits well, if
  /// something was written that made it too large; and what writers that died
  /// left behind.
  void trim();

private:
  std::string pathOf(llvm::StringRef key, llvm::StringRef kind) const;

  std::string directory;
  uint64_t maxBytes;
  bool usable = false;
  std::atomic<bool> writeFailed = false;
  std::atomic<bool> written = false;
};

/// $MDLCHECK_CACHE_DIR, else mdlcheck/ in $XDG_CACHE_HOME or ~/.cache; empty
/// when none of these is known.
std::string defaultCacheDirectory();

/// Stands for this very build of the program: a hash of its executable file.
/// Empty when that cannot be read; then nothing must be cached.
std::string buildIdentity();

} // namespace mdlcheck::program

#endif // MDLCHECK_PROGRAM_CACHE_H
