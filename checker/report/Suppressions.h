//===-- Suppressions.h - what the source asks not to be told --*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Comments and pragmas that keep a finding from being shown, read from the
// text of the file it is in:
//
//   NOLINT, NOLINTNEXTLINE, NOLINTBEGIN/END   as clang-tidy has them
//     (clang.llvm.org/extra/clang-tidy, "Suppressing Undesired Diagnostics"),
//     but on any line of the statement a finding is in
//   #pragma warning, #pragma prefast, __pragma, _Pragma   with the numbers of
//     Code Analysis that a rule stands for; `suppress` is for the statement
//     that follows, or the function where one follows
//   // lgtm[id], // codeql[id]   with the ids of queries a rule stands for
//
// The text is not preprocessed. Headers are followed where they are included
// with quotes and lie beside the file, for macros that hold a pragma and for
// warnings they leave switched off; all branches of an #if are read.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_SUPPRESSIONS_H
#define MDLCHECK_REPORT_SUPPRESSIONS_H

#include "contract/Finding.h"
#include "contract/RuleSet.h"
#include "report/Sources.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mdlcheck::report {

struct FileMarks;

class Suppressions {
public:
  /// Both must outlive it.
  Suppressions(const contract::RuleSet &rules, Sources &sources);
  ~Suppressions();

  /// What suppresses `finding`, which counts as used from then on.
  std::optional<contract::Suppression> find(const contract::Finding &finding);

  /// Something about a suppression that its author wants to know.
  struct Remark {
    contract::Location where;
    std::string message;
    friend auto operator<=>(const Remark &, const Remark &) = default;
  };

  /// Blocks without an end or a beginning, in the files read so far.
  std::vector<Remark> mistakes() const;

  /// Names of rules in `file` that suppressed nothing, or that are no rules.
  /// Only NOLINT comments are judged: what other tools read may be there for
  /// them. Rules that are not `isOn` are left alone.
  std::vector<Remark> unused(const std::string &file,
                             llvm::function_ref<bool(contract::RuleId)> isOn);

private:
  FileMarks &marksOf(const std::string &file);

  const contract::RuleSet &rules;
  Sources &sources;
  std::map<std::string, std::unique_ptr<FileMarks>> files;
};

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_SUPPRESSIONS_H
