//===-- LowerStmt.cpp - statements and conditions -------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerFunction.h"

#include "clang/AST/Attr.h"
#include "clang/AST/ExprCXX.h"
#include "clang/Basic/Builtins.h"

using namespace clang;

namespace mdlcheck::frontend {

void FunctionLowering::lowerStmt(const Stmt *stmt) {
  if (!stmt || !failure.empty())
    return;
  if (const auto *expr = dyn_cast<Expr>(stmt)) {
    discard(expr);
    return;
  }
  switch (stmt->getStmtClass()) {
  case Stmt::CompoundStmtClass:
  case Stmt::DoStmtClass:
  case Stmt::IfStmtClass:
    if (const MacroExpansion *macro = macroAt(stmt)) {
      macroCall(stmt, *macro, ExprId());
      return;
    }
    break;
  default:
    break;
  }
  switch (stmt->getStmtClass()) {
  case Stmt::NullStmtClass:
    return;
  case Stmt::CompoundStmtClass:
    return lowerCompound(cast<CompoundStmt>(stmt));
  case Stmt::DeclStmtClass:
    return lowerDecl(cast<DeclStmt>(stmt));
  case Stmt::IfStmtClass:
    return lowerIf(cast<IfStmt>(stmt));
  case Stmt::SwitchStmtClass:
    return lowerSwitch(cast<SwitchStmt>(stmt));
  case Stmt::CaseStmtClass:
  case Stmt::DefaultStmtClass: {
    // Cases of cases nest as deep as there are labels in a row.
    const Stmt *sub = stmt;
    while (const auto *switchCase = dyn_cast<SwitchCase>(sub)) {
      auto it = cases.find(switchCase);
      if (it == cases.end())
        return unsupported(stmt);
      gotoBlock(it->second);
      startBlock(it->second);
      sub = switchCase->getSubStmt();
    }
    return lowerStmt(sub);
  }
  case Stmt::WhileStmtClass:
    return lowerWhile(cast<WhileStmt>(stmt));
  case Stmt::DoStmtClass:
    return lowerDo(cast<DoStmt>(stmt));
  case Stmt::ForStmtClass:
    return lowerFor(cast<ForStmt>(stmt));
  case Stmt::CXXForRangeStmtClass:
    return lowerRangeFor(cast<CXXForRangeStmt>(stmt));
  case Stmt::ReturnStmtClass:
    return lowerReturn(cast<ReturnStmt>(stmt));
  case Stmt::BreakStmtClass:
  case Stmt::ContinueStmtClass:
    return lowerBreakContinue(cast<LoopControlStmt>(stmt));
  case Stmt::GotoStmtClass:
    if (reachable()) {
      gotos.push_back(
          {current, scope, cast<GotoStmt>(stmt)->getLabel(), spanOf(stmt)});
      current = BlockId();
    }
    return;
  case Stmt::IndirectGotoStmtClass: {
    const auto *jump = cast<IndirectGotoStmt>(stmt);
    if (const LabelDecl *label = jump->getConstantTarget()) {
      if (reachable()) {
        gotos.push_back({current, scope, label, spanOf(stmt)});
        current = BlockId();
      }
      return;
    }
    return unsupported(stmt);
  }
  case Stmt::LabelStmtClass: {
    const auto *label = cast<LabelStmt>(stmt);
    lowerLabel(label->getDecl());
    return lowerStmt(label->getSubStmt());
  }
  case Stmt::AttributedStmtClass:
    return lowerStmt(cast<AttributedStmt>(stmt)->getSubStmt());
  case Stmt::GCCAsmStmtClass:
    if (cast<GCCAsmStmt>(stmt)->isAsmGoto())
      return unsupported(stmt);
    return lowerAsm(cast<AsmStmt>(stmt));
  case Stmt::MSAsmStmtClass:
    return lowerAsm(cast<AsmStmt>(stmt));
  case Stmt::SEHTryStmtClass:
    return lowerSehTry(cast<SEHTryStmt>(stmt));
  case Stmt::SEHLeaveStmtClass:
    return lowerLeave(cast<SEHLeaveStmt>(stmt));
  case Stmt::CXXTryStmtClass:
    return lowerCxxTry(cast<CXXTryStmt>(stmt));
  default:
    return unsupported(stmt);
  }
}

void FunctionLowering::lowerBody(const Stmt *stmt) {
  Scope *saved = scope;
  bool savedOutermost = outermost;
  outermost = false;
  lowerStmt(stmt);
  popScopes(saved);
  outermost = savedOutermost;
}

void FunctionLowering::lowerCompound(const CompoundStmt *stmt) {
  Scope *saved = scope;
  bool savedOutermost = outermost;
  outermost = false;
  for (const Stmt *child : stmt->body())
    lowerStmt(child);
  leaveScopes(saved, BlockId(),
              unit.source.span(SourceRange(stmt->getRBracLoc())));
  outermost = savedOutermost;
}

void FunctionLowering::lowerDecl(const DeclStmt *stmt) {
  for (const Decl *decl : stmt->decls()) {
    if (decl->isInvalidDecl()) {
      std::string name;
      if (const auto *named = dyn_cast<NamedDecl>(decl))
        name = named->getNameAsString();
      fail("contains a declaration with an error: " + name);
      return;
    }
    if (const auto *variable = dyn_cast<VarDecl>(decl))
      declare(variable);
  }
}

void FunctionLowering::lowerLabel(const LabelDecl *label) {
  Label &known = labels[label];
  if (!known.block.valid())
    known.block = newBlock();
  known.scope = scope;
  labelOrder.push_back(label);
  BlockId block = known.block;
  gotoBlock(block);
  startBlock(block);
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

void FunctionLowering::branch(ExprId value, BlockId ifTrue, BlockId ifFalse,
                              ir::AssumeKind trueKind, ir::AssumeKind falseKind,
                              Span span, const std::string &text,
                              const std::string &trueDetail,
                              const std::string &falseDetail) {
  if (!reachable())
    return;
  if (auto known = constant(value)) {
    gotoBlock(*known != 0 ? ifTrue : ifFalse);
    return;
  }
  BlockId yes = newBlock(), no = newBlock();
  out.blocks[current.value].succs = {yes, no};
  startBlock(yes);
  assume(value, trueKind, span, text, trueDetail);
  gotoBlock(ifTrue);
  startBlock(no);
  assume(notOf(value), falseKind, span, text, falseDetail);
  gotoBlock(ifFalse);
}

void FunctionLowering::eitherWay(llvm::ArrayRef<BlockId> targets, Span span) {
  Type type{ir::TypeKind::Int, false, 1};
  for (size_t i = 0; i + 1 < targets.size(); ++i) {
    ExprId choice = havoc(type, span);
    BlockId rest = newBlock();
    branch(choice, targets[i], rest, ir::AssumeKind::Implicit,
           ir::AssumeKind::Implicit, span, {});
    startBlock(rest);
  }
  gotoBlock(targets.back());
}

void FunctionLowering::condition(const Expr *expr, BlockId ifTrue,
                                 BlockId ifFalse, bool loop) {
  conditionImpl(expr, ifTrue, ifFalse, loop ? ifTrue : BlockId(),
                loop ? ifFalse : BlockId());
}

void FunctionLowering::conditionImpl(const Expr *expr, BlockId ifTrue,
                                     BlockId ifFalse, BlockId enter,
                                     BlockId exit) {
  if (!failure.empty()) {
    current = BlockId();
    return;
  }
  // Steps through what does not change whether it is true.
  bool isMacro = false;
  while (!(isMacro = macroAt(expr) != nullptr)) {
    if (const auto *paren = dyn_cast<ParenExpr>(expr)) {
      expr = paren->getSubExpr();
    } else if (const auto *castExpr = dyn_cast<ImplicitCastExpr>(expr)) {
      CastKind kind = castExpr->getCastKind();
      const Expr *sub = castExpr->getSubExpr();
      bool logical = false;
      if (kind == CK_IntegralCast) {
        const Expr *inner = sub->IgnoreParens();
        if (const auto *op = dyn_cast<BinaryOperator>(inner))
          logical = op->isLogicalOp() || op->isComparisonOp();
        else if (const auto *op = dyn_cast<UnaryOperator>(inner))
          logical = op->getOpcode() == UO_LNot;
      }
      if (kind != CK_IntegralToBoolean && kind != CK_PointerToBoolean &&
          !(kind == CK_NoOp && sub->isPRValue()) && !logical)
        break;
      expr = sub;
    } else if (const auto *full = dyn_cast<ExprWithCleanups>(expr)) {
      if (full->cleanupsHaveSideEffects())
        break;
      expr = full->getSubExpr();
    } else {
      break;
    }
  }
  if (!isMacro) {
    if (const auto *op = dyn_cast<BinaryOperator>(expr)) {
      if (op->isLogicalOp()) {
        BlockId middle = newBlock();
        bool both = op->getOpcode() == BO_LAnd;
        conditionImpl(op->getLHS(), both ? middle : ifTrue,
                      both ? ifFalse : middle, enter, exit);
        startBlock(middle);
        ++conditional;
        conditionImpl(op->getRHS(), ifTrue, ifFalse, enter, exit);
        --conditional;
        return;
      }
      if (op->getOpcode() == BO_Comma) {
        discard(op->getLHS());
        conditionImpl(op->getRHS(), ifTrue, ifFalse, enter, exit);
        return;
      }
    } else if (const auto *op = dyn_cast<UnaryOperator>(expr)) {
      const auto *inner =
          dyn_cast<BinaryOperator>(op->getSubExpr()->IgnoreParenImpCasts());
      if (op->getOpcode() == UO_LNot && inner && inner->isLogicalOp()) {
        conditionImpl(op->getSubExpr(), ifFalse, ifTrue, enter, exit);
        return;
      }
    } else if (const auto *choice = dyn_cast<ConditionalOperator>(expr)) {
      BlockId yes = newBlock(), no = newBlock();
      conditionImpl(choice->getCond(), yes, no, BlockId(), BlockId());
      ++conditional;
      startBlock(yes);
      conditionImpl(choice->getTrueExpr(), ifTrue, ifFalse, enter, exit);
      startBlock(no);
      conditionImpl(choice->getFalseExpr(), ifTrue, ifFalse, enter, exit);
      --conditional;
      return;
    } else if (const auto *call = dyn_cast<CallExpr>(expr)) {
      if (call->getBuiltinCallee() == Builtin::BI__builtin_expect) {
        conditionImpl(call->getArg(0), ifTrue, ifFalse, enter, exit);
        return;
      }
    }
  }
  ExprId value = rvalue(expr);
  Span span = spanOf(expr);
  if (!value.valid()) {
    if (failure.empty())
      unsupported(expr);
    return;
  }
  if (at(value).type.kind == ir::TypeKind::Float ||
      at(value).type.kind == ir::TypeKind::Aggregate)
    value = havoc({ir::TypeKind::Int, true, 4}, span);
  ir::AssumeKind trueKind = enter.valid() && ifTrue == enter
                                ? ir::AssumeKind::LoopEnter
                                : ir::AssumeKind::BranchTrue;
  ir::AssumeKind falseKind = exit.valid() && ifFalse == exit
                                 ? ir::AssumeKind::LoopExit
                                 : ir::AssumeKind::BranchFalse;
  if (!reachable() || constant(value))
    branch(value, ifTrue, ifFalse, trueKind, falseKind, span, {});
  else
    branch(value, ifTrue, ifFalse, trueKind, falseKind, span, textOf(expr));
}

//===----------------------------------------------------------------------===//
// Branches and loops
//===----------------------------------------------------------------------===//

void FunctionLowering::lowerIf(const IfStmt *stmt) {
  if (stmt->isConsteval()) {
    // Never while running.
    lowerBody(stmt->isNonNegatedConsteval() ? stmt->getElse()
                                            : stmt->getThen());
    return;
  }
  Scope *saved = scope;
  bool savedOutermost = outermost;
  outermost = false;
  if (stmt->getInit())
    lowerStmt(stmt->getInit());
  if (const VarDecl *variable = stmt->getConditionVariable())
    declare(variable);
  BlockId yes = newBlock(), no = newBlock(), join = newBlock();
  condition(stmt->getCond(), yes, no);
  startBlock(yes);
  lowerBody(stmt->getThen());
  gotoBlock(join);
  startBlock(no);
  if (stmt->getElse())
    lowerBody(stmt->getElse());
  gotoBlock(join);
  startBlock(join);
  popScopes(saved);
  outermost = savedOutermost;
}

void FunctionLowering::lowerSwitch(const SwitchStmt *stmt) {
  Scope *saved = scope;
  bool savedOutermost = outermost;
  outermost = false;
  if (stmt->getInit())
    lowerStmt(stmt->getInit());
  if (const VarDecl *variable = stmt->getConditionVariable())
    declare(variable);
  const Expr *cond = stmt->getCond();
  ExprId value = rvalue(cond);
  Span span = spanOf(cond);
  Type type = typeOf(cond->getType());
  Type boolean{ir::TypeKind::Int, true, 4};
  BlockId end = newBlock();

  llvm::SmallVector<const SwitchCase *, 16> list;
  for (const SwitchCase *it = stmt->getSwitchCaseList(); it;
       it = it->getNextSwitchCase())
    list.push_back(it);
  std::reverse(list.begin(), list.end());
  BlockId otherwise = end;
  for (const SwitchCase *switchCase : list) {
    BlockId block = newBlock();
    cases[switchCase] = block;
    if (isa<DefaultStmt>(switchCase))
      otherwise = block;
  }

  if (reachable() && failure.empty()) {
    auto known = constant(value);
    std::string text =
        known ? std::string() : textOf(cond->IgnoreParenImpCasts());
    BlockId from = current;
    std::vector<ExprId> others;
    bool decided = false;
    for (const SwitchCase *switchCase : list) {
      const auto *oneCase = dyn_cast<CaseStmt>(switchCase);
      if (!oneCase || decided)
        continue;
      if (oneCase->getLHS()->containsErrors() ||
          oneCase->getLHS()->isValueDependent()) {
        fail("contains a case label with an error");
        break;
      }
      auto bound = [&](const Expr *expr) {
        return intConst(
            static_cast<int64_t>(
                expr->EvaluateKnownConstInt(ast).extOrTrunc(64).getZExtValue()),
            type);
      };
      ExprId test;
      if (oneCase->getRHS())
        test =
            binary(ir::Op::And,
                   binary(ir::Op::Ge, value, bound(oneCase->getLHS()), boolean),
                   binary(ir::Op::Le, value, bound(oneCase->getRHS()), boolean),
                   boolean);
      else
        test = binary(ir::Op::Eq, value, bound(oneCase->getLHS()), boolean);
      if (auto holds = constant(test)) {
        if (*holds) {
          out.blocks[from.value].succs = {cases[switchCase]};
          decided = true;
        }
        continue;
      }
      BlockId edge = newBlock();
      out.blocks[from.value].succs.push_back(edge);
      startBlock(edge);
      std::string detail = textOf(oneCase->getLHS());
      if (oneCase->getRHS())
        detail += " ... " + textOf(oneCase->getRHS());
      assume(test, ir::AssumeKind::Case, span, text, std::move(detail));
      gotoBlock(cases[switchCase]);
      others.push_back(
          oneCase->getRHS()
              ? notOf(test)
              : binary(ir::Op::Ne, value, bound(oneCase->getLHS()), boolean));
    }
    if (!decided) {
      BlockId edge = newBlock();
      out.blocks[from.value].succs.push_back(edge);
      startBlock(edge);
      // One note is enough; the other inequalities only narrow the value.
      ir::AssumeKind kind = ir::AssumeKind::Default;
      for (ExprId other : others) {
        assume(other, kind, span,
               kind == ir::AssumeKind::Default ? text : std::string());
        kind = ir::AssumeKind::Implicit;
      }
      gotoBlock(otherwise);
    }
  }
  current = BlockId();
  Scope *around = scope;
  Scope *cell = push(Scope::Kind::Breakable);
  cell->stmt = stmt;
  cell->breakBlock = end;
  lowerBody(stmt->getBody());
  gotoBlock(end);
  scope = around;
  startBlock(end);
  popScopes(saved);
  outermost = savedOutermost;
}

void FunctionLowering::lowerWhile(const WhileStmt *stmt) {
  BlockId head = newBlock(), body = newBlock(), end = newBlock();
  Scope *saved = scope;
  bool savedOutermost = outermost;
  outermost = false;
  gotoBlock(head);
  startBlock(head);
  Scope *cell = push(Scope::Kind::Breakable);
  cell->stmt = stmt;
  cell->breakBlock = end;
  cell->continueBlock = head;
  BlockId out = end;
  const VarDecl *variable = stmt->getConditionVariable();
  if (variable) {
    declare(variable);
    out = newBlock();
  }
  condition(stmt->getCond(), body, out, /*loop=*/true);
  startBlock(body);
  Scope *inside = scope;
  lowerBody(stmt->getBody());
  popScopes(cell);
  gotoBlock(head);
  if (variable) {
    scope = inside;
    startBlock(out);
    popScopes(cell);
    gotoBlock(end);
  }
  scope = saved;
  outermost = savedOutermost;
  startBlock(end);
}

void FunctionLowering::lowerDo(const DoStmt *stmt) {
  BlockId body = newBlock(), test = newBlock(), end = newBlock();
  Scope *saved = scope;
  gotoBlock(body);
  startBlock(body);
  Scope *cell = push(Scope::Kind::Breakable);
  cell->stmt = stmt;
  cell->breakBlock = end;
  cell->continueBlock = test;
  lowerBody(stmt->getBody());
  gotoBlock(test);
  scope = saved;
  startBlock(test);
  condition(stmt->getCond(), body, end, /*loop=*/true);
  startBlock(end);
}

void FunctionLowering::lowerFor(const ForStmt *stmt) {
  Scope *saved = scope;
  bool savedOutermost = outermost;
  outermost = false;
  if (stmt->getInit())
    lowerStmt(stmt->getInit());
  BlockId head = newBlock(), body = newBlock(), next = newBlock(),
          end = newBlock();
  gotoBlock(head);
  startBlock(head);
  Scope *around = scope;
  Scope *cell = push(Scope::Kind::Breakable);
  cell->stmt = stmt;
  cell->breakBlock = end;
  cell->continueBlock = next;
  BlockId out = end;
  const VarDecl *variable = stmt->getConditionVariable();
  if (variable) {
    declare(variable);
    out = newBlock();
  }
  Scope *inside = scope;
  if (stmt->getCond())
    condition(stmt->getCond(), body, out, /*loop=*/true);
  else
    gotoBlock(body);
  startBlock(body);
  lowerBody(stmt->getBody());
  popScopes(cell);
  gotoBlock(next);
  startBlock(next);
  if (stmt->getInc())
    discard(stmt->getInc());
  gotoBlock(head);
  if (variable) {
    scope = inside;
    startBlock(out);
    popScopes(cell);
    gotoBlock(end);
  }
  scope = around;
  startBlock(end);
  popScopes(saved);
  outermost = savedOutermost;
}

void FunctionLowering::lowerBreakContinue(const LoopControlStmt *stmt) {
  bool isBreak = isa<BreakStmt>(stmt);
  const Stmt *wanted =
      stmt->hasLabelTarget() ? stmt->getNamedLoopOrSwitch() : nullptr;
  for (Scope *cell = scope; cell; cell = cell->outer) {
    if (cell->kind != Scope::Kind::Breakable)
      continue;
    if (wanted ? cell->stmt != wanted
               : !isBreak && !cell->continueBlock.valid())
      continue;
    if (isBreak)
      jumpTo(cell->outer, cell->breakBlock, spanOf(stmt));
    else
      jumpTo(cell, cell->continueBlock, spanOf(stmt));
    return;
  }
  unsupported(stmt);
}

void FunctionLowering::lowerReturn(const ReturnStmt *stmt) {
  Span span = spanOf(stmt);
  Scope *saved = scope;
  if (const Expr *value = stmt->getRetValue()) {
    QualType type = definition->getReturnType();
    if (type->isVoidType())
      discard(value);
    else
      initInto(localAddr(out.result), type, value, span);
  }
  if (reachable())
    leaveFunction(span);
  scope = saved;
}

void FunctionLowering::lowerAsm(const AsmStmt *stmt) {
  Span span = spanOf(stmt);
  for (unsigned i = 0; i < stmt->getNumInputs(); ++i) {
    const Expr *input = stmt->getInputExpr(i);
    if (input->isGLValue())
      lvalue(input);
    else
      rvalue(input);
  }
  for (unsigned i = 0; i < stmt->getNumOutputs(); ++i) {
    const Expr *output = stmt->getOutputExpr(i);
    if (!output->isGLValue())
      continue;
    LValue place = lvalue(output);
    Type type = typeOf(output->getType());
    if (type.kind != ir::TypeKind::Aggregate)
      store(place, havoc(type, span), type, span);
  }
}

} // namespace mdlcheck::frontend
