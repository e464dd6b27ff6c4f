//===-- SoundnessTest.cpp - facts and joins against arithmetic --*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whatever the domain claims must hold for every assignment of numbers to
// symbols that satisfies what was assumed. Random expressions and conditions
// are tried on many assignments; a claim that one of them refutes is a bug.
//
//===----------------------------------------------------------------------===//

#include "Concrete.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::domain;
using namespace mdlcheck::domain::concrete;

namespace {

struct Assumption {
  ExprRef condition;
  bool truth;
};

struct Case {
  std::vector<ValueType> types;
  std::vector<Assumption> assumptions;
  std::vector<ExprRef> probes;

  std::string text() const {
    std::string s = "variables:";
    for (ValueType t : types)
      s += " " + Expr::typeText(t);
    for (const Assumption &a : assumptions)
      s += std::string("\n  assume ") + (a.truth ? "" : "not ") +
           a.condition->text();
    for (const ExprRef &p : probes)
      s += "\n  ask " + p->text();
    return s;
  }
};

std::vector<int64_t> valuesOf(ValueType type, size_t variables, Random &r) {
  if (type.size == 1 && variables == 1) {
    std::vector<int64_t> all;
    for (int64_t v = minOf(type); v <= maxOf(type); ++v)
      all.push_back(v);
    return all;
  }
  std::vector<int64_t> some = interesting(type);
  for (int i = 0; i < 3; ++i)
    some.push_back(wrap(int64_t(r.below(~0u)) * 0x100003, type));
  return some;
}

/// One way to give the variables values.
struct Assignment {
  std::vector<int64_t> variables;
  Valuation symbols;

