//===-- Notes.h - a finding's path as notes ---------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_NOTES_H
#define MDLCHECK_REPORT_NOTES_H

#include "contract/Finding.h"
#include "contract/RuleSet.h"

#include <string>
#include <vector>

namespace mdlcheck::report {

/// What is shown below a finding, in every host that knows notes.
struct Note {
  contract::Location where;
  std::string message;
  uint32_t depth = 0; ///< calls deep
  bool isStep = true; ///< of the path
};

/// The steps of the path, then the bug checks that are prevented.
std::vector<Note> notesOf(const contract::Finding &finding,
                          const contract::Rule &rule);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_NOTES_H
