//===-- Notes.cpp -----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Notes.h"

#include "report/BugChecks.h"

using namespace mdlcheck;
using namespace mdlcheck::report;
using contract::PathStep;

std::vector<Note> report::notesOf(const contract::Finding &finding,
                                  const contract::Rule &rule) {
  std::vector<Note> notes;
  for (const PathStep &step : finding.path) {
    // The last step is the mistake itself, which the finding opened with.
    if (step.kind == PathStep::Kind::Final && step.where == finding.where)
      continue;
    notes.push_back({step.where, step.message, step.depth, true});
  }
  if (finding.precision == contract::Precision::Medium)
    notes.push_back({finding.where,
                     "of medium precision: no path goes wrong by itself", 0,
                     false});
  if (!rule.bugChecks.empty())
    notes.push_back({finding.where,
                     "prevents " + describeBugChecks(rule.bugChecks), 0,
                     false});
  return notes;
}
