//===-- Finding.h - a mistake and the path that leads to it ---*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Findings are data: the engine makes them, hosts render them.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CONTRACT_FINDING_H
#define MDLCHECK_CONTRACT_FINDING_H

#include "contract/Contract.h"

#include <compare>

#include <string>
#include <tuple>
#include <vector>

namespace mdlcheck::contract {

/// A place in a file, by name: a finding outlives the unit it was found in.
/// Lines and columns as in support/Span.h. `line` 0: no place.
struct Location {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
  uint32_t endLine = 0;
  uint32_t endColumn = 0;

  friend auto operator<=>(const Location &, const Location &) = default;
};

struct PathStep {
  enum class Kind : uint8_t {
    Assume, ///< the branch the path takes
    Event,  ///< an object or the IRQL changes
    Call,   ///< enters a function
    Return, ///< comes back from it
    Raise,  ///< an exception is raised
    Unwind, ///< a filter, finally part or handler takes over
    Final,  ///< the mistake itself; always the last step
  };
  Kind kind = Kind::Event;
  Location where;
  std::string message;
  std::string function; ///< the function the step is in
  uint32_t depth = 0;   ///< calls deep, 0 in the outermost function
  /// What the path has made known by then, after the step: of an object by its
  /// name ("mdl": "MDL allocated, pages locked"), and of "IRQL".
  struct Known {
    std::string name;
    std::string value;
  };
  std::vector<Known> known;
};

/// Text that takes the place of another; with an empty place it is inserted.
struct Replacement {
  Location where; ///< `endLine` and `endColumn` are set
  std::string text;
};

/// A repair that was tried: with it the mistake is gone and no other has come.
struct Fix {
  std::string description;
  std::vector<Replacement> replacements; ///< in one file, without overlaps
};

/// Why a finding is not shown.
struct Suppression {
  enum class Kind : uint8_t {
    InSource, ///< a comment or pragma at `where`
    External, ///< a file beside the source: a baseline
  };
  Kind kind = Kind::InSource;
  Location where;
  std::string justification; ///< as its author wrote it, may be empty
};

/// How sure a finding is. What was seen on one path is sure; what follows from
/// nothing else being there to be seen is less so.
enum class Precision : uint8_t { High, Medium };

struct Finding {
  RuleId rule;
  /// Where a project's configuration says other than the catalogue.
  std::optional<Severity> severity;
  Location where;
  std::string function; ///< the function `where` is in
  std::string object;   ///< as its author wrote it, may be empty
  std::string message;
  Precision precision = Precision::High;
  std::vector<PathStep> path;
  /// Functions without body or contract that were given something tracked on
  /// the way, sorted; "" stands for calls through pointers. The finding is
  /// right if they neither lock nor free nor change the IRQL.
  std::vector<std::string> assumedHarmless;
  /// Survives shifts of lines: made of the rule, the function, the object and
  /// the text around `where`, 16 hexadecimal digits. Filled in by report.
  std::string fingerprint;
  std::optional<Suppression> suppression;
  std::optional<Fix> fix; ///< where a host asked for one: see report/Repair.h

  friend bool operator<(const Finding &a, const Finding &b) {
    return std::tie(a.where, a.rule, a.object, a.message) <
           std::tie(b.where, b.rule, b.object, b.message);
  }
};

} // namespace mdlcheck::contract

#endif // MDLCHECK_CONTRACT_FINDING_H
