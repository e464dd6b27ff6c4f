//===-- StoredResult.cpp ----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "program/StoredResult.h"

#include "support/Archive.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::program;

namespace mdlcheck::contract {

template <typename A, MaybeConst<Location> T> void archive(A &a, T &l) {
  auto &[file, line, column, endLine, endColumn] = l;
  a(file, line, column, endLine, endColumn);
}

template <typename A, MaybeConst<PathStep::Known> T> void archive(A &a, T &k) {
  auto &[name, value] = k;
  a(name, value);
}

template <typename A, MaybeConst<PathStep> T> void archive(A &a, T &s) {
  auto &[kind, where, message, function, depth, known] = s;
  a.upTo(kind, PathStep::Kind::Final);
  a(where, message, function, depth, known);
}

template <typename A, MaybeConst<Finding> T> void archive(A &a, T &f) {
  // What a policy says of it comes later, and so do fixes.
  auto &[rule, severity, where, function, object, message, precision, path,
         assumedHarmless, fingerprint, suppression, fix] = f;
  a(rule, where, function, object, message);
  a.upTo(precision, Precision::Medium);
  a(path, assumedHarmless, fingerprint);
}

} // namespace mdlcheck::contract

namespace mdlcheck::program {

template <typename A, MaybeConst<Coverage::Function> T>
void archive(A &a, T &f) {
  auto &[name, where, reason] = f;
  a(name, where, reason);
}

template <typename A, MaybeConst<Coverage> T> void archive(A &a, T &c) {
  auto &[functionsDefined, functionsAnalysed, skipped, limited,
         unknownCallees] = c;
  a(functionsDefined, functionsAnalysed, skipped, limited, unknownCallees);
}

template <typename A, MaybeConst<Stats> T> void archive(A &a, T &s) {
  auto &[blocks, instructions, statesVisited, summaries, summaryHits] = s;
  a(blocks, instructions, statesVisited, summaries, summaryHits);
}

template <typename A, MaybeConst<FunctionRef> T> void archive(A &a, T &f) {
  auto &[name, where] = f;
  a(name, where);
}

template <typename A, MaybeConst<UnitFacts::Kept> T> void archive(A &a, T &k) {
  auto &[field, finding] = k;
  a(field, finding);
}

template <typename A, MaybeConst<UnitFacts> T> void archive(A &a, T &f) {
  auto &[mainFile, closed, level, entries, kept] = f;
  a(mainFile, closed, level, entries, kept);
}

template <typename A, MaybeConst<AnalysisResult> T> void archive(A &a, T &r) {
  auto &[findings, coverage, stats, facts, retraceSeconds] = r;
  a(findings, coverage, stats, facts);
}

} // namespace mdlcheck::program

static constexpr const char *kKind = "mdRE";

std::string program::store(const std::vector<AnalysisResult> &results) {
  ArchiveWriter writer;
  writer(results);
  return sealed(kKind, kStoredResultVersion, writer.bytes());
}

std::optional<std::vector<AnalysisResult>>
program::readStoredResults(llvm::StringRef bytes,
                           const contract::RuleSet &rules) {
  std::optional<llvm::StringRef> payload =
      unsealed(kKind, kStoredResultVersion, bytes);
  if (!payload)
    return std::nullopt;
  ArchiveReader reader(*payload);
  std::vector<AnalysisResult> results;
  reader(results);
  if (reader.failed() || !reader.atEnd())
    return std::nullopt;
  auto isSound = [&](const contract::Finding &finding) {
    return finding.rule.value < rules.rules.size() && !finding.path.empty();
  };
  for (const AnalysisResult &result : results)
    if (!llvm::all_of(result.findings, isSound) ||
        !llvm::all_of(result.facts.kept, [&](const UnitFacts::Kept &kept) {
          return isSound(kept.finding);
        }))
      return std::nullopt;
  return results;
}
