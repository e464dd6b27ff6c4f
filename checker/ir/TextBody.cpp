//===-- TextBody.cpp - reads the body of one function -----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ir/TextBody.h"
#include "ir/TextSyntax.h"

#include <optional>

using namespace mdlcheck;
using namespace mdlcheck::ir;
using namespace mdlcheck::ir::text;

namespace {

class BodyReader {
public:
  BodyReader(UnitContext &context, PendingFunction &pending)
      : context(context), unit(context.unit), pending(pending),
        f(pending.function) {}

  void read(llvm::ArrayRef<Line> lines);

private:
  UnitContext &context;
  Unit &unit;
  PendingFunction &pending;
  Function &f;
  Labels blocks;
  std::vector<std::optional<Type>> tempTypes;
  std::optional<uint32_t> statedTemps;
  uint32_t mentionedTemps = 0;
  Block *block = nullptr; ///< the one being read
  bool blockEnded = false;
  unsigned depth = 0; ///< of the expression being read

  void collectBlocks(llvm::ArrayRef<Line> lines);
  void collectTemps(llvm::ArrayRef<Line> lines);
  void readLine(Line &line);
  void readBlockHead(Line &line);
  void readSuccessors(Line &line);
  void readReturn(Line &line);
  void readInstr(Line &line);
  void readAccess(Line &line, Instr &i);
  void readAccessTail(Line &line, Instr &i);
  void readCall(Line &line, Instr &i);
  void readAssume(Line &line, Instr &i);
  BlockId blockName(Line &line);
  uint32_t temp(Line &line);

  ExprId expr(Line &line, Type expected);
  ExprId primary(Line &line, Type expected);
  ExprId parenthesised(Line &line, Type expected);
  void address(Line &line, Expr &e);
  ExprId finish(Line &line, Expr e, Type expected);
  Type typeOf(ExprId id) const {
    return id.valid() ? f.exprs[id.value].type : Type();
  }
};

template <typename T, size_t N>
std::optional<T> acceptOneOf(Line &line, const Spelling<T> (&table)[N]) {
  for (const Spelling<T> &s : table)
    if (line.accept(s.text))
      return s.value;
  return std::nullopt;
}

} // namespace

void text::readLocal(UnitContext &context, PendingFunction &pending, Line &line,
                     bool isParam) {
  Function &f = pending.function;
  LocalId id{uint32_t(f.locals.size())};
  Local local;
  local.isParam = isParam;
  std::string key = line.label("the name of a variable", &local.name);
  line.expect(":");
  local.type = line.type();
  if (line.peek().kind == Token::String)
    local.typeName = line.string("the name of a type");
  while (!line.atEnd()) {
    if (line.accept("volatile"))
      local.isVolatile = true;
    else if (line.accept("result"))
      f.result = id;
    else if (line.accept("exceptioncode"))
      f.exceptionCode = id;
    else
      break;
  }
  local.span = context.span(line);
  addLabel(pending.locals, key, id.value, line);
  f.locals.push_back(std::move(local));
}

