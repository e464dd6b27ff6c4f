//===-- LoaderTest.cpp ----------------------------------------------------===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "contract/RuleSet.h"

#include "support/Error.h"

#include "llvm/ADT/StringExtras.h"

#include "gtest/gtest.h"

using namespace mdlcheck;
using namespace mdlcheck::contract;

namespace {

constexpr const char *kBase = R"(
constants: {DISPATCH_LEVEL: 2, APC_LEVEL: 1, UserMode: 1}
rules:
  too-low-a-limit: {title: t, message: m}
  irql-too-high: {title: t, breaks: irql-max, message: "{callee} at {irql}, limit {limit} {because}"}
  double-free: {title: t, message: "{object}", aliases: [twice-freed], severity: error}
automata:
  thing:
    noun: Thing
    records: [_THING]
    facets:
      life: {alive: born here, dead: ~}
      lock: {open: ~, shut: ~}
    leaks:
      - {life: alive, rule: too-low-a-limit}
    uses:
      - {life: dead, rule: double-free}
    views:
      - {field: "_THING::Flags", mask: 0x4, lock: shut}
    sources:
      - {field: "_A::B::C", life: alive}
    faults:
      - {lock: shut}
)";

class LoaderTest : public testing::Test {
protected:
  LoaderTest() { EXPECT_EQ(add(kBase), ""); }

  /// The message, or "".
  std::string add(llvm::StringRef text,
                  Contract::Origin origin = Contract::Origin::User) {
    llvm::Error error = rules.addYaml(text, "x.yaml", origin);
    if (!error)
      return "";
    std::string message;
    llvm::handleAllErrors(std::move(error), [&](const InputError &input) {
      EXPECT_EQ(input.file, "x.yaml");
      message = (llvm::Twine(input.line) + ": " + input.message).str();
    });
    return message;
  }
  /// A contract `F(A, B)` with these further lines is refused.
  void refused(const std::string &lines, const std::string &why) {
    const size_t rulesBefore = rules.rules.size();
    std::string message =
        add("ddis:\n  F:\n    params: [A, B]\n" + indented(lines));
    EXPECT_NE(message.find(why), std::string::npos)
        << lines << "\n  gives: " << message;
    EXPECT_EQ(rules.contractFor("F"), nullptr);
    EXPECT_EQ(rules.rules.size(), rulesBefore);
  }
  const Contract &accepted(const std::string &lines) {
    EXPECT_EQ(add("ddis:\n  F:\n    params: [A, B]\n" + indented(lines)), "");
    static const Contract none;
    const Contract *made = rules.contractFor("F");
    return made ? *made : none;
  }
  static std::string indented(const std::string &lines) {
    std::string out;
    for (llvm::StringRef line : llvm::split(lines, '\n'))
      out += "    " + line.str() + "\n";
    return out;
  }
  FacetId facet(const std::string &name) {
    for (size_t i = 0; i < rules.facets.size(); ++i)
      if (rules.facets[i].name == name)
        return FacetId(uint32_t(i));
    return {};
  }

  RuleSet rules;
};

TEST_F(LoaderTest, Automaton) {
  ASSERT_EQ(rules.automata.size(), 1u);
  const Automaton &thing = rules.automata[0];
  EXPECT_EQ(thing.noun, "Thing");
  EXPECT_EQ(thing.records, std::vector<std::string>{"_THING"});
  ASSERT_EQ(thing.facets.size(), 2u);
  const Facet &life = rules.facet(thing.facets[0]);
  EXPECT_EQ(life.stateNamed("alive"), 1);
  EXPECT_EQ(life.stateNamed("dead"), 2);
  EXPECT_EQ(life.stateNamed("gone"), kUnknownState);
  EXPECT_EQ(life.notes, (std::vector<std::string>{"born here", ""}));
  ASSERT_EQ(thing.leaks.size(), 1u);
  EXPECT_EQ(thing.leaks[0].rule, rules.ruleNamed("too-low-a-limit"));
  ASSERT_EQ(thing.uses.size(), 1u);
  EXPECT_EQ(thing.uses[0].state, 2);
  ASSERT_EQ(thing.views.size(), 1u);
  EXPECT_EQ(thing.views[0].record, "_THING");
  EXPECT_EQ(thing.views[0].field, "Flags");
  EXPECT_EQ(thing.views[0].mask, 4u);
  ASSERT_EQ(thing.sources.size(), 1u);
  EXPECT_EQ(thing.sources[0].record, "_A::B");
  EXPECT_EQ(thing.sources[0].field, "C");
  ASSERT_EQ(thing.faults.size(), 1u);
}

