//===-- LowerInit.cpp - declarations, initialisers and aggregates ---------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerFunction.h"

#include "clang/AST/Attr.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/RecordLayout.h"

using namespace clang;

namespace mdlcheck::frontend {

/// Elements of an array made by a constructor that are spelled out one by one.
static constexpr uint64_t kMaxFilled = 64;

void FunctionLowering::initInto(ExprId addr, QualType type, const Expr *init,
                                Span span, bool zeroed) {
  if (!failure.empty())
    return;
  if (type->isReferenceType()) {
    store({addr}, lvalue(init).addr, typeOf(type), span);
    return;
  }
  if (isa<NoInitExpr>(init))
    return;
  Type irType = typeOf(type);
  if (irType.kind == ir::TypeKind::Aggregate) {
    aggregateInto(addr, init, span, zeroed);
    return;
  }
  ExprId value = rvalue(init);
  if (!value.valid())
    return;
  if (zeroed && constant(value) == 0)
    return;
  store({addr}, value, irType, span);
}

bool FunctionLowering::givesAll(const Expr *init) const {
  init = init->IgnoreParens();
  if (isa<ImplicitValueInitExpr, NoInitExpr, DesignatedInitUpdateExpr>(init))
    return false;
  if (const auto *literal = dyn_cast<StringLiteral>(init)) {
    const auto *array = ast.getAsConstantArrayType(init->getType());
    return array && array->getZExtSize() <= literal->getLength() + 1;
  }
  const auto *list = dyn_cast<InitListExpr>(init);
  if (!list)
    return true;
  if (list->hasArrayFiller())
    return false;
  if (list->isStringLiteralInit())
    return givesAll(list->getInit(0));
  if (const RecordDecl *record = list->getType()->getAsRecordDecl()) {
    if (record->isUnion())
      return false;
    for (const FieldDecl *field : record->fields())
      if (field->isBitField())
        return false;
  }
  for (const Expr *element : list->inits())
    if (!element || !givesAll(element))
      return false;
  return true;
}

void FunctionLowering::initString(ExprId addr, QualType type,
                                  const StringLiteral *literal, Span span,
                                  bool zeroed) {
  Type whole = typeOf(type);
  Type part = whole;
  part.size = (literal->getLength() + 1) * literal->getCharByteWidth();
  if (part.size < whole.size) {
    if (!zeroed)
      zero(addr, whole, span);
  } else {
    part.size = whole.size;
  }
  if (literal->getLength() == 0 && zeroed)
    return;
  copy(addr, stringAddr(unit.stringOf(literal)), part, span);
}

void FunctionLowering::initFieldInto(ExprId record, const FieldDecl *field,
                                     const Expr *init, Span span, bool zeroed) {
  if (isa<NoInitExpr>(init) || (zeroed && isa<ImplicitValueInitExpr>(init)))
    return;
  if (field->isAnonymousStructOrUnion()) {
    // Its members are addressed from the record around it.
    if (const auto *list = dyn_cast<InitListExpr>(init->IgnoreParens())) {
      initList(record, list, span, /*zeroed=*/true);
      return;
    }
    initInto(
        byteOffset(record, static_cast<int64_t>(ast.getFieldOffset(field) / 8)),
        field->getType(), init, span, zeroed);
    return;
  }
  UnitLowering::FieldRef ref = unit.fieldOf(field);
  ExprId addr = fieldAddr(record, ref.id);
  if (!ref.bitWidth) {
    initInto(addr, field->getType(), init, span, zeroed);
    return;
  }
  ExprId value = rvalue(init);
  if (!value.valid() || (zeroed && constant(value) == 0))
    return;
  store({addr, ref.bitOffset, ref.bitWidth}, value, typeOf(field->getType()),
        span);
}

void FunctionLowering::initList(ExprId addr, const InitListExpr *list,
                                Span span, bool zeroed) {
  if (!list->isSemanticForm() && list->getSemanticForm())
    list = list->getSemanticForm();
  QualType type = list->getType();
  if (list->isTransparent() && list->getNumInits() == 1) {
    initInto(addr, type, list->getInit(0), span, zeroed);
    return;
  }
  if (!zeroed && !givesAll(list)) {
    zero(addr, typeOf(type), span);
    zeroed = true;
  }
  if (list->isStringLiteralInit()) {
    aggregateInto(addr, list->getInit(0), span, zeroed);
    return;
  }
  if (const ArrayType *array = ast.getAsArrayType(type)) {
    QualType element = array->getElementType();
    uint64_t size = unit.sizeOf(element);
    Type indexType{ir::TypeKind::Int, true, 8};
    for (unsigned i = 0; i < list->getNumInits(); ++i)
      initInto(indexAddr(addr, intConst(i, indexType), size), element,
               list->getInit(i), span, zeroed);
    const Expr *filler = list->getArrayFiller();
    const auto *constantArray = ast.getAsConstantArrayType(type);
    if (!filler || !constantArray || isa<ImplicitValueInitExpr>(filler) ||
        isa<NoInitExpr>(filler))
      return;
    uint64_t count = constantArray->getZExtSize();
    if (const auto *construct = dyn_cast<CXXConstructExpr>(filler))
      if (construct->getConstructor()->isTrivial())
        return;
    if (count - list->getNumInits() > kMaxFilled) {
      unsupported(list);
      return;
    }
    for (uint64_t i = list->getNumInits(); i < count; ++i)
      initInto(
          indexAddr(addr, intConst(static_cast<int64_t>(i), indexType), size),
          element, filler, span, zeroed);
    return;
  }
  const RecordDecl *record = type->getAsRecordDecl();
  if (!record) {
    for (const Expr *init : list->inits()) // vectors, complex numbers
      discard(init);
    return;
  }
  if (record->isUnion()) {
    if (const FieldDecl *field = list->getInitializedFieldInUnion())
      if (list->getNumInits())
        initFieldInto(addr, field, list->getInit(0), span, zeroed);
    return;
  }
  unsigned next = 0;
  ExprId savedObject = listObject;
  listObject = addr;
  if (const auto *object = dyn_cast<CXXRecordDecl>(record)) {
    const ASTRecordLayout &layout = ast.getASTRecordLayout(record);
    for (const CXXBaseSpecifier &base : object->bases()) {
      if (next >= list->getNumInits())
        break;
      int64_t offset =
          layout.getBaseClassOffset(base.getType()->getAsCXXRecordDecl())
              .getQuantity();
      initInto(byteOffset(addr, offset), base.getType(), list->getInit(next++),
               span, zeroed);
    }
  }
  for (const FieldDecl *field : record->fields()) {
    if (field->isUnnamedBitField())
      continue;
    if (next >= list->getNumInits())
      break;
    initFieldInto(addr, field, list->getInit(next++), span, zeroed);
  }
  listObject = savedObject;
}

ir::ExprId FunctionLowering::aggregateAddr(const Expr *expr) {
  const Expr *inner = expr->IgnoreParens();
  if (expr->isGLValue())
    return lvalue(expr).addr;
  if (const auto *castExpr = dyn_cast<CastExpr>(inner)) {
    CastKind kind = castExpr->getCastKind();
    if ((kind == CK_LValueToRValue || kind == CK_NoOp) &&
        castExpr->getSubExpr()->isGLValue())
      return lvalue(castExpr->getSubExpr()).addr;
  }
  if (const auto *value = dyn_cast<OpaqueValueExpr>(inner))
    if (opaques.count(value))
      return opaque(value);
  if (const auto *op = dyn_cast<BinaryOperator>(inner))
    if (op->isAssignmentOp()) {
      ExprId value;
      return assignment(op, value).addr;
    }
  if (isa<MemberExpr, ArraySubscriptExpr>(inner))
    return lvalue(inner).addr;
  ExprId addr = localAddr(newTmp(expr->getType()));
  aggregateInto(addr, expr, spanOf(expr), false);
  if (needsDestructor(expr->getType()))
    pushTemporary(addr, expr->getType(), spanOf(expr));
  return addr;
}

void FunctionLowering::aggregateInto(ExprId addr, const Expr *expr, Span span,
                                     bool zeroed) {
  if (expr->containsErrors())
    fail("contains an expression with an error");
  if (!failure.empty())
    return;
  Type type = typeOf(expr->getType());
  if (const MacroExpansion *macro = macroAt(expr)) {
    macroCall(expr, *macro, addr);
    return;
  }
  if (expr->isGLValue()) {
    if (const auto *literal = dyn_cast<StringLiteral>(expr->IgnoreParens()))
      initString(addr, expr->getType(), literal, span, zeroed);
    else
      copy(addr, lvalue(expr).addr, type, span);
    return;
  }
  switch (expr->getStmtClass()) {
  case Stmt::ParenExprClass:
    return aggregateInto(addr, cast<ParenExpr>(expr)->getSubExpr(), span,
                         zeroed);
  case Stmt::ConstantExprClass:
    return aggregateInto(addr, cast<ConstantExpr>(expr)->getSubExpr(), span,
                         zeroed);
  case Stmt::StringLiteralClass:
    // As an initialiser of an array it is a value.
    return initString(addr, expr->getType(), cast<StringLiteral>(expr), span,
                      zeroed);
  case Stmt::InitListExprClass:
    return initList(addr, cast<InitListExpr>(expr), span, zeroed);
  case Stmt::CXXParenListInitExprClass: {
    const auto *list = cast<CXXParenListInitExpr>(expr);
    const RecordDecl *record = expr->getType()->getAsRecordDecl();
    if (!record || !list->getUserSpecifiedInitExprs().size() ||
        (isa<CXXRecordDecl>(record) &&
         cast<CXXRecordDecl>(record)->getNumBases()))
      return unsupported(expr);
    if (!zeroed)
      zero(addr, type, span);
    unsigned next = 0;
    for (const FieldDecl *field : record->fields())
      if (next < list->getInitExprs().size())
        initFieldInto(addr, field, list->getInitExprs()[next++], span, true);
    return;
  }
  case Stmt::DesignatedInitUpdateExprClass: {
    const auto *update = cast<DesignatedInitUpdateExpr>(expr);
    aggregateInto(addr, update->getBase(), span, zeroed);
    // What the updater leaves out keeps the base's value.
    const InitListExpr *list = update->getUpdater();
    if (const RecordDecl *record = list->getType()->getAsRecordDecl();
        record && !record->isUnion()) {
      unsigned next = 0;
      for (const FieldDecl *field : record->fields()) {
        if (field->isUnnamedBitField())
          continue;
        if (next >= list->getNumInits())
          break;
        const Expr *init = list->getInit(next++);
        if (!isa<NoInitExpr>(init))
          initFieldInto(addr, field, init, span, false);
      }
      return;
    }
    return unsupported(expr);
  }
  case Stmt::ImplicitValueInitExprClass:
  case Stmt::CXXScalarValueInitExprClass:
    if (!zeroed)
      zero(addr, type, span);
    return;
  case Stmt::NoInitExprClass:
    return;
  case Stmt::CallExprClass:
  case Stmt::CXXMemberCallExprClass:
  case Stmt::CXXOperatorCallExprClass:
  case Stmt::UserDefinedLiteralClass: {
    ExprId result = callValue(cast<CallExpr>(expr), addr);
    if (result.valid())
      copy(addr, result, type, span); // nothing when it went there at once
    return;
  }
  case Stmt::ConditionalOperatorClass: {
    const auto *choice = cast<ConditionalOperator>(expr);
    BlockId yes = newBlock(), no = newBlock(), join = newBlock();
    condition(choice->getCond(), yes, no);
    ++conditional;
    startBlock(yes);
    aggregateInto(addr, choice->getTrueExpr(), span, zeroed);
    gotoBlock(join);
    startBlock(no);
    aggregateInto(addr, choice->getFalseExpr(), span, zeroed);
    gotoBlock(join);
    --conditional;
    startBlock(join);
    return;
  }
  case Stmt::StmtExprClass:
    statementExpr(cast<StmtExpr>(expr), addr);
    return;
  case Stmt::ChooseExprClass:
    return aggregateInto(addr, cast<ChooseExpr>(expr)->getChosenSubExpr(), span,
                         zeroed);
  case Stmt::GenericSelectionExprClass:
    return aggregateInto(
        addr, cast<GenericSelectionExpr>(expr)->getResultExpr(), span, zeroed);
  case Stmt::BinaryOperatorClass: {
    const auto *op = cast<BinaryOperator>(expr);
    if (op->getOpcode() == BO_Comma) {
      discard(op->getLHS());
      return aggregateInto(addr, op->getRHS(), span, zeroed);
    }
    if (op->getOpcode() == BO_Assign) {
      ExprId value;
      copy(addr, assignment(op, value).addr, type, span);
      return;
    }
    return unsupported(expr);
  }
  case Stmt::VAArgExprClass:
    // Anything: the storage is fresh, so nothing is known of it.
    discard(cast<VAArgExpr>(expr)->getSubExpr());
    return;
  case Stmt::MemberExprClass:
  case Stmt::ArraySubscriptExprClass:
  case Stmt::OpaqueValueExprClass:
    copy(addr, aggregateAddr(expr), type, span);
    return;
  case Stmt::ImplicitCastExprClass:
  case Stmt::CStyleCastExprClass:
  case Stmt::CXXStaticCastExprClass:
  case Stmt::CXXFunctionalCastExprClass:
  case Stmt::CXXConstCastExprClass:
  case Stmt::CXXReinterpretCastExprClass:
  case Stmt::BuiltinBitCastExprClass: {
    const auto *castExpr = cast<CastExpr>(expr);
    const Expr *sub = castExpr->getSubExpr();
    switch (castExpr->getCastKind()) {
    case CK_LValueToRValue:
      if (const auto *literal =
              dyn_cast<CompoundLiteralExpr>(sub->IgnoreParens()))
        if (!literal->isFileScope())
          return aggregateInto(addr, literal->getInitializer(), span, zeroed);
      copy(addr, lvalue(sub).addr, type, span);
      return;
    case CK_NoOp:
    case CK_UserDefinedConversion:
    case CK_ConstructorConversion:
    case CK_AtomicToNonAtomic:
    case CK_NonAtomicToAtomic:
      return aggregateInto(addr, sub, span, zeroed);
    case CK_LValueToRValueBitCast:
      copy(addr, lvalue(sub).addr, type, span);
      return;
    case CK_ToUnion:
      if (!zeroed)
        zero(addr, type, span);
      return initInto(addr, sub->getType(), sub, span, true);
    default:
      return unsupported(expr);
    }
  }
  case Stmt::CXXConstructExprClass:
  case Stmt::CXXTemporaryObjectExprClass:
    return constructInto(addr, cast<CXXConstructExpr>(expr), span, zeroed);
  case Stmt::CXXBindTemporaryExprClass:
    // Who asked for the object destroys it.
    return aggregateInto(addr, cast<CXXBindTemporaryExpr>(expr)->getSubExpr(),
                         span, zeroed);
  case Stmt::ExprWithCleanupsClass:
    withCleanups(cast<ExprWithCleanups>(expr), addr);
    return;
  case Stmt::LambdaExprClass:
    return lambdaInto(addr, cast<LambdaExpr>(expr), span);
  case Stmt::CXXDefaultArgExprClass:
    return aggregateInto(addr, cast<CXXDefaultArgExpr>(expr)->getExpr(), span,
                         zeroed);
  case Stmt::CXXDefaultInitExprClass:
    inDefaultInit(cast<CXXDefaultInitExpr>(expr), [&](const Expr *init) {
      aggregateInto(addr, init, span, zeroed);
      return 0;
    });
    return;
  case Stmt::SubstNonTypeTemplateParmExprClass:
    return aggregateInto(
        addr, cast<SubstNonTypeTemplateParmExpr>(expr)->getReplacement(), span,
        zeroed);
  case Stmt::ArrayInitLoopExprClass: {
    // Copies of arrays, as captures and copy constructors make them.
    const auto *loop = cast<ArrayInitLoopExpr>(expr);
    QualType element = ast.getBaseElementType(expr->getType());
    if (!element.isTriviallyCopyableType(ast))
      return unsupported(expr);
    copy(addr, opaque(loop->getCommonExpr()), type, span);
    return;
  }
  default:
    return unsupported(expr);
  }
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

void FunctionLowering::declare(const VarDecl *variable) {
  if (variable->isInvalidDecl()) {
    fail("contains a declaration with an error: " +
         variable->getNameAsString());
    return;
  }
  if (variable->isStaticLocal()) {
    staticLocal(variable);
    return;
  }
  if (!variable->hasLocalStorage())
    return;
  LocalId local = localOf(variable);
  if (!outermost)
    pushLifetime(local);
  QualType type = variable->getType();
  Span span = unit.source.span(variable->getSourceRange());
  ExprId addr = localAddr(local);
  if (const Expr *init = variable->getInit()) {
    size_t firstExtended = extended.size();
    initInto(addr, type, init, span);
    // References keep their temporaries until they go out of scope.
    std::vector<std::pair<ExprId, QualType>> kept(
        extended.begin() + static_cast<long>(firstExtended), extended.end());
    extended.resize(firstExtended);
    for (const auto &[temporary, temporaryType] : kept)
      pushDestructor(temporary, temporaryType, span);
  }
  if (!type->isReferenceType())
    pushDestructor(addr, type, span);
  if (const auto *cleanup = variable->getAttr<CleanupAttr>()) {
    const FunctionDecl *function = cleanup->getFunctionDecl();
    pushCleanup([this, function, addr, span, type] {
      ir::Instr call;
      call.callee = unit.declOf(function);
      call.span = span;
      ir::CallArg arg;
      arg.value = addr;
      arg.type = typeOf(ast.VoidPtrTy);
      arg.pointeeSize = unit.sizeOf(type);
      call.args.push_back(arg);
      call.argTexts.emplace_back();
      finishCall(std::move(call), function->getReturnType(), ExprId(),
                 function->isNoReturn());
    });
  }
  if (const auto *parts = dyn_cast<DecompositionDecl>(variable))
    for (const BindingDecl *binding : parts->bindings())
      if (const VarDecl *holding = binding->getHoldingVar())
        declare(holding);
}

void FunctionLowering::staticLocal(const VarDecl *variable) {
  ir::GlobalId global = unit.globalOf(variable);
  const Expr *init = variable->getInit();
  if (!init || !ast.getLangOpts().CPlusPlus ||
      variable->hasConstantInitialization())
    return;
  // Made the first time control comes by: either way is possible.
  Span span = unit.source.span(variable->getSourceRange());
  BlockId make = newBlock(), made = newBlock();
  eitherWay({make, made}, span);
  startBlock(make);
  initInto(globalAddr(global), variable->getType(), init, span);
  gotoBlock(made);
  startBlock(made);
}

} // namespace mdlcheck::frontend
