//===-- TextWriter.cpp - findings as a compiler shows them ------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The form is Clang's, so that editors and people who know it know this one:
//
//   path:line:col: error: message [rule-id]
//      12 |     MmUnlockPages(mdl);
//         |     ^~~~~~~~~~~~~~~~~~
//   path:line:col: note: step of the path
//
// Messages of steps inside calls are indented by the depth of the call.
//
//===----------------------------------------------------------------------===//
#include "report/Notes.h"
#include "report/Paths.h"
#include "report/Policy.h"
#include "report/Writers.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Unicode.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

namespace {

constexpr unsigned kTabStop = 8;
/// Longer lines are no code anybody wrote; showing them helps nobody.
constexpr size_t kMaxShownLine = 400;

/// A source line made fit for a terminal, and where its bytes ended up.
struct RenderedLine {
  std::string text;
  std::vector<unsigned> columnOf; ///< by byte, one more than there are bytes
};

RenderedLine renderLine(llvm::StringRef line) {
  RenderedLine r;
  unsigned column = 0;
  for (size_t i = 0; i < line.size();) {
    unsigned char c = line[i];
    size_t bytes = 1;
    unsigned before = column;
    if (c == '\t') {
      unsigned width = kTabStop - column % kTabStop;
      r.text.append(width, ' ');
      column += width;
    } else {
      bytes = llvm::getNumBytesForUTF8(c);
      llvm::StringRef character = line.substr(i, bytes);
      const auto *begin = reinterpret_cast<const llvm::UTF8 *>(line.data() + i);
      const auto *end = reinterpret_cast<const llvm::UTF8 *>(line.end());
      int width =
          bytes <= line.size() - i && llvm::isLegalUTF8Sequence(begin, end)
              ? llvm::sys::unicode::columnWidthUTF8(character)
              : -1;
      if (width >= 0 && c >= 0x20 && c != 0x7F) {
        r.text += character;
        column += width;
      } else { // not text: shown as Clang shows it
        bytes = 1;
        r.text += "<" + llvm::utohexstr(c, false, 2) + ">";
        column += 4;
      }
    }
    r.columnOf.insert(r.columnOf.end(), bytes, before);
    i += bytes;
  }
  r.columnOf.push_back(column);
  return r;
}

class TextPrinter {
public:
  TextPrinter(const WriterOptions &options, llvm::raw_ostream &os)
      : options(options), os(os) {}

  void header(const Location &where, const char *level, llvm::StringRef message,
              llvm::StringRef ruleId, unsigned depth = 0) {
    llvm::StringRef kind = level;
    if (!where.file.empty()) {
      setColor(llvm::raw_ostream::SAVEDCOLOR);
      os << relativeTo(where.file, options.workingDirectory) << ':';
      if (where.line) {
        os << where.line << ':';
        if (where.column)
          os << where.column << ':';
      }
      os << ' ';
      resetColor();
    } else {
      os << "mdlcheck: ";
    }
    setColor(kind == "error"     ? llvm::raw_ostream::RED
             : kind == "warning" ? llvm::raw_ostream::MAGENTA
                                 : llvm::raw_ostream::CYAN);
    os << kind << ": ";
    resetColor();
    os.indent(2 * depth);
    if (kind != "note")
      setColor(llvm::raw_ostream::SAVEDCOLOR);
    os << message;
    if (!ruleId.empty())
      os << " [" << ruleId << ']';
    if (kind != "note")
      resetColor();
    os << '\n';
  }

  void snippet(const Location &where, Sources &sources) {
    llvm::StringRef line = sources.line(where.file, where.line);
    if (where.line == 0 || where.column == 0 || line.trim().empty() ||
        line.size() > kMaxShownLine || where.column > line.size() + 1)
      return;
    RenderedLine rendered = renderLine(line.rtrim());
    size_t last = rendered.columnOf.size() - 1;
    unsigned begin =
        rendered.columnOf[std::min<size_t>(where.column - 1, last)];
    unsigned end = begin + 1;
    if (where.endLine > where.line)
      end = rendered.columnOf[last];
    else if (where.endLine == where.line && where.endColumn > where.column)
      end = rendered.columnOf[std::min<size_t>(where.endColumn - 1, last)];
    os << llvm::format("%5u | ", where.line) << rendered.text << '\n';
    os << "      | ";
    os.indent(begin);
    setColor(llvm::raw_ostream::GREEN);
    os << '^';
    if (end > begin + 1)
      os << std::string(end - begin - 1, '~');
    resetColor();
    os << '\n';
  }

private:
  void setColor(llvm::raw_ostream::Colors color) {
    if (options.color)
      os.changeColor(color, /*Bold=*/true);
  }
  void resetColor() {
    if (options.color)
      os.resetColor();
  }

  const WriterOptions &options;
  llvm::raw_ostream &os;
};

class TextWriter : public Writer {
public:
  TextWriter(WriterOptions options, Sources &sources)
      : options(std::move(options)), sources(sources) {}

  void write(const Report &report, llvm::raw_ostream &os) override {
    TextPrinter printer(options, os);
    for (const Finding &finding : report.findings)
      writeFinding(finding, *report.rules, printer);
    if (options.coverage)
      writeCoverage(report, os);
  }

private:
  void writeFinding(const Finding &finding, const RuleSet &rules,
                    TextPrinter &printer) {
    const Rule &rule = rules.rule(finding.rule);
    printer.header(finding.where, severityName(severityOf(finding, rules)),
                   finding.message, rule.id);
    printer.snippet(finding.where, sources);
    for (const Note &note : notesOf(finding, rule)) {
      printer.header(note.where, "note", note.message, {}, note.depth);
      if (note.isStep)
        printer.snippet(note.where, sources);
    }
  }

  void writeCoverage(const Report &report, llvm::raw_ostream &os) {
    const program::Coverage &c = report.coverage;
    os << "coverage: " << c.functionsAnalysed << " of " << c.functionsDefined
       << " functions analysed\n";
    functions("not analysed", c.skipped, os);
    functions("analysed with less precision", c.limited, os);
    if (c.unknownCallees.empty())
      return;
    os << "unknown functions given a tracked object: "
       << c.unknownCallees.size() << '\n';
    for (const auto &[name, count] : c.unknownCallees)
      os << "  " << name << ", " << count << (count == 1 ? " call" : " calls")
         << '\n';
  }

  void functions(llvm::StringRef title,
                 const std::vector<program::Coverage::Function> &list,
                 llvm::raw_ostream &os) {
    if (list.empty())
      return;
    os << title << ": " << list.size() << '\n';
    for (const program::Coverage::Function &f : list) {
      os << "  ";
      if (!f.where.file.empty())
        os << relativeTo(f.where.file, options.workingDirectory) << ':'
           << f.where.line << ": ";
      os << f.name << ": " << f.reason << '\n';
    }
  }

  WriterOptions options;
  Sources &sources;
};

} // namespace

std::unique_ptr<Writer> report::createTextWriter(WriterOptions options,
                                                 Sources &sources) {
  return std::make_unique<TextWriter>(std::move(options), sources);
}

void report::writeNotification(const Notification &notification,
                               const WriterOptions &options,
                               llvm::raw_ostream &os) {
  TextPrinter(options, os)
      .header(notification.where, levelName(notification.level),
              notification.message, {});
}
