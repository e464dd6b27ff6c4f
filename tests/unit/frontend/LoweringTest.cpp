//===-- LoweringTest.cpp - statements, expressions and tables -------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LoweringFixture.h"

#include <algorithm>
#include <optional>

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

class LoweringCTest : public LoweringTest {
protected:
  /// The conditions of a function in block order: "<kind> <text> [detail]".
  std::vector<std::string> conditions(const std::string &name = "f") {
    static const char *const kKinds[] = {"true",    "false", "case",
                                         "default", "enter", "exit"};
    std::vector<std::string> result;
    for (const ir::Instr *assume : instrs(name, ir::InstrKind::Assume)) {
      auto kind = static_cast<size_t>(assume->assumeKind);
      if (kind >= std::size(kKinds))
        continue;
      std::string line = std::string(kKinds[kind]) + " " + assume->text;
      if (!assume->detail.empty())
        line += " : " + assume->detail;
      result.push_back(line);
    }
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
  }

  const ir::FunctionDecl &decl(const std::string &name) {
    for (const ir::FunctionDecl &d : parsed.unit->decls)
      if (d.name == name)
        return d;
    ADD_FAILURE() << "no declaration of " << name;
    static const ir::FunctionDecl none;
    return none;
  }

  const ir::Field *field(const std::string &name) {
    for (const ir::Field &f : parsed.unit->fields)
      if (f.name == name)
        return &f;
    return nullptr;
  }

  /// The call of `callee` in `f`.
  const ir::Instr *call(const std::string &callee) {
    for (const ir::Instr *instr : instrs("f", ir::InstrKind::Call))
      if (instr->callee.valid() &&
          parsed.unit->decls[instr->callee.value].name == callee)
        return instr;
    return nullptr;
  }

  std::optional<int64_t> constantArg(const std::string &callee, size_t n) {
    const ir::Instr *instr = call(callee);
    if (!instr || n >= instr->args.size())
      return std::nullopt;
    const ir::Expr &value = function("f").exprs[instr->args[n].value.value];
    if (value.kind != ir::ExprKind::Int)
      return std::nullopt;
    return value.value;
  }
};

using Lines = std::vector<std::string>;

//===--- Control flow ---===//

TEST_F(LoweringCTest, If) {
  EXPECT_EQ(paths("if (Q()) A(); else B(); C();"),
            (PathSet{"Q A C ret", "Q B C ret"}));
}

TEST_F(LoweringCTest, ConstantConditionsHaveOneWay) {
  EXPECT_EQ(paths("if (0) A(); if (1) B(); else C(); while (1) { D(); break; }"
                  "do { E(); } while (0);"),
            (PathSet{"B D E ret"}));
}

TEST_F(LoweringCTest, EndlessLoopHasNoWayOut) {
  EXPECT_EQ(paths("for (;;) A();"), PathSet{});
}

TEST_F(LoweringCTest, AndOrAreControlFlow) {
  EXPECT_EQ(paths("if (Q() && (P() || F())) A();"),
            (PathSet{"Q ret", "Q P A ret", "Q P F A ret", "Q P F ret"}));
}

TEST_F(LoweringCTest, NegatedAnd) {
  EXPECT_EQ(paths("if (!(Q() && P())) A(); else B();"),
            (PathSet{"Q A ret", "Q P A ret", "Q P B ret"}));
}

