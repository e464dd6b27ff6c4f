//===-- JoinSoundnessTest.cpp - random programs, run twice ------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Small random programs with branches and loops are run with numbers and with
// states side by side. At every step each run with numbers must be one that
// its state describes, also after joins and widening, and when symbols are
// used anew.
//
//===----------------------------------------------------------------------===//

#include "Concrete.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::domain;
using namespace mdlcheck::domain::concrete;

namespace {

constexpr uint32_t kVariables = 4;
constexpr uint32_t kCells = 2;

/// One run with numbers, and what the symbols of the state stand for in it.
struct Run {
  std::vector<int64_t> variables;
  std::vector<int64_t> cells;
  Valuation symbols;
};

/// A state and runs that have come where it is.
struct Point {
  State state;
  std::vector<Run> runs;
};

class Program {
public:
  explicit Program(uint32_t seed) : random(seed), make(random, types(random)) {}

  /// What went wrong, with the steps that led there; empty when nothing did.
  std::string run() {
    Point p = start();
    block(p, 2 + random.below(6), 2);
    return wrong.empty() ? "" : log + wrong;
  }

private:
  std::vector<ValueType> types(Random &r) {
    static const std::vector<ValueType> kTypes = {kU8,  kI8,  kI32,
                                                  kU32, kI32, kI64};
    for (uint32_t i = 0; i < kVariables; ++i)
      variableTypes.push_back(r.pick(kTypes));
    return variableTypes;
  }

  Point start() {
    Point p;
    p.state.irql = terms.constant(0);
    p.runs.resize(24);
    for (Run &r : p.runs) {
      r.variables.resize(kVariables);
      r.cells.assign(kCells, 0);
    }
    for (uint32_t i = 0; i < kVariables; ++i) {
      TermId s = terms.symbol(Origin::Parameter, variableTypes[i], i);
      p.state.setTemp(i, s);
      for (Run &r : p.runs) {
        r.variables[i] = number(variableTypes[i]);
        r.symbols.set(s, r.variables[i]);
      }
    }
    for (uint32_t c = 0; c < kCells; ++c)
      p.state.zeros.push_back({cell(c), 0, 8});
    return p;
  }

  int64_t number(ValueType type) {
    return random.oneIn(3) ? random.pick(interesting(type))
                           : int64_t(random.below(6));
  }

  TermId cell(uint32_t c) { return terms.object(Origin::Local, 0, c); }
  Entry where(uint32_t c) { return {cell(c), 0, TermId(), 4}; }
  /// What a cell holds; invalid when the state does not say.
  TermId content(const State &s, uint32_t c) {
    if (const Entry *e = s.find(where(c)))
      return e->value;
    return s.isZero(cell(c), 0, 4) ? terms.constant(0) : TermId();
  }

  void note(const std::string &what) {
    log += "\n" + std::string(indent, ' ') + what;
  }
  static std::string variableName(uint32_t i) {
    return "v" + std::to_string(i);
  }

  TermId term(Point &p, const ExprRef &e) {
    auto variable = [&](size_t i) {
      return resolve(p.state, terms, p.state.temp(uint32_t(i)));
    };
    return e->term(terms, variable);
  }

