//===-- Declarations.h - mistakes that need no path -----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is wrong wherever control comes from: members of the system's records
// that are written.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_PROGRAM_DECLARATIONS_H
#define MDLCHECK_PROGRAM_DECLARATIONS_H

#include "contract/Finding.h"
#include "contract/RuleSet.h"
#include "ir/Ir.h"

#include <vector>

namespace mdlcheck::program {

std::vector<contract::Finding>
checkDeclarations(const ir::Unit &unit, const contract::RuleSet &rules);

} // namespace mdlcheck::program

#endif // MDLCHECK_PROGRAM_DECLARATIONS_H
