//===-- SalReaderTest.cpp ---------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "LoweringFixture.h"

using namespace mdlcheck;
using namespace mdlcheck::frontend;

namespace {

using Texts = std::vector<std::string>;

class SalReaderTest : public LoweringTest {
protected:
  /// Lowers `declarations` and a function that calls Foo.
  const ir::FunctionDecl &foo(const std::string &declarations,
                              const std::string &call = "Foo();",
                              const std::string &name = "driver.c") {
    lower(macros + declarations + "\nvoid caller(void) { " + call + " }\n",
          name);
    for (const ir::FunctionDecl &d : parsed.unit->decls)
      if (d.name == "Foo")
        return d;
    ADD_FAILURE() << "no Foo";
    static const ir::FunctionDecl none;
    return none;
  }

  std::string macros = "#define _IRQL_requires_max_(x)\n"
                       "#define _IRQL_requires_same_\n"
                       "#define _IRQL_raises_(x)\n"
                       "#define _IRQL_saves_\n"
                       "#define _IRQL_restores_\n"
                       "#define _Function_class_(x)\n"
                       "#define _When_(x, y)\n"
                       "#define _At_(x, y)\n"
                       "#define _In_\n"
                       "#define DISPATCH_LEVEL 2\n";
};

TEST_F(SalReaderTest, InFrontAndBehind) {
  const Texts one{"_IRQL_requires_max_(DISPATCH_LEVEL)"};
  EXPECT_EQ(
      foo("_IRQL_requires_max_(DISPATCH_LEVEL) void Foo(void);").annotations,
      one);
  EXPECT_EQ(
      foo("void _IRQL_requires_max_(DISPATCH_LEVEL) Foo(void);").annotations,
      one);
  EXPECT_EQ(
      foo("void Foo(void) _IRQL_requires_max_(DISPATCH_LEVEL);").annotations,
      one);
  EXPECT_EQ(foo("_IRQL_requires_max_( /* level */\n DISPATCH_LEVEL )\n"
                "// the function\n#define API extern\nAPI void Foo(void);")
                .annotations,
            one);
  EXPECT_EQ(foo("_IRQL_requires_max_(DISPATCH_LEVEL) void Foo(void) { A(); }")
                .annotations,
            one);
}

TEST_F(SalReaderTest, Sections) {
  const Texts paged{"section:PAGE"};
  EXPECT_EQ(
      foo("void Foo(void), Bar(void);\n#pragma alloc_text(PAGE, Bar, Foo)")
          .annotations,
      paged);
  EXPECT_EQ(foo("void Foo(void);\n#pragma alloc_text(\"PAGE\", Foo)\n"
                "void Foo(void) { A(); }")
                .annotations,
            paged);
  EXPECT_EQ(foo("#define IN_PAGE(F) alloc_text(PAGE, F)\nvoid Foo(void);\n"
                "#pragma IN_PAGE(Foo)")
                .annotations,
            paged);
  EXPECT_EQ(
      foo("void Foo(void);\n#pragma alloc_text(PAGE, \\\n  Foo)").annotations,
      paged);
  EXPECT_EQ(
      foo("__attribute__((section(\"PAGE\"))) void Foo(void);").annotations,
      paged);
  EXPECT_EQ(foo("void Foo(void), Bar(void);\n#pragma alloc_text(PAGE, Bar)")
                .annotations,
            Texts());
}

TEST_F(SalReaderTest, OfOthers) {
  const Texts none;
  EXPECT_EQ(
      foo("_IRQL_requires_same_ void Bar(void); void Foo(void);").annotations,
      none);
  EXPECT_EQ(
      foo("void Foo(void); _IRQL_requires_same_ void Bar(void);").annotations,
      none);
  EXPECT_EQ(foo("_IRQL_requires_same_ struct S { int a; }; void Foo(void);")
                .annotations,
            none);
  EXPECT_EQ(
      foo("_IRQL_requires_same_ void Bar(void) {} void Foo(void);").annotations,
      none);
  EXPECT_EQ(
      foo("void Foo(void) { _IRQL_requires_same_ extern int x; }").annotations,
      none);
}

TEST_F(SalReaderTest, AllDeclarationsCount) {
  EXPECT_EQ(foo("_IRQL_requires_max_(1) void Foo(void);"
                "_IRQL_requires_same_ _IRQL_requires_max_(1) void Foo(void);")
                .annotations,
            (Texts{"_IRQL_requires_max_(1)", "_IRQL_requires_same_"}));
}

TEST_F(SalReaderTest, Parameters) {
  EXPECT_EQ(foo("_IRQL_raises_(New) void Foo(_In_ int New, _In_ _IRQL_saves_ "
                "char *Old, char _IRQL_restores_ Irql);",
                "char c; Foo(1, &c, 2);")
                .annotations,
            (Texts{"_IRQL_raises_(New)", "param:1:_IRQL_saves_",
                   "param:2:_IRQL_restores_"}));
}

TEST_F(SalReaderTest, ParametersHaveOneName) {
  const ir::FunctionDecl &d =
      foo("_At_(*Old, _IRQL_saves_) void Foo(int Old_, char *Old);"
          "void Foo(int a, char *b) { A(); }",
          "char c; Foo(1, &c);");
  EXPECT_EQ(d.paramNames, (Texts{"a", "b"}));
  EXPECT_EQ(d.annotations, Texts{"_At_(*b, _IRQL_saves_)"});
}

TEST_F(SalReaderTest, Methods) {
  const ir::FunctionDecl &d = [&]() -> const ir::FunctionDecl & {
    lower(macros + "struct Lock {\n"
                   "  _IRQL_raises_(DISPATCH_LEVEL)\n"
                   "  void take(_IRQL_saves_ char *old);\n"
                   "  void leave();\n};\n"
                   "void caller(Lock &l) { char c; l.take(&c); l.leave(); }",
          "driver.cpp");
    for (const ir::FunctionDecl &f : parsed.unit->decls)
      if (f.name == "Lock::take")
        return f;
    return parsed.unit->decls.front();
  }();
  EXPECT_EQ(d.annotations,
            (Texts{"_IRQL_raises_(DISPATCH_LEVEL)", "param:1:_IRQL_saves_"}));
  for (const ir::FunctionDecl &f : parsed.unit->decls)
    if (f.name == "Lock::leave")
      EXPECT_EQ(f.annotations, Texts{});
}

TEST_F(SalReaderTest, MacrosAroundAndBehind) {
  EXPECT_EQ(foo("#define PAGED _IRQL_requires_max_(1) _IRQL_requires_same_\n"
                "#define AT_MOST(l) _IRQL_requires_max_(l)\n"
                "PAGED AT_MOST(0) void Foo(void);")
                .annotations,
            (Texts{"_IRQL_requires_max_(1)", "_IRQL_requires_same_",
                   "_IRQL_requires_max_(0)"}));
}

TEST_F(SalReaderTest, WhateverTheyAreDefinedAs) {
  macros = "#define _IRQL_requires_max_(l) __attribute__((unused)) MAX(l)\n"
           "#define MAX(l) _IRQL_requires_(l)\n#define _IRQL_requires_(l)\n"
           "#define _IRQL_raises_(l)\n"
           "#define _When_(c, a) NOTHING a\n#define NOTHING\n";
  EXPECT_EQ(
      foo("_IRQL_requires_max_(1) _When_(Wait == 1, _IRQL_raises_(2)) "
          "void Foo(int Wait);",
          "Foo(1);")
          .annotations,
      (Texts{"_IRQL_requires_max_(1)", "_When_(Wait == 1, _IRQL_raises_(2))"}));
}

TEST_F(SalReaderTest, NumbersOfNames) {
  EXPECT_EQ(
      foo("#define BIT (1 << 2)\n#define LOW BIT\n#define LEVEL "
          "DISPATCH_LEVEL\nenum E { First = 3, Other = -1 };\n"
          "_When_(Kind == First && (Kind & LOW) != Other && Kind != "
          "Unknown, _IRQL_requires_max_(LEVEL)) void Foo(int Kind);",
          "Foo(1);")
          .annotations,
      Texts{"_When_(Kind == 3 && (Kind & (((1 << 2)))) != (-1) && Kind != "
            "Unknown, _IRQL_requires_max_(DISPATCH_LEVEL))"});
}

TEST_F(SalReaderTest, MembersOfArguments) {
  EXPECT_EQ(foo("struct I { int deep; }; struct S { union { int a; int b; }; "
                "struct I *i; };\n_When_(s->b == 0 && s->i->deep && s->x, "
                "_IRQL_raises_(2)) void Foo(struct S *s);",
                "struct S s; Foo(&s);")
                .annotations,
            Texts{"_When_(s->S::b == 0 && s->S::i->I::deep && s->x, "
                  "_IRQL_raises_(2))"});
}

TEST_F(SalReaderTest, FunctionTypes) {
  const ir::FunctionDecl &d =
      foo("typedef _Function_class_(ROUTINE) _IRQL_requires_max_(1) "
          "void ROUTINE_TYPE(_IRQL_restores_ int Irql);"
          "_Function_class_(OTHER) ROUTINE_TYPE Foo;",
          "Foo(1);");
  EXPECT_EQ(d.annotations,
            (Texts{"_IRQL_requires_max_(1)", "param:0:_IRQL_restores_"}));
  EXPECT_EQ(d.roles, (Texts{"ROUTINE_TYPE", "ROUTINE", "OTHER"}));
}

} // namespace
