//===-- LoweringSehTest.cpp - the order of structured exceptions ----------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LoweringFixture.h"

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

using LoweringSehTest = LoweringTest;

//===--- Nothing catches ---===//

TEST_F(LoweringSehTest, RaiseOutsideOfTryLeavesTheFunction) {
  EXPECT_EQ(paths("A(); Raise(); B();"),
            (PathSet{"A Raise B ret", "A Raise! unwind"}));
}

TEST_F(LoweringSehTest, NoReturnCallStillRaises) {
  EXPECT_EQ(paths("RaiseStatus(1); A();"), (PathSet{"RaiseStatus! unwind"}));
}

//===--- __except ---===//

TEST_F(LoweringSehTest, ExecuteHandler) {
  EXPECT_EQ(paths("__try { Raise(); A(); } __except (1) { H(); } B();"),
            (PathSet{"Raise A B ret", "Raise! H B ret"}));
}

TEST_F(LoweringSehTest, ContinueSearch) {
  EXPECT_EQ(paths("__try { Raise(); A(); } __except (0) { H(); } B();"),
            (PathSet{"Raise A B ret", "Raise! unwind"}));
}

TEST_F(LoweringSehTest, ContinueExecutionRepeatsTheInstruction) {
  EXPECT_EQ(paths("__try { C(); Raise(); A(); } __except (-1) { H(); } B();"),
            (PathSet{"C Raise A B ret", "C Raise! Raise A B ret"}));
}

TEST_F(LoweringSehTest, UnknownFilterGoesEachWay) {
  EXPECT_EQ(paths("__try { Raise(); A(); } __except (F()) { H(); } B();"),
            (PathSet{"Raise A B ret", "Raise! F H B ret", "Raise! F unwind",
                     "Raise! F Raise A B ret"}));
}

TEST_F(LoweringSehTest, FilterIsAskedForTheRaiseOnly) {
  EXPECT_EQ(paths("__try { A(); } __except (F()) { H(); }"),
            (PathSet{"A ret"}));
}

TEST_F(LoweringSehTest, ConditionalFilterFoldsInEachArm) {
  EXPECT_EQ(paths("__try { Raise(); } __except (Q() ? 1 : 0) { H(); }"),
            (PathSet{"Raise ret", "Raise! Q H ret", "Raise! Q unwind"}));
}

TEST_F(LoweringSehTest, NestedConditionalFilter) {
  EXPECT_EQ(paths("__try { Raise(); }"
                  "__except (Q() ? 1 : P() ? 0 : -1) { H(); }"),
            (PathSet{"Raise ret", "Raise! Q H ret", "Raise! Q P unwind",
                     "Raise! Q P Raise ret"}));
}

TEST_F(LoweringSehTest, ComparisonFilterHasTwoWays) {
  EXPECT_EQ(paths("__try { Raise(); } __except (F() == 3) { H(); }"),
            (PathSet{"Raise ret", "Raise! F H ret", "Raise! F unwind"}));
}

TEST_F(LoweringSehTest, LogicalFilter) {
  EXPECT_EQ(paths("__try { Raise(); } __except (F() && G()) { H(); }"),
            (PathSet{"Raise ret", "Raise! F G H ret", "Raise! F unwind",
                     "Raise! F G unwind"}));
}

TEST_F(LoweringSehTest, NegatedFilter) {
  EXPECT_EQ(paths("__try { Raise(); } __except (!F()) { H(); }"),
            (PathSet{"Raise ret", "Raise! F H ret", "Raise! F unwind"}));
}

TEST_F(LoweringSehTest, CommaFilter) {
  EXPECT_EQ(paths("__try { Raise(); } __except (F(), 1) { H(); }"),
            (PathSet{"Raise ret", "Raise! F H ret"}));
}

TEST_F(LoweringSehTest, StatementExpressionFilter) {
  EXPECT_EQ(paths("__try { Raise(); } __except (({ G(); 1; })) { H(); }"),
            (PathSet{"Raise ret", "Raise! G H ret"}));
}

TEST_F(LoweringSehTest, CodeChoosesTheHandler) {
  EXPECT_EQ(paths("__try { Raise(); }"
                  "__except (_exception_code() == 5 ? 1 : 0) { H(); }"),
            (PathSet{"Raise ret", "Raise! H ret", "Raise! unwind"}));
}

