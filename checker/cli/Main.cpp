//===-- Main.cpp - the command line program ---------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/Driver.h"
#include "cli/Options.h"
#include "lsp/Lsp.h"
#include "report/Explain.h"
#include "report/Paths.h"
#include "support/Error.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Process.h"

#include <csignal>
#include <cstdlib>
#include <set>

using namespace mdlcheck;
using namespace mdlcheck::cli;

namespace {

// The codes are part of the interface: README.md, "Exit codes".
constexpr int kExitClean = 0;
constexpr int kExitFindings = 1;
constexpr int kExitBadInput = 2;

int fail(llvm::Error error) {
  llvm::errs() << "mdlcheck: error: " << llvm::toString(std::move(error))
               << '\n';
  return kExitBadInput;
}

/// Standard output or the file of -o. What could not be written is an error,
/// except that a reader who has seen enough (`| head`) is none.
class Output {
public:
  llvm::Error open(const std::string &name) {
    if (name.empty() || name == "-")
      return llvm::Error::success();
    std::error_code ec;
    file = std::make_unique<llvm::raw_fd_ostream>(name, ec);
    if (ec) {
      file.reset();
      return inputError(name, 0, "cannot be written: " + ec.message());
    }
    this->name = name;
    return llvm::Error::success();
  }

  llvm::raw_fd_ostream &stream() { return file ? *file : llvm::outs(); }

