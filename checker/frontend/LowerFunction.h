//===-- LowerFunction.h - one function's body to a graph ------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where control is inside what (loops, guarded bodies, storage with a
// lifetime) is a list of Scope cells that never change once made. A jump
// walks from its cell outwards to its target's and does what each cell asks
// for, so a copy of a `__finally` body made much later still finds the very
// surroundings it stands in.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_FRONTEND_LOWERFUNCTION_H
#define MDLCHECK_FRONTEND_LOWERFUNCTION_H

#include "frontend/LowerUnit.h"

#include "clang/AST/Stmt.h"
#include "clang/AST/StmtCXX.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/ArrayRef.h"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

namespace mdlcheck::frontend {

/// Lowers one definition into `out`; the reason when it cannot be exact.
std::string lowerFunction(UnitLowering &unit,
                          const clang::FunctionDecl *definition,
                          ir::Function &out);

struct Scope {
  enum class Kind : uint8_t {
    Lifetime,    ///< `local` ends here
    Cleanup,     ///< `cleanup` runs on every way out (destructors)
    Breakable,   ///< loop or switch
    Except,      ///< guarded body of __try/__except
    Finally,     ///< guarded body of __try/__finally
    CxxTry,      ///< guarded body of try/catch
    Handler,     ///< body of an __except
    FilterCopy,  ///< a filter being evaluated
    FinallyCopy, ///< a copy of a __finally body
  };
  Kind kind = Kind::Lifetime;
  bool abnormal = false;  ///< FinallyCopy
  bool mayResume = false; ///< a filter from here on may go back
  Scope *outer = nullptr;
  Scope *region = nullptr; ///< nearest cell that has a say in unwinding
  ir::LocalId local;       ///< Lifetime
  std::function<void()> cleanup;
  const clang::Stmt *stmt = nullptr; ///< Breakable: the loop or switch
  ir::BlockId breakBlock;
  ir::BlockId continueBlock;                  ///< none for switch
  const clang::SEHTryStmt *tryStmt = nullptr; ///< Except, Finally
  ir::BlockId leave;                 ///< Except, Finally: where __leave goes
  ir::BlockId handler;               ///< Except: the handler's body
  std::vector<ir::BlockId> handlers; ///< CxxTry
  ir::LocalId code;                  ///< Except, Handler, FilterCopy
  std::vector<Scope *> pending;      ///< FilterCopy: finally parts still to run
  unsigned returns = 0;              ///< Finally: returns through it so far
  ir::BlockId sharedReturn;          ///< Finally: the copy later returns share
};

/// The statement whose value is that of `({ ... })`, null without one.
const clang::Stmt *resultOf(const clang::StmtExpr *expr);

struct LValue {
  ir::ExprId addr;
  uint8_t bitOffset = 0;
  uint8_t bitWidth = 0;
  bool isVolatile = false;
};

inline bool isAggregate(const ir::Type &type) {
  return type.kind == ir::TypeKind::Aggregate;
}

inline bool isFloat(const ir::Type &type) {
  return type.kind == ir::TypeKind::Float;
}

class FunctionLowering {
public:
  FunctionLowering(UnitLowering &unit, const clang::FunctionDecl *definition,
                   ir::Function &out);
  std::string run();

private:
  using Type = ir::Type;
  using ExprId = ir::ExprId;
  using BlockId = ir::BlockId;
  using LocalId = ir::LocalId;

  //===--- LowerFunction.cpp: graph, expressions, scopes ---===//

  void fail(const std::string &reason);
  void unsupported(const clang::Stmt *stmt);

  BlockId newBlock();
  void startBlock(BlockId block) { current = block; }
  bool reachable() const { return current.valid(); }
  void gotoBlock(BlockId target); ///< ends the block
  /// `ends`: control does not go on after it.
  void emit(ir::Instr instr, bool ends = false);
  void endControl(Span span); ///< control visibly goes no further
  bool mayRaise(const ir::Instr &instr) const;
  bool isOwnStorage(ExprId addr) const;

