//===-- Explain.cpp ---------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Explain.h"

#include "report/BugChecks.h"
#include "report/Report.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Unicode.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::contract;

namespace {

constexpr unsigned kWidth = 80;

/// Text with emphasis, cut into words that stay whole when wrapped.
struct Word {
  std::string text;
  bool bold = false;
  bool code = false;
  /// The word goes on in the next one (an emphasis ends inside it).
  bool glued = false;
};

/// Cuts inline Markdown: `code`, **bold**, [text](target). Not __bold__, which
/// in pages about __try is never meant.
class InlineParser {
public:
  std::vector<Word> parse(llvm::StringRef text, bool color) {
    plainCode = !color;
    while (!text.empty()) {
      if (text.consume_front("**")) {
        flush(/*glued=*/true);
        bold = !bold;
      } else if (text.front() == '`') {
        takeCode(text);
      } else if (text.front() == '[' && takeLink(text)) {
        // Done.
      } else if (text.front() == '\\' && text.size() > 1) {
        current += text[1];
        text = text.drop_front(2);
      } else if (llvm::isSpace(text.front())) {
        flush(/*glued=*/false);
        text = text.ltrim();
      } else {
        current += text.front();
        text = text.drop_front();
      }
    }
    flush(/*glued=*/false);
    return std::move(words);
  }

private:
  void flush(bool glued) {
    if (!current.empty())
      words.push_back({std::move(current), bold, false, glued});
    else if (!words.empty() && !glued)
      words.back().glued = false;
    current.clear();
  }

  void takeCode(llvm::StringRef &text) {
    size_t ticks = std::min(text.find_first_not_of('`'), text.size());
    llvm::StringRef fence = text.take_front(ticks);
    size_t end = text.find(fence, ticks);
    if (end == llvm::StringRef::npos) {
      current += fence;
      text = text.drop_front(ticks);
      return;
    }
    llvm::StringRef code = text.slice(ticks, end);
    flush(/*glued=*/true);
    std::string shown = code.str();
    // Without colour the marks are what tells code from prose.
    if (plainCode)
      shown = "`" + shown + "`";
    words.push_back({std::move(shown), false, true, true});
    text = text.drop_front(end + ticks);
  }

  // "[text](target)" becomes "text (target)"; a link into the corpus says
  // nothing on a terminal, so only addresses are shown.
  bool takeLink(llvm::StringRef &text) {
    size_t close = text.find("](");
    if (close == llvm::StringRef::npos)
      return false;
    size_t end = text.find(')', close);
    if (end == llvm::StringRef::npos)
      return false;
    std::string label = text.slice(1, close).str();
    llvm::StringRef target = text.slice(close + 2, end);
    std::string rest = label;
    if (target.contains("://") && target != label)
      rest += (" (" + target + ")").str();
    pending = rest + text.substr(end + 1).str();
    text = pending;
    return true;
  }

  std::vector<Word> words;
  std::string current;
  std::string pending;
  bool bold = false;
  bool plainCode = false;
};

class MarkdownRenderer {
public:
  MarkdownRenderer(bool color, llvm::raw_ostream &os) : color(color), os(os) {}

  void render(llvm::StringRef text) {
    llvm::SmallVector<llvm::StringRef, 64> lines;
    text.split(lines, '\n');
    for (llvm::StringRef line : lines)
      take(line.rtrim());
    endParagraph();
  }

private:
  void take(llvm::StringRef line) {
    llvm::StringRef content = line.ltrim();
    if (content.starts_with("```") || content.starts_with("~~~")) {
      endParagraph();
      inCode = !inCode;
      if (inCode)
        separate();
      else
        needsBlank = true;
      return;
    }
    if (inCode) {
      os << "    " << line << '\n';
      return;
    }
    if (content.empty()) {
      endParagraph();
      needsBlank = true;
      return;
    }
    if (content.starts_with("<!--") && content.ends_with("-->"))
      return;
    if (line.front() == '#') {
      endParagraph();
      heading(line);
      return;
    }
    if (content.front() == '|') { // tables are readable as they are
      endParagraph();
      separate();
      os << "  " << content << '\n';
      return;
    }
    if (size_t mark = listMark(content)) {
      endParagraph();
      indent = line.size() - content.size() + 2;
      marker = content.take_front(mark).str();
      paragraph = content.drop_front(mark).trim().str();
      hasParagraph = true;
      return;
    }
    if (hasParagraph) {
      paragraph += ' ';
    } else {
      indent = 0;
      marker.clear();
      hasParagraph = true;
    }
    paragraph += content;
  }

  static size_t listMark(llvm::StringRef content) {
    if (content.starts_with("- ") || content.starts_with("* "))
      return 1;
    size_t digits = content.find_first_not_of("0123456789");
    if (digits == 0 || digits == llvm::StringRef::npos)
      return 0;
    return content.substr(digits).starts_with(". ") ? digits + 1 : 0;
  }

