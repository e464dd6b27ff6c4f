//===-- Switches.h - warning flags and pragmas ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Clang's warning groups are a fixed table, so -W flags and diagnostic pragmas
// that name a rule are read here, with Clang's meaning.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLANG_PLUGIN_SWITCHES_H
#define MDLCHECK_CLANG_PLUGIN_SWITCHES_H

#include "contract/RuleSet.h"

#include "clang/Basic/SourceLocation.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace clang {
class Preprocessor;
class SourceManager;
} // namespace clang

namespace mdlcheck::hosts {

enum class Level : uint8_t { Ignored, Warning, Error };

class Switches {
public:
  /// `rules` outlives this.
  explicit Switches(const contract::RuleSet &rules);

  /// A flag as in DiagnosticOptions::Warnings, without "-W": "no-mdl-leak",
  /// "error=mdlcheck". Flags that name no rule are Clang's. All rules together
  /// are "mdlcheck", and "user-defined-warnings", which Clang knows, too.
  void applyFlag(llvm::StringRef flag);

  /// Reads the pragmas of `pp` that name a rule, and keeps Clang from calling
  /// them unknown. This outlives `pp`.
  void watch(clang::Preprocessor &pp);

  /// What a finding of `rule` at `where` is; nothing where nobody says.
  std::optional<Level> levelOf(contract::RuleId rule,
                               clang::SourceLocation where,
                               const clang::SourceManager &sm) const;

  /// Whether -Werror does not concern `rule`.
  bool staysWarning(contract::RuleId rule) const { return noError[rule.value]; }

private:
  class PragmaWatcher;
  struct Event {
    enum class Kind : uint8_t { Push, Pop, Set };
    clang::SourceLocation where;
    Kind kind;
    std::vector<bool> rules; ///< Set: whom it concerns
    Level level = Level::Warning;
  };

  /// The rules that `name` stands for; none: not ours.
  std::vector<bool> rulesNamed(llvm::StringRef name) const;

  const contract::RuleSet &rules;
  std::vector<std::optional<Level>> levels; ///< by rule, of flags
  std::vector<bool> noError;                ///< by rule, told with -Wno-error=
  std::vector<Event> events; ///< in the order of the translation unit
};

} // namespace mdlcheck::hosts

#endif // MDLCHECK_CLANG_PLUGIN_SWITCHES_H
