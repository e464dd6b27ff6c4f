//===-- VerifierTest.cpp - tests of the graph's verifier --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Graphs are written as text where text can say what is wrong with them, and
// are broken by hand where it cannot. Each bad example has a good twin: the
// text in its repaired form, or the graph before it was broken.
//
//===----------------------------------------------------------------------===//

#include "ir/Verifier.h"
#include "ir/Text.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::ir;

namespace {

using Problems = std::vector<std::string>;

Unit mustRead(llvm::StringRef text) {
  llvm::Expected<Unit> unit = read(text, "t.ir");
  if (unit)
    return std::move(*unit);
  ADD_FAILURE() << llvm::toString(unit.takeError()) << "\n" << text.str();
  return {};
}

constexpr const char *kTables = R"(
  file 0 "t.c"
  string "s"
  field _MDL.MdlFlags offset 10: i16
  global g_Table: agg(16) {
    8: ptr &func Take
  }
  decl External(p): ptr
  decl Raise(Status): void noreturn
  decl Print(Format, ...): void
  func Take(p: ptr) {
    block b0
      goto exit
  }
)";

/// Verifies a function F with `body`, which begins with its blocks' lines.
Problems verifyBody(const std::string &body,
                    const std::string &head = "func F(p: ptr, n: i32): i32") {
  return verify(
      mustRead(kTables + head + " {\nlocal $r: i32 result\n" + body + "\n}\n"));
}

/// The good body has no problem, the bad one just the one that is named.
void expectBody(const char *good, const char *bad, const std::string &problem) {
  EXPECT_EQ(verifyBody(good), Problems()) << good;
  EXPECT_EQ(verifyBody(bad), Problems{"function 'F'" + problem}) << bad;
}

constexpr const char *kGood = R"(
func F(p: ptr "PMDL", n: i32): i32 {
  local $r: i32 result
  local $code: i32 exceptioncode
  block b0 unwind b2
    %0 = load ptr &p
    %1 = load i16 %0->_MDL.MdlFlags bits(3, 2)
    store i32 &n, (%1:i16 + 5)
    copy agg(8) &p, %0[1 * 8]
    %2 = call ptr External(%0 to 48) texts("p")
    call void Take(%0 to 48)
    assume true (%2 == null) "r"
    end n
    goto exit
  block b2
    store i32 &$r, -1
    goto exit
}
)";

