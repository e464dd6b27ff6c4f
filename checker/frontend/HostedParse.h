//===-- HostedParse.h - a unit that somebody else parses --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For compiler plugins: parse() without the parsing. This header only names
// Clang's classes.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_HOSTEDPARSE_H
#define MDLCHECK_FRONTEND_HOSTEDPARSE_H

#include "frontend/Frontend.h"

#include <memory>

namespace clang {
class ASTContext;
class Preprocessor;
} // namespace clang

namespace mdlcheck::frontend {

struct PreprocessorRecord;

/// A translation unit in a compiler that hosts us. Nothing it does changes
/// what the compiler reads, reports or generates.
class HostedParse {
public:
  /// Watches `pp`, which has not read anything yet and outlives this.
  HostedParse(clang::Preprocessor &pp, FrontendOptions options);
  ~HostedParse();
  HostedParse(const HostedParse &) = delete;
  HostedParse &operator=(const HostedParse &) = delete;

  /// What parse() would give for the same file and command, made from the
  /// host's AST. Only where parse() reads the source in another way (it makes
  /// assumptions for analysers part of the program, and goes on after errors)
  /// is it read again. To be called once, with all of the source parsed.
  ParsedUnit finish(clang::ASTContext &ast);

  /// The same source with the same flags, when files have these texts in place
  /// of their own.
  ParsedUnit
  reparse(clang::ASTContext &ast,
          std::shared_ptr<const std::map<std::string, std::string>> buffers);

private:
  ParsedUnit lowerHostsAst(clang::ASTContext &ast);
  ParsedUnit
  parseAgain(clang::ASTContext &ast,
             std::shared_ptr<const std::map<std::string, std::string>> buffers);

  clang::Preprocessor &pp;
  FrontendOptions options;
  /// Shared with the callbacks, which the preprocessor owns.
  std::shared_ptr<PreprocessorRecord> record;
};

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_HOSTEDPARSE_H