TEST_F(LoaderTest, Rule) {
  const Rule &rule = rules.rule(rules.ruleNamed("twice-freed"));
  EXPECT_EQ(rule.id, "double-free");
  EXPECT_EQ(rule.severity, Severity::Error);
  EXPECT_TRUE(rule.enabledByDefault);
  EXPECT_FALSE(rules.ruleNamed("nothing"));
}

TEST_F(LoaderTest, WholeContract) {
  const Contract &made = accepted(R"(header: wdm.h
source: page.md
macro: true
ignores: [B]
accesses: [A]
irql: [{max: DISPATCH_LEVEL}, {min: 1, max: APC_LEVEL, when: "B == UserMode", because: for B}]
requires:
  - {A.life: alive, else: {dead: twice-freed}}
  - {A.lock: [open], when: "B != 0", else: double-free}
outcomes:
  - when: "A != 0 && A.lock is open"
    returns: {result: new, result.life: alive, A.lock: unknown, "*(UCHAR)A": irql, irql: B, A->_R::f: result, "*B": new, "*B.life": A.thing.life}
    escapes: [A, result]
    note: well
  - returns: {result: B + 1}
    copy: {to: A, from: B, size: 4}
    fill: {to: A, value: 0, size: B}
  - raises: {A.life: dead}
    code: B
    if-uncaught: double-free
  - no-return: {})");
  EXPECT_EQ(made.name, "F");
  EXPECT_EQ(made.header, "wdm.h");
  EXPECT_EQ(made.source, "page.md");
  EXPECT_EQ(made.origin, Contract::Origin::User);
  EXPECT_TRUE(made.isMacro);
  EXPECT_FALSE(made.defaultEffects);
  EXPECT_EQ(made.ignoredParams, std::vector<uint32_t>{1});
  EXPECT_EQ(made.accessedParams, std::vector<uint32_t>{0});
  ASSERT_EQ(made.irql.size(), 2u);
  EXPECT_EQ(made.irql[0].max, 2);
  EXPECT_EQ(made.irql[0].min, -1);
  EXPECT_EQ(made.irql[0].when, nullptr);
  EXPECT_EQ(made.irql[1].min, 1);
  EXPECT_EQ(made.irql[1].because, "for B");
  EXPECT_EQ(made.irql[1].tooHigh, rules.ruleNamed("irql-too-high"));
  EXPECT_FALSE(made.irql[1].tooLow);
  EXPECT_EQ(rules.ruleFor(Rule::Breaks::IrqlMax), made.irql[1].tooHigh);
  ASSERT_EQ(made.requirements.size(), 2u);
  EXPECT_EQ(made.requirements[0].facet, facet("life"));
  EXPECT_EQ(made.requirements[0].allowed, std::vector<FacetState>{1});
  ASSERT_EQ(made.requirements[0].orElse.size(), 1u);
  EXPECT_EQ(made.requirements[0].orElse[0].state, 2);
  ASSERT_EQ(made.requirements[1].orElse.size(), 1u);
  EXPECT_EQ(made.requirements[1].orElse[0].state, 2);
  EXPECT_NE(made.requirements[1].when, nullptr);

  ASSERT_EQ(made.outcomes.size(), 4u);
  const Outcome &first = made.outcomes[0];
  EXPECT_EQ(first.kind, Outcome::Kind::Returns);
  EXPECT_EQ(first.result, Outcome::Result::New);
  EXPECT_NE(first.when, nullptr);
  ASSERT_EQ(first.facets.size(), 3u);
  EXPECT_EQ(first.facets[0].object->kind, Expr::Kind::Result);
  EXPECT_EQ(first.facets[1].state, kUnknownState);
  EXPECT_EQ(first.facets[1].copyFrom, nullptr);
  EXPECT_NE(first.facets[2].copyFrom, nullptr);
  EXPECT_EQ(first.facets[2].copyFacet, facet("life"));
  ASSERT_EQ(first.newObjects.size(), 1u);
  ASSERT_EQ(first.assigns.size(), 3u);
  EXPECT_EQ(first.assigns[0].place->size, 1u);
  EXPECT_EQ(first.assigns[1].place->kind, Expr::Kind::Irql);
  EXPECT_EQ(first.escapes.size(), 2u);
  EXPECT_EQ(first.note, "well");
  const Outcome &second = made.outcomes[1];
  EXPECT_EQ(second.result, Outcome::Result::Value);
  ASSERT_EQ(second.memory.size(), 2u);
  EXPECT_NE(second.memory[0].from, nullptr);
  EXPECT_EQ(second.memory[1].from, nullptr);
  EXPECT_NE(second.memory[1].fill, nullptr);
  const Outcome &third = made.outcomes[2];
  EXPECT_EQ(third.kind, Outcome::Kind::Raises);
  EXPECT_NE(third.raiseCode, nullptr);
  EXPECT_EQ(third.ifUncaught, rules.ruleNamed("double-free"));
  EXPECT_EQ(made.outcomes[3].kind, Outcome::Kind::NoReturn);
  EXPECT_EQ(rules.macroNames(), std::vector<std::string>{"F"});
}

