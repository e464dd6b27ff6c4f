//===-- CompileDatabaseTest.cpp ---------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TemporaryTree.h"
#include "frontend/Frontend.h"

#include "llvm/ADT/StringRef.h"

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

using Strings = std::vector<std::string>;

class CompileDatabaseTest : public testing::Test {
protected:
  std::vector<CompileJob> load(llvm::StringRef text) {
    tree.write("compile_commands.json", text);
    auto jobs = loadCompileDatabase(tree.path());
    if (!jobs) {
      ADD_FAILURE() << llvm::toString(jobs.takeError());
      return {};
    }
    return *jobs;
  }
  std::string errorOf(llvm::StringRef text) {
    tree.write("compile_commands.json", text);
    auto jobs = loadCompileDatabase(tree.path());
    return jobs ? "" : llvm::toString(jobs.takeError());
  }

  TemporaryTree tree;
};

TEST_F(CompileDatabaseTest, KeepsOrderAndDropsRepetitions) {
  std::vector<CompileJob> jobs = load(R"([
    {"directory": "/b", "file": "z.c", "arguments": ["clang", "-c", "z.c"]},
    {"directory": "/b", "file": "a.c", "arguments": ["clang", "-c", "a.c"]},
    {"directory": "/b", "file": "z.c", "arguments": ["clang", "-c", "z.c"]},
    {"directory": "/b", "file": "z.c", "arguments": ["clang", "-DX", "z.c"]}
  ])");
  ASSERT_EQ(jobs.size(), 3u);
  EXPECT_EQ(jobs[0].file, "z.c");
  EXPECT_EQ(jobs[0].directory, "/b");
  EXPECT_EQ(jobs[1].file, "a.c");
  EXPECT_EQ(jobs[2].arguments, (Strings{"clang", "-DX", "z.c"}));
}

TEST_F(CompileDatabaseTest, SplitsCommandsAsTheirHostQuotesThem) {
  std::vector<CompileJob> jobs = load(R"([
    {"directory": "/b", "file": "a.c",
     "command": "gcc -DS=\\\"x\\\" '-DT=a b' -Iinc\\ dir -c a.c"},
    {"directory": "C:\\src", "file": "C:\\src\\a.c",
     "command": "\"C:\\Program Files\\VC\\cl.exe\" /IC:\\inc\\sub /DS=\\\"x\\\" /c a.c"}
  ])");
  ASSERT_EQ(jobs.size(), 2u);
  EXPECT_EQ(jobs[0].arguments,
            (Strings{"gcc", "-DS=\"x\"", "-DT=a b", "-Iinc dir", "-c", "a.c"}));
  EXPECT_EQ(jobs[1].arguments,
            (Strings{"C:\\Program Files\\VC\\cl.exe", "/IC:\\inc\\sub",
                     "/DS=\"x\"", "/c", "a.c"}));
}

TEST_F(CompileDatabaseTest, LeavesOtherLanguagesOut) {
  std::vector<CompileJob> jobs = load(R"([
    {"directory": "/b", "file": "a.S", "command": "gcc -c a.S"},
    {"directory": "/b", "file": "a.rc", "command": "windres a.rc"},
    {"directory": "/b", "file": "a.asm", "command": "ml64 a.asm"},
    {"directory": "/b", "file": "a.cpp", "command": "g++ -c a.cpp"}
  ])");
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].file, "a.cpp");
}

TEST_F(CompileDatabaseTest, TakesRelativeDirectoriesFromTheDatabase) {
  std::vector<CompileJob> jobs = load(R"([
    {"directory": "sub/../out", "file": "a.c", "command": "cc -c a.c"},
    {"file": "b.c", "command": "cc -c b.c"}
  ])");
  ASSERT_EQ(jobs.size(), 2u);
  EXPECT_EQ(jobs[0].directory, tree.path("out"));
  EXPECT_EQ(jobs[1].directory, tree.path());
}

