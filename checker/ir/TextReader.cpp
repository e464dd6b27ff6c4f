//===-- TextReader.cpp - text to unit ---------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The grammar stands in Text.h. The tables and the heads of functions are
// read first, bodies and initialisers after them, so everything can be named
// before the line that makes it.
//
//===----------------------------------------------------------------------===//

#include "ir/Text.h"
#include "ir/TextBody.h"
#include "ir/TextSyntax.h"
#include "support/Error.h"

#include "llvm/ADT/STLExtras.h"

using namespace mdlcheck;
using namespace mdlcheck::ir;
using namespace mdlcheck::ir::text;
using llvm::StringRef;
using llvm::Twine;

//===----------------------------------------------------------------------===//
// What bodies need too
//===----------------------------------------------------------------------===//

/// A key as it is written: name and number are kept apart by a zero byte.
static std::string shown(StringRef key) {
  std::string text = key.str();
  std::replace(text.begin(), text.end(), '\0', '.');
  return text;
}

void text::addLabel(Labels &labels, const std::string &key, uint32_t index,
                    Line &line) {
  if (!line.failed() && !labels.try_emplace(key, index).second)
    line.fail("'" + Twine(shown(key)) +
              "' is there already; number one of them, as in name.2");
}

uint32_t UnitContext::find(const Labels &labels, Line &line,
                           const Twine &what) {
  std::string key = line.label("the name of a " + what);
  auto it = labels.find(key);
  if (it != labels.end())
    return it->second;
  line.fail("there is no " + what + " '" + Twine(shown(key)) + "'");
  return 0;
}

/// "Record.Name" is two names; the number at the end belongs to both.
static std::string fieldKey(Line &line, Field *field = nullptr) {
  std::string record = line.name("a record");
  line.expect(".");
  std::string name;
  std::string key = line.label("a field", &name);
  key = record + '\0' + key;
  if (field) {
    field->record = std::move(record);
    field->name = std::move(name);
  }
  return key;
}

uint32_t UnitContext::findField(Line &line) {
  std::string key = fieldKey(line);
  auto it = fields.find(key);
  if (it != fields.end())
    return it->second;
  line.fail("there is no field '" + Twine(shown(key)) + "'");
  return 0;
}

uint32_t UnitContext::stringLiteral(Line &line) {
  if (line.accept("string")) {
    line.expect("(");
    uint64_t n = line.unsignedNumber("the number of a string");
    line.expect(")");
    if (n < unit.strings.size())
      return uint32_t(n);
    line.fail("there is no string " + Twine(n));
    return 0;
  }
  std::string value = line.string("a string");
  auto it = strings.find(value);
  if (it != strings.end())
    return it->second;
  addString(std::move(value));
  return uint32_t(unit.strings.size() - 1);
}

void UnitContext::addString(std::string value) {
  strings.try_emplace(value, uint32_t(unit.strings.size()));
  unit.strings.push_back(std::move(value));
}

Span UnitContext::span(Line &line) {
  Span s = line.span();
  if (s.valid() && (maxFileLine == 0 || s.file.value > maxFile)) {
    maxFile = s.file.value;
    maxFileLine = line.number();
  }
  return s;
}

//===----------------------------------------------------------------------===//
// The unit
//===----------------------------------------------------------------------===//

namespace {

class UnitReader {
public:
  UnitReader(StringRef text, StringRef bufferName) : bufferName(bufferName) {
    unsigned number = 0;
    while (!text.empty() && !context.failure.failed) {
      StringRef lineText;
      std::tie(lineText, text) = text.split('\n');
      Line line(lineText, ++number, context.failure);
      if (!line.atEnd())
        lines.push_back(std::move(line));
    }
  }

  llvm::Expected<Unit> read();

private:
  struct PendingInits {
    size_t global, firstLine, endLine;
  };

  StringRef bufferName;
  UnitContext context;
  Unit &unit = context.unit;
  std::vector<Line> lines;
  bool hasMainFile = false;
  std::vector<PendingFunction> pendingFunctions;
  std::vector<PendingInits> pendingInits;

  void readTopLevel(Line &line, size_t &next);
  size_t findEnd(Line &line, size_t first);
  void readFile(Line &line);
  void readField(Line &line);
  void readGlobal(Line &line, size_t &next);
  void readDecl(Line &line);
  void readAttributes(Line &line, FunctionDecl &decl);
  void readFunctionHead(Line &line, size_t &next);
  void readSkipped(Line &line);
  void readInit(Line &line, Global &global);
  void checkFiles();
};

} // namespace

