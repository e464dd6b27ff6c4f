//===-- SalContract.cpp - contracts from annotations ----------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/SalContract.h"

#include "contract/ExprParser.h"
#include "contract/SalVocabulary.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

#include <tuple>

namespace mdlcheck::contract {

using llvm::StringRef;
using Result = Outcome::Result;

namespace {

/// Conditions that effects depend on are told apart up to this many; beyond it
/// the level is not known afterwards.
constexpr size_t kMaxConditions = 3;

std::shared_ptr<Expr> make(Expr::Kind kind, ExprPtr lhs = nullptr,
                           ExprPtr rhs = nullptr) {
  auto expr = std::make_shared<Expr>();
  expr->kind = kind;
  expr->lhs = std::move(lhs);
  expr->rhs = std::move(rhs);
  return expr;
}

ExprPtr both(ExprPtr a, ExprPtr b) {
  return !a ? b : !b ? a : make(Expr::Kind::And, std::move(a), std::move(b));
}

bool mentionsResult(const Expr &e) {
  return e.kind == Expr::Kind::Result || (e.lhs && mentionsResult(*e.lhs)) ||
         (e.rhs && mentionsResult(*e.rhs));
}

/// Which results a condition is about.
struct ResultClass {
  Result kind = Result::Any;
  int64_t value = 0; ///< Value
  friend bool operator==(const ResultClass &, const ResultClass &) = default;
};

/// The results for which `e`, which mentions the result, is true.
std::optional<ResultClass> resultClass(const Expr &e) {
  if (e.kind == Expr::Kind::Not) {
    auto inner = resultClass(*e.lhs);
    if (!inner)
      return std::nullopt;
    switch (inner->kind) {
    case Result::NonNull:
      return ResultClass{Result::Null};
    case Result::Null:
      return ResultClass{Result::NonNull};
    case Result::Success:
      return ResultClass{Result::Failure};
    case Result::Failure:
      return ResultClass{Result::Success};
    default:
      return std::nullopt;
    }
  }
  if (!e.lhs || !e.rhs || e.lhs->kind != Expr::Kind::Result ||
      e.rhs->kind != Expr::Kind::Const)
    return std::nullopt;
  int64_t value = e.rhs->value;
  switch (e.kind) {
  case Expr::Kind::Ne:
    return value ? std::nullopt : std::optional(ResultClass{Result::NonNull});
  case Expr::Kind::Eq:
    // TRUE stands for whatever is not FALSE.
    return value == 0   ? ResultClass{Result::Null}
           : value == 1 ? ResultClass{Result::NonNull}
                        : ResultClass{Result::Value, value};
  case Expr::Kind::Ge:
    return value ? std::nullopt : std::optional(ResultClass{Result::Success});
  case Expr::Kind::Lt:
    return value ? std::nullopt : std::optional(ResultClass{Result::Failure});
  default:
    return std::nullopt;
  }
}

/// Under which circumstances an annotation holds, and of what it speaks.
struct Context {
  /// Numbers of conditions on entry that all have to be true.
  std::vector<unsigned> conditions;
  std::optional<ResultClass> result;
  int param = -1;       ///< of what, unless `place` is given; -1: the result
  bool pointee = false; ///< rather of what that points to
  StringRef place;      ///< "*OldIrql"; empty: see `param`
};

class Interpreter {
public:
  Interpreter(const RuleSet &rules, llvm::ArrayRef<std::string> params,
              SalReading &reading)
      : rules(rules), params(params), reading(reading) {}

  void readAll(StringRef text, const Context &context);
  void finish(StringRef name);

private:
  struct Effect {
    Context context;
    bool raises = false;
    bool savesInResult = false;
    std::optional<Assignment> assignment;
  };
  struct Args {
    llvm::SmallVector<StringRef, 2> values;
    bool good = false;
  };