TEST_F(LoweringSehTest, LargeUnsignedFilterIsNegative) {
  EXPECT_EQ(paths("__try { Raise(); } __except (0xffffffffU) { H(); }"),
            (PathSet{"Raise ret", "Raise! Raise ret"}));
}

TEST_F(LoweringSehTest, InnerSearchesOuterExecutes) {
  EXPECT_EQ(paths("__try { __try { Raise(); A(); } __except (0) { H1(); } B();"
                  "} __except (1) { H2(); } C();"),
            (PathSet{"Raise A B C ret", "Raise! H2 C ret"}));
}

TEST_F(LoweringSehTest, InnerExecutesOuterNeverAsked) {
  EXPECT_EQ(paths("__try { __try { Raise(); } __except (1) { H1(); } B();"
                  "} __except (F()) { H2(); } C();"),
            (PathSet{"Raise B C ret", "Raise! H1 B C ret"}));
}

TEST_F(LoweringSehTest, BothFiltersAreAskedInsideOut) {
  EXPECT_EQ(paths("__try { __try { Raise(); } __except (F() == 1) { H1(); }"
                  "} __except (G() == 1) { H2(); }"),
            (PathSet{"Raise ret", "Raise! F H1 ret", "Raise! F G H2 ret",
                     "Raise! F G unwind"}));
}

TEST_F(LoweringSehTest, HandlerIsOutsideOfItsTry) {
  EXPECT_EQ(
      paths("__try { Raise(); } __except (1) { RaiseB(); }"),
      (PathSet{"Raise ret", "Raise! RaiseB ret", "Raise! RaiseB! unwind"}));
}

TEST_F(LoweringSehTest, RaiseInHandlerFindsTheOuterTry) {
  EXPECT_EQ(
      paths("__try { __try { Raise(); } __except (1) { RaiseB(); }"
            "} __except (1) { H(); }"),
      (PathSet{"Raise ret", "Raise! RaiseB ret", "Raise! RaiseB! H ret"}));
}

TEST_F(LoweringSehTest, RaiseInFilterGoesOnOutside) {
  EXPECT_EQ(paths("__try { __try { Raise(); } __except (RaiseF() == 1) {"
                  "H1(); } } __except (1) { H2(); }"),
            (PathSet{"Raise ret", "Raise! RaiseF H1 ret",
                     "Raise! RaiseF H2 ret", "Raise! RaiseF! H2 ret"}));
}

TEST_F(LoweringSehTest, ReturnInHandler) {
  EXPECT_EQ(paths("__try { Raise(); } __except (1) { H(); return; } A();"),
            (PathSet{"Raise A ret", "Raise! H ret"}));
}

TEST_F(LoweringSehTest, TryInHandler) {
  EXPECT_EQ(
      paths("__try { Raise(); } __except (1) {"
            "__try { RaiseB(); } __except (1) { H2(); } }"),
      (PathSet{"Raise ret", "Raise! RaiseB ret", "Raise! RaiseB! H2 ret"}));
}

TEST_F(LoweringSehTest, NoReturnCallInTry) {
  EXPECT_EQ(paths("__try { RaiseStatus(1); A(); } __except (1) { H(); }"),
            (PathSet{"RaiseStatus! H ret"}));
}

TEST_F(LoweringSehTest, ContinueExecutionAfterInnerSearch) {
  EXPECT_EQ(paths("__try { __try { Raise(); A(); } __except (0) { H1(); }"
                  "} __except (-1) { H2(); }"),
            (PathSet{"Raise A ret", "Raise! Raise A ret"}));
}

TEST_F(LoweringSehTest, ContinueExecutionRunsNoFinally) {
  EXPECT_EQ(paths("__try { __try { Raise(); A(); } __finally { B(); }"
                  "} __except (-1) { H(); }"),
            (PathSet{"Raise A B ret", "Raise! Raise A B ret"}));
}

//===--- __finally ---===//

TEST_F(LoweringSehTest, FinallyAfterFallingOff) {
  EXPECT_EQ(paths("__try { A(); } __finally { B(); } C();"),
            (PathSet{"A B C ret"}));
}

TEST_F(LoweringSehTest, FinallyWhileUnwinding) {
  EXPECT_EQ(paths("__try { Raise(); } __finally { B(); } C();"),
            (PathSet{"Raise B C ret", "Raise! B unwind"}));
}

TEST_F(LoweringSehTest, FinallyOnReturn) {
  EXPECT_EQ(paths("__try { if (Q()) return; A(); } __finally { B(); } C();"),
            (PathSet{"Q B ret", "Q A B C ret"}));
}

