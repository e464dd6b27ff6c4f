//===-- Sections.cpp - where the code of a function lies ------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/Sections.h"

#include "clang/AST/Attr.h"
#include "clang/AST/DeclCXX.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Lexer.h"
#include "clang/Lex/MacroInfo.h"
#include "clang/Lex/Preprocessor.h"
#include "llvm/ADT/SmallVector.h"

#include <tuple>

using namespace clang;

namespace mdlcheck::frontend {

static constexpr llvm::StringLiteral kAllocText = "alloc_text";

/// The words and quoted texts of the pragma at `loc`, without punctuation.
static llvm::SmallVector<std::string, 8>
wordsOf(Preprocessor &pp, SourceLocation loc, PragmaIntroducerKind introducer) {
  llvm::SmallVector<std::string, 8> words;
  const SourceManager &sources = pp.getSourceManager();
  auto [file, offset] = sources.getDecomposedLoc(sources.getSpellingLoc(loc));
  bool invalid = false;
  llvm::StringRef buffer = sources.getBufferData(file, &invalid);
  if (invalid || offset > buffer.size())
    return words;
  Lexer lexer(sources.getLocForStartOfFile(file), pp.getLangOpts(),
              buffer.begin(), buffer.begin() + offset, buffer.end());
  bool isLine = introducer == PIK_HashPragma;
  unsigned depth = 0;
  Token token;
  for (bool first = true;; first = false) {
    lexer.LexFromRawLexer(token);
    if (token.is(tok::eof) || (isLine && !first && token.isAtStartOfLine()))
      return words;
    if (token.is(tok::l_paren))
      ++depth;
    else if (token.is(tok::r_paren) && (!depth || --depth == 0) && !isLine)
      return words;
    else if (token.isOneOf(tok::raw_identifier, tok::string_literal))
      words.push_back(
          llvm::StringRef(Lexer::getSpelling(token, sources, pp.getLangOpts()))
              .trim('"')
              .str());
  }
}

void readAllocText(Preprocessor &pp, SourceLocation loc,
                   PragmaIntroducerKind introducer, TextSections &sections) {
  if (loc.isInvalid())
    return;
  llvm::SmallVector<std::string, 8> words = wordsOf(pp, loc, introducer);
  // The first one is `pragma`, `__pragma` or `_Pragma`.
  if (words.size() < 3)
    return;
  llvm::ArrayRef<std::string> functions = llvm::ArrayRef(words).drop_front(3);
  std::string section = words[2];
  if (words[1] != kAllocText) {
    const MacroInfo *macro = pp.getMacroInfo(pp.getIdentifierInfo(words[1]));
    // alloc_text(PAGE, F)
    if (!macro || !macro->isFunctionLike() || macro->getNumTokens() < 3 ||
        pp.getSpelling(macro->tokens()[0]) != kAllocText)
      return;
    section = pp.getSpelling(macro->tokens()[2]);
    functions = llvm::ArrayRef(words).drop_front(2);
  }
  for (const std::string &name : functions)
    sections[name] = section;
}

/// What the declaration itself says, or the pragmas around it.
static std::string writtenSection(const FunctionDecl *function) {
  for (const FunctionDecl *redecl : function->redecls()) {
    if (const auto *attr = redecl->getAttr<CodeSegAttr>())
      return attr->getName().str();
    if (const auto *attr = redecl->getAttr<SectionAttr>())
      return attr->getName().str();
  }
  return {};
}

std::string sectionOf(const FunctionDecl *function,
                      const TextSections &sections) {
  std::string written = writtenSection(function);
  if (!written.empty())
    return written;
  if (const auto *method = dyn_cast<CXXMethodDecl>(function)) {
    const CXXRecordDecl *parent = method->getParent();
    const auto *outer =
        parent->isLambda()
            ? dyn_cast_or_null<FunctionDecl>(
                  parent->getDeclContext()->getNonClosureAncestor())
            : nullptr;
    return outer ? writtenSection(outer) : "";
  }
  if (sections.empty() || !function->getIdentifier() ||
      !function->getDeclContext()->getRedeclContext()->isFileContext())
    return {};
  auto it = sections.find(function->getName());
  return it != sections.end() ? it->second : "";
}

} // namespace mdlcheck::frontend