  static Args takeArgs(StringRef &rest);
  void read(const SalWord &word, llvm::ArrayRef<StringRef> args,
            StringRef written, const Context &context);
  void readWhen(llvm::ArrayRef<StringRef> args, StringRef written,
                Context context);
  bool addCondition(const ExprPtr &expr, StringRef text, Context &context);
  void require(StringRef level, bool isMax, bool isMin, StringRef written,
               const Context &context);
  void restore(const Context &context, StringRef written);
  void save(const Context &context, StringRef written);
  void setLevel(const Context &context, ExprPtr value);
  ExprPtr placeOf(const Context &context);
  ExprPtr globalPlace(StringRef kind, StringRef place);
  ExprPtr parseValue(StringRef text, bool resultKnown = false);
  std::optional<int64_t> constant(StringRef text);
  void fail(StringRef written, const llvm::Twine &why) {
    reading.unreadable.push_back(("'" + written + "': " + why).str());
  }
  ExprPtr allOf(llvm::ArrayRef<unsigned> conditions) const;
  std::vector<ResultClass> resultClasses() const;
  void addOutcomes(Contract &contract);
  bool apply(const Effect &effect, unsigned truths,
             const std::optional<ResultClass> &result, Outcome &outcome) const;

  const RuleSet &rules;
  llvm::ArrayRef<std::string> params;
  SalReading &reading;
  struct Condition {
    std::string text;
    ExprPtr expr;
  };
  std::vector<Condition> conditions;
  std::vector<IrqlRequirement> requirements;
  std::vector<Effect> effects;
  bool alwaysRaises = false;
  bool isSame = false; ///< it comes back at the level it was called at
};

} // namespace

/// The arguments in parentheses that `rest` begins with, if it does.
Interpreter::Args Interpreter::takeArgs(StringRef &rest) {
  Args args;
  StringRef text = rest.ltrim();
  if (!text.starts_with("(")) {
    args.good = true;
    return args;
  }
  unsigned depth = 0;
  size_t begin = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool isLast = c == ')' && --depth == 0;
    if (c == '(')
      ++depth;
    if (isLast || (c == ',' && depth == 1)) {
      args.values.push_back(text.slice(begin, i).trim());
      begin = i + 1;
    }
    if (isLast) {
      rest = text.drop_front(i + 1);
      args.good = true;
      return args;
    }
  }
  rest = {};
  return args;
}

void Interpreter::readAll(StringRef text, const Context &context) {
  auto inName = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  while (!text.empty()) {
    if (!inName(text.front())) {
      text = text.drop_front();
      continue;
    }
    StringRef begin = text;
    StringRef name = text.take_while(inName);
    text = text.drop_front(name.size());
    Args args = takeArgs(text);
    const SalWord *word = salWord(name);
    if (!word)
      continue;
    StringRef written = begin.drop_back(text.size());
    if (!args.good)
      fail(written, "a parenthesis is missing");
    else if (word->args && args.values.size() < word->args)
      fail(written, "more arguments are expected");
    else
      read(*word, args.values, written, context);
  }
}

void Interpreter::read(const SalWord &word, llvm::ArrayRef<StringRef> args,
                       StringRef written, const Context &context) {
  Context inner = context;
  switch (word.kind) {
  case SalKind::When:
    readWhen(args, written, context);
    return;
  case SalKind::At:
    inner.place = args[0];
    inner.param = -1;
    inner.pointee = false;
    if (inner.place == "return")
      inner.place = {};
    readAll(args[1], inner);
    return;
  case SalKind::AtReturn:
    inner.place = {};
    inner.param = -1;
    readAll(args[0], inner);
    return;
  case SalKind::AtPointee:
    inner.pointee = true;
    readAll(args[0], inner);
    return;
  case SalKind::Group:
    readAll(args[0], context);
    return;
  case SalKind::OnFailure:
    // What success is, is for whoever annotates it: nothing is taken for sure.
    return;
  case SalKind::IrqlMax:
  case SalKind::IrqlFunctionMax:
    require(args[0], true, false, written, context);
    return;
  case SalKind::IrqlMin:
  case SalKind::IrqlFunctionMin:
    require(args[0], false, true, written, context);
    return;
  case SalKind::IrqlExact:
    require(args[0], true, true, written, context);
    return;
  case SalKind::IrqlRaises: {
    ExprPtr level = parseValue(args[0]);
    if (!level)
      fail(written, "'" + args[0] + "' is no level");
    setLevel(context, level);
    return;
  }
  case SalKind::IrqlSaves:
    save(context, written);
    return;
  case SalKind::IrqlRestores:
    restore(context, written);
    return;
  case SalKind::IrqlSavesGlobal:
    if (ExprPtr place = globalPlace(args[0], args[1]))
      effects.push_back(
          {context, false, false, Assignment{place, make(Expr::Kind::Irql)}});
    return;
  case SalKind::IrqlRestoresGlobal:
    setLevel(context, globalPlace(args[0], args[1]));
    return;
  case SalKind::MayRaise:
  case SalKind::Raises:
    effects.push_back({context, true, false, std::nullopt});
    if (word.kind == SalKind::Raises && context.conditions.empty())
      alwaysRaises = true;
    return;
  case SalKind::IrqlSame:
    isSame = true;
    return;
  case SalKind::IrqlIsCancel:
  case SalKind::FunctionClass:
    return;
  }
}

