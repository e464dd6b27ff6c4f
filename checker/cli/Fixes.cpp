//===-- Fixes.cpp -----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/Fixes.h"

#include "report/Paths.h"
#include "report/Repair.h"
#include "support/Error.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace mdlcheck;
using namespace mdlcheck::cli;
using contract::Finding;
using frontend::CompileJob;

namespace {

/// A source, its jobs and what is found in it.
struct Source {
  std::string text;
  std::vector<CompileJob> jobs;
  std::vector<Finding *> findings;
};

std::map<std::string, Source> sourcesOf(std::vector<Finding> &findings,
                                        const std::vector<CompileJob> &jobs) {
  std::map<std::string, Source> sources;
  for (Finding &finding : findings)
    sources[finding.where.file].findings.push_back(&finding);
  for (const CompileJob &job : jobs) {
    auto it = sources.find(report::absolutePath(job.file, job.directory));
    if (it != sources.end() && job.forHeader.empty())
      it->second.jobs.push_back(job);
  }
  for (auto it = sources.begin(); it != sources.end();) {
    auto buffer = llvm::MemoryBuffer::getFile(it->first);
    if (it->second.jobs.empty() || !buffer) {
      it = sources.erase(it);
      continue;
    }
    it->second.text = (*buffer)->getBuffer().str();
    ++it;
  }
  return sources;
}

/// The source's units with another text of it. Nothing of that is kept.
report::Report analyseWith(const std::string &file, const std::string &text,
                           const Source &source, const contract::RuleSet &rules,
                           const RunOptions &given) {
  RunOptions options = given;
  options.cache = nullptr;
  options.progress = nullptr;
  options.wholeProgram = false;
  options.threads = 1;
  options.frontend.buffers =
      std::make_shared<const std::map<std::string, std::string>>(
          std::map<std::string, std::string>{{file, text}});
  report::Sources sources;
  sources.add(file, text);
  return run(source.jobs, rules, sources, options).report;
}

} // namespace

void cli::suggestFixes(std::vector<Finding> &findings,
                       const std::vector<CompileJob> &jobs,
                       const contract::RuleSet &rules,
                       const RunOptions &options) {
  for (auto &[name, source] : sourcesOf(findings, jobs)) {
    auto analyse = [&, &file = name, &from = source](const std::string &text) {
      return analyseWith(file, text, from, rules, options);
    };
    std::optional<report::Report> before;
    for (Finding *finding : source.findings) {
      if (!report::mayBeRepaired(*finding, rules, source.text))
        continue;
      if (!before)
        before = analyse(source.text);
      finding->fix =
          report::repair(*finding, rules, source.text, *before, analyse);
    }
  }
}

llvm::Expected<unsigned> cli::applyFixes(const std::vector<Finding> &findings,
                                         const std::vector<CompileJob> &jobs,
                                         const contract::RuleSet &rules,
                                         const RunOptions &options) {
  unsigned count = 0;
  std::vector<Finding> copies = findings;
  for (auto &[name, source] : sourcesOf(copies, jobs)) {
    auto analyse = [&, &file = name, &from = source](const std::string &text) {
      return analyseWith(file, text, from, rules, options);
    };
    std::vector<const Finding *> wanted(source.findings.begin(),
                                        source.findings.end());
    std::string text =
        report::repairAll(wanted, rules, source.text, analyse, count);
    if (text == source.text)
      continue;
    // In place: its links and permissions are its own.
    std::error_code ec;
    llvm::raw_fd_ostream os(name, ec);
    if (!ec) {
      os << text;
      os.close();
      ec = os.error();
      os.clear_error();
    }
    if (ec)
      return inputError(name, 0, "cannot be written: " + ec.message());
  }
  return count;
}
