//===-- Protocol.cpp --------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lsp/Protocol.h"

#include "report/Writers.h"

using namespace mdlcheck;
using namespace mdlcheck::lsp;

bool lsp::fromJSON(const llvm::json::Value &value, DidSaveParams &result,
                   llvm::json::Path path) {
  llvm::json::ObjectMapper mapper(value, path);
  return mapper && mapper.map("textDocument", result.textDocument);
}

llvm::json::Value lsp::toJSON(const Diagnostic &d) {
  llvm::json::Object json{
      {"range", d.range},
      {"severity", int(d.severity)},
      {"source", "mdlcheck"},
      // The source is quoted, and it may be anything.
      {"message", report::utf8(d.message)},
  };
  if (!d.code.empty())
    json["code"] = d.code;
  if (!d.codeUri.empty())
    json["codeDescription"] = llvm::json::Object{{"href", d.codeUri}};
  if (!d.fingerprint.empty())
    json["data"] = llvm::json::Object{{"fingerprint", d.fingerprint}};
  llvm::json::Array related;
  for (const Diagnostic::Related &r : d.related)
    related.push_back(llvm::json::Object{
        {"location", llvm::json::Object{{"uri", r.uri}, {"range", r.range}}},
        {"message", report::utf8(r.message)}});
  if (!related.empty())
    json["relatedInformation"] = std::move(related);
  return json;
}

llvm::LogicalResult LimitedInput::readDelimitedMessage(std::string &) {
  return llvm::failure();
}

// The transport ends the program at what is none: an editor's slip should not.
static bool isMessage(llvm::StringRef text) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value) {
    llvm::lsp::Logger::error("bad message: {0}",
                             llvm::toString(value.takeError()));
    return false;
  }
  const llvm::json::Object *object = value->getAsObject();
  if (object && object->getString("jsonrpc") == "2.0" &&
      (object->getString("method") || object->get("id")))
    return true;
  llvm::lsp::Logger::error("bad message: no JSON-RPC 2.0");
  return false;
}

llvm::LogicalResult LimitedInput::readStandardMessage(std::string &json) {
  constexpr unsigned long long kMaxLength = 256ull << 20;
  constexpr size_t kMaxHeader = 4096;
  unsigned long long length = 0;
  while (true) {
    std::string line;
    int c;
    while ((c = std::fgetc(in)) != EOF && c != '\n')
      if (line.size() < kMaxHeader)
        line += char(c);
    if (c == EOF)
      return llvm::failure();
    llvm::StringRef header = llvm::StringRef(line).trim();
    if (header.empty()) {
      if (length == 0)
        continue; // nothing announced: go on looking for a header
      break;
    }
    if (header.consume_front_insensitive("content-length:") &&
        header.trim().getAsInteger(10, length)) {
      llvm::lsp::Logger::error("bad Content-Length: {0}", header);
      length = 0;
    }
  }
  json.clear();
  char chunk[1 << 16];
  for (unsigned long long rest = length; rest > 0;) {
    size_t got = std::fread(
        chunk, 1, std::min<unsigned long long>(rest, sizeof(chunk)), in);
    if (got == 0)
      return llvm::failure();
    rest -= got;
    if (length <= kMaxLength)
      json.append(chunk, got);
  }
  if (length > kMaxLength) {
    llvm::lsp::Logger::error("a message of {0} bytes is passed over", length);
    return llvm::failure();
  }
  return isMessage(json) ? llvm::success() : llvm::failure();
}
