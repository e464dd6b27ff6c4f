# Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random helper functions and calls of them."""

from __future__ import annotations

from build import FALSE, NULL, RAISED, assign, ddi, num, status, var
from program import Func, N


class Helpers:
    """Functions that others call; a part of Generator."""

    def helper(self, kind: str) -> str:
        r = self.r
        name = f"helper_{kind}{r.randint(0, 1)}"
        if name in self.helpers:
            return name
        mdl = var("Mdl")
        buf = [("PVOID", "Buffer"), ("ULONG", "Length")]
        st = N("decl", "NTSTATUS", "status", status("STATUS_SUCCESS"))
        if kind == "lock":
            probe = ddi("probe", mdl.copy(), "UserMode")
            x = r.random()
            if x < 0.4:
                body = [N("except", [probe], self.plain_filter(), [N("return", N("code"))]),
                        N("return", status("STATUS_SUCCESS"))]
            elif x < 0.7:
                body = [st, N("except", [probe], self.plain_filter(),
                              [assign(var("status"), N("code"))]), N("return", var("status"))]
            elif x < 0.8:
                body = [probe, N("return", status("STATUS_SUCCESS"))]
            else:
                body = [st, N("if", N("bin", "==", mdl.copy(), NULL()),
                              [N("return", status("STATUS_INVALID_PARAMETER"))], None),
                        N("except", [probe], self.plain_filter(),
                          [assign(var("status"), N("code"))]),
                        N("if", N("success", var("status")),
                          [assign(var("status"), self.ext_status()),
                           N("if", N("not", N("success", var("status"))),
                             [ddi("unlock", mdl.copy())] if self.chance(0.7) else
                             [N("expr", N("call", "ExtTouch", [num(1)]))], None)], None),
                        N("return", var("status"))]
            f = Func(name, "NTSTATUS", [("PMDL", "Mdl")], body, True)
        elif kind == "release":
            unlock = N("if", var("Locked"), [ddi("unlock", mdl.copy())], None)
            free = ddi("free", mdl.copy())
            body = [unlock, free] if self.chance(0.4) else \
                [N("if", self.nonnull(mdl.copy()), [unlock, free], None)]
            f = Func(name, "VOID", [("PMDL", "Mdl"), ("BOOLEAN", "Locked")], body, True)
        elif kind == "alloc":
            body = [N("decl", "PMDL", "m", N("ddi", "alloc", "Buffer", "Length"))]
            if self.chance(0.4):
                body.append(N("if", self.nonnull(var("m")), [ddi("build", var("m"))], None))
            if self.chance(0.3):
                body.append(N("if", N("and", self.nonnull(var("m")), N("not", N("success", self.ext_status()))),
                              ([ddi("free", var("m"))] if self.chance(0.7) else [])
                              + [N("return", NULL())], None))
            body.append(N("return", var("m")))
            f = Func(name, "PMDL", buf, body, True)
        elif kind == "make":
            body = [N("decl", "PMDL", "m", N("ddi", "alloc", "Buffer", "Length")),
                    N("if", N("bin", "==", var("m"), NULL()),
                      [N("return", status("STATUS_INSUFFICIENT_RESOURCES"))], None)]
            if self.chance(0.4):
                body.append(N("except", [ddi("probe", var("m"), "UserMode")], self.plain_filter(),
                              ([ddi("free", var("m"))] if self.chance(0.8) else [])
                              + [N("return", N("code"))]))
            elif self.chance(0.4):
                body.append(N("if", N("not", N("success", self.ext_status())),
                              ([ddi("free", var("m"))] if self.chance(0.7) else [])
                              + [N("return", status("STATUS_UNSUCCESSFUL"))], None))
            body += [assign(N("deref", "Out"), var("m")), N("return", status("STATUS_SUCCESS"))]
            f = Func(name, "NTSTATUS", buf + [("PMDL *", "Out")], body, True)
        elif kind == "drop":
            slot = N("deref", "Slot")
            body = [N("if", self.nonnull(slot.copy()),
                      ([N("if", N("flag", slot.copy()), [ddi("unlock", slot.copy())], None)]
                       if self.chance(0.7) else [])
                      + [ddi("free", slot.copy())]
                      + ([assign(slot.copy(), NULL())] if self.chance(0.8) else []), None)]
            f = Func(name, "VOID", [("PMDL *", "Slot")], body, True)
        elif kind == "clean":
            first = N("arrow", "Ctx", "First")
            body = [N("if", N("arrow", "Ctx", "Locked"), [ddi("unlock", first.copy())]
                      + ([assign(N("arrow", "Ctx", "Locked"), FALSE())] if self.chance(0.7) else []),
                      None),
                    N("if", self.nonnull(first.copy()), [ddi("free", first.copy())]
                      + ([assign(first.copy(), NULL())] if self.chance(0.7) else []), None)]
            f = Func(name, "VOID", [("PCTX", "Ctx")], body, True)
        elif kind == "check":
            body = [N("if", N("bin", "==", var("Mode"), num(r.randint(0, 2))),
                      [ddi("raise", status(r.choice(RAISED)))], None)]
            f = Func(name, "VOID", [("ULONG", "Mode")], body, True)
        elif kind == "unlock":
            body = [ddi("unlock", mdl.copy())]
            if self.chance(0.5):
                body = [N("if", N("flag", mdl.copy()), body, None)]
            f = Func(name, "VOID", [("PMDL", "Mdl")], body, True)
        else:
            raise AssertionError(kind)
        self.helpers[name] = f
        return name

    def plain_filter(self) -> N:
        if self.chance(0.8):
            return N("int", 1, "EXCEPTION_EXECUTE_HANDLER")
        return N("bin", self.r.choice(["==", "!="]), N("code"), status(self.r.choice(RAISED)))

    def filter_helper(self) -> N:
        name = "helper_filter"
        if name not in self.helpers:
            body = [N("if", N("bin", "==", var("Code"), status(self.r.choice(RAISED))),
                      [N("return", N("int", 1, "EXCEPTION_EXECUTE_HANDLER"))], None),
                    N("return", N("int", 0, "EXCEPTION_CONTINUE_SEARCH"))]
            if self.chance(0.3):
                body.reverse()
                body = body[:1] if self.chance(0.3) else [body[1], N("return", N("int", 1, "1"))]
            self.helpers[name] = Func(name, "LONG", [("NTSTATUS", "Code")], body, True)
        return N("call", name, [N("code")])

    def helped(self, depth: int, i: int, m: N) -> list[N]:
        r = self.r
        kind = r.choice(["drop", "drop", "unlock", "release", "check", "lock", "lock"])
        if self.has("ctx") and self.chance(0.5):
            return [N("expr", N("call", self.helper("clean"), [N("addr", var("ctx"))]))]
        h = self.helper(kind)
        if kind == "drop":
            return [N("expr", N("call", h, [N("addr", m)]))]
        if kind == "release":
            return [N("expr", N("call", h, [m, self.flag_value(i)]))]
        if kind == "check":
            arg = var("Mode") if self.has("Mode") else N("call", "ExtMode", [num(1)])
            return [N("expr", N("call", h, [arg]))]
        if kind == "lock" and self.chance(0.5):
            return [N("if", N("not", N("success", N("assign", var("status"), N("call", h, [m])))),
                      self.leave_way(depth), None)] + self.set_flag(i, True)
        if kind == "lock":
            return [N("if", N("success", N("call", h, [m])), self.set_flag(i, True), None)]
        return [N("expr", N("call", h, [m]))]
