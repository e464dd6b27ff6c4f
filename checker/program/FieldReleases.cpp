//===-- FieldReleases.cpp - what becomes of stored objects ----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "program/FieldReleases.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::program;
using namespace mdlcheck::ir;

namespace {
using CExpr = contract::Expr;

/// The parameter that an expression of a contract is, itself.
bool isParam(const contract::ExprPtr &e, uint32_t param) {
  return e && e->kind == CExpr::Kind::Param && e->index == param;
}
} // namespace

FieldReleases::FieldReleases(const engine::UnitGraph &graph,
                             const contract::RuleSet &rules)
    : graph(graph), rules(rules) {
  complete = isSeen();
  if (!complete)
    return;
  const Unit &unit = graph.unit;
  functions.resize(unit.functions.size());
  for (uint32_t i = 0; i < functions.size(); ++i) {
    const ir::Function &f = unit.functions[i];
    functions[i].temps.resize(f.numTemps);
    functions[i].locals.resize(f.locals.size());
    for (uint32_t p = 0; p < f.numParams; ++p)
      functions[i].locals[p].insert({Source::Kind::Param, p});
  }
  do {
    changed = false;
    for (uint32_t f : graph.bottomUp)
      analyse(f);
  } while (changed);
}

/// Functions that could not be followed, or that belong to the program and are
/// not among its files, may do anything to its records.
bool FieldReleases::isSeen() const {
  const Unit &unit = graph.unit;
  if (!unit.skipped.empty())
    return false;
  for (const ir::Function &f : unit.functions)
    for (const Block &b : f.blocks)
      for (const Instr &i : b.instrs) {
        if (i.kind != InstrKind::Call || !i.callee)
          continue;
        const FunctionDecl &d = unit.decls[i.callee.value];
        if (d.body >= 0 || d.inSystemHeader || d.isImplicit ||
            graph.contracts[i.callee.value])
          continue;
        for (const CallArg &arg : i.args)
          if (arg.type.kind == TypeKind::Pointer && !arg.pointeeConst &&
              (arg.pointeeSize == 0 || arg.pointeeSize >= 8))
            return false;
      }
  return true;
}

FieldReleases::Sources FieldReleases::sourcesOf(const Function &f,
                                                const ir::Function &body,
                                                ExprId value) const {
  if (!value)
    return {};
  const Expr &e = body.exprs[value.value];
  switch (e.kind) {
  case ExprKind::Temp:
    return f.temps[e.index];
  case ExprKind::LocalAddr:
    return {{Source::Kind::LocalAddr, e.index}};
  case ExprKind::FieldAddr:
    return {{Source::Kind::FieldAddr, e.index}};
  case ExprKind::IndexAddr:
  case ExprKind::Cast:
    return sourcesOf(f, body, e.lhs);
  case ExprKind::Binary: {
    if (e.op >= Op::Eq)
      return {};
    Sources s = sourcesOf(f, body, e.lhs);
    s.merge(sourcesOf(f, body, e.rhs));
    return s;
  }
  default:
    return {};
  }
}

/// What may be read at `addr`.
FieldReleases::Sources FieldReleases::readFrom(const Function &f,
                                               const ir::Function &body,
                                               ExprId addr) const {
  Sources read;
  for (const Source &s : sourcesOf(f, body, addr))
    switch (s.kind) {
    case Source::Kind::FieldAddr:
      read.insert({Source::Kind::Field, s.index});
      break;
    case Source::Kind::LocalAddr:
      read.insert(f.locals[s.index].begin(), f.locals[s.index].end());
      break;
    case Source::Kind::Param:
      read.insert({Source::Kind::Pointee, s.index});
      break;
    default:
      break;
    }
  return read;
}

/// The value goes where it may be released; with `address`, what it points to
/// may, too.
void FieldReleases::give(Function &f, const Sources &value, bool address) {
  for (const Source &s : value)
    switch (s.kind) {
    case Source::Kind::Field:
      changed |= released.insert(s.index).second;
      break;
    case Source::Kind::FieldAddr:
      if (address)
        changed |= released.insert(s.index).second;
      break;
    case Source::Kind::LocalAddr:
      // Of a local that holds such a value, not of one that holds addresses.
      if (address)
        give(f, f.locals[s.index], false);
      break;
    case Source::Kind::Param:
      changed |= f.gone.insert(s).second;
      if (address)
        changed |= f.gone.insert({Source::Kind::Pointee, s.index}).second;
      break;
    case Source::Kind::Pointee:
      changed |= f.gone.insert(s).second;
      break;
    }
}

