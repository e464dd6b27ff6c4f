//===-- UnitCache.h - jobs that were parsed before ------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For every job the cache has a manifest: what parsing it came to, and all
// that the file system was asked for it (support/Inputs.h). While that is all
// still so, so is what it came to. The graphs themselves lie beside, named by
// their content.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLI_UNITCACHE_H
#define MDLCHECK_CLI_UNITCACHE_H

#include "frontend/Frontend.h"
#include "program/Cache.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mdlcheck::cli {

/// What is known of a parsed job without its graph.
struct ParsedJob {
  std::string unit; ///< the graph's key
  std::vector<std::string> sources; ///< Unit::files
  std::vector<frontend::Diagnostic> diagnostics;
  bool hadErrors = false;
};

class UnitCache {
public:
  /// `build` stands for this build of the program.
  UnitCache(program::Cache &cache, const std::string &build,
            const frontend::FrontendOptions &options);

  /// Thread-safe, as all of these. None when it has to be parsed.
  std::optional<ParsedJob> find(const frontend::CompileJob &job);
  /// Null when it is not there any more, or damaged.
  std::unique_ptr<ir::Unit> load(const std::string &unit) const;
  /// Keeps a job that could be used, and returns what find() will.
  ParsedJob keep(const frontend::CompileJob &job,
                 const frontend::ParsedUnit &parsed);

private:
  std::string keyOf(const frontend::CompileJob &job) const;

  program::Cache &cache;
  program::CacheKey common;
  InputChecker checker;
};

} // namespace mdlcheck::cli

#endif // MDLCHECK_CLI_UNITCACHE_H
