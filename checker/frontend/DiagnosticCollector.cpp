//===-- DiagnosticCollector.cpp ---------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/DiagnosticCollector.h"

#include "clang/Basic/DiagnosticIDs.h"
#include "clang/Basic/DiagnosticLex.h"
#include "clang/Basic/DiagnosticSema.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/SmallString.h"

using namespace mdlcheck;
using namespace mdlcheck::frontend;

/// Errors in system headers that Microsoft's compiler lets pass and that take
/// nothing from the program: an #if of ndis.h tests a number spelled
/// "0x##NDIS_FILTER_MAJOR_VERSION", and dispmprt.h asserts an offset through a
/// cast of a null pointer.
static bool isTolerated(const clang::Diagnostic &info) {
  return (info.getID() == clang::diag::err_invalid_suffix_constant ||
          info.getID() ==
              clang::diag::err_static_assert_expression_is_not_constant) &&
         info.getLocation().isValid() && info.hasSourceManager() &&
         info.getSourceManager().isInSystemHeader(info.getLocation());
}

void DiagnosticCollector::HandleDiagnostic(
    clang::DiagnosticsEngine::Level level, const clang::Diagnostic &info) {
  DiagnosticConsumer::HandleDiagnostic(level, info);
  using Level = clang::DiagnosticsEngine::Level;
  if (level == Level::Note) {
    if (!keptLast)
      return;
  } else {
    keptLast =
        (level == Level::Error || level == Level::Fatal) && !isTolerated(info);
    if (!keptLast)
      return;
  }

  Diagnostic out;
  out.severity = level == Level::Note    ? Diagnostic::Severity::Note
                 : level == Level::Error ? Diagnostic::Severity::Error
                                         : Diagnostic::Severity::Fatal;
  llvm::SmallString<128> text;
  info.FormatDiagnostic(text);
  out.message = std::string(text);

  clang::SourceLocation fileLoc;
  if (info.getLocation().isValid() && info.hasSourceManager()) {
    const clang::SourceManager &sm = info.getSourceManager();
    fileLoc = sm.getFileLoc(info.getLocation());
    // #line is for people who read generated sources; an editor and a
    // suppression want the file that was read.
    clang::PresumedLoc presumed =
        sm.getPresumedLoc(fileLoc, /*UseLineDirectives=*/false);
    if (presumed.isValid()) {
      out.file = presumed.getFilename();
      out.line = presumed.getLine();
      out.column = presumed.getColumn();
    }
  }
  if (level != Level::Note) {
    // Also for one that is dropped as a repetition, which may come from
    // another expansion at the same place.
    errors.emplace_back(fileLoc, out.message);
    rawErrorLocs.push_back(info.getLocation());
  }
  if (!seen.insert({out.file, out.line, out.column, out.message}).second) {
    if (level != Level::Note)
      keptLast = false;
    return;
  }
  diagnostics.push_back(std::move(out));
}

void mdlcheck::frontend::acceptWhatCompilersAccept(
    clang::DiagnosticsEngine &engine) {
  static const std::vector<clang::diag::kind> ids = [] {
    std::vector<clang::diag::kind> all, result;
    clang::DiagnosticIDs::getAllDiagnostics(clang::diag::Flavor::WarningOrError,
                                            all);
    clang::DiagnosticIDs known;
    for (clang::diag::kind id : all)
      if (known.isWarningOrExtension(id) && known.isDefaultMappingAsError(id))
        result.push_back(id);
    return result;
  }();
  for (clang::diag::kind id : ids)
    engine.setSeverity(id, clang::diag::Severity::Ignored,
                       clang::SourceLocation());
}
