//===-- Protocol.h - what LLVM's protocol lacks -----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_LSP_PROTOCOL_H
#define MDLCHECK_LSP_PROTOCOL_H

#include "llvm/Support/LSP/Transport.h"

#include <string>
#include <vector>

namespace mdlcheck::lsp {

/// Parameters that are looked into by hand.
struct AnyParams {
  llvm::json::Value value = nullptr;
};
inline bool fromJSON(const llvm::json::Value &value, AnyParams &result,
                     llvm::json::Path) {
  result.value = value;
  return true;
}

struct DidSaveParams {
  llvm::lsp::TextDocumentIdentifier textDocument;
};
bool fromJSON(const llvm::json::Value &value, DidSaveParams &result,
              llvm::json::Path path);

/// A diagnostic with a code, and a page about it.
struct Diagnostic {
  llvm::lsp::Range range;
  llvm::lsp::DiagnosticSeverity severity =
      llvm::lsp::DiagnosticSeverity::Warning;
  std::string code;
  std::string codeUri;
  std::string message;
  std::string fingerprint;
  struct Related {
    std::string uri;
    llvm::lsp::Range range;
    std::string message;
  };
  std::vector<Related> related;
};
llvm::json::Value toJSON(const Diagnostic &diagnostic);

/// Reads messages of a sane length, however wrong their headers are.
class LimitedInput : public llvm::lsp::JSONTransportInput {
public:
  explicit LimitedInput(std::FILE *in) : in(in) {}

  bool hasError() const override { return std::ferror(in); }
  bool isEndOfInput() const override { return std::feof(in); }
  llvm::LogicalResult readDelimitedMessage(std::string &json) override;
  llvm::LogicalResult readStandardMessage(std::string &json) override;

private:
  std::FILE *in;
};

} // namespace mdlcheck::lsp

#endif // MDLCHECK_LSP_PROTOCOL_H