  ExprId intern(const ir::Expr &expr);
  ExprId intConst(int64_t value, const Type &type);
  ExprId tempExpr(ir::TempId temp, const Type &type);
  ExprId localAddr(LocalId local);
  ExprId globalAddr(ir::GlobalId global);
  ExprId functionAddr(ir::DeclId decl);
  ExprId stringAddr(ir::StringId string);
  ExprId fieldAddr(ExprId base, ir::FieldId field);
  ExprId indexAddr(ExprId base, ExprId index, uint64_t size);
  ExprId byteOffset(ExprId base, int64_t bytes);
  ExprId unary(ir::Op op, ExprId operand, const Type &type);
  ExprId binary(ir::Op op, ExprId lhs, ExprId rhs, const Type &type);
  ExprId castTo(ExprId value, const Type &type);
  ExprId notOf(ExprId value);
  ExprId isNonZero(ExprId value);
  const ir::Expr &at(ExprId id) const { return out.exprs[id.value]; }
  std::optional<int64_t> constant(ExprId id) const;

  ir::TempId newTemp();
  LocalId newLocal(std::string name, const Type &type, std::string typeName,
                   Span span);
  LocalId newTmp(clang::QualType type);
  LocalId localOf(const clang::VarDecl *variable);

  ExprId load(const LValue &from, const Type &type, Span span);
  void store(const LValue &to, ExprId value, const Type &type, Span span);
  void copy(ExprId to, ExprId from, const Type &type, Span span);
  void zero(ExprId addr, const Type &type, Span span);
  ExprId havoc(const Type &type, Span span);
  void mark(ir::AssumeKind kind, Span span);
  void assume(ExprId value, ir::AssumeKind kind, Span span,
              std::string text = {}, std::string detail = {});

  Scope *push(Scope::Kind kind);
  void pushLifetime(LocalId local);
  void pushCleanup(std::function<void()> cleanup);
  /// Runs what the cells from `scope` out to `to` ask for. `target` is where
  /// control is heading, none for a return; `at` is the statement that leaves,
  /// none where a scope just ends.
  void leaveScopes(Scope *to, BlockId target, Span at);
  /// Ends the scopes opened since `to` at the end of a construct.
  void popScopes(Scope *to);
  void jumpTo(Scope *to, BlockId target,
              Span at); ///< leaves scopes, ends the block
  void leaveFunction(Span span);
  void resolveGotos(size_t firstGoto, size_t firstLabel);
  void finish();
  void simplify();

  Type typeOf(clang::QualType type) const { return unit.typeOf(type); }
  Span spanOf(const clang::Stmt *stmt) {
    return unit.source.span(stmt->getSourceRange());
  }
  std::string textOf(const clang::Stmt *stmt) {
    return unit.source.text(stmt->getSourceRange());
  }

  //===--- LowerExpr.cpp ---===//

  /// The value of a scalar; the address of an aggregate; none for void.
  ExprId rvalue(const clang::Expr *expr);
  ExprId rvalueImpl(const clang::Expr *expr);
  void discard(const clang::Expr *expr);
  ExprId convert(ExprId value, clang::QualType from, clang::QualType to,
                 Span span);
  std::optional<ExprId> foldLeaf(const clang::Expr *expr);
  ExprId castValue(const clang::CastExpr *expr);
  ExprId unaryValue(const clang::UnaryOperator *expr);
  ExprId binaryValue(const clang::BinaryOperator *expr);
  ExprId arithmetic(clang::BinaryOperatorKind op, ExprId lhs, ExprId rhs,
                    clang::QualType lhsType, clang::QualType rhsType,
                    clang::QualType type, Span span);
  ExprId pointerAdd(ExprId pointer, ExprId index, clang::QualType indexType,
                    clang::QualType pointerType, bool negative, Span span);
  LValue assignment(const clang::BinaryOperator *expr, ExprId &value);
  LValue incDec(const clang::UnaryOperator *expr, ExprId &before,
                ExprId &after);
  ExprId conditionalValue(const clang::AbstractConditionalOperator *expr);
  LValue conditionalLValue(const clang::AbstractConditionalOperator *expr);
  void eachArm(const clang::AbstractConditionalOperator *expr,
               llvm::function_ref<void(const clang::Expr *)> lower);
  ExprId logicalValue(const clang::Expr *expr);
  ExprId statementExpr(const clang::StmtExpr *expr, ExprId into);
  ExprId declRefValue(const clang::DeclRefExpr *expr);
  ExprId opaque(const clang::OpaqueValueExpr *expr);

  //===--- LowerPlace.cpp ---===//

  LValue lvalue(const clang::Expr *expr);
  LValue variable(const clang::VarDecl *variable, const clang::Expr *ref);
  LValue member(const clang::MemberExpr *expr);

  //===--- LowerInit.cpp: initialisers and aggregates ---===//

