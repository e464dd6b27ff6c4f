#!/usr/bin/env python3
"""Checks that no DDI is named in the C++ of the checker.

What a DDI does is data, in rules/. A name from there, or one that looks like a
kernel routine's, in code means that a rule has crept into the engine. Comments
may name what they like, and so may the frontend where the language demands it:
see ALLOWED.
"""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]

# (file, name): why. To stay as short as it is.
ALLOWED = {}

# Routines are called <prefix><Verb...>: MmUnlockPages, KeRaiseIrql.
PREFIXES = r"\b(?:Mm|Io|Ke|Ex|Rtl|Ob|Zw|Nt|Ps|Fs(?:Rtl)?|Cc|Po|Hal|Wdf|Flt|Ndis)"
ROUTINE = re.compile(PREFIXES + r"[A-Z][a-z]+[A-Z]\w*")


def known_names():
    names = set()
    for path in (ROOT / "rules").rglob("*.yaml"):
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        # The C library is no DDI: a compiler knows it.
        names.update(n for n in document.get("ddis") or {} if not n.islower())
    return names


def code_of(text):
    """`text` with comments blanked out, line by line."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*")', re.S)
    return pattern.sub(lambda m: m.group(1) or "\n" * m.group().count("\n"), text)


def main():
    names = known_names()
    problems = []
    used = set()
    places = [path for folder in ("checker", "clang-plugin")
              for path in sorted((ROOT / folder).rglob("*"))
              if path.suffix in {".h", ".cpp", ".inc"}]
    for path in places:
        name = str(path.relative_to(ROOT))
        for number, line in enumerate(code_of(path.read_text()).splitlines(), 1):
            words = set(re.findall(r"\b[A-Za-z_]\w*\b", line))
            for word in sorted((words & names) | set(ROUTINE.findall(line))):
                if (name, word) in ALLOWED:
                    used.add((name, word))
                else:
                    problems.append(f"{name}:{number}: {word} belongs into rules/")
    for name, word in sorted(set(ALLOWED) - used):
        problems.append(f"{name}: no longer names {word}; take it off the list here")
    for problem in problems:
        print(problem)
    print(f"{len(places)} files, {len(names)} DDIs, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
