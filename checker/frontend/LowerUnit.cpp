//===-- LowerUnit.cpp - tables of a unit while lowering -------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerUnit.h"

#include "frontend/LowerFunction.h"

#include "clang/AST/Attr.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/RecordLayout.h"
#include "clang/AST/TypeLoc.h"
#include "clang/Basic/Builtins.h"
#include "clang/Basic/CharInfo.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"

using namespace clang;

namespace mdlcheck::frontend {

int64_t normalise(uint64_t value, const ir::Type &type) {
  if (type.size == 0 || type.size >= 8)
    return static_cast<int64_t>(value);
  unsigned shift = 64 - 8 * static_cast<unsigned>(type.size);
  if (type.isSigned)
    return static_cast<int64_t>(value << shift) >> shift;
  return static_cast<int64_t>((value << shift) >> shift);
}

UnitLowering::UnitLowering(ASTContext &ast, Preprocessor &pp,
                           const LoweringContext &context, ir::Unit &unit)
    : ast(ast), context(context), unit(unit),
      source(ast.getSourceManager(), ast.getLangOpts(), unit), names(ast),
      sal(context.salMarks, ast, pp, [this](const FieldDecl *field) {
        const ir::Field &known = this->unit.fields[fieldOf(field).id.value];
        return known.record + "::" + known.name;
      }) {}

void UnitLowering::run() {
  const SourceManager &sources = source.sources;
  if (unit.mainFile.empty())
    if (OptionalFileEntryRef entry =
            sources.getFileEntryRefForID(sources.getMainFileID()))
      unit.mainFile = entry->getName().str();
  for (const Decl *decl : context.shared)
    collect(decl);
  // Those of a shared header are only read as far as they are used.
  for (const Decl *decl : ast.getTranslationUnitDecl()->noload_decls())
    if (!decl->isFromASTFile())
      collect(decl);
  lowerQueued();
}

//===----------------------------------------------------------------------===//
// Which functions
//===----------------------------------------------------------------------===//

void UnitLowering::collectAll(const DeclContext *decls) {
  for (const Decl *decl : decls->decls())
    collect(decl);
}

void UnitLowering::collect(const Decl *decl) {
  switch (decl->getKind()) {
  case Decl::Namespace:
  case Decl::LinkageSpec:
  case Decl::Export:
    collectAll(cast<DeclContext>(decl));
    return;
  case Decl::ClassTemplate:
    for (const auto *spec : cast<ClassTemplateDecl>(decl)->specializations())
      if (spec->getSpecializationKind() != TSK_ExplicitSpecialization)
        collectAll(cast<DeclContext>(spec));
    return;
  case Decl::FunctionTemplate:
    for (const FunctionDecl *spec :
         cast<FunctionTemplateDecl>(decl)->specializations())
      collect(spec);
    return;
  case Decl::CXXRecord:
  case Decl::ClassTemplateSpecialization: {
    const auto *record = cast<CXXRecordDecl>(decl);
    if (record->isThisDeclarationADefinition() && !record->isDependentContext())
      collectAll(cast<DeclContext>(record));
    return;
  }
  default:
    break;
  }
  if (const auto *variable = dyn_cast<VarDecl>(decl)) {
    // Tables of callbacks other files use are seen by nobody else.
    if (variable->isThisDeclarationADefinition() != VarDecl::DeclarationOnly &&
        !variable->getType()->isDependentType() &&
        !isa<VarTemplateSpecializationDecl>(variable) &&
        !source.inSystemHeader(variable->getLocation()))
      globalOf(variable);
    return;
  }
  const auto *function = dyn_cast<FunctionDecl>(decl);
  if (!function || !function->doesThisDeclarationHaveABody() ||
      function->isDependentContext() ||
      source.inSystemHeader(function->getLocation()))
    return;
  // What the compiler makes is lowered when something uses it.
  if (function->isImplicit() || function->isDefaulted())
    return;
  declOf(function);
  enqueue(function);
}

void UnitLowering::enqueue(const FunctionDecl *definition) {
  if (definition->isDependentContext() || definition->isDeleted())
    return;
  if (queued.insert(definition).second)
    queue.push_back(definition);
}

void UnitLowering::lowerQueued() {
  while (!queue.empty() || !pendingInits.empty()) {
    // Initialisers name functions, and functions name variables.
    while (!pendingInits.empty()) {
      const VarDecl *variable = pendingInits.back();
      pendingInits.pop_back();
      const Expr *init = variable->getInit();
      if (!init || init->isValueDependent() || init->containsErrors() ||
          variable->isInvalidDecl())
        continue;
      if (const APValue *value = variable->evaluateValue()) {
        std::vector<ir::GlobalInit> inits;
        addInits(*value, variable->getType(), 0, {}, inits);
        unit.globals[globalOf(variable).value].inits = std::move(inits);
      }
    }
    if (queue.empty())
      return;
    const FunctionDecl *function = queue.front();
    queue.pop_front();
    std::string reason = errorIn(function);
    if (reason.empty()) {
      ir::Function lowered;
      reason = lowerFunction(*this, function, lowered);
      if (reason.empty()) {
        ir::FunctionDecl &decl = unit.decls[declOf(function).value];
        decl.body = static_cast<int32_t>(unit.functions.size());
        unit.functions.push_back(std::move(lowered));
        continue;
      }
    }
    skip(function, std::move(reason));
  }
}

std::string UnitLowering::errorIn(const FunctionDecl *function) const {
  if (!context.errors.empty()) {
    const SourceManager &sources = source.sources;
    SourceRange range = function->getSourceRange();
    auto [file, begin] = sources.getDecomposedExpansionLoc(range.getBegin());
    auto [endFile, end] = sources.getDecomposedExpansionLoc(range.getEnd());
    for (const auto &[loc, message] : context.errors) {
      if (loc.isInvalid())
        continue;
      auto [errorFile, offset] = sources.getDecomposedExpansionLoc(loc);
      if (errorFile == file && errorFile == endFile && offset >= begin &&
          offset <= end)
        return message;
    }
  }
  if (function->isInvalidDecl())
    return "its declaration has an error";
  return {};
}

void UnitLowering::skip(const FunctionDecl *function, std::string reason) {
  unit.skipped.push_back({nameOf(function),
                          source.span(function->getSourceRange()),
                          std::move(reason)});
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

uint64_t UnitLowering::sizeOf(QualType type) const {
  if (type.isNull())
    return 0;
  type = type.getCanonicalType();
  if (type->isReferenceType())
    return ast.getTypeSizeInChars(ast.VoidPtrTy).getQuantity();
  if (type->isVoidType() || type->isFunctionType() || type->isDependentType() ||
      type->isVariableArrayType() || type->isIncompleteType() ||
      type->isUndeducedType() || type->isPlaceholderType())
    return 0;
  // The layout of a record with errors in it is not to be asked for.
  const Type *element = ast.getBaseElementType(type).getTypePtr();
  if (const RecordDecl *record = element->getAsRecordDecl())
    if (record->isInvalidDecl() || !record->getDefinition() ||
        record->getDefinition()->isInvalidDecl())
      return 0;
  return ast.getTypeSizeInChars(type).getQuantity();
}

ir::Type UnitLowering::typeOf(QualType qualType) const {
  ir::Type result;
  if (qualType.isNull())
    return result;
  QualType type = qualType.getCanonicalType();
  if (const auto *atomic = type->getAs<AtomicType>())
    type = atomic->getValueType().getCanonicalType();
  result.size = sizeOf(type);
  switch (type->getTypeClass()) {
  case Type::Builtin:
    if (type->isVoidType()) {
      result.kind = ir::TypeKind::Void;
      result.size = 0;
    } else if (type->isNullPtrType()) {
      result.kind = ir::TypeKind::Pointer;
    } else if (type->isIntegerType()) {
      // Wider than what constants hold: as opaque as floating point.
      result.kind = result.size > 8 ? ir::TypeKind::Float : ir::TypeKind::Int;
      result.isSigned = result.size <= 8 && type->isSignedIntegerType();
    } else {
      result.kind = ir::TypeKind::Float;
    }
    return result;
  case Type::BitInt:
    result.kind = result.size > 8 ? ir::TypeKind::Float : ir::TypeKind::Int;
    result.isSigned = result.size <= 8 && type->isSignedIntegerType();
    return result;
  case Type::Enum:
    result.kind = ir::TypeKind::Int;
    if (type->isIncompleteType())
      result.size = 4;
    else
      result.isSigned = type->isSignedIntegerOrEnumerationType();
    return result;
  case Type::Pointer:
  case Type::BlockPointer:
  case Type::LValueReference:
  case Type::RValueReference:
  case Type::FunctionProto:
  case Type::FunctionNoProto:
    result.kind = ir::TypeKind::Pointer;
    if (!result.size)
      result.size = ast.getTypeSizeInChars(ast.VoidPtrTy).getQuantity();
    return result;
  case Type::MemberPointer:
    result.kind = result.size > 8 ? ir::TypeKind::Float : ir::TypeKind::Int;
    return result;
  default:
    result.kind = ir::TypeKind::Aggregate;
    return result;
  }
}

QualType UnitLowering::pointeeType(QualType type) {
  if (type.isNull())
    return {};
  if (type->isReferenceType())
    return type.getNonReferenceType();
  return type->getPointeeType();
}

uint64_t UnitLowering::pointeeSize(QualType type) const {
  return sizeOf(pointeeType(type));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

std::string UnitLowering::linkNameOf(const NamedDecl *decl) {
  if (!ast.getLangOpts().CPlusPlus)
    return decl->getNameAsString();
  if (const auto *function = dyn_cast<FunctionDecl>(decl))
    if (function->isExternC() || function->isMain() || function->getBuiltinID())
      return function->getNameAsString();
  if (const auto *variable = dyn_cast<VarDecl>(decl))
    if (variable->isExternC())
      return variable->getNameAsString();
  // Structors have several manglings: any one will do, the same everywhere.
  std::string name = names.getName(decl);
  return name.empty() ? decl->getQualifiedNameAsString() : name;
}

std::string UnitLowering::nameOf(const FunctionDecl *function) const {
  if (!ast.getLangOpts().CPlusPlus)
    return function->getNameAsString();
  if (const auto *method = dyn_cast<CXXMethodDecl>(function))
    if (method->getParent()->isLambda())
      return "lambda::" + function->getNameAsString();
  return function->getQualifiedNameAsString();
}

ir::DeclId UnitLowering::declNamed(StringRef name, const ir::Type &result,
                                   bool noReturn) {
  auto [it, isNew] = namedDecls.try_emplace(name);
  if (!isNew)
    return it->second;
  linkNames.insert(name);
  it->second = ir::DeclId(static_cast<uint32_t>(unit.decls.size()));
  ir::FunctionDecl &decl = unit.decls.emplace_back();
  decl.name = decl.linkName = name.str();
  decl.resultType = result;
  decl.isNoReturn = noReturn;
  decl.isImplicit = true;
  decl.inSystemHeader = true;
  return it->second;
}

ir::DeclId UnitLowering::declOf(const FunctionDecl *function) {
  const FunctionDecl *canonical = function->getCanonicalDecl();
  auto [it, isNew] = decls.try_emplace(canonical);
  if (!isNew)
    return it->second;
  std::string linkName = linkNameOf(canonical);
  // The library functions by their plain names, however they were reached.
  if (canonical->getBuiltinID() &&
      StringRef(linkName).starts_with("__builtin_")) {
    StringRef plain = StringRef(linkName).substr(strlen("__builtin_"));
    bool known =
        llvm::StringSwitch<bool>(plain)
            .Cases({"memcpy", "memmove", "memset", "memcmp", "memchr", "bzero"},
                   true)
            .Cases({"strlen", "strcpy", "strncpy", "strcmp", "strncmp",
                    "strcat", "strchr", "strrchr"},
                   true)
            .Cases({"wcslen", "wcscmp", "wcsncmp", "wcschr", "wmemcpy",
                    "wmemset", "abs", "labs", "llabs", "abort"},
                   true)
            .Default(false);
    if (known)
      linkName = plain.str();
  }
  // Structors of one class may be given one name, and so may what has no
  // linkage at all.
  if (ast.getLangOpts().CPlusPlus && !canonical->getBuiltinID()) {
    std::string unique = linkName;
    for (unsigned n = 2; !linkNames.insert(unique).second; ++n)
      unique = linkName + "#" + std::to_string(n);
    linkName = unique;
  }
  bool byName = !ast.getLangOpts().CPlusPlus || canonical->isExternC() ||
                canonical->getBuiltinID();
  // Local functions of one name would collide only within one unit, where
  // the language forbids it.
  if (byName) {
    llvm::StringMap<ir::DeclId>::iterator named;
    bool isNewName;
    std::tie(named, isNewName) = namedDecls.try_emplace(linkName);
    // The first declaration, be it the builtin or the header's, is it.
    if (!isNewName && !canonical->getDefinition())
      return decls[canonical] = named->second;
    for (unsigned n = 2; !isNewName; ++n) {
      std::string other = linkName + "#" + std::to_string(n);
      std::tie(named, isNewName) = namedDecls.try_emplace(other);
      if (isNewName)
        linkName = other;
    }
    if (isNewName && !named->second.valid())
      named->second = ir::DeclId(static_cast<uint32_t>(unit.decls.size()));
  }
  ir::DeclId id(static_cast<uint32_t>(unit.decls.size()));
  decls[canonical] = id;
  unit.decls.emplace_back();
  ir::FunctionDecl out;
  out.linkName = linkName;
  describe(canonical, out);
  if (canonical->getBuiltinID() && !ast.getLangOpts().CPlusPlus)
    out.name = linkName;
  unit.decls[id.value] = std::move(out);

  const FunctionDecl *definition = nullptr;
  if (function->isDefined(definition) &&
      definition->doesThisDeclarationHaveABody() &&
      !definition->isPureVirtual() && !definition->hasAttr<AliasAttr>())
    enqueue(definition);
  return id;
}

void UnitLowering::addTypedefs(const TypeSourceInfo *info,
                               ir::FunctionDecl &out,
                               std::vector<std::string> &paramAnnotations) {
  // Every typedef name on the way to the function type is a role, and what
  // is annotated on that typedef holds for each function declared with it.
  QualType type = info->getType();
  while (true) {
    if (const auto *named = type->getAs<TypedefType>()) {
      const TypedefNameDecl *decl = named->getDecl();
      if (!decl->getUnderlyingType()->isFunctionType())
        return;
      std::string name = decl->getNameAsString();
      if (llvm::is_contained(out.roles, name))
        return;
      out.roles.push_back(std::move(name));
      for (const auto *redecl : decl->redecls())
        for (const auto *attr : redecl->specific_attrs<AnnotateAttr>())
          if (!attr->isInherited())
            out.annotations.push_back(attr->getAnnotation().str());
      if (const TypeSourceInfo *under = decl->getTypeSourceInfo()) {
        if (auto loc = under->getTypeLoc()
                           .IgnoreParens()
                           .getAsAdjusted<FunctionProtoTypeLoc>()) {
          for (unsigned i = 0; i < loc.getNumParams(); ++i) {
            const ParmVarDecl *param = loc.getParam(i);
            if (!param)
              continue;
            if (i < out.paramNames.size() && out.paramNames[i].empty())
              out.paramNames[i] = param->getNameAsString();
            for (const auto *attr : param->specific_attrs<AnnotateAttr>())
              paramAnnotations.push_back("param:" + std::to_string(i) + ":" +
                                         attr->getAnnotation().str());
          }
        }
      }
      for (const auto *redecl : decl->redecls())
        addSal(sal.read(redecl, out.paramNames), 0, out, paramAnnotations);
      type = decl->getUnderlyingType();
      continue;
    }
    return;
  }
}

void UnitLowering::addSal(std::vector<SalNote> notes, unsigned firstParam,
                          ir::FunctionDecl &out,
                          std::vector<std::string> &paramAnnotations) {
  auto add = [](std::vector<std::string> &to, std::string text) {
    if (!llvm::is_contained(to, text))
      to.push_back(std::move(text));
  };
  for (SalNote &note : notes) {
    if (note.kind == contract::SalKind::FunctionClass &&
        isValidAsciiIdentifier(note.arg))
      add(out.roles, std::move(note.arg));
    else if (note.kind == contract::SalKind::IrqlIsCancel)
      add(out.roles, "DRIVER_CANCEL");
    else if (note.param < 0)
      add(out.annotations, std::move(note.text));
    else
      add(paramAnnotations,
          "param:" + std::to_string(firstParam + unsigned(note.param)) + ":" +
              note.text);
  }
}

void UnitLowering::describe(const FunctionDecl *function,
                            ir::FunctionDecl &out) {
  const FunctionDecl *first = function->getFirstDecl();
  const FunctionDecl *definition = function->getDefinition();
  const FunctionDecl *shown = definition ? definition : first;
  out.name = nameOf(function);
  out.resultType = typeOf(function->getReturnType());
  out.isStatic = !function->hasExternalFormalLinkage();
  out.isInline = function->isInlined();
  out.isVariadic = function->isVariadic();
  out.isImplicit = function->isImplicit() || (function->getBuiltinID() &&
                                              !first->getLocation().isValid());
  out.inSystemHeader = source.inSystemHeader(first->getLocation());
  out.span = source.span(SourceRange(shown->getLocation()));

  const auto *method = dyn_cast<CXXMethodDecl>(function);
  bool hasThis = method && method->isImplicitObjectMemberFunction();
  if (hasThis)
    out.paramNames.push_back("this");
  for (const ParmVarDecl *param : shown->parameters())
    out.paramNames.push_back(param->getNameAsString());

  // Oldest first; redecls() goes backwards from the newest.
  llvm::SmallVector<const FunctionDecl *, 4> redecls;
  for (const FunctionDecl *redecl = function->getMostRecentDecl(); redecl;
       redecl = redecl->getPreviousDecl())
    redecls.push_back(redecl);
  std::vector<std::string> paramAnnotations;
  for (const FunctionDecl *redecl : llvm::reverse(redecls)) {
    out.isNoReturn |= redecl->isNoReturn();
    for (const auto *attr : redecl->specific_attrs<AnnotateAttr>())
      if (!attr->isInherited())
        out.annotations.push_back(attr->getAnnotation().str());
    unsigned base = hasThis ? 1 : 0;
    for (unsigned i = 0; i < redecl->getNumParams(); ++i) {
      const ParmVarDecl *param = redecl->getParamDecl(i);
      std::string &name = out.paramNames[base + i];
      if (name.empty())
        name = param->getNameAsString();
      for (const auto *attr : param->specific_attrs<AnnotateAttr>())
        if (!attr->isInherited())
          paramAnnotations.push_back("param:" + std::to_string(base + i) + ":" +
                                     attr->getAnnotation().str());
    }
    if (const TypeSourceInfo *info = redecl->getTypeSourceInfo())
      addTypedefs(info, out, paramAnnotations);
    addSal(sal.read(redecl, llvm::ArrayRef(out.paramNames).drop_front(base)),
           base, out, paramAnnotations);
  }
  for (std::string &annotation : paramAnnotations)
    out.annotations.push_back(std::move(annotation));
  std::string section = sectionOf(function, context.textSections);
  if (!section.empty())
    out.annotations.push_back("section:" + section);
}

//===----------------------------------------------------------------------===//
// Members
//===----------------------------------------------------------------------===//

std::string UnitLowering::recordName(const RecordDecl *record) const {
  if (const TypedefNameDecl *alias = record->getTypedefNameForAnonDecl())
    return alias->getNameAsString();
  if (record->getIdentifier()) {
    // The WDK's tags read the same from C and C++.
    if (ast.getLangOpts().CPlusPlus &&
        !source.inSystemHeader(record->getLocation()))
      return record->getQualifiedNameAsString();
    return record->getNameAsString();
  }
  const auto *outer = dyn_cast<RecordDecl>(record->getDeclContext());
  if (!outer)
    return {};
  for (const FieldDecl *field : outer->fields()) {
    QualType type = ast.getBaseElementType(field->getType());
    const RecordDecl *inner = type->getAsRecordDecl();
    while (!inner && type->isPointerType()) {
      type = ast.getBaseElementType(type->getPointeeType());
      inner = type->getAsRecordDecl();
    }
    if (inner && inner->getCanonicalDecl() == record->getCanonicalDecl()) {
      if (field->isAnonymousStructOrUnion())
        return recordName(outer);
      return recordName(outer) + "::" + field->getNameAsString();
    }
  }
  return recordName(outer);
}

/// Steps `record` out to the record that is no anonymous member, and returns
/// the bits between the two.
uint64_t UnitLowering::offsetOfAnonymous(const RecordDecl *&record) const {
  uint64_t bits = 0;
  while (record->isAnonymousStructOrUnion()) {
    const auto *outer = dyn_cast<RecordDecl>(record->getDeclContext());
    if (!outer)
      break;
    const FieldDecl *found = nullptr;
    for (const FieldDecl *field : outer->fields())
      if (field->isAnonymousStructOrUnion() &&
          field->getType()->getAsRecordDecl() &&
          field->getType()->getAsRecordDecl()->getCanonicalDecl() ==
              record->getCanonicalDecl())
        found = field;
    if (!found)
      break;
    bits += ast.getFieldOffset(found);
    record = outer;
  }
  return bits;
}

UnitLowering::FieldRef UnitLowering::fieldOf(const FieldDecl *field) {
  field = field->getCanonicalDecl();
  if (auto it = fields.find(field); it != fields.end())
    return it->second;
  const RecordDecl *record = field->getParent();
  ir::Field out;
  out.name = field->getNameAsString();
  out.type = typeOf(field->getType());
  FieldRef ref;
  uint64_t bits = 0;
  if (!record->isInvalidDecl() && record->isCompleteDefinition()) {
    uint64_t own = ast.getFieldOffset(field);
    bits = own + offsetOfAnonymous(record);
  }
  out.record = recordName(record);
  out.inSystemHeader = source.inSystemHeader(record->getLocation());
  if (field->isBitField()) {
    uint64_t unitBits = out.type.size * 8;
    unsigned width = field->getBitWidthValue();
    uint64_t start = unitBits ? bits / unitBits * unitBits : bits;
    // A packed one may cross its unit; then count from the byte it starts in.
    if (bits - start + width > unitBits)
      start = bits / 8 * 8;
    ref.bitOffset = static_cast<uint8_t>(bits - start);
    ref.bitWidth = static_cast<uint8_t>(width);
    bits = start;
  }
  out.offset = bits / 8;
  ref.id = ir::FieldId(static_cast<uint32_t>(unit.fields.size()));
  unit.fields.push_back(std::move(out));
  return fields[field] = ref;
}

//===----------------------------------------------------------------------===//
// Literals
//===----------------------------------------------------------------------===//

ir::StringId UnitLowering::stringOf(StringRef bytes) {
  auto [it, isNew] = strings.try_emplace(bytes);
  if (isNew) {
    it->second = ir::StringId(static_cast<uint32_t>(unit.strings.size()));
    unit.strings.push_back(bytes.str());
  }
  return it->second;
}

ir::StringId UnitLowering::stringOf(const StringLiteral *literal) {
  if (literal->getCharByteWidth() == 1)
    return stringOf(literal->getBytes());
  // Readable where it can be; a key of its own, as it is another object than
  // the narrow literal of the same characters.
  std::string text;
  for (unsigned i = 0; i < literal->getLength(); ++i) {
    char utf8[UNI_MAX_UTF8_BYTES_PER_CODE_POINT];
    char *end = utf8;
    uint32_t code = literal->getCodeUnit(i);
    if (llvm::ConvertCodePointToUTF8(code, end))
      text.append(utf8, end);
    else
      text += '?';
  }
  std::string key = "\x01" + std::to_string(literal->getCharByteWidth()) + text;
  auto [it, isNew] = strings.try_emplace(key);
  if (isNew) {
    it->second = ir::StringId(static_cast<uint32_t>(unit.strings.size()));
    unit.strings.push_back(std::move(text));
  }
  return it->second;
}

void lowerTranslationUnit(ASTContext &ast, Preprocessor &pp,
                          const LoweringContext &context, ir::Unit &unit) {
  UnitLowering(ast, pp, context, unit).run();
}

} // namespace mdlcheck::frontend