TEST_F(LoweringSehTest, FinallyOnGoto) {
  EXPECT_EQ(paths("__try { if (Q()) goto out; A(); } __finally { B(); }"
                  "C(); out: D();"),
            (PathSet{"Q B D ret", "Q A B C D ret"}));
}

TEST_F(LoweringSehTest, FinallyOnBackwardGoto) {
  EXPECT_EQ(paths("again: C(); __try { if (Q()) goto again; A(); }"
                  "__finally { B(); }"),
            (PathSet{"C Q A B ret", "C Q B C Q A B ret"}));
}

TEST_F(LoweringSehTest, FinallyOnBreak) {
  EXPECT_EQ(paths("do { __try { if (Q()) break; A(); } __finally { B(); }"
                  "C(); } while (0); D();"),
            (PathSet{"Q B D ret", "Q A B C D ret"}));
}

TEST_F(LoweringSehTest, FinallyOnContinue) {
  EXPECT_EQ(paths("do { __try { if (Q()) continue; A(); } __finally { B(); }"
                  "C(); } while (0); D();"),
            (PathSet{"Q B D ret", "Q A B C D ret"}));
}

TEST_F(LoweringSehTest, FinallyOnLeave) {
  EXPECT_EQ(paths("__try { if (Q()) __leave; A(); } __finally { B(); } C();"),
            (PathSet{"Q B C ret", "Q A B C ret"}));
}

TEST_F(LoweringSehTest, NestedFinallyOnReturnRunsInsideOut) {
  EXPECT_EQ(paths("__try { __try { if (Q()) return; A(); } __finally { B(); }"
                  "} __finally { C(); } D();"),
            (PathSet{"Q B C ret", "Q A B C D ret"}));
}

TEST_F(LoweringSehTest, GotoOutOfOneOfTwoFinallys) {
  EXPECT_EQ(paths("__try { __try { if (Q()) goto mid; A(); } __finally {"
                  "B(); } E(); mid: X(); } __finally { C(); } D();"),
            (PathSet{"Q B X C D ret", "Q A B E X C D ret"}));
}

TEST_F(LoweringSehTest, ReturnValueIsComputedBeforeFinally) {
  lower("int f(void) { __try { return V(); } __finally { B(); } }");
  EXPECT_EQ(pathsOf("f"), (PathSet{"V B ret"}));
}

TEST_F(LoweringSehTest, ReturnInHandlerInsideFinally) {
  EXPECT_EQ(paths("__try { __try { Raise(); } __except (1) { return; } A();"
                  "} __finally { B(); } C();"),
            (PathSet{"Raise A B C ret", "Raise! B ret"}));
}

TEST_F(LoweringSehTest, BreakInsideSwitchStaysInside) {
  EXPECT_EQ(paths("__try { switch (Q()) { case 1: A(); break;"
                  "default: C(); } } __finally { B(); } D();"),
            (PathSet{"Q A B D ret", "Q C B D ret"}));
}

//===--- AbnormalTermination ---===//

#define WHICH "{ if (_abnormal_termination()) X(); else N(); }"

TEST_F(LoweringSehTest, NormalAfterFallingOff) {
  EXPECT_EQ(paths("__try { A(); } __finally " WHICH), (PathSet{"A N ret"}));
}

TEST_F(LoweringSehTest, NormalAfterLeave) {
  EXPECT_EQ(paths("__try { if (Q()) __leave; A(); } __finally " WHICH),
            (PathSet{"Q N ret", "Q A N ret"}));
}

TEST_F(LoweringSehTest, AbnormalOnReturn) {
  EXPECT_EQ(paths("__try { if (Q()) return; } __finally " WHICH),
            (PathSet{"Q X ret", "Q N ret"}));
}

TEST_F(LoweringSehTest, AbnormalOnGoto) {
  EXPECT_EQ(paths("__try { if (Q()) goto out; } __finally " WHICH "A(); out:;"),
            (PathSet{"Q X ret", "Q N A ret"}));
}

TEST_F(LoweringSehTest, AbnormalOnBreakAndContinue) {
  EXPECT_EQ(paths("do { __try { if (Q()) break; if (P()) continue; }"
                  "__finally " WHICH "A(); } while (0);"),
            (PathSet{"Q X ret", "Q P X ret", "Q P N A ret"}));
}

