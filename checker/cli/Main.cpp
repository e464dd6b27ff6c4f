//===-- Main.cpp - the command line program ---------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/Changes.h"
#include "cli/Driver.h"
#include "cli/Fixes.h"
#include "cli/Options.h"
#include "cli/Output.h"
#include "cli/Summary.h"
#include "lsp/Lsp.h"
#include "report/Explain.h"
#include "report/Paths.h"
#include "support/Error.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
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

bool wantsColor(Choice choice, bool isTerminal) {
  if (choice != Choice::Auto)
    return choice == Choice::Always;
  // https://no-color.org: any value but the empty one.
  const char *noColor = std::getenv("NO_COLOR");
  const char *term = std::getenv("TERM");
  return isTerminal && !(noColor && *noColor) &&
         !(term && llvm::StringRef(term) == "dumb");
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

/// Says in the report what is fixed, and writes the baseline that is asked for.
llvm::Error compareWithBaseline(const Options &options, report::Policy &policy,
                                report::Report &report,
                                report::Sources &sources) {
  // Nothing is known of what was not analysed, or not in full, and with errors
  // in the source nobody knows what that is.
  std::set<std::string> analysed(report.sources.begin(), report.sources.end());
  std::set<std::pair<std::string, std::string>> skipped;
  for (const program::Coverage::Function &f : report.coverage.skipped)
    skipped.emplace(f.where.file, f.name);
  auto fixed = policy.fixed([&](const report::BaselineEntry &entry) {
    return report.complete &&
           (analysed.contains(entry.file) ||
            !llvm::sys::fs::exists(entry.file)) &&
           !skipped.contains({entry.file, entry.function});
  });
  if (!fixed)
    return fixed.takeError();
  report.fixed = std::move(*fixed);
  if (options.writeBaseline.empty())
    return llvm::Error::success();
  std::vector<const contract::Finding *> known;
  for (const contract::Finding &finding : report.findings)
    known.push_back(&finding);
  for (const contract::Finding &finding : report.suppressed)
    if (finding.suppression->kind == contract::Suppression::Kind::External)
      known.push_back(&finding);
  std::string path = report::absolutePath(options.writeBaseline,
                                          options.input.workingDirectory);
  llvm::Error error = llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
    report::writeBaseline(known, *report.rules, sources, path, os);
    return llvm::Error::success();
  });
  if (error)
    return inputError(options.writeBaseline, 0,
                      "cannot be written: " + llvm::toString(std::move(error)));
  return error;
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
  run.wholeProgram = options.isWholeProgram();
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

/// Services name files from the root of the repository, which is not always
/// where a job works.
std::string rootFor(report::Format format, const std::string &directory) {
  const char *variable = format == report::Format::Github   ? "GITHUB_WORKSPACE"
                         : format == report::Format::Gitlab ? "CI_PROJECT_DIR"
                                                            : nullptr;
  const char *root = variable ? std::getenv(variable) : nullptr;
  return root && *root ? report::absolutePath(root, directory) : directory;
}

llvm::Error writeReport(const report::Report &report, report::Format format,
                        const Options &options, report::Sources &sources,
                        Output &output) {
  report::WriterOptions how;
  how.workingDirectory = rootFor(format, options.input.workingDirectory);
  how.coverage = options.coverage;
  how.color = format == report::Format::Text &&
              wantsColor(options.color, output.stream().is_displayed());
  if (how.color)
    output.stream().enable_colors(true);
  report::createWriter(format, how, sources)->write(report, output.stream());
  return output.close();
}

/// One look at the sources: what is found there and is to be told.
struct Look {
  report::Sources sources;
  RunResult result;
  Remarks remarks;
};

