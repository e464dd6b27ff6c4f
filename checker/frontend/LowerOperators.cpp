//===-- LowerOperators.cpp - operators and conditionals -------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerFunction.h"

#include "clang/AST/ExprCXX.h"

using namespace clang;

namespace mdlcheck::frontend {

ir::ExprId FunctionLowering::unaryValue(const UnaryOperator *expr) {
  const Expr *sub = expr->getSubExpr();
  Type type = typeOf(expr->getType());
  Span span = spanOf(expr);
  switch (expr->getOpcode()) {
  case UO_AddrOf:
    if (expr->getType()->isMemberPointerType())
      return havoc(type, span);
    return sub->isGLValue() || sub->getType()->isFunctionType()
               ? lvalue(sub).addr
               : aggregateAddr(sub);
  case UO_Plus:
  case UO_Extension:
    return rvalue(sub);
  case UO_Minus:
  case UO_Not: {
    ExprId value = rvalue(sub);
    if (isFloat(type))
      return havoc(type, span);
    return unary(expr->getOpcode() == UO_Minus ? ir::Op::Neg : ir::Op::BitNot,
                 value, type);
  }
  case UO_LNot: {
    const Expr *inner = sub->IgnoreParenImpCasts();
    if (const auto *op = dyn_cast<BinaryOperator>(inner))
      if (op->isLogicalOp())
        return logicalValue(expr);
    ExprId value = rvalue(sub);
    if (isFloat(at(value).type))
      return havoc(type, span);
    return unary(ir::Op::LogicalNot, value, type);
  }
  case UO_PreInc:
  case UO_PreDec: {
    ExprId before, after;
    LValue place = incDec(expr, before, after);
    return place.bitWidth ? load(place, type, span) : after;
  }
  case UO_PostInc:
  case UO_PostDec: {
    ExprId before, after;
    incDec(expr, before, after);
    return before;
  }
  case UO_Deref:
    return load(lvalue(expr), type, span);
  case UO_Real:
  case UO_Imag:
    if (sub->isGLValue())
      return load(lvalue(expr), type, span);
    [[fallthrough]];
  default:
    unsupported(expr);
    return ExprId();
  }
}

LValue FunctionLowering::incDec(const UnaryOperator *expr, ExprId &before,
                                ExprId &after) {
  const Expr *sub = expr->getSubExpr();
  QualType qualType = sub->getType();
  Type type = typeOf(qualType);
  Span span = spanOf(expr);
  LValue place = lvalue(sub);
  before = load(place, type, span);
  bool down = expr->isDecrementOp();
  if (isFloat(type)) {
    after = havoc(type, span);
  } else if (type.kind == ir::TypeKind::Pointer) {
    after = pointerAdd(before, intConst(1, {ir::TypeKind::Int, true, 8}),
                       ast.LongLongTy, qualType, down, span);
  } else if (qualType->isBooleanType()) {
    after = down ? castTo(unary(ir::Op::LogicalNot, before, type), type)
                 : intConst(1, type);
  } else {
    after = binary(down ? ir::Op::Sub : ir::Op::Add, before, intConst(1, type),
                   type);
  }
  store(place, after, type, span);
  return place;
}

static std::optional<ir::Op> irOp(BinaryOperatorKind op) {
  switch (op) {
  case BO_Mul:
    return ir::Op::Mul;
  case BO_Div:
    return ir::Op::Div;
  case BO_Rem:
    return ir::Op::Rem;
  case BO_Add:
    return ir::Op::Add;
  case BO_Sub:
    return ir::Op::Sub;
  case BO_Shl:
    return ir::Op::Shl;
  case BO_Shr:
    return ir::Op::Shr;
  case BO_And:
    return ir::Op::And;
  case BO_Or:
    return ir::Op::Or;
  case BO_Xor:
    return ir::Op::Xor;
  case BO_EQ:
    return ir::Op::Eq;
  case BO_NE:
    return ir::Op::Ne;
  case BO_LT:
    return ir::Op::Lt;
  case BO_LE:
    return ir::Op::Le;
  case BO_GT:
    return ir::Op::Gt;
  case BO_GE:
    return ir::Op::Ge;
  default:
    return std::nullopt;
  }
}

ir::ExprId FunctionLowering::pointerAdd(ExprId pointer, ExprId index,
                                        QualType indexType,
                                        QualType pointerType, bool negative,
                                        Span span) {
  QualType pointee = pointerType->getPointeeType();
  uint64_t size = 1; // void and functions, as GNU C has it
  if (pointee->isVariableArrayType()) {
    index = havoc({ir::TypeKind::Int, true, 8}, span);
  } else if (!pointee->isVoidType() && !pointee->isFunctionType()) {
    size = unit.sizeOf(pointee);
    if (!size)
      size = 1;
  }
  if (negative) {
    Type wide{ir::TypeKind::Int, true, 8};
    index = unary(ir::Op::Neg, castTo(index, wide), wide);
  }
  return indexAddr(pointer, index, size);
}

ir::ExprId FunctionLowering::arithmetic(BinaryOperatorKind op, ExprId lhs,
                                        ExprId rhs, QualType lhsType,
                                        QualType rhsType, QualType resultType,
                                        Span span) {
  Type type = typeOf(resultType);
  if (isAggregate(type)) {
    fail("unsupported arithmetic on vectors or complex numbers");
    return lhs;
  }
  bool leftPointer = lhsType->isPointerType();
  bool rightPointer = rhsType->isPointerType();
  if (op == BO_Add && leftPointer)
    return pointerAdd(lhs, rhs, rhsType, lhsType, false, span);
  if (op == BO_Add && rightPointer)
    return pointerAdd(rhs, lhs, lhsType, rhsType, false, span);
  if (op == BO_Sub && leftPointer && !rightPointer)
    return pointerAdd(lhs, rhs, rhsType, lhsType, true, span);
  if (op == BO_Sub && leftPointer) {
    ExprId bytes = binary(ir::Op::Sub, lhs, rhs, type);
    uint64_t size = unit.pointeeSize(lhsType);
    if (size <= 1)
      return bytes;
    return binary(ir::Op::Div, bytes,
                  intConst(static_cast<int64_t>(size), type), type);
  }
  if (isFloat(at(lhs).type) || isFloat(at(rhs).type) || isFloat(type))
    return havoc(type, span);
  auto irOperation = irOp(op);
  if (!irOperation) {
    fail("unsupported operator " + BinaryOperator::getOpcodeStr(op).str());
    return lhs;
  }
  // Addresses counted in as integers stay addresses.
  Type leftType = at(lhs).type, rightType = at(rhs).type;
  if (type.kind == ir::TypeKind::Int && type.size == leftType.size &&
      !(constant(lhs) && constant(rhs))) {
    bool sum = op == BO_Add || op == BO_Sub;
    if (sum && leftType.kind == ir::TypeKind::Pointer &&
        rightType.kind == ir::TypeKind::Int) {
      if (op == BO_Sub)
        rhs = unary(ir::Op::Neg, rhs, {ir::TypeKind::Int, true, 8});
      return indexAddr(lhs, rhs, 1);
    }
    if (op == BO_Add && rightType.kind == ir::TypeKind::Pointer &&
        leftType.kind == ir::TypeKind::Int)
      return indexAddr(rhs, lhs, 1);
  }
  if (op == BO_Shl || op == BO_Shr)
    rhs = castTo(rhs, at(lhs).type);
  return binary(*irOperation, lhs, rhs, type);
}

LValue FunctionLowering::assignment(const BinaryOperator *expr, ExprId &value) {
  const Expr *lhs = expr->getLHS();
  const Expr *rhs = expr->getRHS();
  QualType qualType = lhs->getType();
  Type type = typeOf(qualType);
  Span span = spanOf(expr);
  if (expr->getOpcode() == BO_Assign) {
    value = rvalue(rhs);
    LValue place = lvalue(lhs);
    if (isAggregate(type)) {
      copy(place.addr, value, type, span);
      value = place.addr;
    } else if (value.valid()) {
      store(place, value, type, span);
    }
    return place;
  }
  const auto *compound = cast<CompoundAssignOperator>(expr);
  ExprId operand = rvalue(rhs);
  LValue place = lvalue(lhs);
  ExprId old = load(place, type, span);
  QualType wide = compound->getComputationLHSType();
  ExprId left = convert(old, qualType, wide, span);
  value =
      arithmetic(BinaryOperator::getOpForCompoundAssignment(expr->getOpcode()),
                 left, operand, wide, rhs->getType(),
                 compound->getComputationResultType(), span);
  value = convert(value, compound->getComputationResultType(), qualType, span);
  store(place, value, type, span);
  return place;
}

ir::ExprId FunctionLowering::binaryValue(const BinaryOperator *expr) {
  Type type = typeOf(expr->getType());
  if (expr->isAssignmentOp()) {
    ExprId value;
    LValue place = assignment(expr, value);
    return place.bitWidth ? load(place, type, spanOf(expr)) : value;
  }
  if (expr->isLogicalOp())
    return logicalValue(expr);
  if (expr->getOpcode() == BO_Comma) {
    discard(expr->getLHS());
    return rvalue(expr->getRHS());
  }
  if (expr->isPtrMemOp())
    return load(lvalue(expr), type, spanOf(expr));
  ExprId lhs = rvalue(expr->getLHS());
  ExprId rhs = rvalue(expr->getRHS());
  if (!lhs.valid() || !rhs.valid()) {
    unsupported(expr);
    return ExprId();
  }
  return arithmetic(expr->getOpcode(), lhs, rhs, expr->getLHS()->getType(),
                    expr->getRHS()->getType(), expr->getType(), spanOf(expr));
}

ir::ExprId FunctionLowering::logicalValue(const Expr *expr) {
  if (auto folded = foldLeaf(expr))
    return *folded;
  Type type = typeOf(expr->getType());
  LocalId tmp = newTmp(expr->getType());
  BlockId yes = newBlock(), no = newBlock(), join = newBlock();
  Span span = spanOf(expr);
  condition(expr, yes, no);
  startBlock(yes);
  store({localAddr(tmp)}, intConst(1, type), type, span);
  gotoBlock(join);
  startBlock(no);
  store({localAddr(tmp)}, intConst(0, type), type, span);
  gotoBlock(join);
  startBlock(join);
  return load({localAddr(tmp)}, type, span);
}

ir::ExprId
FunctionLowering::conditionalValue(const AbstractConditionalOperator *expr) {
  if (auto folded = foldLeaf(expr))
    return *folded;
  if (expr->isGLValue())
    return load(conditionalLValue(expr), typeOf(expr->getType()), spanOf(expr));
  if (const auto *binaryExpr = dyn_cast<BinaryConditionalOperator>(expr)) {
    const Expr *common = binaryExpr->getCommon();
    opaques[binaryExpr->getOpaqueValue()] =
        common->isGLValue() ? lvalue(common) : LValue{rvalue(common)};
  }
  Type type = typeOf(expr->getType());
  bool hasValue = type.kind != ir::TypeKind::Void;
  Span span = spanOf(expr);
  LocalId tmp;
  if (hasValue)
    tmp = newTmp(expr->getType());
  eachArm(expr, [&](const Expr *value) {
    if (hasValue) {
      ExprId result = rvalue(value);
      if (result.valid())
        store({localAddr(tmp)}, result, type, span);
    } else {
      discard(value);
    }
  });
  return hasValue ? load({localAddr(tmp)}, type, span) : ExprId();
}

/// Branches on the condition, has `lower` lower each arm, and joins.
void FunctionLowering::eachArm(const AbstractConditionalOperator *expr,
                               llvm::function_ref<void(const Expr *)> lower) {
  BlockId yes = newBlock(), no = newBlock(), join = newBlock();
  condition(expr->getCond(), yes, no);
  ++conditional;
  startBlock(yes);
  lower(expr->getTrueExpr());
  gotoBlock(join);
  startBlock(no);
  lower(expr->getFalseExpr());
  gotoBlock(join);
  --conditional;
  startBlock(join);
}

LValue
FunctionLowering::conditionalLValue(const AbstractConditionalOperator *expr) {
  if (const auto *binaryExpr = dyn_cast<BinaryConditionalOperator>(expr))
    opaques[binaryExpr->getOpaqueValue()] = lvalue(binaryExpr->getCommon());
  LocalId tmp = newTmp(ast.VoidPtrTy);
  Type type = typeOf(ast.VoidPtrTy);
  Span span = spanOf(expr);
  eachArm(expr, [&](const Expr *value) {
    if (!value->getType()->isVoidType()) {
      LValue place = lvalue(value);
      if (place.bitWidth)
        fail("a bit-field chosen by ?:");
      store({localAddr(tmp)}, place.addr, type, span);
    } else {
      discard(value);
    }
  });
  return {load({localAddr(tmp)}, type, span)};
}

} // namespace mdlcheck::frontend
