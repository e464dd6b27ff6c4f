//===-- TextSyntax.cpp - spellings of the text form -------------*- C++ -*-
//===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ir/TextSyntax.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/raw_ostream.h"

using namespace mdlcheck;
using namespace mdlcheck::ir;
using llvm::StringRef;

bool text::isTypeWord(StringRef word) {
  if (word == "void" || word == "ptr" || word == "agg" || word == "int" ||
      word == "uint" || word == "float")
    return true;
  return word.size() > 1 && StringRef("iuf").contains(word[0]) &&
         llvm::all_of(word.drop_front(), llvm::isDigit);
}

bool text::isPlainName(StringRef name) {
  auto starts = [](char c) { return llvm::isAlpha(c) || c == '_' || c == '$'; };
  if (name == "func" || name == "global" || isTypeWord(name))
    return false;
  // Parts separated by "::", each an identifier, after "::" also "~name".
  bool first = true;
  while (true) {
    if (!first)
      name.consume_front("~");
    if (name.empty() || !starts(name[0]))
      return false;
    name =
        name.drop_while([&](char c) { return starts(c) || llvm::isDigit(c); });
    if (name.empty())
      return true;
    if (!name.consume_front("::"))
      return false;
    first = false;
  }
}

void text::writeString(llvm::raw_ostream &os, StringRef s) {
  const auto *data = reinterpret_cast<const llvm::UTF8 *>(s.data());
  bool utf8 = llvm::isLegalUTF8String(&data, data + s.size());
  os << '"';
  for (unsigned char c : s) {
    if (c == '"' || c == '\\')
      os << '\\' << c;
    else if (c == '\n')
      os << "\\n";
    else if (c == '\t')
      os << "\\t";
    else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
      os << "\\x" << llvm::hexdigit(c >> 4) << llvm::hexdigit(c & 15);
    else
      os << c;
  }
  os << '"';
}

std::string text::quoted(StringRef s) {
  std::string out;
  llvm::raw_string_ostream os(out);
  writeString(os, s);
  return out;
}

std::string text::plainOrQuoted(StringRef name) {
  return isPlainName(name) ? name.str() : quoted(name);
}
