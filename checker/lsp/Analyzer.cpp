//===-- Analyzer.cpp --------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lsp/Analyzer.h"

#include "lsp/Text.h"
#include "report/Notes.h"
#include "report/Paths.h"
#include "report/Repair.h"
#include "support/Error.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mdlcheck;
using namespace mdlcheck::lsp;

llvm::Expected<std::unique_ptr<Analyzer>>
Analyzer::create(cli::Options options) {
  std::unique_ptr<Analyzer> analyzer(new Analyzer(std::move(options)));
  for (const std::string &file : analyzer->options.contractFiles)
    if (llvm::Error error = analyzer->rules.addFile(file))
      return error;
  report::PolicyOptions &policy = analyzer->options.policy;
  if (policy.rules)
    if (auto chosen =
            report::RuleSelection::parse(*policy.rules, analyzer->rules);
        !chosen)
      return chosen.takeError();
  for (std::string *file : {&policy.configFile, &policy.baseline}) {
    llvm::SmallString<256> absolute(*file);
    if (!file->empty() && !llvm::sys::fs::make_absolute(absolute))
      *file = absolute.str().str();
  }
  return analyzer;
}

llvm::StringRef Analyzer::pageOf(llvm::StringRef rule) const {
  contract::RuleId id = rules.ruleNamed(rule);
  return id ? llvm::StringRef(rules.rule(id).page) : llvm::StringRef();
}

// Editors open what codeDescription names, so the page that is built in is
// written where a browser or an editor can read it.
std::string Analyzer::pageUri(const contract::Rule &rule) {
  auto [it, isNew] = pageUris.try_emplace(rule.id);
  llvm::SmallString<256> path;
  if (!isNew || rule.page.empty() || !llvm::sys::path::cache_directory(path))
    return it->second;
  llvm::sys::path::append(path, "mdlcheck", "rules");
  if (llvm::sys::fs::create_directories(path))
    return it->second;
  llvm::sys::path::append(path, rule.id + ".md");
  if (llvm::Error error = llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
        os << rule.page;
        return llvm::Error::success();
      }))
    llvm::consumeError(std::move(error));
  else
    it->second = report::fileUri(path);
  return it->second;
}

// With the DDK headers of mingw-w64 where they are, as in README.md.
static std::vector<std::string> fallbackFlags(std::string &what) {
  constexpr const char *kHeaders = "/usr/share/mingw-w64/include";
  if (llvm::sys::fs::is_directory(std::string(kHeaders) + "/ddk")) {
    what = "with the DDK headers of mingw-w64";
    return {"--target=x86_64-w64-windows-gnu",
            "-fms-extensions",
            "-isystem",
            kHeaders,
            "-isystem",
            std::string(kHeaders) + "/ddk",
            "-D_WIN64",
            "-D_AMD64_",
            "-D_KERNEL_MODE"};
  }
  what = "without any headers of a driver kit";
  return {"--target=x86_64-pc-windows-msvc", "-fms-extensions", "-D_WIN64",
          "-D_AMD64_", "-D_KERNEL_MODE"};
}

llvm::Expected<std::vector<frontend::CompileJob>>
Analyzer::jobsFor(const std::string &path, std::string &fallback) const {
  cli::Input input;
  input.files = {path};
  input.buildDir = options.input.buildDir;
  input.workingDirectory = llvm::sys::path::parent_path(path).str();
  if (options.input.hasFlags) {
    input.hasFlags = true;
    input.flags = options.input.flags;
  } else if (input.buildDir.empty() &&
             frontend::findCompileDatabase(path).empty()) {
    std::string what;
    input.hasFlags = true;
    input.flags = fallbackFlags(what);
    fallback = "no compile_commands.json above " + path + "; it is analysed " +
               what +
               ". Make a compile database when building the driver, or give "
               "its directory: mdlcheck lsp -p BUILD_DIR";
  }
  // One that is not on disk yet has no other flags than these.
  if (!llvm::sys::fs::exists(path)) {
    if (input.hasFlags) {
      frontend::CompileJob job = frontend::fixedJob(path, input.flags);
      job.directory = input.workingDirectory;
      return std::vector<frontend::CompileJob>{job};
    }
    auto all = frontend::loadCompileDatabase(
        input.buildDir.empty() ? frontend::findCompileDatabase(path)
                               : input.buildDir);
    if (!all)
      return all.takeError();
    return frontend::jobsFor(*all, path);
  }
  auto jobs = cli::collectJobs(input);
  if (!jobs)
    return jobs.takeError();
  // A file built several times would say everything several times.
  if (jobs->size() > 1)
    jobs->resize(1);
  return jobs;
}

