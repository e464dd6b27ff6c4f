//===-- Reports.cpp - from states to findings -----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "engine/Engine.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::engine;
using namespace mdlcheck::domain;
using contract::PathStep;

contract::Location Engine::location(Span span) const {
  contract::Location l;
  if (!span.valid())
    return l;
  l.file = graph.unit.files[span.file.value];
  l.line = span.line;
  l.column = span.column;
  l.endLine = span.endLine;
  l.endColumn = span.endColumn;
  return l;
}

std::string Engine::irqlName(int64_t lo, int64_t hi) const {
  auto name = [](int64_t level) -> std::string {
    switch (level) {
    case 0:
      return "PASSIVE_LEVEL";
    case 1:
      return "APC_LEVEL";
    case 2:
      return "DISPATCH_LEVEL";
    case 15:
      return "HIGH_LEVEL";
    default:
      return "IRQL " + std::to_string(level);
    }
  };
  if (lo == hi)
    return name(lo);
  if (hi >= 15)
    return name(lo) + " or above";
  return name(lo) + " to " + name(hi);
}

/// How the author would write what lies at `addr`.
std::string Engine::nameOf(const ir::Function &f, const FunctionGraph &g,
                           ir::ExprId id, unsigned depth) const {
  if (!id || depth > 6)
    return "";
  const ir::Expr &e = f.exprs[id.value];
  switch (e.kind) {
  case ir::ExprKind::LocalAddr: {
    const std::string &name = f.locals[e.index].name;
    return llvm::StringRef(name).starts_with("$") ? "" : name;
  }
  case ir::ExprKind::GlobalAddr:
    return graph.unit.globals[e.index].name;
  case ir::ExprKind::FieldAddr: {
    const ir::Expr &base = f.exprs[e.lhs.value];
    const std::string &field = graph.unit.fields[e.index].name;
    if (base.kind == ir::ExprKind::Temp) {
      const ir::Instr *load = g.tempLoads[base.index];
      std::string name =
          load ? nameOf(f, g, load->addr, depth + 1) : std::string();
      return name.empty() ? field : name + "->" + field;
    }
    std::string name = nameOf(f, g, e.lhs, depth + 1);
    return name.empty() ? field : name + "." + field;
  }
  case ir::ExprKind::IndexAddr: {
    const ir::Expr &base = f.exprs[e.lhs.value];
    std::string name;
    if (base.kind == ir::ExprKind::Temp) {
      if (const ir::Instr *load = g.tempLoads[base.index])
        name = nameOf(f, g, load->addr, depth + 1);
    } else {
      name = nameOf(f, g, e.lhs, depth + 1);
    }
    return name.empty() ? name : name + "[]";
  }
  case ir::ExprKind::Temp: {
    const ir::Instr *load = g.tempLoads[e.index];
    std::string name =
        load ? nameOf(f, g, load->addr, depth + 1) : std::string();
    return name.empty() ? name : "*" + name;
  }
  default:
    return "";
  }
}

std::string Engine::objectName(const ObjectState &o) const {
  if (o.name && !o.name->empty())
    return *o.name;
  return "the object";
}

