//===-- TextTest.cpp - tests of the text form -------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ir/Text.h"
#include "ir/Verifier.h"
#include "support/Error.h"

#include "gtest/gtest.h"

#include <random>

using namespace mdlcheck;
using namespace mdlcheck::ir;

namespace {

std::string written(const Unit &unit) {
  std::string text;
  llvm::raw_string_ostream os(text);
  write(unit, os);
  return text;
}

/// The message, or "" if the text can be read.
std::string errorOf(llvm::StringRef text) {
  llvm::Expected<Unit> unit = read(text, "t.ir");
  return unit ? std::string() : llvm::toString(unit.takeError());
}

Unit mustRead(llvm::StringRef text) {
  llvm::Expected<Unit> unit = read(text, "t.ir");
  if (unit)
    return std::move(*unit);
  ADD_FAILURE() << llvm::toString(unit.takeError());
  return {};
}

/// As the writer writes it, with something of everything.
constexpr const char *kSample = R"ir(unit "src/main.c"
file 0 "src/main.c"
file 1 "inc/\"odd\" name.h"
string "hello\n\x01\\"
string "twice"
string "twice"
field _MDL.MdlFlags offset 10: i16 system
field _MDL.Process offset 16: ptr
field "".x.2 offset 0: u32
field "".x.3 offset 4: u32
field "(anonymous at a.c:1)".y offset 0: agg(12)
global g_Table: agg(64) const static {
  0: ptr &func Read in _MDL.Process
  8: u32 5 in _MDL.MdlFlags
  16: ptr &global g_Count + 4
  24: ptr string(2) + -1
  32: i32 -1073741819
  40: u64 0xFFFFFFFFFFFFFFFF
}
global g_Count link "?g_Count@@3HA": i32
global g_There: ptr extern
decl Read(Irp): i32 static inline role DRIVER_DISPATCH role "odd role" annotation "SAL_name(\"_IRQL_\")" annotation "paged" @3:1-4:2
decl Guard::~Guard link "??1Guard@@QEAA@XZ"(this): void implicit
decl "operator<"("", "i32"): i32
decl Overloaded.3 link "?Overloaded@@YAXH@Z"(a): void
decl Overloaded.4 link "?Overloaded@@YAXM@Z"(a): void
decl Print(Format, ...): i32 system
decl Raise(): void noreturn system
decl Make(): agg(24)

func Read(Irp: ptr "PIRP" @3:10-18, Flag: u8 "BOOLEAN" volatile) @1:3:1-20:2 end @1:20:1-2 {
  local $result: i32 result
  local $code: i32 exceptioncode
  local i.4: i32 "LONG" volatile @none:5:6
  local i.5: u32 @5:7-5
  local "a b": agg(24)
  temps 12
  block b0 unwind b3
    %0 = load ptr &Irp @0:0-7
    %1 = load u16 %0->_MDL.MdlFlags bits(3, 2) volatile @1:7:3-8:9
    store u32 &i.5, 7 bits(0, 5) volatile
    store i32 &i.4, (neg 5)
    copy agg(24) &"a b", %0->"(anonymous at a.c:1)".y
    zero agg(24) &"a b"
    %2 = call i32 Print("hello\n\x01\\" to const 1, string(2) to const 0, "twice", %1, 5:u64 as u32) texts("\"hello\"", "", "x", "y", "z") @9:1-2
    %3 = call ptr *%0->"".x.3(null to 48, (%2 * 4) as u64)
    call void Guard::~Guard(&"a b" to 24) virtual
    call void Guard::~Guard *%3() virtual
    call i32 "operator<"() macro
    call agg(24) Make() result &"a b"
    %4 = havoc f64
    %5 = havoc float(10)
    goto b1, b2
  block b1 unwind b3
    assume true (%2 >= 0) "Status >= 0" @10:1
    assume case (%1 == 3) "x" "3"
    assume filter 1 "" "EXECUTE_HANDLER"
    assume ((%2 & 0x10000:u32) == 0)
    assume (! (~ (cast u32 %0[%2 * 48][%1:i32 * 1])))
    assume stated ((%2 << 3:u8) < (%2 % 7)):u8 "s"
    end i.4
    goto exit
  block b2 unwind b3
    call void Raise()
  block b3
    store i32 &$result, -1073741819
    goto exit, exit
  block exit
  block unwind unwind none
}
skipped Broken "inline assembly" @30:1-31:2
skipped "Odd::operator()" "too \"large\""
)ir";

TEST(Text, SampleReadsAndWritesBack) {
  EXPECT_EQ(written(mustRead(kSample)), kSample);
}