TEST_F(LoaderTest, Results) {
  const std::pair<const char *, Outcome::Result> kAll[] = {
      {"any", Outcome::Result::Any},
      {"new", Outcome::Result::New},
      {"non-null", Outcome::Result::NonNull},
      {"null", Outcome::Result::Null},
      {"success", Outcome::Result::Success},
      {"failure", Outcome::Result::Failure},
      {"A", Outcome::Result::Value},
  };
  for (const auto &[text, result] : kAll)
    EXPECT_EQ(
        accepted(std::string("outcomes: [{returns: {result: ") + text + "}}]")
            .outcomes[0]
            .result,
        result);
}

TEST_F(LoaderTest, Effects) {
  EXPECT_TRUE(accepted("effects: default").defaultEffects);
  EXPECT_EQ(accepted("effects: default").outcomes.size(), 1u);
  EXPECT_FALSE(accepted("effects: none").defaultEffects);
  const Contract &both =
      accepted("effects: default\noutcomes: [{returns: {}}, {raises: ~}]");
  EXPECT_TRUE(both.defaultEffects);
  EXPECT_EQ(both.outcomes.size(), 2u);
  EXPECT_EQ(accepted("irql: 2\neffects: none").irql[0].max, 2);
}

TEST_F(LoaderTest, Like) {
  accepted("header: wdm.h\nmacro: true\nirql: 2\neffects: none");
  EXPECT_EQ(add("ddis: {G: {like: F, params: [X, Y]}}"), "");
  const Contract *made = rules.contractFor("G");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->name, "G");
  EXPECT_EQ(made->header, "wdm.h");
  EXPECT_EQ(made->params, (std::vector<std::string>{"X", "Y"}));
  EXPECT_FALSE(made->isMacro);
  EXPECT_EQ(made->irql.size(), 1u);
  EXPECT_EQ(add("ddis: {H: {like: Nope}}"),
            "1: there is no contract 'Nope' before this line");
  EXPECT_EQ(add("ddis: {H: {like: F, params: [X]}}"),
            "1: 'F' has 2 parameters, not 1");
  EXPECT_EQ(add("ddis: {H: {like: F, irql: 2}}"),
            "1: unknown key 'irql' in 'H', which has 'like',");
}

TEST_F(LoaderTest, Replacing) {
  EXPECT_EQ(accepted("effects: none").outcomes.size(), 1u);
  EXPECT_EQ(accepted("outcomes: [{returns: {}}, {raises: {}}]").outcomes.size(),
            2u);
  EXPECT_EQ(rules.contracts().size(), 1u);
  RuleSet copy = rules;
  rules = RuleSet();
  ASSERT_TRUE(copy.contractFor("F"));
  EXPECT_EQ(copy.contractFor("F")->name, "F");
}

TEST_F(LoaderTest, EmptyIsFine) {
  EXPECT_EQ(add(""), "");
  EXPECT_EQ(add("# nothing\n"), "");
  EXPECT_EQ(add("ddis:\n"), "");
}

