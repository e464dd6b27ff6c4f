//===-- CaseFile.h - a case of this folder, read ----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_TESTS_GRAPH_CASEFILE_H
#define MDLCHECK_TESTS_GRAPH_CASEFILE_H

#include "engine/Engine.h"
#include "program/Analysis.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mdlcheck::tests {

/// A function entered in one state, and the states that are to leave it.
struct StateRun {
  unsigned line = 0; ///< of its first comment
  std::string function;
  std::string given;
  struct Exit {
    bool raised;
    std::string text;
  };
  std::vector<Exit> exits;
};

/// What a file says before and beside its graph.
struct CaseFile {
  std::string graph; ///< with places filled in, and what every case may use
  std::string contracts;
  std::vector<std::string> expected; ///< "12: rule"
  std::vector<std::string> limited;
  std::vector<std::string> unknown; ///< "Name 2"
  std::vector<StateRun> runs;
  unsigned budget = program::AnalysisOptions().stateBudget;
  engine::EngineOptions options; ///< of `runs`
  std::vector<std::string> mistakes;

  static CaseFile read(const std::filesystem::path &path);
};

} // namespace mdlcheck::tests

#endif // MDLCHECK_TESTS_GRAPH_CASEFILE_H