  llvm::Error close() {
    llvm::raw_fd_ostream &os = stream();
    os.flush();
    std::error_code ec = os.error();
    os.clear_error();
    if (!ec || ec == std::errc::broken_pipe)
      return llvm::Error::success();
    return inputError(file ? name : "standard output", 0,
                      "cannot be written: " + ec.message());
  }

private:
  std::unique_ptr<llvm::raw_fd_ostream> file;
  std::string name;
};

bool wantsColor(Choice choice, bool isTerminal) {
  if (choice != Choice::Auto)
    return choice == Choice::Always;
  // https://no-color.org: any value but the empty one.
  const char *noColor = std::getenv("NO_COLOR");
  const char *term = std::getenv("TERM");
  return isTerminal && !(noColor && *noColor) &&
         !(term && llvm::StringRef(term) == "dumb");
}

std::string plural(uint64_t count, llvm::StringRef noun) {
  return std::to_string(count) + " " + noun.str() + (count == 1 ? "" : "s");
}

/// The line "[3/35] file" that each file writes over on a terminal.
class Progress {
public:
  Progress(bool enabled, const std::string &workingDirectory)
      : enabled(enabled), workingDirectory(workingDirectory) {}
  ~Progress() {
    if (enabled && shown)
      llvm::errs() << "\r\033[K";
  }
  void show(size_t started, size_t total, llvm::StringRef file) {
    if (!enabled)
      return;
    shown = true;
    llvm::errs() << "\r\033[K[" << started << '/' << total << "] "
                 << report::relativeTo(file, workingDirectory);
  }

private:
  bool enabled;
  bool shown = false;
  const std::string &workingDirectory;
};

void printNotifications(const std::vector<report::Notification> &notifications,
                        const Options &options,
                        const std::string &workingDirectory) {
  report::WriterOptions writerOptions;
  writerOptions.workingDirectory = workingDirectory;
  writerOptions.color = wantsColor(options.color, llvm::errs().is_displayed());
  if (writerOptions.color)
    llvm::errs().enable_colors(true);
  for (const report::Notification &n : notifications)
    report::writeNotification(n, writerOptions, llvm::errs());
}

void printIncomplete(const RunResult &result, const Options &options) {
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

void printSummary(const report::Report &report, const Options &options) {
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
}

void printStats(const RunResult &result) {
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
     << plural(counts.programs, "program") << " analysed\n";
  os << "graph: " << stats.blocks << " blocks, " << stats.instructions
     << " instructions\n";
  os << "states: " << stats.statesVisited
     << " visited; summaries: " << stats.summaries << " made, "
     << stats.summaryHits << " used again\n";
}

int showRules(const Options &options, const contract::RuleSet &rules) {
  Output output;
  if (llvm::Error error = output.open(options.output))
    return fail(std::move(error));
  llvm::raw_fd_ostream &os = output.stream();
  if (options.listRules) {
    report::listRules(rules, os);
  } else {
    contract::RuleId id = rules.ruleNamed(options.explain);
    if (!id) {
      llvm::StringRef nearest = report::nearestRule(options.explain, rules);
      return fail(inputError("unknown rule '" + options.explain + "'; " +
                             (nearest.empty()
                                  ? "--list-rules shows what there is"
                                  : "did you mean '" + nearest.str() + "'?")));
    }
    bool color = wantsColor(options.color, os.is_displayed());
    if (color)
      os.enable_colors(true);
    report::explainRule(rules.rule(id), color, os);
  }
  if (llvm::Error error = output.close())
    return fail(std::move(error));
  return kExitClean;
}

using Remarks = std::vector<report::Suppressions::Remark>;

/// As clang-tidy lists its checks.
int showChecks(const Options &options, const contract::RuleSet &rules) {
  auto selection =
      options.policy.rules
          ? report::RuleSelection::parse(*options.policy.rules, rules)
          : report::RuleSelection::defaults(rules);
  if (!selection)
    return fail(selection.takeError());
  llvm::outs() << "Enabled checks:\n";
  for (uint32_t i = 0; i < rules.rules.size(); ++i)
    if (selection->contains(contract::RuleId(i)))
      llvm::outs() << "    " << rules.rules[i].id << '\n';
  llvm::outs() << '\n';
  return kExitClean;
}

int exitCode(const RunResult &result, const Remarks &remarks,
             report::Policy &policy) {
  if (!result.report.complete)
    return kExitBadInput;
  for (const report::Suppressions::Remark &remark : remarks)
    if (policy.fails(contract::Severity::Warning, remark.where.file))
      return kExitFindings;
  for (const contract::Finding &finding : result.report.findings)
    if (policy.fails(finding))
      return kExitFindings;
  return kExitClean;
}

/// Adds what there is to say about suppressions to the report. Those in files
/// that were not analysed in full may be for what was left out.
llvm::Expected<Remarks> remarkSuppressions(const Options &options,
                                           report::Policy &policy,
                                           report::Report &report) {
  std::vector<std::string> files;
  if (options.unusedSuppressions) {
    std::set<std::string> partly;
    for (const program::Coverage::Function &f : report.coverage.skipped)
      partly.insert(f.where.file);
    for (const std::string &file : report.sources)
      if (!partly.contains(file))
        files.push_back(file);
  }
  auto remarks = policy.remarks(files);
  if (!remarks)
    return remarks.takeError();
  for (const report::Suppressions::Remark &remark : *remarks)
    report.notifications.push_back(
        {report::Notification::Level::Warning, remark.where, remark.message});
  // Without the option they are said, and change nothing.
  if (!options.unusedSuppressions)
    remarks->clear();
  return remarks;
}

int dumpConfig(const Options &options, report::Policy &policy,
               const std::string &file) {
  Output output;
  if (llvm::Error error = output.open(options.output))
    return fail(std::move(error));
  if (llvm::Error error = policy.dump(file, output.stream()))
    return fail(std::move(error));
  if (llvm::Error error = output.close())
    return fail(std::move(error));
  return kExitClean;
}

/// Leaves out files that the configuration leaves out. In a whole program
/// they are needed for what their functions do.
llvm::Error removeUncovered(report::Policy &policy,
                            std::vector<frontend::CompileJob> &jobs) {
  std::vector<frontend::CompileJob> covered;
  for (frontend::CompileJob &job : jobs) {
    auto isCovered =
        policy.covers(report::absolutePath(job.file, job.directory));
    if (!isCovered)
      return isCovered.takeError();
    if (*isCovered)
      covered.push_back(std::move(job));
  }
  jobs = std::move(covered);
  return llvm::Error::success();
}

RunOptions runOptionsFor(const Options &options,
                         const contract::RuleSet &rules) {
  RunOptions run;
  run.frontend.macrosAsCalls = rules.macroNames();
  run.threads = options.threads;
  run.wholeProgram = options.wholeProgram.value_or(false);
#ifdef NDEBUG
  bool verify = std::getenv("MDLCHECK_VERIFY") != nullptr;
#else
  bool verify = true;
#endif
  if (verify)
    run.verify = verifyOrDie;
  return run;
}

void warn(const std::string &message) {
  llvm::errs() << "mdlcheck: warning: " << message << '\n';
}

/// The cache that was asked for, else the default one, if there can be one.
std::unique_ptr<program::Cache> openCache(const Options &options,
                                          const contract::RuleSet &rules,
                                          RunOptions &run) {
  if (options.noCache)
    return nullptr;
  std::string directory = options.cacheDirectory.empty()
                              ? program::defaultCacheDirectory()
                              : options.cacheDirectory;
  std::string build = program::buildIdentity();
  if (directory.empty() || build.empty())
    return nullptr;
  program::CacheKey identity("rules");
  identity.add(build).add(rules.added());
  auto cache = std::make_unique<program::Cache>(directory, options.cacheBytes);
  if (!cache->isUsable()) {
    if (!options.cacheDirectory.empty())
      warn("the cache directory '" + directory +
           "' cannot be made; nothing is kept");
    return nullptr;
  }
  run.cache = cache.get();
  run.build = build;
  run.identity = identity.str();
  return cache;
}

int dump(const Options &options, const std::vector<frontend::CompileJob> &jobs,
         const contract::RuleSet &rules) {
  Output output;
  if (llvm::Error error = output.open(options.output))
    return fail(std::move(error));
  std::vector<report::Notification> notifications;
  bool complete = dumpIr(jobs, runOptionsFor(options, rules), output.stream(),
                         notifications);
  printNotifications(notifications, options, options.input.workingDirectory);
  if (llvm::Error error = output.close())
    return fail(std::move(error));
  return complete ? kExitClean : kExitBadInput;
}

int analyse(const Options &options, std::vector<frontend::CompileJob> jobs,
            const contract::RuleSet &rules, report::Policy &policy) {
  const std::string &workingDirectory = options.input.workingDirectory;
  // Opened before the work, so that a bad -o is not found out after it.
  Output output;
  if (llvm::Error error = output.open(options.output))
    return fail(std::move(error));

  RunOptions runOptions = runOptionsFor(options, rules);
  std::unique_ptr<program::Cache> cache = openCache(options, rules, runOptions);
  report::Sources sources;
  RunResult result;
  {
    Progress progress(!options.quiet && llvm::errs().is_displayed(),
                      workingDirectory);
    auto show = [&](size_t started, size_t total, llvm::StringRef file) {
      progress.show(started, total, file);
    };
    runOptions.progress = show;
    result = run(std::move(jobs), rules, sources, runOptions);
  }
  result.report.toolVersion = MDLCHECK_VERSION;
  if (cache && cache->hasWriteFailed() && !options.cacheDirectory.empty())
    warn("the cache directory '" + options.cacheDirectory +
         "' cannot be written; what is new was not kept");
  if (llvm::Error error = policy.apply(result.report.findings,
                                       result.report.suppressed, sources))
    return fail(std::move(error));
  auto remarks = remarkSuppressions(options, policy, result.report);
  if (!remarks)
    return fail(remarks.takeError());
  if (llvm::Error error = options.tidy.filter(result.report))
    return fail(std::move(error));

  printNotifications(result.report.notifications, options, workingDirectory);
  report::WriterOptions writerOptions;
  writerOptions.workingDirectory = workingDirectory;
  writerOptions.coverage = options.coverage;
  writerOptions.color =
      options.format == report::Format::Text &&
      wantsColor(options.color, output.stream().is_displayed());
  if (writerOptions.color)
    output.stream().enable_colors(true);
  report::createWriter(options.format, writerOptions, sources)
      ->write(result.report, output.stream());
  if (llvm::Error error = output.close())
    return fail(std::move(error));
  if (llvm::Error error =
          options.tidy.writeFixes(result.report, sources, workingDirectory))
    return fail(std::move(error));

  if (!result.report.complete)
    printIncomplete(result, options);
  if (!options.quiet)
    printSummary(result.report, options);
  if (options.stats)
    printStats(result);
  return exitCode(result, *remarks, policy);
}

int realMain(llvm::ArrayRef<const char *> arguments) {
  if (!arguments.empty() && llvm::StringRef(arguments.front()) == "lsp")
    return lsp::serve(arguments.drop_front(), MDLCHECK_VERSION);
  auto parsed = parseOptions(arguments);
  if (!parsed)
    return fail(parsed.takeError());
  Options options = std::move(*parsed);
  if (options.help || options.version) {
    if (options.help)
      printHelp(llvm::outs());
    else
      // The second line is what editors look for in clang-tidy's.
      llvm::outs() << "mdlcheck " << MDLCHECK_VERSION << "\n  LLVM version "
                   << LLVM_VERSION_STRING << '\n';
    Output output;
    if (llvm::Error error = output.close())
      return fail(std::move(error));
    return kExitClean;
  }

  if (llvm::Error error =
          options.tidy.readConfig(options.policy, options.contractFiles))
    return fail(std::move(error));
  contract::RuleSet rules = contract::RuleSet::shipped();
  for (const std::string &file : options.contractFiles)
    if (llvm::Error error = rules.addFile(file))
      return fail(std::move(error));
  if (options.listRules || !options.explain.empty())
    return showRules(options, rules);
  if (llvm::Error error = options.tidy.apply(options.policy, rules))
    return fail(std::move(error));

  if (options.tidy.listChecks)
    return showChecks(options, rules);

  llvm::SmallString<256> workingDirectory;
  if (std::error_code ec = llvm::sys::fs::current_path(workingDirectory))
    return fail(
        inputError("the current directory cannot be read: " + ec.message()));
  options.input.workingDirectory = workingDirectory.str().str();
  const std::string &directory = options.input.workingDirectory;
  if (!options.policy.configFile.empty())
    options.policy.configFile =
        report::absolutePath(options.policy.configFile, directory);
  if (options.dumpConfig) {
    std::string file = report::absolutePath(
        options.input.files.empty() ? "all.c" : options.input.files[0],
        directory);
    auto policy = report::Policy::create(rules, options.policy, {file});
    if (!policy)
      return fail(policy.takeError());
    return dumpConfig(options, *policy, file);
  }
  auto jobs = collectJobs(options.input);
  if (!jobs)
    return fail(jobs.takeError());
  options.tidy.adjust(*jobs);
  std::vector<std::string> files;
  for (const frontend::CompileJob &job : *jobs)
    files.push_back(report::absolutePath(job.file, job.directory));
  auto policy = report::Policy::create(rules, options.policy, files);
  if (!policy)
    return fail(policy.takeError());
  if (options.dumpIr)
    return dump(options, *jobs, rules);
  if (!options.wholeProgram.value_or(false))
    if (llvm::Error error = removeUncovered(*policy, *jobs))
      return fail(std::move(error));
  return analyse(options, std::move(*jobs), rules, *policy);
}

} // namespace

int main(int argc, char **argv) {
  llvm::setBugReportMsg("This is a bug in mdlcheck. Please report it with the "
                        "file and flags it was given.\n");
  llvm::InitLLVM init(argc, argv, /*InstallPipeSignalExitHandler=*/false);
#ifdef SIGPIPE
  // A reader that goes away is seen as an error of the write.
  std::signal(SIGPIPE, SIG_IGN);
#endif
  int code = realMain(llvm::ArrayRef<const char *>(argv, argc).drop_front());
  // Nobody is left to tell when standard error cannot be written.
  llvm::outs().clear_error();
  llvm::errs().clear_error();
  return code;
}
