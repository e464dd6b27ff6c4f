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

import dataclasses
from typing import Any, Callable, Optional

from program import STATUS, Case, Func, N, nodes

AV = STATUS["STATUS_ACCESS_VIOLATION"]
LOCKED = 2
MODE = [0, 1, 2, 3]


class TooMuch(Exception):
    """More paths than we want to run."""


class PathEnd(Exception):
    """This path goes no further."""


class Unwind(Exception):
    """An exception on its way to the handler chosen for it."""

    def __init__(self, target: Optional["Guard"], code: Any, line: int) -> None:
        super().__init__()
        self.target = target
        self.code = code
        self.line = line


class Lazy:
    """A value that is chosen when somebody asks."""

    __slots__ = ("name", "domain", "v")

    def __init__(self, name: str, domain: list[Any]) -> None:
        self.name = name
        self.domain = domain
        self.v: Any = self


class Cell:
    """A variable, or an element of something."""

    __slots__ = ("v", "external")

    def __init__(self, v: Any = None, external: bool = False) -> None:
        self.v = v  # None: nothing was written yet
        self.external = external


class Struct:
    """A record; its address is the object itself."""

    __slots__ = ("f", "external")

    def __init__(self, fields: dict[Any, Cell], external: bool) -> None:
        self.f = fields
        self.external = external


class Mdl:
    """An MDL. `own` is whether this program allocated it."""

    __slots__ = ("own", "life", "pages", "mapped", "error", "escaped", "name", "vague")

    def __init__(self, own: bool, name: str) -> None:
        self.own = own
        self.name = name
        self.life = "allocated" if own else "unknown"
        self.pages = "unbuilt" if own else "unknown"
        self.mapped = "no" if own else "unknown"
        self.error = False
        self.escaped = 0  # 1: stored where others see it; 2: given away
        self.vague = False


class Guard:
    """A __try whose body is being executed."""

    __slots__ = ("node", "frame")

    def __init__(self, node: N, frame: "Frame") -> None:
        self.node = node
        self.frame = frame


class Frame:
    """A call of a function."""

    __slots__ = ("func", "vars", "abterm")

    def __init__(self, func: Func) -> None:
        self.func = func
        self.vars: dict[str, Any] = {}
        self.abterm: list[int] = []


@dataclasses.dataclass
class Truth:
    """What all runs together found: (rule, line) with a witness each."""

    must: dict[tuple[str, int], list[str]]
    may: set[tuple[str, int]]
    paths: int


