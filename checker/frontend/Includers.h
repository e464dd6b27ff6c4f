//===-- Includers.h - who includes a header ---------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/frontend.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_INCLUDERS_H
#define MDLCHECK_FRONTEND_INCLUDERS_H

#include "frontend/Frontend.h"

namespace mdlcheck::frontend {

/// Whether `file` is named like a header.
bool isHeaderName(llvm::StringRef file);

/// Of the jobs whose source includes `header` (absolute), directly or not, the
/// one whose path is most alike; null when there is none. Found by the text of
/// #include directives and the include paths of the command, which is quick,
/// and right but for directives that are switched off.
const CompileJob *includerOf(const std::string &header,
                             const std::vector<CompileJob> &jobs);

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_INCLUDERS_H
