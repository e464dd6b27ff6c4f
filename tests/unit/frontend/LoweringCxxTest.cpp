//===-- LoweringCxxTest.cpp - objects, where the language puts them -------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LoweringFixture.h"

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

class LoweringCxxTest : public LoweringTest {
protected:
  static constexpr const char *kGuard =
      "struct Guard { Guard(); Guard(int); ~Guard(); int get() const;"
      "int value; };\n";

  /// Paths of `body`, with structors by their short names.
  PathSet cxxPaths(const std::string &before, const std::string &body) {
    lower(kGuard + before + "\nvoid f() {" + body + "}", "driver.cpp");
    return shortPaths("f");
  }

  PathSet shortPaths(const std::string &name) {
    PathSet result;
    for (std::string path : pathsOf(name)) {
      for (const auto &[from, to] :
           {std::pair<std::string, std::string>{"Guard::~Guard", "~G"},
            {"Guard::Guard", "+G"},
            {"Guard::get", "get"}})
        for (size_t at; (at = path.find(from)) != std::string::npos;)
          path.replace(at, from.size(), to);
      result.insert(path);
    }
    return result;
  }
};

TEST_F(LoweringCxxTest, DestructorAtTheEndOfTheScope) {
  EXPECT_EQ(cxxPaths("", "{ Guard g; A(); } B();"), (PathSet{"+G A ~G B ret"}));
}

TEST_F(LoweringCxxTest, DestructorOnReturn) {
  EXPECT_EQ(cxxPaths("", "Guard g; if (Q()) return; A();"),
            (PathSet{"+G Q ~G ret", "+G Q A ~G ret"}));
}

TEST_F(LoweringCxxTest, DestructorOnBreakContinueAndGoto) {
  EXPECT_EQ(cxxPaths("", "do { Guard g; if (Q()) break; if (P()) continue;"
                         "if (F()) goto out; A(); } while (0); B(); out: C();"),
            (PathSet{"+G Q ~G B C ret", "+G Q P ~G B C ret",
                     "+G Q P F ~G C ret", "+G Q P F A ~G B C ret"}));
}

TEST_F(LoweringCxxTest, BackwardGotoDestroysWhatFollowsTheLabel) {
  EXPECT_EQ(cxxPaths("", "again: Guard g; if (Q()) goto again;"),
            (PathSet{"+G Q ~G ret", "+G Q ~G +G Q ~G ret"}));
}

TEST_F(LoweringCxxTest, DestructorsInReverse) {
  EXPECT_EQ(cxxPaths("struct Other { ~Other(); };", "Guard g; Other o; A();"),
            (PathSet{"+G A Other::~Other ~G ret"}));
}

TEST_F(LoweringCxxTest, TemporaryEndsWithItsFullExpression) {
  EXPECT_EQ(cxxPaths("void use(const Guard &);", "use(Guard(1)); A();"),
            (PathSet{"+G use ~G A ret"}));
}

TEST_F(LoweringCxxTest, TemporaryInACondition) {
  EXPECT_EQ(cxxPaths("", "if (Guard(1).get()) A(); B();"),
            (PathSet{"+G get ~G A B ret", "+G get ~G B ret"}));
}

TEST_F(LoweringCxxTest, ExtendedTemporaryLivesAsLongAsItsReference) {
  EXPECT_EQ(cxxPaths("", "{ const Guard &g = Guard(1); A(); } B();"),
            (PathSet{"+G A ~G B ret"}));
}

TEST_F(LoweringCxxTest, TemporaryThatMayNotBeMade) {
  // The two ways of the flag are told apart by its value, not by control.
  PathSet found = cxxPaths("", "bool b = Q() && Guard(1).get(); A(); (void)b;");
  EXPECT_TRUE(found.count("Q A ret"));
  EXPECT_TRUE(found.count("Q +G get ~G A ret"));
}

