//===-- TidyOptions.cpp - clang-tidy's options ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/OptionTable.h"
#include "cli/Options.h"

using namespace mdlcheck;
using namespace mdlcheck::cli;

namespace {

template <auto Member>
llvm::Error setText(Options &options, llvm::StringRef value) {
  options.tidy.*Member = value.str();
  return llvm::Error::success();
}

template <auto Member>
llvm::Error addText(Options &options, llvm::StringRef value) {
  (options.tidy.*Member).push_back(value.str());
  return llvm::Error::success();
}

template <bool TidyCommand::*Flag>
llvm::Error setFlag(Options &options, llvm::StringRef) {
  options.tidy.*Flag = true;
  return llvm::Error::success();
}

llvm::Error setUseColor(Options &options, llvm::StringRef value) {
  if (value.empty() || value == "true" || value == "1")
    options.color = Choice::Always;
  else if (value == "false" || value == "0")
    options.color = Choice::Never;
  else
    return badValue("--use-color", value, "true or false");
  return llvm::Error::success();
}

/// What only concerns the checks of clang-tidy.
llvm::Error ignore(Options &, llvm::StringRef) {
  return llvm::Error::success();
}

constexpr OptionInfo kTidyOptions[] = {
    {"checks", "LIST",
     "like --rules, but starts from the default, and what names no rule is "
     "taken for a check of clang-tidy",
     setText<&TidyCommand::checks>, /*mayBeEmpty=*/true},
    {"warnings-as-errors", "LIST",
     "these rules are errors, and nothing below an error makes the exit code "
     "1 unless --fail-on says so",
     setText<&TidyCommand::warningsAsErrors>, true},
    {"line-filter", "JSON",
     "only findings whose path touches these lines: "
     "[{\"name\":\"a.c\",\"lines\":[[1,9]]}]",
     setText<&TidyCommand::lineFilter>, true},
    {"header-filter", "REGEX",
     "only findings whose path touches an analysed file or a header with such "
     "a name",
     setText<&TidyCommand::headerFilter>, true},
    {"exclude-header-filter", "REGEX", "headers to leave out",
     setText<&TidyCommand::excludeHeaderFilter>, true},
    {"export-fixes", "FILE", "write a file for clang-apply-replacements",
     setText<&TidyCommand::exportFixes>},
    {"config", "YAML",
     "what stands in a .clang-tidy file: Checks, WarningsAsErrors, header "
     "filters, ExtraArgs and the check option MdlcheckContracts are read; "
     "--config-file takes such a file, too",
     setText<&TidyCommand::config>, true},
    {"extra-arg", "FLAG", "add a compiler flag",
     addText<&TidyCommand::extraArgs>},
    {"extra-arg-before", "FLAG", "add a compiler flag in front of the others",
     addText<&TidyCommand::extraArgsBefore>},
    {"removed-arg", "FLAG", "take out a compiler flag",
     addText<&TidyCommand::removedArgs>},
    {"use-color", "BOOL", "like --color", setUseColor, true,
     /*isOptional=*/true},
    {"list-checks", "", "list the rules that are on and exit",
     setFlag<&TidyCommand::listChecks>},
    {"allow-no-checks", "", "it is fine when no rule is on",
     setFlag<&TidyCommand::allowNoChecks>},
    {"load", "FILE", "ignored", ignore},
    {"allow-enabling-analyzer-alpha-checkers", "", "ignored", ignore},
    {"enable-check-profile", "", "ignored", ignore},
    {"store-check-profile", "DIR", "ignored", ignore},
    {"system-headers", "BOOL", "ignored", ignore, true, true},
    {"format-style", "STYLE", "ignored", ignore, true},
};

} // namespace

llvm::ArrayRef<OptionInfo> cli::tidyOptions() { return kTidyOptions; }
