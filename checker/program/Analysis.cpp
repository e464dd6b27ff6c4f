//===-- Analysis.cpp - the one call hosts make ----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "program/Analysis.h"

#include "engine/Engine.h"
#include "program/Crossings.h"
#include "program/Declarations.h"
#include "program/FieldReleases.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::program;
using namespace mdlcheck::engine;

namespace {

/// Runs the engine over the entries of one unit, with more room where the
/// first pass was not exact enough to be believed.
class UnitAnalysis {
public:
  UnitAnalysis(const ir::Unit &unit, const contract::RuleSet &rules,
               const AnalysisOptions &options)
      : unit(unit), options(options),
        // Most was found with all of it already.
        budget(options.units.empty() ? options.stateBudget
                                     : options.stateBudget / 16),
        rules(rules), graph(unit, rules), joint(graph, rules, quick()),
        crossings(graph, options.units) {}

  AnalysisResult run();

private:
  /// What is asked about: an outermost function, or a module.
  struct Target {
    uint32_t function;
    bool isModule;
  };
  /// Everything found out about one of them so far.
  struct Account : EntryResult {
    void add(const EntryResult &r);
  };

  EngineOptions quick() const {
    EngineOptions o;
    o.keepApart = 2;
    o.keepValues = 1;
    o.unroll = 3;
    o.unrollValues = 1;
    o.perSite = 2;
    o.skipIrrelevant = true;
    o.moduleWeight = 48;
    o.activationBudget = o.entryBudget = budget / 16;
    return o;
  }
  EngineOptions quickSlice() const {
    EngineOptions o = quick();
    o.activationBudget = o.entryBudget = budget / 4;
    return o;
  }
  EngineOptions exact() const {
    EngineOptions o;
    o.keepApart = o.keepValues = 64;
    o.activationBudget = budget;
    o.entryBudget = budget * 2;
    return o;
  }
  /// With one object in view its own states keep apart what matters to it.
  EngineOptions exactSlice() const {
    EngineOptions o;
    o.keepApart = 8;
    o.keepValues = 4;
    o.activationBudget = budget / 8;
    o.entryBudget = budget / 4;
    return o;
  }

  static EntryResult runIn(Engine &engine, Target target) {
    return target.isModule ? engine.runModule(target.function)
                           : engine.runEntry(target.function);
  }
  Engine &focusedOn(uint32_t site);
  void slice(Target target, Account &account);
  ReportMap takeDoubtful(ReportMap &reports) const;
  ReportMap confirmed(Target target, const ReportMap &doubtful,
                      ReportMap &unclear);
  /// Reports about the objects of one site, and all their paths.
  struct Batch {
    std::set<ReportKey> wanted;
    Decisions decisions;
  };
  static std::map<uint32_t, Batch> bySite(const ReportMap &reports);
  EntryResult retrace(Target target, EngineOptions o, const Batch &batch,
                      uint64_t *spent = nullptr);
  void settleModule(uint32_t module);
  void settleModules(const EntryResult &user);
  void enter(uint32_t function);
  void confirm(uint32_t module, ReportMap &open);
  std::set<ReportKey> confirmFrom(uint32_t head, const ReportMap &open,
                                  unsigned haste, uint64_t &spent);
  void note(uint32_t function, const std::set<std::string> &reasons) {
    if (!reasons.empty())
      limits[function].insert(reasons.begin(), reasons.end());
  }
  void take(const Engine &engine);
  void addUnits();
  void addUnreleased();
  void noteFacts(uint32_t function, const EntryResult &r);

  const ir::Unit &unit;
  const AnalysisOptions &options;
  const unsigned budget; ///< AnalysisOptions::stateBudget, or a share of it
  const contract::RuleSet &rules;
  UnitGraph graph; ///< knows more of callees as they are analysed
  Engine joint;
  Crossings crossings;
  /// Engines that follow the objects of one site.
  std::map<uint32_t, std::unique_ptr<Engine>> focused;
  /// Modules that were gone through, with what they hand to their callers.
  std::map<uint32_t, std::set<uint32_t>> exported;
  /// Found in modules: right where some caller confirms it.
  std::map<uint32_t, ReportMap> pending;
  AnalysisResult result;
  std::set<uint32_t> analysed;
  std::map<ReportKey, contract::Finding> findings;
  /// Objects that stay behind in fields.
  std::map<ReportKey, Kept> kept;
  std::map<uint32_t, std::set<std::string>> limits;
};

} // namespace

