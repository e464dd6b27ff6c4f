//===-- Frontend.h - source and build flags to a unit ---------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only way from source text to ir. This header is free of Clang.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_FRONTEND_H
#define MDLCHECK_FRONTEND_FRONTEND_H

#include "ir/Ir.h"
#include "support/Inputs.h"

#include "llvm/Support/Error.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mdlcheck::frontend {

/// One compilation: what stands in a compile database for a file.
struct CompileJob {
  std::string directory; ///< relative paths in `arguments` are relative to it
  std::string file;      ///< the source, as the database or the user named it
  /// The whole command, compiler first. A clang, gcc, clang-cl or cl.exe
  /// command line; `-ivfsoverlay` and `/winsysroot` style options work.
  std::vector<std::string> arguments;
  /// A header, absolute, that this source is analysed for: what is found
  /// elsewhere was not asked for. Else empty.
  std::string forHeader;
};

struct FrontendOptions {
  /// Function-like macros that become calls of that name instead of being
  /// followed into their expansion, so that the WDK's macros, inline
  /// functions and functions of one name all look the same.
  std::vector<std::string> macrosAsCalls;
  /// Clang's resource directory (its builtin headers); empty: the one this
  /// program was built against.
  std::string resourceDir;
  /// Texts to read in place of what is on disk, by absolute path: what an
  /// editor has not saved. Null: none.
  std::shared_ptr<const std::map<std::string, std::string>> buffers;
};

struct Diagnostic {
  enum class Severity { Note, Warning, Error, Fatal };
  Severity severity = Severity::Error;
  std::string file; ///< empty when the message belongs to no file
  unsigned line = 0;
  unsigned column = 0;
  std::string message;
};

struct ParsedUnit {
  /// Always set, also after errors: what could be lowered is there, what
  /// could not is in Unit::skipped.
  std::unique_ptr<ir::Unit> unit;
  /// Errors and what belongs to them; warnings are not asked for.
  std::vector<Diagnostic> diagnostics;
  bool hadErrors = false;
  /// Nothing of the source could be read (no such file, unusable command).
  bool unusable = false;
  /// It began with what was parsed before for several: see SharedHeaders.
  bool sharesHeader = false;
  /// Files read, for caches and progress; absolute, main file first.
  std::vector<std::string> inputs;
  /// All that the file system was asked and what it said: while these hold,
  /// parsing the job again gives the same.
  std::vector<InputFact> facts;
  double lowerSeconds = 0; ///< of the time it took
};

/// What else the result of parsing a job depends on but its text, the options
/// and the files: the compiler built in, its headers, and variables of the
/// environment that name directories to search.
std::string environmentOfParsing(const FrontendOptions &options);

class HeaderStore;

/// Headers that several jobs begin with are parsed once for all of them. What
/// comes out of a job is the same with and without. Thread-safe.
class SharedHeaders {
public:
  /// For `jobs`, or some of them, to be parsed with the same options.
  explicit SharedHeaders(const std::vector<CompileJob> &jobs);
  ~SharedHeaders();
  HeaderStore &get() { return *store; }

private:
  std::unique_ptr<HeaderStore> store;
};

/// Parses and lowers one job. Thread-safe: any number may run at once, on
/// different jobs, and none changes the process' working directory.
ParsedUnit parse(const CompileJob &job, const FrontendOptions &options,
                 SharedHeaders *shared = nullptr);

/// The jobs of a compile database: `buildDir` holds compile_commands.json.
/// In the order of the database, without repetitions of the same command.
/// Errors: no database there, or one that cannot be read.
llvm::Expected<std::vector<CompileJob>>
loadCompileDatabase(const std::string &buildDir);

/// The directory with a compile_commands.json next above `file`, itself or in
/// a folder "build" of its own; or empty.
std::string findCompileDatabase(const std::string &file);

/// The jobs for `file` in `jobs`. For a header that of a source that includes
/// it, with `forHeader` set. Else, for an unlisted file, the job whose path is
/// most alike, with the file put in its place. Empty when `jobs` is.
std::vector<CompileJob> jobsFor(const std::vector<CompileJob> &jobs,
                                const std::string &file);

/// A job for `file` with `flags` and no database ("FILE -- flags").
CompileJob fixedJob(const std::string &file,
                    const std::vector<std::string> &flags);

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_FRONTEND_H
