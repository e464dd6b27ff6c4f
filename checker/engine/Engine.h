//===-- Engine.h - property simulation ------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// States flow along the graph of a function; contracts and summaries say what
// each callee does. At a join, states with the same automaton part become one
// once there are more of them than EngineOptions::keepApart; a finding that
// rests on such a joined state says so (Report::merged), and the caller runs
// the function again with more room before it believes it.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_ENGINE_ENGINE_H
#define MDLCHECK_ENGINE_ENGINE_H

#include "contract/Finding.h"
#include "contract/RuleSet.h"
#include "domain/Lattice.h"
#include "engine/Graph.h"
#include "engine/Trace.h"

#include "llvm/ADT/DenseMap.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace mdlcheck::engine {

using domain::RaiseInfo;
using domain::State;
using domain::TermId;
using domain::TermTable;
using domain::ValueType;

/// Order in which reports are kept apart; one mistake is one report however
/// many paths and copies of a finally part lead to it.
struct ReportKey {
  uint32_t rule;
  Span span;
  std::string object;
  friend bool operator<(const ReportKey &a, const ReportKey &b) {
    return std::tie(a.span, a.rule, a.object) <
           std::tie(b.span, b.rule, b.object);
  }
};

/// Assumes that a path passes.
using Decisions = std::set<const ir::Instr *>;

struct EngineOptions {
  /// States with one automaton part that are kept apart at a block.
  unsigned keepApart = 8;
  /// The same while no object is in view and nothing but values tells states
  /// apart.
  unsigned keepValues = 8;
  /// Callees that cannot break a rule where they are called are taken as
  /// unknown. What is found behind one is as doubtful as on joined states.
  bool skipIrrelevant = false;
  /// Arrivals at a loop head with one automaton part before widening.
  unsigned unroll = 5;
  /// The same while no object is in view.
  unsigned unrollValues = 5;
  /// Objects made or first seen at one place that are kept in view.
  unsigned perSite = 4;
  /// A callee with more blocks than this, those of its own callees included,
  /// that is given nothing tracked is analysed once for all callers like this,
  /// with unknown arguments: as a module. 0: none is. What is found behind or
  /// inside one is as doubtful as on joined states.
  unsigned moduleWeight = 0;
  /// States processed in one activation of a function; beyond it the
  /// activation is cut short and says so.
  unsigned activationBudget = 6000;
  /// The same for everything under one entry.
  unsigned entryBudget = 60000;
  /// Nested activations before a call is taken as unknown.
  unsigned callDepth = 12;
  /// When set, only objects made at this site are tracked. Keeping one object
  /// in view at a time is polynomial where all together are exponential.
  /// Paths that have nothing to do with it are not followed to their end.
  std::optional<uint32_t> focus;
  /// As `focus`: no object at all. What remains are the IRQL, exceptions, and
  /// the places where objects would be made (EntryResult::sites).
  static constexpr uint32_t kNoSite = UINT32_MAX;
  /// When set, a branch that has a way in here is only taken that way: the
  /// run retraces one path (Report::decisions), exactly.
  const Decisions *guide = nullptr;
  /// When set, the run may stop once it has found these, on joined states
  /// too if `anyWill`.
  const std::set<ReportKey> *wanted = nullptr;
  bool anyWill = false;
};

/// A violation as the engine sees it.
struct Report {
  contract::Finding finding;
  /// Only found on states that were joined.
  bool merged = false;
  /// Where the object was made or first seen; EngineOptions::kNoSite when it
  /// is about none.
  uint32_t site = EngineOptions::kNoSite;
  /// When it is merged: the conditions that any of the joined paths takes.
  Decisions decisions;
};

using ReportMap = std::map<ReportKey, Report>;

/// An object that is still to be released when the function is done, and can
/// be reached through `field` only: somebody in the program has to do it.
struct Kept {
  ir::FieldId field;
  contract::Finding finding;
};

