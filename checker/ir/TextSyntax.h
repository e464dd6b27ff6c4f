//===-- TextSyntax.h - spellings of the text form -------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the writer and the reader of the text form must agree on: how things
// are spelled, and which types may be left out because both sides know them.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_IR_TEXTSYNTAX_H
#define MDLCHECK_IR_TEXTSYNTAX_H

#include "ir/Ir.h"

#include "llvm/ADT/StringRef.h"

#include <string>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mdlcheck::ir::text {

inline constexpr Type kPtr{TypeKind::Pointer, false, 8};
inline constexpr Type kI32{TypeKind::Int, true, 4};

template <typename T> struct Spelling {
  T value;
  llvm::StringLiteral text;
};

inline constexpr Spelling<Op> kUnaryOps[] = {
    {Op::Neg, "neg"}, {Op::BitNot, "~"}, {Op::LogicalNot, "!"}};

inline constexpr Spelling<Op> kBinaryOps[] = {
    {Op::Add, "+"}, {Op::Sub, "-"},  {Op::Mul, "*"},  {Op::Div, "/"},
    {Op::Rem, "%"}, {Op::Shl, "<<"}, {Op::Shr, ">>"}, {Op::And, "&"},
    {Op::Or, "|"},  {Op::Xor, "^"},  {Op::Eq, "=="},  {Op::Ne, "!="},
    {Op::Lt, "<"},  {Op::Le, "<="},  {Op::Gt, ">"},   {Op::Ge, ">="}};

/// Implicit is the kind without a word.
inline constexpr Spelling<AssumeKind> kAssumeKinds[] = {
    {AssumeKind::BranchTrue, "true"},     {AssumeKind::BranchFalse, "false"},
    {AssumeKind::Case, "case"},           {AssumeKind::Default, "default"},
    {AssumeKind::LoopEnter, "enter"},     {AssumeKind::LoopExit, "exit"},
    {AssumeKind::Filter, "filter"},       {AssumeKind::Stated, "stated"},
    {AssumeKind::Leave, "leave"},         {AssumeKind::Handled, "handled"},
    {AssumeKind::Unhandled, "unhandled"}, {AssumeKind::Resumed, "resumed"}};

inline bool isComparison(Op op) { return op >= Op::Eq && op <= Op::Ge; }

inline bool isAddress(ExprKind kind) {
  return kind >= ExprKind::LocalAddr && kind <= ExprKind::IndexAddr;
}

/// Whether a name can stand unquoted. Names that read like a type or a
/// keyword where a name may stand are quoted.
bool isPlainName(llvm::StringRef name);
/// "void", "i32", "ptr", "agg" and so on.
bool isTypeWord(llvm::StringRef word);

/// `s` in quotes. Text stays as it is, bytes that are no text are escaped.
void writeString(llvm::raw_ostream &os, llvm::StringRef s);
std::string quoted(llvm::StringRef s);
std::string plainOrQuoted(llvm::StringRef name);

/// The type an expression has when none is written after it. `expected` is
/// what the place it stands in suggests for a constant, `lhs` the type of its
/// first operand, `temp` the type its temporary is first defined with.
inline Type defaultType(const Expr &e, Type expected, Type lhs, Type temp) {
  switch (e.kind) {
  case ExprKind::Int:
    return expected.kind == TypeKind::Int || expected.kind == TypeKind::Pointer
               ? expected
               : kI32;
  case ExprKind::Temp:
    return temp;
  case ExprKind::Unary:
    return e.op == Op::LogicalNot ? kI32 : lhs;
  case ExprKind::Binary:
    return isComparison(e.op) ? kI32 : lhs;
  case ExprKind::Cast:
    return e.type;
  default:
    return kPtr;
  }
}

/// `value` cut to the width of `type` and extended again to 64 bits, the one
/// form constants are kept in.
inline int64_t canonicalInt(Type type, int64_t value) {
  if ((type.kind != TypeKind::Int && type.kind != TypeKind::Pointer) ||
      type.size == 0 || type.size >= 8)
    return value;
  unsigned shift = unsigned(64 - type.size * 8);
  uint64_t high = uint64_t(value) << shift;
  return type.isSigned ? int64_t(high) >> shift : int64_t(high >> shift);
}

} // namespace mdlcheck::ir::text

#endif // MDLCHECK_IR_TEXTSYNTAX_H
