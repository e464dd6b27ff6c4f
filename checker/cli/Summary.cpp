//===-- Summary.cpp ---------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/Summary.h"

#include "report/Paths.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mdlcheck;
using namespace mdlcheck::cli;

static std::string plural(uint64_t count, llvm::StringRef noun) {
  return std::to_string(count) + " " + noun.str() + (count == 1 ? "" : "s");
}

void cli::printIncomplete(const RunResult &result, const Options &options) {
  const program::Coverage &coverage = result.report.coverage;
  size_t skipped = coverage.skipped.size();
  llvm::errs() << "mdlcheck: " << plural(result.errors, "error")
               << " in the source";
  if (skipped > 0)
    llvm::errs() << "; " << plural(skipped, "function")
                 << (skipped == 1 ? " was" : " were") << " left out";
  if (skipped > 0 && !options.coverage)
    llvm::errs() << " (--coverage names " << (skipped == 1 ? "it" : "them")
                 << ")";
  llvm::errs() << '\n';
}

static void printFixed(const report::Report &report,
                       const std::string &workingDirectory) {
  if (report.fixed.empty())
    return;
  llvm::errs() << "fixed since the baseline: " << report.fixed.size() << '\n';
  for (const report::BaselineEntry &entry : report.fixed)
    llvm::errs() << "  " << report::relativeTo(entry.file, workingDirectory)
                 << ": " << entry.function << ": " << entry.message << " ["
                 << entry.rule << "]\n";
}

void cli::printSummary(const report::Report &report, const Options &options) {
  const program::Coverage &coverage = report.coverage;
  llvm::errs() << plural(report.findings.size(), "finding");
  if (!report.suppressed.empty())
    llvm::errs() << " (and " << report.suppressed.size() << " suppressed)";
  llvm::errs() << " in " << plural(coverage.functionsAnalysed, "function")
               << " of " << plural(report.files.size(), "file");
  // Said with the errors already when there are any.
  if (report.complete && !coverage.skipped.empty())
    llvm::errs() << "; " << plural(coverage.skipped.size(), "function")
                 << " not analysed"
                 << (options.coverage ? "" : " (see --coverage)");
  llvm::errs() << '\n';
  printFixed(report, options.input.workingDirectory);
}

void cli::printStats(const RunResult &result) {
  const program::Stats &stats = result.report.stats;
  const PhaseTimes &times = result.times;
  llvm::raw_ostream &os = llvm::errs();
  os << llvm::format("time: %.2f s parsing, %.2f s lowering, %.2f s cache, "
                     "%.2f s linking, %.2f s analysing, %.2f s retracing, "
                     "%.2f s in all\n",
                     times.parse, times.lower, times.cache, times.link,
                     times.analyse, times.retrace, times.wall);
  const RunCounts &counts = result.counts;
  os << "work: " << counts.parsed << " of " << plural(counts.jobs, "job")
     << " parsed, " << counts.analysed << " of "
     << (counts.programs == 1 ? "1 analysis"
                              : std::to_string(counts.programs) + " analyses")
     << " made\n";
  os << "graph: " << stats.blocks << " blocks, " << stats.instructions
     << " instructions\n";
  os << "states: " << stats.statesVisited
     << " visited; summaries: " << stats.summaries << " made, "
     << stats.summaryHits << " used again\n";
}