struct EntryResult {
  ReportMap reports;
  std::map<ReportKey, Kept> kept;
  bool budgetHit = false;
  std::set<std::string> limits; ///< what was coarsened, in words
  std::set<uint32_t> sites;     ///< sites at which objects were made
  std::set<uint32_t> modules;   ///< callees that were taken as modules
  /// Of a module: sites of objects that it hands to its caller.
  std::set<uint32_t> exported;
  /// Of a module: an exception leaves it, or another IRQL than it came with.
  bool leavesMark = false;
  /// It does something to an object that was there before.
  bool touchesGiven = false;
  /// A function without body or contract is called at a raised IRQL.
  bool callsOutRaised = false;
};

struct EngineStats {
  uint64_t states = 0;
  uint64_t summaries = 0;
  uint64_t summaryHits = 0;
};

class Engine {
public:
  Engine(const UnitGraph &graph, const contract::RuleSet &rules,
         EngineOptions options);

  /// Analyses the function with an unknown caller.
  EntryResult runEntry(uint32_t function);
  /// The state a function begins in when nothing is known of its caller.
  State unknownCaller(uint32_t function);
  /// A state that left a function, by an exception if `raised`.
  struct Exit {
    State state;
    bool raised = false;
  };
  /// What comes out of the function when a caller, who may handle what it
  /// raises, enters it in `entry`. For tests and debugging: what is found
  /// inside is not told.
  std::vector<Exit> runWith(uint32_t function, State entry);
  /// The terms of all states that go in and come out here.
  TermTable &termTable() { return terms; }
  /// Analyses the function as a module. Nothing that is found counts before
  /// a caller confirms it.
  const EntryResult &runModule(uint32_t function);

  EngineStats stats;
  /// Of modules, as far as they came up.
  std::map<uint32_t, EntryResult> modules;
  /// Functions an activation of which was computed.
  std::set<uint32_t> analysed;
  /// Functions without body and contract that were given a tracked object,
  /// and the calls (instruction keys) that did.
  std::map<std::string, std::set<uint32_t>> unknownCallees;

private:
  //===--- Solver.cpp: activations ---------------------------------------===//
  struct Activation {
    uint32_t function = 0;
    const Activation *caller = nullptr;
    const ir::Instr *callSite = nullptr;
    const TraceNode *callerTrace = nullptr;
    bool callerMerged = false;
    /// Somebody up the call chain may handle what this one raises.
    bool protectedByCaller = false;
    /// States that have nothing to do with the site in focus any more need
    /// not be followed: the caller makes up for them, or there is none.
    bool dropsIdle = false;
    unsigned depth = 0;
    std::vector<TermId> locksGiven; ///< that its caller knows of
    uint64_t statesUsed = 0;
    bool cut = false;
    /// Per block: states waiting, and for loop heads those seen.
    struct Seen {
      std::vector<State> states;
      std::map<uint64_t, std::pair<unsigned, size_t>> widened;
      std::set<uint64_t> hashes;
      unsigned arrivals = 0;
    };
    std::vector<std::vector<State>> pending;
    std::map<uint32_t, Seen> seen;
    std::set<std::pair<uint32_t, uint32_t>> worklist; ///< (order, block)
    std::vector<State> returned, raised;              ///< states that left
  };
  std::vector<Exit> enter(Activation &act, State entry, EntryResult &into);
  std::vector<Exit> run(Activation &act, State entry);
  bool arrive(Activation &act, ir::BlockId block, State state);
  bool admit(Activation &act, ir::BlockId block, State &state);
  void coarsen(std::vector<State> &states, ir::BlockId block,
               uint32_t function);
  void processBlock(Activation &act, ir::BlockId block, State state);
  void loseElements(State &state);
  void leave(Activation &act, State state, bool raised);
  void reportUnhandled(Activation &act, const State &state);
  void settleUnhandled(EntryResult &result);
  bool hasAllWanted() const;
  void dropDead(const Activation &act, ir::BlockId block, State &state);
  void trim(State &state);
  bool isGuidedAway(const ir::Function &f, const FunctionGraph &g,
                    const ir::Block &from, ir::BlockId to) const;
  bool isOver(const Activation &act, ir::BlockId block, const State &state);

