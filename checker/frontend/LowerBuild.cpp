//===-- LowerBuild.cpp - making and folding ir expressions ----------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Expressions are pure, so equal ones are made once. Constants fold here,
// bottom up, which costs nothing and makes every integer constant expression
// one Int.
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerFunction.h"

#include "llvm/ADT/Hashing.h"

using namespace clang;

namespace mdlcheck::frontend {

size_t FunctionLowering::ExprHash::operator()(const ir::Expr &e) const {
  return llvm::hash_combine(static_cast<int>(e.kind), static_cast<int>(e.op),
                            static_cast<int>(e.type.kind), e.type.isSigned,
                            e.type.size, e.value, e.index, e.lhs.value,
                            e.rhs.value);
}

bool FunctionLowering::ExprEqual::operator()(const ir::Expr &a,
                                             const ir::Expr &b) const {
  return a.kind == b.kind && a.op == b.op && a.type == b.type &&
         a.value == b.value && a.index == b.index && a.lhs == b.lhs &&
         a.rhs == b.rhs;
}

ir::ExprId FunctionLowering::intern(const ir::Expr &expr) {
  auto [it, isNew] =
      exprs.try_emplace(expr, static_cast<uint32_t>(out.exprs.size()));
  if (isNew)
    out.exprs.push_back(expr);
  return ExprId(it->second);
}

ir::ExprId FunctionLowering::intConst(int64_t value, const Type &type) {
  ir::Expr expr;
  expr.kind = ir::ExprKind::Int;
  expr.type = type;
  expr.value = normalise(static_cast<uint64_t>(value), type);
  return intern(expr);
}

ir::ExprId FunctionLowering::tempExpr(ir::TempId temp, const Type &type) {
  ir::Expr expr;
  expr.kind = ir::ExprKind::Temp;
  expr.type = type;
  expr.index = temp.value;
  return intern(expr);
}

static ir::Expr addressExpr(const ASTContext &ast, ir::ExprKind kind,
                            uint32_t index) {
  ir::Expr expr;
  expr.kind = kind;
  expr.type.kind = ir::TypeKind::Pointer;
  expr.type.size = ast.getTypeSizeInChars(ast.VoidPtrTy).getQuantity();
  expr.index = index;
  return expr;
}

ir::ExprId FunctionLowering::localAddr(LocalId local) {
  return intern(addressExpr(ast, ir::ExprKind::LocalAddr, local.value));
}

ir::ExprId FunctionLowering::globalAddr(ir::GlobalId global) {
  return intern(addressExpr(ast, ir::ExprKind::GlobalAddr, global.value));
}

ir::ExprId FunctionLowering::functionAddr(ir::DeclId decl) {
  return intern(addressExpr(ast, ir::ExprKind::FunctionAddr, decl.value));
}

ir::ExprId FunctionLowering::stringAddr(ir::StringId string) {
  return intern(addressExpr(ast, ir::ExprKind::StringAddr, string.value));
}

std::optional<int64_t> FunctionLowering::constant(ExprId id) const {
  if (!id.valid() || at(id).kind != ir::ExprKind::Int)
    return std::nullopt;
  return at(id).value;
}

ir::ExprId FunctionLowering::fieldAddr(ExprId base, ir::FieldId field) {
  ir::Expr expr = addressExpr(ast, ir::ExprKind::FieldAddr, field.value);
  // `&((T *)0)->field`: an offset.
  if (auto value = constant(base))
    return intConst(
        *value + static_cast<int64_t>(unit.unit.fields[field.value].offset),
        expr.type);
  expr.lhs = base;
  return intern(expr);
}

ir::ExprId FunctionLowering::indexAddr(ExprId base, ExprId index,
                                       uint64_t size) {
  ir::Expr expr = addressExpr(ast, ir::ExprKind::IndexAddr, 0);
  auto number = constant(index);
  if (number && *number == 0)
    return base;
  if (number) {
    if (auto address = constant(base))
      return intConst(*address + *number * static_cast<int64_t>(size),
                      expr.type);
    // One step where there were two of the same size.
    const ir::Expr &inner = at(base);
    if (inner.kind == ir::ExprKind::IndexAddr &&
        inner.value == static_cast<int64_t>(size)) {
      if (auto first = constant(inner.rhs)) {
        ExprId root = inner.lhs;
        return indexAddr(root, intConst(*first + *number, at(index).type),
                         size);
      }
    }
  }
  expr.lhs = base;
  expr.rhs = index;
  expr.value = static_cast<int64_t>(size);
  return intern(expr);
}

ir::ExprId FunctionLowering::byteOffset(ExprId base, int64_t bytes) {
  return indexAddr(base, intConst(bytes, {ir::TypeKind::Int, true, 8}), 1);
}

ir::ExprId FunctionLowering::unary(ir::Op op, ExprId operand,
                                   const Type &type) {
  if (auto value = constant(operand)) {
    uint64_t bits = static_cast<uint64_t>(*value);
    switch (op) {
    case ir::Op::Neg:
      return intConst(static_cast<int64_t>(0 - bits), type);
    case ir::Op::BitNot:
      return intConst(static_cast<int64_t>(~bits), type);
    case ir::Op::LogicalNot:
      return intConst(*value == 0, type);
    default:
      break;
    }
  }
  ir::Expr expr;
  expr.kind = ir::ExprKind::Unary;
  expr.op = op;
  expr.type = type;
  expr.lhs = operand;
  return intern(expr);
}

static std::optional<int64_t> foldBinary(ir::Op op, int64_t a, int64_t b,
                                         const ir::Type &type,
                                         const ir::Type &operands) {
  uint64_t ua = static_cast<uint64_t>(a);
  uint64_t ub = static_cast<uint64_t>(b);
  bool isSigned = operands.kind == ir::TypeKind::Int && operands.isSigned;
  uint64_t width = operands.size ? operands.size * 8 : 64;
  switch (op) {
  case ir::Op::Add:
    return static_cast<int64_t>(ua + ub);
  case ir::Op::Sub:
    return static_cast<int64_t>(ua - ub);
  case ir::Op::Mul:
    return static_cast<int64_t>(ua * ub);
  case ir::Op::Div:
  case ir::Op::Rem:
    if (b == 0 || (isSigned && b == -1 && a == INT64_MIN))
      return std::nullopt;
    if (isSigned)
      return op == ir::Op::Div ? a / b : a % b;
    return static_cast<int64_t>(op == ir::Op::Div ? ua / ub : ua % ub);
  case ir::Op::Shl:
    if (ub >= width)
      return std::nullopt;
    return static_cast<int64_t>(ua << ub);
  case ir::Op::Shr:
    if (ub >= width)
      return std::nullopt;
    return isSigned ? a >> ub : static_cast<int64_t>(ua >> ub);
  case ir::Op::And:
    return a & b;
  case ir::Op::Or:
    return a | b;
  case ir::Op::Xor:
    return a ^ b;
  case ir::Op::Eq:
    return a == b;
  case ir::Op::Ne:
    return a != b;
  case ir::Op::Lt:
    return isSigned ? a < b : ua < ub;
  case ir::Op::Le:
    return isSigned ? a <= b : ua <= ub;
  case ir::Op::Gt:
    return isSigned ? a > b : ua > ub;
  case ir::Op::Ge:
    return isSigned ? a >= b : ua >= ub;
  default:
    return std::nullopt;
  }
}

ir::ExprId FunctionLowering::binary(ir::Op op, ExprId lhs, ExprId rhs,
                                    const Type &type) {
  auto a = constant(lhs);
  auto b = constant(rhs);
  if (a && b)
    if (auto folded = foldBinary(op, *a, *b, type, at(lhs).type))
      return intConst(*folded, type);
  ir::Expr expr;
  expr.kind = ir::ExprKind::Binary;
  expr.op = op;
  expr.type = type;
  expr.lhs = lhs;
  expr.rhs = rhs;
  return intern(expr);
}

ir::ExprId FunctionLowering::castTo(ExprId value, const Type &type) {
  const ir::Expr &from = at(value);
  if (from.type == type)
    return value;
  if (from.kind == ir::ExprKind::Int)
    return intConst(from.value, type);
  // Addresses keep their meaning as integers of their size.
  bool scalars =
      (from.type.kind == ir::TypeKind::Pointer ||
       from.type.kind == ir::TypeKind::Int) &&
      (type.kind == ir::TypeKind::Pointer || type.kind == ir::TypeKind::Int);
  if (scalars && from.type.size == type.size &&
      from.type.kind == ir::TypeKind::Pointer)
    return value;
  ir::Expr expr;
  expr.kind = ir::ExprKind::Cast;
  expr.type = type;
  expr.lhs = value;
  return intern(expr);
}

ir::ExprId FunctionLowering::notOf(ExprId value) {
  const ir::Expr &expr = at(value);
  if (expr.kind == ir::ExprKind::Unary && expr.op == ir::Op::LogicalNot)
    return expr.lhs; // as a truth value
  return unary(ir::Op::LogicalNot, value, {ir::TypeKind::Int, true, 4});
}

ir::ExprId FunctionLowering::isNonZero(ExprId value) {
  const ir::Expr &expr = at(value);
  Type boolean{ir::TypeKind::Int, false, 1};
  switch (expr.op) {
  case ir::Op::Eq:
  case ir::Op::Ne:
  case ir::Op::Lt:
  case ir::Op::Le:
  case ir::Op::Gt:
  case ir::Op::Ge:
  case ir::Op::LogicalNot:
    return castTo(value, boolean);
  default:
    break;
  }
  Type type = expr.type;
  return binary(ir::Op::Ne, value, intConst(0, type), boolean);
}

} // namespace mdlcheck::frontend
