//===-- YamlLoader.h - from YAML to rules and contracts -------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The format is described in rules/README.md and, for editors, in
// rules/schema.json. What a schema cannot say (names that must exist,
// expressions) is checked here.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CONTRACT_YAMLLOADER_H
#define MDLCHECK_CONTRACT_YAMLLOADER_H

#include "contract/ExprParser.h"
#include "contract/RuleSet.h"
#include "contract/YamlTree.h"

#include <initializer_list>

namespace mdlcheck::contract {

class YamlLoader {
public:
  YamlLoader(RuleSet &rules, Contract::Origin origin)
      : rules(rules), origin(origin) {}

  /// Adds what all the trees hold: first all constants, then all rules, then
  /// automata, then roles and fields, then contracts, so that the order of the
  /// trees does not matter except to `like`. Adds nothing when there is a
  /// mistake.
  llvm::Error load(llvm::ArrayRef<const YamlTree *> trees);

private:
  // All of these return false after fail().
  bool fail(const char *where, const llvm::Twine &what);
  bool checkKeys(const YamlNode &node,
                 std::initializer_list<llvm::StringRef> known,
                 llvm::StringRef what);
  bool wantMapping(const YamlNode &node, llvm::StringRef what);
  bool readText(const YamlNode &node, llvm::StringRef what, std::string &out);
  bool readFlag(const YamlNode &node, llvm::StringRef what, bool &out);
  bool readTexts(const YamlNode &node, llvm::StringRef what,
                 std::vector<std::string> &out);
  bool readRule(const YamlNode &node, RuleId &out);
  bool readState(const YamlNode &node, FacetId facet, FacetState &out);

  bool loadSections(llvm::ArrayRef<const YamlTree *> trees);
  bool loadConstants(const YamlNode &section);
  bool loadRule(const YamlNode::Entry &entry);
  bool loadRuleFlags(const YamlNode &node, Rule &rule);
  bool loadRepair(const YamlNode &node, Repair &repair);
  bool checkMessage(const YamlNode &node, llvm::StringRef message);
  bool loadAutomaton(const YamlNode::Entry &entry);
  bool loadFacet(const YamlNode::Entry &entry, AutomatonId automaton);
  bool loadAutomatonPart(const YamlNode::Entry &part, AutomatonId automaton);
  bool readFacetAndState(const YamlNode &item,
                         std::initializer_list<llvm::StringRef> other,
                         AutomatonId automaton, FacetId &facet,
                         FacetState &state);
  bool readOwner(const YamlNode &node, Automaton::Source &source);
  bool readField(const YamlNode &item, std::string &record, std::string &field);

  bool loadRole(const YamlNode::Entry &entry);
  bool loadFieldRole(const YamlNode::Entry &entry);
  bool loadSavedLevel(const YamlNode::Entry &entry);
  bool loadRoleEntry(const YamlNode &node, Role &role);
  bool readRole(const YamlNode &node, std::string &out);
  bool loadRegistrations(const YamlNode &node, bool runs, Contract &contract);

  bool loadContract(const YamlNode::Entry &entry);
  bool loadLike(const YamlNode::Entry &entry, const YamlNode &like);
  bool loadParams(const YamlNode &node, Contract &contract);
  bool loadParamList(const YamlNode &node, llvm::StringRef what,
                     llvm::ArrayRef<std::string> params,
                     std::vector<uint32_t> &out);
  bool loadIrql(const YamlNode &node, Contract &contract);
  bool loadIrqlItem(const YamlNode &node, Contract &contract);
  bool loadRequirement(const YamlNode &node, Contract &contract);
  bool loadValueRequirement(const YamlNode &node, Contract &contract);
  bool loadRoleExit(const YamlNode &node, Role &role);
  bool loadElse(const YamlNode &node, FacetRequirement &requirement);
  bool loadOutcome(const YamlNode &node, Contract &contract);
  bool loadEffects(const YamlNode &node, const ExprScope &scope,
                   Outcome &outcome);
  bool loadEffect(const YamlNode::Entry &entry, const ExprScope &scope,
                  Outcome &outcome);
  bool loadResult(const YamlNode &node, const ExprScope &scope,
                  Outcome &outcome);
  bool loadFacetEffect(const YamlNode::Entry &entry, const Place &place,
                       const ExprScope &scope, Outcome &outcome);
  bool loadLocks(const YamlNode &node, const ExprScope &scope,
                 Outcome &outcome);
  bool loadLock(const YamlNode &node, bool acquires, const ExprScope &scope,
                Outcome &outcome);
  bool loadMemory(const YamlNode &node, bool copy, const ExprScope &scope,
                  Outcome &outcome);
  bool readValue(const YamlNode &node, const ExprScope &scope, ExprPtr &out);
  bool readCondition(const YamlNode &node, const ExprScope &scope,
                     ExprPtr &out);
  bool checkParams(const YamlNode &node,
                   const std::vector<std::string> &params);
  bool readLevel(const YamlNode &node, int &out);

  RuleSet &rules;
  Contract::Origin origin;
  const YamlTree *tree = nullptr;
  std::vector<std::string> addedConstants, addedFields, addedSavedLevels;
  std::map<std::string, Contract> staged;
  std::map<std::string, Role> stagedRoles;
  RuleId tooHigh, tooLow;
  std::string errorFile;
  unsigned errorLine = 0;
  std::string error;
};

} // namespace mdlcheck::contract

#endif // MDLCHECK_CONTRACT_YAMLLOADER_H