//===----------------------------------------------------------------------===//
// Conditions, places, levels
//===----------------------------------------------------------------------===//

ExprPtr Interpreter::parseValue(StringRef text, bool resultKnown) {
  ExprScope scope{rules, params, resultKnown, true};
  return ExprParser(text, scope).parseValue();
}

std::optional<int64_t> Interpreter::constant(StringRef text) {
  ExprPtr value = parseValue(text);
  if (!value || value->kind != Expr::Kind::Const)
    return std::nullopt;
  return value->value;
}

void Interpreter::readWhen(llvm::ArrayRef<StringRef> args, StringRef written,
                           Context context) {
  ExprScope scope{rules, params, true, true};
  ExprParser parser(args[0], scope);
  ExprPtr condition = parser.parseCondition();
  if (condition && condition->kind != Expr::Kind::Const) {
    if (addCondition(condition, args[0], context))
      readAll(args[1], context);
    else
      fail(written, "such a condition on the result is not followed");
    return;
  }
  // Only of interest where there is something of ours under it.
  size_t limits = requirements.size(), before = effects.size();
  readAll(args[1], context);
  if (requirements.size() == limits && effects.size() == before)
    return;
  fail(written,
       parser.error().empty() ? "this is no condition" : parser.error());
  requirements.resize(limits);
  std::vector<Effect> unsure(effects.begin() + before, effects.end());
  effects.resize(before);
  for (Effect &e : unsure)
    if (e.assignment && e.assignment->place->kind == Expr::Kind::Irql) {
      e.assignment->value = nullptr;
      effects.push_back(std::move(e));
    }
}

/// False when it says something about the result that outcomes cannot.
bool Interpreter::addCondition(const ExprPtr &expr, StringRef text,
                               Context &context) {
  if (!mentionsResult(*expr)) {
    auto it = llvm::find_if(conditions,
                            [&](const Condition &c) { return c.text == text; });
    if (it == conditions.end()) {
      conditions.push_back({text.str(), expr});
      it = conditions.end() - 1;
    }
    context.conditions.push_back(unsigned(it - conditions.begin()));
    return true;
  }
  if (expr->kind == Expr::Kind::And) {
    // The halves by a text of their own, so that they are told apart.
    return addCondition(expr->lhs, text.str() + " (1)", context) &&
           addCondition(expr->rhs, text.str() + " (2)", context);
  }
  auto result = resultClass(*expr);
  if (!result || (context.result && *context.result != *result))
    return false;
  context.result = result;
  return true;
}

void Interpreter::require(StringRef level, bool isMax, bool isMin,
                          StringRef written, const Context &context) {
  std::optional<int64_t> value = constant(level);
  if (!value || *value < 0 || *value > 255) {
    fail(written, "'" + level + "' is no level");
    return;
  }
  if (context.result) {
    fail(written, "a level on entry cannot depend on the result");
    return;
  }
  IrqlRequirement r;
  r.when = allOf(context.conditions);
  if (isMax)
    r.max = int(*value);
  if (isMin)
    r.min = int(*value);
  r.tooHigh = rules.ruleFor(Rule::Breaks::IrqlMax);
  r.tooLow = rules.ruleFor(Rule::Breaks::IrqlMin);
  r.because = "as annotated";
  for (unsigned c : context.conditions)
    r.because += ", where " + conditions[c].text;
  requirements.push_back(std::move(r));
}

