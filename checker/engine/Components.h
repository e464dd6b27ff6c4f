//===-- Components.h - strongly connected components ----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_ENGINE_COMPONENTS_H
#define MDLCHECK_ENGINE_COMPONENTS_H

#include <cstdint>
#include <vector>

namespace mdlcheck::engine {

/// The strongly connected components of what is reached from `root`, each after
/// all those it leads to. The last member of one is where it was come upon.
/// `next` holds the successors of each node.
std::vector<std::vector<uint32_t>>
components(const std::vector<std::vector<uint32_t>> &next, uint32_t root);

} // namespace mdlcheck::engine

#endif // MDLCHECK_ENGINE_COMPONENTS_H
