//===-- MacroRecorder.cpp ---------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/MacroRecorder.h"

#include "contract/SalVocabulary.h"

#include "clang/Basic/FileManager.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/MacroArgs.h"
#include "clang/Lex/MacroInfo.h"
#include "clang/Lex/Preprocessor.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"

#include <optional>
#include <tuple>

using namespace mdlcheck;
using namespace mdlcheck::frontend;

bool PreprocessorRecord::comesFromAssumption(
    clang::SourceLocation loc, const clang::SourceManager &sm) const {
  if (assumptions.empty() || loc.isInvalid())
    return false;
  while (loc.isMacroID()) {
    loc = sm.getImmediateExpansionRange(loc).getBegin();
    if (assumptions.contains(loc.getRawEncoding()))
      return true;
  }
  return assumptionEnds.contains(loc.getRawEncoding());
}

void PreprocessorRecord::add(
    const PreprocessorRecord &header,
    llvm::function_ref<clang::SourceLocation(clang::SourceLocation)> here) {
  auto hereRaw = [&](unsigned raw) {
    return here(clang::SourceLocation::getFromRawEncoding(raw))
        .getRawEncoding();
  };
  for (const auto &[raw, expansion] : header.lowering.expansions) {
    MacroExpansion moved = expansion;
    moved.nameLoc = here(moved.nameLoc);
    for (clang::SourceRange &arg : moved.args)
      arg = {here(arg.getBegin()), here(arg.getEnd())};
    lowering.expansions[hereRaw(raw)] = std::move(moved);
  }
  for (const SalMark &mark : header.lowering.salMarks) {
    SalMark moved = mark;
    moved.range = {here(mark.range.getBegin()), here(mark.range.getEnd())};
    for (clang::SourceRange &arg : moved.args)
      arg = {here(arg.getBegin()), here(arg.getEnd())};
    lowering.salMarks.push_back(std::move(moved));
  }
  for (const auto &section : header.lowering.textSections)
    lowering.textSections.try_emplace(section.first(), section.second);
  for (unsigned raw : header.assumptions)
    assumptions.insert(hereRaw(raw));
  for (unsigned raw : header.assumptionEnds)
    assumptionEnds.insert(hereRaw(raw));
  // Its main file is a stand-in, ours comes first.
  files.insert(files.begin() + (files.empty() ? 0 : 1),
               header.files.begin() + 1, header.files.end());
}

MacroRecorder::MacroRecorder(clang::Preprocessor &pp,
                             const std::vector<std::string> &macrosAsCalls,
                             Mode mode, PreprocessorRecord &record)
    : pp(pp), record(record), mode(mode) {
  for (const std::string &name : macrosAsCalls)
    watched.insert(pp.getIdentifierInfo(name));
  for (const contract::SalWord &word : contract::salWords())
    salNames[pp.getIdentifierInfo(word.name)] = &word;
  if (mode == Mode::KeepAssumptions)
    return;
  for (const char *name : {"_Analysis_assume_", "__analysis_assume"})
    assumptionNames.insert(pp.getIdentifierInfo(name));
  meansAssume.insert(assumptionNames.begin(), assumptionNames.end());
  for (const char *name : {"__assume", "__builtin_assume", kAssumption})
    meansAssume.insert(pp.getIdentifierInfo(name));
}

void MacroRecorder::LexedFileChanged(clang::FileID fid,
                                     LexedFileChangeReason reason,
                                     clang::SrcMgr::CharacteristicKind kind,
                                     clang::FileID, clang::SourceLocation) {
  if (reason != LexedFileChangeReason::EnterFile)
    return;
  clang::OptionalFileEntryRef file =
      pp.getSourceManager().getFileEntryRefForID(fid);
  if (!file || !seenFiles.insert(&file->getFileEntry()).second)
    return;
  if (!clang::SrcMgr::isSystem(kind))
    unsearched.push_back(fid);
  // The name behind an overlay: a cache wants what is on disk.
  llvm::SmallString<256> path(file->getFileEntry().tryGetRealPathName());
  if (path.empty())
    path = file->getName();
  pp.getFileManager().makeAbsolutePath(path);
  record.files.push_back(std::string(path));
}

void MacroRecorder::redefine(clang::IdentifierInfo *name, const char *as,
                             clang::SourceLocation loc) {
  // The replacement is shared between all redefinitions, as #pragma pop_macro
  // shares one, so its tokens keep a place in a buffer.
  if (clang::MacroInfo *replacement = pp.getMacroInfo(pp.getIdentifierInfo(as)))
    pp.appendDefMacroDirective(name, replacement, loc);
}

bool MacroRecorder::FileNotFound(llvm::StringRef fileName) {
  if (mode == Mode::Watch || !fileName.ends_with_insensitive(".tmh"))
    return false;
  // Those WPP knows without being told, and the names of the WDK's
  // documentation, which project files give where only WPP sees them.
  if (!record.lacksTrace)
    for (const char *name :
         {"DoTraceMessage", "DoTraceLevelMessage", "TraceEvents", "TracePrint",
          "Hexdump", "WPP_INIT_TRACING", "WPP_CLEANUP"})
      redefine(pp.getIdentifierInfo(name), kTraceCall, {});
  record.lacksTrace = true;
  searchHeaders();
  for (; redefinedTrace < record.traceFunctions.size(); ++redefinedTrace)
    redefine(pp.getIdentifierInfo(record.traceFunctions[redefinedTrace]),
             kTraceCall, {});
  return true;
}