ExprPtr Interpreter::placeOf(const Context &context) {
  if (!context.place.empty())
    return parseValue(context.place);
  if (context.param < 0 || size_t(context.param) >= params.size())
    return nullptr;
  auto param = make(Expr::Kind::Param);
  param->index = uint32_t(context.param);
  if (!context.pointee)
    return param;
  auto pointee = make(Expr::Kind::Deref, param);
  pointee->size = 1;
  return pointee;
}

/// Where a lock keeps the level: where the DDIs do, or in a place of our own.
ExprPtr Interpreter::globalPlace(StringRef kind, StringRef place) {
  ExprPtr base = parseValue(place.ltrim("*& "));
  if (!base || base->kind == Expr::Kind::Const)
    return nullptr;
  auto member = make(Expr::Kind::Member, base);
  auto known = rules.savedLevels.find(kind.str());
  std::string kept = known != rules.savedLevels.end()
                         ? known->second
                         : "$" + kind.str() + "::irql";
  auto [record, field] = StringRef(kept).rsplit("::");
  member->record = record.str();
  member->field = field.str();
  return member;
}

//===----------------------------------------------------------------------===//
// Effects
//===----------------------------------------------------------------------===//

void Interpreter::setLevel(const Context &context, ExprPtr value) {
  effects.push_back({context, false, false,
                     Assignment{make(Expr::Kind::Irql), std::move(value)}});
}

void Interpreter::save(const Context &context, StringRef written) {
  if (context.place.empty() && context.param < 0) {
    effects.push_back({context, false, true, std::nullopt});
    return;
  }
  ExprPtr place = placeOf(context);
  if (place && place->kind == Expr::Kind::Param) {
    auto pointee = make(Expr::Kind::Deref, place);
    pointee->size = 1;
    place = pointee;
  }
  if (!place ||
      (place->kind != Expr::Kind::Deref && place->kind != Expr::Kind::Member)) {
    fail(written, "the level cannot be saved there");
    return;
  }
  effects.push_back(
      {context, false, false, Assignment{place, make(Expr::Kind::Irql)}});
}

void Interpreter::restore(const Context &context, StringRef written) {
  ExprPtr place = placeOf(context);
  if (!place)
    fail(written, "no level is there");
  setLevel(context, place);
}

ExprPtr Interpreter::allOf(llvm::ArrayRef<unsigned> numbers) const {
  ExprPtr all;
  for (unsigned n : numbers)
    all = both(all, conditions[n].expr);
  return all;
}

/// Results that effects tell apart, and those that remain.
std::vector<ResultClass> Interpreter::resultClasses() const {
  std::vector<ResultClass> classes;
  auto add = [&](ResultClass c) {
    if (!llvm::is_contained(classes, c))
      classes.push_back(c);
  };
  for (const Effect &e : effects)
    if (e.context.result) {
      add(*e.context.result);
      switch (e.context.result->kind) {
      case Result::NonNull:
        add({Result::Null});
        break;
      case Result::Null:
        add({Result::NonNull});
        break;
      case Result::Success:
        add({Result::Failure});
        break;
      case Result::Failure:
        add({Result::Success});
        break;
      default:
        add({Result::Any});
        break;
      }
    }
  return classes;
}

/// Adds `effect` to an outcome for these conditions, a bit for each, and this
/// result, as far as it happens there.
bool Interpreter::apply(const Effect &effect, unsigned truths,
                        const std::optional<ResultClass> &result,
                        Outcome &outcome) const {
  for (unsigned c : effect.context.conditions)
    if (!(truths >> c & 1))
      return false;
  bool isSure = true;
  if (effect.context.result && result != effect.context.result) {
    // Any result is this one, too.
    if (result->kind != Result::Any)
      return false;
    isSure = false;
  }
  if (effect.savesInResult && outcome.result == Result::Any) {
    outcome.result = Result::Value;
    outcome.resultValue = make(Expr::Kind::Irql);
  }
  if (effect.assignment) {
    outcome.assigns.push_back(*effect.assignment);
    if (!isSure)
      outcome.assigns.back().value = nullptr;
  }
  return true;
}