  void heading(llvm::StringRef line) {
    size_t level = line.find_first_not_of('#');
    llvm::StringRef title =
        line.drop_front(std::min(level, line.size())).trim();
    needsBlank = true;
    separate();
    if (color)
      os.changeColor(llvm::raw_ostream::SAVEDCOLOR, /*Bold=*/true);
    os << title << '\n';
    if (color)
      os.resetColor();
    else
      os << std::string(std::max(0, llvm::sys::unicode::columnWidthUTF8(title)),
                        level == 1 ? '=' : '-')
         << '\n';
    needsBlank = true;
  }

  // One blank line between blocks, none at the start.
  void separate() {
    if (needsBlank && wroteAny)
      os << '\n';
    needsBlank = false;
    wroteAny = true;
  }

  void endParagraph() {
    if (!hasParagraph)
      return;
    hasParagraph = false;
    separate();
    std::string lead(marker.empty() ? 0 : indent - 2, ' ');
    if (!marker.empty())
      lead += marker + " ";
    os << lead;
    std::string hang(lead.size(), ' ');
    std::vector<Word> words = InlineParser().parse(paragraph, color);
    size_t column = lead.size();
    bool first = true;
    for (size_t i = 0; i < words.size();) {
      size_t end = i;
      size_t width = 0;
      bool glued = true;
      for (; glued && end < words.size(); ++end) {
        width += words[end].text.size();
        glued = words[end].glued;
      }
      if (!first && column + 1 + width > kWidth) {
        os << '\n' << hang;
        column = hang.size();
      } else if (!first) {
        os << ' ';
        ++column;
      }
      for (; i < end; ++i)
        print(words[i]);
      column += width;
      first = false;
    }
    os << '\n';
    paragraph.clear();
  }

  void print(const Word &word) {
    if (color && word.code)
      os.changeColor(llvm::raw_ostream::CYAN);
    else if (color && word.bold)
      os.changeColor(llvm::raw_ostream::SAVEDCOLOR, /*Bold=*/true);
    os << word.text;
    if (color && (word.code || word.bold))
      os.resetColor();
  }

  bool color;
  llvm::raw_ostream &os;
  bool inCode = false;
  bool needsBlank = false;
  bool wroteAny = false;
  bool hasParagraph = false;
  size_t indent = 0;
  std::string marker;
  std::string paragraph;
};

} // namespace

void report::renderMarkdown(llvm::StringRef text, bool color,
                            llvm::raw_ostream &os) {
  MarkdownRenderer(color, os).render(text);
}

void report::listRules(const RuleSet &rules, llvm::raw_ostream &os) {
  size_t width = 0;
  for (const Rule &rule : rules.rules)
    width = std::max(width, rule.id.size());
  for (const Rule &rule : rules.rules) {
    os << llvm::left_justify(rule.id, width) << "  "
       << llvm::left_justify(severityName(rule.severity), 7) << "  "
       << rule.title;
    if (!rule.enabledByDefault)
      os << " (off by default)";
    os << '\n';
  }
}

void report::explainRule(const Rule &rule, bool color, llvm::raw_ostream &os) {
  os << rule.id << ": " << rule.title << '\n';
  os << "severity: " << severityName(rule.severity)
     << (rule.enabledByDefault ? "" : ", off by default") << '\n';
  if (!rule.bugChecks.empty())
    os << "prevents: " << describeBugChecks(rule.bugChecks) << '\n';
  if (!rule.aliases.empty())
    os << "aliases:  " << llvm::join(rule.aliases, ", ") << '\n';
  if (!rule.codeAnalysis.empty()) {
    os << "as in:    ";
    llvm::ListSeparator comma;
    for (unsigned number : rule.codeAnalysis)
      os << comma << 'C' << number;
    os << " of Code Analysis for Drivers\n";
  }
  if (!rule.sdv.empty())
    os << "as in:    " << llvm::join(rule.sdv, ", ")
       << " of Static Driver Verifier\n";
  if (!rule.codeql.empty())
    os << "as in:    " << llvm::join(rule.codeql, ", ") << " of CodeQL\n";
  for (const std::string &source : rule.sources)
    os << "source:   " << source << '\n';
  if (rule.page.empty())
    return;
  os << '\n';
  // The page's title is the id, which the first line gave.
  llvm::StringRef page = rule.page;
  auto [title, rest] = page.split('\n');
  if (title.trim("# \r") == rule.id)
    page = rest;
  renderMarkdown(page, color, os);
}

std::string report::pageSummary(llvm::StringRef page) {
  std::string summary;
  while (!page.empty()) {
    auto [line, rest] = page.split('\n');
    page = rest;
    line = line.trim();
    bool isProse =
        !line.empty() && line.front() != '#' && !line.starts_with("<!--");
    if (!isProse && !summary.empty())
      break;
    if (!isProse)
      continue;
    if (!summary.empty())
      summary += ' ';
    summary += line;
  }
  std::string plain;
  for (const Word &word : InlineParser().parse(summary, /*color=*/true)) {
    plain += word.text;
    if (!word.glued)
      plain += ' ';
  }
  return llvm::StringRef(plain).rtrim().str();
}
