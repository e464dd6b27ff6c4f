//===-- Ir.h - the program graph ------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A translation unit as basic blocks over a handful of instructions, in the
// manner of Infer's SIL. Nothing here knows Clang and nothing here knows a
// DDI: what a call does is decided by contracts at analysis time, so a stored
// graph does not depend on the rules.
//
// Every block names the block control reaches when an instruction in it
// raises a structured exception (`Block::unwind`). Whether anything flows
// along that edge is the analysis' business. Branches have no condition of
// their own: each successor starts with the Assume that selects it.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_IR_IR_H
#define MDLCHECK_IR_IR_H

#include "support/Ids.h"
#include "support/Span.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdlcheck::ir {

using ExprId = Id<struct ExprTag>;     ///< into Function::exprs
using TempId = Id<struct TempTag>;     ///< below Function::numTemps
using LocalId = Id<struct LocalTag>;   ///< into Function::locals
using BlockId = Id<struct BlockTag>;   ///< into Function::blocks
using GlobalId = Id<struct GlobalTag>; ///< into Unit::globals
using FieldId = Id<struct FieldTag>;   ///< into Unit::fields
using DeclId = Id<struct DeclTag>;     ///< into Unit::decls (functions)
using StringId = Id<struct StringTag>; ///< into Unit::strings (literals)

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

enum class TypeKind : uint8_t { Void, Int, Pointer, Float, Aggregate };

/// All the analysis needs to know of a type. BOOLEAN and enumerations are
/// Int; `_Bool` is a one-byte unsigned Int. Arrays, structures, unions,
/// vectors and class objects are Aggregate. `size` is in bytes, 0 when
/// unknown or incomplete.
struct Type {
  TypeKind kind = TypeKind::Void;
  bool isSigned = false; ///< Int only
  uint64_t size = 0;

  friend bool operator==(const Type &a, const Type &b) {
    return a.kind == b.kind && a.isSigned == b.isSigned && a.size == b.size;
  }
  friend bool operator!=(const Type &a, const Type &b) { return !(a == b); }
};

//===----------------------------------------------------------------------===//
// Expressions: pure, no memory access, no calls
//===----------------------------------------------------------------------===//

enum class ExprKind : uint8_t {
  Int,          ///< value; integer, enumeration or pointer constant (null = 0)
  Temp,         ///< temp
  LocalAddr,    ///< address of `local`
  GlobalAddr,   ///< address of `global`
  FunctionAddr, ///< address of function `decl`
  StringAddr,   ///< address of string literal `string`
  FieldAddr,    ///< lhs = address of a record, `field` in it
  IndexAddr, ///< lhs = address, rhs = index, `value` = element size in bytes.
             ///< Pointer arithmetic too; element size 1 for byte offsets.
  Unary,     ///< op lhs
  Binary,    ///< lhs op rhs; comparisons have type Int and are 0 or 1
  Cast,      ///< lhs converted to `type` (truncated, sign- or zero-extended)
};

enum class Op : uint8_t {
  None,
  Neg,
  BitNot,
  LogicalNot, // Unary
  Add,
  Sub,
  Mul,
  Div,
  Rem,
  Shl,
  Shr,
  And,
  Or,
  Xor, // Binary, typed by `type`
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge, // Binary, typed by operands
};

struct Expr {
  ExprKind kind = ExprKind::Int;
  Op op = Op::None;
  Type type;
  /// Int: the value, two's complement, sign- or zero-extended from `type` to
  /// 64 bits. IndexAddr: element size in bytes.
  int64_t value = 0;
  /// Temp, LocalAddr, GlobalAddr, FunctionAddr, StringAddr, FieldAddr: the id.
  uint32_t index = 0;
  ExprId lhs;
  ExprId rhs;

  TempId temp() const { return TempId(index); }
  LocalId local() const { return LocalId(index); }
  GlobalId global() const { return GlobalId(index); }
  DeclId decl() const { return DeclId(index); }
  StringId string() const { return StringId(index); }
  FieldId field() const { return FieldId(index); }
};

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

enum class InstrKind : uint8_t {
  Load,        ///< dst = *addr, of `type`
  Store,       ///< *addr = value, of `type`
  Copy,        ///< `type.size` bytes from address `value` to address `addr`
  Zero,        ///< `type.size` bytes at `addr` become 0 (initialisers)
  Call,        ///< dst = call(args)
  Assume,      ///< control goes on only where `value` is non-zero
  Havoc,       ///< dst = any value of `type` (floating point, intrinsics...)
  EndLifetime, ///< the storage of `local` ends here
};

/// Why an Assume stands where it does. It words the path note.
enum class AssumeKind : uint8_t {
  BranchTrue,  ///< `text` is true
  BranchFalse, ///< `text` is false
  Case,        ///< switch on `text` takes `case <detail>:`
  Default,     ///< switch on `text` takes `default:` or no case at all
  LoopEnter,   ///< loop condition `text` holds, the body is entered (again)
  LoopExit,    ///< loop condition `text` does not hold
  Filter,      ///< the exception filter `text` chose <detail>
  Stated,      ///< __assume, _Analysis_assume_: the author says so
  Implicit,    ///< made by lowering, not worth a note
  // Marks on the way: their condition is the constant 1.
  Leave,     ///< the function is left here, by `return` or its closing brace
  Handled,   ///< a handler has been chosen for the exception under way
  Unhandled, ///< no handler in this function takes it
  Resumed,   ///< a filter sent it back to where it was raised
};

struct CallArg {
  ExprId value;
  Type type;
  /// Pointer arguments: size of what it points to, 0 for void and incomplete
  /// types (then all of the object may be meant).
  uint64_t pointeeSize = 0;
  bool pointeeConst = false; ///< the parameter points to const
};