TEST_F(LoaderTest, SyntaxMistakes) {
  EXPECT_EQ(add("ddis:\n  F: [1, 2\n").substr(0, 2), "2:");
  EXPECT_EQ(add("ddis: {}\n---\nddis: {}\n"),
            "0: only one document is expected");
  EXPECT_EQ(add("- a\n"), "1: the file must be a mapping ('key: value')");
  EXPECT_EQ(add("\nddi: {}\n"),
            "2: unknown key 'ddi' in the file; did you mean 'ddis'?");
  EXPECT_EQ(add("ddis:\n  F: {effects: none}\n  F: {effects: none}\n"),
            "3: 'F' stands here twice");
  EXPECT_NE(add("ddis:\n  F: &x {effects: none}\n").find("anchors are not"),
            std::string::npos);
  EXPECT_NE(add("ddis:\n  F:\n    params: [A]\n    outcomes:\n      - returns: "
                "{*A : irql}\n")
                .find("needs quotes"),
            std::string::npos);
  EXPECT_NE(
      add("ddis: {F: {outcomes: [{when: !A, returns: {}}]}}").find("quotes"),
      std::string::npos);
}

TEST_F(LoaderTest, ContractMistakes) {
  refused("", "needs 'outcomes'");
  refused("outcomes: []", "at least one");
  refused("outcomes: {}", "must be a list");
  refused("effect: none", "did you mean 'effects'");
  refused("effects: some", "'default' or 'none'");
  refused("effects: none\noutcomes: [{returns: {}}]", "contradicts");
  refused("effects: none\nmacro: yes", "'true' or 'false'");
  refused("effects: none\nheader: [a]", "must be a text");
  refused("effects: none\nignores: [C]", "no parameter 'C'");
  refused("effects: none\naccesses: A", "must be a list");
  refused("effects: none\npins: there", "must be a list");
  refused("effects: none\npins: [C]", "no parameter 'C'");
  EXPECT_EQ(add("ddis:\n  F: {params: [A, A], effects: none}"),
            "2: there are two parameters 'A'");
  EXPECT_EQ(add("ddis:\n  F: {params: [a b], effects: none}"),
            "2: 'a b' is no name for a parameter");
  EXPECT_EQ(add("ddis:\n  F: text"), "2: 'F' must be a mapping ('key: value')");
}

TEST_F(LoaderTest, IrqlMistakes) {
  refused("irql: {}\neffects: none", "'max' or 'min'");
  refused("irql: {max: 40}\neffects: none", "between 0 and 31");
  refused("irql: HIGH\neffects: none", "neither a parameter nor a constant");
  refused("irql: {min: 2, max: 1}\neffects: none", "above 'max'");
  refused("irql: {max: 1, when: A}\neffects: none", "no condition");
  refused("irql: {max: 1, if: A}\neffects: none", "unknown key 'if'");
  RuleSet bare;
  llvm::Error error = bare.addYaml("ddis: {F: {irql: 2, effects: none}}", "x",
                                   Contract::Origin::User);
  EXPECT_NE(llvm::toString(std::move(error)).find("needs a rule with"),
            std::string::npos);
}

TEST_F(LoaderTest, RequirementMistakes) {
  refused("requires: {}\neffects: none", "must be a list");
  refused("requires: [{}]\neffects: none", "needs a facet");
  refused("requires: [{A.life: alive}]\neffects: none", "needs 'else'");
  refused("requires: [{A.life: alive, A.lock: open, else: "
          "double-free}]\neffects: none",
          "about one facet");
  refused("requires: [{A.live: alive, else: double-free}]\neffects: none",
          "did you mean 'life'");
  refused("requires: [{A.life: alife, else: double-free}]\neffects: none",
          "did you mean 'alive'");
  refused("requires: [{A.life: alive, else: double-fre}]\neffects: none",
          "did you mean 'double-free'");
  refused(
      "requires: [{A.life: alive, else: {ded: double-free}}]\neffects: none",
      "did you mean 'dead'");
  refused(
      "requires: [{A.life: alive, else: {alive: double-free}}]\neffects: none",
      "both allowed and a violation");
  refused("requires: [{C.life: alive, else: double-free}]\neffects: none",
          "'C' is neither");
  refused("requires: [{result.life: alive, else: double-free}]\neffects: none",
          "not known before the call");
  refused("requires: [{irql: alive, else: double-free}]\neffects: none",
          "no facet of an object");
}