TEST_F(CompileDatabaseTest, ErrorsSayWhatToDo) {
  auto missing = loadCompileDatabase(tree.path("nowhere"));
  ASSERT_FALSE(missing);
  std::string message = llvm::toString(missing.takeError());
  EXPECT_NE(message.find("no compile_commands.json in"), std::string::npos);
  EXPECT_NE(message.find("CMAKE_EXPORT_COMPILE_COMMANDS"), std::string::npos);
  EXPECT_NE(message.find("'--'"), std::string::npos);

  message = errorOf("[\n{\"file\": }\n]");
  EXPECT_NE(message.find("compile_commands.json:2:"), std::string::npos)
      << message;
  EXPECT_NE(message.find("not a compile database"), std::string::npos);

  EXPECT_NE(errorOf("{}").find("expected an array"), std::string::npos);
  EXPECT_NE(errorOf("[1]").find("entry 1 is not an object"), std::string::npos);
  EXPECT_NE(errorOf(R"([{"file": "a.c"}])")
                .find("has neither 'command' nor 'arguments'"),
            std::string::npos);
  EXPECT_NE(errorOf(R"([{"command": "cc"}])").find("has no 'file'"),
            std::string::npos);
}

TEST_F(CompileDatabaseTest, FindsTheNextDatabaseAbove) {
  tree.write("compile_commands.json", "[]");
  std::string deep = tree.write("sys/deep/a.c", "");
  EXPECT_EQ(findCompileDatabase(deep), tree.path());
  tree.write("sys/build/compile_commands.json", "[]");
  EXPECT_EQ(findCompileDatabase(deep), tree.path("sys/build"));
  tree.write("sys/deep/compile_commands.json", "[]");
  EXPECT_EQ(findCompileDatabase(deep), tree.path("sys/deep"));
}

TEST_F(CompileDatabaseTest, JobsForListedFilesHoweverTheyAreNamed) {
  tree.write("src/a.c", "");
  std::vector<CompileJob> jobs = {
      {tree.path("src"), "a.c", {"clang", "-DONE", "a.c"}},
      {tree.path("src"), "b.c", {"clang", "b.c"}},
      {tree.path("out"), "../src/a.c", {"clang", "-DTWO", "../src/a.c"}}};
  std::vector<CompileJob> found = jobsFor(jobs, tree.path("src/./a.c"));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].arguments[1], "-DONE");
  EXPECT_EQ(found[1].arguments[1], "-DTWO");

  ASSERT_FALSE(llvm::sys::fs::create_link(tree.path("src"), tree.path("link")));
  EXPECT_EQ(jobsFor(jobs, tree.path("link/a.c")).size(), 2u);
  EXPECT_TRUE(jobsFor({}, "a.c").empty());
}

TEST_F(CompileDatabaseTest, HeadersTakeTheMostAlikeCommand) {
  std::string header = tree.write("net/queue.h", "int nothing;\n"
                                                 "#ifndef NET\n#error\n"
                                                 "#endif\n");
  std::vector<CompileJob> jobs = {
      {tree.path(),
       tree.path("disk/disk.c"),
       {"clang", "-DDISK", "-c", tree.path("disk/disk.c")}},
      {tree.path(),
       tree.path("net/queue.c"),
       {"clang", "-DNET", "-c", tree.path("net/queue.c")}}};
  std::vector<CompileJob> found = jobsFor(jobs, header);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].file, header);
  EXPECT_EQ(
      std::count(found[0].arguments.begin(), found[0].arguments.end(), "-DNET"),
      1);
  ParsedUnit parsed = parse(found[0], {});
  EXPECT_FALSE(parsed.unusable);
  EXPECT_FALSE(parsed.hadErrors);
}

TEST(FixedJobTest, TakesFlagsOrAWholeCommand) {
  EXPECT_EQ(fixedJob("a.c", {"-DX"}).arguments,
            (Strings{"clang", "-DX", "--", "a.c"}));
  EXPECT_EQ(fixedJob("a.c", {"clang-cl", "/kernel"}).arguments,
            (Strings{"clang-cl", "/kernel", "--", "a.c"}));
  EXPECT_FALSE(fixedJob("a.c", {}).directory.empty());
}

} // namespace
