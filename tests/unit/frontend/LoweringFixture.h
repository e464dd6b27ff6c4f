//===-- LoweringFixture.h - what a function does, path by path -*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A function's paths are written as the calls on them in order. A call to a
// function named Raise... goes two ways: it returns ("Raise") or it raises
// ("Raise!"). A path ends in "ret", in "unwind" (nobody caught it) or, where
// control visibly stops, in "stop". Loops are followed twice and each call
// raises once on a path.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_TESTS_FRONTEND_LOWERINGFIXTURE_H
#define MDLCHECK_TESTS_FRONTEND_LOWERINGFIXTURE_H

#include "TemporaryTree.h"
#include "frontend/Frontend.h"
#include "ir/Verifier.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace mdlcheck::frontend {

using PathSet = std::set<std::string>;

class Paths {
public:
  Paths(const ir::Unit &unit, const ir::Function &function)
      : unit(unit), function(function) {}

  PathSet all() {
    walk(function.entry, {}, {}, {});
    return found;
  }

private:
  using Visits = std::map<uint32_t, int>;
  using Raised = std::set<std::pair<uint32_t, size_t>>;

  void walk(ir::BlockId block, std::string path, Visits visits, Raised raised) {
    if (found.size() > 5000)
      return;
    if (block == function.exit) {
      found.insert(path + "ret");
      return;
    }
    if (block == function.unwindExit) {
      found.insert(path + "unwind");
      return;
    }
    if (++visits[block.value] > 2 + static_cast<int>(raised.size()))
      return;
    const ir::Block &b = function.blocks[block.value];
    for (size_t i = 0; i < b.instrs.size(); ++i) {
      const ir::Instr &instr = b.instrs[i];
      if (instr.kind != ir::InstrKind::Call)
        continue;
      std::string name = instr.callee.valid()
                             ? unit.decls[instr.callee.value].name
                             : std::string("*");
      bool raises = name.rfind("Raise", 0) == 0;
      if (raises && !raised.count({block.value, i})) {
        Raised once = raised;
        once.insert({block.value, i});
        walk(b.unwind, path + name + "! ", visits, once);
      }
      if (instr.callee.valid() && unit.decls[instr.callee.value].isNoReturn)
        return raises ? void() : void(found.insert(path + name + " stop"));
      path += name + " ";
    }
    if (b.succs.empty())
      found.insert(path + "stop");
    for (ir::BlockId succ : b.succs)
      walk(succ, path, visits, raised);
  }

  const ir::Unit &unit;
  const ir::Function &function;
  PathSet found;
};

class LoweringTest : public testing::Test {
protected:
  /// Declarations every source begins with, on one line.
  static constexpr const char *kPrelude =
      "void A(void); void B(void); void C(void); void D(void); void E(void);"
      "void H(void); void H1(void); void H2(void); void X(void); void N(void);"
      "void Raise(void); void RaiseB(void); void RaiseC(void);"
      "int RaiseF(void); int F(void); int G(void); int P(void); int Q(void);"
      "int V(void); __declspec(noreturn) void RaiseStatus(int);\n";

  const ir::Unit &lower(const std::string &text,
                        const std::string &name = "driver.c") {
    std::string source =
        name.back() == 'c'
            ? kPrelude + text
            : "extern \"C\" {\n" + std::string(kPrelude) + "}\n" + text;
    std::vector<std::string> flags{"--target=x86_64-pc-windows-msvc19.20",
                                   "-fms-extensions"};
    if (name.back() != 'c')
      flags.push_back("-std=c++17");
    CompileJob job = fixedJob(tree.write(name, source), flags);
    parsed = parse(job, options);
    std::string problems;
    for (const Diagnostic &diagnostic : parsed.diagnostics)
      problems += diagnostic.message + "\n";
    if (!allowErrors) {
      EXPECT_EQ(problems, "");
      for (const ir::SkippedFunction &skipped : parsed.unit->skipped)
        ADD_FAILURE() << skipped.name << " was skipped: " << skipped.reason;
    }
    for (const std::string &problem : ir::verify(*parsed.unit))
      ADD_FAILURE() << problem;
    return *parsed.unit;
  }

  const ir::Function &function(const std::string &name) {
    for (const ir::Function &f : parsed.unit->functions)
      if (parsed.unit->declOf(f).name == name)
        return f;
    ADD_FAILURE() << "no function " << name;
    static const ir::Function none;
    return none;
  }

  PathSet pathsOf(const std::string &name) {
    return Paths(*parsed.unit, function(name)).all();
  }

  /// The paths of `void f(void) { body }`.
  PathSet paths(const std::string &body) {
    lower("void f(void) {" + body + "}");
    return pathsOf("f");
  }

  std::vector<const ir::Instr *> instrs(const std::string &name,
                                        ir::InstrKind kind) {
    std::vector<const ir::Instr *> result;
    for (const ir::Block &block : function(name).blocks)
      for (const ir::Instr &instr : block.instrs)
        if (instr.kind == kind)
          result.push_back(&instr);
    return result;
  }

  size_t callsOf(const std::string &name, const std::string &callee) {
    size_t count = 0;
    for (const ir::Instr *call : instrs(name, ir::InstrKind::Call))
      count += call->callee.valid() &&
               parsed.unit->decls[call->callee.value].name == callee;
    return count;
  }

  TemporaryTree tree;
  FrontendOptions options;
  ParsedUnit parsed;
  bool allowErrors = false;
};

} // namespace mdlcheck::frontend

#endif // MDLCHECK_TESTS_FRONTEND_LOWERINGFIXTURE_H