TEST_F(LoweringCxxTest, ConstructorInitialisesInOrderAndRunsItsBody) {
  lower(std::string(kGuard) +
            "struct Base { Base(int); ~Base(); };\n"
            "struct Derived : Base { Guard a; int n = V(); Guard b;"
            " Derived() : Base(1), b(2) { A(); } ~Derived() { B(); } };\n"
            "void f() { Derived d; }",
        "driver.cpp");
  EXPECT_EQ(shortPaths("Derived::Derived"),
            (PathSet{"Base::Base +G V +G A ret"}));
  EXPECT_EQ(shortPaths("Derived::~Derived"),
            (PathSet{"B ~G ~G Base::~Base ret"}));
  EXPECT_EQ(pathsOf("f"), (PathSet{"Derived::Derived Derived::~Derived ret"}));
}

TEST_F(LoweringCxxTest, ReturnInADestructorStillDestroysMembers) {
  lower(
      std::string(kGuard) +
          "struct Derived { Guard a; ~Derived() { if (Q()) return; B(); } };\n"
          "void f() { Derived d; }",
      "driver.cpp");
  EXPECT_EQ(shortPaths("Derived::~Derived"),
            (PathSet{"Q ~G ret", "Q B ~G ret"}));
}

TEST_F(LoweringCxxTest, DelegatingConstructor) {
  lower("struct Derived { Derived(int) { A(); } Derived() : Derived(1) { B(); "
        "} };"
        "void f() { Derived d; }",
        "driver.cpp");
  std::set<PathSet> all;
  for (const ir::Function &f : parsed.unit->functions)
    if (parsed.unit->declOf(f).name == "Derived::Derived")
      all.insert(Paths(*parsed.unit, f).all());
  EXPECT_EQ(all, (std::set<PathSet>{{"A ret"}, {"Derived::Derived B ret"}}));
}

TEST_F(LoweringCxxTest, NewChecksWhatMayBeNull) {
  lower(std::string(kGuard) + "using size_t = decltype(sizeof(0));\n"
                              "void *operator new(size_t, int pool) noexcept;\n"
                              "void f() { Guard *g = new (1) Guard(2); }",
        "driver.cpp");
  EXPECT_EQ(shortPaths("f"),
            (PathSet{"operator new +G ret", "operator new ret"}));
}

TEST_F(LoweringCxxTest, PlacementNewYieldsItsPointer) {
  lower(std::string(kGuard) +
            "using size_t = decltype(sizeof(0));\n"
            "inline void *operator new(size_t, void *p) noexcept { return p; }"
            "void f(void *p) { new (p) Guard(2); }",
        "driver.cpp");
  EXPECT_EQ(shortPaths("f"), (PathSet{"+G ret"}));
}

TEST_F(LoweringCxxTest, DeleteDestroysThenFrees) {
  EXPECT_EQ(cxxPaths("", "Guard *g = (Guard *)V(); delete g;"),
            (PathSet{"V ret", "V ~G operator delete ret"}));
}

TEST_F(LoweringCxxTest, VirtualCalls) {
  lower("struct S { virtual void v(); virtual void w() final; };\n"
        "void f(S &s) { s.v(); s.S::v(); s.w(); }",
        "driver.cpp");
  auto calls = instrs("f", ir::InstrKind::Call);
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_TRUE(calls[0]->isVirtual);
  EXPECT_FALSE(calls[1]->isVirtual);
  EXPECT_FALSE(calls[2]->isVirtual);
}

TEST_F(LoweringCxxTest, MethodsTakeThis) {
  lower("struct S { int n; void set(int v) { n = v; } };\n"
        "void f(S *s) { s->set(3); }",
        "driver.cpp");
  const ir::Function &set = function("S::set");
  EXPECT_EQ(set.numParams, 2u);
  EXPECT_EQ(set.locals[0].name, "this");
  EXPECT_EQ(parsed.unit->declOf(set).paramNames,
            (std::vector<std::string>{"this", "v"}));
  EXPECT_EQ(instrs("f", ir::InstrKind::Call)[0]->args.size(), 2u);
}

TEST_F(LoweringCxxTest, TemplatesAsInstantiated) {
  lower("template <class T> struct Holder { T t; void run() { A(); } };\n"
        "template <class T> void call(T t) { B(); }\n"
        "void f() { Holder<int> h; h.run(); call(1); call(2L); }",
        "driver.cpp");
  EXPECT_EQ(pathsOf("f").size(), 1u);
  size_t bodies = 0;
  for (const ir::Function &f : parsed.unit->functions)
    bodies += parsed.unit->declOf(f).name.rfind("call", 0) == 0;
  EXPECT_EQ(bodies, 2u);
}

