//===-- CacheTest.cpp ----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "program/Cache.h"

#include "TemporaryTree.h"
#include "program/StoredResult.h"
#include "support/Archive.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"

#include <random>

using namespace mdlcheck;
using namespace mdlcheck::program;

namespace {

std::string text(const Cache &cache, const std::string &key) {
  auto buffer = cache.read(key, "unit");
  return buffer ? buffer->getBuffer().str() : "(none)";
}

TEST(CacheKeyTest, PartsAreKeptApart) {
  auto key = [](std::initializer_list<const char *> parts) {
    CacheKey k("test");
    for (const char *part : parts)
      k.add(part);
    return k.str();
  };
  EXPECT_EQ(key({"a", "b"}), key({"a", "b"}));
  EXPECT_EQ(key({"a", "b"}).size(), 40u);
  EXPECT_NE(key({"a", "b"}), key({"ab"}));
  EXPECT_NE(key({"a", "b"}), key({"ab", ""}));
  EXPECT_NE(key({"a", "b"}), key({"b", "a"}));
  EXPECT_NE(CacheKey("unit").str(), CacheKey("test").str());
}

TEST(CacheTest, WhatIsWrittenIsRead) {
  TemporaryTree tree;
  std::string key = CacheKey("a").str(), other = CacheKey("b").str();
  Cache cache(tree.path("made/for/it"), 1 << 20);
  ASSERT_TRUE(cache.isUsable());
  EXPECT_EQ(text(cache, key), "(none)");
  cache.write(key, "unit", "one");
  EXPECT_EQ(text(cache, key), "one");
  EXPECT_TRUE(cache.contains(key, "unit"));
  EXPECT_FALSE(cache.contains(key, "result"));
  EXPECT_EQ(text(cache, other), "(none)");
  cache.write(key, "unit", "another");
  EXPECT_EQ(text(Cache(tree.path("made/for/it"), 0), key), "another");
  EXPECT_FALSE(cache.hasWriteFailed());
}

TEST(CacheTest, TrimmingTakesWhatIsOldest) {
  TemporaryTree tree;
  Cache cache(tree.path(), 350);
  std::vector<std::string> keys;
  auto now = std::chrono::system_clock::now();
  for (int n = 0; n < 5; ++n) {
    keys.push_back(CacheKey("k").add(uint64_t(n)).str());
    cache.write(keys[n], "unit", std::string(100, 'x'));
    int fd;
    std::string path =
        tree.path(keys[n].substr(0, 2) + "/" + keys[n].substr(2) + ".unit");
    ASSERT_FALSE(llvm::sys::fs::openFileForWrite(
        path, fd, llvm::sys::fs::CD_OpenExisting, llvm::sys::fs::OF_Append));
    ASSERT_FALSE(llvm::sys::fs::setLastAccessAndModificationTime(
        fd, now - std::chrono::hours(10 - n)));
    llvm::sys::Process::SafelyCloseFileDescriptor(fd);
  }
  // Used again: no longer the oldest.
  EXPECT_NE(text(cache, keys[0]), "(none)");
  cache.trim();
  for (int n = 0; n < 5; ++n)
    EXPECT_EQ(cache.contains(keys[n], "unit"), n == 0 || n == 3 || n == 4) << n;
}

TEST(CacheTest, ADirectoryThatCannotBe) {
  TemporaryTree tree;
  tree.write("file", "");
  Cache cache(tree.path("file/inside"), 1 << 20);
  EXPECT_FALSE(cache.isUsable());
  cache.write(CacheKey("a").str(), "unit", "one");
  EXPECT_EQ(text(cache, CacheKey("a").str()), "(none)");
  cache.trim();
}

std::vector<AnalysisResult> sample() {
  std::vector<AnalysisResult> results(2);
  contract::Finding f;
  f.rule = contract::RuleId(1);
  f.where = {"/a.c", 3, 4, 3, 9};
  f.function = "F";
  f.message = "wrong";
  f.path.push_back({contract::PathStep::Kind::Final, f.where, "here", "F", 2});
  results[0].findings.push_back(f);
  results[1].coverage.functionsDefined = 4;
  results[1].coverage.limited.push_back({"F", f.where, "too large"});
  results[1].coverage.unknownCallees["Other"] = 7;
  results[1].stats.statesVisited = uint64_t(1) << 40;
  results[1].facts.mainFile = "/a.c";
  results[1].facts.closed.push_back({"G", f.where});
  results[1].facts.entries[{"F", f.where}] = {"DRIVER_DISPATCH"};
  results[1].facts.kept.push_back({"_R::Mdl", f});
  return results;
}

TEST(StoredResultTest, ComesBackAsItWas) {
  contract::RuleSet rules = contract::RuleSet::shipped();
  std::string bytes = store(sample());
  auto back = readStoredResults(bytes, rules);
  ASSERT_TRUE(back);
  EXPECT_EQ(store(*back), bytes);
  ASSERT_EQ(back->size(), 2u);
  EXPECT_EQ((*back)[0].findings[0].path[0].depth, 2u);
  EXPECT_EQ((*back)[1].coverage.unknownCallees.at("Other"), 7u);
  EXPECT_EQ((*back)[1].facts.closed[0].name, "G");
  EXPECT_EQ((*back)[1].facts.kept[0].finding.message, "wrong");
}

TEST(StoredResultTest, IsNeverTrusted) {
  contract::RuleSet rules = contract::RuleSet::shipped();
  std::string good = store(sample());
  for (size_t size = 0; size < good.size(); ++size)
    ASSERT_FALSE(
        readStoredResults(llvm::StringRef(good).take_front(size), rules));
  std::vector<AnalysisResult> wrongRule = sample();
  wrongRule[0].findings[0].rule = contract::RuleId(100000);
  EXPECT_FALSE(readStoredResults(store(wrongRule), rules));
  std::vector<AnalysisResult> noPath = sample();
  noPath[1].facts.kept[0].finding.path.clear();
  EXPECT_FALSE(readStoredResults(store(noPath), rules));
  std::string payload = unsealed("mdRE", kStoredResultVersion, good)->str();
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = payload;
    for (int n = 0; n < 2; ++n)
      bytes[random() % bytes.size()] = char(random());
    if (auto read = readStoredResults(
            sealed("mdRE", kStoredResultVersion, bytes), rules))
      for (const AnalysisResult &result : *read)
        for (const contract::Finding &finding : result.findings)
          ASSERT_LT(finding.rule.value, rules.rules.size());
  }
}

} // namespace
