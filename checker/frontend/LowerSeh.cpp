//===-- LowerSeh.cpp - structured exception handling ----------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Windows unwinds in two phases. From the raise outwards, filters are asked
// one after the other; only when one takes the exception do the __finally
// parts in between run, inside out, and then the handler. So a dispatch is a
// walk over the cells around the raise that collects finally parts, with a
// copy of each filter, and one copy of the collected parts for each handler.
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerFunction.h"

#include "clang/AST/ExprCXX.h"
#include "clang/Basic/Builtins.h"

using namespace clang;

namespace mdlcheck::frontend {

static const ir::Type kCodeType{ir::TypeKind::Int, true, 4};

ir::LocalId FunctionLowering::raisedCode() {
  if (!out.exceptionCode.valid())
    out.exceptionCode = newLocal("$exceptionCode", kCodeType, {}, {});
  return out.exceptionCode;
}

//===----------------------------------------------------------------------===//
// __try
//===----------------------------------------------------------------------===//

void FunctionLowering::lowerSehTry(const SEHTryStmt *stmt) {
  raisedCode();
  Scope *around = scope;
  BlockId end = newBlock();
  if (const SEHExceptStmt *except = stmt->getExceptHandler()) {
    if (except->getFilterExpr()->containsErrors()) {
      fail("contains an exception filter with an error");
      return;
    }
    Scope *cell = push(Scope::Kind::Except);
    cell->tryStmt = stmt;
    cell->leave = end;
    cell->handler = newBlock();
    cell->code =
        newLocal("$code" + std::to_string(++codeCount), kCodeType, {}, {});
    cell->mayResume |= filterMayResume(except->getFilterExpr());
    lowerBody(stmt->getTryBlock());
    gotoBlock(end);
    scope = around;
    startBlock(cell->handler);
    push(Scope::Kind::Handler)->code = cell->code;
    lowerBody(except->getBlock());
    scope = around;
    gotoBlock(end);
    startBlock(end);
    return;
  }
  Scope *cell = push(Scope::Kind::Finally);
  cell->tryStmt = stmt;
  cell->leave = newBlock();
  lowerBody(stmt->getTryBlock());
  gotoBlock(cell->leave);
  scope = around;
  startBlock(cell->leave);
  finallyCopy(cell, /*abnormal=*/false);
  gotoBlock(end);
  startBlock(end);
}

void FunctionLowering::lowerLeave(const SEHLeaveStmt *stmt) {
  for (Scope *cell = scope; cell; cell = cell->outer) {
    if (cell->kind != Scope::Kind::Except && cell->kind != Scope::Kind::Finally)
      continue;
    // What is left inside the guarded body is left here; the finally part of
    // this very __try then runs as it does after falling off.
    Scope *saved = scope;
    leaveScopes(cell, cell->leave, spanOf(stmt));
    scope = saved;
    gotoBlock(cell->leave);
    return;
  }
  unsupported(stmt);
}

void FunctionLowering::finallyCopy(Scope *region, bool abnormal) {
  if (!failure.empty())
    return;
  Scope *around = scope;
  size_t firstGoto = gotos.size();
  size_t firstLabel = labelOrder.size();
  push(Scope::Kind::FinallyCopy)->abnormal = abnormal;
  lowerBody(region->tryStmt->getFinallyHandler()->getBlock());
  scope = around;
  if (labelOrder.size() == firstLabel)
    return;
  // Labels in the body belong to this copy alone.
  resolveGotos(firstGoto, firstLabel);
  for (size_t i = firstLabel; i < labelOrder.size(); ++i)
    labels.erase(labelOrder[i]);
  labelOrder.resize(firstLabel);
}

//===----------------------------------------------------------------------===//
// Filters
//===----------------------------------------------------------------------===//

/// The value of a filter leaf that folds.
static std::optional<int32_t> filterConstant(const Expr *expr,
                                             const ASTContext &ast) {
  if (expr->isValueDependent() ||
      !expr->getType()->isIntegralOrEnumerationType())
    return std::nullopt;
  Expr::EvalResult result;
  if (!expr->EvaluateAsInt(result, ast) || result.HasSideEffects)
    return std::nullopt;
  return static_cast<int32_t>(
      result.Val.getInt().extOrTrunc(64).getZExtValue());
}

/// Steps through what leaves the value of a filter as it is.
static const Expr *filterCore(const Expr *expr) {
  while (true) {
    if (const auto *paren = dyn_cast<ParenExpr>(expr)) {
      expr = paren->getSubExpr();
    } else if (const auto *constant = dyn_cast<ConstantExpr>(expr)) {
      expr = constant->getSubExpr();
    } else if (const auto *full = dyn_cast<ExprWithCleanups>(expr)) {
      if (full->cleanupsHaveSideEffects())
        return expr;
      expr = full->getSubExpr();
    } else if (const auto *castExpr = dyn_cast<CastExpr>(expr)) {
      CastKind kind = castExpr->getCastKind();
      const Expr *sub = castExpr->getSubExpr();
      bool narrows = sub->getType()->isIntegralOrEnumerationType() &&
                     expr->getType()->isBooleanType() &&
                     !sub->getType()->isBooleanType();
      if ((kind != CK_IntegralCast && kind != CK_NoOp &&
           kind != CK_BooleanToSignedIntegral) ||
          sub->isGLValue() || narrows)
        return expr;
      expr = sub;
    } else {
      return expr;
    }
  }
}

static bool isTruthValue(const Expr *expr) {
  if (expr->getType()->isBooleanType())
    return true;
  if (const auto *op = dyn_cast<BinaryOperator>(expr))
    return op->isComparisonOp() || op->isLogicalOp();
  if (const auto *op = dyn_cast<UnaryOperator>(expr))
    return op->getOpcode() == UO_LNot;
  return false;
}

/// The expression a statement expression ends in.
static const Expr *lastOf(const StmtExpr *expr) {
  const Stmt *last = resultOf(expr);
  const auto *value = dyn_cast_or_null<ValueStmt>(last);
  return value && !isa<LabelStmt>(value) ? value->getExprStmt() : nullptr;
}

bool FunctionLowering::filterMayResume(const Expr *expr) const {
  if (auto value = filterConstant(expr, ast))
    return *value < 0;
  expr = filterCore(expr);
  if (auto value = filterConstant(expr, ast))
    return *value < 0;
  if (const auto *choice = dyn_cast<ConditionalOperator>(expr)) {
    if (auto known = filterConstant(choice->getCond(), ast))
      return filterMayResume(*known ? choice->getTrueExpr()
                                    : choice->getFalseExpr());
    return filterMayResume(choice->getTrueExpr()) ||
           filterMayResume(choice->getFalseExpr());
  }
  if (const auto *op = dyn_cast<BinaryOperator>(expr))
    if (op->getOpcode() == BO_Comma)
      return filterMayResume(op->getRHS());
  if (const auto *block = dyn_cast<StmtExpr>(expr))
    if (const Expr *last = lastOf(block))
      return filterMayResume(last);
  return !isTruthValue(expr);
}

ir::BlockId FunctionLowering::filterTarget(FilterTargets &targets,
                                           FilterWay way) {
  BlockId &block = targets.blocks[static_cast<int>(way)];
  if (!block.valid())
    block = newBlock();
  return block;
}

void FunctionLowering::filter(const Expr *expr, FilterTargets &targets) {
  if (!failure.empty() || !reachable())
    return;
  auto goWhere = [&](int64_t value) {
    gotoBlock(filterTarget(targets, value > 0    ? FilterWay::Execute
                                    : value == 0 ? FilterWay::Search
                                                 : FilterWay::Resume));
  };
  if (auto value = filterConstant(expr, ast))
    return goWhere(*value);
  expr = filterCore(expr);
  if (auto value = filterConstant(expr, ast))
    return goWhere(*value);
  if (const auto *choice = dyn_cast<ConditionalOperator>(expr)) {
    BlockId yes = newBlock(), no = newBlock();
    condition(choice->getCond(), yes, no);
    // An arm the condition cannot choose has no way in.
    auto arm = [&](const Expr *value, BlockId block) {
      startBlock(block);
      filter(value, targets);
    };
    auto known = filterConstant(choice->getCond(), ast);
    if (!known || *known)
      arm(choice->getTrueExpr(), yes);
    if (!known || !*known)
      arm(choice->getFalseExpr(), no);
    return;
  }
  if (const auto *op = dyn_cast<BinaryOperator>(expr)) {
    if (op->getOpcode() == BO_Comma) {
      discard(op->getLHS());
      return filter(op->getRHS(), targets);
    }
    if (op->isLogicalOp()) {
      condition(expr, filterTarget(targets, FilterWay::Execute),
                filterTarget(targets, FilterWay::Search));
      return;
    }
  }
  if (const auto *block = dyn_cast<StmtExpr>(expr)) {
    if (const Expr *last = lastOf(block)) {
      Scope *saved = scope;
      const Stmt *result = resultOf(block);
      for (const Stmt *stmt : block->getSubStmt()->body())
        if (stmt != result)
          lowerStmt(stmt);
      filter(last, targets);
      scope = saved;
      return;
    }
  }
  ExprId value = rvalue(expr);
  Span span = spanOf(targets.whole);
  if (auto known = constant(value))
    return goWhere(static_cast<int32_t>(*known));
  std::string text = textOf(targets.whole);
  const char *execute = "EXCEPTION_EXECUTE_HANDLER";
  const char *search = "EXCEPTION_CONTINUE_SEARCH";
  if (isTruthValue(expr)) {
    branch(value, filterTarget(targets, FilterWay::Execute),
           filterTarget(targets, FilterWay::Search), ir::AssumeKind::Filter,
           ir::AssumeKind::Filter, span, text, execute, search);
    return;
  }
  // The dispatcher looks at 32 bits, signed.
  value = castTo(value, kCodeType);
  ExprId zeroValue = intConst(0, kCodeType);
  struct Way {
    FilterWay way;
    ir::Op op;
    const char *detail;
  };
  const Way ways[] = {
      {FilterWay::Execute, ir::Op::Gt, execute},
      {FilterWay::Search, ir::Op::Eq, search},
      {FilterWay::Resume, ir::Op::Lt, "EXCEPTION_CONTINUE_EXECUTION"}};
  BlockId from = current;
  for (const Way &way : ways) {
    BlockId edge = newBlock();
    out.blocks[from.value].succs.push_back(edge);
    startBlock(edge);
    assume(binary(way.op, value, zeroValue, kCodeType), ir::AssumeKind::Filter,
           span, text, way.detail);
    gotoBlock(filterTarget(targets, way.way));
  }
}

//===----------------------------------------------------------------------===//
// Unwinding
//===----------------------------------------------------------------------===//

ir::BlockId FunctionLowering::unwindEntry(Scope *region, BlockId raising) {
  BlockId resume = region->mayResume ? raising : BlockId();
  auto key = std::make_tuple(region, resume.value);
  if (auto it = unwindEntries.find(key); it != unwindEntries.end())
    return it->second;
  BlockId entry = newBlock();
  unwindEntries[key] = entry;
  startBlock(entry);
  scope = nullptr; // nothing in here raises
  ExprId code;
  for (Scope *cell = region; cell; cell = cell->outer) {
    if (cell->kind != Scope::Kind::Except)
      continue;
    if (!code.valid())
      code = load({localAddr(raisedCode())}, kCodeType, {});
    store({localAddr(cell->code)}, code, kCodeType, {});
  }
  BlockId target = dispatch({}, region, resume);
  startBlock(entry);
  gotoBlock(target);
  return entry;
}

ir::BlockId FunctionLowering::dispatch(std::vector<Scope *> pending,
                                       Scope *from, BlockId resume) {
  Scope *cell = from;
  while (cell && cell->kind != Scope::Kind::Except &&
         cell->kind != Scope::Kind::CxxTry) {
    if (cell->kind == Scope::Kind::Finally)
      pending.push_back(cell);
    else if (cell->kind == Scope::Kind::FilterCopy)
      // A raise in a filter: what that filter's exception would have run on
      // its way is still to run.
      pending.insert(pending.end(), cell->pending.begin(), cell->pending.end());
    cell = cell->outer;
  }
  if (!cell) {
    auto known = dispatches.find({pending, nullptr, BlockId().value});
    if (known != dispatches.end())
      return known->second;
    BlockId target = runPending(pending, out.unwindExit);
    BlockId block = markedBlock(ir::AssumeKind::Unhandled, target);
    dispatches[{pending, nullptr, BlockId().value}] = block;
    return block;
  }
  auto key = std::make_tuple(pending, cell, resume.value);
  if (auto it = dispatches.find(key); it != dispatches.end())
    return it->second;
  BlockId block = newBlock();
  dispatches[key] = block;
  Scope *savedScope = scope;
  BlockId savedBlock = current;

  if (cell->kind == Scope::Kind::CxxTry) {
    // Which exceptions it catches is not known here.
    std::vector<BlockId> targets;
    for (BlockId handler : cell->handlers)
      targets.push_back(
          markedBlock(ir::AssumeKind::Handled, runPending(pending, handler)));
    targets.push_back(dispatch(pending, cell->outer, resume));
    scope = nullptr;
    startBlock(block);
    eitherWay(targets, {});
  } else {
    scope = cell->outer;
    Scope *copy = push(Scope::Kind::FilterCopy);
    copy->pending = pending;
    copy->code = cell->code;
    startBlock(block);
    FilterTargets targets;
    targets.whole = cell->tryStmt->getExceptHandler()->getFilterExpr();
    filter(targets.whole, targets);
    BlockId execute = targets.blocks[static_cast<int>(FilterWay::Execute)];
    BlockId search = targets.blocks[static_cast<int>(FilterWay::Search)];
    BlockId again = targets.blocks[static_cast<int>(FilterWay::Resume)];
    if (execute.valid()) {
      BlockId target = runPending(pending, cell->handler);
      startBlock(execute);
      mark(ir::AssumeKind::Handled, spanOf(targets.whole));
      gotoBlock(target);
    }
    if (search.valid()) {
      BlockId target = dispatch(pending, cell->outer, resume);
      startBlock(search);
      gotoBlock(target);
    }
    if (again.valid()) {
      if (!resume.valid())
        fail("an exception filter that continues in an unexpected way");
      startBlock(again);
      mark(ir::AssumeKind::Resumed, spanOf(targets.whole));
      if (resume.valid())
        gotoBlock(resume);
    }
  }
  scope = savedScope;
  current = savedBlock;
  return block;
}

ir::BlockId FunctionLowering::markedBlock(ir::AssumeKind kind, BlockId target) {
  Scope *savedScope = scope;
  BlockId savedBlock = current;
  BlockId block = newBlock();
  scope = nullptr;
  startBlock(block);
  mark(kind, {});
  gotoBlock(target);
  scope = savedScope;
  current = savedBlock;
  return block;
}

ir::BlockId FunctionLowering::runPending(const std::vector<Scope *> &pending,
                                         BlockId target) {
  if (pending.empty())
    return target;
  auto key = std::make_pair(pending, target.value);
  if (auto it = pendingRuns.find(key); it != pendingRuns.end())
    return it->second;
  BlockId block = newBlock();
  pendingRuns[key] = block;
  Scope *savedScope = scope;
  BlockId savedBlock = current;
  startBlock(block);
  for (Scope *cell : pending) {
    // A raise in it finds the regions outside of it; so does a jump, which
    // ends this unwinding.
    scope = cell->outer;
    finallyCopy(cell, /*abnormal=*/true);
    if (!reachable())
      break;
  }
  gotoBlock(target);
  scope = savedScope;
  current = savedBlock;
  return block;
}

//===----------------------------------------------------------------------===//
// GetExceptionCode, GetExceptionInformation, AbnormalTermination
//===----------------------------------------------------------------------===//

ir::LocalId FunctionLowering::codeInScope() const {
  for (Scope *cell = scope; cell; cell = cell->outer)
    if (cell->kind == Scope::Kind::Handler ||
        cell->kind == Scope::Kind::FilterCopy)
      return cell->code;
  return LocalId();
}

/// `_exception_info()`, whatever it is cast to.
static bool isExceptionInfo(const Expr *expr) {
  const auto *call = dyn_cast<CallExpr>(expr->IgnoreParenCasts());
  if (!call)
    return false;
  unsigned builtin = call->getBuiltinCallee();
  return builtin == Builtin::BI_exception_info ||
         builtin == Builtin::BI__exception_info;
}

ir::ExprId FunctionLowering::exceptionCode(const Expr *expr) {
  Span span = spanOf(expr);
  Type type = typeOf(expr->getType());
  if (isa<CallExpr>(expr)) {
    LocalId code = codeInScope();
    if (!code.valid())
      return havoc(type, span);
    return castTo(load({localAddr(code)}, kCodeType, span), type);
  }
  // GetExceptionInformation()->ExceptionRecord->ExceptionCode
  const auto *place =
      dyn_cast<MemberExpr>(cast<CastExpr>(expr)->getSubExpr()->IgnoreParens());
  if (!place || !place->isArrow() || !place->getMemberDecl()->getIdentifier() ||
      place->getMemberDecl()->getName() != "ExceptionCode")
    return ExprId();
  const auto *record =
      dyn_cast<MemberExpr>(place->getBase()->IgnoreParenCasts());
  if (!record || !record->getMemberDecl()->getIdentifier() ||
      record->getMemberDecl()->getName() != "ExceptionRecord" ||
      !isExceptionInfo(record->getBase()))
    return ExprId();
  LocalId code = codeInScope();
  if (!code.valid())
    return ExprId();
  return castTo(load({localAddr(code)}, kCodeType, span), type);
}

ir::ExprId FunctionLowering::exceptionInformation(const Expr *expr) {
  Span span = spanOf(expr);
  ExprId pointers = havoc(typeOf(expr->getType()), span);
  assume(pointers, ir::AssumeKind::Implicit, span);
  return pointers;
}

ir::ExprId FunctionLowering::abnormalTermination(const Expr *expr) {
  Type type = typeOf(expr->getType());
  for (Scope *cell = scope; cell; cell = cell->outer)
    if (cell->kind == Scope::Kind::FinallyCopy)
      return intConst(cell->abnormal, type);
  return havoc(type, spanOf(expr));
}

} // namespace mdlcheck::frontend