  /// Does each run agree with the state?
  void check(Point &p, const char *after) {
    if (!wrong.empty())
      return;
    auto fail = [&](const Run &r, const std::string &what) {
      wrong = std::string("\nafter ") + after + ", with";
      for (int64_t v : r.variables)
        wrong += " " + std::to_string(v);
      wrong += ": " + what;
    };
    std::vector<ExprRef> probes = {make.condition(2), make.condition(2)};
    std::vector<std::optional<bool>> truths;
    for (const ExprRef &e : probes)
      truths.push_back(truthOf(p.state, terms, term(p, e)));
    for (const Run &r : p.runs) {
      for (uint32_t i = 0; i < kVariables && wrong.empty(); ++i) {
        TermId t = p.state.temp(i);
        auto v = evaluate(terms, t, r.symbols);
        if (!v || *v != r.variables[i])
          return fail(r, variableName(i) + " is " +
                             (v ? std::to_string(*v) : "nothing") +
                             " in the state");
        Range range = rangeOf(p.state, terms, t);
        if (*v < range.lo || *v > range.hi)
          return fail(r, variableName(i) + " is out of its range");
      }
      for (uint32_t c = 0; c < kCells; ++c)
        if (TermId t = content(p.state, c); t.valid()) {
          auto v = evaluate(terms, t, r.symbols);
          if (!v || *v != r.cells[c])
            return fail(r, "cell " + std::to_string(c) + " is wrong");
        }
      for (const auto &[id, fact] : p.state.facts)
        if (auto v = evaluate(terms, id, r.symbols); v && !admits(fact, *v))
          return fail(r, "a fact does not admit " + std::to_string(*v));
      for (size_t i = 0; i < probes.size(); ++i)
        if (auto v = probes[i]->eval(r.variables))
          if (truths[i] && *truths[i] != (*v != 0))
            return fail(r, probes[i]->text() + " is " + std::to_string(*v));
    }
  }

  /// Symbols that stand where others stood get the values there.
  void rebind(Point &p, const State &before) {
    for (Run &r : p.runs) {
      std::vector<std::pair<TermId, int64_t>> bound;
      auto bind = [&](TermId then, TermId now, int64_t value) {
        if (!now.valid() || then == now || terms[now].kind != TermKind::Symbol)
          return;
        for (const auto &[id, v] : bound)
          if (id == now && v != value && wrong.empty())
            wrong = "\none symbol stands for two values";
        bound.push_back({now, value});
      };
      for (uint32_t i = 0; i < kVariables; ++i)
        bind(before.temp(i), p.state.temp(i), r.variables[i]);
      for (uint32_t c = 0; c < kCells; ++c)
        bind(content(before, c), content(p.state, c), r.cells[c]);
      for (const auto &[id, v] : bound)
        r.symbols.set(id, v);
    }
  }

  /// False when the state says that nothing gets further.
  bool step(Point &p) {
    uint32_t i = random.below(kVariables);
    switch (random.below(8)) {
    case 0: { // v = anything
      note(variableName(i) + " = any");
      State before = p.state;
      p.state.setTemp(i, terms.constant(0));
      TermId s = fresh(p.state, terms,
                       terms.symbol(Origin::Result, variableTypes[i], i));
      before.setTemp(i, terms.constant(0));
      rebind(p, before);
      p.state.setTemp(i, s);
      for (Run &r : p.runs) {
        r.variables[i] = number(variableTypes[i]);
        r.symbols.set(s, r.variables[i]);
      }
      check(p, "fresh");
      return true;
    }
    case 1: { // cell = v
      uint32_t c = random.below(kCells);
      ExprRef e = make.make(kI32, 1);
      note("cell" + std::to_string(c) + " = " + e->text());
      TermId value = term(p, e);
      std::erase_if(p.runs, [&](Run &r) {
        auto v = e->eval(r.variables);
        if (v)
          r.cells[c] = *v;
        return !v;
      });
      p.state.eraseRange(cell(c), 0, 4, [](TermId) {});
      Entry entry = where(c);
      entry.value = value;
      p.state.put(entry);
      check(p, "store");
      return true;
    }
    case 2: { // v = cell
      uint32_t c = random.below(kCells);
      TermId t = content(p.state, c);
      if (!t.valid())
        return true;
      note(variableName(i) + " = cell" + std::to_string(c));
      p.state.setTemp(i, terms.cast(variableTypes[i], t));
      for (Run &r : p.runs)
        r.variables[i] = wrap(r.cells[c], variableTypes[i]);
      check(p, "load");
      return true;
    }
    case 3:
    case 4: { // v = e
      ExprRef e = make.make(variableTypes[i], 1);
      note(variableName(i) + " = " + e->text());
      TermId value = term(p, e);
      if (terms.depth(value) > 6)
        return true;
      std::erase_if(p.runs, [&](Run &r) {
        auto v = e->eval(r.variables);
        if (v)
          r.variables[i] = *v;
        return !v;
      });
      p.state.setTemp(i, value);
      check(p, "assignment");
      return true;
    }
    default: {
      ExprRef e = make.condition(1);
      bool truth = random.oneIn(2);
      return take(p, e, truth);
    }
    }
  }

