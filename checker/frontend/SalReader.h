//===-- SalReader.h - whose annotation is it ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/frontend.
//
// SAL reaches the AST with some headers and some definitions, and else not at
// all. The preprocessor sees every annotation, so those are taken that stand
// where a declaration is: from behind what comes before it to its end.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_SALREADER_H
#define MDLCHECK_FRONTEND_SALREADER_H

#include "contract/SalVocabulary.h"
#include "frontend/Lowering.h"

#include "clang/AST/ASTContext.h"
#include "clang/AST/Decl.h"
#include "clang/AST/TypeLoc.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"

#include <functional>

namespace mdlcheck::frontend {

/// One annotation of a declaration.
struct SalNote {
  contract::SalKind kind = contract::SalKind::Group;
  int param = -1; ///< that it stands at; -1: none
  /// Macros and enumerators that are numbers are replaced, parameters have
  /// the names asked for, and members their records (contract/SalContract.h).
  std::string text;
  std::string arg; ///< the first one
};

class SalReader {
public:
  /// How contracts name a member: "record::field".
  using FieldNames = std::function<std::string(const clang::FieldDecl *)>;

  SalReader(std::vector<SalMark> marks, clang::ASTContext &ast,
            clang::Preprocessor &pp, FieldNames fieldName);

  /// What stands at this very declaration, and not at others of the function.
  /// `names` are what its parameters are to be called.
  std::vector<SalNote> read(const clang::FunctionDecl *function,
                            llvm::ArrayRef<std::string> names) const;
  /// The same for a typedef of a function type.
  std::vector<SalNote> read(const clang::TypedefNameDecl *type,
                            llvm::ArrayRef<std::string> names) const;

private:
  /// Names in the text of an annotation.
  struct Scope {
    llvm::ArrayRef<clang::ParmVarDecl *> params;
    llvm::ArrayRef<std::string> names;
  };
  std::vector<SalNote> read(clang::SourceRange range,
                            clang::FunctionTypeLoc type,
                            llvm::ArrayRef<std::string> names) const;
  /// Does something end between two places of one file, so that what stands
  /// at the first is no part of a declaration at the second?
  bool isApart(clang::SourceLocation from, clang::SourceLocation to) const;
  std::string textOf(const SalMark &mark, const Scope &scope,
                     std::string &firstArg) const;
  std::string written(clang::SourceRange range) const;
  std::string resolved(llvm::StringRef text, const Scope &scope,
                       unsigned depth) const;
  std::optional<std::string> constant(llvm::StringRef name,
                                      unsigned depth) const;

  std::vector<SalMark> marks; ///< by place
  clang::ASTContext &ast;
  clang::Preprocessor &pp;
  const clang::SourceManager &sources;
  FieldNames fieldName;
};

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_SALREADER_H
