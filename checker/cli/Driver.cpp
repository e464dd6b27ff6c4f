//===-- Driver.cpp ----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/Driver.h"

#include "cli/UnitCache.h"
#include "ir/Text.h"
#include "ir/Verifier.h"
#include "program/Link.h"
#include "program/StoredResult.h"
#include "report/Findings.h"
#include "report/Paths.h"
#include "support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
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
  // A source that is asked for itself says all there is to its headers, too.
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const CompileJob &a, const CompileJob &b) {
                     return a.forHeader.empty() > b.forHeader.empty();
                   });
  std::set<std::tuple<std::string, std::string, std::vector<std::string>>>
      whole;
  std::set<std::string> headers;
  std::erase_if(jobs, [&](const CompileJob &job) {
    std::tuple key(job.directory, job.file, job.arguments);
    if (job.forHeader.empty())
      return !whole.insert(key).second;
    return whole.contains(key) || !headers.insert(job.forHeader).second;
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
  std::string key; ///< of the unit in the cache; empty: it is not there
  std::unique_ptr<ir::Unit> unit; ///< may be left in the cache
  std::vector<NotificationGroup> notifications;
  bool complete = true;
  bool isParsed = false; ///< by this run
  PhaseTimes times;
};

void makeAbsolute(contract::Location &where, const std::string &directory) {
  where.file = report::absolutePath(where.file, directory);
}

std::vector<NotificationGroup>
notificationsOf(const std::vector<frontend::Diagnostic> &diagnostics,
                bool unusable, const CompileJob &job) {
  std::vector<NotificationGroup> groups;
  for (const frontend::Diagnostic &d : diagnostics) {
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
  if (unusable && groups.empty()) {
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
  frontend::ParsedUnit parsed =
      options.parse ? options.parse(job)
                    : frontend::parse(job, options.frontend, shared);
  if (parsed.unit && options.verify)
    options.verify(*parsed.unit);
  return parsed;
}

/// Where units come from.
struct UnitSource {
  const RunOptions &options;
  UnitCache *cache; ///< may be null
  frontend::SharedHeaders &shared;
};

void parseInto(JobResult &result, const CompileJob &job,
               const UnitSource &source) {
  Clock::time_point start = Clock::now();
  frontend::ParsedUnit parsed = parseJob(job, source.options, &source.shared);
  result.isParsed = true;
  result.notifications =
      notificationsOf(parsed.diagnostics, parsed.unusable, job);
  result.complete = !parsed.hadErrors && !parsed.unusable;
  if (parsed.unit) {
    // Findings are wherever the unit says, and units meet in a program.
    parsed.unit->mainFile = result.file;
    for (std::string &file : parsed.unit->files)
      file = report::absolutePath(file, job.directory);
    result.sources = parsed.unit->files;
  }
  result.times.lower += parsed.lowerSeconds;
  result.times.parse += secondsSince(start) - parsed.lowerSeconds;
  start = Clock::now();
  result.key.clear();
  if (source.cache && parsed.unit && !parsed.unusable)
    result.key = source.cache->keep(job, parsed).unit;
  result.times.cache += secondsSince(start);
  result.unit = std::move(parsed.unit);
}

/// Parses the job, or finds that it need not be: then its unit stays where it
/// is until somebody wants it.
JobResult obtain(const CompileJob &job, const UnitSource &source) {
  JobResult result;
  result.file = report::absolutePath(job.file, job.directory);
  Clock::time_point start = Clock::now();
  std::optional<ParsedJob> known;
  if (source.cache)
    known = source.cache->find(job);
  result.times.cache += secondsSince(start);
  if (!known) {
    parseInto(result, job, source);
    return result;
  }
  result.key = known->unit;
  result.sources = std::move(known->sources);
  result.notifications = notificationsOf(known->diagnostics, false, job);
  result.complete = !known->hadErrors;
  return result;
}

/// Makes sure that the unit of a job is there, if it has any.
void fetchUnit(JobResult &result, const CompileJob &job,
               const UnitSource &source) {
  if (result.unit || result.key.empty())
    return;
  Clock::time_point start = Clock::now();
  result.unit = source.cache->load(result.key);
  result.times.cache += secondsSince(start);
  // Damaged, or gone since.
  if (!result.unit)
    parseInto(result, job, source);
}

/// The results for programs made of the units named by `key`.
std::optional<std::vector<program::AnalysisResult>>
knownResults(const std::string &key, const contract::RuleSet &rules,
             const RunOptions &options) {
  if (!options.cache || key.empty())
    return std::nullopt;
  auto buffer = options.cache->read(key, "result");
  if (!buffer)
    return std::nullopt;
  return program::readStoredResults(buffer->getBuffer(), rules);
}

void keepResults(const std::string &key,
                 const std::vector<program::AnalysisResult> &results,
                 const RunOptions &options) {
  if (options.cache && !key.empty())
    options.cache->write(key, "result", program::store(results));
}

/// Empty when one of the units is not in the cache.
std::string resultKey(llvm::ArrayRef<JobResult> jobs, bool wholeProgram,
                      const RunOptions &options) {
  program::CacheKey key(wholeProgram ? "program" : "file");
  key.add(options.identity).add(options.analysis.stateBudget);
  for (const JobResult &job : jobs) {
    if (job.key.empty() && job.unit)
      return {};
    key.add(job.key);
  }
  return key.str();
}

/// Takes out the findings whose path does not touch `file`.
void keepTouching(const std::string &file,
                  std::vector<contract::Finding> &findings) {
  std::erase_if(findings, [&](const contract::Finding &finding) {
    return finding.where.file != file &&
           std::none_of(finding.path.begin(), finding.path.end(),
                        [&](const contract::PathStep &step) {
                          return step.where.file == file;
                        });
  });
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

/// Jobs by the size of their sources: the longest is not to come last, when
/// nobody else has anything left to do.
std::vector<size_t> largestFirst(const std::vector<CompileJob> &jobs) {
  std::vector<std::pair<uint64_t, size_t>> bySize;
  for (size_t i = 0; i < jobs.size(); ++i) {
    uint64_t size = 0;
    if (llvm::sys::fs::file_size(
            report::absolutePath(jobs[i].file, jobs[i].directory), size))
      size = 0;
    bySize.push_back({~size, i});
  }
  llvm::sort(bySize);
  std::vector<size_t> order;
  for (const auto &[size, i] : bySize)
    order.push_back(i);
  return order;
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
  std::optional<UnitCache> units;
  if (options.cache)
    units.emplace(*options.cache, options.build, options.frontend);
  frontend::SharedHeaders shared(jobs);
  UnitSource source{options, units ? &*units : nullptr, shared};

  std::vector<JobResult> results(jobs.size());
  /// By job: what each source comes to by itself.
  std::vector<program::AnalysisResult> alone(jobs.size());
  std::vector<program::AnalysisResult> programs;
  std::vector<size_t> order = largestFirst(jobs);
  RunResult run;
  std::atomic<unsigned> analysed = 0;
  std::mutex progressMutex;
  size_t started = 0;
  auto analyse = [&](const ir::Unit &unit, const program::AnalysisOptions &how,
                     PhaseTimes &times) {
    Clock::time_point begin = Clock::now();
    ++analysed;
    program::AnalysisResult result = program::analyze(unit, rules, how);
    times.retrace += result.retraceSeconds;
    times.analyse += secondsSince(begin) - result.retraceSeconds;
    return result;
  };
  forEach(jobs.size(), options.threads, [&](size_t n) {
    size_t i = order[n];
    if (options.progress) {
      std::lock_guard<std::mutex> lock(progressMutex);
      options.progress(++started, jobs.size(), jobs[i].file);
    }
    JobResult &job = results[i];
    job = obtain(jobs[i], source);
    if (!job.unit && job.key.empty())
      return;
    std::string key = resultKey(job, false, options);
    if (auto known = knownResults(key, rules, options);
        known && known->size() == 1) {
      alone[i] = std::move(known->front());
    } else {
      fetchUnit(job, jobs[i], source);
      if (!job.unit)
        return;
      alone[i] = analyse(*job.unit, options.analysis, job.times);
      keepResults(resultKey(job, false, options), {alone[i]}, options);
    }
    if (!options.wholeProgram) {
      job.unit.reset();
      if (!jobs[i].forHeader.empty())
        keepTouching(jobs[i].forHeader, alone[i].findings);
    }
  });
  if (options.wholeProgram) {
    std::string key = resultKey(results, true, options);
    if (auto known = knownResults(key, rules, options)) {
      programs = std::move(*known);
    } else {
      forEach(jobs.size(), options.threads,
              [&](size_t i) { fetchUnit(results[i], jobs[i], source); });
      key = resultKey(results, true, options);
      Clock::time_point begin = Clock::now();
      std::vector<ir::Unit> all;
      for (JobResult &result : results)
        if (result.unit)
          all.push_back(std::move(*result.unit));
      std::vector<ir::Unit> linked = program::link(std::move(all));
      run.times.link = secondsSince(begin);
      program::AnalysisOptions whole = options.analysis;
      whole.wholeProgram =
          llvm::all_of(results, [](const JobResult &r) { return r.complete; });
      whole.mentionedOutside = program::mentionedByLibraries(linked, rules);
      programs.resize(linked.size());
      std::vector<PhaseTimes> times(linked.size());
      forEach(linked.size(), options.threads, [&](size_t i) {
        if (options.verify)
          options.verify(linked[i]);
        program::AnalysisOptions how = whole;
        std::set<std::string> files(linked[i].files.begin(),
                                    linked[i].files.end());
        for (const program::AnalysisResult &unit : alone)
          if (files.contains(unit.facts.mainFile))
            how.units.push_back(&unit);
        programs[i] = analyse(linked[i], how, times[i]);
      });
      for (const PhaseTimes &t : times) {
        run.times.analyse += t.analyse;
        run.times.retrace += t.retrace;
      }
      keepResults(key, programs, options);
    }
  } else {
    programs = std::move(alone);
  }

  report::Report &report = run.report;
  report.rules = &rules;
  std::vector<NotificationGroup> groups;
  for (JobResult &result : results) {
    append(groups, result.notifications);
    report.files.push_back(std::move(result.file));
    append(report.sources, result.sources);
    report.complete &= result.complete;
    run.times.parse += result.times.parse;
    run.times.lower += result.times.lower;
    run.times.cache += result.times.cache;
    run.times.analyse += result.times.analyse;
    run.times.retrace += result.times.retrace;
    run.counts.parsed += result.isParsed;
  }
  run.counts.jobs = unsigned(jobs.size());
  run.counts.programs = unsigned(programs.size());
  if (options.wholeProgram)
    run.counts.programs += unsigned(jobs.size());
  run.counts.analysed = analysed;
  for (program::AnalysisResult &result : programs) {
    append(report.findings, result.findings);
    merge(report.coverage, result.coverage);
    merge(report.stats, result.stats);
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
  if (options.cache)
    options.cache->trim();
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
    std::vector<NotificationGroup> ofJob =
        notificationsOf(parsed.diagnostics, parsed.unusable, job);
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
