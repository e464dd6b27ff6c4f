//===-- Findings.cpp --------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Findings.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>
#include <map>

using namespace mdlcheck;
using namespace mdlcheck::contract;

static auto stepKey(const PathStep &s) {
  return std::tie(s.where, s.depth, s.kind, s.message, s.function);
}

// A total order on everything a writer shows, so that which of two equal
// findings stays is not left to the order of the units.
static bool hasBetterPath(const Finding &a, const Finding &b) {
  if (a.path.size() != b.path.size())
    return a.path.size() < b.path.size();
  if (a.function != b.function)
    return a.function < b.function;
  return std::lexicographical_compare(a.path.begin(), a.path.end(),
                                      b.path.begin(), b.path.end(),
                                      [](const PathStep &x, const PathStep &y) {
                                        return stepKey(x) < stepKey(y);
                                      });
}

void report::sortFindings(std::vector<Finding> &findings) {
  std::sort(findings.begin(), findings.end(),
            [](const Finding &a, const Finding &b) {
              if (a < b || b < a)
                return a < b;
              return hasBetterPath(a, b);
            });
  findings.erase(std::unique(findings.begin(), findings.end(),
                             [](const Finding &a, const Finding &b) {
                               return !(a < b) && !(b < a);
                             }),
                 findings.end());
}

static void addPart(std::string &key, llvm::StringRef part) {
  key += part;
  key += '\0';
}

static void addContext(std::string &key, const Finding &f,
                       report::Sources &sources) {
  addPart(key, f.function);
  addPart(key, f.object);
  for (char c : sources.line(f.where.file, f.where.line))
    if (!llvm::isSpace(c))
      key += c;
}

static std::string hashOf(const std::string &key) {
  return llvm::utohexstr(llvm::xxh3_64bits(llvm::StringRef(key)),
                         /*LowerCase=*/true, /*Width=*/16);
}

std::string report::contextHash(const Finding &finding, const RuleSet &rules,
                                Sources &sources) {
  std::string key;
  addPart(key, rules.rule(finding.rule).id);
  addContext(key, finding, sources);
  return hashOf(key);
}

void report::assignFingerprints(std::vector<Finding> &findings,
                                const RuleSet &rules, Sources &sources) {
  std::map<std::string, unsigned> seen;
  for (Finding &f : findings) {
    std::string key;
    addPart(key, rules.rule(f.rule).id);
    addPart(key, llvm::sys::path::filename(f.where.file));
    addContext(key, f, sources);
    unsigned occurrence = seen[key]++;
    key += '\0';
    key += std::to_string(occurrence);
    f.fingerprint = hashOf(key);
  }
}
