//===-- Baseline.cpp --------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Baseline.h"

#include "report/Findings.h"
#include "report/Paths.h"
#include "report/Writers.h"
#include "support/Error.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <map>

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

static constexpr int64_t kVersion = 1;

static llvm::Error notABaseline(const std::string &file,
                                const llvm::Twine &why) {
  return inputError(
      file, 0,
      ("is no baseline: " + why + "; --write-baseline makes one").str());
}

llvm::Expected<Baseline> Baseline::load(const std::string &file) {
  auto buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer)
    return inputError(file, 0,
                      "cannot be read: " + buffer.getError().message());
  auto json = llvm::json::parse((*buffer)->getBuffer());
  if (!json)
    return notABaseline(file, llvm::toString(json.takeError()));
  const llvm::json::Object *root = json->getAsObject();
  const llvm::json::Array *findings =
      root ? root->getArray("findings") : nullptr;
  if (!findings)
    return notABaseline(file, "it has no list of findings");
  if (root->getInteger("version") != kVersion)
    return notABaseline(file, "its version is not " + llvm::Twine(kVersion));
  llvm::StringRef directory = llvm::sys::path::parent_path(file);
  Baseline baseline;
  for (const llvm::json::Value &value : *findings) {
    const llvm::json::Object *finding = value.getAsObject();
    auto text = [&](llvm::StringRef key) {
      auto found = finding ? finding->getString(key) : std::nullopt;
      return found.value_or("").str();
    };
    BaselineEntry entry{text("rule"), text("file"), text("function"),
                        text("message"), text("context")};
    if (entry.rule.empty() || entry.file.empty() || entry.context.empty())
      return notABaseline(file, "a finding lacks a rule, file or context");
    entry.file = absolutePath(entry.file, directory);
    baseline.entries.push_back(std::move(entry));
  }
  baseline.isMatched.resize(baseline.entries.size());
  return baseline;
}

std::vector<bool> Baseline::match(llvm::ArrayRef<const Finding *> findings,
                                  const RuleSet &rules, Sources &sources) {
  std::vector<bool> known(findings.size());
  // By file and context, then by context alone.
  std::multimap<std::string, size_t> inFile, renamed;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (isMatched[i])
      continue;
    const BaselineEntry &entry = entries[i];
    if (llvm::sys::fs::exists(entry.file))
      inFile.emplace(entry.context + entry.file, i);
    else
      renamed.emplace(entry.context, i);
  }
  auto take = [&](std::multimap<std::string, size_t> &from,
                  const std::string &key) {
    auto it = from.find(key);
    if (it == from.end())
      return false;
    isMatched[it->second] = true;
    from.erase(it);
    return true;
  };
  for (size_t i = 0; i < findings.size(); ++i) {
    std::string context = contextHash(*findings[i], rules, sources);
    known[i] = take(inFile, context + findings[i]->where.file) ||
               take(renamed, context);
  }
  return known;
}

std::vector<BaselineEntry> Baseline::unmatched() const {
  std::vector<BaselineEntry> left;
  for (size_t i = 0; i < entries.size(); ++i)
    if (!isMatched[i])
      left.push_back(entries[i]);
  return left;
}

void report::writeBaseline(llvm::ArrayRef<const Finding *> findings,
                           const RuleSet &rules, Sources &sources,
                           llvm::StringRef file, llvm::raw_ostream &os) {
  llvm::StringRef directory = llvm::sys::path::parent_path(file);
  std::vector<BaselineEntry> entries;
  for (const Finding *f : findings)
    entries.push_back({rules.rule(f->rule).id,
                       relativeTo(f->where.file, directory).str(), f->function,
                       f->message, contextHash(*f, rules, sources)});
  std::sort(entries.begin(), entries.end(),
            [](const BaselineEntry &a, const BaselineEntry &b) {
              return std::tie(a.file, a.function, a.rule, a.context) <
                     std::tie(b.file, b.function, b.rule, b.context);
            });
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("version", kVersion);
    json.attributeArray("findings", [&] {
      for (const BaselineEntry &entry : entries)
        json.object([&] {
          json.attribute("rule", utf8(entry.rule));
          json.attribute("file", utf8(entry.file));
          json.attribute("function", utf8(entry.function));
          json.attribute("message", utf8(entry.message));
          json.attribute("context", entry.context);
        });
    });
  });
  os << '\n';
}
