//===-- Lowering.h - Clang's AST to ir ------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/frontend.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_LOWERING_H
#define MDLCHECK_FRONTEND_LOWERING_H

#include "ir/Ir.h"

#include "frontend/Sections.h"

#include "clang/Basic/SourceLocation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace clang {
class ASTContext;
class Decl;
class Preprocessor;
} // namespace clang

namespace mdlcheck::contract {
struct SalWord;
} // namespace mdlcheck::contract

namespace mdlcheck::frontend {

/// Expansions of the macros named in FrontendOptions::macrosAsCalls, recorded
/// while preprocessing and looked up while lowering.
struct MacroExpansion {
  std::string name;
  /// The name token, where it is spelled.
  clang::SourceLocation nameLoc;
  /// For each argument where its first and last tokens are spelled.
  std::vector<clang::SourceRange> args;
};

/// An annotation of SAL, recorded like that whatever its macro is defined as.
struct SalMark {
  const contract::SalWord *word = nullptr;
  /// What of the file stands for it: a macro around it, if there is one.
  clang::SourceRange range;
  /// As of a MacroExpansion.
  llvm::SmallVector<clang::SourceRange, 1> args;
  unsigned number = 0; ///< in the order of their expansion
};

struct LoweringContext {
  /// By the raw encoding of nameLoc's location as PPCallbacks reports it.
  llvm::DenseMap<unsigned, MacroExpansion> expansions;
  /// In the order of their places.
  std::vector<SalMark> salMarks;
  TextSections textSections;
  /// Lines with errors, as spelling locations: a function that contains one
  /// is skipped with the error as its reason.
  std::vector<std::pair<clang::SourceLocation, std::string>> errors;
  /// Declarations at file scope that come out of a SharedHeader; of others in
  /// it nothing is lowered that is not used.
  std::vector<const clang::Decl *> shared;
};

/// Lowers every function defined in the translation unit outside system
/// headers, and the inline functions of system headers they call, directly
/// or not.
void lowerTranslationUnit(clang::ASTContext &ast, clang::Preprocessor &pp,
                          const LoweringContext &context, ir::Unit &unit);

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_LOWERING_H