TEST_F(LoweringSehTest, AbnormalWhileUnwinding) {
  EXPECT_EQ(paths("__try { Raise(); } __finally " WHICH),
            (PathSet{"Raise N ret", "Raise! X unwind"}));
}

TEST_F(LoweringSehTest, LeaveOfTheOuterTryEndsTheInnerAbnormally) {
  // The handler of the inner one leaves the outer one.
  EXPECT_EQ(paths("__try { __try { __try { Raise(); } __except (1) {"
                  "__leave; } A(); } __finally " WHICH "B(); }"
                  "__finally { C(); }"),
            (PathSet{"Raise A N B C ret", "Raise! N B C ret"}));
}

TEST_F(LoweringSehTest, EachFinallyHasItsOwnAnswer) {
  EXPECT_EQ(paths("__try { Raise(); } __finally {"
                  "__try { A(); } __finally " WHICH WHICH "}"),
            (PathSet{"Raise A N N ret", "Raise! A N X unwind"}));
}

//===--- Two phases ---===//

TEST_F(LoweringSehTest, FilterRunsBeforeFinally) {
  EXPECT_EQ(
      paths("__try { __try { Raise(); } __finally { B(); }"
            "} __except (F() == 1) { H(); } C();"),
      (PathSet{"Raise B C ret", "Raise! F B H C ret", "Raise! F B unwind"}));
}

TEST_F(LoweringSehTest, AllFiltersRunBeforeAnyFinally) {
  EXPECT_EQ(paths("__try { __try { __try { Raise(); } __except (F() == 1) {"
                  "H1(); } } __finally { B(); } }"
                  "__except (G() == 1) { H2(); }"),
            (PathSet{"Raise B ret", "Raise! F H1 B ret", "Raise! F G B H2 ret",
                     "Raise! F G B unwind"}));
}

TEST_F(LoweringSehTest, FinallysRunInsideOutUpToTheHandler) {
  EXPECT_EQ(paths("__try { __try { __try { __try { Raise(); }"
                  "__finally { A(); } } __finally { B(); } }"
                  "__except (F() == 1) { H(); } } __finally { C(); }"),
            (PathSet{"Raise A B C ret", "Raise! F A B H C ret",
                     "Raise! F A B C unwind"}));
}

TEST_F(LoweringSehTest, RaiseInFilterKeepsWhatIsPending) {
  EXPECT_EQ(paths("__try { __try { __try { Raise(); } __finally { B(); }"
                  "} __except (RaiseF() == 1) { H1(); } }"
                  "__except (1) { H2(); }"),
            (PathSet{"Raise B ret", "Raise! RaiseF B H1 ret",
                     "Raise! RaiseF B H2 ret", "Raise! RaiseF! B H2 ret"}));
}

TEST_F(LoweringSehTest, RaiseInFinallyAfterFallingOff) {
  EXPECT_EQ(paths("__try { __try { A(); } __finally { RaiseB(); }"
                  "} __except (1) { H(); }"),
            (PathSet{"A RaiseB ret", "A RaiseB! H ret"}));
}

TEST_F(LoweringSehTest, CollidedUnwindFindsTheSameHandler) {
  EXPECT_EQ(paths("__try { __try { Raise(); } __finally { RaiseB(); }"
                  "} __except (1) { H(); }"),
            (PathSet{"Raise RaiseB ret", "Raise RaiseB! H ret",
                     "Raise! RaiseB H ret", "Raise! RaiseB! H ret"}));
}

TEST_F(LoweringSehTest, CollidedUnwindRunsTheOuterFinallyOnce) {
  EXPECT_EQ(paths("__try { __try { Raise(); } __finally { RaiseB(); }"
                  "} __finally { C(); }"),
            (PathSet{"Raise RaiseB C ret", "Raise RaiseB! C unwind",
                     "Raise! RaiseB C unwind", "Raise! RaiseB! C unwind"}));
}

TEST_F(LoweringSehTest, TryInFinally) {
  EXPECT_EQ(paths("__try { Raise(); } __finally {"
                  "__try { RaiseB(); } __except (1) { H(); } C(); }"),
            (PathSet{"Raise RaiseB C ret", "Raise RaiseB! H C ret",
                     "Raise! RaiseB C unwind", "Raise! RaiseB! H C unwind"}));
}

//===--- Leaving a __finally ---===//

