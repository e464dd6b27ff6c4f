//===-- Switches.cpp --------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Switches.h"

#include "clang/Basic/Diagnostic.h"
#include "clang/Basic/DiagnosticLex.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/PPCallbacks.h"
#include "clang/Lex/Preprocessor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <optional>

using namespace mdlcheck;
using namespace mdlcheck::hosts;

Switches::Switches(const contract::RuleSet &rules)
    : rules(rules), levels(rules.rules.size()),
      noError(rules.rules.size(), false) {}

std::vector<bool> Switches::rulesNamed(llvm::StringRef name) const {
  if (name == "mdlcheck" || name == "user-defined-warnings" ||
      name == "everything")
    return std::vector<bool>(rules.rules.size(), true);
  contract::RuleId id = rules.ruleNamed(name);
  if (!id)
    return {};
  std::vector<bool> named(rules.rules.size(), false);
  named[id.value] = true;
  return named;
}

void Switches::applyFlag(llvm::StringRef flag) {
  Level level = Level::Warning;
  bool onlyErrors = false; // "no-error=x" leaves a rule that is off alone
  if (flag.consume_front("error="))
    level = Level::Error;
  else if (flag.consume_front("no-error="))
    onlyErrors = true;
  else if (flag.consume_front("no-"))
    level = Level::Ignored;
  std::vector<bool> named = rulesNamed(flag);
  for (size_t i = 0; i < named.size(); ++i) {
    if (!named[i])
      continue;
    if (onlyErrors || level == Level::Error)
      noError[i] = onlyErrors;
    if (!onlyErrors || levels[i] == Level::Error)
      levels[i] = level;
  }
}

//===----------------------------------------------------------------------===//
// Pragmas
//===----------------------------------------------------------------------===//

namespace {

/// The words of a diagnostic pragma.
struct DiagnosticPragma {
  llvm::StringRef verb; ///< "push", "pop", "ignored"...
  std::string group;    ///< what stands after "-W", empty without
};

// `text` begins where the pragma does: "#pragma clang diagnostic push", or
// _Pragma("..."), whose text is a string literal.
std::optional<DiagnosticPragma> readPragma(llvm::StringRef text) {
  text = text.take_until([](char c) { return c == '\n' || c == '\r'; });
  if (text.consume_front("#")) {
    text = text.ltrim();
    if (!text.consume_front("pragma"))
      return std::nullopt;
  } else if (text.consume_front("_Pragma")) {
    text = text.ltrim(" \t(\"");
  } else {
    return std::nullopt;
  }
  auto word = [&text] {
    text = text.ltrim();
    llvm::StringRef word =
        text.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
    text = text.drop_front(word.size());
    return word;
  };
  llvm::StringRef space = word();
  if ((space != "clang" && space != "GCC") || word() != "diagnostic")
    return std::nullopt;
  DiagnosticPragma pragma;
  pragma.verb = word();
  text = text.ltrim(" \t\\\"");
  if (text.consume_front("-W"))
    pragma.group =
        text.take_until([](char c) { return c == '"' || c == '\\'; }).str();
  return pragma;
}

} // namespace

class Switches::PragmaWatcher : public clang::PPCallbacks {
public:
  PragmaWatcher(Switches &switches, clang::Preprocessor &pp)
      : switches(switches), pp(pp) {}

  void PragmaDirective(clang::SourceLocation loc,
                       clang::PragmaIntroducerKind) override {
    const clang::SourceManager &sm = pp.getSourceManager();
    bool invalid = false;
    const char *text = sm.getCharacterData(sm.getSpellingLoc(loc), &invalid);
    // Buffers end in a null character.
    std::optional<DiagnosticPragma> pragma =
        invalid ? std::nullopt : readPragma(text);
    if (!pragma)
      return;
    Event event;
    event.where = sm.getExpansionLoc(loc);
    event.rules = switches.rulesNamed(pragma->group);
    bool ours = !event.rules.empty();
    setUnknownIsFine(ours, event.where);
    if (pragma->verb == "push") {
      event.kind = Event::Kind::Push;
    } else if (pragma->verb == "pop") {
      event.kind = Event::Kind::Pop;
    } else if (ours) {
      event.kind = Event::Kind::Set;
      event.level = llvm::StringSwitch<Level>(pragma->verb)
                        .Case("ignored", Level::Ignored)
                        .Cases({"error", "fatal"}, Level::Error)
                        .Default(Level::Warning);
    } else {
      return;
    }
    switches.events.push_back(std::move(event));
  }

private:
  // Clang looks for the group after this callback, and complains.
  void setUnknownIsFine(bool fine, clang::SourceLocation loc) {
    if (fine == unknownIsFine)
      return;
    unsigned id = clang::diag::warn_pragma_diagnostic_unknown_warning;
    clang::DiagnosticsEngine &engine = pp.getDiagnostics();
    if (fine)
      before = engine.getDiagnosticLevel(id, loc);
    unknownIsFine = fine;
    using Level = clang::DiagnosticsEngine::Level;
    if (before == Level::Ignored)
      return;
    using clang::diag::Severity;
    engine.setSeverity(id,
                       fine                     ? Severity::Ignored
                       : before == Level::Error ? Severity::Error
                                                : Severity::Warning,
                       loc);
  }

  Switches &switches;
  clang::Preprocessor &pp;
  bool unknownIsFine = false;
  clang::DiagnosticsEngine::Level before =
      clang::DiagnosticsEngine::Level::Warning;
};

void Switches::watch(clang::Preprocessor &pp) {
  pp.addPPCallbacks(std::make_unique<PragmaWatcher>(*this, pp));
}

std::optional<Level> Switches::levelOf(contract::RuleId rule,
                                       clang::SourceLocation where,
                                       const clang::SourceManager &sm) const {
  std::optional<Level> level = levels[rule.value];
  if (where.isInvalid())
    return level;
  std::vector<std::optional<Level>> pushed;
  for (const Event &event : events) {
    if (!sm.isBeforeInTranslationUnit(event.where, where))
      break;
    switch (event.kind) {
    case Event::Kind::Push:
      pushed.push_back(level);
      break;
    case Event::Kind::Pop:
      if (!pushed.empty()) {
        level = pushed.back();
        pushed.pop_back();
      }
      break;
    case Event::Kind::Set:
      if (event.rules[rule.value])
        level = event.level;
      break;
    }
  }
  return level;
}
