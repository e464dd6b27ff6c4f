//===-- Config.h - .mdlcheck.yaml -----------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A project's configuration. The form is described for editors in
// config-schema.json beside this file, and for people in README.md.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_CONFIG_H
#define MDLCHECK_REPORT_CONFIG_H

#include "contract/RuleSet.h"
#include "report/RuleSelection.h"

#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace mdlcheck::report {

constexpr llvm::StringLiteral kConfigName = ".mdlcheck.yaml";

/// The least severity that fails a run; no severity: none does.
using FailOn = std::optional<contract::Severity>;

struct Config {
  enum class Profile : uint8_t {
    Default, ///< the rules that are on unless somebody says otherwise
    All,
    None,
    Sdv, ///< the rules that stand for those of Static Driver Verifier
  };
  /// What is said about the rules that a name or pattern stands for.
  struct RuleEntry {
    std::string pattern;
    bool isOn = true;
    std::optional<contract::Severity> severity;
    unsigned line = 0;
  };

  std::string file;      ///< where it was read from; empty: nowhere
  std::string directory; ///< its paths start here
  Profile profile = Profile::Default;
  std::vector<RuleEntry> rules; ///< the last that fits counts
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::vector<std::string> contracts; ///< absolute
  std::string baseline;               ///< absolute; empty: none
  std::optional<FailOn> failOn;

  /// Nothing when no profile is called that.
  static std::optional<Profile> profileNamed(llvm::StringRef name);

  /// Errors are InputErrors with `name` and the line.
  static llvm::Expected<Config> parse(llvm::StringRef text,
                                      const std::string &name);
  static llvm::Expected<Config> load(const std::string &file);

  /// Whether `file` (absolute) is one of those it is about.
  bool covers(llvm::StringRef file) const;

  void print(const contract::RuleSet &catalogue, const RuleSelection &selection,
             const std::vector<contract::Severity> &severities,
             llvm::raw_ostream &os) const;
};

/// Whether a path, relative to a directory, fits a pattern: `*` and `?` stay
/// inside a name, `**` does not; what lies under a directory that fits, fits;
/// a pattern without a '/' fits at any depth.
bool matchesPath(llvm::StringRef pattern, llvm::StringRef path);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_CONFIG_H
