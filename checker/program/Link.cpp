//===-- Link.cpp - units as programs --------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "program/Link.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

#include <map>
#include <tuple>

using namespace mdlcheck;
using namespace mdlcheck::ir;
using llvm::StringRef;

namespace {

/// One definition; the same function of a header is one, with many homes.
struct Definition {
  uint32_t unit; ///< the first that has it
  uint32_t index;
  bool shared = false; ///< several units have it
};

using Definitions = std::vector<Definition>;

/// Two functions of one name at one place with one fingerprint are the same.
uint64_t fingerprint(const Unit &unit, const Function &f) {
  llvm::hash_code h = llvm::hash_combine(f.locals.size(), f.blocks.size());
  for (const Local &l : f.locals)
    h = llvm::hash_combine(h, l.type.kind, l.type.size, l.name);
  for (const Expr &e : f.exprs) {
    h = llvm::hash_combine(h, e.kind, e.op, e.type.kind, e.type.size, e.value,
                           e.lhs.value, e.rhs.value);
    switch (e.kind) {
    case ExprKind::GlobalAddr:
      h = llvm::hash_combine(h, unit.globals[e.index].linkName);
      break;
    case ExprKind::FunctionAddr:
      h = llvm::hash_combine(h, unit.decls[e.index].linkName);
      break;
    case ExprKind::StringAddr:
      h = llvm::hash_combine(h, unit.strings[e.index]);
      break;
    case ExprKind::FieldAddr:
      h = llvm::hash_combine(h, unit.fields[e.index].record,
                             unit.fields[e.index].name,
                             unit.fields[e.index].offset);
      break;
    default:
      h = llvm::hash_combine(h, e.index);
    }
  }
  for (const Block &b : f.blocks) {
    h = llvm::hash_combine(h, b.instrs.size(), b.succs.size(), b.unwind.value);
    for (BlockId s : b.succs)
      h = llvm::hash_combine(h, s.value);
    for (const Instr &i : b.instrs) {
      h = llvm::hash_combine(h, i.kind, i.assumeKind, i.type.kind, i.type.size,
                             i.bitOffset, i.bitWidth, i.local.value);
      h = llvm::hash_combine(h, i.dst.value, i.addr.value, i.value.value,
                             i.target.value, i.resultAddr.value, i.text);
      for (const CallArg &arg : i.args)
        h = llvm::hash_combine(h, arg.value.value);
      if (i.callee)
        h = llvm::hash_combine(h, unit.decls[i.callee.value].linkName);
    }
  }
  return h;
}

/// How many folders two files share.
size_t nearness(StringRef a, StringRef b) {
  auto i = llvm::sys::path::begin(a), endA = llvm::sys::path::end(a);
  auto j = llvm::sys::path::begin(b), endB = llvm::sys::path::end(b);
  size_t n = 0;
  for (; i != endA && j != endB && *i == *j; ++i, ++j)
    ++n;
  return n;
}

class Linker {
public:
  explicit Linker(std::vector<Unit> units) : units(std::move(units)) {}
  std::vector<Unit> run();

private:
  void collect();
  void group();
  Unit build(const std::vector<uint32_t> &members);
  const Definition *nearest(uint32_t unit, const Definitions &all) const;

  std::vector<Unit> units;
  /// Definitions other units can mean, by link name.
  llvm::StringMap<Definitions> functions, globals;
  /// By unit and decl: the first unit and decl that has the same function.
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> same;
  llvm::EquivalenceClasses<uint32_t> programs;
};

void Linker::collect() {
  using Key =
      std::tuple<std::string, std::string, uint32_t, uint32_t, uint64_t>;
  std::map<Key, std::pair<uint32_t, uint32_t>> seen;
  for (uint32_t u = 0; u < units.size(); ++u) {
    const Unit &unit = units[u];
    programs.insert(u);
    same.emplace_back();
    for (uint32_t d = 0; d < unit.decls.size(); ++d) {
      const FunctionDecl &decl = unit.decls[d];
      std::pair<uint32_t, uint32_t> self{u, d};
      if (decl.body >= 0) {
        const Function &f = unit.functions[size_t(decl.body)];
        if (f.span.valid())
          self = seen.try_emplace({decl.linkName, unit.files[f.span.file.value],
                                   f.span.line, f.span.column,
                                   fingerprint(unit, f)},
                                  self)
                     .first->second;
        if (!decl.isStatic) {
          Definitions &all = functions[decl.linkName];
          auto it = llvm::find_if(all, [&](const Definition &x) {
            return x.unit == self.first && x.index == self.second;
          });
          if (it == all.end())
            all.push_back({self.first, self.second});
          else
            it->shared = true;
        }
      }
      same.back().push_back(self);
    }
    for (uint32_t g = 0; g < unit.globals.size(); ++g)
      if (!unit.globals[g].isStatic && !unit.globals[g].isExtern)
        globals[unit.globals[g].linkName].push_back({u, g});
  }
}

const Definition *Linker::nearest(uint32_t unit, const Definitions &all) const {
  const Definition *best = nullptr;
  size_t nearestSoFar = 0;
  for (const Definition &d : all) {
    size_t n = nearness(units[unit].mainFile, units[d.unit].mainFile);
    if (!best || n > nearestSoFar) {
      best = &d;
      nearestSoFar = n;
    }
  }
  return best;
}

void Linker::group() {
  for (uint32_t u = 0; u < units.size(); ++u) {
    auto meets = [&](const llvm::StringMap<Definitions> &table,
                     const std::string &name) {
      auto it = table.find(name);
      if (it == table.end())
        return;
      const Definition *d = nearest(u, it->second);
      if (!d->shared)
        programs.unionSets(u, d->unit);
    };
    for (const FunctionDecl &d : units[u].decls)
      if (d.body < 0 && !d.isStatic)
        meets(functions, d.linkName);
    for (const Global &g : units[u].globals)
      if (g.isExtern && !g.isStatic)
        meets(globals, g.linkName);
  }
}

/// One program in the making. Names are settled by the Linker; this moves
/// tables and bodies over and gives everything its new number.
class Merge {
public:
  struct Ids {
    std::vector<uint32_t> files, strings, fields, globals, decls;
  };

