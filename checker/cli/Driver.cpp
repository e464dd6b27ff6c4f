//===-- Driver.cpp ----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/Driver.h"

#include "ir/Text.h"
#include "ir/Verifier.h"
#include "program/Link.h"
#include "report/Findings.h"
#include "report/Paths.h"
#include "support/Error.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>

using namespace mdlcheck;
using namespace mdlcheck::cli;
using frontend::CompileJob;

//===----------------------------------------------------------------------===//
// What to analyse
//===----------------------------------------------------------------------===//

// What stands before ".." may be a symbolic link, whose target has another
// parent: links are resolved where leaving both out would name another file.
static std::string pathOf(const std::string &name,
                          const std::string &directory) {
  std::string path = report::absolutePath(name, directory);
  llvm::SmallString<256> opened(name), real;
  llvm::sys::path::make_absolute(directory, opened);
  if (llvm::sys::fs::equivalent(path, opened))
    return path;
  if (!llvm::sys::fs::real_path(opened, real))
    return real.str().str();
  return llvm::sys::fs::exists(path) ? opened.str().str() : path;
}

static llvm::Error checkReadable(const std::string &file,
                                 const std::string &path) {
  llvm::sys::fs::file_status status;
  if (std::error_code ec = llvm::sys::fs::status(path, status))
    return inputError(file, 0,
                      ec == std::errc::no_such_file_or_directory
                          ? "no such file"
                          : ec.message());
  if (llvm::sys::fs::is_directory(status))
    return inputError(file, 0,
                      "is a directory; name source files, or the build "
                      "directory with -p to analyse all of its files");
  // Opening a pipe could wait for ever.
  if (!llvm::sys::fs::is_regular_file(status))
    return inputError(file, 0, "is not a regular file");
  auto handle = llvm::sys::fs::openNativeFileForRead(path);
  if (!handle)
    return inputError(file, 0,
                      "cannot be read: " + llvm::toString(handle.takeError()));
  if (std::error_code error = llvm::sys::fs::closeFile(*handle))
    return inputError(file, 0, "cannot be read: " + error.message());
  return llvm::Error::success();
}

static void removeRepeatedJobs(std::vector<CompileJob> &jobs) {
  std::set<std::tuple<std::string, std::string, std::vector<std::string>>> seen;
  std::erase_if(jobs, [&](const CompileJob &job) {
    return !seen.insert({job.directory, job.file, job.arguments}).second;
  });
}

static llvm::Expected<std::vector<CompileJob>>
jobsOfDatabase(const std::string &buildDir) {
  auto jobs = frontend::loadCompileDatabase(buildDir);
  if (!jobs)
    return jobs.takeError();
  if (jobs->empty())
    return inputError(
        buildDir, 0,
        "the compile database here lists no C or C++ files; build the driver "
        "with the database switched on, or give FILE... -- FLAGS");
  return jobs;
}

llvm::Expected<std::vector<CompileJob>> cli::collectJobs(const Input &input) {
  for (const std::string &file : input.files)
    if (llvm::Error error =
            checkReadable(file, pathOf(file, input.workingDirectory)))
      return error;

  std::vector<CompileJob> jobs;
  if (input.hasFlags) {
    if (input.files.empty())
      return inputError("compiler flags after '--' need source files before "
                        "it: mdlcheck FILE... -- FLAGS");
    std::set<std::string> seen;
    for (const std::string &file : input.files) {
      std::string path = pathOf(file, input.workingDirectory);
      // "a.c" and "./a.c" are one file, to be counted once.
      if (!seen.insert(path).second)
        continue;
      bool isNamed = path == report::absolutePath(file, input.workingDirectory);
      jobs.push_back(frontend::fixedJob(isNamed ? file : path, input.flags));
      jobs.back().directory = input.workingDirectory;
    }
    return jobs;
  }

  std::string buildDir = input.buildDir;
  if (!buildDir.empty())
    buildDir = pathOf(buildDir, input.workingDirectory);
  if (input.files.empty()) {
    if (buildDir.empty())
      buildDir = frontend::findCompileDatabase(
          report::absolutePath("all.c", input.workingDirectory));
    if (buildDir.empty())
      return inputError("no files given, and no compile_commands.json in this "
                        "directory, its build/ or above; give the directory "
                        "that has one with -p, or FILE... -- FLAGS");
    auto all = jobsOfDatabase(buildDir);
    if (!all)
      return all.takeError();
    return std::move(*all);
  }

  // Files may lie in projects of their own, each with its database.
  std::map<std::string, std::vector<CompileJob>> databases;
  for (const std::string &file : input.files) {
    std::string path = pathOf(file, input.workingDirectory);
    std::string dir =
        buildDir.empty() ? frontend::findCompileDatabase(path) : buildDir;
    if (dir.empty())
      return inputError(file, 0,
                        "no compile_commands.json in the directories above "
                        "it; give the directory that has one with -p, or the "
                        "compiler's flags after '--'");
    auto [it, isNew] = databases.try_emplace(dir);
    if (isNew) {
      auto loaded = jobsOfDatabase(dir);
      if (!loaded)
        return loaded.takeError();
      it->second = std::move(*loaded);
    }
    for (CompileJob &job : frontend::jobsFor(it->second, path))
      jobs.push_back(std::move(job));
  }
  removeRepeatedJobs(jobs);
  return jobs;
}

