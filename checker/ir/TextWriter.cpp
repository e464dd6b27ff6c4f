//===-- TextWriter.cpp - unit to text ---------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The grammar stands in Text.h. Graphs are dumped when something is wrong
// with them, so the writer takes malformed ones too: what has no text is
// written as <...>, which does not read back.
//
//===----------------------------------------------------------------------===//

#include "ir/Text.h"
#include "ir/TextSyntax.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mdlcheck;
using namespace mdlcheck::ir;
using namespace mdlcheck::ir::text;
using llvm::StringRef;

namespace {

/// One label an entry: its name, and its number too where names are not
/// unique.
template <typename Table, typename NameOf, typename TextOf>
std::vector<std::string> makeLabels(const Table &table, NameOf nameOf,
                                    TextOf textOf) {
  llvm::StringMap<unsigned> count;
  for (const auto &entry : table)
    ++count[nameOf(entry)];
  std::vector<std::string> labels;
  for (size_t i = 0; i < table.size(); ++i) {
    labels.push_back(textOf(table[i]));
    if (count[nameOf(table[i])] > 1)
      labels.back() += '.' + std::to_string(i);
  }
  return labels;
}

template <typename Table>
std::vector<std::string> makeNameLabels(const Table &table) {
  return makeLabels(
      table, [](const auto &e) -> const std::string & { return e.name; },
      [](const auto &e) { return plainOrQuoted(e.name); });
}

template <typename T, size_t N>
StringRef spell(const Spelling<T> (&table)[N], T value) {
  for (const Spelling<T> &s : table)
    if (s.value == value)
      return s.text;
  return "<none>";
}

class Writer {
public:
  Writer(const Unit &unit, llvm::raw_ostream &os)
      : unit(unit), os(os), globalLabels(makeNameLabels(unit.globals)),
        declLabels(makeNameLabels(unit.decls)),
        fieldLabels(makeLabels(
            unit.fields,
            [](const Field &f) { return f.record + '\0' + f.name; },
            [](const Field &f) {
              return plainOrQuoted(f.record) + '.' + plainOrQuoted(f.name);
            })) {
    for (size_t n = 0; n < unit.strings.size(); ++n)
      firstStrings.try_emplace(unit.strings[n], n);
  }

  void writeUnit();

private:
  const Unit &unit;
  llvm::raw_ostream &os;
  std::vector<std::string> globalLabels, declLabels, fieldLabels;
  /// The first of equal strings: those can be written as they are.
  llvm::StringMap<size_t> firstStrings;

  // The function being written.
  const Function *function = nullptr;
  std::vector<std::string> localLabels;
  std::vector<Type> tempTypes;
  std::vector<bool> active; ///< expressions being written, against cycles

  void writeTables();
  void writeGlobal(const Global &g, size_t index);
  void writeDecl(const FunctionDecl &d, size_t index);
  void writeFunction(const Function &f);
  void writeLocalTail(const Local &l, size_t index);
  void writeBlock(const Block &b, size_t index);
  void writeInstr(const Instr &i);
  void writeCall(const Instr &i);

  void writeExpr(ExprId id, Type expected);
  void writeExprBody(const Expr &e, Type expected);
  void writeInt(Type type, int64_t value);
  void writeType(Type t);
  void writeSpan(const Span &s);
  void writeBlockName(BlockId id);
  void writeLabel(const std::vector<std::string> &labels, uint32_t index);

