//===-- StateCheck.h - states against what is said of them ------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_TESTS_GRAPH_STATECHECK_H
#define MDLCHECK_TESTS_GRAPH_STATECHECK_H

#include "StateText.h"
#include "engine/Engine.h"

#include <map>

namespace mdlcheck::tests {

/// Which terms the names of one run stand for.
using Names = std::map<std::string, domain::TermId>;

/// A function of a unit, entered in one given state.
class StateCheck {
public:
  StateCheck(const engine::UnitGraph &graph, const contract::RuleSet &rules,
             engine::Engine &engine, uint32_t function);

  /// What the function is entered with: nothing known of its caller, but for
  /// what `given` says.
  llvm::Error give(const StateText &given);
  const domain::State &entry() const { return start; }

  /// How `exit` differs from what `said` says; empty when it does not.
  std::string compare(const StateText &said,
                      const engine::Engine::Exit &exit) const;
  /// Tells of each exit that is not announced and of each announcement that
  /// nothing fulfils; empty when they go together one to one.
  std::string compare(llvm::ArrayRef<std::pair<bool, StateText>> announced,
                      llvm::ArrayRef<engine::Engine::Exit> exits) const;
  /// The exit in the text form. What is not known by name gets one.
  std::string write(const engine::Engine::Exit &exit) const;

private:
  /// Where something is stored.
  struct Place {
    domain::Address at;
    ir::Type type;
    uint8_t bitOffset = 0;
    uint8_t bitWidth = 0;
    domain::Entry entry(domain::TermId value) const;
  };
  /// One state, and what names stand for in it.
  struct Scope {
    domain::State &state;
    Names names;
    bool raised = false;
    uint32_t *nextSymbol = nullptr; ///< set while names may still be made
    std::string error;
  };
  domain::TermId value(Scope &in, const Pattern &p) const;
  std::optional<Place> place(Scope &in, const Pattern &p) const;
  domain::TermId address(Scope &in, const Pattern &p, uint64_t &extent) const;
  domain::TermId objectAt(Scope &in, const Pattern &p) const;
  domain::TermId contents(Scope &in, const Place &at) const;
  bool matches(Scope &in, const Pattern &p, domain::TermId term) const;
  bool isNew(const Scope &in, const Pattern &p) const;
  std::optional<uint32_t> global(llvm::StringRef name) const;

  bool giveItem(Scope &in, const Item &i);
  std::string compareItem(Scope &in, const Item &i) const;
  std::string compareKnown(Scope &in, const Item &i) const;
  std::string compareObject(Scope &in, const Item &i) const;
  std::string otherObjects(Scope &in, const StateText &said) const;
  std::string otherMemory(Scope &in, const StateText &said) const;
  bool isHere(domain::TermId base) const;
  bool isUnread(const domain::Entry &e) const;

  const engine::UnitGraph &graph;
  const ir::Unit &unit;
  const contract::RuleSet &rules;
  domain::TermTable &terms;
  const uint32_t function;
  domain::State start;
  Names named;
  uint32_t nextSymbol = 0;
  friend class StateWriter;
};

} // namespace mdlcheck::tests

#endif // MDLCHECK_TESTS_GRAPH_STATECHECK_H