TEST_F(LoweringCxxTest, LambdasCapture) {
  lower("template <class F> void run(F f) { f(); }\n"
        "void g(int);\n"
        "void f(int a) { int b = 2; run([a, &b] { g(a); b = 3; A(); });"
        "void (*fp)() = [] { B(); }; fp(); }",
        "driver.cpp");
  size_t bodies = 0;
  for (const ir::Function &fn : parsed.unit->functions)
    bodies += parsed.unit->declOf(fn).name == "lambda::operator()";
  EXPECT_EQ(bodies, 2u);
}

TEST_F(LoweringCxxTest, RangeFor) {
  EXPECT_EQ(cxxPaths("", "int a[2] = {1, 2}; for (int x : a) { A(); "
                         "if (x) break; } B();"),
            (PathSet{"B ret", "A B ret", "A A B ret"}));
}

TEST_F(LoweringCxxTest, ReferencesArePointers) {
  lower("void g(int &); void f(int &r) { r = 1; g(r); int &s = r; s = 2; }",
        "driver.cpp");
  const ir::Function &f = function("f");
  EXPECT_EQ(f.locals[0].type.kind, ir::TypeKind::Pointer);
  EXPECT_EQ(instrs("f", ir::InstrKind::Call)[0]->args[0].pointeeSize, 4u);
}

TEST_F(LoweringCxxTest, IfConstexprTakesOneWay) {
  EXPECT_EQ(cxxPaths("", "if constexpr (sizeof(int) == 4) A(); else B();"),
            (PathSet{"A ret"}));
}

TEST_F(LoweringCxxTest, IfWithInitAndVariable) {
  EXPECT_EQ(cxxPaths("", "if (Guard g; int x = Q()) A(); else B(); C();"),
            (PathSet{"+G Q A ~G C ret", "+G Q B ~G C ret"}));
}

TEST_F(LoweringCxxTest, DefaultArguments) {
  lower("void g(int a, int b = V()); void f() { g(1); }", "driver.cpp");
  EXPECT_EQ(pathsOf("f"), (PathSet{"V g ret"}));
}

TEST_F(LoweringCxxTest, ReturnedObjectIsMadeInPlace) {
  lower(std::string(kGuard) + "Guard make() { return Guard(1); }\n"
                              "void f() { Guard g = make(); A(); }",
        "driver.cpp");
  EXPECT_EQ(shortPaths("make"), (PathSet{"+G ret"}));
  EXPECT_EQ(shortPaths("f"), (PathSet{"make A ~G ret"}));
}

TEST_F(LoweringCxxTest, StructuredBindings) {
  EXPECT_EQ(cxxPaths("struct P2 { int a, b; }; P2 pair();",
                     "auto [x, y] = pair(); if (x) A(); if (y) B();"),
            (PathSet{"pair ret", "pair A ret", "pair B ret", "pair A B ret"}));
}

TEST_F(LoweringCxxTest, BasesAreOffsets) {
  lower("struct X1 { int a; void go(); }; struct Y1 { int b; void go(); };\n"
        "struct Z : X1, Y1 { }; void f(Z &z) { z.Y1::go(); }",
        "driver.cpp");
  const ir::Function &f = function("f");
  const ir::Instr *call = instrs("f", ir::InstrKind::Call)[0];
  const ir::Expr &self = f.exprs[call->args[0].value.value];
  ASSERT_EQ(self.kind, ir::ExprKind::IndexAddr);
  EXPECT_EQ(f.exprs[self.rhs.value].value, 4);
}

TEST_F(LoweringCxxTest, SehInAMethod) {
  lower("struct S { void run() { __try { Raise(); } __except (1) { H(); }"
        "A(); } }; void f() { S s; s.run(); }",
        "driver.cpp");
  EXPECT_EQ(pathsOf("S::run"), (PathSet{"Raise A ret", "Raise! H A ret"}));
}

} // namespace
