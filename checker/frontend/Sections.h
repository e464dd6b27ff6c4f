//===-- Sections.h - where the code of a function lies --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to checker/frontend.
//
// Sections that code is put into: by `#pragma alloc_text`, by `code_seg` as a
// pragma and as a declspec, and by the attribute `section`. Clang turns them
// into attributes, but for alloc_text in a header that was precompiled, after
// the definition, and without Microsoft's extensions: so that is read here.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_SECTIONS_H
#define MDLCHECK_FRONTEND_SECTIONS_H

#include "clang/Lex/PPCallbacks.h"
#include "clang/Lex/Pragma.h"
#include "llvm/ADT/StringMap.h"

#include <string>

namespace clang {
class FunctionDecl;
class Preprocessor;
} // namespace clang

namespace mdlcheck::frontend {

/// By the name of the function, which has C's linkage: its section.
using TextSections = llvm::StringMap<std::string>;

/// Reads the pragma at `loc` if it is alloc_text, or a macro that stands for
/// it (ndis.h has some).
void readAllocText(clang::Preprocessor &pp, clang::SourceLocation loc,
                   clang::PragmaIntroducerKind introducer,
                   TextSections &sections);

/// Empty where nothing is said. A lambda lies where the function does that it
/// is written in, if that says so itself.
std::string sectionOf(const clang::FunctionDecl *function,
                      const TextSections &sections);

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_SECTIONS_H
