//===-- Repair.cpp ----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Repair.h"

#include "report/Edits.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <map>
#include <set>

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

namespace {

struct Proposal {
  std::string description;
  Edits edits;
  Edits tried; ///< the same with the probe
};

/// What a finding is known by while lines move.
using Key = std::tuple<uint32_t, std::string, std::string, std::string>;

Key keyOf(const Finding &f) {
  return {f.rule.value, f.function, f.object, f.message};
}

std::map<Key, unsigned> keysOf(const Report &report) {
  std::map<Key, unsigned> keys;
  for (const Finding &f : report.findings)
    ++keys[keyOf(f)];
  return keys;
}

// "mdl", "Context->Mdl": what may be written again and means the same.
bool isPlainPlace(llvm::StringRef text) {
  while (true) {
    llvm::StringRef name =
        text.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
    if (name.empty() || llvm::isDigit(name.front()))
      return false;
    text = text.drop_front(name.size());
    if (text.empty())
      return true;
    if (!text.consume_front("->") && !text.consume_front("."))
      return false;
  }
}

/// Whether an object may be given back just before `s`: it is a way out, and
/// what it computes is done with the object or never needed it.
bool isExit(const SourceScan &scan, const SourceStatement &s,
            llvm::StringRef object) {
  const SourceToken &first = scan.tokens[s.firstToken];
  if (first.is("}"))
    return true;
  llvm::StringRef root =
      object.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (first.is("return")) {
    for (uint32_t i = s.firstToken; i < s.lastToken; ++i) {
      const SourceToken &t = scan.tokens[i];
      bool isCall = t.is("(") && scan.tokens[i - 1].isIdentifier() &&
                    !scan.tokens[i - 1].is("return") &&
                    !scan.tokens[i + 1].is(")");
      if (t.is(root) || isCall)
        return false;
    }
    return true;
  }
  std::string text;
  for (uint32_t i = s.firstToken; i <= s.lastToken; ++i)
    text += scan.tokens[i].text;
  return text == (object + "=NULL;").str() || text == (object + "=0;").str() ||
         text == (object + "=nullptr;").str();
}

std::vector<Proposal> proposalsFor(const Finding &finding,
                                   const contract::Repair &how,
                                   const SourceScan &scan, uint32_t offset) {
  std::vector<Proposal> proposals;
  StatementEditor editor(scan);
  bool isUse = how.before == contract::Repair::Place::Use;
  const SourceStatement *s =
      isUse ? editor.statementAround(offset) : editor.statementAt(offset);
  llvm::StringRef object = finding.object;
  if (!s || !isPlainPlace(object))
    return proposals;
  auto propose = [&](std::string description, std::optional<Edits> edits,
                     std::optional<Edits> tried) {
    if (edits && tried)
      proposals.push_back(
          {std::move(description), std::move(*edits), std::move(*tried)});
  };
  for (const std::string &function : how.remove)
    if (editor.isCall(*s, function, object)) {
      auto edits = editor.remove(*s);
      propose("remove this call of '" + function + "'", edits, edits);
    }
  if (how.before == contract::Repair::Place::None)
    return proposals;
  if (isUse) {
    if (!editor.isInFunction(*s, how.type, how.beside))
      return proposals;
    auto edits = editor.insertBefore(
        *s, {("if (" + object + " == NULL) {").str(),
             (editor.oneLevel() + "return " + how.result + ";").str(), "}"});
    propose(
        ("return '" + how.result + "' where '" + object + "' is NULL").str(),
        edits, edits);
    return proposals;
  }
  if (how.before == contract::Repair::Place::Exit && !isExit(scan, *s, object))
    return proposals;
  if (how.before == contract::Repair::Place::Call) {
    const SourceToken &callee = scan.tokens[s->firstToken];
    if (!callee.isIdentifier() || !editor.isCall(*s, callee.text, object))
      return proposals;
    const SourceStatement *next = editor.next(*s);
    if (next && editor.isCall(*next, how.insert.front(), object)) {
      auto edits = editor.swapWithNext(*s);
      propose("call '" + how.insert.front() + "' first", edits, edits);
      return proposals;
    }
  }
  std::vector<std::string> lines, tried;
  std::string names;
  for (const std::string &function : how.insert) {
    lines.push_back((function + "(" + object + ");").str());
    tried.push_back(lines.back());
    if (tried.size() == 1 && !how.probe.empty())
      tried.front() = ("if ((" + object + ") == NULL) { " + how.probe + " } " +
                       lines.front())
                          .str();
    names += (names.empty() ? "'" : " and '") + lines.back() + "'";
    propose("insert " + names, editor.insertBefore(*s, lines),
            editor.insertBefore(*s, tried));
  }
  return proposals;
}

/// A text that is scanned, in the way places are counted.
struct Scanned {
  Sources sources;
  std::unique_ptr<SourceScan> scan;
  uint32_t mark = 0; ///< bytes of the byte order mark