TEST(Text, SampleArrivesInTheFields) {
  Unit u = mustRead(kSample);
  EXPECT_EQ(u.mainFile, "src/main.c");
  EXPECT_EQ(u.files[1], "inc/\"odd\" name.h");
  EXPECT_EQ(u.strings[0], "hello\n\x01\\");
  EXPECT_EQ(u.fields[3].name, "x");
  EXPECT_EQ(u.fields[3].offset, 4u);
  ASSERT_EQ(u.globals[0].inits.size(), 6u);
  EXPECT_EQ(u.globals[0].inits[1].field.value, 0u);
  EXPECT_FALSE(u.globals[0].inits[2].field.valid());
  EXPECT_TRUE(u.fields[0].inSystemHeader);
  EXPECT_FALSE(u.fields[1].inSystemHeader);
  EXPECT_EQ(u.globals[0].inits[3].kind, GlobalInit::Kind::StringAddr);
  EXPECT_EQ(u.globals[0].inits[3].value, -1);
  EXPECT_EQ(u.globals[0].inits[5].value, -1);
  EXPECT_EQ(u.decls[0].roles[1], "odd role");
  EXPECT_EQ(u.decls[0].body, 0);
  EXPECT_EQ(u.decls[1].body, -1);
  EXPECT_EQ(u.decls[3].name, "Overloaded");
  EXPECT_TRUE(u.decls[5].isVariadic);
  const Function &f = u.functions[0];
  EXPECT_EQ(f.numParams, 2u);
  EXPECT_EQ(f.numTemps, 12u);
  EXPECT_EQ(f.result.value, 2u);
  EXPECT_EQ(f.exceptionCode.value, 3u);
  EXPECT_EQ(f.locals[4].name, "i");
  EXPECT_FALSE(f.locals[4].span.valid());
  EXPECT_EQ(f.span.file.value, 1u);
  EXPECT_EQ(f.span.endLine, 20u);
  EXPECT_EQ(f.exit.value, 4u);
  EXPECT_EQ(f.unwindExit.value, 5u);
  EXPECT_FALSE(f.blocks[5].unwind.valid());
  const Instr &load = f.blocks[0].instrs[1];
  EXPECT_EQ(load.bitOffset, 3);
  EXPECT_EQ(load.bitWidth, 2);
  EXPECT_TRUE(load.isVolatile);
  EXPECT_EQ(f.exprs[load.addr.value].kind, ExprKind::FieldAddr);
  const Instr &call = f.blocks[0].instrs[6];
  ASSERT_EQ(call.args.size(), 5u);
  EXPECT_TRUE(call.args[0].pointeeConst);
  EXPECT_EQ(call.args[0].pointeeSize, 1u);
  EXPECT_EQ(f.exprs[call.args[3].value.value].type,
            (Type{TypeKind::Int, false, 2}));
  EXPECT_EQ(call.args[4].type, (Type{TypeKind::Int, false, 4}));
  EXPECT_EQ(f.exprs[call.args[4].value.value].type.size, 8u);
  EXPECT_EQ(call.argTexts[0], "\"hello\"");
  EXPECT_TRUE(f.blocks[0].instrs[7].target.valid());
  EXPECT_TRUE(f.blocks[0].instrs[8].isVirtual);
  EXPECT_TRUE(f.blocks[0].instrs[10].isMacro);
  EXPECT_TRUE(f.blocks[0].instrs[11].resultAddr.valid());
  const Instr &stated = f.blocks[1].instrs[5];
  EXPECT_EQ(stated.assumeKind, AssumeKind::Stated);
  EXPECT_EQ(f.exprs[stated.value.value].type.size, 1u);
  EXPECT_EQ(u.skipped[1].name, "Odd::operator()");
}

