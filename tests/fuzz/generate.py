# Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes random driver functions out of what drivers do with MDLs."""

from __future__ import annotations

import random
from typing import Optional

from build import (CORRELATION, ERRORS, FALSE, HELPERS, IRQL, LOOPS, NULL, RAISED, TRUE,
                   assign, ddi, num, status, var)
from helpers import Helpers
from idioms import Idioms
from program import Case, Func, N, nodes


class Generator(Idioms, Helpers):
    """Makes one case."""

    def __init__(self, rng: random.Random, level: int) -> None:
        self.r = rng
        self.level = level

    def chance(self, p: float) -> bool:
        return self.r.random() < p

    def case(self, name: str) -> Case:
        r = self.r
        self.helpers: dict[str, Func] = {}
        self.params = [("PVOID", "Buffer"), ("ULONG", "Length")]
        self.mdls: list[N] = []
        self.live: set[int] = set()
        self.flags: dict[int, N] = {}
        self.conds: list[N] = []
        self.decls: list[N] = []
        self.trys: list[str] = []
        self.handler = 0
        self.loops = 0
        self.irql = False
        self.lock_held = False
        self.ctx = False
        self.value = r.random() < 0.9
        self.cleanup: Optional[str] = None
        self.retry: Optional[str] = None
        self.decls.append(N("decl", "NTSTATUS", "status", status("STATUS_SUCCESS")))

        self.plan_places()
        style = r.choice(["goto", "nested", "finally", "except", "flat", "goto"])
        if style == "goto":
            self.cleanup = "Cleanup"
        body: list[N] = []
        if style == "finally":
            self.trys.append("finally")
            inner = self.stmts(r.randint(3, 7), 0)
            self.trys.pop()
            fin = self.tidy()
            if self.chance(0.3):
                fin = [N("if", self.abterm(), self.tidy(), self.tidy() if self.chance(0.3) else None)] \
                    + (fin if self.chance(0.5) else [])
            body = [N("finally", inner, fin)]
            if self.chance(0.3):
                body = [N("except", body, self.filter(), self.catch())]
        elif style == "except":
            self.trys.append("except")
            inner = self.stmts(r.randint(3, 7), 0)
            self.trys.pop()
            body = [N("except", inner, self.filter(), self.catch())]
            body += self.tidy()
        else:
            body = self.stmts(r.randint(3, 8), 0)
            if style == "goto":
                body.append(N("label", "Cleanup"))
            body += self.tidy()
        if self.retry:
            body.insert(0, N("label", self.retry))
        if self.value:
            body.append(N("return", var("status")))
        entry = Func(name, "NTSTATUS" if self.value else "VOID", self.params, self.decls + body)
        case = Case(entry, list(self.helpers.values()))
        for _ in range(r.choice([0, 0, 1, 1, 2])):
            self.mutate(case)
        self.repair(case)
        return case

    # Where MDLs are kept, and what can be tested.

    def plan_places(self) -> None:
        r = self.r
        n = r.choice([1, 1, 1, 2, 2, 3])
        kinds = ["var"] * 6
        if self.level >= CORRELATION:
            kinds += ["dot", "arrow", "param"]
        if self.level >= LOOPS:
            kinds += ["index"]
        kind = r.choice(kinds)
        struct = False
        for i in range(n):
            if kind == "dot":
                if not struct:
                    self.decls.append(N("decl", "CTX", "ctx", "{0}"))
                    struct = True
                if i < 2:
                    self.mdls.append(N("dot", "ctx", ["First", "Second"][i]))
                    continue
            if kind == "index":
                if not struct:
                    self.decls.append(N("decl", "PMDL", "mdls", "{NULL}", n))
                    struct = True
                self.mdls.append(N("index", "mdls", num(i)))
                continue
            if kind == "arrow" and i < 2:
                self.need_ctx()
                self.mdls.append(N("arrow", "Ctx", ["First", "Second"][i]))
                continue
            if kind == "param" and i == n - 1:
                self.params.append(("PMDL", "Mdl"))
                self.mdls.append(var("Mdl"))
                self.live.add(i)
                continue
            name = ["mdl", "mdl2", "mdl3"][i]
            self.decls.append(N("decl", "PMDL", name, NULL()))
            self.mdls.append(var(name))
        for i in range(len(self.mdls)):
            if self.chance(0.7):
                if self.level >= CORRELATION and self.chance(0.25):
                    if not any(d.a[1] == "state" for d in self.decls):
                        self.decls.append(N("decl", "ULONG", "state", num(0)))
                    self.flags[i] = N("bin", "&", var("state"), num(1 << i))
                elif struct and kind == "dot" and i == 0:
                    self.flags[i] = N("dot", "ctx", "Locked")
                else:
                    self.decls.append(N("decl", "BOOLEAN", f"locked{i}", FALSE()))
                    self.flags[i] = var(f"locked{i}")
        if self.chance(0.6):
            self.params.append(("BOOLEAN", "Flag"))
            self.conds.append(var("Flag"))
        if self.chance(0.4):
            self.params.append(("ULONG", "Mode"))
            self.conds.append(N("bin", "==", var("Mode"), num(r.randint(0, 2))))
        if self.level >= CORRELATION:
            if self.chance(0.3):
                self.params.append(("ULONG", "Options"))
                self.conds += [N("bin", "&", var("Options"), num(b)) for b in (1, 2)]
            if self.chance(0.3):
                self.conds.append(N("bin", ">", var("Length"), N("int", 0x10000, "0x10000")))
            if self.chance(0.15):
                self.need_ctx()
                self.conds.append(N("bin", "==", N("arrow", "Ctx", "State"), num(r.randint(0, 2))))
        if self.chance(0.5):
            self.decls.append(N("decl", "PVOID", "va", NULL()))
        if self.level >= IRQL and self.chance(0.7):
            self.need_ctx()
            self.irql = True
            self.decls.append(N("decl", "KIRQL", "irql", N("int", 0, "0")))
        if self.level >= LOOPS and self.chance(0.6):
            self.decls.append(N("decl", "ULONG", "i", num(0)))
            if self.chance(0.6):
                self.params.append(("ULONG", "Count"))

    def need_ctx(self) -> None:
        if not self.ctx:
            self.ctx = True
            self.params.append(("PCTX", "Ctx"))

    def has(self, name: str) -> bool:
        return any(p[1] == name for p in self.params) or any(d.a[1] == name for d in self.decls)

    def mdl(self) -> tuple[int, N]:
        i = self.r.randrange(len(self.mdls))
        if i not in self.live and self.live and self.chance(0.9):
            i = self.r.choice(sorted(self.live))
        return i, self.mdls[i].copy()

    # Expressions.

    def cond(self, depth: int = 0) -> N:
        r = self.r
        if depth < 2 and self.chance(0.18):
            k = r.choice(["and", "or", "not"])
            if k == "not":
                return N("not", self.cond(depth + 1))
            return N(k, self.cond(depth + 1), self.cond(depth + 1))
        x = r.random()
        if x < 0.35 and self.conds:
            c = r.choice(self.conds).copy()
            return N("not", c) if self.chance(0.25) else c
        if x < 0.5:
            return N("success", var("status")) if self.chance(0.5) else \
                N("not", N("success", var("status")))
        if x < 0.6 and self.flags:
            return r.choice(list(self.flags.values())).copy()
        if x < 0.68:
            _, m = self.mdl()
            return self.nonnull(m) if self.chance(0.6) else N("bin", "==", m, NULL())
        if x < 0.74:
            _, m = self.mdl()
            return N("and", self.nonnull(m.copy()), N("flag", m))
        if x < 0.8 and self.level >= CORRELATION:
            return N("bin", "==", var("status"), status(r.choice(RAISED + ["STATUS_SUCCESS"])))
        if x < 0.84:
            return N("success", self.ext_status())
        if x < 0.87 and self.level >= CORRELATION:
            return N("success", N("assign", var("status"), self.ext_status()))
        return N("call", "ExtBool", [num(r.randint(0, 9))])

    def nonnull(self, m: N) -> N:
        return m if self.chance(0.4) else N("bin", "!=", m, NULL())

    def ext_status(self) -> N:
        return N("call", "ExtStatus", [num(self.r.randint(0, 9))])

    def abterm(self) -> N:
        n = N("abterm")
        return N("not", n) if self.chance(0.3) else n

    def filter(self) -> N:
        r = self.r
        x = r.random()
        execute = lambda: N("int", 1, "EXCEPTION_EXECUTE_HANDLER")
        search = lambda: N("int", 0, "EXCEPTION_CONTINUE_SEARCH")
        if x < 0.62:
            return execute()
        if x < 0.65:
            return search()
        if x < 0.67:
            return N("int", -1, "EXCEPTION_CONTINUE_EXECUTION")
        code = N("bin", r.choice(["==", "==", "!="]), N("code"), status(r.choice(RAISED)))
        if x < 0.75:
            return code
        if x < 0.82:
            return N("tern", code, execute(), search())
        if x < 0.86:
            return N("comma", N("assign", var("status"), N("code")), execute())
        if x < 0.9 and self.flags:
            return N("tern", r.choice(list(self.flags.values())).copy(), execute(), search())
        if x < 0.93:
            return N("call", "ExtFilter", [N("code")])
        if x < 0.96 and self.level >= HELPERS:
            return self.filter_helper()
        if self.conds:
            return N("tern", r.choice(self.conds).copy(), execute(), search())
        return execute()

    # Statements.

    def stmts(self, n: int, depth: int) -> list[N]:
        out: list[N] = []
        for _ in range(n):
            out += self.some(depth)
        return out

    def leave_way(self, depth: int) -> list[N]:
        """Statements that get out of here because of an error."""
        r = self.r
        out: list[N] = []
        ways = []
        if self.cleanup:
            ways += ["goto"] * 5
        if self.trys:
            ways += ["leave"] * 3
        if self.loops:
            ways += ["break"] * 2 + ["continue"]
        ways += ["return"] * 2
        way = r.choice(ways)
        if way == "return" and self.chance(0.4):
            out += self.tidy_some()
        if way != "return" and self.chance(0.7):
            out.append(assign(var("status"), status(r.choice(ERRORS))))
        if way == "goto":
            out.append(N("goto", self.cleanup))
        elif way == "return":
            out.append(self.ret())
        else:
            out.append(N(way))
        return out

    def ret(self) -> N:
        if not self.value:
            return N("return", None)
        if self.handler and self.chance(0.4):
            return N("return", N("code"))
        return N("return", var("status") if self.chance(0.4) else status(self.r.choice(ERRORS)))

    def set_flag(self, i: int, on: bool) -> list[N]:
        if i not in self.flags:
            return []
        f = self.flags[i]
        if f.k == "bin":
            bit = f.a[2].a[0]
            if on:
                return [assign(var("state"), num(bit), "|=")]
            return [assign(var("state"), N("int", ~bit, f"~{bit}u"), "&=")]
        return [assign(f.copy(), TRUE() if on else FALSE())]

    def probe(self, i: int, m: N) -> list[N]:
        mode = "KernelMode" if self.chance(0.15) else "UserMode"
        out = [ddi("probe", m, mode)]
        if self.chance(0.92):
            out += self.set_flag(i, True)
        return out

    def catch(self) -> list[N]:
        """The body of a handler."""
        r = self.r
        self.handler += 1
        out: list[N] = []
        if self.chance(0.7):
            out.append(assign(var("status"), N("code") if self.chance(0.7)
                              else status(r.choice(ERRORS))))
        x = r.random()
        if x < 0.2:
            out += self.tidy_some()
        elif x < 0.3:
            out += self.some(3)
        if self.chance(0.35):
            out += self.leave_way(3)
        self.handler -= 1
        return out

    def tidy_one(self, i: int) -> list[N]:
        m = self.mdls[i]
        out: list[N] = []
        unlock = [ddi("unlock", m.copy())]
        if self.chance(0.25):
            unlock += self.set_flag(i, False)
        if i in self.flags and self.chance(0.85):
            out.append(N("if", self.flags[i].copy(), unlock, None))
        elif self.chance(0.75):
            out.append(N("if", N("and", self.nonnull(m.copy()), N("flag", m.copy())), unlock, None))
        elif self.chance(0.5):
            out.append(N("if", N("success", var("status")), unlock, None))
        else:
            out += unlock
        free = [ddi("free", m.copy())]
        if self.chance(0.3):
            free.append(assign(m.copy(), NULL()))
        if self.chance(0.85):
            out.append(N("if", self.nonnull(m.copy()), free, None))
        else:
            out += free
        if self.level >= HELPERS and self.chance(0.1):
            return [N("expr", N("call", self.helper("release"), [m.copy(), self.flag_value(i)]))]
        return out

    def flag_value(self, i: int) -> N:
        f = self.flags.get(i)
        if f is None:
            return TRUE() if self.chance(0.5) else FALSE()
        return N("bin", "!=", f.copy(), num(0)) if f.k == "bin" else f.copy()

    def tidy(self) -> list[N]:
        out: list[N] = []
        for i in range(len(self.mdls)):
            if self.chance(0.95):
                out += self.tidy_one(i)
        return out

    def tidy_some(self) -> list[N]:
        i, m = self.mdl()
        if self.chance(0.5):
            return [ddi("free", m)]
        return self.tidy_one(i)

    def some(self, depth: int) -> list[N]:
        """One thing that drivers do."""
        r = self.r
        i, m = self.mdl()
        x = r.random()
        if i not in self.live and self.chance(0.95):
            x = 0.0
        elif x < 0.2 and self.chance(0.7):
            i = r.randrange(len(self.mdls))
            m = self.mdls[i].copy()
            x = 0.0 if i not in self.live or self.chance(0.2) else r.uniform(0.2, 1.0)
        if x < 0.2:
            self.live.add(i)
            src = N("ddi", "alloc", "Buffer", "Length")
            if self.level >= HELPERS and self.chance(0.2):
                h = self.helper(r.choice(["alloc", "make"]))
                if "make" in h:
                    out = [assign(var("status"), N("call", h, [var("Buffer"), var("Length"),
                                                              N("addr", m.copy())]))]
                    if self.chance(0.8):
                        out.append(N("if", N("not", N("success", var("status"))),
                                     self.leave_way(depth), None))
                    return out
                src = N("call", h, [var("Buffer"), var("Length")])
            out = [assign(m.copy(), src)]
            if self.chance(0.15):
                return [N("if", N("bin", "==", N("assign", m.copy(), src), NULL()),
                          self.leave_way(depth), None)]
            if self.chance(0.95):
                out.append(N("if", N("bin", "==", m.copy(), NULL()) if self.chance(0.6)
                             else N("not", m.copy()), self.leave_way(depth), None))
            return out
        if x < 0.4:
            if self.trys and self.chance(0.3):
                return self.probe(i, m)
            if self.level >= HELPERS and self.chance(0.3):
                h = self.helper("lock")
                out = [assign(var("status"), N("call", h, [m.copy()]))]
                if i in self.flags and self.chance(0.7):
                    out.append(N("if", N("success", var("status")), self.set_flag(i, True),
                                 self.leave_way(depth) if self.chance(0.5) else None))
                else:
                    out.append(N("if", N("not", N("success", var("status"))),
                                 self.leave_way(depth), None))
                return out
            if self.chance(0.03):
                return self.probe(i, m)
            self.trys.append("except")
            inner: list[N] = []
            if self.chance(0.15):
                inner += self.some(depth + 1)
            inner += self.probe(i, m)
            if self.chance(0.25):
                inner += self.some(depth + 1)
            self.trys.pop()
            out = [N("except", inner, self.filter(), self.catch())]
            if self.chance(0.35):
                out.append(N("if", N("not", N("success", var("status"))),
                             self.leave_way(depth), None))
            if self.chance(0.12):
                self.trys.append("finally")
                out = [N("finally", out + (self.some(depth + 1) if self.chance(0.5) else []),
                         self.fin(depth))]
                self.trys.pop()
            return out
        if x < 0.44:
            return self.tidy_one(i)
        if x < 0.5:
            un = [ddi("unlock", m.copy())] + (self.set_flag(i, False) if self.chance(0.8) else [])
            if i in self.flags and self.chance(0.7):
                return [N("if", self.flags[i].copy(), un, None)]
            return un
        if x < 0.56:
            if self.has("va"):
                out = [assign(var("va"), N("ddi", "map", m))]
                if self.chance(0.6):
                    out.append(N("if", N("bin", "==", var("va"), NULL()),
                                 self.leave_way(depth), None))
                return out
            return [ddi("map", m)]
        if x < 0.6:
            out = [assign(var("status"), self.ext_status())]
            if self.chance(0.7):
                out.append(N("if", N("not", N("success", var("status"))),
                             self.leave_way(depth), None))
            return out
        if depth < 3 and x < 0.68:
            then = self.stmts(r.randint(1, 2), depth + 1)
            other = self.stmts(1, depth + 1) if self.chance(0.3) else None
            return [N("if", self.cond(), then, other)]
        if x < 0.73:
            return [N("if", self.cond(), self.leave_way(depth), None)]
        if depth < 3 and x < 0.78:
            self.trys.append("except")
            inner = self.stmts(r.randint(1, 3), depth + 1)
            self.trys.pop()
            return [N("except", inner, self.filter(), self.catch())]
        if depth < 3 and x < 0.83:
            self.trys.append("finally")
            inner = self.stmts(r.randint(1, 3), depth + 1)
            self.trys.pop()
            return [N("finally", inner, self.fin(depth))]
        if x < 0.85 and (self.trys or self.chance(0.2)):
            return [N("if", self.cond(), [ddi("raise", status(r.choice(RAISED)))], None)]
        if x < 0.87 and self.trys:
            return [ddi("mapuser", m)]
        if self.level >= CORRELATION and x < 0.9:
            return self.correlated(depth, i, m)
        if self.level >= HELPERS and x < 0.92:
            return self.helped(depth, i, m)
        if self.level >= LOOPS and depth < 2 and x < 0.96:
            return self.loop(depth)
        if self.level >= IRQL and self.irql:
            return self.irql_thing(depth)
        return [N("expr", N("call", "ExtTouch", [num(r.randint(0, 9))]))]

    def fin(self, depth: int) -> list[N]:
        """The body of a finally part."""
        r = self.r
        trys, self.trys = self.trys, []
        loops, self.loops = self.loops, 0
        x = r.random()
        if x < 0.3:
            out = [N("if", self.abterm(), self.tidy_some(), None)]
        elif x < 0.6:
            out = self.tidy_some()
        elif x < 0.8:
            i, m = self.mdl()
            unlock = [ddi("unlock", m)] + self.set_flag(i, False)
            out = [N("if", self.flags[i].copy() if i in self.flags else self.abterm(), unlock, None)]
        elif x < 0.9:
            out = [N("if", N("and", self.abterm(), self.cond()), self.some(3), None)]
        else:
            out = self.some(3)
        if self.chance(0.06):
            out.append(N("if", self.cond(), [N("goto", self.cleanup) if self.cleanup and
                                             self.chance(0.5) else self.ret()], None))
        self.trys = trys
        self.loops = loops
        return out

    # Mistakes, and what would not compile.

    def mutate(self, case: Case) -> None:
        r = self.r
        f = r.choice(case.functions())
        blocks = [b for n in nodes(f.body) for b in n.a
                  if isinstance(b, list) and n.k not in ("call", "switch")] + [f.body]
        blocks = [b for b in blocks if b and all(isinstance(s, N) for s in b)]
        if not blocks:
            return
        b = r.choice(blocks)
        i = r.randrange(len(b))
        if b[i].k in ("decl", "label", "case"):
            return
        x = r.random()
        if x < 0.5:
            if b[i].k == "return" and b is f.body:
                return
            del b[i]
        elif x < 0.65:
            b.insert(i, b[i].copy())
        elif x < 0.8 and i + 1 < len(b) and b[i + 1].k not in ("decl", "label"):
            b[i], b[i + 1] = b[i + 1], b[i]
        elif b[i].k == "if":
            b[i].a[0] = N("not", b[i].a[0])

    def repair(self, case: Case) -> None:
        """Takes out what a compiler would refuse, and unused labels."""
        for f in case.functions():
            gotos = {n.a[0] for n in nodes(f.body) if n.k == "goto"}
            f.body = [s for s in f.body if s.k != "label" or s.a[0] in gotos]
            fix(f.body, False, False, False, False)
        called = {n.a[0] for n in nodes(case.entry.body) if n.k == "call"}
        case.helpers = [h for h in case.helpers if h.name in called]