std::string Engine::describe(const TraceNode &node, PathStep::Kind &kind) {
  const ir::Instr &i = *node.instr;
  auto callee = [&]() -> std::string {
    if (i.callee)
      return graph.unit.decls[i.callee.value].name;
    if (node.kind == TraceNode::Kind::Call && node.name)
      return *node.name;
    return "the function called";
  };
  switch (node.kind) {
  case TraceNode::Kind::Given:
  case TraceNode::Kind::Join:
    break;
  case TraceNode::Kind::Assume:
    kind = PathStep::Kind::Assume;
    switch (i.assumeKind) {
    case ir::AssumeKind::BranchTrue:
      return "assuming '" + i.text + "' is true";
    case ir::AssumeKind::BranchFalse:
      return "assuming '" + i.text + "' is false";
    case ir::AssumeKind::Case:
      return "assuming '" + i.text + "' is " + i.detail;
    case ir::AssumeKind::Default:
      return "assuming '" + i.text + "' is none of the cases";
    case ir::AssumeKind::LoopEnter:
      return "entering the loop: '" + i.text + "' is true";
    case ir::AssumeKind::LoopExit:
      return "leaving the loop: '" + i.text + "' is false";
    case ir::AssumeKind::Filter:
      return "the exception filter '" + i.text + "' gives " + i.detail;
    default:
      return "";
    }
  case TraceNode::Kind::Facet: {
    kind = PathStep::Kind::Event;
    const contract::Facet &f = rules.facet(node.facet);
    std::string note = f.notes[node.state - 1];
    if (node.name && !node.name->empty())
      return note + " ('" + *node.name + "')";
    return note;
  }
  case TraceNode::Kind::Irql:
    kind = PathStep::Kind::Event;
    return "IRQL is " + irqlName(node.irqlLo, node.irqlHi) + " after '" +
           callee() + "'";
  case TraceNode::Kind::Acquire:
  case TraceNode::Kind::Release: {
    kind = PathStep::Kind::Event;
    bool taken = node.kind == TraceNode::Kind::Acquire;
    std::string text = node.name ? "'" + *node.name + "' is " : "lock ";
    text += taken ? "acquired here" : "released here";
    if (node.irqlLo >= 0)
      text += ": IRQL is " + irqlName(node.irqlLo, node.irqlHi);
    return text;
  }
  case TraceNode::Kind::Outcome:
    kind = PathStep::Kind::Event;
    return "'" + callee() + "' " + node.outcome->note;
  case TraceNode::Kind::Call:
    kind = PathStep::Kind::Call;
    return "calling '" + callee() + "'";
  case TraceNode::Kind::Raise:
    kind = PathStep::Kind::Raise;
    if (node.outcome && !node.outcome->note.empty())
      return "'" + callee() + "' " + node.outcome->note;
    if (i.kind == ir::InstrKind::Call)
      return "'" + callee() + "' raises an exception";
    return "this access raises an exception";
  }
  return "";
}

void Engine::learn(const TraceNode &node, unsigned activation, std::string name,
                   PathKnowledge &known) const {
  bool isLock = node.kind == TraceNode::Kind::Acquire ||
                node.kind == TraceNode::Kind::Release;
  if (node.kind == TraceNode::Kind::Irql || (isLock && node.irqlLo >= 0))
    known.irql = irqlName(node.irqlLo, node.irqlHi);
  if (node.kind != TraceNode::Kind::Facet)
    return;
  // Names of two functions may mean one object: what the other is said to be
  // may be no longer so.
  for (PathKnowledge::Object &other : known.objects)
    if (auto it = other.facets.find(node.facet.value);
        it != other.facets.end() && it->second.function != node.function)
      other.facets.erase(it);
  auto it = llvm::find_if(known.objects, [&](const PathKnowledge::Object &o) {
    return (o.activation == activation && o.id == node.object) ||
           (!name.empty() && o.name == name);
  });
  if (it == known.objects.end())
    it = known.objects.insert(
        it, {activation,
             node.object,
             std::move(name),
             rules.automata[rules.facet(node.facet).automaton.value].noun,
             {}});
  it->facets[node.facet.value] = {node.state, node.function};
}

// In the words of the notes: "pages locked here" has made them "pages locked".
std::vector<PathStep::Known>
Engine::describe(const PathKnowledge &known) const {
  std::vector<PathStep::Known> out;
  for (const PathKnowledge::Object &object : known.objects) {
    std::string text;
    for (const auto &[facet, fact] : object.facets) {
      if (fact.state == contract::kUnknownState)
        continue;
      llvm::StringRef note =
          rules.facet(contract::FacetId(facet)).notes[fact.state - 1];
      note.consume_back(" here");
      if (!note.empty())
        text += (text.empty() ? "" : ", ") + note.str();
    }
    if (text.empty())
      continue;
    // What has no name goes by what it is: the last one, if there are several.
    const std::string &name = object.name.empty() ? object.noun : object.name;
    std::erase_if(out, [&](const auto &other) { return other.name == name; });
    out.push_back({name, std::move(text)});
  }
  if (!known.irql.empty())
    out.push_back({"IRQL", known.irql});
  return out;
}

