//===-- FunctionVerifier.h - checks one function ----------------*- C++ -*-
//===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_IR_FUNCTIONVERIFIER_H
#define MDLCHECK_IR_FUNCTIONVERIFIER_H

#include "ir/Ir.h"

#include "llvm/ADT/Twine.h"

#include <string>
#include <vector>

namespace mdlcheck::ir {

/// Only integers are signed, and void has no size: types that differ in what
/// means nothing would still compare as different.
inline bool isSane(Type t) {
  return (!t.isSigned || t.kind == TypeKind::Int) &&
         (t.kind != TypeKind::Void || t.size == 0);
}

inline bool isVoid(Type t) { return t.kind == TypeKind::Void; }

/// Checks a function whose declaration is there.
class FunctionVerifier {
public:
  FunctionVerifier(const Unit &unit, const Function &f,
                   std::vector<std::string> &problems)
      : unit(unit), f(f), problems(problems) {}
  void verify();

private:
  const Unit &unit;
  const Function &f;
  std::vector<std::string> &problems;
  std::string where; ///< of the block and instruction being checked

  void report(const llvm::Twine &what);
  std::string blockName(BlockId id) const;
  void at(size_t block);
  void at(size_t block, size_t instr);

  bool isExit(size_t block) const {
    return block == f.exit.value || block == f.unwindExit.value;
  }
  bool inRange(BlockId id) const { return id.value < f.blocks.size(); }
  const Expr *find(ExprId id) const {
    return id.value < f.exprs.size() ? &f.exprs[id.value] : nullptr;
  }

  void checkHead();
  void checkSpan(const Span &span);
  void checkExpr(const Expr &e);
  void checkOperands(const Expr &e);
  void checkIndex(const Expr &e);
  void checkAcyclic();
  void checkInstr(const Instr &i);
  void checkAddress(ExprId id, const llvm::Twine &what);
  void checkValue(ExprId id, const llvm::Twine &what);
  void checkAccess(const Instr &i);
  void checkCall(const Instr &i);
  void checkBlock(size_t n);
  bool endsControl(const Block &b) const;
  void checkReachable();

  // Temporaries.
  void checkTemps();
  void checkTempTypes();
  template <typename Use> void forEachTemp(ExprId root, Use use);
  template <typename Use> void forEachUse(const Instr &i, Use use);
  std::vector<unsigned> visited; ///< expression -> last walk that saw it
  unsigned walk = 0;
};

} // namespace mdlcheck::ir

#endif // MDLCHECK_IR_FUNCTIONVERIFIER_H
