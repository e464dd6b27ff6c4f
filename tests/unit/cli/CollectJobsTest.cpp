//===-- CollectJobsTest.cpp -------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TemporaryTree.h"
#include "cli/Driver.h"

#include <sys/stat.h>
#include <unistd.h>

using namespace mdlcheck;
using namespace mdlcheck::cli;
using frontend::CompileJob;

namespace {

using Strings = std::vector<std::string>;

class CollectJobsTest : public testing::Test {
protected:
  CollectJobsTest() { input.workingDirectory = tree.path(); }

  /// "directory: arguments" for each job, without the tree's own name.
  Strings jobs() {
    auto collected = collectJobs(input);
    if (!collected) {
      ADD_FAILURE() << llvm::toString(collected.takeError());
      return {};
    }
    Strings lines;
    for (const CompileJob &job : *collected) {
      std::string line = job.directory + ":";
      for (const std::string &argument : job.arguments)
        line += " " + argument;
      lines.push_back(withoutTree(std::move(line)));
      EXPECT_EQ(job.arguments.back(), job.file);
    }
    return lines;
  }
  std::string error() {
    auto collected = collectJobs(input);
    return collected ? "" : withoutTree(llvm::toString(collected.takeError()));
  }
  std::string withoutTree(std::string text) const {
    for (size_t at = 0; (at = text.find(tree.path(), at)) != text.npos;)
      text.replace(at, tree.path().size(), "TREE");
    return text;
  }
  /// A database in `folder`, an entry a flag and file: {"-DX", "a.c"}.
  void database(llvm::StringRef folder,
                std::vector<std::pair<std::string, std::string>> entries) {
    std::string text;
    for (const auto &[flag, file] : entries) {
      text += text.empty() ? "[" : ",";
      text += R"({"directory": ")" + tree.path() + R"(", "file": ")" + file +
              R"(", "arguments": ["clang", ")" + flag + R"(", ")" + file +
              R"("]})";
    }
    tree.write((folder + "/compile_commands.json").str(), text + "]");
  }
  /// Databases above count, and temporary directories lie where they lie.
  bool isBelowADatabase() const {
    return !frontend::findCompileDatabase(tree.path("a.c")).empty();
  }

  TemporaryTree tree;
  Input input;
};

//===----------------------------------------------------------------------===//
// Flags
//===----------------------------------------------------------------------===//

TEST_F(CollectJobsTest, FlagsAreThoseOfEveryFile) {
  tree.write("b.c", "");
  std::string a = tree.write("src/a.c", "");
  input = {{"b.c", a}, "", true, {"-DX", "-DY"}, tree.path()};
  EXPECT_EQ(jobs(), (Strings{"TREE: clang -DX -DY -- b.c",
                             "TREE: clang -DX -DY -- TREE/src/a.c"}));
  input.flags.clear();
  input.files = {"src/a.c"};
  EXPECT_EQ(jobs(), Strings{"TREE: clang -- src/a.c"});
}

TEST_F(CollectJobsTest, FlagsTakeThePlaceOfADatabase) {
  tree.write("a.c", "");
  database("", {{"-DBASE", "a.c"}});
  input.files = {"a.c"};
  EXPECT_EQ(jobs(), Strings{"TREE: clang -DBASE a.c"});
  input.hasFlags = true;
  EXPECT_EQ(jobs(), Strings{"TREE: clang -- a.c"});
  input.buildDir = tree.path("nowhere");
  EXPECT_EQ(jobs(), Strings{"TREE: clang -- a.c"});
}

TEST_F(CollectJobsTest, FlagsNeedFiles) {
  input.hasFlags = true;
  input.flags = {"-DX"};
  EXPECT_EQ(error(), "compiler flags after '--' need source files before it: "
                     "mdlcheck FILE... -- FLAGS");
}

