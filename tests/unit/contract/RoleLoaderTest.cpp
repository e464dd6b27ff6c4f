//===-- RoleLoaderTest.cpp ------------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/RuleSet.h"

#include "support/Error.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::contract;

namespace {

constexpr const char *kBase = R"(
constants: {DISPATCH_LEVEL: 2}
rules:
  left-behind: {title: t, message: m}
automata:
  request:
    facets: {source: {received: ~, built: ~}}
  thing:
    facets: {owner: {driver: ~, system: ~}}
    sources:
      - {field: "_R::Thing", owner: system, of: {request.source: received}}
    chains:
      - {field: "_T::Next", rule: left-behind}
    extent: {field: "$thing::size"}
roles:
  WORKER:
    source: page.md
    params: [Context]
    irql: {min: 0, max: DISPATCH_LEVEL}
    functions: [Main]
    start: true
  DISPATCH:
    params: [Device, Request]
    irql: 0
    on-entry: {Request.source: received}
fields:
  _DRIVER::Table: DISPATCH
)";

class RoleLoaderTest : public testing::Test {
protected:
  RoleLoaderTest() { EXPECT_EQ(add(kBase), ""); }

  std::string add(llvm::StringRef text) {
    llvm::Error error = rules.addYaml(text, "x.yaml", Contract::Origin::User);
    std::string message;
    llvm::handleAllErrors(std::move(error), [&](const InputError &input) {
      message = input.message;
    });
    return message;
  }
  void refused(llvm::StringRef text, const char *why) {
    size_t roles = rules.roles().size(), fields = rules.fieldRoles.size();
    std::string message = add(text);
    EXPECT_NE(message.find(why), std::string::npos)
        << text.str() << "\n  gives: " << message;
    EXPECT_EQ(rules.roles().size(), roles);
    EXPECT_EQ(rules.fieldRoles.size(), fields);
  }

  RuleSet rules;
};

TEST_F(RoleLoaderTest, RolesAndFields) {
  ASSERT_EQ(rules.roles().size(), 2u);
  const Role &worker = *rules.roleNamed("WORKER");
  EXPECT_EQ(worker.source, "page.md");
  EXPECT_EQ(worker.min, 0);
  EXPECT_EQ(worker.max, 2);
  EXPECT_EQ(worker.functions, std::vector<std::string>{"Main"});
  EXPECT_TRUE(worker.isStart);
  const Role &dispatch = *rules.roleNamed("DISPATCH");
  EXPECT_EQ(dispatch.max, 0);
  ASSERT_EQ(dispatch.entry.facets.size(), 1u);
  EXPECT_EQ(dispatch.entry.facets[0].object->index, 1u);
  EXPECT_EQ(rules.fieldRoles.at("_DRIVER::Table"), "DISPATCH");
  EXPECT_FALSE(rules.roleNamed("NO_SUCH"));
}

TEST_F(RoleLoaderTest, SourcesAndChains) {
  const Automaton &thing = rules.automata[1];
  ASSERT_EQ(thing.sources.size(), 1u);
  EXPECT_EQ(rules.facet(thing.sources[0].ofFacet).name, "source");
  EXPECT_EQ(thing.sources[0].ofState, 1);
  ASSERT_EQ(thing.chains.size(), 1u);
  EXPECT_EQ(thing.chains[0].field, "Next");
  EXPECT_EQ(thing.chains[0].rule, rules.ruleNamed("left-behind"));
  ASSERT_TRUE(thing.extent);
  EXPECT_EQ(thing.extent->record, "$thing");
  EXPECT_EQ(thing.extent->field, "size");
}

TEST_F(RoleLoaderTest, Registrations) {
  ASSERT_EQ(add("ddis:\n  Queue:\n    params: [Item, Routine, Data]\n"
                "    registers: [{callback: Routine, role: WORKER}]\n"
                "    runs:\n"
                "      - callback: Item->_ITEM::Routine\n"
                "        role: WORKER\n"
                "        args: {Context: Data}\n"
                "        changed: [Item->_ITEM::State]\n"
                "    outcomes: [{returns: {}, ends: [Item]}]\n"),
            "");
  const Contract *queue = rules.contractFor("Queue");
  ASSERT_TRUE(queue);
  ASSERT_EQ(queue->registrations.size(), 2u);
  EXPECT_FALSE(queue->registrations[0].runs);
  const Registration &runs = queue->registrations[1];
  EXPECT_TRUE(runs.runs);
  EXPECT_EQ(runs.callback->kind, Expr::Kind::Member);
  ASSERT_EQ(runs.args.size(), 1u);
  EXPECT_EQ(runs.args[0].first, 0u);
  EXPECT_EQ(runs.args[0].second->index, 2u);
  EXPECT_EQ(runs.changed.size(), 1u);
  EXPECT_EQ(queue->outcomes[0].ends.size(), 1u);
}

TEST_F(RoleLoaderTest, Mistakes) {
  refused("roles: {R: {}}", "needs 'irql'");
  refused("roles: {R: {irql: {min: 2}}}", "needs 'min' and 'max'");
  refused("roles: {R: {irql: {min: 2, max: 1}}}", "above 'max'");
  refused("roles: {R: {irql: 99}}", "between 0 and 31");
  refused("roles: {R: {irql: 0, params: [A, A]}}", "two parameters");
  refused("roles: {R: {irql: 0, params: [A], on-entry: {B.source: built}}}",
          "'B'");
  refused("roles: {R: {level: 1}}", "unknown key 'level'");
  refused("fields: {_A::B: WORKR}", "there is no role 'WORKR'");
  refused("fields: {B: WORKER}", "record::member");
  refused("fields: {\"_DRIVER::Table\": WORKER}", "already has the role");
  const std::string head = "ddis:\n  F:\n    params: [P]\n    effects: none\n";
  refused(head + "    registers: {callback: P, role: WORKER}\n", "a list");
  refused(head + "    registers: [{callback: P}]\n", "needs 'callback'");
  refused(head + "    registers: [{callback: P, role: WORKER, args: {}}]\n",
          "unknown key 'args'");
  refused(head + "    runs: [{callback: Q, role: WORKER}]\n", "'Q'");
  refused(head + "    runs: [{callback: P, role: WORKER, args: {Text: P}}]\n",
          "has no parameter 'Text'");
  refused(head + "    runs: [{callback: P, role: WORKER, changed: [P]}]\n",
          "is no place");
  refused("automata: {x: {facets: {f: {s: ~}}, sources: [{field: \"_A::B\", f: "
          "s, of: {no.such: s}}]}}",
          "there is no facet 'no.such'");
  refused("automata: {x: {facets: {f: {s: ~}}, chains: [{field: \"_A::B\"}]}}",
          "'rule' is missing");
  refused("automata: {x: {facets: {f: {s: ~}}, extent: {}}}",
          "'field' is missing");
  refused("automata: {x: {facets: {f: {s: ~}}, extent: {bytes: 3}}}",
          "unknown key 'bytes'");
}

} // namespace