static llvm::lsp::DiagnosticSeverity severityOf(contract::Severity severity) {
  switch (severity) {
  case contract::Severity::Note:
    return llvm::lsp::DiagnosticSeverity::Information;
  case contract::Severity::Warning:
    return llvm::lsp::DiagnosticSeverity::Warning;
  case contract::Severity::Error:
    return llvm::lsp::DiagnosticSeverity::Error;
  }
  return llvm::lsp::DiagnosticSeverity::Warning;
}

Answer Analyzer::analyze(const std::string &path,
                         const std::shared_ptr<const Buffers> &buffers) {
  Answer answer;
  answer.diagnostics[path];
  auto jobs = jobsFor(path, answer.fallback);
  if (!jobs) {
    answer.failure = llvm::toString(jobs.takeError());
    return answer;
  }
  // Read anew each time: contracts and configuration are edited, too.
  contract::RuleSet ofProject = rules;
  auto policy = report::Policy::create(ofProject, options.policy, {path});
  if (!policy) {
    answer.failure = llvm::toString(policy.takeError());
    return answer;
  }
  cli::RunOptions run;
  run.frontend.macrosAsCalls = ofProject.macroNames();
  run.frontend.buffers = buffers;
  auto parse = [&](const frontend::CompileJob &job) {
    frontend::ParsedUnit parsed = frontend::parse(job, run.frontend);
    answer.inputs.insert(parsed.inputs.begin(), parsed.inputs.end());
    return parsed;
  };
  run.parse = parse;
  report::Sources sources;
  for (const auto &[file, text] : *buffers)
    sources.add(file, text);
  report::Report report =
      cli::run(std::move(*jobs), ofProject, sources, run).report;
  if (llvm::Error error =
          policy->apply(report.findings, report.suppressed, sources)) {
    answer.failure = llvm::toString(std::move(error));
    return answer;
  }

  for (const contract::Finding &finding : report.findings) {
    if (finding.where.file == path &&
        report::mayBeRepaired(finding, ofProject, sources.fileText(path).str()))
      answer.repairable.push_back(finding);
    const contract::Rule &rule = ofProject.rule(finding.rule);
    Diagnostic d;
    d.range = rangeOf(finding.where, sources);
    d.severity = severityOf(report::severityOf(finding, ofProject));
    d.code = rule.id;
    d.codeUri = pageUri(rule);
    d.message = finding.message;
    d.fingerprint = finding.fingerprint;
    for (const report::Note &note : report::notesOf(finding, rule))
      d.related.push_back({report::fileUri(note.where.file),
                           rangeOf(note.where, sources),
                           std::string(2 * note.depth, ' ') + note.message});
    answer.diagnostics[finding.where.file].push_back(std::move(d));
  }
  for (const report::Notification &n : report.notifications) {
    if (report.complete || n.level != report::Notification::Level::Error)
      continue;
    Diagnostic d;
    d.severity = llvm::lsp::DiagnosticSeverity::Information;
    d.message = n.message;
    if (n.where.file == path)
      d.range = rangeOf(n.where, sources);
    else if (!n.where.file.empty())
      d.message = llvm::sys::path::filename(n.where.file).str() + ":" +
                  std::to_string(n.where.line) + ": " + n.message;
    answer.error = std::move(d);
    break;
  }
  return answer;
}

std::optional<contract::Fix>
Analyzer::fixFor(const contract::Finding &finding,
                 const std::shared_ptr<const Buffers> &buffers) {
  const std::string &path = finding.where.file;
  std::string fallback;
  auto jobs = jobsFor(path, fallback);
  if (!jobs) {
    llvm::consumeError(jobs.takeError());
    return std::nullopt;
  }
  contract::RuleSet ofProject = rules;
  auto policy = report::Policy::create(ofProject, options.policy, {path});
  if (!policy) {
    llvm::consumeError(policy.takeError());
    return std::nullopt;
  }
  auto analyse = [&](const std::string &text) {
    auto changed = std::make_shared<Buffers>(*buffers);
    (*changed)[path] = text;
    cli::RunOptions run;
    run.frontend.macrosAsCalls = ofProject.macroNames();
    run.frontend.buffers = changed;
    report::Sources sources;
    for (const auto &[file, buffer] : *changed)
      sources.add(file, buffer);
    return cli::run(*jobs, ofProject, sources, run).report;
  };
  auto text = buffers->find(path);
  if (text == buffers->end())
    return std::nullopt;
  return report::repair(finding, ofProject, text->second, analyse(text->second),
                        analyse);
}
