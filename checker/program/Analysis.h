//===-- Analysis.h - the one call hosts make ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_PROGRAM_ANALYSIS_H
#define MDLCHECK_PROGRAM_ANALYSIS_H

#include "contract/Finding.h"
#include "contract/RuleSet.h"
#include "ir/Ir.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace mdlcheck::program {

struct AnalysisResult;

struct AnalysisOptions {
  /// What one function, with its callees, may cost: the passes over it get
  /// shares and multiples of so many states (engine/Engine.h).
  unsigned stateBudget = 60000;
  /// The unit may be all of a program (it is when it has a routine to start
  /// with): what nothing in it does, nobody does.
  bool wholeProgram = false;
  /// Members ("record::name") that code outside of the unit mentions.
  std::set<std::string> mentionedOutside;
  /// Of a program: what its units came to by themselves. They count for all
  /// that stays inside of one unit; only what does not is looked at again, and
  /// the result is that of both. Empty: nothing is known yet.
  std::vector<const AnalysisResult *> units;
};

/// A function of some unit, or of a header.
struct FunctionRef {
  std::string name;
  contract::Location where;
  friend auto operator<=>(const FunctionRef &, const FunctionRef &) = default;
};

/// What the analysis of one unit says of it to whoever looks at a program.
struct UnitFacts {
  std::string mainFile;
  /// Functions that hand no object, exception or changed IRQL to callers, as
  /// far as the unit shows.
  std::vector<FunctionRef> closed; ///< sorted
  /// Functions that call nothing outside of the unit at a raised IRQL.
  std::vector<FunctionRef> level; ///< sorted
  /// The outermost functions, with the names of the roles they had.
  std::map<FunctionRef, std::vector<std::string>> entries;
  /// Objects that stay behind in a member ("record::name").
  struct Kept {
    std::string field;
    contract::Finding finding;
  };
  std::vector<Kept> kept;
};

/// What was looked at and what was not, so that silence is never mistaken for
/// a clean bill.
struct Coverage {
  unsigned functionsDefined = 0;
  unsigned functionsAnalysed = 0;
  struct Function {
    std::string name;
    contract::Location where;
    std::string reason;
    friend auto operator<=>(const Function &, const Function &) = default;
  };
  std::vector<Function> skipped; ///< not lowered, and why
  std::vector<Function> limited; ///< analysed with less precision, and why
  /// Functions without body and contract that were given a tracked object,
  /// and in how many calls.
  std::map<std::string, unsigned> unknownCallees;
};

struct Stats {
  unsigned blocks = 0;
  unsigned instructions = 0;
  uint64_t statesVisited = 0;
  uint64_t summaries = 0;
  uint64_t summaryHits = 0;
};

struct AnalysisResult {
  std::vector<contract::Finding> findings; ///< sorted, without repetitions
  Coverage coverage;
  Stats stats;
  UnitFacts facts;
  /// Of the time it took, in seconds, over all threads: asking again whether
  /// what was found can be. 0 for what was known already.
  double retraceSeconds = 0;
};

/// Members that the units without a routine to start with mention: those may
/// belong to any of the others.
std::set<std::string> mentionedByLibraries(const std::vector<ir::Unit> &units,
                                           const contract::RuleSet &rules);

/// Analyses one unit as a program of its own. Deterministic; thread-safe for
/// different units.
AnalysisResult analyze(const ir::Unit &unit, const contract::RuleSet &rules,
                       const AnalysisOptions &options = {});

} // namespace mdlcheck::program

#endif // MDLCHECK_PROGRAM_ANALYSIS_H