//===----------------------------------------------------------------------===//
// The run
//===----------------------------------------------------------------------===//

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A compiler error and the notes that belong to it: they stay together when
/// errors of several units are put in order.
using NotificationGroup = std::vector<report::Notification>;

/// What one job leaves behind; its unit goes on to the analysis.
struct JobResult {
  std::string file;
  std::vector<std::string> sources;
  std::unique_ptr<ir::Unit> unit;
  std::vector<NotificationGroup> notifications;
  bool complete = true;
  double parseSeconds = 0;
};

void makeAbsolute(contract::Location &where, const std::string &directory) {
  where.file = report::absolutePath(where.file, directory);
}

std::vector<NotificationGroup>
notificationsOf(const frontend::ParsedUnit &parsed, const CompileJob &job) {
  std::vector<NotificationGroup> groups;
  for (const frontend::Diagnostic &d : parsed.diagnostics) {
    report::Notification n;
    n.where = {d.file, d.line, d.column, 0, 0};
    makeAbsolute(n.where, job.directory);
    n.message = d.message;
    switch (d.severity) {
    case frontend::Diagnostic::Severity::Note:
      n.level = report::Notification::Level::Note;
      break;
    case frontend::Diagnostic::Severity::Warning:
      n.level = report::Notification::Level::Warning;
      break;
    case frontend::Diagnostic::Severity::Error:
    case frontend::Diagnostic::Severity::Fatal:
      n.level = report::Notification::Level::Error;
      break;
    }
    if (n.level != report::Notification::Level::Note || groups.empty())
      groups.emplace_back();
    groups.back().push_back(std::move(n));
  }
  if (parsed.unusable && groups.empty()) {
    report::Notification n;
    n.where.file = report::absolutePath(job.file, job.directory);
    n.message = "cannot be analysed: the source cannot be read or its "
                "command cannot be understood";
    groups.push_back({std::move(n)});
  }
  return groups;
}

frontend::ParsedUnit parseJob(const CompileJob &job, const RunOptions &options,
                              frontend::SharedHeaders *shared = nullptr) {
  frontend::ParsedUnit parsed = frontend::parse(job, options.frontend, shared);
  if (parsed.unit && options.verify)
    options.verify(*parsed.unit);
  return parsed;
}

JobResult lower(const CompileJob &job, const RunOptions &options,
                frontend::SharedHeaders &shared) {
  JobResult result;
  result.file = report::absolutePath(job.file, job.directory);
  Clock::time_point start = Clock::now();
  frontend::ParsedUnit parsed = parseJob(job, options, &shared);
  result.notifications = notificationsOf(parsed, job);
  result.complete = !parsed.hadErrors && !parsed.unusable;
  result.unit = std::move(parsed.unit);
  if (result.unit) {
    // Findings are wherever the unit says, and units meet in a program.
    result.unit->mainFile = result.file;
    for (std::string &file : result.unit->files)
      file = report::absolutePath(file, job.directory);
    result.sources = result.unit->files;
  }
  result.parseSeconds = secondsSince(start);
  return result;
}

struct ProgramResult {
  program::AnalysisResult analysis;
  double seconds = 0;
};

ProgramResult analyse(const ir::Unit &unit, const contract::RuleSet &rules,
                      const RunOptions &options) {
  ProgramResult result;
  Clock::time_point start = Clock::now();
  result.analysis = program::analyze(unit, rules, options.analysis);
  result.seconds = secondsSince(start);
  return result;
}

/// Calls `work(0)` to `work(count - 1)`, on as many threads as asked for.
void forEach(size_t count, unsigned threads,
             llvm::function_ref<void(size_t)> work) {
  if (threads == 1 || count <= 1) {
    for (size_t i = 0; i < count; ++i)
      work(i);
    return;
  }
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(threads));
  for (size_t i = 0; i < count; ++i)
    pool.async([&work, i] { work(i); });
  pool.wait();
}

