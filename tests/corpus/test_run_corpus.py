"""run_corpus.py itself: what it reads from comments and what it makes of it."""

import unittest

from run_corpus import (Source, check_functions, compare, find_functions,
                        parse_annotations)

RULES = {"mdl-leak", "mdl-double-free"}


def annotations(text):
    problems = []
    found = parse_annotations("a.c", Source(text), RULES, problems)
    return [(a.kind, a.line, a.rule) for a in found], problems


class AnnotationTest(unittest.TestCase):
    def test_kinds_and_lists(self):
        self.assertEqual(annotations(
            'f(); // expect: mdl-leak, mdl-double-free\n'
            'g(); /* ok: mdl-leak (the IRP owns it) */\n'
            'h(); // todo-expect: mdl-leak; todo-ok: mdl-double-free\n'),
            ([("expect", 1, "mdl-leak"), ("expect", 1, "mdl-double-free"),
              ("ok", 2, "mdl-leak"), ("todo-expect", 3, "mdl-leak"),
              ("todo-ok", 3, "mdl-double-free")], []))

    def test_offsets(self):
        self.assertEqual(annotations(
            "// expect@+2: mdl-leak\n\n\n/* one\n * expect@-1: mdl-leak\n */\n"),
            ([("expect", 3, "mdl-leak"), ("expect", 4, "mdl-leak")], []))

    def test_modes(self):
        problems = []
        found = parse_annotations("a.c", Source(
            "// expect[program]: mdl-leak; ok[unit]@+1: mdl-leak; expect: mdl-leak\n"),
            RULES, problems)
        self.assertEqual([(a.kind, a.line, a.mode) for a in found],
                         [("expect", 1, "program"), ("ok", 2, "unit"), ("expect", 1, None)])
        self.assertEqual(problems, [])

    def test_only_in_comments(self):
        self.assertEqual(annotations('s = "// expect: mdl-leak"; c = \'"\'; // why'),
                         ([], []))

    def test_mistakes(self):
        for text in ("// expect: no-such-rule", "// expect:", "// expects: mdl-leak",
                     "// expect@1: mdl-leak", "// expect[files]: mdl-leak", "// todo-okay: mdl-leak",
                     "// expect: mdl-leak-"):
            with self.subTest(text=text):
                self.assertEqual(len(annotations(text)[1]), 1)


class CompareTest(unittest.TestCase):
    def check(self, text, *findings):
        problems = []
        parsed = parse_annotations("a.c", Source(text), RULES, problems)
        self.assertEqual(problems, [])
        found = [("a.c", line, rule, "message") for line, rule in findings]
        return compare(parsed, found)[0]

    def test_as_expected(self):
        self.assertEqual(self.check("// expect: mdl-leak\n", (1, "mdl-leak")), [])
        self.assertEqual(self.check("// ok: mdl-leak\n"), [])
        self.assertEqual(self.check("// todo-expect: mdl-leak\n"), [])
        self.assertEqual(self.check("// todo-ok: mdl-leak\n", (1, "mdl-leak")), [])
        self.assertEqual(self.check("// expect: mdl-leak, mdl-leak\n",
                                    (1, "mdl-leak"), (1, "mdl-leak")), [])

    def test_different(self):
        for text, findings, needle in [
                ("// expect: mdl-leak\n", [], "missing"),
                ("// expect: mdl-leak\n", [(2, "mdl-leak"), (1, "mdl-leak")], "unexpected"),
                ("// expect: mdl-leak\n", [(1, "mdl-leak")] * 2, "unexpected"),
                ("// expect: mdl-leak, mdl-leak\n", [(1, "mdl-leak")], "missing"),
                ("// ok: mdl-leak\n", [(1, "mdl-leak")], "false alarm"),
                ("// todo-expect: mdl-leak\n", [(1, "mdl-leak")], "make its 'todo-expect'"),
                ("// todo-ok: mdl-leak\n", [], "make its 'todo-ok'"),
                ("", [(1, "mdl-leak")], "unexpected"),
        ]:
            with self.subTest(text=text):
                problems = self.check(text, *findings)
                self.assertEqual(len(problems), 1)
                self.assertIn(needle, problems[0])


class FunctionsTest(unittest.TestCase):
    def test_found_with_their_lines(self):
        source = Source("""\
#define MACRO(x) do { x; } while (0)
typedef struct _EXT { PMDL Mdl; } EXT, *PEXT;
static const int kTable[] = { 1, 2 };
_Use_decl_annotations_
_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS
bad_one(_In_ PVOID p, _When_(x, _Out_) int *q) // {
{
    if (p) { f("}"); }
}
static __declspec(noinline) void helper_two(void) { }
extern "C" {
namespace n {
void good_three() { auto f = [] { return 1; }; }
}
}
class Guard { public: ~Guard() { g(); } };
Guard::~Guard() { }
struct S good_four(struct S *s) { }
template <typename T> void helper_five(T t) { }
""")
        self.assertEqual(find_functions(source), [
            ("bad_one", 4, 10), ("helper_two", 11, 11), ("good_three", 14, 14),
            ("Guard::~Guard", 18, 18), ("good_four", 19, 19), ("helper_five", 20, 20)])

    def test_names_and_expectations(self):
        def problems_of(text):
            problems = []
            source = Source(text + "void good_x(void) { }\n" * 12)
            parsed = parse_annotations("a.c", source, RULES, problems)
            check_functions("mdl-leak", {"a.c": source}, parsed, problems)
            return problems
        self.assertEqual(problems_of("void bad_a(void)\n{ // expect: mdl-leak\n}\n"), [])
        self.assertEqual(len(problems_of("void bad_a(void) { }\n")), 1)
        self.assertEqual(len(problems_of("void good_a(void)\n{ // expect: mdl-leak\n}\n")), 1)
        self.assertEqual(len(problems_of("void other(void) { }\n")), 1)
        self.assertEqual(problems_of("void helper_h(void)\n{ // expect: mdl-leak\n}\n"
                                     "void bad_a(void) { helper_h(); }\n"), [])
        problems = []
        check_functions("mdl-leak", {"a.c": Source("")}, [], problems)
        self.assertEqual(len(problems), 1)


if __name__ == "__main__":
    unittest.main()
