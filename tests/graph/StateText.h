//===-- StateText.h - states in the comments of a case ----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The text form of abstract states, as README.md describes it: items, with
// semicolons between them. Reading gives what the text says; what its names
// stand for is only known beside a state (StateCheck.h).
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_TESTS_GRAPH_STATETEXT_H
#define MDLCHECK_TESTS_GRAPH_STATETEXT_H

#include "contract/RuleSet.h"
#include "ir/Ir.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace mdlcheck::tests {

/// A value or a place, as written.
struct Pattern {
  enum class Kind : uint8_t {
    Number,  ///< number
    Name,    ///< a value that has a name, a parameter's, or what a global holds
    Address, ///< &name: a global, a function or storage of the caller
    Result,  ///< what the function returns
    Code,    ///< the code of the exception that leaves it
    Irql,    ///< the current IRQL
    Field,   ///< of[0] -> field
    Element, ///< of[0] [ of[1] * number ]
    Contents, ///< * of[0]
    Unary,    ///< op of[0]
    Binary,   ///< of[0] op of[1]
    Cast,     ///< of[0] as `type`
  };
  Kind kind = Kind::Number;
  ir::Op op = ir::Op::None;
  int64_t number = 0;
  std::string name;
  uint32_t field = 0;
  std::optional<ir::Type> type; ///< as written behind a place, or of a Cast
  uint8_t bitOffset = 0;
  uint8_t bitWidth = 0;
  std::vector<Pattern> of;
};

struct Item {
  enum class Kind : uint8_t {
    Equal,     ///< subject = value
    Known,     ///< bounds, bits and excluded values of the subject
    Object,    ///< facets and flags of the object at the subject
    Zero,      ///< bytes of the subject that are zero
    NoObjects, ///< there are no other objects
    NoMemory,  ///< no other memory has changed
  };
  Kind kind = Kind::Equal;
  std::string text; ///< as written
  Pattern subject;
  Pattern value;
  std::optional<int64_t> lo, hi; ///< Known; Zero: bytes from, to
  uint64_t mask = 0;             ///< bits that are known...
  uint64_t bits = 0;             ///< ...and what they are
  std::vector<int64_t> excluded; ///< sorted
  std::vector<std::pair<contract::FacetId, contract::FacetState>> facets;
  bool escaped = false;
  bool errored = false;
  bool owned = false;
  bool open = false; ///< facets that are not mentioned may be anything
};

struct StateText {
  std::string text;
  std::vector<Item> items;
};

llvm::Expected<StateText> readState(llvm::StringRef text, const ir::Unit &unit,
                                    const contract::RuleSet &rules);

/// How an operator is written; null when it has no place in the text form.
const char *spelling(ir::Op op);

} // namespace mdlcheck::tests

#endif // MDLCHECK_TESTS_GRAPH_STATETEXT_H
