//===-- SharedHeader.cpp ----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/SharedHeader.h"

#include "frontend/DiagnosticCollector.h"
#include "frontend/InputRecorder.h"
#include "frontend/Invocation.h"

#include "clang/AST/ASTContext.h"
#include "clang/AST/Decl.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Frontend/FrontendAction.h"
#include "clang/Lex/HeaderSearch.h"
#include "clang/Lex/Lexer.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "clang/Serialization/ASTReader.h"
#include "clang/Serialization/ASTWriter.h"
#include "clang/Serialization/ModuleFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <tuple>

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

/// Where compilations find it; in memory, so nothing on disk is hidden.
constexpr const char *kAstPath = "/mdlcheck-shared-header.pch";

/// What is written down of a header on the way.
struct Precompilation {
  explicit Precompilation(const FrontendOptions &options) : options(options) {}

  const FrontendOptions &options;
  DiagnosticCollector collector;
  PreprocessorRecord record;
  std::shared_ptr<clang::PCHBuffer> buffer =
      std::make_shared<clang::PCHBuffer>();
  std::vector<clang::LocalDeclID> decls;
  bool isUsable = false;
};

/// Which file the first #include names.
class FirstInclude : public clang::PPCallbacks {
public:
  explicit FirstInclude(clang::OptionalFileEntryRef &file) : file(file) {}
  void InclusionDirective(clang::SourceLocation, const clang::Token &,
                          llvm::StringRef, bool, clang::CharSourceRange,
                          clang::OptionalFileEntryRef included, llvm::StringRef,
                          llvm::StringRef, const clang::Module *, bool,
                          clang::SrcMgr::CharacteristicKind) override {
    if (!seen)
      file = included;
    seen = true;
  }

private:
  clang::OptionalFileEntryRef &file;
  bool seen = false;
};

class Writer : public clang::PCHGenerator {
public:
  Writer(Precompilation &run, clang::CompilerInstance &compiler)
      : PCHGenerator(compiler.getPreprocessor(), compiler.getModuleCache(),
                     kAstPath, /*isysroot=*/"", run.buffer,
                     compiler.getCodeGenOpts(), {},
                     /*AllowASTWithErrors=*/false, /*IncludeTimestamps=*/false),
        run(run) {
    compiler.getPreprocessor().addPPCallbacks(
        std::make_unique<FirstInclude>(header));
  }

  bool HandleTopLevelDecl(clang::DeclGroupRef group) override {
    atFileScope.insert(atFileScope.end(), group.begin(), group.end());
    return true;
  }

  void HandleTranslationUnit(clang::ASTContext &ast) override {
    if (!run.collector.errors.empty() || !header ||
        !getPreprocessor().getHeaderSearchInfo().isFileMultipleIncludeGuarded(
            *header))
      return;
    PCHGenerator::HandleTranslationUnit(ast);
    run.isUsable = hasEmittedPCH();
    const clang::SourceManager &sources = ast.getSourceManager();
    for (const clang::Decl *decl : atFileScope)
      if (!sources.isInSystemHeader(
              sources.getExpansionLoc(decl->getLocation())))
        run.decls.push_back(getWriter().getDeclID(decl));
  }

private:
  Precompilation &run;
  clang::OptionalFileEntryRef header;
  std::vector<const clang::Decl *> atFileScope;
};

class PrecompileAction : public clang::ASTFrontendAction {
public:
  explicit PrecompileAction(Precompilation &run) : run(run) {}

