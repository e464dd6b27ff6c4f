//===-- ExprParser.h - expressions in contracts ---------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The grammar, loosest binding first (rules/README.md explains it):
//
//   or      := and ('||' and)*
//   and     := test ('&&' test)*
//   test    := bits (('==' | '!=' | '<' | '<=' | '>' | '>=') bits)?
//            | facet 'is' state
//   bits    := mask ('|' mask)*
//   mask    := sum ('&' sum)*              in C also: number '<<' number
//   sum     := unary (('+' | '-') unary)*
//   unary   := '!' unary | '-' unary | '*' ('(' type ')')? unary | member
//   member  := primary ('->' name '::' name ('::' name)*)*
//   primary := integer | '(' type ')' integer | name | '(' or ')'
//   facet   := unary '.' name ('.' name)?
//
// '&' binds tighter than a comparison, unlike in C.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_CONTRACT_EXPRPARSER_H
#define MDLCHECK_CONTRACT_EXPRPARSER_H

#include "contract/RuleSet.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace mdlcheck::contract {

/// `object` is null for a place that is no facet.
struct Place {
  ExprPtr expr;   ///< Irql, Result, Deref or Member
  ExprPtr object; ///< the object whose `facet` is meant
  FacetId facet;
};

/// What the names in an expression can mean.
struct ExprScope {
  const RuleSet &rules;
  llvm::ArrayRef<std::string> params;
  bool resultKnown = false; ///< `result` may be used
  /// Numbers are conditions and casts of what is no constant are left out, as
  /// in the conditions of SAL; the result is `return`.
  bool asInC = false;
};

/// Parses one text. Every function returns nothing on a mistake, which
/// error() then explains.
class ExprParser {
public:
  ExprParser(llvm::StringRef text, const ExprScope &scope)
      : text(text), rest(text), scope(scope) {}

  /// True or false: what may stand after `when`.
  ExprPtr parseCondition();
  /// A number or pointer.
  ExprPtr parseValue();
  /// What may stand left of an effect.
  std::optional<Place> parsePlace();

  const std::string &error() const { return message; }

private:
  enum class Token : uint8_t {
    End,
    Name,
    Number,
    OrOr,
    AndAnd,
    EqEq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
    Or,
    And,
    Plus,
    Minus,
    Shift,
    Star,
    Not,
    LParen,
    RParen,
    Arrow,
    Colons,
    Dot,
    Bad,
  };
  void next();
  bool accept(Token wanted);
  bool startsCast() const;
  std::nullptr_t fail(const llvm::Twine &what);
  bool atEnd();

  ExprPtr parseOr();
  ExprPtr parseAnd();
  ExprPtr parseTest();
  ExprPtr parseBits();
  ExprPtr parseMask();
  ExprPtr parseSum();
  ExprPtr parseUnary();
  ExprPtr parseMember();
  ExprPtr parsePrimary();
  ExprPtr parseName();
  ExprPtr shift(ExprPtr lhs, ExprPtr rhs);
  ExprPtr truth(ExprPtr expr, bool isTrue = true) const;
  FacetId parseFacetName();
  ExprPtr binary(Expr::Kind kind, ExprPtr lhs, ExprPtr rhs);

  llvm::StringRef text;
  llvm::StringRef rest;
  const ExprScope &scope;
  Token token = Token::End;
  llvm::StringRef spelling;
  std::string message;
  unsigned depth = 0;
};

/// Whether an expression is true or false rather than a number.
bool isCondition(const Expr &expr);

} // namespace mdlcheck::contract

#endif // MDLCHECK_CONTRACT_EXPRPARSER_H