/// Does it hand nothing to its callers?
static bool isSelfContained(const EntryResult &r) {
  return r.exported.empty() && !r.leavesMark && !r.touchesGiven;
}

void UnitAnalysis::Account::add(const EntryResult &r) {
  for (const auto &[key, report] : r.reports) {
    auto [it, isNew] = reports.emplace(key, report);
    if (!isNew && it->second.merged && !report.merged)
      it->second = report;
  }
  kept.insert(r.kept.begin(), r.kept.end());
  budgetHit |= r.budgetHit;
  limits.insert(r.limits.begin(), r.limits.end());
  sites.insert(r.sites.begin(), r.sites.end());
  modules.insert(r.modules.begin(), r.modules.end());
  exported.insert(r.exported.begin(), r.exported.end());
  leavesMark |= r.leavesMark;
  touchesGiven |= r.touchesGiven;
  callsOutRaised |= r.callsOutRaised;
}

void UnitAnalysis::take(const Engine &engine) {
  result.stats.statesVisited += engine.stats.states;
  result.stats.summaries += engine.stats.summaries;
  result.stats.summaryHits += engine.stats.summaryHits;
  analysed.insert(engine.analysed.begin(), engine.analysed.end());
}

Engine &UnitAnalysis::focusedOn(uint32_t site) {
  std::unique_ptr<Engine> &engine = focused[site];
  if (!engine) {
    EngineOptions o = quickSlice();
    o.focus = site;
    engine = std::make_unique<Engine>(graph, rules, o);
  }
  return *engine;
}

/// One object in view at a time: polynomial where all together are not. What
/// all together already showed on exact states stands.
void UnitAnalysis::slice(Target target, Account &account) {
  account.limits.clear();
  std::erase_if(account.reports, [](const auto &p) { return p.second.merged; });
  // Exceptions and the IRQL are followed without any object.
  std::set<uint32_t> todo{EngineOptions::kNoSite}, done;
  uint64_t spent = 0;
  for (;;) {
    for (uint32_t module : account.modules)
      account.sites.insert(exported[module].begin(), exported[module].end());
    // Sites that only show up with other objects out of the way count too.
    for (uint32_t site : account.sites)
      if (!done.contains(site))
        todo.insert(site);
    if (todo.empty())
      return;
    if (spent > budget) {
      account.limits.insert("not every object could be followed on its own");
      account.budgetHit = true;
      return;
    }
    auto next = done.empty() ? std::prev(todo.end()) : todo.begin();
    uint32_t site = *next;
    todo.erase(next);
    done.insert(site);
    Engine &engine = focusedOn(site);
    uint64_t before = engine.stats.states;
    EntryResult r = runIn(engine, target);
    uint64_t states = engine.stats.states - before;
    // What comes to its end is worth its time; what does not, soon is not.
    spent += r.budgetHit ? states : states / 8;
    account.add(r);
    settleModules(r);
  }
}

/// Takes out what rests on joined states; what is known already just goes.
ReportMap UnitAnalysis::takeDoubtful(ReportMap &reports) const {
  ReportMap doubtful;
  for (const auto &[key, report] : reports)
    if (report.merged && !findings.contains(key))
      doubtful.emplace(key, report);
  std::erase_if(reports, [](const auto &p) { return p.second.merged; });
  return doubtful;
}

/// Which of the `doubtful`, which rest on joined states, are right? All paths
/// that were joined for them are followed again, apart this time as far as
/// that goes. `unclear` gets those for which the budget was too small to say.
ReportMap UnitAnalysis::confirmed(Target target, const ReportMap &doubtful,
                                  ReportMap &unclear) {
  ReportMap sure;
  for (const auto &[site, batch] : bySite(doubtful)) {
    EngineOptions o = exactSlice();
    o.focus = site;
    EntryResult r = retrace(target, o, batch);
    for (const ReportKey &key : batch.wanted)
      if (auto it = r.reports.find(key); it != r.reports.end()) {
        sure.insert(*it);
      } else {
        if (r.budgetHit)
          unclear.insert(*doubtful.find(key));
        note(target.function, r.limits);
      }
  }
  return sure;
}

std::map<uint32_t, UnitAnalysis::Batch>
UnitAnalysis::bySite(const ReportMap &reports) {
  std::map<uint32_t, Batch> batches;
  for (const auto &[key, report] : reports) {
    Batch &batch = batches[report.site];
    batch.wanted.insert(key);
    batch.decisions.insert(report.decisions.begin(), report.decisions.end());
  }
  return batches;
}