class Interpreter:
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
        for (line, _), (handled, vague, notes) in self.groups.items():
            if not handled:
                if vague:
                    self.may.add(("mdl-probe-outside-try", line))
                else:
                    self.must.setdefault(("mdl-probe-outside-try", line), notes)
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

    # Findings.

    def report(self, rule: str, line: int, vague: bool = False) -> None:
        key = (rule, line)
        if vague or self.vague:
            self.may.add(key)
        elif key not in self.must:
            self.must[key] = list(self.notes)

    def violate(self, m: Mdl, rule: str, line: int) -> None:
        if not m.error:
            self.report(rule, line, m.vague)
            m.error = True

    def lost(self, line: int) -> None:
        """Looks for objects that nothing refers to any more."""
        live = [m for m in self.objects
                if m.own and not m.error and m.escaped < 2 and m.life == "allocated"]
        if not live:
            return
        seen: set[int] = set()
        for v in self.flight:
            self.mark(v, seen)
        for f in self.frames:
            for v in f.vars.values():
                self.mark(v, seen)
        for v in self.globals.values():
            self.mark(v, seen)
        for v in self.outside:
            self.mark(v, seen)
        for m in live:
            if id(m) not in seen:
                rule = "mdl-lock-leak" if m.pages == "locked" else "mdl-leak"
                self.report(rule, line, m.vague)
                m.error = True

    def mark(self, v: Any, seen: set[int]) -> None:
        if isinstance(v, Lazy):
            if v.v is v:
                return
            v = v.v
        if isinstance(v, Mdl):
            seen.add(id(v))
        elif isinstance(v, Cell):
            self.mark(v.v, seen)
        elif isinstance(v, Struct):
            for c in v.f.values():
                self.mark(c, seen)

    # Calls.

    def invoke(self, f: Func, args: list[Any], line: int) -> Any:
        if len(self.frames) > 8:
            raise PathEnd
        frame = Frame(f)
        for (ctype, name), v in zip(f.params, args):
            frame.vars[name] = Cell(v)
            if not self.frames:
                self.outside.append(v)
        self.frames.append(frame)
        guards = len(self.guards)
        try:
            sig = self.block(f.body)
        except Unwind as u:
            del self.guards[guards:]
            self.frames.pop()
            self.lost(u.line)
            u.line = line
            raise
        self.frames.pop()
        value: Any = 0
        end = f.last
        if sig is not None and sig[0] == "return":
            value, end = sig[1], sig[2]
        self.flight.append(value)
        if not self.frames:
            m = value.v if isinstance(value, Lazy) else value
            if isinstance(m, Mdl):
                m.escaped = 2
        self.lost(end)
        self.flight.pop()
        return value

    def raised(self, code: Any, line: int, probe: Optional[tuple[Any, bool]] = None) -> bool:
        """Looks for a handler and unwinds to it. True: a filter resumes."""
        frame = self.frames[-1]
        target = None
        guards = self.guards
        i = len(guards)
        while i > 0:
            i -= 1
            g = guards[i]
            if g.node.k == "finally":
                continue
            # The filter runs in its own function, with the stack as it is.
            self.guards = guards[:i]
            self.frames.append(g.frame)
            self.codes_now.append(code)
            try:
                self.touched = False
                v = self.val(self.ev(g.node.a[1], g.node.line))
                # Whether what a parameter is has been tested before is nothing
                # to build upon: a filter that tests one may execute.
                if self.touched and probe is not None:
                    probe = (probe[0], True)
            finally:
                self.codes_now.pop()
                self.frames.pop()
                self.guards = guards
            if v > 0:
                target = g
                break
            if v < 0:
                if probe is None:
                    self.vague = True
                    raise PathEnd
                self.group(probe, line, False)
                return True
        if probe is not None:
            self.group(probe, line, target is not None)
            if target is None:
                raise PathEnd
        raise Unwind(target, code, line)

    def group(self, probe: tuple[Any, bool], line: int, handled: bool) -> None:
        prefix, vague = probe
        g = self.groups.setdefault((line, prefix), [False, False, list(self.notes)])
        g[0] = g[0] or handled
        g[1] = g[1] or vague or self.vague

    def need(self, v: Any, line: int) -> Optional[Mdl]:
        """The MDL that a routine is called with."""
        v = self.val(v)
        if not isinstance(v, Mdl):
            self.vague = True
            return None
        return v

    def limit(self, level: int, line: int) -> None:
        if self.irql is not None and self.irql > level:
            self.report("irql-too-high", line, self.irql_reported)
            self.irql_reported = True

    def set_irql(self, v: Any) -> None:
        self.irql = v
        self.irql_reported = False

    def ddi(self, name: str, a: list[Any], line: int) -> Any:
        if name == "alloc":
            self.limit(2, line)
            if self.choose(2, f"alloc fails@{line}"):
                return 0
            m = Mdl(True, f"mdl@{line}")
            self.objects.append(m)
            return m
        if name == "raise":
            self.limit(1, line)
            self.raised(a[0], line)
            return 0
        if name in ("acquire", "raiseirql"):
            self.limit(2, line) if name == "acquire" else None
            level = 2 if name == "acquire" else self.val(a[0])
            self.frames[-1].vars[a[1]].v = Irql(self.irql)
            self.set_irql(level)
            return 0
        if name in ("release", "lowerirql"):
            self.limit(2, line) if name == "release" else None
            v = self.frames[-1].vars[a[1] if name == "release" else a[0]].v
            v = self.val(v)
            if not isinstance(v, Irql):
                v = Irql(v)
            self.set_irql(v.level)
            return 0
        if name == "wait":
            self.limit(1, line)
            return Lazy(f"wait@{line}", [0])
        if name == "setevent":
            self.limit(2, line)
            return 0
        if name == "close":
            self.limit(0, line)
            return Lazy(f"close@{line}", [0])
        if name == "free":
            self.limit(2, line)
            v = self.val(a[0])
            if v == 0:
                return 0
            m = v
            if m.life == "freed":
                self.violate(m, "mdl-double-free", line)
            elif m.pages == "locked":
                self.violate(m, "mdl-free-locked", line)
            m.life = "freed"
            return 0
        if name == "partial":
            self.limit(2, line)
            s, t = self.need(a[0], line), self.need(a[1], line)
            # MmGetMdlVirtualAddress reads the source as well.
            for m in (s, t):
                if m is not None and m.life == "freed":
                    self.violate(m, "mdl-use-after-free", line)
            if t is not None:
                if t.pages in ("locked", "unknown"):
                    t.vague = True
                t.pages = "partial"
                t.mapped = "unknown"
            return 0
        m = self.need(a[0], line)
        if name == "probe":
            self.limit(1 if a[1] == "UserMode" else 2, line)
            retries = 0
            if m is not None:
                if m.life == "freed":
                    self.violate(m, "mdl-use-after-free", line)
                elif m.pages == "locked":
                    self.violate(m, "mdl-double-lock", line)
                elif m.pages in ("nonpaged", "partial"):
                    self.violate(m, "mdl-lock-nonpaged", line)
            while True:
                prefix = tuple(self.notes)
                if not self.choose(2, f"probe raises@{line}"):
                    break
                code = Lazy(f"code@{line}", self.codes)
                if m is not None and m.pages == "unknown":
                    m.mapped = "probed"
                if not self.raised(code, line, (prefix, m is None or m.error)):
                    break
                retries += 1
                if retries > 1:
                    raise PathEnd
            if m is not None:
                m.pages = "locked"
                if m.life == "unknown":
                    pass
            return 0
        if name == "unlock":
            self.limit(2, line)
            if m is None:
                return 0
            if m.life == "freed":
                self.violate(m, "mdl-use-after-free", line)
            elif m.pages == "unbuilt":
                self.violate(m, "mdl-unlock-not-locked", line)
            elif m.pages == "unlocked":
                self.violate(m, "mdl-double-unlock", line)
            elif m.pages in ("nonpaged", "partial"):
                self.violate(m, "mdl-lock-nonpaged", line)
            m.pages = "unlocked"
            m.mapped = "no"
            return 0
        if name == "build":
            self.limit(2, line)
            if m is None:
                return 0
            if m.life == "freed":
                self.violate(m, "mdl-use-after-free", line)
            if m.pages in ("locked", "unknown"):
                m.vague = True
            m.pages = "nonpaged"
            m.mapped = "inherent"
            return 0
        if name in ("map", "mapuser"):
            self.limit(2 if name == "map" else 1, line)
            if m is not None:
                if m.life == "freed":
                    self.violate(m, "mdl-use-after-free", line)
                elif m.pages in ("unbuilt", "unlocked"):
                    self.violate(m, "mdl-map-unlocked", line)
            if name == "mapuser":
                if self.choose(2, f"map raises@{line}"):
                    if self.raised(Lazy(f"code@{line}", self.codes), line):
                        raise PathEnd
                return 1
            if m is not None and m.mapped in ("yes", "inherent") and not m.error:
                return 1
            if self.choose(2, f"map fails@{line}"):
                return 0
            if m is not None:
                m.mapped = "yes"
            return 1
        raise AssertionError(name)

    def external(self, name: str, args: list[Any], line: int) -> Any:
        """A function that is only declared."""
        if name == "ExtStatus":
            return Lazy(f"{name}@{line}", self.status)
        if name == "ExtBool":
            return Lazy(f"{name}@{line}", self.bools)
        if name == "ExtMode":
            return Lazy(f"{name}@{line}", MODE)
        if name == "ExtFilter":
            return Lazy(f"{name}@{line}", [1, 0])
        if name == "ExtTouch":
            return 0
        if name == "ExtQuery":
            args[0].v = Lazy(f"{name}.out@{line}", MODE)
            return Lazy(f"{name}@{line}", self.status)
        if name == "ExtKeep":
            m = self.val(args[0])
            if isinstance(m, Mdl):
                if m.life == "freed":
                    self.violate(m, "mdl-use-after-free", line)
                m.escaped = 2
            return 0
        raise AssertionError(name)

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


class Irql:
    """A saved IRQL."""

    __slots__ = ("level",)

    def __init__(self, level: Any) -> None:
        self.level = level


def truth(case: Case, **limits: int) -> Truth:
    """What goes wrong in `case`, whose lines are set already."""
    return Interpreter(case, **limits).run()