/// Does a callee with this contract release its argument, or keep it?
bool FieldReleases::releases(const contract::Contract &c,
                             uint32_t param) const {
  if (c.defaultEffects && !llvm::is_contained(c.ignoredParams, param))
    return true;
  for (const contract::Outcome &o : c.outcomes) {
    for (const contract::ExprPtr &e : o.escapes)
      if (isParam(e, param))
        return true;
    for (const contract::Assignment &a : o.assigns)
      if (isParam(a.value, param))
        return true;
    if (isParam(o.resultValue, param))
      return true;
    for (const contract::FacetEffect &e : o.facets)
      if (isParam(e.object, param))
        for (const contract::Automaton &a : rules.automata)
          for (const auto &l : a.leaks)
            if (l.facet == e.facet && l.state != e.state)
              return true;
  }
  for (const contract::Registration &r : c.registrations)
    for (const auto &[index, value] : r.args)
      if (isParam(value, param))
        return true;
  return false;
}

void FieldReleases::flowCall(uint32_t function, const Instr &call) {
  Function &f = functions[function];
  const ir::Function &body = graph.unit.functions[function];
  std::vector<DeclId> callees = graph.calleesOf(body, call);
  auto giveAll = [&](const FunctionDecl *d) {
    for (size_t n = 0; n < call.args.size(); ++n) {
      // What follows the declared parameters of a DDI is printed.
      if (d && d->isVariadic && d->inSystemHeader && n >= d->paramNames.size())
        continue;
      give(f, sourcesOf(f, body, call.args[n].value), true);
    }
  };
  if (callees.empty() || call.isVirtual)
    giveAll(nullptr);
  Sources result;
  for (DeclId callee : callees) {
    const FunctionDecl &d = graph.unit.decls[callee.value];
    const contract::Contract *c = graph.contracts[callee.value];
    bool ownBody = d.body >= 0 && !d.inSystemHeader;
    if (c && (!ownBody || c->origin != contract::Contract::Origin::Shipped)) {
      for (uint32_t n = 0; n < call.args.size(); ++n)
        if (releases(*c, n))
          give(f, sourcesOf(f, body, call.args[n].value), true);
      continue;
    }
    if (d.body < 0) {
      giveAll(&d);
      continue;
    }
    const Function &to = functions[size_t(d.body)];
    auto argument = [&](uint32_t n) {
      return n < call.args.size() ? sourcesOf(f, body, call.args[n].value)
                                  : Sources();
    };
    for (const Source &s : to.gone)
      if (s.kind == Source::Kind::Param)
        give(f, argument(s.index), false);
      else
        for (const Source &a : argument(s.index)) {
          if (a.kind == Source::Kind::FieldAddr ||
              a.kind == Source::Kind::LocalAddr)
            give(f, {a}, true);
          else if (a.kind == Source::Kind::Param)
            give(f, {{Source::Kind::Pointee, a.index}}, false);
        }
    for (const Source &s : to.result)
      if (s.kind == Source::Kind::Param)
        result.merge(argument(s.index));
      else if (s.kind == Source::Kind::Field ||
               s.kind == Source::Kind::FieldAddr)
        result.insert(s);
  }
  if (call.dst)
    for (const Source &s : result)
      changed |= f.temps[call.dst.value].insert(s).second;
}

void FieldReleases::analyse(uint32_t function) {
  Function &f = functions[function];
  const ir::Function &body = graph.unit.functions[function];
  auto put = [&](Sources &to, const Sources &from) {
    for (const Source &s : from)
      changed |= to.insert(s).second;
  };
  for (const Block &b : body.blocks)
    for (const Instr &i : b.instrs)
      switch (i.kind) {
      case InstrKind::Load:
        if (i.dst)
          put(f.temps[i.dst.value], readFrom(f, body, i.addr));
        break;
      case InstrKind::Store: {
        Sources value = sourcesOf(f, body, i.value);
        if (value.empty())
          break;
        bool kept = false;
        for (const Source &to : sourcesOf(f, body, i.addr))
          if (to.kind == Source::Kind::LocalAddr) {
            put(f.locals[to.index], value);
            kept = true;
          } else if (to.kind == Source::Kind::FieldAddr) {
            // Back to where it came from.
            Sources elsewhere = value;
            elsewhere.erase({Source::Kind::Field, to.index});
            give(f, elsewhere, true);
            kept = true;
          }
        if (!kept)
          give(f, value, true);
        break;
      }
      case InstrKind::Call:
        flowCall(function, i);
        break;
      default:
        break;
      }
  if (body.result) {
    Sources &result = f.result;
    put(result, f.locals[body.result.value]);
    if (graph.callers[function].empty())
      give(f, result, false);
  }
}
