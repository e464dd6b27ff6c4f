//===-- VerifierTemps.cpp - checks temporaries ------------------*- C++ -*-
//===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ir/FunctionVerifier.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

using namespace mdlcheck;
using namespace mdlcheck::ir;
using llvm::Twine;

template <typename Use>
void FunctionVerifier::forEachTemp(ExprId root, Use use) {
  visited.resize(f.exprs.size());
  ++walk;
  llvm::SmallVector<ExprId, 16> work{root};
  while (!work.empty()) {
    ExprId id = work.pop_back_val();
    const Expr *e = find(id);
    if (!e || visited[id.value] == walk)
      continue;
    visited[id.value] = walk;
    if (e->kind == ExprKind::Temp && e->index < f.numTemps)
      use(*e);
    work.append({e->rhs, e->lhs});
  }
}

template <typename Use>
void FunctionVerifier::forEachUse(const Instr &i, Use use) {
  for (ExprId id : {i.addr, i.value, i.target, i.resultAddr})
    forEachTemp(id, use);
  for (const CallArg &arg : i.args)
    forEachTemp(arg.value, use);
}

/// A temporary has one type, wherever it is assigned and used.
void FunctionVerifier::checkTempTypes() {
  llvm::DenseMap<uint32_t, Type> types;
  auto check = [&](uint32_t temp, Type type) {
    Type first = types.try_emplace(temp, type).first->second;
    if (first.kind != type.kind || first.size != type.size)
      report("%" + Twine(temp) + " has another type elsewhere");
  };
  for (size_t n = 0; n < f.blocks.size(); ++n)
    for (size_t k = 0; k < f.blocks[n].instrs.size(); ++k) {
      const Instr &i = f.blocks[n].instrs[k];
      at(n, k);
      if (i.dst.value < f.numTemps)
        check(i.dst.value, i.type);
      forEachUse(i, [&](const Expr &e) { check(e.index, e.type); });
    }
}

/// On every path from the entry a temporary is assigned before it is used. An
/// exception may be raised before the first instruction of a block has had
/// its effect, so what holds at the start of a block is all that holds where
/// it unwinds to.
void FunctionVerifier::checkTemps() {
  // Many functions assign few of them: only those count.
  llvm::DenseMap<uint32_t, unsigned> dense;
  for (const Block &b : f.blocks)
    for (const Instr &i : b.instrs)
      if (i.dst.value < f.numTemps)
        dense.try_emplace(i.dst.value, dense.size());

  auto define = [&](const Instr &i, llvm::BitVector &assigned) {
    if (i.dst.value < f.numTemps)
      assigned.set(dense.lookup(i.dst.value));
  };
  std::vector<llvm::BitVector> in(f.blocks.size(),
                                  llvm::BitVector(dense.size(), true));
  std::vector<bool> queued(f.blocks.size()), seen(f.blocks.size());
  llvm::SmallVector<BlockId, 32> work;
  auto flow = [&](BlockId to, const llvm::BitVector &state) {
    if (!inRange(to))
      return;
    llvm::BitVector &target = in[to.value];
    bool changed = !seen[to.value] || target.test(state);
    if (!changed)
      return;
    seen[to.value] = true;
    target &= state;
    if (!queued[to.value]) {
      queued[to.value] = true;
      work.push_back(to);
    }
  };
  flow(f.entry, llvm::BitVector(dense.size()));
  while (!work.empty()) {
    BlockId id = work.pop_back_val();
    queued[id.value] = false;
    const Block &b = f.blocks[id.value];
    llvm::BitVector state = in[id.value];
    if (!isExit(id.value))
      flow(b.unwind, state);
    for (const Instr &i : b.instrs)
      define(i, state);
    for (BlockId succ : b.succs)
      flow(succ, state);
  }

  for (size_t n = 0; n < f.blocks.size(); ++n) {
    llvm::BitVector state = in[n];
    for (size_t k = 0; k < f.blocks[n].instrs.size(); ++k) {
      const Instr &i = f.blocks[n].instrs[k];
      at(n, k);
      forEachUse(i, [&](const Expr &e) {
        auto it = dense.find(e.index);
        if (it == dense.end())
          report("%" + Twine(e.index) + " is used and assigned nowhere");
        else if (!state.test(it->second))
          report("%" + Twine(e.index) +
                 " is used and not assigned on every path to here");
      });
      define(i, state);
    }
  }
}