  Scanned(const std::string &file, const std::string &text) {
    sources.add(file, text);
    scan = std::make_unique<SourceScan>(sources.text(file));
    mark = uint32_t(text.size() - sources.text(file).size());
  }
};

std::string applyEdits(const Edits &edits, const std::string &text,
                       uint32_t mark) {
  std::string out = text;
  Edits sorted = edits;
  std::sort(sorted.begin(), sorted.end(),
            [](const Edit &a, const Edit &b) { return a.begin > b.begin; });
  for (const Edit &edit : sorted)
    out.replace(mark + edit.begin, edit.end - edit.begin, edit.text);
  return out;
}

Location placeOf(const Edit &edit, const std::string &file,
                 const SourceScan &scan) {
  auto column = [&](uint32_t offset) {
    return offset - scan.lineStart(scan.lineOf(offset)) + 1;
  };
  return {file, scan.lineOf(edit.begin), column(edit.begin),
          scan.lineOf(edit.end), column(edit.end)};
}

/// Whether `finding` is gone and nothing has come.
bool isBetter(const Report &before, const Report &after,
              const Finding &finding) {
  bool readsAsWell =
      (after.complete || !before.complete) &&
      after.notifications.size() <= before.notifications.size() &&
      after.coverage.skipped.size() <= before.coverage.skipped.size() &&
      after.coverage.limited.size() <= before.coverage.limited.size();
  if (!readsAsWell)
    return false;
  std::map<Key, unsigned> had = keysOf(before), has = keysOf(after);
  Key key = keyOf(finding);
  if (!had.contains(key) || (has.contains(key) && has[key] >= had[key]))
    return false;
  return std::all_of(has.begin(), has.end(), [&](const auto &entry) {
    auto it = had.find(entry.first);
    return it != had.end() && entry.second <= it->second;
  });
}

std::vector<Proposal> proposalsFor(const Finding &finding, const RuleSet &rules,
                                   Scanned &scanned) {
  if (finding.where.line == 0)
    return {};
  size_t offset = scanned.sources.offset(finding.where.file, finding.where.line,
                                         finding.where.column);
  return proposalsFor(finding, rules.rule(finding.rule).repair, *scanned.scan,
                      uint32_t(offset));
}

} // namespace

bool report::mayBeRepaired(const Finding &finding, const RuleSet &rules,
                           const std::string &text) {
  const contract::Repair &how = rules.rule(finding.rule).repair;
  if (how.insert.empty() && how.remove.empty() && how.result.empty())
    return false;
  Scanned scanned(finding.where.file, text);
  return !proposalsFor(finding, rules, scanned).empty();
}

std::optional<Fix> report::repair(const Finding &finding, const RuleSet &rules,
                                  const std::string &text, const Report &before,
                                  Reanalyse analyse) {
  const std::string &file = finding.where.file;
  Scanned scanned(file, text);
  for (Proposal &p : proposalsFor(finding, rules, scanned)) {
    Report after = analyse(applyEdits(p.tried, text, scanned.mark));
    if (!isBetter(before, after, finding))
      continue;
    Fix fix;
    fix.description = std::move(p.description);
    for (Edit &edit : p.edits)
      fix.replacements.push_back(
          {placeOf(edit, file, *scanned.scan), std::move(edit.text)});
    return fix;
  }
  return std::nullopt;
}

std::string report::applyFix(const Fix &fix, const std::string &text) {
  const std::string &file = fix.replacements.front().where.file;
  Scanned scanned(file, text);
  Edits edits;
  for (const Replacement &r : fix.replacements)
    edits.push_back(
        {uint32_t(scanned.sources.offset(file, r.where.line, r.where.column)),
         uint32_t(
             scanned.sources.offset(file, r.where.endLine, r.where.endColumn)),
         r.text});
  return applyEdits(edits, text, scanned.mark);
}

std::string report::repairAll(llvm::ArrayRef<const Finding *> wanted,
                              const RuleSet &rules, std::string text,
                              Reanalyse analyse, unsigned &count) {
  std::map<Key, unsigned> open;
  for (const Finding *f : wanted)
    if (mayBeRepaired(*f, rules, text))
      ++open[keyOf(*f)];
  if (open.empty())
    return text;
  const std::string file = wanted.front()->where.file;
  Report before = analyse(text);
  for (bool isDone = false; !isDone;) {
    isDone = true;
    for (const Finding &f : before.findings) {
      auto it = open.find(keyOf(f));
      if (f.where.file != file || it == open.end())
        continue;
      std::optional<Fix> fix = repair(f, rules, text, before, analyse);
      if (!fix) {
        // One that looks alike may do better; this one had its turn.
        if (--it->second == 0)
          open.erase(it);
        continue;
      }
      if (--it->second == 0)
        open.erase(it);
      ++count;
      text = applyFix(*fix, text);
      before = analyse(text);
      isDone = open.empty();
      break;
    }
  }
  return text;
}