  bool BeginSourceFileAction(clang::CompilerInstance &compiler) override {
    compiler.getLangOpts().CompilingPCH = true;
    return true;
  }
  clang::TranslationUnitKind getTranslationUnitKind() override {
    return clang::TU_Prefix;
  }
  bool hasASTFileSupport() const override { return false; }
  std::unique_ptr<clang::ASTConsumer>
  CreateASTConsumer(clang::CompilerInstance &compiler,
                    llvm::StringRef) override {
    clang::Preprocessor &pp = compiler.getPreprocessor();
    pp.addPPCallbacks(std::make_unique<MacroRecorder>(
        pp, run.options.macrosAsCalls, MacroRecorder::Mode::Redefine,
        run.record));
    return std::make_unique<Writer>(run, compiler);
  }

private:
  Precompilation &run;
};

} // namespace

std::string mdlcheck::frontend::leadingInclude(llvm::StringRef source) {
  // The lexer wants a zero behind the last character.
  std::string text = source.str();
  clang::LangOptions language;
  language.LineComment = true;
  clang::Lexer lexer({}, language, text.data(), text.data(),
                     text.data() + text.size());
  clang::Token token;
  lexer.LexFromRawLexer(token);
  if (token.isNot(clang::tok::hash))
    return {};
  lexer.LexFromRawLexer(token);
  if (token.isNot(clang::tok::raw_identifier) ||
      token.getRawIdentifier() != "include" || token.isAtStartOfLine())
    return {};
  llvm::StringRef rest(lexer.getBufferLocation());
  rest = rest.ltrim(" \t");
  if (rest.empty() || (rest[0] != '"' && rest[0] != '<'))
    return {};
  rest = rest.take_until([](char c) { return c == '\n' || c == '\r'; });
  size_t end = rest.find(rest[0] == '<' ? '>' : '"', 1);
  return end == llvm::StringRef::npos ? "" : rest.take_front(end + 1).str();
}

std::unique_ptr<SharedHeader>
SharedHeader::build(const clang::CompilerInvocation &invocation,
                    llvm::StringRef include,
                    llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
                    const FrontendOptions &options) {
  auto own = std::make_shared<clang::CompilerInvocation>(invocation);
  clang::FrontendInputFile &input = own->getFrontendOpts().Inputs[0];
  // A source of its own beside the others, so that the header is found as it
  // is from there.
  llvm::SmallString<256> name(input.getFile());
  llvm::sys::path::remove_filename(name);
  llvm::sys::path::append(name,
                          "mdlcheck-shared-header" +
                              llvm::sys::path::extension(input.getFile()));
  own->getPreprocessorOpts().addRemappedFile(
      name, llvm::MemoryBuffer::getMemBufferCopy(
                ("#include " + include + "\n").str(), name)
                .release());
  input = clang::FrontendInputFile(name, input.getKind());

  // Recorded apart from the job that happens to come first.
  auto recorder = llvm::makeIntrusiveRefCnt<InputRecorder>(std::move(fs));
  Precompilation run(options);
  PrecompileAction action(run);
  runAction(std::move(own), recorder, run.collector, action);
  if (!run.isUsable || !run.collector.errors.empty())
    return nullptr;
  auto header = std::make_unique<SharedHeader>();
  header->ast.assign(run.buffer->Data.begin(), run.buffer->Data.end());
  header->record = std::move(run.record);
  header->inputs = recorder->facts();
  header->decls = std::move(run.decls);
  return header;
}

llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem>
SharedHeader::use(clang::CompilerInvocation &invocation, PreprocessorRecord &to,
                  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs) const {
  to.traceFunctions = record.traceFunctions;
  to.lacksTrace = record.lacksTrace;
  auto memory = llvm::makeIntrusiveRefCnt<llvm::vfs::InMemoryFileSystem>();
  if (auto directory = fs->getCurrentWorkingDirectory())
    memory->setCurrentWorkingDirectory(*directory);
  memory->addFileNoOwn(kAstPath, 0, llvm::MemoryBufferRef(ast, kAstPath));
  auto both =
      llvm::makeIntrusiveRefCnt<llvm::vfs::OverlayFileSystem>(std::move(fs));
  both->pushOverlay(std::move(memory));
  clang::PreprocessorOptions &options = invocation.getPreprocessorOpts();
  options.ImplicitPCHInclude = kAstPath;
  // It was made a moment ago, for this very command.
  options.DisablePCHOrModuleValidation =
      clang::DisableValidationForModuleKind::All;
  return both;
}

