//===-- Sources.cpp ---------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Sources.h"

#include <algorithm>

using namespace mdlcheck::report;

Sources::File &Sources::load(const std::string &name) {
  auto [it, isNew] = files.try_emplace(name);
  File &file = it->second;
  if (isNew) {
    auto buffer = llvm::MemoryBuffer::getFile(name);
    if (buffer) {
      file.buffer = std::move(*buffer);
      split(file);
    }
  }
  return file;
}

uint32_t Sources::lineCount(const std::string &name) {
  return uint32_t(load(name).lines.size());
}

llvm::StringRef Sources::text(const std::string &name) {
  return load(name).text;
}

llvm::StringRef Sources::fileText(const std::string &name) {
  const File &file = load(name);
  return file.buffer ? file.buffer->getBuffer() : llvm::StringRef();
}

size_t Sources::offset(const std::string &name, uint32_t line,
                       uint32_t column) {
  const File &file = load(name);
  if (line == 0 || line > file.lines.size())
    return file.text.size();
  llvm::StringRef text = file.lines[line - 1];
  size_t inLine = std::min<size_t>(column ? column - 1 : 0, text.size());
  return size_t(text.data() - file.text.data()) + inLine;
}

llvm::StringRef Sources::line(const std::string &name, uint32_t line) {
  const File &file = load(name);
  if (line == 0 || line > file.lines.size())
    return {};
  return file.lines[line - 1];
}

size_t Sources::fileOffset(const std::string &name, uint32_t line,
                           uint32_t column) {
  const File &file = load(name);
  size_t mark =
      file.buffer ? file.buffer->getBufferSize() - file.text.size() : 0;
  return mark + offset(name, line, column);
}

void Sources::add(const std::string &name, llvm::StringRef text) {
  File &file = files[name];
  file.buffer = llvm::MemoryBuffer::getMemBufferCopy(text, name);
  split(file);
}

// Lines end as they do for the compiler: at "\n", "\r\n" or a lone "\r".
void Sources::split(File &file) {
  file.lines.clear();
  llvm::StringRef text = file.buffer->getBuffer();
  // Clang does not count the byte order mark as a column.
  text.consume_front("\xEF\xBB\xBF");
  file.text = text;
  while (!text.empty()) {
    size_t end = text.find_first_of("\r\n");
    file.lines.push_back(text.substr(0, end));
    if (end == llvm::StringRef::npos)
      break;
    text = text.substr(end);
    if (!text.consume_front("\r\n"))
      text = text.drop_front();
  }
}

uint32_t mdlcheck::report::utf16Column(llvm::StringRef line, uint32_t column) {
  if (column == 0)
    return 0;
  uint32_t bytes = column - 1;
  uint32_t units = 0;
  for (uint32_t i = 0; i < bytes; ++i) {
    if (i >= line.size()) {
      units += bytes - i;
      break;
    }
    unsigned char c = line[i];
    // A continuation byte belongs to the character before it, and characters
    // of four bytes take two units.
    if ((c & 0xC0) == 0x80)
      continue;
    units += c >= 0xF0 ? 2 : 1;
  }
  return units + 1;
}
