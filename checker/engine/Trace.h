//===-- Trace.h - what happened on the way --------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_ENGINE_TRACE_H
#define MDLCHECK_ENGINE_TRACE_H

#include "contract/Contract.h"
#include "domain/State.h"
#include "ir/Ir.h"

#include "llvm/Support/Allocator.h"

#include <set>
#include <string>

namespace mdlcheck::domain {

/// A step of a path. Steps hang together backwards, so that states share the
/// part of their past that they have in common. The words are made only when
/// a finding is reported.
struct TraceNode {
  enum class Kind : uint8_t {
    Assume,  ///< instr: the Assume, its condition was open before
    Facet,   ///< `object`, called `name`, went to facet:state
    Irql,    ///< the IRQL became [lo, hi]
    Outcome, ///< outcome's note
    Call,    ///< instr: the call; sub: what happened inside; name: of the
             ///< callee, where instr does not tell
    Raise,   ///< instr raised an exception
    Given,   ///< instr: a call that gave something tracked to a function
             ///< nothing is known about; not shown
    Acquire, ///< the lock called `name` was taken; [lo, hi] as for Irql,
             ///< which may be as before
    Release, ///< and let go
    Join,    ///< the past is that of `prev` and that of `sub`
  };
  Kind kind = Kind::Assume;
  contract::FacetState state = 0;
  contract::FacetId facet;
  TermId object; ///< comparable with those of the same activation only
  uint32_t function = 0;
  int irqlLo = 0;
  int irqlHi = 0;
  const ir::Instr *instr = nullptr;
  const std::string *name = nullptr;
  const contract::Outcome *outcome = nullptr;
  const TraceNode *sub = nullptr;
  const TraceNode *prev = nullptr;
};

} // namespace mdlcheck::domain

namespace mdlcheck::engine {

using domain::TraceNode;

/// Owns all steps and names of an analysis.
class TraceArena {
public:
  const TraceNode *push(TraceNode node, const TraceNode *prev) {
    node.prev = prev;
    return new (nodes.Allocate()) TraceNode(node);
  }
  /// The past of a state that was joined from two.
  const TraceNode *join(const TraceNode *a, const TraceNode *b) {
    if (a == b)
      return a;
    TraceNode node;
    node.kind = TraceNode::Kind::Join;
    node.sub = b;
    return push(node, a);
  }
  const std::string *intern(std::string text) {
    return &*names.insert(std::move(text)).first;
  }

private:
  llvm::SpecificBumpPtrAllocator<TraceNode> nodes;
  std::set<std::string> names;
};

} // namespace mdlcheck::engine

#endif // MDLCHECK_ENGINE_TRACE_H
