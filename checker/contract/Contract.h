//===-- Contract.h - what a callee does -----------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The vocabulary in which DDIs, wrappers and SAL are described. A contract is
// a list of outcomes; nullable results, conditional success, try-locks and
// routines that raise are all outcomes, so the engine needs no special code
// for any of them. The written form is YAML: rules/README.md.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CONTRACT_CONTRACT_H
#define MDLCHECK_CONTRACT_CONTRACT_H

#include "support/Ids.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mdlcheck::contract {

/// One facet of one automaton ("mdl.pages"), into RuleSet::facets.
using FacetId = Id<struct FacetTag>;
/// Into RuleSet::automata.
using AutomatonId = Id<struct AutomatonTag>;
/// Into RuleSet::rules.
using RuleId = Id<struct RuleTag>;
/// A state of one facet: 1 is the first state written in the automaton.
/// 0 is "not known", about which nothing is ever reported.
using FacetState = uint8_t;
constexpr FacetState kUnknownState = 0;

enum class Severity : uint8_t { Note, Warning, Error };

//===----------------------------------------------------------------------===//
// Expressions over a call's arguments, result and state
//===----------------------------------------------------------------------===//

/// A small pure expression, e.g. `AccessMode == UserMode`,
/// `*OldIrql`, `Irp->_IRP::MdlAddress`, `Mdl.pages is locked`, `irql`.
struct Expr {
  enum class Kind : uint8_t {
    Const,   ///< value
    Param,   ///< index: the argument
    Result,  ///< what the call returns
    Irql,    ///< the current IRQL
    Deref,   ///< lhs: what the pointer points to
    Member,  ///< lhs (a pointer) -> record::field
    FacetIs, ///< lhs is an object whose `facet` is `state` (known to be)
    Not,     ///< lhs
    And,     ///< lhs, rhs
    Or,      ///< lhs, rhs
    Eq,
    Ne,
    Lt, ///< comparisons are signed
    Le,
    Gt,
    Ge,
    BitAnd,
    BitOr,
    Add,
    Sub,
  };
  Kind kind = Kind::Const;
  int64_t value = 0;
  uint32_t index = 0;
  std::string record; ///< Member
  std::string field;  ///< Member
  FacetId facet;      ///< FacetIs
  FacetState state = kUnknownState;
  std::shared_ptr<const Expr> lhs;
  std::shared_ptr<const Expr> rhs;
  /// For Deref: size in bytes of what is read or written, 0 for a pointer.
  uint32_t size = 0;
};
using ExprPtr = std::shared_ptr<const Expr>;

//===----------------------------------------------------------------------===//
// Requirements
//===----------------------------------------------------------------------===//

/// The object at `object` must be in one of `allowed`. A known other state is
/// a violation of the rule `orElse` gives for it; a state without a rule, and
/// an unknown one, is taken as held.
struct FacetRequirement {
  ExprPtr when; ///< null: always
  ExprPtr object;
  FacetId facet;
  std::vector<FacetState> allowed;
  struct Violation {
    FacetState state;
    RuleId rule;
  };
  std::vector<Violation> orElse;
};

/// `that` must hold on entry; where it is known not to, `orElse` is violated.
struct ValueRequirement {
  ExprPtr when; ///< null: always
  ExprPtr that;
  /// The IRQL that messages speak of; with a null `that`, it must not be one
  /// that nobody ever saved.
  ExprPtr level;
  RuleId orElse;
  std::string because;
};

/// The IRQL on entry must lie in [min, max]; -1 where there is no bound.
struct IrqlRequirement {
  ExprPtr when; ///< null: always
  int min = -1;
  int max = -1;
  RuleId tooHigh;
  RuleId tooLow;
  /// Why the limit is what it is, when it depends on `when`: appended to the
  /// message, e.g. "for pageable memory".
  std::string because;
};

//===----------------------------------------------------------------------===//
// Outcomes
//===----------------------------------------------------------------------===//

/// The object at `object` changes to `state` in `facet`; or takes over the
/// state that the object at `copyFrom` has in `copyFacet` (buffers handing
/// "pageable" on to their MDL). A copied state is matched by name.
struct FacetEffect {
  ExprPtr object;
  FacetId facet;
  FacetState state = kUnknownState;
  ExprPtr copyFrom; ///< null: `state` counts
  FacetId copyFacet;
};

