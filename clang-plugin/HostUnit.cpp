//===-- HostUnit.cpp --------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "HostUnit.h"

#include "cli/Driver.h"
#include "report/Paths.h"
#include "report/Repair.h"

#include "clang/AST/ASTContext.h"
#include "clang/Basic/FileManager.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Preprocessor.h"

using namespace mdlcheck;
using namespace mdlcheck::hosts;

const contract::RuleSet &hosts::shippedRules() {
  static const contract::RuleSet rules = contract::RuleSet::shipped();
  return rules;
}

static frontend::FrontendOptions optionsFor(const contract::RuleSet &rules) {
  frontend::FrontendOptions options;
  options.macrosAsCalls = rules.macroNames();
  return options;
}

static std::string directoryOf(const clang::FileManager &files) {
  llvm::SmallString<256> directory(".");
  files.makeAbsolutePath(directory);
  return directory.str().str();
}

std::string hosts::mainFileOf(clang::Preprocessor &pp) {
  clang::SourceManager &sm = pp.getSourceManager();
  clang::OptionalFileEntryRef file =
      sm.getFileEntryRefForID(sm.getMainFileID());
  return file ? report::absolutePath(file->getName(),
                                     directoryOf(sm.getFileManager()))
              : std::string();
}

HostUnit::HostUnit(clang::Preprocessor &pp, const contract::RuleSet &rules,
                   report::Policy policy)
    : rules(rules), policy(std::move(policy)), parse(pp, optionsFor(rules)),
      mainFile(mainFileOf(pp)) {}

llvm::Expected<std::unique_ptr<HostUnit>>
HostUnit::create(clang::Preprocessor &pp, contract::RuleSet &rules) {
  report::PolicyOptions options;
  options.rules = "*";
  auto policy = report::Policy::create(rules, options, {mainFileOf(pp)});
  if (!policy)
    return policy.takeError();
  return std::unique_ptr<HostUnit>(new HostUnit(pp, rules, std::move(*policy)));
}

static frontend::CompileJob jobOf(const clang::SourceManager &sm) {
  frontend::CompileJob job;
  job.directory = directoryOf(sm.getFileManager());
  if (clang::OptionalFileEntryRef file =
          sm.getFileEntryRefForID(sm.getMainFileID()))
    job.file = file->getName().str();
  return job;
}

report::Report HostUnit::analyseWith(const std::string &text,
                                     clang::ASTContext &ast) {
  auto buffers = std::make_shared<const std::map<std::string, std::string>>(
      std::map<std::string, std::string>{{mainFile, text}});
  cli::RunOptions options;
  auto parseText = [&](const frontend::CompileJob &) {
    return parse.reparse(ast, buffers);
  };
  options.parse = parseText;
  report::Sources sources;
  sources.add(mainFile, text);
  return cli::run({jobOf(ast.getSourceManager())}, rules, sources, options)
      .report;
}

std::optional<contract::Fix> HostUnit::fixFor(const contract::Finding &finding,
                                              clang::ASTContext &ast) {
  clang::SourceManager &sm = ast.getSourceManager();
  if (finding.where.file != mainFile)
    return std::nullopt;
  std::string text = sm.getBufferData(sm.getMainFileID()).str();
  if (!report::mayBeRepaired(finding, rules, text))
    return std::nullopt;
  auto analyse = [&](const std::string &changed) {
    return analyseWith(changed, ast);
  };
  if (!unchanged)
    unchanged = analyse(text);
  return report::repair(finding, rules, text, *unchanged, analyse);
}

llvm::Expected<report::Report> HostUnit::analyse(clang::ASTContext &ast) {
  frontend::CompileJob job = jobOf(ast.getSourceManager());
  cli::RunOptions options;
  auto parseHosted = [&](const frontend::CompileJob &) {
    return parse.finish(ast);
  };
  options.parse = parseHosted;
  report::Sources sources;
  report::Report report = cli::run({job}, rules, sources, options).report;
  if (llvm::Error error =
          policy.apply(report.findings, report.suppressed, sources))
    return error;
  return report;
}

clang::SourceLocation hosts::locate(const contract::Location &where,
                                    clang::SourceManager &sm) {
  if (where.file.empty() || where.line == 0)
    return {};
  clang::OptionalFileEntryRef file =
      sm.getFileManager().getOptionalFileRef(where.file);
  clang::FileID id = file ? sm.translateFile(*file) : clang::FileID();
  if (id.isInvalid())
    return {};
  return sm.translateLineCol(id, where.line, std::max(where.column, 1u));
}

clang::CharSourceRange hosts::rangeOf(const contract::Location &where,
                                      clang::SourceManager &sm) {
  contract::Location end = where;
  end.line = where.endLine;
  end.column = where.endColumn;
  clang::SourceLocation first = locate(where, sm);
  clang::SourceLocation last = locate(end, sm);
  if (first.isInvalid() || last.isInvalid())
    return {};
  return clang::CharSourceRange::getCharRange(first, last);
}
