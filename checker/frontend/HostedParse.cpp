//===-- HostedParse.cpp -----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/HostedParse.h"

#include "frontend/Invocation.h"
#include "frontend/Lowering.h"
#include "frontend/MacroRecorder.h"
#include "frontend/ParseInvocation.h"

#include "clang/AST/ASTContext.h"
#include "clang/Basic/FileManager.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Basic/TargetInfo.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Lex/HeaderSearch.h"
#include "clang/Lex/HeaderSearchOptions.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

/// A recorder that keeps what it records into alive.
class HostRecorder : public MacroRecorder {
public:
  HostRecorder(clang::Preprocessor &pp, const FrontendOptions &options,
               std::shared_ptr<PreprocessorRecord> record)
      : MacroRecorder(pp, options.macrosAsCalls, Mode::Watch, *record),
        record(std::move(record)) {}

private:
  std::shared_ptr<PreprocessorRecord> record;
};

std::string mainFileOf(const clang::SourceManager &sm) {
  clang::OptionalFileEntryRef file =
      sm.getFileEntryRefForID(sm.getMainFileID());
  return file ? file->getName().str() : std::string();
}

} // namespace

HostedParse::HostedParse(clang::Preprocessor &pp, FrontendOptions options)
    : pp(pp), options(std::move(options)),
      record(std::make_shared<PreprocessorRecord>()) {
  pp.addPPCallbacks(std::make_unique<HostRecorder>(pp, this->options, record));
}

HostedParse::~HostedParse() = default;

ParsedUnit HostedParse::lowerHostsAst(clang::ASTContext &ast) {
  ParsedUnit parsed;
  parsed.unit = std::make_unique<ir::Unit>();
  parsed.unit->mainFile = mainFileOf(ast.getSourceManager());
  lowerTranslationUnit(ast, pp, record->lowering, *parsed.unit);
  parsed.inputs = record->files;
  return parsed;
}

ParsedUnit HostedParse::parseAgain(
    clang::ASTContext &ast,
    std::shared_ptr<const std::map<std::string, std::string>> buffers) {
  const clang::SourceManager &sm = ast.getSourceManager();
  clang::CompilerInvocation invocation;
  invocation.getLangOpts() = ast.getLangOpts();
  invocation.getTargetOpts() = ast.getTargetInfo().getTargetOpts();
  invocation.getHeaderSearchOpts() =
      pp.getHeaderSearchInfo().getHeaderSearchOpts();
  invocation.getPreprocessorOpts() = pp.getPreprocessorOpts();
  invocation.getFileSystemOpts() = sm.getFileManager().getFileSystemOpts();
  // The host's file system has them in it already, and its buffers are its own.
  invocation.getHeaderSearchOpts().VFSOverlayFiles.clear();
  invocation.getPreprocessorOpts().RetainRemappedFileBuffers = true;

  std::string file = mainFileOf(sm);
  clang::Language language =
      ast.getLangOpts().CPlusPlus ? clang::Language::CXX : clang::Language::C;
  invocation.getFrontendOpts().Inputs = {
      clang::FrontendInputFile(file, clang::InputKind(language))};
  keepToParsing(invocation);

  ParsedUnit parsed;
  parsed.unit = std::make_unique<ir::Unit>();
  parsed.unit->mainFile = file;
  auto fs = sm.getFileManager().getVirtualFileSystemPtr();
  if (buffers)
    fs = withBuffers(std::move(fs), *buffers);
  return parseInvocation(invocation, std::move(fs), options, file,
                         std::move(parsed));
}

ParsedUnit HostedParse::reparse(
    clang::ASTContext &ast,
    std::shared_ptr<const std::map<std::string, std::string>> buffers) {
  ParsedUnit parsed;
  onDeepStack([&] { parsed = parseAgain(ast, std::move(buffers)); });
  return parsed;
}

ParsedUnit HostedParse::finish(clang::ASTContext &ast) {
  ParsedUnit parsed;
  onDeepStack([&] {
    // What a precompiled header holds cannot be read in another way.
    bool isPlainSource = pp.getPreprocessorOpts().ImplicitPCHInclude.empty();
    bool readOtherwise = record->lostAssumptions ||
                         pp.getDiagnostics().hasUnrecoverableErrorOccurred();
    parsed = readOtherwise && isPlainSource ? parseAgain(ast, nullptr)
                                            : lowerHostsAst(ast);
  });
  return parsed;
}