  void tables(const Unit &unit, Ids &to);
  void bodies(Unit &unit, const Ids &to);
  uint32_t addDecl(const FunctionDecl &decl, const Ids &to);
  uint32_t addGlobal(const Global &global);
  static Span moved(const Ids &ids, Span s) {
    if (s.valid())
      s.file = FileId(ids.files[s.file.value]);
    return s;
  }

  Unit out;

private:
  llvm::StringMap<uint32_t> files, strings;
  std::map<std::tuple<std::string, std::string, uint64_t, uint8_t, uint64_t>,
           uint32_t>
      fields;
};

void Merge::tables(const Unit &unit, Ids &to) {
  for (const std::string &file : unit.files) {
    auto [it, isNew] = files.try_emplace(file, uint32_t(out.files.size()));
    if (isNew)
      out.files.push_back(file);
    to.files.push_back(it->second);
  }
  for (const std::string &string : unit.strings) {
    auto [it, isNew] =
        strings.try_emplace(string, uint32_t(out.strings.size()));
    if (isNew)
      out.strings.push_back(string);
    to.strings.push_back(it->second);
  }
  for (const Field &f : unit.fields) {
    auto [it, isNew] =
        fields.try_emplace({f.record, f.name, f.offset, uint8_t(f.type.kind),
                            f.type.size * 2 + f.type.isSigned},
                           uint32_t(out.fields.size()));
    if (isNew)
      out.fields.push_back(f);
    to.fields.push_back(it->second);
  }
  for (const SkippedFunction &s : unit.skipped) {
    SkippedFunction r = s;
    r.span = moved(to, s.span);
    if (llvm::none_of(out.skipped, [&](const SkippedFunction &o) {
          return o.span == r.span && o.name == r.name;
        }))
      out.skipped.push_back(std::move(r));
  }
}

void addMissing(std::vector<std::string> &to,
                const std::vector<std::string> &from) {
  for (const std::string &s : from)
    if (!llvm::is_contained(to, s))
      to.push_back(s);
}

/// A declaration; its body, if it has one, comes with bodies().
uint32_t Merge::addDecl(const FunctionDecl &decl, const Ids &to) {
  FunctionDecl &r = out.decls.emplace_back(decl);
  r.body = -1;
  r.span = moved(to, decl.span);
  return uint32_t(out.decls.size() - 1);
}

uint32_t Merge::addGlobal(const Global &global) {
  out.globals.emplace_back(global).inits.clear();
  return uint32_t(out.globals.size() - 1);
}

void Merge::bodies(Unit &unit, const Ids &to) {
  for (uint32_t g = 0; g < unit.globals.size(); ++g)
    for (GlobalInit init : unit.globals[g].inits) {
      Global &global = out.globals[to.globals[g]];
      switch (init.kind) {
      case GlobalInit::Kind::Int:
        break;
      case GlobalInit::Kind::FunctionAddr:
        init.index = to.decls[init.index];
        break;
      case GlobalInit::Kind::GlobalAddr:
        init.index = to.globals[init.index];
        break;
      case GlobalInit::Kind::StringAddr:
        init.index = to.strings[init.index];
        break;
      }
      if (init.field)
        init.field = FieldId(to.fields[init.field.value]);
      global.inits.push_back(init);
    }
  for (Function &f : unit.functions) {
    FunctionDecl &decl = out.decls[to.decls[f.decl.value]];
    if (decl.body >= 0)
      continue; // another unit's is the same
    decl.body = int32_t(out.functions.size());
    f.decl = DeclId(to.decls[f.decl.value]);
    f.span = moved(to, f.span);
    f.endSpan = moved(to, f.endSpan);
    for (Local &l : f.locals)
      l.span = moved(to, l.span);
    for (Expr &e : f.exprs)
      switch (e.kind) {
      case ExprKind::GlobalAddr:
        e.index = to.globals[e.index];
        break;
      case ExprKind::FunctionAddr:
        e.index = to.decls[e.index];
        break;
      case ExprKind::StringAddr:
        e.index = to.strings[e.index];
        break;
      case ExprKind::FieldAddr:
        e.index = to.fields[e.index];
        break;
      default:
        break;
      }
    for (Block &b : f.blocks)
      for (Instr &i : b.instrs) {
        i.span = moved(to, i.span);
        if (i.callee)
          i.callee = DeclId(to.decls[i.callee.value]);
      }
    out.functions.push_back(std::move(f));
  }
}

/// Local names of several units may be the same; others keep theirs.
template <typename Named> void makeUnique(std::vector<Named> &all) {
  llvm::StringSet<> taken;
  for (bool locals : {false, true})
    for (Named &named : all) {
      if (named.isStatic != locals)
        continue;
      std::string unique = named.linkName;
      for (unsigned n = 2; !taken.insert(unique).second; ++n)
        unique = named.linkName + "#" + std::to_string(n);
      named.linkName = unique;
    }
}

Unit Linker::build(const std::vector<uint32_t> &members) {
  Merge merge;
  std::map<uint32_t, Merge::Ids> ids;
  merge.out.mainFile = units[members.front()].mainFile;

  // Definitions first, so that what only names them finds them.
  using Place = std::pair<uint32_t, uint32_t>; // unit and number in it
  std::map<Place, uint32_t> functionAt, globalAt;
  constexpr uint32_t kNone = UINT32_MAX;
  for (uint32_t u : members) {
    const Unit &unit = units[u];
    Merge::Ids &to = ids[u];
    merge.tables(unit, to);
    to.decls.assign(unit.decls.size(), kNone);
    to.globals.assign(unit.globals.size(), kNone);
    for (uint32_t d = 0; d < unit.decls.size(); ++d)
      if (unit.decls[d].body >= 0) {
        auto [it, isNew] = functionAt.try_emplace(same[u][d], kNone);
        if (isNew)
          it->second = merge.addDecl(unit.decls[d], to);
        to.decls[d] = it->second;
      }
    for (uint32_t g = 0; g < unit.globals.size(); ++g)
      if (!unit.globals[g].isExtern)
        globalAt[{u, g}] = to.globals[g] = merge.addGlobal(unit.globals[g]);
  }

  // The number of what `name` means in unit `u`, as far as it is among these.
  auto meant = [&](uint32_t u, const llvm::StringMap<Definitions> &table,
                   const std::string &name,
                   const std::map<Place, uint32_t> &here) {
    auto all = table.find(name);
    if (all == table.end())
      return kNone;
    const Definition *d = nearest(u, all->second);
    auto it = here.find({d->unit, d->index});
    return it == here.end() ? kNone : it->second;
  };
  llvm::StringMap<uint32_t> missingFunctions, missingGlobals;
  for (uint32_t u : members) {
    const Unit &unit = units[u];
    Merge::Ids &to = ids[u];
    for (uint32_t d = 0; d < unit.decls.size(); ++d) {
      const FunctionDecl &decl = unit.decls[d];
      if (to.decls[d] != kNone)
        continue;
      if (!decl.isStatic)
        to.decls[d] = meant(u, functions, decl.linkName, functionAt);
      if (to.decls[d] != kNone) {
        FunctionDecl &r = merge.out.decls[to.decls[d]];
        addMissing(r.roles, decl.roles);
        addMissing(r.annotations, decl.annotations);
        continue;
      }
      auto [it, isNew] = missingFunctions.try_emplace(decl.linkName, kNone);
      if (isNew)
        it->second = merge.addDecl(decl, to);
      to.decls[d] = it->second;
    }
    for (uint32_t g = 0; g < unit.globals.size(); ++g) {
      const Global &global = unit.globals[g];
      if (to.globals[g] != kNone)
        continue;
      to.globals[g] = meant(u, globals, global.linkName, globalAt);
      if (to.globals[g] != kNone)
        continue;
      auto [it, isNew] = missingGlobals.try_emplace(global.linkName, kNone);
      if (isNew)
        it->second = merge.addGlobal(global);
      to.globals[g] = it->second;
    }
  }
  for (uint32_t u : members)
    merge.bodies(units[u], ids[u]);
  makeUnique(merge.out.decls);
  makeUnique(merge.out.globals);
  return std::move(merge.out);
}

std::vector<Unit> Linker::run() {
  collect();
  group();
  std::map<uint32_t, std::vector<uint32_t>> members;
  std::vector<uint32_t> order;
  for (uint32_t u = 0; u < units.size(); ++u) {
    uint32_t leader = programs.getLeaderValue(u);
    if (members[leader].empty())
      order.push_back(leader);
    members[leader].push_back(u);
  }
  std::vector<Unit> result;
  for (uint32_t leader : order)
    result.push_back(members[leader].size() == 1
                         ? std::move(units[members[leader].front()])
                         : build(members[leader]));
  return result;
}

} // namespace

std::vector<Unit> program::link(std::vector<Unit> units) {
  return Linker(std::move(units)).run();
}