EntryResult UnitAnalysis::retrace(Target target, EngineOptions o,
                                  const Batch &batch, uint64_t *spent) {
  o.guide = &batch.decisions;
  o.wanted = &batch.wanted;
  Engine engine(graph, rules, o);
  EntryResult r = runIn(engine, target);
  take(engine);
  if (spent)
    *spent += engine.stats.states;
  return r;
}

void UnitAnalysis::settleModules(const EntryResult &user) {
  for (uint32_t module : user.modules)
    if (exported.try_emplace(module).second)
      settleModule(module);
}

/// What is wrong in a module, whoever calls it, is kept until a caller
/// confirms it.
void UnitAnalysis::settleModule(uint32_t module) {
  Target target{module, true};
  Account account;
  static_cast<EntryResult &>(account) = joint.runModule(module);
  settleModules(account);
  if (account.budgetHit)
    slice(target, account);
  exported[module] = account.exported;
  bool isClosed = isSelfContained(account);
  noteFacts(module, account);
  if (isClosed) {
    graph.close(module);
  } else if (graph.relevance[module].weight <= quick().moduleWeight)
    return; // followed wherever it is called
  note(module, account.limits);
  ReportMap unclear, &own = pending[module];
  own.merge(confirmed(target, takeDoubtful(account.reports), unclear));
  own.merge(account.reports);
}

/// Asks the callers of `module` whether what was found in it can be. What they
/// leave open is right for a function that other units could call as well, and
/// not for one whose callers are all here.
void UnitAnalysis::confirm(uint32_t module, ReportMap &open) {
  auto isKnown = [&](const auto &p) { return findings.contains(p.first); };
  uint64_t spent = 0;
  std::set<ReportKey> excluded;
  std::vector<uint32_t> callers = graph.callers[module];
  llvm::sort(callers);
  callers.erase(llvm::unique(callers), callers.end());
  // Those that are soon through first.
  std::stable_sort(callers.begin(), callers.end(), [&](uint32_t a, uint32_t b) {
    return graph.relevance[a].weight < graph.relevance[b].weight;
  });
  bool isStatic = unit.declOf(unit.functions[module]).isStatic;
  for (size_t i = 0; i < callers.size(); ++i) {
    std::erase_if(open, isKnown);
    if (open.empty() || spent > budget)
      break;
    std::set<ReportKey> no =
        confirmFrom(callers[i], open, isStatic ? 1 : 2, spent);
    if (i == 0)
      excluded = no;
    std::erase_if(excluded,
                  [&](const ReportKey &key) { return !no.contains(key); });
    if (excluded.empty() && !isStatic)
      break;
    if (i + 1 == callers.size())
      std::erase_if(open,
                    [&](const auto &p) { return excluded.contains(p.first); });
  }
  if (!isStatic)
    for (auto &[key, report] : open)
      findings.emplace(key, std::move(report.finding));
}

/// Which of `open` can happen when `head` is the outermost function? Those are
/// findings; returned is what then surely cannot. `haste` divides the budget.
std::set<ReportKey> UnitAnalysis::confirmFrom(uint32_t head,
                                              const ReportMap &open,
                                              unsigned haste, uint64_t &spent) {
  ReportMap found;
  std::set<ReportKey> no;
  for (const auto &[site, batch] : bySite(open)) {
    // A way there from here first, then whether it can be gone.
    EngineOptions o = quickSlice();
    o.moduleWeight = 0;
    o.activationBudget = o.entryBudget /= haste;
    o.focus = site;
    o.anyWill = true;
    EntryResult r = retrace({head, false}, o, batch, &spent);
    // The same mistake may be found with an object of another site.
    for (const auto &[key, report] : open)
      if (auto it = r.reports.find(key); it != r.reports.end())
        found.insert(*it);
      else if (report.site == site) {
        note(head, r.limits);
        if (!r.budgetHit && r.limits.empty())
          no.insert(key);
      }
  }
  ReportMap unclear;
  ReportMap asked = takeDoubtful(found);
  ReportMap sure = confirmed({head, false}, asked, unclear);
  for (const auto &[key, report] : asked)
    if (!sure.contains(key) && !unclear.contains(key))
      no.insert(key);
  sure.merge(found);
  // The module has it for sure, and a quick look finds a way there.
  sure.merge(unclear);
  for (auto &[key, report] : sure)
    findings.emplace(key, std::move(report.finding));
  return no;
}

