//===-- Transfer.cpp - what instructions do -------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;
using ir::InstrKind;

namespace {
constexpr int64_t kEndOfMemory = std::numeric_limits<int64_t>::max();
/// Terms nested deeper than this say nothing a condition will ask again.
constexpr unsigned kMaxDepth = 20;
} // namespace

void Engine::step(const Where &at, State state, States &out) {
  const ir::Instr &i = *at.instr;
  switch (i.kind) {
  case InstrKind::Load:
    load(at, std::move(state), out);
    return;
  case InstrKind::Store:
    store(at, std::move(state), out);
    return;
  case InstrKind::Copy:
    copy(at, std::move(state), out);
    return;
  case InstrKind::Zero: {
    TermId to = eval(at, state, i.addr);
    access(at, state, to);
    zeroMemory(at, state, to, i.type.size);
    break;
  }
  case InstrKind::Call:
    call(at, std::move(state), out);
    return;
  case InstrKind::Assume:
    if (!assumeInstr(at, state))
      return;
    break;
  case InstrKind::Havoc:
    if (i.dst)
      state.setTemp(
          i.dst.value,
          fresh(state, terms,
                terms.symbol(Origin::Result, valueType(i.type), at.key)));
    break;
  case InstrKind::EndLifetime:
    endLifetime(at, state, i.local);
    break;
  }
  out.push_back(std::move(state));
}

