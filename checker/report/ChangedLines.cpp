//===-- ChangedLines.cpp ----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/ChangedLines.h"

#include "report/Paths.h"
#include "support/Error.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

// Names with unusual characters stand in quotes, as in C.
static std::string unquoted(llvm::StringRef name) {
  if (!name.consume_front("\"") || !name.consume_back("\""))
    return name.str();
  std::string out;
  while (!name.empty()) {
    char c = name.front();
    name = name.drop_front();
    if (c != '\\' || name.empty()) {
      out += c;
      continue;
    }
    unsigned value = 0;
    if (name.size() >= 3 && !name.take_front(3).getAsInteger(8, value)) {
      out += char(value);
      name = name.drop_front(3);
      continue;
    }
    c = name.front();
    name = name.drop_front();
    out += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
  }
  return out;
}

// What follows a tab is a time, or nothing.
static std::string nameIn(llvm::StringRef line) {
  line = line.rtrim("\r");
  if (line.starts_with("\""))
    return unquoted(line.substr(0, line.rfind('"') + 1));
  return line.split('\t').first.str();
}

static std::string resolve(const std::string &name, const std::string &root) {
  llvm::StringRef stripped = name;
  // git's prefixes: b/ or, with diff.mnemonicPrefix, one that says what it is.
  bool hasPrefix = stripped.size() > 2 && stripped[1] == '/' &&
                   llvm::StringRef("biwoc").contains(stripped[0]);
  if (hasPrefix)
    stripped = stripped.drop_front(2);
  for (llvm::StringRef directory = root; !directory.empty();
       directory = llvm::sys::path::parent_path(directory))
    for (llvm::StringRef candidate : {stripped, llvm::StringRef(name)}) {
      std::string path = absolutePath(candidate, directory);
      if (llvm::sys::fs::exists(path))
        return path;
    }
  return absolutePath(stripped, root);
}

// "-12,3" or "+12": where a side of a hunk begins and how long it is.
static bool readSide(llvm::StringRef text, char sign, uint32_t &line,
                     uint32_t &count) {
  if (!text.consume_front(llvm::StringRef(&sign, 1)))
    return false;
  auto [first, length] = text.split(',');
  count = 1;
  return !first.getAsInteger(10, line) &&
         (!text.contains(',') || !length.getAsInteger(10, count));
}

llvm::Expected<ChangedLines> ChangedLines::parse(llvm::StringRef diff,
                                                 const std::string &root) {
  ChangedLines result;
  std::vector<Change> *changes = nullptr;
  unsigned number = 0;
  bool isDiff = diff.trim().empty();
  bool isDeleted = false;
  uint32_t line = 0, oldLeft = 0, newLeft = 0;
  auto bad = [&](const llvm::Twine &why) {
    return inputError(
        ("the diff, line " + llvm::Twine(number) + ": " + why).str());
  };
  while (!diff.empty()) {
    llvm::StringRef text;
    std::tie(text, diff) = diff.split('\n');
    ++number;
    if (oldLeft + newLeft > 0) {
      char kind = text.empty() ? ' ' : text.front();
      if (kind == '\\') // no line end at the end of the file
        continue;
      bool isOld = kind != '+', isNew = kind != '-';
      bool fits = (kind == ' ' || kind == '+' || kind == '-' || kind == '\r') &&
                  (!isOld || oldLeft > 0) && (!isNew || newLeft > 0);
      if (!fits)
        return bad("a hunk ends early");
      oldLeft -= isOld;
      newLeft -= isNew;
      if (!changes) { // of a file that is deleted
        continue;
      }
      if (kind == '+')
        changes->push_back({line, line});
      else if (kind == '-')
        changes->push_back({line > 1 ? line - 1 : 1, line});
      line += isNew;
    } else if (text.starts_with("@@@")) {
      return bad("a combined diff, of a merge, cannot be read");
    } else if (text.starts_with("@@ ")) {
      if (!changes && !isDeleted)
        return bad("a hunk without a file");
      llvm::SmallVector<llvm::StringRef, 5> parts;
      text.split(parts, ' ', 4);
      uint32_t oldLine = 0;
      if (parts.size() < 4 || !readSide(parts[1], '-', oldLine, oldLeft) ||
          !readSide(parts[2], '+', line, newLeft))
        return bad("a hunk that cannot be read");
      // A side without lines is named by the line before it.
      line += newLeft == 0;
    } else if (text.starts_with("+++ ")) {
      isDiff = true;
      std::string name = nameIn(text.substr(4));
      isDeleted = name == "/dev/null";
      changes = isDeleted ? nullptr : &result.files[resolve(name, root)];
    } else if (text.starts_with("diff ")) {
      isDiff = true;
      changes = nullptr;
      isDeleted = false;
    }
  }
  if (!isDiff)
    return inputError("--diff -: there is no unified diff on standard input");
  if (oldLeft + newLeft > 0)
    return bad("a hunk ends early");
  for (const auto &[name, list] : result.files) {
    llvm::sys::fs::UniqueID id;
    if (!llvm::sys::fs::getUniqueID(name, id))
      result.byId[id] = &list;
  }
  return result;
}

