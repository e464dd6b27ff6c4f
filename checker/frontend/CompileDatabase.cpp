//===-- CompileDatabase.cpp -------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads compile_commands.json itself rather than through Clang's
// JSONCompilationDatabase: that one prints what is wrong with a file to
// stderr, and takes every command to be quoted as on the host.
//
//===----------------------------------------------------------------------===//
#include "frontend/Frontend.h"

#include "frontend/Includers.h"

#include "support/Error.h"

#include "clang/Tooling/CompilationDatabase.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <set>
#include <tuple>

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

constexpr const char *kDatabaseName = "compile_commands.json";

/// "C:\..." or "\\server\...": only Windows writes paths so.
bool isWindowsPath(llvm::StringRef path) {
  return (path.size() > 2 && llvm::isAlpha(path[0]) && path[1] == ':' &&
          (path[2] == '\\' || path[2] == '/')) ||
         path.starts_with("\\\\");
}

/// How a "command" is quoted depends on the host that wrote it. On Windows a
/// backslash is a character of a path, elsewhere it quotes the next one.
bool isQuotedAsOnWindows(llvm::StringRef directory, llvm::StringRef command) {
#ifdef _WIN32
  return true;
#else
  return isWindowsPath(directory) || isWindowsPath(command.ltrim().ltrim('"'));
#endif
}

std::vector<std::string> splitCommand(llvm::StringRef directory,
                                      llvm::StringRef command) {
  llvm::BumpPtrAllocator allocator;
  llvm::StringSaver saver(allocator);
  llvm::SmallVector<const char *, 64> args;
  if (isQuotedAsOnWindows(directory, command))
    llvm::cl::TokenizeWindowsCommandLineFull(command, saver, args);
  else
    llvm::cl::TokenizeGNUCommandLine(command, saver, args);
  return {args.begin(), args.end()};
}

/// Build systems list assembler and resources too; they are no concern of a
/// checker of C.
bool isOtherLanguage(llvm::StringRef file) {
  return llvm::StringSwitch<bool>(llvm::sys::path::extension(file).lower())
      .Cases({".s", ".asm", ".sx", ".rc", ".res", ".mc", ".man"}, true)
      .Cases({".idl", ".def", ".inf", ".inx", ".obj", ".o", ".lib"}, true)
      .Default(false);
}

std::string absolutePath(llvm::StringRef directory, llvm::StringRef file) {
  if (isWindowsPath(file))
    return file.str();
  llvm::SmallString<256> path(file);
  if (!llvm::sys::path::is_absolute(path) && !directory.empty()) {
    path = directory;
    llvm::sys::path::append(path, file);
  }
  llvm::sys::fs::make_absolute(path);
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  return std::string(path);
}

/// The jobs as LibTooling sees them, for its search for the most alike.
class JobDatabase : public clang::tooling::CompilationDatabase {
public:
  explicit JobDatabase(const std::vector<CompileJob> &jobs) {
    for (const CompileJob &job : jobs) {
      std::string path = absolutePath(job.directory, job.file);
      byFile[path].emplace_back(job.directory, path, job.arguments, "");
      files.push_back(std::move(path));
    }
  }
  std::vector<clang::tooling::CompileCommand>
  getCompileCommands(llvm::StringRef file) const override {
    auto it = byFile.find(file);
    if (it == byFile.end())
      return {};
    return it->second;
  }
  std::vector<std::string> getAllFiles() const override { return files; }

private:
  llvm::StringMap<std::vector<clang::tooling::CompileCommand>> byFile;
  std::vector<std::string> files;
};

} // namespace

