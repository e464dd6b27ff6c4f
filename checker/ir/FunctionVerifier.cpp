//===-- FunctionVerifier.cpp - checks one function --------------*- C++ -*-
//===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ir/FunctionVerifier.h"
#include "ir/TextSyntax.h"

#include "llvm/ADT/SmallVector.h"

using namespace mdlcheck;
using namespace mdlcheck::ir;
using llvm::Twine;

void FunctionVerifier::verify() {
  checkHead();
  for (size_t n = 0; n < f.exprs.size(); ++n) {
    where = ", expression " + std::to_string(n);
    checkExpr(f.exprs[n]);
  }
  checkAcyclic();
  for (size_t n = 0; n < f.blocks.size(); ++n)
    checkBlock(n);
  checkReachable();
  checkTempTypes();
  if (inRange(f.entry))
    checkTemps();
}

//===----------------------------------------------------------------------===//
// Where
//===----------------------------------------------------------------------===//

void FunctionVerifier::report(const Twine &what) {
  problems.push_back(
      ("function '" + unit.declOf(f).name + "'" + where + ": " + what).str());
}

/// Blocks are named as in the text form.
std::string FunctionVerifier::blockName(BlockId id) const {
  if (id == f.exit)
    return "exit";
  if (id == f.unwindExit)
    return "unwind";
  return ("b" + Twine(id.value)).str();
}

void FunctionVerifier::at(size_t block) {
  where = ", block " + blockName(BlockId(uint32_t(block)));
}

/// Instructions are counted from 1, as lines of the block are.
void FunctionVerifier::at(size_t block, size_t instr) {
  at(block);
  where += ", instruction " + std::to_string(instr + 1);
}

void FunctionVerifier::checkSpan(const Span &span) {
  if (span.valid() && span.file.value >= unit.files.size())
    report("the span names file " + Twine(span.file.value) +
           ", which is not there");
}

//===----------------------------------------------------------------------===//
// Head
//===----------------------------------------------------------------------===//

