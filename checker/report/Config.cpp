//===-- Config.cpp ----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Config.h"

#include "contract/YamlTree.h"
#include "report/Paths.h"
#include "report/Report.h"
#include "support/Error.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

namespace {

class ConfigReader {
public:
  ConfigReader(const YamlTree &tree, Config &config)
      : tree(tree), config(config) {}

  llvm::Error read() {
    const YamlNode &root = tree.root();
    if (root.isNull())
      return llvm::Error::success();
    if (!root.isMapping())
      return at(root.where, "the configuration is a mapping: profile, rules, "
                            "paths, contracts, baseline, fail-on");
    for (const YamlNode::Entry &entry : root.entries)
      if (llvm::Error error = section(entry))
        return error;
    return llvm::Error::success();
  }

private:
  llvm::Error at(const char *where, const llvm::Twine &what) {
    return inputError(tree.bufferName().str(), tree.lineOf(where), what.str());
  }

  llvm::Error unknownKey(const YamlNode::Entry &entry,
                         llvm::ArrayRef<llvm::StringRef> known) {
    std::string message = ("unknown key '" + entry.key + "'; ").str();
    for (llvm::StringRef key : known)
      if (entry.key.edit_distance(key, true, 2) <= 2)
        return at(entry.where, message + "did you mean '" + key + "'?");
    return at(entry.where, message + "known are " +
                               llvm::join(known.begin(), known.end(), ", "));
  }

  llvm::Error section(const YamlNode::Entry &entry) {
    const YamlNode &value = *entry.value;
    if (entry.key == "profile")
      return profile(value);
    if (entry.key == "rules")
      return rules(value);
    if (entry.key == "paths")
      return paths(value);
    if (entry.key == "contracts")
      return contracts(value);
    if (entry.key == "baseline")
      return baseline(value);
    if (entry.key == "fail-on")
      return failOn(value);
    return unknownKey(entry, {"profile", "rules", "paths", "contracts",
                              "baseline", "fail-on"});
  }

  llvm::Error profile(const YamlNode &value) {
    auto known = Config::profileNamed(value.text);
    if (!value.isScalar() || !known)
      return at(value.where, "'profile' is one of default, all, none, sdv");
    config.profile = *known;
    return llvm::Error::success();
  }

  static std::optional<Severity> severityNamed(llvm::StringRef text) {
    return llvm::StringSwitch<std::optional<Severity>>(text)
        .Case("note", Severity::Note)
        .Case("warning", Severity::Warning)
        .Case("error", Severity::Error)
        .Default(std::nullopt);
  }

  llvm::Error rules(const YamlNode &value) {
    if (value.isNull())
      return llvm::Error::success();
    if (!value.isMapping())
      return at(value.where, "'rules' maps rules and patterns to on, off, "
                             "note, warning or error");
    for (const YamlNode::Entry &entry : value.entries) {
      Config::RuleEntry rule;
      rule.pattern = entry.key.str();
      rule.line = tree.lineOf(entry.where);
      llvm::StringRef text =
          entry.value->isScalar() ? entry.value->text : llvm::StringRef();
      rule.severity = severityNamed(text);
      rule.isOn = rule.severity || text == "on" || text == "true";
      if (!rule.isOn && text != "off" && text != "false")
        return at(entry.value->where ? entry.value->where : entry.where,
                  "rule '" + entry.key +
                      "' is one of on, off, note, warning, error");
      config.rules.push_back(std::move(rule));
    }
    return llvm::Error::success();
  }

  llvm::Error texts(const YamlNode &value, llvm::StringRef what,
                    std::vector<std::string> &out) {
    if (value.isNull())
      return llvm::Error::success();
    auto add = [&](const YamlNode &node) {
      if (!node.isScalar() || node.text.empty())
        return false;
      out.push_back(node.text.str());
      return true;
    };
    bool isGood = value.isSequence() || add(value);
    for (const YamlNode *item : value.items)
      isGood = isGood && add(*item);
    if (!isGood)
      return at(value.where, "'" + what + "' is a list of texts");
    return llvm::Error::success();
  }

  llvm::Error paths(const YamlNode &value) {
    if (value.isNull())
      return llvm::Error::success();
    if (!value.isMapping())
      return at(value.where, "'paths' has 'include' and 'exclude'");
    for (const YamlNode::Entry &entry : value.entries) {
      if (entry.key != "include" && entry.key != "exclude")
        return unknownKey(entry, {"include", "exclude"});
      if (llvm::Error error =
              texts(*entry.value, entry.key,
                    entry.key == "include" ? config.include : config.exclude))
        return error;
    }
    return llvm::Error::success();
  }

  llvm::Error contracts(const YamlNode &value) {
    if (llvm::Error error = texts(value, "contracts", config.contracts))
      return error;
    for (std::string &file : config.contracts)
      file = absolutePath(file, config.directory);
    return llvm::Error::success();
  }

