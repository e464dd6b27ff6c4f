//===-- ContractLoader.cpp - contracts from YAML --------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of YamlLoader that reads the section `ddis`.
//
//===----------------------------------------------------------------------===//
#include "contract/YamlLoader.h"

#include "contract/Spelling.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"

namespace mdlcheck::contract {

using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

bool YamlLoader::readValue(const YamlNode &node, const ExprScope &scope,
                           ExprPtr &out) {
  if (!node.isScalar())
    return fail(node.where, "an expression is expected here");
  ExprParser parser(node.text, scope);
  out = parser.parseValue();
  return out ? true : fail(node.where, parser.error());
}

bool YamlLoader::readCondition(const YamlNode &node, const ExprScope &scope,
                               ExprPtr &out) {
  if (!node.isScalar())
    return fail(node.where, "a condition is expected here");
  ExprParser parser(node.text, scope);
  out = parser.parseCondition();
  return out ? true : fail(node.where, parser.error());
}

bool YamlLoader::readLevel(const YamlNode &node, int &out) {
  ExprPtr level;
  if (!readValue(node, ExprScope{rules, {}, false}, level))
    return false;
  if (level->kind != Expr::Kind::Const || level->value < 0 || level->value > 31)
    return fail(node.where, "an IRQL lies between 0 and 31");
  out = int(level->value);
  return true;
}

//===----------------------------------------------------------------------===//
// Contracts
//===----------------------------------------------------------------------===//

bool YamlLoader::loadContract(const YamlNode::Entry &entry) {
  const YamlNode &node = *entry.value;
  const std::string what = ("'" + entry.key + "'").str();
  if (!wantMapping(node, what))
    return false;
  if (staged.count(entry.key.str()))
    return fail(entry.where, "there are two contracts for " + what);
  if (const YamlNode *like = node.find("like"))
    return loadLike(entry, *like);

  Contract contract;
  contract.name = entry.key.str();
  contract.origin = origin;
  const YamlNode *effects = nullptr;
  const YamlNode *irql = nullptr;
  const YamlNode *requirements = nullptr;
  const YamlNode *outcomes = nullptr;
  const YamlNode *ignores = nullptr;
  const YamlNode *accesses = nullptr;
  const YamlNode *pins = nullptr;
  const YamlNode *registers = nullptr;
  const YamlNode *runs = nullptr;
  for (const YamlNode::Entry &part : node.entries) {
    const YamlNode &value = *part.value;
    bool good = true;
    if (part.key == "header")
      good = readText(value, part.key, contract.header);
    else if (part.key == "source")
      good = readText(value, part.key, contract.source);
    else if (part.key == "params")
      good = loadParams(value, contract);
    else if (part.key == "macro")
      good = readFlag(value, part.key, contract.isMacro);
    else if (part.key == "effects")
      effects = &value;
    else if (part.key == "irql")
      irql = &value;
    else if (part.key == "requires")
      requirements = &value;
    else if (part.key == "outcomes")
      outcomes = &value;
    else if (part.key == "ignores")
      ignores = &value;
    else if (part.key == "accesses")
      accesses = &value;
    else if (part.key == "pins")
      pins = &value;
    else if (part.key == "registers")
      registers = &value;
    else if (part.key == "runs")
      runs = &value;
    else
      good = checkKeys(node,
                       {"header", "source", "params", "macro", "effects",
                        "irql", "requires", "outcomes", "ignores", "accesses",
                        "pins", "registers", "runs", "like"},
                       what);
    if (!good)
      return false;
  }

  // These look at the parameters, wherever those stand.
  if (ignores && !loadParamList(*ignores, "ignores", contract.params,
                                contract.ignoredParams))
    return false;
  if (accesses && !loadParamList(*accesses, "accesses", contract.params,
                                 contract.accessedParams))
    return false;
  if (pins && pins->isScalar() && pins->text == "here")
    contract.pinnedParams.push_back(kPinsCaller);
  else if (pins && !loadParamList(*pins, "pins", contract.params,
                                  contract.pinnedParams))
    return false;
  if (irql && !loadIrql(*irql, contract))
    return false;
  if (registers && !loadRegistrations(*registers, false, contract))
    return false;
  if (runs && !loadRegistrations(*runs, true, contract))
    return false;
  if (requirements) {
    if (!requirements->isSequence())
      return fail(requirements->where, "'requires' must be a list");
    for (const YamlNode *item : requirements->items)
      if (!loadRequirement(*item, contract))
        return false;
  }
  if (effects) {
    if (effects->text != "default" && effects->text != "none")
      return fail(effects->where, "'effects' must be 'default' or 'none'");
    contract.defaultEffects = effects->text == "default";
    if (outcomes && !contract.defaultEffects)
      return fail(effects->where,
                  "'effects: none' contradicts 'outcomes'; leave one out");
  }
  if (outcomes) {
    if (!outcomes->isSequence() || outcomes->items.empty())
      return fail(outcomes->where, "'outcomes' must be a list of at least one");
    for (const YamlNode *item : outcomes->items)
      if (!loadOutcome(*item, contract))
        return false;
  } else if (effects) {
    contract.outcomes.emplace_back();
  } else {
    return fail(entry.where, what + " needs 'outcomes' (or 'effects: default' "
                                    "or 'effects: none')");
  }
  staged.emplace(contract.name, std::move(contract));
  return true;
}

bool YamlLoader::loadLike(const YamlNode::Entry &entry, const YamlNode &like) {
  const YamlNode &node = *entry.value;
  if (!checkKeys(node, {"like", "header", "source", "params", "macro"},
                 ("'" + entry.key + "', which has 'like',").str()))
    return false;
  std::string name;
  if (!readText(like, "like", name))
    return false;
  const Contract *model = rules.contractFor(name);
  if (auto it = staged.find(name); it != staged.end())
    model = &it->second;
  if (!model)
    return fail(like.where,
                "there is no contract '" + name + "' before this line");
  Contract contract = *model;
  contract.name = entry.key.str();
  contract.origin = origin;
  contract.isMacro = false;
  if (const YamlNode *header = node.find("header"))
    if (!readText(*header, "header", contract.header))
      return false;
  if (const YamlNode *source = node.find("source"))
    if (!readText(*source, "source", contract.source))
      return false;
  if (const YamlNode *params = node.find("params")) {
    const size_t count = contract.params.size();
    contract.params.clear();
    if (!loadParams(*params, contract))
      return false;
    if (contract.params.size() != count)
      return fail(params->where, "'" + name + "' has " + llvm::Twine(count) +
                                     " parameters, not " +
                                     llvm::Twine(contract.params.size()));
  }
  if (const YamlNode *macro = node.find("macro"))
    if (!readFlag(*macro, "macro", contract.isMacro))
      return false;
  staged.emplace(contract.name, std::move(contract));
  return true;
}

bool YamlLoader::loadParams(const YamlNode &node, Contract &contract) {
  return readTexts(node, "params", contract.params) &&
         checkParams(node, contract.params);
}

bool YamlLoader::checkParams(const YamlNode &node,
                             const std::vector<std::string> &params) {
  for (size_t i = 0; i < params.size(); ++i) {
    StringRef name = params[i];
    if (name == "...")
      continue;
    if (name.empty() || llvm::isDigit(name.front()) ||
        !llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; }))
      return fail(node.items[i]->where,
                  "'" + name + "' is no name for a parameter");
    if (llvm::count(params, name) > 1)
      return fail(node.items[i]->where,
                  "there are two parameters '" + name + "'");
  }
  return true;
}

