//===-- SharedHeaderTest.cpp ------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What comes out of a source that begins with a shared header is what comes
// out of it without.
//
//===----------------------------------------------------------------------===//
#include "frontend/SharedHeader.h"
#include "TemporaryTree.h"
#include "ir/Text.h"

#include <map>

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

using Sources = std::map<std::string, std::string>;

std::string describe(const ParsedUnit &parsed) {
  std::string text;
  llvm::raw_string_ostream os(text);
  ir::write(*parsed.unit, os);
  for (const Diagnostic &d : parsed.diagnostics)
    os << d.file << ":" << d.line << ": " << d.message << "\n";
  for (const std::string &input : parsed.inputs)
    os << input << "\n";
  return text;
}

class SharedHeaderTest : public testing::Test {
protected:
  /// Parses all `sources` with and without; returned are those that shared.
  unsigned expectSame(const Sources &sources,
                      std::vector<std::string> flags = {}) {
    flags.insert(flags.begin(), "--target=x86_64-w64-windows-gnu");
    std::vector<CompileJob> jobs;
    for (const auto &[name, text] : sources) {
      jobs.push_back(fixedJob(tree.write(name, text), flags));
      jobs.back().directory = tree.path();
    }
    SharedHeaders shared(jobs);
    unsigned sharing = 0;
    for (const CompileJob &job : jobs) {
      ParsedUnit with = parse(job, options, &shared);
      ParsedUnit without = parse(job, options);
      EXPECT_EQ(describe(with), describe(without)) << job.file;
      EXPECT_EQ(with.hadErrors, without.hadErrors);
      EXPECT_FALSE(without.sharesHeader);
      sharing += with.sharesHeader;
    }
    return sharing;
  }
  /// `count` sources that begin with driver.h.
  static Sources sourcesWith(unsigned count, const std::string &body,
                             const std::string &extension = ".c") {
    Sources sources;
    for (unsigned i = 0; i < count; ++i) {
      std::string n = std::to_string(i);
      sources["file" + n + extension] = "/* " + n +
                                        " */\n#include \"driver.h\"\n"
                                        "int own" +
                                        n + "(int x) {\n" + body + "}\n";
    }
    return sources;
  }

  TemporaryTree tree;
  FrontendOptions options;
};

TEST_F(SharedHeaderTest, LeadingInclude) {
  EXPECT_EQ(leadingInclude("#include \"a.h\"\n"), "\"a.h\"");
  EXPECT_EQ(leadingInclude("// x\n/* y\n */ # include <ntddk.h> // z\n"),
            "<ntddk.h>");
  EXPECT_EQ(leadingInclude("#define X\n#include \"a.h\"\n"), "");
  EXPECT_EQ(leadingInclude("#pragma once\n#include \"a.h\"\n"), "");
  EXPECT_EQ(leadingInclude("int x;\n#include \"a.h\"\n"), "");
  EXPECT_EQ(leadingInclude("#include NAME\n"), "");
  EXPECT_EQ(leadingInclude("#include \"a.h\n"), "");
  EXPECT_EQ(leadingInclude("#\ninclude \"a.h\"\n"), "");
  EXPECT_EQ(leadingInclude(""), "");
}