void Engine::appendPath(const TraceNode *trace, unsigned depth,
                        PathKnowledge &known, std::vector<PathStep> &path) {
  std::vector<const TraceNode *> nodes;
  for (const TraceNode *n = trace; n; n = n->prev)
    nodes.push_back(n);
  // What is called something later on is called so from the start.
  std::map<domain::TermId, std::string> names;
  for (const TraceNode *n : nodes)
    if (n->kind == TraceNode::Kind::Facet && n->name && !n->name->empty())
      names[n->object] = *n->name;
  unsigned activation = ++known.activations;
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    const TraceNode &node = **it;
    if (!node.instr)
      continue;
    auto name = names.find(node.object);
    learn(node, activation, name != names.end() ? name->second : std::string(),
          known);
    PathStep step;
    step.message = describe(node, step.kind);
    step.known = describe(known);
    step.where = location(node.instr->span);
    step.function = graph.unit.declOf(graph.unit.functions[node.function]).name;
    step.depth = depth;
    if (step.message.empty())
      continue;
    path.push_back(step);
    if (node.sub) {
      appendPath(node.sub, depth + 1, known, path);
      step.known = describe(known);
      if (node.kind == TraceNode::Kind::Call) {
        step.kind = PathStep::Kind::Return;
        step.message = "returning from '" +
                       (node.instr->callee
                            ? graph.unit.decls[node.instr->callee.value].name
                        : node.name ? *node.name
                                    : std::string("the call")) +
                       "'";
        path.push_back(step);
      }
    }
  }
}

static std::string fill(llvm::StringRef text, llvm::StringRef key,
                        llvm::StringRef value) {
  std::string out;
  for (;;) {
    auto [before, after] = text.split(key);
    out += before;
    if (before.size() == text.size())
      return out;
    out += value;
    text = after;
  }
}

void Engine::report(const Where &at, const State &state, contract::RuleId rule,
                    const ReportArgs &args) {
  reportAt(at.act, at.instr->span, state, rule, args, state.trace);
}

void Engine::reportAt(const Activation &act, Span span, const State &state,
                      contract::RuleId rule, const ReportArgs &args,
                      const TraceNode *trace) {
  bool outer = false;
  for (const Activation *a = &act; a; a = a->caller)
    outer = outer || a->callerMerged;
  ReportKey key{rule.value, span, args.object};
  for (Summary *s : open) {
    auto [it, inserted] = s->reports.emplace(key, state.merged);
    it->second = it->second && state.merged;
  }
  if (leavingBy)
    onlyIfHandled[key].insert(*leavingBy);
  bool merged = state.merged || outer;
  std::vector<const Activation *> chain;
  for (const Activation *a = &act; a; a = a->caller)
    chain.push_back(a);
  Report r;
  if (merged) {
    for (const Activation *a : chain)
      collectDecisions(a->callerTrace, r.decisions);
    collectDecisions(trace, r.decisions);
  }
  auto found = result->reports.find(key);
  if (found != result->reports.end() && (merged || !found->second.merged)) {
    // One of the paths may be possible where the other is not.
    if (found->second.merged)
      found->second.decisions.merge(r.decisions);
    return;
  }
  r.merged = merged;
  r.site = args.site;
  r.finding = makeFinding(act, span, rule, args, trace);
  known.insert_or_assign(key, r);
  result->reports.insert_or_assign(key, std::move(r));
}

contract::Finding Engine::makeFinding(const Activation &act, Span span,
                                      contract::RuleId rule,
                                      const ReportArgs &args,
                                      const TraceNode *trace) {
  std::vector<const Activation *> chain;
  for (const Activation *a = &act; a; a = a->caller)
    chain.push_back(a);
  contract::Finding f;
  f.rule = rule;
  f.where = location(span);
  f.function = graph.unit.declOf(graph.unit.functions[act.function]).name;
  f.object = args.object;
  std::string m = rules.rule(rule).message;
  m = fill(m, "{object}", args.object);
  m = fill(m, "{callee}", args.callee);
  m = fill(m, "{state}", args.state);
  m = fill(m, "{irql}", args.irql);
  m = fill(m, "{limit}", args.limit);
  m = fill(m, "{because}", args.because.empty() ? "" : " " + args.because);
  f.message = std::move(m);
  unsigned depth = 0;
  PathKnowledge known;
  for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
    const Activation *a = *it;
    if (!a->callSite)
      continue;
    appendPath(a->callerTrace, depth, known, f.path);
    PathStep step;
    step.known = describe(known);
    step.kind = PathStep::Kind::Call;
    step.where = location(a->callSite->span);
    step.function =
        graph.unit.declOf(graph.unit.functions[a->caller->function]).name;
    const std::string &name =
        graph.unit.declOf(graph.unit.functions[a->function]).name;
    // A routine that is handed to the call rather than called by it.
    ir::DeclId called = a->callSite->callee;
    step.message =
        called && graph.unit.decls[called.value].body != int(a->function)
            ? "'" + name + "' may run from here on"
            : "calling '" + name + "'";
    step.depth = depth;
    f.path.push_back(step);
    ++depth;
  }
  appendPath(trace, depth, known, f.path);
  PathStep last;
  last.known = describe(known);
  last.kind = PathStep::Kind::Final;
  last.where = f.where;
  last.function = f.function;
  last.message = f.message;
  last.depth = depth;
  f.path.push_back(last);
  std::set<std::string> given;
  for (const Activation *a : chain)
    if (a->callSite)
      collectGiven(a->callerTrace, given);
  collectGiven(trace, given);
  f.assumedHarmless.assign(given.begin(), given.end());
  return f;
}

