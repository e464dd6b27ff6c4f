//===-- DiagnosticCollector.h - what Clang had to say ---------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/frontend.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_DIAGNOSTICCOLLECTOR_H
#define MDLCHECK_FRONTEND_DIAGNOSTICCOLLECTOR_H

#include "frontend/Frontend.h"

#include "clang/Basic/Diagnostic.h"
#include "clang/Basic/SourceLocation.h"

#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace mdlcheck::frontend {

/// Keeps errors and the notes that belong to them, each once.
class DiagnosticCollector : public clang::DiagnosticConsumer {
public:
  void HandleDiagnostic(clang::DiagnosticsEngine::Level level,
                        const clang::Diagnostic &info) override;

  std::vector<Diagnostic> diagnostics;
  /// Each error where its author would look for it: an error out of a macro
  /// stands where the macro is used.
  std::vector<std::pair<clang::SourceLocation, std::string>> errors;
  /// The same errors where Clang has them, inside their expansions.
  std::vector<clang::SourceLocation> rawErrorLocs;

private:
  bool keptLast = false;
  std::set<std::tuple<std::string, unsigned, unsigned, std::string>> seen;
};

/// Makes every warning that Clang treats as an error by default no error: the
/// compiler a driver is built with accepts such code, so must we.
void acceptWhatCompilersAccept(clang::DiagnosticsEngine &engine);

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_DIAGNOSTICCOLLECTOR_H
