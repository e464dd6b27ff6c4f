//===-- YamlLoader.cpp - sections, rules and automata ---------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/YamlLoader.h"

#include "contract/Spelling.h"
#include "support/Error.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"

namespace mdlcheck::contract {

using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Mistakes and simple values
//===----------------------------------------------------------------------===//

bool YamlLoader::fail(const char *where, const llvm::Twine &what) {
  if (error.empty()) {
    errorFile = tree->bufferName().str();
    errorLine = tree->lineOf(where);
    error = what.str();
  }
  return false;
}

bool YamlLoader::wantMapping(const YamlNode &node, StringRef what) {
  if (node.isMapping())
    return true;
  return fail(node.where, what + " must be a mapping ('key: value')");
}

bool YamlLoader::checkKeys(const YamlNode &node,
                           std::initializer_list<StringRef> known,
                           StringRef what) {
  if (!wantMapping(node, what))
    return false;
  for (const YamlNode::Entry &entry : node.entries)
    if (!llvm::is_contained(known, entry.key))
      return fail(entry.where, "unknown key '" + entry.key + "' in " + what +
                                   suggestion(entry.key, known));
  return true;
}

bool YamlLoader::readText(const YamlNode &node, StringRef what,
                          std::string &out) {
  if (!node.isScalar())
    return fail(node.where, "'" + what + "' must be a text");
  out = node.text.str();
  return true;
}

bool YamlLoader::readFlag(const YamlNode &node, StringRef what, bool &out) {
  if (node.text != "true" && node.text != "false")
    return fail(node.where, "'" + what + "' must be 'true' or 'false'");
  out = node.text == "true";
  return true;
}

bool YamlLoader::readTexts(const YamlNode &node, StringRef what,
                           std::vector<std::string> &out) {
  if (!node.isSequence())
    return fail(node.where, "'" + what + "' must be a list");
  out.reserve(node.items.size());
  for (const YamlNode *item : node.items) {
    out.emplace_back();
    if (!readText(*item, what, out.back()))
      return false;
  }
  return true;
}

bool YamlLoader::readRule(const YamlNode &node, RuleId &out) {
  std::string id;
  if (!readText(node, "rule", id))
    return false;
  out = rules.ruleNamed(id);
  if (out)
    return true;
  std::vector<std::string> known;
  for (const Rule &rule : rules.rules)
    known.push_back(rule.id);
  return fail(node.where,
              "there is no rule '" + id + "'" + suggestion(id, known));
}

bool YamlLoader::readState(const YamlNode &node, FacetId facet,
                           FacetState &out) {
  const Facet &in = rules.facet(facet);
  std::string name;
  if (!readText(node, in.name, name))
    return false;
  out = in.stateNamed(name);
  if (out != kUnknownState)
    return true;
  return fail(node.where, "'" + in.name + "' has no state '" + name + "'" +
                              suggestion(name, in.states));
}

//===----------------------------------------------------------------------===//
// Sections
//===----------------------------------------------------------------------===//

llvm::Error YamlLoader::load(llvm::ArrayRef<const YamlTree *> trees) {
  const size_t ruleCount = rules.rules.size();
  const size_t automatonCount = rules.automata.size();
  const size_t facetCount = rules.facets.size();
  if (loadSections(trees)) {
    for (auto &[name, contract] : staged)
      rules.contractsByName.insert_or_assign(name, std::move(contract));
    staged.clear();
    for (auto &[name, role] : stagedRoles)
      rules.rolesByName.insert_or_assign(name, std::move(role));
    stagedRoles.clear();
    return llvm::Error::success();
  }
  rules.rules.resize(ruleCount);
  rules.automata.resize(automatonCount);
  rules.facets.resize(facetCount);
  for (const std::string &name : addedFields)
    rules.fieldRoles.erase(name);
  for (const std::string &name : addedConstants)
    rules.constants.erase(name);
  for (const std::string &kind : addedSavedLevels)
    rules.savedLevels.erase(kind);
  return inputError(errorFile, errorLine, error);
}

bool YamlLoader::loadSections(llvm::ArrayRef<const YamlTree *> trees) {
  for (const YamlTree *each : trees) {
    tree = each;
    const YamlNode &root = tree->root();
    if (!root.isNull() && !checkKeys(root,
                                     {"constants", "rules", "automata", "roles",
                                      "fields", "saved-levels", "ddis"},
                                     "the file"))
      return false;
  }
  auto forEach = [&](StringRef section, auto &&load) {
    for (const YamlTree *each : trees) {
      tree = each;
      const YamlNode *node = tree->root().find(section);
      if (!node || node->isNull())
        continue;
      if (!wantMapping(*node, section))
        return false;
      if (!load(*node))
        return false;
    }
    return true;
  };
  auto eachEntry = [&](auto member) {
    return [this, member](const YamlNode &node) {
      for (const YamlNode::Entry &entry : node.entries)
        if (!(this->*member)(entry))
          return false;
      return true;
    };
  };
  if (!forEach("constants",
               [&](const YamlNode &node) { return loadConstants(node); }))
    return false;
  if (!forEach("rules", eachEntry(&YamlLoader::loadRule)))
    return false;
  tooHigh = rules.ruleFor(Rule::Breaks::IrqlMax);
  tooLow = rules.ruleFor(Rule::Breaks::IrqlMin);
  return forEach("automata", eachEntry(&YamlLoader::loadAutomaton)) &&
         forEach("roles", eachEntry(&YamlLoader::loadRole)) &&
         forEach("fields", eachEntry(&YamlLoader::loadFieldRole)) &&
         forEach("saved-levels", eachEntry(&YamlLoader::loadSavedLevel)) &&
         forEach("ddis", eachEntry(&YamlLoader::loadContract));
}

bool YamlLoader::loadConstants(const YamlNode &section) {
  for (const YamlNode::Entry &entry : section.entries) {
    ExprPtr value;
    if (!readValue(*entry.value, ExprScope{rules, {}, false}, value))
      return false;
    if (value->kind != Expr::Kind::Const)
      return fail(entry.value->where,
                  "constant '" + entry.key + "' must be a number");
    auto [at, added] =
        rules.constants.try_emplace(entry.key.str(), value->value);
    if (added)
      addedConstants.push_back(at->first);
    else if (at->second != value->value)
      return fail(entry.where, "constant '" + entry.key + "' is already " +
                                   llvm::Twine(at->second));
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

bool YamlLoader::loadRule(const YamlNode::Entry &entry) {
  const YamlNode &node = *entry.value;
  if (!checkKeys(node,
                 {"title", "severity", "enabled", "aliases", "bug-checks",
                  "sources", "breaks", "message", "code-analysis", "sdv",
                  "codeql", "kept", "repair"},
                 ("rule '" + entry.key + "'").str()))
    return false;
  if (rules.ruleNamed(entry.key))
    return fail(entry.where,
                "there is already a rule or alias '" + entry.key + "'");
  Rule rule;
  rule.id = entry.key.str();
  const YamlNode *title = node.find("title");
  const YamlNode *message = node.find("message");
  if (!title || !message)
    return fail(entry.where,
                "rule '" + entry.key + "' needs 'title' and 'message'");
  if (!readText(*title, "title", rule.title) ||
      !readText(*message, "message", rule.message) ||
      !checkMessage(*message, rule.message) || !loadRuleFlags(node, rule))
    return false;
  if (const YamlNode *kept = node.find("kept"))
    if (!readText(*kept, "kept", rule.kept) || !checkMessage(*kept, rule.kept))
      return false;
  if (const YamlNode *repair = node.find("repair"))
    if (!loadRepair(*repair, rule.repair))
      return false;
  for (const std::string &alias : rule.aliases)
    if (alias == rule.id || rules.ruleNamed(alias))
      return fail(node.find("aliases")->where,
                  "there is already a rule or alias '" + alias + "'");
  rules.rules.push_back(std::move(rule));
  return true;
}

bool YamlLoader::loadRepair(const YamlNode &node, Repair &repair) {
  if (!checkKeys(
          node,
          {"before", "insert", "remove", "probe", "return", "type", "beside"},
          "repair"))
    return false;
  if (const YamlNode *before = node.find("before")) {
    if (before->text == "exit")
      repair.before = Repair::Place::Exit;
    else if (before->text == "call")
      repair.before = Repair::Place::Call;
    else if (before->text == "use")
      repair.before = Repair::Place::Use;
    else
      return fail(before->where, "'before' must be 'exit', 'call' or 'use'");
  }
  for (auto [key, names] : {std::pair("insert", &repair.insert),
                            std::pair("remove", &repair.remove),
                            std::pair("beside", &repair.beside)})
    if (const YamlNode *list = node.find(key))
      if (!readTexts(*list, key, *names))
        return false;
  for (auto [key, text] :
       {std::pair("probe", &repair.probe), std::pair("return", &repair.result),
        std::pair("type", &repair.type)})
    if (const YamlNode *given = node.find(key))
      if (!readText(*given, key, *text))
        return false;
  bool isWayOut = repair.before == Repair::Place::Use;
  if (isWayOut ==
      (repair.result.empty() || repair.type.empty() || repair.beside.empty()))
    return fail(node.where, "a repair before a use, and no other, has "
                            "'return', 'type' and 'beside'");
  bool inserts = repair.before != Repair::Place::None && !isWayOut;
  if (inserts == repair.insert.empty() ||
      (isWayOut || inserts) != repair.remove.empty())
    return fail(node.where, "a repair has either 'before' and 'insert' or "
                            "'remove'");
  return true;
}

bool YamlLoader::loadRuleFlags(const YamlNode &node, Rule &rule) {
  if (const YamlNode *severity = node.find("severity")) {
    if (severity->text == "note")
      rule.severity = Severity::Note;
    else if (severity->text == "warning")
      rule.severity = Severity::Warning;
    else if (severity->text == "error")
      rule.severity = Severity::Error;
    else
      return fail(severity->where,
                  "'severity' must be 'note', 'warning' or 'error'");
  }
  if (const YamlNode *breaks = node.find("breaks")) {
    rule.breaks = llvm::StringSwitch<Rule::Breaks>(breaks->text)
                      .Case("irql-max", Rule::Breaks::IrqlMax)
                      .Case("irql-min", Rule::Breaks::IrqlMin)
                      .Case("lock-acquire", Rule::Breaks::LockAcquire)
                      .Case("lock-release", Rule::Breaks::LockRelease)
                      .Case("lock-exit", Rule::Breaks::LockExit)
                      .Case("irql-exit", Rule::Breaks::IrqlExit)
                      .Case("irql-restore", Rule::Breaks::IrqlRestore)
                      .Case("paged-code", Rule::Breaks::PagedCode)
                      .Case("annotations", Rule::Breaks::Annotations)
                      .Case("unannotated", Rule::Breaks::Unannotated)
                      .Case("irql-floor", Rule::Breaks::IrqlFloor)
                      .Case("irql-saved", Rule::Breaks::IrqlSaved)
                      .Default(Rule::Breaks::None);
    if (rule.breaks == Rule::Breaks::None)
      return fail(breaks->where,
                  "'breaks' must be 'irql-' with 'max', 'min', 'exit', "
                  "'restore', 'floor' or 'saved', 'lock-' with 'acquire', "
                  "'release' or 'exit', or 'paged-code', 'annotations' or "
                  "'unannotated'");
    if (rules.ruleFor(rule.breaks))
      return fail(breaks->where,
                  "there is already a rule for '" + breaks->text + "'");
  }
  if (const YamlNode *enabled = node.find("enabled"))
    if (!readFlag(*enabled, "enabled", rule.enabledByDefault))
      return false;
  const struct {
    StringRef key;
    std::vector<std::string> &texts;
  } kLists[] = {{"aliases", rule.aliases},
                {"bug-checks", rule.bugChecks},
                {"sources", rule.sources},
                {"sdv", rule.sdv},
                {"codeql", rule.codeql}};
  for (const auto &list : kLists)
    if (const YamlNode *texts = node.find(list.key))
      if (!readTexts(*texts, list.key, list.texts))
        return false;
  if (const YamlNode *numbers = node.find("code-analysis")) {
    std::vector<std::string> texts;
    if (!readTexts(*numbers, "code-analysis", texts))
      return false;
    for (size_t i = 0; i < texts.size(); ++i) {
      unsigned number = 0;
      if (StringRef(texts[i]).getAsInteger(10, number) || number == 0)
        return fail(numbers->items[i]->where,
                    "'" + texts[i] +
                        "' is no number of a warning; C28121 is "
                        "written 28121");
      rule.codeAnalysis.push_back(number);
    }
  }
  return true;
}

bool YamlLoader::checkMessage(const YamlNode &node, StringRef message) {
  static constexpr StringRef kPlaceholders[] = {
      "object", "callee", "state", "irql", "limit", "because", "site", "field"};
  for (StringRef rest = message.split('{').second; !rest.empty();
       rest = rest.split('{').second) {
    StringRef name = rest.split('}').first;
    if (name.size() == rest.size())
      return fail(node.where, "'}' is missing in the message");
    if (!llvm::is_contained(kPlaceholders, name))
      return fail(node.where, "unknown placeholder '{" + name + "}'" +
                                  suggestion(name, kPlaceholders));
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Automata
//===----------------------------------------------------------------------===//

bool YamlLoader::loadAutomaton(const YamlNode::Entry &entry) {
  const YamlNode &node = *entry.value;
  if (!checkKeys(node,
                 {"noun", "records", "facets", "leaks", "uses", "views",
                  "sources", "faults", "chains", "extent", "limits", "opaque"},
                 ("automaton '" + entry.key + "'").str()))
    return false;
  for (const Automaton &known : rules.automata)
    if (known.name == entry.key)
      return fail(entry.where,
                  "there is already an automaton '" + entry.key + "'");
  const AutomatonId id(uint32_t(rules.automata.size()));
  rules.automata.emplace_back();
  rules.automata.back().name = entry.key.str();
  rules.automata.back().noun = entry.key.str();
  const YamlNode *facets = node.find("facets");
  if (!facets || !facets->isMapping() || facets->entries.empty())
    return fail(entry.where, "automaton '" + entry.key + "' needs 'facets'");
  for (const YamlNode::Entry &facet : facets->entries)
    if (!loadFacet(facet, id))
      return false;
  for (const YamlNode::Entry &part : node.entries)
    if (part.key != "facets" && !loadAutomatonPart(part, id))
      return false;
  return true;
}

bool YamlLoader::loadFacet(const YamlNode::Entry &entry,
                           AutomatonId automaton) {
  const YamlNode &node = *entry.value;
  if (!wantMapping(node, ("facet '" + entry.key + "'").str()))
    return false;
  if (node.entries.empty() || node.entries.size() > 200)
    return fail(entry.where,
                "facet '" + entry.key + "' needs between 1 and 200 states");
  Facet facet;
  facet.name = entry.key.str();
  facet.automaton = automaton;
  for (const YamlNode::Entry &state : node.entries) {
    if (state.key == "unknown")
      return fail(state.where, "'unknown' is the name of no state");
    facet.states.push_back(state.key.str());
    facet.notes.emplace_back();
    if (!state.value->isNull() &&
        !readText(*state.value, "note", facet.notes.back()))
      return false;
  }
  const FacetId id(uint32_t(rules.facets.size()));
  rules.facets.push_back(std::move(facet));
  rules.automata[automaton.value].facets.push_back(id);
  return true;
}

bool YamlLoader::loadAutomatonPart(const YamlNode::Entry &part,
                                   AutomatonId automaton) {
  Automaton &made = rules.automata[automaton.value];
  if (part.key == "noun")
    return readText(*part.value, "noun", made.noun);
  if (part.key == "records")
    return readTexts(*part.value, "records", made.records);
  if (part.key == "extent") {
    Automaton::Extent &extent = made.extent.emplace();
    return wantMapping(*part.value, "'extent'") &&
           checkKeys(*part.value, {"field"}, "'extent'") &&
           readField(*part.value, extent.record, extent.field);
  }
  if (!part.value->isSequence())
    return fail(part.value->where, "'" + part.key + "' must be a list");
  for (const YamlNode *item : part.value->items) {
    FacetId facet;
    FacetState state = kUnknownState;
    if (part.key == "leaks" || part.key == "uses") {
      RuleId rule;
      if (!readFacetAndState(*item, {"rule"}, automaton, facet, state))
        return false;
      const YamlNode *ruleNode = item->find("rule");
      if (!ruleNode)
        return fail(item->where, "'rule' is missing");
      if (!readRule(*ruleNode, rule))
        return false;
      if (part.key == "leaks")
        made.leaks.push_back({facet, state, rule});
      else
        made.uses.push_back({facet, state, rule});
    } else if (part.key == "views") {
      Automaton::View view;
      if (!readFacetAndState(*item, {"field", "mask"}, automaton, view.facet,
                             view.state) ||
          !readField(*item, view.record, view.field))
        return false;
      const YamlNode *mask = item->find("mask");
      ExprPtr value;
      if (!mask)
        return fail(item->where, "'mask' is missing");
      if (!readValue(*mask, ExprScope{rules, {}, false}, value))
        return false;
      if (value->kind != Expr::Kind::Const || value->value == 0)
        return fail(mask->where, "'mask' must be a number other than 0");
      view.mask = uint64_t(value->value);
      made.views.push_back(std::move(view));
    } else if (part.key == "sources") {
      Automaton::Source source;
      if (!readFacetAndState(*item, {"field", "of"}, automaton, source.facet,
                             source.state) ||
          !readField(*item, source.record, source.field))
        return false;
      if (const YamlNode *of = item->find("of"))
        if (!readOwner(*of, source))
          return false;
      made.sources.push_back(std::move(source));
    } else if (part.key == "chains") {
      Automaton::Chain chain;
      const YamlNode *rule = item->find("rule");
      if (!checkKeys(*item, {"field", "rule"}, "an item of 'chains'") ||
          !readField(*item, chain.record, chain.field))
        return false;
      if (!rule)
        return fail(item->where, "'rule' is missing");
      if (!readRule(*rule, chain.rule))
        return false;
      made.chains.push_back(std::move(chain));
    } else if (part.key == "limits") {
      Automaton::Limit limit;
      if (!readFacetAndState(*item, {"max", "rule"}, automaton, limit.facet,
                             limit.state))
        return false;
      const YamlNode *max = item->find("max");
      const YamlNode *rule = item->find("rule");
      if (!max || !rule)
        return fail(item->where, "'max' and 'rule' are needed");
      if (!readLevel(*max, limit.max) || !readRule(*rule, limit.rule))
        return false;
      made.limits.push_back(limit);
    } else if (part.key == "opaque") {
      Automaton::Opaque opaque;
      const YamlNode *record = item->find("record");
      const YamlNode *open = item->find("open");
      const YamlNode *rule = item->find("rule");
      const YamlNode *bits = item->find("bits");
      if (!checkKeys(*item, {"record", "open", "bits", "rule"},
                     "an item of 'opaque'") ||
          (bits && !wantMapping(*bits, "'bits'")))
        return false;
      if (bits)
        for (const YamlNode::Entry &entry : bits->entries) {
          ExprPtr mask;
          if (!readValue(*entry.value, ExprScope{rules, {}, false}, mask))
            return false;
          if (mask->kind != Expr::Kind::Const)
            return fail(entry.where, "'bits' must be numbers");
          opaque.bits.emplace_back(entry.key.str(), uint64_t(mask->value));
        }
      if (!record || !open || !rule)
        return fail(item->where, "'record', 'open' and 'rule' are needed");
      if (!readText(*record, "record", opaque.record) ||
          !readTexts(*open, "open", opaque.open) ||
          !readRule(*rule, opaque.rule))
        return false;
      made.opaque.push_back(std::move(opaque));
    } else {
      if (!readFacetAndState(*item, {}, automaton, facet, state))
        return false;
      made.faults.push_back({facet, state});
    }
  }
  return true;
}

/// The state of the record that a source is read from: `automaton.facet:
/// state`.
bool YamlLoader::readOwner(const YamlNode &node, Automaton::Source &source) {
  if (!wantMapping(node, "'of'"))
    return false;
  for (const YamlNode::Entry &entry : node.entries) {
    auto [name, facet] = entry.key.split('.');
    for (size_t f = 0; f < rules.facets.size(); ++f)
      if (rules.facets[f].name == facet &&
          rules.automata[rules.facets[f].automaton.value].name == name)
        source.ofFacet = FacetId(uint32_t(f));
    if (!source.ofFacet)
      return fail(entry.where, "there is no facet '" + entry.key +
                                   "' before this line; write "
                                   "'automaton.facet'");
    if (!readState(*entry.value, source.ofFacet, source.ofState))
      return false;
  }
  return true;
}

bool YamlLoader::readFacetAndState(const YamlNode &item,
                                   std::initializer_list<StringRef> other,
                                   AutomatonId automaton, FacetId &facet,
                                   FacetState &state) {
  if (!wantMapping(item, "an item"))
    return false;
  const Automaton &in = rules.automata[automaton.value];
  std::vector<std::string> known;
  for (FacetId id : in.facets)
    known.push_back(rules.facet(id).name);
  for (const YamlNode::Entry &entry : item.entries) {
    if (llvm::is_contained(other, entry.key))
      continue;
    FacetId named;
    for (FacetId id : in.facets)
      if (rules.facet(id).name == entry.key)
        named = id;
    if (!named)
      return fail(entry.where, "automaton '" + in.name + "' has no facet '" +
                                   entry.key + "'" +
                                   suggestion(entry.key, known));
    if (facet)
      return fail(entry.where, "one facet only is expected here");
    facet = named;
    if (!readState(*entry.value, facet, state))
      return false;
  }
  if (!facet)
    return fail(item.where, "a facet and its state are missing here");
  return true;
}

bool YamlLoader::readField(const YamlNode &item, std::string &record,
                           std::string &field) {
  const YamlNode *node = item.find("field");
  std::string text;
  if (!node)
    return fail(item.where, "'field' is missing");
  if (!readText(*node, "field", text))
    return false;
  const auto [before, after] = StringRef(text).rsplit("::");
  if (after.empty() || before.empty())
    return fail(node->where, "'field' must be written 'record::field'");
  record = before.str();
  field = after.str();
  return true;
}

} // namespace mdlcheck::contract
