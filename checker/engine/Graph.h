//===-- Graph.h - what the solver asks about a graph ----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_ENGINE_GRAPH_H
#define MDLCHECK_ENGINE_GRAPH_H

#include "contract/RuleSet.h"
#include "engine/Callbacks.h"
#include "ir/Ir.h"

#include "llvm/ADT/BitVector.h"

#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace mdlcheck::engine {

/// Facts about one function's graph that do not depend on states.
struct FunctionGraph {
  struct BlockInfo {
    uint32_t order = UINT32_MAX; ///< all of a loop before what comes after it;
                                 ///< unreached: max
    bool loopHead = false;       ///< every cycle passes one
    bool join = false;           ///< has several predecessors
    bool mayReachExit = false;   ///< along normal edges
    uint32_t leadingAssumes = 0;
    llvm::BitVector liveLocals; ///< read before written, from here on
    llvm::BitVector liveTemps;
  };
  std::vector<BlockInfo> blocks;
  /// Locals whose address is used other than to load and store them.
  llvm::BitVector addressTaken;
  /// The Load that defines a temporary, for naming; null when it is not one.
  std::vector<const ir::Instr *> tempLoads;
  /// First instruction key per block; keys are unique in the unit and not 0.
  std::vector<uint32_t> firstKey;

  uint32_t key(ir::BlockId block, size_t instr) const {
    return firstKey[block.value] + uint32_t(instr);
  }
};

/// What a function's body, and those of the functions it calls, can do that
/// matters to some rule.
struct Relevance {
  bool facets = false;     ///< touches objects of some automaton
  bool irqlChange = false; ///< changes the IRQL
  bool locks = false;      ///< takes locks or lets them go
  bool irqlLimit = false;  ///< calls something with a limit
  bool raises = false;
  /// Changes the states of what members of its arguments point to.
  bool members = false;
  bool loops = false;
  uint32_t weight = 0; ///< blocks, open callees included, saturating
  /// It hands no object, exception or changed IRQL to its callers: what is
  /// wrong in it is found without them (UnitGraph::close).
  bool closed = false;
  friend bool operator==(const Relevance &, const Relevance &) = default;
  bool any() const {
    return facets || irqlChange || irqlLimit || raises || locks;
  }
  /// Could any rule be violated when this is the outermost function?
  bool worthEntering() const { return facets || locks || irqlChange; }
};

class UnitGraph;

/// From which blocks and functions control can come to one instruction.
class SiteReach {
public:
  /// `site` is an instruction key.
  SiteReach(const UnitGraph &graph, uint32_t site);
  /// Can a call of `function` come to the site?
  bool within(uint32_t function) const { return functions.test(function); }
  /// Can it be reached from the start of `block`, without returning?
  bool from(uint32_t function, ir::BlockId block);

private:
  const UnitGraph &graph;
  uint32_t site;
  llvm::BitVector functions;
  std::vector<llvm::BitVector> blocks; ///< by function; empty: not asked yet
};

/// A unit with everything that is worked out once before solving.
class UnitGraph {
public:
  UnitGraph(const ir::Unit &unit, const contract::RuleSet &rules);

