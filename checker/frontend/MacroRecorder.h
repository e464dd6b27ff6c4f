//===-- MacroRecorder.h - what only the preprocessor sees -----*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/frontend.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_MACRORECORDER_H
#define MDLCHECK_FRONTEND_MACRORECORDER_H

#include "frontend/Lowering.h"

#include "clang/Lex/PPCallbacks.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallPtrSet.h"

#include <string>
#include <vector>

namespace clang {
class FileEntry;
class IdentifierInfo;
class MacroInfo;
class Preprocessor;
} // namespace clang

namespace mdlcheck::frontend {

/// What one preprocessing run leaves behind.
struct PreprocessorRecord {
  LoweringContext lowering;
  /// Files entered, absolute, in the order they were first entered.
  std::vector<std::string> files;
  /// Uses of a redefined _Analysis_assume_: the name token's location, raw.
  llvm::DenseSet<unsigned> assumptions;
  /// Where each of them ends in its file, raw: what an error says that comes
  /// from a missing semicolon after it.
  llvm::DenseSet<unsigned> assumptionEnds;
  /// A host's preprocessor read the text of an assumption as nothing.
  bool lostAssumptions = false;

  /// Names of the trace functions that a missing .tmh would define, as far as
  /// the headers so far tell, and whether one was missing already.
  std::vector<std::string> traceFunctions;
  bool lacksTrace = false;

  /// Adds what was seen in a header that this compilation has precompiled;
  /// `here` says where its locations are now.
  void
  add(const PreprocessorRecord &header,
      llvm::function_ref<clang::SourceLocation(clang::SourceLocation)> here);

  /// Whether an error at `loc` is one the redefinition may have brought in.
  bool comesFromAssumption(clang::SourceLocation loc,
                           const clang::SourceManager &sm) const;
};

/// Two macros of the command line that others are redefined to: the first is
/// an assumption of its argument, the second does nothing.
inline constexpr const char *kAssumption = "__mdlcheck_assume";
inline constexpr const char *kTraceCall = "__mdlcheck_trace";

/// Records the expansions of `macrosAsCalls`, annotations of SAL and the files
/// read, and makes the assumptions authors state for analysers reach the AST.
///
/// Outside of PREfast builds sal.h defines _Analysis_assume_(e) as nothing.
/// Each such empty definition is followed at once by another one, to
/// kAssumption, which is `__assume(!!(e))`: what the header itself does when
/// an analyser is looking. An argument that only ever met PREfast (or no
/// compiler at all, with other headers) may not compile, and a use may lack
/// its semicolon. Neither can be known before Sema has seen it, so the caller
/// looks for errors that comesFromAssumption and, if there is one, parses
/// again without the redefinition: code that builds is never lost.
///
/// A driver that traces with WPP includes a "<source>.tmh" that its build
/// generates. Where the driver has not been built, there is none, and every
/// function that traces would be full of errors. A missing one is passed over
/// in silence, and the trace functions it would define (named in the
/// "begin_wpp config" comments of the headers read before) become nothing.
class MacroRecorder : public clang::PPCallbacks {
public:
  enum class Mode {
    Redefine,        ///< all of the above
    KeepAssumptions, ///< without redefining the assumptions
    Watch,           ///< change nothing: somebody else's compilation
  };
  MacroRecorder(clang::Preprocessor &pp,
                const std::vector<std::string> &macrosAsCalls, Mode mode,
                PreprocessorRecord &record);

  void LexedFileChanged(clang::FileID fid, LexedFileChangeReason reason,
                        clang::SrcMgr::CharacteristicKind fileType,
                        clang::FileID prevFid,
                        clang::SourceLocation loc) override;
  bool FileNotFound(llvm::StringRef fileName) override;
  void EndOfMainFile() override;
  void MacroDefined(const clang::Token &nameTok,
                    const clang::MacroDirective *md) override;
  void MacroExpands(const clang::Token &nameTok,
                    const clang::MacroDefinition &md, clang::SourceRange range,
                    const clang::MacroArgs *args) override;
  void PragmaDirective(clang::SourceLocation loc,
                       clang::PragmaIntroducerKind introducer) override;

private:
  bool isEmptyAssumption(const clang::MacroInfo &macro) const;
  void redefine(clang::IdentifierInfo *name, const char *as,
                clang::SourceLocation loc);
  void searchHeaders();
  void findTraceFunctions(llvm::StringRef source);
  void recordSal(const contract::SalWord &word, clang::SourceLocation name,
                 clang::SourceRange range, const clang::MacroArgs *args);

  clang::Preprocessor &pp;
  PreprocessorRecord &record;
  Mode mode;
  llvm::SmallPtrSet<const clang::IdentifierInfo *, 8> assumptionNames;
  llvm::DenseSet<const clang::IdentifierInfo *> watched;
  llvm::SmallPtrSet<const clang::IdentifierInfo *, 4> meansAssume;
  llvm::DenseSet<const clang::FileEntry *> seenFiles;
  /// Files outside system headers not yet searched for trace functions.
  std::vector<clang::FileID> unsearched;
  llvm::DenseMap<const clang::IdentifierInfo *, const contract::SalWord *>
      salNames;
  /// What the last annotation covers, as raw locations: those inside are part
  /// of it.
  unsigned salBegin = 0, salEnd = 0;
  size_t redefinedTrace = 0; ///< of PreprocessorRecord::traceFunctions
};

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_MACRORECORDER_H
