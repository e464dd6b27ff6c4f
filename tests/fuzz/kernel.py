# Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the routines a driver calls do, and what is wrong with a call."""

from __future__ import annotations

from typing import Any, Optional

from program import Func
from values import MODE, PathEnd, Unwind, Lazy, Cell, Failed, Struct, Mdl, Frame, Irql


class Kernel:
    """Calls, exceptions and routines; a part of Interpreter."""

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

    def raised(self, code: Any, line: int, probe: Optional[tuple[str, Any, bool]] = None) -> bool:
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
                    probe = (probe[0], probe[1], True)
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

    def group(self, probe: tuple[str, Any, bool], line: int, handled: bool) -> None:
        rule, prefix, vague = probe
        g = self.groups.setdefault((rule, line, prefix), [False, False, list(self.notes)])
        g[0] = g[0] or handled
        g[1] = g[1] or vague or self.vague

    def need(self, v: Any, line: int) -> Optional[Mdl]:
        """The MDL that a routine is called with."""
        v = self.val(v)
        self.look(v, line)
        if not isinstance(v, Mdl):
            self.vague = True
            return None
        return v

    def look(self, v: Any, line: int) -> None:
        """The routine reads what is there; a handler may take what it raises."""
        if not isinstance(v, Failed):
            return
        guarded = bool(self.guards)
        try:
            self.raised(Lazy(f"fault@{line}", self.codes), line)
        except Unwind as u:
            if u.target is not None:
                raise
            # Whether a filter takes it is not held against anybody.
            self.report(v.rule, line, guarded)
        raise PathEnd

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
                return Failed("mdl-alloc-unchecked")
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
                self.look(v, line)
                return 0
            m = v
            if m.life == "freed":
                self.violate(m, "mdl-double-free", line)
            elif m.pages == "locked":
                self.violate(m, "mdl-free-locked", line)
            elif m.user:
                self.violate(m, "mdl-mapping-leak", line)
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
                if not self.raised(code, line,
                                   ("mdl-probe-outside-try", prefix, m is None or m.error)):
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
            elif m.user:
                self.violate(m, "mdl-mapping-leak", line)
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
                prefix = tuple(self.notes)
                if self.choose(2, f"map raises@{line}"):
                    if self.raised(Lazy(f"code@{line}", self.codes), line,
                                   ("mdl-map-outside-try", prefix, m is None or m.error)):
                        raise PathEnd
                if m is not None:
                    m.user = True
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
