//===-- Callbacks.h - functions that are called by pointer ----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which functions the system calls, and as what; and where calls through
// pointers go. Both come from looking once at every place of the program that
// takes the address of a function: what states know of pointers comes on top.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_ENGINE_CALLBACKS_H
#define MDLCHECK_ENGINE_CALLBACKS_H

#include "contract/RuleSet.h"
#include "ir/Ir.h"

#include "llvm/ADT/SmallVector.h"

#include <map>
#include <set>
#include <vector>

namespace mdlcheck::engine {

class Callbacks {
public:
  /// By name.
  using Roles = llvm::SmallVector<const contract::Role *, 1>;

  /// `contracts` by DeclId, as in UnitGraph.
  Callbacks(const ir::Unit &unit, const contract::RuleSet &rules,
            const std::vector<const contract::Contract *> &contracts);

  /// By function: the roles it is registered or declared for, in order.
  std::vector<Roles> roles;

  /// What the pointer `target` of a call in `f` may point to, in order; nothing
  /// when that is not known, or too much.
  std::vector<ir::DeclId> targetsOf(const ir::Function &f,
                                    ir::ExprId target) const;

private:
  /// What may lie in some storage, as far as it is a pointer to a function.
  struct Values {
    std::set<uint32_t> functions; ///< decls
    bool others = false;          ///< and something else
    void add(const Values &v) {
      functions.insert(v.functions.begin(), v.functions.end());
      others |= v.others;
    }
  };
  /// Where a pointer comes from: one of them, or none.
  struct Origin {
    enum class Kind : uint8_t { None, Null, Function, Field, Global, Local };
    Kind kind = Kind::None;
    uint32_t index = 0;
  };

  Origin storageOf(const ir::Function &f, ir::ExprId addr) const;
  Origin originOf(const ir::Function &f, ir::ExprId value) const;
  void findStores(const ir::Function &f);
  void findEscapes(const ir::Function &f, ir::ExprId id);
  void findTables();
  bool findRoles(const ir::Function &f);
  bool take(const ir::Function &f, ir::ExprId value,
            const contract::Role *role);
  bool takeAll(const ir::Function &f, ir::ExprId value, const Roles &of);

  const ir::Unit &unit;
  const contract::RuleSet &rules;
  const std::vector<const contract::Contract *> &contracts;
  std::vector<const contract::Role *> fieldRoles; ///< by FieldId
  std::vector<Values> fields, globals;
  /// By function and local: what is stored there.
  std::vector<std::map<uint32_t, Values>> locals;
  /// By function and temporary: the load that makes it.
  std::vector<std::vector<const ir::Instr *>> loads;
  /// By function and parameter: the roles of what is passed there.
  std::vector<std::vector<Roles>> paramRoles;
};

} // namespace mdlcheck::engine

#endif // MDLCHECK_ENGINE_CALLBACKS_H
