//===-- Link.h - units as programs ----------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a linker would do with the units of a build directory. A name with
// several definitions (a directory often holds more than one driver) means the
// one in the same unit, else the one whose file lies nearest. Functions of
// headers, seen by many units, become one.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_PROGRAM_LINK_H
#define MDLCHECK_PROGRAM_LINK_H

#include "ir/Ir.h"

#include <vector>

namespace mdlcheck::program {

/// Units that refer to each other's functions and variables become one, with
/// the tables and functions of all of them; so there are as many as there are
/// programs. File names of the units have to be absolute. The result depends
/// on the order of `units`.
std::vector<ir::Unit> link(std::vector<ir::Unit> units);

} // namespace mdlcheck::program

#endif // MDLCHECK_PROGRAM_LINK_H
