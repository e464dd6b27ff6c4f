# Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The programs the fuzzer makes: a small tree, and its C text.

A node is a kind and its arguments; an argument is a node, a list of nodes (a
block), or plain data. Printing notes the line of each statement, which is what
findings are compared by.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Iterator


class N:
    """A node of the tree."""

    __slots__ = ("k", "a", "line")

    def __init__(self, k: str, *a: Any) -> None:
        self.k = k
        self.a = list(a)
        self.line = 0

    def copy(self) -> "N":
        n = N(self.k, *[copy_arg(x) for x in self.a])
        n.line = self.line
        return n

    def __repr__(self) -> str:
        return f"N({self.k!r}, {', '.join(map(repr, self.a))})"


def copy_arg(x: Any) -> Any:
    if isinstance(x, N):
        return x.copy()
    if isinstance(x, list):
        return [copy_arg(y) for y in x]
    return x


@dataclasses.dataclass
class Func:
    """A function; `params` and `ret` are C types."""

    name: str
    ret: str
    params: list[tuple[str, str]]
    body: list[N]
    static: bool = False
    first: int = 0
    last: int = 0

    def copy(self) -> "Func":
        return Func(self.name, self.ret, list(self.params), copy_arg(self.body), self.static)


@dataclasses.dataclass
class Case:
    """An entry point and the helpers it calls."""

    entry: Func
    helpers: list[Func]

    def copy(self) -> "Case":
        return Case(self.entry.copy(), [h.copy() for h in self.helpers])

    def functions(self) -> list[Func]:
        return self.helpers + [self.entry]


PRELUDE = """\
#include <ntddk.h>

typedef struct _CTX {
    PMDL First;
    PMDL Second;
    ULONG State;
    BOOLEAN Locked;
    KSPIN_LOCK Lock;
    KEVENT Event;
} CTX, *PCTX;

NTSTATUS ExtStatus(ULONG Code);
BOOLEAN ExtBool(ULONG Code);
ULONG ExtMode(ULONG Code);
LONG ExtFilter(ULONG Code);
VOID ExtTouch(ULONG Code);
VOID ExtKeep(PMDL Mdl);
NTSTATUS ExtQuery(PULONG Value);

PMDL g_mdl;

"""

STATUS = {
    "STATUS_SUCCESS": 0,
    "STATUS_PENDING": 0x103,
    "STATUS_UNSUCCESSFUL": 0xC0000001 - (1 << 32),
    "STATUS_ACCESS_VIOLATION": 0xC0000005 - (1 << 32),
    "STATUS_INVALID_PARAMETER": 0xC000000D - (1 << 32),
    "STATUS_INSUFFICIENT_RESOURCES": 0xC000009A - (1 << 32),
    "STATUS_DEVICE_BUSY": 0x80000011 - (1 << 32),
    "STATUS_CANCELLED": 0xC0000120 - (1 << 32),
    "STATUS_IN_PAGE_ERROR": 0xC0000006 - (1 << 32),
}

PREC = {"*": 10, "+": 9, "-": 9, "<": 7, "<=": 7, ">": 7, ">=": 7, "==": 6, "!=": 6,
        "&": 5, "|": 3}


def expr(e: N) -> str:
    """The C text of an expression. Operands are put in brackets freely."""
    k, a = e.k, e.a
    if k == "int":
        return a[1]
    if k == "var":
        return a[0]
    if k == "arrow":
        return f"{a[0]}->{a[1]}"
    if k == "dot":
        return f"{a[0]}.{a[1]}"
    if k == "index":
        return f"{a[0]}[{expr(a[1])}]"
    if k == "deref":
        return f"*{a[0]}"
    if k == "addr":
        return f"&{expr(a[0])}"
    if k == "not":
        return f"!{sub(a[0])}"
    if k == "bin":
        return f"{sub(a[1])} {a[0]} {sub(a[2])}"
    if k == "and":
        return f"{sub(a[0])} && {sub(a[1])}"
    if k == "or":
        return f"{sub(a[0])} || {sub(a[1])}"
    if k == "tern":
        return f"{sub(a[0])} ? {sub(a[1])} : {sub(a[2])}"
    if k == "comma":
        return f"{sub(a[0])}, {sub(a[1])}"
    if k == "assign":
        return f"{expr(a[0])} {a[2] if len(a) > 2 else '='} {expr(a[1])}"
    if k == "postinc":
        return f"{a[0]}++"
    if k == "flag":
        return f"({sub(a[0])}->MdlFlags & MDL_PAGES_LOCKED)"
    if k == "code":
        return "GetExceptionCode()"
    if k == "abterm":
        return "AbnormalTermination()"
    if k == "success":
        return f"NT_SUCCESS({expr(a[0])})"
    if k == "call":
        return f"{a[0]}({', '.join(expr(x) for x in a[1])})"
    if k == "ddi":
        return ddi(a[0], a[1:])
    raise AssertionError(k)


def sub(e: N) -> str:
    text = expr(e)
    if e.k in ("bin", "and", "or", "tern", "comma", "assign", "deref", "addr", "not"):
        return f"({text})"
    return text


