//===-- Policy.h - which findings are shown -------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Selection, configuration and suppression, the same in every host:
//
//   RuleSet rules = RuleSet::shipped();
//   auto policy = Policy::create(rules, {}, {file});    // adds contracts
//   ... analyse with `rules`, sortFindings() ...
//   policy->apply(findings, suppressed, sources);       // both are sorted
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_POLICY_H
#define MDLCHECK_REPORT_POLICY_H

#include "contract/Finding.h"
#include "report/Baseline.h"
#include "report/Config.h"
#include "report/Suppressions.h"

#include <map>
#include <memory>

namespace mdlcheck::report {

struct PolicyOptions {
  /// A list as in `--rules=`; goes before what configurations say.
  std::optional<std::string> rules;
  /// The rules to start from, whatever configurations switch on and off.
  std::optional<Config::Profile> profile;
  std::optional<FailOn> failOn; ///< goes before what configurations say
  /// In place of the .mdlcheck.yaml found by walking up from each file.
  std::string configFile;
  bool ignoreConfig = false; ///< no configuration at all
  /// A baseline (absolute) in place of the one that configurations name.
  std::string baseline;
};

class Policy {
public:
  /// Finds the configurations of `files` (absolute) and adds the contracts
  /// they name to `rules`, which must outlive the policy. Errors are
  /// InputErrors.
  static llvm::Expected<Policy> create(contract::RuleSet &rules,
                                       PolicyOptions options,
                                       llvm::ArrayRef<std::string> files);

  /// Whether `file` (absolute) is one the configuration is about.
  llvm::Expected<bool> covers(const std::string &file);

  /// Whether `id` is on in `file`.
  llvm::Expected<bool> isOn(contract::RuleId id, const std::string &file);

  /// Takes out of `findings` what is switched off, gives the rest its
  /// severity, and moves what is suppressed to `suppressed`, in the source or
  /// by a baseline.
  llvm::Error apply(std::vector<contract::Finding> &findings,
                    std::vector<contract::Finding> &suppressed,
                    Sources &sources);

  /// Forgets what apply() has met: the sources have changed.
  void startAnew();

  /// About the suppressions apply() has met: mistakes in them and, with
  /// `files`, those there that suppress nothing.
  llvm::Expected<std::vector<Suppressions::Remark>>
  remarks(llvm::ArrayRef<std::string> files);

  /// What baselines have that apply() did not meet, of rules that are on and
  /// files that `wasLookedAt`: it is fixed.
  llvm::Expected<std::vector<BaselineEntry>>
  fixed(llvm::function_ref<bool(const BaselineEntry &)> wasLookedAt);

  /// Whether a finding that apply() let through fails the run.
  bool fails(const contract::Finding &finding);
  /// The same for anything of a severity in `file`.
  bool fails(contract::Severity severity, const std::string &file);

  /// What holds for `file`, as a configuration file that says the same.
  llvm::Error dump(const std::string &file, llvm::raw_ostream &os);

private:
  /// A configuration together with the command line.
  struct Effective {
    Config config;
    RuleSelection selection;
    std::vector<contract::Severity> severities; ///< by rule
    Baseline *baseline = nullptr;               ///< none: nothing is known
  };

  Policy(contract::RuleSet &rules, PolicyOptions options)
      : rules(&rules), options(std::move(options)) {}

  /// The configuration for `file`: the one in the nearest directory above.
  llvm::Expected<Effective *> configFor(const std::string &file);
  llvm::Expected<std::string> configPathFor(const std::string &file);
  llvm::Expected<Config> configAt(const std::string &path);
  llvm::Expected<std::unique_ptr<Effective>> resolve(Config config);

  contract::RuleSet *rules;
  PolicyOptions options;
  std::map<std::string, std::string> byDirectory; ///< to the file's path
  std::map<std::string, Config> configs;          ///< by path
  std::map<std::string, std::unique_ptr<Effective>> effective;
  std::map<std::string, std::unique_ptr<Baseline>> baselines; ///< by path
  std::unique_ptr<Suppressions> suppressions;
};

/// What the configuration or else the catalogue says.
contract::Severity severityOf(const contract::Finding &finding,
                              const contract::RuleSet &rules);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_POLICY_H
