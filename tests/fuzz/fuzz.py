#!/usr/bin/env python3
# Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares mdlcheck with the execution of every path of random functions.

    fuzz.py --binary build/bin/mdlcheck --seed 1 --count 500

Prints each discrepancy as a small function: MISS, what some path does and the
tool does not say; FALSE, what the tool says and no path does. Fails if there
is one, or a crash, a hang, or a function that could not be followed.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any, Optional

from generate import generate
from interpret import Truth, TooMuch, truth
from program import Case, N, nodes, print_cases, rename

FLAGS = ["--target=x86_64-w64-windows-gnu", "-fms-extensions",
         "-isystem", "/usr/share/mingw-w64/include",
         "-isystem", "/usr/share/mingw-w64/include/ddk",
         "-D_WIN64", "-D_AMD64_", "-D_KERNEL_MODE", "-w"]
# Of levels and locks the interpreter knows the limits only.
RULES = "-irql-*,-spinlock-*,irql-too-high"
BATCH = 60
SECONDS = 20

# A discrepancy: "MISS" or "FALSE" (or what befell the tool), rule, line.
Discrepancy = tuple[str, str, int]


class Tool:
    """Runs mdlcheck."""

    def __init__(self, binary: str, folder: pathlib.Path) -> None:
        self.binary = binary
        self.folder = folder

    def run(self, text: str) -> Any:
        """Its report on `text`, or what went wrong."""
        path = self.folder / "fuzz.c"
        path.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([self.binary, "--no-cache", "--format=json", "--quiet",
                                   f"--rules={RULES}", str(path), "--", *FLAGS],
                                  capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return "HANG"
        if done.returncode not in (0, 1, 2) or not done.stdout:
            return "CRASH: " + done.stderr.decode(errors="replace")[-400:]
        return json.loads(done.stdout)


class Checker:
    """Compares cases."""

    def __init__(self, tool: Tool, max_paths: int) -> None:
        self.tool = tool
        self.max_paths = max_paths
        self.skipped = 0
        self.paths = 0
        self.findings = 0
        self.maybe = 0

    def known(self, case: Case, count: int = 3, factor: int = 1) -> Optional[Truth]:
        try:
            return truth(case, max_paths=self.max_paths * factor, count=count)
        except TooMuch:
            return None

    def check(self, cases: list[Case]) -> list[tuple[list[Discrepancy], Optional[Truth]]]:
        """What is wrong about each of `cases`, which have different names."""
        text = print_cases(cases)
        report = self.tool.run(text)
        if isinstance(report, str):
            if len(cases) == 1:
                return [([(report.split(":")[0], report, 0)], None)]
            half = len(cases) // 2
            return self.check(cases[:half]) + self.check(cases[half:])
        # A case that does not compile says nothing.
        bad = [e["line"] for e in report["errors"] if e.get("level") in ("error", "fatal", "fatal error")]
        if report["errors"] and not bad:
            bad = [e["line"] for e in report["errors"]]
        out = []
        for case in cases:
            first, last = case.functions()[0].first, case.entry.last
            if any(first <= line <= last for line in bad):
                out.append(([("ERROR", "", 0)], None))
                continue
            found = {(f["rule"], f["line"]) for f in report["findings"]
                     if first <= f["line"] <= last}
            names = {f.name for f in case.functions()}
            wrong: list[Discrepancy] = []
            for kind in ("notAnalysed", "lessPrecise"):
                for entry in report["coverage"][kind]:
                    if entry["function"] in names:
                        wrong.append((kind, entry["reason"], 0))
            known = self.known(case)
            if known is None:
                self.skipped += 1
                out.append(([], None))
                continue
            self.paths += known.paths
            self.findings += len(known.must)
            self.maybe += len(known.may)
            for rule, line in sorted(set(known.must) - found):
                wrong.append(("MISS", rule, line))
            false = found - set(known.must) - known.may
            if false:
                # Values we thought irrelevant may be needed for it.
                more = self.known(case, count=6, factor=4)
                if more is None:
                    false = set()
                else:
                    false -= set(more.must) | more.may
            for rule, line in sorted(false):
                wrong.append(("FALSE", rule, line))
            out.append((wrong, known))
        return out


def variants(case: Case) -> list[Case]:
    """Smaller versions of `case`, the much smaller ones first."""
    out: list[Case] = []

    def edit(change: Any) -> None:
        copy = case.copy()
        if change(copy):
            out.append(copy)

    def blocks_of(c: Case) -> list[list[N]]:
        found = []
        for f in c.functions():
            found.append(f.body)
            for n in nodes(f.body):
                for b in n.a:
                    if isinstance(b, list) and n.k != "call" and all(isinstance(x, N) for x in b):
                        found.append(b)
        return found

    for bi, block in enumerate(blocks_of(case)):
        if len(block) > 3:
            for i in range(0, len(block), 2):
                def pair(c: Case, bi: int = bi, i: int = i) -> bool:
                    del blocks_of(c)[bi][i:i + 2]
                    return True
                edit(pair)
    for bi, block in enumerate(blocks_of(case)):
        for i, s in enumerate(block):
            def drop(c: Case, bi: int = bi, i: int = i) -> bool:
                del blocks_of(c)[bi][i]
                return True
            edit(drop)
            for ai, b in enumerate(s.a):
                if isinstance(b, list) and s.k not in ("switch", "call"):
                    def hoist(c: Case, bi: int = bi, i: int = i, ai: int = ai) -> bool:
                        blk = blocks_of(c)[bi]
                        blk[i:i + 1] = blk[i].a[ai]
                        return True
                    edit(hoist)
            if s.k == "if" and s.a[2] is not None:
                def no_else(c: Case, bi: int = bi, i: int = i) -> bool:
                    blocks_of(c)[bi][i].a[2] = None
                    return True
                edit(no_else)

    def exprs_of(c: Case) -> list[N]:
        return [n for f in c.functions() for n in nodes(f.body)]

    for ni, n in enumerate(exprs_of(case)):
        for ai, x in enumerate(n.a):
            if not isinstance(x, N):
                continue
            reps: list[N] = []
            if x.k in ("and", "or", "comma"):
                reps += [x.a[0], x.a[1]]
            elif x.k == "tern":
                reps += [x.a[1], x.a[2]]
            elif x.k == "not":
                reps += [x.a[0]]
            elif n.k == "except" and not (x.k == "int" and x.a[0] == 1):
                reps.append(N("int", 1, "EXCEPTION_EXECUTE_HANDLER"))
            elif n.k in ("if", "return") and x.k not in ("int", "var"):
                reps.append(N("int", 0, "0") if n.k == "return" else N("call", "ExtBool", [N("int", 1, "1")]))
            for rep in reps:
                def swap(c: Case, ni: int = ni, ai: int = ai, rep: N = rep) -> bool:
                    exprs_of(c)[ni].a[ai] = rep.copy()
                    return True
                edit(swap)
    for c in out:
        called = {n.a[0] for f in c.functions() for n in nodes(f.body) if n.k == "call"}
        c.helpers = [h for h in c.helpers if h.name in called]
    return [c for c in out if all(f.ret == "VOID" or f.body and f.body[-1].k == "return"
                                  for f in c.functions())]


def size(case: Case) -> int:
    return sum(1 for f in case.functions() for _ in nodes(f.body))


def shrink(checker: Checker, case: Case, kind: str, rule: str, rounds: int = 60) -> Case:
    """The smallest version found that still has a discrepancy of this kind."""
    def ok(result: Any) -> bool:
        wrong = result[0]
        return any(w[0] == kind and w[1] == rule for w in wrong) and \
            not any(w[0] == "ERROR" for w in wrong)

    end = time.monotonic() + 20
    for _ in range(rounds):
        candidates = variants(case)
        found = None
        for start in range(0, len(candidates), 80):
            if time.monotonic() > end:
                return case
            part = [rename(c, str(i)) for i, c in enumerate(candidates[start:start + 80])]
            valid = []
            for c in part:
                try:
                    print_cases([c])
                    if checker.known(c) is not None:
                        valid.append(c)
                except (IndexError, KeyError, AttributeError, TypeError, RecursionError):
                    pass
            if not valid:
                continue
            good = [c for c, r in zip(valid, checker.check(valid)) if ok(r)]
            if good:
                found = min(good, key=size)
                break
        if found is None:
            return case
        case = found
    return case


def show(case: Case, wrong: list[Discrepancy], known: Optional[Truth]) -> str:
    """The C text, marked, and how to get there."""
    lines = print_cases([case]).split("\n")
    first = case.functions()[0].first
    marks = collections.defaultdict(list)
    for kind, rule, line in wrong:
        marks[line].append(f"{kind} {rule}")
    out = []
    for i in range(first, case.entry.last + 1):
        out.append(lines[i - 1] + ("    // " + ", ".join(marks[i]) if i in marks else ""))
    for kind, rule, line in wrong:
        if kind == "MISS" and known is not None:
            out.append(f"// {rule} at line {line}: " + ", ".join(known.must[(rule, line)]))
        elif kind != "FALSE":
            out.append(f"// {kind}: {rule}")
    return "\n".join(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--level", type=int, default=5,
                        help="1 SEH, 2 correlations, 3 helpers, 4 loops and arrays, 5 IRQL")
    parser.add_argument("--max-paths", type=int, default=1500)
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--limit", type=int, default=8, help="discrepancies to shrink")
    parser.add_argument("--skip", default="", help="reasons for lessPrecise that are no news")
    parser.add_argument("--write", help="a folder for the generated sources")
    args = parser.parse_args()
    bad = 0
    shown = 0
    seen: collections.Counter[tuple[str, str]] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(Tool(os.path.abspath(args.binary), pathlib.Path(folder)), args.max_paths)
        for start in range(args.start, args.start + args.count, BATCH):
            indices = range(start, min(start + BATCH, args.start + args.count))
            cases = [rename(generate(args.seed, i, args.level), str(i)) for i in indices]
            if args.write:
                pathlib.Path(args.write, f"batch{start}.c").write_text(print_cases(cases))
            for case, (wrong, known) in zip(cases, checker.check(cases)):
                wrong = [w for w in wrong if not (args.skip and args.skip in w[1])]
                if not wrong:
                    continue
                bad += 1
                for kind, rule, _ in wrong:
                    seen[(kind, rule)] += 1
                kind, rule, _ = min(wrong)
                if args.no_shrink or shown >= args.limit:
                    print(f"{case.entry.name}: " + ", ".join(f"{k} {r} at {n}" for k, r, n in wrong))
                    continue
                shown += 1
                small = case
                if kind in ("MISS", "FALSE"):
                    small = shrink(checker, case, kind, rule)
                small = rename(small, case.entry.name.rsplit("__", maxsplit=1)[-1])
                wrong2, known2 = checker.check([small])[0]
                print(f"---- seed {args.seed} index {case.entry.name.rsplit('__', maxsplit=1)[-1]}: {kind} {rule}")
                print(show(small, wrong2 or wrong, known2), flush=True)
    for (kind, rule), n in sorted(seen.items()):
        print(f"{kind:12} {n:5} {rule}")
    print(f"{bad} of {args.count} functions differ; {checker.skipped} had too many paths; "
          f"{checker.paths} paths, {checker.findings} findings, {checker.maybe} more undecided")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
