//===-- TidyCommand.cpp -----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/TidyCommand.h"

#include "contract/YamlTree.h"
#include "report/TidyFixes.h"
#include "support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <set>

using namespace mdlcheck;
using namespace mdlcheck::cli;
using contract::YamlNode;

//===----------------------------------------------------------------------===//
// The configuration
//===----------------------------------------------------------------------===//

// A text, or a list of texts as one with commas.
static std::string listOf(const YamlNode &node) {
  std::string list = node.text.str();
  for (const YamlNode *item : node.items)
    list += (list.empty() ? "" : ",") + item->text.str();
  return list;
}

static void addBefore(std::optional<std::string> &option,
                      const YamlNode *config) {
  if (!config || config->isNull())
    return;
  std::string list = listOf(*config);
  if (option && !option->empty())
    list += "," + *option;
  option = std::move(list);
}

// The keys of clang-tidy begin with a capital letter, ours do not.
static bool isTidyConfig(const YamlNode &root) {
  return llvm::any_of(root.entries, [](const YamlNode::Entry &entry) {
    return !entry.key.empty() && llvm::isUpper(entry.key[0]);
  });
}

llvm::Error TidyCommand::readConfig(report::PolicyOptions &policy,
                                    std::vector<std::string> &contractFiles) {
  std::string name = "--config", text = config;
  if (config.empty() && !policy.configFile.empty()) {
    name = policy.configFile;
    // One that cannot be read is told by the policy.
    if (auto buffer = llvm::MemoryBuffer::getFile(name))
      text = (*buffer)->getBuffer().str();
  }
  contract::YamlTree tree;
  llvm::Error error = tree.parse(text, name);
  if (config.empty() && (error || !isTidyConfig(tree.root()))) {
    llvm::consumeError(std::move(error));
    return llvm::Error::success();
  }
  if (error)
    return error;
  policy.configFile.clear();
  const YamlNode &root = tree.root();
  if (root.isNull())
    return llvm::Error::success();
  if (!root.isMapping())
    return inputError(name, 1, "is no configuration of clang-tidy");

  addBefore(checks, root.find("Checks"));
  addBefore(warningsAsErrors, root.find("WarningsAsErrors"));
  auto setUnlessGiven = [&](std::optional<std::string> &option,
                            const char *key) {
    const YamlNode *node = root.find(key);
    if (!option && node && !node->text.empty())
      option = node->text.str();
  };
  setUnlessGiven(headerFilter, "HeaderFilterRegex");
  setUnlessGiven(excludeHeaderFilter, "ExcludeHeaderFilterRegex");
  auto addArgs = [&](std::vector<std::string> &to, const char *key) {
    if (const YamlNode *node = root.find(key))
      for (const YamlNode *item : node->items)
        to.push_back(item->text.str());
  };
  addArgs(extraArgs, "ExtraArgs");
  addArgs(extraArgsBefore, "ExtraArgsBefore");

  // A mapping, or in older files a list of {key, value}.
  auto option = [&](llvm::StringRef key, llvm::StringRef value) {
    llvm::SmallVector<llvm::StringRef, 4> files;
    if (llvm::StringRef(key).rsplit('.').second == "MdlcheckContracts" ||
        key == "MdlcheckContracts")
      value.split(files, ';', -1, /*KeepEmpty=*/false);
    for (llvm::StringRef file : files)
      contractFiles.push_back(file.trim().str());
  };
  if (const YamlNode *options = root.find("CheckOptions")) {
    for (const YamlNode::Entry &entry : options->entries)
      option(entry.key, entry.value->text);
    for (const YamlNode *item : options->items) {
      const YamlNode *key = item->find("key");
      const YamlNode *value = item->find("value");
      if (key && value)
        option(key->text, value->text);
    }
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Rules and flags
//===----------------------------------------------------------------------===//

llvm::Error TidyCommand::apply(report::PolicyOptions &policy,
                               contract::RuleSet &rules) const {
  if (checks) {
    report::RuleSelection selection = report::RuleSelection::defaults(rules);
    if (policy.rules) {
      auto chosen = report::RuleSelection::parse(*policy.rules, rules);
      if (!chosen)
        return chosen.takeError();
      selection = std::move(*chosen);
    }
    selection.applyLeniently(*checks, rules);
    if (!selection.any() && !allowNoChecks)
      return inputError("no rule is on; --list-rules shows what there is");
    std::string list = "*,-*";
    for (uint32_t i = 0; i < rules.rules.size(); ++i)
      if (selection.contains(contract::RuleId(i)))
        list += "," + rules.rules[i].id;
    policy.rules = std::move(list);
  }
  if (warningsAsErrors) {
    report::RuleSelection errors = report::RuleSelection::none(rules);
    errors.applyLeniently(*warningsAsErrors, rules);
    for (uint32_t i = 0; i < rules.rules.size(); ++i)
      if (errors.contains(contract::RuleId(i)))
        rules.rules[i].severity = contract::Severity::Error;
    if (!policy.failOn)
      policy.failOn.emplace(contract::Severity::Error);
  }
  return llvm::Error::success();
}

void TidyCommand::adjust(std::vector<frontend::CompileJob> &jobs) const {
  for (frontend::CompileJob &job : jobs) {
    std::vector<std::string> &args = job.arguments;
    if (args.empty())
      continue;
    std::erase_if(args, [&](const std::string &arg) {
      return llvm::is_contained(removedArgs, arg);
    });
    // Flags behind "--" would be files.
    auto end = std::find(args.begin(), args.end(), "--");
    args.insert(end, extraArgs.begin(), extraArgs.end());
    args.insert(args.begin() + 1, extraArgsBefore.begin(),
                extraArgsBefore.end());
  }
}

//===----------------------------------------------------------------------===//
// Filters
//===----------------------------------------------------------------------===//

namespace {

struct FileLines {
  std::string name;                               ///< the end of a path
  std::vector<std::pair<int64_t, int64_t>> lines; ///< none: all
};

llvm::Error badLineFilter(const llvm::Twine &why) {
  return inputError(("--line-filter: " + why +
                     "; it takes [{\"name\":\"a.c\",\"lines\":[[1,9]]}]")
                        .str());
}

llvm::Expected<std::vector<FileLines>> parseLineFilter(llvm::StringRef text) {
  auto json = llvm::json::parse(text);
  if (!json)
    return badLineFilter(llvm::toString(json.takeError()));
  const llvm::json::Array *files = json->getAsArray();
  if (!files)
    return badLineFilter("not a list");
  std::vector<FileLines> filter;
  for (const llvm::json::Value &value : *files) {
    const llvm::json::Object *file = value.getAsObject();
    auto name = file ? file->getString("name") : std::nullopt;
    if (!name)
      return badLineFilter("a file without a name");
    filter.push_back({name->str(), {}});
    const llvm::json::Value *lines = file->get("lines");
    if (!lines)
      continue;
    if (!lines->getAsArray())
      return badLineFilter("lines that are no list");
    for (const llvm::json::Value &item : *lines->getAsArray()) {
      const llvm::json::Array *range = item.getAsArray();
      if (!range || range->size() != 2 || !(*range)[0].getAsInteger() ||
          !(*range)[1].getAsInteger())
        return badLineFilter("a range is not two numbers");
      filter.back().lines.emplace_back(*(*range)[0].getAsInteger(),
                                       *(*range)[1].getAsInteger());
    }
  }
  return filter;
}

bool passes(const std::vector<FileLines> &filter,
            const contract::Location &where) {
  for (const FileLines &file : filter) {
    if (!llvm::StringRef(where.file).ends_with(file.name))
      continue;
    if (file.lines.empty())
      return true;
    for (auto [first, last] : file.lines)
      if (where.line >= first && where.line <= last)
        return true;
  }
  return false;
}

llvm::Expected<llvm::Regex> regexOf(llvm::StringRef option,
                                    const std::string &text) {
  // An empty pattern is a mistake to the library.
  llvm::Regex regex(text.empty() ? ".*" : text);
  std::string why;
  if (!regex.isValid(why))
    return inputError(
        (option + ": '" + text + "' is no pattern: " + why).str());
  return regex;
}

} // namespace

llvm::Error TidyCommand::filter(report::Report &report) const {
  auto keepWhere =
      [&](llvm::function_ref<bool(const contract::Location &)> wanted) {
        std::erase_if(report.findings, [&](const contract::Finding &finding) {
          return !wanted(finding.where) &&
                 llvm::none_of(finding.path,
                               [&](const contract::PathStep &step) {
                                 return wanted(step.where);
                               });
        });
      };
  if (!lineFilter.empty()) {
    auto lines = parseLineFilter(lineFilter);
    if (!lines)
      return lines.takeError();
    // An empty list filters nothing, as for clang-tidy.
    if (!lines->empty())
      keepWhere([&](const contract::Location &where) {
        return passes(*lines, where);
      });
  }
  if (headerFilter || excludeHeaderFilter) {
    auto included = regexOf("--header-filter", headerFilter.value_or(".*"));
    if (!included)
      return included.takeError();
    std::string excludes = excludeHeaderFilter.value_or("");
    auto excluded = regexOf("--exclude-header-filter", excludes);
    if (!excluded)
      return excluded.takeError();
    bool none = headerFilter && headerFilter->empty();
    std::set<std::string> mainFiles(report.files.begin(), report.files.end());
    keepWhere([&](const contract::Location &where) {
      return mainFiles.contains(where.file) ||
             (!none && included->match(where.file) &&
              (excludes.empty() || !excluded->match(where.file)));
    });
  }
  return llvm::Error::success();
}

llvm::Error TidyCommand::writeFixes(const report::Report &report,
                                    report::Sources &sources,
                                    const std::string &workingDirectory) const {
  if (exportFixes.empty())
    return llvm::Error::success();
  std::error_code ec;
  llvm::raw_fd_ostream os(exportFixes, ec);
  if (ec)
    return inputError(exportFixes, 0, "cannot be written: " + ec.message());
  // clang-tidy leaves the file empty when there is nothing in it.
  if (!report.findings.empty())
    report::writeTidyFixes(report, sources, workingDirectory, os);
  os.flush();
  if (os.has_error()) {
    ec = os.error();
    os.clear_error();
    return inputError(exportFixes, 0, "cannot be written: " + ec.message());
  }
  return llvm::Error::success();
}
