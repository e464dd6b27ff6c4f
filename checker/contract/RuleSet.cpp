//===-- RuleSet.cpp - rules, automata and contracts -----------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/RuleSet.h"

#include "contract/EmbeddedRules.h"
#include "contract/YamlLoader.h"
#include "contract/YamlTree.h"
#include "support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MemoryBuffer.h"

#include <deque>

namespace mdlcheck::contract {

using llvm::StringRef;

static StringRef textOf(const EmbeddedFile &file) {
  return {reinterpret_cast<const char *>(file.data), file.size};
}

RuleSet RuleSet::shipped() {
  RuleSet rules;
  std::deque<YamlTree> trees;
  std::vector<const YamlTree *> loaded;
  auto check = [](llvm::Error error) {
    if (error)
      llvm::report_fatal_error(std::move(error));
  };
  const llvm::ArrayRef files(kEmbeddedFiles, kEmbeddedFileCount);
  for (const EmbeddedFile &file : files)
    if (StringRef(file.path).ends_with(".yaml")) {
      trees.emplace_back();
      check(trees.back().parse(textOf(file), file.path));
      loaded.push_back(&trees.back());
    }
  check(YamlLoader(rules, Contract::Origin::Shipped).load(loaded));

  // test-corpus/<rule>/README.md
  for (const EmbeddedFile &file : files) {
    auto [folder, name] = StringRef(file.path).rsplit('/');
    if (name != "README.md")
      continue;
    if (RuleId id = rules.ruleNamed(folder.rsplit('/').second))
      rules.rules[id.value].page = textOf(file).str();
  }
  return rules;
}

llvm::Error RuleSet::addYaml(StringRef text, StringRef bufferName,
                             Contract::Origin origin) {
  YamlTree tree;
  if (llvm::Error error = tree.parse(text, bufferName))
    return error;
  if (llvm::Error error = YamlLoader(*this, origin).load({&tree}))
    return error;
  addedText.append(text).push_back('\0');
  return llvm::Error::success();
}

llvm::Error RuleSet::addFile(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return inputError(path, 0,
                      "cannot be read: " + buffer.getError().message());
  return addYaml((*buffer)->getBuffer(), path, Contract::Origin::User);
}

const Contract *RuleSet::contractFor(StringRef name) const {
  auto it = contractsByName.find(name.str());
  return it == contractsByName.end() ? nullptr : &it->second;
}

const Role *RuleSet::roleNamed(StringRef name) const {
  auto it = rolesByName.find(name.str());
  return it == rolesByName.end() ? nullptr : &it->second;
}

RuleId RuleSet::ruleNamed(StringRef idOrAlias) const {
  for (size_t i = 0; i < rules.size(); ++i)
    if (rules[i].id == idOrAlias ||
        llvm::is_contained(rules[i].aliases, idOrAlias))
      return RuleId(uint32_t(i));
  return {};
}

RuleId RuleSet::ruleFor(Rule::Breaks limit) const {
  for (size_t i = 0; i < rules.size(); ++i)
    if (rules[i].breaks == limit && limit != Rule::Breaks::None)
      return RuleId(uint32_t(i));
  return {};
}

std::vector<std::string> RuleSet::macroNames() const {
  std::vector<std::string> names;
  for (const auto &[name, contract] : contractsByName)
    if (contract.isMacro)
      names.push_back(name);
  return names;
}

} // namespace mdlcheck::contract
