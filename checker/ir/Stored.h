//===-- Stored.h - the stored form of a unit ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bytes for files that only the same version of this program reads back
// (support/Archive.h). They are never trusted: what comes back is a
// well-formed unit (ir/Verifier.h) or an error.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_IR_STORED_H
#define MDLCHECK_IR_STORED_H

#include "ir/Ir.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mdlcheck::ir {

/// The same bytes for the same unit, everywhere.
std::string store(const Unit &unit);

/// `name` is that of the file, for the InputError of bytes that are not what
/// store() wrote, whole.
llvm::Expected<Unit> readStored(llvm::StringRef bytes, const std::string &name);

} // namespace mdlcheck::ir

#endif // MDLCHECK_IR_STORED_H
