//===-- LowerPlace.cpp - where values are ---------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerFunction.h"

#include "clang/AST/ExprCXX.h"

using namespace clang;

namespace mdlcheck::frontend {

LValue FunctionLowering::variable(const VarDecl *variable, const Expr *ref) {
  LValue place;
  QualType type = variable->getType();
  const auto *declRef = dyn_cast_or_null<DeclRefExpr>(ref);
  if (declRef && declRef->refersToEnclosingVariableOrCapture()) {
    if (auto it = captures.find(variable->getCanonicalDecl());
        it != captures.end()) {
      ExprId closure =
          load({localAddr(LocalId(0))}, typeOf(ast.VoidPtrTy), spanOf(ref));
      place.addr = fieldAddr(closure, unit.fieldOf(it->second).id);
      type = it->second->getType();
    } else {
      unsupported(ref);
    }
  }
  if (!place.addr.valid()) {
    if (variable->hasGlobalStorage() || variable->hasExternalStorage())
      place.addr = globalAddr(unit.globalOf(variable));
    else
      place.addr = localAddr(localOf(variable));
  }
  if (type->isReferenceType())
    place.addr = load({place.addr}, typeOf(ast.VoidPtrTy), spanOf(ref));
  return place;
}

LValue FunctionLowering::member(const MemberExpr *expr) {
  const ValueDecl *decl = expr->getMemberDecl();
  if (const auto *staticMember = dyn_cast<VarDecl>(decl)) {
    discard(expr->getBase());
    return variable(staticMember, expr);
  }
  if (const auto *method = dyn_cast<FunctionDecl>(decl)) {
    discard(expr->getBase());
    return {functionAddr(unit.declOf(method))};
  }
  const auto *field = dyn_cast<FieldDecl>(decl);
  if (!field) {
    unsupported(expr);
    return {intConst(0, typeOf(ast.VoidPtrTy))};
  }
  // Step over anonymous members: their offset is in the named one's.
  const Expr *base = expr->getBase();
  bool arrow = expr->isArrow();
  while (!arrow) {
    const auto *outer = dyn_cast<MemberExpr>(base->IgnoreParens());
    const auto *through =
        outer ? dyn_cast<FieldDecl>(outer->getMemberDecl()) : nullptr;
    if (!through || !through->isAnonymousStructOrUnion())
      break;
    arrow = outer->isArrow();
    base = outer->getBase();
  }
  ExprId record;
  if (arrow)
    record = rvalue(base);
  else if (base->isGLValue())
    record = lvalue(base).addr;
  else
    record = aggregateAddr(base);
  UnitLowering::FieldRef ref = unit.fieldOf(field);
  LValue place{fieldAddr(record, ref.id), ref.bitOffset, ref.bitWidth};
  if (field->getType()->isReferenceType())
    place.addr = load(place, typeOf(ast.VoidPtrTy), spanOf(expr));
  return place;
}

LValue FunctionLowering::lvalue(const Expr *expr) {
  LValue place;
  if (expr->containsErrors())
    fail("contains an expression with an error");
  if (!failure.empty())
    return {intConst(0, typeOf(ast.VoidPtrTy))};
  switch (expr->getStmtClass()) {
  case Stmt::ParenExprClass:
    return lvalue(cast<ParenExpr>(expr)->getSubExpr());
  case Stmt::DeclRefExprClass: {
    const ValueDecl *decl = cast<DeclRefExpr>(expr)->getDecl();
    if (const auto *var = dyn_cast<VarDecl>(decl)) {
      place = variable(var, expr);
    } else if (const auto *function = dyn_cast<FunctionDecl>(decl)) {
      place.addr = functionAddr(unit.declOf(function));
    } else if (const auto *binding = dyn_cast<BindingDecl>(decl)) {
      if (!binding->getBinding()) {
        unsupported(expr);
        break;
      }
      place = lvalue(binding->getBinding());
    } else if (isa<MSGuidDecl>(decl)) {
      place.addr = stringAddr(unit.stringOf(decl->getNameAsString()));
    } else {
      unsupported(expr);
    }
    break;
  }
  case Stmt::MemberExprClass:
    place = member(cast<MemberExpr>(expr));
    break;
  case Stmt::ArraySubscriptExprClass: {
    const auto *subscript = cast<ArraySubscriptExpr>(expr);
    const Expr *base = subscript->getBase();
    if (typeOf(base->getType()).kind == ir::TypeKind::Aggregate) {
      unsupported(expr); // vectors
      break;
    }
    ExprId pointer = rvalue(base);
    ExprId index = rvalue(subscript->getIdx());
    place.addr = pointerAdd(pointer, index, subscript->getIdx()->getType(),
                            base->getType(), false, spanOf(expr));
    break;
  }
  case Stmt::UnaryOperatorClass: {
    const auto *op = cast<UnaryOperator>(expr);
    switch (op->getOpcode()) {
    case UO_Deref:
      place.addr = rvalue(op->getSubExpr());
      break;
    case UO_Extension:
      return lvalue(op->getSubExpr());
    case UO_PreInc:
    case UO_PreDec: {
      ExprId before, after;
      place = incDec(op, before, after);
      break;
    }
    default:
      unsupported(expr);
      break;
    }
    break;
  }
  case Stmt::BinaryOperatorClass:
  case Stmt::CompoundAssignOperatorClass: {
    const auto *op = cast<BinaryOperator>(expr);
    if (op->isAssignmentOp()) {
      ExprId value;
      place = assignment(op, value);
    } else if (op->getOpcode() == BO_Comma) {
      discard(op->getLHS());
      return lvalue(op->getRHS());
    } else {
      unsupported(expr); // pointers to members
    }
    break;
  }
  case Stmt::ConditionalOperatorClass:
  case Stmt::BinaryConditionalOperatorClass:
    place = conditionalLValue(cast<AbstractConditionalOperator>(expr));
    break;
  case Stmt::StringLiteralClass:
    place.addr = stringAddr(unit.stringOf(cast<StringLiteral>(expr)));
    break;
  case Stmt::PredefinedExprClass: {
    const auto *predefined = cast<PredefinedExpr>(expr);
    const StringLiteral *name = predefined->getFunctionName();
    place.addr = stringAddr(name ? unit.stringOf(name) : unit.stringOf(""));
    break;
  }
  case Stmt::CompoundLiteralExprClass: {
    const auto *literal = cast<CompoundLiteralExpr>(expr);
    if (literal->isFileScope()) {
      place.addr = globalAddr(unit.globalOf(literal));
      break;
    }
    place.addr = localAddr(newTmp(expr->getType()));
    initInto(place.addr, expr->getType(), literal->getInitializer(),
             spanOf(expr));
    break;
  }
  case Stmt::ImplicitCastExprClass:
  case Stmt::CStyleCastExprClass:
  case Stmt::CXXStaticCastExprClass:
  case Stmt::CXXReinterpretCastExprClass:
  case Stmt::CXXConstCastExprClass:
  case Stmt::CXXFunctionalCastExprClass:
  case Stmt::CXXAddrspaceCastExprClass: {
    const auto *castExpr = cast<CastExpr>(expr);
    const Expr *sub = castExpr->getSubExpr();
    switch (castExpr->getCastKind()) {
    case CK_NoOp:
    case CK_LValueBitCast:
    case CK_UserDefinedConversion:
    case CK_ConstructorConversion:
      place = lvalue(sub);
      break;
    case CK_DerivedToBase:
    case CK_UncheckedDerivedToBase:
    case CK_BaseToDerived:
      place.addr =
          baseOffset(lvalue(sub).addr, castExpr,
                     castExpr->getCastKind() == CK_BaseToDerived, false);
      break;
    default:
      if (expr->isPRValue()) {
        LocalId tmp = newTmp(expr->getType());
        initInto(localAddr(tmp), expr->getType(), expr, spanOf(expr));
        place.addr = localAddr(tmp);
        break;
      }
      unsupported(expr);
      break;
    }
    break;
  }
  case Stmt::CallExprClass:
  case Stmt::CXXMemberCallExprClass:
  case Stmt::CXXOperatorCallExprClass:
  case Stmt::UserDefinedLiteralClass:
    if (expr->isGLValue())
      place.addr = callValue(cast<CallExpr>(expr), ExprId());
    break;
  case Stmt::MaterializeTemporaryExprClass:
    place.addr = materialize(cast<MaterializeTemporaryExpr>(expr));
    break;
  case Stmt::ExprWithCleanupsClass:
    if (expr->isGLValue())
      place.addr = withCleanups(cast<ExprWithCleanups>(expr), ExprId());
    break;
  case Stmt::ConstantExprClass:
    return lvalue(cast<ConstantExpr>(expr)->getSubExpr());
  case Stmt::OpaqueValueExprClass: {
    const auto *value = cast<OpaqueValueExpr>(expr);
    if (auto it = opaques.find(value); it != opaques.end())
      place = it->second;
    else
      place.addr = opaque(value);
    break;
  }
  case Stmt::GenericSelectionExprClass:
    return lvalue(cast<GenericSelectionExpr>(expr)->getResultExpr());
  case Stmt::ChooseExprClass:
    return lvalue(cast<ChooseExpr>(expr)->getChosenSubExpr());
  case Stmt::CXXDefaultArgExprClass:
    return lvalue(cast<CXXDefaultArgExpr>(expr)->getExpr());
  case Stmt::CXXDefaultInitExprClass:
    return inDefaultInit(cast<CXXDefaultInitExpr>(expr),
                         [&](const Expr *init) { return lvalue(init); });
  case Stmt::SubstNonTypeTemplateParmExprClass:
    return lvalue(cast<SubstNonTypeTemplateParmExpr>(expr)->getReplacement());
  case Stmt::CXXUuidofExprClass:
    place.addr = stringAddr(unit.stringOf(textOf(expr)));
    break;
  case Stmt::InitListExprClass:
    if (expr->isGLValue() && cast<InitListExpr>(expr)->getNumInits() == 1)
      return lvalue(cast<InitListExpr>(expr)->getInit(0));
    break;
  default:
    break;
  }
  if (!place.addr.valid() && failure.empty()) {
    if (expr->isPRValue() && !expr->getType()->isVoidType()) {
      // A value where a place is wanted: give it one.
      if (typeOf(expr->getType()).kind == ir::TypeKind::Aggregate) {
        place.addr = aggregateAddr(expr);
      } else {
        LocalId tmp = newTmp(expr->getType());
        initInto(localAddr(tmp), expr->getType(), expr, spanOf(expr));
        place.addr = localAddr(tmp);
      }
    } else {
      unsupported(expr);
    }
  }
  if (!place.addr.valid())
    place.addr = intConst(0, typeOf(ast.VoidPtrTy));
  if (expr->getType().isVolatileQualified())
    place.isVolatile = true;
  return place;
}

} // namespace mdlcheck::frontend
