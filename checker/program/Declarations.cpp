//===-- Declarations.cpp - mistakes that need no path ---------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "program/Declarations.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::program;

namespace {

using Opaque = contract::Automaton::Opaque;

class Declarations {
public:
  Declarations(const ir::Unit &unit, const contract::RuleSet &rules)
      : unit(unit), rules(rules) {}

  std::vector<contract::Finding> run() {
    findOpaque();
    if (llvm::any_of(opaque, [](const Opaque *o) { return o; }))
      for (const ir::Function &f : unit.functions)
        if (!unit.declOf(f).inSystemHeader)
          checkStores(f);
    return std::move(findings);
  }

private:
  void findOpaque();
  void checkStores(const ir::Function &f);
  static bool changesOnly(const ir::Function &f, const ir::Instr &store,
                          uint64_t bits);
  void report(contract::RuleId rule, Span span, const std::string &function,
              const std::string &object);

  const ir::Unit &unit;
  const contract::RuleSet &rules;
  std::vector<const Opaque *> opaque; ///< by FieldId
  std::vector<contract::Finding> findings;
};

void Declarations::findOpaque() {
  opaque.resize(unit.fields.size());
  for (const contract::Automaton &automaton : rules.automata)
    for (const Opaque &o : automaton.opaque)
      for (size_t i = 0; i < unit.fields.size(); ++i)
        if (unit.fields[i].record == o.record &&
            !llvm::is_contained(o.open, unit.fields[i].name))
          opaque[i] = &o;
}

/// Is what is stored something with no other bits than these set, or cleared?
bool Declarations::changesOnly(const ir::Function &f, const ir::Instr &store,
                               uint64_t bits) {
  const uint64_t all =
      llvm::maskTrailingOnes<uint64_t>(unsigned(store.type.size) * 8);
  const ir::Expr *e = &f.exprs[store.value.value];
  while (e->kind == ir::ExprKind::Cast)
    e = &f.exprs[e->lhs.value];
  if (e->kind != ir::ExprKind::Binary ||
      (e->op != ir::Op::Or && e->op != ir::Op::And))
    return false;
  for (ir::ExprId id : {e->lhs, e->rhs}) {
    const ir::Expr *operand = &f.exprs[id.value];
    while (operand->kind == ir::ExprKind::Cast)
      operand = &f.exprs[operand->lhs.value];
    if (operand->kind != ir::ExprKind::Int)
      continue;
    uint64_t mask = uint64_t(operand->value);
    return ((e->op == ir::Op::Or ? mask : ~mask) & all & ~bits) == 0;
  }
  return false;
}

void Declarations::checkStores(const ir::Function &f) {
  for (const ir::Block &block : f.blocks)
    for (const ir::Instr &i : block.instrs) {
      if (i.kind != ir::InstrKind::Store)
        continue;
      const ir::Expr &to = f.exprs[i.addr.value];
      const Opaque *o = to.kind == ir::ExprKind::FieldAddr
                            ? opaque[to.field().value]
                            : nullptr;
      if (!o)
        continue;
      const std::string &name = unit.fields[to.field().value].name;
      auto bits = llvm::find_if(
          o->bits, [&](const auto &of) { return of.first == name; });
      if (bits == o->bits.end() || !changesOnly(f, i, bits->second))
        report(o->rule, i.span, unit.declOf(f).name, name);
    }
}

void Declarations::report(contract::RuleId rule, Span span,
                          const std::string &function,
                          const std::string &object) {
  if (!span.valid())
    return;
  contract::Finding f;
  f.rule = rule;
  f.where = {unit.files[span.file.value], span.line, span.column, span.endLine,
             span.endColumn};
  f.function = function;
  f.object = object;
  f.message = rules.rule(rule).message;
  constexpr llvm::StringLiteral kObject = "{object}";
  if (size_t at = f.message.find(kObject); at != std::string::npos)
    f.message.replace(at, kObject.size(), object);
  contract::PathStep last;
  last.kind = contract::PathStep::Kind::Final;
  last.where = f.where;
  last.function = function;
  last.message = f.message;
  f.path.push_back(std::move(last));
  // Copies of a finally part are one place.
  if (llvm::none_of(findings, [&](const contract::Finding &other) {
        return !(other < f) && !(f < other);
      }))
    findings.push_back(std::move(f));
}

} // namespace

std::vector<contract::Finding>
program::checkDeclarations(const ir::Unit &unit,
                           const contract::RuleSet &rules) {
  return Declarations(unit, rules).run();
}
