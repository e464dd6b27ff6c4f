//===-- UnitCache.cpp -------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/UnitCache.h"

#include "ir/Stored.h"
#include "support/Archive.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::cli;
using frontend::CompileJob;
using frontend::Diagnostic;

namespace {

/// A fact, with its path as the path before it: `shared` characters of that,
/// and `rest`. Most paths differ from their neighbours in the file's name.
struct PackedFact {
  uint32_t shared = 0;
  std::string rest;
  InputFact fact; ///< without the path
};

/// One state of the file system, and what parsing came to in it.
struct Variant {
  std::vector<PackedFact> facts;
  ParsedJob job;
};

/// Switching back and forth between a few branches is free.
constexpr size_t kMaxVariants = 4;
constexpr const char *kKind = "mdMF";
constexpr uint32_t kVersion = 1;

template <typename A, MaybeConst<PackedFact> T> void archive(A &a, T &p) {
  auto &[shared, rest, fact] = p;
  auto &[path, kind, hash, size, modified, isRecent] = fact;
  a(shared, rest);
  a.upTo(kind, InputFact::Kind::Listing);
  if (kind == InputFact::Kind::Contents)
    a(hash, size, modified, isRecent);
  else if (kind == InputFact::Kind::Listing)
    a(hash);
}

template <typename A, MaybeConst<Variant> T> void archive(A &a, T &v) {
  auto &[facts, job] = v;
  a(facts, job);
}

} // namespace

namespace mdlcheck::cli {
template <typename A, MaybeConst<ParsedJob> T> void archive(A &a, T &j) {
  auto &[unit, sources, diagnostics, hadErrors] = j;
  a(unit, sources, diagnostics, hadErrors);
}
} // namespace mdlcheck::cli

namespace mdlcheck::frontend {
template <typename A, MaybeConst<Diagnostic> T> void archive(A &a, T &d) {
  auto &[severity, file, line, column, message] = d;
  a.upTo(severity, Diagnostic::Severity::Fatal);
  a(file, line, column, message);
}
} // namespace mdlcheck::frontend

static std::vector<PackedFact> pack(const std::vector<InputFact> &facts) {
  std::vector<PackedFact> packed;
  llvm::StringRef previous;
  for (const InputFact &fact : facts) {
    PackedFact &p = packed.emplace_back();
    p.shared = uint32_t(std::mismatch(previous.begin(), previous.end(),
                                      fact.path.begin(), fact.path.end())
                            .first -
                        previous.begin());
    p.rest = fact.path.substr(p.shared);
    p.fact = fact;
    p.fact.path.clear();
    previous = fact.path;
  }
  return packed;
}

static bool allHold(std::vector<PackedFact> &facts, InputChecker &checker) {
  std::string path;
  for (PackedFact &p : facts) {
    if (p.shared > path.size())
      return false;
    path.resize(p.shared);
    path += p.rest;
    p.fact.path = path;
    if (!checker.holds(p.fact))
      return false;
  }
  return true;
}

static std::vector<Variant> readVariants(const llvm::MemoryBuffer *buffer) {
  std::vector<Variant> variants;
  if (!buffer)
    return variants;
  if (auto payload = unsealed(kKind, kVersion, buffer->getBuffer())) {
    ArchiveReader reader(*payload);
    reader(variants);
    if (reader.failed() || !reader.atEnd())
      variants.clear();
  }
  return variants;
}

UnitCache::UnitCache(program::Cache &cache, const std::string &build,
                     const frontend::FrontendOptions &options)
    : cache(cache), common("job") {
  common.add(build).add(frontend::environmentOfParsing(options));
  for (const std::string &macro : options.macrosAsCalls)
    common.add(macro);
}

std::string UnitCache::keyOf(const CompileJob &job) const {
  program::CacheKey key = common;
  key.add(job.directory).add(job.file);
  for (const std::string &argument : job.arguments)
    key.add(argument);
  return key.str();
}

std::optional<ParsedJob> UnitCache::find(const CompileJob &job) {
  for (Variant &v : readVariants(cache.read(keyOf(job), "manifest").get()))
    if (allHold(v.facts, checker) && cache.contains(v.job.unit, "unit"))
      return std::move(v.job);
  return std::nullopt;
}

std::unique_ptr<ir::Unit> UnitCache::load(const std::string &unit) const {
  std::unique_ptr<llvm::MemoryBuffer> buffer = cache.read(unit, "unit");
  if (!buffer)
    return nullptr;
  llvm::Expected<ir::Unit> read = ir::readStored(buffer->getBuffer(), unit);
  if (!read) {
    llvm::consumeError(read.takeError());
    return nullptr;
  }
  return std::make_unique<ir::Unit>(std::move(*read));
}

ParsedJob UnitCache::keep(const CompileJob &job,
                          const frontend::ParsedUnit &parsed) {
  Variant now;
  now.facts = pack(parsed.facts);
  std::string bytes = ir::store(*parsed.unit);
  now.job = {program::CacheKey("unit").add(bytes).str(), parsed.unit->files,
             parsed.diagnostics, parsed.hadErrors};
  cache.write(now.job.unit, "unit", bytes);

  std::string key = keyOf(job);
  std::vector<Variant> variants =
      readVariants(cache.read(key, "manifest").get());
  std::erase_if(variants,
                [&](const Variant &v) { return v.job.unit == now.job.unit; });
  variants.insert(variants.begin(), now);
  if (variants.size() > kMaxVariants)
    variants.resize(kMaxVariants);
  ArchiveWriter writer;
  writer(variants);
  cache.write(key, "manifest", sealed(kKind, kVersion, writer.bytes()));
  return now.job;
}
