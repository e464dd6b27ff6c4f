//===-- Components.cpp - strongly connected components --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Components.h"

#include "llvm/ADT/GraphTraits.h"
#include "llvm/ADT/SCCIterator.h"

using namespace mdlcheck::engine;

namespace {

struct Node {
  uint32_t id = 0;
  std::vector<Node *> next;
};

} // namespace

template <> struct llvm::GraphTraits<Node *> {
  using NodeRef = Node *;
  using ChildIteratorType = std::vector<Node *>::iterator;
  static NodeRef getEntryNode(NodeRef node) { return node; }
  static ChildIteratorType child_begin(NodeRef node) {
    return node->next.begin();
  }
  static ChildIteratorType child_end(NodeRef node) { return node->next.end(); }
};

std::vector<std::vector<uint32_t>>
mdlcheck::engine::components(const std::vector<std::vector<uint32_t>> &next,
                             uint32_t root) {
  std::vector<Node> nodes(next.size());
  for (uint32_t i = 0; i < next.size(); ++i) {
    nodes[i].id = i;
    for (uint32_t to : next[i])
      nodes[i].next.push_back(&nodes[to]);
  }
  std::vector<std::vector<uint32_t>> result;
  for (auto it = llvm::scc_begin(&nodes[root]); !it.isAtEnd(); ++it) {
    result.emplace_back();
    for (const Node *node : *it)
      result.back().push_back(node->id);
  }
  return result;
}
