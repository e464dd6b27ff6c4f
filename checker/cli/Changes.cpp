//===-- Changes.cpp ---------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/Changes.h"

#include "report/Paths.h"
#include "support/Error.h"

#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <optional>

using namespace mdlcheck;
using namespace mdlcheck::cli;

/// A file of our own that is gone at the end.
static llvm::Expected<std::string> temporaryFile() {
  llvm::SmallString<128> path;
  if (std::error_code ec =
          llvm::sys::fs::createTemporaryFile("mdlcheck", "diff", path))
    return inputError("a temporary file cannot be made: " + ec.message());
  return path.str().str();
}

static std::string contentsOf(const std::string &file) {
  auto buffer = llvm::MemoryBuffer::getFile(file);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

static llvm::Expected<std::string>
runGit(llvm::ArrayRef<llvm::StringRef> arguments) {
  auto git = llvm::sys::findProgramByName("git");
  if (!git)
    return inputError("--diff: git is not in the PATH");
  auto out = temporaryFile();
  if (!out)
    return out.takeError();
  llvm::FileRemover removeOut(*out);
  auto err = temporaryFile();
  if (!err)
    return err.takeError();
  llvm::FileRemover removeErr(*err);
  std::vector<llvm::StringRef> command{*git};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::optional<llvm::StringRef> redirects[] = {
      llvm::StringRef(), llvm::StringRef(*out), llvm::StringRef(*err)};
  std::string failure;
  int code = llvm::sys::ExecuteAndWait(*git, command, std::nullopt, redirects,
                                       0, 0, &failure);
  if (code == 0)
    return contentsOf(*out);
  if (failure.empty())
    failure = llvm::StringRef(contentsOf(*err)).trim().split('\n').first.str();
  return inputError("--diff: git says: " + failure);
}

llvm::Expected<report::ChangedLines>
cli::readChanges(const std::string &base, const std::string &workingDirectory) {
  if (base == "-") {
    auto input = llvm::MemoryBuffer::getSTDIN();
    if (!input)
      return inputError("--diff -: standard input cannot be read: " +
                        input.getError().message());
    return report::ChangedLines::parse((*input)->getBuffer(), workingDirectory);
  }
  // Names start at the top of the work tree, by the name it has from here.
  auto up = runGit({"rev-parse", "--show-cdup"});
  if (!up)
    return up.takeError();
  std::string top = report::absolutePath(
      "./" + llvm::StringRef(*up).trim().str(), workingDirectory);
  auto diff =
      runGit({"-c", "core.quotePath=false", "diff", "--no-color",
              "--no-ext-diff", "--no-textconv", "--find-renames", "--unified=0",
              "--src-prefix=a/", "--dst-prefix=b/", base, "--"});
  if (!diff)
    return diff.takeError();
  return report::ChangedLines::parse(*diff, top);
}