void UnitAnalysis::enter(uint32_t function) {
  Target target{function, false};
  Account account;
  static_cast<EntryResult &>(account) = joint.runEntry(function);
  settleModules(account);
  bool sliced = account.budgetHit;
  if (sliced)
    slice(target, account);
  ReportMap doubtful = takeDoubtful(account.reports);
  bool inPieces = sliced || !account.modules.empty();
  if (!doubtful.empty() && !inPieces) {
    Engine fine(graph, rules, exact());
    EntryResult r = fine.runEntry(function);
    take(fine);
    inPieces = r.budgetHit;
    if (!inPieces)
      account.reports.merge(r.reports);
  }
  ReportMap unclear;
  if (inPieces)
    account.reports.merge(confirmed(target, doubtful, unclear));
  for (auto &[key, report] : account.reports)
    findings.emplace(key, std::move(report.finding));
  kept.merge(account.kept);
  note(function, account.limits);
  noteFacts(function, account);
}

/// For whoever puts units together.
void UnitAnalysis::noteFacts(uint32_t function, const EntryResult &r) {
  if (!options.units.empty())
    return;
  if (isSelfContained(r))
    result.facts.closed.push_back(refTo(unit, function));
  if (!r.callsOutRaised)
    result.facts.level.push_back(refTo(unit, function));
}

/// Takes over what the units of a program came to by themselves.
void UnitAnalysis::addUnits() {
  llvm::StringSet<> defined;
  for (const ir::FunctionDecl &d : unit.decls)
    if (d.body >= 0)
      defined.insert(d.name);
  std::set<uint32_t> unhandled;
  for (const auto &[name, contract] : rules.contracts())
    for (const contract::Outcome &o : contract.outcomes)
      unhandled.insert(o.ifUncaught.value);
  for (const AnalysisResult *known : options.units) {
    for (const contract::Finding &finding : known->findings) {
      bool isOpen =
          llvm::any_of(finding.assumedHarmless, [&](const std::string &name) {
            return name.empty() || defined.contains(name);
          });
      isOpen |= unhandled.contains(finding.rule.value) &&
                crossings.isForCallers(finding);
      if (!isOpen)
        result.findings.push_back(finding);
    }
    result.stats.statesVisited += known->stats.statesVisited;
    result.stats.summaries += known->stats.summaries;
    result.stats.summaryHits += known->stats.summaryHits;
    llvm::append_range(result.coverage.limited, known->coverage.limited);
    for (const auto &[name, calls] : known->coverage.unknownCallees)
      if (!defined.contains(name))
        result.coverage.unknownCallees[name] += calls;
  }
}

/// What is stored in a field, and nobody in the program releases from there.
void UnitAnalysis::addUnreleased() {
  bool isWhole = llvm::any_of(graph.callbacks->roles, [](const auto &roles) {
    return llvm::any_of(
        roles, [](const contract::Role *role) { return role->isStart; });
  });
  if (!options.wholeProgram || !isWhole || result.facts.kept.empty())
    return;
  FieldReleases releases(graph, rules);
  if (!releases.isComplete())
    return;
  for (const UnitFacts::Kept &held : result.facts.kept) {
    auto [record, name] = llvm::StringRef(held.field).rsplit("::");
    auto field = llvm::find_if(unit.fields, [&](const ir::Field &f) {
      return f.record == record && f.name == name;
    });
    if (field != unit.fields.end() &&
        !releases.isReleased(
            ir::FieldId(uint32_t(field - unit.fields.begin()))) &&
        !options.mentionedOutside.contains(held.field))
      result.findings.push_back(held.finding);
  }
}