  //===--- Transfer.cpp, Memory.cpp: instructions -------------------------===//
  /// Where in the program, for the functions below.
  struct Where {
    Activation &act;
    const ir::Function &function;
    const FunctionGraph &graph;
    ir::BlockId block;
    const ir::Instr *instr;
    uint32_t key;
  };
  using States = llvm::SmallVector<State, 2>;
  /// Executes one instruction on `state`: normal results to `out`, raised
  /// ones go along the unwind edge.
  void step(const Where &at, State state, States &out);
  TermId eval(const Where &at, State &state, ir::ExprId id);
  void load(const Where &at, State state, States &out);
  void store(const Where &at, State state, States &out);
  void copy(const Where &at, State state, States &out);
  bool assumeInstr(const Where &at, State &state);
  /// Checks an access through `address`; when it may fault, a state that
  /// raises goes along the unwind edge.
  void access(const Where &at, State &state, TermId address);
  bool faults(const Where &at, const State &state, TermId address,
              ir::ExprId pointer);
  /// Takes for granted that an access of `bytes` at `address` stays inside the
  /// memory there. False where it cannot: nothing of a path is left then.
  bool staysInside(State &state, TermId address, uint64_t bytes);
  /// Bytes a value of `type` takes in the store.
  static uint8_t entrySize(const ir::Type &type);
  TermId readMemory(const Where &at, State &state, TermId address,
                    const ir::Type &type, uint8_t bitOffset, uint8_t bitWidth);
  void writeMemory(const Where &at, State &state, TermId address, TermId value,
                   uint64_t size, uint8_t bitOffset, uint8_t bitWidth);
  void writtenBehind(State &state, const domain::Address &a);
  int64_t fieldsEnd(const contract::Automaton &automaton) const;
  void pointedBehind(const Where &at, int64_t size);
  bool mayBeFilledByHand(const domain::ObjectState &object,
                         const contract::FacetRequirement &required) const;
  void copyMemory(const Where &at, State &state, TermId to, TermId from,
                  uint64_t size);
  void zeroMemory(const Where &at, State &state, TermId to, uint64_t size);
  void havocRange(const Where &at, State &state, TermId address, int64_t lo,
                  int64_t hi);
  void refineViews(const Where &at, State &state);
  void applyView(State &state, ir::FieldId field, TermId base, TermId value);
  void endLifetime(const Where &at, State &state, ir::LocalId local);
  /// `state` with the temporaries that are still needed after `at`.
  State needed(const Where &at, const State &state) const;
  void raise(const Where &at, State state, contract::RuleId ifUncaught,
             TermId code, const contract::Outcome *outcome);
  /// Passes on an exception that a callee let through.
  void raiseFrom(const Where &at, State state, const RaiseInfo &from,
                 TermId code);

  //===--- Nulls.cpp: results of calls that failed ------------------------===//
  bool isNull(const State &state, TermId address);
  void reportNull(const Where &at, const State &state, TermId address,
                  ir::ExprId pointer);

  //===--- Calls.cpp, Conditions.cpp: contracts ---------------------------===//
  struct CallValues {
    llvm::SmallVector<TermId, 8> args;
    TermId result;
    const contract::Contract *contract = nullptr;
  };
  void call(const Where &at, State state, States &out);
  void callAny(const Where &at, State state, States &out);
  void callKnown(const Where &at, ir::DeclId callee, CallValues values,
                 State state, States &out);
  void applyContract(const Where &at, const contract::Contract &contract,
                     CallValues &values, State state, States &out);
  bool applyOutcome(const Where &at, const contract::Outcome &outcome,
                    CallValues &values, State &state);
  void unknownCall(const Where &at, CallValues &values, State &state,
                   bool mayEscape);
  TermId value(const Where &at, State &state, const contract::Expr &e,
               const CallValues &values);
  TermId place(const Where &at, State &state, const contract::Expr &e,
               const CallValues &values, uint8_t &size);
  std::optional<bool> holds(const Where &at, State &state,
                            const contract::Expr &e, const CallValues &values);
  bool assumeCondition(const Where &at, State &state, const contract::Expr &e,
                       const CallValues &values, bool truth);
  void setFacet(const Where &at, State &state, TermId object,
                contract::FacetId facet, contract::FacetState to,
                const std::string *name);
  void endMemory(const Where &at, State &state, TermId root);
  bool isRead(const Where &at, State &state, const contract::Expr &e,
              const CallValues &values);
  bool isGiven(TermId object) const;
  void limitPerSite(State &state, uint32_t site, TermId keep);
  /// Without `noted` the caller says so on the path.
  void setIrql(const Where &at, State &state, TermId irql, bool noted = true);
  void checkRequirements(const Where &at, const contract::Contract &contract,
                         CallValues &values, State &state);
  void checkUses(const Where &at, CallValues &values, State &state);
  void escape(State &state, TermId value, uint64_t lo, uint64_t hi,
              bool toUnknown = false);
  void bindResult(const Where &at, State &state, TermId result);
  const std::string *argumentName(const Where &at, const contract::Expr &e,
                                  const State &state, TermId base);

