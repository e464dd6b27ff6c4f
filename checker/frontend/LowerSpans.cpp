//===-- LowerSpans.cpp - spans and source text ----------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerSpans.h"

#include "clang/Basic/CharInfo.h"
#include "clang/Basic/FileEntry.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/SmallVector.h"

using namespace clang;

namespace mdlcheck::frontend {

FileId SourceText::fileId(FileID file) {
  auto [it, isNew] = files.try_emplace(file);
  if (!isNew)
    return it->second;
  std::string name;
  if (OptionalFileEntryRef entry = sources.getFileEntryRefForID(file))
    name = entry->getName().str();
  else
    name = sources.getBufferName(sources.getLocForStartOfFile(file)).str();
  // One file may be entered many times.
  for (size_t i = 0; i < unit.files.size(); ++i)
    if (unit.files[i] == name)
      return it->second = FileId(static_cast<uint32_t>(i));
  it->second = FileId(static_cast<uint32_t>(unit.files.size()));
  unit.files.push_back(std::move(name));
  return it->second;
}

SourceText::Extent SourceText::extent(SourceRange range) {
  Extent result;
  if (range.isInvalid())
    return result;
  SourceLocation begin = range.getBegin();
  SourceLocation end = range.getEnd();
  // Step out of macro expansions until both ends stand in one file. The two
  // ends share a level: a macro's body (then the whole expansion was written)
  // or one argument (then that part of the argument was).
  while (begin.isMacroID() || end.isMacroID()) {
    llvm::SmallVector<SourceLocation, 8> begins{begin};
    while (begins.back().isMacroID())
      begins.push_back(
          sources.getImmediateExpansionRange(begins.back()).getBegin());
    FileID level;
    size_t beginLevel = 0;
    SourceLocation endChild;
    SourceLocation at = end;
    while (true) {
      level = sources.getFileID(at);
      beginLevel = 0;
      while (beginLevel < begins.size() &&
             sources.getFileID(begins[beginLevel]) != level)
        ++beginLevel;
      if (beginLevel < begins.size() || !at.isMacroID())
        break;
      endChild = at;
      at = sources.getImmediateExpansionRange(at).getEnd();
    }
    if (beginLevel == begins.size()) {
      // Different files: only where it begins can be told.
      begin = end = begins.back();
      break;
    }
    SourceLocation levelBegin = begins[beginLevel];
    if (!levelBegin.isMacroID()) {
      begin = levelBegin;
      end = at;
      break;
    }
    if (sources.isMacroArgExpansion(levelBegin)) {
      begin = sources.getImmediateSpellingLoc(levelBegin);
      end = sources.getImmediateSpellingLoc(at);
      continue;
    }
    if (beginLevel > 0 && endChild.isValid() && levelBegin == at &&
        sources.isMacroArgExpansion(begins[beginLevel - 1]) &&
        sources.isMacroArgExpansion(endChild)) {
      // Tokens of one argument that come from different places.
      begin = sources.getImmediateSpellingLoc(begins[beginLevel - 1]);
      end = sources.getImmediateSpellingLoc(endChild);
      continue;
    }
    CharSourceRange whole = sources.getImmediateExpansionRange(levelBegin);
    begin = whole.getBegin();
    end = whole.getEnd();
  }
  auto [beginFile, beginOffset] = sources.getDecomposedLoc(begin);
  auto [endFile, endOffset] = sources.getDecomposedLoc(end);
  if (beginFile.isInvalid())
    return result;
  result.file = beginFile;
  result.begin = beginOffset;
  if (beginFile != endFile || endOffset < beginOffset) {
    end = begin;
    endOffset = beginOffset;
  }
  result.end = endOffset + Lexer::MeasureTokenLength(end, sources, langOpts);
  return result;
}

Span SourceText::span(SourceRange range) {
  if (range.isInvalid())
    return {};
  auto key = std::make_pair(range.getBegin().getRawEncoding(),
                            range.getEnd().getRawEncoding());
  if (auto it = spans.find(key); it != spans.end())
    return it->second;
  Span result;
  Extent where = extent(range);
  if (where.file.isValid()) {
    result.file = fileId(where.file);
    result.line = sources.getLineNumber(where.file, where.begin);
    result.column = sources.getColumnNumber(where.file, where.begin);
    result.endLine = sources.getLineNumber(where.file, where.end);
    result.endColumn = sources.getColumnNumber(where.file, where.end);
  }
  spans[key] = result;
  return result;
}

std::string SourceText::text(SourceRange range) {
  Extent where = extent(range);
  if (where.file.isInvalid())
    return {};
  bool invalid = false;
  StringRef buffer = sources.getBufferData(where.file, &invalid);
  if (invalid || where.end > buffer.size())
    return {};
  StringRef source = buffer.slice(where.begin, where.end);
  std::string result;
  result.reserve(source.size());
  // Comments and line breaks are not part of what a message shows.
  bool space = false;
  char quote = 0;
  for (size_t i = 0; i < source.size(); ++i) {
    char c = source[i];
    if (!quote) {
      if (c == '\\' && i + 1 < source.size() &&
          (source[i + 1] == '\n' || source[i + 1] == '\r')) {
        space = true;
        continue;
      }
      if (isWhitespace(c)) {
        space = true;
        continue;
      }
      if (source.substr(i).starts_with("//")) {
        i = std::min(source.find('\n', i), source.size());
        space = true;
        continue;
      }
      if (source.substr(i).starts_with("/*")) {
        size_t close = source.find("*/", i + 2);
        i = close == StringRef::npos ? source.size() : close + 1;
        space = true;
        continue;
      }
      if (c == '"' || c == '\'')
        quote = c;
    } else if (c == '\\' && i + 1 < source.size()) {
      result += c;
      c = source[++i];
    } else if (c == quote) {
      quote = 0;
    }
    if (space && !result.empty())
      result += ' ';
    space = false;
    result += c;
  }
  return result;
}

} // namespace mdlcheck::frontend