  const Expr *find(ExprId id) const {
    return id.value < function->exprs.size() ? &function->exprs[id.value]
                                             : nullptr;
  }
  Type typeOf(ExprId id) const {
    const Expr *e = find(id);
    return e ? e->type : Type();
  }
  Type tempType(uint32_t index) const {
    return index < tempTypes.size() ? tempTypes[index] : kI32;
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Small parts
//===----------------------------------------------------------------------===//

void Writer::writeType(Type t) {
  switch (t.kind) {
  case TypeKind::Void:
    os << "void";
    return;
  case TypeKind::Int:
    if (t.size == 1 || t.size == 2 || t.size == 4 || t.size == 8 ||
        t.size == 16)
      os << (t.isSigned ? 'i' : 'u') << t.size * 8;
    else
      os << (t.isSigned ? "int(" : "uint(") << t.size << ')';
    return;
  case TypeKind::Pointer:
    os << "ptr";
    if (t.size != kPtr.size)
      os << '(' << t.size << ')';
    return;
  case TypeKind::Float:
    if (t.size == 2 || t.size == 4 || t.size == 8 || t.size == 16)
      os << 'f' << t.size * 8;
    else
      os << "float(" << t.size << ')';
    return;
  case TypeKind::Aggregate:
    os << "agg(" << t.size << ')';
    return;
  }
}

void Writer::writeSpan(const Span &s) {
  if (s == Span())
    return;
  os << " @";
  if (!s.valid())
    os << "none:";
  else if (s.file.value != 0)
    os << s.file.value << ':';
  os << s.line << ':' << s.column;
  if (s.endLine != s.line)
    os << '-' << s.endLine << ':' << s.endColumn;
  else if (s.endColumn != s.column)
    os << '-' << s.endColumn;
}

void Writer::writeLabel(const std::vector<std::string> &labels,
                        uint32_t index) {
  if (index < labels.size())
    os << labels[index];
  else
    os << "<bad " << index << '>';
}

void Writer::writeBlockName(BlockId id) {
  if (!id.valid())
    os << "none";
  else if (id.value >= function->blocks.size())
    os << "<bad " << id.value << '>';
  else if (id == function->exit)
    os << "exit";
  else if (id == function->unwindExit)
    os << "unwind";
  else
    os << 'b' << id.value;
}

void Writer::writeInt(Type type, int64_t value) {
  bool unsignedType = type.kind == TypeKind::Pointer ||
                      (type.kind == TypeKind::Int && !type.isSigned);
  if (!unsignedType || uint64_t(value) < 0x10000)
    os << value;
  else
    os << "0x" << llvm::utohexstr(uint64_t(value));
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

void Writer::writeExpr(ExprId id, Type expected) {
  const Expr *e = find(id);
  if (!e) {
    os << (id.valid() ? "<bad>" : "<none>");
    return;
  }
  if (active[id.value]) {
    os << "<cycle>";
    return;
  }
  if (e->kind == ExprKind::Int && e->value == 0 && e->type == kPtr) {
    os << "null";
    return;
  }
  active[id.value] = true;
  writeExprBody(*e, expected);
  active[id.value] = false;
  Type implied =
      defaultType(*e, expected, typeOf(e->lhs),
                  e->kind == ExprKind::Temp ? tempType(e->index) : Type());
  if (e->type != implied) {
    os << ':';
    writeType(e->type);
  }
}

void Writer::writeExprBody(const Expr &e, Type expected) {
  switch (e.kind) {
  case ExprKind::Int:
    writeInt(e.type, e.value);
    return;
  case ExprKind::Temp:
    os << '%' << e.index;
    return;
  case ExprKind::LocalAddr:
    os << '&';
    writeLabel(localLabels, e.index);
    return;
  case ExprKind::GlobalAddr:
    os << "&global ";
    writeLabel(globalLabels, e.index);
    return;
  case ExprKind::FunctionAddr:
    os << "&func ";
    writeLabel(declLabels, e.index);
    return;
  case ExprKind::StringAddr:
    if (e.index < unit.strings.size() &&
        firstStrings.lookup(unit.strings[e.index]) == e.index)
      writeString(os, unit.strings[e.index]);
    else
      os << "string(" << e.index << ')';
    return;
  case ExprKind::FieldAddr:
    writeExpr(e.lhs, expected);
    os << "->";
    writeLabel(fieldLabels, e.index);
    return;
  case ExprKind::IndexAddr:
    writeExpr(e.lhs, expected);
    os << '[';
    writeExpr(e.rhs, kI32);
    os << " * " << e.value << ']';
    return;
  case ExprKind::Unary:
    os << '(' << spell(kUnaryOps, e.op) << ' ';
    writeExpr(e.lhs, expected);
    os << ')';
    return;
  case ExprKind::Binary:
    os << '(';
    writeExpr(e.lhs, expected);
    os << ' ' << spell(kBinaryOps, e.op) << ' ';
    writeExpr(e.rhs, typeOf(e.lhs));
    os << ')';
    return;
  case ExprKind::Cast:
    os << "(cast ";
    writeType(e.type);
    os << ' ';
    writeExpr(e.lhs, kI32);
    os << ')';
    return;
  }
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

void Writer::writeCall(const Instr &i) {
  os << "call ";
  writeType(i.type);
  if (i.callee.valid()) {
    os << ' ';
    writeLabel(declLabels, i.callee.value);
  }
  if (i.target.valid()) {
    os << " *";
    writeExpr(i.target, kPtr);
  }
  os << '(';
  for (size_t n = 0; n < i.args.size(); ++n) {
    const CallArg &arg = i.args[n];
    if (n)
      os << ", ";
    writeExpr(arg.value, kI32);
    if (arg.type != typeOf(arg.value)) {
      os << " as ";
      writeType(arg.type);
    }
    if (arg.pointeeConst || arg.pointeeSize)
      os << " to " << (arg.pointeeConst ? "const " : "") << arg.pointeeSize;
  }
  os << ')';
  if (i.resultAddr.valid()) {
    os << " result ";
    writeExpr(i.resultAddr, kPtr);
  }
  if (i.isVirtual)
    os << " virtual";
  if (i.isMacro)
    os << " macro";
  if (!i.argTexts.empty()) {
    os << " texts(";
    for (size_t n = 0; n < i.argTexts.size(); ++n) {
      os << (n ? ", " : "");
      writeString(os, i.argTexts[n]);
    }
    os << ')';
  }
}

void Writer::writeInstr(const Instr &i) {
  os << "    ";
  if (i.dst.valid() &&
      (i.kind == InstrKind::Load || i.kind == InstrKind::Havoc ||
       i.kind == InstrKind::Call))
    os << '%' << i.dst.value << " = ";
  auto access = [&](StringRef word) {
    os << word << ' ';
    writeType(i.type);
    os << ' ';
    writeExpr(i.addr, kPtr);
  };
  auto accessTail = [&] {
    if (i.bitOffset || i.bitWidth)
      os << " bits(" << unsigned(i.bitOffset) << ", " << unsigned(i.bitWidth)
         << ')';
    if (i.isVolatile)
      os << " volatile";
  };
  switch (i.kind) {
  case InstrKind::Load:
    access("load");
    accessTail();
    break;
  case InstrKind::Store:
    access("store");
    os << ", ";
    writeExpr(i.value, i.type);
    accessTail();
    break;
  case InstrKind::Copy:
    access("copy");
    os << ", ";
    writeExpr(i.value, kPtr);
    break;
  case InstrKind::Zero:
    access("zero");
    break;
  case InstrKind::Call:
    writeCall(i);
    break;
  case InstrKind::Assume:
    os << "assume ";
    if (i.assumeKind != AssumeKind::Implicit)
      os << spell(kAssumeKinds, i.assumeKind) << ' ';
    writeExpr(i.value, kI32);
    if (!i.text.empty() || !i.detail.empty()) {
      os << ' ';
      writeString(os, i.text);
    }
    if (!i.detail.empty()) {
      os << ' ';
      writeString(os, i.detail);
    }
    break;
  case InstrKind::Havoc:
    os << "havoc ";
    writeType(i.type);
    break;
  case InstrKind::EndLifetime:
    os << "end ";
    writeLabel(localLabels, i.local.value);
    break;
  }
  writeSpan(i.span);
  os << '\n';
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

void Writer::writeBlock(const Block &b, size_t index) {
  BlockId id{uint32_t(index)};
  os << "  block ";
  writeBlockName(id);
  bool entryByDefault = function->entry.value == 0;
  if (id == function->entry && !entryByDefault)
    os << " entry";
  if (b.unwind != function->unwindExit) {
    os << " unwind ";
    writeBlockName(b.unwind);
  }
  os << '\n';
  for (const Instr &i : b.instrs)
    writeInstr(i);
  if (b.succs.empty())
    return;
  os << "    goto ";
  for (size_t n = 0; n < b.succs.size(); ++n) {
    os << (n ? ", " : "");
    writeBlockName(b.succs[n]);
  }
  os << '\n';
}

void Writer::writeLocalTail(const Local &l, size_t index) {
  os << localLabels[index] << ": ";
  writeType(l.type);
  if (!l.typeName.empty()) {
    os << ' ';
    writeString(os, l.typeName);
  }
  if (l.isVolatile)
    os << " volatile";
  if (function->result.value == index)
    os << " result";
  if (function->exceptionCode.value == index)
    os << " exceptioncode";
  writeSpan(l.span);
}

void Writer::writeFunction(const Function &f) {
  function = &f;
  localLabels = makeNameLabels(f.locals);
  active.assign(f.exprs.size(), false);

  // The types the reader will take for the temporaries.
  tempTypes.assign(f.numTemps, kI32);
  std::vector<bool> defined(f.numTemps, false);
  for (const Block &b : f.blocks)
    for (const Instr &i : b.instrs)
      if (i.dst.value < f.numTemps && !defined[i.dst.value]) {
        defined[i.dst.value] = true;
        tempTypes[i.dst.value] = i.type;
      }

  os << "\nfunc ";
  writeLabel(declLabels, f.decl.value);
  os << '(';
  size_t params = std::min<size_t>(f.numParams, f.locals.size());
  for (size_t n = 0; n < params; ++n) {
    os << (n ? ", " : "");
    writeLocalTail(f.locals[n], n);
  }
  os << ')';
  writeSpan(f.span);
  if (!(f.endSpan == Span())) {
    os << " end";
    writeSpan(f.endSpan);
  }
  os << " {\n";
  for (size_t n = params; n < f.locals.size(); ++n) {
    os << "  local ";
    writeLocalTail(f.locals[n], n);
    os << '\n';
  }
  // Written always: expressions nobody uses are in the table and not in the
  // text, so the reader could count less.
  if (f.numTemps)
    os << "  temps " << f.numTemps << '\n';
  for (size_t n = 0; n < f.blocks.size(); ++n)
    writeBlock(f.blocks[n], n);
  os << "}\n";
  function = nullptr;
}

//===----------------------------------------------------------------------===//
// The unit
//===----------------------------------------------------------------------===//

void Writer::writeTables() {
  os << "unit ";
  writeString(os, unit.mainFile);
  os << '\n';
  for (size_t n = 0; n < unit.files.size(); ++n)
    os << "file " << n << ' ' << quoted(unit.files[n]) << '\n';
  for (const std::string &s : unit.strings)
    os << "string " << quoted(s) << '\n';
  for (size_t n = 0; n < unit.fields.size(); ++n) {
    os << "field " << fieldLabels[n] << " offset " << unit.fields[n].offset
       << ": ";
    writeType(unit.fields[n].type);
    os << (unit.fields[n].inSystemHeader ? " system\n" : "\n");
  }
}

void Writer::writeGlobal(const Global &g, size_t index) {
  os << "global " << globalLabels[index];
  if (g.linkName != g.name)
    os << " link " << quoted(g.linkName);
  os << ": ";
  writeType(g.type);
  if (g.isConst)
    os << " const";
  if (g.isStatic)
    os << " static";
  if (g.isExtern)
    os << " extern";
  if (g.inits.empty()) {
    os << '\n';
    return;
  }
  os << " {\n";
  for (const GlobalInit &init : g.inits) {
    os << "  " << init.offset << ": ";
    writeType(init.type);
    os << ' ';
    switch (init.kind) {
    case GlobalInit::Kind::Int:
      writeInt(init.type, init.value);
      break;
    case GlobalInit::Kind::FunctionAddr:
      os << "&func ";
      writeLabel(declLabels, init.index);
      break;
    case GlobalInit::Kind::GlobalAddr:
      os << "&global ";
      writeLabel(globalLabels, init.index);
      break;
    case GlobalInit::Kind::StringAddr:
      os << "string(" << init.index << ')';
      break;
    }
    if (init.kind != GlobalInit::Kind::Int && init.value)
      os << " + " << init.value;
    if (init.field) {
      os << " in ";
      writeLabel(fieldLabels, init.field.value);
    }
    os << '\n';
  }
  os << "}\n";
}

void Writer::writeDecl(const FunctionDecl &d, size_t index) {
  os << "decl " << declLabels[index];
  if (d.linkName != d.name)
    os << " link " << quoted(d.linkName);
  os << '(';
  for (size_t n = 0; n < d.paramNames.size(); ++n)
    os << (n ? ", " : "") << plainOrQuoted(d.paramNames[n]);
  if (d.isVariadic)
    os << (d.paramNames.empty() ? "..." : ", ...");
  os << "): ";
  writeType(d.resultType);
  if (d.isStatic)
    os << " static";
  if (d.isInline)
    os << " inline";
  if (d.isNoReturn)
    os << " noreturn";
  if (d.inSystemHeader)
    os << " system";
  if (d.isImplicit)
    os << " implicit";
  for (const std::string &role : d.roles)
    os << " role " << plainOrQuoted(role);
  for (const std::string &annotation : d.annotations)
    os << " annotation " << quoted(annotation);
  writeSpan(d.span);
  os << '\n';
}

void Writer::writeUnit() {
  writeTables();
  for (size_t n = 0; n < unit.globals.size(); ++n)
    writeGlobal(unit.globals[n], n);
  for (size_t n = 0; n < unit.decls.size(); ++n)
    writeDecl(unit.decls[n], n);
  for (const Function &f : unit.functions)
    writeFunction(f);
  for (const SkippedFunction &s : unit.skipped) {
    os << "skipped " << plainOrQuoted(s.name) << ' ' << quoted(s.reason);
    writeSpan(s.span);
    os << '\n';
  }
}

void ir::write(const Unit &unit, llvm::raw_ostream &os) {
  Writer(unit, os).writeUnit();
}