struct Instr {
  InstrKind kind = InstrKind::Load;
  AssumeKind assumeKind = AssumeKind::Implicit; ///< Assume
  bool isVolatile = false;                      ///< Load, Store
  /// Load and Store of a bit-field: bits from `bitOffset` (from the least
  /// significant bit of the unit at `addr`), `bitWidth` of them; else 0.
  uint8_t bitOffset = 0;
  uint8_t bitWidth = 0;
  Span span;
  Type type;          ///< Load, Store, Copy, Zero, Havoc; Call: result type
  TempId dst;         ///< Load, Havoc; Call with a scalar result
  ExprId addr;        ///< Load, Store, Copy, Zero
  ExprId value;       ///< Store, Copy, Assume
  LocalId local;      ///< EndLifetime
  std::string text;   ///< Assume: the condition as written
  std::string detail; ///< Assume Case/Filter

  // Call
  DeclId callee;             ///< direct calls; none for indirect ones
  ExprId target;             ///< indirect calls: the function pointer
  std::vector<CallArg> args; ///< `this` first for methods
  ExprId resultAddr;         ///< aggregate result: where it is to be written
  bool isVirtual = false;    ///< callee is what the static type names
  /// Set when the call is a recognised function-like macro (see
  /// FrontendOptions::macrosAsCalls): then `callee` names the macro.
  bool isMacro = false;
  /// How the author wrote each argument, for messages ("Ext->Mdl").
  std::vector<std::string> argTexts;
};

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

struct Block {
  std::vector<Instr> instrs;
  /// Where control may go on; empty for the exit blocks and where it ends.
  std::vector<BlockId> succs;
  /// Where a structured exception raised in this block goes: the filter or
  /// finally part around it, or Function::unwindExit.
  BlockId unwind;
};

struct Local {
  std::string name; ///< as written; "$..." for those made by lowering
  Type type;
  std::string typeName; ///< as written, "PMDL"
  Span span;
  bool isParam = false;
  bool isVolatile = false;
};

/// A function with a body. Locals begin with the parameters in order (`this`
/// first for methods; by-value aggregates are locals of their own).
struct Function {
  DeclId decl;
  Span span;    ///< of the whole definition
  Span endSpan; ///< the closing brace, where falling off the end is reported
  std::vector<Local> locals;
  uint32_t numParams = 0;
  uint32_t numTemps = 0;
  std::vector<Expr> exprs;
  std::vector<Block> blocks;
  BlockId entry;
  BlockId exit;       ///< normal exit; no instructions, no successors
  BlockId unwindExit; ///< exceptional exit; no instructions, no successors
  /// Holds the result when control reaches `exit`; none for void.
  LocalId result;
  /// Written by the analysis with the exception code (a 32-bit NTSTATUS)
  /// whenever control goes along an unwind edge; none without SEH.
  LocalId exceptionCode;
};

//===----------------------------------------------------------------------===//
// Translation units
//===----------------------------------------------------------------------===//

/// A function seen by name: called, its address taken, or defined.
struct FunctionDecl {
  std::string name;     ///< as a message names it: "Foo", "Guard::~Guard"
  std::string linkName; ///< unique in a program; C: the plain name
  Type resultType;
  std::vector<std::string> paramNames;
  bool isStatic = false; ///< internal linkage
  bool isInline = false;
  bool isNoReturn = false; ///< declared so
  bool isVariadic = false;
  bool inSystemHeader = false; ///< declared in a system header
  bool isImplicit = false;     ///< builtin or compiler-made
  /// Source annotations in order (SAL clauses, attributes), as text.
  std::vector<std::string> annotations;
  /// Names of the function typedefs it was declared with (DRIVER_CANCEL...).
  std::vector<std::string> roles;
  int32_t body = -1; ///< index into Unit::functions, -1 without a body
  Span span;
};

/// Part of a constant initialiser.
struct GlobalInit {
  enum class Kind : uint8_t { Int, FunctionAddr, GlobalAddr, StringAddr };
  uint64_t offset = 0; ///< bytes from the start of the object
  Type type;
  Kind kind = Kind::Int;
  int64_t value = 0;  ///< Int: the value; addresses: byte offset added
  uint32_t index = 0; ///< DeclId, GlobalId or StringId
  FieldId field;      ///< the member it initialises, or an element of; or none
};

/// A variable with static storage, function-local statics included.
struct Global {
  std::string name;
  std::string linkName;
  Type type;
  bool isConst = false;
  bool isStatic = false;
  bool isExtern = false;         ///< declared here, defined in another unit
  std::vector<GlobalInit> inits; ///< scalars of the initialiser, if constant
};

/// A member of a structure or union, at its offset in that record.
struct Field {
  std::string record; ///< tag of the record as in the WDK: "_MDL"
  std::string name;   ///< member; through anonymous members the plain name
  uint64_t offset = 0;
  Type type;
  bool inSystemHeader = false; ///< its record is declared in a system header
};

/// A function that could not be lowered whole, and why.
struct SkippedFunction {
  std::string name;
  Span span;
  std::string reason;
};

struct Unit {
  std::string mainFile; ///< path as given
  std::vector<std::string> files;
  std::vector<std::string> strings;
  std::vector<Field> fields;
  std::vector<Global> globals;
  std::vector<FunctionDecl> decls;
  std::vector<Function> functions;
  std::vector<SkippedFunction> skipped;

  const FunctionDecl &declOf(const Function &f) const {
    return decls[f.decl.value];
  }
};

} // namespace mdlcheck::ir

#endif // MDLCHECK_IR_IR_H
