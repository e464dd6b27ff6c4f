//===-- Output.cpp ----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/Output.h"

#include "support/Error.h"

using namespace mdlcheck;
using namespace mdlcheck::cli;

llvm::Error Output::open(const std::string &fileName) {
  if (fileName.empty() || fileName == "-")
    return llvm::Error::success();
  std::error_code ec;
  file = std::make_unique<llvm::raw_fd_ostream>(fileName, ec);
  if (ec) {
    file.reset();
    return inputError(fileName, 0, "cannot be written: " + ec.message());
  }
  name = fileName;
  return llvm::Error::success();
}

llvm::Error Output::close() {
  llvm::raw_fd_ostream &os = stream();
  os.flush();
  std::error_code ec = os.error();
  os.clear_error();
  if (!ec || ec == std::errc::broken_pipe)
    return llvm::Error::success();
  return inputError(file ? name : "standard output", 0,
                    "cannot be written: " + ec.message());
}