/// Breaks the good function by hand; exactly `problem` must come of it.
template <typename Break>
void expectBroken(Break breakIt, const std::string &problem) {
  Unit u = mustRead(std::string(kTables) + kGood);
  ASSERT_EQ(verify(u), Problems());
  breakIt(u, u.functions[1]);
  EXPECT_EQ(verify(u), Problems{problem});
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

TEST(Verifier, Types) {
  expectBroken(
      [](Unit &u, Function &) { u.fields[0].type.kind = TypeKind::Float; },
      "field '_MDL.MdlFlags': malformed type");
  expectBroken([](Unit &u, Function &) { u.globals[0].type.isSigned = true; },
               "global 'g_Table': malformed type");
  expectBroken([](Unit &u, Function &) { u.decls[1].resultType.size = 4; },
               "declaration of 'Raise': malformed result type");
  expectBroken([](Unit &, Function &f) { f.locals[0].type.isSigned = true; },
               "function 'F': local 'p' has a malformed type");
}

TEST(Verifier, Initialisers) {
  expectBroken([](Unit &u, Function &) { u.globals[0].inits[0].index = 99; },
               "global 'g_Table': the initialiser at 8 names something that "
               "is not there");
  expectBroken([](Unit &u, Function &) { u.globals[0].inits[0].offset = 9; },
               "global 'g_Table': the initialiser at 9 lies outside of it");
  expectBroken(
      [](Unit &u, Function &) { u.globals[0].inits[0].field = FieldId(99); },
      "global 'g_Table': the initialiser at 8 is for a field that is not "
      "there");
  expectBroken(
      [](Unit &u, Function &) { u.globals[0].inits[0].type.isSigned = true; },
      "global 'g_Table': the initialiser at 8 has a malformed type");
}

TEST(Verifier, Declarations) {
  expectBroken([](Unit &u, Function &) { u.decls[0].linkName = "F"; },
               "declaration of 'F': another declaration has the link name "
               "'F' too");
  expectBroken([](Unit &u, Function &) { u.decls[0].body = 7; },
               "declaration of 'External': its body is not there");
  expectBroken([](Unit &u, Function &) { u.decls[1].body = 1; },
               "declaration of 'Raise': its body belongs to another "
               "declaration");
  Unit u = mustRead(std::string(kTables) + kGood);
  u.functions[1].decl = DeclId();
  EXPECT_EQ(verify(u).back(), "function 1 has no declaration");
  u = mustRead(std::string(kTables) + kGood);
  u.decls[u.functions[1].decl.value].body = -1;
  EXPECT_EQ(verify(u), Problems{"function 'F': its declaration names another "
                                "body"});
}

TEST(Verifier, Spans) {
  Span bad;
  bad.file = FileId(3);
  std::string what = "the span names file 3, which is not there";
  expectBroken([&](Unit &u, Function &) { u.decls[0].span = bad; },
               "declaration of 'External': " + what);
  expectBroken([&](Unit &, Function &f) { f.span = bad; },
               "function 'F': " + what);
  expectBroken([&](Unit &, Function &f) { f.locals[0].span = bad; },
               "function 'F': " + what);
  expectBroken([&](Unit &, Function &f) { f.blocks[0].instrs[1].span = bad; },
               "function 'F', block b0, instruction 2: " + what);
  expectBroken(
      [&](Unit &u, Function &) { u.skipped.push_back({"G", bad, ""}); },
      "skipped function 'G': " + what);
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

TEST(Verifier, EntryAndExits) {
  Unit u = mustRead(std::string(kTables) + kGood);
  Function &f = u.functions[1];
  BlockId entry = f.entry, exit = f.exit;
  f.entry = BlockId(9);
  EXPECT_EQ(verify(u), Problems{"function 'F': the entry block is not there"});
  f.entry = entry;
  f.exit = BlockId();
  EXPECT_EQ(verify(u)[0], "function 'F': the exit block is not there");
  f.exit = f.unwindExit;
  EXPECT_EQ(verify(u)[0], "function 'F': the two exits are the same block");
  f.exit = exit;
  f.unwindExit = BlockId(9);
  EXPECT_EQ(verify(u)[0],
            "function 'F': the exceptional exit block is not there");
}

TEST(Verifier, Parameters) {
  expectBroken([](Unit &, Function &f) { f.locals[0].isParam = false; },
               "function 'F': local 'p' is not marked as a parameter and "
               "stands among them");
  expectBroken([](Unit &, Function &f) { f.locals[2].isParam = true; },
               "function 'F': local '$r' is marked as a parameter and stands "
               "behind them");
  Unit u = mustRead(std::string(kTables) + kGood);
  u.functions[1].numParams = 9;
  EXPECT_EQ(verify(u)[0],
            "function 'F': there are more parameters than locals");
}

TEST(Verifier, ResultAndExceptionCode) {
  expectBroken([](Unit &, Function &f) { f.result = LocalId(); },
               "function 'F': the local for its result is not there");
  expectBroken(
      [](Unit &u, Function &f) { u.decls[f.decl.value].resultType = {}; },
      "function 'F': a void function has a local for its result");
  expectBroken([](Unit &, Function &f) { f.exceptionCode = LocalId(50); },
               "function 'F': the local for the exception code is not there");
  expectBroken([](Unit &, Function &f) { f.exceptionCode = LocalId(0); },
               "function 'F': the exception code is not an integer of 32 bits");
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// Adds `e`, which nothing uses, to a good function: `problem`, or none.
void expectExpr(Expr e, const std::string &problem) {
  Unit u = mustRead(std::string(kTables) + kGood);
  Function &f = u.functions[1];
  f.exprs.push_back(e);
  std::string where =
      "function 'F', expression " + std::to_string(f.exprs.size() - 1) + ": ";
  EXPECT_EQ(verify(u),
            problem.empty() ? Problems() : Problems{where + problem});
}

const Type kInt{TypeKind::Int, true, 4};
const Type kPointer{TypeKind::Pointer, false, 8};

Expr make(ExprKind kind, Type type, uint32_t index = 0) {
  Expr e;
  e.kind = kind;
  e.type = type;
  e.index = index;
  return e;
}

/// In the good function, expression 0 is &p and its first constant is an Int.
ExprId pointerIn() { return ExprId(0); }

ExprId intIn() {
  Unit u = mustRead(std::string(kTables) + kGood);
  const std::vector<Expr> &exprs = u.functions[1].exprs;
  for (uint32_t n = 0; n < exprs.size(); ++n)
    if (exprs[n].kind == ExprKind::Int && exprs[n].type.kind == TypeKind::Int)
      return ExprId(n);
  return ExprId();
}

TEST(Verifier, ExpressionIds) {
  struct {
    ExprKind kind;
    const char *problem;
  } cases[] = {{ExprKind::Temp, "there is no temporary 70"},
               {ExprKind::LocalAddr, "there is no local 70"},
               {ExprKind::GlobalAddr, "there is no global 70"},
               {ExprKind::FunctionAddr, "there is no function 70"},
               {ExprKind::StringAddr, "there is no string 70"},
               {ExprKind::FieldAddr, "there is no field 70"}};
  for (const auto &c : cases) {
    Expr e = make(c.kind, kPointer);
    if (c.kind == ExprKind::FieldAddr)
      e.lhs = pointerIn();
    expectExpr(e, "");
    e.index = 70;
    expectExpr(e, c.problem);
  }
}

TEST(Verifier, Operands) {
  Expr e = make(ExprKind::Binary, kInt);
  e.op = Op::Add;
  e.lhs = e.rhs = intIn();
  expectExpr(e, "");
  e.rhs = ExprId();
  expectExpr(e, "the second operand is missing");
  e.rhs = ExprId(500);
  expectExpr(e, "the second operand is not there");

  e = make(ExprKind::Unary, kInt);
  e.op = Op::Neg;
  e.lhs = intIn();
  expectExpr(e, "");
  e.rhs = intIn();
  expectExpr(e, "a second operand where there is none");

  e = make(ExprKind::Cast, kInt);
  e.lhs = intIn();
  expectExpr(e, "");
  e.lhs = ExprId();
  expectExpr(e, "the first operand is missing");

  e = make(ExprKind::Int, kInt);
  e.lhs = intIn();
  expectExpr(e, "a first operand where there is none");
}

TEST(Verifier, Operators) {
  Expr e = make(ExprKind::Unary, kInt);
  e.lhs = intIn();
  e.op = Op::Add;
  expectExpr(e, "a unary expression without a unary operator");
  e.kind = ExprKind::Binary;
  e.rhs = intIn();
  expectExpr(e, "");
  e.op = Op::Neg;
  expectExpr(e, "a binary expression without a binary operator");
  e.op = Op::Lt;
  expectExpr(e, "");
  e.type = kPointer;
  expectExpr(e, "a comparison that is not an integer");
}

TEST(Verifier, Addresses) {
  Expr e = make(ExprKind::LocalAddr, kInt);
  expectExpr(e, "an address that is not a pointer");
  e = make(ExprKind::FieldAddr, kPointer);
  e.lhs = intIn();
  expectExpr(e, "the base of an address is not a pointer");
  e = make(ExprKind::IndexAddr, kPointer);
  e.lhs = pointerIn();
  e.rhs = intIn();
  expectExpr(e, "");
  e.value = -1;
  expectExpr(e, "a negative element size");
  e.value = 1;
  e.rhs = pointerIn();
  expectExpr(e, "an index that is not an integer");
}

TEST(Verifier, Constants) {
  Expr e = make(ExprKind::Int, {TypeKind::Int, false, 1});
  e.value = 255;
  expectExpr(e, "");
  e.value = -1;
  expectExpr(e, "the constant -1 is not extended from its type");
  e.type.isSigned = true;
  expectExpr(e, "");
  expectExpr(make(ExprKind::Int, {TypeKind::Float, false, 8}),
             "a constant that is neither integer nor pointer");
  expectExpr(make(ExprKind::Int, kPointer), "");
  Unit u = mustRead(std::string(kTables) + kGood);
  u.functions[1].exprs[intIn().value].type = {};
  EXPECT_FALSE(verify(u).empty());
}

TEST(Verifier, ExpressionsAreNoPartOfThemselves) {
  Unit u = mustRead(std::string(kTables) + kGood);
  std::vector<Expr> &exprs = u.functions[1].exprs;
  uint32_t n = uint32_t(exprs.size());
  Expr e = make(ExprKind::Cast, kInt);
  e.lhs = ExprId(n + 1);
  exprs.push_back(e);
  e.lhs = intIn();
  exprs.push_back(e);
  EXPECT_EQ(verify(u), Problems()); // an operand may stand behind its user
  exprs.back().lhs = ExprId(n);
  EXPECT_EQ(verify(u),
            Problems{"function 'F', expression " + std::to_string(n + 1) +
                     ": it is part of itself"});
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

TEST(Verifier, InstructionParts) {
  auto broken = [](unsigned n, auto change, const std::string &problem) {
    expectBroken([&](Unit &, Function &f) { change(f.blocks[0].instrs[n]); },
                 "function 'F', block b0, instruction " +
                     std::to_string(n + 1) + ": " + problem);
  };
  auto noAddr = [](Instr &i) { i.addr = ExprId(); };
  auto noValue = [](Instr &i) { i.value = ExprId(); };
  auto badValue = [](Instr &i) { i.value = ExprId(900); };
  auto dst = [](Instr &i) { i.dst = TempId(3); };
  auto intAddr = [](Instr &i) { i.addr = intIn(); };
  broken(1, noAddr, "the address is missing");
  broken(1, intAddr, "the address is not a pointer");
  broken(2, noAddr, "the address is missing");
  broken(2, noValue, "the value is missing");
  broken(2, badValue, "the value is not there");
  broken(2, dst, "a temporary for the result of what has none");
  broken(2, [](Instr &i) { i.type = {}; }, "an access of type void");
  broken(3, noAddr, "the address is missing");
  broken(3, noValue, "the address copied from is missing");
  broken(6, noValue, "the condition is missing");
  broken(7, [](Instr &i) { i.local = LocalId(); }, "the local is not there");
  broken(
      4, [](Instr &i) { i.args[0].value = ExprId(); }, "argument 1 is missing");
  broken(
      4, [](Instr &i) { i.args[0].type = {}; },
      "argument 1 has a malformed type");
  broken(4, [](Instr &i) { i.callee = DeclId(90); }, "the callee is not there");
  broken(
      2,
      [](Instr &i) {
        i.type.size = 0;
        i.type.kind = TypeKind::Float;
        i.type.isSigned = true;
      },
      "malformed type");
}

TEST(Verifier, ResultsOfInstructions) {
  expectBody("block b0\n%0 = havoc i32\ngoto exit",
             "block b0\nhavoc i32\ngoto exit",
             ", block b0, instruction 1: the temporary for the result is "
             "missing");
  expectBody("block b0\n%0 = havoc i32\ngoto exit",
             "block b0\n%0 = havoc void\ngoto exit",
             ", block b0, instruction 1: a value of type void");
  Unit u = mustRead(std::string(kTables) + kGood);
  u.functions[1].blocks[0].instrs[0].dst = TempId(40);
  EXPECT_EQ(verify(u)[0],
            "function 'F', block b0, instruction 1: there is no temporary 40");
}

TEST(Verifier, BitFields) {
  expectBody("block b0\nstore u8 &n, 1 bits(5, 3)\ngoto exit",
             "block b0\nstore u8 &n, 1 bits(5, 4)\ngoto exit",
             ", block b0, instruction 1: a bit-field outside of its unit");
  expectBody("block b0\n%0 = load u8 &n bits(5, 3)\ngoto exit",
             "block b0\n%0 = load u8 &n bits(5, 0)\ngoto exit",
             ", block b0, instruction 1: a bit offset without a width");
  expectBody("block b0\n%0 = load u64 &n bits(60, 4)\ngoto exit",
             "block b0\n%0 = load f64 &n bits(5, 3)\ngoto exit",
             ", block b0, instruction 1: a bit-field that is not an integer");
}

TEST(Verifier, Calls) {
  std::string at = ", block b0, instruction 1: ";
  expectBody("block b0\ncall void *&func Raise(1)\ngoto exit",
             "block b0\ncall void Raise *&func Raise(1)\ngoto exit",
             at + "a call with both a callee and a target");
  expectBody("block b0\ncall void Raise *&p(1) virtual\ngoto exit",
             "block b0\ncall void *&p(1) virtual\ngoto exit",
             at + "a virtual call without a callee");
  expectBody("block b0\ncall Raise(1)\ngoto exit",
             "block b0\ncall void (1)\ngoto exit",
             at + "a call with neither callee nor target");
  expectBody("block b0\ncall void *null()\ngoto exit",
             "block b0\ncall void *5:i32()\ngoto exit",
             at + "the target is not a pointer");
  expectBody("block b0\ncall Take(&p)\ngoto exit",
             "block b0\ncall Take()\ngoto exit",
             at + "0 arguments for the 1 parameters of 'Take'");
  expectBody("block b0\ncall Take() virtual\ncall Take() macro\n"
             "call Print(\"s\", 1, 2)\ncall External()\ngoto exit",
             "block b0\ncall Take(null, 1)\ngoto exit",
             at + "2 arguments for the 1 parameters of 'Take'");
  expectBody("block b0\ncall Raise(1) texts(\"1\")\ngoto exit",
             "block b0\ncall Raise(1) texts(\"1\", \"2\")\ngoto exit",
             at + "there are 2 texts for 1 arguments");
  expectBody("block b0\n%0 = call External(&p)\ngoto exit",
             "block b0\n%0 = call Raise(1)\ngoto exit",
             at + "a temporary for a result that is not scalar");
  expectBody("block b0\ncall agg(8) External(&p) result &p\ngoto exit",
             "block b0\ncall External(&p) result &p\ngoto exit",
             at + "an address for a result that is not an aggregate");
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

TEST(Verifier, ExitsAreEmpty) {
  expectBody("block b0\ngoto exit\nblock exit",
             "block b0\ngoto exit\nblock exit\nend n",
             ", block exit: an exit has instructions");
  expectBody("block b0\ngoto exit\nblock unwind",
             "block b0\ngoto exit\nblock unwind\ngoto exit",
             ", block unwind: an exit has successors");
}

TEST(Verifier, EdgesLeadToBlocks) {
  expectBroken([](Unit &, Function &f) { f.blocks[1].succs = {BlockId(30)}; },
               "function 'F', block b1: a successor is not there");
  expectBroken([](Unit &, Function &f) { f.blocks[1].unwind = BlockId(30); },
               "function 'F', block b1: the block it unwinds to is not there");
}

TEST(Verifier, BlocksSayWhereTheyUnwindTo) {
  expectBody("block b0 unwind b1\ngoto exit\nblock b1\ngoto unwind\n"
             "block exit unwind none\nblock unwind unwind none",
             "block b0 unwind none\ngoto exit",
             ", block b0: it does not say where it unwinds to");
}

TEST(Verifier, ControlEndsVisibly) {
  std::string problem = ", block b0: control ends without a call that does not "
                        "return or an assumption of 0";
  expectBody("block b0\ncall Raise(1)", "block b0\ncall External(null)",
             problem);
  expectBody("block b0\nassume 0", "block b0\nassume 1", problem);
  expectBody("block b0\ngoto exit", "block b0", problem);
  expectBody("block b0\ncall Raise(1)", "block b0\ncall Raise(1)\nend n",
             problem);
}

TEST(Verifier, BlocksAreReached) {
  expectBody("block b0 unwind b1\ngoto exit\nblock b1\ngoto exit",
             "block b0\ngoto exit\nblock b1\ngoto exit",
             ", block b1: nothing leads here");
  // A function that never returns, and one nothing can be raised out of.
  expectBody("block b0 unwind b0\ngoto b0",
             "block b0\ngoto b0\nblock b1\ngoto b1",
             ", block b1: nothing leads here");
}

//===----------------------------------------------------------------------===//
// Temporaries
//===----------------------------------------------------------------------===//

TEST(Verifier, TemporariesAreAssignedFirst) {
  std::string late = "%0 is used and not assigned on every path to here";
  expectBody("block b0\n%0 = havoc i32\nstore i32 &n, %0\ngoto exit",
             "block b0\nstore i32 &n, %0\n%0 = havoc i32\ngoto exit",
             ", block b0, instruction 1: " + late);
  expectBody("block b0\n%0 = havoc i32\ngoto exit",
             "block b0\nstore i32 &n, %0\ngoto exit",
             ", block b0, instruction 1: %0 is used and assigned nowhere");
  // One arm of a branch.
  expectBody("block b0\ngoto b1, b2\nblock b1\n%0 = havoc i32\ngoto b3\n"
             "block b2\n%0 = havoc i32\ngoto b3\n"
             "block b3\nassume (%0 > 0)\ngoto exit",
             "block b0\ngoto b1, b2\nblock b1\n%0 = havoc i32\ngoto b3\n"
             "block b2\ngoto b3\n"
             "block b3\nassume (%0 > 0)\ngoto exit",
             ", block b3, instruction 1: " + late);
  // Around a loop: the first time round counts.
  expectBody("block b0\n%0 = havoc i32\ngoto b1\n"
             "block b1\nstore i32 &n, %0\n%0 = havoc i32\ngoto b1, exit",
             "block b0\ngoto b1\n"
             "block b1\nstore i32 &n, %0\n%0 = havoc i32\ngoto b1, exit",
             ", block b1, instruction 1: " + late);
}

TEST(Verifier, ExceptionsComeBeforeAssignments) {
  // The call that assigns %0 may raise; what an earlier block assigned holds.
  expectBody("block b0\n%0 = havoc i32\ngoto b1\n"
             "block b1 unwind b2\n%1 = call External(null)\ngoto exit\n"
             "block b2\nstore i32 &n, %0\ngoto exit",
             "block b1 unwind b2\n%0 = call i32 External(null)\ngoto exit\n"
             "block b2\nstore i32 &n, %0\ngoto exit",
             ", block b1, instruction 1: "
             "%0 is used and not assigned on every path to here");
}

TEST(Verifier, TemporariesHaveOneType) {
  expectBody("block b0\n%0 = havoc i32\nstore i32 &n, %0:u32\ngoto exit",
             "block b0\n%0 = havoc i32\nstore i64 &n, %0:i64\ngoto exit",
             ", block b0, instruction 2: %0 has another type elsewhere");
}

} // namespace
