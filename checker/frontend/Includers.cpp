//===-- Includers.cpp -------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/Includers.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <map>

using namespace mdlcheck;
using namespace mdlcheck::frontend;

bool mdlcheck::frontend::isHeaderName(llvm::StringRef file) {
  return llvm::StringSwitch<bool>(llvm::sys::path::extension(file).lower())
      .Cases({".h", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".inc"}, true)
      .Default(false);
}

namespace {

std::string absolute(llvm::StringRef directory, llvm::StringRef file) {
  llvm::SmallString<256> path(file);
  llvm::sys::path::make_absolute(directory, path);
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  return path.str().str();
}

/// The directories of -I and its kin.
std::vector<std::string> includePaths(const CompileJob &job) {
  std::vector<std::string> paths;
  for (size_t i = 0; i < job.arguments.size(); ++i) {
    llvm::StringRef arg = job.arguments[i];
    for (llvm::StringRef option :
         {"-I", "/I", "-iquote", "-isystem", "-idirafter", "/external:I"}) {
      llvm::StringRef value = arg;
      if (!value.consume_front(option))
        continue;
      if (value.empty() && i + 1 < job.arguments.size())
        value = job.arguments[++i];
      paths.push_back(absolute(job.directory, value));
      break;
    }
  }
  return paths;
}

class IncludeGraph {
public:
  explicit IncludeGraph(std::string header) : header(std::move(header)) {
    // Directories with other headers are not searched: those of a kit do not
    // include a driver's.
    name = llvm::sys::path::filename(this->header).lower();
  }

  bool reaches(const CompileJob &job) {
    std::vector<std::string> paths = includePaths(job);
    llvm::StringSet<> seen;
    std::vector<std::string> open{absolute(job.directory, job.file)};
    seen.insert(open.back());
    while (!open.empty()) {
      std::string file = std::move(open.back());
      open.pop_back();
      if (isTheHeader(file))
        return true;
      for (const std::string &included : includesOf(file)) {
        std::string next = find(included, file, paths);
        if (!next.empty() && seen.insert(next).second)
          open.push_back(std::move(next));
      }
    }
    return false;
  }

private:
  bool isTheHeader(const std::string &file) const {
    return file == header ||
           (llvm::sys::path::filename(file).equals_insensitive(name) &&
            llvm::sys::fs::equivalent(file, header));
  }

  std::string find(const std::string &included, llvm::StringRef from,
                   const std::vector<std::string> &paths) {
    std::string beside = absolute(llvm::sys::path::parent_path(from), included);
    if (exists(beside))
      return beside;
    for (const std::string &path : paths)
      if (std::string there = absolute(path, included); exists(there))
        // In a directory of a kit: nothing of the driver behind it.
        return llvm::StringRef(path).starts_with("/usr/") ? "" : there;
    return {};
  }

  bool exists(const std::string &file) {
    auto [it, isNew] = known.try_emplace(file, false);
    if (isNew)
      it->second = llvm::sys::fs::is_regular_file(file);
    return it->second;
  }

  const std::vector<std::string> &includesOf(const std::string &file) {
    auto [it, isNew] = includes.try_emplace(file);
    if (!isNew)
      return it->second;
    auto buffer = llvm::MemoryBuffer::getFile(file);
    if (!buffer)
      return it->second;
    llvm::StringRef text = (*buffer)->getBuffer();
    for (size_t hash = text.find('#'); hash != llvm::StringRef::npos;
         hash = text.find('#', hash + 1)) {
      llvm::StringRef rest = text.substr(hash + 1).ltrim(" \t");
      if (!rest.consume_front("include"))
        continue;
      rest = rest.ltrim(" \t");
      char close = rest.starts_with("<") ? '>' : '"';
      if (!rest.consume_front("<") && !rest.consume_front("\""))
        continue;
      std::string written =
          rest.take_until([close](char c) { return c == close || c == '\n'; })
              .str();
      std::replace(written.begin(), written.end(), '\\', '/');
      it->second.push_back(std::move(written));
    }
    return it->second;
  }

  std::string header;
  std::string name;
  std::map<std::string, std::vector<std::string>> includes;
  std::map<std::string, bool> known;
};

size_t alike(llvm::StringRef a, llvm::StringRef b) {
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
         a.begin();
}

} // namespace

const CompileJob *
mdlcheck::frontend::includerOf(const std::string &header,
                               const std::vector<CompileJob> &jobs) {
  std::vector<std::pair<size_t, const CompileJob *>> candidates;
  for (const CompileJob &job : jobs)
    candidates.emplace_back(alike(header, absolute(job.directory, job.file)),
                            &job);
  // The database's order decides between equals.
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const auto &a, const auto &b) { return a.first > b.first; });
  IncludeGraph graph(header);
  for (const auto &[likeness, job] : candidates)
    if (graph.reaches(*job))
      return job;
  return nullptr;
}
