//===-- Text.h - the text form of a unit ----------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The text form is what --dump-ir prints and what graph-level tests are
// written in. Writing and reading back gives an equal unit, but that the
// expression tables come back in the order of the text, without sharing and
// without what nothing uses.
//
// One statement a line; `#` and `//` start a comment. Tables are numbered in
// the order of their lines. [x] may be left out, x* may be repeated.
//
//   unit "main.c"                         the main file; else the buffer
//   file [0] "main.c"                     else file 0 is the main file
//   string "text"                         literals make their own where used
//   field _MDL.MdlFlags offset 10: i16 [system]
//   global g_Table [link "name"]: agg(16) [const] [static] [extern] [{
//     0: ptr &func DispatchRead [+ 8]     or &global g, "text", string(N)
//     8: u32 5 [in _REC.Member]
//   }]
//   decl Foo [link "name"] (Param, ...) [: TYPE] ATTRIBUTE* [SPAN]
//   func Foo [link "name"] (LOCAL, ...) [: TYPE] ATTRIBUTE* [SPAN] [end SPAN] {
//     [local LOCAL]*
//     [temps N]
//     [block NAME [entry] [unwind NAME] [:]
//        INSTR*
//        [goto NAME, ... | return [EXPR] [SPAN]]]*
//   }
//   skipped Foo "reason" [SPAN]
//
//   ATTRIBUTE  static, inline, noreturn, system, implicit, role NAME,
//              annotation "..."
//   LOCAL      Name: TYPE ["TypeName"] [volatile] [result] [exceptioncode]
//              [SPAN]
//   TYPE       void i8..i64 u8..u64 ptr f32 f64 agg(N); other sizes in bytes:
//              int(N) uint(N) ptr(N) float(N)
//   SPAN       @[FILE:]LINE:COLUMN[-[ENDLINE:]ENDCOLUMN], FILE 0 when left out,
//              `none` for a place without a file
//
// A function with a decl line has type and attributes there; without one, the
// func line makes the declaration. The blocks named `exit` and `unwind` are
// the two exits; they need no lines. The first block is the entry unless
// another says so; blocks unwind to the exceptional exit unless they say
// otherwise (`unwind none`: nowhere). `return x` stores to the result (making a
// local $result if there is none) and goes to the exit.
//
//   INSTR
//     %1 = load TYPE EXPR [bits(OFFSET, WIDTH)] [volatile]
//     store TYPE EXPR, EXPR [bits(OFFSET, WIDTH)] [volatile]
//     copy TYPE EXPR, EXPR                from the second to the first
//     zero TYPE EXPR
//     [%1 =] call [TYPE] Foo(ARG, ...)    or *EXPR(ARG, ...), then
//            [result EXPR] [virtual] [macro] [texts("Ext->Mdl", ...)]
//     assume [KIND] EXPR ["text" ["detail"]]
//     %1 = havoc TYPE
//     end Name                            the lifetime of a local
//   each followed by [SPAN]
//   ARG        EXPR [as TYPE] [to [const] SIZE], SIZE of what it points to
//   KIND       true false case default enter exit filter stated
//
//   EXPR
//     5  -1  0xC0000005  null             constants
//     %1                                  temporary
//     &Name  &global Name  &func Name  "text"  string(N)    addresses
//     EXPR->_MDL.MdlFlags                 address of a field
//     EXPR[EXPR * SIZE]                   of an element; SIZE 1 if left out
//     (neg EXPR)  (~ EXPR)  (! EXPR)      unary
//     (EXPR + EXPR), also with - * / % << >> & | ^ == != < <= > >=
//     (cast TYPE EXPR)
//
// `:TYPE` after an expression is its type. By default a constant is what its
// place suggests (what is stored, the other operand's type) or i32, a
// temporary what it is assigned as, an address ptr, arithmetic what its first
// operand is, a comparison i32.
//
// Names are identifiers, with :: for members, and quoted if they are anything
// else. Where names in a table are not unique, a number makes them so: `i.3`.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_IR_TEXT_H
#define MDLCHECK_IR_TEXT_H

#include "ir/Ir.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace mdlcheck::ir {

void write(const Unit &unit, llvm::raw_ostream &os);

/// Reads what `write` wrote. Errors are InputErrors with `bufferName` and the
/// line.
llvm::Expected<Unit> read(llvm::StringRef text, llvm::StringRef bufferName);

} // namespace mdlcheck::ir

#endif // MDLCHECK_IR_TEXT_H
