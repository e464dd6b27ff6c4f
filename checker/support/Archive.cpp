//===-- Archive.cpp ---------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "support/Archive.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/xxhash.h"

#include <cassert>

using namespace mdlcheck;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// The head: kind, version, length, checksum
//===----------------------------------------------------------------------===//

static constexpr size_t kHeadSize = 4 + 4 + 8 + 8;

static std::string headFor(StringRef kind, uint32_t version,
                           StringRef payload) {
  assert(kind.size() == 4);
  char numbers[kHeadSize - 4];
  llvm::support::endian::write32le(numbers, version);
  llvm::support::endian::write64le(numbers + 4, payload.size());
  llvm::support::endian::write64le(numbers + 12, llvm::xxh3_64bits(payload));
  return kind.str() + std::string(numbers, sizeof(numbers));
}

std::string mdlcheck::sealed(StringRef kind, uint32_t version,
                             StringRef payload) {
  std::string bytes = headFor(kind, version, payload);
  bytes += payload;
  return bytes;
}

std::optional<StringRef> mdlcheck::unsealed(StringRef kind, uint32_t version,
                                            StringRef bytes) {
  if (bytes.size() < kHeadSize)
    return std::nullopt;
  StringRef payload = bytes.drop_front(kHeadSize);
  if (!bytes.starts_with(headFor(kind, version, payload)))
    return std::nullopt;
  return payload;
}

//===----------------------------------------------------------------------===//
// Numbers and texts
//===----------------------------------------------------------------------===//

void ArchiveWriter::unsignedInt(uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(char(value | 0x80));
  out.push_back(char(value));
}

uint64_t ArchiveReader::unsignedInt() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    uint8_t byte = uint8_t(rest.front());
    rest = rest.drop_front();
    value |= uint64_t(byte & 0x7F) << shift;
    if (byte < 0x80)
      return value;
  }
  fail();
  return 0;
}

// 0 is the empty text, 1 a new one, which follows; others have been there.
void ArchiveWriter::text(StringRef value) {
  if (value.empty())
    return unsignedInt(0);
  auto [it, isNew] = texts.try_emplace(value, texts.size() + 2);
  if (!isNew)
    return unsignedInt(it->second);
  unsignedInt(1);
  unsignedInt(value.size());
  out += value;
}

void ArchiveReader::text(std::string &value) {
  // A byte may name a long text again: a file of them is not to become a
  // memory of them.
  constexpr size_t kMostCopied = size_t(1) << 30;
  uint64_t number = unsignedInt();
  value.clear();
  if (number == 0)
    return;
  StringRef found;
  if (number == 1) {
    uint64_t size = unsignedInt();
    if (size > rest.size())
      return fail();
    found = rest.take_front(size);
    rest = rest.drop_front(size);
    texts.push_back(found);
  } else if (number - 2 < texts.size()) {
    found = texts[number - 2];
  } else {
    return fail();
  }
  copied += found.size();
  if (copied > kMostCopied)
    return fail();
  value = found.str();
}