  /// Stores the value of `init` at `addr`. `zeroed`: all of it is 0 already.
  void initInto(ExprId addr, clang::QualType type, const clang::Expr *init,
                Span span, bool zeroed = false);
  void initFieldInto(ExprId record, const clang::FieldDecl *field,
                     const clang::Expr *init, Span span, bool zeroed);
  void initList(ExprId addr, const clang::InitListExpr *list, Span span,
                bool zeroed);
  void initString(ExprId addr, clang::QualType type,
                  const clang::StringLiteral *literal, Span span, bool zeroed);
  void aggregateInto(ExprId addr, const clang::Expr *expr, Span span,
                     bool zeroed);
  ExprId aggregateAddr(const clang::Expr *expr);
  bool givesAll(const clang::Expr *init) const;
  void declare(const clang::VarDecl *variable);
  void staticLocal(const clang::VarDecl *variable);

  //===--- LowerCall.cpp ---===//

  ExprId callValue(const clang::CallExpr *expr, ExprId resultAddr);
  std::optional<ExprId> builtinCall(const clang::CallExpr *expr,
                                    const clang::FunctionDecl *callee);
  ir::CallArg argument(const clang::Expr *arg, clang::QualType paramType);
  std::string argText(const clang::Expr *arg);
  void addArgs(ir::Instr &call, llvm::ArrayRef<const clang::Expr *> args,
               const clang::FunctionProtoType *proto);
  ExprId finishCall(ir::Instr call, clang::QualType type, ExprId resultAddr,
                    bool noReturn);
  void directCall(const clang::FunctionDecl *callee, ir::CallArg thisArg,
                  llvm::ArrayRef<const clang::Expr *> args, Span span);
  ExprId atomicValue(const clang::AtomicExpr *expr);
  const MacroExpansion *macroAt(const clang::Stmt *stmt);
  ExprId macroCall(const clang::Stmt *stmt, const MacroExpansion &macro,
                   ExprId resultAddr);

  //===--- LowerStmt.cpp ---===//

  void lowerStmt(const clang::Stmt *stmt);
  void lowerBody(const clang::Stmt *stmt); ///< in a scope of its own
  void lowerCompound(const clang::CompoundStmt *stmt);
  void lowerIf(const clang::IfStmt *stmt);
  void lowerSwitch(const clang::SwitchStmt *stmt);
  void lowerWhile(const clang::WhileStmt *stmt);
  void lowerDo(const clang::DoStmt *stmt);
  void lowerFor(const clang::ForStmt *stmt);
  void lowerReturn(const clang::ReturnStmt *stmt);
  void lowerBreakContinue(const clang::LoopControlStmt *stmt);
  void lowerLabel(const clang::LabelDecl *label);
  void lowerDecl(const clang::DeclStmt *stmt);
  void lowerAsm(const clang::AsmStmt *stmt);
  /// Control to `ifTrue` or `ifFalse`. `loop`: the words of the edges that
  /// decide it are those of a loop.
  void condition(const clang::Expr *expr, BlockId ifTrue, BlockId ifFalse,
                 bool loop = false);
  void conditionImpl(const clang::Expr *expr, BlockId ifTrue, BlockId ifFalse,
                     BlockId enter, BlockId exit);
  void branch(ExprId value, BlockId ifTrue, BlockId ifFalse,
              ir::AssumeKind trueKind, ir::AssumeKind falseKind, Span span,
              const std::string &text, const std::string &trueDetail = {},
              const std::string &falseDetail = {});
  void eitherWay(llvm::ArrayRef<BlockId> targets, Span span);

  //===--- LowerSeh.cpp ---===//

  enum class FilterWay : uint8_t { Execute, Search, Resume };
  struct FilterTargets {
    BlockId blocks[3];
    const clang::Expr *whole = nullptr;
  };

  void lowerSehTry(const clang::SEHTryStmt *stmt);
  void lowerLeave(const clang::SEHLeaveStmt *stmt);
  void finallyCopy(Scope *region, bool abnormal);
  void filter(const clang::Expr *expr, FilterTargets &targets);
  BlockId filterTarget(FilterTargets &targets, FilterWay way);
  bool filterMayResume(const clang::Expr *expr) const;
  BlockId unwindEntry(Scope *region, BlockId raising);
  BlockId dispatch(std::vector<Scope *> pending, Scope *from, BlockId resume);
  BlockId runPending(const std::vector<Scope *> &pending, BlockId target);
  BlockId markedBlock(ir::AssumeKind kind, BlockId target);
  ExprId exceptionCode(const clang::Expr *expr);
  LocalId codeInScope() const;
  ExprId exceptionInformation(const clang::Expr *expr);
  ExprId abnormalTermination(const clang::Expr *expr);
  LocalId raisedCode(); ///< Function::exceptionCode

