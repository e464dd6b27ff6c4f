//===-- HtmlPage.h - the page, without its data -----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_HTMLPAGE_H
#define MDLCHECK_REPORT_HTMLPAGE_H

#include <cstddef>

namespace mdlcheck::report {

/// checker/report/page as one file, made by EmbedPage.cmake; @DATA@ stands
/// where the data goes.
extern const unsigned char kHtmlPage[];
extern const size_t kHtmlPageSize;

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_HTMLPAGE_H
