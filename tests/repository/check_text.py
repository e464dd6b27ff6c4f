#!/usr/bin/env python3
"""Checks every text file of the repository: licence headers, line ends, white
space, and that links to files lead somewhere."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LICENCE = ("// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.",
           "// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception")
TEXT = {".h", ".cpp", ".py", ".md", ".yaml", ".json", ".cmake", ".txt", ".c", ""}
# Taken over as they are.
FOREIGN = {"tests/e2e/data/sarif-schema-2.1.0.json", "LICENSE"}


def files():
    """What git tracks or would; all of the tree where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"],
            capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")]
    skip = re.compile(r"(^|/)(\.git|build[^/]*)/")
    return [name for name in sorted(filter(None, listed))
            if not skip.search(name) and (ROOT / name).is_file()]


def check_links(name, text, problems):
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        path = target.split("#")[0]
        if path and "://" not in path and not (ROOT / name).parent.joinpath(path).exists():
            problems.append(f"{name}: the link to {target} leads nowhere")


def main():
    problems = []
    checked = files()
    for name in checked:
        path = ROOT / name
        if path.suffix not in TEXT or name in FOREIGN:
            continue
        data = path.read_bytes()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            problems.append(f"{name}: is not UTF-8")
            continue
        if "\r" in text:
            problems.append(f"{name}: has carriage returns")
        if text and not text.endswith("\n"):
            problems.append(f"{name}: does not end with a line end")
        for number, line in enumerate(text.splitlines(), 1):
            if line != line.rstrip():
                problems.append(f"{name}:{number}: white space at the end of the line")
        if name.startswith(("checker/", "clang-plugin/", "tests/unit/")) and \
                path.suffix in {".h", ".cpp"}:
            head = text.splitlines()[:6]
            if not all(line in head for line in LICENCE):
                problems.append(f"{name}: has no licence header")
        if path.suffix == ".md":
            check_links(name, text, problems)
    for problem in problems:
        print(problem)
    print(f"{len(checked)} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
