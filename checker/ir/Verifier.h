//===-- Verifier.h - is a graph well formed? ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_IR_VERIFIER_H
#define MDLCHECK_IR_VERIFIER_H

#include "ir/Ir.h"

#include <string>
#include <vector>

namespace mdlcheck::ir {

/// Everything that is wrong with `unit`, one sentence each that names the
/// function, block and instruction; empty when the unit is well formed. What
/// is checked stands above each check in Verifier.cpp and FunctionVerifier.cpp.
std::vector<std::string> verify(const Unit &unit);

} // namespace mdlcheck::ir

#endif // MDLCHECK_IR_VERIFIER_H
