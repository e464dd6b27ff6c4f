//===-- Options.h - the command line --------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parsed by hand: the options share names with some that the LLVM libraries
// register for themselves (--stats, --color), "FILE... -- FLAGS" takes any
// flag, and every mistake is to end in one message that says what to do.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLI_OPTIONS_H
#define MDLCHECK_CLI_OPTIONS_H

#include "cli/Driver.h"
#include "cli/TidyCommand.h"
#include "report/Policy.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>

namespace mdlcheck::cli {

enum class Choice : uint8_t { Auto, Always, Never };

/// A format that is written beside the one of --format.
struct AlsoWrite {
  report::Format format;
  std::string file;
};

struct Options {
  Input input;
  report::Format format = report::Format::Text;
  std::string output; ///< empty or "-": standard output
  std::vector<AlsoWrite> alsoWrite;
  bool fix = false; ///< repair the sources
  report::PolicyOptions policy;
  std::vector<std::string> contractFiles;
  std::string writeBaseline; ///< empty: none is written
  std::string diff;          ///< a range for git, or "-"; empty: all is told
  bool unusedSuppressions = false;
  bool dumpConfig = false;
  unsigned threads = 0;
  std::string cacheDirectory; ///< empty: the default one
  uint64_t cacheBytes = uint64_t(2) << 30;
  bool noCache = false;
  Choice color = Choice::Auto;
  bool coverage = false;
  bool stats = false;
  bool quiet = false;
  bool dumpIr = false;
  std::optional<bool> wholeProgram; ///< not said: when no files are named
  TidyCommand tidy;
  bool listRules = false;
  std::string explain;
  bool help = false;
  bool version = false;

  /// A build directory holds whole drivers; files that somebody names are what
  /// is being worked on.
  bool isWholeProgram() const {
    return wholeProgram.value_or(input.files.empty());
  }
};

/// `arguments` without the program's name. Response files are expanded
/// first, so they may hold anything, "--" and flags included.
llvm::Expected<Options> parseOptions(llvm::ArrayRef<const char *> arguments);

void printHelp(llvm::raw_ostream &os);

} // namespace mdlcheck::cli

#endif // MDLCHECK_CLI_OPTIONS_H