/// Entry and exits exist; parameters come first; the result's local is there
/// exactly when the function is not void; the exception code is 32 bits.
void FunctionVerifier::checkHead() {
  checkSpan(f.span);
  checkSpan(f.endSpan);
  if (!inRange(f.entry))
    report("the entry block is not there");
  if (!inRange(f.exit))
    report("the exit block is not there");
  if (!inRange(f.unwindExit))
    report("the exceptional exit block is not there");
  else if (f.exit == f.unwindExit)
    report("the two exits are the same block");

  if (f.numParams > f.locals.size())
    report("there are more parameters than locals");
  for (size_t n = 0; n < f.locals.size(); ++n) {
    const Local &l = f.locals[n];
    checkSpan(l.span);
    if (!isSane(l.type))
      report("local '" + l.name + "' has a malformed type");
    if (l.isParam != (n < f.numParams))
      report("local '" + l.name + "' is " + (l.isParam ? "" : "not ") +
             "marked as a parameter and stands " +
             (l.isParam ? "behind" : "among") + " them");
  }

  if (isVoid(unit.declOf(f).resultType)) {
    if (f.result.valid())
      report("a void function has a local for its result");
  } else if (f.result.value >= f.locals.size()) {
    report("the local for its result is not there");
  }
  if (!f.exceptionCode.valid())
    return;
  if (f.exceptionCode.value >= f.locals.size()) {
    report("the local for the exception code is not there");
    return;
  }
  Type code = f.locals[f.exceptionCode.value].type;
  if (code.kind != TypeKind::Int || code.size != 4)
    report("the exception code is not an integer of 32 bits");
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// Ids that expressions hold are in range.
void FunctionVerifier::checkIndex(const Expr &e) {
  auto check = [&](size_t limit, const char *what) {
    if (e.index >= limit)
      report(Twine("there is no ") + what + " " + Twine(e.index));
  };
  switch (e.kind) {
  case ExprKind::Temp:
    return check(f.numTemps, "temporary");
  case ExprKind::LocalAddr:
    return check(f.locals.size(), "local");
  case ExprKind::GlobalAddr:
    return check(unit.globals.size(), "global");
  case ExprKind::FunctionAddr:
    return check(unit.decls.size(), "function");
  case ExprKind::StringAddr:
    return check(unit.strings.size(), "string");
  case ExprKind::FieldAddr:
    return check(unit.fields.size(), "field");
  default:
    return;
  }
}

/// Each kind has the operands it needs and no others.
void FunctionVerifier::checkOperands(const Expr &e) {
  bool needsRhs = e.kind == ExprKind::Binary || e.kind == ExprKind::IndexAddr;
  bool needsLhs = needsRhs || e.kind == ExprKind::FieldAddr ||
                  e.kind == ExprKind::Unary || e.kind == ExprKind::Cast;
  auto check = [&](ExprId id, bool needed, const char *which) {
    if (id.valid() && !find(id))
      report(Twine("the ") + which + " operand is not there");
    else if (id.valid() && !needed)
      report(Twine("a ") + which + " operand where there is none");
    else if (!id.valid() && needed)
      report(Twine("the ") + which + " operand is missing");
  };
  check(e.lhs, needsLhs, "first");
  check(e.rhs, needsRhs, "second");
}

/// Operators and operands fit the kind; addresses are pointers and are made
/// from pointers; comparisons are integers; constants are kept in one form.
void FunctionVerifier::checkExpr(const Expr &e) {
  checkOperands(e);
  checkIndex(e);
  if (!isSane(e.type) || isVoid(e.type))
    report("malformed type");
  if (text::isAddress(e.kind) && e.type.kind != TypeKind::Pointer)
    report("an address that is not a pointer");
  const Expr *lhs = find(e.lhs);
  const Expr *rhs = find(e.rhs);
  bool unary = e.op >= Op::Neg && e.op <= Op::LogicalNot;
  bool binary = e.op >= Op::Add && e.op <= Op::Ge;
  switch (e.kind) {
  case ExprKind::Int:
    if (e.type.kind != TypeKind::Int && e.type.kind != TypeKind::Pointer)
      report("a constant that is neither integer nor pointer");
    else if (text::canonicalInt(e.type, e.value) != e.value)
      report("the constant " + Twine(e.value) +
             " is not extended from its type");
    break;
  case ExprKind::FieldAddr:
  case ExprKind::IndexAddr:
    if (lhs && lhs->type.kind != TypeKind::Pointer)
      report("the base of an address is not a pointer");
    if (e.kind == ExprKind::IndexAddr && rhs && rhs->type.kind != TypeKind::Int)
      report("an index that is not an integer");
    if (e.kind == ExprKind::IndexAddr && e.value < 0)
      report("a negative element size");
    break;
  case ExprKind::Unary:
    if (!unary)
      report("a unary expression without a unary operator");
    break;
  case ExprKind::Binary:
    if (!binary)
      report("a binary expression without a binary operator");
    if (text::isComparison(e.op) && e.type.kind != TypeKind::Int)
      report("a comparison that is not an integer");
    break;
  default:
    break;
  }
}

/// No expression is part of itself.
void FunctionVerifier::checkAcyclic() {
  enum : uint8_t { New, Open, Done };
  std::vector<uint8_t> state(f.exprs.size(), New);
  llvm::SmallVector<uint32_t, 32> stack;
  for (uint32_t root = 0; root < f.exprs.size(); ++root) {
    stack.push_back(root);
    while (!stack.empty()) {
      uint32_t n = stack.back();
      if (state[n] != New) {
        stack.pop_back();
        state[n] = Done;
        continue;
      }
      state[n] = Open;
      for (ExprId operand : {f.exprs[n].lhs, f.exprs[n].rhs}) {
        if (!find(operand))
          continue;
        if (state[operand.value] == Open) {
          where = ", expression " + std::to_string(n);
          return report("it is part of itself");
        }
        if (state[operand.value] == New)
          stack.push_back(operand.value);
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

void FunctionVerifier::checkValue(ExprId id, const Twine &what) {
  if (!id.valid())
    report(what + " is missing");
  else if (!find(id))
    report(what + " is not there");
}

void FunctionVerifier::checkAddress(ExprId id, const Twine &what) {
  checkValue(id, what);
  if (const Expr *e = find(id); e && e->type.kind != TypeKind::Pointer)
    report(what + " is not a pointer");
}

/// Reads and writes name a type; bit-fields lie within their unit.
void FunctionVerifier::checkAccess(const Instr &i) {
  checkAddress(i.addr, "the address");
  if (isVoid(i.type))
    report("an access of type void");
  if (i.bitWidth == 0) {
    if (i.bitOffset != 0)
      report("a bit offset without a width");
  } else if (i.type.kind != TypeKind::Int) {
    report("a bit-field that is not an integer");
  } else if (unsigned(i.bitOffset) + i.bitWidth > i.type.size * 8) {
    report("a bit-field outside of its unit");
  }
}

/// A callee or a target, not both (a virtual call has the callee its static
/// type names); results go where results of that type go; a function with a
/// body gets as many arguments as it has parameters.
void FunctionVerifier::checkCall(const Instr &i) {
  if (i.callee.valid() && i.callee.value >= unit.decls.size()) {
    report("the callee is not there");
    return;
  }
  if (i.isVirtual && !i.callee.valid())
    report("a virtual call without a callee");
  else if (!i.isVirtual && i.callee.valid() && i.target.valid())
    report("a call with both a callee and a target");
  else if (!i.callee.valid() && !i.target.valid())
    report("a call with neither callee nor target");
  if (i.target.valid())
    checkAddress(i.target, "the target");
  for (size_t n = 0; n < i.args.size(); ++n) {
    checkValue(i.args[n].value, "argument " + Twine(n + 1));
    if (!isSane(i.args[n].type) || isVoid(i.args[n].type))
      report("argument " + Twine(n + 1) + " has a malformed type");
  }
  if (!i.argTexts.empty() && i.argTexts.size() != i.args.size())
    report("there are " + Twine(i.argTexts.size()) + " texts for " +
           Twine(i.args.size()) + " arguments");
  if (i.dst.valid() && (isVoid(i.type) || i.type.kind == TypeKind::Aggregate))
    report("a temporary for a result that is not scalar");
  if (i.resultAddr.valid()) {
    checkAddress(i.resultAddr, "the address of the result");
    if (i.type.kind != TypeKind::Aggregate)
      report("an address for a result that is not an aggregate");
  }
  if (!i.callee.valid())
    return;
  const FunctionDecl &callee = unit.decls[i.callee.value];
  if (callee.body < 0 || callee.body >= int64_t(unit.functions.size()) ||
      callee.isVariadic || i.isVirtual || i.isMacro)
    return;
  uint32_t params = unit.functions[callee.body].numParams;
  if (i.args.size() != params)
    report(Twine(i.args.size()) + " arguments for the " + Twine(params) +
           " parameters of '" + callee.name + "'");
}

/// Each kind has what it needs; only loads, calls and havocs have a result.
void FunctionVerifier::checkInstr(const Instr &i) {
  checkSpan(i.span);
  if (!isSane(i.type))
    report("malformed type");
  bool mayDefine = i.kind == InstrKind::Load || i.kind == InstrKind::Havoc ||
                   i.kind == InstrKind::Call;
  if (i.dst.valid() && !mayDefine)
    report("a temporary for the result of what has none");
  else if (i.dst.valid() && i.dst.value >= f.numTemps)
    report("there is no temporary " + Twine(i.dst.value));
  else if (!i.dst.valid() && mayDefine && i.kind != InstrKind::Call)
    report("the temporary for the result is missing");

  switch (i.kind) {
  case InstrKind::Load:
  case InstrKind::Zero:
    return checkAccess(i);
  case InstrKind::Store:
    checkAccess(i);
    return checkValue(i.value, "the value");
  case InstrKind::Copy:
    checkAccess(i);
    return checkAddress(i.value, "the address copied from");
  case InstrKind::Call:
    return checkCall(i);
  case InstrKind::Assume:
    return checkValue(i.value, "the condition");
  case InstrKind::Havoc:
    if (isVoid(i.type))
      report("a value of type void");
    return;
  case InstrKind::EndLifetime:
    if (i.local.value >= f.locals.size())
      report("the local is not there");
    return;
  }
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// Control may end in a block only where it visibly cannot go on: after a
/// call of a function declared not to return, or after an Assume of 0.
bool FunctionVerifier::endsControl(const Block &b) const {
  if (b.instrs.empty())
    return false;
  const Instr &last = b.instrs.back();
  if (last.kind == InstrKind::Call)
    return last.callee.value < unit.decls.size() &&
           unit.decls[last.callee.value].isNoReturn;
  if (last.kind != InstrKind::Assume)
    return false;
  const Expr *e = find(last.value);
  return e && e->kind == ExprKind::Int && e->value == 0;
}

/// Exits are empty and lead nowhere; every other block says where exceptions
/// go and leads somewhere or visibly ends.
void FunctionVerifier::checkBlock(size_t n) {
  const Block &b = f.blocks[n];
  at(n);
  for (BlockId succ : b.succs)
    if (!inRange(succ))
      report("a successor is not there");
  if (b.unwind.valid() && !inRange(b.unwind))
    report("the block it unwinds to is not there");
  if (isExit(n)) {
    if (!b.instrs.empty())
      report("an exit has instructions");
    if (!b.succs.empty())
      report("an exit has successors");
  } else {
    if (!b.unwind.valid())
      report("it does not say where it unwinds to");
    if (b.succs.empty() && !endsControl(b))
      report("control ends without a call that does not return or an "
             "assumption of 0");
  }
  for (size_t k = 0; k < b.instrs.size(); ++k) {
    at(n, k);
    checkInstr(b.instrs[k]);
  }
}

/// Every block but the exits can be reached from the entry, exceptions taken
/// as possible in any block.
void FunctionVerifier::checkReachable() {
  if (!inRange(f.entry))
    return;
  std::vector<bool> reached(f.blocks.size());
  llvm::SmallVector<BlockId, 32> work;
  auto reach = [&](BlockId id) {
    if (!inRange(id) || reached[id.value])
      return;
    reached[id.value] = true;
    work.push_back(id);
  };
  reach(f.entry);
  while (!work.empty()) {
    uint32_t n = work.pop_back_val().value;
    for (BlockId succ : f.blocks[n].succs)
      reach(succ);
    if (!isExit(n))
      reach(f.blocks[n].unwind);
  }
  for (size_t n = 0; n < f.blocks.size(); ++n) {
    at(n);
    if (!reached[n] && !isExit(n))
      report("nothing leads here");
  }
}