/// What lies at place `place` becomes `value`, computed from the state on
/// entry (only `result` is of the exit); a null `value` means unknown,
/// and at a Deref then all of the object that is pointed to.
struct Assignment {
  ExprPtr place; ///< Irql, Deref or Member
  ExprPtr value;
};

/// `size` bytes are copied from `from` to `to`, or with a null `from` filled
/// with the byte `fill` (null: unknown bytes).
struct MemoryEffect {
  ExprPtr to;
  ExprPtr from;
  ExprPtr fill;
  ExprPtr size;
};

/// A lock is taken or let go. Between the two, whoever holds it must not take
/// it again, and a routine that the system calls must not return.
struct LockEffect {
  ExprPtr lock;   ///< what it is known by; null: the one `handle` stands for
  ExprPtr handle; ///< what stands for this taking of it; null: nothing
  bool acquires = false;
  bool shared = false; ///< together with others who take it shared
  bool tries = false;  ///< fails where it is held already
  std::string name;    ///< how the contract calls it
};

struct Outcome {
  enum class Kind : uint8_t { Returns, Raises, NoReturn };
  Kind kind = Kind::Returns;
  /// The outcome happens only where this holds for arguments and state on
  /// entry; null: it can always happen.
  ExprPtr when;

  enum class Result : uint8_t {
    Any,     ///< any value of the type
    New,     ///< a non-null pointer to an object nothing else refers to
    NonNull, ///< a non-null pointer (or non-zero value)
    Null,    ///< null (or zero)
    Value,   ///< `resultValue`
    Success, ///< an NTSTATUS >= 0
    Failure, ///< an NTSTATUS < 0
  };
  Result result = Result::Any;
  ExprPtr resultValue;

  /// Also makes new objects in out parameters: assigned before `facets`.
  std::vector<ExprPtr> newObjects;
  std::vector<Assignment> assigns;
  std::vector<MemoryEffect> memory;
  std::vector<FacetEffect> facets;
  std::vector<LockEffect> locks;
  /// Somebody else can reach these objects, and what is reachable from them,
  /// from now on: they are no leak of the caller.
  std::vector<ExprPtr> escapes;
  /// The memory that these point into is gone: it leads nowhere any more.
  std::vector<ExprPtr> ends;
  /// Raises: the exception code; null: any error status.
  ExprPtr raiseCode;
  /// Raises: the rule that is violated when no handler that executes is
  /// around the call, here or in a caller. None: nobody minds.
  RuleId ifUncaught;
  /// Returns null: the rule that is violated where that null is accessed. None:
  /// nobody minds.
  RuleId ifAccessed;
  /// Taken only where `when` is known to hold: an option that nobody is seen to
  /// ask for is not asked for.
  bool certain = false;
  /// Path note for this outcome, e.g. "fails and returns NULL"; may be empty.
  std::string note;
};

/// The routine at `callback` becomes one that the system calls, in `role`.
/// With `runs` it may run as of this call, and then finds `args`, by the
/// number of its own parameter; meanwhile somebody may have written to the
/// places `changed`.
struct Registration {
  ExprPtr callback;
  std::string role; ///< its name, of RuleSet::roles()
  bool runs = false;
  std::vector<std::pair<uint32_t, ExprPtr>> args;
  std::vector<ExprPtr> changed;
  /// Where to note what the routine returns; unknown where it is not looked at
  /// or returns different things.
  ExprPtr returned;
};

constexpr uint32_t kPinsCaller = UINT32_MAX;

struct Contract {
  enum class Origin : uint8_t { Shipped, User, Annotation, Inferred };
  std::string name;
  std::string header; ///< the WDK header that declares it
  std::string source; ///< the documentation page
  Origin origin = Origin::Shipped;
  std::vector<std::string> params;
  /// The WDK has it as a function-like macro, at least in some versions.
  bool isMacro = false;
  std::vector<IrqlRequirement> irql;
  std::vector<FacetRequirement> requirements;
  std::vector<ValueRequirement> values;
  /// Arguments the callee only compares or prints, so that passing a dead
  /// object is no use of it.
  std::vector<uint32_t> ignoredParams;
  /// Arguments (pointers) through which the callee reads or writes memory on
  /// behalf of the caller: user memory there may raise.
  std::vector<uint32_t> accessedParams;
  /// Arguments that point to code whose section is locked in memory as of this
  /// call; kPinsCaller: the caller's own code is.
  std::vector<uint32_t> pinnedParams;
  /// On top of what the outcomes say the callee does what an unknown one may:
  /// it writes through non-const pointers and keeps what it can reach. For
  /// rows that are there for their limits only.
  bool defaultEffects = false;
  std::vector<Registration> registrations;
  /// At least one. For a callee that only has limits: one Returns outcome.
  std::vector<Outcome> outcomes;
};

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

