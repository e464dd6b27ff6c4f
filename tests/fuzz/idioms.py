# Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random idioms: flags that go with a lock, loops, arrays, the IRQL."""

from __future__ import annotations

from build import ERRORS, FALSE, LOOPS, NULL, TRUE, assign, ddi, num, status, var
from program import N, nodes


class Idioms:
    """What drivers do with several things at once; a part of Generator."""

    def correlated(self, depth: int, i: int, m: N) -> list[N]:
        r = self.r
        x = r.random()
        if x < 0.2 and self.has("Mode") and depth < 3:
            cases = []
            for label in ["0", "1", "2", None]:
                if self.chance(0.75):
                    self.loops += 1
                    block = self.stmts(1, depth + 2)
                    self.loops -= 1
                    # `continue` belongs to a loop, not to a switch.
                    block = [s for s in block if not any(n.k == "continue" for n in nodes(s))]
                    if self.chance(0.8):
                        block.append(N("break"))
                    cases.append(N("case", label, block))
            if cases:
                return [N("switch", var("Mode"), cases)]
        if x < 0.3:
            if not self.has("alias"):
                self.decls.append(N("decl", "PMDL", "alias", NULL()))
            out = [assign(var("alias"), m)]
            y = r.random()
            if y < 0.4:
                out.append(N("if", self.nonnull(var("alias")), [ddi(r.choice(["unlock", "free", "map"]),
                                                                   var("alias"))], None))
            elif y < 0.7 and self.trys:
                out.append(ddi("probe", var("alias"), "UserMode"))
            return out
        if x < 0.42:
            if not self.has("saved"):
                self.decls.append(N("decl", "BOOLEAN", "saved", FALSE()))
                self.conds.append(var("saved"))
            c = self.cond()
            return [assign(var("saved"), N("bin", "!=", N("call", "ExtBool", [num(3)]), num(0))
                           if self.chance(0.4) else N("tern", c, TRUE(), FALSE()))]
        if x < 0.5:
            if not self.has("mode"):
                self.decls.append(N("decl", "ULONG", "mode", num(0)))
                self.conds += [N("bin", "==", var("mode"), num(k)) for k in (0, 1)]
                self.conds.append(N("bin", ">", var("mode"), num(1)))
            y = r.random()
            if y < 0.4:
                return [assign(var("mode"), N("call", "ExtMode", [num(2)]))]
            if y < 0.6:
                return [assign(var("status"), N("call", "ExtQuery", [N("addr", var("mode"))]))]
            return [assign(var("mode"), num(r.randint(0, 2)))]
        if x < 0.58:
            return [N("expr", N("call", "ExtKeep", [m]))]
        if x < 0.66:
            if self.chance(0.3) and self.has("Out"):
                return [assign(N("deref", "Out"), m)]
            if self.chance(0.3):
                if not self.has("Out"):
                    self.params.append(("PMDL *", "Out"))
                return [assign(N("deref", "Out"), m)]
            if self.chance(0.3):
                return [assign(var("g_mdl"), m)]
            self.need_ctx()
            return [assign(N("arrow", "Ctx", r.choice(["First", "Second"])), m)]
        if x < 0.76:
            return [ddi("build", m)]
        if x < 0.82 and len(self.mdls) > 1:
            j = (i + 1) % len(self.mdls)
            return [N("if", N("and", self.nonnull(m.copy()), self.nonnull(self.mdls[j].copy())),
                      [ddi("partial", m, self.mdls[j].copy())], None)]
        if x < 0.9 and depth < 3:
            self.loops += 1
            inner = self.stmts(r.randint(1, 3), depth + 1)
            self.loops -= 1
            return [N("do", inner, num(0))]
        if x < 0.95 and self.level >= LOOPS and not self.retry:
            self.retry = "Retry"
            self.decls.append(N("decl", "ULONG", "tries", num(0)))
            return [N("if", N("and", self.cond(), N("bin", "<", N("postinc", "tries"), num(1))),
                      [N("goto", "Retry")], None)]
        return [N("if", self.cond(), [assign(var("status"), status(r.choice(ERRORS)))], None)]

    def loop(self, depth: int) -> list[N]:
        r = self.r
        if self.chance(0.15) and not self.loops:
            self.loops += 1
            inner = self.stmts(r.randint(1, 2), depth + 1)
            self.loops -= 1
            return [N("while", N("call", "ExtBool", [num(r.randint(0, 9))]), inner)]
        if self.mdls[0].k == "index" and self.has("i") and not self.loops and self.chance(0.7):
            return self.array_loop(depth)
        if not self.has("i"):
            return self.some(depth + 1)
        if any(n.k == "for" for n in nodes(self.decls)) or self.loops:
            return self.some(depth + 1)
        self.loops += 1
        bound: N = var("Count") if self.has("Count") and self.chance(0.5) else num(r.randint(1, 4))
        cond = N("bin", "<", var("i"), bound)
        if self.chance(0.2):
            cond = N("and", cond, N("success", var("status")))
        self.conds.append(N("bin", "==", var("i"), num(r.randint(0, 2))))
        inner = self.stmts(r.randint(1, 3), depth + 1)
        self.conds.pop()
        self.loops -= 1
        return [N("for", "i", cond, num(0), inner)]

    def array_loop(self, depth: int) -> list[N]:
        """The same for all elements of the array."""
        slot = N("index", "mdls", var("i"))
        n = sum(m.k == "index" for m in self.mdls)
        cond = N("bin", "<", var("i"), num(n))
        self.loops += 1
        kind = self.r.choice(["fill", "lock", "empty", "empty"])
        if kind == "fill":
            body = [assign(slot, N("ddi", "alloc", "Buffer", "Length")),
                    N("if", N("bin", "==", slot.copy(), NULL()), self.leave_way(depth), None)]
            self.live |= set(range(n))
        elif kind == "lock":
            body = [N("except", [ddi("probe", slot, "UserMode")], self.filter(), self.catch())]
            body = [N("if", self.nonnull(slot.copy()), body, None)]
        else:
            body = [N("if", self.nonnull(slot.copy()),
                      [N("if", N("flag", slot.copy()), [ddi("unlock", slot.copy())], None),
                       ddi("free", slot.copy())]
                      + ([assign(slot.copy(), NULL())] if self.chance(0.7) else []), None)]
        self.loops -= 1
        return [N("for", "i", cond, num(0), body)]

    def irql_thing(self, depth: int) -> list[N]:
        r = self.r
        x = r.random()
        if x < 0.45 and depth < 3:
            inner = self.stmts(r.randint(1, 2), depth + 1)
            if self.chance(0.5):
                body = [ddi("acquire", "Ctx", "irql")], [ddi("release", "Ctx", "irql")]
            else:
                level = r.choice([(2, "DISPATCH_LEVEL"), (1, "APC_LEVEL")])
                body = [ddi("raiseirql", N("int", *level), "irql")], [ddi("lowerirql", "irql")]
            if self.chance(0.5):
                return body[0] + inner + body[1]
            c = self.cond()
            return [N("if", c, body[0], None)] + inner + [N("if", c.copy(), body[1], None)]
        what = r.choice(["wait", "setevent", "close"])
        if what == "close":
            if not self.has("Handle"):
                self.params.append(("HANDLE", "Handle"))
            return [ddi("close", "Handle")]
        return [ddi(what, "Ctx")]