// A file may be known to the compiler by another name.
const ChangedLines::Changes *ChangedLines::changesOf(const std::string &file) {
  auto [it, isNew] = known.try_emplace(file, nullptr);
  if (!isNew)
    return it->second;
  if (auto byName = files.find(file); byName != files.end())
    return it->second = &byName->second;
  llvm::sys::fs::UniqueID id;
  if (!llvm::sys::fs::getUniqueID(file, id))
    if (auto same = byId.find(id); same != byId.end())
      it->second = same->second;
  return it->second;
}

bool ChangedLines::touches(const std::string &file, uint32_t first,
                           uint32_t last) {
  const Changes *changes = changesOf(file);
  return changes && llvm::any_of(*changes, [&](const Change &change) {
           return change.first <= last && change.last >= first;
         });
}

const SourceScan &ChangedLines::scanOf(const std::string &file,
                                       Sources &sources) {
  std::unique_ptr<SourceScan> &scan = scans[file];
  if (!scan)
    scan = std::make_unique<SourceScan>(sources.text(file));
  return *scan;
}

// The last name with parentheses: those of annotations stand before it.
static llvm::StringRef nameOfFunction(const SourceScan &scan,
                                      const SourceStatement &head) {
  llvm::StringRef name;
  unsigned depth = 0;
  for (uint32_t i = head.firstToken; i <= head.lastToken; ++i) {
    const SourceToken &token = scan.tokens[i];
    if (token.is(")") && depth > 0)
      --depth;
    if (!token.is("("))
      continue;
    if (depth++ == 0 && i > head.firstToken &&
        scan.tokens[i - 1].isIdentifier())
      name = scan.tokens[i - 1].text;
  }
  return name;
}

bool ChangedLines::namesChanged(const std::string &file, uint32_t first,
                                uint32_t last, Sources &sources) {
  if (!functions) {
    functions.emplace();
    for (const auto &[name, changes] : files) {
      const SourceScan &scan = scanOf(name, sources);
      for (const SourceStatement &head : scan.statements)
        if (head.bodyEnd && touches(name, scan.lineOf(head.begin),
                                    scan.lineOf(head.bodyEnd - 1)))
          functions->insert(nameOfFunction(scan, head).str());
    }
  }
  if (functions->empty() || first == last)
    return false;
  const SourceScan &scan = scanOf(file, sources);
  if (last > scan.lineCount())
    return false;
  for (uint32_t i = scan.tokenAfter(scan.lineStart(first));
       i < scan.tokens.size() && scan.lineOf(scan.tokens[i].begin) <= last; ++i)
    if (scan.tokens[i].isIdentifier() &&
        functions->contains(scan.tokens[i].text.str()))
      return true;
  return false;
}

bool ChangedLines::touches(const Finding &finding, Sources &sources) {
  auto endOf = [](const Location &where) {
    return std::max(where.line, where.endLine);
  };
  if (touches(finding.where.file, finding.where.line, endOf(finding.where)))
    return true;
  // The step before, in each of the calls that the path is in.
  std::vector<const PathStep *> before;
  for (const PathStep &step : finding.path) {
    before.resize(step.depth + 1);
    uint32_t first = step.where.line, last = endOf(step.where);
    const PathStep *previous = before.back();
    if (previous && previous->where.file == step.where.file &&
        previous->function == step.function) {
      first = std::min(first, previous->where.line);
      last = std::max(last, endOf(previous->where));
    }
    if (touches(step.where.file, first, last) ||
        (previous && namesChanged(step.where.file, first, last, sources)))
      return true;
    before.back() = &step;
  }
  return false;
}