void text::readBody(UnitContext &context, PendingFunction &pending,
                    llvm::ArrayRef<Line> lines) {
  BodyReader(context, pending).read(lines);
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

uint32_t BodyReader::temp(Line &line) {
  uint32_t n = line.temp();
  if (!line.failed())
    mentionedTemps = std::max(mentionedTemps, n + 1);
  return n;
}

/// Gives `e` the type written here or else the one it has by default.
ExprId BodyReader::finish(Line &line, Expr e, Type expected) {
  Type temp = e.kind == ExprKind::Temp && e.index < tempTypes.size()
                  ? tempTypes[e.index].value_or(kI32)
                  : kI32;
  e.type = defaultType(e, expected, typeOf(e.lhs), temp);
  if (line.accept(":"))
    e.type = line.type();
  f.exprs.push_back(e);
  return ExprId(uint32_t(f.exprs.size() - 1));
}

void BodyReader::address(Line &line, Expr &e) {
  // Quoted, the two keywords are names.
  if (line.accept("func")) {
    e.kind = ExprKind::FunctionAddr;
    e.index = context.find(context.decls, line, "function");
  } else if (line.accept("global")) {
    e.kind = ExprKind::GlobalAddr;
    e.index = context.find(context.globals, line, "global");
  } else {
    e.kind = ExprKind::LocalAddr;
    e.index = context.find(pending.locals, line, "local");
  }
}

ExprId BodyReader::parenthesised(Line &line, Type expected) {
  Expr e;
  if (line.accept("cast")) {
    e.kind = ExprKind::Cast;
    e.type = line.type();
    e.lhs = expr(line, kI32);
  } else if (std::optional<Op> op = acceptOneOf(line, kUnaryOps)) {
    e.kind = ExprKind::Unary;
    e.op = *op;
    e.lhs = expr(line, expected);
  } else {
    e.kind = ExprKind::Binary;
    e.lhs = expr(line, expected);
    e.op = acceptOneOf(line, kBinaryOps).value_or(Op::None);
    if (e.op == Op::None) {
      line.failExpected("an operator");
      return {};
    }
    e.rhs = expr(line, typeOf(e.lhs));
  }
  line.expect(")");
  return finish(line, e, expected);
}

ExprId BodyReader::primary(Line &line, Type expected) {
  Expr e;
  if (line.accept("("))
    return parenthesised(line, expected);
  if (line.accept("&")) {
    address(line, e);
  } else if (line.accept("null")) {
    expected = kPtr;
  } else if (line.peek().kind == Token::Temp) {
    e.kind = ExprKind::Temp;
    e.index = temp(line);
  } else if (line.peek().kind == Token::String || line.is("string")) {
    e.kind = ExprKind::StringAddr;
    e.index = context.stringLiteral(line);
  } else if (line.isConstant()) {
    // The type decides which numbers fit, and stands after the number.
    Line number = line;
    line.accept("-");
    line.unsignedNumber("a number");
    ExprId id = finish(line, e, expected);
    f.exprs[id.value].value = number.constant(f.exprs[id.value].type);
    return id;
  } else {
    line.failExpected("an expression");
    return {};
  }
  return finish(line, e, expected);
}

ExprId BodyReader::expr(Line &line, Type expected) {
  // Bounds the recursion on input nobody wrote or generated on purpose.
  constexpr unsigned kMaxDepth = 1000;
  if (++depth > kMaxDepth)
    line.fail("expressions nest too deep");
  ExprId id = line.failed() ? ExprId() : primary(line, expected);
  while (!line.failed()) {
    Expr e;
    e.lhs = id;
    if (line.accept("->")) {
      e.kind = ExprKind::FieldAddr;
      e.index = context.findField(line);
    } else if (line.accept("[")) {
      e.kind = ExprKind::IndexAddr;
      e.rhs = expr(line, kI32);
      e.value = line.accept("*") ? line.constant({TypeKind::Int, true, 8}) : 1;
      line.expect("]");
    } else {
      break;
    }
    id = finish(line, e, expected);
  }
  --depth;
  return id;
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

void BodyReader::readAccess(Line &line, Instr &i) {
  i.type = line.type();
  i.addr = expr(line, kPtr);
}

void BodyReader::readAccessTail(Line &line, Instr &i) {
  if (line.accept("bits")) {
    line.expect("(");
    i.bitOffset = uint8_t(line.unsignedNumber("a bit", UINT8_MAX));
    line.expect(",");
    i.bitWidth = uint8_t(line.unsignedNumber("a number of bits", UINT8_MAX));
    line.expect(")");
  }
  i.isVolatile = line.accept("volatile");
}

void BodyReader::readCall(Line &line, Instr &i) {
  i.kind = InstrKind::Call;
  bool typed = line.isType();
  if (typed)
    i.type = line.type();
  if (line.isName()) {
    i.callee = DeclId(context.find(context.decls, line, "function"));
    if (!typed && !line.failed())
      i.type = unit.decls[i.callee.value].resultType;
  }
  if (line.accept("*"))
    i.target = expr(line, kPtr);
  line.expect("(");
  while (!line.failed() && !line.is(")")) {
    CallArg arg;
    arg.value = expr(line, kI32);
    arg.type = line.accept("as") ? line.type() : typeOf(arg.value);
    if (line.accept("to")) {
      arg.pointeeConst = line.accept("const");
      if (!arg.pointeeConst || line.isConstant())
        arg.pointeeSize = line.unsignedNumber("a size");
    }
    i.args.push_back(arg);
    if (!line.accept(","))
      break;
  }
  line.expect(")");
  if (line.accept("result"))
    i.resultAddr = expr(line, kPtr);
  i.isVirtual = line.accept("virtual");
  i.isMacro = line.accept("macro");
  if (line.accept("texts")) {
    line.expect("(");
    do
      i.argTexts.push_back(line.string("the text of an argument"));
    while (line.accept(","));
    line.expect(")");
  }
}

void BodyReader::readAssume(Line &line, Instr &i) {
  i.kind = InstrKind::Assume;
  i.assumeKind = acceptOneOf(line, kAssumeKinds).value_or(AssumeKind::Implicit);
  i.value = expr(line, kI32);
  if (line.peek().kind == Token::String)
    i.text = line.string("a text");
  if (line.peek().kind == Token::String)
    i.detail = line.string("a text");
}

void BodyReader::readInstr(Line &line) {
  Instr i;
  bool hasDst = line.peek().kind == Token::Temp;
  if (hasDst) {
    i.dst = TempId(temp(line));
    line.expect("=");
  }
  if (line.accept("load")) {
    i.kind = InstrKind::Load;
    readAccess(line, i);
    readAccessTail(line, i);
  } else if (line.accept("havoc")) {
    i.kind = InstrKind::Havoc;
    i.type = line.type();
  } else if (line.accept("call")) {
    readCall(line, i);
  } else if (hasDst) {
    line.failExpected("load, call or havoc");
  } else if (line.accept("store")) {
    i.kind = InstrKind::Store;
    readAccess(line, i);
    line.expect(",");
    i.value = expr(line, i.type);
    readAccessTail(line, i);
  } else if (line.accept("copy")) {
    i.kind = InstrKind::Copy;
    readAccess(line, i);
    line.expect(",");
    i.value = expr(line, kPtr);
  } else if (line.accept("zero")) {
    i.kind = InstrKind::Zero;
    readAccess(line, i);
  } else if (line.accept("assume")) {
    readAssume(line, i);
  } else if (line.accept("end")) {
    i.kind = InstrKind::EndLifetime;
    i.local = LocalId(context.find(pending.locals, line, "local"));
  } else {
    line.failExpected("an instruction");
  }
  i.span = context.span(line);
  block->instrs.push_back(std::move(i));
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

BlockId BodyReader::blockName(Line &line) {
  return BlockId(context.find(blocks, line, "block"));
}

void BodyReader::readBlockHead(Line &line) {
  BlockId id = blockName(line);
  bool entry = line.accept("entry");
  BlockId unwind = f.unwindExit;
  if (line.accept("unwind"))
    unwind = line.accept("none") ? BlockId() : blockName(line);
  line.accept(":");
  if (line.failed())
    return;
  if (entry)
    f.entry = id;
  block = &f.blocks[id.value];
  block->unwind = unwind;
  blockEnded = false;
}

void BodyReader::readSuccessors(Line &line) {
  do
    block->succs.push_back(blockName(line));
  while (line.accept(","));
  blockEnded = true;
}

/// `return value` stands for what lowering makes of it.
void BodyReader::readReturn(Line &line) {
  blockEnded = true;
  block->succs = {f.exit};
  if (line.atEnd() || line.is("@")) {
    context.span(line);
    return;
  }
  Type type = unit.decls[f.decl.value].resultType;
  if (type.kind == TypeKind::Void || type.kind == TypeKind::Aggregate)
    return line.fail("this function has no scalar result to return");
  if (!f.result.valid()) {
    f.result = LocalId(uint32_t(f.locals.size()));
    Local local;
    local.name = "$result";
    local.type = type;
    addLabel(pending.locals, local.name, f.result.value, line);
    f.locals.push_back(local);
  }
  Instr i;
  i.kind = InstrKind::Store;
  i.type = type;
  Expr addr;
  addr.kind = ExprKind::LocalAddr;
  addr.type = kPtr;
  addr.index = f.result.value;
  f.exprs.push_back(addr);
  i.addr = ExprId(uint32_t(f.exprs.size() - 1));
  i.value = expr(line, type);
  i.span = context.span(line);
  block->instrs.push_back(std::move(i));
}

void BodyReader::readLine(Line &line) {
  if (line.accept("local")) {
    readLocal(context, pending, line, /*isParam=*/false);
  } else if (line.accept("temps")) {
    statedTemps =
        uint32_t(line.unsignedNumber("a number of temporaries", 1 << 20));
  } else if (line.accept("block")) {
    readBlockHead(line);
  } else if (!block) {
    line.failExpected("local, temps or block");
  } else if (blockEnded) {
    line.failExpected("block, as the one above has ended");
  } else if (line.accept("goto")) {
    readSuccessors(line);
  } else if (line.accept("return")) {
    readReturn(line);
  } else {
    readInstr(line);
  }
  line.expectEnd();
}

/// Gives every block its number, so that control can go to later ones.
void BodyReader::collectBlocks(llvm::ArrayRef<Line> lines) {
  uint32_t count = 0;
  for (Line line : lines)
    if (line.accept("block")) {
      std::string key = line.label("the name of a block");
      addLabel(blocks, key, count++, line);
    }
  // The exits hold nothing: tests leave them out.
  for (const char *exit : {"exit", "unwind"})
    if (blocks.try_emplace(exit, count).second)
      ++count;
  f.blocks.resize(count);
  f.entry = BlockId(0);
  f.exit = BlockId(blocks.lookup("exit"));
  f.unwindExit = BlockId(blocks.lookup("unwind"));
  for (Block &b : f.blocks)
    b.unwind = f.unwindExit;
}

/// Notes what type each temporary is first defined with: uses need not repeat
/// it, even those that stand before.
void BodyReader::collectTemps(llvm::ArrayRef<Line> lines) {
  for (Line line : lines) {
    if (line.peek().kind != Token::Temp || !line.is("=", 1))
      continue;
    uint32_t n = temp(line);
    line.expect("=");
    bool isCall = line.accept("call");
    if (!isCall && !line.accept("load") && !line.accept("havoc"))
      continue;
    Type type;
    if (line.isType())
      type = line.type();
    else if (isCall && line.isName())
      type =
          unit.decls[context.find(context.decls, line, "function")].resultType;
    if (line.failed())
      return;
    if (n >= tempTypes.size())
      tempTypes.resize(n + 1);
    if (!tempTypes[n])
      tempTypes[n] = type;
  }
}

void BodyReader::read(llvm::ArrayRef<Line> lines) {
  collectBlocks(lines);
  collectTemps(lines);
  for (Line line : lines) {
    if (line.failed())
      return;
    readLine(line);
  }
  f.numTemps = statedTemps.value_or(mentionedTemps);
  if (f.numTemps < mentionedTemps && !lines.empty())
    context.failure.set(lines.front().number(),
                        "'temps' says fewer temporaries than there are");
}