  //===--- Summaries.cpp: callees with bodies -----------------------------===//
  struct Summary {
    State entry;
    std::vector<Exit> exits;
    /// What was reported inside, and whether that rests on joined states.
    std::map<ReportKey, bool> reports;
    bool complete = false;
    bool recursive = false;
    bool changed = false;
    bool cut = false;
  };
  void lostInCallee(const Where &at, State &state, TermId callResult);
  void callBody(const Where &at, uint32_t callee, CallValues &values,
                State state, States &out);
  /// How a caller's symbols and objects are called inside a callee.
  struct Renaming {
    llvm::DenseMap<uint32_t, TermId> toCallee;
    std::vector<TermId> toCaller; ///< by canonical number
    std::vector<TermId> atoms;    ///< reached, in order
    bool module = false;
  };
  bool mayMatter(uint32_t callee, const CallValues &values,
                 const State &state) const;
  domain::AtomSet given(const CallValues &values, const State &state) const;
  bool givesTracked(const CallValues &values, const State &state) const;
  void forgetGiven(const CallValues &values, State &state) const;
  State enterCallee(uint32_t callee, const CallValues &values, State &caller,
                    Renaming &names);
  /// The caller's state after `exit`, if that can be; the callee's result in
  /// `result`.
  std::optional<State> returnFrom(const Where &at, uint32_t callee,
                                  const Exit &exit, const State &caller,
                                  const Renaming &names, TermId &result);
  /// `from` and `site` are where the outermost of several calls stands.
  /// What `callee` returns on this way out; invalid where nothing is known.
  TermId resultOf(uint32_t callee, const Exit &exit);
  Summary &summarize(const Activation &from, const ir::Instr *site,
                     bool guarded, uint32_t callee, const State &entry,
                     const TraceNode *trace, bool callerMerged,
                     bool asModule = false);

  //===--- Holding.cpp: objects that stay behind in memory
  //------------------===//
  void noteHolder(const Where &at, State &state, TermId address, TermId value);
  void noteHolders(const Where &at, const CallValues &values, State &state);
  void noteKept(const Activation &act, const State &state,
                const domain::ObjectState &object);

  //===--- Locks.cpp: what is held
  //-----------------------------------------===//
  bool allowsLocks(const Where &at, const contract::Outcome &outcome,
                   const CallValues &values, State &state);
  bool takesAgain(const Where &at, const contract::Outcome &outcome,
                  const CallValues &values, State &state);
  /// `before` is the IRQL before the call.
  void applyLocks(const Where &at, const contract::Outcome &outcome,
                  const CallValues &values, TermId before, State &state);
  void acquire(const Where &at, const CallValues &values,
               const contract::LockEffect &effect, domain::LockState lock,
               State &state);
  void release(const Where &at, const CallValues &values,
               const contract::LockEffect &effect, domain::LockState lock,
               State &state);
  void reportLock(const Where &at, const CallValues &values,
                  contract::Rule::Breaks what, const domain::LockState &lock,
                  const State &state);
  std::string lockName(const domain::LockState &lock) const;
  /// May two locks be one, as far as their names tell?
  bool mayBeSame(TermId a, TermId b) const;
  bool holdsGiven(const CallValues &values, const State &state) const;
  /// After a call of something that nothing is known about.
  void forgetLocks(const Where &at, const CallValues &values, State &state);
  void passLocks(const State &caller, State &entry,
                 llvm::function_ref<bool(TermId)> isPassed,
                 llvm::function_ref<TermId(TermId)> rename);
  void returnLocks(const State &exit, const State &caller, State &out,
                   llvm::function_ref<bool(TermId)> isPassed,
                   llvm::function_ref<TermId(TermId)> rename);
  void dropInner(const Activation &act, State &state) const;
  /// Can nobody restore the level any more once the function has returned?
  bool isLevelLost(const Activation &act, const State &state,
                   TermId saved) const;
  void checkBalance(const Activation &act, Span span, const State &state);

