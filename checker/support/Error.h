//===-- Error.h - the two kinds of failure --------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// There are two kinds of failure. Bad input (a file the user gave is missing
// or wrong) is an InputError carried in llvm::Error/llvm::Expected and ends in
// one message that says what to do. Anything else is a bug in mdlcheck and is
// an assert.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_SUPPORT_ERROR_H
#define MDLCHECK_SUPPORT_ERROR_H

#include "llvm/Support/Error.h"

#include <string>

namespace mdlcheck {

/// Something the user gave cannot be used. Printed as "file:line: message",
/// without the parts that are empty or 0.
class InputError : public llvm::ErrorInfo<InputError> {
public:
  static char ID;

  InputError(std::string file, unsigned line, std::string message)
      : file(std::move(file)), line(line), message(std::move(message)) {}

  void log(llvm::raw_ostream &os) const override;
  std::error_code convertToErrorCode() const override;

  std::string file;
  unsigned line;
  std::string message;
};

llvm::Error inputError(std::string file, unsigned line, std::string message);
llvm::Error inputError(std::string message);

} // namespace mdlcheck

#endif // MDLCHECK_SUPPORT_ERROR_H
