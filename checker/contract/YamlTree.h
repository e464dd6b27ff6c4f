//===-- YamlTree.h - a YAML document in memory ----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM's YAML nodes can be walked once and in order only. The loader looks at
// sections in the order in which they depend on each other, so it reads a
// plain tree instead. Places are pointers into the text, which costs nothing
// until there is a mistake to report.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CONTRACT_YAMLTREE_H
#define MDLCHECK_CONTRACT_YAMLTREE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Error.h"

#include <deque>
#include <string>
#include <vector>

namespace mdlcheck::contract {

struct YamlNode {
  enum class Kind : uint8_t { Null, Scalar, Mapping, Sequence };
  struct Entry {
    llvm::StringRef key;
    const char *where;
    const YamlNode *value;
  };

  Kind kind = Kind::Null;
  const char *where = nullptr;
  llvm::StringRef text;                ///< Scalar
  std::vector<Entry> entries;          ///< Mapping, in the order written
  std::vector<const YamlNode *> items; ///< Sequence

  bool isNull() const { return kind == Kind::Null; }
  bool isScalar() const { return kind == Kind::Scalar; }
  bool isMapping() const { return kind == Kind::Mapping; }
  bool isSequence() const { return kind == Kind::Sequence; }
  const YamlNode *find(llvm::StringRef key) const;
};

/// Owns the nodes. The text must outlive it.
class YamlTree {
public:
  /// Replaces the tree by that of `text`, which must hold one document (or
  /// nothing). Syntax errors and duplicate keys are InputErrors.
  llvm::Error parse(llvm::StringRef text, llvm::StringRef bufferName);

  const YamlNode &root() const { return *rootNode; }
  /// The line of a place in the text, from 1.
  unsigned lineOf(const char *where) const;
  llvm::StringRef bufferName() const { return name; }

private:
  friend class YamlTreeBuilder;
  llvm::StringRef text;
  std::string name;
  llvm::BumpPtrAllocator strings;
  std::deque<YamlNode> nodes;
  YamlNode *rootNode = nullptr;
};

} // namespace mdlcheck::contract

#endif // MDLCHECK_CONTRACT_YAMLTREE_H
