//===-- LowerCall.cpp - calls, builtins and macros as calls ---------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/LowerFunction.h"

#include "clang/AST/ExprCXX.h"
#include "clang/Basic/Builtins.h"
#include "clang/Basic/TargetBuiltins.h"
#include "clang/Lex/Lexer.h"

using namespace clang;

namespace mdlcheck::frontend {

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

std::string FunctionLowering::argText(const Expr *arg) {
  if (isa<CXXDefaultArgExpr>(arg))
    return {};
  const Expr *spelled = arg;
  while (true) {
    const Expr *next = spelled->IgnoreParenCasts();
    next = next->IgnoreUnlessSpelledInSource();
    if (next == spelled)
      break;
    spelled = next;
  }
  return textOf(spelled);
}

ir::CallArg FunctionLowering::argument(const Expr *arg, QualType paramType) {
  ir::CallArg result;
  QualType type = paramType.isNull() ? arg->getType() : paramType;
  if (type->isReferenceType()) {
    result.value = lvalue(arg).addr;
    result.type = typeOf(type);
  } else {
    result.type = typeOf(type);
    if (arg->isGLValue() && (type->isArrayType() || type->isFunctionType())) {
      // Arguments of macros have not decayed.
      result.value = lvalue(arg).addr;
      result.type = typeOf(ast.VoidPtrTy);
      result.pointeeSize = unit.sizeOf(
          type->isArrayType() ? ast.getBaseElementType(type) : QualType());
      return result;
    }
    result.value = rvalue(arg);
    if (result.type.kind == ir::TypeKind::Aggregate) {
      result.pointeeSize = result.type.size;
      result.pointeeConst = true;
      return result;
    }
  }
  if (!result.value.valid())
    result.value = intConst(0, {ir::TypeKind::Int, true, 4});
  if (result.type.kind == ir::TypeKind::Pointer) {
    QualType pointee = UnitLowering::pointeeType(type);
    if (!pointee.isNull()) {
      result.pointeeSize = unit.sizeOf(pointee);
      result.pointeeConst = ast.getBaseElementType(pointee).isConstQualified();
    }
  }
  return result;
}

void FunctionLowering::addArgs(ir::Instr &call,
                               llvm::ArrayRef<const Expr *> args,
                               const FunctionProtoType *proto) {
  for (size_t i = 0; i < args.size(); ++i) {
    QualType param;
    if (proto && i < proto->getNumParams())
      param = proto->getParamType(static_cast<unsigned>(i));
    call.args.push_back(argument(args[i], param));
    call.argTexts.push_back(argText(args[i]));
  }
}

ir::ExprId FunctionLowering::finishCall(ir::Instr call, QualType type,
                                        ExprId resultAddr, bool noReturn) {
  call.kind = ir::InstrKind::Call;
  call.type = typeOf(type);
  ExprId result;
  if (call.type.kind == ir::TypeKind::Aggregate) {
    result = resultAddr.valid() ? resultAddr : localAddr(newTmp(type));
    call.resultAddr = result;
  } else if (call.type.kind != ir::TypeKind::Void) {
    call.dst = newTemp();
    result = tempExpr(call.dst, call.type);
  }
  // Which function a pointer leads to is not always told, that it does not
  // come back may be.
  bool told =
      call.callee.valid() && unit.unit.decls[call.callee.value].isNoReturn;
  Span span = call.span;
  emit(std::move(call), noReturn);
  if (noReturn && told)
    current = BlockId();
  else if (noReturn)
    endControl(span);
  return result;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static bool isNoReturnCallee(const Expr *callee) {
  QualType type = callee->getType();
  if (type->isPointerType() || type->isReferenceType())
    type = type->getPointeeType();
  const auto *function = type->getAs<FunctionType>();
  return function && function->getNoReturnAttr();
}

ir::ExprId FunctionLowering::callValue(const CallExpr *expr,
                                       ExprId resultAddr) {
  const FunctionDecl *callee = expr->getDirectCallee();
  if (callee && callee->getBuiltinID())
    if (auto value = builtinCall(expr, callee))
      return *value;

  ir::Instr call;
  call.span = spanOf(expr);
  bool noReturn = isNoReturnCallee(expr->getCallee());
  const FunctionProtoType *proto = nullptr;
  llvm::SmallVector<const Expr *, 8> args(expr->arguments());
  const auto *method = dyn_cast_or_null<CXXMethodDecl>(callee);

  const Expr *object = nullptr;
  bool objectIsPointer = false;
  if (const auto *memberCall = dyn_cast<CXXMemberCallExpr>(expr)) {
    const Expr *calleeExpr = memberCall->getCallee()->IgnoreParens();
    const auto *memberExpr = dyn_cast<MemberExpr>(calleeExpr);
    if (memberExpr) {
      object = memberExpr->getBase();
      objectIsPointer = memberExpr->isArrow();
      if (method && method->isVirtual() &&
          memberExpr->performsVirtualDispatch(ast.getLangOpts()) &&
          !method->hasAttr<FinalAttr>() &&
          !method->getParent()->hasAttr<FinalAttr>())
        call.isVirtual = true;
    } else if (const auto *op = dyn_cast<BinaryOperator>(calleeExpr)) {
      // Through a pointer to member: who is called is not known.
      object = op->getLHS();
      objectIsPointer = op->getOpcode() == BO_PtrMemI;
    } else if (isa<CXXPseudoDestructorExpr>(calleeExpr)) {
      discard(cast<CXXPseudoDestructorExpr>(calleeExpr)->getBase());
      return ExprId();
    } else {
      unsupported(expr);
      return ExprId();
    }
  } else if (isa<CXXOperatorCallExpr>(expr) && method &&
             method->isImplicitObjectMemberFunction() && !args.empty()) {
    object = args[0];
    args.erase(args.begin());
    // `a = b` of plain data.
    if ((method->isCopyAssignmentOperator() ||
         method->isMoveAssignmentOperator()) &&
        method->isTrivial() && args.size() == 1) {
      ExprId from =
          args[0]->isGLValue() ? lvalue(args[0]).addr : aggregateAddr(args[0]);
      ExprId to = lvalue(object).addr;
      copy(to, from, typeOf(object->getType()), call.span);
      return to;
    }
  }

  if (callee) {
    call.callee = unit.declOf(callee);
    noReturn |= unit.unit.decls[call.callee.value].isNoReturn;
    proto = callee->getType()->getAs<FunctionProtoType>();
  } else if (object) {
    if (const auto *op =
            dyn_cast<BinaryOperator>(expr->getCallee()->IgnoreParens())) {
      discard(op->getRHS());
      if (const auto *type =
              op->getRHS()->getType()->getAs<MemberPointerType>())
        proto = type->getPointeeType()->getAs<FunctionProtoType>();
    }
    call.target = havoc(typeOf(ast.VoidPtrTy), call.span);
  } else {
    const Expr *calleeExpr = expr->getCallee();
    bool designator =
        calleeExpr->isGLValue() || calleeExpr->getType()->isFunctionType();
    ExprId target = designator ? lvalue(calleeExpr).addr : rvalue(calleeExpr);
    if (!target.valid()) {
      unsupported(expr);
      return ExprId();
    }
    if (at(target).kind == ir::ExprKind::FunctionAddr)
      call.callee = at(target).decl();
    else
      call.target = target;
    QualType type = calleeExpr->getType();
    if (type->isPointerType() || type->isReferenceType() ||
        type->isBlockPointerType())
      type = type->getPointeeType();
    proto = type->getAs<FunctionProtoType>();
    if (call.callee.valid())
      noReturn |= unit.unit.decls[call.callee.value].isNoReturn;
  }

  if (object) {
    if (method && method->isStatic()) {
      discard(object);
    } else {
      ir::CallArg self;
      self.type = typeOf(ast.VoidPtrTy);
      QualType objectType = object->getType();
      if (objectIsPointer) {
        self.value = rvalue(object);
        objectType = objectType->getPointeeType();
      } else {
        self.value =
            object->isGLValue() ? lvalue(object).addr : aggregateAddr(object);
      }
      self.pointeeSize = unit.sizeOf(objectType);
      self.pointeeConst = method && method->isConst();
      call.args.push_back(self);
      call.argTexts.push_back(argText(object));
    }
  }
  addArgs(call, args, proto);
  return finishCall(std::move(call), expr->getCallReturnType(ast), resultAddr,
                    noReturn);
}

void FunctionLowering::directCall(const FunctionDecl *callee,
                                  ir::CallArg thisArg,
                                  llvm::ArrayRef<const Expr *> args,
                                  Span span) {
  ir::Instr call;
  call.span = span;
  call.callee = unit.declOf(callee);
  call.args.push_back(thisArg);
  call.argTexts.emplace_back();
  addArgs(call, args, callee->getType()->getAs<FunctionProtoType>());
  finishCall(std::move(call), callee->getReturnType(), ExprId(),
             unit.unit.decls[call.callee.value].isNoReturn);
}

std::optional<ir::ExprId>
FunctionLowering::builtinCall(const CallExpr *expr,
                              const FunctionDecl *callee) {
  Type type = typeOf(expr->getType());
  switch (callee->getBuiltinID()) {
  case Builtin::BI_exception_code:
  case Builtin::BI__exception_code:
    return exceptionCode(expr);
  case Builtin::BI_exception_info:
  case Builtin::BI__exception_info:
    return exceptionInformation(expr);
  case Builtin::BI_abnormal_termination:
  case Builtin::BI__abnormal_termination:
    return abnormalTermination(expr);
  case Builtin::BI__builtin_expect:
  case Builtin::BI__builtin_expect_with_probability:
    return rvalue(expr->getArg(0));
  case Builtin::BI__builtin_constant_p:
  case Builtin::BI__builtin_is_constant_evaluated:
    if (auto folded = foldLeaf(expr))
      return folded;
    return intConst(0, type);
  case Builtin::BI__builtin_unreachable:
    endControl(spanOf(expr));
    return ExprId();
  case Builtin::BI__assume:
  case Builtin::BI__builtin_assume: {
    const Expr *stated = expr->getArg(0);
    if (stated->HasSideEffects(ast))
      return ExprId();
    llvm::SmallVector<const Expr *, 4> parts{stated};
    while (!parts.empty() && reachable()) {
      const Expr *part = parts.pop_back_val();
      const auto *op = dyn_cast<BinaryOperator>(part->IgnoreParenImpCasts());
      if (op && op->getOpcode() == BO_LAnd) {
        parts.push_back(op->getRHS());
        parts.push_back(op->getLHS());
        continue;
      }
      ExprId value = rvalue(part);
      if (auto number = constant(value)) {
        if (*number == 0)
          endControl(spanOf(part));
        continue;
      }
      if (value.valid())
        assume(value, ir::AssumeKind::Stated, spanOf(part), textOf(part));
    }
    return ExprId();
  }
  case Builtin::BI__noop:
  case Builtin::BI__annotation:
    return intConst(0, type);
  case Builtin::BI__builtin_va_start:
  case Builtin::BI__builtin_va_end:
  case Builtin::BI__builtin_va_copy:
  case Builtin::BI__va_start:
  case Builtin::BI__builtin_ms_va_start:
  case Builtin::BI__builtin_ms_va_end:
  case Builtin::BI__builtin_ms_va_copy:
    return ExprId();
  case Builtin::BI__builtin_addressof:
    return lvalue(expr->getArg(0)).addr;
  case Builtin::BI__builtin_memcpy:
  case Builtin::BI__builtin_memmove:
  case Builtin::BI__builtin_memset:
    return std::nullopt;
  default:
    break;
  }
  // Byte swaps, bit counts and type questions of constants.
  return foldLeaf(expr);
}

ir::ExprId FunctionLowering::atomicValue(const AtomicExpr *expr) {
  ir::Instr call;
  call.span = spanOf(expr);
  std::string text = textOf(expr);
  llvm::StringRef name = llvm::StringRef(text).take_until(
      [](char c) { return c == '(' || c == ' '; });
  Type type = typeOf(expr->getType());
  call.callee = unit.declNamed(name, type);
  call.args.push_back(argument(expr->getPtr(), QualType()));
  call.argTexts.push_back(argText(expr->getPtr()));
  // Everything after the pointer and the memory order.
  for (unsigned i = 2; i < expr->getNumSubExprs(); ++i) {
    const Expr *arg = const_cast<AtomicExpr *>(expr)->getSubExprs()[i];
    call.args.push_back(argument(arg, QualType()));
    call.argTexts.push_back(argText(arg));
  }
  return finishCall(std::move(call), expr->getType(), ExprId(), false);
}

//===----------------------------------------------------------------------===//
// Macros as calls
//===----------------------------------------------------------------------===//

/// Does the token at `end` end the expansion it stands in? A semicolon after
/// it belongs to the statement around it.
static bool endsExpansion(SourceLocation end, const SourceManager &sources,
                          const LangOptions &langOpts, SourceLocation *parent) {
  SourceLocation spelled = sources.getSpellingLoc(end);
  unsigned length = Lexer::MeasureTokenLength(spelled, sources, langOpts);
  SourceLocation after = end.getLocWithOffset(static_cast<int>(length));
  if (sources.isAtEndOfImmediateMacroExpansion(after, parent))
    return true;
  bool invalid = false;
  const char *text = sources.getCharacterData(spelled, &invalid);
  if (invalid)
    return false;
  const char *at = text + length;
  while (*at == ' ' || *at == '\t')
    ++at;
  if (*at != ';')
    return false;
  return sources.isAtEndOfImmediateMacroExpansion(
      end.getLocWithOffset(static_cast<int>(at + 1 - text)), parent);
}

const MacroExpansion *FunctionLowering::macroAt(const Stmt *stmt) {
  if (unit.context.expansions.empty())
    return nullptr;
  SourceLocation begin = stmt->getBeginLoc();
  SourceLocation end = stmt->getEndLoc();
  if (!begin.isMacroID() || !end.isMacroID())
    return nullptr;
  const SourceManager &sources = unit.source.sources;
  const MacroExpansion *found = nullptr;
  // The outermost expansion that is all of this is what the author wrote.
  while (begin.isMacroID()) {
    SourceLocation parent;
    if (!sources.isAtStartOfImmediateMacroExpansion(begin, &parent))
      break;
    FileID level = sources.getFileID(begin);
    const SrcMgr::ExpansionInfo &info =
        sources.getSLocEntry(level).getExpansion();
    if (!info.isMacroArgExpansion()) {
      auto it = unit.context.expansions.find(
          info.getExpansionLocStart().getRawEncoding());
      if (it != unit.context.expansions.end()) {
        SourceLocation at = end;
        bool whole = true;
        while (whole && sources.getFileID(at) != level) {
          SourceLocation next;
          whole = at.isMacroID() &&
                  endsExpansion(at, sources, unit.source.langOpts, &next);
          at = next;
        }
        if (whole && endsExpansion(at, sources, unit.source.langOpts, nullptr))
          found = &it->second;
      }
    }
    begin = info.getExpansionLocStart();
  }
  return found;
}

/// Is `loc`, or what it was expanded from, spelled at `target`? An argument
/// may itself be a macro, whose expansion then begins (ends) there.
static bool spelledAt(SourceLocation loc, SourceLocation target, bool atBegin,
                      const SourceManager &sources) {
  while (true) {
    if (loc == target)
      return true;
    if (!loc.isMacroID())
      return false;
    if (sources.isMacroArgExpansion(loc)) {
      loc = sources.getImmediateSpellingLoc(loc);
      continue;
    }
    if (sources.getSpellingLoc(loc) == target)
      return true;
    SourceLocation outer;
    if (atBegin && !sources.isAtStartOfImmediateMacroExpansion(loc, &outer))
      return false;
    auto range = sources.getImmediateExpansionRange(loc);
    loc = atBegin ? range.getBegin() : range.getEnd();
  }
}

/// The first expression in `stmt` that was spelled exactly as `range`.
static const Expr *findSpelled(const Stmt *stmt, SourceRange range,
                               const SourceManager &sources) {
  for (const Stmt *child : stmt->children()) {
    if (!child)
      continue;
    if (const auto *expr = dyn_cast<Expr>(child))
      if (spelledAt(expr->getBeginLoc(), range.getBegin(), true, sources) &&
          spelledAt(expr->getEndLoc(), range.getEnd(), false, sources))
        return expr;
    if (const Expr *found = findSpelled(child, range, sources))
      return found;
  }
  return nullptr;
}

ir::ExprId FunctionLowering::macroCall(const Stmt *stmt,
                                       const MacroExpansion &macro,
                                       ExprId resultAddr) {
  const SourceManager &sources = unit.source.sources;
  const auto *whole = dyn_cast<Expr>(stmt);
  QualType type = whole ? whole->getType() : QualType(ast.VoidTy);
  ir::Instr call;
  call.isMacro = true;
  call.span = spanOf(stmt);
  call.callee = unit.declNamed(macro.name, typeOf(type));
  for (SourceRange range : macro.args) {
    ir::CallArg arg;
    const Expr *expr =
        range.isValid() ? findSpelled(stmt, range, sources) : nullptr;
    if (expr && !expr->getType()->isVoidType()) {
      arg = argument(expr, QualType());
    } else if (whole && range.isValid() && !type->isVoidType() &&
               sources.getSpellingLoc(whole->getBeginLoc()) ==
                   range.getBegin() &&
               sources.getSpellingLoc(whole->getEndLoc()) == range.getEnd()) {
      // The expansion is its argument and nothing else.
      arg.type = typeOf(type);
      arg.value = arg.type.kind == ir::TypeKind::Aggregate ? ExprId()
                                                           : rvalueImpl(whole);
    }
    if (!arg.value.valid()) {
      arg.type = {ir::TypeKind::Int, true, 4};
      arg.value = intConst(0, arg.type);
    }
    call.args.push_back(arg);
    call.argTexts.push_back(expr ? argText(expr) : unit.source.text(range));
  }
  return finishCall(std::move(call), type, resultAddr, false);
}

} // namespace mdlcheck::frontend