TEST_F(LoweringCTest, AndAsAValue) {
  lower("int f(void) { return Q() && P(); }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"Q ret", "Q P ret"}));
}

TEST_F(LoweringCTest, AndAsAStatement) {
  EXPECT_EQ(paths("Q() && P(); A();"), (PathSet{"Q A ret", "Q P A ret"}));
}

TEST_F(LoweringCTest, Conditional) {
  lower("int f(void) { return Q() ? P() : F(); }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"Q P ret", "Q F ret"}));
}

TEST_F(LoweringCTest, ConditionalAsACondition) {
  EXPECT_EQ(paths("if (Q() ? P() : 0) A();"),
            (PathSet{"Q ret", "Q P ret", "Q P A ret"}));
}

TEST_F(LoweringCTest, GnuConditionalEvaluatesOnce) {
  lower("int f(void) { return Q() ?: P(); }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"Q ret", "Q P ret"}));
}

TEST_F(LoweringCTest, SwitchWithFallThrough) {
  EXPECT_EQ(paths("switch (Q()) { case 1: A(); case 2: B(); break;"
                  "case 3: case 4: C(); default: D(); } E();"),
            (PathSet{"Q A B E ret", "Q B E ret", "Q C D E ret", "Q D E ret"}));
}

TEST_F(LoweringCTest, SwitchWithoutDefault) {
  EXPECT_EQ(paths("switch (Q()) { case 1: A(); }"),
            (PathSet{"Q A ret", "Q ret"}));
}

TEST_F(LoweringCTest, SwitchOnAConstant) {
  EXPECT_EQ(paths("switch (2) { case 1: A(); break; case 2: B(); break;"
                  "default: C(); }"),
            (PathSet{"B ret"}));
}

TEST_F(LoweringCTest, CaseInsideALoop) {
  EXPECT_EQ(paths("switch (Q()) { case 0: do { A(); case 1: B(); }"
                  "while (0); }"),
            (PathSet{"Q A B ret", "Q B ret", "Q ret"}));
}

TEST_F(LoweringCTest, GotoInBothDirections) {
  EXPECT_EQ(paths("again: A(); if (Q()) goto out; if (P()) goto again; B();"
                  "out: C();"),
            (PathSet{"A Q C ret", "A Q P B C ret", "A Q P A Q C ret",
                     "A Q P A Q P B C ret"}));
}

TEST_F(LoweringCTest, LabelInDeadCode) {
  EXPECT_EQ(paths("if (Q()) goto in; return; while (0) { in: A(); } B();"),
            (PathSet{"Q ret", "Q A B ret"}));
}

TEST_F(LoweringCTest, ContinueOfAForLoopRunsItsStep) {
  EXPECT_EQ(paths("for (A(); Q(); B()) { if (P()) continue; C(); break; }"),
            (PathSet{"A Q ret", "A Q P C ret", "A Q P B Q ret",
                     "A Q P B Q P C ret"}));
}

TEST_F(LoweringCTest, NoReturnEndsThePath) {
  lower("__attribute__((noreturn)) void Stop(void);"
        "void f(void) { if (Q()) Stop(); A(); }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"Q Stop stop", "Q A ret"}));
}

TEST_F(LoweringCTest, UnreachableEndsThePath) {
  EXPECT_EQ(paths("if (Q()) __builtin_unreachable(); if (P()) __assume(0);"
                  "A();"),
            (PathSet{"Q stop", "Q P stop", "Q P A ret"}));
}

TEST_F(LoweringCTest, StatementExpression) {
  lower("int f(void) { return ({ A(); Q(); }) + 1; }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"A Q ret"}));
}

TEST_F(LoweringCTest, BuiltinExpectIsItsArgument) {
  lower("void f(int *p) { if (__builtin_expect(p && *p, 1)) A(); }");
  EXPECT_EQ(conditions(), (Lines{"false *p", "false p", "true *p", "true p"}));
}

//===--- Words of conditions ---===//

TEST_F(LoweringCTest, ConditionsAreSpelledAsWritten) {
  lower("#define NT_SUCCESS(Status) (((int)(Status)) >= 0)\n"
        "void f(int Status, int Locked) {"
        "if (NT_SUCCESS(Status) && !Locked) A(); }");
  EXPECT_EQ(conditions(), (Lines{"false !Locked", "false NT_SUCCESS(Status)",
                                 "true !Locked", "true NT_SUCCESS(Status)"}));
}

TEST_F(LoweringCTest, ConditionsInMacroArguments) {
  lower("#define FLAG(x, f) ((x) & (f))\n#define CHECK(e) if (!(e)) A()\n"
        "void f(int x) { CHECK(FLAG(x, 1) && x > 7); }");
  EXPECT_EQ(conditions(), (Lines{"false FLAG(x, 1)", "false x > 7",
                                 "true FLAG(x, 1)", "true x > 7"}));
}

TEST_F(LoweringCTest, ConditionsAreOneLineWithoutComments) {
  lower("void f(int a, int b) { if (a ==   // why\n      b) A(); }");
  EXPECT_EQ(conditions(), (Lines{"false a == b", "true a == b"}));
}

TEST_F(LoweringCTest, LoopsAndCases) {
  lower("enum E { One = 1 };\n"
        "void f(int n) { while (n) { switch (n) { case One: A(); break;"
        "case 5 ... 7: B(); } n--; } }");
  EXPECT_EQ(conditions(), (Lines{"case n : 5 ... 7", "case n : One",
                                 "default n", "enter n", "exit n"}));
}

TEST_F(LoweringCTest, LoopWithTwoConditions) {
  lower("void f(int a, int b) { while (a && b) A(); }");
  EXPECT_EQ(conditions(), (Lines{"enter b", "exit a", "exit b", "true a"}));
}

//===--- Values ---===//

TEST_F(LoweringCTest, ConstantsFold) {
  lower("struct S { int a; long long b; }; enum { K = 3 };\n"
        "void g(unsigned long long, int, int, unsigned char, int);\n"
        "void f(void) { g(sizeof(struct S), K * 2 + 1, 1 ? 5 : Q(),"
        "(unsigned char)0x1ff, 1 && 0); }");
  EXPECT_EQ(constantArg("g", 0), 16);
  EXPECT_EQ(constantArg("g", 1), 7);
  EXPECT_EQ(constantArg("g", 2), 5);
  EXPECT_EQ(constantArg("g", 3), 255);
  EXPECT_EQ(constantArg("g", 4), 0);
}

TEST_F(LoweringCTest, OldOffsetOfFolds) {
  lower("struct S { int a; int b; };\nvoid g(unsigned long long);\n"
        "void f(void) { g((unsigned long long)&((struct S *)0)->b); }");
  EXPECT_EQ(constantArg("g", 0), 4);
}

TEST_F(LoweringCTest, ContainingRecordIsANegativeOffset) {
  lower("struct S { int a; int b; };\nvoid g(struct S *);\n"
        "#define CONTAINING_RECORD(p, t, m) ((t *)((char *)(p) - "
        "(unsigned long long)(&((t *)0)->m)))\n"
        "void f(int *p) { g(CONTAINING_RECORD(p, struct S, b)); }");
  const ir::Function &f = function("f");
  const ir::Expr &value = f.exprs[call("g")->args[0].value.value];
  ASSERT_EQ(value.kind, ir::ExprKind::IndexAddr);
  EXPECT_EQ(value.value, 1);
  EXPECT_EQ(f.exprs[value.rhs.value].value, -4);
  EXPECT_EQ(f.exprs[value.lhs.value].kind, ir::ExprKind::Temp);
}

TEST_F(LoweringCTest, BitFields) {
  lower("struct S { unsigned a : 3; unsigned b : 5; };\n"
        "void f(struct S *s) { s->b = 1; }");
  auto stores = instrs("f", ir::InstrKind::Store);
  ASSERT_EQ(stores.size(), 1u);
  EXPECT_EQ(stores[0]->bitOffset, 3);
  EXPECT_EQ(stores[0]->bitWidth, 5);
  EXPECT_EQ(stores[0]->type.size, 4u);
}

TEST_F(LoweringCTest, VolatileAccess) {
  lower("void f(volatile int *p) { *p = 1; }");
  EXPECT_TRUE(instrs("f", ir::InstrKind::Store)[0]->isVolatile);
}

TEST_F(LoweringCTest, ArgumentsSayWhatTheyPointTo) {
  lower("void g(const int *, void *, long long *, ...);\n"
        "void f(int *p, long long *q) { g(p, (q), (long long *)p, q); }");
  const ir::Instr *instr = call("g");
  EXPECT_EQ(instr->args[0].pointeeSize, 4u);
  EXPECT_TRUE(instr->args[0].pointeeConst);
  EXPECT_EQ(instr->args[1].pointeeSize, 0u);
  EXPECT_EQ(instr->args[2].pointeeSize, 8u);
  EXPECT_FALSE(instr->args[2].pointeeConst);
  EXPECT_EQ(instr->args[3].pointeeSize, 8u);
  EXPECT_EQ(instr->argTexts, (Lines{"p", "q", "p", "q"}));
}

TEST_F(LoweringCTest, IndirectAndDirectCalls) {
  lower("void f(void (*fp)(int)) { fp(1); (*fp)(2); (&A)(); }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"* * A ret"}));
}

TEST_F(LoweringCTest, AggregatesAreCopied) {
  lower("struct S { int a[4]; }; struct S g(struct S);\n"
        "void f(struct S *p) { struct S s = *p; *p = s; s = g(s); }");
  EXPECT_EQ(instrs("f", ir::InstrKind::Copy).size(), 3u);
  const ir::Instr *instr = call("g");
  EXPECT_TRUE(instr->resultAddr.valid());
  EXPECT_EQ(instr->args[0].pointeeSize, 16u);
  EXPECT_TRUE(instr->args[0].pointeeConst);
}

TEST_F(LoweringCTest, InitialisersZeroWhatTheyLeaveOut) {
  lower("struct S { int a, b; struct { int c; } n; };\n"
        "void f(int v) { struct S s = {.b = v}; struct S z = {0};"
        "struct S all = {1, 2, {3}}; }");
  EXPECT_EQ(instrs("f", ir::InstrKind::Zero).size(), 2u);
  EXPECT_EQ(instrs("f", ir::InstrKind::Store).size(), 4u);
}

TEST_F(LoweringCTest, LifetimesEndOnEveryWayOut) {
  lower("void f(void) { int keep = Q(); while (Q()) { int x = Q();"
        "if (x) break; if (P()) continue; if (F()) goto out; } out: A(); }");
  const ir::Function &f = function("f");
  size_t ends = 0;
  for (const ir::Instr *end : instrs("f", ir::InstrKind::EndLifetime)) {
    EXPECT_EQ(f.locals[end->local.value].name, "x");
    ++ends;
  }
  EXPECT_EQ(ends, 4u); // break, continue, goto, the end of the body
}

//===--- Members ---===//

TEST_F(LoweringCTest, MembersAreNamedByTheirRecord) {
  lower("typedef struct _IRP { int Type; union { int U; struct { int *V; }; };"
        "struct { int Pad; struct { int *Stack; } Overlay; } Tail; } IRP;\n"
        "typedef struct { int M; } PLAIN;\n"
        "void f(IRP *i, PLAIN *p) { i->V = 0; i->Tail.Overlay.Stack = 0;"
        "p->M = 1; }");
  EXPECT_EQ(field("V")->record, "_IRP");
  EXPECT_EQ(field("V")->offset, 8u);
  EXPECT_EQ(field("Tail")->record, "_IRP");
  EXPECT_EQ(field("Overlay")->record, "_IRP::Tail");
  EXPECT_EQ(field("Stack")->record, "_IRP::Tail::Overlay");
  EXPECT_EQ(field("Stack")->offset, 0u);
  EXPECT_EQ(field("M")->record, "PLAIN");
}

//===--- Declarations ---===//

TEST_F(LoweringCTest, RolesAndAnnotations) {
  lower("typedef __attribute__((annotate(\"typed\"))) void "
        "DRIVER_CANCEL(int *Irp __attribute__((annotate(\"irp\"))));\n"
        "typedef DRIVER_CANCEL MY_CANCEL;\n"
        "MY_CANCEL OnCancel;\n"
        "__attribute__((annotate(\"own\"))) void OnCancel(int *Irp) { A(); }");
  const ir::FunctionDecl &d = decl("OnCancel");
  EXPECT_EQ(d.roles, (Lines{"MY_CANCEL", "DRIVER_CANCEL"}));
  EXPECT_EQ(d.annotations, (Lines{"typed", "own", "param:0:irp"}));
  EXPECT_EQ(d.paramNames, (Lines{"Irp"}));
  EXPECT_GE(d.body, 0);
}

TEST_F(LoweringCTest, BuiltinsHavePlainNames) {
  lower("void f(char *a, char *b) { __builtin_memcpy(a, b, 4); }");
  EXPECT_NE(call("memcpy"), nullptr);
}

TEST_F(LoweringCTest, GlobalsHoldTheirInitialisers) {
  lower("struct T { int n; void (*fn)(void); const char *s; int *p; };\n"
        "int g; static struct T t[2] = {{1, A, \"x\", &g}, {2, B}};\n"
        "int f(void) { static int count = 7; return count++; }");
  const ir::Unit &unit = *parsed.unit;
  bool sawTable = false, sawStatic = false;
  for (const ir::Global &global : unit.globals) {
    if (global.name == "t") {
      sawTable = true;
      EXPECT_TRUE(global.isStatic);
      ASSERT_GE(global.inits.size(), 6u);
      EXPECT_EQ(global.inits[0].value, 1);
      EXPECT_EQ(global.inits[1].kind, ir::GlobalInit::Kind::FunctionAddr);
      EXPECT_EQ(unit.decls[global.inits[1].index].name, "A");
      ASSERT_TRUE(global.inits[1].field.valid());
      EXPECT_EQ(unit.fields[global.inits[1].field.value].name, "fn");
      EXPECT_FALSE(unit.fields[global.inits[1].field.value].inSystemHeader);
      EXPECT_EQ(global.inits[2].kind, ir::GlobalInit::Kind::StringAddr);
      EXPECT_EQ(global.inits[3].kind, ir::GlobalInit::Kind::GlobalAddr);
      EXPECT_EQ(global.inits[4].offset, 32u);
    } else if (global.name == "f.count") {
      sawStatic = true;
      EXPECT_EQ(global.inits.at(0).value, 7);
    }
  }
  EXPECT_TRUE(sawTable);
  EXPECT_TRUE(sawStatic);
}

//===--- Macros as calls ---===//

static const char *const kGetAddress =
    "struct M { int flags; void *va; }; void *Map(struct M *, int);\n"
    "#define GetAddress(MDL, PRI) ((MDL)->flags & 1 ? (MDL)->va : "
    "Map((MDL), (PRI)))\n";

TEST_F(LoweringCTest, MacroBecomesACall) {
  options.macrosAsCalls = {"GetAddress"};
  lower(std::string(kGetAddress) +
        "void *f(struct M *Mdl) { return GetAddress(Mdl, 2 | 4); }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"GetAddress ret"}));
  const ir::Instr *instr = call("GetAddress");
  ASSERT_NE(instr, nullptr);
  EXPECT_TRUE(instr->isMacro);
  EXPECT_EQ(instr->argTexts, (Lines{"Mdl", "2 | 4"}));
  EXPECT_EQ(constantArg("GetAddress", 1), 6);
  EXPECT_TRUE(instr->dst.valid());
}

TEST_F(LoweringCTest, MacroInAnotherMacroBecomesACall) {
  options.macrosAsCalls = {"GetAddress"};
  lower(std::string(kGetAddress) +
        "#define Wrapped(m) (GetAddress(m, 16) ? (A(), 1) : 0)\n"
        "int f(struct M *Mdl) { return Wrapped(Mdl); }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"GetAddress A ret", "GetAddress ret"}));
  EXPECT_EQ(call("GetAddress")->argTexts.at(0), "Mdl");
  EXPECT_EQ(constantArg("GetAddress", 1), 16);
}

TEST_F(LoweringCTest, MacroInACondition) {
  options.macrosAsCalls = {"IsSet"};
  lower("#define IsSet(v, m) (((v) & (m)) && Q())\n"
        "void f(int v) { if (!IsSet(v, 3)) A(); }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"IsSet A ret", "IsSet ret"}));
}

TEST_F(LoweringCTest, StatementMacroBecomesACall) {
  options.macrosAsCalls = {"Init", "PAGED"};
  lower("struct M { int flags; };\n"
        "#define Init(m, n) do { (m)->flags = (n); Q(); } while (0)\n"
        "#define PAGED() { if (Q()) A(); }\n"
        "void f(struct M *Mdl) { PAGED(); Init(Mdl, 3); }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"PAGED Init ret"}));
  EXPECT_EQ(constantArg("Init", 1), 3);
}

TEST_F(LoweringCTest, OtherMacrosAreFollowed) {
  lower("#define BOTH() (A(), B())\nvoid f(void) { BOTH(); }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"A B ret"}));
}

//===--- Errors ---===//

TEST_F(LoweringCTest, FunctionsWithErrorsAreSkipped) {
  allowErrors = true;
  lower("void bad(void) { UNKNOWN x; A(); }\nvoid good(void) { B(); }\n"
        "void alsoBad(void) { int y = undeclared + 1; A(); }");
  EXPECT_EQ(pathsOf("good"), (PathSet{"B ret"}));
  ASSERT_EQ(parsed.unit->skipped.size(), 2u);
  EXPECT_EQ(parsed.unit->skipped[0].name, "bad");
  EXPECT_NE(parsed.unit->skipped[0].reason.find("UNKNOWN"), std::string::npos);
}

TEST_F(LoweringCTest, ComputedGotoIsSkipped) {
  allowErrors = true;
  lower(
      "void f(int n) { void *t[] = {&&a, &&b}; goto *t[n]; a: A(); b: B(); }");
  ASSERT_EQ(parsed.unit->skipped.size(), 1u);
}

//===--- Places ---===//

TEST_F(LoweringCTest, SpansAreWhereTheAuthorWrote) {
  lower("#define CALL(x) G2(x)\nvoid G2(int);\n"
        "void f(int a) {\n  CALL(\n    a);\n}");
  const ir::Instr *instr = call("G2");
  EXPECT_EQ(instr->span.line, 5u);
  EXPECT_EQ(instr->span.column, 3u);
  EXPECT_EQ(instr->span.endLine, 6u);
  EXPECT_EQ(instr->span.endColumn, 7u);
  auto loads = instrs("f", ir::InstrKind::Load);
  EXPECT_EQ(loads.at(0)->span.line, 6u);
}

TEST_F(LoweringCTest, AssumptionsAreStated) {
  lower("void f(int *p, int n) { __assume(p != 0 && n > 3); A(); }");
  Lines stated;
  for (const ir::Instr *assume : instrs("f", ir::InstrKind::Assume))
    if (assume->assumeKind == ir::AssumeKind::Stated)
      stated.push_back(assume->text);
  EXPECT_EQ(stated, (Lines{"p != 0", "n > 3"}));
}

} // namespace
