//===-- Error.cpp -----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "support/Error.h"

#include "llvm/Support/raw_ostream.h"

using namespace mdlcheck;

char InputError::ID = 0;

void InputError::log(llvm::raw_ostream &os) const {
  if (!file.empty()) {
    os << file << ':';
    if (line)
      os << line << ':';
    os << ' ';
  }
  os << message;
}

std::error_code InputError::convertToErrorCode() const {
  return llvm::inconvertibleErrorCode();
}

llvm::Error mdlcheck::inputError(std::string file, unsigned line,
                                 std::string message) {
  return llvm::make_error<InputError>(std::move(file), line,
                                      std::move(message));
}

llvm::Error mdlcheck::inputError(std::string message) {
  return inputError({}, 0, std::move(message));
}