TEST_F(LoaderTest, OutcomeMistakes) {
  refused("outcomes: [{}]", "needs 'returns', 'raises' or 'no-return'");
  refused("outcomes: [{returns: {}, raises: {}}]", "is one of");
  refused("outcomes: [{returns: {}, code: A}]", "with 'raises' only");
  refused("outcomes: [{returns: {}, if-uncaught: double-free}]",
          "with 'raises' only");
  refused("outcomes: [{returns: {result: new}, if-accessed: double-free}]",
          "'if-accessed' goes with 'result: null' only");
  refused("outcomes: [{raises: {}, if-uncaught: nothing}]",
          "no rule 'nothing'");
  refused("outcomes: [{return: {}}]", "did you mean 'returns'");
  refused("outcomes: [{returns: [A]}]", "must be a mapping");
  refused("outcomes: [{returns: {A: 1}}]", "nothing can be assigned");
  refused("outcomes: [{returns: {A.life: [alive]}}]", "must be a text");
  refused("outcomes: [{returns: {A.life: gone}}]", "has no state 'gone'");
  refused("outcomes: [{returns: {A.life: B.lock}}]", "no state 'open' to copy");
  refused("outcomes: [{returns: {irql: new}}]", "no object");
  refused("outcomes: [{returns: {irql: [1]}}]", "needs a value");
  refused("outcomes: [{returns: {result: B ==}}]", "more is expected");
  refused("outcomes: [{raises: {result: 1}}]", "not known before");
  refused("outcomes: [{when: \"result != 0\", returns: {}}]",
          "not known before");
  refused("outcomes: [{returns: {}, escapes: A}]", "must be a list");
  refused("outcomes: [{returns: {}, copy: {to: A, size: 1}}]", "'copy' needs");
  refused("outcomes: [{returns: {}, fill: {to: A}}]", "'fill' needs");
  refused("outcomes: [{returns: {}, fill: {to: A, from: B, size: 1}}]",
          "unknown key 'from'");
  refused("outcomes: [{returns: {}, note: [a]}]", "must be a text");
  refused("outcomes: [{raises: {}, certain: true}]",
          "'certain' needs a 'when'");
  refused("outcomes: [{raises: {}, when: A == 1, certain: 1}]",
          "'true' or 'false'");
}

TEST_F(LoaderTest, RuleMistakes) {
  EXPECT_EQ(add("rules: {r: {title: t}}"),
            "1: rule 'r' needs 'title' and 'message'");
  EXPECT_NE(add("rules: {r: {title: t, message: \"{objekt}\"}}")
                .find("did you mean 'object'"),
            std::string::npos);
  EXPECT_NE(add("rules: {r: {title: t, message: \"{object\"}}")
                .find("'}' is missing"),
            std::string::npos);
  EXPECT_NE(add("rules: {r: {title: t, message: m, severity: bad}}")
                .find("'severity' must be"),
            std::string::npos);
  EXPECT_NE(add("rules: {r: {title: t, message: m, breaks: irql}}")
                .find("'breaks' must be"),
            std::string::npos);
  EXPECT_NE(add("rules: {r: {title: t, message: m, breaks: irql-max}}")
                .find("already a rule for 'irql-max'"),
            std::string::npos);
  EXPECT_NE(add("rules: {r: {title: t, message: m, enabled: 1}}")
                .find("'true' or 'false'"),
            std::string::npos);
  EXPECT_NE(add("rules: {double-free: {title: t, message: m}}").find("already"),
            std::string::npos);
  EXPECT_NE(add("rules: {r: {title: t, message: m, aliases: [double-free]}}")
                .find("already"),
            std::string::npos);
  EXPECT_NE(
      add("rules: {r: {title: t, message: m, aliases: x}}").find("a list"),
      std::string::npos);
  EXPECT_NE(add("rules: {r: {title: t, message: m, code-analysis: [C28121]}}")
                .find("is written 28121"),
            std::string::npos);
}

TEST_F(LoaderTest, WhatOtherToolsCallARule) {
  ASSERT_EQ(add("rules: {r: {title: t, message: m, code-analysis: [28120, "
                "28122], sdv: [IrqlReturn], codeql: [cpp/drivers/x]}}"),
            "");
  const Rule &rule = rules.rule(rules.ruleNamed("r"));
  EXPECT_EQ(rule.codeAnalysis, (std::vector<unsigned>{28120, 28122}));
  EXPECT_EQ(rule.sdv, std::vector<std::string>{"IrqlReturn"});
  EXPECT_EQ(rule.codeql, std::vector<std::string>{"cpp/drivers/x"});
}