template <typename T> void append(std::vector<T> &to, std::vector<T> &from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

template <typename T> void sortUnique(std::vector<T> &list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

// Sums, maps and sorted lists only: nothing here may depend on the order.
void merge(program::Coverage &to, program::Coverage &from) {
  to.functionsDefined += from.functionsDefined;
  to.functionsAnalysed += from.functionsAnalysed;
  append(to.skipped, from.skipped);
  append(to.limited, from.limited);
  for (const auto &[name, count] : from.unknownCallees)
    to.unknownCallees[name] += count;
}

void merge(program::Stats &to, const program::Stats &from) {
  to.blocks += from.blocks;
  to.instructions += from.instructions;
  to.statesVisited += from.statesVisited;
  to.summaries += from.summaries;
  to.summaryHits += from.summaryHits;
}

} // namespace

void cli::verifyOrDie(const ir::Unit &unit) {
  std::vector<std::string> mistakes = ir::verify(unit);
  if (mistakes.empty())
    return;
  std::string text = unit.mainFile + ": the program graph is not well formed:";
  for (const std::string &mistake : mistakes)
    text += "\n  " + mistake;
  // Aborts: an exit code would say something about the driver.
  llvm::report_fatal_error(llvm::StringRef(text));
}

RunResult cli::run(std::vector<CompileJob> jobs, const contract::RuleSet &rules,
                   report::Sources &sources, const RunOptions &options) {
  Clock::time_point start = Clock::now();
  // The order of a database is nobody's intention.
  std::sort(jobs.begin(), jobs.end(),
            [](const CompileJob &a, const CompileJob &b) {
              return std::tie(a.file, a.directory, a.arguments) <
                     std::tie(b.file, b.directory, b.arguments);
            });
  std::vector<JobResult> results(jobs.size());
  std::vector<ProgramResult> programs(options.wholeProgram ? 0 : jobs.size());
  frontend::SharedHeaders shared(jobs);
  std::mutex progressMutex;
  size_t started = 0;
  forEach(jobs.size(), options.threads, [&](size_t i) {
    if (options.progress) {
      std::lock_guard<std::mutex> lock(progressMutex);
      options.progress(++started, jobs.size(), jobs[i].file);
    }
    results[i] = lower(jobs[i], options, shared);
    if (options.wholeProgram || !results[i].unit)
      return;
    programs[i] = analyse(*results[i].unit, rules, options);
    results[i].unit.reset();
  });
  if (options.wholeProgram) {
    std::vector<ir::Unit> units;
    for (JobResult &result : results)
      if (result.unit)
        units.push_back(std::move(*result.unit));
    std::vector<ir::Unit> linked = program::link(std::move(units));
    programs.resize(linked.size());
    forEach(linked.size(), options.threads, [&](size_t i) {
      if (options.verify)
        options.verify(linked[i]);
      programs[i] = analyse(linked[i], rules, options);
    });
  }

  RunResult run;
  report::Report &report = run.report;
  report.rules = &rules;
  std::vector<NotificationGroup> groups;
  for (JobResult &result : results) {
    append(groups, result.notifications);
    report.files.push_back(std::move(result.file));
    append(report.sources, result.sources);
    report.complete &= result.complete;
    run.times.parse += result.parseSeconds;
  }
  for (ProgramResult &result : programs) {
    append(report.findings, result.analysis.findings);
    merge(report.coverage, result.analysis.coverage);
    merge(report.stats, result.analysis.stats);
    run.times.analyse += result.seconds;
  }
  sortUnique(report.files);
  sortUnique(report.sources);
  sortUnique(report.coverage.skipped);
  sortUnique(report.coverage.limited);
  sortUnique(groups);
  for (NotificationGroup &group : groups) {
    run.errors += group.front().level == report::Notification::Level::Error;
    append(report.notifications, group);
  }
  report::sortFindings(report.findings);
  report::assignFingerprints(report.findings, rules, sources);
  run.times.wall = secondsSince(start);
  return run;
}

bool cli::dumpIr(const std::vector<CompileJob> &jobs, const RunOptions &options,
                 llvm::raw_ostream &os,
                 std::vector<report::Notification> &notifications) {
  bool complete = true;
  std::vector<NotificationGroup> groups;
  for (const CompileJob &job : jobs) {
    frontend::ParsedUnit parsed = parseJob(job, options);
    std::vector<NotificationGroup> ofJob = notificationsOf(parsed, job);
    append(groups, ofJob);
    complete &= !parsed.hadErrors && !parsed.unusable;
    if (parsed.unit)
      ir::write(*parsed.unit, os);
  }
  sortUnique(groups);
  for (NotificationGroup &group : groups)
    append(notifications, group);
  return complete;
}