TEST_F(LoweringSehTest, ReturnInFinallyEndsTheUnwinding) {
  EXPECT_EQ(paths("__try { Raise(); } __finally { B(); return; } C();"),
            (PathSet{"Raise B ret", "Raise! B ret"}));
}

TEST_F(LoweringSehTest, GotoOutOfFinally) {
  EXPECT_EQ(paths("__try { Raise(); } __finally { goto out; } A();"
                  "out: B();"),
            (PathSet{"Raise B ret", "Raise! B ret"}));
}

TEST_F(LoweringSehTest, BreakOutOfFinally) {
  EXPECT_EQ(paths("do { __try { Raise(); } __finally { break; } A();"
                  "} while (0); B();"),
            (PathSet{"Raise B ret", "Raise! B ret"}));
}

TEST_F(LoweringSehTest, LeaveInFinallyLeavesTheTryAround) {
  EXPECT_EQ(paths("__try { __try { Raise(); } __finally { __leave; } A();"
                  "} __except (1) { H(); } B();"),
            (PathSet{"Raise B ret", "Raise! B ret"}));
}

TEST_F(LoweringSehTest, ReturnInFinallyRunsTheFinallyOutside) {
  EXPECT_EQ(paths("__try { __try { Raise(); } __finally { return; }"
                  "} __finally { B(); } C();"),
            (PathSet{"Raise B ret", "Raise! B ret"}));
}

TEST_F(LoweringSehTest, ReturnThroughAFinallyThatReturns) {
  EXPECT_EQ(paths("__try { if (Q()) return; A(); } __finally {"
                  "if (P()) return; B(); } C();"),
            (PathSet{"Q P ret", "Q P B ret", "Q A P ret", "Q A P B C ret"}));
}

//===--- __leave ---===//

TEST_F(LoweringSehTest, LeaveInExcept) {
  EXPECT_EQ(paths("__try { if (Q()) __leave; A(); } __except (1) { H(); }"
                  "B();"),
            (PathSet{"Q B ret", "Q A B ret"}));
}

TEST_F(LoweringSehTest, LeaveOutOfALoop) {
  EXPECT_EQ(paths("__try { do { if (Q()) __leave; A(); } while (0); C(); }"
                  "__finally { B(); }"),
            (PathSet{"Q B ret", "Q A C B ret"}));
}

TEST_F(LoweringSehTest, LeaveLeavesTheInnermostTry) {
  EXPECT_EQ(paths("__try { __try { if (Q()) __leave; A(); } __finally {"
                  "B(); } C(); } __finally { D(); }"),
            (PathSet{"Q B C D ret", "Q A B C D ret"}));
}

TEST_F(LoweringSehTest, LeaveInAHandlerLeavesTheTryAround) {
  EXPECT_EQ(paths("__try { __try { Raise(); } __except (1) { __leave; }"
                  "A(); } __except (1) { H2(); } B();"),
            (PathSet{"Raise A B ret", "Raise! B ret"}));
}

//===--- Loops and labels ---===//

TEST_F(LoweringSehTest, HandlerContinuesALoop) {
  EXPECT_EQ(paths("do { __try { Raise(); } __except (1) { H(); continue; }"
                  "A(); } while (0); B();"),
            (PathSet{"Raise A B ret", "Raise! H B ret"}));
}

TEST_F(LoweringSehTest, LabelInFinallyBelongsToItsCopy) {
  EXPECT_EQ(paths("__try { if (Q()) return; A(); } __finally {"
                  "if (P()) goto skip; X(); skip: B(); } C();"),
            (PathSet{"Q P B ret", "Q P X B ret", "Q A P B C ret",
                     "Q A P X B C ret"}));
}

TEST_F(LoweringSehTest, GotoFromHandlerBackIntoTheFunction) {
  EXPECT_EQ(paths("again: A(); __try { Raise(); } __except (1) { goto again; }"
                  "B();"),
            (PathSet{"A Raise B ret", "A Raise! A Raise B ret"}));
}

TEST_F(LoweringSehTest, SwitchInFinally) {
  EXPECT_EQ(paths("__try { Raise(); } __finally { switch (Q()) {"
                  "case 1: A(); break; default: B(); } }"),
            (PathSet{"Raise Q A ret", "Raise Q B ret", "Raise! Q A unwind",
                     "Raise! Q B unwind"}));
}

//===--- Size ---===//