bool YamlLoader::loadParamList(const YamlNode &node, StringRef what,
                               llvm::ArrayRef<std::string> params,
                               std::vector<uint32_t> &out) {
  std::vector<std::string> names;
  if (!readTexts(node, what, names))
    return false;
  for (size_t i = 0; i < names.size(); ++i) {
    auto it = llvm::find(params, names[i]);
    if (it == params.end())
      return fail(node.items[i]->where, "there is no parameter '" + names[i] +
                                            "'" + suggestion(names[i], params));
    out.push_back(uint32_t(it - params.begin()));
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Requirements
//===----------------------------------------------------------------------===//

bool YamlLoader::loadIrql(const YamlNode &node, Contract &contract) {
  if (!node.isSequence())
    return loadIrqlItem(node, contract);
  for (const YamlNode *item : node.items)
    if (!loadIrqlItem(*item, contract))
      return false;
  return true;
}

bool YamlLoader::loadIrqlItem(const YamlNode &node, Contract &contract) {
  IrqlRequirement requirement;
  requirement.tooHigh = tooHigh;
  requirement.tooLow = tooLow;
  if (node.isScalar()) {
    if (!readLevel(node, requirement.max))
      return false;
  } else {
    if (!checkKeys(node, {"min", "max", "when", "because", "else"}, "'irql'"))
      return false;
    const YamlNode *min = node.find("min");
    const YamlNode *max = node.find("max");
    if (!min && !max)
      return fail(node.where, "'irql' needs 'max' or 'min'");
    if ((min && !readLevel(*min, requirement.min)) ||
        (max && !readLevel(*max, requirement.max)))
      return false;
    if (min && max && requirement.min > requirement.max)
      return fail(min->where, "'min' is above 'max'");
    if (const YamlNode *when = node.find("when"))
      if (!readCondition(*when, ExprScope{rules, contract.params, false},
                         requirement.when))
        return false;
    if (const YamlNode *because = node.find("because"))
      if (!readText(*because, "because", requirement.because))
        return false;
    if (const YamlNode *orElse = node.find("else")) {
      if (!readRule(*orElse, requirement.tooHigh))
        return false;
      requirement.tooLow = requirement.tooHigh;
    }
  }
  if (requirement.max >= 0 && !tooHigh)
    return fail(node.where, "a limit needs a rule with 'breaks: irql-max'");
  contract.irql.push_back(std::move(requirement));
  return true;
}

bool YamlLoader::loadRequirement(const YamlNode &node, Contract &contract) {
  if (!wantMapping(node, "a requirement"))
    return false;
  if (node.find("that") || node.find("saved"))
    return loadValueRequirement(node, contract);
  const ExprScope scope{rules, contract.params, false};
  FacetRequirement requirement;
  const YamlNode *orElse = nullptr;
  const YamlNode *states = nullptr;
  for (const YamlNode::Entry &entry : node.entries) {
    if (entry.key == "else") {
      orElse = entry.value;
      continue;
    }
    if (entry.key == "when") {
      if (!readCondition(*entry.value, scope, requirement.when))
        return false;
      continue;
    }
    if (states)
      return fail(entry.where,
                  "a requirement is about one facet; unexpected '" + entry.key +
                      "'");
    ExprParser parser(entry.key, scope);
    std::optional<Place> place = parser.parsePlace();
    if (!place)
      return fail(entry.where, parser.error());
    if (!place->object)
      return fail(entry.where, "'" + entry.key +
                                   "' is no facet of an object; "
                                   "write 'x.facet'");
    requirement.object = place->object;
    requirement.facet = place->facet;
    states = entry.value;
  }
  if (!states)
    return fail(node.where, "a requirement needs a facet: 'x.facet: state'");
  if (!orElse)
    return fail(node.where, "a requirement needs 'else': the rules that are "
                            "violated");
  const std::vector<const YamlNode *> single{states};
  for (const YamlNode *item : states->isSequence() ? states->items : single) {
    FacetState state = kUnknownState;
    if (!readState(*item, requirement.facet, state))
      return false;
    requirement.allowed.push_back(state);
  }
  if (!loadElse(*orElse, requirement))
    return false;
  contract.requirements.push_back(std::move(requirement));
  return true;
}

bool YamlLoader::loadElse(const YamlNode &node, FacetRequirement &requirement) {
  const Facet &facet = rules.facet(requirement.facet);
  if (node.isScalar()) {
    RuleId rule;
    if (!readRule(node, rule))
      return false;
    for (size_t n = 1; n <= facet.states.size(); ++n)
      if (auto state = FacetState(n);
          !llvm::is_contained(requirement.allowed, state))
        requirement.orElse.push_back({state, rule});
    return true;
  }
  if (!wantMapping(node, "'else'"))
    return false;
  for (const YamlNode::Entry &entry : node.entries) {
    FacetRequirement::Violation violation;
    violation.state = facet.stateNamed(entry.key.str());
    if (violation.state == kUnknownState)
      return fail(entry.where, "'" + facet.name + "' has no state '" +
                                   entry.key + "'" +
                                   suggestion(entry.key, facet.states));
    if (llvm::is_contained(requirement.allowed, violation.state))
      return fail(entry.where,
                  "'" + entry.key + "' is both allowed and a violation");
    if (!readRule(*entry.value, violation.rule))
      return false;
    requirement.orElse.push_back(violation);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Outcomes
//===----------------------------------------------------------------------===//

bool YamlLoader::loadOutcome(const YamlNode &node, Contract &contract) {
  if (!checkKeys(node,
                 {"returns", "raises", "no-return", "when", "code",
                  "if-uncaught", "if-accessed", "copy", "fill", "escapes",
                  "ends", "note", "certain", "acquires", "releases"},
                 "an outcome"))
    return false;
  Outcome outcome;
  const YamlNode *effects = nullptr;
  const struct {
    StringRef key;
    Outcome::Kind kind;
  } kKinds[] = {{"returns", Outcome::Kind::Returns},
                {"raises", Outcome::Kind::Raises},
                {"no-return", Outcome::Kind::NoReturn}};
  for (const auto &kind : kKinds)
    if (const YamlNode *value = node.find(kind.key)) {
      if (effects)
        return fail(node.where, "an outcome is one of 'returns', 'raises' and "
                                "'no-return'");
      effects = value;
      outcome.kind = kind.kind;
    }
  if (!effects)
    return fail(node.where,
                "an outcome needs 'returns', 'raises' or 'no-return'");
  const bool raises = outcome.kind == Outcome::Kind::Raises;
  const ExprScope before{rules, contract.params, false};
  const ExprScope after{rules, contract.params,
                        outcome.kind == Outcome::Kind::Returns};
  if (!effects->isNull() && !loadEffects(*effects, after, outcome))
    return false;
  for (const YamlNode::Entry &entry : node.entries) {
    const YamlNode &value = *entry.value;
    bool good = true;
    if (entry.key == "when") {
      good = readCondition(value, before, outcome.when);
    } else if (entry.key == "note") {
      good = readText(value, "note", outcome.note);
    } else if (entry.key == "certain") {
      good = readFlag(value, "certain", outcome.certain);
    } else if (entry.key == "code" || entry.key == "if-uncaught") {
      if (!raises)
        good = fail(entry.where, "'" + entry.key + "' goes with 'raises' only");
      else if (entry.key == "code")
        good = readValue(value, before, outcome.raiseCode);
      else
        good = readRule(value, outcome.ifUncaught);
    } else if (entry.key == "if-accessed") {
      good = outcome.result == Outcome::Result::Null
                 ? readRule(value, outcome.ifAccessed)
                 : fail(entry.where,
                        "'if-accessed' goes with 'result: null' only");
    } else if (entry.key == "copy" || entry.key == "fill") {
      good = loadMemory(value, entry.key == "copy", after, outcome);
    } else if (entry.key == "escapes" || entry.key == "ends") {
      std::vector<ExprPtr> &list =
          entry.key == "ends" ? outcome.ends : outcome.escapes;
      if (!value.isSequence())
        return fail(value.where, "'" + entry.key + "' must be a list");
      for (const YamlNode *item : value.items)
        if (!readValue(*item, after, list.emplace_back()))
          return false;
    }
    if (!good)
      return false;
  }
  if (!loadLocks(node, after, outcome))
    return false;
  if (outcome.certain && !outcome.when)
    return fail(node.where, "'certain' needs a 'when'");
  contract.outcomes.push_back(std::move(outcome));
  return true;
}

bool YamlLoader::loadEffects(const YamlNode &node, const ExprScope &scope,
                             Outcome &outcome) {
  if (!wantMapping(node, "what an outcome does"))
    return false;
  for (const YamlNode::Entry &entry : node.entries)
    if (!loadEffect(entry, scope, outcome))
      return false;
  return true;
}

bool YamlLoader::loadEffect(const YamlNode::Entry &entry,
                            const ExprScope &scope, Outcome &outcome) {
  ExprParser parser(entry.key, scope);
  std::optional<Place> place = parser.parsePlace();
  if (!place)
    return fail(entry.where, parser.error());
  if (place->object)
    return loadFacetEffect(entry, *place, scope, outcome);
  const YamlNode &value = *entry.value;
  if (!value.isScalar())
    return fail(value.where, "'" + entry.key + "' needs a value");
  if (place->expr->kind == Expr::Kind::Result)
    return loadResult(value, scope, outcome);
  if (value.text == "new") {
    if (place->expr->kind == Expr::Kind::Irql)
      return fail(value.where, "the IRQL is no object");
    outcome.newObjects.push_back(place->expr);
    return true;
  }
  Assignment assignment;
  assignment.place = place->expr;
  if (value.text != "unknown" && !readValue(value, scope, assignment.value))
    return false;
  outcome.assigns.push_back(std::move(assignment));
  return true;
}

bool YamlLoader::loadResult(const YamlNode &node, const ExprScope &scope,
                            Outcome &outcome) {
  using Result = Outcome::Result;
  auto named = llvm::StringSwitch<std::optional<Result>>(node.text)
                   .Cases({"any", "unknown"}, Result::Any)
                   .Case("new", Result::New)
                   .Case("non-null", Result::NonNull)
                   .Case("null", Result::Null)
                   .Case("success", Result::Success)
                   .Case("failure", Result::Failure)
                   .Default(std::nullopt);
  if (named) {
    outcome.result = *named;
    return true;
  }
  outcome.result = Result::Value;
  return readValue(node, ExprScope{scope.rules, scope.params, false},
                   outcome.resultValue);
}

bool YamlLoader::loadFacetEffect(const YamlNode::Entry &entry,
                                 const Place &place, const ExprScope &scope,
                                 Outcome &outcome) {
  FacetEffect effect;
  effect.object = place.object;
  effect.facet = place.facet;
  const YamlNode &value = *entry.value;
  if (value.isScalar() && value.text.contains('.')) {
    ExprParser parser(value.text, scope);
    std::optional<Place> from = parser.parsePlace();
    if (!from)
      return fail(value.where, parser.error());
    if (!from->object)
      return fail(value.where, "'" + value.text + "' is no facet of an object");
    effect.copyFrom = from->object;
    effect.copyFacet = from->facet;
    const Facet &target = rules.facet(effect.facet);
    for (const std::string &state : rules.facet(effect.copyFacet).states)
      if (target.stateNamed(state) == kUnknownState)
        return fail(value.where, "'" + target.name + "' has no state '" +
                                     state + "' to copy");
  } else if (!value.isScalar() || value.text != "unknown") {
    if (!readState(value, effect.facet, effect.state))
      return false;
  }
  outcome.facets.push_back(std::move(effect));
  return true;
}

bool YamlLoader::loadMemory(const YamlNode &node, bool copy,
                            const ExprScope &scope, Outcome &outcome) {
  if (!checkKeys(node,
                 copy ? std::initializer_list<StringRef>{"to", "from", "size"}
                      : std::initializer_list<StringRef>{"to", "value", "size"},
                 copy ? "'copy'" : "'fill'"))
    return false;
  MemoryEffect effect;
  const YamlNode *to = node.find("to");
  const YamlNode *size = node.find("size");
  const YamlNode *from = node.find("from");
  if (!to || !size || (copy && !from))
    return fail(node.where, copy ? "'copy' needs 'to', 'from' and 'size'"
                                 : "'fill' needs 'to' and 'size'");
  if (!readValue(*to, scope, effect.to) ||
      !readValue(*size, scope, effect.size))
    return false;
  if (from && !readValue(*from, scope, effect.from))
    return false;
  if (const YamlNode *fill = node.find("value"))
    if (!readValue(*fill, scope, effect.fill))
      return false;
  outcome.memory.push_back(std::move(effect));
  return true;
}

} // namespace mdlcheck::contract
