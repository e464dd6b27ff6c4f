//===-- Archive.h - bytes to keep and to read back ------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One description serves both directions: `archive(a, x)` hands the members
// of `x` to `a`, which is an ArchiveWriter or an ArchiveReader. Descriptions
// take a structure apart with structured bindings, so that one to which a
// member was added does not compile before the description has it too.
//
// Integers are LEB128; texts are written once and named by number after that.
// A sealed archive has a head with a kind, a version, the length and a
// checksum. Whatever the bytes are, reading ends in an object or in failed(),
// allocates no more than a multiple of their number and reads none outside.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_SUPPORT_ARCHIVE_H
#define MDLCHECK_SUPPORT_ARCHIVE_H

#include "support/Ids.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace mdlcheck {

/// `kind` has four characters.
std::string sealed(llvm::StringRef kind, uint32_t version,
                   llvm::StringRef payload);
/// The payload, if `bytes` are whole and of this kind and version.
std::optional<llvm::StringRef> unsealed(llvm::StringRef kind, uint32_t version,
                                        llvm::StringRef bytes);

/// `T` is `U`, const where it is written: for descriptions.
template <typename T, typename U>
concept MaybeConst = std::is_same_v<std::remove_const_t<T>, U>;

class ArchiveWriter {
public:
  template <typename... T> void operator()(const T &...values) {
    (put(values), ...);
  }
  /// An enumeration; `last` is its greatest value.
  template <typename E> void upTo(E value, E) { unsignedInt(uint64_t(value)); }
  const std::string &bytes() const { return out; }

private:
  template <typename T> void put(const T &value) {
    if constexpr (std::is_same_v<T, bool>)
      out.push_back(char(value));
    else if constexpr (std::is_enum_v<T>)
      static_assert(!std::is_enum_v<T>, "needs upTo");
    else if constexpr (std::is_signed_v<T>)
      unsignedInt(uint64_t(value) << 1 ^ uint64_t(int64_t(value) >> 63));
    else if constexpr (std::is_unsigned_v<T>)
      unsignedInt(value);
    else if constexpr (std::is_same_v<T, std::string>)
      text(value);
    else
      archive(*this, value);
  }
  template <typename Tag> void put(const Id<Tag> &id) {
    unsignedInt(id ? uint64_t(id.value) + 1 : 0);
  }
  template <typename T> void put(const std::vector<T> &list) {
    unsignedInt(list.size());
    for (const T &value : list)
      put(value);
  }
  template <typename K, typename V> void put(const std::map<K, V> &map) {
    unsignedInt(map.size());
    for (const auto &[key, value] : map) {
      put(key);
      put(value);
    }
  }
  template <typename T, size_t N> void put(const std::array<T, N> &list) {
    for (const T &value : list)
      put(value);
  }
  void unsignedInt(uint64_t value);
  void text(llvm::StringRef value);

  std::string out;
  llvm::StringMap<uint64_t> texts;
};

class ArchiveReader {
public:
  explicit ArchiveReader(llvm::StringRef bytes) : rest(bytes) {}

  template <typename... T> void operator()(T &...values) { (get(values), ...); }
  template <typename E> void upTo(E &value, E last) {
    uint64_t number = unsignedInt();
    if (number > uint64_t(last))
      fail();
    else
      value = E(number);
  }
  /// What was read is worth nothing.
  bool failed() const { return bad; }
  /// Nothing is left; else the bytes were of something else.
  bool atEnd() const { return rest.empty(); }

private:
  template <typename T> void get(T &value) {
    if constexpr (std::is_same_v<T, bool>) {
      uint64_t number = unsignedInt();
      value = number != 0;
      if (number > 1)
        fail();
    } else if constexpr (std::is_enum_v<T>) {
      static_assert(!std::is_enum_v<T>, "needs upTo");
    } else if constexpr (std::is_signed_v<T>) {
      uint64_t number = unsignedInt();
      int64_t whole = int64_t(number >> 1 ^ (~(number & 1) + 1));
      value = T(whole);
      if (value != whole)
        fail();
    } else if constexpr (std::is_unsigned_v<T>) {
      uint64_t number = unsignedInt();
      value = T(number);
      if (value != number)
        fail();
    } else if constexpr (std::is_same_v<T, std::string>) {
      text(value);
    } else {
      archive(*this, value);
    }
  }
  template <typename Tag> void get(Id<Tag> &id) {
    uint64_t number = unsignedInt();
    if (number > UINT32_MAX)
      fail();
    else
      id = number ? Id<Tag>(uint32_t(number - 1)) : Id<Tag>();
  }
  template <typename T> void get(std::vector<T> &list) {
    uint64_t count = unsignedInt();
    // Every element has at least a byte.
    if (count > rest.size())
      return fail();
    // It may be a lie all the same: room as it fills up.
    list.clear();
    list.reserve(std::min<uint64_t>(count, 64));
    for (; count > 0 && !bad; --count)
      get(list.emplace_back());
  }
  template <typename K, typename V> void get(std::map<K, V> &map) {
    map.clear();
    for (uint64_t count = unsignedInt(); count > 0 && !bad; --count) {
      K key{};
      V value{};
      get(key);
      get(value);
      map.emplace(std::move(key), std::move(value));
    }
  }
  template <typename T, size_t N> void get(std::array<T, N> &list) {
    for (T &value : list)
      get(value);
  }
  uint64_t unsignedInt();
  void text(std::string &value);
  void fail() {
    bad = true;
    rest = {};
  }

  llvm::StringRef rest;
  std::vector<llvm::StringRef> texts;
  size_t copied = 0; ///< bytes of texts handed out
  bool bad = false;
};

} // namespace mdlcheck

#endif // MDLCHECK_SUPPORT_ARCHIVE_H
