//===-- PagedCode.cpp - code in sections that can be paged out -*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A function whose code can be paged out has a limit that calls of it must keep
// to, as if it were annotated; and it must not raise the IRQL above that limit
// for the time in which its own code runs on.
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;
using contract::Rule;

namespace {
constexpr int kApcLevel = 1;
constexpr llvm::StringLiteral kSection = "section:";
constexpr llvm::StringLiteral kPaged = "PAGE";

llvm::StringRef sectionOf(const ir::FunctionDecl &d) {
  for (llvm::StringRef text : d.annotations)
    if (text.consume_front(kSection))
      return text;
  return {};
}

std::string inSection(llvm::StringRef section) {
  return "(section '" + section.str() + "')";
}

/// The function whose address an argument is.
const ir::FunctionDecl *functionAt(const ir::Unit &unit, const ir::Function &f,
                                   const ir::CallArg &arg) {
  const ir::Expr *e = &f.exprs[arg.value.value];
  while (e->kind == ir::ExprKind::Cast)
    e = &f.exprs[e->lhs.value];
  return e->kind == ir::ExprKind::FunctionAddr ? &unit.decls[e->decl().value]
                                               : nullptr;
}
} // namespace

/// A section of which nothing but its name is known is pageable if it is the
/// one; others may be locked in memory where we do not see it, unless the
/// whole program is there.
void UnitGraph::findPagedCode(const contract::RuleSet &rules) {
  paged.resize(unsigned(unit.decls.size()));
  const contract::RuleId rule = rules.ruleFor(Rule::Breaks::PagedCode);
  if (!rule || llvm::none_of(unit.decls, [](const ir::FunctionDecl &d) {
        return sectionOf(d).starts_with(kPaged);
      }))
    return;
  llvm::StringSet<> pinned;
  llvm::BitVector saysSo(paged.size()); ///< by DeclId: of itself
  bool anyPinned = false, isWhole = false;
  for (uint32_t i = 0; i < unit.functions.size(); ++i) {
    const ir::Function &f = unit.functions[i];
    isWhole |= llvm::any_of(callbacks->roles[i],
                            [](const contract::Role *r) { return r->isStart; });
    for (const ir::Block &b : f.blocks)
      for (const ir::Instr &instr : b.instrs) {
        if (instr.kind != ir::InstrKind::Call || !instr.callee)
          continue;
        const contract::Contract *c = contracts[instr.callee.value];
        if (!c)
          continue;
        for (uint32_t n : c->pinnedParams) {
          if (n == contract::kPinsCaller) {
            saysSo.set(f.decl.value);
            continue;
          }
          const ir::FunctionDecl *d = n < instr.args.size()
                                          ? functionAt(unit, f, instr.args[n])
                                          : nullptr;
          if (d)
            pinned.insert(sectionOf(*d));
          else
            anyPinned = true;
        }
      }
  }
  for (uint32_t i = 0; i < unit.decls.size(); ++i) {
    const ir::FunctionDecl &d = unit.decls[i];
    const llvm::StringRef section = sectionOf(d);
    if (!section.starts_with(kPaged) || pinned.contains(section) || saysSo[i] ||
        (section != kPaged && (anyPinned || !isWhole)))
      continue;
    paged.set(i);
    contract::IrqlRequirement limit;
    limit.max = kApcLevel;
    limit.tooHigh = rule;
    limit.because = inSection(section);
    if (annotated[i]) {
      // Only ever our own.
      const_cast<contract::Contract *>(annotated[i])->irql.push_back(limit);
      continue;
    }
    contract::Contract &c = ownAnnotated.emplace_back();
    c.name = d.name;
    c.origin = contract::Contract::Origin::Annotation;
    c.params = d.paramNames;
    c.defaultEffects = true;
    c.irql.push_back(limit);
    c.outcomes.emplace_back();
    annotated[i] = &c;
  }
}

bool UnitGraph::isPaged(uint32_t function) const {
  return paged.test(unit.functions[function].decl.value);
}

bool Engine::isToldAsPaged(const Where &at, contract::RuleId rule) const {
  return graph.isPaged(at.act.function) &&
         rule == rules.ruleFor(Rule::Breaks::PagedCode);
}

void Engine::reportPaged(const Activation &act, Span span, const State &state) {
  const ir::FunctionDecl &d =
      graph.unit.declOf(graph.unit.functions[act.function]);
  Range now = rangeOf(state, terms, state.irql);
  ReportArgs args;
  args.callee = d.name;
  args.irql = irqlName(now.lo, now.hi);
  args.limit = irqlName(kApcLevel, kApcLevel);
  args.because = inSection(sectionOf(d));
  reportAt(act, span, state, rules.ruleFor(Rule::Breaks::PagedCode), args,
           state.trace);
}

/// The call that begins in `before` has come back in `after`.
void Engine::checkPagedCode(const Where &at, Range before, const State &after) {
  if (before.lo <= kApcLevel &&
      rangeOf(after, terms, after.irql).lo > kApcLevel)
    reportPaged(at.act, at.instr->span, after);
}

/// A routine that the system calls at a level its code is not there for.
void Engine::checkPagedEntry(const Activation &act, const State &entry) {
  if (graph.isPaged(act.function) &&
      rangeOf(entry, terms, entry.irql).lo > kApcLevel)
    reportPaged(act, graph.unit.declOf(graph.unit.functions[act.function]).span,
                entry);
}
