//===-- LowerExpr.cpp - values --------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerFunction.h"

#include "clang/AST/ExprCXX.h"

using namespace clang;

namespace mdlcheck::frontend {

ir::ExprId FunctionLowering::rvalue(const Expr *expr) {
  Type type = typeOf(expr->getType());
  if (expr->containsErrors())
    fail("contains an expression with an error");
  if (!failure.empty())
    return intConst(0, type);
  if (const MacroExpansion *macro = macroAt(expr))
    return macroCall(expr, *macro, ExprId());
  if (isAggregate(type))
    return aggregateAddr(expr);
  ExprId value = rvalueImpl(expr);
  // After a failure anything will do, it only has to be there.
  if (!value.valid() && type.kind != ir::TypeKind::Void) {
    if (failure.empty())
      unsupported(expr);
    return intConst(0, type);
  }
  return value;
}

std::optional<ir::ExprId> FunctionLowering::foldLeaf(const Expr *expr) {
  if (expr->isValueDependent() ||
      !expr->getType()->isIntegralOrEnumerationType())
    return std::nullopt;
  Expr::EvalResult result;
  if (!expr->EvaluateAsInt(result, ast) || result.HasSideEffects)
    return std::nullopt;
  Type type = typeOf(expr->getType());
  if (isFloat(type))
    return std::nullopt;
  return intConst(
      static_cast<int64_t>(result.Val.getInt().extOrTrunc(64).getZExtValue()),
      type);
}

ir::ExprId FunctionLowering::rvalueImpl(const Expr *expr) {
  Type type = typeOf(expr->getType());
  switch (expr->getStmtClass()) {
  case Stmt::ParenExprClass:
    return rvalue(cast<ParenExpr>(expr)->getSubExpr());
  case Stmt::ConstantExprClass:
    if (auto folded = foldLeaf(expr))
      return *folded;
    return rvalue(cast<ConstantExpr>(expr)->getSubExpr());
  case Stmt::IntegerLiteralClass: {
    if (isFloat(type))
      return havoc(type, spanOf(expr));
    llvm::APInt value = cast<IntegerLiteral>(expr)->getValue();
    return intConst(static_cast<int64_t>(value.zextOrTrunc(64).getZExtValue()),
                    type);
  }
  case Stmt::CharacterLiteralClass:
    return intConst(cast<CharacterLiteral>(expr)->getValue(), type);
  case Stmt::CXXBoolLiteralExprClass:
    return intConst(cast<CXXBoolLiteralExpr>(expr)->getValue(), type);
  case Stmt::CXXNullPtrLiteralExprClass:
  case Stmt::GNUNullExprClass:
  case Stmt::ImplicitValueInitExprClass:
  case Stmt::CXXScalarValueInitExprClass:
    if (type.kind == ir::TypeKind::Void)
      return ExprId();
    if (isFloat(type))
      return havoc(type, spanOf(expr));
    return intConst(0, type);
  case Stmt::FloatingLiteralClass:
  case Stmt::FixedPointLiteralClass:
    return havoc(type, spanOf(expr));
  case Stmt::UnaryExprOrTypeTraitExprClass:
  case Stmt::OffsetOfExprClass:
  case Stmt::TypeTraitExprClass:
  case Stmt::ArrayTypeTraitExprClass:
  case Stmt::ExpressionTraitExprClass:
  case Stmt::SizeOfPackExprClass:
  case Stmt::CXXNoexceptExprClass:
  case Stmt::RequiresExprClass:
  case Stmt::ConceptSpecializationExprClass:
    if (auto folded = foldLeaf(expr))
      return *folded;
    // sizeof a variable length array, offsetof with a variable index.
    return havoc(type, spanOf(expr));
  case Stmt::SourceLocExprClass:
    if (auto folded = foldLeaf(expr))
      return *folded;
    return stringAddr(unit.stringOf(textOf(expr)));
  case Stmt::DeclRefExprClass:
    return declRefValue(cast<DeclRefExpr>(expr));
  case Stmt::ImplicitCastExprClass:
  case Stmt::CStyleCastExprClass:
  case Stmt::CXXStaticCastExprClass:
  case Stmt::CXXReinterpretCastExprClass:
  case Stmt::CXXConstCastExprClass:
  case Stmt::CXXFunctionalCastExprClass:
  case Stmt::CXXDynamicCastExprClass:
  case Stmt::CXXAddrspaceCastExprClass:
  case Stmt::BuiltinBitCastExprClass:
    return castValue(cast<CastExpr>(expr));
  case Stmt::UnaryOperatorClass:
    return unaryValue(cast<UnaryOperator>(expr));
  case Stmt::BinaryOperatorClass:
  case Stmt::CompoundAssignOperatorClass:
    return binaryValue(cast<BinaryOperator>(expr));
  case Stmt::ConditionalOperatorClass:
  case Stmt::BinaryConditionalOperatorClass:
    return conditionalValue(cast<AbstractConditionalOperator>(expr));
  case Stmt::CallExprClass:
  case Stmt::CXXMemberCallExprClass:
  case Stmt::CXXOperatorCallExprClass:
  case Stmt::UserDefinedLiteralClass: {
    ExprId value = callValue(cast<CallExpr>(expr), ExprId());
    if (expr->isGLValue() && value.valid())
      return load({value}, type, spanOf(expr));
    return value;
  }
  case Stmt::AtomicExprClass:
    return atomicValue(cast<AtomicExpr>(expr));
  case Stmt::StmtExprClass:
    return statementExpr(cast<StmtExpr>(expr), ExprId());
  case Stmt::ChooseExprClass:
    return rvalue(cast<ChooseExpr>(expr)->getChosenSubExpr());
  case Stmt::GenericSelectionExprClass:
    return rvalue(cast<GenericSelectionExpr>(expr)->getResultExpr());
  case Stmt::VAArgExprClass:
    discard(cast<VAArgExpr>(expr)->getSubExpr());
    return havoc(type, spanOf(expr));
  case Stmt::OpaqueValueExprClass: {
    ExprId value = opaque(cast<OpaqueValueExpr>(expr));
    if (expr->isGLValue())
      return load({value}, type, spanOf(expr));
    return value;
  }
  case Stmt::PseudoObjectExprClass: {
    const auto *pseudo = cast<PseudoObjectExpr>(expr);
    ExprId result;
    for (const Expr *part : pseudo->semantics()) {
      if (const auto *bound = dyn_cast<OpaqueValueExpr>(part)) {
        const Expr *source = bound->getSourceExpr();
        opaques[bound] =
            source->isGLValue() ? lvalue(source) : LValue{rvalue(source)};
        if (part == pseudo->getResultExpr())
          result = opaques[bound].addr;
      } else if (part == pseudo->getResultExpr()) {
        result = rvalue(part);
      } else {
        discard(part);
      }
    }
    return result.valid() || type.kind == ir::TypeKind::Void
               ? result
               : havoc(type, spanOf(expr));
  }
  case Stmt::InitListExprClass: {
    const auto *list = cast<InitListExpr>(expr);
    if (list->getNumInits() == 0)
      return isFloat(type) ? havoc(type, spanOf(expr)) : intConst(0, type);
    return rvalue(list->getInit(0));
  }
  case Stmt::ExprWithCleanupsClass:
    return withCleanups(cast<ExprWithCleanups>(expr), ExprId());
  case Stmt::MaterializeTemporaryExprClass:
    return load({materialize(cast<MaterializeTemporaryExpr>(expr))}, type,
                spanOf(expr));
  case Stmt::CXXBindTemporaryExprClass:
    return rvalue(cast<CXXBindTemporaryExpr>(expr)->getSubExpr());
  case Stmt::CXXDefaultArgExprClass:
    return rvalue(cast<CXXDefaultArgExpr>(expr)->getExpr());
  case Stmt::CXXDefaultInitExprClass:
    return inDefaultInit(cast<CXXDefaultInitExpr>(expr),
                         [&](const Expr *init) { return rvalue(init); });
  case Stmt::SubstNonTypeTemplateParmExprClass:
    return rvalue(cast<SubstNonTypeTemplateParmExpr>(expr)->getReplacement());
  case Stmt::CXXRewrittenBinaryOperatorClass:
    return rvalue(cast<CXXRewrittenBinaryOperator>(expr)->getSemanticForm());
  case Stmt::CXXThisExprClass:
    return thisValue(expr);
  case Stmt::CXXNewExprClass:
    return newValue(cast<CXXNewExpr>(expr));
  case Stmt::CXXDeleteExprClass:
    deleteValue(cast<CXXDeleteExpr>(expr));
    return ExprId();
  case Stmt::CXXPseudoDestructorExprClass:
    return ExprId();
  case Stmt::CXXThrowExprClass: {
    const auto *thrown = cast<CXXThrowExpr>(expr);
    ir::Instr call;
    if (const Expr *operand = thrown->getSubExpr())
      rvalue(operand);
    call.callee = unit.declNamed("throw", {}, /*noReturn=*/true);
    call.span = spanOf(expr);
    finishCall(std::move(call), expr->getType(), ExprId(), /*noReturn=*/true);
    return ExprId();
  }
  case Stmt::CXXParenListInitExprClass: {
    auto inits = cast<CXXParenListInitExpr>(expr)->getInitExprs();
    return inits.empty() ? intConst(0, type) : rvalue(inits[0]);
  }
  case Stmt::PredefinedExprClass:
  case Stmt::StringLiteralClass:
  case Stmt::MemberExprClass:
  case Stmt::ArraySubscriptExprClass:
    return load(lvalue(expr), type, spanOf(expr));
  default:
    break;
  }
  if (expr->isGLValue())
    return load(lvalue(expr), type, spanOf(expr));
  unsupported(expr);
  return ExprId();
}

ir::ExprId FunctionLowering::declRefValue(const DeclRefExpr *expr) {
  const ValueDecl *decl = expr->getDecl();
  Type type = typeOf(expr->getType());
  if (const auto *enumerator = dyn_cast<EnumConstantDecl>(decl))
    return intConst(static_cast<int64_t>(
                        enumerator->getInitVal().extOrTrunc(64).getZExtValue()),
                    type);
  if (isa<FunctionDecl>(decl))
    return lvalue(expr).addr;
  if (auto folded = foldLeaf(expr))
    return *folded;
  return load(lvalue(expr), type, spanOf(expr));
}

void FunctionLowering::discard(const Expr *expr) {
  if (!failure.empty())
    return;
  if (expr->containsErrors()) {
    fail("contains an expression with an error");
    return;
  }
  if (const MacroExpansion *macro = macroAt(expr)) {
    macroCall(expr, *macro, ExprId());
    return;
  }
  switch (expr->getStmtClass()) {
  case Stmt::ParenExprClass:
    discard(cast<ParenExpr>(expr)->getSubExpr());
    return;
  case Stmt::DeclRefExprClass:
    if (!expr->getType().isVolatileQualified())
      return;
    break;
  case Stmt::ImplicitCastExprClass:
  case Stmt::CStyleCastExprClass: {
    const auto *castExpr = cast<CastExpr>(expr);
    const Expr *sub = castExpr->getSubExpr();
    bool plain = castExpr->getCastKind() == CK_ToVoid ||
                 castExpr->getCastKind() == CK_NoOp;
    if (castExpr->getCastKind() == CK_LValueToRValue) {
      const Expr *place = sub->IgnoreParens();
      plain =
          isa<DeclRefExpr>(place) && !place->getType().isVolatileQualified();
    }
    if (plain) {
      discard(sub);
      return;
    }
    break;
  }
  case Stmt::BinaryOperatorClass:
  case Stmt::CompoundAssignOperatorClass: {
    const auto *op = cast<BinaryOperator>(expr);
    if (op->isAssignmentOp()) {
      ExprId value;
      assignment(op, value);
      return;
    }
    if (op->isLogicalOp()) {
      BlockId join = newBlock();
      condition(expr, join, join);
      startBlock(join);
      return;
    }
    break;
  }
  default:
    break;
  }
  if (expr->isGLValue() && !isa<CallExpr>(expr) &&
      !expr->getType().isVolatileQualified()) {
    lvalue(expr);
    return;
  }
  rvalue(expr);
}

ir::ExprId FunctionLowering::opaque(const OpaqueValueExpr *expr) {
  if (auto it = opaques.find(expr); it != opaques.end())
    return it->second.addr;
  const Expr *source = expr->getSourceExpr();
  if (!source) {
    unsupported(expr);
    return intConst(0, typeOf(expr->getType()));
  }
  return source->isGLValue() ? lvalue(source).addr : rvalue(source);
}

ir::ExprId FunctionLowering::convert(ExprId value, QualType from, QualType to,
                                     Span span) {
  Type target = typeOf(to);
  if (target.kind == ir::TypeKind::Void || !value.valid())
    return ExprId();
  Type source = at(value).type;
  if (isFloat(source) || isFloat(target))
    return source == target ? value : havoc(target, span);
  if (to->isBooleanType() && !from->isBooleanType())
    return isNonZero(value);
  return castTo(value, target);
}

ir::ExprId FunctionLowering::castValue(const CastExpr *expr) {
  const Expr *sub = expr->getSubExpr();
  Type type = typeOf(expr->getType());
  switch (expr->getCastKind()) {
  case CK_LValueToRValue: {
    const Expr *place = sub->IgnoreParens();
    if (ExprId code = exceptionCode(expr); code.valid())
      return code;
    if (const auto *ref = dyn_cast<DeclRefExpr>(place))
      if (const auto *var = dyn_cast<VarDecl>(ref->getDecl()))
        if (ast.getLangOpts().CPlusPlus &&
            var->isUsableInConstantExpressions(ast))
          if (auto folded = foldLeaf(expr))
            return *folded;
    if (expr->getType()->isNullPtrType()) {
      discard(sub);
      return intConst(0, type);
    }
    if (sub->isGLValue())
      return load(lvalue(sub), type, spanOf(expr));
    return rvalue(sub);
  }
  case CK_NoOp:
  case CK_BitCast:
  case CK_UserDefinedConversion:
  case CK_ConstructorConversion:
  case CK_AtomicToNonAtomic:
  case CK_NonAtomicToAtomic:
  case CK_AddressSpaceConversion:
  case CK_AnyPointerToBlockPointerCast:
  case CK_IntegralCast:
  case CK_BooleanToSignedIntegral:
  case CK_IntegralToPointer:
  case CK_PointerToIntegral:
    if (expr->isGLValue() || sub->isGLValue())
      return load(lvalue(expr->isGLValue() ? expr : sub), type, spanOf(expr));
    return convert(rvalue(sub), sub->getType(), expr->getType(), spanOf(expr));
  case CK_IntegralToBoolean:
  case CK_PointerToBoolean:
  case CK_MemberPointerToBoolean: {
    ExprId value = rvalue(sub);
    if (isFloat(at(value).type))
      return havoc(type, spanOf(expr));
    return castTo(isNonZero(value), type);
  }
  case CK_NullToPointer:
  case CK_NullToMemberPointer:
    discard(sub);
    return isFloat(type) ? havoc(type, spanOf(expr)) : intConst(0, type);
  case CK_ArrayToPointerDecay:
  case CK_FunctionToPointerDecay:
  case CK_BuiltinFnToFnPtr:
    // In C a function's name is no lvalue.
    if (sub->isGLValue() || sub->getType()->isFunctionType())
      return lvalue(sub).addr;
    return aggregateAddr(sub);
  case CK_ToVoid:
    discard(sub);
    return ExprId();
  case CK_DerivedToBase:
  case CK_UncheckedDerivedToBase:
  case CK_BaseToDerived:
    if (sub->isGLValue())
      return load(lvalue(expr), type, spanOf(expr));
    return baseOffset(rvalue(sub), expr,
                      expr->getCastKind() == CK_BaseToDerived,
                      /*nullCheck=*/true);
  case CK_LValueBitCast:
  case CK_LValueToRValueBitCast:
    return load(lvalue(sub), type, spanOf(expr));
  case CK_IntegralToFloating:
  case CK_FloatingToIntegral:
  case CK_FloatingToBoolean:
  case CK_FloatingCast:
  case CK_FixedPointCast:
  case CK_Dynamic:
  case CK_ReinterpretMemberPointer:
  case CK_BaseToDerivedMemberPointer:
  case CK_DerivedToBaseMemberPointer:
    rvalue(sub);
    return havoc(type, spanOf(expr));
  default:
    unsupported(expr);
    return ExprId();
  }
}

const Stmt *resultOf(const StmtExpr *expr) {
  for (const Stmt *stmt : llvm::reverse(expr->getSubStmt()->body()))
    if (!isa<NullStmt>(stmt))
      return stmt;
  return nullptr;
}

ir::ExprId FunctionLowering::statementExpr(const StmtExpr *expr, ExprId into) {
  Scope *saved = scope;
  bool savedOutermost = outermost;
  outermost = false;
  Type type = typeOf(expr->getType());
  ExprId result;
  const CompoundStmt *body = expr->getSubStmt();
  const Stmt *last = resultOf(expr);
  for (const Stmt *stmt : body->body()) {
    if (stmt != last || type.kind == ir::TypeKind::Void) {
      lowerStmt(stmt);
      continue;
    }
    while (const auto *label = dyn_cast<LabelStmt>(stmt)) {
      lowerLabel(label->getDecl());
      stmt = label->getSubStmt();
    }
    const auto *value = dyn_cast<ValueStmt>(stmt);
    const Expr *valueExpr = value ? value->getExprStmt() : nullptr;
    if (!valueExpr) {
      unsupported(expr);
      break;
    }
    if (isAggregate(type)) {
      if (!into.valid())
        into = localAddr(newTmp(expr->getType()));
      aggregateInto(into, valueExpr, spanOf(valueExpr), false);
      result = into;
    } else {
      result = rvalue(valueExpr);
    }
  }
  popScopes(saved);
  outermost = savedOutermost;
  return result;
}

} // namespace mdlcheck::frontend
