//===-- LowerCxx.cpp - objects and their lifetimes ------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerFunction.h"

#include "clang/AST/Attr.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/RecordLayout.h"
#include "llvm/ADT/STLExtras.h"

using namespace clang;

namespace mdlcheck::frontend {

/// Elements of an array of objects that are made or destroyed one by one.
static constexpr uint64_t kMaxElements = 64;

//===----------------------------------------------------------------------===//
// Destruction
//===----------------------------------------------------------------------===//

bool FunctionLowering::needsDestructor(QualType type) const {
  if (!ast.getLangOpts().CPlusPlus || type.isNull() || type->isReferenceType())
    return false;
  const CXXRecordDecl *record =
      ast.getBaseElementType(type)->getAsCXXRecordDecl();
  return record && record->hasDefinition() && !record->hasTrivialDestructor() &&
         record->getDestructor();
}

void FunctionLowering::destroy(ExprId addr, QualType type, Span span) {
  QualType element = ast.getBaseElementType(type);
  uint64_t size = unit.sizeOf(element);
  uint64_t count = 1;
  if (const auto *array = ast.getAsConstantArrayType(type))
    count = ast.getConstantArrayElementCount(array);
  if (count > kMaxElements || !size) {
    fail("destroys a large array of objects");
    return;
  }
  const CXXDestructorDecl *destructor =
      element->getAsCXXRecordDecl()->getDestructor();
  for (uint64_t i = count; i-- > 0;) {
    ir::CallArg self;
    self.value = indexAddr(
        addr, intConst(static_cast<int64_t>(i), {ir::TypeKind::Int, true, 8}),
        size);
    self.type = typeOf(ast.VoidPtrTy);
    self.pointeeSize = size;
    directCall(destructor, self, {}, span);
  }
}

void FunctionLowering::pushDestructor(ExprId addr, QualType type, Span span) {
  if (needsDestructor(type))
    pushCleanup([this, addr, type, span] { destroy(addr, type, span); });
}

void FunctionLowering::pushTemporary(ExprId addr, QualType type, Span span) {
  if (!conditional) {
    pushDestructor(addr, type, span);
    return;
  }
  // It may not have been made: a flag tells, down on entry to the function
  // and again once the object is gone.
  LocalId flag = newTmp(ast.BoolTy);
  Type boolean = typeOf(ast.BoolTy);
  ir::Instr clear;
  clear.kind = ir::InstrKind::Store;
  clear.addr = localAddr(flag);
  clear.value = intConst(0, boolean);
  clear.type = boolean;
  std::vector<ir::Instr> &first = out.blocks[out.entry.value].instrs;
  first.insert(first.begin(), std::move(clear));
  store({localAddr(flag)}, intConst(1, boolean), boolean, span);
  pushCleanup([this, addr, type, span, flag, boolean] {
    BlockId gone = newBlock(), alive = newBlock();
    branch(load({localAddr(flag)}, boolean, span), alive, gone,
           ir::AssumeKind::Implicit, ir::AssumeKind::Implicit, span, {});
    startBlock(alive);
    destroy(addr, type, span);
    store({localAddr(flag)}, intConst(0, boolean), boolean, span);
    gotoBlock(gone);
    startBlock(gone);
  });
}

ir::ExprId FunctionLowering::materialize(const MaterializeTemporaryExpr *expr) {
  QualType type = expr->getType();
  ExprId addr = localAddr(newTmp(type));
  initInto(addr, type, expr->getSubExpr(), spanOf(expr));
  if (needsDestructor(type)) {
    if (expr->getStorageDuration() == SD_FullExpression)
      pushTemporary(addr, type, spanOf(expr));
    else if (expr->getStorageDuration() == SD_Automatic)
      extended.emplace_back(addr, type);
  }
  return addr;
}

ir::ExprId FunctionLowering::withCleanups(const ExprWithCleanups *expr,
                                          ExprId into) {
  Scope *saved = scope;
  unsigned savedConditional = conditional;
  conditional = 0;
  const Expr *sub = expr->getSubExpr();
  ExprId result;
  if (into.valid()) {
    aggregateInto(into, sub, spanOf(expr), false);
    result = into;
  } else if (sub->isGLValue()) {
    result = lvalue(sub).addr;
  } else {
    result = rvalue(sub);
  }
  conditional = savedConditional;
  popScopes(saved);
  if (!into.valid() && expr->isPRValue() && sub->isGLValue() && result.valid())
    return load({result}, typeOf(expr->getType()), spanOf(expr));
  return result;
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

void FunctionLowering::constructInto(ExprId addr, const CXXConstructExpr *expr,
                                     Span span, bool zeroed) {
  const CXXConstructorDecl *constructor = expr->getConstructor();
  QualType type = expr->getType();
  if (const auto *array = ast.getAsArrayType(type)) {
    const auto *constantArray = dyn_cast<ConstantArrayType>(array);
    if (constructor->isTrivial() && !expr->requiresZeroInitialization())
      return;
    QualType element = ast.getBaseElementType(type);
    uint64_t size = unit.sizeOf(element);
    uint64_t count =
        constantArray ? ast.getConstantArrayElementCount(constantArray) : 0;
    if (!constantArray || count > kMaxElements)
      return unsupported(expr);
    if (expr->requiresZeroInitialization() && !zeroed)
      zero(addr, typeOf(type), span);
    if (constructor->isTrivial())
      return;
    for (uint64_t i = 0; i < count; ++i) {
      ir::CallArg self;
      self.value = indexAddr(
          addr, intConst(static_cast<int64_t>(i), {ir::TypeKind::Int, true, 8}),
          size);
      self.type = typeOf(ast.VoidPtrTy);
      self.pointeeSize = size;
      llvm::SmallVector<const Expr *, 4> args(expr->arguments());
      directCall(constructor, self, args, span);
    }
    return;
  }
  if (expr->isElidable() && expr->getNumArgs() == 1) {
    const Expr *source = expr->getArg(0);
    while (true) {
      if (const auto *made = dyn_cast<MaterializeTemporaryExpr>(source))
        source = made->getSubExpr();
      else if (const auto *noop = dyn_cast<ImplicitCastExpr>(source);
               noop && noop->getCastKind() == CK_NoOp)
        source = noop->getSubExpr();
      else
        break;
    }
    if (source->isPRValue())
      return aggregateInto(addr, source, span, zeroed);
  }
  if (expr->requiresZeroInitialization() && !zeroed)
    zero(addr, typeOf(type), span);
  if (constructor->isTrivial()) {
    if (constructor->isCopyOrMoveConstructor() && expr->getNumArgs() >= 1)
      copy(addr, lvalue(expr->getArg(0)).addr, typeOf(type), span);
    return;
  }
  ir::CallArg self;
  self.value = addr;
  self.type = typeOf(ast.VoidPtrTy);
  self.pointeeSize = unit.sizeOf(type);
  llvm::SmallVector<const Expr *, 8> args(expr->arguments());
  directCall(constructor, self, args, span);
}

void FunctionLowering::lowerConstructor(const CXXConstructorDecl *constructor) {
  const CXXRecordDecl *record = constructor->getParent();
  Type pointer = typeOf(ast.VoidPtrTy);
  for (const CXXCtorInitializer *init : constructor->inits()) {
    Span span = unit.source.span(init->isWritten() ? init->getSourceRange()
                                                   : SourceRange());
    if (!span.valid())
      span = unit.source.span(SourceRange(constructor->getLocation()));
    ExprId self = load({localAddr(LocalId(0))}, pointer, span);
    const Expr *value = init->getInit();
    if (init->isDelegatingInitializer()) {
      initInto(self, ast.getCanonicalTagType(record), value, span);
    } else if (init->isBaseInitializer()) {
      QualType base(init->getBaseClass(), 0);
      if (init->isBaseVirtual()) {
        fail("unsupported virtual base class");
        return;
      }
      int64_t offset = ast.getASTRecordLayout(record)
                           .getBaseClassOffset(base->getAsCXXRecordDecl())
                           .getQuantity();
      initInto(byteOffset(self, offset), base, value, span);
    } else if (const FieldDecl *field = init->getAnyMember()) {
      initFieldInto(self, field, value, span, false);
    }
  }
}

void FunctionLowering::pushMemberDestructors(
    const CXXDestructorDecl *destructor) {
  // Cells run from the inside out: the body, members in reverse, then bases.
  const CXXRecordDecl *record = destructor->getParent();
  const ASTRecordLayout &layout = ast.getASTRecordLayout(record);
  Type pointer = typeOf(ast.VoidPtrTy);
  Span span = out.endSpan;
  for (const CXXBaseSpecifier &base : record->bases()) {
    if (!needsDestructor(base.getType()))
      continue;
    if (base.isVirtual()) {
      fail("unsupported virtual base class");
      return;
    }
    QualType type = base.getType();
    int64_t offset =
        layout.getBaseClassOffset(type->getAsCXXRecordDecl()).getQuantity();
    pushCleanup([this, type, offset, pointer, span] {
      ExprId self = load({localAddr(LocalId(0))}, pointer, span);
      destroy(byteOffset(self, offset), type, span);
    });
  }
  if (record->isUnion())
    return;
  for (const FieldDecl *field : record->fields()) {
    QualType type = field->getType();
    if (!needsDestructor(type) || field->isAnonymousStructOrUnion())
      continue;
    ir::FieldId id = unit.fieldOf(field).id;
    pushCleanup([this, type, id, pointer, span] {
      ExprId self = load({localAddr(LocalId(0))}, pointer, span);
      destroy(fieldAddr(self, id), type, span);
    });
  }
}

//===----------------------------------------------------------------------===//
// new and delete
//===----------------------------------------------------------------------===//

ir::ExprId FunctionLowering::newValue(const CXXNewExpr *expr) {
  Span span = spanOf(expr);
  Type pointer = typeOf(ast.VoidPtrTy);
  QualType type = expr->getAllocatedType();
  const FunctionDecl *allocate = expr->getOperatorNew();
  const Expr *init = expr->getInitializer();
  Type sizeType = typeOf(ast.getSizeType());
  ExprId size = intConst(static_cast<int64_t>(unit.sizeOf(type)), sizeType);
  if (expr->isArray()) {
    QualType element = ast.getBaseElementType(type);
    const CXXRecordDecl *record = element->getAsCXXRecordDecl();
    bool plain = !record || (record->hasTrivialDefaultConstructor());
    if (const auto *list = dyn_cast_or_null<InitListExpr>(init))
      plain &= list->getNumInits() == 0 && !needsDestructor(element);
    if (!plain) {
      unsupported(expr);
      return ExprId();
    }
    if (auto count = expr->getArraySize(); count && *count)
      size =
          binary(ir::Op::Mul, castTo(rvalue(*count), sizeType), size, sizeType);
    init = nullptr;
  }
  ExprId address;
  if (allocate->isReservedGlobalPlacementOperator()) {
    address = rvalue(expr->getPlacementArg(0));
  } else {
    ir::Instr call;
    call.span = span;
    call.callee = unit.declOf(allocate);
    ir::CallArg bytes;
    bytes.value = size;
    bytes.type = sizeType;
    call.args.push_back(bytes);
    call.argTexts.emplace_back();
    const auto *proto = allocate->getType()->getAs<FunctionProtoType>();
    unsigned next = 1;
    if (expr->passAlignment()) {
      ir::CallArg align;
      align.type = sizeType;
      align.value =
          intConst(ast.getTypeAlignInChars(type).getQuantity(), sizeType);
      call.args.push_back(align);
      call.argTexts.emplace_back();
      ++next;
    }
    for (const Expr *arg : expr->placement_arguments()) {
      QualType param;
      if (proto && next < proto->getNumParams())
        param = proto->getParamType(next);
      ++next;
      call.args.push_back(argument(arg, param));
      call.argTexts.push_back(argText(arg));
    }
    address =
        finishCall(std::move(call), allocate->getReturnType(), ExprId(),
                   unit.unit.decls[unit.declOf(allocate).value].isNoReturn);
  }
  if (!init || !address.valid())
    return address;
  if (const auto *construct = dyn_cast<CXXConstructExpr>(init))
    if (construct->getConstructor()->isTrivial() &&
        construct->getConstructor()->isDefaultConstructor() &&
        !construct->requiresZeroInitialization())
      return address;
  if (!expr->shouldNullCheckAllocation()) {
    initInto(address, type, init, span);
    return address;
  }
  BlockId make = newBlock(), end = newBlock();
  branch(address, make, end, ir::AssumeKind::Implicit, ir::AssumeKind::Implicit,
         span, {});
  startBlock(make);
  ++conditional;
  initInto(address, type, init, span);
  --conditional;
  gotoBlock(end);
  startBlock(end);
  return castTo(address, pointer);
}

void FunctionLowering::deleteValue(const CXXDeleteExpr *expr) {
  Span span = spanOf(expr);
  ExprId address = rvalue(expr->getArgument());
  QualType type = expr->getDestroyedType();
  const FunctionDecl *release = expr->getOperatorDelete();
  if (!address.valid() || !release || type.isNull() ||
      release->isDestroyingOperatorDelete() ||
      (expr->isArrayForm() && needsDestructor(type)))
    return unsupported(expr);
  BlockId alive = newBlock(), end = newBlock();
  branch(address, alive, end, ir::AssumeKind::Implicit,
         ir::AssumeKind::Implicit, span, {});
  startBlock(alive);
  if (needsDestructor(type)) {
    const CXXDestructorDecl *destructor =
        type->getAsCXXRecordDecl()->getDestructor();
    ir::Instr call;
    call.span = span;
    call.callee = unit.declOf(destructor);
    call.isVirtual = destructor->isVirtual() &&
                     !destructor->hasAttr<FinalAttr>() &&
                     !destructor->getParent()->hasAttr<FinalAttr>();
    ir::CallArg self;
    self.value = address;
    self.type = typeOf(ast.VoidPtrTy);
    self.pointeeSize = unit.sizeOf(type);
    call.args.push_back(self);
    call.argTexts.push_back(argText(expr->getArgument()));
    finishCall(std::move(call), ast.VoidTy, ExprId(), false);
  }
  ir::Instr call;
  call.span = span;
  call.callee = unit.declOf(release);
  ir::CallArg memory;
  memory.value = address;
  memory.type = typeOf(ast.VoidPtrTy);
  call.args.push_back(memory);
  call.argTexts.push_back(argText(expr->getArgument()));
  if (release->getNumParams() >= 2 &&
      release->getParamDecl(1)->getType()->isIntegerType()) {
    ir::CallArg bytes;
    bytes.type = typeOf(ast.getSizeType());
    bytes.value =
        expr->isArrayForm()
            ? havoc(bytes.type, span)
            : intConst(static_cast<int64_t>(unit.sizeOf(type)), bytes.type);
    call.args.push_back(bytes);
    call.argTexts.emplace_back();
  }
  finishCall(std::move(call), ast.VoidTy, ExprId(), false);
  gotoBlock(end);
  startBlock(end);
}

//===----------------------------------------------------------------------===//
// Lambdas, this and base classes
//===----------------------------------------------------------------------===//

void FunctionLowering::lambdaInto(ExprId addr, const LambdaExpr *expr,
                                  Span span) {
  const CXXRecordDecl *closure = expr->getLambdaClass();
  auto init = expr->capture_init_begin();
  for (const FieldDecl *field : closure->fields()) {
    if (init == expr->capture_init_end())
      break;
    if (field->hasCapturedVLAType()) {
      ++init;
      continue;
    }
    initFieldInto(addr, field, *init++, span, false);
  }
  if (const CXXMethodDecl *body = expr->getCallOperator())
    if (!body->isDependentContext())
      unit.declOf(body);
}

void FunctionLowering::lowerLambdaInvoker(const CXXMethodDecl *invoker) {
  // Its body in the AST is empty: it calls operator() on some closure.
  const CXXRecordDecl *closure = invoker->getParent();
  if (closure->isGenericLambda()) {
    fail("unsupported conversion of a generic lambda");
    return;
  }
  const CXXMethodDecl *target = closure->getLambdaCallOperator();
  ir::Instr call;
  call.span = out.endSpan;
  call.callee = unit.declOf(target);
  if (!target->isStatic()) {
    ir::CallArg self;
    self.value = localAddr(newTmp(ast.getCanonicalTagType(closure)));
    self.type = typeOf(ast.VoidPtrTy);
    self.pointeeConst = true;
    call.args.push_back(self);
    call.argTexts.emplace_back();
  }
  for (const ParmVarDecl *param : invoker->parameters()) {
    ir::CallArg arg;
    QualType type = param->getType();
    arg.type = typeOf(type);
    ExprId place = localAddr(localOf(param));
    arg.value = arg.type.kind == ir::TypeKind::Aggregate
                    ? place
                    : load({place}, arg.type, out.endSpan);
    arg.pointeeSize = unit.pointeeSize(type);
    call.args.push_back(arg);
    call.argTexts.push_back(param->getNameAsString());
  }
  QualType returnType = definition->getReturnType();
  ExprId into = out.result.valid() ? localAddr(out.result) : ExprId();
  ExprId value =
      finishCall(std::move(call), target->getReturnType(), into, false);
  Type type = typeOf(returnType);
  if (into.valid() && type.kind != ir::TypeKind::Aggregate)
    store({into}, value, type, out.endSpan);
}

ir::ExprId FunctionLowering::thisValue(const Expr *expr) {
  if (initThis.valid())
    return initThis;
  Type pointer = typeOf(ast.VoidPtrTy);
  ExprId self = load({localAddr(LocalId(0))}, pointer, spanOf(expr));
  if (!thisCapture)
    return self;
  ExprId field = fieldAddr(self, unit.fieldOf(thisCapture).id);
  if (!thisCapture->getType()->isPointerType())
    return field; // captured by value
  return load({field}, pointer, spanOf(expr));
}

ir::ExprId FunctionLowering::baseOffset(ExprId addr, const CastExpr *castExpr,
                                        bool toDerived, bool nullCheck) {
  auto recordOf = [](QualType type) {
    if (type->isPointerType() || type->isReferenceType())
      type = type->getPointeeType();
    return type->getAsCXXRecordDecl();
  };
  const CXXRecordDecl *derived = recordOf(
      toDerived ? castExpr->getType() : castExpr->getSubExpr()->getType());
  int64_t offset = 0;
  for (const CXXBaseSpecifier *step : castExpr->path()) {
    if (step->isVirtual() || !derived || !derived->getDefinition()) {
      fail("unsupported virtual base class");
      return addr;
    }
    const CXXRecordDecl *base = step->getType()->getAsCXXRecordDecl();
    offset += ast.getASTRecordLayout(derived->getDefinition())
                  .getBaseClassOffset(base)
                  .getQuantity();
    derived = base;
  }
  if (toDerived)
    offset = -offset;
  if (offset == 0 || constant(addr) == 0)
    return addr;
  if (!nullCheck ||
      isa<CXXThisExpr>(castExpr->getSubExpr()->IgnoreParenImpCasts()))
    return byteOffset(addr, offset);
  // A null pointer stays one.
  LocalId tmp = newTmp(ast.VoidPtrTy);
  Type pointer = typeOf(ast.VoidPtrTy);
  Span span = spanOf(castExpr);
  BlockId some = newBlock(), none = newBlock(), join = newBlock();
  branch(addr, some, none, ir::AssumeKind::Implicit, ir::AssumeKind::Implicit,
         span, {});
  startBlock(some);
  store({localAddr(tmp)}, byteOffset(addr, offset), pointer, span);
  gotoBlock(join);
  startBlock(none);
  store({localAddr(tmp)}, intConst(0, pointer), pointer, span);
  gotoBlock(join);
  startBlock(join);
  return load({localAddr(tmp)}, pointer, span);
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void FunctionLowering::lowerRangeFor(const CXXForRangeStmt *stmt) {
  Scope *saved = scope;
  bool savedOutermost = outermost;
  outermost = false;
  lowerStmt(stmt->getInit());
  lowerStmt(stmt->getRangeStmt());
  lowerStmt(stmt->getBeginStmt());
  lowerStmt(stmt->getEndStmt());
  BlockId head = newBlock(), body = newBlock(), next = newBlock(),
          end = newBlock();
  gotoBlock(head);
  startBlock(head);
  Scope *around = scope;
  Scope *cell = push(Scope::Kind::Breakable);
  cell->stmt = stmt;
  cell->breakBlock = end;
  cell->continueBlock = next;
  condition(stmt->getCond(), body, end, /*loop=*/true);
  startBlock(body);
  lowerStmt(stmt->getLoopVarStmt());
  lowerBody(stmt->getBody());
  popScopes(cell);
  gotoBlock(next);
  startBlock(next);
  discard(stmt->getInc());
  gotoBlock(head);
  scope = around;
  startBlock(end);
  popScopes(saved);
  outermost = savedOutermost;
}

void FunctionLowering::lowerCxxTry(const CXXTryStmt *stmt) {
  Scope *around = scope;
  BlockId end = newBlock();
  Scope *cell = push(Scope::Kind::CxxTry);
  for (unsigned i = 0; i < stmt->getNumHandlers(); ++i)
    cell->handlers.push_back(newBlock());
  lowerBody(stmt->getTryBlock());
  gotoBlock(end);
  scope = around;
  bool savedOutermost = outermost;
  outermost = false;
  for (unsigned i = 0; i < stmt->getNumHandlers(); ++i) {
    startBlock(cell->handlers[i]);
    const CXXCatchStmt *handler = stmt->getHandler(i);
    if (const VarDecl *caught = handler->getExceptionDecl())
      pushLifetime(localOf(caught));
    lowerBody(handler->getHandlerBlock());
    popScopes(around);
    gotoBlock(end);
  }
  outermost = savedOutermost;
  startBlock(end);
}

} // namespace mdlcheck::frontend
