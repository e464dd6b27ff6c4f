# Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a running program has: memory, MDLs, frames, and how a path ends."""

from __future__ import annotations

import dataclasses
from typing import Any, Optional

from program import STATUS, Func, N

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


class Failed(int):
    """The null of a call that failed; `rule` is broken where it is used."""

    def __new__(cls, rule: str) -> "Failed":
        v = super().__new__(cls, 0)
        v.rule = rule
        return v


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

    __slots__ = ("own", "life", "pages", "mapped", "user", "error", "escaped", "name", "vague")

    def __init__(self, own: bool, name: str) -> None:
        self.own = own
        self.name = name
        self.life = "allocated" if own else "unknown"
        self.pages = "unbuilt" if own else "unknown"
        self.mapped = "no" if own else "unknown"
        self.user = False  # mapped to user mode
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


class Irql:
    """A saved IRQL."""

    __slots__ = ("level",)

    def __init__(self, level: Any) -> None:
        self.level = level
