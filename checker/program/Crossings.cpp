//===-- Crossings.cpp -----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "program/Crossings.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::program;
using engine::Relevance;

FunctionRef program::refTo(const ir::Unit &unit, uint32_t function) {
  const ir::Function &f = unit.functions[function];
  FunctionRef ref{unit.declOf(f).name, {}};
  if (f.span.valid())
    ref.where = {unit.files[f.span.file.value], f.span.line, f.span.column, 0,
                 0};
  return ref;
}

Crossings::Crossings(engine::UnitGraph &graph,
                     const std::vector<const AnalysisResult *> &units)
    : graph(graph) {
  size_t n = graph.unit.functions.size();
  crossing.resize(unsigned(n), true);
  level.resize(unsigned(n));
  closedAlone.resize(unsigned(n));
  registered.resize(unsigned(n));
  if (units.empty())
    return;
  std::set<std::string> mains;
  std::set<FunctionRef> closed, levelRefs;
  std::map<FunctionRef, std::set<std::string>> entries;
  for (const AnalysisResult *unit : units) {
    mains.insert(unit->facts.mainFile);
    closed.insert(unit->facts.closed.begin(), unit->facts.closed.end());
    levelRefs.insert(unit->facts.level.begin(), unit->facts.level.end());
    for (const auto &[ref, roles] : unit->facts.entries)
      entries[ref].insert(roles.begin(), roles.end());
  }
  for (const std::string &file : graph.unit.files)
    isMain.push_back(mains.contains(file));
  for (uint32_t f = 0; f < n; ++f) {
    FunctionRef ref = refTo(graph.unit, f);
    if (closed.contains(ref)) {
      closedAlone.set(f);
      graph.close(f);
    }
    if (levelRefs.contains(ref))
      level.set(f);
    // Registered by another unit.
    auto known = entries.find(ref);
    for (const contract::Role *role : graph.callbacks->roles[f])
      if (known == entries.end() || !known->second.contains(role->name))
        registered.set(f);
  }
  crossing = registered;
  mentioned.resize(n);
  for (uint32_t f = 0; f < n; ++f) {
    for (const ir::Expr &e : graph.unit.functions[f].exprs)
      if (e.kind == ir::ExprKind::FunctionAddr)
        if (int body = graph.unit.decls[e.index].body;
            body >= 0 && isForeign(uint32_t(body), f))
          mentioned[f].push_back(uint32_t(body));
    llvm::sort(mentioned[f]);
    mentioned[f].erase(llvm::unique(mentioned[f]), mentioned[f].end());
  }
  // What hands nothing on in its unit may do so with the bodies of others.
  bool changed = true;
  while (changed) {
    changed = false;
    for (uint32_t f : graph.bottomUp) {
      graph.refresh(f);
      if (!crosses(f) && !showsMore(f))
        continue;
      changed |= !crosses(f) || graph.relevance[f].closed;
      crossing.set(f);
      graph.open(f);
    }
  }
  findSuperseded();
}

void Crossings::settle(uint32_t function) {
  if (!crosses(function) || isMain.empty() || registered.test(function) ||
      showsMore(function))
    return;
  crossing.reset(function);
  if (closedAlone.test(function))
    graph.close(function);
}

bool Crossings::showsMore(uint32_t function) const {
  // It may be registered, or called through a pointer, with what is known here.
  if (llvm::any_of(mentioned[function],
                   [&](uint32_t f) {
                     const Relevance &r = graph.relevance[f];
                     return r.facets || r.members || r.irqlChange;
                   }) &&
      graph.relevance[function].worthEntering())
    return true;
  return llvm::any_of(graph.calleesOf(function), [&](uint32_t c) {
    const Relevance &r = graph.relevance[c];
    if (!r.closed && crosses(c))
      return true;
    if (!isForeign(c, function))
      return false;
    const Relevance &own = graph.relevance[function];
    bool hands = r.facets || r.irqlChange ||
                 // What an exception leaves behind is of this function.
                 (r.raises && (own.facets || own.irqlChange)) ||
                 (r.members && graph.looksAtMembers(function));
    return (!r.closed && hands) ||
           // At a level that was raised here.
           (r.irqlLimit && own.irqlChange && !level.test(function));
  });
}

bool Crossings::isForeign(uint32_t callee, uint32_t caller) const {
  Span a = graph.unit.functions[callee].span;
  Span b = graph.unit.functions[caller].span;
  return a.valid() && (!b.valid() || a.file != b.file) && isMain[a.file.value];
}

void Crossings::findSuperseded() {
  for (uint32_t f = 0; f < graph.unit.functions.size(); ++f)
    if (llvm::any_of(graph.callers[f],
                     [&](uint32_t caller) { return isForeign(f, caller); })) {
      FunctionRef ref = refTo(graph.unit, f);
      superseded.insert({ref.name, ref.where.file});
    }
}

bool Crossings::isForCallers(const contract::Finding &finding) const {
  return llvm::any_of(finding.path, [&](const contract::PathStep &step) {
    return step.depth == 0 &&
           superseded.contains({step.function, step.where.file});
  });
}