TEST_F(CollectJobsTest, AFileIsTakenOnceHoweverItIsNamed) {
  tree.write("src/a.c", "");
  tree.write("src/b.c", "");
  input.files = {"src/a.c", "src/b.c", "src/a.c", "src/../src/./a.c",
                 tree.path("src/b.c")};
  input.hasFlags = true;
  EXPECT_EQ(jobs(),
            (Strings{"TREE: clang -- src/a.c", "TREE: clang -- src/b.c"}));

  input.hasFlags = false;
  database("", {{"-DX", "src/b.c"}, {"-DX", "src/a.c"}});
  EXPECT_EQ(jobs(),
            (Strings{"TREE: clang -DX src/a.c", "TREE: clang -DX src/b.c"}));
}

//===----------------------------------------------------------------------===//
// Files that cannot be analysed
//===----------------------------------------------------------------------===//

TEST_F(CollectJobsTest, WhatIsNoReadableFile) {
  tree.write("src/a.c", "");
  ASSERT_EQ(mkfifo(tree.path("pipe.c").c_str(), 0600), 0);
  for (bool hasFlags : {false, true}) {
    input.hasFlags = hasFlags;
    input.files = {"src/a.c", "none.c"};
    EXPECT_EQ(error(), "none.c: no such file");
    input.files = {"src"};
    EXPECT_EQ(error(), "src: is a directory; name source files, or the build "
                       "directory with -p to analyse all of its files");
    input.files = {"pipe.c"};
    EXPECT_EQ(error(), "pipe.c: is not a regular file");
    input.files = {"src/a.c/b.c"};
    EXPECT_EQ(error(), "src/a.c/b.c: Not a directory");
  }
  // The tree removes files and folders only.
  EXPECT_EQ(unlink(tree.path("pipe.c").c_str()), 0);
}

TEST_F(CollectJobsTest, WhatMayNotBeRead) {
  if (geteuid() == 0)
    GTEST_SKIP() << "root may read everything";
  std::string a = tree.write("a.c", "");
  ASSERT_EQ(chmod(a.c_str(), 0), 0);
  input.files = {"a.c"};
  input.hasFlags = true;
  EXPECT_EQ(error(), "a.c: cannot be read: Permission denied");
}

//===----------------------------------------------------------------------===//
// Databases
//===----------------------------------------------------------------------===//

TEST_F(CollectJobsTest, WithoutFilesAllOfTheDatabase) {
  const Strings all{"TREE: clang -DX z.c", "TREE: clang -DX a.c"};
  database("build", {{"-DX", "z.c"}, {"-DX", "a.c"}, {"-DX", "z.c"}});
  EXPECT_EQ(jobs(), all);
  for (std::string named :
       {tree.path("build"), tree.path("build/compile_commands.json"),
        std::string("build"), std::string("./build/../build/")}) {
    input.buildDir = named;
    EXPECT_EQ(jobs(), all) << named;
  }
  // From a folder below, as from the one it lies in.
  input.buildDir = "";
  tree.write("src/deep/a.c", "");
  input.workingDirectory = tree.path("src/deep");
  EXPECT_EQ(jobs(), all);
  input.buildDir = "../../build";
  EXPECT_EQ(jobs(), all);
}

TEST_F(CollectJobsTest, FilesInTheirOrderWithAllOfTheirCommands) {
  tree.write("a.c", "");
  tree.write("b.c", "");
  database("",
           {{"-DONE", "b.c"}, {"-DX", "a.c"}, {"-DTWO", "b.c"}, {"", "c.c"}});
  input.files = {"b.c", "a.c"};
  EXPECT_EQ(jobs(), (Strings{"TREE: clang -DONE b.c", "TREE: clang -DTWO b.c",
                             "TREE: clang -DX a.c"}));
}

