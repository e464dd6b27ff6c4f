//===-- Plugin.cpp - warnings during compilation ----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// clang -fplugin=libmdlcheck-clang.so -fplugin-arg-mdlcheck-rules=mdl-*
//
//===----------------------------------------------------------------------===//
#include "HostUnit.h"
#include "Switches.h"

#include "report/Notes.h"
#include "support/Error.h"

#include "clang/AST/ASTConsumer.h"
#include "clang/AST/ASTContext.h"
#include "clang/Basic/DiagnosticIDs.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendPluginRegistry.h"
#include "clang/Lex/Preprocessor.h"

using namespace mdlcheck;
using namespace mdlcheck::hosts;

namespace {

/// What the arguments ask for.
struct Settings {
  contract::RuleSet rules = shippedRules();
  std::optional<std::string> ruleList;
};

class Consumer : public clang::ASTConsumer {
public:
  Consumer(clang::CompilerInstance &compiler, std::shared_ptr<Settings> given)
      : compiler(compiler), settings(std::move(given)),
        switches(settings->rules) {
    clang::Preprocessor &pp = compiler.getPreprocessor();
    report::PolicyOptions options;
    options.rules = settings->ruleList;
    auto created =
        report::Policy::create(settings->rules, options, {mainFileOf(pp)});
    if (created)
      policy.emplace(std::move(*created));
    else
      complain(created.takeError());
    if (policy) {
      // Contracts that a configuration names are in the rules by now.
      auto made = HostUnit::create(pp, settings->rules);
      if (made)
        unit = std::move(*made);
      else
        complain(made.takeError());
    }
    for (const std::string &flag : compiler.getDiagnosticOpts().Warnings)
      switches.applyFlag(flag);
    switches.watch(pp);
    using clang::diag::Severity;
    using Desc = clang::DiagnosticIDs::CustomDiagDesc;
    auto makeId = [&](Severity severity) {
      return compiler.getDiagnostics().getDiagnosticIDs()->getCustomDiagID(
          Desc(severity, "%0 [%1]", clang::DiagnosticIDs::CLASS_WARNING,
               /*ShowInSystemHeader=*/true, /*ShowInSystemMacro=*/true));
    };
    warningId = makeId(Severity::Warning);
    errorId = makeId(Severity::Error);
  }

  void HandleTranslationUnit(clang::ASTContext &ast) override {
    // Nobody asks for more when the file does not compile.
    if (compiler.getDiagnostics().hasUnrecoverableErrorOccurred())
      return;
    if (!unit)
      return;
    auto report = unit->analyse(ast);
    if (!report)
      return complain(report.takeError());
    for (const contract::Finding &finding : report->findings)
      show(finding, ast.getSourceManager());
  }

private:
  void complain(llvm::Error error) {
    clang::DiagnosticsEngine &engine = compiler.getDiagnostics();
    engine.Report(
        engine.getCustomDiagID(clang::DiagnosticsEngine::Error, "mdlcheck: %0"))
        << llvm::toString(std::move(error));
  }

  /// Whether a rule is on in a file, flags and pragmas apart.
  bool isOn(contract::RuleId rule, const std::string &file) {
    auto on = policy->isOn(rule, file);
    if (on)
      return *on;
    llvm::consumeError(on.takeError());
    return false;
  }

  void show(const contract::Finding &finding, clang::SourceManager &sm) {
    clang::DiagnosticsEngine &engine = compiler.getDiagnostics();
    clang::SourceLocation where = locate(finding.where, sm);
    Level level =
        switches.levelOf(finding.rule, where, sm)
            .value_or(isOn(finding.rule, finding.where.file) ? Level::Warning
                                                             : Level::Ignored);
    if (level == Level::Ignored || engine.getIgnoreAllWarnings())
      return;
    if (engine.getWarningsAsErrors() && !switches.staysWarning(finding.rule))
      level = Level::Error;
    const contract::Rule &rule = settings->rules.rule(finding.rule);
    engine.Report(where, level == Level::Error ? errorId : warningId)
        << finding.message << rule.id << rangeOf(finding.where, sm);
    unsigned noteId =
        engine.getCustomDiagID(clang::DiagnosticsEngine::Note, "%0");
    for (const report::Note &note : report::notesOf(finding, rule))
      engine.Report(locate(note.where, sm), noteId)
          << note.message << rangeOf(note.where, sm);
  }

  clang::CompilerInstance &compiler;
  std::shared_ptr<Settings> settings;
  Switches switches;
  std::optional<report::Policy> policy; ///< as the arguments and files have it
  std::unique_ptr<HostUnit> unit;
  unsigned warningId = 0;
  unsigned errorId = 0;
};

class Action : public clang::PluginASTAction {
protected:
  std::unique_ptr<clang::ASTConsumer>
  CreateASTConsumer(clang::CompilerInstance &compiler,
                    llvm::StringRef) override {
    return std::make_unique<Consumer>(compiler, settings);
  }

  bool ParseArgs(const clang::CompilerInstance &compiler,
                 const std::vector<std::string> &arguments) override {
    llvm::Error error = parse(arguments);
    if (!error)
      return true;
    clang::DiagnosticsEngine &engine = compiler.getDiagnostics();
    engine.Report(
        engine.getCustomDiagID(clang::DiagnosticsEngine::Error, "mdlcheck: %0"))
        << llvm::toString(std::move(error));
    return false;
  }

  // Before the main action: warnings come before what code generation says.
  ActionType getActionType() override { return AddBeforeMainAction; }

private:
  llvm::Error parse(const std::vector<std::string> &arguments);

  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
};

} // namespace

llvm::Error Action::parse(const std::vector<std::string> &arguments) {
  for (llvm::StringRef argument : arguments) {
    auto [name, value] = argument.split('=');
    if (name == "contracts" && !value.empty()) {
      if (llvm::Error error = settings->rules.addFile(value.str()))
        return error;
    } else if (name == "rules" && !value.empty()) {
      settings->ruleList = value.str();
    } else {
      return inputError(("unknown argument '" + argument +
                         "'; there are rules=LIST and contracts=FILE")
                            .str());
    }
  }
  if (!settings->ruleList)
    return llvm::Error::success();
  return report::RuleSelection::parse(*settings->ruleList, settings->rules)
      .takeError();
}

static clang::FrontendPluginRegistry::Add<Action>
    registration("mdlcheck", "finds MDL and IRQL mistakes in Windows drivers");
