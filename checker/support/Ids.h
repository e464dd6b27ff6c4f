//===-- Ids.h - strongly typed indices ------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_SUPPORT_IDS_H
#define MDLCHECK_SUPPORT_IDS_H

#include <cstdint>
#include <functional>

namespace mdlcheck {

/// An index into one particular table. Two ids of different tags do not
/// compare or convert, so a block cannot be used where a local is meant.
/// The default value is "none".
template <typename Tag> struct Id {
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t value = kNone;

  constexpr Id() = default;
  constexpr explicit Id(uint32_t v) : value(v) {}

  constexpr bool valid() const { return value != kNone; }
  constexpr explicit operator bool() const { return valid(); }
  friend constexpr bool operator==(Id a, Id b) { return a.value == b.value; }
  friend constexpr bool operator!=(Id a, Id b) { return a.value != b.value; }
  friend constexpr bool operator<(Id a, Id b) { return a.value < b.value; }
};

} // namespace mdlcheck

template <typename Tag> struct std::hash<mdlcheck::Id<Tag>> {
  size_t operator()(mdlcheck::Id<Tag> id) const { return id.value; }
};

#endif // MDLCHECK_SUPPORT_IDS_H