TEST_F(LoaderTest, AutomatonMistakes) {
  auto mistake = [&](const std::string &body) {
    return add("automata: {a: {" + body + "}}");
  };
  const std::string facets = "facets: {f: {s: ~, t: ~}}";
  EXPECT_NE(mistake("noun: x").find("needs 'facets'"), std::string::npos);
  EXPECT_NE(mistake("facets: {f: {}}").find("states"), std::string::npos);
  EXPECT_NE(mistake("facets: {f: [s]}").find("mapping"), std::string::npos);
  EXPECT_NE(mistake("facets: {f: {unknown: ~}}").find("no state"),
            std::string::npos);
  EXPECT_NE(mistake(facets + ", leak: []").find("did you mean 'leaks'"),
            std::string::npos);
  EXPECT_NE(mistake(facets + ", leaks: [{f: s}]").find("'rule' is missing"),
            std::string::npos);
  EXPECT_NE(mistake(facets + ", leaks: [{g: s, rule: double-free}]")
                .find("no facet 'g'"),
            std::string::npos);
  EXPECT_NE(mistake(facets + ", leaks: [{f: u, rule: double-free}]")
                .find("no state 'u'"),
            std::string::npos);
  EXPECT_NE(
      mistake(facets + ", leaks: [{rule: double-free}]").find("missing here"),
      std::string::npos);
  EXPECT_NE(mistake(facets + ", views: [{f: s, field: \"a::b\"}]")
                .find("'mask' is missing"),
            std::string::npos);
  EXPECT_NE(mistake(facets + ", views: [{f: s, field: \"a::b\", mask: 0}]")
                .find("other than 0"),
            std::string::npos);
  EXPECT_NE(
      mistake(facets + ", sources: [{f: s, field: b}]").find("record::field"),
      std::string::npos);
  EXPECT_NE(mistake(facets + ", sources: [{f: s}]").find("'field' is missing"),
            std::string::npos);
  EXPECT_NE(
      add("automata: {thing: {" + facets + "}}").find("already an automaton"),
      std::string::npos);
  EXPECT_EQ(rules.automata.size(), 1u);
  EXPECT_EQ(rules.facets.size(), 2u);
}

TEST_F(LoaderTest, ConstantMistakes) {
  EXPECT_EQ(add("constants: {UserMode: 1}"), "");
  EXPECT_EQ(add("constants: {UserMode: 2}"),
            "1: constant 'UserMode' is already 1");
  EXPECT_NE(add("constants: {X: irql}").find("must be a number"),
            std::string::npos);
  EXPECT_NE(add("constants: {Y: 7, X: Z}").find("neither"), std::string::npos);
  EXPECT_EQ(rules.constants.count("Y"), 0u);
  EXPECT_EQ(add("constants: {Y: 7, Z: Y | 8}"), "");
  EXPECT_EQ(rules.constants.at("Z"), 15);
}

TEST_F(LoaderTest, Files) {
  llvm::Error error = rules.addFile("no/such/file.yaml");
  const std::string message = llvm::toString(std::move(error));
  EXPECT_EQ(message.find("no/such/file.yaml: cannot be read"), 0u) << message;
}

TEST_F(LoaderTest, Locks) {
  const Contract &c =
      accepted("outcomes:\n"
               "  - returns: {}\n"
               "    acquires: {lock: A, handle: B, shared: true, try: true}\n"
               "  - returns: {}\n"
               "    releases: {handle: B}\n");
  ASSERT_EQ(c.outcomes.size(), 2u);
  ASSERT_EQ(c.outcomes[0].locks.size(), 1u);
  const LockEffect &taken = c.outcomes[0].locks[0];
  EXPECT_TRUE(taken.acquires && taken.shared && taken.tries);
  EXPECT_EQ(taken.lock->index, 0u);
  EXPECT_EQ(taken.handle->index, 1u);
  ASSERT_EQ(c.outcomes[1].locks.size(), 1u);
  EXPECT_FALSE(c.outcomes[1].locks[0].acquires);
  EXPECT_EQ(c.outcomes[1].locks[0].lock, nullptr);
}

TEST_F(LoaderTest, LocksThatAreNone) {
  refused("outcomes: [{returns: {}, acquires: {handle: B}}]",
          "'acquires' needs a 'lock'");
  refused("outcomes: [{returns: {}, releases: {shared: true}}]",
          "'releases' needs a 'lock'");
  refused("outcomes: [{returns: {}, releases: {lock: A, try: true}}]",
          "'try' goes with 'acquires' only");
  refused("outcomes: [{returns: {}, acquires: {lock: A, handel: B}}]",
          "did you mean 'handle'");
}

