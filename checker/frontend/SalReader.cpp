//===-- SalReader.cpp - whose annotation is it ----------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/SalReader.h"

#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Lexer.h"
#include "clang/Lex/MacroInfo.h"
#include "clang/Lex/Preprocessor.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;

namespace mdlcheck::frontend {

/// Macros that stand for macros: this deep they are looked into.
static constexpr unsigned kMaxDepth = 6;

SalReader::SalReader(std::vector<SalMark> all, ASTContext &ast,
                     Preprocessor &pp, FieldNames fieldName)
    : marks(std::move(all)), ast(ast), pp(pp), sources(ast.getSourceManager()),
      fieldName(std::move(fieldName)) {
  for (size_t i = 0; i < marks.size(); ++i)
    marks[i].number = unsigned(i);
  llvm::sort(marks, [](const SalMark &a, const SalMark &b) {
    return std::pair(a.range.getBegin(), a.number) <
           std::pair(b.range.getBegin(), b.number);
  });
}

//===----------------------------------------------------------------------===//
// Which ones
//===----------------------------------------------------------------------===//

bool SalReader::isApart(SourceLocation from, SourceLocation to) const {
  auto [file, begin] = sources.getDecomposedLoc(from);
  auto [toFile, end] = sources.getDecomposedLoc(to);
  bool invalid = false;
  StringRef buffer = sources.getBufferData(file, &invalid);
  if (invalid || file != toFile || end > buffer.size() || begin > end)
    return true;
  Lexer lexer(sources.getLocForStartOfFile(file), ast.getLangOpts(),
              buffer.begin(), buffer.begin() + begin, buffer.end());
  Token token;
  // The token at `from` is part of what stands there.
  lexer.LexFromRawLexer(token);
  for (;;) {
    lexer.LexFromRawLexer(token);
    if (token.is(tok::eof) || sources.getFileOffset(token.getLocation()) >= end)
      return false;
    if (token.isOneOf(tok::semi, tok::l_brace, tok::r_brace))
      return true;
  }
}

std::vector<SalNote> SalReader::read(SourceRange range, FunctionTypeLoc type,
                                     llvm::ArrayRef<std::string> names) const {
  std::vector<SalNote> notes;
  if (marks.empty() || range.isInvalid())
    return notes;
  SourceLocation begin = sources.getExpansionLoc(range.getBegin());
  SourceLocation end = sources.getExpansionRange(range.getEnd()).getEnd();
  FileID file = sources.getFileID(begin);
  if (sources.getFileID(end) != file || end < begin)
    return notes;
  auto isHere = [&](const SalMark &mark) {
    return sources.isInFileID(mark.range.getBegin(), file) &&
           sources.isInFileID(mark.range.getEnd(), file);
  };
  auto first = llvm::partition_point(marks, [&](const SalMark &mark) {
    return mark.range.getBegin() < begin;
  });
  auto last = first;
  while (first != marks.begin() && isHere(*std::prev(first)) &&
         !isApart(std::prev(first)->range.getEnd(), begin)) {
    --first;
    begin = first->range.getBegin();
  }
  while (last != marks.end() && isHere(*last) &&
         (!(end < last->range.getBegin()) ||
          !isApart(end, last->range.getBegin())))
    ++last;

  Scope scope;
  scope.names = names;
  llvm::SmallVector<SourceLocation, 8> paramEnds;
  SourceLocation paren;
  if (type) {
    scope.params = type.getParams();
    paren = sources.getExpansionLoc(type.getLParenLoc());
    for (const ParmVarDecl *param : scope.params)
      paramEnds.push_back(
          param ? sources.getExpansionRange(param->getEndLoc()).getEnd()
                : SourceLocation());
  }
  for (auto mark = first; mark != last; ++mark) {
    SalNote note;
    note.kind = mark->word->kind;
    SourceLocation at = mark->range.getBegin();
    if (paren.isValid() && paren < at)
      for (size_t i = 0; i < paramEnds.size() && note.param < 0; ++i)
        if (paramEnds[i].isValid() && !(paramEnds[i] < at))
          note.param = int(i);
    note.text = textOf(*mark, scope, note.arg);
    notes.push_back(std::move(note));
  }
  return notes;
}

std::vector<SalNote> SalReader::read(const FunctionDecl *function,
                                     llvm::ArrayRef<std::string> names) const {
  if (marks.empty() || function->isImplicit())
    return {};
  SourceRange range = function->getSourceRange();
  FunctionTypeLoc type = function->getFunctionTypeLoc();
  if (type)
    range.setEnd(type.getLocalRangeEnd());
  return read(range, type, names);
}

std::vector<SalNote> SalReader::read(const TypedefNameDecl *typedefName,
                                     llvm::ArrayRef<std::string> names) const {
  if (marks.empty() || !typedefName->getTypeSourceInfo())
    return {};
  return read(typedefName->getSourceRange(),
              typedefName->getTypeSourceInfo()
                  ->getTypeLoc()
                  .IgnoreParens()
                  .getAsAdjusted<FunctionTypeLoc>(),
              names);
}

//===----------------------------------------------------------------------===//
// What they say
//===----------------------------------------------------------------------===//

std::string SalReader::written(SourceRange range) const {
  if (range.isInvalid())
    return {};
  CharSourceRange spelled =
      CharSourceRange::getTokenRange(sources.getSpellingLoc(range.getBegin()),
                                     sources.getSpellingLoc(range.getEnd()));
  return Lexer::getSourceText(spelled, sources, ast.getLangOpts()).str();
}

std::string SalReader::textOf(const SalMark &mark, const Scope &scope,
                              std::string &firstArg) const {
  std::string text = mark.word->name;
  if (!mark.word->args)
    return text;
  text += '(';
  for (size_t i = 0; i < mark.args.size(); ++i) {
    std::string arg = resolved(written(mark.args[i]), scope, 0);
    if (i == 0)
      firstArg = arg;
    else
      text += ", ";
    text += arg;
  }
  return text + ')';
}

/// The number that a macro or an enumerator stands for, or the expression.
std::optional<std::string> SalReader::constant(StringRef name,
                                               unsigned depth) const {
  // Levels differ between targets in number only.
  if (name == "NULL" || name == "TRUE" || name == "FALSE" ||
      name.ends_with("_LEVEL") || depth > kMaxDepth)
    return std::nullopt;
  IdentifierInfo &id = pp.getIdentifierTable().get(name);
  if (const MacroInfo *macro = pp.getMacroInfo(&id)) {
    if (!macro->isObjectLike() || macro->getNumTokens() == 0 ||
        macro->getNumTokens() > 32)
      return std::nullopt;
    std::string body;
    for (const Token &token : macro->tokens()) {
      if (token.hasLeadingSpace() && !body.empty())
        body += ' ';
      body += pp.getSpelling(token);
    }
    std::string value = resolved(body, {}, depth + 1);
    bool isOne = llvm::all_of(
        value, [](char c) { return llvm::isAlnum(c) || c == '_'; });
    return isOne ? value : '(' + value + ')';
  }
  for (const NamedDecl *decl : ast.getTranslationUnitDecl()->lookup(&id))
    if (const auto *enumerator = dyn_cast<EnumConstantDecl>(decl)) {
      int64_t value = enumerator->getInitVal().getExtValue();
      return value < 0 ? '(' + std::to_string(value) + ')'
                       : std::to_string(value);
    }
  return std::nullopt;
}

static const FieldDecl *memberNamed(QualType pointer, StringRef name) {
  QualType pointee = pointer->getPointeeType();
  const RecordDecl *record =
      pointee.isNull() ? nullptr : pointee->getAsRecordDecl();
  if (record)
    record = record->getDefinition();
  if (!record)
    return nullptr;
  for (const FieldDecl *field : record->fields())
    if (field->getName() == name)
      return field;
  // Those of anonymous members.
  for (const Decl *decl : record->decls())
    if (const auto *field = dyn_cast<IndirectFieldDecl>(decl))
      if (field->getName() == name)
        return field->getAnonField();
  return nullptr;
}

std::string SalReader::resolved(StringRef text, const Scope &scope,
                                unsigned depth) const {
  // The lexer wants a zero behind the last character.
  std::string source = text.str();
  Lexer lexer(SourceLocation(), ast.getLangOpts(), source.data(), source.data(),
              source.data() + source.size());
  std::string result;
  Token token;
  QualType lastType; ///< of the name or member just passed
  bool isMember = false;
  for (;;) {
    lexer.LexFromRawLexer(token);
    if (token.is(tok::eof))
      return result;
    size_t length = token.getLength();
    StringRef spelling(lexer.getBufferLocation() - length, length);
    if (!result.empty() && (token.hasLeadingSpace() || token.isAtStartOfLine()))
      result += ' ';
    QualType type;
    if (token.isNot(tok::raw_identifier)) {
      result += spelling;
      if (token.is(tok::arrow))
        type = lastType;
      isMember = token.isOneOf(tok::arrow, tok::period);
      lastType = type;
      continue;
    }
    std::string replacement = spelling.str();
    if (isMember) {
      const FieldDecl *field =
          lastType.isNull() ? nullptr : memberNamed(lastType, spelling);
      if (field) {
        replacement = fieldName(field);
        type = field->getType();
      }
    } else {
      const auto *param =
          llvm::find_if(scope.params, [&](const ParmVarDecl *p) {
            return p && p->getName() == spelling;
          });
      if (param != scope.params.end()) {
        size_t number = size_t(param - scope.params.begin());
        if (number < scope.names.size() && !scope.names[number].empty())
          replacement = scope.names[number];
        type = (*param)->getType();
      } else if (spelling != "return" && !contract::salWord(spelling)) {
        if (auto value = constant(spelling, depth))
          replacement = *value;
      }
    }
    result += replacement;
    lastType = type;
    isMember = false;
  }
}

} // namespace mdlcheck::frontend
