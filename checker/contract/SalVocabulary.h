//===-- SalVocabulary.h - the words of SAL --------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which annotations of SAL mean something to us, in today's spelling and in
// the older `__drv_...` one. Sources: "IRQL annotations for drivers" and
// "Annotating locking behavior" in the WDK's documentation, kernelspecs.h,
// driverspecs.h and concurrencysal.h.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CONTRACT_SALVOCABULARY_H
#define MDLCHECK_CONTRACT_SALVOCABULARY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace mdlcheck::contract {

enum class SalKind : uint8_t {
  // Around other annotations.
  When,      ///< (condition, annotations)
  At,        ///< (place, annotations)
  AtReturn,  ///< (annotations): about the result
  AtPointee, ///< (annotations): about what the parameter points to
  Group,     ///< (annotations): adds nothing that we follow
  OnFailure, ///< (annotations)
  // The IRQL.
  IrqlMax,            ///< (level) on entry
  IrqlMin,            ///< (level) on entry
  IrqlExact,          ///< (level) on entry
  IrqlSame,           ///< is left as it was
  IrqlRaises,         ///< (level) on return
  IrqlSaves,          ///< here lies the level on entry
  IrqlRestores,       ///< here lies the level on return
  IrqlSavesGlobal,    ///< (kind, place)
  IrqlRestoresGlobal, ///< (kind, place)
  IrqlFunctionMax,    ///< (level) all the time
  IrqlFunctionMin,    ///< (level) all the time
  IrqlIsCancel,       ///< what a cancel routine keeps to
  // Others.
  MayRaise,      ///< may raise a structured exception
  Raises,        ///< does so, always
  FunctionClass, ///< (role)
};

struct SalWord {
  const char *name;
  SalKind kind;
  uint8_t args;
};

/// Null for a word that means nothing to us.
const SalWord *salWord(llvm::StringRef name);
/// All there are, by name.
llvm::ArrayRef<SalWord> salWords();

} // namespace mdlcheck::contract

#endif // MDLCHECK_CONTRACT_SALVOCABULARY_H
