//===-- Driver.h - from jobs to a report ----------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What every host does between knowing what to analyse and showing what was
// found. Nothing here reads options or prints.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLI_DRIVER_H
#define MDLCHECK_CLI_DRIVER_H

#include "frontend/Frontend.h"
#include "program/Analysis.h"
#include "program/Cache.h"
#include "report/Report.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace mdlcheck::cli {

/// What to analyse, as a user says it.
struct Input {
  std::vector<std::string> files; ///< none: all of the database
  std::string buildDir;           ///< holds the database; empty: look for one
  /// Compiler flags in place of a database ("FILE... -- flags").
  bool hasFlags = false;
  std::vector<std::string> flags;
  std::string workingDirectory; ///< absolute; relative names start here
};

/// The jobs for `input`, one per command. Errors say what the user can do.
llvm::Expected<std::vector<frontend::CompileJob>>
collectJobs(const Input &input);

struct RunOptions {
  frontend::FrontendOptions frontend;
  /// In place of frontend::parse, for hosts that have the source in a form of
  /// their own. Called from any thread.
  llvm::function_ref<frontend::ParsedUnit(const frontend::CompileJob &)> parse =
      nullptr;
  program::AnalysisOptions analysis;
  /// The units are analysed together, as the programs they make; else each
  /// on its own.
  bool wholeProgram = false;
  unsigned threads = 1; ///< 0: as many as the machine has
  /// What was parsed and analysed before; null: nothing is kept.
  program::Cache *cache = nullptr;
  /// With `cache`: stand for this build of the program, and for that and the
  /// rules.
  std::string build, identity;
  /// Called with each graph after lowering, from any thread: verifyOrDie, or
  /// nothing where the time is not to be spent.
  llvm::function_ref<void(const ir::Unit &)> verify = nullptr;
  /// Called before a job starts, from any thread, one at a time.
  llvm::function_ref<void(size_t started, size_t total, llvm::StringRef file)>
      progress = nullptr;
};

/// Seconds, summed over threads; `wall` is what the user waited.
struct PhaseTimes {
  double parse = 0;
  double lower = 0;
  double cache = 0; ///< looking up, reading and writing
  double link = 0;
  double analyse = 0; ///< without `retrace`
  double retrace = 0; ///< asking again whether what was found can be
  double wall = 0;
};

/// What was done and what was known already. Depends on earlier runs.
struct RunCounts {
  unsigned jobs = 0;
  unsigned parsed = 0;
  unsigned programs = 0;
  unsigned analysed = 0;
};

struct RunResult {
  /// Complete but for `toolVersion`. What comes out is the same for any
  /// number of threads and any order of the jobs.
  report::Report report;
  unsigned errors = 0; ///< compiler errors among the notifications
  PhaseTimes times;
  RunCounts counts;
};

/// A graph that is not well formed is a bug of ours: ends the program with
/// all that is wrong with it.
void verifyOrDie(const ir::Unit &unit);

/// All that is found, by rules that are off, too: report::Policy knows which
/// are on where.
RunResult run(std::vector<frontend::CompileJob> jobs,
              const contract::RuleSet &rules, report::Sources &sources,
              const RunOptions &options);

/// The graphs of all jobs as text (--dump-ir). False when a job had errors;
/// they are added to `notifications`. Jobs are done one after the other.
bool dumpIr(const std::vector<frontend::CompileJob> &jobs,
            const RunOptions &options, llvm::raw_ostream &os,
            std::vector<report::Notification> &notifications);

} // namespace mdlcheck::cli

#endif // MDLCHECK_CLI_DRIVER_H
