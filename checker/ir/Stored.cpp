//===-- Stored.cpp - the stored form of a unit ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ir/Stored.h"

#include "ir/Verifier.h"
#include "support/Archive.h"
#include "support/Error.h"

using namespace mdlcheck;
using namespace mdlcheck::ir;

namespace mdlcheck {

template <typename A, MaybeConst<Span> T> void archive(A &a, T &s) {
  auto &[file, line, column, endLine, endColumn] = s;
  a(file);
  if (file)
    a(line, column, endLine, endColumn);
}

} // namespace mdlcheck

namespace mdlcheck::ir {

template <typename A, MaybeConst<Type> T> void archive(A &a, T &t) {
  auto &[kind, isSigned, size] = t;
  a.upTo(kind, TypeKind::Aggregate);
  a(isSigned, size);
}

template <typename A, MaybeConst<Expr> T> void archive(A &a, T &e) {
  auto &[kind, op, type, value, index, lhs, rhs] = e;
  a.upTo(kind, ExprKind::Cast);
  a.upTo(op, Op::Ge);
  a(type, value, index, lhs, rhs);
}

template <typename A, MaybeConst<CallArg> T> void archive(A &a, T &arg) {
  auto &[value, type, pointeeSize, pointeeConst] = arg;
  a(value, type, pointeeSize, pointeeConst);
}

template <typename A, MaybeConst<Instr> T> void archive(A &a, T &i) {
  auto &[kind, assumeKind, isVolatile, bitOffset, bitWidth, span, type, dst,
         addr, value, local, text, detail, callee, target, args, resultAddr,
         isVirtual, isMacro, argTexts] = i;
  a.upTo(kind, InstrKind::EndLifetime);
  a(span, type, dst, addr, value);
  switch (kind) {
  case InstrKind::Load:
  case InstrKind::Store:
    a(isVolatile, bitOffset, bitWidth);
    break;
  case InstrKind::Assume:
    a.upTo(assumeKind, AssumeKind::Resumed);
    a(text, detail);
    break;
  case InstrKind::Call:
    a(callee, target, args, resultAddr, isVirtual, isMacro, argTexts);
    break;
  case InstrKind::EndLifetime:
    a(local);
    break;
  default:
    break;
  }
}

template <typename A, MaybeConst<Block> T> void archive(A &a, T &b) {
  auto &[instrs, succs, unwind] = b;
  a(instrs, succs, unwind);
}

template <typename A, MaybeConst<Local> T> void archive(A &a, T &l) {
  auto &[name, type, typeName, span, isParam, isVolatile] = l;
  a(name, type, typeName, span, isParam, isVolatile);
}

template <typename A, MaybeConst<Function> T> void archive(A &a, T &f) {
  auto &[decl, span, endSpan, locals, numParams, numTemps, exprs, blocks, entry,
         exit, unwindExit, result, exceptionCode] = f;
  a(decl, span, endSpan, locals, numParams, numTemps, exprs, blocks, entry,
    exit, unwindExit, result, exceptionCode);
}

template <typename A, MaybeConst<FunctionDecl> T> void archive(A &a, T &d) {
  auto &[name, linkName, resultType, paramNames, isStatic, isInline, isNoReturn,
         isVariadic, inSystemHeader, isImplicit, annotations, roles, body,
         span] = d;
  a(name, linkName, resultType, paramNames, isStatic, isInline, isNoReturn,
    isVariadic, inSystemHeader, isImplicit, annotations, roles, body, span);
}

template <typename A, MaybeConst<GlobalInit> T> void archive(A &a, T &i) {
  auto &[offset, type, kind, value, index, field] = i;
  a(offset, type);
  a.upTo(kind, GlobalInit::Kind::StringAddr);
  a(value, index, field);
}

template <typename A, MaybeConst<Global> T> void archive(A &a, T &g) {
  auto &[name, linkName, type, isConst, isStatic, isExtern, inits] = g;
  a(name, linkName, type, isConst, isStatic, isExtern, inits);
}

template <typename A, MaybeConst<Field> T> void archive(A &a, T &f) {
  auto &[record, name, offset, type, inSystemHeader] = f;
  a(record, name, offset, type, inSystemHeader);
}

template <typename A, MaybeConst<SkippedFunction> T> void archive(A &a, T &s) {
  auto &[name, span, reason] = s;
  a(name, span, reason);
}

template <typename A, MaybeConst<Unit> T> void archive(A &a, T &u) {
  auto &[mainFile, files, strings, fields, globals, decls, functions, skipped] =
      u;
  a(mainFile, files, strings, fields, globals, decls, functions, skipped);
}

} // namespace mdlcheck::ir

static constexpr const char *kKind = "mdIR";
static constexpr uint32_t kVersion = 1;

std::string ir::store(const Unit &unit) {
  ArchiveWriter writer;
  writer(unit);
  return sealed(kKind, kVersion, writer.bytes());
}

llvm::Expected<Unit> ir::readStored(llvm::StringRef bytes,
                                    const std::string &name) {
  std::optional<llvm::StringRef> payload = unsealed(kKind, kVersion, bytes);
  if (!payload)
    return inputError(name, 0, "is not a whole program graph of this version");
  ArchiveReader reader(*payload);
  Unit unit;
  reader(unit);
  bool isUsable = !reader.failed() && reader.atEnd();
  // Tables the size of what is named, not of what there is, are made later.
  for (const Function &f : unit.functions)
    isUsable &= f.numTemps <= payload->size();
  if (!isUsable || !verify(unit).empty())
    return inputError(name, 0, "does not hold a well-formed program graph");
  return unit;
}