def ddi(name: str, args: list[Any]) -> str:
    """The C text of a call to a routine of the system."""
    x = [expr(v) if isinstance(v, N) else v for v in args]
    if name == "alloc":
        return f"IoAllocateMdl({x[0]}, {x[1]}, FALSE, FALSE, NULL)"
    if name == "probe":
        return f"MmProbeAndLockPages({x[0]}, {x[1]}, IoReadAccess)"
    if name == "unlock":
        return f"MmUnlockPages({x[0]})"
    if name == "free":
        return f"IoFreeMdl({x[0]})"
    if name == "build":
        return f"MmBuildMdlForNonPagedPool({x[0]})"
    if name == "partial":
        return f"IoBuildPartialMdl({x[0]}, {x[1]}, MmGetMdlVirtualAddress({x[0]}), 16)"
    if name == "map":
        return f"MmGetSystemAddressForMdlSafe({x[0]}, NormalPagePriority)"
    if name == "mapuser":
        return f"MmMapLockedPagesSpecifyCache({x[0]}, UserMode, MmCached, NULL, FALSE, NormalPagePriority)"
    if name == "raise":
        return f"ExRaiseStatus({x[0]})"
    if name == "acquire":
        return f"KeAcquireSpinLock(&{x[0]}->Lock, &{x[1]})"
    if name == "release":
        return f"KeReleaseSpinLock(&{x[0]}->Lock, {x[1]})"
    if name == "raiseirql":
        return f"KeRaiseIrql({x[0]}, &{x[1]})"
    if name == "lowerirql":
        return f"KeLowerIrql({x[0]})"
    if name == "wait":
        return f"KeWaitForSingleObject(&{x[0]}->Event, Executive, KernelMode, FALSE, NULL)"
    if name == "setevent":
        return f"KeSetEvent(&{x[0]}->Event, 0, FALSE)"
    if name == "close":
        return f"ZwClose({x[0]})"
    raise AssertionError(name)


class Printer:
    """Writes functions and notes on which line each statement is."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0

    def put(self, text: str) -> int:
        self.lines.append("    " * self.depth + text)
        return len(self.lines)

    def raw(self, text: str) -> None:
        self.lines.extend(text.split("\n")[:-1])

    def func(self, f: Func) -> None:
        params = ", ".join(f"{t}{'' if t.endswith('*') else ' '}{n}" for t, n in f.params)
        static = "static " if f.static else ""
        f.first = self.put(f"{static}{f.ret} {f.name}({params or 'VOID'})")
        self.put("{")
        self.block(f.body)
        f.last = self.put("}")
        self.put("")

    def block(self, stmts: list[N]) -> None:
        self.depth += 1
        for s in stmts:
            self.stmt(s)
        # A label needs a statement behind it.
        if stmts and stmts[-1].k == "label":
            self.put(";")
        self.depth -= 1

    def stmt(self, s: N) -> None:
        k, a = s.k, s.a
        if k == "expr":
            s.line = self.put(expr(a[0]) + ";")
        elif k == "decl":
            ctype, name, init = a[0], a[1], a[2]
            dims = f"[{a[3]}]" if len(a) > 3 and a[3] else ""
            text = f"{ctype}{'' if ctype.endswith('*') else ' '}{name}{dims}"
            if init is not None:
                text += " = " + (expr(init) if isinstance(init, N) else init)
            s.line = self.put(text + ";")
        elif k == "if":
            s.line = self.put(f"if ({expr(a[0])}) {{")
            self.block(a[1])
            if a[2] is not None:
                self.put("} else {")
                self.block(a[2])
            self.put("}")
        elif k == "for":
            init = f"{a[0]} = 0" if a[2] is not None else ""
            s.line = self.put(f"for ({init}; {expr(a[1])}; {a[0]}++) {{")
            self.block(a[3])
            self.put("}")
        elif k == "while":
            s.line = self.put(f"while ({expr(a[0])}) {{")
            self.block(a[1])
            self.put("}")
        elif k == "do":
            self.put("do {")
            self.block(a[0])
            s.line = self.put(f"}} while ({expr(a[1])});")
        elif k == "switch":
            s.line = self.put(f"switch ({expr(a[0])}) {{")
            for c in a[1]:
                self.put("default:" if c.a[0] is None else f"case {c.a[0]}:")
                self.block(c.a[1] or [N("nop")])
            self.put("}")
        elif k == "except":
            self.put("__try {")
            self.block(a[0])
            s.line = self.put(f"}} __except ({expr(a[1])}) {{")
            self.block(a[2])
            self.put("}")
        elif k == "finally":
            self.put("__try {")
            self.block(a[0])
            s.line = self.put("} __finally {")
            self.block(a[1])
            self.put("}")
        elif k == "block":
            self.put("{")
            self.block(a[0])
            s.line = self.put("}")
        elif k == "label":
            self.depth -= 1
            s.line = self.put(f"{a[0]}:")
            self.depth += 1
        elif k == "goto":
            s.line = self.put(f"goto {a[0]};")
        elif k == "return":
            s.line = self.put("return;" if a[0] is None else f"return {expr(a[0])};")
        elif k == "leave":
            s.line = self.put("__leave;")
        elif k in ("break", "continue"):
            s.line = self.put(k + ";")
        elif k == "nop":
            s.line = self.put(";")
        else:
            raise AssertionError(k)

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def print_cases(cases: list[Case]) -> str:
    """One file with all of `cases`; sets the lines of their statements."""
    p = Printer()
    p.raw(PRELUDE)
    for case in cases:
        for f in case.functions():
            p.func(f)
    return p.text()


def nodes(x: Any) -> Iterator[N]:
    """All nodes of a tree or block, outside in."""
    if isinstance(x, N):
        yield x
        for y in x.a:
            yield from nodes(y)
    elif isinstance(x, list):
        for y in x:
            yield from nodes(y)


def rename(case: Case, suffix: str) -> Case:
    """A copy with all functions renamed, so that many fit in one file."""
    case = case.copy()
    names = {f.name: f.name.split("__")[0] + "__" + suffix for f in case.functions()}
    for f in case.functions():
        f.name = names[f.name]
        for n in nodes(f.body):
            if n.k == "call" and n.a[0] in names:
                n.a[0] = names[n.a[0]]
    return case
