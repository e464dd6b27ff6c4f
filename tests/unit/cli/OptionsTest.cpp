//===-- OptionsTest.cpp -----------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/Options.h"
#include "TemporaryTree.h"

using namespace mdlcheck;
using namespace mdlcheck::cli;

namespace {

using Strings = std::vector<std::string>;

Options parse(const Strings &arguments) {
  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  auto options = parseOptions(pointers);
  if (!options) {
    ADD_FAILURE() << llvm::toString(options.takeError());
    return {};
  }
  return std::move(*options);
}

/// What is wrong with `arguments`; empty when nothing is.
std::string errorOf(const Strings &arguments) {
  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  auto options = parseOptions(pointers);
  return options ? "" : llvm::toString(options.takeError());
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

TEST(OptionsTest, DefaultsAreThoseOfTheHelp) {
  Options options = parse({});
  EXPECT_EQ(options.input.files, Strings());
  EXPECT_EQ(options.input.buildDir, "");
  EXPECT_FALSE(options.input.hasFlags);
  EXPECT_EQ(options.format, report::Format::Text);
  EXPECT_EQ(options.output, "");
  EXPECT_EQ(options.policy.rules, std::nullopt);
  EXPECT_EQ(options.contractFiles, Strings());
  EXPECT_EQ(options.policy.failOn, std::nullopt);
  EXPECT_EQ(options.threads, 0u);
  EXPECT_EQ(options.color, Choice::Auto);
  EXPECT_EQ(options.explain, "");
}

TEST(OptionsTest, FlagsSetWhatTheyNameAndNothingElse) {
  const std::vector<std::pair<std::string, bool Options::*>> flags{
      {"coverage", &Options::coverage},
      {"stats", &Options::stats},
      {"quiet", &Options::quiet},
      {"no-cache", &Options::noCache},
      {"dump-ir", &Options::dumpIr},
      {"dump-config", &Options::dumpConfig},
      {"unused-suppressions", &Options::unusedSuppressions},
      {"list-rules", &Options::listRules},
      {"help", &Options::help},
      {"h", &Options::help},
      {"version", &Options::version}};
  for (const auto &[name, member] : flags)
    for (const char *dashes : {"-", "--"}) {
      Options options = parse({dashes + name});
      for (const auto &[other, otherMember] : flags)
        EXPECT_EQ(options.*otherMember, member == otherMember)
            << dashes << name << " " << other;
    }
}

TEST(OptionsTest, ValuesStandBehindAnEqualsSignOrInTheNextArgument) {
  for (const Strings &spelled : {Strings{"--format=json"},
                                 {"-format=json"},
                                 {"--format", "json"},
                                 {"-format", "json"}}) {
    Options options = parse(spelled);
    EXPECT_EQ(options.format, report::Format::Json) << spelled.front();
    EXPECT_EQ(options.input.files, Strings()) << spelled.front();
  }
  // Only the first '=' ends the name.
  EXPECT_EQ(parse({"-o=a=b"}).output, "a=b");
  EXPECT_EQ(parse({"--contracts", "x=y.yaml"}).contractFiles,
            Strings{"x=y.yaml"});
}

TEST(OptionsTest, Format) {
  EXPECT_EQ(parse({"--format=text"}).format, report::Format::Text);
  EXPECT_EQ(parse({"--format=sarif"}).format, report::Format::Sarif);
  EXPECT_EQ(parse({"--format=json"}).format, report::Format::Json);
  EXPECT_EQ(errorOf({"--format=JSON"}),
            "invalid value 'JSON' for --format; it takes text, sarif, "
            "json, github, gitlab or html");
}

TEST(OptionsTest, FailOn) {
  EXPECT_EQ(parse({"--fail-on=none"}).policy.failOn,
            std::optional<report::FailOn>(report::FailOn()));
  EXPECT_EQ(parse({"--fail-on=note"}).policy.failOn, contract::Severity::Note);
  EXPECT_EQ(parse({"--fail-on=error", "--fail-on=warning"}).policy.failOn,
            contract::Severity::Warning);
  EXPECT_EQ(parse({"--fail-on=error"}).policy.failOn,
            contract::Severity::Error);
  EXPECT_EQ(errorOf({"--fail-on=never"}),
            "invalid value 'never' for --fail-on; it takes none, note, warning "
            "or error");
}

TEST(OptionsTest, Color) {
  EXPECT_EQ(parse({"--color=always"}).color, Choice::Always);
  EXPECT_EQ(parse({"--color=never"}).color, Choice::Never);
  EXPECT_EQ(parse({"--color=never", "--color=auto"}).color, Choice::Auto);
  EXPECT_EQ(errorOf({"--color=yes"}),
            "invalid value 'yes' for --color; it takes auto, always or never");
}

TEST(OptionsTest, Threads) {
  for (const Strings &spelled :
       {Strings{"-j4"}, {"-j=4"}, {"-j", "4"}, {"--j=4"}})
    EXPECT_EQ(parse(spelled).threads, 4u) << spelled.front();
  EXPECT_EQ(parse({"-j4", "-j0"}).threads, 0u);
  EXPECT_EQ(parse({"-j1024"}).threads, 1024u);
  for (const char *value : {"1025", "99999999999", "-1", "many", "4x", "0x4"})
    EXPECT_EQ(errorOf({"-j", value}),
              "invalid value '" + std::string(value) +
                  "' for -j; it takes a number of threads up to 1024, 0 for "
                  "one a processor");
}

TEST(OptionsTest, ValuesThatAreTakenAsTheyAre) {
  Options options =
      parse({"-p", "out", "-o", "-", "--rules=mdl-*,-mdl-leak", "--explain",
             "mdl-leak", "--contracts=b.yaml", "--contracts=a.yaml"});
  EXPECT_EQ(options.input.buildDir, "out");
  EXPECT_EQ(options.output, "-");
  EXPECT_EQ(options.policy.rules, "mdl-*,-mdl-leak");
  EXPECT_EQ(options.explain, "mdl-leak");
  // In the order given: a later file replaces what an earlier one says.
  EXPECT_EQ(options.contractFiles, (Strings{"b.yaml", "a.yaml"}));
}

TEST(OptionsTest, OfOneOptionTheLastCounts) {
  Options options =
      parse({"--format=sarif", "-p=one", "-o", "x", "--rules=a", "--explain=a",
             "--format=json", "-p=two", "-o", "y", "--rules=b", "--explain=b"});
  EXPECT_EQ(options.format, report::Format::Json);
  EXPECT_EQ(options.input.buildDir, "two");
  EXPECT_EQ(options.output, "y");
  EXPECT_EQ(options.policy.rules, "b");
  EXPECT_EQ(options.explain, "b");
}

//===----------------------------------------------------------------------===//
// Files and flags
//===----------------------------------------------------------------------===//

TEST(OptionsTest, FilesStandAnywhereBeforeTheFlags) {
  Options options = parse({"b.c", "--quiet", "a.c", "-j", "2", "b.c"});
  EXPECT_EQ(options.input.files, (Strings{"b.c", "a.c", "b.c"}));
  EXPECT_TRUE(options.quiet);
  EXPECT_FALSE(options.input.hasFlags);
  EXPECT_EQ(options.input.flags, Strings());
}

TEST(OptionsTest, WhatFollowsTwoDashesIsTheCompilers) {
  Options options =
      parse({"a.c", "--", "--quiet", "-p", "", "--", "b.c", "--format=xml"});
  EXPECT_EQ(options.input.files, Strings{"a.c"});
  EXPECT_TRUE(options.input.hasFlags);
  EXPECT_EQ(options.input.flags,
            (Strings{"--quiet", "-p", "", "--", "b.c", "--format=xml"}));
  EXPECT_FALSE(options.quiet);
  EXPECT_EQ(options.input.buildDir, "");

  options = parse({"a.c", "--"});
  EXPECT_TRUE(options.input.hasFlags);
  EXPECT_EQ(options.input.flags, Strings());
}

TEST(OptionsTest, WhatIsNoFile) {
  EXPECT_EQ(errorOf({""}), "an empty file name was given");
  EXPECT_EQ(errorOf({"-"}), "source cannot be read from standard input; give "
                            "the name of a file");
  EXPECT_EQ(errorOf({"no such@file.c"}), "");
}

//===----------------------------------------------------------------------===//
// Mistakes
//===----------------------------------------------------------------------===//

TEST(OptionsTest, MissingValues) {
  EXPECT_EQ(
      errorOf({"--format"}),
      "--format needs a value: --format=text|sarif|json|github|gitlab|html");
  EXPECT_EQ(errorOf({"a.c", "-p"}), "-p needs a value: -p BUILD_DIR");
  EXPECT_EQ(errorOf({"-o"}), "-o needs a value: -o FILE");
  // The flags are nobody's value.
  EXPECT_EQ(errorOf({"a.c", "--rules", "--", "-DX"}),
            "--rules needs a value: --rules=LIST");
  EXPECT_EQ(errorOf({"--rules="}),
            "--rules was given an empty value; it needs LIST");
  EXPECT_EQ(errorOf({"-p", ""}),
            "-p was given an empty value; it needs BUILD_DIR");
}

TEST(OptionsTest, ValuesNobodyAskedFor) {
  EXPECT_EQ(errorOf({"--quiet=yes"}), "--quiet takes no value");
  EXPECT_EQ(errorOf({"-stats="}), "--stats takes no value");
  EXPECT_EQ(errorOf({"-h=1"}), "--help takes no value");
}

TEST(OptionsTest, UnknownOptionsNameTheNearest) {
  const std::string elsewhere = "; mdlcheck --help lists the options (compiler "
                                "flags go after '--')";
  EXPECT_EQ(errorOf({"--fromat=json"}),
            "unknown option '--fromat=json'; did you mean '--format'?");
  EXPECT_EQ(errorOf({"-dumpir"}),
            "unknown option '-dumpir'; did you mean '--dump-ir'?");
  EXPECT_EQ(errorOf({"---format=json"}),
            "unknown option '---format=json'; did you mean '--format'?");
  for (std::string option : {"--zebra", "-Wall", "-DX=1", "--=x", "--J", "-x"})
    EXPECT_EQ(errorOf({option}), "unknown option '" + option + "'" + elsewhere);
}

TEST(OptionsTest, OnlyTheNumberOfThreadsFollowsWithoutASpace) {
  for (std::string option : {"-output", "-pbuild", "-jx", "--j4", "-hq"})
    EXPECT_EQ(errorOf({option}).find("unknown option '" + option + "'"), 0u)
        << option;
  EXPECT_EQ(errorOf({"-j4x"}).find("invalid value '4x' for -j"), 0u);
}

TEST(OptionsTest, TheFirstMistakeIsReported) {
  EXPECT_EQ(errorOf({"--color=blue", "--zebra"}).find("invalid value 'blue'"),
            0u);
}

//===----------------------------------------------------------------------===//
// Response files
//===----------------------------------------------------------------------===//

TEST(OptionsTest, ResponseFilesHoldAnything) {
  TemporaryTree tree;
  std::string inner = tree.write("inner", "--quiet\n'a file.c'\n");
  std::string outer =
      tree.write("outer", "@" + inner + " --format=json -- -DX=\\\"1\\\"\n");
  Options options = parse({"b.c", "@" + outer, "-DY"});
  EXPECT_EQ(options.input.files, (Strings{"b.c", "a file.c"}));
  EXPECT_TRUE(options.quiet);
  EXPECT_EQ(options.format, report::Format::Json);
  EXPECT_EQ(options.input.flags, (Strings{"-DX=\"1\"", "-DY"}));
}

TEST(OptionsTest, ResponseFilesOfTheCompiler) {
  TemporaryTree tree;
  std::string flags = tree.write("flags", "-DX -DY");
  EXPECT_EQ(parse({"a.c", "--", "@" + flags, "-DZ"}).input.flags,
            (Strings{"-DX", "-DY", "-DZ"}));
  // One that is not there is for the compiler to complain about.
  EXPECT_EQ(parse({"a.c", "--", "@" + tree.path("none")}).input.flags,
            Strings{"@" + tree.path("none")});
}

TEST(OptionsTest, BadResponseFiles) {
  TemporaryTree tree;
  EXPECT_EQ(errorOf({"@" + tree.path("none")}),
            tree.path("none") + ": no such response file");
  std::string self = tree.path("self");
  tree.write("self", "@" + self);
  EXPECT_EQ(errorOf({"@" + self}),
            "response file: recursive expansion of: '" + self + "'");
  EXPECT_EQ(errorOf({"@" + tree.path()}).find("response file: "), 0u);
  tree.write("bad", "--format=xml");
  EXPECT_EQ(errorOf({"@" + tree.path("bad")}),
            "invalid value 'xml' for --format; it takes text, sarif, "
            "json, github, gitlab or html");
}

//===----------------------------------------------------------------------===//
// Help
//===----------------------------------------------------------------------===//

TEST(OptionsTest, CacheSizesHaveUnits) {
  EXPECT_EQ(parse({"--cache-size=0"}).cacheBytes, 0u);
  EXPECT_EQ(parse({"--cache-size=1234"}).cacheBytes, 1234u);
  EXPECT_EQ(parse({"--cache-size=3k"}).cacheBytes, 3072u);
  EXPECT_EQ(parse({"--cache-size", "5M"}).cacheBytes, 5242880u);
  EXPECT_EQ(parse({"--cache-size=2G"}).cacheBytes, uint64_t(2) << 30);
  for (const char *wrong : {"M", "-1", "1T", "1.5G", "18446744073709551615G"})
    EXPECT_EQ(errorOf({std::string("--cache-size=") + wrong}),
              "invalid value '" + std::string(wrong) +
                  "' for --cache-size; it takes a number of bytes, with K, M "
                  "or G for larger units");
  EXPECT_EQ(parse({"--cache=some/dir"}).cacheDirectory, "some/dir");
}

TEST(HelpTest, ShowsEveryOptionOnLinesThatFitATerminal) {
  std::string help;
  llvm::raw_string_ostream os(help);
  printHelp(os);
  for (const char *option :
       {"-p BUILD_DIR", "--format=text|sarif|json|github|gitlab|html",
        "-o FILE", "--rules=LIST", "--contracts=FILE",
        "--fail-on=none|note|warning|error", "-j N", "--cache=DIR",
        "--cache-size=BYTES", "--no-cache", "--coverage", "--stats", "--quiet",
        "--color=auto|always|never", "--list-rules", "--explain=RULE",
        "--dump-ir", "--version", "--help"})
    EXPECT_NE(help.find("\n  " + std::string(option)), std::string::npos)
        << option;
  llvm::SmallVector<llvm::StringRef, 64> lines;
  llvm::StringRef(help).split(lines, '\n');
  for (llvm::StringRef line : lines) {
    EXPECT_LE(line.size(), 80u) << line.str();
    EXPECT_EQ(line, line.rtrim()) << line.str();
  }
}

} // namespace