/// What the system promises when it calls a function of a driver. A function
/// has a role when it is declared with the type of that name (DRIVER_CANCEL)
/// or registered for it.
struct Role {
  std::string name;
  std::string source; ///< the documentation page
  std::vector<std::string> params;
  /// Parameters that always point to something.
  std::vector<uint32_t> nonNull;
  /// Functions that have it by their name.
  std::vector<std::string> functions;
  /// With it a program begins: one that has such a routine is all there.
  bool isStart = false;
  /// It returns at the level it was called at, with the locks it was called
  /// with.
  bool isBalanced = true;
  /// Levels it is called at.
  int min = 0;
  int max = 2;
  /// The level it has to return at; null: that it was called at. Another one
  /// than this, and keeping what `entry` has it hold, violates `exitRule`.
  ExprPtr exitIrql;
  RuleId exitRule;
  /// What is so when it is called: facets and locks.
  Outcome entry;
};

//===----------------------------------------------------------------------===//
// Automata
//===----------------------------------------------------------------------===//

struct Facet {
  std::string name; ///< "pages"
  AutomatonId automaton;
  std::vector<std::string> states; ///< states[i] is FacetState i + 1
  /// Path note when the facet changes to states[i], e.g. "pages locked here";
  /// empty: no note.
  std::vector<std::string> notes;

  FacetState stateNamed(const std::string &state) const {
    for (size_t i = 0; i < states.size(); ++i)
      if (states[i] == state)
        return FacetState(i + 1);
    return kUnknownState;
  }
};

/// A property of objects, as a few facets that change independently.
struct Automaton {
  std::string name; ///< "mdl"
  std::string noun; ///< "MDL", for messages
  /// Tags of records whose address is such an object ("_MDL").
  std::vector<std::string> records;
  std::vector<FacetId> facets;

  /// When nothing can reach the object any more while `facet` is `state`:
  /// `rule`. The first that matches counts.
  struct Leak {
    FacetId facet;
    FacetState state;
    RuleId rule;
  };
  std::vector<Leak> leaks;

  /// Any access through a pointer to the object, and passing it on, while
  /// `facet` is `state`: `rule`.
  struct Use {
    FacetId facet;
    FacetState state;
    RuleId rule;
  };
  std::vector<Use> uses;

  /// record::field has the bits `mask` set exactly when `facet` is `state`.
  struct View {
    std::string record;
    std::string field;
    uint64_t mask;
    FacetId facet;
    FacetState state;
  };
  std::vector<View> views;

  /// A pointer loaded from record::field is an object with `facet` = `state`
  /// unless more is known (Irp->UserBuffer points to user memory). With `of`
  /// only where the record itself is in that state.
  struct Source {
    std::string record;
    std::string field;
    FacetId facet;
    FacetState state;
    FacetId ofFacet;
    FacetState ofState = kUnknownState;
  };
  std::vector<Source> sources;

  /// Objects hang on others by record::field. When one comes to its end and
  /// nothing else leads to the next one, which is to be released: `rule`.
  struct Chain {
    std::string record;
    std::string field;
    RuleId rule;
  };
  std::vector<Chain> chains;

  /// Reading or writing memory of an object in this state may raise an access
  /// violation (user memory).
  struct Fault {
    FacetId facet;
    FacetState state;
  };
  std::vector<Fault> faults;

  /// How many bytes lie behind a pointer to such an object: whoever reads or
  /// writes there stays inside. Empty: not known.
  struct Extent {
    std::string record;
    std::string field;
  };
  std::optional<Extent> extent;

  /// Memory of an object in this state is not to be touched above `max`:
  /// `rule`.
  struct Limit {
    FacetId facet;
    FacetState state;
    int max;
    RuleId rule;
  };
  std::vector<Limit> limits;

  /// Members of `record` that only the system writes: `rule`. Not those of
  /// `open`, and in others single bits, by the name of the member.
  struct Opaque {
    std::string record;
    std::vector<std::string> open;
    std::vector<std::pair<std::string, uint64_t>> bits;
    RuleId rule;
  };
  std::vector<Opaque> opaque;
};

} // namespace mdlcheck::contract

#endif // MDLCHECK_CONTRACT_CONTRACT_H