/// The line with the brace that closes what `line` opens; lines before it
/// belong to the body.
size_t UnitReader::findEnd(Line &line, size_t first) {
  for (size_t n = first; n < lines.size(); ++n)
    if (lines[n].accept("}")) {
      lines[n].expectEnd();
      return n;
    }
  line.fail("no line with '}' ends what begins here");
  return first;
}

void UnitReader::readFile(Line &line) {
  if (line.peek().kind == Token::Number &&
      line.unsignedNumber("the number of the file") != unit.files.size())
    line.fail("files are numbered from 0 in order; this one is " +
              Twine(unit.files.size()));
  unit.files.push_back(line.string("the file's path"));
}

void UnitReader::readField(Line &line) {
  Field field;
  std::string key = fieldKey(line, &field);
  line.expect("offset");
  field.offset = line.unsignedNumber("an offset");
  line.expect(":");
  field.type = line.type();
  field.inSystemHeader = line.accept("system");
  addLabel(context.fields, key, uint32_t(unit.fields.size()), line);
  unit.fields.push_back(std::move(field));
}

void UnitReader::readGlobal(Line &line, size_t &next) {
  Global global;
  std::string key = line.label("the name of a variable", &global.name);
  global.linkName =
      line.accept("link") ? line.string("a name in quotes") : global.name;
  line.expect(":");
  global.type = line.type();
  while (!line.atEnd()) {
    if (line.accept("const"))
      global.isConst = true;
    else if (line.accept("static"))
      global.isStatic = true;
    else if (line.accept("extern"))
      global.isExtern = true;
    else
      break;
  }
  if (line.accept("{") && line.atEnd()) {
    size_t end = findEnd(line, next);
    pendingInits.push_back({unit.globals.size(), next, end});
    next = end + 1;
  }
  addLabel(context.globals, key, uint32_t(unit.globals.size()), line);
  unit.globals.push_back(std::move(global));
}

void UnitReader::readAttributes(Line &line, FunctionDecl &decl) {
  while (!line.atEnd()) {
    if (line.accept("static"))
      decl.isStatic = true;
    else if (line.accept("inline"))
      decl.isInline = true;
    else if (line.accept("noreturn"))
      decl.isNoReturn = true;
    else if (line.accept("system"))
      decl.inSystemHeader = true;
    else if (line.accept("implicit"))
      decl.isImplicit = true;
    else if (line.accept("role"))
      decl.roles.push_back(line.name("a role"));
    else if (line.accept("annotation"))
      decl.annotations.push_back(line.string("an annotation in quotes"));
    else
      return;
  }
}

void UnitReader::readDecl(Line &line) {
  FunctionDecl decl;
  std::string key = line.label("the name of a function", &decl.name);
  decl.linkName =
      line.accept("link") ? line.string("a name in quotes") : decl.name;
  line.expect("(");
  while (!line.failed() && !line.is(")")) {
    if (line.accept("...")) {
      decl.isVariadic = true;
      break;
    }
    decl.paramNames.push_back(line.name("the name of a parameter"));
    if (!line.accept(","))
      break;
  }
  line.expect(")");
  if (line.accept(":"))
    decl.resultType = line.type();
  readAttributes(line, decl);
  decl.span = context.span(line);
  addLabel(context.decls, key, uint32_t(unit.decls.size()), line);
  unit.decls.push_back(std::move(decl));
}

void UnitReader::readFunctionHead(Line &line, size_t &next) {
  PendingFunction pending;
  Function &f = pending.function;
  FunctionDecl decl;
  std::string key = line.label("the name of a function", &decl.name);
  auto known = context.decls.find(key);
  bool declared = known != context.decls.end();
  decl.linkName = !declared && line.accept("link")
                      ? line.string("a name in quotes")
                      : decl.name;
  line.expect("(");
  while (!line.failed() && !line.is(")")) {
    if (!declared && line.accept("...")) {
      decl.isVariadic = true;
      break;
    }
    readLocal(context, pending, line, /*isParam=*/true);
    if (!line.accept(","))
      break;
  }
  line.expect(")");
  if (declared && !line.is("@") && !line.is("end") && !line.is("{"))
    line.fail("type and attributes of a function with a decl line stand there");
  if (line.accept(":"))
    decl.resultType = line.type();
  readAttributes(line, decl);
  f.span = context.span(line);
  if (line.accept("end"))
    f.endSpan = context.span(line);
  line.expect("{");
  line.expectEnd();
  if (line.failed())
    return;

  f.numParams = uint32_t(f.locals.size());
  if (declared) {
    f.decl = DeclId(known->second);
  } else {
    for (const Local &param : f.locals)
      decl.paramNames.push_back(param.name);
    f.decl = DeclId(uint32_t(unit.decls.size()));
    addLabel(context.decls, key, f.decl.value, line);
    unit.decls.push_back(std::move(decl));
  }
  int32_t &body = unit.decls[f.decl.value].body;
  if (body != -1)
    line.fail("'" + Twine(shown(key)) + "' has a body already");
  body = int32_t(pendingFunctions.size());
  pending.firstLine = next;
  pending.endLine = findEnd(line, next);
  next = pending.endLine + 1;
  pendingFunctions.push_back(std::move(pending));
}

