//===-- FieldReleases.h - what becomes of stored objects ------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Is there any function in a program that releases what a member of the
// program's own records points to, or hands it on? States are not asked: a
// value that was read from the member and ends up anywhere it could be
// released from counts, whether or not that ever happens.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_PROGRAM_FIELDRELEASES_H
#define MDLCHECK_PROGRAM_FIELDRELEASES_H

#include "engine/Graph.h"

#include <set>

namespace mdlcheck::program {

class FieldReleases {
public:
  /// `graph` is of a whole program.
  FieldReleases(const engine::UnitGraph &graph, const contract::RuleSet &rules);

  /// Was all of the program seen, so that what is not found is not there?
  bool isComplete() const { return complete; }
  bool isReleased(ir::FieldId field) const {
    return released.contains(field.value);
  }

private:
  /// Where a value may come from, inside one function.
  struct Source {
    enum class Kind : uint8_t {
      Field,     ///< was read from field `index`
      FieldAddr, ///< is the address of field `index`
      Param,     ///< was passed as parameter `index`
      Pointee,   ///< was read through parameter `index`
      LocalAddr, ///< is the address of local `index`
    };
    Kind kind;
    uint32_t index;
    friend auto operator<=>(const Source &, const Source &) = default;
  };
  using Sources = std::set<Source>;
  struct Function {
    std::vector<Sources> temps, locals;
    Sources result;
    /// Parameters, and what they point to, that are released or handed on.
    std::set<Source> gone;
  };

  void analyse(uint32_t function);
  Sources sourcesOf(const Function &f, const ir::Function &body,
                    ir::ExprId value) const;
  Sources readFrom(const Function &f, const ir::Function &body,
                   ir::ExprId addr) const;
  void flowCall(uint32_t function, const ir::Instr &call);
  void give(Function &f, const Sources &value, bool address);
  bool releases(const contract::Contract &contract, uint32_t param) const;
  bool isSeen() const;

  const engine::UnitGraph &graph;
  const contract::RuleSet &rules;
  std::vector<Function> functions;
  std::set<uint32_t> released;
  bool changed = false;
  bool complete = true;
};

} // namespace mdlcheck::program

#endif // MDLCHECK_PROGRAM_FIELDRELEASES_H