/// Calls `fn` with every step of the paths that `trace` stands for.
static void forEachStep(const TraceNode *trace,
                        llvm::function_ref<void(const TraceNode &)> fn) {
  llvm::DenseSet<const TraceNode *> seen;
  llvm::SmallVector<const TraceNode *, 16> work{trace};
  while (!work.empty()) {
    const TraceNode *node = work.pop_back_val();
    for (; node && seen.insert(node).second; node = node->prev) {
      fn(*node);
      if (node->sub)
        work.push_back(node->sub);
    }
  }
}

/// Conditions that were taken on any of the paths that `trace` stands for.
void Engine::collectDecisions(const TraceNode *trace, Decisions &decisions) {
  forEachStep(trace, [&](const TraceNode &node) {
    if (node.kind == TraceNode::Kind::Assume)
      decisions.insert(node.instr);
  });
}

/// Functions nothing is known about that got something tracked on the way; ""
/// where a pointer was called.
void Engine::collectGiven(const TraceNode *trace,
                          std::set<std::string> &names) const {
  forEachStep(trace, [&](const TraceNode &node) {
    if (node.kind == TraceNode::Kind::Given)
      names.insert(node.instr->callee
                       ? graph.unit.decls[node.instr->callee.value].name
                       : "");
  });
}

bool Engine::isStorage(TermId root) const {
  const Term &t = terms[root];
  return t.kind == TermKind::Symbol || t.origin == Origin::Local ||
         t.origin == Origin::Global || t.origin == Origin::Canonical;
}

bool Engine::isEnded(const ObjectState &o) const {
  for (const contract::Automaton &a : rules.automata)
    for (const auto &u : a.uses)
      if (o.facets[u.facet.value] == u.state)
        return true;
  return false;
}

contract::RuleId Engine::leakRule(const ObjectState &o) const {
  if (o.errored)
    return {};
  for (const contract::Automaton &a : rules.automata)
    for (const auto &l : a.leaks)
      if (o.facets[l.facet.value] == l.state)
        return l.rule;
  return {};
}

void Engine::checkLeaks(const Activation &act, Span span, State &state,
                        const State &visible,
                        llvm::function_ref<bool(TermId)> isRootOf,
                        llvm::ArrayRef<TermId> candidates,
                        contract::RuleId instead) {
  // What escaped is somebody else's, and so is everything in it.
  llvm::SmallVector<TermId, 4> escaped;
  for (const ObjectState &o : state.objects)
    if (o.escaped)
      escaped.push_back(o.base);
  // Of two objects of ours that were joined, whichever it is, nobody else
  // knows.
  auto isRoot = [&](TermId root) {
    const ObjectState *o = state.object(root);
    bool isOurs = o && o->owned && terms[root].origin == Origin::Join;
    return !isOurs && isRootOf(root);
  };
  AtomSet live = reachable(visible, terms, isRoot, escaped);
  for (TermId id : candidates) {
    ObjectState *o = state.object(id);
    if (!o || o->errored)
      continue;
    TermId root = terms.root(id);
    if (live.contains(root.value) || isRoot(root))
      continue;
    ReportArgs args;
    args.object = objectName(*o);
    args.site = o->site;
    contract::RuleId rule = instead.valid() ? instead : leakRule(*o);
    o->errored = true;
    reportAt(act, span, state, rule, args, state.trace);
  }
}