void Interpreter::addOutcomes(Contract &contract) {
  if (conditions.size() > kMaxConditions) {
    // Conditions of limits alone do no harm.
    bool depends = llvm::any_of(
        effects, [](const Effect &e) { return !e.context.conditions.empty(); });
    if (depends)
      for (Effect &e : effects) {
        e.context.conditions.clear();
        if (e.assignment && e.assignment->place->kind == Expr::Kind::Irql)
          e.assignment->value = nullptr;
      }
  }
  std::vector<unsigned> used;
  for (const Effect &e : effects)
    for (unsigned c : e.context.conditions)
      if (!llvm::is_contained(used, c))
        used.push_back(c);
  std::vector<ResultClass> classes = resultClasses();
  for (unsigned choice = 0; choice < 1u << used.size(); ++choice) {
    unsigned truths = 0;
    ExprPtr when;
    for (size_t i = 0; i < used.size(); ++i) {
      const ExprPtr &condition = conditions[used[i]].expr;
      bool isTrue = choice >> i & 1;
      truths |= unsigned(isTrue) << used[i];
      when = both(when, isTrue ? condition : make(Expr::Kind::Not, condition));
    }
    bool raises = false;
    for (const Effect &e : effects) {
      Outcome unused;
      raises |= e.raises && apply(e, truths, e.context.result, unused);
    }
    if (raises) {
      Outcome &o = contract.outcomes.emplace_back();
      o.kind = Outcome::Kind::Raises;
      o.when = when;
      o.note = "raises an exception";
    }
    if (alwaysRaises)
      continue;
    for (size_t i = 0; i < std::max<size_t>(classes.size(), 1); ++i) {
      Outcome &o = contract.outcomes.emplace_back();
      o.when = when;
      std::optional<ResultClass> result;
      if (!classes.empty()) {
        result = classes[i];
        o.result = result->kind;
        if (result->kind == Result::Value) {
          auto value = make(Expr::Kind::Const);
          value->value = result->value;
          o.resultValue = value;
        }
      }
      for (const Effect &e : effects)
        apply(e, truths, result, o);
    }
  }
}

void Interpreter::finish(StringRef name) {
  if (requirements.empty() && effects.empty())
    return;
  // Who needs a raised level may well be there to lower it, and authors say the
  // one and forget the other.
  bool isRaised = llvm::any_of(
      requirements, [](const IrqlRequirement &r) { return r.min > 0; });
  bool isTold =
      isSame || llvm::any_of(effects, [](const Effect &e) {
        return e.assignment && e.assignment->place->kind == Expr::Kind::Irql;
      });
  if (isRaised && !isTold)
    effects.push_back(
        {{}, false, false, Assignment{make(Expr::Kind::Irql), nullptr}});
  Contract &contract = reading.contract.emplace();
  contract.name = name.str();
  contract.origin = Contract::Origin::Annotation;
  contract.params.assign(params.begin(), params.end());
  contract.irql = std::move(requirements);
  contract.defaultEffects = true;
  addOutcomes(contract);
}

SalReading readSal(StringRef name, llvm::ArrayRef<std::string> params,
                   llvm::ArrayRef<std::string> annotations,
                   const RuleSet &rules) {
  SalReading reading;
  Interpreter interpreter(rules, params, reading);
  for (StringRef text : annotations) {
    Context context;
    if (text.consume_front("param:")) {
      unsigned index = 0;
      if (text.consumeInteger(10, index) || !text.consume_front(":"))
        continue;
      context.param = int(index);
    }
    interpreter.readAll(text, context);
  }
  interpreter.finish(name);
  return reading;
}

} // namespace mdlcheck::contract