  /// False when the state says that nothing gets here.
  bool take(Point &p, const ExprRef &e, bool truth) {
    note(std::string("assume ") + (truth ? "" : "not ") + e->text());
    std::erase_if(p.runs, [&](Run &r) {
      auto v = e->eval(r.variables);
      return !v || (*v != 0) != truth;
    });
    if (!assume(p.state, terms, term(p, e), truth)) {
      if (!p.runs.empty() && wrong.empty())
        wrong = "\ninfeasible, but taken";
      return false;
    }
    check(p, "assume");
    return true;
  }

  Point joined(const Point &a, const Point &b, uint32_t place, JoinKind kind) {
    Point j;
    j.state = join(a.state, b.state, terms, place, kind);
    Point fromA{j.state, a.runs}, fromB{j.state, b.runs};
    rebind(fromA, a.state);
    rebind(fromB, b.state);
    check(fromA, "join (left)");
    check(fromB, "join (right)");
    j.runs = fromA.runs;
    j.runs.insert(j.runs.end(), fromB.runs.begin(), fromB.runs.end());
    return j;
  }

  /// False when the end is not reached.
  bool block(Point &p, unsigned steps, unsigned depth) {
    for (unsigned s = 0; s < steps && wrong.empty() && !p.runs.empty(); ++s) {
      if (!depth || !random.oneIn(3)) {
        if (!step(p))
          return false;
        continue;
      }
      ExprRef e = make.condition(1);
      if (random.oneIn(2)) {
        Point other = p;
        indent += 2;
        note("if " + e->text());
        bool first =
            take(p, e, true) && block(p, 1 + random.below(3), depth - 1);
        note("else");
        bool second = take(other, e, false) &&
                      block(other, 1 + random.below(3), depth - 1);
        indent -= 2;
        if (!wrong.empty() || (!first && !second))
          return false;
        uint32_t place = 1 + random.below(3);
        note("join at " + std::to_string(place));
        if (first && second)
          p = joined(p, other, place, JoinKind::Merge);
        else if (second)
          p = other;
      } else {
        uint32_t place = 10 + random.below(2);
        note("loop at " + std::to_string(place));
        unsigned bodySteps = 1 + random.below(3);
        indent += 2;
        for (unsigned round = 0; round < 4 && wrong.empty(); ++round) {
          note("again");
          Point body = p;
          if (!take(body, e, true) || !block(body, bodySteps, 0) ||
              body.runs.empty())
            break;
          p = joined(p, body, place, round ? JoinKind::Widen : JoinKind::Loop);
        }
        indent -= 2;
      }
      if (p.runs.size() > 60)
        p.runs.resize(60);
    }
    return wrong.empty();
  }

  Random random;
  std::vector<ValueType> variableTypes;
  Generator make;
  TermTable terms;
  std::string log, wrong;
  unsigned indent = 0;
};

TEST(JoinSoundnessTest, RandomPrograms) {
  std::string shortest;
  uint32_t of = 0;
  for (uint32_t seed = 1; seed <= rounds(3000); ++seed) {
    std::string failure = Program(seed).run();
    if (!failure.empty() &&
        (shortest.empty() || failure.size() < shortest.size())) {
      shortest = failure;
      of = seed;
    }
  }
  EXPECT_EQ(shortest, "") << "program " << of;
}

} // namespace
