# Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a generated program on every path there is.

What is not decided by the program (parameters, results of functions elsewhere,
whether an allocation fails, whether a call raises) is a choice; all choices are
tried, one run a combination. A run keeps the states of all MDLs and notes what
it does wrong, by the conventions of the test corpus:

- a leak is at the `return`, closing brace, assignment or raising call at which
  the last reference is lost;
- behind a violation nothing more is said about that object on this path;
- a probe that raises is unprotected if no continuation of the same beginning
  reaches a handler; then the path ends.

A run that does what has no meaning (a null MDL given to a routine, a variable
read before it is written) is not held against anybody from there on: what it
finds is in `may`, which a tool may report or not.
"""

from __future__ import annotations

from typing import Any, Callable

from kernel import Kernel
from program import STATUS, Case, N, nodes
from values import (AV, LOCKED, MODE, TooMuch, PathEnd, Unwind, Lazy, Cell, Struct, Mdl,
                    Guard, Frame, Truth)


class Interpreter(Kernel):
    """Runs one case on all paths."""

    def __init__(self, case: Case, max_paths: int = 3000, max_steps: int = 600,
                 count: int = 3) -> None:
        self.funcs = {f.name: f for f in case.functions()}
        self.case = case
        self.max_paths = max_paths
        self.max_steps = max_steps
        self.count = count
        codes = {AV}
        status = {0, STATUS["STATUS_UNSUCCESSFUL"]}
        self.nonbool = False
        for f in case.functions():
            for n in nodes(f.body):
                if n.k == "int" and n.a[1].startswith("STATUS_"):
                    if n.a[0] < 0:
                        codes.add(n.a[0])
                    status.add(n.a[0])
                if n.k == "int" and n.a[1] == "TRUE":
                    self.nonbool = True
        compared = {n.a[2].a[0] for f in case.functions() for n in nodes(f.body)
                    if n.k == "bin" and n.a[0] in ("==", "!=") and n.a[2].k == "int"}
        compared |= {STATUS.get(c.a[0], 0) for f in case.functions() for n in nodes(f.body)
                     if n.k == "switch" for c in n.a[1] if c.a[0]}
        self.codes = sorted(c for c in codes if c in compared or c == AV)
        self.codes.append(STATUS["STATUS_IN_PAGE_ERROR"])
        self.codes = sorted(set(self.codes))
        self.status = sorted(s for s in status
                             if s in compared or s in (0, STATUS["STATUS_UNSUCCESSFUL"]))
        if 0 in compared:
            self.status.append(STATUS["STATUS_PENDING"])
        self.bools = [0, 1]
        self.groups: dict[Any, list[Any]] = {}

    # Choices: a run follows `script`, then takes the first of everything.

    def choose(self, n: int, what: str) -> int:
        i = len(self.taken)
        if i >= 60:
            raise PathEnd
        c = self.script[i] if i < len(self.script) else 0
        self.taken.append((c, n))
        self.notes.append(f"{what}={c}")
        return c

    def pick(self, name: str, domain: list[Any]) -> Any:
        c = 0 if len(domain) == 1 else self.choose(len(domain), name)
        v = domain[c]
        if len(domain) > 1:
            shown = v.name if isinstance(v, Mdl) else v
            self.notes[-1] = f"{name}={shown}"
        return v

    def val(self, v: Any) -> Any:
        if isinstance(v, Lazy):
            if "@" not in v.name:
                self.touched = True
            if v.v is v:
                v.v = self.pick(v.name, v.domain)
            return v.v
        return v

    def run(self) -> Truth:
        self.must: dict[tuple[str, int], list[str]] = {}
        self.may: set[tuple[str, int]] = set()
        self.script: list[int] = []
        paths = 0
        while True:
            paths += 1
            if paths > self.max_paths:
                raise TooMuch
            self.one()
            while self.taken and self.taken[-1][0] + 1 >= self.taken[-1][1]:
                self.taken.pop()
            if not self.taken:
                break
            self.script = [c for c, _ in self.taken]
            self.script[-1] += 1
        for (rule, line, _), (handled, vague, notes) in self.groups.items():
            if not handled:
                if vague:
                    self.may.add((rule, line))
                else:
                    self.must.setdefault((rule, line), notes)
        return Truth(self.must, self.may - set(self.must), paths)

    def one(self) -> None:
        self.taken: list[tuple[int, int]] = []
        self.notes: list[str] = []
        self.steps = 0
        self.vague = False
        self.frames: list[Frame] = []
        self.guards: list[Guard] = []
        self.codes_now: list[Any] = []
        self.objects: list[Mdl] = []
        self.flight: list[Any] = []
        self.irql: Any = None
        self.irql_reported = False
        self.touched = False
        self.globals = {"g_mdl": Cell(Lazy("g_mdl", [0, Mdl(False, "g_mdl")]), True)}
        self.outside: list[Any] = []
        args = []
        entry = self.case.entry
        for ctype, name in entry.params:
            args.append(self.parameter(ctype, name))
        try:
            v = self.invoke(entry, args, entry.last)
            v = v.v if isinstance(v, Lazy) else v
            self.flight.clear()
        except PathEnd:
            pass
        except Unwind:
            pass

    def parameter(self, ctype: str, name: str) -> Any:
        if ctype == "PMDL":
            return Lazy(name, [Mdl(False, name), 0])
        if ctype == "PCTX":
            fields = {"First": Cell(Lazy(name + "->First", [Mdl(False, "First"), 0]), True),
                      "Second": Cell(Lazy(name + "->Second", [Mdl(False, "Second"), 0]), True),
                      "State": Cell(Lazy(name + "->State", MODE), True),
                      "Locked": Cell(Lazy(name + "->Locked", self.bools), True)}
            return Struct(fields, True)
        if ctype == "PMDL *":
            return Cell(Lazy("*" + name, [Mdl(False, "*" + name), 0]), True)
        if ctype == "BOOLEAN":
            return Lazy(name, self.bools)
        if ctype == "PVOID" or ctype == "HANDLE":
            return Lazy(name, [1, 0])
        if name == "Length":
            return Lazy(name, [16, 0x20000])
        if name == "Count":
            return Lazy(name, list(range(self.count + 1)))
        return Lazy(name, MODE)

    # Expressions.

    def place(self, e: N, line: int) -> Cell:
        """Where an lvalue is."""
        k, a = e.k, e.a
        if k == "var":
            v = self.frames[-1].vars.get(a[0])
            return v if v is not None else self.globals[a[0]]
        if k == "arrow":
            s = self.val(self.place(N("var", a[0]), line).v)
            return s.f[a[1]]
        if k == "dot":
            return self.frames[-1].vars[a[0]].f[a[1]]
        if k == "index":
            i = self.val(self.ev(a[1], line))
            f = self.frames[-1].vars[a[0]].f
            if i not in f:
                raise PathEnd
            return f[i]
        if k == "deref":
            return self.val(self.place(N("var", a[0]), line).v)
        raise AssertionError(k)

    def ev(self, e: N, line: int) -> Any:
        k, a = e.k, e.a
        if k == "int":
            return a[0]
        if k in ("var", "arrow", "dot", "index", "deref"):
            v = self.frames[-1].vars.get(a[0]) if k == "var" else None
            if isinstance(v, Struct):
                return v
            c = self.place(e, line)
            if c.v is None:
                self.vague = True
                return 0
            return c.v
        if k == "addr":
            if a[0].k == "var":
                return self.frames[-1].vars[a[0].a[0]]
            return self.place(a[0], line)
        if k == "not":
            return int(not self.val(self.ev(a[0], line)))
        if k == "bin":
            x = self.val(self.ev(a[1], line))
            y = self.val(self.ev(a[2], line))
            op = a[0]
            if op == "==":
                return int(x is y or x == y)
            if op == "!=":
                return int(not (x is y or x == y))
            return {"<": lambda: int(x < y), "<=": lambda: int(x <= y),
                    ">": lambda: int(x > y), ">=": lambda: int(x >= y),
                    "&": lambda: x & y, "|": lambda: x | y,
                    "+": lambda: x + y, "-": lambda: x - y}[op]()
        if k == "and":
            return int(bool(self.val(self.ev(a[0], line))) and bool(self.val(self.ev(a[1], line))))
        if k == "or":
            return int(bool(self.val(self.ev(a[0], line))) or bool(self.val(self.ev(a[1], line))))
        if k == "tern":
            return self.ev(a[1] if self.val(self.ev(a[0], line)) else a[2], line)
        if k == "comma":
            self.ev(a[0], line)
            return self.ev(a[1], line)
        if k == "assign":
            return self.assign(e, line)
        if k == "postinc":
            c = self.place(N("var", a[0]), line)
            v = self.val(c.v)
            c.v = v + 1
            return v
        if k == "flag":
            return self.flag(self.ev(a[0], line), line)
        if k == "code":
            return self.codes_now[-1]
        if k == "abterm":
            return self.frames[-1].abterm[-1]
        if k == "success":
            v = self.ev(a[0], line)
            if isinstance(v, Lazy) and v.v is v and all(x < 0 for x in v.domain):
                return 0
            return int(self.val(v) >= 0)
        if k == "ddi":
            args = [self.operand(x, line) for x in a[1:]]
            return self.ddi(a[0], args, line)
        if k == "call":
            args = [self.ev(x, line) for x in a[1]]
            f = self.funcs.get(a[0])
            if f is None:
                return self.external(a[0], args, line)
            return self.invoke(f, args, line)
        raise AssertionError(k)

    def operand(self, x: Any, line: int) -> Any:
        if not isinstance(x, N):
            return x
        return self.ev(x, line)

    def flag(self, v: Any, line: int) -> int:
        m = self.need(v, line)
        if m is None:
            return 0
        if m.life == "freed" and not m.error:
            self.violate(m, "mdl-use-after-free", line)
        if m.error or m.vague:
            # Nobody knows; what follows from it is not held against anybody.
            if m.pages not in ("locked", "unbuilt", "unlocked"):
                self.vague = True
                return 0
            self.vague = True
            return LOCKED if self.choose(2, "flag") else 0
        if m.pages == "unknown":
            if m.mapped == "probed":
                self.vague = True
            if self.choose(2, f"locked already@{line}"):
                m.pages = "locked"
            else:
                m.pages = "other"
        return LOCKED if m.pages == "locked" else 0

    def assign(self, e: N, line: int) -> Any:
        lv, rhs = e.a[0], e.a[1]
        op = e.a[2] if len(e.a) > 2 else "="
        v = self.ev(rhs, line)
        self.flight.append(v)
        c = self.place(lv, line)
        if op == "|=":
            v = self.val(c.v) | self.val(v)
        elif op == "&=":
            v = self.val(c.v) & self.val(v)
        old = c.v
        c.v = v
        self.flight.pop()
        if c.external:
            m = v.v if isinstance(v, Lazy) else v
            if isinstance(m, Mdl):
                m.escaped = max(m.escaped, 1)
        if old is not None and old is not v:
            self.lost(line)
        return v

    # Statements. The result is None, or a tuple that says where to go.

    def block(self, stmts: list[N]) -> Any:
        i = 0
        n = len(stmts)
        while i < n:
            sig = self.stmt(stmts[i])
            if sig is None:
                i += 1
                continue
            if sig[0] == "goto":
                for j in range(n):
                    if stmts[j].k == "label" and stmts[j].a[0] == sig[1]:
                        i = j
                        break
                else:
                    return sig
                continue
            return sig
        return None

    def stmt(self, s: N) -> Any:
        self.steps += 1
        if self.steps > self.max_steps:
            raise PathEnd
        return getattr(self, "s_" + s.k)(s)

    def s_expr(self, s: N) -> Any:
        v = self.ev(s.a[0], s.line)
        if isinstance(self.unlazy(v), Mdl) and s.a[0].k in ("call", "ddi"):
            self.lost(s.line)
        return None

    @staticmethod
    def unlazy(v: Any) -> Any:
        return v.v if isinstance(v, Lazy) else v

    def s_decl(self, s: N) -> Any:
        ctype, name, init = s.a[:3]
        size = s.a[3] if len(s.a) > 3 else 0
        v: Any
        if size:
            v = Struct({i: Cell(0 if init is not None else None) for i in range(size)}, False)
        elif ctype == "CTX":
            v = Struct({f: Cell(0 if init is not None else None)
                        for f in ("First", "Second", "State", "Locked")}, False)
        else:
            value = self.ev(init, s.line) if isinstance(init, N) else None
            v = Cell(value)
        self.frames[-1].vars[name] = v
        return None

    def s_if(self, s: N) -> Any:
        if self.val(self.ev(s.a[0], s.line)):
            return self.block(s.a[1])
        return self.block(s.a[2]) if s.a[2] is not None else None

    def loop(self, cond: Callable[[], Any], body: list[N], step: Callable[[], Any],
             first: bool) -> Any:
        turns = 0
        test = first
        while True:
            if test and not self.val(cond()):
                return None
            test = True
            turns += 1
            if turns > 5:
                raise PathEnd
            sig = self.block(body)
            if sig is not None:
                if sig[0] == "break":
                    return None
                if sig[0] != "continue":
                    return sig
            step()

    def s_for(self, s: N) -> Any:
        name, cond, init, body = s.a
        c = self.place(N("var", name), s.line)
        if init is not None:
            c.v = 0

        def step() -> None:
            c.v = self.val(c.v) + 1
        return self.loop(lambda: self.ev(cond, s.line), body, step, True)

    def s_while(self, s: N) -> Any:
        return self.loop(lambda: self.ev(s.a[0], s.line), s.a[1], lambda: None, True)

    def s_do(self, s: N) -> Any:
        return self.loop(lambda: self.ev(s.a[1], s.line), s.a[0], lambda: None, False)

    def s_switch(self, s: N) -> Any:
        v = self.val(self.ev(s.a[0], s.line))
        cases = s.a[1]
        at = None
        for i, c in enumerate(cases):
            if c.a[0] is not None and (STATUS[c.a[0]] if c.a[0] in STATUS else int(c.a[0])) == v:
                at = i
                break
        if at is None:
            for i, c in enumerate(cases):
                if c.a[0] is None:
                    at = i
        if at is None:
            return None
        for c in cases[at:]:
            sig = self.block(c.a[1])
            if sig is not None:
                return None if sig[0] == "break" else sig
        return None

    def s_except(self, s: N) -> Any:
        guard = Guard(s, self.frames[-1])
        depth = len(self.guards)
        frames = len(self.frames)
        self.guards.append(guard)
        try:
            sig = self.block(s.a[0])
            del self.guards[depth:]
        except Unwind as u:
            del self.guards[depth:]
            if u.target is not guard:
                raise
            assert len(self.frames) == frames
            self.codes_now.append(u.code)
            try:
                return self.block(s.a[2])
            finally:
                self.codes_now.pop()
        if sig is not None and sig[0] == "leave":
            return None
        return sig

    def s_finally(self, s: N) -> Any:
        guard = Guard(s, self.frames[-1])
        depth = len(self.guards)
        self.guards.append(guard)
        pending: Any = None
        sig: Any = None
        try:
            sig = self.block(s.a[0])
        except Unwind as u:
            pending = u
        del self.guards[depth:]
        if sig is not None and sig[0] == "leave":
            sig = None
        frame = self.frames[-1]
        frame.abterm.append(int(pending is not None or sig is not None))
        if sig is not None and sig[0] == "return":
            self.flight.append(sig[1])
        try:
            over = self.block(s.a[1])
        finally:
            frame.abterm.pop()
            if sig is not None and sig[0] == "return":
                self.flight.pop()
        if over is not None:
            return over
        if pending is not None:
            raise pending
        return sig

    def s_block(self, s: N) -> Any:
        return self.block(s.a[0])

    def s_label(self, s: N) -> Any:
        return None

    def s_nop(self, s: N) -> Any:
        return None

    def s_goto(self, s: N) -> Any:
        return ("goto", s.a[0])

    def s_return(self, s: N) -> Any:
        v = 0 if s.a[0] is None else self.ev(s.a[0], s.line)
        return ("return", v, s.line)

    def s_leave(self, s: N) -> Any:
        return ("leave",)

    def s_break(self, s: N) -> Any:
        return ("break",)

    def s_continue(self, s: N) -> Any:
        return ("continue",)


def truth(case: Case, **limits: int) -> Truth:
    """What goes wrong in `case`, whose lines are set already."""
    return Interpreter(case, **limits).run()
