//===-- Suppressions.cpp ----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Suppressions.h"

#include "report/Paths.h"
#include "report/RuleSelection.h"
#include "report/SuppressionMarks.h"
#include "support/Error.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/Path.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

Location report::locationIn(const std::string &file, const SourceScan &scan,
                            uint32_t begin, uint32_t end) {
  Location l;
  l.file = file;
  l.line = scan.lineOf(begin);
  l.column = begin - scan.lineStart(l.line) + 1;
  l.endLine = scan.lineOf(end);
  l.endColumn = end - scan.lineStart(l.endLine) + 1;
  return l;
}

void report::setLines(SuppressionMark &mark, const SourceScan &scan,
                      const SourceStatement &statement) {
  mark.firstLine = scan.lineOf(statement.begin);
  mark.lastLine = scan.lineOf(std::max(statement.end, statement.bodyEnd) - 1);
}

Suppressions::Suppressions(const RuleSet &rules, Sources &sources)
    : rules(rules), sources(sources) {}
Suppressions::~Suppressions() = default;

FileMarks &Suppressions::marksOf(const std::string &file) {
  auto [it, isNew] = files.try_emplace(file);
  if (!isNew)
    return *it->second;
  // Known before its headers are read: one of them may include it again.
  it->second = std::make_unique<FileMarks>(sources.text(file));
  FileMarks &marks = *it->second;
  auto header = [&](llvm::StringRef name) -> FileMarks * {
    std::string path = name.str();
    std::replace(path.begin(), path.end(), '\\', '/');
    path = absolutePath(path, llvm::sys::path::parent_path(file));
    return sources.text(path).empty() ? nullptr : &marksOf(path);
  };
  readComments(file, marks);
  readPragmas(file, rules, header, marks);
  return marks;
}

static bool matchesGlob(llvm::StringRef pattern, const Rule &rule) {
  if (pattern.find_first_of("*?[") == llvm::StringRef::npos)
    return pattern == rule.id || llvm::is_contained(rule.aliases, pattern);
  auto glob = llvm::GlobPattern::create(pattern);
  if (!glob) {
    llvm::consumeError(glob.takeError());
    return false;
  }
  return glob->match(rule.id) ||
         llvm::any_of(rule.aliases,
                      [&](const std::string &a) { return glob->match(a); });
}

static bool names(SuppressionMark &mark, const Rule &rule) {
  if (mark.form == SuppressionMark::Form::Pragma)
    return llvm::is_contained(rule.codeAnalysis, mark.code);
  bool any = mark.isBare;
  for (size_t i = 0; i < mark.names.size(); ++i) {
    bool is = matchesGlob(mark.names[i], rule);
    if (mark.form == SuppressionMark::Form::Query)
      is |= llvm::is_contained(rule.codeql, mark.names[i]);
    any |= is;
    mark.isUsed[i] = mark.isUsed[i] || is;
  }
  return any;
}

std::optional<Suppression> Suppressions::find(const Finding &finding) {
  if (finding.where.file.empty() || finding.where.line == 0)
    return std::nullopt;
  FileMarks &marks = marksOf(finding.where.file);
  if (marks.marks.empty())
    return std::nullopt;
  uint32_t at = uint32_t(sources.offset(
      finding.where.file, finding.where.line, finding.where.column));
  uint32_t line = finding.where.line;
  uint32_t first = line, last = line;
  if (const SourceStatement *s = marks.scan.statementAt(at)) {
    // Past its end there is a comment or a directive, which is none of it.
    if (at < s->end) {
      first = marks.scan.lineOf(s->begin);
      last = marks.scan.lineOf(s->end - 1);
    }
  }
  const Rule &rule = rules.rule(finding.rule);
  std::optional<Suppression> found;
  for (SuppressionMark &mark : marks.marks) {
    bool isHere = mark.firstLine
                      ? mark.firstLine <= last && first <= mark.lastLine
                      : mark.begin <= at && at < mark.end;
    if (!isHere || !names(mark, rule) || found)
      continue;
    found = Suppression{Suppression::Kind::InSource, mark.where,
                        mark.justification};
  }
  return found;
}

std::vector<Suppressions::Remark> Suppressions::mistakes() const {
  std::vector<Remark> all;
  for (const auto &[file, marks] : files)
    all.insert(all.end(), marks->mistakes.begin(), marks->mistakes.end());
  std::sort(all.begin(), all.end());
  return all;
}

// "mdl-lock-leek" is meant for us, "bugprone-foo" is not.
static bool looksLikeOurs(llvm::StringRef name, const RuleSet &rules) {
  llvm::StringRef family = name.split('-').first;
  return llvm::any_of(rules.rules, [&](const Rule &rule) {
    return llvm::StringRef(rule.id).split('-').first == family;
  });
}

std::vector<Suppressions::Remark>
Suppressions::unused(const std::string &file,
                     llvm::function_ref<bool(RuleId)> isOn) {
  std::vector<Remark> remarks;
  if (!sources.text(file).contains("NOLINT"))
    return remarks;
  for (const SuppressionMark &mark : marksOf(file).marks) {
    if (mark.form != SuppressionMark::Form::Nolint)
      continue;
    for (size_t i = 0; i < mark.names.size(); ++i) {
      const std::string &name = mark.names[i];
      if (mark.isUsed[i] || !looksLikeOurs(name, rules))
        continue;
      auto named = rulesNamed(name, rules);
      if (!named) {
        remarks.push_back({mark.where, llvm::toString(named.takeError())});
        continue;
      }
      if (llvm::any_of(*named, isOn))
        remarks.push_back(
            {mark.where, "unused suppression of '" + name + "'"});
    }
  }
  return remarks;
}
