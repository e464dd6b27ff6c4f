//===-- Paths.cpp -----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Paths.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mdlcheck;

llvm::StringRef report::relativeTo(llvm::StringRef file,
                                   llvm::StringRef directory) {
  llvm::StringRef rest = file;
  if (directory.empty() || !rest.consume_front(directory))
    return file;
  if (!directory.ends_with("/") && !rest.consume_front("/"))
    return file;
  return rest.empty() ? file : rest;
}

std::string report::absolutePath(llvm::StringRef file,
                                 llvm::StringRef directory) {
  if (file.empty())
    return {};
  llvm::SmallString<256> path;
  if (!llvm::sys::path::is_absolute(file))
    path = directory;
  llvm::sys::path::append(path, file);
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  return path.str().str();
}

std::string report::uriEncode(llvm::StringRef path) {
  std::string uri;
  for (char c : path) {
    if (llvm::isAlnum(c) || llvm::StringRef("-._~/").contains(c)) {
      uri += c;
    } else {
      uri += '%';
      uri += llvm::toHex(llvm::StringRef(&c, 1));
    }
  }
  return uri;
}

std::string report::fileUri(llvm::StringRef path) {
  return "file://" + uriEncode(path);
}
