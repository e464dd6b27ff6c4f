# Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Short names for the pieces that generated functions are made of."""

from __future__ import annotations

from typing import Any

from program import STATUS, N

# What each level adds to the one before.
SEH, CORRELATION, HELPERS, LOOPS, IRQL = 1, 2, 3, 4, 5

NULL = lambda: N("int", 0, "NULL")
TRUE = lambda: N("int", 1, "TRUE")
FALSE = lambda: N("int", 0, "FALSE")


def var(name: str) -> N:
    return N("var", name)


def num(v: int) -> N:
    return N("int", v, str(v))


def status(name: str) -> N:
    return N("int", STATUS[name], name)


def assign(lv: N, v: N, op: str = "=") -> N:
    return N("expr", N("assign", lv, v, op))


def ddi(name: str, *a: Any) -> N:
    return N("expr", N("ddi", name, *a))


ERRORS = ["STATUS_UNSUCCESSFUL", "STATUS_INVALID_PARAMETER", "STATUS_INSUFFICIENT_RESOURCES",
          "STATUS_CANCELLED"]
RAISED = ["STATUS_DEVICE_BUSY", "STATUS_CANCELLED", "STATUS_ACCESS_VIOLATION"]