llvm::Error lookAt(const std::vector<frontend::CompileJob> &jobs,
                   const contract::RuleSet &rules, report::Policy &policy,
                   const Options &options, RunOptions &runOptions, Look &look) {
  std::optional<report::ChangedLines> changes;
  if (!options.diff.empty()) {
    auto read = readChanges(options.diff, options.input.workingDirectory);
    if (!read)
      return read.takeError();
    changes = std::move(*read);
  }
  {
    Progress progress(!options.quiet && llvm::errs().is_displayed(),
                      options.input.workingDirectory);
    auto show = [&](size_t started, size_t total, llvm::StringRef file) {
      progress.show(started, total, file);
    };
    runOptions.progress = show;
    look.result = run(jobs, rules, look.sources, runOptions);
    runOptions.progress = nullptr;
  }
  report::Report &report = look.result.report;
  report.toolVersion = MDLCHECK_VERSION;
  if (llvm::Error error =
          policy.apply(report.findings, report.suppressed, look.sources))
    return error;
  auto remarks = remarkSuppressions(options, policy, report);
  if (!remarks)
    return remarks.takeError();
  look.remarks = std::move(*remarks);
  if (llvm::Error error =
          compareWithBaseline(options, policy, report, look.sources))
    return error;
  if (llvm::Error error = options.tidy.filter(report))
    return error;
  if (changes)
    for (auto *list : {&report.findings, &report.suppressed})
      std::erase_if(*list, [&](const contract::Finding &finding) {
        return !changes->touches(finding, look.sources);
      });
  return llvm::Error::success();
}

/// Whether something is written that has room for fixes.
bool showsFixes(const Options &options) {
  auto hasRoom = [](report::Format format) {
    return format == report::Format::Sarif ||
           format == report::Format::FullSarif ||
           format == report::Format::Html;
  };
  return !options.tidy.exportFixes.empty() || hasRoom(options.format) ||
         llvm::any_of(options.alsoWrite, [&](const AlsoWrite &also) {
           return hasRoom(also.format);
         });
}

int analyse(const Options &options, std::vector<frontend::CompileJob> jobs,
            const contract::RuleSet &rules, report::Policy &policy) {
  const std::string &workingDirectory = options.input.workingDirectory;
  // Opened before the work, so that a bad -o is not found out after it.
  Output output;
  if (llvm::Error error = output.open(options.output))
    return fail(std::move(error));
  std::vector<Output> others(options.alsoWrite.size());
  for (size_t i = 0; i < others.size(); ++i)
    if (llvm::Error error = others[i].open(options.alsoWrite[i].file))
      return fail(std::move(error));

  RunOptions runOptions = runOptionsFor(options, rules);
  std::unique_ptr<program::Cache> cache = openCache(options, rules, runOptions);
  auto look = std::make_unique<Look>();
  if (llvm::Error error =
          lookAt(jobs, rules, policy, options, runOptions, *look))
    return fail(std::move(error));
  if (options.fix) {
    auto count =
        applyFixes(look->result.report.findings, jobs, rules, runOptions);
    if (!count)
      return fail(count.takeError());
    if (!options.quiet)
      llvm::errs() << "fixed: " << *count << '\n';
    // Lines have moved, and what is left may be seen in another way.
    if (*count > 0) {
      policy.startAnew();
      look = std::make_unique<Look>();
      if (llvm::Error error =
              lookAt(jobs, rules, policy, options, runOptions, *look))
        return fail(std::move(error));
    }
  }
  RunResult &result = look->result;
  report::Sources &sources = look->sources;
  if (showsFixes(options))
    suggestFixes(result.report.findings, jobs, rules, runOptions);
  if (cache && cache->hasWriteFailed() && !options.cacheDirectory.empty())
    warn("the cache directory '" + options.cacheDirectory +
         "' cannot be written; what is new was not kept");

  printNotifications(result.report.notifications, options, workingDirectory);
  if (llvm::Error error =
          writeReport(result.report, options.format, options, sources, output))
    return fail(std::move(error));
  for (size_t i = 0; i < others.size(); ++i)
    if (llvm::Error error =
            writeReport(result.report, options.alsoWrite[i].format, options,
                        sources, others[i]))
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
  // What is in the baseline from now on is nothing new.
  if (!options.writeBaseline.empty())
    result.report.findings.clear();
  return exitCode(result, look->remarks, policy);
}

int realMain(llvm::ArrayRef<const char *> arguments) {
  if (!arguments.empty() && llvm::StringRef(arguments.front()) == "lsp")
    return lsp::serve(arguments.drop_front(), MDLCHECK_VERSION);
  auto parsed = parseOptions(arguments);
  if (!parsed)
    return fail(parsed.takeError());
  Options options = std::move(*parsed);
  if (options.fix && options.diff == "-")
    return fail(inputError("--fix and --diff - exclude each other: lines move "
                           "away from what the diff says"));
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
  if (!options.policy.baseline.empty())
    options.policy.baseline =
        report::absolutePath(options.policy.baseline, directory);
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
  if (!options.isWholeProgram())
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
