//===-- Callbacks.cpp - functions that are called by pointer --*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Callbacks.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::ir;
using contract::Role;

namespace {
/// A pointer that may be any of more functions tells nothing.
constexpr size_t kMaxTargets = 8;

ExprId withoutCasts(const Function &f, ExprId id) {
  while (id && f.exprs[id.value].kind == ExprKind::Cast)
    id = f.exprs[id.value].lhs;
  return id;
}

bool insert(Callbacks::Roles &to, const Role *role) {
  auto at = llvm::lower_bound(
      to, role, [](const Role *a, const Role *b) { return a->name < b->name; });
  if (at != to.end() && *at == role)
    return false;
  to.insert(at, role);
  return true;
}
} // namespace

Callbacks::Callbacks(const Unit &unit, const contract::RuleSet &rules,
                     const std::vector<const contract::Contract *> &contracts)
    : unit(unit), rules(rules), contracts(contracts) {
  size_t n = unit.functions.size();
  roles.resize(n);
  locals.resize(n);
  loads.resize(n);
  paramRoles.resize(n);
  fields.resize(unit.fields.size());
  globals.resize(unit.globals.size());
  for (const Field &field : unit.fields) {
    auto it = rules.fieldRoles.find(field.record + "::" + field.name);
    fieldRoles.push_back(
        it == rules.fieldRoles.end() ? nullptr : rules.roleNamed(it->second));
    // The system may put its own routines there.
    fields[fieldRoles.size() - 1].others = field.inSystemHeader;
  }
  for (uint32_t i = 0; i < n; ++i) {
    const Function &f = unit.functions[i];
    for (const std::string &name : unit.declOf(f).roles)
      if (const Role *role = rules.roleNamed(name))
        insert(roles[i], role);
    for (const auto &[name, role] : rules.roles())
      if (llvm::is_contained(role.functions, unit.declOf(f).name))
        insert(roles[i], &role);
    loads[i].resize(f.numTemps);
    paramRoles[i].resize(f.numParams);
    for (const Block &b : f.blocks)
      for (const Instr &instr : b.instrs)
        if (instr.kind == InstrKind::Load && instr.dst)
          loads[i][instr.dst.value] = &instr;
  }
  findTables();
  for (const Function &f : unit.functions)
    findStores(f);
  for (bool changed = true; changed;) {
    changed = false;
    for (const Function &f : unit.functions)
      changed |= findRoles(f);
  }
}

/// The field, variable or local that `addr` lies in; of an array, all of it.
Callbacks::Origin Callbacks::storageOf(const Function &f, ExprId addr) const {
  while (addr) {
    const Expr &e = f.exprs[addr.value];
    switch (e.kind) {
    case ExprKind::FieldAddr:
      return {Origin::Kind::Field, e.index};
    case ExprKind::GlobalAddr:
      return {Origin::Kind::Global, e.index};
    case ExprKind::LocalAddr:
      return {Origin::Kind::Local, e.index};
    case ExprKind::IndexAddr:
    case ExprKind::Cast:
      addr = e.lhs;
      break;
    default:
      return {};
    }
  }
  return {};
}

Callbacks::Origin Callbacks::originOf(const Function &f, ExprId value) const {
  value = withoutCasts(f, value);
  if (!value)
    return {};
  const Expr &e = f.exprs[value.value];
  if (e.kind == ExprKind::Int && e.value == 0)
    return {Origin::Kind::Null, 0};
  if (e.kind == ExprKind::FunctionAddr)
    return {Origin::Kind::Function, e.index};
  if (e.kind == ExprKind::Temp) {
    size_t number = size_t(unit.declOf(f).body);
    if (const Instr *load = loads[number][e.index])
      return storageOf(f, load->addr);
  }
  return {};
}

void Callbacks::findTables() {
  for (uint32_t g = 0; g < unit.globals.size(); ++g) {
    globals[g].others = unit.globals[g].isExtern;
    for (const GlobalInit &i : unit.globals[g].inits) {
      if (i.kind == GlobalInit::Kind::FunctionAddr) {
        globals[g].functions.insert(i.index);
        if (i.field) {
          fields[i.field.value].functions.insert(i.index);
          int body = unit.decls[i.index].body;
          if (fieldRoles[i.field.value] && body >= 0)
            insert(roles[size_t(body)], fieldRoles[i.field.value]);
        }
      } else if (i.field && (i.kind != GlobalInit::Kind::Int || i.value)) {
        fields[i.field.value].others = true;
      }
    }
  }
}