AnalysisResult UnitAnalysis::run() {
  auto place = [&](Span span) {
    contract::Location l;
    if (span.valid())
      l = {unit.files[span.file.value], span.line, span.column, span.endLine,
           span.endColumn};
    return l;
  };
  for (const ir::Function &f : unit.functions) {
    result.stats.blocks += unsigned(f.blocks.size());
    for (const ir::Block &b : f.blocks)
      result.stats.instructions += unsigned(b.instrs.size());
  }
  llvm::BitVector isEntry(unsigned(unit.functions.size()));
  for (uint32_t f : graph.entries)
    isEntry.set(f);
  llvm::BitVector entered(unsigned(unit.functions.size()));
  auto start = [&](uint32_t f) {
    entered.set(f);
    if (options.units.empty()) {
      std::vector<std::string> &roles = result.facts.entries[refTo(unit, f)];
      for (const contract::Role *role : graph.callbacks->roles[f])
        roles.push_back(role->name);
    } else if (!crossings.crosses(f)) {
      return; // as in its unit
    }
    // Nothing in it or below it could break a rule: looked at, and clean.
    if (!graph.worthEntering(f))
      return;
    enter(f);
    analysed.insert(joint.analysed.begin(), joint.analysed.end());
  };
  // Callees first: of those that are closed their callers need not know more.
  for (uint32_t f : graph.bottomUp) {
    graph.refresh(f);
    crossings.settle(f);
    const Relevance &r = graph.relevance[f];
    if (!graph.callers[f].empty() && r.worthEntering() && !r.closed &&
        crossings.crosses(f) && exported.try_emplace(f).second)
      settleModule(f);
    if (isEntry.test(f))
      start(f);
  }
  // Called only by each other, or on paths nobody takes.
  for (uint32_t f : graph.others) {
    // Where all calls of it are dead, so is it.
    bool dead = unit.declOf(unit.functions[f]).isStatic && limits.empty() &&
                llvm::any_of(graph.callers[f], [&](uint32_t caller) {
                  return entered.test(caller) || analysed.contains(caller);
                });
    if (!analysed.contains(f) && !dead)
      start(f);
  }
  for (auto &[module, open] : pending)
    confirm(module, open);
  for (const AnalysisResult *known : options.units)
    llvm::append_range(result.facts.kept, known->facts.kept);
  for (auto &[key, held] : kept) {
    const ir::Field &field = unit.fields[held.field.value];
    result.facts.kept.push_back(
        {field.record + "::" + field.name, std::move(held.finding)});
  }
  addUnits();
  addUnreleased();
  llvm::append_range(result.findings, checkDeclarations(unit, rules));
  result.facts.mainFile = unit.mainFile;
  llvm::sort(result.facts.closed);
  llvm::sort(result.facts.level);
  take(joint);
  for (const auto &[site, engine] : focused)
    take(*engine);

  Coverage &c = result.coverage;
  for (uint32_t f = 0; f < unit.functions.size(); ++f)
    if (!unit.declOf(unit.functions[f]).inSystemHeader) {
      ++c.functionsDefined;
      ++c.functionsAnalysed;
    }
  for (const ir::SkippedFunction &s : unit.skipped) {
    ++c.functionsDefined;
    c.skipped.push_back({s.name, place(s.span), s.reason});
  }
  for (const auto &[f, reasons] : limits)
    for (const std::string &reason : reasons)
      c.limited.push_back({unit.declOf(unit.functions[f]).name,
                           place(unit.functions[f].span), reason});
  // What units say of them is added: a call is counted where it stands.
  if (options.units.empty())
    for (const auto &[name, calls] : joint.unknownCallees)
      c.unknownCallees[name] = unsigned(calls.size());
  for (auto &[key, finding] : findings)
    result.findings.push_back(std::move(finding));
  std::stable_sort(result.findings.begin(), result.findings.end());
  // What units found themselves goes before.
  result.findings.erase(
      std::unique(result.findings.begin(), result.findings.end(),
                  [](const contract::Finding &a, const contract::Finding &b) {
                    return !(a < b) && !(b < a);
                  }),
      result.findings.end());
  return std::move(result);
}

std::set<std::string>
program::mentionedByLibraries(const std::vector<ir::Unit> &units,
                              const contract::RuleSet &rules) {
  std::set<std::string> mentioned;
  auto starts = [&](const ir::FunctionDecl &d) {
    return d.body >= 0 && llvm::any_of(rules.roles(), [&](const auto &named) {
             const contract::Role &role = named.second;
             return role.isStart &&
                    (llvm::is_contained(d.roles, role.name) ||
                     llvm::is_contained(role.functions, d.name));
           });
  };
  for (const ir::Unit &unit : units)
    if (llvm::none_of(unit.decls, starts))
      for (const ir::Field &field : unit.fields)
        if (!field.inSystemHeader)
          mentioned.insert(field.record + "::" + field.name);
  return mentioned;
}

AnalysisResult program::analyze(const ir::Unit &unit,
                                const contract::RuleSet &rules,
                                const AnalysisOptions &options) {
  return UnitAnalysis(unit, rules, options).run();
}