bool SharedHeader::wasReadAgain(const PreprocessorRecord &other) const {
  return record.files.size() > 1 &&
         llvm::is_contained(other.files, record.files[1]);
}

void SharedHeader::addTo(PreprocessorRecord &to,
                         clang::CompilerInstance &compiler) const {
  clang::ASTReader &reader = *compiler.getASTReader();
  clang::serialization::ModuleFile &module =
      reader.getModuleManager().getPrimaryModule();
  auto here = [&](clang::SourceLocation loc) {
    return reader.TranslateSourceLocation(module, loc);
  };
  to.add(record, here);
  for (clang::LocalDeclID id : decls)
    if (const clang::Decl *decl = reader.GetLocalDecl(module, id))
      to.lowering.shared.push_back(decl);
}

//===----------------------------------------------------------------------===//
// Which jobs share one
//===----------------------------------------------------------------------===//

/// Precompiling a header costs about half as much again as parsing it, and the
/// first of the sources is parsed without.
static constexpr unsigned kFewestUsers = 4;

HeaderStore::HeaderStore(const std::vector<CompileJob> &jobs) {
  std::map<std::tuple<std::string, std::string, std::string>, unsigned> users;
  auto placeOf = [](const CompileJob &job, const std::string &include) {
    return std::tuple(job.directory,
                      llvm::sys::path::parent_path(job.file).str(), include);
  };
  for (const CompileJob &job : jobs) {
    llvm::SmallString<256> path(job.file);
    llvm::sys::path::make_absolute(job.directory, path);
    llvm::sys::fs::file_status status;
    if (llvm::sys::fs::status(path, status) ||
        !llvm::sys::fs::is_regular_file(status))
      continue;
    auto source = llvm::MemoryBuffer::getFile(path);
    if (!source)
      continue;
    std::string include = leadingInclude((*source)->getBuffer());
    if (include.empty())
      continue;
    ++users[placeOf(job, include)];
    includes[{job.directory, job.file}] = std::move(include);
  }
  for (const CompileJob &job : jobs) {
    auto it = includes.find({job.directory, job.file});
    if (it != includes.end() && users[placeOf(job, it->second)] < kFewestUsers)
      includes.erase(it);
  }
}

const SharedHeader *
HeaderStore::headerFor(const CompileJob &job,
                       const clang::CompilerInvocation &invocation,
                       llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
                       const FrontendOptions &options) {
  auto it = includes.find({job.directory, job.file});
  if (it == includes.end())
    return nullptr;
  // All of the command but the names of its source and of what it makes.
  clang::CompilerInvocation command(invocation);
  command.getFrontendOpts().Inputs.clear();
  command.getFrontendOpts().OutputFile.clear();
  command.getCodeGenOpts().MainFileName.clear();
  std::string key;
  for (const std::string &arg : command.getCC1CommandLine())
    key += arg + '\n';
  key += job.directory + '\n' + llvm::sys::path::parent_path(job.file).str() +
         '\n' + llvm::sys::path::extension(job.file).str() + '\n' + it->second;
  Slot *slot;
  {
    std::lock_guard<std::mutex> lock(mutex);
    slot = &slots[key];
    // Commands may all be different: only the second of its kind tells.
    if (++slot->users < 2)
      return nullptr;
  }
  std::call_once(slot->built, [&] {
    slot->header =
        SharedHeader::build(invocation, it->second, std::move(fs), options);
  });
  return slot->header.get();
}

SharedHeaders::SharedHeaders(const std::vector<CompileJob> &jobs)
    : store(std::make_unique<HeaderStore>(jobs)) {}
SharedHeaders::~SharedHeaders() = default;