TEST(Text, WhatIsLeftOutIsFilledIn) {
  Unit u = mustRead(R"(
    // A comment, and a function used before its line.
    decl MmUnlockPages(Mdl)
    func Caller(Mdl: ptr "PMDL") : i32 static {
      block start                 # the entry
        %1 = load ptr &Mdl @3:2
        call MmUnlockPages(%1 to 48)
        %2 = call Callee()
        goto good, bad
      block good:
        assume true (%2 >= 0) "ok"
        return %2
      block bad:
        assume false (%2 < 0) "ok"
        return 0xC0000001
    }
    func Callee() : i32 {
      block b0
        return 0
    }
  )");
  EXPECT_EQ(verify(u), std::vector<std::string>());
  EXPECT_EQ(u.mainFile, "t.ir");
  EXPECT_EQ(u.files, std::vector<std::string>{"t.ir"});
  const Function &f = u.functions[0];
  EXPECT_EQ(u.declOf(f).paramNames, std::vector<std::string>{"Mdl"});
  EXPECT_EQ(u.declOf(f).linkName, "Caller");
  EXPECT_TRUE(u.declOf(f).isStatic);
  EXPECT_EQ(f.numTemps, 3u);
  EXPECT_EQ(f.locals[f.result.value].name, "$result");
  ASSERT_EQ(f.blocks.size(), 5u);
  EXPECT_EQ(f.entry.value, 0u);
  EXPECT_EQ(f.blocks[0].unwind, f.unwindExit);
  EXPECT_EQ(f.blocks[0].instrs[2].type, (Type{TypeKind::Int, true, 4}));
  const Instr &store = f.blocks[2].instrs[1];
  EXPECT_EQ(f.exprs[store.value.value].value, int64_t(int32_t(0xC0000001)));
  EXPECT_EQ(f.blocks[2].succs, std::vector<BlockId>{f.exit});
  std::string text = written(u);
  EXPECT_EQ(written(mustRead(text)), text);
}

TEST(Text, EntryNeedNotComeFirst) {
  Unit u = mustRead("func F() {\nblock a\ngoto exit\nblock b entry\ngoto a\n}");
  EXPECT_EQ(u.functions[0].entry.value, 1u);
  EXPECT_EQ(written(mustRead(written(u))), written(u));
}

TEST(Text, NamesLikeKeywordsAreQuoted) {
  Unit u = mustRead("decl \"i32\"()\nglobal \"func\": i32\n"
                    "func F(\"global\": ptr) {\nblock a\n"
                    "%0 = load ptr &\"global\"\n"
                    "%1 = load i32 &global \"func\"\n"
                    "call \"i32\"()\ngoto exit\n}");
  EXPECT_EQ(verify(u), std::vector<std::string>());
  EXPECT_EQ(written(mustRead(written(u))), written(u));
}

TEST(Text, BytesThatAreNoTextSurvive) {
  Unit u;
  u.mainFile = "caf\xc3\xa9.c";
  for (int c = 0; c < 256; ++c)
    u.strings.push_back(std::string(1, char(c)) + "\"");
  std::string text = written(u);
  EXPECT_NE(text.find("caf\xc3\xa9.c"), std::string::npos);
  Unit back = mustRead(text);
  EXPECT_EQ(back.strings, u.strings);
  EXPECT_EQ(back.mainFile, u.mainFile);
}

TEST(Text, MalformedGraphsAreWrittenToo) {
  Unit u = mustRead(kSample);
  Function &f = u.functions[0];
  for (Expr &e : f.exprs)
    e.index += 100;
  f.exprs.back().lhs = ExprId(uint32_t(f.exprs.size() - 1));
  f.blocks[0].instrs[0].addr = ExprId(1u << 30);
  f.blocks[0].succs[0] = BlockId(77);
  f.entry = BlockId();
  f.numTemps = 0;
  EXPECT_NE(written(u).find("<bad"), std::string::npos);
  EXPECT_FALSE(verify(u).empty());
}

TEST(Text, ExpressionsThatNestTooDeepAreRefused) {
  std::string text = "func F() {\nblock a\nassume ";
  for (int n = 0; n < 100000; ++n)
    text += "(! ";
  EXPECT_EQ(errorOf(text + "\n}"), "t.ir:3: expressions nest too deep");
}

struct Malformed {
  const char *text;
  const char *message;
};