TEST_F(LoweringSehTest, ManyReturnsShareAFinally) {
  std::string body = "__try {";
  for (int i = 0; i < 40; ++i)
    body += "if (Q()) return;";
  lower("void f(void) {" + body + "Raise(); } __finally { B(); } C(); }");
  // Eight of their own, one shared, one normal, one while unwinding.
  EXPECT_EQ(callsOf("f", "B"), 11u);
}

TEST_F(LoweringSehTest, ManyGotosShareAFinally) {
  std::string body = "__try {";
  for (int i = 0; i < 40; ++i)
    body += "if (Q()) goto out;";
  lower("void f(void) {" + body + "} __finally { B(); } out: C(); }");
  EXPECT_EQ(callsOf("f", "B"), 3u); // gotos, falling off, unwinding from Q
}

TEST_F(LoweringSehTest, DeepNestingStaysSmall) {
  lower("void f(void) { __try { __try { __try { __try {"
        "if (Q()) return; if (Q()) return; Raise(); if (Q()) goto out;"
        "} __finally { RaiseB(); if (Q()) X(); } if (Q()) return;"
        "} __finally { RaiseB(); if (Q()) X(); } if (Q()) return;"
        "} __finally { RaiseB(); if (Q()) X(); } if (Q()) return;"
        "} __finally { RaiseB(); if (Q()) X(); } out:; }");
  EXPECT_LT(function("f").blocks.size(), 600u);
}

//===--- Codes and markers ---===//

TEST_F(LoweringSehTest, HandlerReadsTheCodeOfItsOwnTry) {
  lower("int f(void) { __try { Raise(); } __except (1) {"
        "return _exception_code(); } return 0; }");
  const ir::Function &f = function("f");
  ASSERT_TRUE(f.exceptionCode.valid());
  EXPECT_EQ(f.locals[f.exceptionCode.value].name, "$exceptionCode");
  bool fromRaise = false, fromTry = false;
  for (const ir::Instr *load : instrs("f", ir::InstrKind::Load)) {
    const ir::Expr &addr = f.exprs[load->addr.value];
    if (addr.kind != ir::ExprKind::LocalAddr)
      continue;
    fromRaise |= addr.local() == f.exceptionCode;
    fromTry |= f.locals[addr.index].name == "$code1";
  }
  EXPECT_TRUE(fromRaise);
  EXPECT_TRUE(fromTry);
}

TEST_F(LoweringSehTest, CodeThroughTheExceptionRecord) {
  lower("struct R { int ExceptionCode; }; struct P { struct R "
        "*ExceptionRecord; };\n"
        "void f(void) { __try { Raise(); } __except (((struct P *)"
        "_exception_info())->ExceptionRecord->ExceptionCode == 7) { H(); } }");
  EXPECT_TRUE(instrs("f", ir::InstrKind::Havoc).empty());
}

TEST_F(LoweringSehTest, EveryWayOutEndsInAMarker) {
  lower("int f(void) {\n  __try {\n    if (Q())\n      return 1;\n"
        "    Raise();\n  } __finally {\n    B();\n  }\n  return 2;\n}");
  const ir::Function &f = function("f");
  std::set<uint32_t> lines;
  for (const ir::Block &block : f.blocks) {
    bool leaves = false;
    for (ir::BlockId succ : block.succs)
      leaves |= succ == f.exit;
    if (!leaves)
      continue;
    ASSERT_FALSE(block.instrs.empty());
    const ir::Instr &marker = block.instrs.back();
    EXPECT_EQ(marker.kind, ir::InstrKind::Assume);
    EXPECT_EQ(marker.assumeKind, ir::AssumeKind::Leave);
    lines.insert(marker.span.line);
  }
  EXPECT_EQ(lines, (std::set<uint32_t>{5, 10}));
}

TEST_F(LoweringSehTest, FilterSaysWhatItChose) {
  lower("void f(void) { __try { Raise(); } __except (F()) { H(); } }");
  std::set<std::string> details;
  for (const ir::Instr *assume : instrs("f", ir::InstrKind::Assume))
    if (assume->assumeKind == ir::AssumeKind::Filter) {
      EXPECT_EQ(assume->text, "F()");
      details.insert(assume->detail);
    }
  EXPECT_EQ(details, (std::set<std::string>{"EXCEPTION_CONTINUE_EXECUTION",
                                            "EXCEPTION_CONTINUE_SEARCH",
                                            "EXCEPTION_EXECUTE_HANDLER"}));
}

} // namespace