TEST_F(SharedHeaderTest, Annotations) {
  tree.write("driver.h",
             "#ifndef DRIVER_H\n#define DRIVER_H\n"
             "#define _IRQL_requires_max_(l)\n#define _IRQL_restores_\n"
             "#define _When_(c, a)\n#define MODE 3\n"
             "typedef _IRQL_requires_max_(0) void ROUTINE(int);\n"
             "_When_(Mode == MODE, _IRQL_requires_max_(1))\n"
             "void slow(int Mode, _IRQL_restores_ int Irql);\n"
             "ROUTINE routine;\n"
             "#endif\n");
  Sources sources = sourcesWith(5, "slow(x, 1); routine(x); return x;\n");
  EXPECT_GE(expectSame(sources), 1u);
  ParsedUnit parsed = parse(fixedJob(tree.path() + "/file0.c", {}), options);
  std::string text = describe(parsed);
  EXPECT_NE(text.find("_When_(Mode == 3, _IRQL_requires_max_(1))"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("param:1:_IRQL_restores_"), std::string::npos);
}

TEST_F(SharedHeaderTest, Sections) {
  tree.write("driver.h", "#ifndef DRIVER_H\n#define DRIVER_H\n"
                         "void slow(int x);\n"
                         "#pragma alloc_text(PAGE, slow)\n"
                         "__declspec(code_seg(\"PAGELK\")) void other(int);\n"
                         "#endif\n");
  Sources sources = sourcesWith(5, "slow(x); other(x); return x;\n");
  EXPECT_GE(expectSame(sources, {"-fms-extensions"}), 1u);
  ParsedUnit parsed =
      parse(fixedJob(tree.path() + "/file0.c", {"-fms-extensions"}), options);
  std::string text = describe(parsed);
  EXPECT_NE(text.find("\"section:PAGE\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"section:PAGELK\""), std::string::npos) << text;
}

TEST_F(SharedHeaderTest, InlineFunctionsGlobalsAndTypes) {
  tree.write("inner.h", "typedef struct _BOX { int a; int b : 3; } BOX;\n"
                        "static const int kTable[2] = {4, 5};\n");
  tree.write("driver.h", "#ifndef DRIVER_H\n#define DRIVER_H\n"
                         "#include \"inner.h\"\n"
                         "enum { kLimit = 7 };\n"
                         "static inline int twice(BOX *box, int x) {\n"
                         "  box->a = x; box->b = 1;\n"
                         "  return x * 2 + kTable[1]; }\n"
                         "static inline int unused(int x) { return x; }\n"
                         "int other(int x);\n"
                         "int shared;\n"
                         "#endif\n");
  Sources sources = sourcesWith(
      6, "  BOX box; shared = kLimit;\n  return twice(&box, x) + other(x);\n");
  // The first one of a kind is parsed by itself.
  EXPECT_EQ(expectSame(sources), 5u);
}

TEST_F(SharedHeaderTest, MacrosThatAreCallsInsideAndOutsideOfTheHeader) {
  options.macrosAsCalls = {"TAKE", "DROP"};
  tree.write("driver.h", "#pragma once\n"
                         "#define TAKE(l, o) ((*(o)) = take(l))\n"
                         "#define DROP(l, o) drop((l), (o))\n"
                         "#define BOTH(l, o) do { TAKE(l, o); DROP(l, *(o)); "
                         "} while (0)\n"
                         "int take(int *l); void drop(int *l, int o);\n"
                         "static inline void quick(int *l) {\n"
                         "  int old; TAKE(l, &old); DROP(l, old);\n"
                         "  BOTH(l, &old); }\n");
  EXPECT_EQ(expectSame(sourcesWith(5, "  int old; quick(&x);\n"
                                      "  TAKE(&x, &old); BOTH(&x, &old);\n"
                                      "  DROP(&x, old); return x;\n")),
            4u);
}

TEST_F(SharedHeaderTest, ClassesNamespacesAndTemplates) {
  tree.write(
      "driver.h",
      "#pragma once\n"
      "namespace driver {\n"
      "struct Guard {\n"
      "  explicit Guard(int *p) : p(p) { ++*p; }\n"
      "  ~Guard() { --*p; }\n"
      "  int *p;\n"
      "};\n"
      "template <typename T> T most(T a, T b) { return a < b ? b : a; }\n"
      "inline int counter = 3;\n"
      "}\n"
      "extern \"C\" int outside(int);\n");
  EXPECT_EQ(expectSame(sourcesWith(5,
                                   "  driver::Guard guard(&x);\n"
                                   "  return driver::most(x, outside(x)) + "
                                   "driver::counter;\n",
                                   ".cpp"),
                       {"-std=c++17"}),
            4u);
}

TEST_F(SharedHeaderTest, StructuredExceptionHandlingAndPragmas) {
  tree.write("driver.h", "#pragma once\n"
                         "#pragma pack(push, 1)\n"
                         "typedef struct { char c; int i; } PACKED;\n"
                         "#pragma pack(pop)\n"
                         "void probe(void *);\n"
                         "static __inline int safe(void *p) {\n"
                         "  __try { probe(p); } __except (1) { return -1; }\n"
                         "  return 0; }\n");
  EXPECT_EQ(expectSame(sourcesWith(5, "  PACKED p; p.i = x;\n"
                                      "  __try { probe(&p); } __finally { "
                                      "safe(&p); }\n  return p.i;\n"),
                       {"-fms-extensions"}),
            4u);
}

TEST_F(SharedHeaderTest, TraceFunctionsOfTheHeader) {
  tree.write("driver.h", "#pragma once\n"
                         "// begin_wpp config\n"
                         "// FUNC TraceIt(LEVEL, MSG, ...);\n"
                         "// end_wpp\n");
  Sources sources;
  for (const char *name : {"a", "b", "c", "d", "e"})
    sources[std::string(name) + ".c"] =
        "#include \"driver.h\"\n#include \"" + std::string(name) +
        ".tmh\"\nint f(int x) { TraceIt(LEVEL, \"%d\", x, what); return x; }\n";
  EXPECT_EQ(expectSame(sources), 4u);
}

TEST_F(SharedHeaderTest, ErrorsAreToldAsWithoutIt) {
  tree.write("driver.h", "#pragma once\nint other(int);\n");
  Sources sources = sourcesWith(5, "  return other(x);\n");
  sources["file3.c"] += "int broken(void) { return nowhere; }\n";
  EXPECT_EQ(expectSame(sources), 3u);
}

TEST_F(SharedHeaderTest, AHeaderWithAnErrorIsNotShared) {
  tree.write("driver.h", "#pragma once\nint other(unknown);\n");
  EXPECT_EQ(expectSame(sourcesWith(5, "  return x;\n")), 0u);
}

TEST_F(SharedHeaderTest, AHeaderThatIsMissingIsNotShared) {
  EXPECT_EQ(expectSame(sourcesWith(5, "  return x;\n")), 0u);
}

TEST_F(SharedHeaderTest, AHeaderWithoutAGuardIsNotShared) {
  tree.write("driver.h", "int other(int);\nextern int count;\n");
  EXPECT_EQ(expectSame(sourcesWith(5, "  return other(count);\n")), 0u);
}

TEST_F(SharedHeaderTest, FewSourcesShareNothing) {
  tree.write("driver.h", "#pragma once\nint other(int);\n");
  EXPECT_EQ(expectSame(sourcesWith(3, "  return other(x);\n")), 0u);
}

TEST_F(SharedHeaderTest, OtherFlagsAreAnotherHeader) {
  tree.write("driver.h",
             "#pragma once\n#ifdef WIDE\ntypedef long long NUMBER;\n"
             "#else\ntypedef int NUMBER;\n#endif\n");
  std::vector<CompileJob> jobs;
  for (const auto &[name, text] :
       sourcesWith(8, "  return sizeof(NUMBER) + x;\n")) {
    std::vector<std::string> flags{"--target=x86_64-w64-windows-gnu"};
    if (jobs.size() % 2)
      flags.push_back("-DWIDE");
    jobs.push_back(fixedJob(tree.write(name, text), flags));
    jobs.back().directory = tree.path();
  }
  SharedHeaders shared(jobs);
  for (const CompileJob &job : jobs)
    EXPECT_EQ(describe(parse(job, options, &shared)),
              describe(parse(job, options)));
}

TEST_F(SharedHeaderTest, StatedAssumptionsOfTheHeader) {
  tree.write("driver.h", "#pragma once\n#define _Analysis_assume_(e)\n"
                         "static inline int positive(int x) {\n"
                         "  _Analysis_assume_(x > 0); return x; }\n");
  EXPECT_EQ(expectSame(sourcesWith(5, "  _Analysis_assume_(x < 9);\n"
                                      "  return positive(x);\n")),
            4u);
  // One that does not compile where nobody looked at it before.
  Sources sources = sourcesWith(5, "  _Analysis_assume_(nonsense +);\n"
                                   "  return positive(x);\n");
  EXPECT_EQ(expectSame(sources), 0u);
}

} // namespace
