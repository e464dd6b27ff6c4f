//===-- Report.cpp ----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Report.h"
#include "report/Writers.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/JSON.h"

using namespace mdlcheck;
using namespace mdlcheck::report;

std::string report::utf8(llvm::StringRef text) {
  return llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text);
}

std::unique_ptr<Writer>
report::createWriter(Format format, WriterOptions options, Sources &sources) {
  switch (format) {
  case Format::Text:
    return createTextWriter(std::move(options), sources);
  case Format::Sarif:
    return createSarifWriter(std::move(options), sources);
  case Format::FullSarif:
    return createFullSarifWriter(std::move(options), sources);
  case Format::Json:
    return createJsonWriter(std::move(options));
  case Format::Github:
    return createGithubWriter(std::move(options));
  case Format::Gitlab:
    return createGitlabWriter(std::move(options));
  case Format::Html:
    return createHtmlWriter(std::move(options), sources);
  }
  llvm_unreachable("unknown format");
}

const char *report::precisionName(contract::Precision precision) {
  switch (precision) {
  case contract::Precision::High:
    return "high";
  case contract::Precision::Medium:
    return "medium";
  }
  llvm_unreachable("unknown precision");
}

const char *report::severityName(contract::Severity severity) {
  switch (severity) {
  case contract::Severity::Note:
    return "note";
  case contract::Severity::Warning:
    return "warning";
  case contract::Severity::Error:
    return "error";
  }
  llvm_unreachable("unknown severity");
}

const char *report::levelName(Notification::Level level) {
  switch (level) {
  case Notification::Level::Note:
    return "note";
  case Notification::Level::Warning:
    return "warning";
  case Notification::Level::Error:
    return "error";
  }
  llvm_unreachable("unknown level");
}

const char *report::suppressionKindName(contract::Suppression::Kind kind) {
  return kind == contract::Suppression::Kind::InSource ? "inSource"
                                                       : "external";
}

const char *report::stepKindName(contract::PathStep::Kind kind) {
  using contract::PathStep;
  switch (kind) {
  case PathStep::Kind::Assume:
    return "assume";
  case PathStep::Kind::Event:
    return "event";
  case PathStep::Kind::Call:
    return "call";
  case PathStep::Kind::Return:
    return "return";
  case PathStep::Kind::Raise:
    return "raise";
  case PathStep::Kind::Unwind:
    return "unwind";
  case PathStep::Kind::Final:
    return "final";
  }
  llvm_unreachable("unknown kind of step");
}
