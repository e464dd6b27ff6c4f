//===-- Cache.cpp -----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "program/Cache.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <tuple>
#include <vector>

using namespace mdlcheck;
using namespace mdlcheck::program;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

static constexpr size_t kKeyDigits = 40;
static constexpr StringRef kTemporary = "writing-";

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

CacheKey &CacheKey::add(uint64_t number) {
  uint8_t bytes[8];
  llvm::support::endian::write64le(bytes, number);
  hasher.update(llvm::ArrayRef<uint8_t>(bytes));
  return *this;
}

CacheKey &CacheKey::add(StringRef part) {
  add(uint64_t(part.size()));
  hasher.update(part);
  return *this;
}

std::string CacheKey::str() const {
  llvm::BLAKE3 copy = hasher;
  return llvm::toHex(copy.final<kKeyDigits / 2>(), /*LowerCase=*/true);
}

std::string program::buildIdentity() {
  static int anchor;
  auto file = llvm::MemoryBuffer::getFile(
      fs::getMainExecutable(nullptr, &anchor), /*IsText=*/false,
      /*RequiresNullTerminator=*/false);
  return file ? CacheKey("build").add((*file)->getBuffer()).str()
              : std::string();
}

//===----------------------------------------------------------------------===//
// The directory
//===----------------------------------------------------------------------===//

std::string program::defaultCacheDirectory() {
  if (const char *own = std::getenv("MDLCHECK_CACHE_DIR"); own && *own)
    return own;
  llvm::SmallString<128> directory;
  if (!path::cache_directory(directory))
    return {};
  path::append(directory, "mdlcheck");
  return directory.str().str();
}

Cache::Cache(std::string directory, uint64_t maxBytes)
    : directory(std::move(directory)), maxBytes(maxBytes) {
  fs::create_directories(this->directory);
  usable = fs::is_directory(this->directory);
}

std::string Cache::pathOf(StringRef key, StringRef kind) const {
  llvm::SmallString<256> file(directory);
  path::append(file, key.take_front(2), key.drop_front(2) + "." + kind);
  return file.str().str();
}

/// Opens it for reading, and makes it the one used last.
static int openAndTouch(const std::string &file, fs::file_status &status) {
  int fd = -1;
  if (fs::openFileForRead(file, fd))
    return -1;
  if (fs::status(fd, status) || !fs::is_regular_file(status)) {
    llvm::sys::Process::SafelyCloseFileDescriptor(fd);
    return -1;
  }
  // In a directory that is only read there is no order to keep.
  (void)fs::setLastAccessAndModificationTime(fd,
                                             std::chrono::system_clock::now());
  return fd;
}

bool Cache::contains(StringRef key, StringRef kind) const {
  fs::file_status status;
  int fd = usable ? openAndTouch(pathOf(key, kind), status) : -1;
  if (fd >= 0)
    llvm::sys::Process::SafelyCloseFileDescriptor(fd);
  return fd >= 0;
}

std::unique_ptr<llvm::MemoryBuffer> Cache::read(StringRef key,
                                                StringRef kind) const {
  if (!usable)
    return nullptr;
  std::string file = pathOf(key, kind);
  fs::file_status status;
  int fd = openAndTouch(file, status);
  if (fd < 0)
    return nullptr;
  // Not mapped: who shortens a mapped file ends the reader.
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  if (auto opened = llvm::MemoryBuffer::getOpenFile(
          fs::convertFDToNativeFile(fd), file, status.getSize(),
          /*RequiresNullTerminator=*/false, /*IsVolatile=*/true))
    buffer = std::move(*opened);
  llvm::sys::Process::SafelyCloseFileDescriptor(fd);
  return buffer;
}

void Cache::write(StringRef key, StringRef kind, StringRef bytes) {
  if (!usable || writeFailed)
    return;
  std::string file = pathOf(key, kind);
  llvm::SmallString<256> temporary(directory);
  path::append(temporary, kTemporary + "%%%%%%%%%%%%");
  int fd = -1;
  bool done = false;
  if (!fs::createUniqueFile(temporary, fd, temporary)) {
    llvm::raw_fd_ostream os(fd, /*shouldClose=*/true);
    os << bytes;
    os.close();
    done = !os.has_error() && !fs::create_directory(path::parent_path(file)) &&
           !fs::rename(temporary, file);
    os.clear_error();
    if (!done)
      fs::remove(temporary);
  }
  if (done)
    written = true;
  else
    writeFailed = true;
}

void Cache::trim() {
  if (!usable || !written)
    return;
  struct File {
    llvm::sys::TimePoint<> used;
    uint64_t size;
    std::string path;
  };
  std::vector<File> files;
  uint64_t total = 0;
  auto isHex = [](StringRef s) { return llvm::all_of(s, llvm::isHexDigit); };
  auto now = std::chrono::system_clock::now();
  std::error_code error;
  for (fs::directory_iterator dir(directory, error), end; !error && dir != end;
       dir.increment(error)) {
    StringRef name = path::filename(dir->path());
    if (name.starts_with(kTemporary)) {
      fs::file_status status;
      if (!fs::status(dir->path(), status) &&
          now - status.getLastModificationTime() > std::chrono::hours(1))
        fs::remove(dir->path());
      continue;
    }
    if (name.size() != 2 || !isHex(name))
      continue;
    std::error_code inner;
    for (fs::directory_iterator it(dir->path(), inner); !inner && it != end;
         it.increment(inner)) {
      auto [stem, kind] = path::filename(it->path()).split('.');
      fs::file_status status;
      if (stem.size() != kKeyDigits - 2 || !isHex(stem) || kind.empty() ||
          fs::status(it->path(), status) || !fs::is_regular_file(status))
        continue;
      files.push_back(
          {status.getLastModificationTime(), status.getSize(), it->path()});
      total += status.getSize();
    }
  }
  if (total <= maxBytes)
    return;
  // Some room, so that not every run has to come back here.
  uint64_t wanted = maxBytes - maxBytes / 10;
  llvm::sort(files, [](const File &a, const File &b) {
    return std::tie(a.used, a.path) < std::tie(b.used, b.path);
  });
  for (const File &file : files) {
    if (total <= wanted)
      break;
    // Another process may have been faster: gone is gone.
    fs::remove(file.path);
    total -= file.size;
  }
}