  const ir::Unit &unit;
  std::vector<FunctionGraph> functions; ///< as in unit.functions
  std::vector<Relevance> relevance;     ///< as in unit.functions
  /// By DeclId: the contract that describes calls of it, or null.
  std::vector<const contract::Contract *> contracts;
  /// By DeclId: what annotations say, or null. Where there is no contract, all
  /// of it counts for calls of a function without a body, and of one with a
  /// body the limits on entry.
  std::vector<const contract::Contract *> annotated;
  /// What annotations allow, else PASSIVE_LEVEL to DISPATCH_LEVEL.
  std::pair<int, int> entryLevels(uint32_t function) const;
  /// Which functions the system calls, and where calls through pointers go.
  std::optional<Callbacks> callbacks;
  /// By FieldId: views and sources of that field.
  std::vector<std::vector<const contract::Automaton::View *>> views;
  std::vector<std::vector<const contract::Automaton::Source *>> sources;
  /// By AutomatonId: fields of the unit that show its facets.
  std::vector<std::vector<ir::FieldId>> viewFields;
  bool anyViews = false;
  /// Facets some rule asks for, as a bit mask by FacetId: what states are told
  /// apart by.
  uint32_t keyFacets = 0;
  /// Functions nobody in the unit calls directly, and those whose address is
  /// taken, first; then the others.
  std::vector<uint32_t> entries;
  std::vector<uint32_t> others;
  std::vector<std::vector<uint32_t>> callers; ///< by function, direct calls
  /// Functions whose address is taken: what a call through a pointer may mean.
  llvm::BitVector addressTaken;
  /// Levels that a function is entered at when nothing is known of its caller:
  /// those its annotations allow, else those its roles give, else
  /// PASSIVE_LEVEL to DISPATCH_LEVEL.
  struct Levels {
    int min = 0;
    int max = 2;
  };
  Levels levelsOf(uint32_t function) const;
  /// Could any rule be violated when `function` is the outermost one?
  bool worthEntering(uint32_t function) const;
  /// All functions, callees before their callers.
  std::vector<uint32_t> bottomUp;

  /// Callers of `function` need not follow it any more, unless they give it
  /// an object or an IRQL. What is known of them changes with refresh().
  void close(uint32_t function) { relevance[function].closed = true; }
  void open(uint32_t function) { relevance[function].closed = false; }
  /// The function an instruction key belongs to.
  uint32_t functionOf(uint32_t key) const;
  const ir::Instr &instrAt(uint32_t key) const;
  /// Works out again what matters of `function`, from its callees.
  void refresh(uint32_t function);

  /// Functions with bodies that `function` may call, in order.
  llvm::ArrayRef<uint32_t> calleesOf(uint32_t function) const {
    return callees[function];
  }
  /// Does it look at members that contracts change what they point to?
  bool looksAtMembers(uint32_t function) const { return looks.test(function); }
  /// What a call may call, as far as that does not depend on states.
  std::vector<ir::DeclId> calleesOf(const ir::Function &f,
                                    const ir::Instr &call) const;

  /// Offset of record::field in this unit; -1 when it is never mentioned.
  int64_t fieldOffset(llvm::StringRef record, llvm::StringRef field,
                      ir::Type &type) const;
  /// The same; for a member that the unit never mentions a place that nothing
  /// else uses, below 0.
  int64_t placeOffset(llvm::StringRef record, llvm::StringRef field,
                      ir::Type &type) const;

  /// Can the code of `function` be paged out?
  bool isPaged(uint32_t function) const;

private:
  void readAnnotations(const contract::RuleSet &rules);
  void findPagedCode(const contract::RuleSet &rules);
  bool isFilledHere(ir::FieldId field,
                    const contract::Automaton::Source &source) const;
  void buildFunction(uint32_t index, uint32_t &nextKey);
  void findEntries();
  void findRelevance();
  bool looksAt(const ir::Function &f, const contract::Expr &object) const;
  void addContract(uint32_t function, const ir::Instr &call,
                   const contract::Contract &contract, bool unwinds);
  void findOrder();

  std::deque<contract::Contract> ownAnnotated;
  llvm::BitVector paged;      ///< by DeclId
  std::vector<Relevance> own; ///< without callees
  /// Functions that look at a member whose object some callee may change.
  llvm::BitVector looks;
  std::vector<std::vector<uint32_t>> callees;
  std::vector<uint32_t> component; ///< of functions that call each other
  std::vector<std::vector<uint32_t>> raisers; ///< whose exceptions get out
};

} // namespace mdlcheck::engine

#endif // MDLCHECK_ENGINE_GRAPH_H
