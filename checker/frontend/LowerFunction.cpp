//===-- LowerFunction.cpp - graph, scopes and jumps -----------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerFunction.h"

#include "clang/AST/Stmt.h"
#include "llvm/ADT/DenseSet.h"

using namespace clang;

namespace mdlcheck::frontend {

/// A function with more blocks than this has nested __finally bodies whose
/// copies multiply; nobody could follow its paths.
static constexpr size_t kMaxBlocks = 100000;

/// Returns through one __finally that get a copy of their own.
static constexpr unsigned kMaxReturnCopies = 8;

std::string lowerFunction(UnitLowering &unit, const FunctionDecl *definition,
                          ir::Function &out) {
  return FunctionLowering(unit, definition, out).run();
}

FunctionLowering::FunctionLowering(UnitLowering &unit,
                                   const FunctionDecl *definition,
                                   ir::Function &out)
    : unit(unit), ast(unit.ast), definition(definition), out(out) {}

std::string FunctionLowering::run() {
  const Stmt *body = definition->getBody();
  if (!body)
    return "it has no body";
  if (isa<CoroutineBodyStmt>(body))
    return "it is a coroutine";
  out.decl = unit.declOf(definition);
  out.span = unit.source.span(definition->getSourceRange());
  out.endSpan = unit.source.span(SourceRange(body->getEndLoc()));
  out.entry = newBlock();
  out.exit = newBlock();
  out.unwindExit = newBlock();

  const auto *method = dyn_cast<CXXMethodDecl>(definition);
  if (method && method->isImplicitObjectMemberFunction()) {
    LocalId self = newLocal("this", typeOf(method->getThisType()),
                            method->getThisType().getAsString(), out.span);
    out.locals[self.value].isParam = true;
  }
  for (const ParmVarDecl *param : definition->parameters()) {
    LocalId id = localOf(param);
    out.locals[id.value].isParam = true;
  }
  out.numParams = static_cast<uint32_t>(out.locals.size());
  QualType returnType = definition->getReturnType();
  if (!returnType->isVoidType())
    out.result = newLocal("$ret", typeOf(returnType), returnType.getAsString(),
                          out.span);
  if (method && method->getParent()->isLambda() &&
      method->getOverloadedOperator() == OO_Call)
    method->getParent()->getCaptureFields(captures, thisCapture);

  startBlock(out.entry);
  if (const auto *destructor = dyn_cast<CXXDestructorDecl>(definition))
    pushMemberDestructors(destructor);
  if (const auto *constructor = dyn_cast<CXXConstructorDecl>(definition))
    lowerConstructor(constructor);
  if (method && method->isLambdaStaticInvoker())
    lowerLambdaInvoker(method);
  outermost = true;
  if (const auto *compound = dyn_cast<CompoundStmt>(body)) {
    for (const Stmt *stmt : compound->body())
      lowerStmt(stmt);
  } else {
    outermost = false;
    lowerStmt(body);
  }
  outermost = false;
  if (reachable())
    leaveFunction(out.endSpan);
  if (failure.empty())
    finish();
  if (failure.empty())
    simplify();
  return failure;
}

void FunctionLowering::fail(const std::string &reason) {
  if (failure.empty())
    failure = reason.empty() ? "unknown construct" : reason;
}

void FunctionLowering::unsupported(const Stmt *stmt) {
  std::string reason = "unsupported ";
  reason += stmt->getStmtClassName();
  Span where = spanOf(stmt);
  if (where.valid())
    reason += " at line " + std::to_string(where.line);
  fail(reason);
}

//===----------------------------------------------------------------------===//
// Blocks and instructions
//===----------------------------------------------------------------------===//

ir::BlockId FunctionLowering::newBlock() {
  BlockId id(static_cast<uint32_t>(out.blocks.size()));
  if (out.blocks.size() > kMaxBlocks)
    fail("too many ways through its __finally blocks");
  out.blocks.emplace_back();
  blockRegion.push_back(nullptr);
  blockRaises.push_back(false);
  return id;
}

void FunctionLowering::gotoBlock(BlockId target) {
  if (reachable())
    out.blocks[current.value].succs.push_back(target);
  current = BlockId();
}

bool FunctionLowering::isOwnStorage(ExprId id) const {
  // The stack of the function itself is always there.
  while (true) {
    const ir::Expr &expr = at(id);
    switch (expr.kind) {
    case ir::ExprKind::LocalAddr:
      return true;
    case ir::ExprKind::FieldAddr:
      id = expr.lhs;
      continue;
    case ir::ExprKind::IndexAddr:
      if (at(expr.rhs).kind != ir::ExprKind::Int)
        return false;
      id = expr.lhs;
      continue;
    default:
      return false;
    }
  }
}

bool FunctionLowering::mayRaise(const ir::Instr &instr) const {
  switch (instr.kind) {
  case ir::InstrKind::Call:
    return true;
  case ir::InstrKind::Load:
  case ir::InstrKind::Store:
  case ir::InstrKind::Zero:
    return !isOwnStorage(instr.addr);
  case ir::InstrKind::Copy:
    return !isOwnStorage(instr.addr) || !isOwnStorage(instr.value);
  default:
    return false;
  }
}

void FunctionLowering::emit(ir::Instr instr, bool ends) {
  if (!failure.empty())
    return;
  if (!reachable())
    current = newBlock(); // dead code, dropped in the end
  if (!mayRaise(instr)) {
    out.blocks[current.value].instrs.push_back(std::move(instr));
    return;
  }
  Scope *region = scope ? scope->region : nullptr;
  bool alone = region && region->mayResume;
  if ((blockRaises[current.value] && blockRegion[current.value] != region) ||
      (alone && !out.blocks[current.value].instrs.empty())) {
    BlockId next = newBlock();
    gotoBlock(next);
    startBlock(next);
  }
  blockRaises[current.value] = true;
  blockRegion[current.value] = region;
  out.blocks[current.value].instrs.push_back(std::move(instr));
  if (alone && !ends) {
    // Continuing an execution repeats this instruction and no other.
    BlockId next = newBlock();
    gotoBlock(next);
    startBlock(next);
  }
}

void FunctionLowering::endControl(Span span) {
  if (reachable())
    assume(intConst(0, {ir::TypeKind::Int, true, 4}), ir::AssumeKind::Implicit,
           span);
  current = BlockId();
}

ir::TempId FunctionLowering::newTemp() { return ir::TempId(out.numTemps++); }

ir::LocalId FunctionLowering::newLocal(std::string name, const Type &type,
                                       std::string typeName, Span span) {
  LocalId id(static_cast<uint32_t>(out.locals.size()));
  ir::Local local;
  local.name = std::move(name);
  local.type = type;
  local.typeName = std::move(typeName);
  local.span = span;
  out.locals.push_back(std::move(local));
  return id;
}

ir::LocalId FunctionLowering::newTmp(QualType type) {
  return newLocal("$tmp" + std::to_string(tmpCount++), typeOf(type), {}, {});
}

ir::LocalId FunctionLowering::localOf(const VarDecl *variable) {
  auto it = locals.find(variable);
  if (it != locals.end())
    return it->second;
  QualType type = variable->getType();
  LocalId id = newLocal(variable->getNameAsString(), typeOf(type),
                        type.getAsString(ast.getPrintingPolicy()),
                        unit.source.span(SourceRange(variable->getLocation())));
  out.locals[id.value].isVolatile = type.isVolatileQualified();
  return locals[variable] = id;
}

ir::ExprId FunctionLowering::load(const LValue &from, const Type &type,
                                  Span span) {
  ir::Instr instr;
  instr.kind = ir::InstrKind::Load;
  instr.addr = from.addr;
  instr.type = type;
  instr.bitOffset = from.bitOffset;
  instr.bitWidth = from.bitWidth;
  instr.isVolatile = from.isVolatile;
  instr.span = span;
  instr.dst = newTemp();
  ir::TempId dst = instr.dst;
  emit(std::move(instr));
  return tempExpr(dst, type);
}

void FunctionLowering::store(const LValue &to, ExprId value, const Type &type,
                             Span span) {
  ir::Instr instr;
  instr.kind = ir::InstrKind::Store;
  instr.addr = to.addr;
  instr.value = value;
  instr.type = type;
  instr.bitOffset = to.bitOffset;
  instr.bitWidth = to.bitWidth;
  instr.isVolatile = to.isVolatile;
  instr.span = span;
  emit(std::move(instr));
}

void FunctionLowering::copy(ExprId to, ExprId from, const Type &type,
                            Span span) {
  if (to == from)
    return;
  ir::Instr instr;
  instr.kind = ir::InstrKind::Copy;
  instr.addr = to;
  instr.value = from;
  instr.type = type;
  instr.span = span;
  emit(std::move(instr));
}

void FunctionLowering::zero(ExprId addr, const Type &type, Span span) {
  ir::Instr instr;
  instr.kind = ir::InstrKind::Zero;
  instr.addr = addr;
  instr.type = type;
  instr.span = span;
  emit(std::move(instr));
}

ir::ExprId FunctionLowering::havoc(const Type &type, Span span) {
  ir::Instr instr;
  instr.kind = ir::InstrKind::Havoc;
  instr.type = type;
  instr.span = span;
  instr.dst = newTemp();
  ir::TempId dst = instr.dst;
  emit(std::move(instr));
  return tempExpr(dst, type);
}

void FunctionLowering::mark(ir::AssumeKind kind, Span span) {
  assume(intConst(1, {ir::TypeKind::Int, true, 4}), kind, span);
}

void FunctionLowering::assume(ExprId value, ir::AssumeKind kind, Span span,
                              std::string text, std::string detail) {
  ir::Instr instr;
  instr.kind = ir::InstrKind::Assume;
  instr.assumeKind = kind;
  instr.value = value;
  instr.span = span;
  instr.text = std::move(text);
  instr.detail = std::move(detail);
  emit(std::move(instr));
}

//===----------------------------------------------------------------------===//
// Scopes and jumps
//===----------------------------------------------------------------------===//

Scope *FunctionLowering::push(Scope::Kind kind) {
  Scope &cell = scopes.emplace_back();
  cell.kind = kind;
  cell.outer = scope;
  switch (kind) {
  case Scope::Kind::Except:
  case Scope::Kind::Finally:
  case Scope::Kind::CxxTry:
  case Scope::Kind::FilterCopy:
    cell.region = &cell;
    break;
  default:
    cell.region = scope ? scope->region : nullptr;
    break;
  }
  cell.mayResume = scope && scope->mayResume;
  return scope = &cell;
}

void FunctionLowering::pushLifetime(LocalId local) {
  push(Scope::Kind::Lifetime)->local = local;
}

void FunctionLowering::pushCleanup(std::function<void()> cleanup) {
  push(Scope::Kind::Cleanup)->cleanup = std::move(cleanup);
}

void FunctionLowering::leaveScopes(Scope *to, BlockId target, Span at) {
  while (scope != to && reachable() && failure.empty()) {
    Scope *cell = scope;
    scope = cell->outer;
    switch (cell->kind) {
    case Scope::Kind::Lifetime: {
      ir::Instr instr;
      instr.kind = ir::InstrKind::EndLifetime;
      instr.local = cell->local;
      instr.span = at.valid() ? at : out.locals[cell->local.value].span;
      emit(std::move(instr));
      break;
    }
    case Scope::Kind::Cleanup: {
      // It may open scopes of its own.
      Scope *saved = scope;
      cell->cleanup();
      scope = saved;
      break;
    }
    case Scope::Kind::Finally: {
      BlockId copy;
      if (target.valid()) {
        // Everything that goes the same way shares one copy.
        BlockId &known = exitCopies[{cell, target.value}];
        if (known.valid()) {
          gotoBlock(known);
          break;
        }
        copy = known = newBlock();
      } else if (++cell->returns > kMaxReturnCopies) {
        if (cell->sharedReturn.valid()) {
          gotoBlock(cell->sharedReturn);
          break;
        }
        copy = cell->sharedReturn = newBlock();
      }
      if (copy.valid()) {
        gotoBlock(copy);
        startBlock(copy);
      }
      finallyCopy(cell, /*abnormal=*/true);
      break;
    }
    default:
      break;
    }
  }
  scope = to;
}

void FunctionLowering::popScopes(Scope *to) {
  // Only lifetimes and destructors are between the two: a guarded body ends
  // in code of its own.
  leaveScopes(to, BlockId(), Span());
}

void FunctionLowering::jumpTo(Scope *to, BlockId target, Span at) {
  Scope *saved = scope;
  leaveScopes(to, target, at);
  gotoBlock(target);
  scope = saved;
}

void FunctionLowering::leaveFunction(Span span) {
  Scope *saved = scope;
  // Where a finally part is shared by many returns, its marker cannot tell
  // them apart: each has said so before.
  for (Scope *cell = scope; cell; cell = cell->outer)
    if (cell->kind == Scope::Kind::Finally &&
        cell->returns >= kMaxReturnCopies) {
      mark(ir::AssumeKind::Leave, span);
      break;
    }
  leaveScopes(nullptr, BlockId(), span);
  if (reachable()) {
    mark(ir::AssumeKind::Leave, span);
    gotoBlock(out.exit);
  }
  scope = saved;
}

void FunctionLowering::resolveGotos(size_t firstGoto, size_t firstLabel) {
  // Leaving scopes on the way may lower code with jumps of its own.
  Scope *savedScope = scope;
  BlockId savedBlock = current;
  std::vector<PendingGoto> kept;
  while (gotos.size() > firstGoto && failure.empty()) {
    PendingGoto jump = gotos.back();
    gotos.pop_back();
    auto it = labels.find(jump.label);
    bool here = it != labels.end();
    if (here && firstLabel > 0)
      here = std::find(labelOrder.begin() + firstLabel, labelOrder.end(),
                       jump.label) != labelOrder.end();
    if (!here) {
      kept.push_back(jump);
      continue;
    }
    Label label = it->second;
    llvm::DenseSet<Scope *> around;
    for (Scope *cell = label.scope; cell; cell = cell->outer)
      around.insert(cell);
    Scope *common = jump.scope;
    while (common && !around.count(common))
      common = common->outer;
    scope = jump.scope;
    startBlock(jump.block);
    jumpTo(common, label.block, jump.span);
  }
  gotos.insert(gotos.end(), kept.begin(), kept.end());
  scope = savedScope;
  current = savedBlock;
}

//===----------------------------------------------------------------------===//
// Finishing
//===----------------------------------------------------------------------===//

void FunctionLowering::finish() {
  // What a raise leads to is made only for blocks that can be reached; it is
  // lowered code too, so more blocks and more jumps come of it.
  resolveGotos(0, 0);
  std::vector<bool> seen;
  std::vector<BlockId> work{out.entry};
  while (!work.empty() && failure.empty()) {
    BlockId block = work.back();
    work.pop_back();
    if (seen.size() < out.blocks.size())
      seen.resize(out.blocks.size());
    if (seen[block.value])
      continue;
    seen[block.value] = true;
    BlockId unwind = out.unwindExit;
    if (blockRaises[block.value] && blockRegion[block.value]) {
      scope = nullptr;
      current = BlockId();
      unwind = unwindEntry(blockRegion[block.value], block);
      resolveGotos(0, 0);
      work.push_back(unwind);
    }
    out.blocks[block.value].unwind = unwind;
    const std::vector<BlockId> &succs = out.blocks[block.value].succs;
    for (auto it = succs.rbegin(); it != succs.rend(); ++it)
      work.push_back(*it);
  }
  if (failure.empty() && !gotos.empty())
    fail("goto into a place that was not lowered");
}

void FunctionLowering::simplify() {
  size_t count = out.blocks.size();
  auto isExit = [&](BlockId block) {
    return block == out.exit || block == out.unwindExit;
  };
  // Skip empty blocks that only go on.
  std::vector<BlockId> forward(count);
  auto target = [&](BlockId block) {
    BlockId at = block;
    for (size_t steps = 0; steps < count; ++steps) {
      const ir::Block &b = out.blocks[at.value];
      if (isExit(at) || !b.instrs.empty() || b.succs.size() != 1 ||
          b.succs[0] == at)
        break;
      at = b.succs[0];
    }
    return at;
  };
  for (uint32_t i = 0; i < count; ++i)
    forward[i] = target(BlockId(i));
  for (ir::Block &block : out.blocks) {
    for (BlockId &succ : block.succs)
      succ = forward[succ.value];
    if (block.unwind.valid())
      block.unwind = forward[block.unwind.value];
  }
  out.entry = forward[out.entry.value];

  // Reachability and predecessors.
  std::vector<bool> live(count);
  std::vector<uint32_t> preds(count);
  std::vector<BlockId> work{out.entry};
  live[out.entry.value] = true;
  preds[out.entry.value] = 2; // never merged away
  auto reach = [&](BlockId block) {
    ++preds[block.value];
    if (!live[block.value]) {
      live[block.value] = true;
      work.push_back(block);
    }
  };
  while (!work.empty()) {
    BlockId block = work.back();
    work.pop_back();
    for (BlockId succ : out.blocks[block.value].succs)
      reach(succ);
    if (blockRaises[block.value]) {
      reach(out.blocks[block.value].unwind);
      ++preds[out.blocks[block.value].unwind.value];
    }
  }

  // Join straight lines whose raises go the same way.
  for (uint32_t i = 0; i < count; ++i) {
    if (!live[i] || isExit(BlockId(i)))
      continue;
    while (out.blocks[i].succs.size() == 1) {
      BlockId next = out.blocks[i].succs[0];
      if (next.value == i || isExit(next) || preds[next.value] != 1)
        break;
      ir::Block &a = out.blocks[i];
      ir::Block &b = out.blocks[next.value];
      if (blockRaises[i] && blockRaises[next.value] && a.unwind != b.unwind)
        break;
      if (blockRaises[next.value]) {
        blockRaises[i] = true;
        a.unwind = b.unwind;
      }
      a.instrs.insert(a.instrs.end(), std::make_move_iterator(b.instrs.begin()),
                      std::make_move_iterator(b.instrs.end()));
      a.succs = std::move(b.succs);
      live[next.value] = false;
    }
  }

  // Number what is left in the order a reader follows it.
  std::vector<BlockId> renumbered(count);
  std::vector<uint32_t> order;
  std::vector<BlockId> stack{out.entry};
  std::vector<bool> placed(count);
  placed[out.exit.value] = placed[out.unwindExit.value] = true;
  while (!stack.empty()) {
    BlockId block = stack.back();
    stack.pop_back();
    if (placed[block.value])
      continue;
    placed[block.value] = true;
    order.push_back(block.value);
    const ir::Block &b = out.blocks[block.value];
    if (blockRaises[block.value])
      stack.push_back(b.unwind);
    for (auto it = b.succs.rbegin(); it != b.succs.rend(); ++it)
      stack.push_back(*it);
  }
  order.push_back(out.exit.value);
  order.push_back(out.unwindExit.value);
  for (uint32_t i = 0; i < order.size(); ++i)
    renumbered[order[i]] = BlockId(i);
  std::vector<ir::Block> blocks;
  blocks.reserve(order.size());
  for (uint32_t old : order) {
    ir::Block block = std::move(out.blocks[old]);
    for (BlockId &succ : block.succs)
      succ = renumbered[succ.value];
    BlockId unwind = blockRaises[old] && block.unwind.valid()
                         ? renumbered[block.unwind.value]
                         : renumbered[out.unwindExit.value];
    block.unwind = unwind;
    blocks.push_back(std::move(block));
  }
  out.entry = renumbered[out.entry.value];
  out.exit = renumbered[out.exit.value];
  out.unwindExit = renumbered[out.unwindExit.value];
  out.blocks = std::move(blocks);
}

} // namespace mdlcheck::frontend
