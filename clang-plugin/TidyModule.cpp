//===-- TidyModule.cpp - every rule a clang-tidy check ----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// clang-tidy -load=libmdlcheck-tidy.so -checks='-*,mdl-*,irql-*'
//
// However many checks are on, a translation unit is analysed once: the checks
// made for it share one SharedUnit.
//
//===----------------------------------------------------------------------===//
#include "HostUnit.h"

#include "report/Notes.h"
#include "support/Error.h"

#include "clang-tidy/ClangTidyCheck.h"
#include "clang-tidy/ClangTidyModule.h"
#include "clang/AST/ASTContext.h"
#include "clang/ASTMatchers/ASTMatchFinder.h"
#include "clang/Lex/Preprocessor.h"

#include <map>
#include <mutex>
#include <set>

using namespace mdlcheck;
using namespace mdlcheck::hosts;
namespace tidy = clang::tidy;

namespace {

/// Names of contract files, separated by semicolons, for all checks.
constexpr const char *kContractsOption = "MdlcheckContracts";

/// One translation unit, for all the checks that are on.
class SharedUnit {
public:
  explicit SharedUnit(tidy::ClangTidyContext &context) : context(context) {}

  /// Contract files that a check was told of.
  void addContracts(llvm::StringRef list) {
    llvm::SmallVector<llvm::StringRef, 4> files;
    list.split(files, ';', -1, /*KeepEmpty=*/false);
    for (llvm::StringRef file : files)
      contractFiles.insert(file.trim().str());
  }

  void watch(clang::Preprocessor &pp) {
    if (isWatching)
      return;
    isWatching = true;
    for (const std::string &file : contractFiles)
      complain(rules.addFile(file));
    auto created = HostUnit::create(pp, rules);
    if (created)
      unit = std::move(*created);
    else
      complain(created.takeError());
  }

  /// Nothing where there was a mistake, which was told.
  const report::Report &analyse(clang::ASTContext &ast) {
    if (isDone)
      return report;
    isDone = true;
    report.rules = &rules;
    if (unit) {
      auto found = unit->analyse(ast);
      if (found)
        report = std::move(*found);
      else
        complain(found.takeError());
    }
    return report;
  }

  std::optional<contract::Fix> fixFor(const contract::Finding &finding,
                                      clang::ASTContext &ast) {
    return unit ? unit->fixFor(finding, ast) : std::nullopt;
  }

private:
  void complain(llvm::Error error) {
    if (error)
      context.configurationDiag("mdlcheck: %0")
          << llvm::toString(std::move(error));
  }

  tidy::ClangTidyContext &context;
  std::set<std::string> contractFiles;
  contract::RuleSet rules = shippedRules();
  std::unique_ptr<HostUnit> unit;
  report::Report report;
  bool isWatching = false;
  bool isDone = false;
};

/// The checks of a unit are made one after the other, before it is parsed,
/// and live until its end.
std::shared_ptr<SharedUnit> sharedUnitFor(tidy::ClangTidyContext &context) {
  static std::mutex mutex;
  static std::map<tidy::ClangTidyContext *, std::weak_ptr<SharedUnit>> units;
  std::lock_guard<std::mutex> lock(mutex);
  std::weak_ptr<SharedUnit> &known = units[&context];
  std::shared_ptr<SharedUnit> unit = known.lock();
  if (!unit) {
    unit = std::make_shared<SharedUnit>(context);
    known = unit;
  }
  return unit;
}

class Check : public tidy::ClangTidyCheck {
public:
  Check(llvm::StringRef name, tidy::ClangTidyContext *context)
      : ClangTidyCheck(name, context), unit(sharedUnitFor(*context)),
        contracts(Options.getLocalOrGlobal(kContractsOption, "").str()) {
    unit->addContracts(contracts);
  }

  void storeOptions(tidy::ClangTidyOptions::OptionMap &options) override {
    Options.store(options, kContractsOption, contracts);
  }

  void registerPPCallbacks(const clang::SourceManager &,
                           clang::Preprocessor *pp,
                           clang::Preprocessor *) override {
    unit->watch(*pp);
  }

  void registerMatchers(clang::ast_matchers::MatchFinder *finder) override {
    finder->addMatcher(clang::ast_matchers::translationUnitDecl(), this);
  }

  void
  check(const clang::ast_matchers::MatchFinder::MatchResult &result) override {
    const report::Report &report = unit->analyse(*result.Context);
    for (const contract::Finding &finding : report.findings) {
      const contract::Rule &rule = report.rules->rule(finding.rule);
      if (rule.id == getID())
        show(finding, rule, *result.Context);
    }
  }

private:
  // Messages quote the source, which may hold what formats look at.
  void show(const contract::Finding &finding, const contract::Rule &rule,
            clang::ASTContext &ast) {
    clang::SourceManager &sm = ast.getSourceManager();
    std::optional<contract::Fix> fix = unit->fixFor(finding, ast);
    {
      clang::DiagnosticBuilder message = diag(locate(finding.where, sm), "%0");
      message << finding.message << rangeOf(finding.where, sm);
      if (fix)
        for (const contract::Replacement &r : fix->replacements)
          message << clang::FixItHint::CreateReplacement(rangeOf(r.where, sm),
                                                         r.text);
    }
    for (const report::Note &note : report::notesOf(finding, rule))
      diag(locate(note.where, sm), "%0", clang::DiagnosticIDs::Note)
          << note.message << rangeOf(note.where, sm);
  }

  std::shared_ptr<SharedUnit> unit;
  std::string contracts;
};

class Module : public tidy::ClangTidyModule {
public:
  void addCheckFactories(tidy::ClangTidyCheckFactories &factories) override {
    for (const contract::Rule &rule : shippedRules().rules)
      factories.registerCheck<Check>(rule.id);
  }
};

tidy::ClangTidyModuleRegistry::Add<Module>
    registration("mdlcheck", "finds MDL and IRQL mistakes in Windows drivers");

} // namespace