  //===--- PagedCode.cpp: code in sections that can be paged out
  //-----------===//
  void checkPagedCode(const Where &at, domain::Range before,
                      const State &after);
  void checkPagedEntry(const Activation &act, const State &entry);
  void reportPaged(const Activation &act, Span span, const State &state);
  bool isToldAsPaged(const Where &at, contract::RuleId rule) const;

  //===--- Levels.cpp: what the IRQL is and has to be
  //----------------------===//
  void checkLevels(const Where &at, const contract::Contract &contract,
                   CallValues &values, State &state);
  void checkMemoryLevel(const Where &at, const State &state,
                        const domain::ObjectState &object,
                        const contract::Automaton::Limit &limit);
  void afterAnnotated(const contract::Contract &contract, State &state);
  void loseLevel(const Where &at, State &state);
  bool isNeverSaved(const Where &at, TermId level) const;
  /// Is the last copy of a level that is still to be restored overwritten?
  bool losesLevel(const Where &at, const contract::Assignment &assign,
                  TermId place, uint8_t size, TermId value,
                  const CallValues &values, State &state);
  void checkRestored(const Where &at, const CallValues &values,
                     const domain::LockState &lock, State &state);
  void checkFloor(const Where &at, const CallValues &values, TermId before,
                  State &state);
  /// The level on the way out of the outermost function.
  void checkExitLevel(const Activation &act, Span span, const State &state,
                      bool isCalledBack);

  //===--- Registered.cpp: routines that the system calls
  //------------------===//
  void giveRole(uint32_t function, State &entry);
  void runRegistered(const Where &at, const contract::Registration &r,
                     const CallValues &values, State &state);
  void takeBack(const Where &at, const Summary &summary, const State &entry,
                const Renaming &names, State &state);

  //===--- Modules.cpp: callees that are analysed for all callers at once ===//
  bool isModule(uint32_t callee, const CallValues &values,
                const State &state) const;
  bool dropsIdle(uint32_t module) const;
  bool leavesMark(const Exit &exit, const State &entry);
  State enterModule(uint32_t callee, const CallValues &values,
                    const State &caller, Renaming &names);
  Summary &summarizeModule(uint32_t callee, const State &entry);
  /// What stands in the caller for what a module found in its memory when it
  /// began.
  TermId foundByModule(const State &caller, TermId base,
                       const domain::Term &found);
  bool mergeModuleExit(const Where &at, const Exit &exit, State &out,
                       llvm::function_ref<bool(TermId)> isLocal,
                       llvm::function_ref<TermId(TermId)> rename);

