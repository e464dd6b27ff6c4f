//===-- LowerUnit.h - tables of a unit while lowering ---------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the functions of a unit share: types, declarations, members, globals
// and literals, and which functions are to be lowered.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_LOWERUNIT_H
#define MDLCHECK_FRONTEND_LOWERUNIT_H

#include "frontend/LowerSpans.h"
#include "frontend/Lowering.h"
#include "frontend/SalReader.h"

#include "clang/AST/ASTContext.h"
#include "clang/AST/Decl.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/Expr.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/Mangle.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <deque>

namespace mdlcheck::frontend {

/// The width of an integer or pointer value, for folding.
int64_t normalise(uint64_t value, const ir::Type &type);

class UnitLowering {
public:
  UnitLowering(clang::ASTContext &ast, clang::Preprocessor &pp,
               const LoweringContext &context, ir::Unit &unit);

  void run();

  ir::Type typeOf(clang::QualType type) const;
  /// Size of what a pointer or reference of this type points to, 0 for void,
  /// functions and incomplete types.
  uint64_t pointeeSize(clang::QualType type) const;
  static clang::QualType pointeeType(clang::QualType type);
  uint64_t sizeOf(clang::QualType type) const;

  ir::DeclId declOf(const clang::FunctionDecl *function);
  /// A function known only by its name: macros, intrinsics.
  ir::DeclId declNamed(llvm::StringRef name, const ir::Type &result,
                       bool noReturn = false);
  ir::GlobalId globalOf(const clang::VarDecl *variable);
  /// A compound literal with static storage.
  ir::GlobalId globalOf(const clang::CompoundLiteralExpr *literal);
  ir::StringId stringOf(const clang::StringLiteral *literal);
  ir::StringId stringOf(llvm::StringRef bytes);

  struct FieldRef {
    ir::FieldId id;
    uint8_t bitOffset = 0;
    uint8_t bitWidth = 0;
  };
  /// The member relative to the outermost record that is not anonymous.
  FieldRef fieldOf(const clang::FieldDecl *field);

  clang::ASTContext &ast;
  const LoweringContext &context;
  ir::Unit &unit;
  SourceText source;

private:
  void collectAll(const clang::DeclContext *decls);
  void collect(const clang::Decl *decl);
  void enqueue(const clang::FunctionDecl *definition);
  void lowerQueued();
  void describe(const clang::FunctionDecl *function, ir::FunctionDecl &out);
  void addTypedefs(const clang::TypeSourceInfo *info, ir::FunctionDecl &out,
                   std::vector<std::string> &paramAnnotations);
  static void addSal(std::vector<SalNote> notes, unsigned firstParam,
                     ir::FunctionDecl &out,
                     std::vector<std::string> &paramAnnotations);
  std::string linkNameOf(const clang::NamedDecl *decl);
  std::string nameOf(const clang::FunctionDecl *function) const;
  std::string recordName(const clang::RecordDecl *record) const;
  uint64_t offsetOfAnonymous(const clang::RecordDecl *&record) const;
  void addInits(const clang::APValue &value, clang::QualType type,
                uint64_t offset, ir::FieldId member,
                std::vector<ir::GlobalInit> &inits);
  void addAddress(const clang::APValue &value, ir::GlobalInit init,
                  std::vector<ir::GlobalInit> &inits);
  std::string errorIn(const clang::FunctionDecl *function) const;
  void skip(const clang::FunctionDecl *function, std::string reason);

  clang::ASTNameGenerator names;
  SalReader sal;
  llvm::DenseMap<const clang::FunctionDecl *, ir::DeclId> decls;
  llvm::StringMap<ir::DeclId> namedDecls;
  llvm::StringSet<> linkNames;
  llvm::DenseMap<const clang::VarDecl *, ir::GlobalId> globals;
  llvm::DenseMap<const clang::Expr *, ir::GlobalId> literals;
  llvm::StringMap<ir::StringId> strings;
  llvm::DenseMap<const clang::FieldDecl *, FieldRef> fields;
  llvm::DenseSet<const clang::FunctionDecl *> queued;
  std::deque<const clang::FunctionDecl *> queue;
  std::vector<const clang::VarDecl *> pendingInits;
};

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_LOWERUNIT_H
