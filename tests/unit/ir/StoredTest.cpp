//===-- StoredTest.cpp - tests of the stored form ---------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ir/Stored.h"
#include "ir/Text.h"
#include "ir/Verifier.h"
#include "support/Archive.h"
#include "support/Error.h"

#include "gtest/gtest.h"

#include <random>

using namespace mdlcheck;
using namespace mdlcheck::ir;

namespace {

/// Something of everything.
constexpr const char *kSample = R"ir(unit "src/main.c"
file 0 "src/main.c"
file 1 "inc/\"odd\" name.h"
string "hello\n\x01\\"
field _MDL.MdlFlags offset 10: i16 system
field "".x.3 offset 4: u32
global g_Count: i32
global g_Table: agg(64) const static {
  0: ptr &func Read
  8: u32 5
  16: ptr &global g_Count + 4
  24: ptr string(0) + -1
  32: i32 -1073741819
  40: u64 0xFFFFFFFFFFFFFFFF
}
decl Guard::~Guard link "_ZN5GuardD1Ev" (this) implicit @1:3:1-3:9
decl Lock (Mdl, Mode): i32 system role DRIVER_LOCK annotation "max(2)"
func Read(Mdl: ptr "PMDL", Flags: u32 volatile): i32 static @10:1-30:2 end @30:1-30:2 {
  local Status: i32 result
  local Code: i32 exceptioncode
  local Box: agg(16)
  temps 4
  block start unwind handler:
    %0 = load i16 &Mdl->_MDL.MdlFlags bits(2, 3) volatile @11:5-11:9
    store i32 &Status, (%0:i16 + 1) @12:5-12:9
    zero agg(16) &Box
    copy agg(8) &Box, "hello\n\x01\\"
    %1 = call i32 Lock(&Mdl to const 48, 1:i8) texts("Mdl", "1") @13:1-13:9
    call *&func Read(null, 3:u32)
    goto yes, no
  block yes unwind unwind:
    assume true (%1:i32 >= 0) "NT_SUCCESS(s)" @14:1-14:9
    %2 = havoc f64
    end Box
    goto exit
  block no unwind unwind:
    assume case (%1:i32 < 0) "s" "2"
    return -1
  block handler unwind unwind:
    %3 = load i32 &Code
    return %3
}
skipped Odd "inline assembly" @1:40:1-44:2
)ir";

std::string written(const Unit &unit) {
  std::string text;
  llvm::raw_string_ostream os(text);
  write(unit, os);
  return text;
}

Unit sample() {
  llvm::Expected<Unit> unit = read(kSample, "t.ir");
  if (unit)
    return std::move(*unit);
  ADD_FAILURE() << llvm::toString(unit.takeError());
  return {};
}

TEST(StoredTest, comesBackAsItWas) {
  Unit unit = sample();
  ASSERT_TRUE(verify(unit).empty()) << verify(unit).front();
  llvm::Expected<Unit> back = readStored(store(unit), "cache");
  ASSERT_TRUE(bool(back)) << llvm::toString(back.takeError());
  EXPECT_EQ(written(*back), written(unit));
  EXPECT_EQ(store(*back), store(unit));
}

TEST(StoredTest, isSmallerThanTheText) {
  EXPECT_LT(store(sample()).size(), written(sample()).size());
}

TEST(StoredTest, anEmptyUnit) {
  Unit unit;
  llvm::Expected<Unit> back = readStored(store(unit), "cache");
  ASSERT_TRUE(bool(back)) << llvm::toString(back.takeError());
}

TEST(StoredTest, everyTruncationIsAnError) {
  std::string bytes = store(sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    llvm::Expected<Unit> unit =
        readStored(llvm::StringRef(bytes).take_front(size), "cache");
    ASSERT_FALSE(bool(unit)) << size;
    llvm::consumeError(unit.takeError());
  }
}

TEST(StoredTest, everyFlippedBitIsAnError) {
  std::string bytes = store(sample());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = char(flipped[bit / 8] ^ (1 << bit % 8));
    llvm::Expected<Unit> unit = readStored(flipped, "cache");
    ASSERT_FALSE(bool(unit)) << bit;
    llvm::consumeError(unit.takeError());
  }
}

TEST(StoredTest, theErrorNamesTheFile) {
  llvm::Expected<Unit> unit = readStored("nonsense", "units/x");
  ASSERT_FALSE(bool(unit));
  EXPECT_EQ(llvm::toString(unit.takeError()),
            "units/x: is not a whole program graph of this version");
}

// With a checksum that is right the bytes may still say anything.
TEST(StoredTest, bytesThatSomebodySealedAreNotTrusted) {
  std::string good = store(sample());
  std::optional<llvm::StringRef> payload = unsealed("mdIR", 1, good);
  ASSERT_TRUE(payload);
  std::mt19937 random(7);
  size_t refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = payload->str();
    for (unsigned n = 1 + random() % 4; n > 0; --n)
      switch (random() % 4) {
      case 0:
        bytes[random() % bytes.size()] = char(random());
        break;
      case 1:
        bytes[random() % bytes.size()] ^= char(1 << random() % 8);
        break;
      case 2:
        bytes.erase(random() % bytes.size(), 1 + random() % 3);
        break;
      case 3:
        bytes.insert(random() % bytes.size(), 1 + random() % 3, char(random()));
        break;
      }
    llvm::Expected<Unit> unit = readStored(sealed("mdIR", 1, bytes), "cache");
    if (!unit) {
      llvm::consumeError(unit.takeError());
      ++refused;
      continue;
    }
    EXPECT_TRUE(verify(*unit).empty());
    written(*unit);
  }
  EXPECT_GT(refused, 2000u);
}

TEST(StoredTest, hugeCountsAllocateNothing) {
  // A unit whose list of files claims 2^60 entries.
  ArchiveWriter writer;
  writer(std::string("a.c"), uint64_t(1) << 60);
  llvm::Expected<Unit> unit =
      readStored(sealed("mdIR", 1, writer.bytes()), "cache");
  ASSERT_FALSE(bool(unit));
  llvm::consumeError(unit.takeError());
}

} // namespace
