//===-- Text.h - places in a document, as editors count ---------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The protocol counts lines from 0 and characters in UTF-16 code units.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_LSP_TEXT_H
#define MDLCHECK_LSP_TEXT_H

#include "contract/Finding.h"
#include "report/Sources.h"

#include "llvm/Support/LSP/Protocol.h"

#include <string>

namespace mdlcheck::lsp {

/// The byte of `text` at `position`; the end of the line or of the text where
/// there is no such place.
size_t offsetOf(llvm::StringRef text, llvm::lsp::Position position);

/// Replaces `range` of `text`, or without one all of it.
void applyChange(std::string &text,
                 const llvm::lsp::TextDocumentContentChangeEvent &change);

/// How many ends of lines there are in `text`.
int lineBreaks(llvm::StringRef text);

/// `where` as the protocol has it. `sources` knows its text.
llvm::lsp::Range rangeOf(const contract::Location &where,
                         report::Sources &sources);

} // namespace mdlcheck::lsp

#endif // MDLCHECK_LSP_TEXT_H
