//===-- SalVocabulary.cpp - the words of SAL ------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/SalVocabulary.h"

#include "llvm/ADT/STLExtras.h"

#include <cassert>

namespace mdlcheck::contract {

using llvm::StringRef;

// By name, as strcmp has it.
static constexpr SalWord kWords[] = {
    {"_Always_", SalKind::Group, 1},
    {"_At_", SalKind::At, 2},
    {"_Function_class_", SalKind::FunctionClass, 1},
    {"_IRQL_always_function_max_", SalKind::IrqlFunctionMax, 1},
    {"_IRQL_always_function_min_", SalKind::IrqlFunctionMin, 1},
    {"_IRQL_is_cancel_", SalKind::IrqlIsCancel, 0},
    {"_IRQL_raises_", SalKind::IrqlRaises, 1},
    {"_IRQL_requires_", SalKind::IrqlExact, 1},
    {"_IRQL_requires_max_", SalKind::IrqlMax, 1},
    {"_IRQL_requires_min_", SalKind::IrqlMin, 1},
    {"_IRQL_requires_same_", SalKind::IrqlSame, 0},
    {"_IRQL_restores_", SalKind::IrqlRestores, 0},
    {"_IRQL_restores_global_", SalKind::IrqlRestoresGlobal, 2},
    {"_IRQL_saves_", SalKind::IrqlSaves, 0},
    {"_IRQL_saves_global_", SalKind::IrqlSavesGlobal, 2},
    {"_IRQL_uses_cancel_", SalKind::IrqlRestores, 0},
    {"_Maybe_raises_SEH_exception_", SalKind::MayRaise, 0},
    {"_On_failure_", SalKind::OnFailure, 1},
    {"_Raises_SEH_exception_", SalKind::Raises, 0},
    {"_When_", SalKind::When, 2},
    {"__drv_arg", SalKind::At, 2},
    {"__drv_at", SalKind::At, 2},
    {"__drv_deref", SalKind::AtPointee, 1},
    {"__drv_fun", SalKind::Group, 1},
    {"__drv_functionClass", SalKind::FunctionClass, 1},
    {"__drv_in", SalKind::Group, 1},
    {"__drv_inTry", SalKind::MayRaise, 0},
    {"__drv_in_deref", SalKind::AtPointee, 1},
    {"__drv_isCancelIRQL", SalKind::IrqlIsCancel, 0},
    {"__drv_maxFunctionIRQL", SalKind::IrqlFunctionMax, 1},
    {"__drv_maxIRQL", SalKind::IrqlMax, 1},
    {"__drv_minFunctionIRQL", SalKind::IrqlFunctionMin, 1},
    {"__drv_minIRQL", SalKind::IrqlMin, 1},
    {"__drv_out", SalKind::Group, 1},
    {"__drv_out_deref", SalKind::AtPointee, 1},
    {"__drv_raisesIRQL", SalKind::IrqlRaises, 1},
    {"__drv_requiresIRQL", SalKind::IrqlExact, 1},
    {"__drv_restoresIRQL", SalKind::IrqlRestores, 0},
    {"__drv_restoresIRQLGlobal", SalKind::IrqlRestoresGlobal, 2},
    {"__drv_ret", SalKind::AtReturn, 1},
    {"__drv_sameIRQL", SalKind::IrqlSame, 0},
    {"__drv_savesIRQL", SalKind::IrqlSaves, 0},
    {"__drv_savesIRQLGlobal", SalKind::IrqlSavesGlobal, 2},
    {"__drv_setsIRQL", SalKind::IrqlRaises, 1},
    {"__drv_useCancelIRQL", SalKind::IrqlRestores, 0},
    {"__drv_when", SalKind::When, 2},
};

const SalWord *salWord(StringRef name) {
  assert(llvm::is_sorted(kWords, [](const SalWord &a, const SalWord &b) {
    return StringRef(a.name) < StringRef(b.name);
  }));
  const SalWord *it = llvm::partition_point(
      kWords, [&](const SalWord &word) { return StringRef(word.name) < name; });
  return it != std::end(kWords) && name == it->name ? it : nullptr;
}

llvm::ArrayRef<SalWord> salWords() { return kWords; }

} // namespace mdlcheck::contract