  std::string text() const {
    std::string s = " with";
    for (int64_t x : variables)
      s += " " + std::to_string(x);
    return s;
  }
};

/// All assignments over the values to be tried.
std::vector<Assignment>
assignments(const Case &c, const std::vector<TermId> &symbols, Random &r) {
  std::vector<std::vector<int64_t>> all{{}};
  for (ValueType t : c.types) {
    std::vector<int64_t> values = valuesOf(t, c.types.size(), r);
    std::vector<std::vector<int64_t>> next;
    for (const auto &prefix : all)
      for (int64_t v : values) {
        next.push_back(prefix);
        next.back().push_back(v);
      }
    all = std::move(next);
  }
  std::vector<Assignment> result;
  for (auto &variables : all) {
    Valuation values;
    for (size_t i = 0; i < symbols.size(); ++i)
      values.set(symbols[i], variables[i]);
    result.push_back({std::move(variables), std::move(values)});
  }
  return result;
}

/// What the domain claims and arithmetic refutes; empty when all is well.
std::string refute(const Case &c, uint32_t seed) {
  Random r(seed);
  TermTable terms;
  State state;
  state.irql = terms.constant(0);
  std::vector<TermId> symbols;
  for (uint32_t i = 0; i < c.types.size(); ++i) {
    symbols.push_back(terms.symbol(Origin::Parameter, c.types[i], i));
    state.setTemp(i, symbols[i]);
  }
  std::vector<Assignment> all = assignments(c, symbols, r);
  // Variables are read as the engine reads temporaries: what is known of one
  // may have replaced it.
  auto variable = [&](size_t i) {
    return resolve(state, terms, state.temp(uint32_t(i)));
  };
  // Probes live in temporaries, too, from the beginning.
  for (uint32_t p = 0; p < c.probes.size(); ++p)
    state.setTemp(100 + p, c.probes[p]->term(terms, variable));

  auto check = [&](const char *what) -> std::string {
    for (const auto &[id, fact] : state.facts)
      for (const auto &v : all)
        if (auto x = evaluate(terms, id, v.symbols); x && !admits(fact, *x))
          return std::string(what) + ": a fact does not admit " +
                 std::to_string(*x) + v.text();
    for (uint32_t p = 0; p < c.probes.size(); ++p)
      for (int form = 0; form < 2; ++form) {
        TermId id =
            form ? c.probes[p]->term(terms, variable) : state.temp(100 + p);
        auto truth = truthOf(state, terms, id);
        Range range = rangeOf(state, terms, id);
        TermId resolved = resolve(state, terms, id);
        for (const auto &v : all) {
          auto x = c.probes[p]->eval(v.variables);
          if (!x)
            continue;
          std::string claim;
          auto y = evaluate(terms, resolved, v.symbols);
          if (truth && *truth != (*x != 0))
            claim = std::string("truthOf says ") + (*truth ? "true" : "false");
          else if (*x < range.lo || *x > range.hi)
            claim = "rangeOf says [" + std::to_string(range.lo) + ", " +
                    std::to_string(range.hi) + "]";
          else if (y && *y != *x)
            claim = "resolve made it " + std::to_string(*y);
          if (!claim.empty())
            return std::string(what) + ": " + c.probes[p]->text() + " is " +
                   std::to_string(*x) + v.text() + ", " + claim;
        }
      }
    return "";
  };
  if (std::string wrong = check("at first"); !wrong.empty())
    return wrong;
  for (const Assumption &a : c.assumptions) {
    std::erase_if(all, [&](const auto &v) {
      auto x = a.condition->eval(v.variables);
      return !x || (*x != 0) != a.truth;
    });
    TermId id = a.condition->term(terms, variable);
    bool feasible = assume(state, terms, id, a.truth);
    std::string what = std::string(a.truth ? "" : "not ") + a.condition->text();
    if (!feasible)
      return all.empty() ? ""
                         : what + ": infeasible, but holds" + all[0].text();
    if (std::string wrong = check(what.c_str()); !wrong.empty())
      return wrong;
  }
  return "";
}

/// Smaller expressions that may take the place of `e`.
void smaller(const ExprRef &e, std::vector<ExprRef> &out) {
  auto with = [&](ExprRef a, ExprRef b) {
    Expr n = *e;
    n.a = std::move(a);
    n.b = std::move(b);
    out.push_back(std::make_shared<Expr>(n));
  };
  for (const ExprRef &child : {e->a, e->b}) {
    if (!child)
      continue;
    if (child->type == e->type)
      out.push_back(child);
    std::vector<ExprRef> below;
    smaller(child, below);
    for (const ExprRef &s : below)
      if (s->type == child->type)
        child == e->a ? with(s, e->b) : with(e->a, s);
  }
  if (e->kind != Expr::Constant)
    for (int64_t v : {0, 1}) {
      Expr n;
      n.type = e->type;
      n.value = v;
      out.push_back(std::make_shared<Expr>(n));
    }
}

/// Cuts a refuted case down to what a person can think about.
Case shrink(Case c, uint32_t seed) {
  for (bool again = true; again;) {
    again = false;
    auto accept = [&](Case &n) {
      if (refute(n, seed).empty())
        return false;
      c = std::move(n);
      return again = true;
    };
    for (size_t i = 0; i < c.assumptions.size() && !again; ++i) {
      Case n = c;
      n.assumptions.erase(n.assumptions.begin() + long(i));
      accept(n);
    }
    for (size_t i = 0; i < c.probes.size() && !again; ++i) {
      Case n = c;
      n.probes.erase(n.probes.begin() + long(i));
      accept(n);
    }
    auto simpler = [&](auto part) {
      std::vector<ExprRef> options;
      smaller(part(c), options);
      for (const ExprRef &o : options) {
        Case n = c;
        part(n) = o;
        if (accept(n))
          return;
      }
    };
    for (size_t i = 0; i < c.assumptions.size() && !again; ++i)
      simpler([i](Case &x) -> ExprRef & { return x.assumptions[i].condition; });
    for (size_t i = 0; i < c.probes.size() && !again; ++i)
      simpler([i](Case &x) -> ExprRef & { return x.probes[i]; });
  }
  return c;
}

Case randomCase(Random &r, const std::vector<ValueType> &types,
                unsigned assumptions, unsigned depth) {
  Case c;
  c.types = types;
  Generator make(r, types);
  for (unsigned i = 0; i < assumptions; ++i)
    c.assumptions.push_back({make.condition(depth), !r.oneIn(2)});
  for (unsigned i = 0; i < 3; ++i)
    c.probes.push_back(make.condition(depth));
  // What was assumed is asked again, and so are parts of it.
  c.probes.push_back(c.assumptions[0].condition);
  if (c.assumptions[0].condition->a)
    c.probes.push_back(c.assumptions[0].condition->a);
  return c;
}

void tryCases(const std::vector<std::vector<ValueType>> &variables,
              unsigned count, unsigned assumptions, unsigned depth,
              uint32_t firstSeed) {
  unsigned failures = 0;
  for (unsigned i = 0; i < rounds(count); ++i) {
    uint32_t seed = firstSeed + i;
    Random r(seed);
    Case c = randomCase(r, r.pick(variables), 1 + r.below(assumptions), depth);
    if (refute(c, seed).empty())
      continue;
    Case small = shrink(c, seed);
    ADD_FAILURE() << "seed " << seed << ", " << small.text() << "\n  "
                  << refute(small, seed);
    if (++failures == 5)
      return;
  }
}

TEST(SoundnessTest, OneByte) { tryCases({{kU8}, {kI8}}, 1500, 4, 2, 1000); }
TEST(SoundnessTest, TwoBytes) {
  tryCases({{kU8, kU8}, {kI8, kI8}, {kU8, kI8}}, 1500, 4, 2, 100000);
}
TEST(SoundnessTest, OneWord) {
  tryCases({{kI32}, {kU32}, {kI64}, {kU64}, {kI16}, {kU16}}, 3000, 4, 3,
           200000);
}
TEST(SoundnessTest, TwoWords) {
  tryCases({{kI32, kI32},
            {kU32, kU32},
            {kI32, kU32},
            {kI64, kU32},
            {kU64, kU64},
            {kI64, kU64},
            {kI32, kI64},
            {kI8, kU32}},
           1500, 5, 2, 300000);
}
TEST(SoundnessTest, Pointers) {
  tryCases({{kPtr}, {kPtr, kPtr}, {kPtr, kU64}}, 1000, 5, 2, 400000);
}
TEST(SoundnessTest, ThreeVariables) {
  tryCases({{kU8, kI32, kU32}, {kI32, kI32, kI32}, {kU32, kU32, kU32}}, 50, 6,
           2, 500000);
}

} // namespace