  llvm::Error baseline(const YamlNode &value) {
    if (value.isNull())
      return llvm::Error::success();
    if (!value.isScalar() || value.text.empty())
      return at(value.where, "'baseline' is the name of a file");
    config.baseline = absolutePath(value.text, config.directory);
    return llvm::Error::success();
  }

  llvm::Error failOn(const YamlNode &value) {
    FailOn severity = severityNamed(value.text);
    if (!value.isScalar() || (!severity && value.text != "none"))
      return at(value.where, "'fail-on' is one of none, note, warning, error");
    config.failOn = severity;
    return llvm::Error::success();
  }

  const YamlTree &tree;
  Config &config;
};

} // namespace

std::optional<Config::Profile> Config::profileNamed(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<Profile>>(name)
      .Case("default", Profile::Default)
      .Case("all", Profile::All)
      .Case("none", Profile::None)
      .Case("sdv", Profile::Sdv)
      .Default(std::nullopt);
}

llvm::Expected<Config> Config::parse(llvm::StringRef text,
                                     const std::string &name) {
  YamlTree tree;
  if (llvm::Error error = tree.parse(text, name))
    return error;
  Config config;
  config.file = name;
  config.directory = llvm::sys::path::parent_path(name).str();
  if (llvm::Error error = ConfigReader(tree, config).read())
    return error;
  return config;
}

llvm::Expected<Config> Config::load(const std::string &file) {
  auto buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer)
    return inputError(file, 0,
                      "cannot be read: " + buffer.getError().message());
  return parse((*buffer)->getBuffer(), file);
}

// Backtracks over the stars only; names are short.
static bool glob(llvm::StringRef pattern, llvm::StringRef text) {
  while (!pattern.empty()) {
    if (pattern.front() == '*') {
      bool crosses = pattern.starts_with("**");
      pattern = pattern.drop_while([](char c) { return c == '*'; });
      // "**/a" is "a", too.
      if (crosses && pattern.starts_with("/") && glob(pattern.substr(1), text))
        return true;
      for (size_t i = 0; i <= text.size(); ++i) {
        if (glob(pattern, text.substr(i)))
          return true;
        if (i < text.size() && text[i] == '/' && !crosses)
          return false;
      }
      return false;
    }
    if (text.empty() || (pattern.front() != text.front() &&
                         (pattern.front() != '?' || text.front() == '/')))
      return false;
    pattern = pattern.drop_front();
    text = text.drop_front();
  }
  return text.empty();
}

bool report::matchesPath(llvm::StringRef pattern, llvm::StringRef path) {
  pattern.consume_front("./");
  while (pattern.ends_with("/"))
    pattern = pattern.drop_back();
  bool isAnchored = pattern.contains('/');
  pattern.consume_front("/");
  for (size_t begin = 0; begin <= path.size();) {
    // Any directory above, and the file.
    for (size_t end = path.find('/', begin);; end = path.find('/', end + 1)) {
      if (glob(pattern, path.slice(begin, end)))
        return true;
      if (end == llvm::StringRef::npos)
        break;
    }
    size_t next = path.find('/', begin);
    if (isAnchored || next == llvm::StringRef::npos)
      return false;
    begin = next + 1;
  }
  return false;
}

bool Config::covers(llvm::StringRef path) const {
  path = relativeTo(path, directory);
  auto fits = [&](const std::string &pattern) {
    return matchesPath(pattern, path);
  };
  return (include.empty() || llvm::any_of(include, fits)) &&
         llvm::none_of(exclude, fits);
}

static std::string quoted(llvm::StringRef text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

void Config::print(const RuleSet &catalogue, const RuleSelection &selection,
                   const std::vector<Severity> &severities,
                   llvm::raw_ostream &os) const {
  os << "# " << (file.empty() ? "no " + kConfigName.str() + " applies" : file)
     << '\n';
  // Every rule is listed, so that it says the same for any profile.
  os << "profile: none\nrules:\n";
  for (uint32_t i = 0; i < catalogue.rules.size(); ++i)
    os << "  " << catalogue.rules[i].id << ": "
       << (selection.contains(RuleId(i)) ? severityName(severities[i]) : "off")
       << '\n';
  auto list = [&](llvm::StringRef indent, llvm::StringRef key,
                  const std::vector<std::string> &items) {
    os << indent << key << ": [";
    llvm::ListSeparator comma;
    for (const std::string &item : items)
      os << comma << quoted(item);
    os << "]\n";
  };
  os << "paths:\n";
  list("  ", "include", include);
  list("  ", "exclude", exclude);
  list("", "contracts", contracts);
  if (!baseline.empty())
    os << "baseline: " << quoted(baseline) << '\n';
  FailOn least = failOn.value_or(Severity::Warning);
  os << "fail-on: " << (least ? severityName(*least) : "none") << '\n';
}
