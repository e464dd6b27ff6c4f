//===-- Analysis.cpp - the one call hosts make ----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "program/Analysis.h"

#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"

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
      : unit(unit), rules(rules), options(options), graph(unit, rules) {}

  AnalysisResult run();

private:
  EngineOptions quick() const {
    EngineOptions o;
    o.keepApart = 2;
    o.unroll = 3;
    o.skipIrrelevant = true;
    o.activationBudget = options.stateBudget / 16;
    o.entryBudget = options.stateBudget / 8;
    return o;
  }
  EngineOptions exact() const {
    EngineOptions o;
    o.keepApart = 64;
    o.activationBudget = options.stateBudget;
    o.entryBudget = options.stateBudget * 2;
    return o;
  }
  /// With one object in view its own states keep apart what matters to it.
  EngineOptions exactSlice() const {
    EngineOptions o;
    o.keepApart = 8;
    o.activationBudget = options.stateBudget / 8;
    o.entryBudget = options.stateBudget / 4;
    return o;
  }
  void entry(uint32_t function, Engine &engine);
  EntryResult perObject(uint32_t function, EngineOptions o,
                        const std::set<uint32_t> &sites);
  void take(const Engine &engine);

  const ir::Unit &unit;
  const contract::RuleSet &rules;
  const AnalysisOptions &options;
  UnitGraph graph;
  AnalysisResult result;
  std::set<uint32_t> analysed;
  std::map<ReportKey, contract::Finding> findings;
  std::map<uint32_t, std::set<std::string>> limits;
};

} // namespace

void UnitAnalysis::take(const Engine &engine) {
  result.stats.statesVisited += engine.stats.states;
  result.stats.summaries += engine.stats.summaries;
  result.stats.summaryHits += engine.stats.summaryHits;
  analysed.insert(engine.analysed.begin(), engine.analysed.end());
}

/// One object in view at a time: polynomial where all together are not.
EntryResult UnitAnalysis::perObject(uint32_t function, EngineOptions o,
                                    const std::set<uint32_t> &sites) {
  EntryResult all;
  std::set<uint32_t> todo = sites, done;
  uint64_t spent = 0;
  // Sites that only show up with other objects out of the way count too.
  while (!todo.empty()) {
    if (spent > options.stateBudget) {
      all.limits.insert("not every object could be followed on its own");
      all.budgetHit = true;
      break;
    }
    uint32_t site = *todo.begin();
    todo.erase(todo.begin());
    if (!done.insert(site).second)
      continue;
    o.focus = site;
    Engine engine(graph, rules, o);
    EntryResult r = engine.runEntry(function);
    take(engine);
    // What comes to its end is worth its time; what does not, soon is not.
    spent += r.budgetHit ? engine.stats.states : engine.stats.states / 8;
    for (auto &[key, report] : r.reports)
      all.reports.emplace(key, std::move(report));
    all.budgetHit |= r.budgetHit;
    all.limits.insert(r.limits.begin(), r.limits.end());
    for (uint32_t s : r.sites)
      if (!done.contains(s))
        todo.insert(s);
  }
  return all;
}

void UnitAnalysis::entry(uint32_t function, Engine &engine) {
  EntryResult r = engine.runEntry(function);
  bool sliced = false;
  if (r.budgetHit && !r.sites.empty()) {
    ReportMap joint = std::move(r.reports);
    EngineOptions slice = quick();
    slice.activationBudget = slice.entryBudget = options.stateBudget / 4;
    r = perObject(function, slice, r.sites);
    sliced = true;
    // What all objects together already showed on exact states stands.
    for (auto &[key, report] : joint)
      if (!report.merged)
        r.reports.insert_or_assign(key, std::move(report));
  }
  bool doubtful = std::any_of(r.reports.begin(), r.reports.end(),
                              [](const auto &p) { return p.second.merged; });
  if (doubtful) {
    EntryResult again;
    if (sliced) {
      again = perObject(function, exactSlice(), r.sites);
    } else {
      Engine fine(graph, rules, exact());
      again = fine.runEntry(function);
      take(fine);
      if (again.budgetHit && !again.sites.empty())
        again = perObject(function, exactSlice(), again.sites);
    }
    for (auto &[key, report] : r.reports)
      if (!report.merged)
        again.reports.insert_or_assign(key, std::move(report));
    r = std::move(again);
  }
  for (auto &[key, report] : r.reports)
    findings.emplace(key, std::move(report.finding));
  if (r.budgetHit || !r.limits.empty())
    limits[function].insert(r.limits.begin(), r.limits.end());
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
  Engine engine(graph, rules, quick());
  std::set<uint32_t> entered;
  auto enter = [&](uint32_t f) {
    entered.insert(f);
    // Nothing in it or below it could break a rule: looked at, and clean.
    if (!graph.relevance[f].worthEntering())
      return;
    entry(f, engine);
    analysed.insert(engine.analysed.begin(), engine.analysed.end());
  };
  for (uint32_t f : graph.entries)
    enter(f);
  // Called only by each other, or on paths nobody takes.
  for (uint32_t f : graph.others) {
    // Where all calls of it are dead, so is it.
    bool dead = unit.declOf(unit.functions[f]).isStatic && limits.empty() &&
                llvm::any_of(graph.callers[f], [&](uint32_t caller) {
                  return entered.contains(caller) || analysed.contains(caller);
                });
    if (!analysed.contains(f) && !dead)
      enter(f);
  }
  take(engine);

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
  c.unknownCallees = engine.unknownCallees;
  for (auto &[key, finding] : findings)
    result.findings.push_back(std::move(finding));
  std::sort(result.findings.begin(), result.findings.end());
  return std::move(result);
}

AnalysisResult program::analyze(const ir::Unit &unit,
                                const contract::RuleSet &rules,
                                const AnalysisOptions &options) {
  return UnitAnalysis(unit, rules, options).run();
}
