//===-- Crossings.h - what crosses the borders of units -------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The units of a program are analysed by themselves first. What such an
// analysis found holds in the program, too, unless the function calls into
// other units that hand it an object, an exception or another IRQL, is called
// from there itself, or is registered there. Only such functions are looked at
// once more, with the bodies of all.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_PROGRAM_CROSSINGS_H
#define MDLCHECK_PROGRAM_CROSSINGS_H

#include "engine/Graph.h"
#include "program/Analysis.h"

namespace mdlcheck::program {

class Crossings {
public:
  /// Without `units`, everything is still to be looked at. Closes in `graph`
  /// what need not be.
  Crossings(engine::UnitGraph &graph,
            const std::vector<const AnalysisResult *> &units);

  /// Does following the function in the program show more than in its unit?
  bool crosses(uint32_t function) const { return crossing.test(function); }
  /// Decides anew, with what is known of its callees by now.
  void settle(uint32_t function);
  /// `finding` was made with an outermost function of a unit that other units
  /// call: what it says of its callers is not for the unit to say.
  bool isForCallers(const contract::Finding &finding) const;

private:
  bool isForeign(uint32_t callee, uint32_t caller) const;
  /// By function: those of other units whose address it takes.
  std::vector<std::vector<uint32_t>> mentioned;
  bool showsMore(uint32_t function) const;
  void findSuperseded();

  engine::UnitGraph &graph;
  std::vector<bool> isMain; ///< by file of the unit: the source of some unit
  llvm::BitVector crossing;
  llvm::BitVector closedAlone; ///< as their units say
  llvm::BitVector level;       ///< the same of UnitFacts::level
  llvm::BitVector registered;  ///< by another unit
  /// Names and files of functions that are outermost in their units only.
  std::set<std::pair<std::string, std::string>> superseded;
};

/// `function` as it is called outside of its unit.
FunctionRef refTo(const ir::Unit &unit, uint32_t function);

} // namespace mdlcheck::program

#endif // MDLCHECK_PROGRAM_CROSSINGS_H
