//===-- Writers.h - the writers, for createWriter alone -------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_WRITERS_H
#define MDLCHECK_REPORT_WRITERS_H

#include "report/Report.h"

namespace mdlcheck::report {

/// Text from sources and paths made fit for JSON, which takes UTF-8 only.
std::string utf8(llvm::StringRef text);

std::unique_ptr<Writer> createTextWriter(WriterOptions options,
                                         Sources &sources);
std::unique_ptr<Writer> createSarifWriter(WriterOptions options,
                                          Sources &sources);
std::unique_ptr<Writer> createFullSarifWriter(WriterOptions options,
                                              Sources &sources);
std::unique_ptr<Writer> createJsonWriter(WriterOptions options);
std::unique_ptr<Writer> createGithubWriter(WriterOptions options);
std::unique_ptr<Writer> createGitlabWriter(WriterOptions options);
std::unique_ptr<Writer> createHtmlWriter(WriterOptions options,
                                         Sources &sources);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_WRITERS_H
