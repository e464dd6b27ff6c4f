//===-- GithubWriter.cpp - annotations of a workflow run --------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A line a finding, which the runner makes an annotation of:
//
//   ::error file=a.c,line=9,endLine=9,col=5,endColumn=12,title=rule::message
//
// docs.github.com, "Workflow commands for GitHub Actions". The runner shows
// ten annotations of a kind for a step and cuts messages off at 4,096
// characters (ExecutionContext.cs of actions/runner); columns are left out
// where a place goes over lines, as the page asks.
//
//===----------------------------------------------------------------------===//
#include "report/Notes.h"
#include "report/Paths.h"
#include "report/Policy.h"
#include "report/Writers.h"

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

namespace {

constexpr unsigned kShownOfAKind = 10;
constexpr size_t kMaxMessage = 4096;

std::string escaped(llvm::StringRef text, bool isProperty) {
  std::string out;
  for (char c : utf8(text)) {
    bool isSeparator = isProperty && (c == ':' || c == ',');
    if (c == '%')
      out += "%25";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else if (isSeparator)
      out += c == ':' ? "%3A" : "%2C";
    else
      out += c;
  }
  return out;
}

class GithubWriter : public Writer {
public:
  explicit GithubWriter(WriterOptions options) : options(std::move(options)) {}

  void write(const Report &report, llvm::raw_ostream &os) override {
    unsigned counts[3] = {};
    for (const Finding &finding : report.findings) {
      Severity severity = severityOf(finding, *report.rules);
      ++counts[unsigned(severity)];
      writeFinding(finding, severity, *report.rules, os);
    }
    if (!report.complete)
      os << "::error title=mdlcheck::some of the input could not be analysed; "
            "what the compiler said is in the log\n";
    for (unsigned count : counts)
      if (count > kShownOfAKind) {
        os << "::notice title=mdlcheck::GitHub shows no more than "
           << kShownOfAKind
           << " annotations of a kind for a step; all are in the log\n";
        break;
      }
  }

private:
  static const char *command(Severity severity) {
    return severity == Severity::Note ? "notice" : severityName(severity);
  }

  void writeFinding(const Finding &finding, Severity severity,
                    const RuleSet &rules, llvm::raw_ostream &os) {
    const Rule &rule = rules.rule(finding.rule);
    const Location &where = finding.where;
    os << "::" << command(severity) << ' ';
    if (!where.file.empty())
      os << "file=" << escaped(name(where), true) << ',';
    if (where.line) {
      uint32_t endLine = std::max(where.line, where.endLine);
      os << "line=" << where.line << ",endLine=" << endLine << ',';
      if (where.column && endLine == where.line) {
        os << "col=" << where.column << ',';
        // The last character, not the one behind it.
        if (where.endColumn > where.column)
          os << "endColumn=" << where.endColumn - 1 << ',';
      }
    }
    os << "title=" << escaped(rule.id, true)
       << "::" << escaped(messageOf(finding, rule), false) << '\n';
  }

  llvm::StringRef name(const Location &where) {
    return relativeTo(where.file, options.workingDirectory);
  }

  // The message, then the path, a line a step.
  std::string messageOf(const Finding &finding, const Rule &rule) {
    std::string text = finding.message;
    std::vector<Note> notes = notesOf(finding, rule);
    for (size_t i = 0; i < notes.size(); ++i) {
      const Note &note = notes[i];
      std::string line = "\n";
      line.append(2 * note.depth, ' ');
      if (note.isStep)
        line += (name(note.where) + ":" + llvm::Twine(note.where.line) + ": ")
                    .str();
      line += note.message;
      std::string rest =
          "\n... and " + std::to_string(notes.size() - i) + " more steps";
      if (text.size() + line.size() + rest.size() > kMaxMessage) {
        text += rest;
        break;
      }
      text += line;
    }
    return text;
  }

  WriterOptions options;
};

} // namespace

std::unique_ptr<Writer> report::createGithubWriter(WriterOptions options) {
  return std::make_unique<GithubWriter>(std::move(options));
}