def fix(block: list[N], loop: bool, switch: bool, guarded: bool, fin: bool) -> None:
    """Replaces jumps that have no target, and __leave out of a handler's own body."""
    i = 0
    while i < len(block):
        s = block[i]
        if s.k == "leave" and not guarded or s.k == "break" and not (loop or switch) or \
                s.k == "continue" and not loop:
            block[i] = N("nop")
        elif s.k == "if":
            fix(s.a[1], loop, switch, guarded, fin)
            if s.a[2] is not None:
                fix(s.a[2], loop, switch, guarded, fin)
        elif s.k == "for":
            fix(s.a[3], True, False, guarded, fin)
        elif s.k == "while":
            fix(s.a[1], True, False, guarded, fin)
        elif s.k == "do":
            fix(s.a[0], True, False, guarded, fin)
        elif s.k == "switch":
            for c in s.a[1]:
                fix(c.a[1], loop, True, guarded, fin)
        elif s.k == "except":
            fix(s.a[0], loop, switch, True, fin)
            fix(s.a[2], loop, switch, guarded, fin)
        elif s.k == "finally":
            fix(s.a[0], loop, switch, True, fin)
            fix(s.a[1], loop, switch, False, True)
        elif s.k == "block":
            fix(s.a[0], loop, switch, guarded, fin)
        i += 1


def generate(seed: int, index: int, level: int) -> Case:
    """The `index`-th case of a seed. Names end with the index."""
    rng = random.Random(f"{seed}/{index}")
    case = Generator(rng, rng.randint(1, level)).case("Entry")
    return case