  //===--- LowerCxx.cpp ---===//

  void lowerConstructor(const clang::CXXConstructorDecl *constructor);
  void pushMemberDestructors(const clang::CXXDestructorDecl *destructor);
  void constructInto(ExprId addr, const clang::CXXConstructExpr *expr,
                     Span span, bool zeroed);
  void destroy(ExprId addr, clang::QualType type, Span span);
  void pushDestructor(ExprId addr, clang::QualType type, Span span);
  bool needsDestructor(clang::QualType type) const;
  void pushTemporary(ExprId addr, clang::QualType type, Span span);
  ExprId materialize(const clang::MaterializeTemporaryExpr *expr);
  ExprId withCleanups(const clang::ExprWithCleanups *expr, ExprId into);
  ExprId newValue(const clang::CXXNewExpr *expr);
  void deleteValue(const clang::CXXDeleteExpr *expr);
  void lambdaInto(ExprId addr, const clang::LambdaExpr *expr, Span span);
  ExprId thisValue(const clang::Expr *expr);
  ExprId baseOffset(ExprId addr, const clang::CastExpr *cast, bool toDerived,
                    bool nullCheck);
  void lowerLambdaInvoker(const clang::CXXMethodDecl *invoker);
  /// Evaluates a default member initialiser for the record it stands in.
  template <typename Callable>
  auto inDefaultInit(const clang::CXXDefaultInitExpr *expr, Callable &&use) {
    ExprId saved = initThis;
    initThis = listObject;
    auto result = use(expr->getExpr());
    initThis = saved;
    return result;
  }
  void lowerRangeFor(const clang::CXXForRangeStmt *stmt);
  void lowerCxxTry(const clang::CXXTryStmt *stmt);

  UnitLowering &unit;
  clang::ASTContext &ast;
  const clang::FunctionDecl *definition;
  ir::Function &out;
  std::string failure;

  BlockId current;
  Scope *scope = nullptr;
  std::deque<Scope> scopes;
  std::vector<Scope *> blockRegion; ///< by block; its raises go from there
  std::vector<bool> blockRaises;    ///< by block
  /// Nothing declared in the outermost scope is given an EndLifetime.
  bool outermost = false;

  struct Label {
    BlockId block;
    Scope *scope = nullptr;
  };
  struct PendingGoto {
    BlockId block;
    Scope *scope = nullptr;
    const clang::LabelDecl *label = nullptr;
    Span span;
  };
  llvm::DenseMap<const clang::LabelDecl *, Label> labels;
  std::vector<const clang::LabelDecl *> labelOrder;
  std::vector<PendingGoto> gotos;
  llvm::DenseMap<const clang::SwitchCase *, BlockId> cases;

  llvm::DenseMap<const clang::VarDecl *, LocalId> locals;
  llvm::DenseMap<const clang::OpaqueValueExpr *, LValue> opaques;
  llvm::DenseMap<const clang::ValueDecl *, clang::FieldDecl *> captures;
  clang::FieldDecl *thisCapture = nullptr;
  ExprId listObject; ///< the record an initialiser list is filling
  ExprId initThis;   ///< `this` in a default member initialiser of that record
  /// Inside what may be skipped in a full expression: temporaries made there
  /// are destroyed only if they were made.
  unsigned conditional = 0;
  std::vector<std::pair<ExprId, clang::QualType>> extended;

  std::map<std::pair<Scope *, uint32_t>, BlockId> exitCopies;
  std::map<std::tuple<Scope *, uint32_t>, BlockId> unwindEntries;
  std::map<std::tuple<std::vector<Scope *>, Scope *, uint32_t>, BlockId>
      dispatches;
  std::map<std::pair<std::vector<Scope *>, uint32_t>, BlockId> pendingRuns;

  struct ExprHash {
    size_t operator()(const ir::Expr &expr) const;
  };
  struct ExprEqual {
    bool operator()(const ir::Expr &a, const ir::Expr &b) const;
  };
  std::unordered_map<ir::Expr, uint32_t, ExprHash, ExprEqual> exprs;
  unsigned tmpCount = 0;
  unsigned codeCount = 0;
};

} // namespace mdlcheck::frontend

#endif // MDLCHECK_FRONTEND_LOWERFUNCTION_H
