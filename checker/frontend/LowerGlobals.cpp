//===-- LowerGlobals.cpp - variables with static storage ------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerUnit.h"

#include "clang/AST/APValue.h"
#include "clang/AST/RecordLayout.h"

using namespace clang;

namespace mdlcheck::frontend {

/// Beyond this many scalars an initialiser is data, not a table of callbacks.
static constexpr size_t kMaxInits = 4096;

ir::GlobalId UnitLowering::globalOf(const VarDecl *variable) {
  const VarDecl *canonical = variable->getCanonicalDecl();
  auto [it, isNew] = globals.try_emplace(canonical);
  if (!isNew)
    return it->second;
  ir::GlobalId id(static_cast<uint32_t>(unit.globals.size()));
  it->second = id;
  unit.globals.emplace_back();

  const VarDecl *definition = canonical->getDefinition();
  if (!definition)
    definition = canonical->getActingDefinition();
  const VarDecl *shown = definition ? definition : canonical;
  ir::Global out;
  out.name = canonical->getNameAsString();
  if (canonical->isStaticLocal()) {
    if (const auto *function =
            dyn_cast<FunctionDecl>(canonical->getDeclContext()))
      out.name = nameOf(function) + "." + out.name;
    out.linkName = out.name;
  } else {
    out.linkName = linkNameOf(canonical);
    if (ast.getLangOpts().CPlusPlus)
      out.name = canonical->getQualifiedNameAsString();
  }
  QualType type = shown->getType();
  out.type = typeOf(type);
  out.isConst = ast.getBaseElementType(type).isConstQualified();
  out.isStatic = !canonical->hasExternalFormalLinkage();
  out.isExtern = !definition;
  unit.globals[id.value] = std::move(out);

  const VarDecl *initialised = nullptr;
  if (shown->getAnyInitializer(initialised) && initialised &&
      !type->isReferenceType())
    pendingInits.push_back(initialised);
  return id;
}

ir::GlobalId UnitLowering::globalOf(const CompoundLiteralExpr *literal) {
  auto [it, isNew] = literals.try_emplace(literal);
  if (!isNew)
    return it->second;
  ir::GlobalId id(static_cast<uint32_t>(unit.globals.size()));
  it->second = id;
  ir::Global out;
  out.name = out.linkName = "$literal" + std::to_string(id.value);
  out.type = typeOf(literal->getType());
  out.isConst = literal->getType().isConstQualified();
  out.isStatic = true;
  unit.globals.push_back(std::move(out));
  Expr::EvalResult result;
  const Expr *init = literal->getInitializer();
  if (!init->isValueDependent() && !init->containsErrors() &&
      init->EvaluateAsRValue(result, ast) && !result.HasSideEffects) {
    std::vector<ir::GlobalInit> inits;
    addInits(result.Val, literal->getType(), 0, {}, inits);
    unit.globals[id.value].inits = std::move(inits);
  }
  return id;
}

void UnitLowering::addAddress(const APValue &value, ir::GlobalInit init,
                              std::vector<ir::GlobalInit> &inits) {
  APValue::LValueBase base = value.getLValueBase();
  int64_t offset = value.getLValueOffset().getQuantity();
  init.value = offset;
  if (base.isNull()) {
    init.kind = ir::GlobalInit::Kind::Int;
    inits.push_back(init);
    return;
  }
  if (const auto *decl = base.dyn_cast<const ValueDecl *>()) {
    if (const auto *function = dyn_cast<FunctionDecl>(decl)) {
      init.kind = ir::GlobalInit::Kind::FunctionAddr;
      init.index = declOf(function).value;
    } else if (const auto *variable = dyn_cast<VarDecl>(decl)) {
      init.kind = ir::GlobalInit::Kind::GlobalAddr;
      init.index = globalOf(variable).value;
    } else {
      return;
    }
    inits.push_back(init);
    return;
  }
  const auto *expr = base.dyn_cast<const Expr *>();
  if (!expr)
    return;
  if (const auto *literal = dyn_cast<StringLiteral>(expr)) {
    init.kind = ir::GlobalInit::Kind::StringAddr;
    init.index = stringOf(literal).value;
    inits.push_back(init);
  } else if (const auto *compound = dyn_cast<CompoundLiteralExpr>(expr)) {
    init.kind = ir::GlobalInit::Kind::GlobalAddr;
    init.index = globalOf(compound).value;
    inits.push_back(init);
  }
}

void UnitLowering::addInits(const APValue &value, QualType type,
                            uint64_t offset, ir::FieldId member,
                            std::vector<ir::GlobalInit> &inits) {
  if (inits.size() >= kMaxInits)
    return;
  ir::GlobalInit init;
  init.offset = offset;
  init.type = typeOf(type);
  init.field = member;
  switch (value.getKind()) {
  case APValue::Int: {
    const llvm::APSInt &number = value.getInt();
    if (init.type.size > 8)
      return;
    init.value = normalise(number.extOrTrunc(64).getZExtValue(), init.type);
    inits.push_back(init);
    return;
  }
  case APValue::LValue:
    addAddress(value, init, inits);
    return;
  case APValue::Array: {
    const ArrayType *array = ast.getAsArrayType(type);
    if (!array)
      return;
    QualType element = array->getElementType();
    uint64_t size = sizeOf(element);
    unsigned given = value.getArrayInitializedElts();
    for (unsigned i = 0; i < given && inits.size() < kMaxInits; ++i)
      addInits(value.getArrayInitializedElt(i), element, offset + i * size,
               member, inits);
    if (value.hasArrayFiller())
      for (unsigned i = given;
           i < value.getArraySize() && inits.size() < kMaxInits; ++i)
        addInits(value.getArrayFiller(), element, offset + i * size, member,
                 inits);
    return;
  }
  case APValue::Struct: {
    const RecordDecl *record = type->getAsRecordDecl();
    if (!record || record->isInvalidDecl())
      return;
    record = record->getDefinition();
    const ASTRecordLayout &layout = ast.getASTRecordLayout(record);
    if (const auto *object = dyn_cast<CXXRecordDecl>(record)) {
      unsigned i = 0;
      for (const CXXBaseSpecifier &base : object->bases())
        addInits(
            value.getStructBase(i++), base.getType(),
            offset +
                layout.getBaseClassOffset(base.getType()->getAsCXXRecordDecl())
                    .getQuantity(),
            {}, inits);
    }
    for (const FieldDecl *field : record->fields())
      if (!field->isBitField())
        addInits(value.getStructField(field->getFieldIndex()), field->getType(),
                 offset + layout.getFieldOffset(field->getFieldIndex()) / 8,
                 fieldOf(field).id, inits);
    return;
  }
  case APValue::Union:
    if (const FieldDecl *field = value.getUnionField())
      if (!field->isBitField())
        addInits(value.getUnionValue(), field->getType(), offset,
                 fieldOf(field).id, inits);
    return;
  default:
    return;
  }
}

} // namespace mdlcheck::frontend
