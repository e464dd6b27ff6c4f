//===-- Output.h - where something is written to ----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CLI_OUTPUT_H
#define MDLCHECK_CLI_OUTPUT_H

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <string>

namespace mdlcheck::cli {

/// Standard output or a file. What could not be written is an InputError,
/// except that a reader who has seen enough (`| head`) is none.
class Output {
public:
  /// An empty name and "-" stand for standard output.
  llvm::Error open(const std::string &name);
  llvm::raw_fd_ostream &stream() { return file ? *file : llvm::outs(); }
  llvm::Error close();

private:
  std::unique_ptr<llvm::raw_fd_ostream> file;
  std::string name;
};

} // namespace mdlcheck::cli

#endif // MDLCHECK_CLI_OUTPUT_H
