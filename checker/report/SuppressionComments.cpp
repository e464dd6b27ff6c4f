//===-- SuppressionComments.cpp - NOLINT and its kin ------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/SuppressionMarks.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::report;

namespace {

bool isWordChar(char c) { return llvm::isAlnum(c) || c == '_'; }

std::vector<std::string> namesIn(llvm::StringRef list) {
  llvm::SmallVector<llvm::StringRef, 4> parts;
  list.split(parts, ',');
  std::vector<std::string> names;
  for (llvm::StringRef part : parts)
    // Negative globs mean nothing here; clang-tidy leaves them out, too.
    if (part = part.trim(); !part.empty() && part.front() != '-')
      names.push_back(part.str());
  return names;
}

// What stands behind the list: "NOLINT(rule): the caller unlocks".
std::string justificationIn(llvm::StringRef rest) {
  rest = rest.take_until([](char c) { return c == '\n' || c == '\r'; });
  rest.consume_back("*/");
  return rest.ltrim(" \t:-,").rtrim().str();
}

class CommentReader {
public:
  CommentReader(const std::string &file, FileMarks &marks)
      : file(file), marks(marks), scan(marks.scan) {}

  void run() {
    for (const SourceComment &comment : scan.comments) {
      nolint(comment);
      for (llvm::StringRef word : {"lgtm", "codeql"})
        query(comment, word);
    }
    for (const SuppressionMark &mark : open)
      marks.mistakes.push_back(
          {mark.where, "'NOLINTBEGIN' without a 'NOLINTEND' of the same rules "
                       "after it: it suppresses nothing"});
  }

private:
  void nolint(const SourceComment &comment) {
    llvm::StringRef text = comment.text;
    for (size_t at = text.find("NOLINT"); at != llvm::StringRef::npos;
         at = text.find("NOLINT", at + 1)) {
      if (isWordChar(text[at - 1]))
        continue;
      llvm::StringRef rest = text.substr(at + 6);
      bool isNext = rest.consume_front("NEXTLINE");
      bool isBegin = !isNext && rest.consume_front("BEGIN");
      bool isEnd = !isNext && !isBegin && rest.consume_front("END");
      if (!rest.empty() && isWordChar(rest.front()))
        continue;
      SuppressionMark mark;
      size_t close = rest.find_first_of(")\n");
      std::string list = "*";
      if (rest.starts_with("(") && close != llvm::StringRef::npos &&
          rest[close] == ')') {
        list = rest.slice(1, close).str();
        mark.names = namesIn(list);
        rest = rest.substr(close + 1);
      } else {
        mark.isBare = true;
      }
      mark.justification = justificationIn(rest);
      uint32_t begin = comment.begin + uint32_t(at);
      mark.where = locationIn(file, scan, begin,
                              comment.begin +
                                  uint32_t(rest.data() - comment.text.data()));
      mark.firstLine = mark.lastLine = mark.where.line + (isNext ? 1 : 0);
      if (isBegin)
        begun(std::move(mark), std::move(list));
      else if (isEnd)
        ended(mark, list);
      else
        add(std::move(mark));
    }
  }

  void begun(SuppressionMark mark, std::string list) {
    open.push_back(std::move(mark));
    openLists.push_back(std::move(list));
  }

  void ended(const SuppressionMark &end, const std::string &list) {
    if (openLists.empty() || openLists.back() != list) {
      marks.mistakes.push_back(
          {end.where, "'NOLINTEND' without a 'NOLINTBEGIN' of the same rules "
                      "before it"});
      return;
    }
    open.back().lastLine = end.where.line;
    add(std::move(open.back()));
    open.pop_back();
    openLists.pop_back();
  }

  // CodeQL's AlertSuppression: "lgtm[id]" is for its line, "codeql[id]" for
  // the next one. Both are used both ways; a comment that has a line for
  // itself is for what comes after it.
  void query(const SourceComment &comment, llvm::StringRef word) {
    llvm::StringRef text = comment.text;
    for (size_t at = text.find_insensitive(word); at != llvm::StringRef::npos;
         at = text.find_insensitive(word, at + 1)) {
      llvm::StringRef rest = text.substr(at + word.size()).ltrim(" \t");
      size_t close = rest.find_first_of("]\n");
      if (isWordChar(text[at - 1]) || !rest.starts_with("[") ||
          close == llvm::StringRef::npos || rest[close] != ']')
        continue;
      SuppressionMark mark;
      mark.form = SuppressionMark::Form::Query;
      mark.names = namesIn(rest.slice(1, close));
      rest = rest.substr(close + 1);
      mark.justification = justificationIn(rest);
      mark.where = locationIn(file, scan, comment.begin + uint32_t(at),
                              comment.begin +
                                  uint32_t(rest.data() - comment.text.data()));
      mark.firstLine = mark.lastLine = mark.where.line;
      if (isAlone(comment))
        if (const SourceStatement *next = scan.statementAfter(comment.end))
          mark.lastLine =
              scan.lineOf(scan.tokens[std::max(scan.tokenAfter(comment.end),
                                               next->firstToken)]
                              .begin);
      add(std::move(mark));
    }
  }

  bool isAlone(const SourceComment &comment) const {
    uint32_t start = scan.lineStart(scan.lineOf(comment.begin));
    return scan.text().slice(start, comment.begin).trim().empty();
  }

  void add(SuppressionMark mark) {
    mark.isUsed.assign(mark.names.size(), false);
    marks.marks.push_back(std::move(mark));
  }

  const std::string &file;
  FileMarks &marks;
  const SourceScan &scan;
  std::vector<SuppressionMark> open;
  std::vector<std::string> openLists;
};

} // namespace

void report::readComments(const std::string &file, FileMarks &marks) {
  CommentReader(file, marks).run();
}