void MacroRecorder::EndOfMainFile() {
  // For the sources that go on from here, if this is a shared header.
  searchHeaders();
}

void MacroRecorder::searchHeaders() {
  for (clang::FileID fid : unsearched)
    if (std::optional<llvm::StringRef> text =
            pp.getSourceManager().getBufferDataOrNone(fid))
      findTraceFunctions(*text);
  unsearched.clear();
}

void MacroRecorder::findTraceFunctions(llvm::StringRef source) {
  for (size_t begin = source.find("begin_wpp config");
       begin != llvm::StringRef::npos;
       begin = source.find("begin_wpp config", begin + 1)) {
    llvm::StringRef config = source.substr(begin);
    config = config.take_front(config.find("end_wpp"));
    while (!config.empty()) {
      llvm::StringRef line;
      std::tie(line, config) = config.split('\n');
      // "// FUNC TraceIt{FLAG=ALL}(LEVEL, MSG, ...);"
      line = line.ltrim(" \t/*");
      if (!line.consume_front_insensitive("FUNC ") &&
          !line.consume_front_insensitive("FUNC\t"))
        continue;
      llvm::StringRef name = line.ltrim().take_while(
          [](char c) { return llvm::isAlnum(c) || c == '_'; });
      if (!name.empty() && !llvm::isDigit(name[0]))
        record.traceFunctions.push_back(name.str());
    }
  }
}

bool MacroRecorder::isEmptyAssumption(const clang::MacroInfo &macro) const {
  if (macro.isVariadic() || macro.getNumParams() > 1)
    return false;
  for (const clang::Token &token : macro.tokens())
    if (meansAssume.contains(token.getIdentifierInfo()))
      return false;
  return true;
}

void MacroRecorder::MacroDefined(const clang::Token &nameTok,
                                 const clang::MacroDirective *md) {
  if (mode == Mode::Redefine && md &&
      assumptionNames.contains(nameTok.getIdentifierInfo()) &&
      isEmptyAssumption(*md->getMacroInfo()))
    redefine(nameTok.getIdentifierInfo(), kAssumption, nameTok.getLocation());
}

/// Where the first and last tokens of each argument are spelled.
template <typename Ranges>
static void addArgs(const clang::MacroArgs &args, Ranges &to) {
  for (unsigned i = 0, n = args.getNumMacroArguments(); i != n; ++i) {
    const clang::Token *token = args.getUnexpArgument(i);
    clang::SourceRange written;
    for (; token->isNot(clang::tok::eof); ++token) {
      if (written.getBegin().isInvalid())
        written.setBegin(token->getLocation());
      written.setEnd(token->getLocation());
    }
    to.push_back(written);
  }
}

void MacroRecorder::recordSal(const contract::SalWord &word,
                              clang::SourceLocation name,
                              clang::SourceRange range,
                              const clang::MacroArgs *args) {
  const clang::SourceManager &sm = pp.getSourceManager();
  // What it is defined as, and its arguments, are expanded after it.
  for (clang::SourceLocation loc = name;;
       loc = sm.getImmediateExpansionRange(loc).getBegin()) {
    unsigned raw = loc.getRawEncoding();
    if (salBegin && raw >= salBegin && raw <= salEnd)
      return;
    if (!loc.isMacroID())
      break;
  }
  salBegin = range.getBegin().getRawEncoding();
  salEnd = std::max(salBegin, range.getEnd().getRawEncoding());
  SalMark mark;
  mark.word = &word;
  mark.range = sm.getExpansionRange(range).getAsRange();
  if (args)
    addArgs(*args, mark.args);
  record.lowering.salMarks.push_back(std::move(mark));
}

void MacroRecorder::MacroExpands(const clang::Token &nameTok,
                                 const clang::MacroDefinition &md,
                                 clang::SourceRange range,
                                 const clang::MacroArgs *args) {
  const clang::IdentifierInfo *name = nameTok.getIdentifierInfo();
  if (assumptionNames.contains(name) && mode == Mode::Watch) {
    const clang::MacroInfo *macro = md.getMacroInfo();
    record.lostAssumptions |= macro && isEmptyAssumption(*macro);
  } else if (assumptionNames.contains(name)) {
    record.assumptions.insert(nameTok.getLocation().getRawEncoding());
    // An "expected ';'" stands behind the last token, which in a file is one
    // past the parenthesis.
    clang::SourceLocation end =
        pp.getSourceManager().getExpansionRange(range.getEnd()).getEnd();
    record.assumptionEnds.insert(end.getLocWithOffset(1).getRawEncoding());
  }
  if (auto word = salNames.find(name); word != salNames.end())
    recordSal(*word->second, nameTok.getLocation(), range, args);
  // args is null for object-like macros and where a directive inside the
  // arguments of another macro expands one: nothing reaches the AST there.
  if (!args || !watched.contains(name))
    return;
  MacroExpansion expansion;
  expansion.name = name->getName().str();
  expansion.nameLoc = nameTok.getLocation();
  addArgs(*args, expansion.args);
  record.lowering.expansions[nameTok.getLocation().getRawEncoding()] =
      std::move(expansion);
}

void MacroRecorder::PragmaDirective(clang::SourceLocation loc,
                                    clang::PragmaIntroducerKind introducer) {
  readAllocText(pp, loc, introducer, record.lowering.textSections);
}
