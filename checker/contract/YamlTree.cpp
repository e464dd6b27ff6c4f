//===-- YamlTree.cpp - a YAML document in memory --------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/YamlTree.h"

#include "support/Error.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLParser.h"

namespace mdlcheck::contract {

using llvm::StringRef;

const YamlNode *YamlNode::find(StringRef key) const {
  for (const Entry &entry : entries)
    if (entry.key == key)
      return entry.value;
  return nullptr;
}

unsigned YamlTree::lineOf(const char *where) const {
  if (!where || where < text.begin() || where > text.end())
    return 0;
  return 1 + StringRef(text.begin(), where - text.begin()).count('\n');
}

class YamlTreeBuilder {
public:
  explicit YamlTreeBuilder(YamlTree &tree) : tree(tree) {}

  const char *errorAt = nullptr;
  std::string error;

  YamlNode *build(llvm::yaml::Node *node) {
    tree.nodes.emplace_back();
    YamlNode *made = &tree.nodes.back();
    if (!node)
      return made;
    made->where = node->getSourceRange().Start.getPointer();
    if (llvm::isa<llvm::yaml::AliasNode>(node)) {
      fail(made->where, "aliases are not supported; an expression that begins "
                        "with '*' needs quotes");
      return made;
    }
    if (!node->getAnchor().empty()) {
      fail(made->where, "anchors are not supported; an expression that begins "
                        "with '&' needs quotes");
      return made;
    }
    if (!node->getRawTag().empty()) {
      fail(made->where, "tags are not supported; an expression that begins "
                        "with '!' needs quotes");
      return made;
    }
    if (auto *scalar = llvm::dyn_cast<llvm::yaml::ScalarNode>(node)) {
      if (scalar->getRawValue() == "~")
        return made;
      made->kind = YamlNode::Kind::Scalar;
      made->text = textOf(*scalar);
    } else if (auto *block =
                   llvm::dyn_cast<llvm::yaml::BlockScalarNode>(node)) {
      made->kind = YamlNode::Kind::Scalar;
      made->text = block->getValue().copy(tree.strings).rtrim();
    } else if (auto *mapping = llvm::dyn_cast<llvm::yaml::MappingNode>(node)) {
      made->kind = YamlNode::Kind::Mapping;
      buildMapping(*mapping, *made);
    } else if (auto *list = llvm::dyn_cast<llvm::yaml::SequenceNode>(node)) {
      made->kind = YamlNode::Kind::Sequence;
      for (llvm::yaml::Node &item : *list) {
        made->items.push_back(build(&item));
        if (!error.empty())
          break;
      }
    }
    return made;
  }

private:
  StringRef textOf(llvm::yaml::ScalarNode &scalar) {
    storage.clear();
    StringRef value = scalar.getValue(storage);
    // Values that need no unescaping lie in the text itself.
    if (value.begin() >= tree.text.begin() && value.end() <= tree.text.end())
      return value;
    return value.copy(tree.strings);
  }

  void buildMapping(llvm::yaml::MappingNode &mapping, YamlNode &made) {
    llvm::StringSet<> keys;
    for (llvm::yaml::KeyValueNode &pair : mapping) {
      auto *key = llvm::dyn_cast_or_null<llvm::yaml::ScalarNode>(pair.getKey());
      if (!key) {
        const bool alias =
            llvm::isa_and_nonnull<llvm::yaml::AliasNode>(pair.getKey());
        return fail(pair.getKey()
                        ? pair.getKey()->getSourceRange().Start.getPointer()
                        : made.where,
                    alias ? "aliases are not supported; an expression that "
                            "begins with '*' needs quotes"
                          : "a key must be plain text; an expression that "
                            "begins with '!' or '&' needs quotes");
      }
      YamlNode::Entry entry;
      entry.where = key->getSourceRange().Start.getPointer();
      entry.key = textOf(*key);
      if (!key->getAnchor().empty() || !key->getRawTag().empty())
        return fail(entry.where, "anchors and tags are not supported; an "
                                 "expression needs quotes");
      // Small mappings, which nearly all are, need no set.
      bool duplicate = false;
      if (made.entries.size() < 8) {
        duplicate = made.find(entry.key) != nullptr;
      } else {
        if (keys.empty())
          for (const YamlNode::Entry &earlier : made.entries)
            keys.insert(earlier.key);
        duplicate = !keys.insert(entry.key).second;
      }
      if (duplicate)
        return fail(entry.where,
                    ("'" + entry.key + "' stands here twice").str());
      entry.value = build(pair.getValue());
      if (!error.empty())
        return;
      made.entries.push_back(entry);
    }
  }

  void fail(const char *where, std::string message) {
    if (!error.empty())
      return;
    errorAt = where;
    error = std::move(message);
  }

  YamlTree &tree;
  llvm::SmallString<128> storage;
};

namespace {
struct SyntaxError {
  std::string message;
  unsigned line = 0;
};

void keepFirst(const llvm::SMDiagnostic &diagnostic, void *context) {
  auto &first = *static_cast<SyntaxError *>(context);
  if (!first.message.empty())
    return;
  first.message = diagnostic.getMessage().str();
  first.line = diagnostic.getLineNo() > 0 ? diagnostic.getLineNo() : 0;
}
} // namespace

llvm::Error YamlTree::parse(StringRef newText, StringRef bufferName) {
  text = newText;
  name = bufferName.str();
  nodes.clear();
  nodes.emplace_back();
  rootNode = &nodes.back();

  llvm::SourceMgr sources;
  SyntaxError syntax;
  sources.setDiagHandler(keepFirst, &syntax);
  llvm::yaml::Stream stream(text, sources, /*ShowColors=*/false);
  YamlTreeBuilder builder(*this);
  auto document = stream.begin();
  if (document != stream.end()) {
    if (llvm::yaml::Node *node = document->getRoot())
      if (!stream.failed())
        rootNode = builder.build(node);
    // Going on reads to the end, so that no mistake there is missed.
    if (builder.error.empty() && !stream.failed() && ++document != stream.end())
      syntax.message = "only one document is expected";
  }
  if (!builder.error.empty() && syntax.message.empty())
    return inputError(name, lineOf(builder.errorAt), builder.error);
  if (!syntax.message.empty() || stream.failed())
    return inputError(name, syntax.line,
                      syntax.message.empty() ? "not valid YAML"
                                             : syntax.message);
  return llvm::Error::success();
}

} // namespace mdlcheck::contract