llvm::Expected<std::vector<CompileJob>>
mdlcheck::frontend::loadCompileDatabase(const std::string &buildDir) {
  llvm::SmallString<256> path(buildDir);
  // The file itself is what many tools take, and as clear.
  if (llvm::sys::path::filename(path) != kDatabaseName)
    llvm::sys::path::append(path, kDatabaseName);
  std::string file(path);
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer) {
    if (!llvm::sys::fs::exists(path))
      return inputError(
          "no compile_commands.json in '" + buildDir +
          "': generate one (cmake -DCMAKE_EXPORT_COMPILE_COMMANDS=ON, "
          "ninja -t compdb, or bear -- make), point -p at its directory, or "
          "give flags after '--'");
    return inputError(file, 0,
                      "cannot be read: " + buffer.getError().message());
  }
  llvm::StringRef text = (*buffer)->getBuffer();
  text.consume_front("\xEF\xBB\xBF");
  // Paths may be in any encoding; the rest of the entry is still good.
  std::string fixed =
      llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text);
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(fixed);
  if (!value) {
    unsigned line = 0;
    std::string message;
    llvm::handleAllErrors(
        value.takeError(),
        [&](const llvm::json::ParseError &error) {
          // It knows its line but only tells it as text: "[3:1, byte=9]: m".
          message = error.message();
          llvm::StringRef rest(message);
          if (rest.consume_front("[") && !rest.consumeInteger(10, line)) {
            size_t end = rest.find("]: ");
            if (end != llvm::StringRef::npos)
              message = rest.substr(end + 3).str();
          }
        },
        [&](const llvm::ErrorInfoBase &error) { message = error.message(); });
    return inputError(file, line,
                      "not a compile database: " + message +
                          "; generate it again");
  }
  const llvm::json::Array *entries = value->getAsArray();
  if (!entries)
    return inputError(file, 1,
                      "not a compile database: expected an array of entries "
                      "with 'directory', 'file' and 'command' or 'arguments'");

  std::vector<CompileJob> jobs;
  std::set<std::tuple<std::string, std::string, std::vector<std::string>>> seen;
  // Entries made by hand often leave the directory out.
  std::string databaseDir =
      absolutePath("", llvm::sys::path::parent_path(path).empty()
                           ? llvm::StringRef(".")
                           : llvm::sys::path::parent_path(path));
  unsigned number = 0;
  for (const llvm::json::Value &entry : *entries) {
    ++number;
    auto wrong = [&, number](const llvm::Twine &what) {
      return inputError(file, 0,
                        ("entry " + llvm::Twine(number) + " " + what +
                         "; generate the compile database again")
                            .str());
    };
    const llvm::json::Object *object = entry.getAsObject();
    if (!object)
      return wrong("is not an object");
    std::optional<llvm::StringRef> source = object->getString("file");
    if (!source)
      return wrong("has no 'file'");
    CompileJob job;
    job.file = source->str();
    llvm::StringRef directory = object->getString("directory").value_or("");
    if (directory.empty())
      job.directory = databaseDir;
    else if (isWindowsPath(directory))
      job.directory = directory.str();
    else
      job.directory = absolutePath(databaseDir, directory);
    if (const llvm::json::Array *arguments = object->getArray("arguments")) {
      for (const llvm::json::Value &argument : *arguments) {
        std::optional<llvm::StringRef> text = argument.getAsString();
        if (!text)
          return wrong("has an argument that is not a string");
        job.arguments.push_back(text->str());
      }
    } else if (std::optional<llvm::StringRef> command =
                   object->getString("command")) {
      job.arguments = splitCommand(job.directory, *command);
    } else {
      return wrong("has neither 'command' nor 'arguments'");
    }
    if (isOtherLanguage(job.file))
      continue;
    if (seen.insert({job.directory, job.file, job.arguments}).second)
      jobs.push_back(std::move(job));
  }
  return jobs;
}

std::string mdlcheck::frontend::findCompileDatabase(const std::string &file) {
  llvm::SmallString<256> path(absolutePath("", file));
  if (!llvm::sys::fs::is_directory(path))
    llvm::sys::path::remove_filename(path);
  while (!path.empty()) {
    // CMake users keep it in the build directory, where tools look next.
    for (const char *subdirectory : {"", "build"}) {
      llvm::SmallString<256> candidate(path);
      llvm::sys::path::append(candidate, subdirectory, kDatabaseName);
      if (llvm::sys::fs::exists(candidate)) {
        llvm::sys::path::remove_filename(candidate);
        return std::string(candidate);
      }
    }
    llvm::StringRef parent = llvm::sys::path::parent_path(path);
    if (parent == path)
      break;
    path.truncate(parent.size());
  }
  return {};
}

std::vector<CompileJob>
mdlcheck::frontend::jobsFor(const std::vector<CompileJob> &jobs,
                            const std::string &file) {
  std::vector<CompileJob> result;
  std::string wanted = absolutePath("", file);
  for (const CompileJob &job : jobs)
    if (absolutePath(job.directory, job.file) == wanted)
      result.push_back(job);
  if (!result.empty() || jobs.empty())
    return result;

  // By another name: through a symbolic link, or in another case.
  llvm::sys::fs::UniqueID wantedId, id;
  if (!llvm::sys::fs::getUniqueID(wanted, wantedId))
    for (const CompileJob &job : jobs)
      if (llvm::sys::path::filename(job.file).equals_insensitive(
              llvm::sys::path::filename(wanted)) &&
          !llvm::sys::fs::getUniqueID(absolutePath(job.directory, job.file),
                                      id) &&
          id == wantedId)
        result.push_back(job);
  if (!result.empty())
    return result;

  // A header means what the source makes of it that includes it.
  if (isHeaderName(wanted))
    if (const CompileJob *includer = includerOf(wanted, jobs)) {
      result.push_back(*includer);
      result.back().forHeader = wanted;
      return result;
    }

  std::unique_ptr<clang::tooling::CompilationDatabase> interpolating =
      clang::tooling::inferMissingCompileCommands(
          std::make_unique<JobDatabase>(jobs));
  for (clang::tooling::CompileCommand &command :
       interpolating->getCompileCommands(wanted)) {
    CompileJob job;
    job.directory = command.Directory;
    job.file = wanted;
    job.arguments = std::move(command.CommandLine);
    result.push_back(std::move(job));
  }
  return result;
}

CompileJob mdlcheck::frontend::fixedJob(const std::string &file,
                                        const std::vector<std::string> &flags) {
  CompileJob job;
  llvm::SmallString<256> directory;
  if (!llvm::sys::fs::current_path(directory))
    job.directory = std::string(directory);
  job.file = file;
  // "FILE -- clang-cl /kernel": a whole command is as good as flags.
  bool namesCompiler =
      !flags.empty() && !flags.front().empty() &&
      llvm::StringRef("-/@").find(flags.front()[0]) == llvm::StringRef::npos;
  if (!namesCompiler)
    job.arguments.push_back("clang");
  job.arguments.insert(job.arguments.end(), flags.begin(), flags.end());
  job.arguments.push_back("--");
  job.arguments.push_back(file);
  return job;
}
