//===-- Frontend.cpp --------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/Frontend.h"

#include "frontend/DiagnosticCollector.h"
#include "frontend/InputRecorder.h"
#include "frontend/Invocation.h"
#include "frontend/Lowering.h"
#include "frontend/MacroRecorder.h"
#include "frontend/ParseInvocation.h"
#include "frontend/SharedHeader.h"

#include "clang/AST/ASTConsumer.h"
#include "clang/AST/ASTContext.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Basic/Version.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Frontend/FrontendAction.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Serialization/ASTReader.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/thread.h"

#include <chrono>
#include <cstdlib>

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

/// What the action is to do and what it has done.
struct ParseRun {
  ParseRun(const FrontendOptions &options, ir::Unit &unit,
           bool redefineAssumptions, const SharedHeader *shared)
      : options(options), unit(unit), redefineAssumptions(redefineAssumptions),
        shared(shared) {}

  const FrontendOptions &options;
  ir::Unit &unit;
  bool redefineAssumptions;
  const SharedHeader *shared; ///< that it begins with; may be null
  DiagnosticCollector collector;
  PreprocessorRecord record;
  bool reachedEnd = false; ///< the AST was complete
  bool wantsRerun = false; ///< not lowered: asks for less
  double lowerSeconds = 0;
};

class LoweringConsumer : public clang::ASTConsumer {
public:
  LoweringConsumer(ParseRun &run, clang::CompilerInstance &compiler)
      : run(run), compiler(compiler) {}

  void HandleTranslationUnit(clang::ASTContext &ast) override {
    run.reachedEnd = true;
    if (run.shared) {
      // Errors are told as they are without it.
      if (!run.collector.diagnostics.empty() || !compiler.getASTReader() ||
          run.shared->wasReadAgain(run.record)) {
        run.wantsRerun = true;
        return;
      }
      run.shared->addTo(run.record, compiler);
    }
    if (run.redefineAssumptions) {
      for (clang::SourceLocation loc : run.collector.rawErrorLocs)
        if (run.record.comesFromAssumption(loc, ast.getSourceManager())) {
          run.wantsRerun = true;
          return;
        }
    }
    run.record.lowering.errors = run.collector.errors;
    auto start = std::chrono::steady_clock::now();
    lowerTranslationUnit(ast, compiler.getPreprocessor(), run.record.lowering,
                         run.unit);
    run.lowerSeconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
  }

private:
  ParseRun &run;
  clang::CompilerInstance &compiler;
};

class ParseAction : public clang::ASTFrontendAction {
public:
  explicit ParseAction(ParseRun &run) : run(run) {}

  std::unique_ptr<clang::ASTConsumer>
  CreateASTConsumer(clang::CompilerInstance &compiler,
                    llvm::StringRef) override {
    clang::Preprocessor &pp = compiler.getPreprocessor();
    pp.addPPCallbacks(std::make_unique<MacroRecorder>(
        pp, run.options.macrosAsCalls,
        run.redefineAssumptions ? MacroRecorder::Mode::Redefine
                                : MacroRecorder::Mode::KeepAssumptions,
        run.record));
    return std::make_unique<LoweringConsumer>(run, compiler);
  }

private:
  ParseRun &run;
};

/// A diagnostic that belongs to the job and not to a place in a source.
Diagnostic jobDiagnostic(std::string message) {
  Diagnostic diagnostic;
  diagnostic.severity = Diagnostic::Severity::Fatal;
  diagnostic.message = std::move(message);
  return diagnostic;
}

ParsedUnit unusableUnit(ParsedUnit parsed, Diagnostic diagnostic) {
  // One message, the one that says what to do.
  diagnostic.severity = Diagnostic::Severity::Fatal;
  parsed.diagnostics = {std::move(diagnostic)};
  parsed.hadErrors = true;
  parsed.unusable = true;
  return parsed;
}

llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem>
fileSystemFor(const FrontendOptions &options) {
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> disk =
      llvm::vfs::createPhysicalFileSystem();
  if (!options.buffers || options.buffers->empty())
    return disk;
  return withBuffers(std::move(disk), *options.buffers);
}

ParsedUnit parseHere(const CompileJob &job, const FrontendOptions &options,
                     HeaderStore *shared) {
  ParsedUnit parsed;
  parsed.unit = std::make_unique<ir::Unit>();
  parsed.unit->mainFile = job.file;

  auto fs = llvm::makeIntrusiveRefCnt<InputRecorder>(fileSystemFor(options));
  if (!job.directory.empty() && fs->setCurrentWorkingDirectory(job.directory) &&
      !llvm::sys::path::is_absolute(job.file))
    return unusableUnit(
        std::move(parsed),
        jobDiagnostic("the directory '" + job.directory +
                      "' of the compile command for '" + job.file +
                      "' does not exist; generate the compile database again "
                      "on this machine"));

  std::shared_ptr<clang::CompilerInvocation> invocation =
      makeInvocation(job, options, fs, parsed.diagnostics);
  if (!invocation) {
    Diagnostic why = parsed.diagnostics.empty()
                         ? jobDiagnostic("the compile command for '" +
                                         job.file + "' cannot be understood")
                         : parsed.diagnostics.back();
    return unusableUnit(std::move(parsed), std::move(why));
  }
  const SharedHeader *header =
      shared ? shared->headerFor(job, *invocation, fs, options) : nullptr;
  parsed = parseInvocation(*invocation, fs, options, job.file,
                           std::move(parsed), header);
  if (parsed.sharesHeader)
    fs->add(header->facts());
  parsed.facts = fs->facts();
  return parsed;
}

} // namespace

llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> mdlcheck::frontend::withBuffers(
    llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
    const std::map<std::string, std::string> &buffers) {
  auto overlay = llvm::makeIntrusiveRefCnt<llvm::vfs::OverlayFileSystem>(fs);
  auto memory = llvm::makeIntrusiveRefCnt<llvm::vfs::InMemoryFileSystem>();
  for (const auto &[path, text] : buffers)
    memory->addFile(path, /*ModificationTime=*/0,
                    llvm::MemoryBuffer::getMemBufferCopy(text, path));
  overlay->pushOverlay(memory);
  return overlay;
}

ParsedUnit mdlcheck::frontend::parseInvocation(
    const clang::CompilerInvocation &invocation,
    llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
    const FrontendOptions &options, const std::string &file, ParsedUnit parsed,
    const SharedHeader *header) {
  const std::vector<std::string> overlays =
      invocation.getHeaderSearchOpts().VFSOverlayFiles;
  // What may change how the source reads is given up where it does.
  struct Attempt {
    const SharedHeader *header;
    bool redefineAssumptions;
  };
  llvm::SmallVector<Attempt, 3> attempts;
  if (header)
    attempts.push_back({header, true});
  attempts.append({{nullptr, true}, {nullptr, false}});
  std::unique_ptr<ParseRun> run;
  for (const Attempt &attempt : attempts) {
    run = std::make_unique<ParseRun>(
        options, *parsed.unit, attempt.redefineAssumptions, attempt.header);
    // A compilation may change its options, so each gets its own.
    auto own = std::make_shared<clang::CompilerInvocation>(invocation);
    auto ownFs =
        attempt.header ? attempt.header->use(*own, run->record, fs) : fs;
    ParseAction action(*run);
    runAction(std::move(own), std::move(ownFs), run->collector, action);
    if (!run->wantsRerun && (run->reachedEnd || !attempt.header))
      break;
  }

  if (!run->reachedEnd) {
    std::string reason;
    if (!run->collector.diagnostics.empty())
      reason = ": " + run->collector.diagnostics.front().message;
    if (!fs->exists(file) && overlays.empty())
      return unusableUnit(
          std::move(parsed),
          jobDiagnostic("no such file: '" + file +
                        "'; if a compile database lists it, generate the "
                        "database again"));
    return unusableUnit(std::move(parsed),
                        jobDiagnostic("'" + file +
                                      "' cannot be compiled with its command" +
                                      reason));
  }

  parsed.sharesHeader = run->shared != nullptr;
  for (Diagnostic &diagnostic : run->collector.diagnostics)
    parsed.diagnostics.push_back(std::move(diagnostic));
  for (const Diagnostic &diagnostic : parsed.diagnostics)
    parsed.hadErrors |= diagnostic.severity >= Diagnostic::Severity::Error;
  parsed.inputs = std::move(run->record.files);
  // What an overlay says decides what is read, so it is an input itself.
  for (const std::string &overlay : overlays) {
    llvm::SmallString<256> path(overlay);
    if (!fs->makeAbsolute(path))
      parsed.inputs.push_back(std::string(path));
  }
  parsed.lowerSeconds = run->lowerSeconds;
  return parsed;
}

void mdlcheck::frontend::onDeepStack(llvm::function_ref<void()> work) {
  constexpr unsigned kStackSize = 64u << 20;
  llvm::thread worker(std::optional<unsigned>(kStackSize), work);
  worker.join();
}

ParsedUnit mdlcheck::frontend::parse(const CompileJob &job,
                                     const FrontendOptions &options,
                                     SharedHeaders *shared) {
  ParsedUnit parsed;
  onDeepStack([&] {
    parsed = parseHere(job, options, shared ? &shared->get() : nullptr);
  });
  return parsed;
}

std::string
mdlcheck::frontend::environmentOfParsing(const FrontendOptions &options) {
  std::string text = clang::getClangFullVersion();
  text += '\n';
  text += findResourceDir(options);
  for (const char *name :
       {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "INCLUDE",
        "EXTERNAL_INCLUDE", "VCToolsInstallDir", "VCINSTALLDIR",
        "WindowsSdkDir", "WindowsSdkVersion", "WindowsSDKLibVersion",
        "UCRTVersion", "UniversalCRTSdkDir", "SDKROOT", "PATH"})
    if (const char *value = std::getenv(name))
      text += std::string("\n") + name + '=' + value;
  return text;
}
