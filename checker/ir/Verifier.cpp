//===-- Verifier.cpp - is a graph well formed? ------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tables first, then each function: head, expressions, instructions, blocks,
// reachability, temporaries. Later checks leave out what earlier ones found
// broken, so one mistake is one sentence and nothing is read out of range.
//
//===----------------------------------------------------------------------===//

#include "ir/Verifier.h"
#include "ir/FunctionVerifier.h"

#include "llvm/ADT/StringMap.h"

using namespace mdlcheck;
using namespace mdlcheck::ir;
using llvm::Twine;

namespace {

class UnitVerifier {
public:
  UnitVerifier(const Unit &unit, std::vector<std::string> &problems)
      : unit(unit), problems(problems) {}
  void verify();

private:
  const Unit &unit;
  std::vector<std::string> &problems;

  void report(const Twine &what) { problems.push_back(what.str()); }
  void checkSpan(const Span &span, const Twine &owner);
  void checkGlobals();
  void checkDecls();
};

} // namespace

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

void UnitVerifier::checkSpan(const Span &span, const Twine &owner) {
  if (span.valid() && span.file.value >= unit.files.size())
    report(owner + ": the span names file " + Twine(span.file.value) +
           ", which is not there");
}

/// Initialisers name things that exist and lie within their variable.
void UnitVerifier::checkGlobals() {
  for (const Global &g : unit.globals) {
    std::string owner = "global '" + g.name + "'";
    if (!isSane(g.type))
      report(owner + ": malformed type");
    for (const GlobalInit &init : g.inits) {
      size_t limit =
          init.kind == GlobalInit::Kind::FunctionAddr ? unit.decls.size()
          : init.kind == GlobalInit::Kind::GlobalAddr ? unit.globals.size()
                                                      : unit.strings.size();
      if (init.kind != GlobalInit::Kind::Int && init.index >= limit)
        report(owner + ": the initialiser at " + Twine(init.offset) +
               " names something that is not there");
      if (init.field && init.field.value >= unit.fields.size())
        report(owner + ": the initialiser at " + Twine(init.offset) +
               " is for a field that is not there");
      if (!isSane(init.type))
        report(owner + ": the initialiser at " + Twine(init.offset) +
               " has a malformed type");
      if (g.type.size != 0 && (init.offset > g.type.size ||
                               init.type.size > g.type.size - init.offset))
        report(owner + ": the initialiser at " + Twine(init.offset) +
               " lies outside of it");
    }
  }
}

/// Functions and their declarations point at each other, link names are
/// unique.
void UnitVerifier::checkDecls() {
  llvm::StringMap<size_t> linkNames;
  for (size_t n = 0; n < unit.decls.size(); ++n) {
    const FunctionDecl &d = unit.decls[n];
    std::string owner = "declaration of '" + d.name + "'";
    checkSpan(d.span, owner);
    if (!isSane(d.resultType))
      report(owner + ": malformed result type");
    if (!d.linkName.empty() && !linkNames.try_emplace(d.linkName, n).second)
      report(owner + ": another declaration has the link name '" + d.linkName +
             "' too");
    if (d.body < -1 || d.body >= int64_t(unit.functions.size()))
      report(owner + ": its body is not there");
    else if (d.body >= 0 && unit.functions[d.body].decl.value != n)
      report(owner + ": its body belongs to another declaration");
  }
}

void UnitVerifier::verify() {
  for (const Field &field : unit.fields)
    if (!isSane(field.type))
      report("field '" + field.record + "." + field.name + "': malformed type");
  checkGlobals();
  checkDecls();
  for (const SkippedFunction &s : unit.skipped)
    checkSpan(s.span, "skipped function '" + s.name + "'");
  for (size_t n = 0; n < unit.functions.size(); ++n) {
    const Function &f = unit.functions[n];
    if (f.decl.value >= unit.decls.size()) {
      report("function " + Twine(n) + " has no declaration");
      continue;
    }
    if (unit.declOf(f).body != int64_t(n))
      report("function '" + unit.declOf(f).name +
             "': its declaration names another body");
    FunctionVerifier(unit, f, problems).verify();
  }
}

std::vector<std::string> ir::verify(const Unit &unit) {
  std::vector<std::string> problems;
  UnitVerifier(unit, problems).verify();
  return problems;
}
