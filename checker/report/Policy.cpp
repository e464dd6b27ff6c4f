//===-- Policy.cpp ----------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/Policy.h"

#include "support/Error.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <set>

using namespace mdlcheck;
using namespace mdlcheck::contract;
using namespace mdlcheck::report;

Severity report::severityOf(const Finding &finding, const RuleSet &rules) {
  return finding.severity.value_or(rules.rule(finding.rule).severity);
}

llvm::Expected<Policy> Policy::create(RuleSet &rules, PolicyOptions options,
                                      llvm::ArrayRef<std::string> files) {
  Policy policy(rules, std::move(options));
  // Contracts may bring rules, which everything else refers to.
  std::set<std::string> loaded;
  std::vector<std::string> paths;
  if (!policy.options.configFile.empty())
    paths.push_back(policy.options.configFile);
  for (const std::string &file : files) {
    auto path = policy.configPathFor(file);
    if (!path)
      return path.takeError();
    if (!path->empty())
      paths.push_back(*path);
  }
  for (const std::string &path : paths) {
    if (policy.configs.contains(path))
      continue;
    auto config = policy.configAt(path);
    if (!config)
      return config.takeError();
    for (const std::string &contracts : config->contracts)
      if (loaded.insert(contracts).second)
        if (llvm::Error error = rules.addFile(contracts))
          return error;
  }
  // Mistakes in what is used are told before the work.
  for (const std::string &file : files)
    if (auto found = policy.configFor(file); !found)
      return found.takeError();
  if (files.empty())
    if (auto found = policy.configFor({}); !found)
      return found.takeError();
  return policy;
}

llvm::Expected<std::string> Policy::configPathFor(const std::string &file) {
  if (options.ignoreConfig)
    return std::string();
  if (!options.configFile.empty())
    return options.configFile;
  llvm::StringRef directory = llvm::sys::path::parent_path(file);
  std::vector<std::string> passed;
  std::string found;
  for (; !directory.empty();
       directory = llvm::sys::path::parent_path(directory)) {
    if (auto it = byDirectory.find(directory.str()); it != byDirectory.end()) {
      found = it->second;
      break;
    }
    passed.push_back(directory.str());
    llvm::SmallString<256> candidate(directory);
    llvm::sys::path::append(candidate, kConfigName);
    if (llvm::sys::fs::exists(candidate)) {
      found = candidate.str().str();
      break;
    }
  }
  for (std::string &name : passed)
    byDirectory[std::move(name)] = found;
  return found;
}

llvm::Expected<Config> Policy::configAt(const std::string &path) {
  if (path.empty())
    return Config();
  auto it = configs.find(path);
  if (it == configs.end()) {
    auto config = Config::load(path);
    if (!config)
      return config.takeError();
    it = configs.emplace(path, std::move(*config)).first;
  }
  return it->second;
}

llvm::Expected<Policy::Effective *> Policy::configFor(const std::string &file) {
  auto path = configPathFor(file);
  if (!path)
    return path.takeError();
  auto it = effective.find(*path);
  if (it == effective.end()) {
    auto config = configAt(*path);
    if (!config)
      return config.takeError();
    auto resolved = resolve(std::move(*config));
    if (!resolved)
      return resolved.takeError();
    it = effective.emplace(*path, std::move(*resolved)).first;
  }
  return it->second.get();
}

llvm::Expected<std::unique_ptr<Policy::Effective>>
Policy::resolve(Config config) {
  auto made = std::make_unique<Effective>();
  made->selection = RuleSelection::defaults(*rules);
  const Config::Profile profile = options.profile.value_or(config.profile);
  for (uint32_t i = 0; i < rules->rules.size(); ++i) {
    const Rule &rule = rules->rules[i];
    switch (profile) {
    case Config::Profile::Default:
      break;
    case Config::Profile::All:
    case Config::Profile::None:
      made->selection.set(RuleId(i), profile == Config::Profile::All);
      break;
    case Config::Profile::Sdv:
      made->selection.set(RuleId(i), !rule.sdv.empty());
      break;
    }
    made->severities.push_back(rules->rules[i].severity);
  }
  for (const Config::RuleEntry &entry : config.rules) {
    auto named = rulesNamed(entry.pattern, *rules);
    if (!named)
      return inputError(config.file, entry.line,
                        llvm::toString(named.takeError()));
    for (RuleId id : *named) {
      if (!options.profile)
        made->selection.set(id, entry.isOn);
      if (entry.severity)
        made->severities[id.value] = *entry.severity;
    }
  }
  if (options.rules) {
    if (llvm::StringRef(*options.rules).ltrim().starts_with("-")) {
      if (llvm::Error error = made->selection.apply(*options.rules, *rules))
        return error;
    } else {
      auto chosen = RuleSelection::parse(*options.rules, *rules);
      if (!chosen)
        return chosen.takeError();
      made->selection = std::move(*chosen);
    }
  }
  if (options.failOn)
    config.failOn = options.failOn;
  if (!options.baseline.empty())
    config.baseline = options.baseline;
  if (!config.baseline.empty()) {
    std::unique_ptr<Baseline> &known = baselines[config.baseline];
    if (!known) {
      auto loaded = Baseline::load(config.baseline);
      if (!loaded)
        return loaded.takeError();
      known = std::make_unique<Baseline>(std::move(*loaded));
    }
    made->baseline = known.get();
  }
  made->config = std::move(config);
  return made;
}

