//===-- LinkTest.cpp - units as programs ------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "program/Link.h"
#include "ir/Text.h"
#include "ir/Verifier.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::program;

namespace {

std::vector<ir::Unit> linked(std::vector<std::string> texts) {
  std::vector<ir::Unit> units;
  for (const std::string &text : texts) {
    auto unit = ir::read(text, "test");
    EXPECT_TRUE(bool(unit)) << llvm::toString(unit.takeError());
    if (unit)
      units.push_back(std::move(*unit));
  }
  std::vector<ir::Unit> result = link(std::move(units));
  for (const ir::Unit &unit : result)
    EXPECT_EQ(ir::verify(unit), std::vector<std::string>());
  return result;
}

/// Name and file of what the first call in `function` goes to.
std::string calleeOf(const ir::Unit &unit, const std::string &function) {
  for (const ir::Function &f : unit.functions)
    if (unit.declOf(f).name == function)
      for (const ir::Block &b : f.blocks)
        for (const ir::Instr &i : b.instrs)
          if (i.kind == ir::InstrKind::Call) {
            const ir::FunctionDecl &d = unit.decls[i.callee.value];
            if (d.body < 0)
              return d.name;
            Span span = unit.functions[size_t(d.body)].span;
            return d.name + " in " + unit.files[span.file.value];
          }
  return "no call";
}

std::string definition(const char *name, const char *attributes = "") {
  return std::string("func ") + name + "() " + attributes +
         " @5:1-6:2 {\n  block b0\n    goto exit\n}\n";
}

std::string caller(const char *name, const char *callee) {
  return std::string("func ") + name + "() @8:1-9:2 {\n  block b0\n    call " +
         callee + "() @8:5-9\n    goto exit\n}\n";
}

TEST(LinkTest, UnitsThatCallEachOtherAreOneProgram) {
  auto programs =
      linked({"unit \"/d/a.c\"\ndecl F(): void role DRIVER_UNLOAD\n" +
                  caller("A", "F"),
              "unit \"/d/b.c\"\n" + definition("F"),
              "unit \"/d/c.c\"\n" + definition("Alone")});
  ASSERT_EQ(programs.size(), 2u);
  EXPECT_EQ(calleeOf(programs[0], "A"), "F in /d/b.c");
  EXPECT_EQ(programs[0].functions.size(), 2u);
  EXPECT_EQ(programs[1].functions.size(), 1u);
  // What a declaration elsewhere says of it is known of it.
  for (const ir::FunctionDecl &d : programs[0].decls) {
    if (d.name == "F") {
      EXPECT_EQ(d.roles, std::vector<std::string>{"DRIVER_UNLOAD"});
    }
  }
}

TEST(LinkTest, LocalFunctionsOfOneNameStayApart) {
  auto programs = linked(
      {"unit \"/d/a.c\"\ndecl B(): void\n" + definition("F", "static") +
           caller("A", "F") + caller("A2", "B"),
       "unit \"/d/b.c\"\n" + definition("F", "static") + caller("B", "F")});
  ASSERT_EQ(programs.size(), 1u);
  EXPECT_EQ(calleeOf(programs[0], "A"), "F in /d/a.c");
  EXPECT_EQ(calleeOf(programs[0], "B"), "F in /d/b.c");
}

TEST(LinkTest, TheNearestOfSeveralDefinitionsIsMeant) {
  auto programs =
      linked({"unit \"/d/x/a.c\"\ndecl F(): void\n" + caller("A", "F"),
              "unit \"/d/y/b.c\"\ndecl F(): void\n" + caller("B", "F"),
              "unit \"/d/x/f.c\"\n" + definition("F"),
              "unit \"/d/y/f.c\"\n" + definition("F")});
  ASSERT_EQ(programs.size(), 2u);
  EXPECT_EQ(calleeOf(programs[0], "A"), "F in /d/x/f.c");
  EXPECT_EQ(calleeOf(programs[1], "B"), "F in /d/y/f.c");
}

TEST(LinkTest, AFunctionOfAHeaderIsOneAndJoinsNothing) {
  std::string inHeader = "func F() static inline @1:5:1-6:2 {\n  block b0\n"
                         "    goto exit\n}\n";
  auto unit = [&](const char *main, const char *rest) {
    return std::string("unit \"") + main + "\"\nfile 0 \"" + main +
           "\"\nfile 1 \"/d/f.h\"\n" + inHeader + rest;
  };
  auto apart = linked({unit("/d/a.c", ""), unit("/d/b.c", "")});
  EXPECT_EQ(apart.size(), 2u);
  auto together =
      linked({unit("/d/a.c", "decl B(): void\nfunc A() @0:8:1-9:2 {\n  block "
                             "b0\n    call B() @0:8:5-9\n    goto exit\n}\n"),
              unit("/d/b.c", "func B() @0:8:1-9:2 {\n  block b0\n    call F() "
                             "@0:8:5-9\n    goto exit\n}\n")});
  ASSERT_EQ(together.size(), 1u);
  EXPECT_EQ(together[0].functions.size(), 3u);
  EXPECT_EQ(calleeOf(together[0], "B"), "F in /d/f.h");
}

TEST(LinkTest, VariablesMeetTheirDefinition) {
  auto programs = linked(
      {"unit \"/d/a.c\"\nglobal g: u32 extern\nfunc A(): u32 @8:1-9:2 {\n"
       "  temps 1\n  block b0\n    %0 = load u32 &global g @8:5-9\n"
       "    return %0\n}\n",
       "unit \"/d/b.c\"\nfield R.x offset 0: u32\nglobal g: u32 {\n"
       "  0: u32 5 in R.x\n}\n" +
           definition("B")});
  ASSERT_EQ(programs.size(), 1u);
  ASSERT_EQ(programs[0].globals.size(), 1u);
  EXPECT_FALSE(programs[0].globals[0].isExtern);
  ASSERT_EQ(programs[0].globals[0].inits.size(), 1u);
  EXPECT_EQ(programs[0].globals[0].inits[0].value, 5);
  ASSERT_TRUE(programs[0].globals[0].inits[0].field.valid());
  EXPECT_EQ(
      programs[0].fields[programs[0].globals[0].inits[0].field.value].name,
      "x");
}

} // namespace