TEST(Text, MalformedTextIsExplained) {
  const Malformed cases[] = {
      {"unit", "t.ir:1: expected the main file's path at the end of the line"},
      {"\n\nfoo bar", "t.ir:3: expected unit, file, string, field, global, "
                      "decl, func or skipped, found 'foo'"},
      {"unit \"a", "t.ir:1: a string without its closing quote"},
      {"unit \"\\q\"", "t.ir:1: unknown escape in a string; there are \\n \\t "
                       "\\\\ \\\" \\xHH"},
      {"unit \"a\" b", "t.ir:1: expected the end of the line, found 'b'"},
      {"file 1 \"a\"",
       "t.ir:1: files are numbered from 0 in order; this one is 0"},
      {"field a.b offset 1: i7", "t.ir:1: 'i7' has no whole number of bytes"},
      {"field a.b offset x: i8", "t.ir:1: expected an offset, found 'x'"},
      {"field a.b offset 0: i8\nfield a.b offset 1: i8",
       "t.ir:2: 'a.b' is there already; number one of them, as in name.2"},
      {"decl F()\nfunc F() : i32 {\n}",
       "t.ir:2: type and attributes of a "
       "function with a decl line stand there"},
      {"func F() {\n}\nfunc F() {\n}", "t.ir:3: 'F' has a body already"},
      {"func F() {\nblock a", "t.ir:1: no line with '}' ends what begins here"},
      {"func F() {\ngoto exit\n}",
       "t.ir:2: expected local, temps or block, found 'goto'"},
      {"func F() {\nblock a\ngoto b\n}", "t.ir:3: there is no block 'b'"},
      {"func F() {\nblock a\ngoto exit\nend x\n}",
       "t.ir:4: expected block, as the one above has ended, found 'end'"},
      {"func F() {\nblock a\ncall G()\n}", "t.ir:3: there is no function 'G'"},
      {"func F() {\nblock a\n%1 = store i32 null, 5\n}",
       "t.ir:3: expected load, call or havoc, found 'store'"},
      {"func F() {\nblock a\nstore u8 null, 256\n}",
       "t.ir:3: '256' does not fit its type"},
      {"func F() {\nblock a\nstore i8 null, -129\n}",
       "t.ir:3: '-129' does not fit its type"},
      {"func F() {\nblock a\nstore i8 &x, 1\n}",
       "t.ir:3: there is no local 'x'"},
      {"func F() {\nblock a\nassume (1 ? 2)\n}",
       "t.ir:3: unexpected character '?'"},
      {"func F() {\nblock a\nassume (1 2)\n}",
       "t.ir:3: expected an operator, found '2'"},
      {"func F() {\nblock a\nassume null->a.b\n}",
       "t.ir:3: there is no field 'a.b'"},
      {"func F() {\nblock a\n%99999999 = havoc i8\n}",
       "t.ir:3: temporaries are numbered below 1048576"},
      {"func F() {\ntemps 1\nblock a\n%1 = havoc i8\n}",
       "t.ir:2: 'temps' says fewer temporaries than there are"},
      {"func F() {\nblock a\nreturn 5\n}",
       "t.ir:3: this function has no scalar result to return"},
      {"global g: i32 {\n0: i32 x\n}",
       "t.ir:2: expected a number or an address, found 'x'"},
      {"skipped F \"r\" @5:1:2", "t.ir:1: there is no file 5"},
      {"file 99999999999999999999 \"a\"",
       "t.ir:1: '99999999999999999999' is not a number of 64 bits"},
      {"skipped F \"r\" @4294967295:1",
       "t.ir:1: a line or column is at most 4294967294"},
  };
  for (const Malformed &c : cases)
    EXPECT_EQ(errorOf(c.text), c.message) << c.text;
}

TEST(Text, ErrorsAreInputErrors) {
  llvm::Expected<Unit> unit = read("\nx", "some.ir");
  ASSERT_FALSE(bool(unit));
  llvm::handleAllErrors(unit.takeError(), [](const InputError &e) {
    EXPECT_EQ(e.file, "some.ir");
    EXPECT_EQ(e.line, 2u);
  });
}

/// Whatever is read of damaged text can be checked and written, and reads back
/// the same.
void survives(llvm::StringRef text) {
  llvm::Expected<Unit> unit = read(text, "t.ir");
  if (!unit) {
    EXPECT_FALSE(llvm::toString(unit.takeError()).empty());
    return;
  }
  verify(*unit);
  std::string once = written(*unit);
  llvm::Expected<Unit> again = read(once, "t.ir");
  ASSERT_TRUE(bool(again)) << llvm::toString(again.takeError()) << "\n" << once;
  EXPECT_EQ(written(*again), once);
}

TEST(Text, DamagedTextIsSurvived) {
  std::string sample = kSample;
  for (size_t n = 0; n < sample.size(); n += 3)
    survives(llvm::StringRef(sample).take_front(n));

  std::mt19937 random(1);
  const std::string bits = "(){}[]%&*:,.@-0123456789\"\\ \nxi$#\xff";
  for (int round = 0; round < 3000; ++round) {
    std::string text = sample;
    for (unsigned k = random() % 3 + 1; k > 0; --k) {
      size_t at = random() % text.size();
      switch (random() % 4) {
      case 0:
        text[at] = bits[random() % bits.size()];
        break;
      case 1:
        text.erase(at, random() % 8 + 1);
        break;
      case 2:
        text.insert(at, 1, bits[random() % bits.size()]);
        break;
      case 3: // a piece of it elsewhere
        text.insert(at, text.substr(random() % text.size(), random() % 40));
        break;
      }
    }
    survives(text);
    if (testing::Test::HasFailure())
      return;
  }
}

} // namespace