llvm::Expected<bool> Policy::covers(const std::string &file) {
  auto found = configFor(file);
  if (!found)
    return found.takeError();
  return (*found)->config.covers(file);
}

llvm::Expected<bool> Policy::isOn(RuleId id, const std::string &file) {
  auto found = configFor(file);
  if (!found)
    return found.takeError();
  return (*found)->selection.contains(id) && (*found)->config.covers(file);
}

llvm::Error Policy::apply(std::vector<Finding> &findings,
                          std::vector<Finding> &suppressed, Sources &sources) {
  if (!suppressions)
    suppressions = std::make_unique<Suppressions>(*rules, sources);
  std::vector<Finding> kept;
  std::map<const Effective *, std::vector<size_t>> byConfig;
  for (Finding &finding : findings) {
    auto found = configFor(finding.where.file);
    if (!found)
      return found.takeError();
    Effective &e = **found;
    if (!e.selection.contains(finding.rule) ||
        !e.config.covers(finding.where.file))
      continue;
    Severity severity = e.severities[finding.rule.value];
    if (severity != rules->rule(finding.rule).severity)
      finding.severity = severity;
    finding.suppression = suppressions->find(finding);
    if (e.baseline)
      byConfig[&e].push_back(kept.size());
    kept.push_back(std::move(finding));
  }
  for (const auto &[e, indices] : byConfig) {
    std::vector<const Finding *> asked;
    for (size_t i : indices)
      asked.push_back(&kept[i]);
    std::vector<bool> isKnown = e->baseline->match(asked, *rules, sources);
    for (size_t i = 0; i < indices.size(); ++i) {
      Finding &finding = kept[indices[i]];
      if (isKnown[i] && !finding.suppression)
        finding.suppression = Suppression{Suppression::Kind::External,
                                          {e->config.baseline, 0, 0, 0, 0},
                                          "in the baseline"};
    }
  }
  findings.clear();
  for (Finding &finding : kept)
    (finding.suppression ? suppressed : findings).push_back(std::move(finding));
  return llvm::Error::success();
}

void Policy::startAnew() {
  suppressions.reset();
  for (auto &[path, baseline] : baselines)
    baseline->startAnew();
}

llvm::Expected<std::vector<Suppressions::Remark>>
Policy::remarks(llvm::ArrayRef<std::string> files) {
  if (!suppressions)
    return std::vector<Suppressions::Remark>();
  std::vector<Suppressions::Remark> all;
  for (const std::string &file : files) {
    auto found = configFor(file);
    if (!found)
      return found.takeError();
    Effective &e = **found;
    if (!e.config.covers(file))
      continue;
    auto isOn = [&](RuleId id) { return e.selection.contains(id); };
    for (Suppressions::Remark &remark : suppressions->unused(file, isOn))
      all.push_back(std::move(remark));
  }
  for (Suppressions::Remark &remark : suppressions->mistakes())
    all.push_back(std::move(remark));
  return all;
}

llvm::Expected<std::vector<BaselineEntry>>
Policy::fixed(llvm::function_ref<bool(const BaselineEntry &)> wasLookedAt) {
  std::vector<BaselineEntry> fixed;
  for (const auto &[path, baseline] : baselines)
    for (BaselineEntry &entry : baseline->unmatched()) {
      RuleId rule = rules->ruleNamed(entry.rule);
      if (!rule || !wasLookedAt(entry))
        continue;
      auto on = isOn(rule, entry.file);
      if (!on)
        return on.takeError();
      if (*on)
        fixed.push_back(std::move(entry));
    }
  return fixed;
}

bool Policy::fails(const Finding &finding) {
  return fails(severityOf(finding, *rules), finding.where.file);
}

bool Policy::fails(Severity severity, const std::string &file) {
  auto found = configFor(file);
  if (!found) { // apply() has met it
    llvm::consumeError(found.takeError());
    return true;
  }
  FailOn least = (*found)->config.failOn.value_or(Severity::Warning);
  return least && severity >= *least;
}

llvm::Error Policy::dump(const std::string &file, llvm::raw_ostream &os) {
  auto found = configFor(file);
  if (!found)
    return found.takeError();
  (*found)->config.print(*rules, (*found)->selection, (*found)->severities, os);
  return llvm::Error::success();
}
