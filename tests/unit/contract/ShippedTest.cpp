//===-- ShippedTest.cpp - the rules and contracts we ship -----------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/EmbeddedRules.h"
#include "contract/RuleSet.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

#include "gtest/gtest.h"

using namespace mdlcheck::contract;

namespace {

const RuleSet &shipped() {
  static const RuleSet rules = RuleSet::shipped();
  return rules;
}

FacetId facetNamed(const std::string &name) {
  for (size_t i = 0; i < shipped().facets.size(); ++i)
    if (shipped().facets[i].name == name)
      return FacetId(uint32_t(i));
  return {};
}

TEST(Shipped, Rules) {
  const char *const kIds[] = {"mdl-lock-leak",
                              "mdl-double-unlock",
                              "mdl-unlock-not-locked",
                              "mdl-double-lock",
                              "mdl-probe-outside-try",
                              "mdl-lock-nonpaged",
                              "mdl-build-pageable",
                              "mdl-leak",
                              "mdl-alloc-unchecked",
                              "mdl-double-free",
                              "mdl-use-after-free",
                              "mdl-free-locked",
                              "mdl-chain-partial-free",
                              "mdl-io-manager-owned",
                              "mdl-opaque-field",
                              "mdl-use-after-complete",
                              "mdl-map-unlocked",
                              "mdl-map-unchecked",
                              "mdl-map-outside-try",
                              "mdl-mapping-leak",
                              "irp-leak",
                              "contiguous-mismatched-free",
                              "irql-too-high",
                              "spinlock-double-acquire",
                              "spinlock-double-release",
                              "spinlock-not-released",
                              "irql-too-low",
                              "irql-not-restored",
                              "irql-not-saved",
                              "irql-not-used",
                              "irql-inconsistent-with-required",
                              "irql-lowered-improperly",
                              "irql-set-too-high",
                              "irql-set-too-low",
                              "irql-illegal-value",
                              "irql-cancel-routine",
                              "irql-float-state-mismatch",
                              "paged-code-at-dispatch",
                              "paged-data-at-dispatch"};
  ASSERT_EQ(shipped().rules.size(), std::size(kIds));
  for (size_t i = 0; i < std::size(kIds); ++i)
    EXPECT_EQ(shipped().rules[i].id, kIds[i]);

  llvm::StringSet<> folders;
  for (size_t i = 0; i < kEmbeddedFileCount; ++i)
    folders.insert(llvm::StringRef(kEmbeddedFiles[i].path).rsplit('/').first);
  for (const Rule &rule : shipped().rules) {
    EXPECT_FALSE(rule.title.empty()) << rule.id;
    EXPECT_FALSE(llvm::StringRef(rule.title).ends_with(".")) << rule.id;
    EXPECT_FALSE(rule.message.empty()) << rule.id;
    EXPECT_FALSE(rule.sources.empty()) << rule.id;
    EXPECT_FALSE(rule.bugChecks.empty()) << rule.id;
    EXPECT_EQ(rule.page.empty(), !folders.contains("test-corpus/" + rule.id))
        << rule.id;
    EXPECT_EQ(shipped().ruleNamed(rule.id).value, &rule - &shipped().rules[0]);
  }
  EXPECT_EQ(shipped().ruleNamed("mdl-free-while-locked"),
            shipped().ruleNamed("mdl-free-locked"));
}

TEST(Shipped, EveryContractIsWhole) {
  EXPECT_GT(shipped().contracts().size(), 1000u);
  for (const auto &[name, contract] : shipped().contracts()) {
    EXPECT_EQ(contract.name, name);
    EXPECT_FALSE(contract.header.empty()) << name;
    EXPECT_FALSE(contract.source.empty()) << name;
    EXPECT_EQ(contract.origin, Contract::Origin::Shipped) << name;
    EXPECT_FALSE(contract.outcomes.empty()) << name;
    // Two limits without conditions would be one too many.
    EXPECT_LE(llvm::count_if(contract.irql,
                             [](const IrqlRequirement &r) { return !r.when; }),
              1)
        << name;
  }
}

TEST(Shipped, FacetNamesAreUnique) {
  llvm::StringSet<> names;
  for (const Facet &facet : shipped().facets)
    EXPECT_TRUE(names.insert(facet.name).second) << facet.name;
}

// The routines for MDLs and mapping that the WDK has.
TEST(Shipped, MdlRoutines) {
  const char *const kNames[] = {"ADDRESS_AND_SIZE_TO_SPAN_PAGES",
                                "CcMdlRead",
                                "CcMdlReadComplete",
                                "CcMdlWriteAbort",
                                "CcMdlWriteComplete",
                                "CcPrepareMdlWrite",
                                "FltFastIoMdlRead",
                                "FltFastIoMdlReadComplete",
                                "FltFastIoMdlWriteComplete",
                                "FltFastIoPrepareMdlWrite",
                                "FltGetSwappedBufferMdlAddress",
                                "FltLockUserBuffer",
                                "FltReadFileEx",
                                "FltRetainSwappedBufferMdlAddress",
                                "FltWriteFileEx",
                                "FsRtlIncrementCcFastMdlReadWait",
                                "FsRtlMdlReadCompleteDev",
                                "FsRtlMdlReadDev",
                                "FsRtlMdlReadEx",
                                "FsRtlMdlWriteCompleteDev",
                                "FsRtlPrepareMdlWriteDev",
                                "FsRtlPrepareMdlWriteEx",
                                "IoAllocateMdl",
                                "IoBuildAsynchronousFsdRequest",
                                "IoBuildDeviceIoControlRequest",
                                "IoBuildPartialMdl",
                                "IoBuildSynchronousFsdRequest",
                                "IoCallDriver",
                                "IoCompleteRequest",
                                "IoFreeIrp",
                                "IoFreeMdl",
                                "IoPageRead",
                                "IoReuseIrp",
                                "IoSynchronousPageWrite",
                                "IofCallDriver",
                                "IofCompleteRequest",
                                "MmAdvanceMdl",
                                "MmAllocateMappingAddress",
                                "MmAllocateMappingAddressEx",
                                "MmAllocateMdlForIoSpace",
                                "MmAllocateNodePagesForMdlEx",
                                "MmAllocatePagesForMdl",
                                "MmAllocatePagesForMdlEx",
                                "MmAllocatePartitionNodePagesForMdlEx",
                                "MmAreMdlPagesCached",
                                "MmBuildMdlForNonPagedPool",
                                "MmCopyMemory",
                                "MmCreateMdl",
                                "MmFreeMappingAddress",
                                "MmFreePagesFromMdl",
                                "MmFreePagesFromMdlEx",
                                "MmGetMdlBaseVa",
                                "MmGetMdlByteCount",
                                "MmGetMdlByteOffset",
                                "MmGetMdlPfnArray",
                                "MmGetMdlVirtualAddress",
                                "MmGetPhysicalAddress",
                                "MmGetSystemAddressForMdl",
                                "MmGetSystemAddressForMdlSafe",
                                "MmGetVirtualForPhysical",
                                "MmInitializeMdl",
                                "MmIsAddressValid",
                                "MmIsIoSpaceActive",
                                "MmLockPagableCodeSection",
                                "MmLockPagableDataSection",
                                "MmLockPagableSectionByHandle",
                                "MmMapIoSpace",
                                "MmMapIoSpaceEx",
                                "MmMapLockedPages",
                                "MmMapLockedPagesSpecifyCache",
                                "MmMapLockedPagesWithReservedMapping",
                                "MmMapMdl",
                                "MmMapMemoryDumpMdl",
                                "MmMapMemoryDumpMdlEx",
                                "MmMapUserAddressesToPage",
                                "MmMapVideoDisplay",
                                "MmMapViewInSessionSpace",
                                "MmMapViewInSystemSpace",
                                "MmMapViewInSystemSpaceEx",
                                "MmMdlPageContentsState",
                                "MmMdlPagesAreZero",
                                "MmPageEntireDriver",
                                "MmPrepareMdlForReuse",
                                "MmProbeAndLockPages",
                                "MmProbeAndLockProcessPages",
                                "MmProbeAndLockSelectedPages",
                                "MmProtectDriverSection",
                                "MmProtectMdlSystemAddress",
                                "MmResetDriverPaging",
                                "MmSecureVirtualMemory",
                                "MmSecureVirtualMemoryEx",
                                "MmSetPermanentCacheAttribute",
                                "MmSizeOfMdl",
                                "MmUnlockPagableImageSection",
                                "MmUnlockPages",
                                "MmUnmapIoSpace",
                                "MmUnmapLockedPages",
                                "MmUnmapReservedMapping",
                                "MmUnmapVideoDisplay",
                                "MmUnmapViewInSessionSpace",
                                "MmUnmapViewInSystemSpace",
                                "MmUnsecureVirtualMemory",
                                "NdisAllocateMdl",
                                "NdisFreeMdl",
                                "NdisGetDataBuffer",
                                "NdisQueryMdl",
                                "PoCallDriver",
                                "ProbeForRead",
                                "ProbeForWrite",
                                "WdfDmaTransactionInitialize",
                                "WdfRequestComplete",
                                "WdfRequestCompleteWithInformation",
                                "WdfRequestCompleteWithPriorityBoost",
                                "WdfRequestRetrieveInputWdmMdl",
                                "WdfRequestRetrieveOutputWdmMdl",
                                "ZwMapViewOfSection",
                                "ZwUnmapViewOfSection"};
  for (const char *name : kNames)
    EXPECT_TRUE(shipped().contractFor(name)) << name;
}

TEST(Shipped, ProbeAndLock) {
  const Contract *probe = shipped().contractFor("MmProbeAndLockPages");
  ASSERT_TRUE(probe);
  ASSERT_EQ(probe->outcomes.size(), 2u);
  ASSERT_EQ(probe->outcomes[0].facets.size(), 1u);
  const Facet &pages = shipped().facet(probe->outcomes[0].facets[0].facet);
  EXPECT_EQ(pages.name, "pages");
  EXPECT_EQ(probe->outcomes[0].facets[0].state, pages.stateNamed("locked"));
  EXPECT_EQ(probe->outcomes[1].kind, Outcome::Kind::Raises);
  EXPECT_TRUE(probe->outcomes[1].facets.empty());
  EXPECT_EQ(probe->outcomes[1].ifUncaught,
            shipped().ruleNamed("mdl-probe-outside-try"));
  ASSERT_EQ(probe->irql.size(), 2u);
  EXPECT_EQ(probe->irql[0].max, 2);
  EXPECT_EQ(probe->irql[1].max, 1);
}

TEST(Shipped, DoubleUnlockIsToldFromNeverLocked) {
  const Contract *unlock = shipped().contractFor("MmUnlockPages");
  ASSERT_TRUE(unlock);
  const FacetId pages = facetNamed("pages");
  auto violated = [&](const char *state) -> std::string {
    for (const FacetRequirement &requirement : unlock->requirements)
      if (requirement.facet == pages)
        for (const auto &violation : requirement.orElse)
          if (violation.state == shipped().facet(pages).stateNamed(state))
            return shipped().rule(violation.rule).id;
    return "";
  };
  EXPECT_EQ(violated("unbuilt"), "mdl-unlock-not-locked");
  EXPECT_EQ(violated("unlocked"), "mdl-double-unlock");
  EXPECT_EQ(violated("nonpaged"), "mdl-lock-nonpaged");
  EXPECT_EQ(violated("partial"), "mdl-lock-nonpaged");
  EXPECT_EQ(violated("owned"), "mdl-unlock-not-locked");
  EXPECT_EQ(violated("locked"), "");
}

TEST(Shipped, LevelsAreSavedAndRestored) {
  const std::pair<const char *, const char *> kPairs[] = {
      {"KeRaiseIrql", "KeLowerIrql"},
      {"KfAcquireSpinLock", "KfReleaseSpinLock"},
      {"KeAcquireSpinLock", "KeReleaseSpinLock"},
      {"KeAcquireInStackQueuedSpinLock", "KeReleaseInStackQueuedSpinLock"},
      {"IoAcquireCancelSpinLock", "IoReleaseCancelSpinLock"},
      {"ExAcquireFastMutex", "ExReleaseFastMutex"},
      {"NdisAcquireSpinLock", "NdisReleaseSpinLock"},
      {"WdfSpinLockAcquire", "WdfSpinLockRelease"},
  };
  auto setsIrql = [](const Outcome &outcome) {
    return llvm::any_of(outcome.assigns, [](const Assignment &a) {
      return a.place->kind == Expr::Kind::Irql;
    });
  };
  auto savesIrql = [](const Outcome &outcome) {
    return (outcome.resultValue &&
            outcome.resultValue->kind == Expr::Kind::Irql) ||
           llvm::any_of(outcome.assigns, [](const Assignment &a) {
             return a.value && a.value->kind == Expr::Kind::Irql;
           });
  };
  for (const auto &[acquire, release] : kPairs) {
    const Contract *raise = shipped().contractFor(acquire);
    const Contract *lower = shipped().contractFor(release);
    ASSERT_TRUE(raise && lower) << acquire;
    EXPECT_TRUE(setsIrql(raise->outcomes[0])) << acquire;
    EXPECT_TRUE(savesIrql(raise->outcomes[0])) << acquire;
    EXPECT_TRUE(setsIrql(lower->outcomes[0])) << release;
  }
}

TEST(Shipped, Roles) {
  const Role *cancel = shipped().roleNamed("DRIVER_CANCEL");
  ASSERT_TRUE(cancel);
  EXPECT_EQ(cancel->min, 2);
  EXPECT_EQ(cancel->max, 2);
  EXPECT_EQ(shipped().fieldRoles.at("_DRIVER_OBJECT::MajorFunction"),
            "DRIVER_DISPATCH");
  for (const auto &[name, role] : shipped().roles())
    EXPECT_FALSE(role.source.empty()) << name;
  // Whoever is told of a completion routine is who finds its context later.
  const Contract *set = shipped().contractFor("IoSetCompletionRoutine");
  const Contract *call = shipped().contractFor("IoCallDriver");
  ASSERT_TRUE(set && call);
  ASSERT_EQ(set->registrations.size(), 1u);
  ASSERT_EQ(call->registrations.size(), 1u);
  EXPECT_FALSE(set->registrations[0].runs);
  EXPECT_TRUE(call->registrations[0].runs);
  EXPECT_EQ(set->registrations[0].role, call->registrations[0].role);
}

TEST(Shipped, Constants) {
  const std::pair<const char *, int64_t> kValues[] = {
      {"NULL", 0},        {"TRUE", 1},
      {"UserMode", 1},    {"KernelMode", 0},
      {"APC_LEVEL", 1},   {"DISPATCH_LEVEL", 2},
      {"PagedPool", 1},   {"STATUS_ACCESS_VIOLATION", -1073741819},
      {"HIGH_LEVEL", 15}, {"STATUS_INSUFFICIENT_RESOURCES", -1073741670},
  };
  for (const auto &[name, value] : kValues) {
    auto it = shipped().constants.find(name);
    ASSERT_NE(it, shipped().constants.end()) << name;
    EXPECT_EQ(it->second, value) << name;
  }
}

TEST(Shipped, Macros) {
  const std::vector<std::string> macros = shipped().macroNames();
  EXPECT_TRUE(llvm::is_sorted(macros));
  for (const char *name : {"IoCallDriver", "KeAcquireSpinLock", "PAGED_CODE",
                           "MmGetSystemAddressForMdlSafe", "RtlCopyMemory"})
    EXPECT_TRUE(llvm::is_contained(macros, name)) << name;
}

} // namespace
