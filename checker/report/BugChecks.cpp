//===-- BugChecks.cpp -------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "report/BugChecks.h"

#include "llvm/ADT/StringExtras.h"

using namespace mdlcheck;

// Names as in the Windows debugger's bug check reference.
static llvm::StringRef nameOf(uint64_t code) {
  switch (code) {
  case 0x01:
    return "APC_INDEX_MISMATCH";
  case 0x09:
    return "IRQL_NOT_GREATER_OR_EQUAL";
  case 0x0A:
    return "IRQL_NOT_LESS_OR_EQUAL";
  case 0x0F:
    return "SPIN_LOCK_ALREADY_OWNED";
  case 0x10:
    return "SPIN_LOCK_NOT_OWNED";
  case 0x19:
    return "BAD_POOL_HEADER";
  case 0x1A:
    return "MEMORY_MANAGEMENT";
  case 0x1E:
    return "KMODE_EXCEPTION_NOT_HANDLED";
  case 0x20:
    return "KERNEL_APC_PENDING_DURING_EXIT";
  case 0x35:
    return "NO_MORE_IRP_STACK_LOCATIONS";
  case 0x3B:
    return "SYSTEM_SERVICE_EXCEPTION";
  case 0x44:
    return "MULTIPLE_IRP_COMPLETE_REQUESTS";
  case 0x4A:
    return "IRQL_GT_ZERO_AT_SYSTEM_SERVICE";
  case 0x4E:
    return "PFN_LIST_CORRUPT";
  case 0x50:
    return "PAGE_FAULT_IN_NONPAGED_AREA";
  case 0x76:
    return "PROCESS_HAS_LOCKED_PAGES";
  case 0x7E:
    return "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED";
  case 0x8E:
    return "KERNEL_MODE_EXCEPTION_NOT_HANDLED";
  case 0xB8:
    return "ATTEMPTED_SWITCH_FROM_DPC";
  case 0xBE:
    return "ATTEMPTED_WRITE_TO_READONLY_MEMORY";
  case 0xC1:
    return "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION";
  case 0xC2:
    return "BAD_POOL_CALLER";
  case 0xC4:
    return "DRIVER_VERIFIER_DETECTED_VIOLATION";
  case 0xC5:
    return "DRIVER_CORRUPTED_EXPOOL";
  case 0xC8:
    return "IRQL_UNEXPECTED_VALUE";
  case 0xC9:
    return "DRIVER_VERIFIER_IOMANAGER_VIOLATION";
  case 0xCB:
    return "DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS";
  case 0xCD:
    return "PAGE_FAULT_BEYOND_END_OF_ALLOCATION";
  case 0xD0:
    return "DRIVER_CORRUPTED_MMPOOL";
  case 0xD1:
    return "DRIVER_IRQL_NOT_LESS_OR_EQUAL";
  case 0xD3:
    return "DRIVER_PORTION_MUST_BE_NONPAGED";
  case 0xD5:
    return "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL";
  case 0xD6:
    return "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION";
  case 0xD9:
    return "LOCKED_PAGES_TRACKER_CORRUPTION";
  case 0xDA:
    return "SYSTEM_PTE_MISUSE";
  case 0xE3:
    return "RESOURCE_NOT_OWNED";
  case 0xFC:
    return "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY";
  case 0x139:
    return "KERNEL_SECURITY_CHECK_FAILURE";
  }
  return {};
}

static llvm::StringRef nameOfCode(llvm::StringRef code) {
  uint64_t number = 0;
  if (code.split('/').first.getAsInteger(0, number))
    return {};
  return nameOf(number);
}

std::string report::describeBugCheck(llvm::StringRef code) {
  llvm::StringRef name = nameOfCode(code);
  return name.empty() ? code.str() : (code + " " + name).str();
}

std::string report::describeBugChecks(llvm::ArrayRef<std::string> codes) {
  std::string text;
  for (size_t i = 0; i < codes.size(); ++i) {
    bool isLast = i + 1 == codes.size();
    if (i == 0)
      text = "bug check ";
    else
      text += isLast ? " or " : ", ";
    // Codes of one bug check share its name: "0xC4/0xB0 or 0xC4/0xB1
    // DRIVER_...".
    bool isShared = !isLast && nameOfCode(codes[i]) == nameOfCode(codes[i + 1]);
    text += isShared ? codes[i] : describeBugCheck(codes[i]);
  }
  return text;
}