void UnitReader::readSkipped(Line &line) {
  SkippedFunction skipped;
  skipped.name = line.name("the name of a function");
  skipped.reason = line.string("the reason in quotes");
  skipped.span = context.span(line);
  unit.skipped.push_back(std::move(skipped));
}

void UnitReader::readInit(Line &line, Global &global) {
  GlobalInit init;
  init.offset = line.unsignedNumber("an offset");
  line.expect(":");
  init.type = line.type();
  if (line.isConstant()) {
    init.value = line.constant(init.type);
  } else {
    if (line.accept("&")) {
      bool isFunction = line.accept("func");
      if (!isFunction)
        line.expect("global");
      init.kind = isFunction ? GlobalInit::Kind::FunctionAddr
                             : GlobalInit::Kind::GlobalAddr;
      init.index = isFunction ? context.find(context.decls, line, "function")
                              : context.find(context.globals, line, "global");
    } else if (line.is("string") || line.peek().kind == Token::String) {
      init.kind = GlobalInit::Kind::StringAddr;
      init.index = context.stringLiteral(line);
    } else {
      line.failExpected("a number or an address");
    }
    if (line.accept("+"))
      init.value = line.constant({TypeKind::Int, true, 8});
  }
  if (line.accept("in"))
    init.field = FieldId(context.findField(line));
  line.expectEnd();
  global.inits.push_back(init);
}

/// Reads one statement; `next` is the line after it and moves past a body.
void UnitReader::readTopLevel(Line &line, size_t &next) {
  if (line.accept("unit")) {
    hasMainFile = true;
    unit.mainFile = line.string("the main file's path");
  } else if (line.accept("file")) {
    readFile(line);
  } else if (line.accept("string")) {
    context.addString(line.string("a string"));
  } else if (line.accept("field")) {
    readField(line);
  } else if (line.accept("global")) {
    readGlobal(line, next);
  } else if (line.accept("decl")) {
    readDecl(line);
  } else if (line.accept("func")) {
    readFunctionHead(line, next);
  } else if (line.accept("skipped")) {
    readSkipped(line);
  } else {
    line.failExpected(
        "unit, file, string, field, global, decl, func or skipped");
  }
  line.expectEnd();
}

/// Spans may name file 0 without a line for it: then it is the main file.
void UnitReader::checkFiles() {
  if (context.maxFileLine == 0)
    return;
  if (unit.files.empty())
    unit.files.push_back(unit.mainFile);
  if (context.maxFile >= unit.files.size())
    context.failure.set(context.maxFileLine,
                        "there is no file " + Twine(context.maxFile));
}

llvm::Expected<Unit> UnitReader::read() {
  auto ok = [&] { return !context.failure.failed; };
  for (size_t next = 0; ok() && next < lines.size();) {
    Line &line = lines[next++];
    readTopLevel(line, next);
  }
  if (!hasMainFile)
    unit.mainFile = bufferName.str();
  for (const PendingInits &p : pendingInits)
    for (size_t n = p.firstLine; ok() && n < p.endLine; ++n)
      readInit(lines[n], unit.globals[p.global]);
  for (PendingFunction &p : pendingFunctions) {
    if (!ok())
      break;
    readBody(context, p,
             llvm::ArrayRef(lines).slice(p.firstLine, p.endLine - p.firstLine));
    unit.functions.push_back(std::move(p.function));
  }
  if (ok())
    checkFiles();
  if (!ok())
    return inputError(bufferName.str(), context.failure.line,
                      context.failure.message);
  return std::move(unit);
}

llvm::Expected<Unit> ir::read(StringRef text, StringRef bufferName) {
  return UnitReader(text, bufferName).read();
}
