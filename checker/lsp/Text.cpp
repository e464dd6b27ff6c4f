//===-- Text.cpp ------------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lsp/Text.h"

#include "llvm/Support/ConvertUTF.h"

#include <algorithm>

using namespace mdlcheck;
using llvm::lsp::Position;
using llvm::lsp::Range;

// Length of the line end at `text[i]`: "\n", "\r\n" or a lone "\r"; or 0.
static size_t lineEndAt(llvm::StringRef text, size_t i) {
  if (text[i] == '\n')
    return 1;
  if (text[i] != '\r')
    return 0;
  return i + 1 < text.size() && text[i + 1] == '\n' ? 2 : 1;
}

size_t lsp::offsetOf(llvm::StringRef text, Position position) {
  size_t i = 0;
  for (int line = 0; line < position.line; ++line) {
    while (i < text.size() && lineEndAt(text, i) == 0)
      ++i;
    if (i == text.size())
      return i;
    i += lineEndAt(text, i);
  }
  int units = 0;
  while (i < text.size() && lineEndAt(text, i) == 0 &&
         units < position.character) {
    unsigned bytes = llvm::getNumBytesForUTF8(text[i]);
    units += bytes == 4 ? 2 : 1;
    i = std::min<size_t>(i + bytes, text.size());
  }
  return i;
}

void lsp::applyChange(std::string &text,
                      const llvm::lsp::TextDocumentContentChangeEvent &change) {
  if (!change.range) {
    text = change.text;
    return;
  }
  size_t begin = offsetOf(text, change.range->start);
  size_t end = std::max(begin, offsetOf(text, change.range->end));
  text.replace(begin, end - begin, change.text);
}

int lsp::lineBreaks(llvm::StringRef text) {
  int count = 0;
  for (size_t i = 0; i < text.size();) {
    size_t end = lineEndAt(text, i);
    count += end > 0;
    i += std::max<size_t>(end, 1);
  }
  return count;
}

Range lsp::rangeOf(const contract::Location &where, report::Sources &sources) {
  auto position = [&](uint32_t line, uint32_t column) {
    uint32_t units = report::utf16Column(sources.line(where.file, line),
                                         std::max(column, 1u));
    return Position(int(std::max(line, 1u)) - 1, int(units) - 1);
  };
  Position start = position(where.line, where.column);
  Position end = position(where.endLine, where.endColumn);
  return Range(start,
               std::max(start, end, [](const Position &a, const Position &b) {
                 return a < b;
               }));
}
