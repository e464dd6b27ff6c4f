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

template <typename A, MaybeConst<PathStep> T> void archive(A &a, T &s) {
  auto &[kind, where, message, function, depth] = s;
  a.upTo(kind, PathStep::Kind::Final);
  a(where, message, function, depth);
}

template <typename A, MaybeConst<Finding> T> void archive(A &a, T &f) {
  // What a policy says of it comes later.
  auto &[rule, severity, where, function, object, message, precision, path,
         fingerprint, suppression] = f;
  a(rule, where, function, object, message);
  a.upTo(precision, Precision::Medium);
  a(path, fingerprint);
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

template <typename A, MaybeConst<AnalysisResult> T> void archive(A &a, T &r) {
  auto &[findings, coverage, stats, retraceSeconds] = r;
  a(findings, coverage, stats);
}

} // namespace mdlcheck::program

static constexpr const char *kKind = "mdRE";
static constexpr uint32_t kVersion = 1;

std::string program::store(const std::vector<AnalysisResult> &results) {
  ArchiveWriter writer;
  writer(results);
  return sealed(kKind, kVersion, writer.bytes());
}

std::optional<std::vector<AnalysisResult>>
program::readStoredResults(llvm::StringRef bytes,
                           const contract::RuleSet &rules) {
  std::optional<llvm::StringRef> payload = unsealed(kKind, kVersion, bytes);
  if (!payload)
    return std::nullopt;
  ArchiveReader reader(*payload);
  std::vector<AnalysisResult> results;
  reader(results);
  if (reader.failed() || !reader.atEnd())
    return std::nullopt;
  for (const AnalysisResult &result : results)
    for (const contract::Finding &finding : result.findings)
      if (finding.rule.value >= rules.rules.size() || finding.path.empty())
        return std::nullopt;
  return results;
}