  //===--- Reports.cpp: findings ------------------------------------------===//
  struct ReportArgs {
    std::string object;
    std::string callee;
    std::string state;
    std::string irql;
    std::string limit;
    std::string because;
    uint32_t site = EngineOptions::kNoSite;
  };
  void report(const Where &at, const State &state, contract::RuleId rule,
              const ReportArgs &args);
  void reportAt(const Activation &act, Span span, const State &state,
                contract::RuleId rule, const ReportArgs &args,
                const TraceNode *trace);
  contract::Finding makeFinding(const Activation &act, Span span,
                                contract::RuleId rule, const ReportArgs &args,
                                const TraceNode *trace);
  static void collectDecisions(const TraceNode *trace, Decisions &decisions);
  void collectGiven(const TraceNode *trace, std::set<std::string> &names) const;
  /// What a path has said so far.
  struct PathKnowledge {
    struct Fact {
      contract::FacetState state = contract::kUnknownState;
      uint32_t function = 0; ///< whose name it is known by
    };
    struct Object {
      unsigned activation = 0; ///< where `id` means it
      domain::TermId id;
      std::string name; ///< empty as long as it has none
      std::string noun;
      std::map<uint32_t, Fact> facets;
    };
    std::vector<Object> objects;
    std::string irql;
    unsigned activations = 0;
  };
  void learn(const TraceNode &node, unsigned activation, std::string name,
             PathKnowledge &known) const;
  std::vector<contract::PathStep::Known>
  describe(const PathKnowledge &known) const;
  void appendPath(const TraceNode *trace, unsigned depth, PathKnowledge &known,
                  std::vector<contract::PathStep> &path);
  std::string describe(const TraceNode &node, contract::PathStep::Kind &kind);
  contract::Location location(Span span) const;
  std::string irqlName(int64_t lo, int64_t hi) const;
  std::string nameOf(const ir::Function &f, const FunctionGraph &g,
                     ir::ExprId addr, unsigned depth = 0) const;
  std::string objectName(const domain::ObjectState &o) const;

  /// Memory that something may still be stored in while a function runs.
  bool isStorage(TermId root) const;
  /// Is the life of `object` over? What is left of it is the name.
  bool isEnded(const domain::ObjectState &object) const;
  /// Leak rule that losing `object` now would break, if any.
  contract::RuleId leakRule(const domain::ObjectState &object) const;
  /// Reports objects that `state` can no longer reach. `roots` says which
  /// storage survives.
  void checkLeaks(const Activation &act, Span span, State &state,
                  const State &visible, llvm::function_ref<bool(TermId)> isRoot,
                  llvm::ArrayRef<TermId> candidates,
                  contract::RuleId instead = {});

  bool inFocus(uint32_t site) const {
    return !options.focus || *options.focus == site;
  }

  const UnitGraph &graph;
  const contract::RuleSet &rules;
  EngineOptions options;
  /// Where control may still come to the site in focus.
  std::optional<SiteReach> reach;
  TermTable terms;
  TraceArena arena;
  EntryResult *result = nullptr;
  uint64_t entryStates = 0;
  std::map<std::pair<uint32_t, uint64_t>, std::vector<std::unique_ptr<Summary>>>
      summaries;
  std::vector<Summary *> open; ///< being computed, outermost first
  ReportMap known;             ///< all reports, for summaries used again
  /// Exceptions that some handler took on some path: in the function the last
  /// link of RaiseInfo::chain stands for, and outside of those before it.
  std::set<uint64_t> handledHere;
  std::set<uint64_t> handledOutside;
  /// Functions that work on what follows a tracked object's structure.
  std::set<uint32_t> byHand;
  /// Memory that was indexed by something other than a constant.
  struct ArrayRange {
    TermId base;
    int64_t begin;
    int64_t end;
    friend auto operator<=>(const ArrayRange &a, const ArrayRange &b) {
      return std::tuple(a.base.value, a.begin, a.end) <=>
             std::tuple(b.base.value, b.begin, b.end);
    }
  };
  std::set<ArrayRange> arrays;
  /// Leaks on the way of an exception out of a function: they are real when
  /// a handler takes that exception (RaiseInfo::chain) in a caller.
  std::map<ReportKey, std::set<uint64_t>> onlyIfHandled;
  std::optional<uint64_t> leavingBy;
  /// Reports that no handler was found for an exception, with its chain; they
  /// stand when at the end no handler ever took it.
  std::vector<std::pair<ReportKey, llvm::SmallVector<uint64_t, 2>>> unhandled;
  TermId entryIrql;
  /// Where the store has how many bytes lie behind a pointer.
  llvm::SmallVector<int64_t, 2> extents;
  domain::FacetMask keyFacets = 0;
};

} // namespace mdlcheck::engine

#endif // MDLCHECK_ENGINE_ENGINE_H
