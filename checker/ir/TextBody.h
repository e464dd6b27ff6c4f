//===-- TextBody.h - reads the body of one function -----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_IR_TEXTBODY_H
#define MDLCHECK_IR_TEXTBODY_H

#include "ir/Ir.h"
#include "ir/TextLine.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"

namespace mdlcheck::ir::text {

/// From labels to places in a table.
using Labels = llvm::StringMap<uint32_t>;

/// What the whole text knows by name.
struct UnitContext {
  Unit unit;
  Labels globals, decls, fields;
  Labels strings; ///< literals by what they hold, the first of equal ones
  Failure failure;
  /// The file with the highest number a span names, and where it does.
  uint32_t maxFile = 0;
  unsigned maxFileLine = 0;

  Span span(Line &line);
  uint32_t find(const Labels &labels, Line &line, const llvm::Twine &what);
  uint32_t findField(Line &line);
  /// A string literal: in quotes, or string(N).
  uint32_t stringLiteral(Line &line);
  void addString(std::string value);
};

/// Adds `index` under `key`; fails if it is there already.
void addLabel(Labels &labels, const std::string &key, uint32_t index,
              Line &line);

/// A function whose head is read.
struct PendingFunction {
  Function function;
  Labels locals;
  size_t firstLine = 0; ///< of the body
  size_t endLine = 0;   ///< the one with the closing brace
};

/// `Name: type "TypeName" volatile result exceptioncode @span`, a parameter
/// or a local.
void readLocal(UnitContext &context, PendingFunction &pending, Line &line,
               bool isParam);

/// Reads the lines between the braces into pending.function.
void readBody(UnitContext &context, PendingFunction &pending,
              llvm::ArrayRef<Line> lines);

} // namespace mdlcheck::ir::text

#endif // MDLCHECK_IR_TEXTBODY_H
