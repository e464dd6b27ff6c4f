//===-- TextLine.h - one line of the text form ----------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tokens of one line and the small parts every kind of line is made of. The
// first failure sticks: from then on the line is at its end, so callers need
// not look after each step.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_IR_TEXTLINE_H
#define MDLCHECK_IR_TEXTLINE_H

#include "ir/Ir.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <string>
#include <vector>

namespace mdlcheck::ir::text {

/// The first failure of a read.
struct Failure {
  bool failed = false;
  unsigned line = 0;
  std::string message;

  void set(unsigned atLine, const llvm::Twine &text) {
    if (failed)
      return;
    failed = true;
    line = atLine;
    message = text.str();
  }
};

struct Token {
  enum Kind : uint8_t { End, Name, String, Number, Temp, Punct };
  Kind kind = End;
  bool hex = false;     ///< Number
  uint64_t number = 0;  ///< Number, Temp
  llvm::StringRef text; ///< as written
  std::string value;    ///< String: what it stands for
};

class Line {
public:
  /// Takes `text` apart.
  Line(llvm::StringRef text, unsigned number, Failure &failure);

  unsigned number() const { return lineNumber; }
  bool failed() const { return failure->failed; }
  void fail(const llvm::Twine &message);
  /// Fails, saying what stands here instead.
  void failExpected(const llvm::Twine &what);

  const Token &peek(size_t ahead = 0) const;
  bool atEnd() const { return peek().kind == Token::End; }
  bool is(llvm::StringRef text, size_t ahead = 0) const;
  /// Whether a name or a string stands here.
  bool isName() const;
  bool isType() const;

  /// Takes a word or a sign.
  bool accept(llvm::StringRef text);
  void expect(llvm::StringRef text);
  void expectEnd();

  std::string name(const llvm::Twine &what);
  /// A name and the number that tells it from others alike: what tables of
  /// names are keyed with. `plain` gets the name alone.
  std::string label(const llvm::Twine &what, std::string *plain = nullptr);
  std::string string(const llvm::Twine &what);
  uint64_t unsignedNumber(const llvm::Twine &what, uint64_t max = UINT64_MAX);
  /// A constant of `type`, kept as Expr::value is.
  int64_t constant(Type type);
  bool isConstant() const;
  Type type();
  /// A span if one stands here.
  Span span();
  uint32_t temp();

private:
  void tokenize(llvm::StringRef text);
  bool tokenizeString(llvm::StringRef &text, Token &token);
  bool tokenizeNumber(llvm::StringRef digits, Token &token);
  const Token &take();

  std::vector<Token> tokens;
  size_t pos = 0;
  unsigned lineNumber;
  Failure *failure;
};

} // namespace mdlcheck::ir::text

#endif // MDLCHECK_IR_TEXTLINE_H
