//===-- RuleSet.h - rules, automata and contracts -------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CONTRACT_RULESET_H
#define MDLCHECK_CONTRACT_RULESET_H

#include "contract/Contract.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <map>

namespace mdlcheck::contract {

/// What repairs a mistake, where that can be done with certainty: calls of
/// functions that take the object alone, or a way out where there is none.
struct Repair {
  enum class Place : uint8_t {
    None,
    Exit, ///< before what the object is lost at
    Call, ///< before the call that goes wrong
    Use,  ///< before the statement that goes wrong
  };
  Place before = Place::None;
  /// Functions to call there, in order; the first alone, if that is enough.
  std::vector<std::string> insert;
  std::vector<std::string> remove; ///< functions whose call is one too many
  /// Statements that are a mistake wherever they are run. A repair is tried
  /// with them where the object is null: there must be no way to them.
  std::string probe;
  /// For Use: what a function of type `type` returns where the object is null.
  /// Only one that calls nothing but `beside`: it has nothing to undo.
  std::string result;
  std::string type;
  std::vector<std::string> beside;
};

/// A catalogue entry. Everything a host shows about a rule comes from here
/// and from its page.
struct Rule {
  /// What the engine watches by itself whose breaking is this rule.
  enum class Breaks : uint8_t {
    None,
    IrqlMax,     ///< calls stay below their highest level
    IrqlMin,     ///< and above their lowest
    LockAcquire, ///< a lock that is held is not taken again
    LockRelease, ///< a lock that was let go is not let go again
    LockExit,    ///< who is called by the system returns without its locks
    IrqlExit,    ///< and at the level it was called at
    IrqlRestore, ///< who releases a lock restores what was saved
    IrqlFloor,   ///< locks and callers need a level that is not left below
    IrqlSaved,   ///< a saved level is not overwritten
    PagedCode,   ///< code that can be paged out runs at APC_LEVEL at most
    Annotations, ///< what is annotated can be, and fits together
    Unannotated, ///< who changes the level says so
  };
  std::string id; ///< "mdl-lock-leak"
  std::string title;
  Severity severity = Severity::Warning;
  bool enabledByDefault = true;
  std::vector<std::string> aliases;   ///< older and finer ids
  std::vector<std::string> bugChecks; ///< "0x76", "0xC4/0x7C"
  std::vector<std::string> sources;   ///< documentation pages
  /// What other tools call the same mistake, for those who come from there:
  /// warnings of Code Analysis for Drivers (28121 for C28121), rules of Static
  /// Driver Verifier ("IrqlKeRaiseLower") and ids of Microsoft's CodeQL queries
  /// for drivers ("cpp/drivers/irql-too-high").
  std::vector<unsigned> codeAnalysis;
  std::vector<std::string> sdv;
  std::vector<std::string> codeql;
  /// With {object}, {callee}, {state}, {irql}, {limit}, {because}, {site}.
  std::string message;
  /// For a leak: what is said of an object that is stored in a field and that
  /// nothing in the program releases from there; with {object} and {field}.
  std::string kept;
  Repair repair;
  Breaks breaks = Breaks::None;
  std::string page; ///< the rule's page (Markdown), from test-corpus/<id>
};

class RuleSet {
public:
  std::vector<Rule> rules; ///< in the order of the catalogue
  std::vector<Automaton> automata;
  std::vector<Facet> facets;
  /// By "record::member": the role of a routine that is stored there.
  std::map<std::string, std::string> fieldRoles;
  /// By kind of lock, as annotations call it: "record::member" where one keeps
  /// the IRQL that its release restores.
  std::map<std::string, std::string> savedLevels;
  std::map<std::string, int64_t> constants; ///< UserMode, DISPATCH_LEVEL...

  /// The rules, automata and contracts built into the program. A mistake in
  /// them is a bug of ours and asserts.
  static RuleSet shipped();

  /// Adds contracts (and automata and rules, when there are any) from YAML.
  /// A contract for a name that exists replaces it. Errors are InputErrors
  /// with `bufferName` and the line; nothing is added then.
  llvm::Error addYaml(llvm::StringRef text, llvm::StringRef bufferName,
                      Contract::Origin origin);
  /// The same from a file.
  llvm::Error addFile(const std::string &path);

  /// By the callee's plain name; null when there is none.
  const Contract *contractFor(llvm::StringRef name) const;
  /// By id or alias; none when there is no such rule.
  RuleId ruleNamed(llvm::StringRef idOrAlias) const;
  /// The rule that breaking such a limit is; none when there is none.
  RuleId ruleFor(Rule::Breaks limit) const;
  /// Null when there is no such role.
  const Role *roleNamed(llvm::StringRef name) const;
  /// All roles by name, sorted.
  const std::map<std::string, Role> &roles() const { return rolesByName; }
  const Rule &rule(RuleId id) const { return rules[id.value]; }
  const Facet &facet(FacetId id) const { return facets[id.value]; }
  /// Names of contracts marked as macros, sorted.
  std::vector<std::string> macroNames() const;
  /// The text of all that was added to what is shipped, in order.
  const std::string &added() const { return addedText; }
  /// All contracts by name, sorted.
  const std::map<std::string, Contract> &contracts() const {
    return contractsByName;
  }

private:
  std::map<std::string, Contract> contractsByName;
  std::string addedText;
  std::map<std::string, Role> rolesByName;
  friend class YamlLoader;
};

} // namespace mdlcheck::contract

#endif // MDLCHECK_CONTRACT_RULESET_H