TEST_F(LoaderTest, RequirementsOnValues) {
  const Contract &c =
      accepted("effects: none\n"
               "irql: {max: APC_LEVEL, else: too-low-a-limit}\n"
               "requires:\n"
               "  - {that: A >= irql, level: A, else: double-free}\n"
               "  - {saved: B, else: double-free}\n");
  ASSERT_EQ(c.irql.size(), 1u);
  EXPECT_EQ(rules.rule(c.irql[0].tooHigh).id, "too-low-a-limit");
  ASSERT_EQ(c.values.size(), 2u);
  EXPECT_EQ(c.values[0].that->kind, Expr::Kind::Ge);
  EXPECT_EQ(c.values[1].that, nullptr);
  EXPECT_EQ(c.values[1].level->index, 1u);
}

TEST_F(LoaderTest, RequirementsOnValuesThatAreNone) {
  refused("effects: none\nrequires: [{that: A, else: double-free}]",
          "this is no condition");
  refused("effects: none\nrequires: [{that: A == 1}]", "needs 'else'");
  refused("effects: none\nrequires: [{that: A == 1, saved: A, else: "
          "double-free}]",
          "not both");
}

TEST_F(LoaderTest, WhatARoleHasToReturnWith) {
  EXPECT_EQ(add("constants: {SOME_LOCK: 0x7fff0001}\n"
                "roles:\n"
                "  R:\n"
                "    params: [P]\n"
                "    irql: DISPATCH_LEVEL\n"
                "    acquires: SOME_LOCK\n"
                "    exit: {irql: \"*(UCHAR)P\", else: double-free}\n"
                "  S: {irql: DISPATCH_LEVEL, balanced: false}\n"),
            "");
  const Role &r = *rules.roleNamed("R");
  EXPECT_TRUE(r.isBalanced);
  ASSERT_EQ(r.entry.locks.size(), 1u);
  EXPECT_EQ(r.entry.locks[0].name, "some lock");
  EXPECT_EQ(rules.rule(r.exitRule).id, "double-free");
  EXPECT_FALSE(rules.roleNamed("S")->isBalanced);
  EXPECT_NE(add("roles: {T: {irql: 1, exit: {irql: 1}}}").find("'exit' needs"),
            std::string::npos);
}

TEST_F(LoaderTest, LimitsOfMemory) {
  EXPECT_EQ(add("automata:\n"
                "  memory:\n"
                "    facets: {kind: {paged: ~}}\n"
                "    limits: [{kind: paged, max: APC_LEVEL, rule: "
                "double-free}]\n"),
            "");
  const Automaton &made = rules.automata.back();
  ASSERT_EQ(made.limits.size(), 1u);
  EXPECT_EQ(made.limits[0].max, 1);
  EXPECT_NE(add("automata: {m: {facets: {k: {p: ~}}, limits: [{k: p}]}}")
                .find("'max' and 'rule'"),
            std::string::npos);
}

TEST_F(LoaderTest, WhereLevelsAreKept) {
  EXPECT_EQ(add("saved-levels: {SomeLock: _HANDLE::Old}"), "");
  EXPECT_EQ(rules.savedLevels.at("SomeLock"), "_HANDLE::Old");
  EXPECT_NE(add("saved-levels: {SomeLock: _OTHER::Old}").find("said already"),
            std::string::npos);
  EXPECT_NE(add("saved-levels: {New: Old}").find("is no field"),
            std::string::npos);
  // What is refused leaves nothing behind.
  EXPECT_NE(add("saved-levels: {New: _H::Old}\nddis: {F: 3}"), "");
  EXPECT_FALSE(rules.savedLevels.contains("New"));
}

TEST_F(LoaderTest, WhatARoleIsGiven) {
  EXPECT_EQ(add("roles: {R: {params: [A, B], non-null: [B], irql: 0}}"), "");
  EXPECT_EQ(rules.roleNamed("R")->nonNull, std::vector<uint32_t>{1});
  EXPECT_NE(add("roles: {S: {params: [A], non-null: [B], irql: 0}}")
                .find("there is no parameter 'B'"),
            std::string::npos);
}

} // namespace