TEST_F(CollectJobsTest, EachFileHasTheDatabaseNextAboveIt) {
  tree.write("one/a.c", "");
  tree.write("two/src/a.c", "");
  database("one", {{"-DONE", "one/a.c"}});
  database("two/build", {{"-DTWO", "two/src/a.c"}});
  database("all", {{"-DALL", "one/a.c"}, {"-DALL", "two/src/a.c"}});
  input.files = {"one/a.c", "two/src/a.c"};
  EXPECT_EQ(jobs(), (Strings{"TREE: clang -DONE one/a.c",
                             "TREE: clang -DTWO two/src/a.c"}));
  input.buildDir = "all";
  EXPECT_EQ(jobs(), (Strings{"TREE: clang -DALL one/a.c",
                             "TREE: clang -DALL two/src/a.c"}));
}

TEST_F(CollectJobsTest, NoDatabaseInTheFolderThatWasNamed) {
  tree.write("a.c", "");
  database("", {{"-DX", "a.c"}});
  input.buildDir = "out";
  const std::string none = "no compile_commands.json in 'TREE/out'";
  EXPECT_EQ(error().substr(0, none.size()), none);
  input.files = {"a.c"};
  EXPECT_EQ(error().substr(0, none.size()), none);
  input.buildDir = ".";
  EXPECT_EQ(jobs(), Strings{"TREE: clang -DX a.c"});
}

TEST_F(CollectJobsTest, NoDatabaseAnywhere) {
  if (isBelowADatabase())
    GTEST_SKIP() << "there is a compile database above " << tree.path();
  tree.write("a.c", "");
  input.files = {"a.c"};
  EXPECT_EQ(error(),
            "a.c: no compile_commands.json in the directories above it; give "
            "the directory that has one with -p, or the compiler's flags "
            "after '--'");
  input.files.clear();
  EXPECT_EQ(error(),
            "no files given, and no compile_commands.json in this directory, "
            "its build/ or above; give the directory that has one with -p, or "
            "FILE... -- FLAGS");
}

TEST_F(CollectJobsTest, DatabasesWithoutSources) {
  tree.write("a.c", "");
  const std::string empty =
      "TREE: the compile database here lists no C or C++ files; build the "
      "driver with the database switched on, or give FILE... -- FLAGS";
  for (const char *text :
       {"[]",
        R"([{"directory": "/", "file": "a.asm", "command": "ml a.asm"}])"})
    for (Strings files : {Strings{}, Strings{"a.c"}}) {
      tree.write("compile_commands.json", text);
      input.files = files;
      EXPECT_EQ(error(), empty) << text;
    }
  tree.write("compile_commands.json", "[\n1,\n}");
  EXPECT_EQ(error().find("TREE/compile_commands.json:3: not a compile "
                         "database: "),
            0u)
      << error();
}

//===----------------------------------------------------------------------===//
// Symbolic links
//===----------------------------------------------------------------------===//

// As in a shell that went through a link: "../other" lies beside the folder,
// not beside the link to it.
TEST_F(CollectJobsTest, TheParentOfALinkIsThatOfItsTarget) {
  tree.write("data/other/a.c", "");
  tree.write("data/project/b.c", "");
  tree.write("home/c.c", "");
  ASSERT_FALSE(llvm::sys::fs::create_link(tree.path("data/project"),
                                          tree.path("home/link")));
  input.workingDirectory = tree.path("home/link");
  input.hasFlags = true;
  // Names that mean the same both ways stay as they are.
  input.files = {"../other/a.c", "b.c", "./b.c", tree.path("home/link/b.c")};
  EXPECT_EQ(jobs(), (Strings{"TREE/home/link: clang -- TREE/data/other/a.c",
                             "TREE/home/link: clang -- b.c"}));
  input.files = {"../c.c"};
  EXPECT_EQ(error(), "../c.c: no such file");

  input.hasFlags = false;
  database("data/other", {{"-DX", "data/other/a.c"}});
  input.files = {"../other/a.c"};
  EXPECT_EQ(jobs(), Strings{"TREE: clang -DX data/other/a.c"});
  input.files = {};
  input.buildDir = "../other";
  EXPECT_EQ(jobs(), Strings{"TREE: clang -DX data/other/a.c"});
}

} // namespace