/// Addresses of storage that go anywhere but into a load or store of it: what
/// is written through them is not seen here.
void Callbacks::findEscapes(const Function &f, ExprId id) {
  if (!id)
    return;
  const Expr &e = f.exprs[id.value];
  if (e.kind == ExprKind::FieldAddr)
    fields[e.index].others = true;
  else if (e.kind == ExprKind::GlobalAddr)
    globals[e.index].others |= !unit.globals[e.index].isConst;
  else if (e.kind == ExprKind::LocalAddr)
    locals[size_t(unit.declOf(f).body)][e.index].others = true;
  // The record around a field is no escape of the field beside it.
  if (e.kind != ExprKind::FieldAddr)
    findEscapes(f, e.lhs);
  findEscapes(f, e.rhs);
}

void Callbacks::findStores(const Function &f) {
  auto &own = locals[size_t(unit.declOf(f).body)];
  for (uint32_t p = 0; p < f.numParams; ++p)
    own[p].others = true;
  for (const Block &b : f.blocks)
    for (const Instr &i : b.instrs) {
      if (i.kind == InstrKind::Store) {
        Origin to = storageOf(f, i.addr);
        Values *values = to.kind == Origin::Kind::Field    ? &fields[to.index]
                         : to.kind == Origin::Kind::Global ? &globals[to.index]
                         : to.kind == Origin::Kind::Local  ? &own[to.index]
                                                           : nullptr;
        if (values) {
          Origin from = originOf(f, i.value);
          if (from.kind == Origin::Kind::Function)
            values->functions.insert(from.index);
          else if (from.kind != Origin::Kind::Null)
            values->others = true;
        }
        findEscapes(f, withoutCasts(f, i.value));
      } else if (i.kind == InstrKind::Call) {
        for (const CallArg &arg : i.args)
          findEscapes(f, arg.value);
        findEscapes(f, i.resultAddr);
      } else if (i.kind == InstrKind::Copy) {
        // Whole records keep what their fields may hold.
        Origin to = storageOf(f, i.addr);
        if (to.kind == Origin::Kind::Global)
          globals[to.index].others = true;
        else if (to.kind == Origin::Kind::Local)
          own[to.index].others = true;
      }
    }
}

std::vector<DeclId> Callbacks::targetsOf(const Function &f,
                                         ExprId target) const {
  Origin from = originOf(f, target);
  const Values *values = nullptr;
  if (from.kind == Origin::Kind::Field)
    values = &fields[from.index];
  else if (from.kind == Origin::Kind::Global)
    values = &globals[from.index];
  else if (from.kind == Origin::Kind::Local) {
    const auto &own = locals[size_t(unit.declOf(f).body)];
    auto it = own.find(from.index);
    values = it == own.end() ? nullptr : &it->second;
  }
  if (!values || values->others || values->functions.size() > kMaxTargets)
    return {};
  std::vector<DeclId> targets;
  for (uint32_t d : values->functions)
    targets.push_back(DeclId(d));
  return targets;
}

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

/// `value` is a routine with `role`: a function, or what a parameter holds.
bool Callbacks::take(const Function &f, ExprId value, const Role *role) {
  if (!role)
    return false;
  Origin from = originOf(f, value);
  if (from.kind == Origin::Kind::Function) {
    int body = unit.decls[from.index].body;
    return body >= 0 && insert(roles[size_t(body)], role);
  }
  if (from.kind == Origin::Kind::Local && from.index < f.numParams)
    return insert(paramRoles[size_t(unit.declOf(f).body)][from.index], role);
  return false;
}

bool Callbacks::takeAll(const Function &f, ExprId value, const Roles &of) {
  bool changed = false;
  for (const Role *role : of)
    changed |= take(f, value, role);
  return changed;
}

bool Callbacks::findRoles(const Function &f) {
  bool changed = false;
  for (const Block &b : f.blocks)
    for (const Instr &i : b.instrs) {
      if (i.kind == InstrKind::Store) {
        Origin to = storageOf(f, i.addr);
        if (to.kind == Origin::Kind::Field)
          changed |= take(f, i.value, fieldRoles[to.index]);
        continue;
      }
      if (i.kind != InstrKind::Call || !i.callee)
        continue;
      if (const contract::Contract *c = contracts[i.callee.value]) {
        for (const contract::Registration &r : c->registrations)
          if (r.callback->kind == contract::Expr::Kind::Param &&
              r.callback->index < i.args.size())
            changed |= take(f, i.args[r.callback->index].value,
                            rules.roleNamed(r.role));
        continue;
      }
      int body = unit.decls[i.callee.value].body;
      if (body < 0)
        continue;
      const auto &of = paramRoles[size_t(body)];
      for (size_t n = 0; n < of.size() && n < i.args.size(); ++n) {
        // Of a recursive call the list may grow meanwhile.
        Roles passed = of[n];
        changed |= takeAll(f, i.args[n].value, passed);
      }
    }
  return changed;
}