TermId Engine::eval(const Where &at, State &state, ir::ExprId id) {
  const ir::Expr &e = at.function.exprs[id.value];
  auto shallow = [&](TermId t, unsigned slot) {
    if (terms.depth(t) <= kMaxDepth)
      return t;
    return fresh(
        state, terms,
        terms.symbol(Origin::Result, terms[t].type, at.key, 0x1000 + slot));
  };
  switch (e.kind) {
  case ir::ExprKind::Int:
    return terms.constant(e.value, valueType(e.type));
  case ir::ExprKind::Temp: {
    TermId t = state.temp(e.index);
    if (t.valid())
      return resolve(state, terms, t);
    return terms.symbol(Origin::Result, valueType(e.type), at.key,
                        0x2000 + e.index);
  }
  case ir::ExprKind::LocalAddr:
    return terms.object(Origin::Local, at.act.function, e.index);
  case ir::ExprKind::GlobalAddr:
    return terms.object(Origin::Global, e.index);
  case ir::ExprKind::FunctionAddr:
    return terms.object(Origin::Function, e.index);
  case ir::ExprKind::StringAddr:
    return terms.object(Origin::String, e.index);
  case ir::ExprKind::FieldAddr:
    return terms.add(eval(at, state, e.lhs),
                     int64_t(graph.unit.fields[e.index].offset));
  case ir::ExprKind::IndexAddr: {
    TermId base = eval(at, state, e.lhs);
    TermId index = resolve(state, terms, eval(at, state, e.rhs));
    // A pointer that is moved on element by element walks an array too.
    bool walks = e.value > 1 &&
                 at.function.exprs[e.lhs.value].kind == ir::ExprKind::Temp;
    if (terms.isConst(index) && terms.constValue(index) > 0)
      pointedBehind(at, e.value);
    if (terms.isConst(index) && !walks &&
        at.function.exprs[e.rhs.value].kind == ir::ExprKind::Int)
      return terms.element(base, index, uint32_t(e.value), 0);
    uint64_t extent = 0;
    const ir::Expr &array = at.function.exprs[e.lhs.value];
    ir::Type type;
    if (array.kind == ir::ExprKind::FieldAddr)
      type = graph.unit.fields[array.index].type;
    else if (array.kind == ir::ExprKind::LocalAddr)
      type = at.function.locals[array.index].type;
    else if (array.kind == ir::ExprKind::GlobalAddr)
      type = graph.unit.globals[array.index].type;
    // An array of one is the beginning of a longer one.
    if (type.kind == ir::TypeKind::Aggregate && type.size > uint64_t(e.value))
      extent = type.size;
    Address first = terms.address(base);
    arrays.insert({first.base, first.offset,
                   extent ? first.offset + int64_t(extent) : kEndOfMemory});
    if (terms.isConst(index))
      return terms.element(base, index, uint32_t(e.value), 0);
    return shallow(
        terms.element(base, index, uint32_t(e.value),
                      uint32_t(std::min<uint64_t>(extent, 1u << 30))),
        id.value);
  }
  case ir::ExprKind::Unary:
    return shallow(terms.unary(e.op, valueType(e.type), eval(at, state, e.lhs)),
                   id.value);
  case ir::ExprKind::Binary: {
    TermId a = eval(at, state, e.lhs), b = eval(at, state, e.rhs);
    ValueType type = e.op >= ir::Op::Eq && e.op <= ir::Op::Ge
                         ? valueType(at.function.exprs[e.lhs.value].type)
                         : valueType(e.type);
    // A division by zero ends the path; control goes on where it is none.
    if ((e.op == ir::Op::Div || e.op == ir::Op::Rem) && !terms.isConst(b))
      assume(state, terms, b, true);
    return shallow(terms.binary(e.op, type, a, b), id.value);
  }
  case ir::ExprKind::Cast:
    return terms.cast(valueType(e.type), eval(at, state, e.lhs));
  }
  return TermId();
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

/// The first 64 KiB are never mapped: where nothing handles the fault, control
/// does not go on. `pointer` is how the author names the address.
bool Engine::faults(const Where &at, const State &state, TermId address,
                    ir::ExprId pointer) {
  if (!isNull(state, address))
    return false;
  if (at.graph.blocks[at.function.blocks[at.block.value].unwind.value]
          .mayReachExit ||
      at.act.protectedByCaller)
    raise(at, state, {}, TermId(), nullptr);
  else
    reportNull(at, state, resolve(state, terms, address), pointer);
  return true;
}

void Engine::access(const Where &at, State &state, TermId address) {
  TermId base = terms.root(terms.address(address).base);
  ObjectState *o = state.object(base);
  if (!o)
    return;
  bool mayFault = false;
  for (const contract::Automaton &automaton : rules.automata) {
    for (const auto &u : automaton.uses)
      if (!o->errored && o->facets[u.facet.value] == u.state) {
        ReportArgs args;
        args.site = o->site;
        args.object = objectName(*o);
        o->errored = true;
        report(at, state, u.rule, args);
      }
    for (const auto &l : automaton.limits)
      if (!o->errored && o->facets[l.facet.value] == l.state)
        checkMemoryLevel(at, state, *o, l);
    for (const auto &f : automaton.faults)
      mayFault |= o->facets[f.facet.value] == f.state;
  }
  if (!mayFault)
    return;
  // Where nobody would handle it there is nothing to follow.
  if (at.graph.blocks[at.function.blocks[at.block.value].unwind.value]
          .mayReachExit ||
      at.act.protectedByCaller)
    raise(at, state, {}, TermId(), nullptr);
}

void Engine::load(const Where &at, State state, States &out) {
  const ir::Instr &i = *at.instr;
  TermId address = resolve(state, terms, eval(at, state, i.addr));
  if (faults(at, state, address, i.addr))
    return;
  access(at, state, address);
  if (!staysInside(state, address, i.type.size))
    return;
  const ir::Expr &e = at.function.exprs[i.addr.value];
  TermId v;
  if (i.isVolatile &&
      terms[terms.root(terms.address(address).base)].origin != Origin::Local) {
    // What others may have put there; or what lies there still.
    Address a = terms.address(address);
    ValueType vt = valueType(i.type);
    const Entry *e =
        state.find({a.base, a.offset, TermId(), entrySize(i.type)});
    bool isNew =
        e && terms[terms.address(e->value).base].origin == Origin::Allocation;
    v = fresh(state, terms,
              isNew ? terms.symbol(Origin::Result, vt, at.key)
                    : terms.initial(a, vt, 0, at.key));
  } else
    v = readMemory(at, state, address, i.type, i.bitOffset, i.bitWidth);
  v = resolve(state, terms, v);
  if (e.kind == ir::ExprKind::FieldAddr) {
    if (!graph.views[e.index].empty()) {
      TermId base = terms.address(eval(at, state, e.lhs)).base;
      applyView(state, ir::FieldId(e.index), base, v);
    }
    for (const contract::Automaton::Source *s : graph.sources[e.index]) {
      TermId base = terms.address(v).base;
      if (terms.isConst(base))
        continue;
      if (s->ofFacet) {
        const ObjectState *of =
            state.object(terms.address(eval(at, state, e.lhs)).base);
        if (!of || of->facets[s->ofFacet.value] != s->ofState)
          continue;
      }
      if (const ObjectState *o = state.object(base);
          !o || o->facets[s->facet.value] == contract::kUnknownState)
        setFacet(at, state, base, s->facet, s->state,
                 arena.intern(nameOf(at.function, at.graph, i.addr)));
    }
  }
  if (i.dst)
    state.setTemp(i.dst.value, v);
  out.push_back(std::move(state));
}

void Engine::store(const Where &at, State state, States &out) {
  const ir::Instr &i = *at.instr;
  TermId address = resolve(state, terms, eval(at, state, i.addr));
  if (faults(at, state, address, i.addr))
    return;
  access(at, state, address);
  if (!staysInside(state, address, i.type.size))
    return;
  TermId v = resolve(state, terms, eval(at, state, i.value));
  ValueType vt = valueType(i.type);
  if (i.bitWidth && i.bitWidth < vt.size * 8) {
    uint64_t mask = llvm::maskTrailingOnes<uint64_t>(i.bitWidth);
    if (terms.isConst(v))
      v = terms.constant(
          vt.isSigned ? llvm::SignExtend64(uint64_t(terms.constValue(v)) & mask,
                                           i.bitWidth)
                      : int64_t(uint64_t(terms.constValue(v)) & mask));
    else if (!vt.isSigned) {
      Range r = rangeOf(state, terms, v);
      if (r.lo < 0 || uint64_t(r.hi) > mask)
        v = terms.binary(ir::Op::And, vt, v, terms.constant(int64_t(mask)));
    }
  } else {
    v = terms.cast(vt, v);
  }
  // The last reference to an object may be what is overwritten here.
  Address a = terms.address(address);
  Entry where{a.base,      a.offset,  TermId(), entrySize(i.type),
              i.bitOffset, i.bitWidth};
  TermId old;
  if (const Entry *e = state.find(where))
    old = terms.address(e->value).base;
  writeMemory(at, state, address, v, entrySize(i.type), i.bitOffset,
              i.bitWidth);
  if (ObjectState *o = state.object(terms.address(v).base))
    if (!o->name || o->name->empty())
      o->name = arena.intern(nameOf(at.function, at.graph, i.addr));
  noteHolder(at, state, address, v);
  if (old.valid() && old != terms.address(v).base)
    if (ObjectState *o = state.object(old)) {
      if (!o->owned && !o->escaped && leakRule(*o).valid() && at.act.caller) {
        // The caller's object: it knows whether it can still reach it.
        State visible = needed(at, state);
        auto refers = [&](TermId value) { return mentions(terms, value, old); };
        bool held = false;
        for (const Entry &e : visible.store)
          held = held || (terms.root(e.base) != old && refers(e.value));
        for (const auto &[index, value] : visible.temps)
          held = held || refers(value);
        if (!held) {
          o->lostAt = &i;
          o->lostIn = at.act.function;
        }
      }
      if (o->owned && !o->escaped && leakRule(*o).valid()) {
        checkLeaks(at.act, i.span, state, needed(at, state),
                   [&](TermId root) { return isStorage(root); }, {old});
      }
    }
  out.push_back(std::move(state));
}

void Engine::copy(const Where &at, State state, States &out) {
  const ir::Instr &i = *at.instr;
  TermId to = resolve(state, terms, eval(at, state, i.addr));
  TermId from = resolve(state, terms, eval(at, state, i.value));
  access(at, state, from);
  access(at, state, to);
  copyMemory(at, state, to, from, i.type.size);
  out.push_back(std::move(state));
}

static void useTemps(const ir::Function &f, ir::ExprId id,
                     llvm::BitVector &temps) {
  if (!id)
    return;
  const ir::Expr &e = f.exprs[id.value];
  if (e.kind == ir::ExprKind::Temp)
    temps.set(e.index);
  useTemps(f, e.lhs, temps);
  useTemps(f, e.rhs, temps);
}

State Engine::needed(const Where &at, const State &state) const {
  const ir::Block &block = at.function.blocks[at.block.value];
  llvm::BitVector live(at.function.numTemps);
  for (ir::BlockId s : block.succs)
    live |= at.graph.blocks[s.value].liveTemps;
  for (const ir::Instr *i = at.instr + 1;
       i < block.instrs.data() + block.instrs.size(); ++i) {
    useTemps(at.function, i->addr, live);
    useTemps(at.function, i->value, live);
    useTemps(at.function, i->target, live);
    useTemps(at.function, i->resultAddr, live);
    for (const ir::CallArg &a : i->args)
      useTemps(at.function, a.value, live);
  }
  State visible = state;
  std::erase_if(visible.temps, [&](auto &t) { return !live.test(t.first); });
  return visible;
}

void Engine::endLifetime(const Where &at, State &state, ir::LocalId local) {
  TermId object = terms.object(Origin::Local, at.act.function, local.value);
  llvm::SmallVector<TermId, 2> candidates;
  auto lost = [&](TermId v) {
    TermId base = terms.address(v).base;
    const ObjectState *o = state.object(base);
    if (o && o->owned && !o->escaped && leakRule(*o).valid())
      candidates.push_back(base);
  };
  state.eraseRange(object, 0, kEndOfMemory, lost);
  if (const ObjectState *o = state.object(object))
    if (o->owned && leakRule(*o).valid())
      candidates.push_back(object);
  state.setEpoch(object, at.key);
  if (candidates.empty())
    return;
  checkLeaks(
      at.act, at.instr->span, state, needed(at, state),
      [&](TermId root) { return isStorage(root); }, candidates);
  state.eraseRange(object, 0, kEndOfMemory, [](TermId) {});
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

bool Engine::assumeInstr(const Where &at, State &state) {
  const ir::Instr &i = *at.instr;
  switch (i.assumeKind) {
  case ir::AssumeKind::Leave:
    state.leaving = &i;
    return true;
  case ir::AssumeKind::Handled:
    if (!state.raise.chain.empty()) {
      handledHere.insert(state.raise.chain.back());
      handledOutside.insert(state.raise.chain.begin(),
                            state.raise.chain.end() - 1);
    }
    state.raise = {};
    return true;
  case ir::AssumeKind::Unhandled:
    // The search is over before any finally part runs: in the outermost
    // function that is where the system stops.
    if (at.act.caller || !state.raise.origin)
      return true;
    reportUnhandled(at.act, state);
    return state.raise.deliberate;
  case ir::AssumeKind::Resumed:
    // Nobody outside gets to see it, and here no handler runs.
    if (state.raise.origin)
      reportUnhandled(at.act, state);
    state.raise = {};
    return true;
  default:
    break;
  }
  TermId condition = resolve(state, terms, eval(at, state, i.value));
  auto known = truthOf(state, terms, condition);
  if (known)
    return *known;
  if (!assume(state, terms, condition, true))
    return false;
  if (i.assumeKind != ir::AssumeKind::Implicit &&
      i.assumeKind != ir::AssumeKind::Stated) {
    TraceNode node;
    node.kind = TraceNode::Kind::Assume;
    node.instr = &i;
    node.function = at.act.function;
    state.trace = arena.push(node, state.trace);
  }
  if (graph.anyViews)
    refineViews(at, state);
  return true;
}

/// `value` was read from `field` of the object at `base`: its bits say what
/// the facets are, and the other way round.
void Engine::applyView(State &state, ir::FieldId field, TermId base,
                       TermId value) {
  if (terms.isConst(base) || terms.isConst(value))
    return;
  ObjectState &o = state.objectFor(base);
  for (const contract::Automaton::View *v : graph.views[field.value]) {
    contract::FacetState now = o.facets[v->facet.value];
    if (now == contract::kUnknownState || o.errored)
      continue;
    TermId bit = terms.binary(ir::Op::And, terms[value].type, value,
                              terms.constant(int64_t(v->mask)));
    assume(state, terms, bit, now == v->state);
  }
}

/// After a condition: flag words that were read may now tell facets that were
/// not known.
void Engine::refineViews(const Where &at, State &state) {
  for (size_t a = 0; a < graph.viewFields.size(); ++a)
    for (ir::FieldId id : graph.viewFields[a]) {
      const ir::Field &field = graph.unit.fields[id.value];
      for (ObjectState &o : state.objects) {
        Entry want{o.base, int64_t(field.offset), TermId(),
                   entrySize(field.type)};
        const Entry *e = state.find(want);
        if (!e || terms.isConst(e->value))
          continue;
        TermId flags = e->value;
        for (const contract::Automaton::View *v : graph.views[id.value]) {
          if (o.facets[v->facet.value] != contract::kUnknownState)
            continue;
          TermId bit = terms.binary(ir::Op::And, terms[flags].type, flags,
                                    terms.constant(int64_t(v->mask)));
          if (truthOf(state, terms, bit) != true)
            continue;
          if (keyFacets >> v->facet.value & 1) {
            if (!o.site)
              o.site = at.key;
            result->sites.insert(o.site);
            if (!inFocus(o.site))
              continue;
          }
          o.facets[v->facet.value] = v->state;
        }
      }
    }
}

//===----------------------------------------------------------------------===//
// Exceptions
//===----------------------------------------------------------------------===//

/// Sends `state` along the unwind edge of the current block.
void Engine::raise(const Where &at, State state, contract::RuleId ifUncaught,
                   TermId code, const contract::Outcome *outcome) {
  TraceNode node;
  node.kind = TraceNode::Kind::Raise;
  node.instr = at.instr;
  node.function = at.act.function;
  node.outcome = outcome;
  state.trace = arena.push(node, state.trace);
  RaiseInfo info;
  info.origin = at.instr;
  info.ifUncaught = ifUncaught;
  info.deliberate = outcome != nullptr && !ifUncaught.valid();
  raiseFrom(at, std::move(state), info, code);
}

void Engine::raiseFrom(const Where &at, State state, const RaiseInfo &from,
                       TermId code) {
  const ir::Block &block = at.function.blocks[at.block.value];
  if (!block.unwind)
    return;
  state.raise = from;
  state.raise.trace = state.trace;
  // Told apart by what is tracked: a filter may decline in one of the states
  // and not in the other.
  uint64_t link = at.key + 1;
  if (state.raise.chain.empty())
    link ^= automatonKey(state, terms, KeyKind::Exact, keyFacets);
  else
    link = (state.raise.chain.back() ^ (link << 7)) * 0x9e3779b97f4a7c15ull;
  state.raise.chain.push_back(link);
  ValueType status{4, true, false};
  if (!code.valid()) {
    // What a kernel routine raises is an error or a warning.
    code = fresh(state, terms,
                 terms.symbol(Origin::Result, status, at.key, 0x4000));
    restrict(state, terms, code, minOf(status), -1);
  }
  if (at.function.exceptionCode) {
    TermId local = terms.object(Origin::Local, at.act.function,
                                at.function.exceptionCode.value);
    state.put({local, 0, terms.cast(status, code), 4});
  }
  state.raise.code = code;
  arrive(at.act, block.unwind, std::move(state));
}
